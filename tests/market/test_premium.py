"""Premium over time: what is known of a fund's worth, minute by minute."""

from __future__ import annotations

import pytest

from tests.support.messages import QQQ, SPY, T, bar, quote
from tui.errors import UsageError
from tui.market import Instrument, Market
from tui.market.bars import MAX_MINUTES, MINUTE
from tui.market.basis import Basis, parse_basis
from tui.market.fair_value import FairValues
from tui.market.frozen import frozen_copy
from tui.market.premium import (
    PremiumStatistics,
    current_premium,
    has_basis,
    iopv,
    minute_premiums,
    premium_statistics,
)
from tui.protocol.messages import Quote
from tui.symbol import Symbol

HALF = Basis(QQQ, SPY, 0.5)
MINUTE_T = T // MINUTE


def market_of(*bases: Basis, at: int = 0) -> Market:
    """A market at T + `at` ms, which follows QQQ and SPY."""
    market = Market()
    market.set_clock(T + at)
    market.set_bases(bases)
    market.follow([QQQ, SPY])
    return market


def told(last: float, iopv: float | None, t: int = 0) -> Quote:
    return Quote(symbol="QQQ$US", last=last, time=T + t, iopv=iopv)


def premiums(i: Instrument, minutes: range) -> list[float | None]:
    found = minute_premiums(i, [MINUTE_T + n for n in minutes])
    return [None if value is None else round(value, 4) for value in found]


def test_a_minute_is_its_close_over_the_last_iopv_of_that_minute_and_others_are_gaps() -> None:
    market = market_of(at=4 * MINUTE)
    for minute in range(4):
        market.apply(bar(minute, 4.128), 0.0)
    market.apply(told(4.128, 4.0, 1_000), 0.0)
    market.apply(told(4.128, 4.115, 59_000), 0.0)
    market.apply(told(4.128, None, 70_000), 0.0)
    market.apply(told(4.128, 4.12, 3 * MINUTE), 0.0)
    i = market.instruments[QQQ]
    assert premiums(i, range(-1, 5)) == [None, 0.3159, None, None, 0.1942, None]
    assert i.fair_values.since == T


def test_only_the_latest_minutes_are_kept_and_a_time_that_was_wrong_is_undone() -> None:
    values = FairValues()
    for minute in range(MAX_MINUTES + 5):
        values.add(1.0 + minute, minute * MINUTE)
    assert (len(values), values.since, values.at(4), values.at(5)) == (MAX_MINUTES, 5 * MINUTE, None, 6.0)
    values.add(9.0, 100 * MINUTE)
    assert (values.at(100), values.at(101), len(values)) == (9.0, None, 96)


def test_the_command_tells_an_iopv_where_the_feed_tells_none() -> None:
    market = market_of()
    i = market.instruments[QQQ]
    market.apply(bar(0, 4.128), 0.0)
    market.apply(quote(4.128), 0.0)
    market.apply_iopv(QQQ, 4.115, T, 0.0)
    assert premiums(i, range(1)) == [0.3159]
    assert current_premium(i, T + 60_000) == pytest.approx(0.3159, abs=1e-4)
    assert current_premium(i, T + 60_001) is None
    market.apply(told(4.128, 4.12, 100), 0.0)
    market.apply_iopv(QQQ, 3.0, T + 200, 0.3)
    assert (iopv(i), premiums(i, range(1))) == ((4.12, T + 100), [0.1942])


def test_an_older_value_and_one_from_the_future_are_counted_and_left_out() -> None:
    market = market_of()
    market.apply_iopv(QQQ, 4.0, T, 0.0)
    market.apply_iopv(QQQ, 3.0, T - 1, 0.0)
    market.apply_iopv(QQQ, 5.0, T + 3_600_000, 0.0)
    market.apply_iopv(Symbol("OTHER", "US"), 5.0, T, 0.0)
    assert market.instruments[QQQ].fair_values.given == (4.0, T)
    assert (market.health.out_of_order, market.health.future) == (1, 1)


