"""The link against servers that do what our exchange never does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from email.utils import formatdate
from http import HTTPStatus
from itertools import pairwise

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request as HttpRequest
from websockets.http11 import Response

from tests.support.command import exchange
from tests.support.feed import KEY, QQQ, QUICK, RawServer, Running, VendorServer, free_port, reply_to, serving
from tests.support.wait_until import until
from tui.errors import KeyRefused, NoConnection
from tui.exchange.server import Exchange
from tui.feed.clock import monotonic
from tui.feed.state import LinkPhase
from tui.protocol.decoder import decode_request
from tui.protocol.messages import (
    AUTHENTICATED,
    CONNECTED,
    UNRESOLVED,
    AuthReply,
    Hello,
    Message,
    Ping,
    Pong,
    PongData,
    Request,
    Subscribe,
    SubscribeReply,
    Tick,
    encode,
)

IMPATIENT = QUICK._replace(auth=0.05, reply=0.05, pong=0.05, open=0.2)


# --- at the handshake ---


def respond_with(status: int, body: str = "", headers: Sequence[tuple[str, str]] = ()) -> object:
    def respond(connection: ServerConnection, request: HttpRequest) -> Response:
        response = connection.respond(HTTPStatus.OK, body)
        response.status_code = status
        for name in dict(headers).keys() & {"Date"}:
            del response.headers[name]
        for name, value in headers:
            response.headers[name] = value
        return response

    return respond


async def never(connection: ServerConnection) -> None:
    raise AssertionError("no connection was to be opened")


@pytest.mark.parametrize("status", [401, 403])
async def test_a_key_refused_at_the_handshake_stops_the_link(status: int) -> None:
    body = f'{{"message":"Invalid API key in request {KEY}"}}'
    async with serving(never, respond_with(status, body)) as url, Running(url) as running:  # type: ignore[arg-type]
        assert (await running.stops()).startswith(f"key refused by {running.link.host}")
        assert isinstance(running.link.state.error, KeyRefused)
        assert running.phases == [LinkPhase.CONNECTING, LinkPhase.STOPPED]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (429, "asks to slow down for 1 s"),
        (404, "answered HTTP 404: check the address"),
        (500, "has trouble of its own (HTTP 500)"),
        (502, "has trouble of its own (HTTP 502)"),
        (503, "has trouble of its own (HTTP 503)"),
        (599, "has trouble of its own (HTTP 599)"),
        (200, "answered HTTP 200: check the address"),
    ],
)
async def test_any_other_http_status_is_retried(status: int, words: str) -> None:
    timings = QUICK._replace(rate_limit_wait=0.02)
    async with (
        serving(never, respond_with(status)) as url,  # type: ignore[arg-type]
        Running(url, timings=timings) as running,
    ):
        await running.reaches(LinkPhase.RECONNECTING, times=2)
        assert str(running.states[1].error) == f"{running.link.host} {words}"


DATE = "Mon, 23 Nov 2020 12:00:00 GMT"
LATER = "Mon, 23 Nov 2020 12:02:00 GMT"


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("headers", "wait", "words"),
    [
        ([("Retry-After", "7")], 7, {429: " asks to slow down for 7 s", 503: " (HTTP 503): asked to wait 7 s"}),
        ([("Retry-After", LATER), ("Date", DATE)], 120, {429: " for 120 s", 503: ": asked to wait 120 s"}),
        ([("Retry-After", "7"), ("Retry-After", "9"), ("Date", DATE), ("Date", LATER)], 9, {429: " 9 s", 503: " 9 s"}),
        ([("Retry-After", "1000000000")], 3_600, ": asked to wait 31 years; waiting an hour"),
        ([("Retry-After", "Mon, 23 Nov 2060 12:00:00 GMT"), ("Date", DATE)], 3_600, ": asked to wait 40 years; wait"),
    ],
)
async def test_retry_after_is_honoured(
    status: int, headers: Sequence[tuple[str, str]], wait: float, words: str | dict[int, str]
) -> None:
    timings = QUICK._replace(rate_limit_wait=0.02)
    async with (
        serving(never, respond_with(status, headers=headers)) as url,  # type: ignore[arg-type]
        Running(url, timings=timings) as running,
    ):
        state = await running.reaches(LinkPhase.RECONNECTING)
    assert state.retry_at - state.since == pytest.approx(wait, abs=0.1)
    assert state.describe(state.since).startswith(f"trying again in {wait} s: {running.link.host} ")
    assert (words if isinstance(words, str) else words[status]) in str(state.error)


async def test_a_retry_after_date_is_compared_to_our_clock_if_the_response_has_no_date() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 503 No\r\nRetry-After: {formatdate(time.time() + 120, usegmt=True)}\r\n\r\n".encode())
        writer.close()

    async with (
        await asyncio.start_server(answer, "127.0.0.1", 0) as server,
        Running(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/fund") as running,
    ):
        state = await running.reaches(LinkPhase.RECONNECTING)
    assert state.retry_at - state.since == pytest.approx(120, abs=1.5)


async def test_duplicate_headers_are_no_defect() -> None:
    def twice(connection: ServerConnection, request: HttpRequest, response: Response) -> Response:
        for name in ("Date", "Server"):
            response.headers[name] = response.headers[name]
        return response

    async with (
        serve(VendorServer(), "127.0.0.1", 0, process_response=twice, close_timeout=0.2) as server,
        Running(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/fund") as running,
    ):
        await running.reaches(LinkPhase.LIVE)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_refused_and_its_target_never_sees_the_key(status: int) -> None:
    async with RawServer(b"HTTP/1.1 404 Not Found\r\n\r\n") as target:

        def redirect(connection: ServerConnection, request: HttpRequest) -> Response:
            response = connection.respond(HTTPStatus(status), "")
            response.headers["Location"] = f"ws://127.0.0.1:{target.port}/fund"
            return response

        async with serving(never, redirect) as url, Running(url) as running:
            assert "redirects to another address: refused" in await running.stops()
            assert running.link.state.error is not None and running.link.state.error.exit_code == 4
        assert target.connections == 0


@pytest.mark.parametrize(
    "garbage",
    [b"SSH-2.0-OpenSSH_9.6\r\n", b"<html>hello</html>", b"HTTP/1.1 200 OK\r\n\r\nhello", b"\x15\x03\x01\x00\x02", b""],
    ids=["ssh", "html", "http 200", "tls alert", "nothing"],
)
async def test_a_server_that_speaks_no_websocket_is_reported(garbage: bytes) -> None:
    async with RawServer(garbage) as server, Running(f"ws://127.0.0.1:{server.port}/fund") as running:
        words = await running.is_lost()
        assert words.endswith("check the address")
        assert words.isprintable()


async def test_an_unanswered_handshake_times_out() -> None:
    async with RawServer(None) as server, Running(f"ws://127.0.0.1:{server.port}/fund", timings=IMPATIENT) as running:
        assert await running.is_lost() == f"cannot reach {running.link.host}: no answer within 0.2 s"


async def test_a_refused_connection_is_reported() -> None:
    async with Running(f"ws://127.0.0.1:{free_port()}/fund") as running:
        assert await running.is_lost() == f"cannot reach {running.link.host}: connection refused"


@pytest.mark.parametrize("host", ["nowhere.invalid", "a..b", "a" * 70 + ".invalid"])
async def test_an_unknown_host_is_reported(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    async with Running(f"wss://{host}/fund") as running:
        assert await running.is_lost() == f"cannot reach {host}: no such host name"


async def test_a_server_without_tls_is_reported() -> None:
    async with (
        RawServer(b"HTTP/1.1 400 Bad Request\r\n\r\n") as server,
        Running(f"wss://127.0.0.1:{server.port}") as running,
    ):
        assert (await running.is_lost()).startswith(f"cannot reach {running.link.host}: TLS: ")


async def test_the_delay_grows_up_to_a_limit() -> None:
    timings = QUICK._replace(retry_first=0.004, retry_longest=0.064, retry_gap=0.01)
    async with Running(f"ws://127.0.0.1:{free_port()}/fund", timings=timings) as running:
        await running.reaches(LinkPhase.RECONNECTING, times=8)
    waits = [state.retry_at - state.since for state in running.states if state.phase is LinkPhase.RECONNECTING]
    assert 0.004 <= waits[0] + 1e-4 <= 0.0065
    assert all(0.01 <= wait + 1e-4 <= 0.065 for wait in waits[1:])
    assert max(waits[5:]) >= 0.032 - 0.001
    gone = [state.since for state in running.states if state.phase is LinkPhase.CONNECTING]
    assert all(b - a >= wait for (a, b), wait in zip(pairwise(gone), waits, strict=False))


async def test_reconnect_resets_the_backoff() -> None:
    timings = QUICK._replace(retry_first=0.01, retry_gap=5.0, retry_longest=10.0)
    async with Running(f"ws://127.0.0.1:{free_port()}/fund", timings=timings) as running:
        for n in (2, 4, 6):
            long = await running.reaches(LinkPhase.RECONNECTING, times=n)
            assert long.retry_at - long.since > 4
            running.link.reconnect()
            short = await running.reaches(LinkPhase.RECONNECTING, times=n + 1)
            assert short.retry_at - short.since < 1
            assert short.since - long.since < 1


# --- at the authentication ---


async def test_a_slow_handshake_makes_its_date_less_exact() -> None:
    """The server's clock was read at some time between the request and the response."""

    async def respond(connection: ServerConnection, request: HttpRequest) -> None:
        await asyncio.sleep(0.3)

    async with serving(VendorServer(), respond) as url, Running(url) as running:  # type: ignore[arg-type]
        await running.reaches(LinkPhase.LIVE)
        clock = running.market.clock
        assert clock.high - clock.low >= 1_300


