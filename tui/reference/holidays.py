"""Holidays and early closes of the exchanges, from the `holidays` package.

Loading it takes a few tenths of a second: it is done on a thread, after the first screen is drawn.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import partial

from tui.market.sessions import Holidays
from tui.secrets import safe_text

_MARKETS = {"US": "XNYS", "HK": "XHKG", "SH": "XSHG", "SZ": "XSHE"}

_log = logging.getLogger(__name__)


def load(time: float) -> dict[str, Holidays]:
    """Returns the holidays by region, of the year of `time` (s UTC) and the years before and after it; none if the
    package cannot be imported."""
    try:
        from holidays import HALF_DAY, PUBLIC, country_holidays, financial_holidays
    except ImportError as error:
        _log.warning("holidays not known: %s", safe_text(str(error)))
        return {}
    year = datetime.fromtimestamp(time, UTC).year
    years = range(year - 1, year + 2)
    of = partial(financial_holidays, years=years, language="en_US")
    # China announces the weekends that are worked on together with the days off: a year without them is computed.
    announced = {day.year for day in country_holidays("CN", years=years).weekend_workdays}
    known: dict[str, Holidays] = {}
    for region, market in _MARKETS.items():
        closed = of(market, categories=PUBLIC)
        early = of(market, categories=HALF_DAY) if HALF_DAY in closed.supported_categories else {}
        provisional = frozenset(years) - announced if region in ("SH", "SZ") else frozenset[int]()
        known[region] = Holidays(_clean(closed), _clean(early), provisional)
    return known


def _clean(days: Mapping[date, str]) -> dict[date, str]:
    """Returns the days without weekends, and their names without a remark in brackets, as in `Christmas Eve (markets
    close at 1:00pm)`."""
    return {day: safe_text(name).partition(" (")[0] for day, name in sorted(days.items()) if day.weekday() < 5}
