"""The way to the feed, over real sockets, well and ill."""

from __future__ import annotations

import os
import re
import ssl
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from websockets.asyncio.server import ServerConnection, serve

from tests.relay.windows import Window
from tests.support.feed import KEY, RawServer, VendorServer, free_port, serving
from tests.support.networks import BASE, BROKEN, URL, ScriptedProxy, TunnelProxy, serve_vendor
from tui.doctor.checks import CheckResult, CheckRunner, Status
from tui.doctor.feed import FeedChecks
from tui.exchange.server import Exchange
from tui.feed import tls
from tui.feed.endpoint import canonical_host
from tui.feed.key_lock import KeyLock
from tui.feed.state import LinkPhase, Timings
from tui.protocol.messages import AUTHENTICATED, CONNECTED, TYPES, AuthReply, Hello, encode
from tui.secrets import Token
from tui.symbol import Symbol

OK, WARN, FAIL, SKIPPED = Status
QUICK = Timings(open=2.0, auth=0.3, reply=0.3, pong=0.15, close=0.2)
QQQ, SPY, IEF, GLD = (Symbol(code, "US") for code in ("QQQ", "SPY", "IEF", "GLD"))
SUBSCRIBED = tuple(f"subscribe {type_}" for type_ in TYPES)
FIRST = tuple(f"first {type_}" for type_ in TYPES)


async def run_checks(
    url: str,
    symbols: Sequence[Symbol] = (QQQ, SPY),
    *,
    timings: Timings = QUICK,
    first: float = 2.0,
    take_over: bool = False,
    rest: str = "",
    calls_a_minute: int = 0,
    ends: Callable[[CheckResult], None] = lambda result: None,
) -> dict[str, CheckResult]:
    """Every step's result, by name; without REST's, where nothing is asked for there."""
    runner = CheckRunner(lambda name: None, ends)
    feed = FeedChecks(
        url,
        Token(KEY),
        symbols,
        rest=rest,
        calls_a_minute=calls_a_minute,
        take_over=take_over,
        timings=timings,
        first=first,
    )
    async with feed:
        await runner.run(feed.checks(), 10.0)
    for result in runner.results:
        assert KEY not in result.words + result.advice
        assert bool(result.advice) == (result.status in (WARN, FAIL)), result
    return {result.name: result for result in runner.results if calls_a_minute or result.name != "rest"}


def not_ok(results: dict[str, CheckResult]) -> dict[str, Status]:
    return {name: result.status for name, result in results.items() if result.status is not OK}


def only_problem(results: dict[str, CheckResult], name: str, status: Status = FAIL) -> CheckResult:
    """The one that is not well, after which nothing was tried."""
    names = list(results)
    after = dict.fromkeys(names[names.index(name) + 1 :], SKIPPED)
    assert not_ok(results) == {name: status} | after
    return results[name]


async def test_all_is_well_with_the_exchange() -> None:
    async with Exchange(rate=200.0) as exchange:
        results = await run_checks(exchange.url, calls_a_minute=5)
    assert not_ok(results) == {}
    assert results["rest"].words.startswith("2 of 2 US symbols have a quote at 127.0.0.1:")
    assert results["symbols"].words == "data came of 2 symbols"
    assert results["lag"].words.startswith("median ")
    assert results["fields"].words == "all are known; no IOPV among them"
    assert results["subscribe depth"].words == "2 symbols accepted"
    assert results["first kline@1"].words in ("QQQ$US", "SPY$US")
    assert results["pings"].words.startswith("5 answered, median ")
    assert re.fullmatch(r"the exchange's is [+-]\d.* ± \d.* from this machine's", results["clock"].words)


# --- the network ---


async def test_a_name_that_is_none() -> None:
    result = only_problem(await run_checks("wss://nobody.invalid/fund"), "name")
    assert result.words.startswith("nobody.invalid: ")
    assert (await run_checks("wss://a..b/fund"))["name"].words == "a..b is not a valid host name"


async def test_a_name_nobody_answers_for_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: answered.wait())
    result = only_problem(await run_checks("wss://slow.example/fund", timings=QUICK._replace(open=0.5)), "name")
    assert result.words == "slow.example: no answer within 0.5 s"
    answered.set()


