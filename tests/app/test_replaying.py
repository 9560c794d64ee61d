"""A recording on the screen: its badges, its keys, and that nothing of it is remembered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.app.test_app import listed, notices, running, type_into, until
from tests.support.launch_options import launch_options
from tests.support.messages import QQQ, SPY
from tests.support.modal_host import widget_text
from tests.support.recordings import BEGAN, play_all, state_of, tick_lines, write_recording
from tui.app.app import ItickApp
from tui.app.feed_worker import RECORDED, FeedSource
from tui.exchange.server import Exchange
from tui.recording.format import RecordedCall, Recording, call_line
from tui.recording.replay import Replay
from tui.recording.writer import Recorder
from tui.screens.health import FeedHealth
from tui.secrets import Token
from tui.symbol import Symbol


def top(app: ItickApp) -> str:
    return app.dashboard.header.render_line(0).text


def bottom(app: ItickApp) -> str:
    return app.dashboard.status.render_line(0).text


@asynccontextmanager
async def playing(path: Path, speed: float = 1.0) -> AsyncIterator[tuple[ItickApp, Pilot[None]]]:
    replay = Replay(path, speed)
    wanted = launch_options(lists={RECORDED: replay.symbols})._replace(remember=False)
    app = ItickApp(wanted, FeedSource(replay=replay), replay.clock, replay.wall)
    async with app.run_test(size=(160, 45)) as pilot:
        await until(lambda: app.dashboard.header.replay)
        yield app, pilot


async def test_it_says_so_at_the_top_and_at_the_bottom_and_its_keys_change_how_it_goes(tmp_path: Path) -> None:
    async with playing(write_recording(tmp_path / "r.gz", tick_lines(50, 60.0))) as (app, pilot):
        await until(lambda: "LIVE in the recording" in bottom(app))
        assert " REPLAY ×1 0:00 / 49:00 " in top(app)
        assert app.dashboard.footer.render_line(0).text.startswith(" P Pause   < > Speed   a Add")
        for _ in range(9):
            await pilot.press("less_than_sign")
        assert notices(app)[-1] == "no speed is lower"
        while " REPLAY ×1 " not in top(app):
            await pilot.press("greater_than_sign")
        await pilot.press("greater_than_sign", "greater_than_sign", "less_than_sign")
        assert " REPLAY ×2 " in top(app)
        await pilot.press("N")
        assert notices(app)[-1] == "P first: then it goes message by message"
        await pilot.press("P")
        assert " REPLAY ×2 paused #1 " in top(app)
        await until(
            lambda: app.dashboard.footer.render_line(0).text.startswith(" P Go on   N Step   < > Speed   a Add")
        )
        assert "‖ PAUSED" in bottom(app) and "LIVE" not in bottom(app)
        await pilot.press("h")
        assert "PAUSED" in widget_text(app.screen.query_one("#figures"))
        await pilot.press("h")
        await pilot.press("N", "N")
        assert " REPLAY ×2 paused #3 tick QQQ$US 2:00 / 49:00 " in top(app)
        assert app.market.instruments[QQQ].last == 102.0
        assert "11:52:00 ET" in top(app), "the time of the recording"
        await pilot.press("r")
        assert notices(app)[-1] == "this is a recording: there is no link to renew"
        await pilot.press("P")
        assert "▸ LIVE in the recording" in bottom(app) and not app.dashboard.watchlist.standing
        await pilot.press(*["greater_than_sign"] * 9)
        await until(lambda: " REPLAY ended " in top(app))
        assert notices(app)[-1] == "the recording ends here"
        assert "■ ENDED" in bottom(app) and "LIVE" not in bottom(app)
        await until(lambda: app.dashboard.footer.render_line(0).text.startswith(" a Add"))
        assert app.dashboard.watchlist.standing
        await pilot.press("P")
        assert " REPLAY ended " in top(app)
        assert app.market.instruments[QQQ].last == 149.0


async def test_the_list_is_that_of_the_recording_and_nothing_is_kept(tmp_path: Path) -> None:
    lines = [*tick_lines(2), call_line(BEGAN + 1, "follow", [(QQQ, SPY)]), b"{damaged\n"]
    async with playing(write_recording(tmp_path / "r.gz", lines), 100.0) as (app, pilot):
        await until(lambda: " REPLAY ended " in top(app))
        assert listed(app) == ["QQQ$US", "SPY$US"]
        assert notices(app)[-1] == "the recording ends here: 1 damaged line left out"
        await pilot.press("d", "C", "w")
        assert listed(app) == ["SPY$US"]
        assert "1 damaged line left out" in bottom(app)
        await pilot.press("h")
        await pilot.pause()
        assert isinstance(app.screen, FeedHealth)
        assert "1 of the recording, left out" in widget_text(app.screen.query_one("#figures"))
        file = app.preferences.saver.file.path
    assert not file.exists()


async def test_a_field_that_is_opened_has_the_keys_at_once() -> None:
    async with running(QQQ) as (app, _):
        dashboard = app.dashboard
        await until(lambda: dashboard.add_field.input.is_mounted and dashboard.find_field.input.is_mounted)
        for field, open_field in (
            (dashboard.add_field, dashboard.open_add_field),
            (dashboard.find_field, dashboard.open_find_field),
        ):
            open_field()
            assert app.focused is field.input and field.display


async def test_without_a_recording_its_keys_say_so() -> None:
    async with running(QQQ) as (app, pilot):
        await pilot.press("P")
        assert notices(app)[-1] == "this is no recording: itick-tui --replay FILE plays one"


@pytest.mark.parametrize("fault", ["drop", "kline-refused"])
async def test_a_whole_run_with_the_past_over_rest_and_a_screen_makes_the_same_market_again(
    tmp_path: Path, fault: str
) -> None:
    with Recorder(tmp_path / "r.gz") as recorder:
        async with Exchange(rate=400.0, faults=[fault], fault_every=2.0) as exchange:
            app = ItickApp(launch_options([QQQ, SPY]), FeedSource(exchange.url, Token("key"), recorder=recorder))
            market = app.market
            async with app.run_test(size=(160, 45)) as pilot:
                await until(lambda: app.dashboard.status.link is not None and app.dashboard.status.link.is_live)
                await type_into(app, pilot, "GLD$US")
                await until(lambda: all(len(i.bars) > 200 and i.depth and i.tick for i in market.instruments.values()))
                await until(lambda: market.health.reconnects or fault != "drop")
                await until(lambda: market.instruments[QQQ].tape.total > 20)
    again, recording = play_all(tmp_path / "r.gz")
    assert set(market.instruments) == {QQQ, SPY, Symbol("GLD", "US")}
    assert state_of(again) == state_of(market)
    assert recording.damaged == 0
    calls = {entry.name for entry in Recording(tmp_path / "r.gz") if isinstance(entry, RecordedCall)}
    assert {"set_holidays", "recall", "recall_usual_volume", "observe_date"} <= calls


async def test_while_it_records_there_is_a_badge_and_when_it_cannot_it_goes(tmp_path: Path) -> None:
    with Recorder(tmp_path / "r.gz") as recorder:
        async with Exchange(rate=50.0) as exchange:
            app = ItickApp(launch_options([QQQ]), FeedSource(exchange.url, Token("key"), recorder=recorder))
            async with app.run_test(size=(160, 45)):
                await until(lambda: app.dashboard.status.link is not None and app.dashboard.status.link.is_live)
                assert " REC " in top(app)
                recorder._stop("r.gz cannot be written: no space left on device")
                await until(lambda: " REC " not in top(app))
                assert notices(app)[-1] == "recording stopped: r.gz cannot be written: no space left on device"
                before = app.market.health.messages
                await until(lambda: app.market.health.messages > before)
    assert app.market.on_frames is None


async def test_a_replay_that_stands_still_draws_nothing_though_a_price_has_just_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    async with playing(write_recording(tmp_path / "r.gz", tick_lines(50, 60.0))) as (app, pilot):
        await until(lambda: "LIVE in the recording" in bottom(app))
        await pilot.press("P", "N", "N")
        await until(lambda: app.dashboard.flash_ends is not None)
        await asyncio.sleep(0.2)
        frames = app.market.health.frames
        await asyncio.sleep(1.2)
        assert app.dashboard.flash_ends is not None and app.market.health.frames == frames
