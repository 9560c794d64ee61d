"""Where to connect: the vendor's address or another, checked before the key goes anywhere."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from tui.errors import UsageError
from tui.symbol import printable

VENDOR_URL = "wss://api.itick.org/fund"


def check_url(url: str) -> str:
    """The URL, if the key may be sent there: wss:// to anyone, ws:// only to this machine. Raises UsageError."""
    if "@" in url:
        # Not repeated: whatever stands before the @ may be somebody's password.
        raise UsageError("an address may not hold a user or password: the key goes into ITICK_TOKEN or --token-file")
    shown = printable(url)
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise UsageError(f"'{shown}' is not an address: write wss://HOST/fund") from None
    if parts.scheme not in ("ws", "wss") or not host or shown != url or " " in url:
        raise UsageError(f"'{shown}' is not a WebSocket address: write wss://HOST/fund")
    if parts.fragment:
        raise UsageError(f"'{shown}' has a part after #, which a WebSocket address cannot have")
    if parts.scheme == "ws" and not is_loopback(url):
        raise UsageError(
            f"refusing plain ws:// to {host}: the key would travel in clear. Use wss://{parts.netloc}{parts.path}"
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
    return f"{host}:{parts.port}" if parts.port else host
