from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.messages import BOOK_B, Sizes, depth, side
from tui.market.book import (
    best_bid_offer,
    best_level,
    changed_sizes,
    cumulative,
    decimals,
    imbalance,
    in_order,
    inferred_tick_size,
    microprice,
    valid_levels,
)
from tui.protocol.messages import Depth, Level

sizes = st.lists(
    st.tuples(st.sampled_from([0.0, 1.0, 512.34, 512.35]), st.just(0.0) | st.floats(1e-3, 1e9)), max_size=8
)


def test_spread_mid_and_basis_points_of_book_b() -> None:
    known = best_bid_offer(BOOK_B)
    assert known is not None
    assert known == (512.34, 512.35)
    assert known.spread == pytest.approx(0.01)
    assert known.mid == pytest.approx(512.345)
    assert round(known.bp, 1) == 0.2
    step = inferred_tick_size(BOOK_B)
    assert step == 0.01
    assert round(known.spread / step) == 1


def test_a_tick_is_many_basis_points_of_a_low_price() -> None:
    known = best_bid_offer(depth(asks=[(4.127, 100)], bids=[(4.126, 100)]))
    assert known is not None and round(known.bp, 1) == 2.4


def test_imbalance_of_book_b() -> None:
    found = imbalance(BOOK_B)
    assert found is not None
    value, over = found
    assert (f"{100 * value:+.0f} %", over) == ("+39 %", 5)


def test_imbalance_uses_as_many_levels_as_both_sides_have() -> None:
    assert imbalance(depth(asks=[(2, 1), (3, 1), (4, 1)], bids=[(1, 3), (0.9, 3)])) == (0.5, 2)


@pytest.mark.parametrize(
    ("asks", "bids"),
    [
        ([], []),
        ([(512.35, 100)], []),
        ([], [(512.34, 100)]),
        ([(0, 0)] * 5, [(0, 0)] * 5),
        ([(512.35, 100)], [(0, 5)]),
        ([(512.35, 100)], [(512.34, 0)]),
    ],
)
def test_without_two_sides_there_is_no_touch_and_no_imbalance(asks: Sizes, bids: Sizes) -> None:
    assert best_bid_offer(depth(asks, bids)) is None
    assert imbalance(depth(asks, bids)) is None


@pytest.mark.parametrize(("bid", "sign"), [(512.35, 0), (512.36, -1)], ids=["locked", "crossed"])
def test_a_locked_or_crossed_book_shows_in_its_spread(bid: float, sign: int) -> None:
    known = best_bid_offer(depth(asks=[(512.35, 100)], bids=[(bid, 100)]))
    assert known is not None
    assert (known.spread > 0) - (known.spread < 0) == sign


def test_levels_without_price_or_size_are_not_there() -> None:
    ladder = side([(0, 5), (512.36, 0), (512.37, 7), (512.38, 8)])
    assert [level.price for level in valid_levels(ladder)] == [512.37, 512.38]
    assert best_level(ladder) is ladder[2]
    assert best_level([]) is None


def test_the_tick_is_the_smallest_step_between_neighbouring_prices() -> None:
    assert inferred_tick_size(depth(asks=[(4.130, 1), (4.135, 1)], bids=[(4.128, 1), (4.120, 1)])) == 0.002


@pytest.mark.parametrize("book", [depth([], []), depth([(512.35, 1)], []), depth([(512.35, 1)], [(512.35, 1)])])
def test_without_two_prices_no_tick_is_known(book: Depth) -> None:
    assert inferred_tick_size(book) is None


def test_cumulative_sizes_of_book_b() -> None:
    assert cumulative(BOOK_B.asks)[:4] == [2600, 2700, 2900, 3100]
    assert cumulative(BOOK_B.bids)[-1] == 11_000
    assert cumulative([]) == []


@given(sizes)
def test_cumulative_sizes_never_fall_and_end_at_the_sum(ladder: Sizes) -> None:
    totals = cumulative(side(ladder))
    assert len(totals) == len(ladder)
    assert all(b >= a for a, b in pairwise(totals))
    assert (totals or [0])[-1] == pytest.approx(sum(volume for _, volume in ladder))


@given(sizes, sizes, st.integers(1, 10))
def test_imbalance_stays_within_one_and_turns_over_with_the_sides(asks: Sizes, bids: Sizes, k: int) -> None:
    found, swapped = imbalance(depth(asks, bids), k), imbalance(depth(bids, asks), k)
    if found is None:
        assert swapped is None
        return
    value, over = found
    assert -1 <= value <= 1
    assert 1 <= over <= k
    assert swapped == (-value, over)


def test_microprice_of_book_b() -> None:
    found = microprice(BOOK_B)
    assert found is not None and f"{found:.5f}" == "512.34544"


@pytest.mark.parametrize("bid", [512.35, 512.36], ids=["locked", "crossed"])
def test_without_a_spread_there_is_no_microprice(bid: float) -> None:
    assert microprice(depth(asks=[(512.35, 100)], bids=[(bid, 100)])) is None
    assert microprice(depth(asks=[(512.35, 100)], bids=[])) is None


