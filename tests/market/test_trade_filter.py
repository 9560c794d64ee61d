"""The filter of the tape as a person writes it, and what passes."""

from __future__ import annotations

import pytest

from tui.errors import UsageError
from tui.market.tape import TradeRun
from tui.market.trade_filter import TradeFilter, parse_trade_filter
from tui.market.trade_side import TradeSide


def run(size: float | None, side: TradeSide = "~B") -> TradeRun:
    return TradeRun(5, 4, 0, 10.0, size, side)


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("", TradeFilter()),
        ("  500 ", TradeFilter(500.0)),
        ("10k buys", TradeFilter(10_000.0, side="B")),
        ("SELL large", TradeFilter(large=True, side="S")),
        ("◆ b 1,000", TradeFilter(1_000.0, True, "B")),
    ],
)
def test_a_filter_as_it_is_written(text: str, parsed: TradeFilter) -> None:
    assert parse_trade_filter(text) == parsed


@pytest.mark.parametrize("text", ["$20k", "-5", "up", "0", "500 \x1b[31m"])
def test_what_is_no_filter_is_said(text: str) -> None:
    with pytest.raises(UsageError, match="is no filter: write a size") as caught:
        parse_trade_filter(text)
    assert "\x1b" not in str(caught.value)


def test_both_sides_are_said_to_be_no_filter() -> None:
    with pytest.raises(UsageError, match="bought or sold"):
        parse_trade_filter("buys sells")


def test_what_passes() -> None:
    assert TradeFilter().passes(run(None, "·"), None)
    assert TradeFilter(500).passes(run(500), None)
    assert not TradeFilter(500).passes(run(499), None)
    assert not TradeFilter(500).passes(run(None), None), "a size that is not known is not at least 500"
    assert TradeFilter(side="B").passes(run(None, "B"), None) and TradeFilter(side="B").passes(run(None, "~B"), None)
    assert not TradeFilter(side="B").passes(run(1, "~S"), None)
    assert not TradeFilter(side="B").passes(run(1, "·"), None)
    assert TradeFilter(large=True).passes(run(1_000), 1_000.0)
    assert not TradeFilter(large=True).passes(run(999), 1_000.0)
    assert not TradeFilter(large=True).passes(run(1e9), None), "what is large is not known yet"
