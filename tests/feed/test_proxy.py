"""The proxy is the same for the stream and for REST, whatever names it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import trustme

from tests.support.feed import KEY, RawServer, Running, free_port
from tests.support.networks import (
    BASE,
    BROKEN,
    HOST,
    NO_AUTH,
    URL,
    ScriptedProxy,
    SocksProxy,
    TunnelProxy,
    check_stream_and_rest,
    serve_vendor,
    server_context,
)
from tui.errors import NoConnection
from tui.feed import proxy as module
from tui.feed.proxy import SYSTEM, Proxy, ignored_no_proxy_entries, proxy_for
from tui.feed.state import LinkPhase
from tui.history.rest_client import RestClient, RestError
from tui.secrets import Token

BOTH = [f"{HOST}:443"] * 2
VENDOR = "wss://api.itick.org/fund"


@pytest.fixture
def authority(network: pytest.MonkeyPatch, tmp_path: Path) -> trustme.CA:
    """A CA that is trusted."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    network.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return authority


async def rest_error() -> str:
    """Why it does."""
    rest = RestClient(BASE, Token(KEY))
    try:
        with pytest.raises(RestError) as caught:
            await rest.quotes("US", ["QQQ"])
    finally:
        await rest.aclose()
    return str(caught.value)


# --- over real sockets ---


@pytest.mark.parametrize(
    "environment",
    [
        {"ALL_PROXY": "http://{}"},
        {"all_proxy": "http://{}/"},
        {"https_proxy": "{}"},
        {"HTTPS_PROXY": "http://{}", "ALL_PROXY": "http://127.0.0.1:9"},
        {"https_proxy": "http://{}", "HTTPS_PROXY": "http://127.0.0.1:9"},
        {"https_proxy": "http://{}", "no_proxy": "localhost,127.0.0.0/8,::1/128"},
        {"https_proxy": "http://{}", "no_proxy": "[::1], 10.0.0.0/99,http://x,\x1b"},
    ],
    ids=repr,
)
async def test_stream_and_rest_use_the_same_proxy(
    environment: Mapping[str, str], authority: trustme.CA, network: pytest.MonkeyPatch
) -> None:
    async with serve_vendor(authority) as port, TunnelProxy(port) as proxy:
        for name, value in environment.items():
            network.setenv(name, value.format(f"127.0.0.1:{proxy.port}"))
        await check_stream_and_rest()
    assert proxy.targets == BOTH
    assert KEY.encode() not in b"".join(proxy.request_heads)


async def test_a_proxy_over_tls_works(authority: trustme.CA, network: pytest.MonkeyPatch) -> None:
    context = server_context(authority, "localhost")
    async with serve_vendor(authority) as port, TunnelProxy(port, context=context) as proxy:
        network.setenv("https_proxy", f"https://localhost:{proxy.port}")
        await check_stream_and_rest()
    assert proxy.targets == BOTH


@pytest.mark.parametrize("user", ["me:pass%2Fword@", "me@"])
async def test_a_proxy_s_user_and_password_are_sent(
    user: str, authority: trustme.CA, network: pytest.MonkeyPatch
) -> None:
    async with serve_vendor(authority) as port, TunnelProxy(port) as proxy:
        network.setenv("https_proxy", f"http://{user}127.0.0.1:{proxy.port}")
        await check_stream_and_rest()
    known = {"me:pass%2Fword@": b"bWU6cGFzcy93b3Jk", "me@": b"bWU6"}[user]
    assert all(b"roxy-Authorization: Basic " + known + b"\r\n" in head for head in proxy.request_heads)
    assert len(proxy.request_heads) == 2


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
async def test_a_socks_proxy_resolves_the_name_and_gets_the_password(
    scheme: str, authority: trustme.CA, network: pytest.MonkeyPatch
) -> None:
    async with serve_vendor(authority) as port, SocksProxy(port) as proxy:
        network.setenv("all_proxy", f"{scheme}://me:secret@127.0.0.1:{proxy.port}")
        await check_stream_and_rest()
    assert (proxy.targets, proxy.request_heads) == (BOTH, [b"me:secret"] * 2)


