"""What was traded at each price, on which side, and since when."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from tests.support.messages import T, quote, tick
from tui.market.sessions import calendar
from tui.market.tape import MAX_TRADES, Tape
from tui.market.trade_side import TradeSide
from tui.market.volume_at_price import MAX_PRICES, VALUE_AREA, VolumeAtPrice

DAY = 24 * 3_600_000


def volumes(*trades: tuple[float, float, TradeSide]) -> VolumeAtPrice:
    made = VolumeAtPrice()
    for price, size, side in trades:
        made.add(price, size, side)
    return made


def test_sizes_are_summed_by_price_and_side() -> None:
    made = volumes((10.01, 100, "B"), (10.0, 30, "S"), (10.01, 50, "~B"), (10.01, 7, "~S"), (10.01, 5, "·"))
    assert made.between(10.005, 10.015) == (150, 7, 162)
    assert made.between(9.995, 10.005) == (0, 30, 30)
    assert made.between(11, 12) == (0, 0, 0)


def test_a_price_between_two_steps_of_the_book_belongs_to_the_upper_one() -> None:
    made = volumes((10.005, 100, "B"), (10.0049, 10, "B"), (10.0, 1, "B"))
    assert made.between(10.005, 10.015).bought == 100
    assert made.between(9.995, 10.005).bought == 11


def test_sides_are_told_until_one_is_inferred() -> None:
    assert not volumes((10.0, 1, "B"), (10.0, 1, "S"), (10.0, 1, "·")).is_inferred
    assert volumes((10.0, 1, "B"), (10.0, 1, "~S"), (10.0, 1, "B")).is_inferred


def test_point_of_control_and_value_area() -> None:
    assert (VolumeAtPrice().point_of_control, VolumeAtPrice().value_area) == (None, None)
    made = volumes(*((10 + n / 100, size, "B") for n, size in enumerate([5, 10, 20, 40, 15, 5, 5])))
    assert made.point_of_control == 10.03
    assert made.value_area == (10.02, 10.04), "75 of 100: 10.01 to 10.03 is as small, but holds 70 only"
    assert volumes((10.0, 1, "B")).value_area == (10.0, 10.0)


def test_both_follow_the_trades() -> None:
    made = volumes((10.0, 100, "B"))
    assert (made.point_of_control, made.value_area) == (10.0, (10.0, 10.0))
    made.add(10.05, 900, "S")
    assert (made.point_of_control, made.value_area) == (10.05, (10.05, 10.05))


def test_a_value_area_does_not_leave_the_point_of_control() -> None:
    made = volumes((10.0, 60, "B"), (10.1, 1, "B"), *((11 + n / 100, 39, "B") for n in range(3)))
    assert made.point_of_control == 10.0
    area = made.value_area
    assert area is not None and area.low == 10.0 and area.high == 11.01


@given(st.lists(st.integers(1, 50), min_size=1, max_size=40))
def test_no_smaller_run_around_the_point_of_control_holds_as_much(sizes: list[int]) -> None:
    made = volumes(*((10 + n / 100, size, "S") for n, size in enumerate(sizes)))
    area, control = made.value_area, sizes.index(max(sizes))
    assert area is not None
    low, high = round(100 * (area.low - 10)), round(100 * (area.high - 10))
    sums = [0, *accumulate(sizes)]
    needed = VALUE_AREA * sums[-1] * (1 - 1e-9)
    widths = [b - a for a in range(control + 1) for b in range(control, len(sizes)) if sums[b + 1] - sums[a] >= needed]
    assert low <= control <= high and sums[high + 1] - sums[low] >= needed
    assert high - low == min(widths)


def test_memory_is_bounded_and_nothing_is_lost() -> None:
    made = volumes(*((10 + n / 10_000, 1, "B") for n in range(5 * MAX_PRICES)))
    assert len(made._prices) <= MAX_PRICES
    assert made.between(0, 100) == (5 * MAX_PRICES, 0, 5 * MAX_PRICES)
    assert made.step == 0.001
    assert made.between(10.0095, 10.0105).bought == 10
    assert made.between(10.0105, 10.0115).bought == 10, "the upper one of two, always: there are ten to each"


@pytest.mark.parametrize("price", [1e-6, 1e12])
def test_the_least_and_the_greatest_price(price: float) -> None:
    made = volumes((price, 7, "S"))
    assert made.point_of_control == pytest.approx(price)
    assert made.between(price / 2, price * 2).sold == 7


# --- by rows of a chart ---


def test_a_row_has_what_was_traded_at_its_prices() -> None:
    made = volumes((10.00, 5, "B"), (10.01, 20, "S"), (10.02, 40, "B"), (10.03, 10, "·"))
    assert made.profile(9.995, 10.035, 4, 0.01) == pytest.approx([10, 40, 20, 5])
    assert made.profile(9.995, 10.035, 2, 0.01) == pytest.approx([50, 25])
    assert made.profile(10.015, 10.035, 2, 0.01) == pytest.approx([10, 40]), "what lies below is not in sight"
    assert VolumeAtPrice().profile(9.0, 11.0, 3, 0.01) == [0, 0, 0]


def test_a_price_is_spread_over_the_rows_of_its_tick() -> None:
    made = volumes((10.00, 60, "B"), (10.01, 60, "B"), (10.02, 60, "B"))
    assert made.profile(9.995, 10.025, 6, 0.01) == pytest.approx([30] * 6), "two rows a tick"
    assert made.profile(9.995, 10.025, 2, 0.01) == pytest.approx([90] * 2), "a tick and a half a row"


@given(st.lists(st.integers(1, 50), min_size=1, max_size=40), st.integers(1, 30))
def test_the_rows_have_all_that_is_in_sight(sizes: list[int], rows: int) -> None:
    made = volumes(*((10 + n / 100, size, "S") for n, size in enumerate(sizes)))
    assert sum(made.profile(9.9, 10.6, rows, 0.01)) == pytest.approx(sum(sizes))


def test_prices_far_apart_are_taken_together_as_often_as_it_takes() -> None:
    made = volumes(*((1 + 9.0 * n, 1, "B") for n in range(MAX_PRICES + 5)))
    assert len(made._prices) <= MAX_PRICES
    assert made.between(0, 1e6).total == MAX_PRICES + 5


# --- of a tape ---


def traded(tape: Tape, count: int, *, start: int = 0, price: float = 10.0) -> Tape:
    for n in range(count):
        message = tick(price + n % 2 / 100, start + 1_000 * n, volume=10.0 + n % 3)
        message.side = 2 - n % 2
        tape.add(message, None, None)
        tape.apply_late_sizes()
    return tape


def test_every_trade_of_the_date_counts_once_also_those_the_tape_has_dropped() -> None:
    tape = traded(Tape(calendar("US")), 3 * MAX_TRADES + 70)
    assert len(tape) == MAX_TRADES
    for _ in range(2):
        found = tape.volume_at_price
        expected = sum(10.0 + n % 3 for n in range(3 * MAX_TRADES + 70))
        assert found.between(0, 100).total == expected
        assert tape.cumulative_delta.newest == found.between(0, 100).bought - found.between(0, 100).sold
        assert found.between(10.005, 10.015).sold == sum(10.0 + n % 3 for n in range(1, 3 * MAX_TRADES + 70, 2))
    assert found.since == T


def test_sizes_that_are_known_late_count_too() -> None:
    tape = Tape(calendar("US"))
    for n in range(10):
        tape.add(tick(10.0, 1_000 * n, volume=100.0 + n), None, None)
    assert tape.volume_at_price.since == 0, "nobody knows yet what these numbers are"
    for n, volume in enumerate((50.0, 60.0, 20.0), 10):
        tape.add(tick(10.0, 1_000 * n, volume=volume), None, None)
        tape.apply_late_sizes()
    assert tape.sizes.cumulative is False
    assert tape.volume_at_price.between(9, 11).total == sum(100.0 + n for n in range(10)) + 130
    assert tape.volume_at_price.since == T


def test_sizes_known_after_the_tape_was_full_count_too() -> None:
    tape = Tape(calendar("US"))
    volumes = [*(1_000.0 + n for n in range(MAX_TRADES + 120)), 50.0, 40.0]  # two falls: these are no sums
    for n, volume in enumerate(volumes):
        tape.add(tick(10.0, 1_000 * n, volume=volume), None, None)
        tape.apply_late_sizes()
    found = tape.volume_at_price
    assert found.between(9, 11).total == sum(tape.known_sizes()) > 200_000


def test_another_date_begins_anew() -> None:
    tape = traded(Tape(calendar("US")), 40)
    assert tape.volume_at_price.since
    traded(tape, 1, start=DAY)
    assert tape.volume_at_price.since == 0
    assert tape.cumulative_delta.newest == 0
    traded(tape, 30, start=DAY + 5_000, price=20.0)
    assert tape.volume_at_price.between(0, 15).total in (0, 10.0)
    assert tape.volume_at_price.since >= T + DAY


def test_while_the_link_was_away_trades_may_have_been_missed() -> None:
    tape = Tape(calendar("US"))
    tape.reconnected()
    traded(tape, 40)
    assert not tape.lacks_sizes, "the link was away before the first of them"
    tape.reconnected()
    assert tape.lacks_sizes
    traded(tape, 40, start=DAY)
    assert not tape.lacks_sizes, "of this date nothing is missing"


def test_a_sum_that_grows_tells_itself_what_was_missed() -> None:
    tape = Tape(calendar("US"))
    for n in range(30):
        volume = 1_000_000.0 + 100 * n
        day = structs.replace(quote(10.0, 1_000 * n), volume=volume)
        tape.add(tick(10.0, 1_000 * n, volume=volume), day, None)
        tape.apply_late_sizes()
    assert tape.volume_at_price.since
    tape.reconnected()
    assert not tape.lacks_sizes


def test_trades_without_a_time_are_not_counted_since_when() -> None:
    tape = Tape(calendar("US"))
    for n in range(30):
        tape.add(tick(10.0, -T, volume=10.0 + n % 3), None, None)
        tape.apply_late_sizes()
    assert tape.sizes.cumulative is False and sum(tape.known_sizes()) > 200
    assert (tape.volume_at_price.since, tape.volume_at_price.point_of_control) == (0, None)