async def test_a_closed_port() -> None:
    port = free_port()
    result = (await run_checks(f"ws://127.0.0.1:{port}/fund"))["tcp"]
    assert (result.status, result.words) == (FAIL, f"cannot reach 127.0.0.1 port {port}: connection refused")
    assert "firewall" in result.advice


async def test_a_plain_port_where_tls_is_expected() -> None:
    async with RawServer(b"220 welcome\r\n") as server:
        result = only_problem(await run_checks(f"wss://127.0.0.1:{server.port}/fund"), "tls")
    assert "TLS: none there" in result.words


async def test_a_certificate_is_told_with_its_days_and_one_that_nobody_knows_refused(
    network: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    authority, file = trustme.CA(organization_name="The Makers"), str(tmp_path / "ca.pem")
    authority.cert_pem.write_to_path(file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", not_after=datetime.now(UTC) + timedelta(days=3)).configure_cert(context)
    async with serve(VendorServer(ticks=True), "127.0.0.1", 0, ssl=context, close_timeout=0.2) as server:
        port = server.sockets[0].getsockname()[1]
        url = f"wss://localhost:{port}/fund"
        result = only_problem(await run_checks(url, rest=f"https://localhost:{port}"), "tls")
        assert "TLS certificate: unable to get local issuer certificate" in result.words
        assert "SSL_CERT_FILE" in result.advice
        network.setenv("SSL_CERT_FILE", file)
        network.setattr(tls, "_trust", None)
        results = await run_checks(url, first=0.1)
        assert results["tls"].status is WARN, "it ends soon"
        assert results["tls"].words.startswith("TLSv1.3, the certificate is by The Makers and lasts 3 more days")
        assert results["auth"].status is OK
        # On macOS the keychain judges, after a handshake in which OpenSSL takes everything and keeps nothing.
        unknowing = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        unknowing.check_hostname, unknowing.verify_mode = False, ssl.CERT_NONE
        network.setattr(tls, "_trust", tls.Trust(unknowing, ("the keychain",)))
        result = (await run_checks(url, first=0.1))["tls"]
        assert (result.status, result.words) == (OK, "TLSv1.3, the certificate is trusted")


async def test_whose_certificates_are_trusted_is_told_and_what_was_ignored(
    network: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    good, bad = str(tmp_path / "ca.pem"), str(tmp_path / "none.pem")
    trustme.CA().cert_pem.write_to_path(good)
    network.setenv("SSL_CERT_DIR", str(tmp_path / "folder"))
    for file, words in (
        (good, f"trusted: those of {good}; there are none in "),
        (bad, "none is trusted; there are "),
    ):
        network.setenv("SSL_CERT_FILE", file)
        network.setattr(tls, "_trust", None)
        result = (await run_checks("wss://nobody.invalid/fund"))["certificates"]
        assert result.status is WARN and result.words.startswith(words)
        assert result.words.endswith(f"SSL_CERT_DIR={tmp_path / 'folder'}")
        assert (f"SSL_CERT_FILE={bad}" in result.words) is (file is bad)
    network.delenv("SSL_CERT_DIR")
    network.setenv("SSL_CERT_FILE", good)
    network.setattr(tls, "_trust", None)
    result = (await run_checks("wss://nobody.invalid/fund"))["certificates"]
    assert result.status is OK and result.words.startswith(f"trusted: those of {good}")


async def test_a_proxy_is_said_without_its_password(network: pytest.MonkeyPatch) -> None:
    async with TunnelProxy(answer=b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n") as proxy:
        network.setenv("https_proxy", f"http://somebody:pa55word@127.0.0.1:{proxy.port}")
        results = await run_checks("wss://nobody.invalid/fund", calls_a_minute=5)
    assert results["proxy"].words == f"127.0.0.1:{proxy.port}, from https_proxy"
    assert results["name"].words == "127.0.0.1 (the proxy) is an address already"
    assert results["tcp"].words == f"127.0.0.1 (the proxy) answers at port {proxy.port}"
    assert (results["tls"].status, results["handshake"].status) == (SKIPPED, FAIL)
    assert f"through the proxy 127.0.0.1:{proxy.port}: " in results["handshake"].words
    network.setenv("https_proxy", "http://somebody:pa55word@[::1")
    broken = await run_checks("wss://nobody.invalid/fund")
    assert broken["proxy"].words == "the proxy of https_proxy cannot be read: write it as http://HOST:PORT"
    assert (broken["proxy"].status, broken["name"].words) == (FAIL, "not tried, because of proxy")
    network.setenv("https_proxy", "socks5://somebody:pa55word@127.0.0.1:1")
    network.setattr("tui.feed.proxy.find_spec", lambda name: None)
    assert "python-socks and socksio" in (await run_checks("wss://nobody.invalid/fund"))["proxy"].words
    assert "pa55word" not in f"{results}{broken}" and "somebody" not in f"{results}{broken}"


@pytest.mark.parametrize("rest", ["", "https://rest.invalid"])
async def test_a_proxy_that_wants_a_password_is_advised_about(rest: str, network: pytest.MonkeyPatch) -> None:
    async with TunnelProxy(answer=b"HTTP/1.1 407 No\r\n\r\n") as proxy:
        network.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
        results = await run_checks("wss://nobody.invalid/fund", rest=rest, calls_a_minute=5)
    for name in ("handshake", "rest"):
        assert "the proxy wants a user and password (HTTP 407)" in results[name].words
        assert (
            results[name].advice
            == "put user and password of the proxy into https_proxy: http://USER:PASSWORD@HOST:PORT"
        )


async def test_an_unknown_ca_inside_a_tunnel_is_advised_about(network: pytest.MonkeyPatch) -> None:
    async with serve_vendor(trustme.CA()) as port, TunnelProxy(port) as proxy:
        network.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
        results = await run_checks(URL, calls_a_minute=5)
    for name in ("handshake", "rest"):
        assert "TLS certificate: unable to get local issuer certificate" in results[name].words
        assert "SSL_CERT_FILE" in results[name].advice


@pytest.mark.parametrize("kind", BROKEN)
async def test_a_proxy_that_closes_or_answers_nonsense_ends_no_checkup(kind: str, network: pytest.MonkeyPatch) -> None:
    scheme, answers = BROKEN[kind]
    async with ScriptedProxy(*answers) as proxy:
        network.setenv("ALL_PROXY", f"{scheme}://127.0.0.1:{proxy.port}")
        results = await run_checks(URL, calls_a_minute=5)
    assert (results["handshake"].status, results["rest"].status) == (FAIL, WARN)
    for name in ("handshake", "rest"):
        assert results[name].advice.startswith(
            "is ALL_PROXY right, its kind too, and does that proxy let vendor.example"
        )


async def test_certificates_that_cannot_be_read_are_told_and_what_needs_them_is_not_tried(
    network: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pipe = tmp_path / "ca.pem"
    os.mkfifo(pipe)
    network.setenv("SSL_CERT_FILE", str(pipe))
    async with ScriptedProxy(b"") as server:
        results = await run_checks(f"wss://localhost:{server.port}/fund", rest=BASE, timings=QUICK._replace(open=0.2))
    os.close(os.open(pipe, os.O_RDWR | os.O_NONBLOCK))
    words = f"the trusted certificates cannot be read within 0.2 s, from SSL_CERT_FILE={pipe}"
    assert (results["certificates"].status, results["certificates"].words) == (FAIL, words)
    assert results["certificates"].advice.startswith("name a plain file")
    assert results["tls"].words == results["handshake"].words == "not tried, because of certificates"


async def test_another_proxy_for_rest_and_what_no_proxy_has_for_nothing_are_told(network: pytest.MonkeyPatch) -> None:
    port = free_port()
    network.setenv("WSS_PROXY", f"127.0.0.1:{port}")
    network.setenv("no_proxy", "rest.invalid, 10.0.0.0/99, me:pa55word@x:y")
    results = await run_checks("wss://nobody.invalid/fund", rest="https://rest.invalid", calls_a_minute=5)
    proxy = results["proxy"]
    assert proxy.words == (
        f"127.0.0.1:{port}, from WSS_PROXY, and for REST none; no_proxy has entries that cannot be read: number 2, 3"
    )
    assert proxy.status is WARN
    assert results["name"].status is OK, "entries that cannot be read are no reason to stop"
    network.delenv("no_proxy")
    network.setenv("https_proxy", "nonsense://")
    results = await run_checks("wss://nobody.invalid/fund", rest="https://rest.invalid", calls_a_minute=5)
    assert (results["proxy"].status, results["proxy"].words) == (OK, f"127.0.0.1:{port}, from WSS_PROXY")
    assert "the proxy of https_proxy cannot be used" in results["rest"].words


# --- the key and the connection ---


@pytest.mark.parametrize(
    ("fault", "name", "words"),
    [
        ("http-401", "handshake", "key refused by 127.0.0.1:"),
        ("http-403", "handshake", "key refused by 127.0.0.1:"),
        ("http-404", "handshake", "answered HTTP 404"),
        ("http-429", "handshake", "asks to slow down"),
        ("redirect", "handshake", "redirects to another address: refused"),
        ("auth-failed", "auth", "key refused by 127.0.0.1:"),
        ("auth-silent", "auth", "did not authenticate within 0.3 s"),
    ],
)
async def test_who_is_not_let_in(fault: str, name: str, words: str) -> None:
    async with Exchange(faults=[fault]) as exchange:
        results = await run_checks(exchange.url)
    if name == "handshake":
        result = only_problem(results, name)
    else:
        result = results[name]
        assert not_ok(results) == dict.fromkeys((*SUBSCRIBED, *FIRST, "symbols", "fields", "pings", "lag"), SKIPPED) | {
            name: FAIL
        }
    assert words in result.words


@pytest.mark.parametrize(("fault", "name"), [("http-401", "handshake"), ("auth-failed", "auth")])
async def test_a_key_that_was_refused_is_not_tried_over_rest_as_well(fault: str, name: str) -> None:
    async with Exchange(faults=[fault]) as exchange:
        results = await run_checks(exchange.url, calls_a_minute=5)
    assert (results[name].status, results["rest"].status) == (FAIL, SKIPPED)
    assert results["rest"].words == f"not tried, because of {name}"


async def test_without_a_stream_rest_is_tried_all_the_same() -> None:
    async with Exchange(faults=["http-404"]) as exchange:
        results = await run_checks(exchange.url, calls_a_minute=5)
    assert (results["handshake"].status, results["rest"].status) == (FAIL, OK)


@pytest.mark.parametrize(("header", "when"), [(b"", "later"), (b"Retry-After: 7\r\n", "in 7 s")])
async def test_a_server_in_trouble_is_no_fault_of_the_address(header: bytes, when: str) -> None:
    async with RawServer(b"HTTP/1.1 503 No\r\n" + header + b"Content-Length: 0\r\n\r\n") as server:
        result = only_problem(await run_checks(f"ws://127.0.0.1:{server.port}/fund"), "handshake")
    assert "has trouble of its own (HTTP 503)" in result.words
    assert f"try again {when}" in result.advice


async def test_what_is_no_websocket() -> None:
    async with RawServer(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as server:
        result = only_problem(await run_checks(f"ws://127.0.0.1:{server.port}/fund"), "handshake")
    assert "check the address" in result.words


async def test_another_copy_keeps_its_connection_unless_this_one_takes_over() -> None:
    async with Exchange(single_connection=True) as exchange:
        with KeyLock(canonical_host(exchange.url), Token(KEY)):
            results = await run_checks(exchange.url)
            assert results["other copies"].status is WARN
            assert "--take-over" in results["other copies"].advice
            assert results["tcp"].status is OK
            assert results["handshake"].words == "not tried, because of other copies"
            assert exchange.sent == {}, "nobody was thrown out"
            assert not_ok(await run_checks(exchange.url, take_over=True)) == {}


async def test_a_window_that_shares_its_connection_is_joined_and_keeps_it(tmp_path: Path) -> None:
    numbers: set[int] = set()
    async with Exchange(single_connection=True, on_request=lambda n, _: numbers.add(n)) as exchange:
        window = Window(exchange.url, tmp_path, SPY)
        window.sharing._lock = KeyLock(canonical_host(exchange.url), Token(KEY))
        async with window:
            await window.running.reaches(LinkPhase.LIVE)
            results = await run_checks(exchange.url, calls_a_minute=5)
            assert not_ok(results) == {"rest": SKIPPED}
            this = f"window {os.getpid()}"
            assert results["other copies"].words == f"{this} shares its connection: joined"
            assert results["handshake"].words.startswith(f"{this} answers")
            for step in ("auth", *SUBSCRIBED):
                assert results[step].words.endswith(f"accepted, through {this}")
            assert results["pings"].words.endswith(f", by {this}")
            assert results["rest"].words.startswith(f"left to {this}")
            assert window.link.state.is_live
    assert numbers == {1}


async def test_a_window_without_a_connection_says_how_it_stands(tmp_path: Path) -> None:
    async with Exchange() as exchange:
        window = Window(f"ws://127.0.0.1:{free_port()}/fund", tmp_path, SPY)
        window.sharing._lock = KeyLock(canonical_host(exchange.url), Token(KEY))
        async with window:
            await window.running.reaches(LinkPhase.RECONNECTING)
            result = (await run_checks(exchange.url, timings=QUICK._replace(auth=3.0)))["auth"]
    assert result.status is FAIL
    assert "has no connection: " in result.words and "127.0.0.1" in result.words


# --- what is served ---


@pytest.mark.parametrize(("fault", "type_"), [("depth-refused", "depth"), ("kline-refused", "kline@1")])
async def test_a_type_the_plan_lacks_is_a_warning_in_words(fault: str, type_: str) -> None:
    async with Exchange(faults=[fault]) as exchange:
        results = await run_checks(exchange.url)
    assert not_ok(results) == {f"subscribe {type_}": WARN, f"first {type_}": SKIPPED}
    assert results[f"subscribe {type_}"].words.startswith(f"{type_} not in this plan for 2 of 2 symbols: ")
    assert results[f"first {type_}"].words == "not served"


async def test_more_than_the_plan_has_room_for() -> None:
    async with Exchange(faults=["plan-limit"]) as exchange:
        results = await run_checks(exchange.url, [QQQ, SPY, IEF, GLD])
    assert not_ok(results) == dict.fromkeys(SUBSCRIBED, WARN)
    assert results["subscribe tick"].words == "plan limit: 3 of 4 symbols live"


async def test_symbols_without_data_are_named() -> None:
    none, nowhere = Symbol("NONE", "US"), Symbol("XYZ", "XX")
    async with Exchange() as exchange:
        results = await run_checks(exchange.url, [QQQ, none, nowhere], first=1.0, calls_a_minute=5)
    assert not_ok(results) == {"symbols": WARN, "rest": WARN}
    assert results["symbols"].words.startswith("none of NONE$US, XYZ$XX within 1 s (")
    assert results["rest"].words.startswith("1 of 2 US symbols have a quote at 127.0.0.1:")
    assert results["rest"].words.endswith(", not NONE$US")


async def test_a_feed_that_is_behind_is_a_warning() -> None:
    async with Exchange(faults=["lagging"]) as exchange:
        results = await run_checks(exchange.url)
    assert not_ok(results) == {"lag": WARN}
    assert results["lag"].words == "the whole feed is 15 minutes behind"


async def test_an_answer_that_does_not_come_ends_the_asking_and_not_the_rest() -> None:
    async with Exchange(faults=["subscribe-silent"]) as exchange:
        results = await run_checks(exchange.url)
    assert not_ok(results) == {
        "subscribe depth": FAIL,
        "subscribe tick": SKIPPED,
        "subscribe kline@1": SKIPPED,
        "first depth": SKIPPED,
        "first tick": SKIPPED,
        "first kline@1": SKIPPED,
        "symbols": SKIPPED,
        "fields": SKIPPED,
    }
    assert results["subscribe depth"].words == "no answer to the request for depth"


async def test_what_is_not_understood() -> None:
    async with Exchange(faults=["subscribe-unparsable"]) as exchange:
        results = await run_checks(exchange.url)
    assert not_ok(results) == {"subscribe depth": WARN, "first depth": SKIPPED}


@pytest.mark.parametrize(
    ("now", "words", "advice"),
    [
        ("2026-11-26T18:00+00:00", "US closed, Thanksgiving", "try again when it is open: US opens Fri 09:30 ET"),
        ("2026-11-25T18:00+00:00", "US open", "quiet ones, or unknown to iTick"),
    ],
)
async def test_accepted_and_then_silence_is_said_with_the_session(
    now: str, words: str, advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.doctor.feed.time.time", datetime.fromisoformat(now).timestamp)
    async with serving(VendorServer()) as url:
        results = await run_checks(url, first=0.05)
    silent = {name: status for name, status in not_ok(results).items() if name != "clock"}
    assert silent == dict.fromkeys(FIRST, WARN) | dict.fromkeys(("symbols", "fields", "lag"), SKIPPED)
    assert results["first tick"].words.startswith(f"none within 0.05 s ({words}")
    assert results["first tick"].advice.startswith(advice)


# --- beside the stream ---


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("rest-refused", "does not serve /fund/quotes: "),
        ("rest-429", "asks to slow down for "),
        ("rest-null", "0 of 2 US symbols have a quote at 127.0.0.1:"),
        ("rest-slow", "did not answer /fund/quotes within 0.5 s"),
    ],
)
async def test_what_is_asked_for_over_rest_is_no_more_than_a_warning(fault: str, words: str) -> None:
    async with Exchange(faults=[fault]) as exchange:
        results = await run_checks(exchange.url, timings=QUICK._replace(open=0.5), calls_a_minute=5)
    assert not_ok(results) == {"rest": WARN}
    assert words in results["rest"].words


async def test_rest_at_another_address() -> None:
    port = free_port()
    async with Exchange() as exchange:
        results = await run_checks(exchange.url, rest=f"http://127.0.0.1:{port}", calls_a_minute=5)
    assert not_ok(results) == {"rest": WARN}
    assert results["rest"].words == f"cannot reach 127.0.0.1:{port}: connection refused"


# --- the life of the connection ---


@pytest.mark.parametrize("fault", ["pong-missing", "pong-wrong", "pong-late"])
async def test_pings_that_are_not_answered(fault: str) -> None:
    async with Exchange(faults=[fault]) as exchange:
        results = await run_checks(exchange.url)
    assert not_ok(results) == {"pings": FAIL}
    assert results["pings"].words == "2 of 2 not answered within 0.15 s"


async def test_a_connection_that_falls_silent() -> None:
    async with Exchange(fault_every=0.0) as exchange:

        def falls_silent(result: CheckResult) -> None:
            if result.name == FIRST[-1]:
                exchange.set_faults("half-open")

        results = await run_checks(exchange.url, ends=falls_silent)
    assert {name: status for name, status in not_ok(results).items() if name != "lag"} == {"pings": FAIL}
    assert "link silent for" in results["pings"].words


async def test_a_connection_that_is_cut_is_said_once() -> None:
    async def cut(connection: ServerConnection) -> None:
        for greeting in (Hello(1, CONNECTED), AuthReply(1, AUTHENTICATED)):
            await connection.send(encode(greeting), text=True)
        await connection.recv()

    async with serving(cut) as url:
        results = await run_checks(url)
    assert results[SUBSCRIBED[0]].status is FAIL
    assert "the server closed the connection (1000)" in results[SUBSCRIBED[0]].words
    assert set(not_ok(results).values()) == {FAIL, SKIPPED}
    assert results["pings"].words == "not tried: the connection is gone"


async def test_a_clock_that_is_off_is_a_warning() -> None:
    async with Exchange(faults=["clock-off"]) as exchange:
        results = await run_checks(exchange.url)
    assert not_ok(results) == {"clock": WARN}
    assert "this machine's is 1" in results["clock"].words and "s behind the exchange's" in results["clock"].words
