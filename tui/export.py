"""What is on the screen, as files: figures as CSV, pictures as SVG. No file is ever overwritten."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from io import StringIO
from itertools import count
from pathlib import Path

from tui.errors import UsageError, reason
from tui.files import create, make_folder
from tui.market import Instrument
from tui.market.bars import MINUTE
from tui.widgets.columns import Column, Row


def grid(rows: Sequence[Row], columns: Sequence[Column]) -> str:
    """The figures of the grid as CSV, to ten digits, in the columns of the screen, with each row's state and the time
    of its newest data. What is not known is empty."""
    table = StringIO()
    writer = csv.writer(table, lineterminator="\n")
    figures = [column for column in columns if column.letter and column.id not in ("time", "age", "hour")]
    writer.writerow([*(column.id for column in figures), "state", "time"])
    for row in rows:
        newest = row.instrument.newest_time
        values = [column.key(row) for column in figures]
        writer.writerow(
            [
                *(_figure(value[1] if isinstance(value, tuple) else value) for value in values),
                row.state.name.lower().replace("_", " "),
                _time(newest) if newest else "",
            ]
        )
    return table.getvalue()


def bars(instrument: Instrument, time: float) -> str:
    """A symbol's minute bars as CSV, oldest first; the minute that `time` (ms UTC) lies in is not complete. Raises
    UsageError where there are none."""
    if not len(instrument.bars):
        raise UsageError(f"there are no minutes of {instrument.symbol} to write yet")
    table = StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["time", "open", "high", "low", "close", "volume", "complete"])
    for bar in instrument.bars:
        figures = (bar.open, bar.high, bar.low, bar.close, bar.volume)
        complete = "yes" if bar.time + MINUTE <= time else "no"
        writer.writerow([_time(bar.time), *map(_figure, figures), complete])
    return table.getvalue()


def write(folder: Path, what: str, suffix: str, text: str, now: datetime) -> Path:
    """Write a new file named after what it holds and when, and tell its path. Raises UsageError."""
    stem = "-".join(["itick", re.sub(r"[^A-Za-z0-9_]+", "-", what).strip("-").lower(), f"{now:%Y%m%d-%H%M%S}"])
    try:
        make_folder(folder)
        for n in count(1):
            path = folder / (f"{stem}.{suffix}" if n == 1 else f"{stem}-{n}.{suffix}")
            try:
                create(path, text)
            except FileExistsError:
                continue
            return path
    except OSError as error:
        raise UsageError(f"cannot write into {folder}: {reason(error)}") from None
    raise AssertionError


def _figure(value: float | str | None) -> str:
    """As it was meant: 6.32 and not 6.319999999999936."""
    return "" if value is None else value if isinstance(value, str) else f"{value:.10g}"


def _time(ms: float) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