def test_a_nav_of_yesterday_is_no_premium_now_nor_in_its_minute() -> None:
    market = market_of()
    i = market.instruments[QQQ]
    yesterday = T - 24 * 60 * MINUTE
    market.apply(bar(-24 * 60, 4.0), 0.0)
    market.apply(quote(4.128), 0.0)
    market.apply_iopv(QQQ, 4.115, yesterday, 0.0)
    assert current_premium(i, T) is None and len(i.fair_values) == 0
    assert iopv(i) == (4.115, yesterday)


def test_a_basis_has_the_past_of_both_and_goes_by_the_same_minute() -> None:
    market = market_of(HALF, at=3 * MINUTE)
    i = market.instruments[QQQ]
    for minute, own, other in ((0, 505.0, 1000.0), (1, 500.0, None), (2, 495.0, 1000.0)):
        market.apply(bar(minute, own), 0.0)
        if other is not None:
            market.apply(bar(minute, other, s="SPY"), 0.0)
    assert has_basis(i) and premiums(i, range(3)) == [1.0, None, -1.0]
    assert current_premium(i, T) is None
    market.apply(quote(505.0), 0.0)
    market.apply(quote(1000.0, s="SPY$US"), 0.0)
    assert current_premium(i, T + 60_000) == pytest.approx(1.0)
    assert current_premium(i, T + 60_001) is None  # the other's price is as old


def test_an_iopv_comes_before_a_basis_and_is_never_mixed_with_it() -> None:
    market = market_of(HALF)
    i = market.instruments[QQQ]
    for minute in range(2):
        market.apply(bar(minute, 505.0), 0.0)
        market.apply(bar(minute, 1000.0, s="SPY"), 0.0)
    market.apply(told(505.0, 500.0), 0.0)
    assert not has_basis(i) and premiums(i, range(2)) == [1.0, None]


def test_a_basis_stands_through_other_hours_a_reconnect_and_in_a_frozen_picture() -> None:
    market = market_of(HALF)
    market.set_hours(demo=True)
    assert has_basis(market.instruments[QQQ])
    frozen = frozen_copy(market)
    proxy = frozen.instruments[QQQ].fair_values.proxy
    assert proxy is not None and proxy.of is frozen.instruments[SPY] is not market.instruments[SPY]
    market.reconnected([QQQ])
    assert not has_basis(market.instruments[QQQ])
    market.follow([SPY])
    assert has_basis(market.instruments[QQQ])


def test_mean_deviation_and_score() -> None:
    values = [0.1, 0.3] * 5
    found = premium_statistics([*values, None])
    assert found is not None
    assert found.mean == pytest.approx(0.2) and found.deviation == pytest.approx(0.1)
    assert found.score(0.38) == pytest.approx(1.8)
    assert premium_statistics([*values[:9], None, None]) is None
    assert PremiumStatistics(0.2, 0.0).score(0.3) is None


@pytest.mark.parametrize(
    "text", ["SPLG$US = SPY$US × 0.1175", "splg=spy*0.1175", "SPLG.US = SPY x 0.1175", "SPLG ＝ SPY ×0.1175"]
)
def test_a_basis_as_people_write_it(text: str) -> None:
    basis = parse_basis(text)
    assert str(basis) == "SPLG$US = SPY$US × 0.1175" and parse_basis(str(basis)) == basis


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("SPY", "write a symbol, another one and a factor"),
        ("A = A × 2", "A$US cannot be its own basis"),
        ("A = B × zero", "'zero' is no factor"),
        ("A = B × 0", "'0' is no factor"),
        ("A = B × -1", "'-1' is no factor"),
        ("A = B × nan", "'nan' is no factor"),
        ("? = B × 1", "'?' is not a symbol"),
    ],
)
def test_what_is_wrong_with_a_basis_is_said(text: str, words: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_basis(text)
    assert str(raised.value).startswith(words)
