"""What is kept from one run to the next: minute bars, closes and names of funds, in one SQLite file.

It is a cache. Nothing in it is missed for long, so a file that is damaged, or is none of ours, is moved aside and made
anew, and where nothing can be kept the program goes on without. Several copies of the program may use one file.
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
from tui.protocol.messages import MAX_PRICE, MIN_PRICE, Kline
from tui.symbol import Symbol

DAYS = 30  # that bars and closes are kept for
_AHEAD = 86_400_000  # ms by which this machine's clock may be behind: what is dated later is false
MOST = 1_000_000  # bars of all symbols together, about 60 MB: of more the oldest go

_OURS = 0x6974636B  # application_id: that this file is one of ours
_VERSION = 1
_TIDY = 86_400.0  # s from one tidying to the next
_PATIENCE = 1.0  # s to wait for another copy that writes; less when leaving
_LEAVING = 0.3
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
PRAGMA application_id = {_OURS};
PRAGMA user_version = {_VERSION};
COMMIT;
"""
_PUT_BAR = "INSERT INTO bars VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO "
_LONGER = """UPDATE SET open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close,
    volume = excluded.volume WHERE excluded.volume >= volume"""

_Result = TypeVar("_Result")
_log = logging.getLogger(__name__)


class StoreError(FeedError):
    """Nothing can be kept, or what is kept cannot be read; the text says why. `busy`: only because another copy of the
    program writes just now."""

    def __init__(self, words: str, *, busy: bool = False) -> None:
        super().__init__(words)
        self.busy = busy


class _NoneOfOurs(sqlite3.DatabaseError):
    """The file is another program's, or of another version of this one."""


class StoredHistory(NamedTuple):
    """What is kept of a symbol: the latest bars, oldest first; closes by date, as `2026-11-20`; and up to when the bars
    are all there were since the latest of the vendor's history, ms UTC, 0 where that is not known."""

    bars: list[Kline]
    closes: dict[str, float]
    complete: int


class BarUpdate(NamedTuple):
    """Changes to a symbol's StoredHistory. `told`: from the vendor's history, replacing all that is stored between the
    first bar and the last; `afresh`: replacing all that is stored."""

    symbol: Symbol
    bars: Sequence[Kline] = ()
    closes: Mapping[str, float] = {}
    complete: int = 0
    told: bool = False
    afresh: bool = False


def default_store_path(*, demo: bool) -> Path:
    """Where it is kept. An exchange of our own has a file apart."""
    return user_cache_path("itick-tui") / ("demo.sqlite" if demo else "itick.sqlite")


