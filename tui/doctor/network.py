"""The steps of the way to a server, without a word to it: proxy, certificates, name, TCP and TLS."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import time
from typing import Any
from urllib.parse import urlsplit

from tui.doctor.checks import Finding, Status
from tui.errors import NoConnection, reason
from tui.feed.endpoint import is_loopback
from tui.feed.failures import translate_network_errors
from tui.feed.proxy import Proxy, ignored_no_proxy_entries, proxy_for
from tui.feed.state import Timings
from tui.feed.tls import trust
from tui.secrets import safe_text
from tui.threads import run_in_thread

_EXPIRES_SOON = 7.0  # days


class NetworkChecks:
    """The steps to `url`. `proxy` is the one on the way, once it was looked for. `is_secure`: the server wants TLS."""

    def __init__(self, url: str, rest_base: str, calls_a_minute: int, timings: Timings) -> None:
        self._url = url
        self._rest_base = rest_base
        self._calls_a_minute = calls_a_minute
        self._timings = timings
        parts = urlsplit(url)
        self.is_secure = parts.scheme == "wss"
        self._host = parts.hostname or ""
        # Host and port of the TCP connection: the server's, or the proxy's.
        self._endpoint = (self._host, parts.port or (443 if self.is_secure else 80))
        self.proxy: Proxy | None = None

    async def find_proxy(self) -> Finding:
        """Find the proxies of the stream and of REST. Raises NoConnection."""
        with translate_network_errors(self._host, self._timings.open):
            async with asyncio.timeout(self._timings.open):
                self.proxy = proxy = rest_proxy = await run_in_thread(proxy_for, self._url)
                with contextlib.suppress(NoConnection):  # reported by the step `rest`
                    rest_proxy = await run_in_thread(proxy_for, self._rest_base)
        if proxy is not None:
            self._endpoint = (proxy.host, proxy.port)
        words = _proxy_words(proxy)
        if self._calls_a_minute and str(rest_proxy) != str(proxy):
            words += f", and for REST {_proxy_words(rest_proxy)}"
        if not is_loopback(self._url) and (ignored := ignored_no_proxy_entries()):
            words += f"; no_proxy has entries that cannot be read: number {', '.join(map(str, ignored))}"
            return Finding(words, "write hosts, domains, addresses or networks there, with commas between", Status.WARN)
        return Finding(words)

    async def certificates(self) -> Finding:
        """Load the certificates that are trusted. Raises NoConnection."""
        if is_loopback(self._url) and is_loopback(self._rest_base):
            return Finding("none needed on this machine")
        _, stores, ignored = await trust(self._timings.open)
        words = f"trusted: those of {', '.join(stores)}" if stores else "none is trusted"
        if ignored:
            words += f"; there are none in {', '.join(ignored)}"
            return Finding(
                safe_text(words), "name a file (or a folder) of certificates there, or unset it", Status.WARN
            )
        return Finding(safe_text(words))

    async def name(self) -> Finding:
        """Look up the host's addresses. Raises NoConnection."""
        host, port = self._endpoint
        host_words = self._endpoint_words
        try:
            async with asyncio.timeout(self._timings.open):
                infos = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except TimeoutError:
            raise NoConnection(f"{host_words}: no answer within {self._timings.open:g} s") from None
        except OSError as error:
            raise NoConnection(f"{host_words}: {reason(error)}") from None
        except UnicodeError:  # a..b
            raise NoConnection(f"{host_words} is not a valid host name") from None
        addresses = list(dict.fromkeys(str(address[0]) for *_, address in infos))
        if addresses == [host]:
            return Finding(f"{host_words} is an address already")
        more = f" and {len(addresses) - 1} more" if len(addresses) > 1 else ""
        return Finding(f"{host_words}: {addresses[0]}{more}")

    @property
    def _endpoint_words(self) -> str:
        return f"{self._endpoint[0]} (the proxy)" if self.proxy else self._endpoint[0]

    async def tcp(self) -> Finding:
        """Open a TCP connection. Raises NoConnection."""
        await self._open_tcp()
        return Finding(f"{self._endpoint_words} answers at port {self._endpoint[1]}")

    async def tls(self) -> Finding:
        """Secure a TCP connection. Raises NoConnection."""
        if not self.is_secure:
            return Finding("none needed on this machine")
        if self.proxy:
            return Finding("inside the proxy's tunnel: see the handshake", status=Status.SKIPPED)
        writer = await self._open_tcp((await trust(self._timings.open)).context)
        secured: ssl.SSLObject = writer.get_extra_info("ssl_object")
        certificate: dict[str, Any] = secured.getpeercert() or {}
        if not certificate:  # OpenSSL has no certificate that the keychain verifies after it
            return Finding(f"{secured.version()}, the certificate is trusted")
        days = (ssl.cert_time_to_seconds(certificate["notAfter"]) - time.time()) / 86_400
        words = f"{secured.version()}, the certificate is by {_issuer(certificate)} and lasts {days:.0f} more days"
        if days < _EXPIRES_SOON:
            return Finding(words, "the operator of the server has to renew it", Status.WARN)
        return Finding(words)

    async def _open_tcp(self, context: ssl.SSLContext | None = None) -> asyncio.StreamWriter:
        """Returns a connection that was opened and aborted again. Raises NoConnection."""
        host, port = self._endpoint
        name = self._host if context else None
        with translate_network_errors(f"{host} port {port}", self._timings.open):
            async with asyncio.timeout(self._timings.open):
                _, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=name)
        writer.transport.abort()
        return writer


def _proxy_words(proxy: Proxy | None) -> str:
    return f"{proxy}, from {proxy.source}" if proxy else "none"


def _issuer(certificate: dict[str, Any]) -> str:
    names = {name: value for part in certificate.get("issuer", ()) for name, value in part}
    return safe_text(names.get("organizationName") or names.get("commonName") or "an unnamed issuer")[:60]
