from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.messages import BOOK_B, QQQ, T, depth, tick
from tui.market import Market
from tui.market.trade_side import AggressorSideClassifier, TradeSide, uncrossed_mid
from tui.protocol.messages import Depth, Tick

MIDDLE = 512.345


def sides(*prices: float, middle: float | None = None) -> list[TradeSide]:
    known = AggressorSideClassifier()
    return [known.classify(price, None, middle) for price in prices]


@pytest.mark.parametrize(("code", "side"), [(2, "B"), (1, "S"), (0, "~B"), (7, "~B"), (None, "~B")])
def test_a_side_sent_by_the_feed_is_used(code: int | None, side: TradeSide) -> None:
    assert AggressorSideClassifier().classify(512.35, code, MIDDLE) == side


def test_above_the_mid_is_bought_and_below_it_sold() -> None:
    assert sides(512.35, 512.34, 512.3451, 512.3449, middle=MIDDLE) == ["~B", "~S", "~B", "~S"]


def test_at_the_mid_the_tick_rule_decides() -> None:
    assert sides(MIDDLE, middle=MIDDLE) == ["·"]
    assert sides(512.35, MIDDLE, middle=MIDDLE) == ["~B", "~S"]


@given(st.integers(1, 100_000_000))
def test_a_mid_as_the_processor_halves_it_is_the_one_the_feed_writes(bid: int) -> None:
    """In 0.0001, the spread one of them: (4.1261 + 4.1262) / 2 is not always 4.12615."""
    middle = uncrossed_mid(depth([((bid + 1) / 10_000, 1)], [(bid / 10_000, 1)]))
    assert AggressorSideClassifier().classify((2 * bid + 1) / 20_000, None, middle) == "·"


def test_without_a_book_the_last_non_zero_change_decides() -> None:
    assert sides(10.0, 10.0, 10.1, 10.1, 10.0, 10.0) == ["·", "·", "~B", "~B", "~S", "~S"]


def test_a_restart_forgets_what_the_price_did() -> None:
    known = AggressorSideClassifier()
    known.classify(10.0, None, None)
    known.classify(10.1, None, None)
    known.reset()
    assert known.classify(10.2, None, None) == "·"
    assert known.classify(10.1, None, None) == "~S"


@pytest.mark.parametrize(
    ("book", "middle"),
    [
        (BOOK_B, 512.345),
        (depth([(10.02, 0), (10.03, 5)], [(0, 0), (10.01, 5)]), 10.02),
        (depth([(10.01, 5)], []), None),
        (depth([(0, 0)], [(0, 0)]), None),
        (depth([(10.01, 5)], [(10.01, 5)]), None),
        (depth([(10.00, 5)], [(10.01, 5)]), None),
    ],
    ids=["book B", "empty first levels", "one-sided", "zeros", "locked", "crossed"],
)
def test_only_an_uncrossed_book_has_a_middle(book: Depth, middle: float | None) -> None:
    assert uncrossed_mid(book) == (None if middle is None else pytest.approx(middle))


@given(st.lists(st.sampled_from([9.99, 10.0, 10.01, 10.02]), min_size=1, max_size=50))
def test_the_tick_rule_only_needs_the_last_two_different_prices(prices: list[float]) -> None:
    different = [price for n, price in enumerate(prices) if n == 0 or price != prices[n - 1]]
    expected = "·" if len(different) < 2 else "~B" if different[-1] > different[-2] else "~S"
    assert sides(*prices)[-1] == expected


@given(st.integers(1, 10_000_000), st.integers(1, 50), st.integers(-100, 100))
def test_a_trade_at_or_beyond_the_touch_has_the_side_that_crossed(bid: int, spread: int, beyond: int) -> None:
    """Prices in 0.0001."""
    ask = bid + spread
    middle = uncrossed_mid(depth([(ask / 10_000, 1)], [(bid / 10_000, 1)]))
    price = ask + beyond if beyond >= 0 else max(0, bid + beyond + 1)
    assert AggressorSideClassifier().classify(price / 10_000, None, middle) == ("~B" if beyond >= 0 else "~S")


def taped(*messages: Tick | Depth | tuple[Depth, float], now: float = 10.0) -> list[TradeSide]:
    """The sides as the market decides them; a book may come with its own time of arrival."""
    market = Market()
    market.wall_base = T
    market.follow([QQQ])
    for message in messages:
        market.apply(*message) if isinstance(message, tuple) else market.apply(message, now)
    return [run.side for run in market.instruments[QQQ].tape.runs()]


def test_a_book_serves_the_quote_rule_for_two_seconds() -> None:
    assert taped((BOOK_B, 8.0), tick(512.35)) == ["~B"]
    assert taped((BOOK_B, 7.9), tick(512.35)) == ["·"]


def test_a_book_that_came_after_the_trade_is_not_used_for_it() -> None:
    assert taped(tick(512.35), BOOK_B) == ["·"]


def test_a_new_connection_begins_without_book_and_price() -> None:
    market = Market()
    market.wall_base = T
    market.follow([QQQ])
    market.apply(tick(512.30), 0.0)
    market.apply(BOOK_B, 0.0)
    market.reconnected([QQQ])
    market.apply(tick(512.35, 1_000), 1.0)
    assert [run.side for run in market.instruments[QQQ].tape.runs()] == ["·", "·"]


def test_a_new_date_begins_without_a_price() -> None:
    day = 24 * 3_600_000
    market = Market()
    market.wall_base = T + day
    market.follow([QQQ])
    for time, price in [(0, 10.0), (1, 10.1), (day, 10.2), (day + 1, 10.3)]:
        market.apply(tick(price, time), 0.0)
    assert [run.side for run in market.instruments[QQQ].tape.runs()] == ["~B", "·", "~B", "·"]
