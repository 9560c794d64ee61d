"""The link against the demo exchange, over a real socket."""

from __future__ import annotations

import asyncio
import gc
import time

import pytest

from tests.support.feed import IEF, KEY, QQQ, QUICK, SPY, Running, free_port
from tests.support.messages import T
from tests.support.wait_until import until
from tui.errors import KeyRefused, NoConnection
from tui.exchange.server import Exchange
from tui.feed.connection import Connection
from tui.feed.link import _most_severe
from tui.feed.state import LinkPhase
from tui.market import Instrument
from tui.protocol.decoder import decode_request
from tui.protocol.messages import OVER_LIMIT, TYPES, Ping, Push, Subscribe, Tick
from tui.protocol.relay_status import RelayReport, Window
from tui.secrets import Token

C, A, S, L, R, X = list(LinkPhase)


class RequestLog:
    """What the exchange was asked, by connection."""

    def __init__(self) -> None:
        self.frames: list[tuple[int, bytes]] = []

    def __call__(self, number: int, frame: bytes) -> None:
        self.frames.append((number, frame))

    def subscribed(self, number: int) -> list[tuple[str, str]]:
        requests = [decode_request(frame) for n, frame in self.frames if n == number]
        return [(request.types, request.params) for request in requests if isinstance(request, Subscribe)]

    def pings(self) -> list[Ping]:
        return [request for _, frame in self.frames if isinstance(request := decode_request(frame), Ping)]


def requests_for(symbols: str) -> list[tuple[str, str]]:
    return [(type_, symbols) for type_ in ("quote", "depth", "tick", "kline@1")]


async def test_the_link_passes_every_phase_and_requests_one_type_at_a_time() -> None:
    log = RequestLog()
    async with Exchange(on_request=log) as exchange, Running(exchange.url) as running:
        await running.reaches(L)
        assert running.phases == [C, A, S, S, S, S, L]
        assert [state.detail for state in running.states if state.phase is S] == [
            f"2 symbols: {type_}" for type_ in ("quote", "depth", "tick", "kline@1")
        ]
        assert log.subscribed(1) == requests_for("QQQ$US,SPY$US")
        assert running.link.is_demo
        assert running.link.state.is_live


async def test_data_of_every_requested_type_arrives() -> None:
    pushed: list[tuple[Push, Instrument]] = []
    async with (
        Exchange() as exchange,
        Running(exchange.url, on_push=lambda message, instrument: pushed.append((message, instrument))) as running,
    ):
        for symbol in (QQQ, SPY):
            i = running.market.instruments[symbol]
            await until(lambda i=i: i.quote and i.depth and i.tick and len(i.bars) > 100)  # type: ignore[misc]
        assert running.market.health.malformed == {}
        assert running.market.health.unfollowed == 0
        assert {instrument.symbol for _, instrument in pushed} == {QQQ, SPY}
        assert running.market.health.messages >= len(pushed)
        # The handshake's Date bounds the clocks' offset from both sides, and here they are one clock.
        assert running.market.clock.low <= 5 and running.market.clock.high >= -5


async def test_only_the_configured_types_are_requested() -> None:
    log = RequestLog()
    async with Exchange(on_request=log) as exchange, Running(exchange.url, QQQ, types=["tick", "quote"]) as running:
        await running.reaches(L)
        assert log.subscribed(1) == [("tick", "QQQ$US"), ("quote", "QQQ$US")]


async def test_a_ping_is_the_time_in_ms_as_a_string_and_its_pong_gives_the_round_trip() -> None:
    log = RequestLog()
    async with Exchange(rate=0, on_request=log) as exchange, Running(exchange.url) as running:
        await until(lambda: len(log.pings()) >= 3)
        await until(lambda: running.market.health.round_trip is not None)
        for ping in log.pings():
            assert ping.params.isdecimal()
            assert abs(int(ping.params) - time.time() * 1000) < 10_000
        assert running.market.health.round_trip is not None and 0 < running.market.health.round_trip < 3
        assert running.market.health.heartbeats_missed == 0
        assert X not in running.phases and R not in running.phases


async def test_added_symbols_are_subscribed_on_the_same_connection() -> None:
    log = RequestLog()
    async with Exchange(rate=0, on_request=log) as exchange, Running(exchange.url) as running:
        await running.reaches(L)
        running.link.set_symbols([QQQ, SPY, IEF])
        await until(lambda: len(log.subscribed(1)) == 8)
        assert log.subscribed(1)[4:] == requests_for("QQQ$US,SPY$US,IEF$US")
        await until(lambda: running.market.instruments[IEF].quote)
        assert running.phases[-1] is L and running.phases.count(L) == 1


