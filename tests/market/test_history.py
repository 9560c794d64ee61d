"""What the market makes of the past: bars, closes and quotes that the stream did not bring."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.messages import QQQ, T, bar, depth, quote, tick
from tests.support.price_walks import at, price_walk
from tui.market import Instrument, Market
from tui.market.bars import MAX_MINUTES, MINUTE, MinuteBars
from tui.market.change import ReferencePrice, ReferenceSource
from tui.market.data_status import DataStatus, data_status
from tui.market.reference_price import session_closes
from tui.market.sessions import calendar
from tui.protocol.messages import OVER_LIMIT, Kline, Quote, Tick
from tui.symbol import Symbol

LATER = 10_000 * MINUTE  # ms after T


def following(now: int = T + LATER) -> tuple[Market, Instrument]:
    """A market that follows QQQ, whose clock says `now` at 0 s."""
    market = Market()
    market.set_clock(float(now))
    market.follow([QQQ])
    market.drain_changed()
    return market, market.instruments[QQQ]


def prices(bars: MinuteBars) -> dict[int, tuple[float, float]]:
    return {each.time: (each.close, each.volume) for each in bars}


# --- bars ---

MINUTES = 6


class Told:
    """What is told of some minutes: the stream's bars in order, each minute's volume growing, and `last` what history
    tells of each when it is over."""

    def __init__(self, growths: Sequence[Sequence[int]]) -> None:
        self.stream: list[Kline] = []
        self.last: list[Kline] = []
        for minute, sizes in enumerate(growths):
            volume = 0
            for size in sizes:
                volume += size
                self.stream.append(bar(minute, 100.0 + volume, volume))
            self.last.append(bar(minute, 100.0 + volume, volume))


growths = st.lists(st.lists(st.integers(1, 5), min_size=1, max_size=3), min_size=MINUTES, max_size=MINUTES)
spans = st.lists(st.tuples(st.integers(0, MINUTES - 1), st.integers(1, MINUTES)), max_size=3)


@given(growths, spans, st.data())
def test_in_whatever_order_stream_and_history_come_the_same_bars_are_held(
    sizes: list[list[int]], batches: list[tuple[int, int]], data: st.DataObject
) -> None:
    told = Told(sizes)
    stream = [each for each in told.stream if data.draw(st.booleans())]  # the link was away now and then
    history = [told.last[first : first + count] for first, count in batches]
    expected: dict[int, tuple[float, float]] = {}
    for each in [*stream, *(each for batch in history for each in batch)]:
        if each.volume >= expected.get(each.time, (0.0, 0.0))[1]:
            expected[each.time] = (each.close, each.volume)
    inputs: list[Kline | list[Kline]] = list(stream)
    for batch in history:
        inputs.insert(data.draw(st.integers(0, len(inputs))), batch)
    held = MinuteBars()
    for told_next in inputs:
        if isinstance(told_next, list):
            held.merge_history(told_next)
        else:
            held.update(told_next)
    assert prices(held) == expected
    assert held.latest == max(expected, default=-MINUTE) // MINUTE


steps = st.lists(
    st.tuples(
        st.sampled_from(["update", "merge_history", "fill_from_cache", "forget"]),
        st.integers(0, 30),
        st.integers(1, 25),
    ),
    max_size=12,
)


@given(steps, st.integers(0, 2))
def test_whatever_comes_in_whatever_order_no_bound_is_passed(steps: list[tuple[str, int, int]], price: int) -> None:
    bars = MinuteBars()
    bars.merge_history([bar(minute) for minute in range(-MAX_MINUTES + 5, 5)])
    for n, (what, first, count) in enumerate(steps):
        some = [bar(first + minute, 1.0 + price * n, count) for minute in range(count)]
        if what == "update":
            bars.update(some[-1])
        elif what == "forget":
            bars.forget()
        else:
            getattr(bars, what)(some)
        held = [each.time // MINUTE for each in bars]
        assert held == sorted(set(held)) and len(held) <= MAX_MINUTES
        assert bars.latest == max(held, default=-1)
        assert bars._cached <= set(held)


def test_the_stream_s_word_counts_for_the_bar_in_progress_and_for_more_volume() -> None:
    market, i = following(T + 2 * MINUTE + 30_000)
    market.apply(bar(2, 5.0, 10.0), 0.0)
    market.apply(bar(1, 4.0, 90.0), 0.0)
    market.apply_history(QQQ, [bar(0, 1.0, 10.0), bar(1, 2.0, 80.0), bar(2, 3.0, 20.0)], False, 0.0)
    assert [each.close for each in i.bars] == [1.0, 4.0, 5.0]
    market.apply_history(QQQ, [bar(1, 2.0, 91.0)], False, 0.0)
    assert [each.close for each in i.bars] == [1.0, 2.0, 5.0]


def test_bars_of_the_future_and_bars_that_cannot_be_are_counted_and_left_out() -> None:
    market, i = following(T)
    odd = [bar(-9, 0.0), bar(-8, math.inf), bar(-7, volume=math.inf), bar(-6, math.nan)]
    upside_down = bar(-5, 2.0)
    upside_down.low = 3.0
    market.apply_history(QQQ, [*odd, upside_down, bar(-4), bar(0), bar(2)], False, 0.0)
    assert [each.time for each in i.bars] == [bar(-4).time]
    assert (market.health.malformed["history"], market.health.future) == (5, 1)


def test_a_gap_is_repaired_and_the_frame_hears_of_it() -> None:
    market, i = following()
    for minute in (0, 3):
        market.apply(bar(minute, volume=1.0), 0.0)
    market.drain_changed()
    before = i.bars.slot_version, i.bars.version
    market.apply_history(QQQ, [bar(1), bar(2)], False, 0.0)
    assert len(i.bars) == 4
    assert i.bars.slot_version > before[0] and i.bars.version > before[1]
    assert market.drain_changed() == {i}


def test_bars_built_from_trades_stay_marked_after_history() -> None:
    market, i = following(T + MINUTE + 10_000)
    market.refuse([QQQ], "kline@1", "not in your plan")
    market.apply(tick(5.0, MINUTE + 5_000), 0.0)
    market.apply_history(QQQ, [bar(-1, volume=3.0), bar(0, volume=3.0), bar(1, 9.0, volume=3.0)], False, 0.0)
    assert i.bars.synthesized
    market.apply(tick(6.0, MINUTE + 9_000), 0.0)
    assert [each.close for each in i.bars] == [1.0, 1.0, 6.0]
    i.bars.add_trade(T + 59_999, 7.0, 50.0)  # comes late, and is in the vendor's bar
    i.bars.add_volume(T + 30_000, 50.0)
    assert [(each.close, each.volume) for each in i.bars][:2] == [(1.0, 3.0), (1.0, 3.0)]


def test_no_bar_is_built_from_trades_that_came_before_klines_were_refused() -> None:
    market, i = following(T + 2 * MINUTE)
    market.apply(tick(5.0, 10_000), 0.0)
    market.refuse([QQQ], "kline@1", "not in your plan")
    market.apply(tick(6.0, MINUTE + 10_000), 0.0)
    assert [each.close for each in i.bars] == [6.0] and len(i.tape) == 2


def test_a_trade_older_than_the_newest_price_does_not_stand_as_the_newest_bar_s_close() -> None:
    market, i = following(T + 2 * MINUTE)
    market.refuse([QQQ], "kline@1", "not in your plan")
    market.apply(tick(5.0, 10_000), 0.0)
    market.apply(quote(6.0, MINUTE + 20_000), 0.0)
    market.apply(tick(7.0, MINUTE - 1_000), 0.0)  # on its way for longer than the quote
    assert [each.close for each in i.bars] == [7.0, 6.0]
    market.apply(tick(4.0, MINUTE + 10_000), 0.0)
    assert [(each.low, each.close) for each in i.bars] == [(5.0, 7.0), (4.0, 6.0)]
    assert i.last == 6.0
    market.apply(tick(4.5, MINUTE + 20_000), 0.0)
    assert [each.close for each in i.bars] == [7.0, 4.5]


def test_cached_bars_fill_gaps_and_give_way_to_all_others() -> None:
    market, i = following()
    market.apply_history(QQQ, [bar(minute, 1.0, 99.0) for minute in range(6)], True, 0.0)
    market.apply(bar(1, 2.0, 5.0), 0.0)
    market.apply_history(QQQ, [bar(2, 1.0, 7.0), bar(4, 1.0, 7.0)], False, 0.0)
    held = {(each.time - T) // MINUTE: each.volume for each in i.bars}
    assert held == {0: 99.0, 1: 5.0, 2: 7.0, 4: 7.0, 5: 99.0}  # of minute 3 the vendor knows nothing


def test_cached_bars_are_dropped_if_the_vendor_contradicts_them() -> None:
    market, i = following()
    market.apply_history_closes(QQQ, {"2024-11-14": 1.0})
    market.apply_history(QQQ, [bar(minute, 2.0) for minute in range(20)], True, 0.0)
    assert not market.apply_history(
        QQQ, [bar(minute, 1.0) for minute in range(10, 30)], False, 0.0
    )  # a split, two for one
    assert [each.close for each in i.bars] == [1.0] * 20
    assert i.day.closes == {date(2024, 11, 15): 1.0}


@pytest.mark.parametrize(
    ("both", "apart", "by", "agrees"),
    [
        (5, 5, 2.0, False),
        (5, 5, 0.5, False),
        (5, 5, 1.002, False),
        (5, 5, 1.0005, True),
        (4, 4, 2.0, True),
        (10, 5, 2.0, True),
        (10, 6, 2.0, False),
    ],
    ids=["split", "reverse split", "distribution", "rounding", "too few to tell", "half", "most"],
)
def test_cached_bars_contradict_the_vendor_s_if_most_of_several_are_apart(
    both: int, apart: int, by: float, agrees: bool
) -> None:
    """`both` minutes are kept and told of; so many of the kept closes are `by` times what the vendor tells."""
    bars = MinuteBars()
    bars.fill_from_cache([bar(-1, 7.0), *(bar(minute, by if minute < apart else 1.0) for minute in range(both))])
    assert bars.merge_history([bar(minute) for minute in range(both)]) is agrees
    kept = [7.0] if agrees else []
    assert [each.close for each in bars] == [*kept, *([1.0] * both)]


def test_another_exchange_s_past_is_forgotten() -> None:
    market, i = following()
    market.apply_history(QQQ, [bar(0), bar(1)], True, 0.0)
    market.drain_changed()
    market.set_hours(demo=True)
    assert market.drain_changed() == {i}
    assert len(i.bars) == 0 and i.bars.latest == -1 and not i.is_last_known


def test_history_is_reported_to_a_recording() -> None:
    market, _ = following()
    told: list[str] = []
    market.on_call = lambda name, arguments: told.append(name)
    market.apply_history(QQQ, [bar(0)], False, 0.0)
    market.apply_history_quote(QQQ, quote(1.0), 0.0)
    market.apply_history_closes(QQQ, {"2024-11-14": 1.0})
    assert told == ["recall", "recall_quote", "recall_closes"]


# --- the previous close ---

FRIDAY = at("2026-11-20 09:30")
US = calendar("US")


def session(start: int, close: float) -> list[Kline]:
    bars = price_walk(start, range(390), close)
    bars[-1].close = close
    return bars


def test_closes_are_those_of_sessions_that_are_over() -> None:
    thursday = price_walk(FRIDAY - 1440 * MINUTE, range(200, 390))
    evening = price_walk(FRIDAY - 1000 * MINUTE, range(30))
    friday = price_walk(FRIDAY, range(390))
    bars = [*thursday, *evening, *friday]
    assert session_closes(bars, US, FRIDAY + 200 * MINUTE) == {date(2026, 11, 19): thursday[-1].close}
    both = {date(2026, 11, 19): thursday[-1].close, date(2026, 11, 20): friday[-1].close}
    assert session_closes(bars, US, FRIDAY + 390 * MINUTE) == both
    assert session_closes(bars, calendar("US", demo=True), FRIDAY + 5000 * MINUTE) == {}


@pytest.mark.parametrize(("region", "bell"), [("SH", "15:00"), ("SZ", "15:00"), ("HK", "16:10")])
def test_the_bar_after_the_close_has_the_auction_s_price(region: str, bell: str) -> None:
    morning = price_walk(at("2026-11-20 08:00", region), range(3))
    friday = price_walk(at("2026-11-20 14:50", region), range(7))
    auction = price_walk(at(f"2026-11-20 {bell}", region), range(1), 520.0)
    monday = price_walk(at("2026-11-23 08:00", region), range(3))
    found = session_closes([*morning, *friday, *auction, *monday], calendar(region), at("2026-11-23 08:05", region))
    assert found == {date(2026, 11, 20): auction[-1].close}


def opened(*kept: Kline, now: int, quote: Quote | None = None) -> Instrument:
    market, i = following(now)
    market.apply_history(QQQ, kept, False, 0.0)
    market.apply(quote or Quote(symbol="QQQ$US", last=520.0, open=515.0, time=now), 0.0)
    return i


MONDAY = at("2026-11-23 10:00")


def test_the_close_of_the_session_before_stands_between_the_quote_s_word_and_the_open() -> None:
    kept = session(FRIDAY, 512.0)
    assert opened(*kept, now=MONDAY).base == ReferencePrice(512.0, ReferenceSource.HISTORY)
    told = Quote(symbol="QQQ$US", last=520.0, open=515.0, previous_close=511.0, time=MONDAY)
    assert opened(*kept, now=MONDAY, quote=told).base == ReferencePrice(511.0, ReferenceSource.PREVIOUS)


@pytest.mark.parametrize("days", [1, 4])
def test_the_close_of_an_earlier_session_or_of_today_is_none(days: int) -> None:
    # From Thursday, and from Monday itself before the program was started.
    kept = session(FRIDAY + (days if days > 1 else -days) * 1440 * MINUTE, 512.0)
    assert opened(*kept, now=MONDAY + 1).base in (ReferencePrice(515.0, ReferenceSource.OPEN),)


def test_the_close_seen_by_the_stream_is_the_next_session_s_base() -> None:
    market, i = following(MONDAY)
    for time, last in ((MONDAY, 512.0), (at("2026-11-23 15:59"), 513.0), (at("2026-11-23 16:01"), 514.0)):
        market.set_clock(float(time))
        market.apply(Tick(symbol="QQQ$US", last=last, time=time), 0.0)
    assert i.day.closes == {date(2026, 11, 23): 513.0}
    tuesday = at("2026-11-24 09:30")
    market.set_clock(float(tuesday))
    market.apply(Quote(symbol="QQQ$US", last=515.0, open=514.5, time=tuesday), 0.0)
    assert i.base == ReferencePrice(513.0, ReferenceSource.HISTORY)


def test_a_close_that_comes_after_the_quote_is_used() -> None:
    i = opened(now=MONDAY)
    assert i.base == ReferencePrice(515.0, ReferenceSource.OPEN)
    i.apply_history(session(FRIDAY, 512.0), False, MONDAY)
    assert i.base == ReferencePrice(512.0, ReferenceSource.HISTORY)


def test_a_quote_of_the_date_has_its_previous_close_and_one_of_another_date_has_not() -> None:
    for day, base in (("2026-11-23", 509.0), ("2026-11-20", 515.0)):
        market, i = following(MONDAY)
        told = Quote(symbol="QQQ$US", last=512.0, change=3.0, time=at(f"{day} 09:45"))
        market.apply_history_quote(QQQ, told, 0.0)
        market.apply(Quote(symbol="QQQ$US", last=520.0, open=515.0, time=MONDAY), 0.0)
        assert i.base is not None and i.base.price == base


def test_the_number_of_closes_is_bounded() -> None:
    _, i = following()
    i.day.apply_history_closes({date(2026, 11, day): float(day) for day in range(1, 21)})
    assert sorted(i.day.closes) == [date(2026, 11, day) for day in range(13, 21)]


# --- yesterday's picture ---


def test_a_symbol_with_history_only_is_last_known_until_the_stream_brings_a_price() -> None:
    market, i = following()
    market.apply_history(QQQ, [bar(0, 4.123), bar(1, 4.128)], True, 0.0)
    for proven in (False, True):
        assert data_status(i, None, proven) is DataStatus.LAST_KNOWN
    assert i.last_known is not None and (i.last_known.price, i.last_known.time) == (4.128, T + 2 * MINUTE)
    i.infer_precision()
    assert i.precision.decimals == 3
    market.apply(depth([(4.13, 1)], [(4.12, 1)]), 0.0)
    assert data_status(i, None, True) is DataStatus.LAST_KNOWN
    market.apply(tick(4.2, LATER), 0.0)
    assert data_status(i, 0.0, True) is DataStatus.LIVE
    assert i.previous is None and i.direction == 0  # the first price is no move from the one of before


def test_a_refusal_outranks_history() -> None:
    market, i = following()
    market.apply_history(QQQ, [bar(0)], True, 0.0)
    market.refuse([QQQ], "quote", OVER_LIMIT)
    assert data_status(i, None, True) is DataStatus.OVER_PLAN


def test_the_newer_of_bar_and_quote_is_the_last_known_price() -> None:
    market, i = following()
    market.apply_history(QQQ, [bar(0, 1.0)], False, 0.0)
    market.apply_history_quote(QQQ, quote(2.0, 10 * MINUTE), 0.0)
    assert i.last_known is not None and i.last_known.price == 2.0
    market.apply_history_quote(QQQ, quote(3.0, 9 * MINUTE), 0.0)
    assert i.last_known is not None and i.last_known.price == 2.0
    market.apply_history_quote(QQQ, quote(3.0, 2 * LATER), 0.0)
    assert i.last_known is not None and i.last_known.price == 2.0
    assert market.health.future == 1


def test_history_of_an_unfollowed_symbol_is_ignored() -> None:
    market, _ = following()
    market.apply_history(Symbol("GLD", "US"), [bar(0)], True, 0.0)
    market.apply_history_quote(Symbol("GLD", "US"), quote(1.0), 0.0)
    market.apply_history_closes(Symbol("GLD", "US"), {"2024-11-14": 1.0})
    assert not market.drain_changed()
