"""The demo exchange's order book."""

from __future__ import annotations

from random import Random
from statistics import mean

from hypothesis import given
from hypothesis import strategies as st

from tui.exchange.book import LEVELS, Book

MOVES = st.lists(st.floats(-40, 40), max_size=30)


def sizes(book: Book) -> dict[int, int]:
    return {price: size for price, size in book.bids + book.asks}


def check(book: Book) -> None:
    bids, asks = [price for price, _ in book.bids], [price for price, _ in book.asks]
    assert len(bids) == len(asks) == LEVELS
    assert bids == sorted(set(bids), reverse=True)
    assert asks == sorted(set(asks))
    assert bids[0] < asks[0]
    assert all(size > 0 for size in sizes(book).values())


@given(seed=st.integers(0, 999), spread=st.integers(1, 12), moves=MOVES)
def test_a_book_stays_in_order_wherever_the_price_goes(seed: int, spread: int, moves: list[float]) -> None:
    fair = 5000.0
    book = Book(fair, spread, 100, Random(seed))
    check(book)
    for move in moves:
        fair += move
        book.evolve(fair)
        check(book)
        assert abs(book.mid - fair) <= 2
        for buy in (True, False):
            touch = (book.asks if buy else book.bids)[0]
            before = touch[1]
            price, size = book.execute(buy, 250)
            assert price == touch[0]
            assert 0 < size <= min(before, 250)
            check(book)


def test_few_levels_change_from_one_picture_to_the_next() -> None:
    random = Random(1)
    fair = 50_000.0
    book = Book(fair, 1, 100, random)
    changed: list[int] = []
    for _ in range(500):
        fair += random.gauss(0, 0.6)
        before = sizes(book)
        book.evolve(fair)
        after = sizes(book)
        changed.append(sum(before.get(price) != after.get(price) for price in before.keys() | after.keys()))
    assert 1 < mean(changed) < 7


def test_sizes_grow_away_from_the_touch_and_the_spread_is_the_usual_one() -> None:
    near, far, spreads = [], [], []
    for seed in range(200):
        book = Book(40_000, 3, 100, Random(seed))
        for _ in range(20):
            book.evolve(40_000)
        near += [book.bids[0][1], book.asks[0][1]]
        far += [book.bids[-1][1], book.asks[-1][1]]
        spreads.append(book.asks[0][0] - book.bids[0][0])
    assert mean(far) > 1.4 * mean(near)
    assert len(set(near)) > 5
    assert 2.5 < mean(spreads) < 3.5