async def test_silence_after_the_greeting_times_out() -> None:
    vendor = VendorServer(greeting=[Hello(1, CONNECTED)])
    async with serving(vendor) as url, Running(url, timings=IMPATIENT) as running:
        assert await running.is_lost() == f"{running.link.host} did not authenticate within 0.05 s"
        await until(lambda: vendor.connections >= 2)
        assert vendor.requests == [], "nothing is asked before the key is accepted"


async def test_the_key_travels_in_the_token_header_alone() -> None:
    vendor = VendorServer()
    async with serving(vendor) as url, Running(url) as running:
        await running.reaches(LinkPhase.LIVE)
        assert vendor.tokens == [[KEY]]
        assert not running.link.is_demo


async def test_nothing_is_requested_before_the_key_is_accepted() -> None:
    asked_early: list[object] = []

    async def slow(connection: ServerConnection) -> None:
        await connection.send('{"code":1,"msg":"Connected Successfully"}')
        for _ in range(3):
            await (await connection.ping())
        try:
            async with asyncio.timeout(0.05):
                asked_early.append(await connection.recv())
        except TimeoutError:
            pass
        await vendor(connection)

    vendor = VendorServer(greeting=[AuthReply(1, AUTHENTICATED)])
    async with serving(slow) as url, Running(url) as running:
        await running.reaches(LinkPhase.LIVE)
    assert asked_early == []


