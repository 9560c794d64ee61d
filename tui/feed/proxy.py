"""Selects the proxy for a URL, for the stream, REST and the doctor alike.

The rule is that of curl and httpx: the variable of the URL's own scheme, then `https_proxy`, then `all_proxy`, each in
lower case before upper; the system's settings if the environment names none. Hosts in `no_proxy` are reached directly.
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
_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}  # the default by scheme
_FOR_SOCKS = {"python-socks": "python_socks", "socksio": "socksio"}  # package and module: for the stream, for httpx
_WITH_PORT = re.compile(r"([^:]+|\[.*\]):([0-9]{1,5})")  # but not a bare IPv6 address like ::1
_HOST = re.compile(r"[\w.:-]+", re.ASCII)
_NAME = re.compile(r"[\w-]+(\.[\w-]+)*")


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy. `url` is its whole address, which may hold a user and password and is never shown. `source` is the
    environment variable it comes from, or SYSTEM."""

    scheme: str
    host: str
    port: int
    source: str
    url: str = field(repr=False)

    def __str__(self) -> str:
        return f"{_bracketed(self.host)}:{self.port}"


def proxy_for(url: str) -> Proxy | None:
    """Returns the proxy for a URL of the stream or of REST; None if it is reached directly, as this machine always is.
    On macOS it may wait for a name server. Raises NoConnection if the proxy's address cannot be used."""
    if is_loopback(url):
        return None
    parts = urlsplit(url)
    host, port = (parts.hostname or "").rstrip("."), parts.port or 443
    proxies = getproxies()
    for scheme in (parts.scheme, "https", "socks", "all"):  # on macOS the scheme of a SOCKS proxy is "socks"
        if address := proxies.get(scheme, "").strip():
            return None if _is_bypassed(host, port) else _parse_proxy(scheme, address)
    return None


def ignored_no_proxy_entries() -> list[int]:
    """Returns the numbers, from 1, of the invalid entries of `no_proxy`. Not the entries themselves: any may be a
    password, or part of one that contains a comma."""
    return [number for number, entry in enumerate(_no_proxy_entries(), 1) if _matches(entry, "", 0) is None]


def _parse_proxy(scheme: str, address: str) -> Proxy:
    sources = [
        name for name, value in os.environ.items() if name.lower() == f"{scheme}_proxy" and value.strip() == address
    ]
    source = max(sources, default=SYSTEM)  # lower case has precedence, and sorts after upper case
    if "://" not in address:
        address = f"http://{address}"
    if scheme == "socks":
        address = re.sub("^http:", "socks5h:", address)
    if address.partition("://")[0].lower() not in _PORTS:
        # Not repeated in the error: with a typo in the address this part may be a user name.
        raise NoConnection(f"the proxy of {source} cannot be used: it has to begin with {', '.join(_PORTS)}, and ://")
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").encode("idna").decode()
        port = _PORTS[parts.scheme] if parts.port is None else parts.port
        login = ""
        if parts.username:
            # websockets accepts a user only with a password, both percent-encoded.
            login = "{}:{}@".format(*(quote(unquote(part or ""), safe="") for part in (parts.username, parts.password)))
    except ValueError:
        host, port, login = "", 0, ""
    if not port or not _HOST.fullmatch(host) or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise NoConnection(f"the proxy of {source} cannot be read: write it as http://HOST:PORT")
    missing = [package for package, module in _FOR_SOCKS.items() if find_spec(module) is None]
    if missing and parts.scheme.startswith("socks"):
        raise NoConnection(f"a SOCKS proxy needs {' and '.join(missing)}: pip install 'itick-tui[socks]'")
    # httpx always lets a SOCKS proxy resolve the name; the stream does the same.
    url_scheme = parts.scheme.replace("socks5h", "socks5").replace("socks5", "socks5h")
    return Proxy(parts.scheme, host, port, source, f"{url_scheme}://{login}{_bracketed(host)}:{port}")


def _is_bypassed(host: str, port: int) -> bool:
    if getproxies_environment():
        return any(_matches(entry, host, port) for entry in _no_proxy_entries())
    return bool(proxy_bypass(host))


def _no_proxy_entries() -> list[str]:
    return [entry for entry in re.split(r"[\s,]+", getproxies_environment().get("no", "")) if entry]


def _matches(entry: str, host: str, port: int) -> bool | None:
    """Returns whether an entry of `no_proxy` matches a host and port; None if it is invalid. An entry is `*`, a domain
    with its subdomains, an address or a network (names are not resolved for it), each optionally with a port."""
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