@pytest.mark.parametrize(
    ("there", "words"),
    [
        ((), "a SOCKS proxy needs python-socks and socksio: pip install 'itick-tui[socks]'"),
        (("socksio",), "a SOCKS proxy needs python-socks: pip install 'itick-tui[socks]'"),
        (("python_socks",), "a SOCKS proxy needs socksio: pip install 'itick-tui[socks]'"),
    ],
)
async def test_every_missing_socks_package_is_named(
    there: tuple[str, ...], words: str, network: pytest.MonkeyPatch
) -> None:
    network.setenv("ALL_PROXY", "socks5://me:secret@127.0.0.1:9")
    network.setattr(module, "find_spec", lambda name: name if name in there else None)
    async with Running(URL) as running:
        assert await running.is_lost() == words
    assert await rest_error() == words


async def test_an_unreachable_proxy_is_named_in_the_error(network: pytest.MonkeyPatch) -> None:
    port = free_port()
    network.setenv("https_proxy", f"http://me:secret@127.0.0.1:{port}")
    words = f"cannot reach {HOST} through the proxy 127.0.0.1:{port}: connection refused"
    async with Running(URL) as running:
        assert await running.is_lost() == words
    assert await rest_error() == words


async def error_through(scheme: str, user: str, *answers: bytes | None, network: pytest.MonkeyPatch) -> str:
    """Why stream and REST fail through such a proxy, which they tell in the same words."""
    async with ScriptedProxy(*answers) as proxy:
        network.setenv("https_proxy", f"{scheme}://{user}127.0.0.1:{proxy.port}")
        async with Running(URL) as running:
            words = await running.is_lost()
        assert await rest_error() == words
        where = f"cannot reach {HOST} through the proxy 127.0.0.1:{proxy.port}: "
    assert words.startswith(where)
    return words.removeprefix(where)


@pytest.mark.parametrize("kind", BROKEN)
async def test_a_broken_proxy_is_reported_by_stream_and_rest(kind: str, network: pytest.MonkeyPatch) -> None:
    scheme, answers = BROKEN[kind]
    assert await error_through(scheme, "", *answers, network=network) == "the connection was cut"


@pytest.mark.parametrize(
    ("scheme", "user", "answers", "words"),
    [
        ("http", "", [b"HTTP/1.1 407 secret\r\n\r\n"], "the proxy wants a user and password (HTTP 407)"),
        ("http", "me:secret@", [b"HTTP/1.1 407 secret\r\n\r\n"], "the proxy refuses this user and password (HTTP 407)"),
        ("http", "me:secret@", [b"HTTP/1.1 502 secret\r\n\r\n"], "the proxy answered HTTP 502"),
        ("http", "me:secret@", [b"HTTP/1.1 403 username host unreachable\r\n\r\n"], "the proxy answered HTTP 403"),
        ("socks5", "", [b"\x05\xff"], "the proxy wants a user and password"),
        ("socks5", "me:secret@", [b"\x05\xff"], "the proxy refuses this user and password"),
        ("socks5", "me:secret@", [b"\x05\x02", b"\x01\x01"], "the proxy refuses this user and password"),
        (
            "socks5",
            "",
            [NO_AUTH, b"\x05\x04\x00\x01\x00\x00\x00\x00\x00\x00"],
            "the proxy answered: host unreachable",
        ),
        (
            "socks5",
            "",
            [NO_AUTH, b"\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00"],
            "the proxy answered: connection refused",
        ),
    ],
)
async def test_a_refusal_by_the_proxy_is_explained(
    scheme: str, user: str, answers: list[bytes], words: str, network: pytest.MonkeyPatch
) -> None:
    assert await error_through(scheme, user, *answers, network=network) == words


async def test_a_socks_proxy_without_authentication_is_explained_if_a_password_is_set(
    network: pytest.MonkeyPatch,
) -> None:
    async with ScriptedProxy(NO_AUTH) as proxy:
        network.setenv("https_proxy", f"socks5://me:secret@127.0.0.1:{proxy.port}")
        assert (await rest_error()).endswith(": the proxy takes no user and password")


async def test_the_proxy_is_shown_while_connecting(network: pytest.MonkeyPatch) -> None:
    async with RawServer(None) as proxy:
        network.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
        async with Running(URL) as running:
            state = await running.reaches(LinkPhase.CONNECTING, times=2)
    assert state.describe(0) == f"connecting {HOST} through the proxy 127.0.0.1:{proxy.port}"


