"""The days on which the exchanges do not open, and on which they close early, as the `holidays` package knows them.

Loading it takes a few tenths of a second: it is done in a thread, once the first screen stands.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import suppress
from datetime import date

from tui.market.sessions import Holidays
from tui.secrets import clean

_MARKETS = {"US": "XNYS", "HK": "XHKG", "SH": "XSHG", "SZ": "XSHE"}

_log = logging.getLogger(__name__)


def load(years: Iterable[int]) -> dict[str, Holidays]:
    """Those of these years, by region; a region of which nothing can be learned is missing."""
    try:
        import holidays
    except ImportError as error:
        _log.warning("holidays not known: %s", clean(str(error)))
        return {}
    years = tuple(years)

    def days(market: str, category: str) -> dict[date, str]:
        found = holidays.financial_holidays(market, years=years, language="en_US", categories=category)
        return {day: _name(name) for day, name in sorted(found.items()) if day.weekday() < 5}

    known: dict[str, Holidays] = {}
    for region, market in _MARKETS.items():
        known[region] = Holidays(days(market, holidays.PUBLIC), {})
        with suppress(ValueError):  # it has no half days
            known[region] = known[region]._replace(early=days(market, holidays.HALF_DAY))
    return known


def _name(name: str) -> str:
    """Without what stands in brackets behind it, as in `Christmas Eve (markets close at 1:00pm)`."""
    return clean(name).partition(" (")[0]
