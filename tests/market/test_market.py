"""One object takes every message, in whatever order and spelling, and tells the screen once."""

from __future__ import annotations

import json
from collections.abc import Callable
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.messages import BOOK_B, QQQ, SPY, T, bar, depth, quote, tick
from tui.feed.dispatch import make_dispatcher
from tui.market import Instrument, Market
from tui.protocol.messages import MAX_ROWS, Kline, Push, Quote, Tick
from tui.symbol import Symbol

QQQ_HK = Symbol("QQQ", "HK")


def following(*symbols: Symbol) -> Market:
    market = Market()
    market.follow(symbols)
    return market


def fed(*messages: Push) -> tuple[Market, Instrument]:
    """A market that follows QQQ and got these, one a second; and QQQ."""
    market = following(QQQ)
    for now, message in enumerate(messages, 1):
        market.apply(message, float(now))
    return market, market.instruments[QQQ]


# --- what the last price is ---


@pytest.mark.parametrize(
    ("messages", "last"),
    [
        ([tick(1, 0)], 1),
        ([tick(1, 0), tick(2, 1)], 2),
        ([tick(1, 1), tick(2, 0)], 1),
        ([tick(1, 0), tick(2, 0)], 2),
        ([quote(1, 0)], 1),
        ([quote(1, 0), quote(2, 0)], 2),
        ([quote(1, 1), quote(2, 0)], 1),
        ([tick(1, 0), quote(2, 0)], 1),
        ([tick(1, 0), quote(2, 1)], 2),
        ([tick(1, 1), quote(2, 0)], 1),
        ([quote(1, 0), tick(2, 0)], 2),
        ([quote(1, 1), tick(2, 0)], 1),
        ([tick(1, 0), quote(2, 5), tick(3, 4)], 2),
        ([tick(1, 0), quote(2, 5), tick(3, 5)], 3),
    ],
)
def test_the_last_price_is_the_newest_tick_s_unless_a_quote_is_strictly_newer(
    messages: list[Push], last: float
) -> None:
    _, instrument = fed(*messages)
    assert instrument.last == last


def test_a_tick_older_than_a_quote_is_kept_but_leaves_the_last_price() -> None:
    market, instrument = fed(quote(1, 5), tick(2, 0))
    assert instrument.tick == tick(2, 0)
    assert market.health.out_of_order == 0


@pytest.mark.parametrize(
    ("known", "older"),
    [
        ([tick(1, 1)], tick(2, 0)),
        ([quote(1, 1)], quote(2, 0)),
        ([bar(0, volume=9), bar(1)], bar(0, volume=8)),
    ],
    ids=["tick", "quote", "bar"],
)
def test_an_older_message_is_counted_and_not_applied(known: list[Push], older: Push) -> None:
    market, instrument = fed(*known)
    before = (instrument.tick, instrument.quote, instrument.last, list(instrument.bars))
    market.drain_changed()
    assert market.apply(older, 9.0) is None
    assert market.health.out_of_order == 1
    assert (instrument.tick, instrument.quote, instrument.last, list(instrument.bars)) == before
    assert not market.drain_changed()


def test_types_and_symbols_have_an_order_of_their_own() -> None:
    market = following(QQQ, SPY)
    for message in (tick(1, 9), quote(1, 5), tick(1, 0, s="SPY$US"), bar(-9), depth([], [])):
        assert market.apply(message, 1.0) is not None
    assert market.health.out_of_order == 0


def test_messages_without_a_time_apply_in_order_of_arrival() -> None:
    _, instrument = fed(Quote(symbol="QQQ$US", last=1), Quote(symbol="QQQ$US", last=2))
    assert (instrument.last, instrument.newest_time) == (2, 0)
    _, instrument = fed(Tick(symbol="QQQ$US", last=1), Tick(symbol="QQQ$US", last=2))
    assert instrument.last == 2


