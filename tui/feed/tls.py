"""Whose certificates are trusted: one TLS context that the stream, REST and the doctor share.

It is the system's store, or what SSL_CERT_FILE and SSL_CERT_DIR name. OpenSSL reads all of these itself, but for the
keychain of macOS, which takes a package.
"""

from __future__ import annotations

import os
import re
import ssl
import sys
import threading
from typing import NamedTuple
from urllib.parse import urlsplit

from tui.feed.resolver import run_aside

_MACOS = sys.platform == "darwin"
_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")  # how OpenSSL finds a certificate in a folder

_lock = threading.Lock()
_trust: Trust | None = None


class Trust(NamedTuple):
    """What is trusted. `stores` are files, folders or names of stores; `ignored` the variables that name nothing that
    could be trusted."""

    context: ssl.SSLContext
    stores: tuple[str, ...]
    ignored: tuple[str, ...] = ()


async def trust() -> Trust:
    """Returns what everything here trusts. It is built once, on another thread: reading it takes most of a frame."""
    return await run_aside(_shared)


async def context_for(url: str) -> ssl.SSLContext | None:
    """Returns the shared context; None for an address without TLS, which is on this machine."""
    return (await trust()).context if urlsplit(url).scheme in ("wss", "https") else None


def _shared() -> Trust:
    global _trust
    with _lock:
        _trust = _trust or _build()
        return _trust


def _build() -> Trust:
    variables = {name: os.environ[name] for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if os.environ.get(name)}
    if _MACOS and not variables:
        # On other systems it would read the store anew for each connection, in the event loop.
        import truststore

        keychain = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        keychain.set_alpn_protocols(["http/1.1"])
        return Trust(keychain, ("the keychain",))
    # Not `create_default_context`: since Python 3.13 it refuses CAs that are not to the letter of RFC 5280, and
    # those of companies seldom are. curl and browsers take them.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["http/1.1"])  # httpx would do it with its first call
    context.load_default_certs()
    defaults = ssl.get_default_verify_paths()
    file = variables.get("SSL_CERT_FILE", defaults.openssl_cafile)
    folders = variables.get("SSL_CERT_DIR", defaults.openssl_capath).split(os.pathsep)
    files = [file] if context.cert_store_stats()["x509"] else []
    folders = [folder for folder in folders if _has_certificates(folder)]
    found = {"SSL_CERT_FILE": files, "SSL_CERT_DIR": folders}
    ignored = tuple(f"{name}={value}" for name, value in variables.items() if not found[name])
    if not files and not folders and not variables:
        import certifi

        # A container without ca-certificates, or a Python that was built for another system.
        context.load_verify_locations(certifi.where())
        files = [certifi.where()]
    return Trust(context, (*files, *folders), ignored)


def _has_certificates(folder: str) -> bool:
    try:
        return any(_HASHED.fullmatch(name) for name in os.listdir(folder))
    except OSError:
        return False
