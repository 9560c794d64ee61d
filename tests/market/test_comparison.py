"""What compared symbols are measured from."""

from __future__ import annotations

import pytest

from tests.support.charts import QQQ, instrument_of
from tests.support.price_walks import OPEN, price_walk
from tui.market.comparison import Anchor, Start, anchor_price, latest_price, starts
from tui.protocol.messages import Quote


def test_a_symbol_is_measured_from_its_price_at_the_anchor() -> None:
    found = starts([[100.0, 101.0], [50.0, 49.0]], [100.0, 50.0], 0)
    assert found == [Start(100.0), Start(50.0)]
    assert found[0] is not None and found[0].percents([100.0, None, 101.0]) == [0.0, None, pytest.approx(1.0)]
    assert found[1] is not None and found[1].percent(49.0) == pytest.approx(-2.0)


def test_one_without_a_price_at_the_anchor_starts_at_the_mean_of_the_others_there() -> None:
    found = starts([[100.0, 102.0, 104.0], [50.0, None, 51.0], [None, 20.0, 21.0]], [100.0, 50.0, None], 0)
    late = found[2]
    assert late is not None and late.joined
    assert late.percent(20.0) == pytest.approx(1.0), "the mean of +2 % and, with no bar in that minute, of 0 %"
    assert not any(start is None or start.joined for start in found[:2])


def test_two_late_ones_start_in_order_of_time() -> None:
    found = starts([[10.0, 11.0, 12.0], [None, None, 5.0], [None, 7.0, 7.0]], [10.0, None, None], 0)
    assert found[2] is not None and found[2].percent(7.0) == pytest.approx(10.0)
    assert found[1] is not None and found[1].percent(5.0) == pytest.approx((20 + 10) / 2)


def test_none_starts_where_no_price_at_the_anchor_is_known_or_no_other_is_there_yet() -> None:
    assert starts([[10.0], [20.0]], [None, None], 0) == [None, None]
    assert starts([[None, 10.0], [5.0, None]], [10.0, None], 0) == [Start(10.0), None]
    assert starts([[10.0], []], [10.0, None], 0) == [Start(10.0), None]


def test_a_late_one_does_not_start_before_the_day_of_the_anchor() -> None:
    found = starts([[10.0, 12.0], [1.0, 2.0]], [10.0, None], 1)
    assert found[1] is not None and found[1].percent(2.0) == pytest.approx(20.0)


def test_the_latest_price_is_the_last_one_up_to_a_slot() -> None:
    assert latest_price([1.0, None, 3.0], 1) == 1.0
    assert latest_price([None, 2.0], 0) is None


def test_the_anchors_are_the_prices_that_the_watchlist_shows() -> None:
    i = instrument_of(price_walk(OPEN, range(30)))
    assert i.last is not None and i.quote is not None
    assert anchor_price(i, Anchor.CLOSE) == pytest.approx(i.last - 1.0)
    assert anchor_price(i, Anchor.OPEN) is None
    i.quote_time = i.quote.time
    i.quote = Quote(symbol=str(QQQ), last=i.last, open=511.5, time=i.quote.time, change=1.0)
    assert anchor_price(i, Anchor.OPEN) == 511.5
    unknown = instrument_of(price_walk(OPEN, range(30)), change=None)
    assert anchor_price(unknown, Anchor.CLOSE) is None


def test_the_anchors_follow_each_other_in_a_circle() -> None:
    assert [anchor.next for anchor in Anchor] == [Anchor.OPEN, Anchor.CLOSE, Anchor.FIRST]
