from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.support.messages import T, bar
from tui.market.bars import MAX_MINUTES, MINUTE, MinuteBars
from tui.protocol.messages import Kline

FIRST = T // MINUTE


def of(*bars: Kline) -> MinuteBars:
    held = MinuteBars()
    for each in bars:
        held.update(each)
    return held


def test_the_bar_in_progress_is_replaced() -> None:
    bars = of(bar(0, 512.30, 400))
    assert bars.update(bar(0, 512.36, 1_000))
    assert [each.close for each in bars] == [512.36]


def test_a_later_minute_is_appended() -> None:
    bars = of(bar(0, 1), bar(1, 2))
    assert [each.close for each in bars] == [1, 2]
    assert bars.latest == FIRST + 1


def test_an_earlier_minute_fills_a_gap() -> None:
    bars = of(bar(0, 1), bar(2, 3))
    assert bars.window(FIRST, FIRST + 2)[1] is None
    assert bars.update(bar(1, 2))
    assert [each.close for each in bars] == [1, 2, 3]
    assert bars.latest == FIRST + 2


def test_of_an_earlier_minute_the_version_with_more_volume_wins() -> None:
    bars = of(bar(0, 1, volume=500), bar(1, 2))
    assert not bars.update(bar(0, 9, volume=499))
    assert not bars.update(bar(0, 9, volume=500))
    assert bars.update(bar(0, 1.5, volume=501))
    assert [each.close for each in bars] == [1.5, 2]


def test_any_time_within_a_minute_is_that_minute() -> None:
    late = bar(0, 2)
    late.time += 59_999
    assert [each.close for each in of(bar(0, 1), late)] == [2]


def test_the_window_has_one_entry_for_each_minute() -> None:
    bars = of(bar(0, 1), bar(3, 4))
    window = bars.window(FIRST - 1, FIRST + 4)
    assert [each and each.close for each in window] == [None, 1, None, None, 4, None]
    assert bars.get(FIRST + 3) == window[4]
    assert bars.get(FIRST + 1) is None


def test_the_oldest_bar_makes_room_and_does_not_come_back() -> None:
    bars = of(*(bar(minute) for minute in range(MAX_MINUTES)))
    assert bars.update(bar(MAX_MINUTES))
    assert len(bars) == MAX_MINUTES
    assert bars.get(FIRST) is None
    assert not bars.update(bar(0))
    assert len(bars) == MAX_MINUTES


def test_slot_version_counts_first_bars_and_version_every_change() -> None:
    bars = of(bar(1, 2), bar(0, 1))
    before = bars.slot_version, bars.version
    bars.update(bar(1, 3))
    bars.add_trade(bar(1).time, 4.0, 100)
    assert (bars.slot_version, bars.version) == (before[0], before[1] + 2)
    bars.add_trade(bar(2).time, 4.0, 100)
    assert bars.slot_version == before[0] + 1
    assert bars.minutes() == [bar(0).time, bar(1).time, bar(2).time]


@given(st.lists(st.tuples(st.integers(0, 20) | st.integers(0, 2 * MAX_MINUTES), st.integers(0, 3)), max_size=60))
def test_in_whatever_order_bars_come_they_are_held_in_order_and_no_bound_is_passed(puts: list[tuple[int, int]]) -> None:
    bars = of(*(bar(minute) for minute in range(100, 100 + MAX_MINUTES - 20)))
    for minute, volume in puts:
        bars.update(bar(minute, volume=volume))
        assert len(bars) <= MAX_MINUTES
        held = [each.time // MINUTE for each in bars]
        assert held == sorted(set(held))
        assert bars.latest == held[-1]
        newest = bars.get(bars.latest)
        assert newest is not None and newest.time // MINUTE == bars.latest


# --- minutes in which the link was away ---


def test_a_minute_is_incomplete_until_the_stream_has_the_whole_of_it() -> None:
    bars = of(bar(0, 1, volume=5), bar(1, 2, volume=5))
    for slot in (FIRST, FIRST + 1):
        bars.mark_incomplete(slot)
    assert bars.update(bar(1, 3, volume=6))
    assert not bars.update(bar(0, 3, volume=4))
    assert bars.incomplete == {FIRST}


def test_trades_do_not_complete_a_minute() -> None:
    bars = MinuteBars()
    bars.mark_incomplete(FIRST)
    bars.add_trade(T, 1.0, 5.0)
    bars.add_trade(T + 1, 1.0, 5.0)
    assert bars.incomplete == {FIRST}


def test_history_completes_a_minute_and_replaces_what_was_known_of_it() -> None:
    bars = of(bar(0, 1, volume=50))
    bars.mark_incomplete(FIRST)
    bars.merge_history([bar(0, 2, volume=49)])
    assert (bars.incomplete, [each.close for each in bars]) == (set(), [2])


def test_what_the_vendor_has_no_bar_of_is_complete_too() -> None:
    bars = of(bar(0, 1))
    for slot in (FIRST + 1, FIRST + 2):
        bars.mark_incomplete(slot)
    version = bars.version
    bars.complete_before(FIRST + 2)
    assert bars.incomplete == {FIRST + 2} and bars.version > version


def test_no_outage_costs_memory() -> None:
    bars = MinuteBars()
    for slot in range(3 * MAX_MINUTES):
        bars.mark_incomplete(slot)
    assert len(bars.incomplete) == MAX_MINUTES and min(bars.incomplete) == 2 * MAX_MINUTES
