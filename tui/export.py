"""What is on the screen, as files: figures as CSV, pictures as SVG. No file is ever overwritten."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from io import StringIO
from itertools import count
from pathlib import Path

from tui.errors import UsageError
from tui.market import Instrument
from tui.widgets.columns import Column, Row


def grid(rows: Sequence[Row], columns: Sequence[Column]) -> str:
    """The figures of the grid as CSV, unrounded, in the columns of the screen, with each row's state and the time of
    its newest data. What is not known is empty."""
    table = StringIO()
    writer = csv.writer(table, lineterminator="\n")
    figures = [column for column in columns if column.letter and column.id not in ("time", "age", "hour")]
    writer.writerow([*(column.id for column in figures), "state", "time"])
    for row in rows:
        newest = row.instrument.newest_time
        values = [column.key(row) for column in figures]
        writer.writerow(
            [
                *("" if value is None else value[1] if isinstance(value, tuple) else value for value in values),
                row.state.name.lower().replace("_", " "),
                _time(newest) if newest else "",
            ]
        )
    return table.getvalue()


def bars(instrument: Instrument) -> str:
    """A symbol's minute bars as CSV, oldest first."""
    table = StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["time", "open", "high", "low", "close", "volume"])
    for bar in instrument.bars:
        writer.writerow([_time(bar.time), bar.open, bar.high, bar.low, bar.close, bar.volume])
    return table.getvalue()


def write(folder: Path, what: str, suffix: str, text: str, now: datetime) -> Path:
    """Write a new file named after what it holds and when, and tell its path. Raises UsageError."""
    stem = "-".join(["itick", re.sub(r"[^A-Za-z0-9_]+", "-", what).strip("-").lower(), f"{now:%Y%m%d-%H%M%S}"])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for n in count(1):
            path = folder / (f"{stem}.{suffix}" if n == 1 else f"{stem}-{n}.{suffix}")
            try:
                with path.open("x", encoding="utf-8", newline="") as file:
                    file.write(text)
            except FileExistsError:
                continue
            return path
    except OSError as error:
        raise UsageError(f"cannot write into {folder}: {(error.strerror or str(error)).lower()}") from None
    raise AssertionError


def _time(ms: float) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
