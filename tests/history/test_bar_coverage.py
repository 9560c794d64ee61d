"""How far each instrument's history is known, and what is requested because of it."""

from __future__ import annotations

from datetime import date

import pytest

from tests.support.messages import QQQ, SPY
from tests.support.price_walks import at
from tui.history.bar_coverage import CoverageTable
from tui.market import Instrument, Market
from tui.market.bars import MINUTE
from tui.market.sessions import Holidays, zone
from tui.protocol.messages import Quote

MONDAY = at("2026-11-23 10:00")
FRIDAY_EVENING = at("2026-11-20 20:00")


class Clock:
    """A clock at `now` (s), which is 0 at MONDAY."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def table(clock: Clock, start: int = MONDAY) -> tuple[CoverageTable, Instrument, Market]:
    market = Market()
    market.set_clock(float(start))
    market.follow([QQQ, SPY])
    return CoverageTable(market, clock), market.instruments[QQQ], market


def test_a_live_link_extends_only_what_the_vendor_has_answered() -> None:
    clock = Clock()
    coverage, qqq, market = table(clock)
    spy = market.instruments[SPY]
    coverage.of(qqq).is_answered = True
    coverage.of(spy)
    coverage.extend(60.0)
    assert coverage.of(qqq).complete_until == MONDAY + MINUTE
    assert coverage.of(spy).complete_until == 0


def test_bars_that_are_built_from_trades_are_not_extended() -> None:
    coverage, qqq, market = table(Clock())
    coverage.of(qqq).is_answered = True
    market.refuse([QQQ], "kline@1", "not in your plan")
    coverage.extend(60.0)
    assert coverage.of(qqq).complete_until == 0


@pytest.mark.parametrize(("ahead", "complete"), [(MINUTE, True), (MINUTE + 1, False)])
def test_a_time_over_a_minute_ahead_counts_as_unknown(ahead: int, complete: bool) -> None:
    coverage, qqq, _ = table(Clock())
    coverage.of(qqq).complete_until = MONDAY + ahead
    assert coverage.complete_until(qqq) == (MONDAY + ahead if complete else 0)


@pytest.mark.parametrize(
    ("now", "lacks"),
    [
        (at("2026-11-22 12:00"), False),  # a Sunday
        (at("2026-11-23 03:59"), False),
        (at("2026-11-23 04:01"), True),  # before the regular session trades are made too
        (at("2026-11-23 10:00"), True),
    ],
)
def test_bars_are_lacking_once_the_exchange_has_been_open(now: int, lacks: bool) -> None:
    coverage, qqq, _ = table(Clock(), now)
    coverage.of(qqq).complete_until = FRIDAY_EVENING
    assert coverage.lacks_bars(qqq) is lacks
    assert coverage.of(qqq).is_answered is not lacks, "then the stream may extend them"


@pytest.mark.parametrize(("now", "lacks"), [(at("2026-11-17 19:00"), False), (at("2026-11-17 21:00"), True)])
def test_a_gap_of_over_four_days_counts_as_traded_whatever_the_holidays(now: int, lacks: bool) -> None:
    coverage, qqq, market = table(Clock(), now)
    holidays = {date(2026, 11, day): "a holiday" for day in range(14, 19)}
    market.set_holidays({"US": Holidays(holidays, {})})
    coverage.of(qqq).complete_until = at("2026-11-13 20:00")
    assert coverage.lacks_bars(qqq) is lacks


def test_bars_are_requested_once_and_again_after_an_outage_or_a_wrong_clock() -> None:
    coverage, qqq, _ = table(Clock())
    assert coverage.lacks_bars(qqq)
    coverage.of(qqq).is_requested = coverage.of(qqq).is_answered = True
    coverage.of(qqq).complete_until = MONDAY - MINUTE
    assert not coverage.lacks_bars(qqq)
    coverage.open_gap()
    assert coverage.lacks_bars(qqq) and coverage.complete_until(qqq) == MONDAY - MINUTE
    assert not coverage.of(qqq).is_answered
    coverage.of(qqq).is_requested = True
    coverage.invalidate()
    assert coverage.lacks_bars(qqq) and coverage.complete_until(qqq) == 0


def test_an_instrument_that_was_dropped_and_added_again_has_no_coverage() -> None:
    coverage, qqq, market = table(Clock())
    spy = market.instruments[SPY]
    coverage.of(qqq).is_read = coverage.of(spy).is_read = True
    market.follow([SPY])
    market.reconnected([SPY])
    market.follow([QQQ, SPY])
    coverage.retain(market.instruments.values())
    assert market.instruments[QQQ] is not qqq
    assert not coverage.of(market.instruments[QQQ]).is_read and coverage.of(spy).is_read


def test_a_quote_is_lacking_once_each_trade_date_when_its_trading_has_begun() -> None:
    clock = Clock()
    sunday = at("2026-12-06 12:00")
    coverage, qqq, market = table(clock, sunday)
    assert coverage.lacks_quote(qqq), "no price at all is known"
    market.apply(Quote(symbol="QQQ$US", last=512.0, time=sunday), 0.0)
    market.apply_history_closes(QQQ, {"2026-12-03": 510.0, "2026-12-04": 511.0})
    assert not coverage.lacks_quote(qqq)
    asked = []
    for minute in range(0, 3 * 1440, 30):
        clock.now = 60.0 * minute
        if coverage.lacks_quote(qqq):
            asked.append(f"{zone('US').at(sunday + 60_000 * minute):%a %H:%M}")
            coverage.of(qqq).quoted = coverage.session(qqq)
    assert asked == ["Sun 21:00", "Mon 21:00", "Tue 21:00"]


def test_a_quote_is_lacking_once_more_in_the_session_if_the_previous_close_is_unknown() -> None:
    clock = Clock()
    coverage, qqq, market = table(clock, at("2026-12-07 08:00"))
    market.apply(Quote(symbol="QQQ$US", last=512.0, open=511.0, time=at("2026-12-07 08:00")), 0.0)
    coverage.of(qqq).quoted = coverage.session(qqq)
    assert not coverage.lacks_quote(qqq)
    clock.now = 5_400.0
    market.apply(Quote(symbol="QQQ$US", last=512.0, open=511.0, time=at("2026-12-07 09:30")), clock.now)
    assert coverage.lacks_quote(qqq), "the change is since the open"
    market.apply_history_closes(QQQ, {"2026-12-04": 510.0})
    assert not coverage.lacks_quote(qqq)


def test_only_closes_that_differ_from_the_store_are_unstored() -> None:
    coverage, qqq, market = table(Clock())
    market.apply_history_closes(QQQ, {"2026-11-19": 509.0, "2026-11-20": 510.0})
    closes = coverage.unstored_closes(qqq)
    assert closes["2026-11-20"] == 510.0
    coverage.of(qqq).stored_closes = {**closes, "2026-11-20": 510.5}
    assert coverage.unstored_closes(qqq) == {"2026-11-20": 510.0}