async def test_a_refusal_that_echoes_the_key_is_not_shown() -> None:
    vendor = VendorServer(greeting=[Hello(1, CONNECTED), AuthReply(0, f"auth failed for {KEY}")])
    async with serving(vendor) as url, Running(url) as running:
        assert (await running.stops()).startswith(f"key refused by {running.link.host}")


async def test_a_refusal_followed_by_a_close_is_still_a_refusal() -> None:
    async def refuse(connection: ServerConnection) -> None:
        await connection.send('{"code":0,"resAc":"auth","msg":"auth failed"}')
        await connection.close()

    async with serving(refuse) as url, Running(url) as running:
        await running.stops()
        assert running.phases[-1] is LinkPhase.STOPPED and LinkPhase.RECONNECTING not in running.phases


# --- at the subscription ---


async def test_a_refused_type_is_marked_and_the_others_are_served() -> None:
    def answer(number: int, request: Request) -> Message:
        if isinstance(request, Subscribe) and request.types == "kline@1":
            return SubscribeReply(0, UNRESOLVED)
        return reply_to(request)

    vendor = VendorServer(answer)
    async with serving(vendor) as url, Running(url) as running:
        await running.reaches(LinkPhase.LIVE)
        assert all(i.refused == {"kline@1": UNRESOLVED} for i in running.market.instruments.values())
        assert [types for types, _ in vendor.subscribed(1)] == ["quote", "depth", "tick", "kline@1"]


