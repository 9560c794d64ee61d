"""What the exchange serves over REST: the paths and their parameters.

Only the table: the command line's help reads it, and need not load a server for that. `rest.py` answers them.
"""

from __future__ import annotations

from typing import NamedTuple


class Path(NamedTuple):
    """`required` and `optional` name the parameters; `words` say what is answered."""

    required: tuple[str, ...]
    words: str
    optional: tuple[str, ...] = ()


_ONE, _SEVERAL = ("region", "code"), ("region", "codes")
_BARS = ("limit", "et")

PATHS = {
    "/fund/tick": Path(_ONE, "the last trade"),
    "/fund/ticks": Path(_SEVERAL, "the same of several funds, by code"),
    "/fund/quote": Path(_ONE, "the day so far, with the previous close"),
    "/fund/quotes": Path(_SEVERAL, "the same of several funds, by code"),
    "/fund/depth": Path(_ONE, "the order book"),
    "/fund/depths": Path(_SEVERAL, "the same of several funds, by code"),
    "/fund/kline": Path(
        (*_ONE, "kType"),
        "bars: kType 1 to 7 are 1, 5, 15, 30, 60, 120 and 240 minutes, 8 is a day, 9 a week, 10 a month; limit at most "
        "500, else 100; none later than et, in ms UTC",
        _BARS,
    ),
    "/fund/klines": Path((*_SEVERAL, "kType"), "the same of several funds, by code", _BARS),
    "/symbol/list": Path(("type", "region"), "the funds of a region, with their names; type is fund", ("code",)),
}
