"""The store: minute bars, closes and names of funds in one SQLite file, from one run to the next.

It is a cache: the vendor has it all. So a damaged or foreign file is moved aside and replaced by an empty one, and the
program works without a store. Several processes may use one file.
"""

from __future__ import annotations

import logging
import math
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from platformdirs import user_cache_path

from tui.errors import FeedError, reason
from tui.files import locked, make_folder
from tui.market.bars import MINUTE, is_valid_bar
from tui.protocol.messages import MAX_PRICE, MAX_UNITS, MIN_PRICE, Kline
from tui.symbol import Symbol

RETENTION_DAYS = 30  # of bars and closes
_CLOCK_TOLERANCE = 86_400_000  # ms by which this machine's clock may be behind: later dates are invalid
MAX_BARS = 1_000_000  # of all symbols together, about 60 MB: beyond that the oldest are deleted

_APPLICATION_ID = 0x6974636B
_SCHEMA_VERSION = 1
_PRUNE_EVERY = 86_400.0  # s
_LOCK_TIMEOUT = 0.7  # s to wait for another process that writes
_LOCK_TIMEOUT_LEAVING = 0.3  # s
_TABLES = {"bars", "closes", "complete", "names", "named"}
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
_SCHEMA = f"""
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
BEGIN IMMEDIATE;
CREATE TABLE bars (symbol TEXT, minute INTEGER, open REAL, high REAL, low REAL, close REAL, volume REAL,
    PRIMARY KEY (symbol, minute)) WITHOUT ROWID;
CREATE TABLE closes (symbol TEXT, date TEXT, close REAL, PRIMARY KEY (symbol, date)) WITHOUT ROWID;
CREATE TABLE complete (symbol TEXT PRIMARY KEY, until INTEGER) WITHOUT ROWID;
CREATE TABLE names (region TEXT, code TEXT, name TEXT, PRIMARY KEY (region, code)) WITHOUT ROWID;
CREATE TABLE named (region TEXT PRIMARY KEY, at REAL) WITHOUT ROWID;
PRAGMA application_id = {_APPLICATION_ID};
PRAGMA user_version = {_SCHEMA_VERSION};
COMMIT;
"""
_UPSERT_BAR = "INSERT INTO bars VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO "
_IF_MORE_VOLUME = """UPDATE SET open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close,
    volume = excluded.volume WHERE excluded.volume >= volume"""
_MINUTES = f"""SELECT minute, close, volume FROM bars WHERE symbol = ? AND minute >= ? AND minute < ?
    AND typeof(minute) = 'integer' AND typeof(close) = 'real' AND close BETWEEN {MIN_PRICE} AND {MAX_PRICE}
    AND typeof(volume) = 'real' AND volume BETWEEN 0 AND {MAX_UNITS}"""

_RANGES = f"""SELECT minute, low, high, volume FROM bars WHERE symbol = ? AND minute >= ? AND minute < ?
    AND typeof(minute) = 'integer' AND typeof(low) = 'real' AND typeof(high) = 'real'
    AND low >= {MIN_PRICE} AND low <= high AND high <= {MAX_PRICE}
    AND typeof(volume) = 'real' AND volume BETWEEN 0 AND {MAX_UNITS}"""

_Result = TypeVar("_Result")
_log = logging.getLogger(__name__)


class StoreError(FeedError):
    """The store cannot be read or written; the text says why. `busy`: only because another process is writing it."""

    def __init__(self, words: str, *, busy: bool = False) -> None:
        super().__init__(words)
        self.busy = busy


class _ForeignFile(sqlite3.DatabaseError):
    """The file belongs to another program, or to another version of this one."""


class StoredHistory(NamedTuple):
    """The stored history of a symbol: its latest bars, oldest first; its closes by ISO date; and the time (ms UTC) up
    to which no bar is missing since the vendor's last response, 0 if unknown."""

    bars: list[Kline]
    closes: dict[str, float]
    complete_until: int


class BarUpdate(NamedTuple):
    """A change to a symbol's StoredHistory. `replaces_range`: the bars come from the vendor's history, and replace all
    stored bars from the first to the last of them; `replaces_all`: all that is stored of the symbol is deleted
    first."""

    symbol: Symbol
    bars: Sequence[Kline] = ()
    closes: Mapping[str, float] = {}
    complete_until: int = 0
    replaces_range: bool = False
    replaces_all: bool = False


def default_store_path(*, demo: bool) -> Path:
    """Returns the path of the store. The demo exchange has its own, so that made-up prices never mix with real ones."""
    return user_cache_path("itick-tui") / ("demo.sqlite" if demo else "itick.sqlite")