def is_sound(path: Path) -> bool:
    """Whether a file is whole and ours, or empty. It stays as it is. Raises StoreError where that cannot be told."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_PATIENCE)) as db:
            return not _made(db) or _is_whole(db)
    except sqlite3.DatabaseError as error:
        if _is_damage(error):
            return False
        raise StoreError(f"cannot read {path}: {error}") from None


class Store:
    """One file. Its methods wait for the disk, so they are to be called on another thread than the screen's; they may
    be called on several. `wall` gives s since the epoch. They raise StoreError.

    `unread` counts rows that could not be read: of an older version, or that somebody edited."""

    def __init__(self, path: Path, *, wall: Callable[[], float] = time.time) -> None:
        self.path = path
        self._wall = wall
        self._lock = threading.Lock()
        self._open: sqlite3.Connection | None = None
        self._tidied = 0.0
        self._closed = False
        self.unread = 0

    def read(self, symbols: Iterable[Symbol], most: int) -> dict[Symbol, StoredHistory]:
        """What is kept of these, `most` bars each, and those that seem to lie ahead; an entry for every symbol."""
        symbols = tuple(symbols)

        def get(db: sqlite3.Connection) -> dict[Symbol, tuple[StoredHistory, int]]:
            return {symbol: _read(db, symbol, most, self._wall() * 1000, self._bounds) for symbol in symbols}

        found = self._do(get)
        if unread := sum(strange for _, strange in found.values()):
            self.unread += unread
            _log.warning("%s: %s rows cannot be read", self.path, f"{unread:,}")
        return {symbol: kept for symbol, (kept, _) in found.items()}

    def write(self, news: Iterable[BarUpdate], *, leaving: bool = False) -> None:
        """Keep all of it, or nothing. Of a minute that is kept already the version with more volume stays. `leaving`:
        hardly wait for another copy."""
        news = tuple(news)

        def put(db: sqlite3.Connection) -> None:
            for each in news:
                _put(db, each)
            if not 0 <= self._wall() - self._tidied < _TIDY:
                self._tidied = self._wall()
                _tidy(db, *self._bounds)

        self._do(put, writes=True, patience=_LEAVING if leaving else _PATIENCE)

    def names(self, region: str) -> tuple[float, dict[str, str]] | None:
        """The names of a region's funds by code, and how old they are, in s, infinitely where a clock that was wrong
        dated them; None where there are none."""

        def get(db: sqlite3.Connection) -> tuple[float, dict[str, str]] | None:
            row = db.execute("SELECT at FROM named WHERE region = ? AND typeof(at) = 'real'", (region,)).fetchone()
            if row is None:
                return None
            names = db.execute(
                "SELECT code, name FROM names WHERE region = ? AND typeof(code) = 'text' AND typeof(name) = 'text'",
                (region,),
            )
            age = self._wall() - row[0]
            return age if age >= 0 else math.inf, dict(names.fetchall())

        return self._do(get)

    def keep_names(self, region: str, names: Mapping[str, str]) -> None:
        """Keep these in place of all names of the region."""

        def put(db: sqlite3.Connection) -> None:
            db.execute("DELETE FROM names WHERE region = ?", (region,))
            db.executemany("INSERT INTO names VALUES (?, ?, ?)", [(region, *each) for each in names.items()])
            db.execute("INSERT OR REPLACE INTO named VALUES (?, ?)", (region, self._wall()))

        self._do(put, writes=True)

    def close(self) -> None:
        """Let go of the file, for good; where it is in use, as soon as it is not."""
        self._closed = True
        self._let_go()

    def _let_go(self) -> None:
        if self._closed and self._lock.acquire(blocking=False):
            self._close()
            self._lock.release()

    # --- the file ---

    @property
    def _bounds(self) -> tuple[float, float]:
        """ms UTC: what is older is not kept, and what is later cannot be."""
        now = 1000 * self._wall()
        return now - DAYS * 86_400_000, now + _AHEAD

    def _do(
        self, work: Callable[[sqlite3.Connection], _Result], *, writes: bool = False, patience: float = _PATIENCE
    ) -> _Result:
        """Do it in one transaction. A file that proves to be damaged is replaced, once."""
        try:
            return self._do_alone(work, writes, patience)
        finally:
            self._let_go()

    def _do_alone(self, work: Callable[[sqlite3.Connection], _Result], writes: bool, patience: float) -> _Result:
        with self._lock:
            if self._closed:
                raise StoreError(f"{self.path} is closed")
            try:
                try:
                    return self._transact(work, writes, patience)
                except sqlite3.DatabaseError as error:
                    if not _is_damage(error):
                        raise
                    self._replace(error, patience)
                    return self._transact(work, writes, patience)
            except (sqlite3.Error, OSError) as error:
                self._close()
                why = reason(error) if isinstance(error, OSError) else str(error)
                code = getattr(error, "sqlite_errorcode", 0) & 0xFF
                busy = isinstance(error, BlockingIOError) or code == sqlite3.SQLITE_BUSY
                raise StoreError(f"cannot use {self.path}: {why}", busy=busy) from None

    def _transact(self, work: Callable[[sqlite3.Connection], _Result], writes: bool, patience: float) -> _Result:
        if self._open is None:
            make_folder(self.path.parent)
            with _alone(self.path, patience):
                self._open = _opened(self.path)
        self._open.execute(f"PRAGMA busy_timeout = {1000 * patience:.0f}")
        with self._open:
            self._open.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
            return work(self._open)

    def _replace(self, damage: sqlite3.DatabaseError, patience: float) -> None:
        """Move the file aside and begin another, unless another copy has done so meanwhile."""
        self._close()
        _log.warning("%s is moved aside: %s", self.path, damage)
        with _alone(self.path, patience):
            try:
                with closing(_opened(self.path)) as db:
                    sound = _is_whole(db)
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


def _alone(path: Path, patience: float) -> AbstractContextManager[None]:
    """No other copy looks whether the file is sound, or makes it, at the same time."""
    return locked(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT, patience)


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether the file is at fault, and not the disk or another copy that uses it."""
    return isinstance(error, _NoneOfOurs) or (getattr(error, "sqlite_errorcode", 0) & 0xFF) in _DAMAGE


def _opened(path: Path) -> sqlite3.Connection:
    """The file, made where there is none. Raises DatabaseError."""
    with suppress(FileExistsError):  # SQLite would let others read it; what it makes beside it has the same mode
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    db = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
    try:
        if not _made(db):
            db.executescript(_SCHEMA)
        db.execute("PRAGMA synchronous = NORMAL")  # a cut of power may take the last minute, and never the file
    except BaseException:
        db.close()
        raise
    return db


