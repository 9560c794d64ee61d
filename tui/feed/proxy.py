"""The proxy in the way, as `https_proxy` and its kin or the system have it."""

from __future__ import annotations

from importlib.util import find_spec
from typing import NamedTuple

from websockets.exceptions import InvalidProxy
from websockets.proxy import get_proxy, parse_proxy
from websockets.uri import parse_uri

from tui.errors import NoConnection
from tui.feed.target import is_loopback


class Proxy(NamedTuple):
    """Where it is. The rest of its address may be a password."""

    host: str
    port: int


def proxy_of(url: str) -> Proxy | None:
    """What stands between here and a WebSocket address; nothing ever does on this machine. Raises NoConnection where
    it cannot be used."""
    if is_loopback(url):
        return None
    address = get_proxy(parse_uri(url))
    if address is None:
        return None
    try:
        proxy = parse_proxy(address)
    except (InvalidProxy, ValueError):
        raise NoConnection("the address of the proxy cannot be read: look at https_proxy and its kin") from None
    if proxy.scheme.startswith("socks") and find_spec("python_socks") is None:
        raise NoConnection("a SOCKS proxy needs one more package: pip install python-socks")
    return Proxy(proxy.host, proxy.port)