def is_sound(path: Path) -> bool:
    """Returns whether a file is an undamaged store of ours, or empty, without changing it. Raises StoreError if it
    cannot be read."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_LOCK_TIMEOUT)) as db:
            return not _has_schema(db) or _passes_check(db)
    except sqlite3.DatabaseError as error:
        if _is_damage(error):
            return False
        raise StoreError(f"cannot read {path}: {error}") from None


class Store:
    """The store in one file. Its methods wait for the disk: call them on other threads than the event loop's, several
    at once if need be. They raise StoreError. `wall` returns s since the epoch.

    `invalid_rows` counts rows that could not be parsed: those of an older version, or that were edited."""

    def __init__(self, path: Path, *, wall: Callable[[], float] = time.time) -> None:
        self.path = path
        self._wall = wall
        self._lock = threading.Lock()
        self._open: sqlite3.Connection | None = None
        self._pruned_at = 0.0
        self._leaving = False
        self._closed = False
        self.invalid_rows = 0

    def read(self, symbols: Iterable[Symbol], limit: int) -> dict[Symbol, StoredHistory]:
        """Returns the stored history of every symbol, with its latest `limit` bars, not counting those in the future:
        this machine's clock may be behind."""
        symbols = tuple(symbols)

        def read(db: sqlite3.Connection) -> dict[Symbol, tuple[StoredHistory, int]]:
            return {symbol: _read(db, symbol, limit, self._wall() * 1000, self._valid_range) for symbol in symbols}

        found = self._execute(read)
        if unread := sum(invalid for _, invalid in found.values()):
            self.invalid_rows += unread
            _log.warning("%s: %s rows cannot be read", self.path, f"{unread:,}")
        return {symbol: stored for symbol, (stored, _) in found.items()}

    def minutes(self, symbol: Symbol, windows: Iterable[tuple[int, int]]) -> list[dict[int, tuple[float, float]]]:
        """Returns close and volume of the stored bars by slot (`time // 60,000`), for each window: from its first slot
        up to but not including its second."""
        windows = tuple(windows)

        def read(db: sqlite3.Connection) -> list[dict[int, tuple[float, float]]]:
            if db.execute("SELECT 1 FROM bars WHERE symbol = ? LIMIT 1", (str(symbol),)).fetchone() is None:
                return [{} for _ in windows]
            found = [db.execute(_MINUTES, (str(symbol), *window)).fetchall() for window in windows]
            return [{minute: (close, volume) for minute, close, volume in rows} for rows in found]

        return self._execute(read)

    def ranges(self, symbol: Symbol, first: int, stop: int) -> dict[int, tuple[float, float, float]]:
        """Returns low, high and volume of the stored bars from slot `first` up to but not including `stop`, by slot."""

        def read(db: sqlite3.Connection) -> dict[int, tuple[float, float, float]]:
            rows = db.execute(_RANGES, (str(symbol), first, stop)).fetchall()
            return {minute: (low, high, volume) for minute, low, high, volume in rows}

        return self._execute(read)

    def write(self, updates: Iterable[BarUpdate], *, leaving: bool = False) -> None:
        """Apply the updates in one transaction. Of two bars of the same minute the one with more volume stays.
        `leaving`: it is the last; it waits less for another process, and what has not begun yet is refused."""
        updates = tuple(updates)
        self._leaving = self._leaving or leaving

        def write(db: sqlite3.Connection) -> None:
            for each in updates:
                _apply(db, each)
            if not 0 <= self._wall() - self._pruned_at < _PRUNE_EVERY:
                self._pruned_at = self._wall()
                _prune(db, *self._valid_range)

        self._execute(write, writes=True, last=leaving)

    def fund_names(self, region: str) -> tuple[float, dict[str, str]] | None:
        """Returns the age (s) of a region's fund names and the names by code; None if there are none. The age is
        infinite if they are dated in the future by a wrong clock."""

        def read(db: sqlite3.Connection) -> tuple[float, dict[str, str]] | None:
            row = db.execute("SELECT at FROM named WHERE region = ? AND typeof(at) = 'real'", (region,)).fetchone()
            if row is None:
                return None
            names = db.execute(
                "SELECT code, name FROM names WHERE region = ? AND typeof(code) = 'text' AND typeof(name) = 'text'",
                (region,),
            )
            age = self._wall() - row[0]
            return age if age >= 0 else math.inf, dict(names.fetchall())

        return self._execute(read)

    def save_fund_names(self, region: str, names: Mapping[str, str]) -> None:
        """Replace all fund names of a region."""

        def write(db: sqlite3.Connection) -> None:
            db.execute("DELETE FROM names WHERE region = ?", (region,))
            db.executemany("INSERT INTO names VALUES (?, ?, ?)", [(region, *each) for each in names.items()])
            db.execute("INSERT OR REPLACE INTO named VALUES (?, ?)", (region, self._wall()))

        self._execute(write, writes=True)

    def close(self) -> None:
        """Close the file for good: at once, or when the method that is using it returns."""
        self._closed = True
        self._close_if_idle()

    def _close_if_idle(self) -> None:
        if self._closed and self._lock.acquire(blocking=False):
            self._close()
            self._lock.release()

    # --- the file ---

    @property
    def _valid_range(self) -> tuple[float, float]:
        """Returns the oldest time that is stored and the latest that is possible, ms UTC."""
        now = 1000 * self._wall()
        return now - RETENTION_DAYS * 86_400_000, now + _CLOCK_TOLERANCE

    def _execute(
        self,
        work: Callable[[sqlite3.Connection], _Result],
        *,
        writes: bool = False,
        last: bool = False,
    ) -> _Result:
        """Run `work` in one transaction. A damaged file is replaced, once."""
        try:
            return self._execute_exclusively(work, writes, last)
        finally:
            self._close_if_idle()

    def _execute_exclusively(self, work: Callable[[sqlite3.Connection], _Result], writes: bool, last: bool) -> _Result:
        lock_timeout = _LOCK_TIMEOUT_LEAVING if last else _LOCK_TIMEOUT
        with self._lock:
            if self._closed or (self._leaving and not last):
                raise StoreError(f"{self.path} is closed")
            try:
                try:
                    return self._transact(work, writes, lock_timeout)
                except sqlite3.DatabaseError as error:
                    if not _is_damage(error):
                        raise
                    self._replace(error, lock_timeout)
                    return self._transact(work, writes, lock_timeout)
            except (sqlite3.Error, OSError) as error:
                self._close()
                why = reason(error) if isinstance(error, OSError) else str(error)
                code = getattr(error, "sqlite_errorcode", 0) & 0xFF
                busy = isinstance(error, BlockingIOError) or code == sqlite3.SQLITE_BUSY
                raise StoreError(f"cannot use {self.path}: {why}", busy=busy) from None

    def _transact(self, work: Callable[[sqlite3.Connection], _Result], writes: bool, lock_timeout: float) -> _Result:
        if self._open is None:
            make_folder(self.path.parent)
            with _file_lock(self.path, lock_timeout):
                self._open = _open_database(self.path)
        self._open.execute(f"PRAGMA busy_timeout = {1000 * lock_timeout:.0f}")
        with self._open:
            self._open.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
            return work(self._open)

    def _replace(self, damage: sqlite3.DatabaseError, lock_timeout: float) -> None:
        """Move the file aside and create another, unless another process has done so meanwhile."""
        self._close()
        _log.warning("%s is moved aside: %s", self.path, damage)
        with _file_lock(self.path, lock_timeout):
            try:
                with closing(_open_database(self.path)) as db:
                    sound = _passes_check(db)
            except sqlite3.DatabaseError as error:
                if not _is_damage(error):
                    raise
                sound = False
            if not sound:
                for suffix in ("-wal", "-shm"):
                    self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
                self.path.replace(self.path.with_name(f"{self.path.name}.damaged"))

    def _close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None


