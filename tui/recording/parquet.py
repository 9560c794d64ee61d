"""A recording as Parquet for other tools: a file each of trades, quotes, books and minutes.

Rows are what the market of the recording applied, with the fields as they were received; what a message lacks is null.
`received` is when it arrived by the clock of the recording machine, `time` is the feed's own. A minute is written once
it is over, as last received; a later correction of it is another row, and the last one of a symbol is not `complete`.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tui.errors import UsageError, reason
from tui.files import make_empty, part_of
from tui.market import Instrument, Market
from tui.protocol.messages import Depth, Kline, Level, Push, Quote, Tick
from tui.recording.format import Recording
from tui.recording.replay import Player
from tui.symbol import Symbol

_BATCH = 20_000  # rows in memory, of each file; a book counts as many
_ROWS_OF_A_BOOK = 20
_MAX_INT = 2**63

_COMMON = {"symbol": "string", "received": "time"}
SCHEMAS: Mapping[str, Mapping[str, str]] = {
    "trades": _COMMON | {"time": "time", "last": "double", "volume": "double", "side": "int"},
    "quotes": _COMMON
    | {"time": "time"}
    | dict.fromkeys(("last", "open", "high", "low", "volume", "turnover", "previous_close"), "double")
    | dict.fromkeys(("change", "change_percent"), "double")
    | {"status": "int", "iopv": "double", "nav": "double"},
    "books": _COMMON | {"bids": "levels", "asks": "levels"},
    "minutes": _COMMON
    | {"time": "time"}
    | dict.fromkeys(("open", "high", "low", "close", "volume", "turnover"), "double")
    | {"complete": "bool"},
}
"""The columns of each file. Prices and volumes are doubles, times ms UTC, a side of a book is a list of price and
volume from the touch outward."""

_TABLE_OF: Mapping[type[Push], str] = {Tick: "trades", Quote: "quotes", Depth: "books", Kline: "minutes"}


class _Table:
    """One file, written in batches beside its place until `publish`. Its methods raise OSError."""

    def __init__(self, pyarrow: Any, path: Path, columns: Mapping[str, str]) -> None:
        level = pyarrow.struct([("price", pyarrow.float64()), ("volume", pyarrow.float64())])
        types = {
            "string": pyarrow.string(),
            "time": pyarrow.timestamp("ms", tz="UTC"),
            "double": pyarrow.float64(),
            "int": pyarrow.int64(),
            "bool": pyarrow.bool_(),
            "levels": pyarrow.list_(level),
        }
        self._pyarrow = pyarrow
        self._schema = pyarrow.schema([(name, types[kind]) for name, kind in columns.items()])
        self._columns: dict[str, list[Any]] = {name: [] for name in columns}
        self._most = _BATCH // (_ROWS_OF_A_BOOK if "levels" in columns.values() else 1)
        self.path = path
        self.rows = 0
        part_of(path).unlink(missing_ok=True)  # left by a process that was killed
        make_empty(part_of(path))
        self._writer = importlib.import_module("pyarrow.parquet").ParquetWriter(
            str(part_of(path)), self._schema, compression="zstd"
        )

    def add(self, row: Mapping[str, Any]) -> None:
        for name, values in self._columns.items():
            values.append(row.get(name))
        self.rows += 1
        if self.rows % self._most == 0:
            self._flush()

    def _flush(self) -> None:
        arrays = [
            self._pyarrow.array(values, type=field.type)
            for values, field in zip(self._columns.values(), self._schema, strict=True)
        ]
        self._writer.write_table(self._pyarrow.Table.from_arrays(arrays, schema=self._schema))
        for values in self._columns.values():
            values.clear()

    def close(self) -> None:
        if any(self._columns.values()):
            self._flush()
        self._writer.close()

    def publish(self) -> None:
        part_of(self.path).replace(self.path)

    def discard(self) -> None:
        with contextlib.suppress(OSError):
            self._writer.close()
        with contextlib.suppress(OSError):
            part_of(self.path).unlink(missing_ok=True)


class ParquetExport:
    """The files of an export, in a `with` block: `write` fills them, and they stand in their places once all are
    complete. `to` names them: `friday.parquet` makes `friday.trades.parquet` and so on. Raises UsageError if pyarrow is
    missing, or if one of them exists or cannot be written."""

    def __init__(self, to: Path) -> None:
        try:
            self._pyarrow: Any = importlib.import_module("pyarrow")
        except ImportError:
            raise UsageError("export needs pyarrow, which is not installed: pip install 'itick-tui[parquet]'") from None
        self._to = to
        self._tables: dict[str, _Table] = {}
        self._minutes: dict[Symbol, dict[str, Any]] = {}  # the latest minute of each symbol, not yet written

    def __enter__(self) -> Self:
        paths = {name: self._to.with_name(f"{self._to.stem}.{name}{self._to.suffix}") for name in SCHEMAS}
        if existing := [path for path in paths.values() if path.exists()]:
            raise UsageError(f"{existing[0]} exists already: remove it, or name another file in --to")
        try:
            for name, path in paths.items():
                self._tables[name] = _Table(self._pyarrow, path, SCHEMAS[name])
        except OSError as error:
            self._discard()
            raise self._cannot_write(error) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._discard()

    def _discard(self) -> None:
        for table in self._tables.values():
            table.discard()

    def _cannot_write(self, error: OSError) -> UsageError:
        return UsageError(f"cannot write {self._to}: {reason(error)}")

    def write(self, recording: Recording) -> dict[Path, int]:
        """Write a whole recording, and put the files in their places; returns their rows. Raises UsageError."""
        market = Market()
        arrived = recording.header.t

        def add(message: Push, instrument: Instrument) -> None:
            row = _row(message, instrument.symbol, market.local_time(arrived))
            if isinstance(message, Kline):
                self._add_minute(instrument.symbol, row)
            else:
                self._tables[_TABLE_OF[type(message)]].add(row)

        player = Player(market, recording.header, lambda state: None, add)
        try:
            for entry in recording:
                arrived = entry.t
                player.play(entry)
            for row in self._minutes.values():
                self._tables["minutes"].add(row | {"complete": False})
            for table in self._tables.values():
                table.close()
            for table in self._tables.values():
                table.publish()
        except OSError as error:
            raise self._cannot_write(error) from None
        return {table.path: table.rows for table in self._tables.values()}

    def _add_minute(self, symbol: Symbol, row: dict[str, Any]) -> None:
        held = self._minutes.get(symbol)
        if held is None or row["time"] >= held["time"]:
            self._minutes[symbol] = row
            row = held if held is not None and held["time"] < row["time"] else {}
        if row:
            self._tables["minutes"].add(row | {"complete": True})


def _row(message: Push, symbol: Symbol, received: float) -> dict[str, Any]:
    row: dict[str, Any] = {"symbol": str(symbol), "received": round(received)}
    for name in message.__struct_fields__:
        if name not in ("symbol", "region", "interval"):
            row[name] = _value(name, getattr(message, name))
    return row


def _value(name: str, value: Any) -> Any:
    """Returns a field as it is stored: null for no time, and for a number that has no room."""
    if name in ("bids", "asks"):
        return _levels(value)
    if name == "time":
        return value or None
    return None if isinstance(value, int) and not -_MAX_INT <= value < _MAX_INT else value


def _levels(side: Sequence[Level]) -> list[dict[str, float]]:
    return [{"price": level.price, "volume": level.volume} for level in side]
