"""Exports: what is on the screen, as files."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from tests.support.feedless_app import (
    LISTS,
    QQQ,
    SPY,
    FeedlessApp,
)
from tests.support.launch_options import launch_options
from tests.support.messages import T, bar
from tests.support.wait_until import until
from tui.market import Market
from tui.market.data_status import data_status
from tui.protocol.messages import Quote
from tui.reference.fund_names import FundNames
from tui.watchlist.columns import BY_ID
from tui.watchlist.row_figures import RenderContext, make_row
from tui.watchlist.sorting import sort_rows
from tui.watchlist.tables import bars_csv, grid_csv


async def test_what_is_on_the_screen_is_exported_and_nothing_overwritten(tmp_path: Path) -> None:
    app = FeedlessApp(launch_options(lists=LISTS)._replace(export_to=tmp_path / "out"))
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        await pilot.press("e", "b")
        await pilot.pause()
        assert app.said == "there are no minutes of QQQ$US to write yet"
        app.market.apply(bar(0, 500.0, 70.0), 1.0)
        for what in "ggsb":
            await pilot.press("e", what)
            await pilot.pause()
        await until(lambda: "qqq-us-minutes" in app.said)
        assert app.said.startswith(f"written: {tmp_path / 'out'}")
    names = sorted(path.name.split("-20")[0] + path.suffix for path in (tmp_path / "out").iterdir())
    assert names == ["itick-core.csv", "itick-core.csv", "itick-qqq-us-minutes.csv", "itick-screen.svg"]
    table = next((tmp_path / "out").glob("itick-core*")).read_text()
    header, first, *_ = table.splitlines()
    assert header == "symbol,last,change,change%,bid,ask,spread,volume,turnover,state,old,time"
    assert first.startswith("QQQ$US,500,")
    minutes = next((tmp_path / "out").glob("itick-qqq*")).read_text().splitlines()
    assert minutes[0] == "time,open,high,low,close,volume,complete"
    assert minutes[1].endswith(",500,500,500,500,70,yes") or minutes[1].endswith(",500,500,500,500,70,no")


def test_a_price_that_only_history_has_is_exported_and_sorted_by_as_it_is_shown() -> None:
    market = Market()
    market.wall_base = float(T)
    market.follow([QQQ, SPY])
    market.apply_history_quote(QQQ, Quote(symbol=str(QQQ), last=505.0, time=T - 60_000), 0.0)
    context = RenderContext(0.0, float(T), 1.0, 10, False, FundNames())
    rows = [make_row(i, data_status(i, None, True), None, context) for i in market.instruments.values()]
    table = grid_csv(rows, [BY_ID["symbol"], BY_ID["last"]]).splitlines()
    assert BY_ID["last"].cell(rows[0]).text == "505.00"
    assert table[1].startswith("QQQ$US,505,last known,last,20") and table[2] == "SPY$US,,pending,,"
    for column in ("last", "time"):
        assert [i.symbol for i in sort_rows(rows[::-1], column)] == [QQQ, SPY], "what is unknown comes last"


def test_a_minute_in_which_the_link_was_away_is_written_as_incomplete() -> None:
    market = Market()
    market.wall_base = float(T)
    market.follow([QQQ])
    for minute in range(3):
        market.apply(bar(minute, 500.0, 70.0), 60.0 * minute)
    market.link_lost(80.0)
    lines = bars_csv(market.instruments[QQQ], T + 600_000).splitlines()
    assert [line.rpartition(",")[2] for line in lines] == ["complete", "yes", "no", "yes"]


async def test_an_export_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("in the way")
    app = FeedlessApp(launch_options(lists=LISTS)._replace(export_to=tmp_path / "out"))
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.press("e", "g")
        await until(lambda: app.said == f"cannot write into {tmp_path / 'out'}: not a directory")


async def test_an_export_to_a_disk_that_hangs_keeps_no_key_waiting_and_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.app.export._WITHIN", 0.2)
    answers = threading.Event()
    sync = os.fsync
    monkeypatch.setattr("os.fsync", lambda descriptor: answers.wait(20) and sync(descriptor))
    app = FeedlessApp(launch_options(lists=LISTS)._replace(export_to=tmp_path / "out"))
    async with app.run_test(size=(120, 36)) as pilot:
        try:
            await pilot.pause()
            began = time.monotonic()
            await pilot.press("e", "g", "down")
            selected = app.dashboard.watchlist.selected
            assert selected is not None and selected.symbol != QQQ and time.monotonic() - began < 5
            await until(lambda: app.said == f"not written yet: the disk of {tmp_path / 'out'} does not answer")
            await pilot.press("e", "s")
            await until(lambda: app.said == f"still not written: the disk of {tmp_path / 'out'} does not answer")
        finally:
            answers.set()
        await until(lambda: app.said.startswith(f"written: {tmp_path / 'out' / 'itick-core'}"))
        await pilot.press("e", "s")
        await until(lambda: app.said.startswith(f"written: {tmp_path / 'out' / 'itick-screen'}"))
    assert sorted(path.suffix for path in (tmp_path / "out").iterdir()) == [".csv", ".svg"]
