"""The REST client against the demo exchange over real sockets: its results, and every way it can fail."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from tests.support.feed import KEY
from tui.errors import UsageError
from tui.exchange.server import Exchange
from tui.feed.clock import monotonic
from tui.feed.endpoint import rest_base
from tui.history.rest_client import RestClient, RestError
from tui.protocol.messages import Kline
from tui.secrets import Token
from tui.symbol import Symbol

MINUTE = 60_000
DAY = 24 * 60 * MINUTE
NOON = 1_763_899_200_000 + 25_000


@asynccontextmanager
async def client_of(
    exchange: Exchange, calls: int = 1_000, minute: float = 1.0, within: float = 30.0
) -> AsyncIterator[RestClient]:
    rest = RestClient(rest_base(exchange.url), Token(KEY), calls, minute=minute, within=within)
    try:
        yield rest
    finally:
        await rest.aclose()


@asynccontextmanager
async def serve_response(answer: bytes | Callable[[bytes], bytes]) -> AsyncIterator[str]:
    """A server that answers each request with these bytes, and closes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        writer.write(answer if isinstance(answer, bytes) else answer(request))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def http_ok(body: bytes, headers: str = "") -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


# --- what it brings ---


async def test_a_day_s_bars_are_in_order_and_agree_with_the_stream() -> None:
    async with Exchange(clock=lambda: NOON) as exchange, client_of(exchange) as rest:
        bars = await rest.klines("US", ["QQQ", "TLT", "NOSUCH"], limit=390)
        assert list(bars) == ["QQQ", "TLT"]
        for code, day in bars.items():
            assert len(day) == 390 and all(type(bar) is Kline for bar in day)
            times = [bar.time for bar in day]
            assert times == sorted(set(times))
            assert {(bar.symbol, bar.region, bar.interval) for bar in day} == {(code, "US", 1)}
        streamed = exchange.market.watch(Symbol("QQQ", "US"))
        assert streamed is not None
        known = streamed.history(NOON)
        assert bars["QQQ"][-len(known) :] == known
        assert len((await rest.klines("US", ["QQQ"]))["QQQ"]) == 500
        assert await rest.klines("US", ["NOSUCH"]) == {}


async def test_quotes_and_funds_of_a_region_are_returned() -> None:
    async with Exchange(clock=lambda: NOON) as exchange, client_of(exchange) as rest:
        quotes = await rest.quotes("HK", ["2800", "NOSUCH"])
        listing = exchange.market.watch(Symbol("2800", "HK"))
        assert listing is not None and list(quotes) == ["2800"]
        assert quotes["2800"].last == listing.last / 1000
        assert quotes["2800"].previous_close == listing.previous_close / 1000
        funds = await rest.funds("SZ")
        assert [fund.code for fund in funds] == ["159915"] and funds[0].name == "E Fund ChiNext ETF"
        assert await rest.funds("XX") == []


async def test_after_a_404_each_code_is_requested_by_itself() -> None:
    async with Exchange(faults=["rest-single"]) as exchange, client_of(exchange) as rest:
        assert rest.batch_size == 50
        with pytest.raises(RestError, match="404"):
            await rest.klines("US", ["QQQ", "SPY", "IEF"], limit=2)
        assert rest.batch_size == 1
        assert list(await rest.klines("US", ["SPY"], limit=2)) == ["SPY"]


async def test_the_date_of_each_response_is_reported_with_its_times() -> None:
    heard: list[tuple[float, float, float]] = []
    async with Exchange(faults=["clock-off"]) as exchange:
        rest = RestClient(rest_base(exchange.url), Token(KEY), on_date=lambda *date: heard.append(date))
        before = monotonic()
        await rest.quotes("US", ["QQQ"])
        await rest.aclose()
    (sent, received, date), after = heard[0], monotonic()
    assert before <= sent <= received <= after
    ahead = date / 1000 - time.time()
    assert len(heard) == 1 and 175 < ahead < 182