def test_a_message_without_a_time_counts_as_old_as_the_one_before() -> None:
    market, instrument = fed(tick(1, 5), Tick(symbol="QQQ$US", last=2), Quote(symbol="QQQ$US", last=3))
    assert (instrument.last, instrument.tick_time, instrument.quote_time) == (2, T + 5, 0)
    assert market.health.out_of_order == 0


def test_what_the_market_keeps_is_the_message_itself() -> None:
    message, book = quote(1), depth([], [])
    _, instrument = fed(message, book)
    assert instrument.quote is message
    assert instrument.depth is book and instrument.depth_at == 2.0


def test_bars_of_a_minute_are_kept_and_longer_ones_are_not() -> None:
    longer = bar(0)
    longer.interval = 2
    market, instrument = fed(bar(0), longer)
    assert len(instrument.bars) == 1
    assert market.health.out_of_order == 1


# --- whose message it is ---


@pytest.mark.parametrize(
    ("s", "r"),
    [
        ("QQQ$US", None),
        ("QQQ", "US"),
        ("QQQ$US", "US"),
        ("qqq$us", None),
        ("qqq", "us"),
        ("QQQ.US", None),
        ("QQQ$X$US", None),
        ("QQQ", None),
        ("qqq", None),
    ],
)
def test_a_symbol_is_known_by_every_spelling_of_the_feed(s: str, r: str | None) -> None:
    market = following(QQQ, SPY)
    for close in (1.0, 2.0):
        assert market.apply(bar(0, close, s=s, r=r), 1.0) is market.instruments[QQQ]
    assert market.health.unfollowed == 0


@pytest.mark.parametrize(
    ("s", "r"),
    [("2800$HK", None), ("02800$HK", None), ("02800", "HK"), ("02800$hk", None), ("02800", None), ("02800.HK", None)],
)
def test_a_code_of_hong_kong_is_known_with_its_leading_zeros_too(s: str, r: str | None) -> None:
    symbol = Symbol("2800", "HK")
    market = following(QQQ, symbol)
    for close in (1.0, 2.0):
        assert market.apply(bar(0, close, s=s, r=r), 1.0) is market.instruments[symbol]


@pytest.mark.parametrize(("s", "r"), [("QQQ", None), ("qqq", None), ("QQQ", "SH"), ("IEF", None), ("", None)])
def test_a_message_of_an_unfollowed_or_ambiguous_symbol_is_counted_and_dropped(s: str, r: str | None) -> None:
    market = following(QQQ, QQQ_HK, SPY)
    for times in (1, 2):
        assert market.apply(bar(0, s=s, r=r), 1.0) is None
        assert market.health.unfollowed == times
    assert not market.drain_changed()


def test_a_bare_code_is_resolved_again_when_the_list_changes() -> None:
    market = following(SPY)
    assert market.apply(bar(0, s="QQQ", r=None), 1.0) is None
    market.follow([QQQ])
    assert market.apply(bar(0, s="QQQ", r=None), 1.0) is market.instruments[QQQ]
    market.follow([QQQ_HK])
    assert market.apply(bar(0, s="QQQ", r=None), 1.0) is None


def test_the_cache_of_spellings_is_bounded() -> None:
    market = following(QQQ)
    for n in range(10_000):
        market.apply(tick(1, s=f"N{n}$US"), 1.0)
    assert market.health.unfollowed == 10_000
    assert len(market._by_spelling) < 5_000
    assert market.apply(tick(1, s="qqq.us"), 1.0) is market.instruments[QQQ]


def test_a_very_long_spelling_is_not_cached() -> None:
    market = following(QQQ)
    market.apply(tick(1, s="N" * 1_000_000), 1.0)
    assert list(market._by_spelling) == ["QQQ$US"]


# --- what is followed ---


@pytest.mark.parametrize("region", ["US", "HK"])
@pytest.mark.parametrize(
    "spellings",
    [[f"N{n}" for n in range(10_000)], ["0" * 1_900_000], ["$" * 150] * 10_000],
    ids=["new", "long", "signs"],
)
def test_unfollowed_symbols_cost_little_however_many_are_followed(region: str, spellings: list[str]) -> None:
    market = following(*(Symbol(f"A{n}", region) for n in range(500)))
    messages = [tick(1, s=spelling) for spelling in spellings]  # as many as one frame can hold
    began = process_time()
    for message in messages:
        market.apply(message, 1.0)
    assert process_time() - began < 0.3
    assert market.health.unfollowed == len(spellings)


