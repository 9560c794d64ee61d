"""Gaps in the minutes: lost, and not told of since."""

from __future__ import annotations

from tests.support.charts import FUND, instrument_of
from tests.support.messages import QQQ, bar, tick
from tests.support.price_walks import HK_OPEN, OPEN, price_walk
from tui.market import Instrument, Market
from tui.market.bars import MINUTE, MinuteBars, MinuteGap
from tui.market.data_gaps import data_gaps

FIRST = OPEN // MINUTE


def of(*minutes: int) -> Instrument:
    return instrument_of(price_walk(OPEN, minutes))


def gaps(i: Instrument) -> list[tuple[int, int]]:
    """In minutes after the open."""
    return [(gap.first - FIRST, gap.last - FIRST) for gap in data_gaps(i)]


def test_while_the_link_was_away_is_a_gap_whatever_the_stream_tells_of_the_last_minute() -> None:
    i = of(*range(10))
    i.bars.link_lost(FIRST + 9)
    assert gaps(i) == [], "it may be filled yet"
    i.bars.link_back(FIRST + 14)
    for bar_ in price_walk(OPEN, range(14, 20)):
        i.bars.update(bar_)
    assert i.bars.incomplete == {FIRST + 9} and gaps(i) == [(9, 13)], "the last one it told whole"
    i.bars.link_lost(FIRST + 17)
    i.bars.link_back(FIRST + 17)
    assert gaps(i) == [(9, 13), (17, 17)]
    i.bars.link_lost(FIRST + 18)
    i.bars.link_back(FIRST + 18)
    assert gaps(i) == [(9, 13), (17, 18)], "one line for both"


def test_an_outage_within_a_minute_that_the_stream_tells_whole_is_none() -> None:
    i = of(*range(10))
    i.bars.link_lost(FIRST + 9)
    i.bars.link_back(FIRST + 9)
    for each in price_walk(OPEN, range(9, 12)):
        each.volume += 1e6
        i.bars.update(each)
    assert gaps(i) == [] and i.bars.outages == []


def test_the_minute_in_progress_and_what_was_before_the_first_bar_are_no_gap() -> None:
    i = of(*range(5, 10))
    i.bars.mark_incomplete(FIRST + 5)
    i.bars.mark_incomplete(FIRST + 9)
    assert gaps(i) == []


def test_what_was_missed_before_the_program_began_is_a_gap() -> None:
    i = of()
    i.bars.mark_incomplete(FIRST + 40)
    i.bars.fill_from_cache(price_walk(OPEN, range(10)))
    for each in price_walk(OPEN, range(41, 50)):
        i.bars.update(each)
    assert gaps(i) == [(10, 40)]


def test_while_the_exchange_was_closed_nothing_was_lost() -> None:
    thursday = HK_OPEN - 1_440 * MINUTE
    i = instrument_of([*price_walk(thursday, range(150)), *price_walk(HK_OPEN, range(60))], FUND)
    slot = thursday // MINUTE
    i.bars.link_lost(slot + 420)  # half past four, and back before the auction of the next day
    i.bars.link_back(slot + 1_380)
    assert data_gaps(i) == []
    i.bars.link_lost(slot + 420)
    i.bars.link_back(slot + 1_445)
    assert len(data_gaps(i)) == 1


def test_what_the_vendor_tells_of_is_none_any_more() -> None:
    i = of(*range(10), *range(14, 20))
    i.bars.link_lost(FIRST + 9)
    i.bars.link_back(FIRST + 14)
    i.bars.merge_history(price_walk(OPEN, range(12)))
    i.bars.complete_before(FIRST + 12)
    assert gaps(i) == [(12, 14)]
    i.bars.complete_before(FIRST + 16)
    assert gaps(i) == []


def test_the_latest_outages_are_remembered() -> None:
    bars = MinuteBars()
    for n in range(100):
        bars.link_lost(FIRST + 2 * n)
        bars.link_back(FIRST + 2 * n)
    assert len(bars.outages) == 64 and bars.outages[-1] == MinuteGap(FIRST + 198, FIRST + 198)
    bars.forget()
    assert bars.outages == []


def test_lost_trades_are_a_gap_of_the_tape_and_of_bars_that_are_built_from_them() -> None:
    market = Market()
    calls: list[tuple[str, object]] = []
    market.on_call = lambda name, arguments: calls.append((name, arguments))
    market.follow([QQQ])
    i = market.instruments[QQQ]
    market.apply(tick(10.0, 0, volume=100), 1.0)
    market.apply(bar(0, 10.0), 1.0)
    market.drain_changed()
    market.trades_lost(2.0)
    assert i.tape.gaps == {1: "too slow"} and not i.bars.incomplete and market.drain_changed() == {i}
    market.refuse([QQQ], "kline@1", "no")
    market.trades_lost(3.0)
    assert len(i.bars.incomplete) == 1
    assert ("trades_lost", (2.0,)) in calls
