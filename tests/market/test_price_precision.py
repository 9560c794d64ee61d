"""What is inferred of a symbol's prices."""

from __future__ import annotations

from tests.support.messages import bar
from tui.market.price_precision import PricePrecision


def test_a_price_decides_about_the_decimals_again_once_history_does_not() -> None:
    precision = PricePrecision()
    precision.learn([bar(minute) for minute in range(30)])
    precision.infer(None, None, 10.1234, ())
    assert precision.decimals == 2
    precision.forget_history()
    precision.infer(None, None, 10.1234, ())
    assert precision.decimals == 4
