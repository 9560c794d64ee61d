"""Which times and prices the depth over time shows."""

from __future__ import annotations

from tui.market import Instrument
from tui.market.price_axis import PriceAxis, centred
from tui.market.tick_size import PriceGrid, even_grid

COLUMN_SECONDS = (1, 2, 5, 10, 30, 60, 300)
"""Lengths of a column."""
_LEVELS = 10  # a side of a book
_TICKS_PER_ROW = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)


class TimeWindow:
    """The length of a column, and the newest one shown. Columns are numbered by their length since the epoch."""

    def __init__(self) -> None:
        self._length = 0  # index of COLUMN_SECONDS
        self._until: int | None = None  # s: the start of the newest column shown, None to follow

    @property
    def seconds(self) -> int:
        """The seconds of a column."""
        return COLUMN_SECONDS[self._length]

    @property
    def is_held(self) -> bool:
        """True if new columns do not move it."""
        return self._until is not None

    def follow(self) -> None:
        """Show the newest column, and go on with it."""
        self._until = None

    def newest(self, now: int) -> int:
        """Returns the number of the newest column shown, at the second `now`."""
        newest = now // self.seconds
        return newest if self._until is None else min(newest, self._until // self.seconds)

    def change_length(self, by: int) -> bool:
        """Take the next longer columns, shorter ones if negative; returns False if there are none."""
        to = self._length + by
        if not 0 <= to < len(COLUMN_SECONDS):
            return False
        self._length = to
        return True

    def scroll(self, by: int, cells: int, oldest: int, now: int) -> bool:
        """Show columns later by so many, earlier ones if negative, of those between the seconds `oldest` and `now`;
        returns False if there are none."""
        shown, newest = self.newest(now), now // self.seconds
        to = max(min(newest, oldest // self.seconds + cells - 1), min(shown + by, newest))
        self._until = None if to == newest else to * self.seconds
        return to != shown


class PriceWindow:
    """The prices of the rows. They stand still until the best bid or ask nears an edge; moved by hand, until they are
    centred."""

    def __init__(self) -> None:
        self._axis: PriceAxis | None = None
        self._is_held = False

    def scroll(self, by: int) -> None:
        """Move the rows down by so many, to lower prices."""
        if self._axis is not None:
            self._axis, self._is_held = self._axis.moved(-by), True

    @property
    def is_held(self) -> bool:
        """True if the rows were moved by hand."""
        return self._is_held

    def centre(self) -> None:
        """Put the best bid and ask in the middle, and follow them."""
        self._axis, self._is_held = None, False

    def axis(self, i: Instrument, rows: int, touch: tuple[float, float], shown: tuple[float, float]) -> PriceAxis:
        """Returns the prices of so many rows. `touch` is the best bid and ask of the newest column shown, `shown` the
        lowest and highest of all: a row is as many ticks as lets these fit."""
        low, high = min(touch), max(touch)
        tick = _tick(i, high)
        fitting = (n for n in _TICKS_PER_ROW if (shown[1] - shown[0]) / (n * tick) <= rows * 2 / 3)
        ticks = next(fitting, _TICKS_PER_ROW[-1])
        grid: PriceGrid = even_grid(round(ticks * tick, 6))
        if ticks == 1 and i.precision.grid is not None:
            grid = i.precision.grid
        axis = self._axis
        if axis is None or (axis.grid, axis.rows) != (grid, rows) or not (self._is_held or axis.holds(low, high)):
            axis, self._is_held = centred(grid, low, high, rows), False
        self._axis = axis
        return axis


def depth_rows(i: Instrument, cells: int, shown: tuple[float, float]) -> int:
    """Returns the rows for so many cells, each of which can have two: one a cell as long as the levels around the best
    bids and asks `shown` fit, for there a trade hides no other price."""
    ticks = round((shown[1] - shown[0]) / _tick(i, shown[1]))
    return cells if ticks + 2 * _LEVELS <= cells else 2 * cells


def _tick(i: Instrument, price: float) -> float:
    return i.precision.tick_at(price) or 10.0**-i.precision.decimals
