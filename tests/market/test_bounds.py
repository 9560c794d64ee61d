"""What is as good as no price is none, everywhere."""

from __future__ import annotations

import pytest

from tests.market.test_market import following
from tests.support.messages import QQQ, T, bar, depth, quote, tick
from tui.market.analytics import premium_over
from tui.market.book import best_bid_offer, best_level, valid_levels
from tui.market.change import ReferenceSource, quoted_reference
from tui.market.fair_value import IndicativeValue
from tui.market.sessions import zone
from tui.market.tape import large_trade_threshold
from tui.market.trade_side import uncrossed_mid
from tui.protocol.messages import MAX_PRICE, MIN_PRICE, Kline, Quote

NONE = (0.0, 5e-324, MIN_PRICE * (1 - 1e-9))


@pytest.mark.parametrize("price", NONE)
def test_no_last_price_is_made_of_none(price: float) -> None:
    market = following(QQQ)
    instrument = market.instruments[QQQ]
    for message in (tick(price), quote(price, 1)):
        market.apply(message, 1.0)
    market.apply_history_quote(QQQ, quote(price, 2), 1.0)
    assert (instrument.last, instrument.last_known, len(instrument.tape)) == (None, None, 0)
    assert market.apply(bar(0, price), 1.0) is None
    market.apply_history_closes(QQQ, {"2024-11-14": price, "2024-11-13": 2 * MAX_PRICE, "2024-11-12": 512.0})
    assert [*instrument.closes.values()] == [512.0]


@pytest.mark.parametrize("price", NONE)
def test_no_level_stands_at_none(price: float) -> None:
    book = depth([(price, 1), (3, 1)], [(price, 1), (2, 1)])
    assert [level.price for level in valid_levels(book.asks)] == [3]
    first = best_level(book.bids)
    assert first is not None and first.price == 2
    assert best_bid_offer(book) == (2, 3) and uncrossed_mid(book) == 2.5
    assert uncrossed_mid(depth([(3, 1)], [(price, 1)])) is None


@pytest.mark.parametrize(
    "quote",
    [
        Quote(symbol="", last=MIN_PRICE, change=MIN_PRICE * 0.999),
        Quote(symbol="", last=MAX_PRICE, change=-MAX_PRICE),
        Quote(symbol="", last=MAX_PRICE, change_percent=-99.9999999999),
        Quote(symbol="", last=1.0, previous_close=5e-324),
        Quote(symbol="", last=1.0, open=5e-324),
    ],
)
def test_change_is_measured_from_no_price_that_cannot_be(quote: Quote) -> None:
    assert quoted_reference(quote) is None
    quote.open = 2.0
    assert quoted_reference(quote) == (2.0, ReferenceSource.OPEN)


@pytest.mark.parametrize("price", NONE)
def test_no_premium_is_over_none(price: float) -> None:
    told = quote(1.0)
    told.iopv = price
    assert premium_over(1.0, IndicativeValue(told.iopv, told.time), T, zone("US")) is None


def test_sizes_of_nothing_make_no_trade_large() -> None:
    assert large_trade_threshold([5e-324]) == 1e-18


@pytest.mark.parametrize("name", ["open", "high", "low", "close", "volume"])
@pytest.mark.parametrize("number", [float("nan"), float("inf"), 1.7e308, -1.0])
def test_a_bar_with_a_number_that_cannot_be_is_none(name: str, number: float) -> None:
    market = following(QQQ)
    odd: Kline = bar(0, 512.0)
    setattr(odd, name, number)
    assert market.apply(odd, 1.0) is None and market.health.malformed == {"kline": 1}