@pytest.mark.parametrize(("age", "told"), [("", 1), ("Age: 40\r\n", 0)])
async def test_the_date_of_a_cached_response_is_not_reported(age: str, told: int) -> None:
    heard: list[float] = []
    headers = f"Date: Mon, 23 Nov 2026 10:00:00 GMT\r\n{age}"
    async with serve_response(http_ok(b'{"code":0,"data":null}', headers)) as base:
        rest = RestClient(base, Token(KEY), on_date=lambda sent, received, date: heard.append(date))
        await rest.quotes("US", ["QQQ"])
        await rest.aclose()
    assert heard == [1_795_428_000_000.0] * told


# --- what goes wrong ---


@pytest.mark.parametrize(
    ("fault", "words", "refused"),
    [
        ("rest-500", "has trouble of its own with /fund/quotes (HTTP 500)", False),
        ("rest-redirect", "redirects /fund/quotes to another address: refused", False),
        ("rest-refused", "does not serve /fund/quotes: permission denied", True),
        ("rest-429", "asks to slow down for 60 s", False),
    ],
)
async def test_refusals_are_described(fault: str, words: str, refused: bool) -> None:
    async with Exchange(faults=[fault]) as exchange, client_of(exchange) as rest:
        with pytest.raises(RestError) as caught:
            await rest.quotes("US", ["QQQ"])
    assert words in str(caught.value)
    assert caught.value.refused is refused
    assert caught.value.wait == (60.0 if fault == "rest-429" else 0.0)


async def test_a_wrong_key_is_refused() -> None:
    async with Exchange(key=Token("right")) as exchange, client_of(exchange) as rest:
        with pytest.raises(RestError, match="refuses this key") as caught:
            await rest.funds("US")
        assert caught.value.refused


async def test_unknown_codes_are_no_error() -> None:
    async with Exchange(faults=["rest-null"]) as exchange, client_of(exchange) as rest:
        assert await rest.klines("US", ["QQQ"]) == await rest.klines("US", ["QQQ", "SPY"]) == {}
        assert await rest.quotes("US", ["QQQ"]) == {}
        assert await rest.funds("US") == []


async def test_an_unparsable_response_is_a_rest_error() -> None:
    failed = 0
    async with Exchange(faults=["rest-garbage"]) as exchange, client_of(exchange) as rest:
        for _ in range(12):
            for ask in (rest.quotes("US", ["QQQ"]), rest.klines("US", ["QQQ"]), rest.klines("US", ["QQQ", "SPY"])):
                try:
                    assert await ask == {}
                except RestError as error:
                    assert "with what cannot be read" in str(error) and str(error).isprintable()
                    failed += 1
    assert failed > 25


@pytest.mark.parametrize("fault", ["strings", "second-time"])
async def test_rows_in_other_spellings_are_equal(fault: str) -> None:
    async with Exchange(clock=lambda: NOON) as exchange, client_of(exchange) as rest:
        plain = await rest.klines("US", ["QQQ", "SPY"])
        exchange.set_faults(fault)
        assert await rest.klines("US", ["QQQ", "SPY"]) == plain
        assert rest.invalid_rows == 0


async def test_names_contain_no_control_characters() -> None:
    async with Exchange(faults=["escapes"]) as exchange, client_of(exchange) as rest:
        names = [fund.name for fund in await rest.funds("US")]
    assert len(names) == 59 and all(name.isprintable() for name in names)
    assert any("�" in name for name in names)


async def test_a_slow_response_times_out() -> None:
    async with Exchange(faults=["rest-slow"], fault_every=0.2) as exchange:
        async with client_of(exchange, within=0.1) as rest:
            with pytest.raises(RestError, match=r"did not answer /fund/quotes within 0\.1 s"):
                await rest.quotes("US", ["QQQ"])
        async with client_of(exchange) as rest:
            assert await rest.quotes("US", ["QQQ"])