async def test_a_link_without_symbols_is_live_and_requests_nothing() -> None:
    log = RequestLog()
    async with Exchange(on_request=log) as exchange, Running(exchange.url) as running:
        running.link.set_symbols([])
        await running.reaches(L)
        assert log.subscribed(1) == []
        running.link.set_symbols([IEF])
        await until(lambda: running.market.instruments[IEF].quote)
        assert log.subscribed(1)[0] == ("quote", "IEF$US")


async def test_a_duplicate_symbol_is_requested_once() -> None:
    log = RequestLog()
    async with Exchange(on_request=log) as exchange, Running(exchange.url, QQQ, SPY, QQQ) as running:
        await running.reaches(L)
        assert log.subscribed(1) == requests_for("QQQ$US,SPY$US")


async def test_a_removed_symbol_stays_subscribed_until_the_next_connection() -> None:
    log = RequestLog()
    async with Exchange(rate=2_000, on_request=log) as exchange, Running(exchange.url) as running:
        await running.reaches(L)
        running.link.set_symbols([QQQ])
        spy = running.market.instruments[SPY]
        before = spy.newest_time
        await until(lambda: spy.newest_time > before)
        assert len(log.subscribed(1)) == 4
        running.link.reconnect()
        await running.reaches(L, times=2)
        assert log.subscribed(2) == requests_for("QQQ$US")
        assert set(running.market.instruments) == {QQQ}


async def test_reconnect_opens_a_new_connection_at_once() -> None:
    async with Exchange() as exchange, Running(exchange.url) as running:
        await running.reaches(L)
        running.link.reconnect()
        await running.reaches(L, times=2)
        assert running.phases == [C, A, S, S, S, S, L] * 2
        assert running.market.health.reconnects == 1


async def test_the_link_reconnects_when_the_server_returns() -> None:
    port = free_port()
    books: list[bool] = []
    # What stands in the book when the first request of a connection goes out.
    running = Running(
        f"ws://127.0.0.1:{port}/fund",
        on_state=lambda state: (
            books.append(running.market.instruments[QQQ].depth is not None)
            if state.detail == "2 symbols: quote"
            else None
        ),
    )
    async with running:
        async with Exchange(port=port):
            await running.reaches(L)
            qqq = running.market.instruments[QQQ]
            await until(lambda: qqq.depth and qqq.quote and len(qqq.bars))
            bars, refused = len(qqq.bars), running.phases.count(R)
        lost = await running.reaches(R, times=refused + 1)
        assert "the server closed" in str(lost.error) or "connection lost" in str(lost.error)
        assert lost.retry_at > lost.since
        assert qqq.depth and not running.link.state.is_live, "the last known book stays in view, unproven"
        refusal = await running.reaches(R, times=refused + 2)
        assert "connection refused" in str(refusal.error)
        log = RequestLog()
        async with Exchange(port=port, on_request=log):
            await running.reaches(L, times=2)
            assert log.subscribed(1) == requests_for("QQQ$US,SPY$US")
            assert running.market.instruments[QQQ] is qqq
            assert books == [False, False], "the book of the old connection is gone before the new one asks"
            assert len(qqq.bars) >= bars
            await until(lambda: qqq.depth)
            assert running.market.health.reconnects == 1, "an outage counts once, however many tries it took"


async def test_a_stored_state_does_not_keep_the_lost_connection_alive() -> None:
    async with Exchange(faults=["drop"], fault_every=0.02) as exchange, Running(exchange.url) as running:
        await running.reaches(R, times=3)
        gc.collect()
        assert not any(type(each) is Connection for each in gc.get_objects())


async def test_a_refused_key_stops_the_link_until_the_user_reconnects() -> None:
    async with Exchange(key=Token("another-key")) as exchange, Running(exchange.url) as running:
        words = await running.stops()
        assert isinstance(running.link.state.error, KeyRefused)
        assert words.startswith(f"key refused by {running.link.host}: check ITICK_TOKEN")
        assert running.phases == [C, A, X]
        running.link.reconnect()
        await running.stops(times=2)
        assert running.phases == [C, A, X, C, A, X]


async def test_the_right_key_is_accepted() -> None:
    async with Exchange(key=Token(KEY)) as exchange, Running(exchange.url) as running:
        await running.reaches(L)