# --- which one ---


def proxy_in(environment: Mapping[str, str], url: str, network: pytest.MonkeyPatch) -> str | None:
    for name, value in environment.items():
        network.setenv(name, value)
    proxy = proxy_for(url)
    return f"{proxy} {proxy.source}" if proxy else None


@pytest.mark.parametrize(
    ("environment", "stream", "rest"),
    [
        ({}, None, None),
        ({"http_proxy": "http://a"}, None, None),
        ({"wss_proxy": "a", "https_proxy": "b"}, "a:80 wss_proxy", "b:80 https_proxy"),
        ({"https_proxy": "https://a", "socks_proxy": "s"}, *["a:443 https_proxy"] * 2),
        ({"socks_proxy": "http://a"}, *["a:1080 socks_proxy"] * 2),
        ({"ALL_PROXY": "socks5h://[::1]"}, *["[::1]:1080 ALL_PROXY"] * 2),
        ({"https_proxy": "bücher.example"}, *["xn--bcher-kva.example:80 https_proxy"] * 2),
        ({"https_proxy": " ", "all_proxy": "a:1"}, *["a:1 all_proxy"] * 2),
        ({"Https_Proxy": "a:1"}, *["a:1 Https_Proxy"] * 2),
        ({"https_proxy": "a", "no_proxy": "*"}, None, None),
        ({"HtTpS_pRoXy": "a:1", "HTTPS_PROXY": "b:2"}, *["b:2 HTTPS_PROXY"] * 2),
        ({"HTTPS_PROXY": "b:2", "HtTpS_pRoXy": "a:1"}, *["a:1 HtTpS_pRoXy"] * 2),
        ({"HtTpS_pRoXy": "a:1", "https_proxy": "b:2"}, *["b:2 https_proxy"] * 2),
    ],
)
def test_the_precedence_of_proxy_variables(
    environment: Mapping[str, str], stream: str | None, rest: str | None, network: pytest.MonkeyPatch
) -> None:
    assert proxy_in(environment, VENDOR, network) == stream
    assert proxy_in(environment, "https://api.itick.org", network) == rest


def test_the_system_s_proxy_is_used_if_the_environment_names_none(network: pytest.MonkeyPatch) -> None:
    network.setattr(module, "getproxies", lambda: {"http": "http://w", "socks": "http://s:1081"})
    network.setattr(module, "proxy_bypass", lambda host: host == "local.example")
    proxy = proxy_for(VENDOR)
    assert proxy == Proxy("socks5h", "s", 1081, SYSTEM, "socks5h://s:1081")
    assert proxy_for("wss://local.example:8443/fund") is None


@pytest.mark.parametrize(
    ("no_proxy", "host", "direct"),
    [
        ("api.itick.org", "api.itick.org", True),
        ("itick.org", "api.itick.org", True),
        (".itick.org", "api.itick.org", True),
        (".itick.org", "itick.org", True),
        ("*.itick.org", "api.itick.org", True),
        ("ITICK.org.", "API.itick.ORG", True),
        ("itick.org", "api.itick.org.", True),
        ("tick.org", "api.itick.org", False),
        ("api.itick.org.evil", "api.itick.org", False),
        ("other,itick.org", "api.itick.org", True),
        ("other itick.org", "api.itick.org", True),
        ("other, *", "api.itick.org", True),
        ("itick.org:443", "api.itick.org", True),
        ("itick.org:8443", "api.itick.org", False),
        ("itick.org:8443", "api.itick.org:8443", True),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.9.9.9/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("10.0.0.0/8", "api.itick.org", False),
        ("10.1.2.3", "10.1.2.3", True),
        ("10.1.2.3:443", "10.1.2.3", True),
        ("10.1.2.3:80", "10.1.2.3", False),
        ("fd00::/8", "[fd00::1]", True),
        ("[fd00::]/8", "[fd00::1]", True),
        ("FD00:0::1", "[fd00::1]", True),
        ("[fd00::1]", "[fd00::1]", True),
        ("[fd00::1]:443", "[fd00::1]", True),
        ("[fd00::1]:80", "[fd00::1]", False),
        ("0.0.0.0/0", "[fd00::1]", False),
        ("", "api.itick.org", False),
    ],
)
def test_no_proxy_entries_match_hosts_networks_and_ports(
    no_proxy: str, host: str, direct: bool, network: pytest.MonkeyPatch
) -> None:
    network.setenv("https_proxy", "http://proxy:3128")
    network.setenv("no_proxy", no_proxy)
    assert (proxy_for(f"wss://{host}/fund") is None) is direct
    assert (proxy_for(f"https://{host}") is None) is direct
    assert ignored_no_proxy_entries() == []