def test_the_longest_list_in_a_frame_keeps_nothing_waiting() -> None:
    market = following(QQQ)
    market.set_clock(float(T))
    market.refuse([QQQ], "kline@1", "no")  # each trade makes a bar, and is the first of its date: nothing costs more
    begin, take = make_dispatcher(market, None, lambda reply, now: None)
    rows = [{"s": "QQQ$US", "type": "tick", "ld": 1, "v": n % 7, "t": 10**11 + n * 86_400_000} for n in range(MAX_ROWS)]
    frame = json.dumps({"code": 1, "data": rows}).encode()
    begin(1.0)
    began = process_time()
    take(frame)
    assert process_time() - began < 0.5
    assert market.health.ticks == MAX_ROWS


def test_following_again_keeps_the_data() -> None:
    market, instrument = fed(tick(512.34))
    market.follow([SPY, QQQ])
    assert market.instruments[QQQ] is instrument
    assert set(market.instruments) == {QQQ, SPY}


def test_a_new_connection_keeps_prices_and_bars_drops_books_refusals_and_what_is_not_wanted() -> None:
    market = following(QQQ, SPY)
    for message in (quote(1), tick(2, 1), bar(0), BOOK_B, tick(1, s="SPY$US")):
        market.apply(message, 1.0)
    market.refuse([QQQ], "kline@1", "cannot be resolved action")
    instrument = market.instruments[QQQ]
    market.drain_changed()
    market.reconnected([QQQ])
    assert market.instruments == {QQQ: instrument}
    assert (instrument.last, instrument.quote, len(instrument.bars)) == (2, quote(1), 1)
    assert (instrument.depth, instrument.refused) == (None, {})
    assert market.drain_changed() == {instrument}
    assert market.apply(tick(1, 9, s="SPY$US"), 2.0) is None
    assert market.apply(tick(3, 0), 2.0) is None, "an old message after a reconnect is still old"


def test_a_screen_that_never_looks_is_owed_nothing_of_what_is_no_longer_followed() -> None:
    market = following(QQQ, SPY)
    market.apply(tick(1, s="SPY$US"), 1.0)
    market.reconnected([QQQ])
    assert market.drain_changed() == {market.instruments[QQQ]}


def test_a_refusal_stands_at_its_symbols_and_its_type() -> None:
    market = following(QQQ, SPY)
    market.refuse([SPY, QQQ_HK], "depth", "no answer")
    assert market.instruments[SPY].refused == {"depth": "no answer"}
    assert market.instruments[QQQ].refused == {}
    assert market.drain_changed() == {market.instruments[SPY]}


# --- what the screen hears ---


def test_on_change_is_called_once_until_the_changes_are_drained() -> None:
    woken: list[None] = []
    market = Market(lambda: woken.append(None))
    market.follow([QQQ, SPY])
    for times in (1, 2):
        for message in (tick(1), tick(2), depth([], []), tick(1, s="SPY$US")):
            market.apply(message, 1.0)
        market.refuse([SPY], "depth", "no answer")
        assert {instrument.symbol for instrument in market.drain_changed()} == {QQQ, SPY}
        assert market.drain_changed() == set()
        assert len(woken) == times


def test_a_refusal_wakes_the_screen_too() -> None:
    woken: list[None] = []
    market = Market(lambda: woken.append(None))
    market.follow([QQQ, SPY])
    market.refuse([QQQ, SPY], "depth", "no answer")
    assert len(woken) == 1


def test_what_changes_nothing_does_not_call_on_change() -> None:
    woken: list[None] = []
    market = Market(lambda: woken.append(None))
    market.follow([QQQ])
    market.apply(tick(1, 1), 1.0)
    market.drain_changed()
    market.apply(tick(1, 0), 1.0)
    market.apply(tick(1, s="SPY$US"), 1.0)
    assert len(woken) == 1