def _file_lock(path: Path, timeout: float) -> AbstractContextManager[None]:
    """Hold the lock under which processes check or create the file one after the other."""
    return locked(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT, timeout)


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    """Returns whether the file is at fault, and not the disk or a lock of another process."""
    return isinstance(error, _ForeignFile) or (getattr(error, "sqlite_errorcode", 0) & 0xFF) in _DAMAGE


def _open_database(path: Path) -> sqlite3.Connection:
    """Returns a connection to the file, which is created if it does not exist. Raises DatabaseError."""
    with suppress(FileExistsError):  # SQLite would create it readable for all; its -wal and -shm files copy the mode
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    db = sqlite3.connect(path, timeout=_LOCK_TIMEOUT, isolation_level=None, check_same_thread=False)
    try:
        if not _has_schema(db):
            db.executescript(_SCHEMA)
        db.execute("PRAGMA synchronous = NORMAL")  # a power cut may lose the last minute, but not damage the file
    except BaseException:
        db.close()
        raise
    return db


def _has_schema(db: sqlite3.Connection) -> bool:
    """Returns whether the file has our schema; False if it is empty. Raises _ForeignFile for any other."""
    known = [db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
    if known == [0, 0] and not tables:
        return False
    if known != [_APPLICATION_ID, _SCHEMA_VERSION] or not tables >= _TABLES:
        raise _ForeignFile("none of ours, or of another version")
    return True


def _passes_check(db: sqlite3.Connection) -> bool:
    return bool(db.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))


