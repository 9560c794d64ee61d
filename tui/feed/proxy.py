"""The proxy between here and an address: decided in one place for the stream, REST and the doctor.

The rule is curl's and httpx's: the variable of the address's own scheme, then `https_proxy`, then `all_proxy`, each in
lower case before upper, and the system's settings where the environment says nothing. `no_proxy` names hosts that are
reached directly.
"""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass, field
from importlib.util import find_spec
from ipaddress import ip_address, ip_network
from urllib.parse import quote, unquote, urlsplit
from urllib.request import getproxies, getproxies_environment, proxy_bypass

from tui.errors import NoConnection
from tui.feed.endpoint import is_loopback

SYSTEM = "the system's settings"
_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}  # by scheme, where the address has none
_FOR_SOCKS = {"python-socks": "python_socks", "socksio": "socksio"}  # packages and their modules: stream, httpx
_WITH_PORT = re.compile(r"([^:]+|\[.*\]):([0-9]{1,5})")  # not ::1
_HOST = re.compile(r"[\w.:-]+", re.ASCII)
_NAME = re.compile(r"[\w-]+(\.[\w-]+)*")


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy in force. `url` is its whole address, with user and password where it has them: never to be shown.
    `source` is the variable it comes from, or SYSTEM."""

    scheme: str
    host: str
    port: int
    source: str
    url: str = field(repr=False)

    def __str__(self) -> str:
        return f"{_bracketed(self.host)}:{self.port}"


def proxy_for(url: str) -> Proxy | None:
    """Returns the proxy for an address of the stream or of REST, None where it is reached directly: this machine always
    is. On macOS it may wait for a name server. Raises NoConnection where the proxy cannot be used."""
    if is_loopback(url):
        return None
    parts = urlsplit(url)
    host, port = (parts.hostname or "").rstrip("."), parts.port or 443
    proxies = getproxies()
    for scheme in (parts.scheme, "https", "socks", "all"):  # macOS has SOCKS proxies under a name of their own
        if address := proxies.get(scheme, "").strip():
            return None if _is_bypassed(host, port) else _proxy(scheme, address)
    return None


def ignored_no_proxy() -> list[int]:
    """Returns which entries of `no_proxy` cannot be read, from 1. They are not repeated: any may be a password, or
    part of one that has a comma in it."""
    return [number for number, entry in enumerate(_no_proxy(), 1) if _covers(entry, "", 0) is None]


def _proxy(scheme: str, address: str) -> Proxy:
    sources = [
        name for name, value in os.environ.items() if name.lower() == f"{scheme}_proxy" and value.strip() == address
    ]
    source = max(sources, default=SYSTEM)  # lower case counts before upper, and sorts after it
    if "://" not in address:
        address = f"http://{address}"
    if scheme == "socks":
        address = re.sub("^http:", "socks5h:", address)
    if address.partition("://")[0].lower() not in _PORTS:
        # Not repeated: with a typo in it, it may be a user's name.
        raise NoConnection(f"the proxy of {source} cannot be used: it has to begin with {', '.join(_PORTS)}, and ://")
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").encode("idna").decode()
        port = _PORTS[parts.scheme] if parts.port is None else parts.port
        user = ""
        if parts.username:
            # Percent-encoded anew, and never without a password: websockets takes it in no other way.
            user = "{}:{}@".format(*(quote(unquote(part or ""), safe="") for part in (parts.username, parts.password)))
    except ValueError:
        host, port, user = "", 0, ""
    if not port or not _HOST.fullmatch(host) or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise NoConnection(f"the proxy of {source} cannot be read: write it as http://HOST:PORT")
    missing = [package for package, module in _FOR_SOCKS.items() if find_spec(module) is None]
    if missing and parts.scheme.startswith("socks"):
        raise NoConnection(f"a SOCKS proxy needs {' and '.join(missing)}: pip install 'itick-tui[socks]'")
    # httpx always has a SOCKS proxy look the name up; so does the stream then.
    spelled = parts.scheme.replace("socks5h", "socks5").replace("socks5", "socks5h")
    return Proxy(parts.scheme, host, port, source, f"{spelled}://{user}{_bracketed(host)}:{port}")


def _is_bypassed(host: str, port: int) -> bool:
    if getproxies_environment():
        return any(_covers(entry, host, port) for entry in _no_proxy())
    return bool(proxy_bypass(host))


def _no_proxy() -> list[str]:
    return [entry for entry in re.split(r"[\s,]+", getproxies_environment().get("no", "")) if entry]


def _covers(entry: str, host: str, port: int) -> bool | None:
    """Whether an entry of `no_proxy` means a host; None where it cannot be read. It is `*`, a domain with all below it,
    an address or a network (which names are not looked up for), each perhaps with a port."""
    if entry == "*":
        return True
    at_port = True
    if with_port := _WITH_PORT.fullmatch(entry):
        entry, at_port = with_port[1], int(with_port[2]) == port
    with contextlib.suppress(ValueError):
        network = ip_network(re.sub(r"[][]", "", entry), strict=False)
        with contextlib.suppress(ValueError):
            return at_port and ip_address(host) in network
        return False
    name = entry.removeprefix("*.").strip(".").lower()
    if not _NAME.fullmatch(name) or name.rpartition(".")[2].isdecimal():
        return None
    return at_port and (host == name or host.endswith(f".{name}"))


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