# --- time ---


def test_age_is_measured_from_the_data_s_own_time_by_the_exchange_s_clock() -> None:
    market = following(QQQ)
    instrument = market.instruments[QQQ]
    market.wall_base = T - 100_000.0
    assert market.age(instrument, 100.0) is None
    market.apply(quote(1, 0), 101.0)
    market.apply(tick(1, -5_000), 101.0)
    assert market.age(instrument, 104.0) == 4.0
    market.apply(quote(1, 0), 104.0)
    assert market.age(instrument, 104.0) == 4.0, "the same t again makes nothing younger"
    assert market.age(instrument, 90.0) == 0.0
    market.clock.observe_date(market.local_time(104.0), market.local_time(104.0), market.local_time(104.0) + 1_500)
    assert market.age(instrument, 104.0) == 6.0


def test_only_rising_times_of_a_symbol_and_type_sample_the_clock() -> None:
    market, _ = fed(tick(1, 1_000), quote(1, 1_000), tick(1, 1_000), tick(1, 500), bar(9), depth([], []))
    assert market.clock.lag(1.0) is None
    market.apply(tick(1, 2_000), 7.0)
    assert market.clock.low == T + 2_000 - 7_000


# --- clocks that are set, and times that cannot be ---


def dated(date: float | None = 0.0) -> tuple[Market, Instrument]:
    """A market whose wall clock reads T at second 100, following QQQ. `date` ms off is the exchange's clock, to within
    half a second; None where nothing tells it."""
    market = following(QQQ)
    market.set_clock(T - 100_000.0)
    if date is not None:
        market.clock.observe_date(T, T, T + date - 500)
    return market, market.instruments[QQQ]


def test_a_delay_is_that_of_most_symbols_not_of_most_messages_and_of_this_connection() -> None:
    market, _ = dated()
    market.follow([SPY, QQQ_HK])
    for message in (tick, quote):
        for t in range(0, 5_000, 50):
            market.apply(message(1, t, s="SPY$US"), 105.0)
    for t in (0, 1_000):
        market.apply(tick(1, t), 1_000.0)
        market.apply(quote(1, t, s="QQQ$HK"), 1_000.0)
    assert market.clock.delay() == pytest.approx(900, abs=2)
    market.reconnected([QQQ])
    assert market.clock.delay() is None


@pytest.mark.parametrize("make", [tick, quote])
@pytest.mark.parametrize("late", [0, 900_000], ids=["now", "15 minutes late"])
@pytest.mark.parametrize("date", [0.0, None], ids=["Date", "no Date"])
def test_a_time_from_the_future_does_not_shut_out_what_comes_after_it(
    make: Callable[..., Push], late: int, date: float | None
) -> None:
    market, instrument = dated(date)
    market.apply(make(1.0, -600 - late), 100.0)
    assert market.apply(make(2.0, 3_600_000), 101.0) is instrument
    assert (market.health.future, instrument.last) == (1, 2.0), "the price may be right"
    assert instrument.newest_time == T - 600 - late, "the time is not"
    market.apply(make(3.0, 400 - late), 101.0)
    assert (instrument.last, instrument.newest_time, market.health.out_of_order) == (3.0, T + 400 - late, 0)
    assert market.clock.offset == 0, "it tells nothing of the clock"


@pytest.mark.parametrize("make", [tick, quote])
def test_the_very_first_may_be_from_the_future(make: Callable[..., Push]) -> None:
    market, instrument = dated()
    market.apply(make(1.0, 3_600_000), 100.0)
    assert instrument.last == 1.0 and market.age(instrument, 100.0) is None
    market.apply(make(2.0, -900_000), 101.0)
    assert instrument.last == 2.0 and instrument.newest_time == T - 900_000


@pytest.mark.parametrize("date", [0.0, None])
@pytest.mark.parametrize(("t", "future"), [(5_000, 0), (5_600, 1)])
def test_up_to_a_few_seconds_ahead_may_be_a_clock(date: float | None, t: int, future: int) -> None:
    market, _ = dated(date)
    market.apply(tick(1, t), 100.0)
    assert market.health.future == future


