"""Each fault of the demo exchange that the feed has to survive: what happens, and which words are shown."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable

import pytest

from tests.feed.test_link import RequestLog
from tests.support.feed import KEY, QQQ, QUICK, Running
from tests.support.market_equality import differences, miscounts
from tests.support.messages import T, bar, quote, tick
from tests.support.wait_until import until
from tui.exchange.server import Exchange
from tui.exchange.universe import BY_SYMBOL
from tui.feed.dispatch import make_dispatcher
from tui.feed.heartbeat import MIN_LIMIT
from tui.feed.state import LinkPhase, Timings
from tui.feed.tap import AnotherClient
from tui.market import Market
from tui.market.entitlements import NO_ANSWER
from tui.protocol.messages import OVER_LIMIT, TYPES, UNRESOLVED, Kline, Quote, Tick, encode
from tui.secrets import Token

C, A, S, L, R, X = list(LinkPhase)

EIGHT = [symbol for symbol in BY_SYMBOL if symbol.region == "US"][:8]


def feed_tasks() -> Counter[str]:
    return Counter(name for task in asyncio.all_tasks() if (name := task.get_name()).startswith("feed"))


async def check_market_agrees(running: Running, exchange: Exchange, *, dated: bool = True) -> None:
    """The market comes to know what the exchange knows, once no more happens there."""
    await exchange.close_market()
    market, symbols = running.market, list(running.market.instruments)
    try:
        await until(lambda: not differences(market, exchange, symbols, dated=dated), within=10)
    except TimeoutError:
        raise AssertionError(differences(market, exchange, symbols, dated=dated)) from None


# --- the connection ends ---


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("reset", "connection lost"),
        ("drop", "connection lost"),
        ("close-1000", "the server closed the connection (1000)"),
        ("close-1001", "the server closed the connection (1001)"),
        ("close-1011", "the server had an error (1011)"),
    ],
)
async def test_a_lost_connection_is_reopened_with_all_subscriptions(fault: str, words: str) -> None:
    log = RequestLog()
    async with (
        Exchange(rate=2_000, faults=[fault], fault_every=0.3, on_request=log) as exchange,
        Running(exchange.url) as running,
    ):
        await running.reaches(L)
        assert await running.is_lost() == words
        exchange.set_faults()
        lost = running.states[-1]
        assert lost.describe(lost.since) in (f"reconnecting in 0 s: {words}", f"reconnecting: {words}")
        assert lost.retry_at - lost.since == pytest.approx(QUICK.retry_first * 1.25, rel=0.25)
        await running.reaches(L, times=2)
        assert log.subscribed(2) == log.subscribed(1)
        assert feed_tasks() == {"feed read": 1, "feed renew": 1, "feed watch": 1}
        assert running.market.health.reconnects == 1
        await check_market_agrees(running, exchange)


async def test_a_restart_of_the_server_is_survived() -> None:
    exchange = Exchange(rate=2_000)
    async with exchange:
        running = await Running(exchange.url).__aenter__()
        await running.reaches(L)
    try:
        await running.is_lost()
        async with exchange:
            await running.reaches(L, times=2)
            await check_market_agrees(running, exchange)
    finally:
        await running.__aexit__(None, None, None)


@pytest.mark.parametrize("second_ping", [30.0, 0.6], ids=["long after a ping", "just before one"])
async def test_a_silent_link_in_a_busy_session_is_closed_after_3_s_and_an_unanswered_ping(
    second_ping: float,
) -> None:
    timings = QUICK._replace(second_ping=second_ping, ping_every=30.0, pong=10.0, urgent_pong=0.3)
    async with (
        Exchange(rate=2_000, faults=["half-open"], fault_every=0.5) as exchange,
        Running(exchange.url, timings=timings) as running,
    ):
        await running.reaches(L)
        await until(lambda: running.market.health.messages > 100)
        assert await running.is_lost() in ("link silent for 3 s", "link silent for 4 s")
        exchange.set_faults()
        silent = running.states[-1].since - running.market.health.frame_at
        limit, look, grace = MIN_LIMIT, timings.check_every, 0.25
        assert limit <= silent <= limit + look + timings.urgent_pong + grace + 0.5
        await running.reaches(L, times=2)


async def test_a_silent_link_in_a_quiet_session_is_closed_after_a_heartbeat() -> None:
    timings = QUICK._replace(ping_every=0.2, second_ping=0.2, pong=0.1)
    async with (
        Exchange(rate=0, faults=["half-open"], fault_every=0.3) as exchange,
        Running(exchange.url, timings=timings) as running,
    ):
        assert (await running.is_lost()).startswith("link silent for ")
        silent = running.states[-1].since - running.market.health.frame_at
        assert silent <= timings.ping_every + timings.pong + 0.25 + 0.3


def test_silence_is_detected_within_10_s_in_a_busy_session_and_25_s_in_any() -> None:
    timings, grace = Timings(), 0.25
    assert MIN_LIMIT + timings.check_every + timings.urgent_pong + grace <= 10
    assert timings.ping_every + timings.pong <= 25


@pytest.mark.parametrize("fault", ["pong-missing", "pong-late", "pong-wrong"])
async def test_two_missed_heartbeats_end_a_connection_although_data_flows(fault: str) -> None:
    timings = QUICK._replace(ping_every=0.1, pong=0.05)
    async with (
        Exchange(rate=2_000, faults=[fault], fault_every=0.25) as exchange,
        Running(exchange.url, timings=timings) as running,
    ):
        assert await running.is_lost() == "heartbeat missed twice"
        assert running.market.health.heartbeats_missed == 2
        assert running.market.health.round_trip is None, "a late or wrong pong measures nothing"
        exchange.set_faults()
        await running.reaches(L, times=2)
        await until(lambda: running.market.health.round_trip is not None)


# --- the handshake and the key ---


@pytest.mark.parametrize("fault", ["http-401", "http-403", "auth-failed"])
async def test_a_refused_key_is_not_retried_until_the_user_reconnects(fault: str) -> None:
    async with Exchange(faults=[fault]) as exchange, Running(exchange.url) as running:
        words = await running.stops()
        assert words.startswith(f"key refused by {running.link.host}: check ITICK_TOKEN, the key file or token_command")
        entered = len(running.states)
        exchange.set_faults()
        await asyncio.sleep(0.2)
        assert len(running.states) == entered
        running.link.reconnect()
        await running.reaches(L)


async def test_a_redirect_stops_the_link_until_the_user_reconnects() -> None:
    async with Exchange(faults=["redirect"]) as exchange, Running(exchange.url) as running:
        assert "redirects to another address: refused" in await running.stops()
        assert running.phases == [C, X]


async def test_a_missing_authentication_reply_times_out() -> None:
    async with (
        Exchange(faults=["auth-silent"]) as exchange,
        Running(exchange.url, timings=QUICK._replace(auth=0.1)) as running,
    ):
        assert await running.is_lost() == f"{running.link.host} did not authenticate within 0.1 s"
        exchange.set_faults()
        await running.reaches(L)


async def test_a_wrong_path_is_reported() -> None:
    async with Exchange(faults=["http-404"]) as exchange, Running(exchange.url) as running:
        assert await running.is_lost() == f"{running.link.host} answered HTTP 404: check the address"
        exchange.set_faults()
        await running.reaches(L)


@pytest.mark.parametrize(("fault_every", "asked"), [(None, 40), (0.2, 30)], ids=["as long as it asks", "at least"])
async def test_after_http_429_no_connection_is_made_for_the_requested_time(
    fault_every: float | None, asked: float
) -> None:
    timings = QUICK._replace(rate_limit_wait=Timings().rate_limit_wait)
    async with (
        Exchange(faults=["http-429"], fault_every=fault_every) as exchange,
        Running(exchange.url, timings=timings) as running,
    ):
        state = await running.reaches(R)
        assert state.retry_at - state.since == pytest.approx(asked, abs=1.1)
        assert state.describe(state.since).startswith(
            f"trying again in {asked} s: {running.link.host} asks to slow down"
        )
        await asyncio.sleep(0.2)
        assert running.phases == [C, R]
        exchange.set_faults()
        running.link.reconnect()
        await running.reaches(L)


async def test_a_key_in_use_is_found_at_the_second_close_and_the_link_backs_off() -> None:
    async with Exchange(faults=["key-in-use"], fault_every=0.1) as exchange, Running(exchange.url) as running:
        second = await running.reaches(R, times=2)
        assert str(second.error) == str(AnotherClient())
        assert second.retry_at - second.since == pytest.approx(60, abs=0.01)
        lives = running.phases.count(C)
        await asyncio.sleep(0.2)
        assert running.phases.count(C) == lives == 2
        exchange.set_faults()
        running.link.reconnect()
        await running.reaches(L, times=running.phases.count(L) + 1)


# --- what is not served ---


@pytest.mark.parametrize(
    ("fault", "type_", "words", "connections"),
    [
        ("subscribe-silent", "depth", NO_ANSWER, 3),
        ("subscribe-unparsable", "depth", UNRESOLVED, 2),
        ("depth-refused", "depth", "permission denied: please upgrade your package", 1),
        ("kline-refused", "kline@1", "no permission for kline, premium package required", 1),
    ],
)
async def test_a_refused_type_is_marked_and_the_others_are_served_by_the_exchange(
    fault: str, type_: str, words: str, connections: int
) -> None:
    async with (
        Exchange(rate=2_000, faults=[fault]) as exchange,
        Running(exchange.url, timings=QUICK._replace(reply=0.2)) as running,
    ):
        await running.reaches(L)
        assert running.phases.count(C) == connections
        for instrument in running.market.instruments.values():
            assert instrument.refused == {type_: words}
            await until(lambda i=instrument: i.tick and i.quote)  # type: ignore[misc]
            assert (instrument.depth is None) == (type_ == "depth")
        exchange.set_faults()
        running.link.reconnect()
        await running.reaches(L, times=2)
        assert all(instrument.refused == {} for instrument in running.market.instruments.values())
        await check_market_agrees(running, exchange)


async def test_without_klines_minute_bars_are_built_from_trades() -> None:
    async with Exchange(rate=2_000, faults=["kline-refused"]) as exchange, Running(exchange.url) as running:
        await running.reaches(L)
        for instrument in running.market.instruments.values():
            await until(lambda i=instrument: len(i.bars))  # type: ignore[misc]
            assert instrument.bars.synthesized
            bar = instrument.bars.get(instrument.bars.latest)
            assert bar is not None and instrument.last is not None and bar.low <= instrument.last <= bar.high


async def test_with_a_plan_of_3_a_removed_symbol_is_replaced_by_the_next_of_8() -> None:
    log = RequestLog()
    async with (
        Exchange(rate=2_000, faults=["plan-limit"], on_request=log) as exchange,
        Running(exchange.url, *EIGHT) as running,
    ):
        await running.reaches(L)
        assert len(log.subscribed(1)) == 4 + 3

        def live() -> list[bool]:
            return [not running.market.instruments[symbol].refused for symbol in EIGHT]

        assert live() == [True] * 3 + [False] * 5
        for symbol in EIGHT[3:]:
            assert running.market.instruments[symbol].refused == dict.fromkeys(TYPES, OVER_LIMIT)
        await until(lambda: all(running.market.instruments[symbol].quote for symbol in EIGHT[:3]))

        running.link.set_symbols([EIGHT[0], *EIGHT[2:]])
        await running.reaches(L, times=2)
        assert [not running.market.instruments[symbol].refused for symbol in EIGHT if symbol != EIGHT[1]] == [
            *[True] * 3,
            *[False] * 4,
        ]
        await until(lambda: running.market.instruments[EIGHT[3]].quote)
        assert R not in running.phases, "nothing failed, and nothing is told as if it had"


async def test_a_removed_symbol_sends_no_request_and_its_data_is_ignored() -> None:
    log = RequestLog()
    async with (
        Exchange(rate=2_000, faults=["unsubscribe-closes"], on_request=log) as exchange,
        Running(exchange.url) as running,
    ):
        await running.reaches(L)
        running.link.set_symbols([QQQ])
        await asyncio.sleep(0.2)
        assert len(log.subscribed(1)) == 4
        assert running.phases[-1] is L and running.phases.count(C) == 1


async def test_subscriptions_that_replace_each_other_still_serve_every_symbol() -> None:
    async with Exchange(rate=2_000, faults=["replaces"]) as exchange, Running(exchange.url, *EIGHT[:3]) as running:
        await running.reaches(L)
        running.link.set_symbols(EIGHT)
        held = running.market.instruments.values()
        await until(lambda: all(i.quote and i.depth and i.tick and len(i.bars) for i in held))
        await check_market_agrees(running, exchange)


# --- what is sent ---


@pytest.mark.parametrize(
    ("fault", "every", "counted"),
    [
        ("malformed", 0.01, lambda market: market.health.malformed.total() >= 30),
        ("large", 0.1, lambda market: market.health.malformed["not JSON"] >= 1),
        ("escapes", 0.01, lambda market: market.health.unfollowed >= 12 and market.health.malformed["refusal"] >= 6),
        ("old-time", 0.05, lambda market: market.health.out_of_order >= 8),
        ("future-time", 0.05, lambda market: market.health.future >= 8),
        ("crossed-book", 0.1, lambda market: market.health.crossed >= 5),
        ("empty-book", 0.1, lambda market: market.health.depths >= 50),
        ("one-sided", 0.1, lambda market: market.health.depths >= 50),
        ("lists", 0.1, lambda market: market.health.ticks >= 100),
        ("strings", 0.1, lambda market: market.health.ticks >= 100),
        ("spellings", 0.1, lambda market: market.health.ticks >= 100),
        ("no-time", 0.1, lambda market: market.health.ticks >= 100),
        ("second-time", 0.1, lambda market: market.health.time_units["s"] >= 100),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_faulty_messages_are_counted_and_the_market_converges_to_the_exchange(
    fault: str, every: float, counted: Callable[[Market], bool]
) -> None:
    async with (
        Exchange(rate=2_000, faults=[fault], fault_every=every) as exchange,
        Running(exchange.url) as running,
    ):
        market = running.market
        await until(lambda: counted(market), within=20)
        assert fault in ("malformed", "large", "escapes") or not market.health.malformed
        assert fault == "escapes" or market.health.unfollowed == 0
        assert fault == "future-time" or market.health.future == 0
        if (last := market.health.last_malformed) is not None:
            assert last.text.isascii() and last.text.isprintable()
        dated = fault not in ("no-time", "second-time", "future-time")
        await check_market_agrees(running, exchange, dated=dated)
        await check_counters(running, exchange)
        assert set(running.phases) == {C, A, S, L}


async def check_counters(running: Running, exchange: Exchange) -> None:
    """All that was sent on the one connection is counted once, as what it was. A pong may be on its way."""
    health = running.market.health
    try:
        await until(lambda: not miscounts(health, exchange.sent_in_total))
    except TimeoutError:
        raise AssertionError(miscounts(health, exchange.sent_in_total)) from None
    assert health.out_of_order >= exchange.sent_in_total["stale"]


async def test_ages_are_measured_by_the_exchange_s_clock() -> None:
    async with Exchange(rate=2_000, faults=["clock-off"]) as exchange, Running(exchange.url) as running:
        await running.reaches(L)
        qqq = running.market.instruments[QQQ]
        await until(lambda: running.market.health.ticks > 50)
        assert running.market.clock.offset == pytest.approx(180_000, abs=1_000)
        age = running.market.age(qqq, running.link._clock())
        assert age is not None and age < 10
        assert running.market.health.future == 0


@pytest.mark.parametrize("dates", [True, False], ids=["Date", "no Date"])
async def test_a_server_clock_an_hour_ahead_is_followed(dates: bool) -> None:
    """Its every time is an hour ahead, and its `Date` is right, or is none."""
    exchange = Exchange(
        rate=2_000, faults=[] if dates else ["no-date"], clock=lambda: time.time_ns() // 1_000_000 + 3_600_000
    )
    async with exchange, Running(exchange.url) as running:
        clock, market = running.market.clock, running.market
        await until(lambda: clock.lead is not None, within=10)
        assert clock.lead == pytest.approx(3_600_000, abs=1_000)
        assert clock.ahead == (pytest.approx(3_600, abs=2) if dates else None)
        future = market.health.future
        await until(lambda: market.age(market.instruments[QQQ], running.link._clock()) is not None)
        age = market.age(market.instruments[QQQ], running.link._clock())
        assert age is not None and age < 2
        await exchange.close_market()
        held = list(market.instruments)
        # The bars of the hour that it told before it was clear are asked for again, over REST.
        await until(lambda: all(": bar " in each for each in differences(market, exchange, held, dated=False)))
        assert market.health.future == future


@pytest.mark.parametrize(("unit", "each"), [("µs", 1_000), ("ns", 1_000_000)])
def test_times_in_another_unit_are_converted_and_counted(unit: str, each: int) -> None:
    market = Market()
    market.set_clock(float(T))
    market.follow([QQQ])
    begin, take = make_dispatcher(market, None, lambda reply, at: None)
    begin(1.0)
    messages: list[Tick | Quote | Kline] = [tick(512.34, 900), quote(512.33, 950), bar(0, 512.34)]
    for message in messages:
        message.time *= each
        take(encode(message))
    instrument = market.instruments[QQQ]
    assert (instrument.tick_time, instrument.quote_time, len(instrument.bars)) == (T + 900, T + 950, 1)
    assert market.age(instrument, 2.0) == 1.05
    assert market.health.time_units == {unit: 3} and not market.health.malformed


async def test_a_feed_delayed_by_15_minutes_is_stale_and_not_malformed() -> None:
    faults = ["lagging", "future-time"]
    async with Exchange(rate=2_000, faults=faults, fault_every=0.1) as exchange, Running(exchange.url) as running:
        await until(lambda: running.market.health.future > 8 and running.market.health.ticks > 100)
        age = running.market.age(running.market.instruments[QQQ], running.link._clock())
        assert age == pytest.approx(900, abs=10)
        assert abs(running.market.clock.offset) < 1_000
        assert running.market.health.out_of_order == 0
        await check_market_agrees(running, exchange, dated=False)


async def test_a_tick_may_carry_its_own_volume() -> None:
    async with Exchange(rate=2_000, faults=["tick-size-per-print"]) as exchange, Running(exchange.url) as running:
        await until(lambda: running.market.health.ticks > 50)
        await check_market_agrees(running, exchange)


async def test_a_burst_of_100_000_messages_is_drained_to_the_exchange_s_state() -> None:
    async with (
        Exchange(rate=100, faults=["burst"], fault_every=0.3) as exchange,
        Running(exchange.url, timings=QUICK._replace(ping_every=0.5)) as running,
    ):
        await until(lambda: exchange.sent_in_total["data"] > 95_000, within=30)
        await check_market_agrees(running, exchange)
        await check_counters(running, exchange)
        assert running.market.health.applied > 95_000
        assert set(running.phases) == {C, A, S, L}, "and the link lives through it"


# --- no fault tells the key ---


def test_the_key_of_these_tests_would_be_found_if_it_leaked() -> None:
    assert KEY not in repr(Token(KEY))
