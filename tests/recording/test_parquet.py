"""Recordings for other tools: as Parquet, and as they are in DuckDB.

What needs pyarrow or duckdb, whose wheels are too large to install for every run of the tests, is skipped without them:
`pip install '.[test,parquet]' duckdb` runs all of it."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import run_in_process
from tests.support.messages import BOOK_B, T, bar, tick
from tests.support.recordings import BEGAN, compress, header, tick_lines, write_recording
from tui.errors import UsageError
from tui.protocol.messages import Push, Quote, encode
from tui.recording import parquet
from tui.recording.format import Recording, message_line
from tui.recording.parquet import SCHEMAS, ParquetExport

NAMES = [f"friday.{name}.parquet" for name in ("trades", "quotes", "books", "minutes")]
RECIPE = """SELECT t, m->>'$.data.s' AS symbol, (m->>'$.data.ld')::DOUBLE AS last
FROM read_ndjson('/dev/stdin', columns={t: 'DOUBLE', m: 'JSON'}, ignore_errors=true)
WHERE m->>'$.data.type' = 'tick'"""


@pytest.fixture
def arrow() -> Any:
    return pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed: pip install '.[parquet]'")


def lines_of(*messages: Push, apart: float = 1.0) -> Iterator[bytes]:
    yield from tick_lines(0)
    for n, message in enumerate(messages):
        yield message_line(repr(BEGAN + n * apart).encode(), encode(message))


def exported(path: Path, *members: Iterator[bytes] | list[bytes]) -> dict[str, list[dict[str, Any]]]:
    """The rows of each file of the export of a recording."""
    table = importlib.import_module("pyarrow.parquet")
    result = run_in_process(
        "export", str(write_recording(path / "friday.jsonl.gz", *members)), "--to", str(path / "friday.parquet")
    )
    assert result.returncode == 0, result.stderr
    files = {name: table.read_table(path / f"friday.{name}.parquet").to_pylist() for name in SCHEMAS}
    assert result.stdout.splitlines() == [
        f"{path / f'friday.{name}.parquet'} {len(rows)}" for name, rows in files.items()
    ]
    return files


def at(ms: float) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def test_each_kind_of_data_is_a_file_with_exact_figures(tmp_path: Path, arrow: Any) -> None:
    price = 512.3400000000001  # a double of its own, next to 512.34
    told_quote = Quote(symbol="QQQ$US", last=0.1 + 0.2, open=9.5, status=0, time=T + 20)
    files = exported(tmp_path, lines_of(tick(price, 10, volume=1_000_000_001), told_quote, BOOK_B, tick(7.5, 0)))
    assert files["trades"][0] == {
        "symbol": "QQQ$US",
        "received": at(T),
        "time": at(T + 10),
        "last": price,
        "volume": 1_000_000_001.0,
        "side": None,
    }
    told = {name: value for name, value in files["quotes"][0].items() if value is not None}
    assert told == {
        "symbol": "QQQ$US",
        "received": at(T + 1_000),
        "time": at(T + 20),
        "last": 0.30000000000000004,
        "open": 9.5,
        "status": 0,
    }
    book = files["books"][0]
    assert book["bids"] == [{"price": level.price, "volume": level.volume} for level in BOOK_B.bids]
    assert book["asks"] == [{"price": level.price, "volume": level.volume} for level in BOOK_B.asks]
    types = {str(kind) for name in SCHEMAS for kind in arrow.read_schema(tmp_path / f"friday.{name}.parquet").types}
    level = "list<element: struct<price: double, volume: double>>"
    assert types == {"string", "timestamp[ms, tz=UTC]", "double", "int64", "bool", level}


def test_a_minute_is_a_row_once_it_is_over_and_a_correction_another(tmp_path: Path, arrow: Any) -> None:
    bars = [bar(0, 500.0, 1), bar(0, 501.0, 2), bar(1, 502.0, 1), bar(0, 501.5, 3), bar(1, 503.0, 2), bar(0, 501.7, 4)]
    rows = exported(tmp_path, lines_of(*bars, apart=60.0))["minutes"]
    assert [(row["time"], row["close"], row["complete"]) for row in rows] == [
        (at(T), 501.0, True),
        (at(T), 501.5, True),
        (at(T), 501.7, True),
        (at(T + 60_000), 503.0, False),
    ]


def test_rows_are_written_in_batches(tmp_path: Path, arrow: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "_BATCH", 100)
    rows = exported(tmp_path, tick_lines(1_050))["trades"]
    assert [row["last"] for row in rows] == [100.0 + n for n in range(1_050)]
    groups = arrow.ParquetFile(tmp_path / "friday.trades.parquet").metadata
    assert groups.num_row_groups == 11 and groups.row_group(0).num_rows == 100


def test_of_a_cut_recording_all_that_is_left_is_exported_and_that_is_said(tmp_path: Path, arrow: Any) -> None:
    file = write_recording(tmp_path / "cut.jsonl.gz", tick_lines(50), tick_lines(50)[5:])
    file.write_bytes(file.read_bytes()[:-30])
    result = run_in_process("export", str(file), "--to", str(tmp_path / "friday.parquet"))
    assert result.returncode == 0 and "itick-tui: the recording is cut off at its end" in result.stderr
    assert arrow.read_table(tmp_path / NAMES[0]).num_rows >= 50


def test_no_file_is_overwritten_or_left_half_written(tmp_path: Path, arrow: Any) -> None:
    file = write_recording(tmp_path / "friday.jsonl.gz", tick_lines(5))
    to = ("export", str(file), "--to", str(tmp_path / "friday.parquet"))
    (tmp_path / NAMES[2]).write_text("mine")
    result = run_in_process(*to)
    assert result.returncode == 2 and f"{NAMES[2]} exists already: remove it" in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["friday.jsonl.gz", NAMES[2]])
    (tmp_path / NAMES[2]).unlink()

    class Broken(Recording):
        def read_cooperatively(self) -> Iterator[Any]:
            yield from list(super().read_cooperatively())[:3]
            raise OSError(5, "Input/output error")

    with (
        pytest.raises(UsageError, match=r"cannot write .*friday.parquet: input/output error"),
        ParquetExport(tmp_path / "friday.parquet") as files,
    ):
        files.write(Broken(file))
    assert [path.name for path in tmp_path.iterdir()] == ["friday.jsonl.gz"]
    folder = run_in_process("export", str(file), "--to", str(tmp_path / "nowhere" / "friday.parquet"))
    assert folder.returncode == 2 and "no such file or directory" in folder.stderr


def test_without_pyarrow_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    file = write_recording(tmp_path / "friday.jsonl.gz", tick_lines(5))
    result = run_in_process("export", str(file), "--to", str(tmp_path / "friday.parquet"))
    assert result.returncode == 2 and "pip install 'itick-tui[parquet]'" in result.stderr


def test_wrong_names_are_told(tmp_path: Path) -> None:
    file = write_recording(tmp_path / "friday.jsonl.gz", tick_lines(5))
    result = run_in_process("export", str(file), "--to", str(tmp_path / "friday.csv"))
    assert result.returncode == 2 and "only files that end in .parquet" in result.stderr
    result = run_in_process("export", str(tmp_path / "none"), "--to", str(tmp_path / "friday.parquet"))
    assert result.returncode == 2 and "there is no such file" in result.stderr


@pytest.mark.parametrize("cut", [0, 30], ids=["whole", "cut"])
def test_duckdb_reads_a_recording_as_it_is(tmp_path: Path, cut: int) -> None:
    pytest.importorskip("duckdb", reason="duckdb is not installed: pip install duckdb")
    # DuckDB looks at 20,480 lines before it decides on types; a price after them must not be rounded to those before.
    late = 100.123456789
    lines = [*tick_lines(21_000, 0.001), message_line(b"1100.0", encode(tick(late, 100_000)))]
    file = tmp_path / "friday.jsonl.gz"
    file.write_bytes(compress([header()], lines, tick_lines(500, 0.001)[5:])[: -cut or None])
    code = "import sys, duckdb; print(*duckdb.sql(sys.argv[1]).fetchall(), sep='\\n')"
    command = f'zcat {file} 2>/dev/null | "$0" -c "$1" "$2"'
    result = subprocess.run(
        ["sh", "-c", command, sys.executable, code, RECIPE], capture_output=True, text=True, timeout=60, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")
    rows = result.stdout.splitlines()
    assert rows[0] == "(1000.0, 'QQQ$US', 100.0)" and f"(1100.0, 'QQQ$US', {late})" in rows
    assert len(rows) == 21_501 if not cut else 21_001 <= len(rows) < 21_501
