"""The endpoints of the stream and of REST, validated before the key is sent to them."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from tui.errors import UsageError
from tui.symbol import sanitize

DEMO_HOST = "demo"  # the host in a recording of the exchange that --demo starts
VENDOR_URL = "wss://api.itick.org/fund"

_DEFAULT_PORTS = {"ws": 80, "wss": 443}  # RFC 6455 §3
_LOOPBACK = "127.0.0.1"
_LOOPBACK_NAMES = ("localhost", "::1")


def check_url(url: str) -> str:
    """Returns the URL if the key may be sent there: wss:// to any host, ws:// only to this machine. Raises
    UsageError."""
    return _validate(url, "ws", "a WebSocket address: write wss://HOST/fund")


def check_rest_url(url: str) -> str:
    """Returns the base URL of REST without a trailing slash if the key may be sent there: https:// to any host, http://
    only to this machine. Raises UsageError."""
    try:
        _validate(url, "http", "an address for REST: write https://HOST")
    except UsageError as error:
        raise UsageError(f"rest_url: {error}") from None
    if urlsplit(url).query:
        raise UsageError(f"rest_url: '{sanitize(url)}' has a part after ?, which no base address can have")
    return url.rstrip("/")


def rest_base(url: str) -> str:
    """Returns the base URL of REST on the host of a WebSocket URL: https://HOST for wss://HOST/fund, http:// for
    ws://."""
    parts = urlsplit(url)
    return f"{parts.scheme.replace('ws', 'http', 1)}://{parts.netloc}"


def _validate(url: str, plain: str, expected: str) -> str:
    """Returns the URL if its scheme is `plain` with an s, or `plain` on this machine. Raises UsageError."""
    if "@" in url:
        # Not repeated in the error: the part before the @ may be a password.
        raise UsageError("an address may not hold a user or password: the key goes into ITICK_TOKEN or --token-file")
    shown = sanitize(url)
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise UsageError(f"'{shown}' is not {expected}") from None
    if parts.scheme not in (plain, f"{plain}s") or not host or shown != url or " " in url:
        raise UsageError(f"'{shown}' is not {expected}")
    if parts.fragment:
        raise UsageError(f"'{shown}' has a part after #, which such an address cannot have")
    if parts.scheme == plain and not is_loopback(url):
        raise UsageError(
            f"refusing plain {plain}:// to {host}: the key would travel in clear. "
            f"Use {plain}s://{parts.netloc}{parts.path}"
        )
    return url


def is_loopback(url: str) -> bool:
    """Returns whether a URL leads to this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def host_of(url: str) -> str:
    """Returns HOST or HOST:PORT of a URL, for display."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    return f"{host}:{parts.port}" if parts.port else host


def canonical_host(url: str) -> str:
    """Returns HOST or HOST:PORT of a URL, the same for each spelling of the same server."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removesuffix(".")
    host = _LOOPBACK if host in _LOOPBACK_NAMES else host
    return host if parts.port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f"{host}:{parts.port}"
