"""The days on which the exchanges do not open, and on which they close early, as the `holidays` package knows them.

Loading it takes a few tenths of a second: it is done in a thread, once the first screen stands.
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
    """Those of the year of `time`, s UTC, and of the years beside it, by region; none without the package."""
    try:
        from holidays import HALF_DAY, PUBLIC, country_holidays, financial_holidays
    except ImportError as error:
        _log.warning("holidays not known: %s", safe_text(str(error)))
        return {}
    year = datetime.fromtimestamp(time, UTC).year
    of = partial(financial_holidays, years=range(year - 1, year + 2), language="en_US")
    years = range(year - 1, year + 2)
    # China names the days on which it works instead together with its days off: a year without them is computed.
    announced = {day.year for day in country_holidays("CN", years=years).weekend_workdays}
    known: dict[str, Holidays] = {}
    for region, market in _MARKETS.items():
        closed = of(market, categories=PUBLIC)
        early = of(market, categories=HALF_DAY) if HALF_DAY in closed.supported_categories else {}
        provisional = frozenset(years) - announced if region in ("SH", "SZ") else frozenset[int]()
        known[region] = Holidays(_named(closed), _named(early), provisional)
    return known


def _named(days: Mapping[date, str]) -> dict[date, str]:
    """Without weekends, and without what stands in brackets behind a name, as in `Christmas Eve (markets close at
    1:00pm)`."""
    return {day: safe_text(name).partition(" (")[0] for day, name in sorted(days.items()) if day.weekday() < 5}