async def test_an_exchange_closes_without_waiting_for_slow_responses() -> None:
    async with Exchange(faults=["rest-slow"], fault_every=60.0) as exchange, client_of(exchange) as rest:
        asked = asyncio.create_task(rest.quotes("US", ["QQQ"]))
        await asyncio.sleep(0.1)
        async with asyncio.timeout(2):
            await exchange.__aexit__(None, None, None)
        await asyncio.gather(asked, return_exceptions=True)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "the connection was cut"),
        (b"SMTP ready\r\n", "the connection was cut"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", "the connection was cut"),
        (http_ok(b"none", "Content-Encoding: GZIP\r\n"), "answered /fund/quotes in GZIP, which was not asked for"),
        (
            http_ok(b"none", "Content-Encoding: br\r\nContent-Encoding: gzip\r\n"),
            "answered /fund/quotes in br, gzip, which",
        ),
        (http_ok(b"none", "Content-Encoding: \x1b[2J" + "x" * 99 + "\r\n"), "in �[2Jxxxxxxxxxxxxxxxx, which was not"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "the connection was cut"),
        (b"HTTP/1.1 302 Found\r\nLocation: //\r\nContent-Length: 0\r\n\r\n", "redirects"),
        (http_ok(b'{"code":7,"msg":"\\u001b[2J' + b"x" * 200 + b'","data":{}}'), "does not serve /fund/quotes: �[2Jxx"),
    ],
    ids=["nothing", "smtp", "cut", "gzip", "two codings", "odd coding", "transfer coding", "redirect", "words"],
)
async def test_any_other_server_is_a_rest_error(answer: bytes, words: str) -> None:
    async with serve_response(answer) as base:
        rest = RestClient(base, Token(KEY))
        with pytest.raises(RestError) as caught:
            await rest.quotes("US", ["QQQ"])
        await rest.aclose()
    assert words in str(caught.value) and len(str(caught.value)) < 200