async def test_an_unanswered_request_is_repeated_on_one_new_connection_and_then_dropped() -> None:
    answered = False

    def answer(number: int, request: Request) -> Message | None:
        silent = isinstance(request, Subscribe) and request.types == "depth" and not answered
        return None if silent else reply_to(request)

    vendor = VendorServer(answer)
    async with serving(vendor) as url, Running(url, QQQ, timings=IMPATIENT._replace(pong=3.0, reply=0.3)) as running:
        await running.reaches(LinkPhase.LIVE)
        assert await running.is_lost() == "no answer to the request for depth"
        assert [[types for types, _ in vendor.subscribed(number)] for number in (1, 2, 3)] == [
            ["quote", "depth"],
            ["quote", "depth"],
            ["quote", "tick", "kline@1"],
        ]
        assert running.market.instruments[QQQ].refused == {"depth": "no answer"}

        answered = True
        running.link.reconnect()
        await running.reaches(LinkPhase.LIVE, times=2)
        assert [types for types, _ in vendor.subscribed(4)] == ["quote", "depth", "tick", "kline@1"]
        assert running.market.instruments[QQQ].refused == {}


async def test_one_request_at_a_time_waits_for_its_reply() -> None:
    open_requests = 0
    most = 0

    async def one_by_one(connection: ServerConnection) -> None:
        nonlocal open_requests, most
        await connection.send('{"code":1,"resAc":"auth","msg":"authenticated"}')
        async for frame in connection:
            if b"subscribe" not in (frame if isinstance(frame, bytes) else frame.encode()):
                continue
            open_requests += 1
            most = max(most, open_requests)
            await (await connection.ping())
            open_requests -= 1
            await connection.send('{"code":1,"resAc":"subscribe","msg":"subscribe Successfully"}')

    async with serving(one_by_one) as url, Running(url) as running:
        await running.reaches(LinkPhase.LIVE)
    assert most == 1


# --- alive ---


@pytest.mark.parametrize(
    "pong", [None, Pong(data=PongData(params="1731688569840")), SubscribeReply(0, UNRESOLVED)], ids=repr
)
async def test_two_missed_heartbeats_in_a_row_end_the_connection_although_data_flows(pong: Message | None) -> None:
    vendor = VendorServer(lambda number, request: pong if isinstance(request, Ping) else reply_to(request), ticks=True)
    async with serving(vendor) as url, Running(url, timings=QUICK._replace(pong=0.05)) as running:
        assert await running.is_lost() == "heartbeat missed twice"
        assert running.market.health.heartbeats_missed == 2
        assert running.market.instruments[QQQ].tick is not None


async def test_single_missed_heartbeats_are_only_counted() -> None:
    pings = 0

    def answer(number: int, request: Request) -> Message | None:
        nonlocal pings
        pings += isinstance(request, Ping)
        return None if isinstance(request, Ping) and pings % 2 else reply_to(request)

    async with (
        serving(VendorServer(answer, ticks=True)) as url,
        Running(url, timings=QUICK._replace(pong=0.05)) as running,
    ):
        await until(lambda: running.market.health.heartbeats_missed >= 3)
        assert running.market.health.round_trip is not None
        assert LinkPhase.RECONNECTING not in running.phases


async def test_a_silent_link_reconnects_after_one_heartbeat() -> None:
    vendor = VendorServer(lambda number, request: None if isinstance(request, Ping) else reply_to(request))
    timings = QUICK._replace(pong=0.05, second_ping=0.2, ping_every=0.2)
    async with serving(vendor) as url, Running(url, types=["quote"], timings=timings) as running:
        assert (await running.is_lost()).startswith("link silent")
        assert running.market.health.heartbeats_missed <= 2


