"""Depth over time: what stood, for how long it is remembered, and of whom."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.messages import QQQ, SPY, T, depth, tick
from tui.market import Market
from tui.market.depth_histories import MAX_REMEMBERED
from tui.market.depth_history import MAX_CELLS, MAX_COLUMN, DepthHistory
from tui.protocol.messages import Depth, Level
from tui.symbol import Symbol

S = T // 1000  # T in s


def market(symbols: Sequence[Symbol] = (QQQ,), limit: int = MAX_REMEMBERED) -> Market:
    """Follows the symbols from T, which is 0 s of its clock."""
    found = Market()
    found.depth_histories.limit = limit
    found.set_clock(T)
    found.follow(symbols)
    return found


def history(market: Market, symbol: Symbol = QQQ) -> DepthHistory:
    found = market.instruments[symbol].depth_history
    assert found is not None
    return found


def sizes(history: DepthHistory, start: int, stop: int) -> dict[float, float]:
    """The largest sizes between two times in s after T."""
    column = history.column(S + start, S + stop)
    return dict(column.sizes) if column is not None else {}


def book(bid: float, ask: float = 100.0, price: float = 512.34) -> Depth:
    return depth([(price + 0.01, ask)], [(price, bid)])


def test_the_largest_size_counts_even_if_it_stood_for_one_book_only() -> None:
    of = market()
    for at, size in ((0.1, 300), (0.2, 9_000), (0.3, 200)):
        of.apply(book(size, ask=size + 1), at)
    of.apply(book(100), 1.5)
    assert sizes(history(of), 0, 1) == {512.34: 9_000, 512.35: 9_001}
    assert sizes(history(of), 1, 2)[512.34] == 200, "the last book of the second before still stood as this one began"


def test_a_book_stands_until_the_next_one_however_long_that_takes() -> None:
    of = market()
    of.apply(book(900), 0.5)
    of.apply(book(300), 0.6)
    of.apply(book(100), 500.5)
    assert [sizes(history(of), at, at + 1)[512.34] for at in (0, 1, 250, 499, 500)] == [900, 300, 300, 300, 300]
    assert [sizes(history(of), at, at + 60)[512.34] for at in (0, 60, 240, 480)] == [900, 300, 300, 300]


def test_nothing_is_known_before_the_first_book_nor_after_the_present() -> None:
    of = market()
    history(of).advance(T + 5_000, 5.0, of.instruments[QQQ].tape)
    assert history(of).since is None
    of.apply(book(100), 7.5)
    assert history(of).since == S + 7
    assert sizes(history(of), 6, 7) == {} and sizes(history(of), 7, 8) and sizes(history(of), 8, 9) == {}


def test_the_touch_is_that_at_the_end_of_the_column() -> None:
    of = market()
    of.apply(book(100), 0.1)
    of.apply(book(100, price=512.40), 0.9)
    of.apply(book(100, price=512.50), 1.5)
    first, both = history(of).column(S, S + 1), history(of).column(S, S + 2)
    assert first is not None and (first.bid, first.ask) == (512.40, 512.41)
    assert both is not None and (both.bid, both.ask) == (512.50, 512.51)


def test_levels_of_padding_are_none() -> None:
    of = market()
    of.apply(
        Depth(symbol="QQQ$US", asks=[Level(512.35, 100), Level(0, 0)], bids=[Level(512.34, 200), Level(0, 70)]), 0.5
    )
    of.apply(book(1), 1.5)
    assert sizes(history(of), 0, 1) == {512.35: 100, 512.34: 200}


def test_a_lost_link_ends_the_book_at_its_last_frame_also_if_that_is_known_later() -> None:
    of = market()
    of.apply(book(100), 0.5)
    history(of).advance(T + 8_000, 8.0, of.instruments[QQQ].tape)  # drawn meanwhile
    of.link_lost(2.5)
    assert [bool(sizes(history(of), at, at + 1)) for at in (1, 2, 3, 7, 8)] == [True, True, False, False, False]
    of.reconnected([QQQ])
    of.apply(book(300), 12.5)
    assert [bool(sizes(history(of), at, at + 1)) for at in (2, 3, 11, 12)] == [True, False, False, True]
    assert sizes(history(of), 0, 60)[512.34] == 300


def test_a_link_lost_at_once_ends_the_book_too() -> None:
    of = market()
    of.apply(book(100), 0.5)
    of.link_lost(0.5)
    history(of).advance(T + 4_000, 4.0, of.instruments[QQQ].tape)
    assert [bool(sizes(history(of), at, at + 1)) for at in (0, 1, 2)] == [True, False, False]


def test_a_clock_that_was_set_back_breaks_nothing() -> None:
    of = market()
    of.apply(book(100), 10.5)
    of.set_clock(T - 5_000)
    of.apply(book(700), 11.0)
    of.apply(book(300), 16.5)
    assert history(of).now == S + 11
    assert sizes(history(of), 10, 11)[512.34] == 700, "what comes meanwhile counts with the second in progress"


@given(
    st.lists(
        st.tuples(
            st.floats(0.001, 90.0).map(lambda gap: round(gap, 3)),
            st.dictionaries(st.integers(1, 5), st.integers(1, 9), min_size=1, max_size=4),
        ),
        min_size=1,
        max_size=30,
    ),
    st.sampled_from([1, 2, 5, 60]),
)
def test_it_is_what_all_books_together_come_to(steps: list[tuple[float, dict[int, int]]], seconds: int) -> None:
    of, at, stood = market(), 0.0005, list[tuple[float, dict[int, int]]]()
    for gap, bids in steps:
        at += gap
        ask = sum(bids.values())
        of.apply(depth([(10.0, ask)], [(float(price), size) for price, size in sorted(bids.items(), reverse=True)]), at)
        stood.append((at, {**bids, 10: ask}))
    ends = [*(began for began, _ in stood[1:]), 1e9]
    for start in range(0, int(at) // seconds * seconds + 1, seconds):
        wanted: dict[float, float] = {}
        for (began, levels), ended in zip(stood, ends, strict=True):
            if began < start + seconds and ended > start:
                wanted |= {float(price): max(float(size), wanted.get(price, 0.0)) for price, size in levels.items()}
        assert sizes(history(of), start, start + seconds) == wanted


def test_seconds_are_remembered_for_an_hour_and_minutes_for_a_day() -> None:
    of = market()
    for minute in range(28 * 60):
        of.apply(book(100 + minute), 60.0 * minute + 0.5)
        of.apply(book(50 + minute), 60.0 * minute + 30.5)
    now, of_qqq = 28 * 3600, history(of)
    assert of_qqq.oldest(minutes=False) < S + now - 3600 and of_qqq.oldest(minutes=True) < S + now - 24 * 3600 + 120
    assert sizes(of_qqq, now - 3600, now - 3599)
    assert sizes(of_qqq, 5 * 3600, 5 * 3600 + 60)[512.34] == 100 + 300
    assert sizes(of_qqq, 5 * 3600, 5 * 3600 + 1) == {}
    assert of_qqq.oldest(minutes=True) > S, "memory is bounded"


def test_memory_is_bounded_by_prices_and_trades() -> None:
    of = market()
    for n in range(150):
        side = [(1_000.0 + 2_000 * n + level, 5.0) for level in range(1_000)]
        of.apply(depth(side, [(1.0, 5.0)]), n + 0.5)
    assert len(history(of)._seconds._prices) <= MAX_CELLS
    assert sizes(history(of), 148, 149) and not sizes(history(of), 0, 1)
    for n in range(20):
        of.apply(depth([(1e6 + 2_000 * n + level, 5.0) for level in range(1_000)], [(1.0, 5.0)]), 150.1)
    assert len(history(of)._largest) <= MAX_COLUMN


def test_the_oldest_trades_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.market.depth_history.MAX_TRADES_KEPT", 80)
    of = market()
    for n in range(200):
        of.apply(book(100), n + 0.1)
        of.apply(tick(512.34 + n % 2 / 100, 1_000 * n + 500), n + 0.5)
    assert len(history(of)._trade_times) <= 80
    newest = history(of).column(S + 198, S + 199)
    assert newest is not None and newest.trade is not None


def test_trades_have_their_price_their_side_and_the_second_they_came_in() -> None:
    of = market()
    of.apply(tick(512.00, 100), 0.1)
    of.apply(book(100), 0.5)
    of.apply(tick(512.35, 1_200), 1.2)
    of.apply(tick(512.34, 1_300), 1.3)
    of.apply(tick(512.35, 2_400), 2.4)
    of.apply(book(100), 5.5)
    first, second, third, fifth = (history(of).column(S + at, S + at + 1) for at in (0, 1, 2, 5))
    assert first is not None and first.trade is None, "that was before the first book"
    assert second is not None and second.trade == (512.34, -1)
    assert third is not None and third.trade == (512.35, 1)
    assert fifth is not None and fifth.trade is None


def test_trades_of_a_delayed_feed_stand_beside_the_books_that_came_with_them() -> None:
    of = market()
    for at in range(10):
        of.apply(book(100), at + 0.1)
        of.apply(tick(512.35, 1_000 * at - 900_000), at + 0.2)
    shown = [column.trade for at in range(1, 9) if (column := history(of).column(S + at, S + at + 1))]
    assert len(shown) == 8 and all(shown)


def test_the_first_followed_are_remembered_until_others_are_shown() -> None:
    symbols = [Symbol(f"A{n}", "US") for n in range(12)]
    of = market(symbols, limit=3)

    def remembered() -> list[str]:
        return [symbol.code for symbol, i in of.instruments.items() if i.depth_history is not None]

    assert remembered() == ["A0", "A1", "A2"]
    of.depth_histories.show(of.instruments[symbols[0]], T, 0.0)
    of.apply(depth([(1.01, 5)], [(1.0, 5)], s="A9$US"), 0.5)
    of.depth_histories.show(of.instruments[symbols[9]], T + 700, 0.7)
    assert remembered() == ["A0", "A2", "A9"], "A1 was not shown for the longest time"
    assert sizes(history(of, symbols[9]), 0, 1) == {1.01: 5, 1.0: 5}, (
        "the book that stands counts from when it is shown"
    )
    of.reconnected(symbols[5:])
    assert remembered() == ["A9"]
    of.follow([SPY, QQQ])
    assert remembered() == ["A9", "SPY", "QQQ"], "what was dropped makes room"


def test_without_a_screen_nothing_is_remembered() -> None:
    of = market(limit=0)
    of.apply(book(100), 0.5)
    of.depth_histories.show(of.instruments[QQQ], T, 1.0)
    assert of.instruments[QQQ].depth_history is None


def test_another_exchange_begins_anew() -> None:
    of = market()
    of.apply(book(100), 0.5)
    of.set_hours(demo=True)
    assert history(of).since is None


def test_a_column_tells_that_the_link_was_lost_in_a_part_of_its_time() -> None:
    of = market()
    of.apply(book(100), 0.5)
    of.link_lost(2.5)
    of.link_lost(2.5)
    of.reconnected([QQQ])
    of.apply(book(300), 12.5)
    of.apply(book(300), 70.5)
    columns = [history(of).column(S + n, S + n + 10) for n in (0, 10, 20)]
    lost = [column is not None and column.lost for column in columns]
    assert lost == [True, False, False]
