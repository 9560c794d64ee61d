"""The store: what is read back, two processes at once, damage, a full disk, and the limits."""

from __future__ import annotations

import contextlib
import math
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.lock_holder import holding
from tui.history import store as storing
from tui.history.store import RETENTION_DAYS, BarUpdate, Store, StoreError, default_store_path
from tui.market.bars import MINUTE
from tui.protocol.messages import Kline
from tui.symbol import Symbol

QQQ, SPY = Symbol("QQQ", "US"), Symbol("SPY", "US")
NOW = 1_795_440_000  # s
DAY = 86_400


def bar(minutes_ago: int, close: float = 1.0, volume: float = 1.0) -> Kline:
    time = 1000 * NOW - minutes_ago * MINUTE
    return Kline(symbol="QQQ", region="US", open=close, high=close, low=close, close=close, time=time, volume=volume)


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Store]]:
    made: list[Store] = []

    def one(name: str = "itick.sqlite", wall: Callable[[], float] = lambda: NOW) -> Store:
        made.append(Store(tmp_path / "cache" / name, wall=wall))
        return made[-1]

    yield one
    for each in made:
        each.close()


@pytest.fixture
def store(make: Callable[..., Store]) -> Store:
    return make()


def stored_bars(store: Store, symbol: Symbol = QQQ, most: int = 500) -> list[tuple[int, float]]:
    """(minutes ago, close)"""
    return [((1000 * NOW - b.time) // MINUTE, b.close) for b in store.read([symbol], most)[symbol].bars]


def test_stored_history_is_read_back(store: Store, make: Callable[..., Store]) -> None:
    bars = [bar(3, 1.25, 7.0), bar(2, 1.5), bar(1, 1.75)]
    store.write([BarUpdate(QQQ, bars, {"2026-11-20": 512.34}, 1000 * NOW)])
    again = make()
    kept = again.read([QQQ, SPY], 2)
    assert kept[QQQ] == (bars[1:], {"2026-11-20": 512.34}, 1000 * NOW)
    assert kept[SPY] == ([], {}, 0)


def test_real_and_demo_prices_have_separate_stores(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_store_path(demo=False).name == "itick.sqlite"
    assert default_store_path(demo=True).name == "demo.sqlite"
    assert default_store_path(demo=True).is_relative_to(tmp_path)


def test_of_two_bars_of_a_minute_the_one_with_more_volume_stays(store: Store) -> None:
    for close, volume, stored in ((1.0, 5.0, 1.0), (2.0, 9.0, 2.0), (3.0, 8.0, 2.0), (4.0, 9.0, 4.0)):
        store.write([BarUpdate(QQQ, [bar(1, close, volume)])])
        assert stored_bars(store) == [(1, stored)], "of the same volume the later one"


def test_vendor_bars_replace_the_stored_range(store: Store) -> None:
    store.write([BarUpdate(QQQ, [bar(ago, 9.0, 99.0) for ago in (5, 4, 3, 2, 1)], {"2026-11-20": 1.0})])
    store.write([BarUpdate(QQQ, [bar(4), bar(2)], replaces_range=True)])
    assert stored_bars(store) == [(5, 9.0), (4, 1.0), (2, 1.0), (1, 9.0)]
    store.write([BarUpdate(QQQ, [bar(3)], replaces_range=True, replaces_all=True)])
    assert stored_bars(store) == [(3, 1.0)]
    assert store.read([QQQ], 1)[QQQ].closes == {}


def test_data_older_than_thirty_days_is_pruned_daily(make: Callable[..., Store]) -> None:
    wall = [float(NOW)]
    store = make(wall=lambda: wall[0])
    whole_day = DAY // 60
    store.write([BarUpdate(QQQ, [bar(29 * whole_day), bar(0)], {"2026-10-25": 1.0, "2026-11-20": 1.0}, 1000 * NOW)])
    assert len(stored_bars(store)) == 2
    wall[0] += 2 * DAY
    assert len(stored_bars(store)) == 1  # it is not told any more, before it has gone
    store.write([BarUpdate(SPY, [bar(0)])])
    with closing(sqlite3.connect(store.path)) as db:
        assert db.execute("SELECT count(*) FROM bars WHERE symbol = 'QQQ$US'").fetchone() == (1,)
        assert db.execute("SELECT date FROM closes").fetchall() == [("2026-11-20",)]
    assert RETENTION_DAYS == 30


def test_the_oldest_of_too_many_bars_are_pruned_and_the_file_shrinks(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    symbols = [Symbol(f"F{n}", "US") for n in range(40)]
    bars = [bar(ago) for ago in range(500, 0, -1)]
    monkeypatch.setattr(storing, "MAX_BARS", 100_000)
    store.write([BarUpdate(symbol, bars) for symbol in symbols])
    with closing(sqlite3.connect(store.path)) as db:
        before = db.execute("PRAGMA page_count").fetchone()[0]
    monkeypatch.setattr(storing, "MAX_BARS", 4_000)
    store._pruned_at = 0.0
    store.write([BarUpdate(QQQ, [bar(0)])])
    assert {len(stored_bars(store, symbol)) for symbol in symbols} <= {99, 100}
    assert stored_bars(store, symbols[7])[0][0] <= 100
    with closing(sqlite3.connect(store.path)) as db:
        assert db.execute("PRAGMA page_count").fetchone()[0] < before / 2


WRITER = """
import sys
from pathlib import Path
from tui.history.store import BarUpdate, Store
from tui.protocol.messages import Kline
from tui.symbol import Symbol

store = Store(Path(sys.argv[1]), wall=lambda: {now})
for n in range(40):
    symbol = Symbol(f"{{sys.argv[2]}}{{n}}", "US")
    bars = [
        Kline(symbol=symbol.code, open=1.0, high=1.0, low=1.0, close=1.0, time={now}000 - m * 60_000, volume=1.0)
        for m in range(50)
    ]
    store.write([BarUpdate(symbol, bars)])
    store.write([BarUpdate(Symbol("BOTH", "US"), bars[n : n + 1])])
store.close()
"""


def test_two_processes_writing_at_once_lose_nothing(store: Store) -> None:
    command = [sys.executable, "-c", WRITER.format(now=NOW), str(store.path)]
    copies = [subprocess.Popen([*command, name], stderr=subprocess.PIPE) for name in ("A", "B")]
    for copy in copies:
        _, errors = copy.communicate(timeout=30)
        assert (copy.returncode, errors) == (0, b"")
    everything = store.read([Symbol(f"{name}{n}", "US") for name in "AB" for n in range(40)], 500)
    assert {len(kept.bars) for kept in everything.values()} == {50}
    assert len(stored_bars(store, Symbol("BOTH", "US"))) == 40


def damage_head(path: Path) -> None:
    path.write_bytes(b"this is no database" * 400)


def damage_middle(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)


def another_program(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE bars (drinks TEXT)")


def newer_version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")


def missing_table(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP TABLE closes")


@pytest.mark.parametrize("spoil", [damage_head, damage_middle, another_program, newer_version, missing_table])
def test_a_damaged_or_foreign_file_is_moved_aside_and_replaced(
    make: Callable[..., Store], spoil: Callable[[Path], None]
) -> None:
    first = make()
    first.write([BarUpdate(QQQ, [bar(ago) for ago in range(400, 0, -1)])])
    first.close()
    spoil(first.path)
    spoiled = first.path.read_bytes()
    store = make()
    assert stored_bars(store) == []
    store.write([BarUpdate(QQQ, [bar(1)])])
    assert stored_bars(store) == [(1, 1.0)]
    assert first.path.with_name("itick.sqlite.damaged").read_bytes() == spoiled


def test_an_invalid_row_is_skipped(store: Store) -> None:
    store.write([BarUpdate(QQQ, [bar(2), bar(1)], {"2026-11-20": 1.0})])
    with closing(sqlite3.connect(store.path)) as db:
        db.execute("UPDATE bars SET close = 'much' WHERE minute = (SELECT min(minute) FROM bars)")
        db.execute("INSERT INTO closes VALUES ('QQQ$US', 'today', 1.0), ('QQQ$US', '2026-11-19', NULL)")
        db.commit()
    assert stored_bars(store) == [(1, 1.0)]
    assert store.read([QQQ], 1)[QQQ].closes == {"2026-11-20": 1.0}


def test_an_unusable_folder_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    store = Store(tmp_path / "cache" / "itick.sqlite")
    for work in (lambda: store.read([QQQ], 1), lambda: store.write([BarUpdate(QQQ, [bar(1)])])):
        with pytest.raises(StoreError, match=r"cannot use .*itick\.sqlite: (file exists|not a directory)"):
            work()


def test_a_full_disk_is_a_store_error_and_loses_nothing(store: Store) -> None:
    store.write([BarUpdate(QQQ, [bar(1)])])
    assert store._open is not None
    pages = store._open.execute("PRAGMA page_count").fetchone()[0]
    store._open.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match="disk is full") as told:
        store.write([BarUpdate(SPY, [bar(ago) for ago in range(9_000)])])
    assert not told.value.busy
    assert stored_bars(store) == [(1, 1.0)] and stored_bars(store, SPY) == []


def test_a_write_waits_for_another_process_and_less_when_leaving(store: Store) -> None:
    store.write([BarUpdate(QQQ, [bar(1)])])
    with closing(sqlite3.connect(store.path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        threading.Timer(0.1, other.execute, ["COMMIT"]).start()
        store.write([BarUpdate(QQQ, [bar(2)])])
        assert len(stored_bars(store)) == 2
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        with pytest.raises(StoreError) as told:
            store.write([BarUpdate(QQQ, [bar(2)])], leaving=True)
        assert told.value.busy
        assert time.monotonic() - began < 0.5


def test_the_last_write_waits_for_one_other_work_at_most(store: Store) -> None:
    with closing(Store(store.path)) as first:
        first.fund_names("US")  # which makes the files

    def read() -> None:
        with contextlib.suppress(StoreError):
            store.read([QQQ], 1)

    with holding(store.path.with_name("itick.sqlite.lock")):
        others = [threading.Thread(target=read) for _ in range(4)]
        for thread in others:
            thread.start()
        began = time.monotonic()
        with pytest.raises(StoreError, match="another process holds its lock"):
            store.write([BarUpdate(QQQ, [bar(1)])], leaving=True)
        assert time.monotonic() - began < 1.4
        for thread in others:
            thread.join()


def test_fund_names_are_stored_by_region_with_their_age(make: Callable[..., Store]) -> None:
    wall = [float(NOW)]
    store = make(wall=lambda: wall[0])
    assert store.fund_names("US") is None
    store.save_fund_names("US", {"QQQ": "Invesco QQQ", "OLD": "gone soon"})
    store.save_fund_names("HK", {"2800": "盈富基金"})
    wall[0] += 60
    store.save_fund_names("US", {"QQQ": "Invesco QQQ Trust"})
    wall[0] += 60
    assert store.fund_names("US") == (60.0, {"QQQ": "Invesco QQQ Trust"})
    assert store.fund_names("HK") == (120.0, {"2800": "盈富基金"})


def test_fund_names_dated_in_the_future_count_as_too_old(make: Callable[..., Store]) -> None:
    wall = [float(NOW + 400 * DAY)]
    store = make(wall=lambda: wall[0])
    store.save_fund_names("US", {"QQQ": "Invesco QQQ"})
    wall[0] = float(NOW)
    assert store.fund_names("US") == (math.inf, {"QQQ": "Invesco QQQ"})


def test_extreme_numbers_and_times_in_the_file_are_skipped(store: Store) -> None:
    store.write([BarUpdate(QQQ, [bar(2), bar(1)], {"2026-11-20": 512.34}, 1000 * NOW)])
    minute = NOW // 60
    with closing(sqlite3.connect(store.path)) as db:
        rows = [[5e-324] * 4 + [1.0], [1.7e308] * 4 + [1.0], [1.0] * 4 + [1.7e308], [1.0, 2.0, 3.0, 1.0, 1.0]]
        for n, row in enumerate(rows, 3):
            db.execute("INSERT INTO bars VALUES ('QQQ$US', ?, ?, ?, ?, ?, ?)", (minute - n, *row))
        for n in range(600):
            late = minute + 2 * 1440 + n
            db.execute("INSERT INTO bars VALUES ('QQQ$US', ?, 1.0, 1.0, 1.0, 1.0, 1.0)", (late,))
        for text in ("x" * 9, str(2**70)):
            db.execute("INSERT INTO bars VALUES ('QQQ$US', ?, 1.0, 1.0, 1.0, 1.0, 1.0)", (text,))
        db.execute("INSERT INTO closes VALUES ('QQQ$US', '2031-01-02', 1.0)")
        db.commit()
    assert stored_bars(store) == [(2, 1.0), (1, 1.0)]
    assert store.read([QQQ], 500)[QQQ].closes == {"2026-11-20": 512.34}
    store._pruned_at = 0.0
    store.write([BarUpdate(QQQ, [bar(1)])])
    with closing(sqlite3.connect(store.path)) as db:
        kept = db.execute("SELECT count(*) FROM bars WHERE typeof(minute) = 'integer' AND minute > ?", (minute,))
        assert kept.fetchone() == (0,), "in time they would be taken for a day's bars"
        assert db.execute("SELECT count(*) FROM closes").fetchone() == (1,)


def test_invalid_rows_are_skipped_and_counted(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """Also where they are many, stand before all others, and the table has lost what kept it in order."""
    store.write([BarUpdate(QQQ, [bar(ago, close=float(ago)) for ago in range(500, 0, -1)], {"2026-11-20": 512.34})])
    minute = NOW // 60
    inf = math.inf
    with closing(sqlite3.connect(store.path)) as db:
        db.execute("ALTER TABLE bars RENAME TO former")
        db.execute("CREATE TABLE bars (symbol TEXT, minute, open, high, low, close, volume)")
        db.execute("INSERT INTO bars SELECT * FROM former ORDER BY close * 7 % 11")
        strange: list[tuple[object, ...]] = [
            *((minute - n - 0.5, 1.0, 1.0, 1.0, 1.0, 1.0) for n in range(500)),
            *((minute - n, 2.0, 2.0, 2.0, 2.0, 1.0) for n in range(1, 11)),  # doubled
            (minute, inf, inf, inf, inf, 1.0),
            (minute, 1.0, 1.0, 1.0, 1.0, inf),
            (minute, 1.0, 1.0, 1.0, None, 1.0),  # as SQLite keeps NaN
            (minute, 1.0, 1.0, 1.0, "1.0", 1.0),
            (minute, 1.0, 1.0, 1.0, b"1.0", 1.0),
            (str(minute), 1.0, 1.0, 1.0, 1.0, 1.0),
            (b"1", 1.0, 1.0, 1.0, 1.0, 1.0),
            (None, 1.0, 1.0, 1.0, 1.0, 1.0),
            (2**62, 1.0, 1.0, 1.0, 1.0, 1.0),
        ]
        for row in strange:
            db.execute("INSERT INTO bars VALUES ('QQQ$US', ?, ?, ?, ?, ?, ?)", row)
        for n in range(600):  # a clock may be a day behind: these may be true, and are none of the newest 500
            db.execute("INSERT INTO bars VALUES ('QQQ$US', ?, 1.0, 1.0, 1.0, 1.0, 1.0)", (minute + 1 + n,))
        for day, close in enumerate((inf, -1.0, 0.0, 1e-300), 12):
            db.execute("INSERT INTO closes VALUES ('QQQ$US', ?, ?)", (f"2026-11-{day}", close))
        db.execute("INSERT OR REPLACE INTO complete VALUES ('QQQ$US', ?)", (-(2**62),))
        db.execute("INSERT INTO closes VALUES (?, ?, ?)", ("QQQ$US", "today", 1.0))
        db.commit()
    kept = store.read([QQQ], 500)[QQQ]
    past = [each for each in kept.bars if each.time <= 1000 * NOW]
    assert [(1000 * NOW - each.time) // MINUTE for each in past] == list(range(500, 0, -1))
    assert all(type(each.time) is int for each in kept.bars)
    assert [each.time for each in kept.bars] == sorted({each.time for each in kept.bars}) and len(kept.bars) == 1_100
    assert (kept.closes, kept.complete_until) == ({"2026-11-20": 512.34}, 0)
    # A minute without a time comes last of all, and is not looked at.
    assert store.invalid_rows == len(strange) - 1 + 5
    assert f"{store.invalid_rows:,} rows cannot be read" in caplog.text


def test_invalid_fund_names_are_skipped(store: Store) -> None:
    store.save_fund_names("US", {"QQQ": "Invesco QQQ", "SPY": "SPDR"})
    with closing(sqlite3.connect(store.path)) as db:
        db.execute("UPDATE names SET name = NULL WHERE code = 'SPY'")
        db.execute("INSERT INTO names VALUES ('US', 'IWM', x'ff'), ('US', x'ff', 'iShares')")
        db.execute("INSERT INTO named VALUES ('HK', NULL), ('SH', x'ff'), ('SZ', 'today')")
        db.commit()
    assert store.fund_names("US") == (0.0, {"QQQ": "Invesco QQQ"})
    assert [store.fund_names(region) for region in ("HK", "SH", "SZ")] == [None, None, None]


def test_close_does_not_wait_for_a_running_transaction(store: Store) -> None:
    store.fund_names("US")
    asked, on = threading.Event(), threading.Event()

    def work(db: sqlite3.Connection) -> None:
        asked.set()
        on.wait()

    thread = threading.Thread(target=store._execute, args=(work,))
    thread.start()
    asked.wait()
    began = time.monotonic()
    store.close()
    assert time.monotonic() - began < 0.5
    assert store._open is not None, "it is in use"
    on.set()
    thread.join()
    assert store._open is None


def test_a_closed_store_stays_closed(store: Store) -> None:
    store.write([BarUpdate(QQQ, [bar(1)])])
    store.close()
    with pytest.raises(StoreError):
        store.write([BarUpdate(QQQ, [bar(1)])])
