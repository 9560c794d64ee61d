"""The table of REST paths the exchange serves, with their parameters.

It has no other content, so that the command line's help need not load the server. `rest.py` implements them.
"""

from __future__ import annotations

from typing import NamedTuple


class RestPath(NamedTuple):
    """A path with the names of its `required` and `optional` parameters, and a description of its reply."""

    required: tuple[str, ...]
    description: str
    optional: tuple[str, ...] = ()


_ONE, _SEVERAL = ("region", "code"), ("region", "codes")
_BARS = ("limit", "et")

PATHS = {
    "/fund/tick": RestPath(_ONE, "the last trade"),
    "/fund/ticks": RestPath(_SEVERAL, "the same of several funds, by code"),
    "/fund/quote": RestPath(_ONE, "the day so far, with the previous close"),
    "/fund/quotes": RestPath(_SEVERAL, "the same of several funds, by code"),
    "/fund/depth": RestPath(_ONE, "the order book"),
    "/fund/depths": RestPath(_SEVERAL, "the same of several funds, by code"),
    "/fund/kline": RestPath(
        (*_ONE, "kType"),
        "bars: kType 1 to 7 are 1, 5, 15, 30, 60, 120 and 240 minutes, 8 is a day, 9 a week, 10 a month; limit at most "
        "500, else 100; none later than et, in ms UTC",
        _BARS,
    ),
    "/fund/klines": RestPath((*_SEVERAL, "kType"), "the same of several funds, by code", _BARS),
    "/symbol/list": RestPath(("type", "region"), "the funds of a region, with their names; type is fund", ("code",)),
}
