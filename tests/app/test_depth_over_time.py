"""The depth over time in the app: its key, the way back, whose depth is remembered, and a recording."""

from __future__ import annotations

import math
from pathlib import Path

from tests.app.test_replaying import playing
from tests.support.feedless_app import QQQ, SPY, FeedlessApp, feedless_app
from tests.support.messages import T, depth
from tests.support.recordings import BEGAN, tick_lines, write_recording
from tests.support.wait_until import until
from tui.market.depth_histories import MAX_REMEMBERED
from tui.market.frozen import frozen_copy
from tui.protocol.messages import encode
from tui.recording.format import message_line
from tui.symbol import Symbol

MANY = tuple(Symbol(f"{first}{second}", "US") for first in "ABCD" for second in "ABCDE")


def remembered(app: FeedlessApp) -> set[Symbol]:
    return {symbol for symbol, i in app.market.instruments.items() if i.depth_history is not None}


async def test_h_gives_it_the_screen_and_esc_gives_it_back_to_the_ladder() -> None:
    async with feedless_app() as (app, pilot):
        dashboard = app.dashboard
        await pilot.press("tab", "H")
        assert [pane.id for pane in dashboard._panes if pane.display] == ["depth_over_time"]
        assert app.focused is not None and app.focused.id == "depth_over_time"
        assert "Esc Ladder" in dashboard.footer.render_line(0).text
        await pilot.press("escape")
        assert app.focused.id == "ladder" and dashboard.watchlist.display
        await pilot.press("z", "H", "H")
        assert app.focused.id == "ladder" and dashboard.watchlist.display


async def test_esc_is_live_first() -> None:
    async with feedless_app() as (app, pilot):
        for at in range(400):
            app.market.apply(depth([(512.35, at + 5)], [(512.34, 5)]), at + 10.0)
        app.turn(410.0)
        await pilot.press("H", "left")
        assert app.dashboard.depth_over_time.is_held
        await pilot.press("escape")
        assert not app.dashboard.depth_over_time.is_held and app.dashboard.depth_over_time.display
        await pilot.press("escape")
        assert not app.dashboard.depth_over_time.display


async def test_the_next_pane_is_never_this_one() -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press("z")
        for _ in range(5):
            await pilot.press("tab")
            assert not app.dashboard.depth_over_time.display
        await pilot.press("H", "tab")
        assert not app.dashboard.depth_over_time.display


async def test_the_next_symbol_is_shown_there_too() -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press("H", ".")
        assert app.dashboard.depth_over_time.instrument is app.market.instruments[SPY]
        assert app.dashboard.depth_over_time.display


async def test_without_a_symbol_there_is_nothing_to_show() -> None:
    async with feedless_app(lists={"Empty": ()}) as (app, pilot):
        await pilot.press("H")
        assert not app.dashboard.depth_over_time.display and app.said == "no symbol is selected"


async def test_what_the_cursor_stays_on_for_a_second_is_remembered_what_it_passes_is_not() -> None:
    async with feedless_app(lists={"Many": MANY}) as (app, pilot):
        assert remembered(app) == set(MANY[:MAX_REMEMBERED])
        await pilot.press(*["down"] * 15)
        assert remembered(app) == set(MANY[:MAX_REMEMBERED])
        app.turn(11.0)
        selected = app.dashboard.watchlist.selected
        assert selected is not None and selected.symbol in remembered(app) and len(remembered(app)) == MAX_REMEMBERED


async def test_all_of_a_recording_is_remembered_however_fast_it_is_played(tmp_path: Path) -> None:
    books = [
        message_line(repr(BEGAN + at).encode(), encode(depth([(100.1, at + 1)], [(100.0, 5)]))) for at in range(3_000)
    ]
    async with playing(write_recording(tmp_path / "r.gz", [*tick_lines(1), *books]), math.inf) as (app, pilot):
        await until(lambda: app.feed.replay is not None and app.feed.replay.ended)
        await pilot.press("H", "]", "]", "]", "]", "]")
        pane = app.dashboard.depth_over_time
        await until(lambda: pane._model is not None and pane._model.seconds == 60)
        assert pane._model is not None
        shown = [column.sizes[100.1] for column in pane._model.columns if column is not None]
        assert shown == [*range(60, 3_001, 60)]
        history = app.market.instruments[QQQ].depth_history
        assert history is not None and history.since == T // 1000


async def test_a_frozen_picture_stands_still_and_its_keys_act_on_what_was_remembered_by_then() -> None:
    async with feedless_app() as (app, pilot):
        for at in range(400):
            app.market.apply(depth([(512.35, at + 5)], [(512.34, 5)]), at + 10.0)
        app.turn(410.0)
        dashboard = app.dashboard
        dashboard.show_market(frozen_copy(app.market), 410.0)
        await pilot.press("H")
        pane = dashboard.depth_over_time
        before = pane._drawn
        app.market.apply(depth([(600.00, 9)], [(599.00, 9)]), 450.0)
        app.turn(450.0)
        assert pane._drawn == before and pane._model is not None
        await pilot.press("left")
        assert pane.is_held and all(600.00 not in column.sizes for column in pane._model.columns if column)
        dashboard.show_market(None, 450.0)
        await pilot.press("end")
        app.turn(451.0)
        newest = pane._model.columns[-1]
        assert newest is not None and newest.sizes == {600.00: 9, 599.00: 9}
