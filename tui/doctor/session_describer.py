"""The exchanges' sessions as an explanation of missing data."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

from tui.feed.clock import monotonic
from tui.market import Market
from tui.reference import holidays
from tui.symbol import Symbol


class SessionDescriber:
    """Describes the present sessions by the calendars of `market`, whose holidays it loads when they are needed."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._has_holidays = False

    async def __call__(self, symbols: Iterable[Symbol]) -> tuple[str, str]:
        """Returns the session of each region at present, and when to try again."""
        if not self._has_holidays:
            self._market.set_holidays(await asyncio.to_thread(holidays.load, time.time()))
            self._has_holidays = True
        now, words, openings = self._market.exchange_time(monotonic()), [], []
        for region in dict.fromkeys(symbol.region for symbol in symbols):
            calendar = self._market.calendar(region)
            interval = calendar.at(now)
            if calendar.always_open:
                words.append(f"{region} hours unknown")
                continue
            why = calendar.holiday(calendar.zone.at(now).date())
            if calendar.is_provisional(interval.date):
                why = ", ".join(filter(None, (why, f"days off of {interval.date.year} not announced yet")))
            words.append(f"{region} {interval.phase.value}" + (f", {why}" if why else ""))
            if interval.phase.is_closed and (opening := calendar.next_transition(now)):
                openings.append(
                    (
                        opening.time,
                        f"{region} {opening.what} {calendar.zone.at(opening.time):%a %H:%M} {calendar.zone.label}",
                    )
                )
        if len(openings) < len(words):
            return ", ".join(words), "quiet ones, or unknown to iTick: check the spelling, or try --watch 'SPY$US'"
        return ", ".join(words), f"try again when it is open: {min(openings)[1]}"
