"""Translates failures of networks, proxies and HTTP statuses into errors with words and advice.

The stream, REST and the doctor use different libraries, and report the same failure in the same words.
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

_DROPPED = "the connection was cut"
_CERTIFICATE_ADVICE = (
    "is this machine's date right? A proxy that reads along wants its CA in the system's store or SSL_CERT_FILE"
)
_SOCKS_REPLIES = (  # RFC 1928 §6; the SOCKS libraries differ in capitals
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
    """An error that a retry would not cure."""


class RetryLater(NoConnection):
    """The server asks for no new attempt within `wait` s."""

    def __init__(self, words: str, wait: float) -> None:
        super().__init__(words)
        self.wait = wait


class RateLimited(RetryLater):
    """The vendor's rate limit is exceeded (HTTP 429)."""


class ServerUnavailable(RetryLater):
    """The server, or a gateway in front of it, fails (HTTP 5xx)."""


@contextlib.contextmanager
def translate_network_errors(host: str, within: float, proxy: Proxy | None = None) -> Iterator[None]:
    """Raises NoConnection in place of every error of the network or the proxy. `within` is the time-out in force, s."""
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
    """Returns the error that describes what the network or a library raised. `refusal` is the library's message for a
    refusal by the proxy: it is parsed and never shown, because it may repeat a password."""
    words, advice = _describe_refusal(refusal, proxy) if proxy and refusal else ("", "")
    if not words:
        words, advice = _describe_cause(error, within, proxy)
    where = host
    if proxy:
        where = f"{host} through the proxy {proxy}"
        advice = (
            advice
            or f"is {_setting_of(proxy)} right, its kind too, and does that proxy let {host} through? Ask who runs it"
        )
    return NoConnection(f"cannot reach {where}: {words}", advice=advice)


def _describe_cause(error: Exception, within: float, proxy: Proxy | None) -> tuple[str, str]:
    """Returns the cause and the advice."""
    cause = _root_cause(error)
    if isinstance(error, TimeoutError) or isinstance(cause, TimeoutError):
        return f"no answer within {within:g} s", ""
    match cause:
        case ssl.SSLCertVerificationError():
            return f"TLS certificate: {cause.verify_message}", _CERTIFICATE_ADVICE
        case ssl.SSLError(reason="WRONG_VERSION_NUMBER"):
            plain = "" if proxy else ", on this machine an address may begin with ws://"
            return f"TLS: none there{plain}", "is the port right? What answers there speaks no TLS"
        case ssl.SSLError() if not isinstance(cause, ssl.SSLEOFError):
            return f"TLS: {cause.reason or 'failed'}", ""
        case socket.gaierror() | UnicodeError():  # UnicodeError: an impossible host name, like a..b
            return "no such host name", ""
        case ConnectionRefusedError():
            return "connection refused", ""
        case OSError() if cause.strerror and not isinstance(cause, ConnectionError | ssl.SSLError):
            return cause.strerror.lower(), ""
    return _DROPPED, ""


def _describe_refusal(refusal: str, proxy: Proxy) -> tuple[str, str]:
    """Returns why a proxy refused, and the advice; "" for both if the message is unknown."""
    login = "the proxy refuses this user and password" if "@" in proxy.url else "the proxy wants a user and password"
    advice = f"put user and password of the proxy into {_setting_of(proxy)}: {proxy.scheme}://USER:PASSWORD@HOST:PORT"
    if status := re.match(r"[0-9]{3}\b", refusal):
        return (f"{login} (HTTP 407)", advice) if status[0] == "407" else (f"the proxy answered HTTP {status[0]}", "")
    if refusal.endswith("got NO AUTHENTICATION REQUIRED."):
        return "the proxy takes no user and password", f"leave user and password out of {_setting_of(proxy)}"
    if reply := next((reply for reply in _SOCKS_REPLIES if reply.lower() in refusal.lower()), ""):
        return f"the proxy answered: {reply}", ""
    return (login, advice) if re.search("username|acceptable", refusal, re.IGNORECASE) else ("", "")


def _setting_of(proxy: Proxy) -> str:
    return "https_proxy" if proxy.source == SYSTEM else proxy.source


def _root_cause(error: BaseException) -> BaseException:
    """Returns the first error of the chain of causes."""
    seen: set[int] = set()
    while id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        else:
            error = error.__cause__ or error.__context__ or error
    return error


def status_error(
    host: str, status: int, headers: Callable[[str], list[str]], now: float, min_wait: float, path: str = ""
) -> FeedError:
    """Returns the error for an HTTP status, of the REST call for `path` if there is one. `headers` returns all values
    of a header, `now` is this machine's clock in ms UTC, and `min_wait` is the shortest wait after a 429, in s."""
    asked_for = f" {path}" if path else ""
    if status in (401, 403):
        return KeyRefused(f"{host} refuses this key for {path}") if path else key_refused(host)
    if 300 <= status < 400:
        words = f"{host} redirects{asked_for} to another address: refused, the key would go there too"
        return PermanentError(words if path else f"{words}. Check --url")
    dates = headers("Date")
    asked = retry_after(headers("Retry-After"), http_date(dates[0] if dates else None) or now)
    if status == 429:
        wait = max(asked.wait, min_wait)
        more = f": {asked.words}" if asked.bounded else f" for {math.ceil(wait)} s"
        return RateLimited(f"{host} asks to slow down{more}", wait)
    if status >= 500:
        words = f"{host} has trouble of its own{' with' if path else ''}{asked_for} (HTTP {status})"
        return ServerUnavailable(f"{words}: {asked.words}" if asked.words else words, asked.wait)
    return NoConnection(
        f"{host} answered {path} with HTTP {status}" if path else f"{host} answered HTTP {status}: check the address"
    )


def key_refused(host: str) -> KeyRefused:
    """Returns the error for a key that the stream refuses."""
    return KeyRefused(f"key refused by {host}: check ITICK_TOKEN, the key file or token_command, and the host of --url")
