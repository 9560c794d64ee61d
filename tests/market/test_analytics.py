from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.messages import T, bar
from tui.market.analytics import day_position, day_vwap, premium_over, volatility
from tui.market.bars import MinuteBars
from tui.market.fair_value import IndicativeValue
from tui.market.sessions import Zone, zone
from tui.protocol.messages import Quote

prices = st.floats(0.01, 10_000)


def quote(last: float = 512.34, **fields: float | int | None) -> Quote:
    return Quote(symbol="QQQ$US", last=last, time=T, **fields)  # type: ignore[arg-type]


# --- VWAP ---


@pytest.mark.parametrize(
    ("turnover", "volume", "expected"),
    [
        (511.0 * 1_000, 1_000, 511.0),
        (511.0 * 1_000, 10, 511.0),  # in lots of 100
        (0.9 * 512.34 * 1_000, 1_000, 0.9 * 512.34),
        (1.1 * 512.34 * 1_000, 1_000, 1.1 * 512.34),
        (0.89 * 512.34 * 1_000, 1_000, None),
        (1.11 * 512.34 * 1_000, 1_000, None),
        (89 * 512.34 * 1_000, 1_000, None),
        (111 * 512.34 * 1_000, 1_000, None),
        (0.0, 1_000, None),
        (511.0, 0, None),
        (None, 1_000, None),
        (511.0, None, None),
    ],
)
def test_vwap_is_turnover_by_volume_in_units_or_in_lots(
    turnover: float | None, volume: float | None, expected: float | None
) -> None:
    found = day_vwap(quote(turnover=turnover, volume=volume), 0.01)
    assert found == (pytest.approx(expected) if expected is not None else None)


@pytest.mark.parametrize(
    ("low", "high", "known"),
    [
        (510.0, 513.0, True),
        (511.01, 513.0, True),
        (511.02, 513.0, False),
        (510.0, 510.99, True),
        (510.0, 510.98, False),
        (None, None, True),
        (0.0, 0.0, True),
    ],
)
def test_a_vwap_more_than_a_tick_outside_the_day_s_range_is_none(
    low: float | None, high: float | None, known: bool
) -> None:
    found = day_vwap(quote(turnover=511.0 * 1_000, volume=1_000, low=low, high=high), 0.0101)
    assert (found is not None) is known


@given(st.lists(st.tuples(st.floats(95, 105), st.integers(1, 10_000)), min_size=1), st.sampled_from([1, 100]))
def test_the_vwap_of_any_trades_lies_between_the_lowest_and_the_highest(
    trades: list[tuple[float, int]], unit: int
) -> None:
    paid = [price for price, _ in trades]
    turnover, units = sum(price * size for price, size in trades), sum(size for _, size in trades)
    found = day_vwap(quote(100.0, turnover=turnover, volume=units / unit, low=min(paid), high=max(paid)), 0.01)
    assert found is not None and min(paid) - 0.01 <= found <= max(paid) + 0.01


# --- premium ---


def premium(last: float, quote: Quote, time: float, zone: Zone) -> float | None:
    return premium_over(last, IndicativeValue(quote.iopv or 0.0, quote.time), time, zone)


def test_a_premium_over_iopv() -> None:
    found = premium(4.128, quote(4.128, iopv=4.115), T, zone("SH"))
    assert found is not None and round(found, 2) == 0.32


@pytest.mark.parametrize("fields", [{}, {"iopv": 0.0}, {"nav": 4.115}])
def test_without_an_iopv_there_is_none(fields: dict[str, float]) -> None:
    assert premium(4.128, quote(4.128, **fields), T, zone("SH")) is None


@pytest.mark.parametrize(("later", "known"), [(0, True), (60_000, True), (60_001, False)])
def test_an_iopv_is_good_for_a_minute(later: int, known: bool) -> None:
    assert (premium(4.128, quote(4.128, iopv=4.115), T + later, zone("SH")) is not None) is known


def test_an_iopv_is_good_for_its_date() -> None:
    late = quote(4.128, iopv=4.115)
    late.time = 1_731_686_399_000  # 23:59:59 in Shanghai
    assert premium(4.128, late, late.time, zone("SH")) is not None
    assert premium(4.128, late, late.time + 1_000, zone("SH")) is None
    assert premium(4.128, late, late.time + 1_000, zone("US")) is not None


# --- the day's range ---


@pytest.mark.parametrize(
    ("last", "low", "high", "position"),
    [
        (10.0, 10.0, 12.0, 0.0),
        (11.0, 10.0, 12.0, 0.5),
        (12.0, 10.0, 12.0, 1.0),
        (13.0, 10.0, 12.0, 1.0),
        (9.0, 10.0, 12.0, 0.0),
        (10.0, 10.0, 10.0, None),
        (10.0, None, 12.0, None),
        (10.0, 10.0, None, None),
        (10.0, 0.0, 12.0, None),
        (10.0, 12.0, 10.0, None),
    ],
)
def test_where_the_last_price_stands_in_the_day_s_range(
    last: float, low: float | None, high: float | None, position: float | None
) -> None:
    assert day_position(last, quote(last, low=low, high=high)) == position


@given(prices, prices, prices)
def test_a_position_is_between_0_and_1(last: float, low: float, high: float) -> None:
    position = day_position(last, quote(last, low=low, high=high))
    assert position is None if low >= high else position is not None and 0 <= position <= 1


def test_volatility_of_an_hour() -> None:
    bars = MinuteBars()
    for minute in range(61):
        bars.update(bar(minute, 100.0 * (1.001 if minute % 2 else 1.0)))
    assert volatility(bars) == pytest.approx(100 * math.sqrt(60) * math.log(1.001))


def test_volatility_needs_neighbouring_minutes() -> None:
    bars = MinuteBars()
    for minute in range(0, 60, 2):
        bars.update(bar(minute, 100.0 + minute))
    assert volatility(bars) is None


def test_a_price_that_stands_still_has_none() -> None:
    bars = MinuteBars()
    for minute in range(11):
        bars.update(bar(minute, 100.0))
    assert volatility(bars) == 0.0
