"""What the depth over time shows: columns of time, rows of prices, and the scale of the sizes."""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct

from tui.market.depth_history import DepthColumn, DepthHistory
from tui.market.price_axis import PriceAxis

_FULL_SHARE = 0.95  # of all sizes in view are not above the full scale: one outlier would leave the rest without shades
_STEPS = (1, 1.5, 2, 3, 4, 5, 6, 8, 10)


class DepthModel(Struct, frozen=True):
    """Columns, the oldest first, of `seconds` s each; the first one is numbered `first`. `full` is the size (units) of
    the darkest shade."""

    seconds: int
    first: int
    columns: Sequence[DepthColumn | None]
    axis: PriceAxis
    full: float


class ColumnCache:
    """The columns of one history as last read: those that have ended change no more."""

    def __init__(self) -> None:
        self._key: object = None
        self._columns: dict[int, DepthColumn | None] = {}
        self._full: tuple[object, float] | None = None  # of these columns

    def read(self, history: DepthHistory, seconds: int, first: int, stop: int) -> list[DepthColumn | None]:
        """Returns the columns numbered from `first` up to, not including, `stop`."""
        if self._key != (history, seconds):
            self._key, self._columns = (history, seconds), {}
        known, self._columns = self._columns, {}
        columns = []
        for number in range(first, stop):
            columns.append(
                known[number] if number in known else history.column(number * seconds, (number + 1) * seconds)
            )
            if (number + 1) * seconds <= history.now:
                self._columns[number] = columns[-1]
        return columns

    def full_scale(self, columns: Sequence[DepthColumn | None]) -> float:
        """Returns the full scale of `columns` as just read: that of those that have ended, once for all of them; until
        one has, that of the newest."""
        ended = self._columns
        if not any(ended.values()):
            return full_scale(columns)
        key = (self._key, next(iter(ended)), len(ended))
        if self._full is None or self._full[0] != key:
            self._full = key, full_scale(list(ended.values()))
        return self._full[1]

    def clear(self) -> None:
        """Forget all: the past itself has changed."""
        self._key = self._full = None


def full_scale(columns: Sequence[DepthColumn | None]) -> float:
    """Returns the size of a full scale, a round number: nearly all sizes are below it."""
    sizes = sorted(size for column in columns if column is not None for size in column.sizes.values())
    most = sizes[min(len(sizes) - 1, math.ceil(_FULL_SHARE * len(sizes)))] if sizes else 1.0
    power: float = 10.0 ** math.floor(math.log10(most))
    return next(step * power for step in _STEPS if step * power >= 0.999_999 * most)


def touch_range(columns: Sequence[DepthColumn | None]) -> tuple[float, float]:
    """Returns the lowest and the highest of all best bids and asks; of all prices if there are none; 0 without any."""
    shown = [column for column in columns if column is not None]
    prices = [price for column in shown for price in (column.bid, column.ask) if price]
    prices = prices or [price for column in shown for price in column.sizes]
    return (min(prices), max(prices)) if prices else (0.0, 0.0)
