from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.messages import BOOK_B, side
from tui.market.book import best_bid_offer
from tui.market.fill_cost import depth_within, simulate_fill, units_for
from tui.protocol.messages import Level

MID = 512.345


@pytest.mark.parametrize(
    ("levels", "size", "filled", "average", "bp"),
    [
        (BOOK_B.asks, 3_000, 3_000, "512.3527", "0.15"),
        (BOOK_B.asks, 5_000, 4_400, "512.3730", "0.55"),
        (BOOK_B.bids, 5_000, 5_000, "512.3342", "0.21"),
    ],
    ids=["buy 3,000", "buy 5,000", "sell 5,000"],
)
def test_cost_to_trade_against_book_b(levels: list[Level], size: float, filled: float, average: str, bp: str) -> None:
    fill = simulate_fill(levels, size, MID)
    assert fill is not None
    assert (fill.asked, fill.filled) == (size, filled)
    assert (f"{fill.average:.4f}", f"{fill.bp:.2f}") == (average, bp)
    assert fill.cost == pytest.approx(abs(fill.average - MID) * filled)
    assert fill.is_partial == (filled < size)


@pytest.mark.parametrize(("levels", "size"), [([], 100.0), (BOOK_B.asks, 0.0)])
def test_without_a_level_or_a_size_there_is_no_cost(levels: list[Level], size: float) -> None:
    assert simulate_fill(levels, size, MID) is None


def test_money_is_so_many_whole_units_at_the_mid() -> None:
    assert units_for(20_000, MID) == 39
    assert units_for(512.345, MID) == 1
    assert units_for(512.34, MID) == 0


def test_depth_near_the_mid_of_book_b_is_all_of_it_and_there_may_be_more() -> None:
    assert depth_within(BOOK_B.asks, MID) == (4_400, True)
    assert depth_within(BOOK_B.bids, MID) == (11_000, True)


def test_depth_ends_at_its_reach_in_basis_points_that_price_included() -> None:
    asks = side([(1000.5, 10), (1001.0, 5), (1001.1, 7)])
    assert depth_within(asks, 1000.0) == (15, False)
    assert depth_within(asks, 1000.0, reach=5) == (10, False)


prices = st.integers(1, 10**10).map(lambda n: n / 10_000)
volumes = st.floats(1e-3, 1e9)


@st.composite
def books(draw: st.DrawFn) -> tuple[list[Level], list[Level]]:
    """Asks and bids, uncrossed, from the touch outward."""
    found = sorted(draw(st.sets(prices, min_size=2, max_size=16)))
    cut = draw(st.integers(1, len(found) - 1))
    sizes = draw(st.lists(volumes, min_size=len(found), max_size=len(found)))
    both = list(zip(found, sizes, strict=True))
    return side(both[cut:]), side(both[:cut][::-1])


@given(books(), volumes)
def test_an_average_lies_between_the_touch_and_the_worst_level_and_costs(
    book: tuple[list[Level], list[Level]], size: float
) -> None:
    asks, bids = book
    mid = (asks[0].price + bids[0].price) / 2
    for levels in book:
        fill = simulate_fill(levels, size, mid)
        assert fill is not None
        near, far = sorted((levels[0].price, levels[-1].price))
        assert near <= fill.average <= far
        assert fill.bp >= 0
        assert fill.filled == pytest.approx(min(size, sum(level.volume for level in levels)))
        assert fill.is_partial == (sum(level.volume for level in levels) < size * (1 - 1e-9))


def test_fractions_that_add_up_are_not_short() -> None:
    fill = simulate_fill(side([(1.0, 0.1), (1.1, 0.2), (1.2, 0.3)]), 0.6, 0.9)
    assert fill is not None and not fill.is_partial


@given(books(), volumes, volumes)
def test_a_larger_size_is_never_cheaper(book: tuple[list[Level], list[Level]], one: float, other: float) -> None:
    asks, bids = book
    mid = (asks[0].price + bids[0].price) / 2
    less, more = sorted((one, other))
    for levels in book:
        cheap, dear = simulate_fill(levels, less, mid), simulate_fill(levels, more, mid)
        assert cheap is not None and dear is not None
        assert cheap.bp <= dear.bp * (1 + 1e-9) + 1e-6


def test_the_touch_of_book_b_is_what_these_examples_are_measured_from() -> None:
    known = best_bid_offer(BOOK_B)
    assert known is not None and known.mid == pytest.approx(MID)
