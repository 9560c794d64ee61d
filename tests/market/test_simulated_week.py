"""Change and EXT% at every minute of a simulated week: a copy of the program that is on all week and one that starts at
any minute of it show the truth or nothing, whatever previous close the feed sends and whenever it rolls that."""

from __future__ import annotations

import random
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.market import Market
from tui.market.change import change
from tui.market.session_hours import SessionPhase
from tui.market.sessions import Holidays, SessionInterval, calendar
from tui.protocol.messages import Quote
from tui.symbol import Symbol

BEGIN, END = date(2026, 12, 3), date(2026, 12, 15)  # the first US night of exchanges begins on Sunday 6 December
HOLIDAYS = Holidays({date(2026, 12, 9): "a holiday"}, {date(2026, 12, 10): "the day after"})
ROLLS = ("session", "trade date", "close")
"""When a feed moves on to the next previous close."""


class Event(NamedTuple):
    """A quote as the feed sends it, and what is true after it: the change's money, and EXT% in percent."""

    quote: Quote
    amount: float
    extended: float | None


class Week:
    """A week of one fund. `rolls` and `fields` say how the feed tells the previous close."""

    def __init__(self, region: str, seed: int, rolls: str, fields: tuple[str, ...]) -> None:
        self.symbol = Symbol("FUND", region)
        self.calendar = calendar(region, holidays=HOLIDAYS)
        self._random = random.Random(seed)
        days = [BEGIN + timedelta(days=n) for n in range((END - BEGIN).days)]
        self.sessions = [day for day in days if self.calendar.is_session(day)]
        self.closes = {day: self._price() for day in self.sessions}
        self.events = [
            self._event(time, interval, last, rolls, fields)
            for interval in self._intervals()
            for time, last in self._trades(interval)
        ]

    def _price(self) -> float:
        return round(self._random.uniform(495, 505), 2)

    def _intervals(self) -> list[SessionInterval]:
        """Those with trades, from the second session on."""
        when, found = self.calendar.regular_hours(self.sessions[1])[0], []  # type: ignore[index]
        until = self.calendar.regular_hours(self.sessions[-1])[0]  # type: ignore[index]
        while when < until:
            interval = self.calendar.at(when)
            if not interval.phase.is_closed and interval.phase not in (SessionPhase.LUNCH, SessionPhase.BREAK):
                found.append(interval)
            when = interval.end
        return found

    def _trades(self, interval: SessionInterval) -> list[tuple[int, float]]:
        times = sorted(self._random.sample(range(interval.start + 6_000, interval.end - 1_000), 4))
        trades = [(time, self._price()) for time in times]
        if interval.phase is SessionPhase.AT_CLOSE:  # at the closing price alone
            return [(time, self.closes[interval.date]) for time in times]
        hours = self.calendar.regular_hours(interval.date)
        if hours and interval.end == hours[1]:
            trades.append((interval.end - 1, self.closes[interval.date]))
        return trades

    def _before(self, day: date) -> date:
        return self.sessions[self.sessions.index(day) - 1]

    def _event(self, time: int, interval: SessionInterval, last: float, rolls: str, fields: tuple[str, ...]) -> Event:
        latest = self.calendar.regular_date(interval)
        previous = self.closes[self._before(latest)]
        if interval.phase.is_regular or not self.calendar.has_extended_hours:
            amount, extended = last - previous, None
        else:
            close = self.closes[latest]
            amount, extended = close - previous, None if last == close else 100 * (last - close) / close
        has_rolled = not interval.phase.is_regular and (
            rolls == "close" or (rolls == "trade date" and interval.date != latest)
        )
        told = self.closes[latest] if has_rolled else previous
        values = {"previous_close": told, "change": round(last - told, 2), "open": 500.0}
        kept = {name: value for name, value in values.items() if name in fields}
        return Event(Quote(symbol=str(self.symbol), last=last, time=time, **kept), amount, extended)  # type: ignore[arg-type]

    def closes_until(self, time: int) -> dict[str, float]:
        """The closes that history has at a time."""
        return {
            day.isoformat(): close
            for day, close in self.closes.items()
            if self.calendar.regular_hours(day)[1] <= time  # type: ignore[index]
        }


def shown(market: Market, symbol: Symbol) -> tuple[float | None, float | None]:
    instrument = market.instruments[symbol]
    base, last = instrument.base, instrument.regular_last
    amount = None if base is None or base.is_open or last is None else change(last, base).amount
    assert instrument.last is not None
    return amount, instrument.day.extended_change(instrument.last)


def replay(week: Week, begin: int, has_history: bool) -> None:
    """Run one copy that starts at the event numbered `begin`, and check every event from there on."""
    market = Market()
    market.set_hours(False)
    market.set_holidays({week.symbol.region: HOLIDAYS})
    market.follow([week.symbol])
    for n, event in enumerate(week.events[begin:]):
        market.wall_base = event.quote.time
        assert market.apply(event.quote, 0.0) is not None
        if has_history and (n == 0 or n % 7 == 0):
            market.apply_history_closes(week.symbol, week.closes_until(event.quote.time))
        amount, extended = shown(market, week.symbol)
        where = (
            f"{week.calendar.zone.at(event.quote.time):%a %d %H:%M} {week.calendar.at(event.quote.time).phase.value}"
        )
        if has_history:
            assert amount is not None, where
        if amount is not None:
            assert amount == pytest.approx(event.amount, abs=0.006), where
        if extended is not None or (has_history and event.extended is not None):
            assert extended == pytest.approx(event.extended, abs=1e-6), where


@settings(max_examples=60, deadline=None)
@given(
    region=st.sampled_from(["US", "HK", "SH", "SZ"]),
    seed=st.integers(0, 10**6),
    rolls=st.sampled_from(ROLLS),
    fields=st.sampled_from([(), ("previous_close",), ("previous_close", "open"), ("previous_close", "change", "open")]),
    begin=st.floats(0, 0.95),
    has_history=st.booleans(),
)
def test_no_copy_contradicts_the_truth_at_any_minute_of_a_week(
    region: str, seed: int, rolls: str, fields: tuple[str, ...], begin: float, has_history: bool
) -> None:
    week = Week(region, seed, rolls, fields)
    for first in (0, int(begin * len(week.events))):
        replay(week, first, has_history)


def test_the_week_has_every_phase_and_its_events_are_in_order() -> None:
    phases = set()
    for region in ("US", "HK", "SH"):
        week = Week(region, 1, "close", ())
        phases |= {week.calendar.at(event.quote.time).phase for event in week.events}
        assert all(before.quote.time <= after.quote.time for before, after in pairwise(week.events))
    assert {phase for phase in SessionPhase if not phase.is_closed} - phases == {SessionPhase.LUNCH, SessionPhase.BREAK}