async def test_every_exception_of_the_library_is_translated_and_logged_by_its_type_only(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise KeyError(f"what a bug knew of {KEY}")

    monkeypatch.setattr("httpx.AsyncHTTPTransport.handle_async_request", fail)
    rest = RestClient("http://127.0.0.1:9", Token(KEY))
    with pytest.raises(RestError, match=r"cannot reach 127\.0\.0\.1:9: the connection was cut"):
        await rest.quotes("US", ["QQQ"])
    await rest.aclose()
    assert "REST: unexpected KeyError" in caplog.text and "what a bug knew" not in caplog.text


async def test_a_failure_while_reading_the_body_is_translated(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(self: object) -> AsyncIterator[bytes]:
        yield b"{"
        raise LookupError

    async with serve_response(http_ok(b"{}")) as base:
        rest = RestClient(base, Token(KEY))
        monkeypatch.setattr("httpx._transports.default.AsyncResponseStream.__aiter__", fail)
        with pytest.raises(RestError, match="the connection was cut"):
            await rest.quotes("US", ["QQQ"])
        await rest.aclose()


async def test_a_defect_of_ours_within_a_call_is_not_translated() -> None:
    def fault(*_: float) -> None:
        raise KeyError("ours")

    async with serve_response(http_ok(b'{"code":0,"data":null}', "Date: Mon, 23 Nov 2026 10:00:00 GMT\r\n")) as base:
        rest = RestClient(base, Token(KEY), on_date=fault)
        with pytest.raises(KeyError, match="ours"):
            await rest.quotes("US", ["QQQ"])
        await rest.aclose()


async def test_an_invalid_host_name_is_translated() -> None:
    rest = RestClient("https://999.1.1.1", Token(KEY))
    with pytest.raises(RestError, match=r"cannot reach 999\.1\.1\.1: no such host name"):
        await rest.quotes("US", ["QQQ"])
    await rest.aclose()


async def test_surplus_bytes_after_a_response_are_not_the_next_response() -> None:
    """Nobody asked for it, whether it is read together with the answer or not."""
    good, more = http_ok(b'{"code":0,"data":{"QQQ":{"ld":1}}}'), http_ok(b'{"code":0,"data":{"QQQ":{"ld":666}}}')

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(good + more)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        rest = RestClient(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", Token(KEY))
        for _ in range(3):
            assert (await rest.quotes("US", ["QQQ"]))["QQQ"].last == 1
        await rest.aclose()


@pytest.mark.parametrize("chunk", [None, b"ffff\r\n" + b" " * 65_535 + b"\r\n"], ids=["told", "chunks"])
async def test_an_oversized_response_is_refused(chunk: bytes | None) -> None:
    answer = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk * 110 if chunk else http_ok(b" " * (7 << 20))
    )
    async with serve_response(answer) as base:
        rest = RestClient(base, Token(KEY))
        with pytest.raises(RestError, match="answered /fund/quotes with more than 6 MB"):
            await rest.quotes("US", ["QQQ"])
        await rest.aclose()


async def test_a_response_of_exactly_the_largest_size_is_read() -> None:
    body = b'{"code":0,"msg":null,"data":null}'
    async with serve_response(http_ok(body + b" " * ((6 << 20) - len(body)))) as base:
        rest = RestClient(base, Token(KEY))
        assert await rest.quotes("US", ["QQQ"]) == {}
        await rest.aclose()


async def test_no_compression_is_requested_and_no_cookie_is_kept() -> None:
    """A small answer could unfold without bound, and cookies would pile up in every request."""
    asked: list[bytes] = []

    def answer(request: bytes) -> bytes:
        asked.append(request)
        return http_ok(b'{"code":0,"data":null}', f"Set-Cookie: a{len(asked)}={'x' * 4_000}; Path=/\r\n")

    async with serve_response(answer) as base:
        rest = RestClient(base, Token(KEY))
        for _ in range(3):
            await rest.quotes("US", ["QQQ"])
        await rest.aclose()
    heads = [request.decode().lower() for request in asked]
    assert len(heads) == 3 and len(set(heads)) == 1
    assert "\r\naccept-encoding: identity\r\n" in heads[0] and "cookie" not in heads[0]


async def test_an_unreachable_server_is_a_rest_error() -> None:
    async with serve_response(b"") as base:
        pass
    for where, words in ((base, "connection refused"), ("https://a..b", "no such host name")):
        rest = RestClient(where, Token(KEY))
        with pytest.raises(RestError, match=words):
            await rest.quotes("US", ["QQQ"])
        await rest.aclose()


def http_status(status: int, *headers: str) -> bytes:
    return "\r\n".join((f"HTTP/1.1 {status} No", *headers, "Content-Length: 0", "", "")).encode()


DATE = "Date: Mon, 23 Nov 2020 12:00:00 GMT"


@pytest.mark.parametrize(
    ("answer", "wait", "words"),
    [
        (http_status(429, "Retry-After: 7"), 60, "asks to slow down for 60 s"),
        (http_status(503), 0, "has trouble of its own with /fund/quotes (HTTP 503)"),
        (
            http_status(503, "Retry-After: 7"),
            7,
            "has trouble of its own with /fund/quotes (HTTP 503): asked to wait 7 s",
        ),
        (http_status(429, "Retry-After: Mon, 23 Nov 2020 12:02:00 GMT", DATE), 120, "asks to slow down for 120 s"),
        (http_status(503, "Retry-After: Mon, 23 Nov 2020 12:02:00 GMT", DATE), 120, "(HTTP 503): asked to wait 120 s"),
        (http_status(429, "Retry-After: 1000000000"), 3_600, "slow down: asked to wait 31 years; waiting an hour"),
        (http_status(503, "Retry-After: 1000000000"), 3_600, "(HTTP 503): asked to wait 31 years; waiting an hour"),
        (http_status(503, "Retry-After: 5", "Retry-After: 10"), 10, "(HTTP 503): asked to wait 10 s"),
        (http_status(503, "Retry-After: 0.3"), 0, "(HTTP 503)"),
        (http_status(503, "Retry-After: Mon, 23 Nov 2060 12:00:00 GMT", DATE), 3_600, "40 years; waiting an hour"),
        (
            http_status(503, "Retry-After: Mon, 23 Nov 2020 12:02:00 GMT"),
            0,
            "has trouble of its own with /fund/quotes (HTTP 503)",
        ),
    ],
)
async def test_retry_after_is_honoured(answer: bytes, wait: float, words: str) -> None:
    now = 0.0
    async with serve_response(answer) as base:
        rest = RestClient(base, Token(KEY), clock=lambda: now)
        with pytest.raises(RestError) as caught:
            await rest.quotes("US", ["QQQ"])
        await rest.aclose()
    assert caught.value.wait == wait and str(caught.value).endswith(words)
    assert rest._rate_limiter is not None and rest._rate_limiter.delay(now) == wait


# --- the key ---


@pytest.mark.parametrize(
    ("base", "words"),
    [
        ("http://api.itick.org", "rest_url: refusing plain http:// to api.itick.org: the key would travel in clear"),
        ("http://127.0.0.1.example.org", "rest_url: refusing plain http://"),
        ("wss://api.itick.org", "rest_url: 'wss://api.itick.org' is not an address for REST: write https://HOST"),
        ("https://me:secret@api.itick.org", "rest_url: an address may not hold a user or password"),
        ("https://api.itick.org/?x=1", "has a part after ?"),
        ("", "rest_url: '' is not an address for REST"),
    ],
)
def test_the_key_is_not_sent_to_an_unsafe_address(base: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        RestClient(base, Token(KEY))
    assert words in str(caught.value) and "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("wss://api0.itick.org/fund", "https://api0.itick.org"),
        ("WSS://api.itick.org:8443/fund?plan=x", "https://api.itick.org:8443"),
        ("ws://127.0.0.1:9010/fund", "http://127.0.0.1:9010"),
        ("ws://[::1]:9010/fund", "http://[::1]:9010"),
    ],
)
def test_the_rest_base_is_derived_from_the_stream_s_url(url: str, base: str) -> None:
    assert rest_base(url) == base
    RestClient(base, Token(KEY))


async def test_the_key_is_sent_in_one_header_and_neither_proxied_nor_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("http_proxy", "all_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    seen: list[bytes] = []

    def answer(request: bytes) -> bytes:
        seen.append(request)
        return http_ok(b'{"code":0,"msg":null,"data":null}')

    async with serve_response(answer) as base:
        rest = RestClient(base, Token(KEY))
        await rest.klines("US", ["QQQ", "BRK.B"])
        await rest.aclose()
    head = seen[0].decode().split("\r\n")
    assert head[0] == "GET /fund/klines?codes=QQQ,BRK.B&region=US&kType=1&limit=500 HTTP/1.1"
    assert f"token: {KEY}" in head
    assert "/fund/klines: 200" in caplog.text
    assert KEY not in caplog.text


# --- turns ---


async def test_calls_wait_for_the_rate_limit_and_low_priority_ones_for_the_others() -> None:
    async with Exchange() as exchange, client_of(exchange, calls=2, minute=0.4) as rest:
        done: list[str] = []

        async def ask(name: str) -> None:
            await (rest.funds("US") if name == "names" else rest.quotes("US", ["QQQ"]))
            done.append(name)

        begun = monotonic()
        await asyncio.gather(ask("names"), *(ask(f"quotes {n}") for n in range(5)))
        assert monotonic() - begun >= 0.8
        assert len(done) == 6 and done[-1] == "names"


async def test_the_exchange_never_sees_more_calls_than_the_plan_has() -> None:
    async with Exchange(calls_a_minute=3) as exchange:
        async with client_of(exchange, calls=3, minute=60.0) as rest:
            for _ in range(3):
                await rest.quotes("US", ["QQQ"])
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await rest.quotes("US", ["QQQ"])
        async with client_of(exchange) as hasty:
            with pytest.raises(RestError, match="asks to slow down"):
                await hasty.quotes("US", ["QQQ"])
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await hasty.quotes("US", ["QQQ"])


async def test_without_a_budget_every_call_is_refused() -> None:
    rest = RestClient("http://127.0.0.1:9", Token(KEY), 0)
    with pytest.raises(RestError, match="calls_a_minute is 0") as caught:
        await rest.quotes("US", ["QQQ"])
    assert caught.value.refused