def test_invalid_no_proxy_entries_are_reported_and_ignored(network: pytest.MonkeyPatch) -> None:
    network.setenv("https_proxy", "http://proxy:3128")
    bad = ["10.0.0.0/99", "::1/129", "10.*", "10.", "http://x", "host:port", "a*.org", "a..b", "http://me:pa", "ss@x"]
    endless = [f"x:{'9' * 5_000}", f"10.0.0.0/{'9' * 5_000}", "x:443000", "x:٤٤٣", "[::1]:" + "1" * 5_000]
    network.setenv("NO_PROXY", ",".join(["fine", *bad, *endless, "itick.org", ""]))
    assert ignored_no_proxy_entries() == list(range(2, 17))
    assert proxy_for(VENDOR) is None
    assert proxy_for("wss://vendor.example/fund") is not None


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("ftp://127.0.0.1:9", "cannot be used: it has to begin with http, https, socks5, socks5h, and ://"),
        ("secret://127.0.0.1:9", "cannot be used: it has to begin with http, https, socks5, socks5h, and ://"),
        ("socks4://127.0.0.1:9", "cannot be used: it has to begin with http, https, socks5, socks5h, and ://"),
        ("http://me:secret/word@127.0.0.1:9", "cannot be read: write it as http://HOST:PORT"),
        ("http://me:secret@[::1", "cannot be read: write it as http://HOST:PORT"),
        ("http://secret host:9", "cannot be read: write it as http://HOST:PORT"),
        ("http://h:0", "cannot be read: write it as http://HOST:PORT"),
        (f"http://h:{'9' * 5_000}", "cannot be read: write it as http://HOST:PORT"),
        ("http://h:٤٤٣", "cannot be read: write it as http://HOST:PORT"),
        ("http://me:\udcff@h:1", "cannot be read: write it as http://HOST:PORT"),
        ("127.0.0.1:port", "cannot be read: write it as http://HOST:PORT"),
        ("http://127.0.0.1:9/secret", "cannot be read: write it as http://HOST:PORT"),
        ("http://a..b:9", "cannot be read: write it as http://HOST:PORT"),
        ("http://\u202e:9", "cannot be read: write it as http://HOST:PORT"),
        ("http://\x1b:9", "cannot be read: write it as http://HOST:PORT"),
        ("http://", "cannot be read: write it as http://HOST:PORT"),
    ],
)
async def test_an_invalid_proxy_is_reported_by_its_variable_only(
    address: str, words: str, network: pytest.MonkeyPatch
) -> None:
    network.setenv("HTTPS_PROXY", address)
    words = f"the proxy of HTTPS_PROXY {words}"
    with pytest.raises(NoConnection) as caught:
        proxy_for(VENDOR)
    assert str(caught.value) == words
    async with Running(URL) as running:
        assert await running.is_lost() == words
    assert await rest_error() == words


def test_this_machine_is_reached_directly_whatever_the_variables(network: pytest.MonkeyPatch) -> None:
    network.setenv("all_proxy", "nonsense://")
    for host in ("localhost", "127.0.0.1", "127.8.8.8", "[::1]"):
        assert proxy_for(f"ws://{host}/fund") is proxy_for(f"https://{host}:8443") is None


def test_a_proxy_s_password_is_in_no_representation(network: pytest.MonkeyPatch) -> None:
    network.setenv("all_proxy", "http://somebody:secret@proxy")
    proxy = proxy_for(VENDOR)
    assert "secret" not in f"{proxy!r}{proxy}" and "somebody" not in f"{proxy!r}{proxy}"
