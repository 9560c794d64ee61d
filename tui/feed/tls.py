"""The trusted certificates: one TLS context that the stream, REST and the doctor share.

They are those of the system's store, or of SSL_CERT_FILE and SSL_CERT_DIR. OpenSSL loads all of these itself, but for
the keychain of macOS, which needs truststore.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import ssl
import sys
from concurrent.futures import Future
from typing import NamedTuple
from urllib.parse import urlsplit

from tui.errors import NoConnection
from tui.secrets import safe_text
from tui.threads import start_thread

_MACOS = sys.platform == "darwin"
_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")  # the name by which OpenSSL finds a certificate in a folder

_trust: Trust | None = None
_loading: Future[Trust] | None = None


class Trust(NamedTuple):
    """A TLS context with the trusted certificates. `stores` are their files, folders or the name of a store; `ignored`
    are the variables that name no certificate, as `NAME=VALUE`."""

    context: ssl.SSLContext
    stores: tuple[str, ...]
    ignored: tuple[str, ...] = ()


async def trust(within: float) -> Trust:
    """Returns the trusted certificates. They are loaded once, on another thread: that takes most of a frame, and never
    ends on a network folder that hangs. Raises NoConnection if they are not loaded within `within` s."""
    global _trust, _loading
    if _trust is not None:
        return _trust
    # One thread for all callers: it may never end.
    loading = _loading = _loading or start_thread(_load)
    try:
        async with asyncio.timeout(within):
            _trust = await asyncio.wrap_future(loading)
    except TimeoutError:
        stores = (
            " and ".join(f"{name}={safe_text(value)}" for name, value in _variables().items()) or "the system's store"
        )
        raise NoConnection(
            f"the trusted certificates cannot be read within {within:g} s, from {stores}",
            advice="name a plain file (or a folder) of certificates there, on a disk that answers",
        ) from None
    finally:
        if loading.done():
            _loading = None
    return _trust


async def context_for(url: str, within: float) -> ssl.SSLContext | None:
    """Returns the shared context; None for a URL without TLS, which is on this machine. Raises NoConnection."""
    return (await trust(within)).context if urlsplit(url).scheme in ("wss", "https") else None


def _variables() -> dict[str, str]:
    """Returns the variables that are set; an empty one counts as unset."""
    return {name: value for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if (value := os.environ.get(name))}


def _load() -> Trust:
    variables = _variables()
    if _MACOS and not variables:
        # On other systems truststore would load the store again for each connection, in the event loop.
        import truststore

        keychain = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        keychain.set_alpn_protocols(["http/1.1"])
        return Trust(keychain, ("the keychain",))
    # Not `create_default_context`: since Python 3.13 it sets VERIFY_X509_STRICT, and refuses the CAs of many companies,
    # which do not follow RFC 5280 to the letter. curl and browsers accept them.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["http/1.1"])  # else httpx sets it at its first call, on a context in use
    context.load_default_certs()
    defaults = ssl.get_default_verify_paths()
    with contextlib.suppress(OSError):  # OpenSSL takes an empty variable for a path
        if os.environ.get("SSL_CERT_FILE") == "":
            context.load_verify_locations(cafile=defaults.openssl_cafile)
    with contextlib.suppress(OSError):
        if os.environ.get("SSL_CERT_DIR") == "":
            context.load_verify_locations(capath=defaults.openssl_capath)
    file = variables.get("SSL_CERT_FILE", defaults.openssl_cafile)
    folders = variables.get("SSL_CERT_DIR", defaults.openssl_capath).split(os.pathsep)
    files = [file] if context.cert_store_stats()["x509"] else []
    folders = [folder for folder in folders if _has_certificates(folder)]
    found = {"SSL_CERT_FILE": files, "SSL_CERT_DIR": folders}
    ignored = tuple(f"{name}={value}" for name, value in variables.items() if not found[name])
    if not files and not folders and not variables:
        import certifi

        # A container without ca-certificates, or a Python built for another system.
        context.load_verify_locations(certifi.where())
        files = [certifi.where()]
    return Trust(context, (*files, *folders), ignored)


def _has_certificates(folder: str) -> bool:
    try:
        return any(_HASHED.fullmatch(name) for name in os.listdir(folder))
    except OSError:
        return False