def _made(db: sqlite3.Connection) -> bool:
    """Whether it is more than an empty file. Raises DatabaseError where it is another's."""
    known = [db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
    if known == [0, 0] and not tables:
        return False
    if known != [_OURS, _VERSION] or not tables >= _TABLES:
        raise _NoneOfOurs("none of ours, or of another version")
    return True


def _is_whole(db: sqlite3.Connection) -> bool:
    return bool(db.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))


def _read(
    db: sqlite3.Connection, symbol: Symbol, most: int, now: float, bounds: tuple[float, float]
) -> tuple[StoredHistory, int]:
    """What is kept of a symbol, and how many rows cannot be read. Nothing is taken for granted, not even what the
    schema promises."""
    name = (str(symbol),)
    rows = db.execute(
        "SELECT minute, open, high, low, close, volume FROM bars WHERE symbol = ? ORDER BY minute DESC", name
    )
    oldest, latest, now = (int(time // MINUTE) for time in (*bounds, now))
    bars: dict[int, Kline] = {}
    unread = past = 0
    for minute, *figures in rows:
        bar = _bar(symbol, minute, figures)
        if bar is None or minute > latest or minute in bars:
            unread += 1
        elif minute >= oldest:
            bars[minute] = bar
            past += minute <= now
        if past == most or (bar is not None and minute < oldest):
            break
    first, last = map(_date, bounds)
    days = db.execute(
        "SELECT date, close, date(date) IS date FROM closes WHERE symbol = ? AND date >= ?", (*name, first)
    )
    closes: dict[str, float] = {}
    for day, close, is_date in days:
        if is_date and day <= last and type(close) is float and MIN_PRICE <= close <= MAX_PRICE:
            closes[day] = close
        else:
            unread += 1
    row = db.execute("SELECT until FROM complete WHERE symbol = ? AND typeof(until) = 'integer'", name).fetchone()
    complete = row[0] if row is not None and bounds[0] <= row[0] <= bounds[1] else 0
    return StoredHistory([bars[minute] for minute in sorted(bars)], closes, complete), unread


def _bar(symbol: Symbol, minute: object, figures: list[Any]) -> Kline | None:
    """The bar of a row; None where it can be none, whoever wrote it."""
    if type(minute) is not int or not all(type(figure) in (int, float) for figure in figures):
        return None
    code, region = symbol
    open_, high, low, close, volume = map(float, figures)
    time = minute * MINUTE
    bar = Kline(symbol=code, region=region, time=time, open=open_, high=high, low=low, close=close, volume=volume)
    return bar if is_valid_bar(bar) else None


def _put(db: sqlite3.Connection, news: BarUpdate) -> None:
    name = str(news.symbol)
    if news.afresh:
        for table in ("bars", "closes", "complete"):
            db.execute(f"DELETE FROM {table} WHERE symbol = ?", (name,))
    elif news.told and news.bars:
        bounds = news.bars[0].time // MINUTE, news.bars[-1].time // MINUTE
        db.execute("DELETE FROM bars WHERE symbol = ? AND minute BETWEEN ? AND ?", (name, *bounds))
    rows = [(name, b.time // MINUTE, b.open, b.high, b.low, b.close, b.volume) for b in news.bars]
    db.executemany(_PUT_BAR + _LONGER, rows)
    db.executemany("INSERT OR REPLACE INTO closes VALUES (?, ?, ?)", [(name, *each) for each in news.closes.items()])
    if news.complete:
        db.execute("INSERT OR REPLACE INTO complete VALUES (?, ?)", (name, news.complete))


def _tidy(db: sqlite3.Connection, oldest: float, latest: float) -> None:
    """Let go of what is too old, false or too much, and give the room back."""
    false = "minute NOT BETWEEN ? AND ? OR typeof(minute) <> 'integer'"
    db.execute(f"DELETE FROM bars WHERE {false}", (oldest // MINUTE, latest // MINUTE))
    db.execute("DELETE FROM closes WHERE date NOT BETWEEN ? AND ?", (_date(oldest), _date(latest)))
    db.execute("DELETE FROM complete WHERE until NOT BETWEEN ? AND ?", (int(oldest), int(latest)))
    if db.execute("SELECT count(*) FROM bars").fetchone()[0] > MOST:
        row = db.execute("SELECT minute FROM bars ORDER BY minute DESC LIMIT 1 OFFSET ?", (MOST,)).fetchone()
        db.execute("DELETE FROM bars WHERE minute <= ?", row)
    db.executescript("PRAGMA incremental_vacuum")  # as a script, which commits first: else it ends after one page


def _date(time: float) -> str:
    return datetime.fromtimestamp(time / 1000, UTC).date().isoformat()