@given(st.floats(1e-4, 1e6), st.floats(1e-4, 1e3), st.floats(1e-3, 1e9), st.floats(1e-3, 1e9))
def test_microprice_is_inside_the_spread_nearer_to_the_side_that_has_less(
    bid: float, spread: float, bids: float, asks: float
) -> None:
    book = depth(asks=[(bid + spread, asks)], bids=[(bid, bids)])
    found, known = microprice(book), best_bid_offer(book)
    assert found is not None and known is not None
    assert known.bid <= found <= known.ask
    assert (found - known.mid) * (bids - asks) >= -1e-6 * abs(bids - asks)


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ([(1, 5), (2, 5)], [(1, 5), (2, 5)], set()),
        ([(1, 5), (2, 5)], [(1, 5), (2, 6)], {2}),
        ([(2, 5), (3, 5)], [(1, 4), (2, 5), (3, 5)], {1}),  # better than any
        ([(1, 5), (3, 5)], [(1, 5), (2, 4), (3, 5)], {2}),  # between two
        ([(1, 5), (2, 5)], [(2, 5), (3, 5)], set()),  # came into sight as the first went
        ([(1, 5)], [(4, 5), (5, 5)], set()),  # another book
        ([], [(1, 5)], set()),
        ([(1, 5)], [], set()),
    ],
)
def test_which_levels_changed_their_size(before: Sizes, after: Sizes, changed: set[float]) -> None:
    assert changed_sizes(side(before), side(after)) == changed


Rows = list[tuple[float, float, int]]
"""Levels: price, size, position."""


def levels(rows: Rows) -> list[Level]:
    return [Level(*row) for row in rows]


def ordered(asks: Rows, bids: Rows) -> tuple[Sizes, Sizes, bool]:
    """The book as it is sorted, and whether its positions contradict its prices."""
    book, contradict = in_order(Depth(symbol="QQQ$US", asks=levels(asks), bids=levels(bids)))
    asks_, bids_ = ([(level.price, level.volume) for level in side] for side in (book.asks, book.bids))
    return asks_, bids_, contradict


FAR_FIRST: Rows = [(4.131, 50, 5), (4.13, 40, 4), (4.129, 30, 3), (4.128, 20, 2), (4.127, 10, 1)]
NEAR_FIRST = FAR_FIRST[::-1]
BIDS: Rows = [(4.126, 10, 1), (4.125, 20, 2)]


@pytest.mark.parametrize(
    ("asks", "contradict"),
    [
        (NEAR_FIRST, False),
        (FAR_FIRST, False),
        ([(price, size, 6 - position) for price, size, position in NEAR_FIRST], True),
        ([(price, size, 6 - position) for price, size, position in FAR_FIRST], True),
        ([(price, size, 0) for price, size, _ in FAR_FIRST], False),
        ([(price, size, 1) for price, size, _ in FAR_FIRST], False),
    ],
    ids=["in order", "far first", "in order, po against it", "far first, po against it", "no po", "one po"],
)
def test_prices_decide_the_order_of_levels(asks: Rows, contradict: bool) -> None:
    book, _ = in_order(Depth(symbol="QQQ$US", asks=levels(asks), bids=levels(BIDS)))
    known = best_bid_offer(book)
    assert known is not None and known.ask == 4.127 and known.spread == pytest.approx(0.001)
    sizes = [(price, size) for price, size, _ in NEAR_FIRST]
    assert ordered(asks, BIDS) == (sizes, [(4.126, 10), (4.125, 20)], contradict)


def test_two_entries_of_one_price_are_added() -> None:
    asks: Rows = [(4.127, 10, 1), (4.127, 5, 2), (4.128, 20, 3), (4.128, 0, 4)]
    bids: Rows = [(4.126, 10, 2), (4.125, 20, 3), (4.126, 7, 1)]
    assert ordered(asks, bids) == ([(4.127, 15), (4.128, 20)], [(4.126, 17), (4.125, 20)], False)


def test_a_book_with_nothing_odd_is_not_copied() -> None:
    book = Depth(symbol="QQQ$US", asks=levels(NEAR_FIRST), bids=levels(BIDS))
    assert in_order(book)[0] is book


cents = st.integers(1, 40).map(lambda n: round(4 + n / 1000, 3))
rows = st.lists(st.tuples(cents, st.integers(0, 9), st.integers(0, 12)), max_size=12)


@given(rows, rows)
def test_any_book_is_sorted_with_each_price_once_and_no_size_is_lost(asks: Rows, bids: Rows) -> None:
    depth_ = Depth(symbol="QQQ$US", asks=levels(asks), bids=levels(bids))
    book, contradict = in_order(depth_)
    for before, after, sign in ((depth_.asks, book.asks, 1), (depth_.bids, book.bids, -1)):
        found = [level.price * sign for level in valid_levels(after)]
        assert found == sorted(set(found))
        for price in {level.price for level in before}:
            total = sum(level.volume for level in before if level.price == price)
            assert sum(level.volume for level in after if level.price == price) == total
    if contradict:
        assert any(level.level for level in depth_.asks + depth_.bids)


@pytest.mark.parametrize(
    ("prices", "digits"),
    [([], 2), ([512.34, 512.0], 2), ([4.12, 4.125], 3), ([0.0001], 4), ([1_000_000.0001], 4), ([0.123456], 4)],
)
def test_digits_that_all_prices_need(prices: list[float], digits: int) -> None:
    assert decimals(prices) == digits
