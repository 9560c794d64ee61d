"""One look at the watchlist, from the real program."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import time
from pathlib import Path

import pytest

from tests.support.command import KEY, check_output, exchange, lines_until, run_program, start_program
from tests.support.feed import free_port
from tui.headless.snapshot import Snapshot
from tui.history.store import BarUpdate, Store, default_store_path
from tui.history.volume_history import comparable_sessions
from tui.market import Market
from tui.market.bars import MINUTE
from tui.market.session_axis import session_minutes
from tui.protocol.messages import Kline
from tui.symbol import Symbol
from tui.watchlist.columns import BY_ID, DEFAULT

FIGURES = {"symbol", "last", "change", "change%", "bid", "ask", "spread", "volume", "turnover"}


def test_the_columns_of_the_grid_are_printed_without_colours() -> None:
    result = run_program("snapshot", "--demo", "--watch", "QQQ$US,510300$SH")
    assert (result.returncode, result.stderr) == (0, "")
    assert "\x1b" not in result.stdout
    titles, *rows = result.stdout.splitlines()
    assert [title for title in (BY_ID[id].title for id in DEFAULT) if title not in titles] == []
    assert [row.split()[-11 if row[0] == " " else 1] for row in rows] == ["QQQ$US", "510300$SH"]
    assert all("—" not in row and row[titles.index("LAST") :] for row in rows), rows


def test_a_script_gets_figures_by_the_ids_of_the_columns() -> None:
    result = run_program("snapshot", "--demo", "--watch", "QQQ$US,SPY$US", "--format", "json")
    rows = json.loads(result.stdout)
    assert [row["symbol"] for row in rows] == ["QQQ$US", "SPY$US"]
    for row in rows:
        assert row.keys() >= FIGURES | {"state", "old", "time"}
        assert all(isinstance(row[id], float) for id in FIGURES - {"symbol"})
        assert row["old"] == [] and row["ask"] > row["bid"] and abs(row["time"] / 1000 - time.time()) < 120


def test_csv_and_markdown_have_the_same_rows() -> None:
    with exchange() as url:
        made = {
            form: run_program("snapshot", "--url", url, "--watch", "QQQ$US,SPY$US", "--format", form, key=KEY).stdout
            for form in ("csv", "markdown")
        }
    rows = list(csv.DictReader(io.StringIO(made["csv"])))
    assert [row["symbol"] for row in rows] == ["QQQ$US", "SPY$US"]
    assert rows[0].keys() >= FIGURES and rows[0]["old"] == ""
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in made["markdown"].splitlines()]
    assert lines[0] == [BY_ID[id].title for id in DEFAULT] and {len(line) for line in lines} == {len(DEFAULT)}
    assert [line[0] for line in lines[2:]] == ["QQQ$US", "SPY$US"]


def test_columns_and_order_are_those_of_the_config(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('columns = ["symbol", "last", "high"]\nsort = "-symbol"\n')
    arguments = ("snapshot", "--demo", "--watch", "QQQ$US,SPY$US", "--config", str(config), "--format", "csv")
    titles, *rows = run_program(*arguments).stdout.splitlines()
    assert titles == "symbol,last,high,state,old,time"
    assert [row.split(",")[0] for row in rows] == ["SPY$US", "QQQ$US"]


def test_what_has_no_data_is_named_when_the_time_is_over() -> None:
    with exchange() as url:
        began = time.monotonic()
        result = run_program("snapshot", "--url", url, "--watch", "QQQ$US,ZZZQ$US", "--wait", "2", key=KEY)
    assert result.returncode == 0 and time.monotonic() - began >= 2
    assert "itick-tui: no data: ZZZQ$US" in result.stderr
    row = next(line for line in result.stdout.splitlines() if "ZZZQ" in line)
    assert row.split()[1:] == ["—"] * 8 + ["…"]


def test_it_ends_with_the_codes_of_the_stream(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("another")
    with exchange("--key-file", str(tmp_path / "key")) as url:
        refused = run_program("snapshot", "--url", url, "--watch", "QQQ$US", key=KEY)
    assert (refused.returncode, refused.stdout) == (3, "")
    nobody = f"ws://127.0.0.1:{free_port()}/fund"
    absent = run_program("snapshot", "--url", nobody, "--watch", "QQQ$US", "--wait", "0.5", key=KEY)
    assert (absent.returncode, absent.stdout) == (4, "")
    assert "no live connection within 0.5 s: " in absent.stderr
    assert run_program("snapshot", key=KEY).returncode == 2


def test_a_signal_ends_it_in_good_order() -> None:
    nobody = f"ws://127.0.0.1:{free_port()}/fund"
    with (
        start_program("snapshot", "--url", nobody, "--watch", "QQQ$US", "--log", "/dev/stderr", key=KEY) as process,
    ):
        lines_until(process.stderr, "link ")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 143
    locks = Path(os.environ["XDG_STATE_HOME"]) / "itick-tui"
    assert [path for path in locks.rglob("*.sock") if f"-{process.pid}" in path.name] == []


@pytest.mark.parametrize("watch", ["QQQ$US", "QQQ/SPY"])
def test_it_joins_the_connection_that_another_copy_has(watch: str) -> None:
    with (
        exchange("--one-connection") as url,
        start_program("stream", "--url", url, "--watch", "SPY$US", key=KEY) as other,
    ):
        lines_until(other.stderr, "LIVE")
        result = run_program("snapshot", "--url", url, "--watch", watch, "--format", "json", key=KEY)
        assert result.returncode == 0, result.stderr
        assert json.loads(result.stdout)[0]["last"] > 0
        other.send_signal(signal.SIGTERM)
        output, errors = other.communicate(timeout=20)
        assert output and "reconnecting" not in errors, "the connection was not taken away"


async def test_when_the_link_was_lost_no_figure_is_shown_as_current() -> None:
    from tests.support.messages import quote, tick
    from tui.watchlist.tables import json_table, text_table

    symbols = [Symbol("QQQ", "US")]
    snapshot = Snapshot(symbols, 1.0)
    for message in (quote(512.34), tick(512.34)):
        snapshot.market.apply(message, 0.0)
    rows, columns = snapshot.rows((), "")
    table = text_table(rows, columns).splitlines()[1]
    assert table.startswith("⊘ QQQ$US  (512.34)") and "stale" in table
    assert json.loads(json_table(rows, columns))[0] | {"time": 0} == {
        **dict.fromkeys(FIGURES),
        "symbol": "QQQ$US",
        "last": 512.34,
        "state": "stale",
        "old": ["last"],
        "time": 0,
    }


def test_nobody_who_reads_it_ends_it_without_a_traceback() -> None:
    with start_program("snapshot", "--demo", "--watch", "QQQ$US") as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.wait(20) == 1
        check_output(process.stderr.read())


def test_the_usual_volume_is_made_of_the_minutes_that_the_dashboard_has_stored(tmp_path: Path) -> None:
    market, symbol = Market(), Symbol("QQQ", "US")
    market.set_hours(demo=True)
    market.follow([symbol])
    hours = market.instruments[symbol].calendar
    now = 1000 * time.time()
    today = hours.at(now).date
    sessions = (session_minutes(hours, today), *comparable_sessions(hours, today)[:7])
    bars = [
        Kline(symbol="", open=540.0, high=540.0, low=540.0, close=540.0, time=slot * MINUTE, volume=1.0)
        for minutes in reversed(sessions)
        for part in minutes
        for slot in part
        if slot * MINUTE < now - MINUTE
    ]
    store = Store(default_store_path(demo=True))
    store.write([BarUpdate(symbol, bars)])
    store.close()
    config = tmp_path / "config.toml"
    config.write_text('columns = ["symbol", "last", "relvol"]\n')
    arguments = ("snapshot", "--demo", "--watch", "QQQ$US,SPY$US", "--config", str(config), "--format", "json")
    known, unknown = json.loads(run_program(*arguments).stdout)
    assert known["relvol"] > 1 and unknown["relvol"] is None


def test_a_pair_is_a_row_among_others_and_its_legs_are_asked_for() -> None:
    with exchange() as url:
        watch = ("--watch", "QQQ/SPY, SPY-QQQ, SPY")
        made = run_program("snapshot", "--url", url, *watch, "--format", "json", key=KEY)
        table = run_program("snapshot", "--url", url, "--watch", "QQQ/SPY", "--format", "csv", key=KEY).stdout
    ratio, difference, spy = json.loads(made.stdout)
    assert (ratio["symbol"], difference["symbol"]) == ("QQQ$US/SPY$US", "SPY$US-QQQ$US")
    assert ratio["last"] == pytest.approx(1 - difference["last"] / spy["last"], rel=1e-3)
    assert ratio["bid"] is None and ratio["volume"] is None and ratio["change%"] is not None
    assert "SPY-QQQ read as SPY$US-QQQ$US" in made.stderr and "no data" not in made.stderr
    (row,) = csv.DictReader(io.StringIO(table))
    assert (row["symbol"], row["bid"]) == ("QQQ$US/SPY$US", "") and float(row["last"]) > 0


def test_a_pair_with_a_leg_over_the_plan_is_over_it_too() -> None:
    with exchange("--fault", "plan-limit") as url:
        watch = ("--watch", "QQQ,SPY,IEF,QQQ/GLD,QQQ/SPY", "--wait", "3")
        result = run_program("snapshot", "--url", url, *watch, "--format", "json", key=KEY)
    rows = {row["symbol"]: row for row in json.loads(result.stdout)}
    assert (rows["QQQ$US/GLD$US"]["state"], rows["QQQ$US/GLD$US"]["last"]) == ("over_plan", None)
    assert rows["QQQ$US/SPY$US"]["last"] > 0


def test_a_leg_without_data_is_named() -> None:
    with exchange() as url:
        result = run_program("snapshot", "--url", url, "--watch", "QQQ$US/ZZZQ$US", "--wait", "2", key=KEY)
    assert "itick-tui: no data: ZZZQ$US" in result.stderr
    assert result.stdout.splitlines()[1].split()[:3] == ["QQQ/ZZZQ$US", "—", "—"]
