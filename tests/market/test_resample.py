from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.price_walks import OPEN, price_walk
from tui.market.bars import MINUTE, MinuteBars
from tui.market.resample import interval_bars, merge_bars, running_vwap
from tui.market.session_axis import DAY, INTERVALS, Slot, segments, slots
from tui.market.sessions import Calendar, calendar
from tui.protocol.messages import Kline


def of(bars: list[Kline]) -> MinuteBars:
    held = MinuteBars()
    for each in bars:
        held.update(each)
    return held


def axis(bars: MinuteBars, minutes: int, hours: Calendar | None = None) -> list[Slot]:
    return slots(segments(bars.minutes(), hours or calendar("US")), minutes)


def candle(open: float, high: float, low: float, close: float, volume: float, minute: int = 0) -> Kline:
    time = OPEN + minute * MINUTE
    return Kline(symbol="", open=open, high=high, low=low, close=close, volume=volume, time=time)


def test_a_longer_bar_has_the_first_open_the_last_close_the_bounds_and_all_volume() -> None:
    one = merge_bars([None, candle(10, 12, 9, 11, 100), None, candle(11, 15, 10.5, 14, 50, 2)])
    assert one == candle(10, 15, 9, 14, 150)
    assert merge_bars([None]) is None and merge_bars([]) is None


def test_a_slot_without_bars_is_a_gap() -> None:
    bars = of(price_walk(OPEN, [0, 1, 10]))
    found = interval_bars(bars, axis(bars, 5))
    assert [each is not None for each in found[:4]] == [True, False, True, False]


def test_the_average_is_of_typical_prices_by_volume() -> None:
    bars = of([candle(10, 12, 9, 12, 100), candle(12, 12, 12, 12, 300, 1), candle(20, 20, 20, 20, 0, 3)])
    found = running_vwap(bars, axis(bars, 1)[:5])
    # 11 × 100, and 12 × 300 after it; a gap has none, and a minute without volume changes nothing.
    assert found == [pytest.approx(11), pytest.approx(11.75), None, pytest.approx(11.75), None]


def test_without_volume_there_is_no_average() -> None:
    bars = of([candle(10, 10, 10, 10, 0)])
    assert set(running_vwap(bars, axis(bars, 1))) == {None}


def test_vwap_restarts_with_a_date_and_is_the_same_at_any_interval() -> None:
    night = 24 * 60
    bars = of([*price_walk(OPEN, range(60), 500.0), *price_walk(OPEN, range(night, night + 60), 600.0)])
    for minutes in INTERVALS[:-1]:
        found = [value for value in running_vwap(bars, axis(bars, minutes, calendar("US", True))) if value is not None]
        assert 590 < found[-1] < 610
        assert found[-1] == pytest.approx(
            [value for value in running_vwap(bars, axis(bars, 1)) if value is not None][-1]
        )


price = st.floats(0.0001, 1e6)


@given(
    st.lists(st.tuples(st.integers(0, 3 * 1440), price, price, st.integers(0, 10**9)), min_size=1, max_size=60),
    st.sampled_from([each for each in INTERVALS if each != DAY]),  # a day has its regular session alone
    st.sampled_from(["US", "HK", "SH", "SZ", "XX"]),
)
def test_volume_and_bounds_are_conserved(rows: list[tuple[int, float, float, int]], minutes: int, region: str) -> None:
    bars = of([candle(a, max(a, b), min(a, b), b, volume, minute) for minute, a, b, volume in rows])
    found = [each for each in interval_bars(bars, axis(bars, minutes, calendar(region))) if each is not None]
    held = list(bars)
    assert sum(each.volume for each in found) == sum(each.volume for each in held)
    assert max(each.high for each in found) == max(each.high for each in held)
    assert min(each.low for each in found) == min(each.low for each in held)
    assert (found[0].open, found[-1].close) == (held[0].open, held[-1].close)
    assert all(each.low <= min(each.open, each.close) <= max(each.open, each.close) <= each.high for each in found)
