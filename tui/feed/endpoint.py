"""Where to connect: the vendor's address or another, checked before the key goes anywhere."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from tui.errors import UsageError
from tui.symbol import sanitize

DEMO_HOST = "demo"  # what the exchange that --demo starts is called in a recording
VENDOR_URL = "wss://api.itick.org/fund"


def check_url(url: str) -> str:
    """The URL, if the key may be sent there: wss:// to anyone, ws:// only to this machine. Raises UsageError."""
    return _checked(url, "ws", "a WebSocket address: write wss://HOST/fund")


def check_rest_url(url: str) -> str:
    """The base of REST addresses, without a slash at its end, if the key may be sent there: https:// to anyone, http://
    only to this machine. Raises UsageError."""
    try:
        _checked(url, "http", "an address for REST: write https://HOST")
    except UsageError as error:
        raise UsageError(f"rest_url: {error}") from None
    if urlsplit(url).query:
        raise UsageError(f"rest_url: '{sanitize(url)}' has a part after ?, which no base address can have")
    return url.rstrip("/")


def rest_base(url: str) -> str:
    """Where REST is asked for, by the host of the WebSocket: https://HOST for wss://HOST/fund, http for ws."""
    parts = urlsplit(url)
    return f"{parts.scheme.replace('ws', 'http', 1)}://{parts.netloc}"


def _checked(url: str, plain: str, wanted: str) -> str:
    """The URL, if it is `plain`:// on this machine or the same with an s to anyone."""
    if "@" in url:
        # Not repeated: whatever stands before the @ may be somebody's password.
        raise UsageError("an address may not hold a user or password: the key goes into ITICK_TOKEN or --token-file")
    shown = sanitize(url)
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise UsageError(f"'{shown}' is not {wanted}") from None
    if parts.scheme not in (plain, f"{plain}s") or not host or shown != url or " " in url:
        raise UsageError(f"'{shown}' is not {wanted}")
    if parts.fragment:
        raise UsageError(f"'{shown}' has a part after #, which such an address cannot have")
    if parts.scheme == plain and not is_loopback(url):
        raise UsageError(
            f"refusing plain {plain}:// to {host}: the key would travel in clear. "
            f"Use {plain}s://{parts.netloc}{parts.path}"
        )
    return url


def is_loopback(url: str) -> bool:
    """Whether an address stays on this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def host_of(url: str) -> str:
    """HOST or HOST:PORT, as people name it."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    return f"{host}:{parts.port}" if parts.port else host
