from __future__ import annotations

import pytest

from tests.support.messages import BOOK_B, QQQ, T, bar, depth
from tui.market import Instrument


def priced(*prices: float) -> Instrument:
    """An instrument whose last price took these values, one a second."""
    instrument = Instrument(QQQ)
    for second, price in enumerate(prices, 1):
        instrument.set_last(price, second * 1_000, float(second))
    return instrument


def test_a_first_price_moves_nothing() -> None:
    instrument = priced(512.34)
    assert (instrument.last, instrument.previous, instrument.direction, instrument.last_trade_moved) == (
        512.34,
        None,
        0,
        False,
    )


@pytest.mark.parametrize(("to", "direction"), [(512.35, 1), (512.33, -1)])
def test_a_price_that_moves_has_a_direction_and_the_price_before(to: float, direction: int) -> None:
    instrument = priced(512.34, to)
    assert (instrument.last, instrument.previous, instrument.direction, instrument.last_trade_moved) == (
        to,
        512.34,
        direction,
        True,
    )
    assert instrument.last_changed_at == 2.0


def test_a_trade_at_the_same_price_keeps_the_direction_dim() -> None:
    instrument = priced(512.34, 512.35, 512.35)
    assert (instrument.direction, instrument.last_trade_moved, instrument.last_changed_at) == (1, False, 2.0)
    assert instrument.last_time == 3_000


@pytest.mark.parametrize("price", [0.0, -1.0])
def test_a_price_of_nothing_is_no_price(price: float) -> None:
    instrument = priced(512.34, price)
    assert (instrument.last, instrument.last_time) == (512.34, 1_000)


def test_the_tick_size_is_the_smallest_step_any_book_showed() -> None:
    instrument = Instrument(QQQ._replace(region="XX"))
    for book in (BOOK_B, depth([(512.355, 1)], [(512.35, 1)]), BOOK_B):
        instrument.depth = book
        instrument.infer_precision()
    assert instrument.precision.tick_size == 0.005


def test_a_book_between_the_prices_of_the_table_proves_it_wrong() -> None:
    instrument = Instrument(QQQ)
    ticks = []
    for book in (BOOK_B, depth([(512.355, 1)], [(512.35, 1)]), BOOK_B):
        instrument.depth = book
        instrument.infer_precision()
        ticks.append(instrument.precision.tick_size)
    assert ticks == [0.01, 0.005, 0.01]


@pytest.mark.parametrize(("price", "decimals"), [(512.0, 2), (512.3, 2), (4.126, 3), (4.1265, 4), (4.12655, 4)])
def test_decimals_are_those_that_prices_need_between_two_and_four(price: float, decimals: int) -> None:
    instrument = priced(price)
    instrument.infer_precision()
    assert instrument.precision.decimals == decimals


def test_where_there_is_a_book_it_decides_the_decimals() -> None:
    instrument = priced(512.3456)
    instrument.depth = BOOK_B
    instrument.infer_precision()
    assert instrument.precision.decimals == 2


@pytest.mark.parametrize(
    ("closes", "decimals"),
    [
        ([4.09, 4.091, 4.09, 4.092], 3),  # quoted in tenths of a cent, and closed at 4.09
        ([512.34, 512.35, 512.3456, 512.34], 2),  # one in four is of a trade that prints finer
        ([4.0, 4.09, 4.1], 2),
    ],
)
@pytest.mark.parametrize("kept", [True, False])
def test_history_gives_the_decimals_before_there_is_a_book(closes: list[float], decimals: int, kept: bool) -> None:
    instrument = Instrument(QQQ)
    bars = [bar(minute, closes[minute % len(closes)]) for minute in range(-60, 0)]
    instrument.apply_history(bars, kept, T)
    instrument.infer_precision()
    assert instrument.precision.decimals == decimals
    instrument.set_last(closes[2], T, 1.0)
    instrument.infer_precision()
    assert instrument.precision.decimals == decimals


def test_a_few_bars_of_history_give_no_decimals() -> None:
    instrument = Instrument(QQQ)
    instrument.apply_history([bar(-1, 4.09)], True, T)
    instrument.set_last(4.126, T, 1.0)
    instrument.infer_precision()
    assert instrument.precision.decimals == 3


def test_a_dropped_book_leaves_the_precision_inferred_from_it() -> None:
    instrument = priced(512.34)
    instrument.depth, instrument.depth_at = BOOK_B, 5.0
    instrument.infer_precision()
    instrument.reconnected()
    assert instrument.depth is None
    assert (instrument.depth_at, instrument.precision.tick_size) == (0.0, 0.01)
    assert instrument.has_data


def test_the_spread_of_a_closed_market_s_book_does_not_count() -> None:
    instrument = Instrument(QQQ)
    instrument.depth = BOOK_B
    for hours, counted in ((0, 1), (5, 2), (9, 2), (24, 2)):  # 11:50, after hours, night, Saturday
        instrument.sample(1.0, T + hours * 3_600_000)
        known = instrument.spreads.statistics(1.0)
        assert known is not None and known.seconds == counted