async def test_symbols_over_the_plan_s_limit_are_marked_and_the_others_are_live() -> None:
    async with Exchange(max_symbols=2, rate=2_000) as exchange, Running(exchange.url) as running:
        await running.reaches(L)
        running.link.set_symbols([QQQ, SPY, IEF])
        ief = running.market.instruments[IEF]
        await until(lambda: len(ief.refused) == 4)
        assert ief.refused == dict.fromkeys(TYPES, OVER_LIMIT)
        qqq = running.market.instruments[QQQ]
        assert qqq.refused == {}
        before = qqq.newest_time
        await until(lambda: qqq.newest_time > before)
        assert running.phases.count(L) == 1 and running.link.state.phase is L


async def test_a_symbol_that_replaces_another_at_the_limit_is_live_after_one_reconnect() -> None:
    async with Exchange(max_symbols=2) as exchange, Running(exchange.url) as running:
        await running.reaches(L)
        running.link.set_symbols([QQQ, IEF])
        await until(lambda: running.phases.count(L) == 2)
        ief = running.market.instruments[IEF]
        await until(lambda: ief.quote)
        assert ief.refused == {} and SPY not in running.market.instruments
        await asyncio.sleep(3 * QUICK.retry_gap)
        assert R not in running.phases and running.phases.count(L) == 2


async def test_an_unknown_symbol_is_live_and_silent() -> None:
    async with Exchange(rate=0) as exchange, Running(exchange.url, QQQ, SPY._replace(code="NOSUCH")) as running:
        await running.reaches(L)
        await until(lambda: running.market.instruments[QQQ].quote)
        assert not running.market.instruments[SPY._replace(code="NOSUCH")].has_data


async def test_a_second_client_with_the_same_key_ends_the_first_connection() -> None:
    async with Exchange(single_connection=True) as exchange, Running(exchange.url) as first:
        await first.reaches(L)
        async with Running(exchange.url) as second:
            await second.reaches(L)
            assert await first.is_lost()


async def test_a_proxy_of_the_environment_is_not_used_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    async with Exchange() as exchange, Running(exchange.url) as running:
        await running.reaches(L)


async def test_a_defect_of_ours_stops_the_link_and_only_its_type_is_shown(caplog: pytest.LogCaptureFixture) -> None:
    broken = True

    def on_push(message: Push, instrument: Instrument) -> None:
        if broken and isinstance(message, Tick):
            raise LookupError(KEY)

    async with Exchange() as exchange, Running(exchange.url, on_push=on_push) as running:
        assert await running.stops() == "a fault in the program (LookupError)"
        assert "in on_push" in caplog.text
        broken = False
        running.link.reconnect()
        await running.reaches(L, times=running.phases.count(L) + 1)


async def test_a_cancelled_link_sends_a_close_frame() -> None:
    async with Exchange(heartbeat_limit=60) as exchange:
        async with Running(exchange.url, timings=QUICK._replace(ping_every=30.0)) as running:
            await running.reaches(L)
            assert exchange._clients
        await until(lambda: not exchange._clients)


CLOSED, REFUSED, FAULT = NoConnection("connection lost"), KeyRefused("key refused"), LookupError("ours")


@pytest.mark.parametrize(
    ("errors", "gravest"),
    [
        ([CLOSED], CLOSED),
        ([CLOSED, NoConnection("link silent")], CLOSED),
        ([CLOSED, REFUSED], REFUSED),
        ([CLOSED, REFUSED, FAULT], FAULT),
        ([CLOSED, ExceptionGroup("inner", [REFUSED])], REFUSED),
    ],
    ids=["one", "first", "key refused", "fault", "nested"],
)
def test_the_most_severe_of_several_errors_decides(errors: list[Exception], gravest: Exception) -> None:
    assert _most_severe(ExceptionGroup("all", errors)) is gravest


def test_messages_that_a_shared_connection_lost_are_a_gap_of_every_tape() -> None:
    running = Running("ws://127.0.0.1:9")
    link, market = running.link, running.market
    market.follow([QQQ])
    market.apply(Tick(symbol=str(QQQ), last=10.0, volume=100, time=T), 1.0)
    tape = market.instruments[QQQ].tape
    for lost in (0, 0):
        link._follow_report(RelayReport(1, "LIVE", "live", lost=lost, windows=[Window(1, "relay")]))
    assert tape.gaps == {}
    link._follow_report(RelayReport(1, "LIVE", "live", lost=3, windows=[Window(1, "relay")]))
    assert tape.gaps == {1: "too slow"}