class Clock:
    """Seconds that jump when told."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return monotonic() + self.ahead


async def test_a_suspend_of_the_machine_ends_the_connection() -> None:
    clock = Clock()
    async with serving(VendorServer(ticks=True)) as url, Running(url, clock=clock) as running:
        await running.reaches(LinkPhase.LIVE)
        clock.ahead += 3_600
        assert await running.is_lost() == "this machine was asleep"
        await running.reaches(LinkPhase.LIVE, times=2)


async def test_data_that_waited_while_the_process_was_stopped_does_not_count_as_lag() -> None:
    timings = QUICK._replace(ping_every=15.0, check_every=0.3)
    with exchange("--rate", "400") as url:
        async with Running(url, timings=timings) as running:
            clock = running.market.clock
            await until(lambda: clock.seen > 50)
            seen = clock.seen
            time.sleep(2.0)  # noqa: ASYNC251 - the whole program stands still
            await until(lambda: clock.seen > seen + 100)
            await asyncio.sleep(0.8)
            lag = clock.lag(monotonic())
            assert lag is not None and lag.p99 < 500


async def test_a_busy_feed_that_falls_silent_is_pinged_at_once_and_kept_if_it_answers() -> None:
    clock, vendor = Clock(), VendorServer(ticks=True)
    async with serving(vendor) as url, Running(url, clock=clock, timings=QUICK._replace(ping_every=60.0)) as running:
        await until(lambda: len(pings(vendor)) == 2 and running.market.health.ticks > 70)
        vendor.ticks = False
        await asyncio.sleep(0.05)
        assert len(pings(vendor)) == 2
        clock.ahead += 3.1
        await until(lambda: len(running.market.health.round_trips) == 3)
        assert len(pings(vendor)) == 3 and running.market.health.heartbeats_missed == 0
        assert LinkPhase.RECONNECTING not in running.phases


def pings(vendor: VendorServer) -> list[Request]:
    return [request for _, request in vendor.requests if isinstance(request, Ping)]


async def test_a_pong_that_waited_while_the_process_was_stopped_is_not_missed() -> None:
    """Stopped after its ping, the program wakes with its time over and the pong behind all that came meanwhile."""
    tick = encode(Tick(symbol="QQQ$US", last=512.34))

    async def stops(connection: ServerConnection) -> None:
        await connection.send(encode(AuthReply(1, AUTHENTICATED)), text=True)
        async for frame in connection:
            request = decode_request(frame if isinstance(frame, bytes) else frame.encode())
            if isinstance(request, Ping):
                for _ in range(2_000):
                    await connection.send(tick, text=True)
            await connection.send(encode(reply_to(request)), text=True)
            if isinstance(request, Ping):
                time.sleep(0.35)  # noqa: ASYNC251 - the whole program stands still

    async with serving(stops) as url, Running(url, timings=QUICK._replace(pong=0.3)) as running:
        await until(lambda: len(running.market.health.round_trips) >= 3)
        assert running.market.health.heartbeats_missed == 0
        assert LinkPhase.RECONNECTING not in running.phases


@pytest.mark.parametrize(
    ("code", "reason", "words"),
    [
        (1000, "", "the server closed the connection (1000)"),
        (1008, "one connection a key", "the server closed the connection (1008, one connection a key)"),
        (1001, "\x1b[31mbye\u202e", "the server closed the connection (1001, �[31mbye�)"),
        (1011, "x" * 120, f"the server had an error (1011, {'x' * 80})"),
    ],
    ids=["1000", "1008", "escape", "long"],
)
async def test_a_close_by_the_server_is_reported_and_retried(code: int, reason: str, words: str) -> None:
    async def closes(connection: ServerConnection) -> None:
        await connection.send('{"code":1,"resAc":"auth","msg":"authenticated"}')
        await connection.recv()
        await connection.close(code, reason)

    async with serving(closes) as url, Running(url) as running:
        await running.reaches(LinkPhase.RECONNECTING, times=2)
        assert await running.is_lost() == words
        assert isinstance(running.link.state.error, NoConnection | None)


async def test_a_connection_lost_without_a_close_frame_is_retried() -> None:
    async def breaks(connection: ServerConnection) -> None:
        await connection.recv()
        connection.transport.abort()

    async with serving(breaks) as url, Running(url, timings=IMPATIENT) as running:
        assert await running.is_lost()


@pytest.mark.parametrize(("healthy", "waits_anew"), [(0.0, True), (30.0, False)])
async def test_a_stable_connection_resets_the_backoff(healthy: float, waits_anew: bool) -> None:
    async def closes(connection: ServerConnection) -> None:
        serves = asyncio.create_task(vendor(connection))
        await until(lambda: len(vendor.subscribed(vendor.connections)) == 4)
        await asyncio.sleep(0.05)
        serves.cancel()
        await connection.close()

    vendor = VendorServer()
    timings = QUICK._replace(retry_first=0.01, retry_gap=0.03, stable_after=healthy, contention_wait=0.1)
    async with serving(closes) as url, Running(url, timings=timings) as running:
        third = await running.reaches(LinkPhase.RECONNECTING, times=3)
    assert (third.retry_at - third.since < 0.02) is waits_anew


async def test_malformed_messages_are_counted_and_the_link_stays() -> None:
    garbage = [b"", b"\x00\xff", b"[" * 100_000, b'{"code":1,"data":{"type":"news"}}', b"x" * 2_000_000]

    async def babbles(connection: ServerConnection) -> None:
        for frame in garbage:
            await connection.send(frame)
        await vendor(connection)

    vendor = VendorServer(ticks=True)
    async with serving(babbles) as url, Running(url) as running:
        await running.reaches(LinkPhase.LIVE)
        await until(lambda: running.market.instruments[QQQ].tick)
        assert running.market.health.malformed == {
            "empty": 1,
            "not UTF-8": 1,
            "not JSON": 1,
            "nested too deep": 1,
            "unknown type": 1,
        }


async def test_a_message_over_2_mb_ends_the_connection_and_the_backoff_grows() -> None:
    async def floods(connection: ServerConnection) -> None:
        await connection.send(encode(AuthReply(1, AUTHENTICATED)), text=True)
        await connection.recv()
        with suppress(ConnectionClosed):
            await connection.send(b"x" * (3 << 20))
            await connection.wait_closed()

    timings = QUICK._replace(retry_first=0.01, retry_gap=0.02, retry_longest=1.0)
    async with serving(floods) as url, Running(url, timings=timings) as running:
        fifth = await running.reaches(LinkPhase.RECONNECTING, times=5)
        assert str(fifth.error) == "a message over 2 MB"
        assert running.market.health.malformed == {"too large": 5}
        assert fifth.retry_at - fifth.since >= 0.16


async def test_a_message_of_exactly_2_mb_is_read_and_the_link_stays() -> None:
    server = VendorServer(greeting=[b"x" * (2 << 20), AuthReply(1, AUTHENTICATED)])
    async with serving(server) as url, Running(url) as running:
        await running.reaches(LinkPhase.LIVE)
        assert running.market.health.malformed == {"not JSON": 1} and server.connections == 1


async def test_the_valid_messages_of_a_malformed_frame_are_applied() -> None:
    frame = b'{"code":1,"data":[{"type":"tick","s":"QQQ$US","ld":512.34,"t":1731689407000},{"type":"tick"}]}'
    vendor = VendorServer(greeting=[frame, AuthReply(1, AUTHENTICATED)])
    async with serving(vendor) as url, Running(url) as running:
        await running.reaches(LinkPhase.LIVE)
        assert running.market.health.malformed == {"tick": 1}
        assert running.market.instruments[QQQ].last == 512.34


async def test_a_refusal_without_an_action_is_counted() -> None:
    vendor = VendorServer(greeting=[Hello(0, "too many requests"), AuthReply(1, AUTHENTICATED)])
    async with serving(vendor) as url, Running(url) as running:
        await running.reaches(LinkPhase.LIVE)
        assert running.market.health.malformed == {"refusal": 1}


# --- leaving ---


async def test_closing_does_not_wait_for_the_data_of_a_busy_feed() -> None:
    tick = encode(Tick(symbol="QQQ$US", last=512.34))

    async def floods(connection: ServerConnection) -> None:
        answering = asyncio.create_task(vendor(connection))
        with suppress(ConnectionClosed):
            while True:
                for _ in range(100):
                    await connection.send(tick, text=True)
                await asyncio.sleep(0.002)
        await answering

    vendor = VendorServer()
    async with serving(floods) as url:
        for _ in range(5):
            async with Running(url, timings=QUICK._replace(close=1.0)) as running:
                await until(lambda running=running: running.market.health.ticks > 500)  # type: ignore[misc]
                asked = monotonic()
                running.link.reconnect()
                again = await running.reaches(LinkPhase.CONNECTING, times=2)
                assert again.since - asked < 0.5
                await running.reaches(LinkPhase.LIVE)
                asked = monotonic()
            assert monotonic() - asked < 0.5


async def test_a_silent_link_is_closed_without_a_closing_handshake() -> None:
    async with Exchange(rate=0, faults=["half-open"], fault_every=0.2) as exchange:
        timings = QUICK._replace(ping_every=0.1, pong=0.05, close=2.0)
        async with Running(exchange.url, timings=timings) as running:
            await running.is_lost()
            assert running.states[-1].since - running.market.health.frame_at < 1.0