def test_ahead_is_by_the_exchange_s_clock_and_not_by_ours() -> None:
    market, instrument = dated(180_000)
    market.apply(tick(1, 180_000), 100.0)
    assert market.health.future == 0 and instrument.tick_time == T + 180_000
    market.apply(tick(2, 3_600_000), 101.0)
    assert market.health.future == 1 and instrument.tick_time == T + 180_000


def test_a_bar_that_cannot_be_is_malformed_and_left_out() -> None:
    market = following(QQQ)
    upside_down = bar(0, 3.0)
    upside_down.high = 2.0
    for odd in (bar(0, 0.0), bar(0, volume=float("inf")), upside_down):
        assert market.apply(odd, 0.0) is None
    assert len(market.instruments[QQQ].bars) == 0 and not market.drain_changed()
    assert (market.health.malformed, market.health.out_of_order) == ({"kline": 3}, 0)


def test_a_bar_from_the_future_is_left_out() -> None:
    market, instrument = dated()
    assert market.apply(bar(60), 100.0) is None
    assert market.apply(bar(0), 100.0) is instrument
    assert market.health.future == 1 and len(instrument.bars) == 1


@pytest.mark.parametrize("by", [-3_600_000.0, 250_000.0])
def test_a_wall_clock_that_was_set_changes_no_age(by: float) -> None:
    market, instrument = dated(2_000)
    market.apply(tick(1, 0), 100.0)
    age = market.age(instrument, 105.0)
    market.set_clock(T - 100_000.0 + by)
    assert market.age(instrument, 105.0) == age == 7.0
    market.apply(tick(2, 6_000), 105.0)
    assert market.health.future == 0 and market.age(instrument, 105.0) == 1.0


# --- for any order ---

updates = st.lists(
    st.builds(tick, st.floats(1, 9), st.integers(0, 9))
    | st.builds(quote, st.floats(1, 9), st.integers(0, 9))
    | st.builds(Tick, symbol=st.just("QQQ$US"), last=st.floats(1, 9))
    | st.builds(Quote, symbol=st.just("QQQ$US"), last=st.floats(1, 9))
    | st.builds(bar, st.integers(-3, 3), st.floats(1, 9), st.integers(0, 5)),
    max_size=30,
)


@given(updates)
def test_in_no_order_does_an_older_message_win(messages: list[Push]) -> None:
    market = following(QQQ)
    instrument = market.instruments[QQQ]
    newest: dict[type, int] = {Tick: 0, Quote: 0}
    refused = 0
    for now, message in enumerate(messages):
        before = (instrument.tick, instrument.quote, instrument.last, instrument.last_time)
        applied = market.apply(message, float(now)) is not None
        if isinstance(message, Kline):
            assert instrument.bars.latest >= message.time // 60_000
        elif isinstance(message, Tick | Quote):
            time = message.time or newest[type(message)]
            assert applied == (time >= newest[type(message)])
            newest[type(message)] = max(time, newest[type(message)])
        if not applied:
            refused += 1
            assert before == (instrument.tick, instrument.quote, instrument.last, instrument.last_time)
        assert instrument.last_time >= before[3]
        assert (instrument.tick_time, instrument.quote_time) == (newest[Tick], newest[Quote])
    assert market.health.out_of_order == refused
    assert instrument.newest_time == max(newest.values())


@given(updates)
def test_the_last_price_is_that_of_the_newest_tick_or_of_a_strictly_newer_quote(messages: list[Push]) -> None:
    dated = [message for message in messages if isinstance(message, Tick | Quote) and message.time]
    _, instrument = fed(*dated)
    # Of equal times a tick beats a quote, and among themselves the later arrival wins.
    ranked = [(message.time, isinstance(message, Tick), n) for n, message in enumerate(dated)]
    assert instrument.last == (dated[max(ranked)[2]].last if ranked else None)