def _read(
    db: sqlite3.Connection, symbol: Symbol, limit: int, now: float, valid_range: tuple[float, float]
) -> tuple[StoredHistory, int]:
    """Returns the stored history of a symbol, and how many of its rows are invalid. SQLite enforces neither types nor
    ranges, and the file may have been edited."""
    name = (str(symbol),)
    rows = db.execute(
        "SELECT minute, open, high, low, close, volume FROM bars WHERE symbol = ? ORDER BY minute DESC", name
    )
    oldest, latest, now = (int(time // MINUTE) for time in (*valid_range, now))
    bars: dict[int, Kline] = {}
    invalid = past = 0
    for minute, *figures in rows:
        bar = _parse_bar(symbol, minute, figures)
        if bar is None or minute > latest or minute in bars:
            invalid += 1
        elif minute >= oldest:
            bars[minute] = bar
            past += minute <= now
        if past == limit or (bar is not None and minute < oldest):
            break
    first, last = map(_date, valid_range)
    days = db.execute(
        "SELECT date, close, date(date) IS date FROM closes WHERE symbol = ? AND date >= ?", (*name, first)
    )
    closes: dict[str, float] = {}
    for day, close, is_date in days:
        if is_date and day <= last and type(close) is float and MIN_PRICE <= close <= MAX_PRICE:
            closes[day] = close
        else:
            invalid += 1
    row = db.execute("SELECT until FROM complete WHERE symbol = ? AND typeof(until) = 'integer'", name).fetchone()
    complete_until = row[0] if row is not None and valid_range[0] <= row[0] <= valid_range[1] else 0
    return StoredHistory([bars[minute] for minute in sorted(bars)], closes, complete_until), invalid


def _parse_bar(symbol: Symbol, minute: object, figures: list[Any]) -> Kline | None:
    """Returns the bar of a row; None if it is invalid."""
    if type(minute) is not int or not all(type(figure) in (int, float) for figure in figures):
        return None
    code, region = symbol
    open_, high, low, close, volume = map(float, figures)
    time = minute * MINUTE
    bar = Kline(symbol=code, region=region, time=time, open=open_, high=high, low=low, close=close, volume=volume)
    return bar if is_valid_bar(bar) else None


def _apply(db: sqlite3.Connection, update: BarUpdate) -> None:
    name = str(update.symbol)
    if update.replaces_all:
        for table in ("bars", "closes", "complete"):
            db.execute(f"DELETE FROM {table} WHERE symbol = ?", (name,))
    elif update.replaces_range and update.bars:
        bounds = update.bars[0].time // MINUTE, update.bars[-1].time // MINUTE
        db.execute("DELETE FROM bars WHERE symbol = ? AND minute BETWEEN ? AND ?", (name, *bounds))
    rows = [(name, b.time // MINUTE, b.open, b.high, b.low, b.close, b.volume) for b in update.bars]
    db.executemany(_UPSERT_BAR + _IF_MORE_VOLUME, rows)
    db.executemany("INSERT OR REPLACE INTO closes VALUES (?, ?, ?)", [(name, *each) for each in update.closes.items()])
    if update.complete_until:
        db.execute("INSERT OR REPLACE INTO complete VALUES (?, ?)", (name, update.complete_until))


def _prune(db: sqlite3.Connection, oldest: float, latest: float) -> None:
    """Delete rows that are too old, invalid or too many, and return their space to the file system. Times in ms UTC."""
    invalid = "minute NOT BETWEEN ? AND ? OR typeof(minute) <> 'integer'"
    db.execute(f"DELETE FROM bars WHERE {invalid}", (oldest // MINUTE, latest // MINUTE))
    db.execute("DELETE FROM closes WHERE date NOT BETWEEN ? AND ?", (_date(oldest), _date(latest)))
    db.execute("DELETE FROM complete WHERE until NOT BETWEEN ? AND ?", (int(oldest), int(latest)))
    if db.execute("SELECT count(*) FROM bars").fetchone()[0] > MAX_BARS:
        row = db.execute("SELECT minute FROM bars ORDER BY minute DESC LIMIT 1 OFFSET ?", (MAX_BARS,)).fetchone()
        db.execute("DELETE FROM bars WHERE minute <= ?", row)
    db.executescript("PRAGMA incremental_vacuum")  # in a transaction it would stop after one page


def _date(time: float) -> str:
    return datetime.fromtimestamp(time / 1000, UTC).date().isoformat()
