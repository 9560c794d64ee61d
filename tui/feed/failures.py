"""Why there is no answer, in the same words for the stream, REST and the doctor.

A network, a proxy or the status of an HTTP answer says it, and each library tells it otherwise.
"""

from __future__ import annotations

import contextlib
import math
import re
import socket
import ssl
from collections.abc import Callable, Iterator

from websockets.exceptions import InvalidProxyStatus, ProxyError

from tui.errors import FeedError, KeyRefused, NoConnection
from tui.feed.http_headers import http_date, retry_after
from tui.feed.proxy import SYSTEM, Proxy

_CUT = "the connection was cut"
_TRUST = "is this machine's date right? A proxy that reads along wants its CA in the system's store or SSL_CERT_FILE"
_REPLIES = (  # RFC 1928 §6, as every library for SOCKS spells them, more or less
    "general SOCKS server failure",
    "connection not allowed by ruleset",
    "network unreachable",
    "host unreachable",
    "connection refused",
    "TTL expired",
    "command not supported",
    "address type not supported",
)


class PermanentError(FeedError):
    """Trying the same again would not help."""


class RetryLater(NoConnection):
    """The server is not to be tried again before `wait` s have passed."""

    def __init__(self, words: str, wait: float) -> None:
        super().__init__(words)
        self.wait = wait


class RateLimited(RetryLater):
    """The vendor asks for fewer connections (429)."""


class ServerUnavailable(RetryLater):
    """The server, or what stands in front of it, fails (5xx)."""


@contextlib.contextmanager
def translate_network_errors(host: str, within: float, proxy: Proxy | None = None) -> Iterator[None]:
    """Tell in words what a network raises: NoConnection in place of every OSError. Whoever comes in gives up after
    `within` s."""
    try:
        yield
    except InvalidProxyStatus as error:
        raise explain_network_error(error, host, within, proxy, str(error.response.status_code)) from None
    except ProxyError as error:
        raise explain_network_error(error, host, within, proxy, str(error.__cause__)) from None
    except (OSError, UnicodeError) as error:
        raise explain_network_error(error, host, within, proxy) from None


def explain_network_error(
    error: Exception, host: str, within: float, proxy: Proxy | None = None, refusal: str = ""
) -> NoConnection:
    """Returns in words what a network, or a library that speaks over it, raised. `refusal` is what the proxy refused
    with, in words of the library: never told, for its own words may repeat a password."""
    words, advice = _refusal(refusal, proxy) if proxy and refusal else ("", "")
    if not words:
        words, advice = _reason(error, within, proxy)
    where = host
    if proxy:
        where = f"{host} through the proxy {proxy}"
        advice = (
            advice or f"is {_named(proxy)} right, its kind too, and does that proxy let {host} through? Ask who runs it"
        )
    return NoConnection(f"cannot reach {where}: {words}", advice=advice)


def _reason(error: Exception, within: float, proxy: Proxy | None) -> tuple[str, str]:
    """What it was, and what to do."""
    below = _below(error)
    if isinstance(error, TimeoutError) or isinstance(below, TimeoutError):
        return f"no answer within {within:g} s", ""
    match below:
        case ssl.SSLCertVerificationError():
            return f"TLS certificate: {below.verify_message}", _TRUST
        case ssl.SSLError(reason="WRONG_VERSION_NUMBER"):
            plain = "" if proxy else ", on this machine an address may begin with ws://"
            return f"TLS: none there{plain}", "is the port right? What answers there speaks no TLS"
        case ssl.SSLError() if not isinstance(below, ssl.SSLEOFError):
            return f"TLS: {below.reason or 'failed'}", ""
        case socket.gaierror() | UnicodeError():  # the latter for what could not be a host name at all, like a..b
            return "no such host name", ""
        case ConnectionRefusedError():
            return "connection refused", ""
        case OSError() if below.strerror and not isinstance(below, ConnectionError | ssl.SSLError):
            return below.strerror.lower(), ""
    return _CUT, ""


def _refusal(said: str, proxy: Proxy) -> tuple[str, str]:
    """What a proxy refused with, and what to do; empty where it is nothing known."""
    login = "the proxy refuses this user and password" if "@" in proxy.url else "the proxy wants a user and password"
    advice = f"put user and password of the proxy into {_named(proxy)}: {proxy.scheme}://USER:PASSWORD@HOST:PORT"
    if status := re.match(r"[0-9]{3}\b", said):
        return (f"{login} (HTTP 407)", advice) if status[0] == "407" else (f"the proxy answered HTTP {status[0]}", "")
    if said.endswith("got NO AUTHENTICATION REQUIRED."):
        return "the proxy takes no user and password", f"leave user and password out of {_named(proxy)}"
    if reply := next((reply for reply in _REPLIES if reply.lower() in said.lower()), ""):
        return f"the proxy answered: {reply}", ""
    return (login, advice) if re.search("username|acceptable", said, re.IGNORECASE) else ("", "")


def _named(proxy: Proxy) -> str:
    return "https_proxy" if proxy.source == SYSTEM else proxy.source


def _below(error: BaseException) -> BaseException:
    """The error below all those that were made of it."""
    met: set[int] = set()
    while id(error) not in met:
        met.add(id(error))
        if isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        else:
            error = error.__cause__ or error.__context__ or error
    return error


def status_error(
    host: str, status: int, headers: Callable[[str], list[str]], now: float, slow_down: float, path: str = ""
) -> FeedError:
    """Returns why an answer has this status, for the `path` that was asked for over REST. `headers` gives all values of
    a header, `now` is in ms UTC by the clock of this machine, and after a 429 nothing is asked for `slow_down` s."""
    asked_for = f" {path}" if path else ""
    if status in (401, 403):
        return KeyRefused(f"{host} refuses this key for {path}") if path else key_refused(host)
    if 300 <= status < 400:
        words = f"{host} redirects{asked_for} to another address: refused, the key would go there too"
        return PermanentError(words if path else f"{words}. Check --url")
    dates = headers("Date")
    asked = retry_after(headers("Retry-After"), http_date(dates[0] if dates else None) or now)
    if status == 429:
        wait = max(asked.wait, slow_down)
        more = f": {asked.words}" if asked.bounded else f" for {math.ceil(wait)} s"
        return RateLimited(f"{host} asks to slow down{more}", wait)
    if status >= 500:
        words = f"{host} has trouble of its own{' with' if path else ''}{asked_for} (HTTP {status})"
        return ServerUnavailable(f"{words}: {asked.words}" if asked.words else words, asked.wait)
    return NoConnection(
        f"{host} answered {path} with HTTP {status}" if path else f"{host} answered HTTP {status}: check the address"
    )


def key_refused(host: str) -> KeyRefused:
    """Returns the error for a key that the stream does not accept."""
    return KeyRefused(f"key refused by {host}: check ITICK_TOKEN, the key file or token_command, and the host of --url")
