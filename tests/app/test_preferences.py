"""What is remembered, and what other copies of the program wrote meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.feedless_app import (
    GLD,
    LISTS,
    QQQ,
    SPY,
    TLT,
    FeedlessApp,
    feedless_app,
    saved_settings,
    type_in,
)
from tests.support.launch_options import launch_options
from tests.support.wait_until import until
from tui.config.file import ConfigFile
from tui.config.settings import Settings


async def test_what_another_copy_wrote_is_shown() -> None:
    async with feedless_app() as (app, pilot):
        other = ConfigFile(app.preferences.saver.file.path)
        other.save(Settings(lists=LISTS), Settings(lists={**LISTS, "Core": (QQQ, SPY, TLT, GLD), "New": ()}))
        await pilot.press("d")
        await app.preferences.saver.finish(5.0)
        await pilot.pause()
        assert app.rows == ["SPY", "TLT", "GLD"]
        assert app.dashboard.header.lists == ("Core", "Metals", "New")


async def test_a_layout_that_another_copy_saved_can_be_called() -> None:
    async with feedless_app() as (app, pilot):
        other = ConfigFile(app.preferences.saver.file.path)
        other.save(Settings(lists=LISTS), Settings(lists=LISTS, layouts={"Bare": ("watchlist", "nothing")}))
        await pilot.press("C")
        await app.preferences.saver.finish(5.0)
        await pilot.pause()
        await pilot.press("ctrl+w", "1")
        await pilot.pause()
        assert app.dashboard.hidden == {"ladder", "chart", "tape"}
    assert set(saved_settings().layouts) == {"Bare"}


async def test_two_copies_that_watch_keep_their_lists_apart() -> None:
    app = FeedlessApp(launch_options(lists=LISTS)._replace(watch=(TLT,)))
    async with app.run_test() as pilot:
        other = ConfigFile(app.preferences.saver.file.path)
        other.save(Settings(lists=LISTS), Settings(lists={**LISTS, "Watch": (SPY,)}))
        for _ in range(2):
            await pilot.press("C")
            await app.preferences.saver.finish(5.0)
            await pilot.pause()
            assert saved_settings().lists["Watch"] == (SPY,)
        assert (app.rows, app.dashboard.header.shown, app.dashboard.header.unsaved) == (["TLT"], "Watch 2", "Watch 2")
        await pilot.press("w")
    assert (saved_settings().lists["Watch"], saved_settings().lists["Watch 2"]) == ((SPY,), (TLT,))


async def test_a_file_that_cannot_be_written_is_a_notice_and_nothing_is_lost(tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("in the way")
    app = FeedlessApp(launch_options(lists=LISTS, file=tmp_path / "folder" / "config.toml"))
    async with app.run_test() as pilot:
        await pilot.press("d", "d")
        await app.preferences.saver.finish(5.0)
        await pilot.pause()
        assert app.said.count("not saved: cannot write") == 1
        await pilot.press("u", "d")
        assert app.said.startswith("not saved: cannot write") and "removed SPY$US" in app.said
        assert app.rows == ["TLT"]
        (tmp_path / "folder").unlink()
    assert saved_settings(tmp_path / "folder" / "config.toml").lists["Core"] == (TLT,)


async def test_an_answer_takes_the_place_of_the_one_before_and_of_nothing_else() -> None:
    async with feedless_app() as (app, pilot):
        app.notify("link lost", timeout=60)
        await pilot.press("d", "d", "7", "u")
        await pilot.pause()
        assert app.said.splitlines() == ["link lost", "taken back: removed SPY$US"]


async def test_a_theme_is_remembered_once_it_is_kept() -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press("t", "j", "escape")
        await app.preferences.saver.finish(5.0)
        assert app.theme == "midnight"
        await pilot.press("t", "j", "enter")
        await pilot.pause()
        chosen = app.theme
    assert saved_settings().theme == chosen != "midnight"


async def test_what_ladder_and_chart_show_is_remembered() -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press("]", "]", "[", "c", "v", "tab", "f", "y", "n")
        await type_in(pilot, "$20k")
        ladder = app.dashboard.ladder
        assert (ladder.static, ladder.square_root, ladder.amount, ladder.money) == (True, True, 20_000, True)
    settings = saved_settings()
    assert (settings.interval, settings.candles, settings.vwap) == (5, True, True)
    assert (settings.static_ladder, settings.root_ladder, settings.cost_of) == (True, True, "$20k")
    async with feedless_app(interval=60, static_ladder=True, cost_of="") as (app, _):
        assert (app.dashboard.chart.interval, app.dashboard.ladder.static, app.dashboard.ladder.amount) == (
            60,
            True,
            None,
        )


async def test_changes_that_could_not_be_saved_are_shown_until_they_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tui.config.saver._RETRY_INTERVAL", 0.1)
    (tmp_path / "folder").write_text("in the way")
    app = FeedlessApp(launch_options(lists=LISTS, file=tmp_path / "folder" / "config.toml"))
    async with app.run_test() as pilot:
        await pilot.press("d")
        await until(lambda: app.dashboard.status.unsaved)
        (tmp_path / "folder").unlink()
        await until(lambda: not app.dashboard.status.unsaved)
        assert app.said == "your changes are saved now"
    assert saved_settings(tmp_path / "folder" / "config.toml").lists["Core"] == (SPY, TLT)
