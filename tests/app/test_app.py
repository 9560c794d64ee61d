"""The app with its feed, against the demo exchange over a real socket, on a screen of its own."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.support.launch_options import launch_options
from tests.support.manual_frames import ManualFramesApp
from tui.app.app import ItickApp
from tui.app.feed_worker import FeedSource
from tui.errors import NoConnection
from tui.exchange.server import Exchange
from tui.feed.state import LinkPhase, LinkState
from tui.protocol.messages import MAX_SYMBOLS
from tui.screens.health import FeedHealth
from tui.screens.help import Help
from tui.secrets import Token
from tui.symbol import Symbol
from tui.terminal.textual_private import notifications

QQQ, SPY = Symbol("QQQ", "US"), Symbol("SPY", "US")
QUIET = 20.0  # messages/s: a pilot waits until the app has nothing to do


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.02)


@asynccontextmanager
async def running(*symbols: Symbol, theme: str = "midnight") -> AsyncIterator[tuple[ItickApp, Pilot[None]]]:
    async with Exchange(rate=QUIET) as exchange:
        app = ItickApp(launch_options(symbols, theme=theme), FeedSource(exchange.url, Token("key")))
        async with app.run_test(size=(160, 45)) as pilot:
            await until(lambda: app.dashboard.status.link is not None and app.dashboard.status.link.is_live)
            yield app, pilot


def listed(app: ItickApp) -> list[str]:
    return [str(i.symbol) for i in app.dashboard.watchlist.rows]


def notices(app: ItickApp) -> list[str]:
    return [str(notice.message) for notice in notifications(app)]


async def type_into(app: ItickApp, pilot: Pilot[None], text: str) -> None:
    await pilot.press("a")
    app.query_one(Input).value = text
    await pilot.press("enter")
    await pilot.pause()


async def test_symbols_come_alive_and_only_those_asked_for() -> None:
    async with running(QQQ, SPY) as (app, _):
        await until(lambda: all(i.last and i.depth and len(i.bars) for i in app.dashboard.watchlist.rows))
        assert listed(app) == ["QQQ$US", "SPY$US"]
        assert set(app.market.instruments) == {QQQ, SPY}
        assert app.dashboard.header.demo


async def test_holidays_are_learned_once_the_screen_stands() -> None:
    told: list[tuple[str, tuple[Any, ...]]] = []
    async with Exchange(rate=QUIET) as exchange:
        app = ItickApp(
            launch_options([QQQ]), FeedSource(exchange.url, Token("key")), wall=lambda: 1_795_705_200.0
        )  # 2026-11-26
        app.market.on_call = lambda name, arguments: told.append((name, arguments))
        async with app.run_test(size=(160, 45)):
            await until(lambda: "set_holidays" in dict(told))
            (known,) = dict(told)["set_holidays"]
            assert known["US"].closed[date(2026, 11, 26)] == "Thanksgiving Day"
            assert {day.year for day in known["SH"].closed} == {2025, 2026, 2027}


async def test_every_part_of_a_list_is_answered_and_what_is_wrong_stays_to_be_mended() -> None:
    async with running(QQQ) as (app, pilot):
        await type_into(app, pilot, "gld, [b]x[/b], qqq$us, 510300")
        assert listed(app) == ["QQQ$US", "GLD$US", "510300$SH"]
        said = "\n".join(notices(app))
        assert "'[b]x[/b]' is not a symbol" in said
        assert "already there: QQQ$US" in said
        assert "510300 read as 510300$SH" in said
        assert app.query_one(Input).value == "[b]x[/b]"
        await pilot.press("escape")
        assert app.dashboard.watchlist.has_focus
        await until(lambda: app.market.instruments[Symbol("GLD", "US")].last)


async def test_removing_and_undoing_in_any_number_keeps_the_places() -> None:
    async with running(QQQ, SPY, Symbol("GLD", "US"), Symbol("TLT", "US")) as (app, pilot):
        await pilot.press("j", "d", "d")
        assert listed(app) == ["QQQ$US", "TLT$US"]
        await pilot.press("u", "u", "u")
        assert listed(app) == ["QQQ$US", "SPY$US", "GLD$US", "TLT$US"]
        assert "nothing to undo" in notices(app)
        await pilot.press("d", "d", "d", "d", "d")
        assert listed(app) == []
        assert app.dashboard.ladder.instrument is None
        await pilot.press("u")
        assert len(listed(app)) == 1


async def test_the_limit_of_one_connection_is_told_not_hit() -> None:
    full = [Symbol(f"S{n}", "US") for n in range(MAX_SYMBOLS)]
    async with running(*full) as (app, pilot):
        await type_into(app, pilot, "QQQ$US")
        assert len(listed(app)) == MAX_SYMBOLS
        assert any("no room for QQQ$US" in notice for notice in notices(app))


async def test_a_theme_is_worn_while_highlighted_and_escape_brings_the_old_one_back() -> None:
    async with running(QQQ) as (app, pilot):
        await pilot.press("t", "end")
        await pilot.pause()
        assert app.dashboard.watchlist.theme_styles.theme.name == "daylight" == app.theme
        await pilot.press("escape")
        await pilot.pause()
        assert app.theme == "midnight"
        await pilot.press("t", "j", "enter")
        await pilot.pause()
        assert app.theme == "amber"


async def test_help_closes_by_any_of_its_keys() -> None:
    async with running(QQQ) as (app, pilot):
        for close in ("escape", "q", "question_mark"):
            await pilot.press("question_mark")
            assert isinstance(app.screen, Help), close
            await pilot.press(close)
            assert app.screen.id == "dashboard", close


async def test_reconnecting_by_hand_keeps_prices_and_takes_a_new_book() -> None:
    async with running(QQQ) as (app, pilot):
        instrument = app.market.instruments[QQQ]
        await until(lambda: instrument.depth)
        old = instrument.depth
        await pilot.press("r")
        await until(lambda: instrument.depth is not None and instrument.depth is not old)
        assert instrument.last is not None
        await until(lambda: app.market.health.history[-1].state == "LIVE")
        assert app.market.health.reconnects == 1
        assert app.market.health.history[-1].reason == "reconnect 1", "the same number wherever it stands"


async def test_a_click_on_the_footer_presses_the_key() -> None:
    async with running(QQQ) as (app, pilot):
        await pilot.click(app.dashboard.footer, offset=(2, 0))
        await pilot.pause()
        assert app.dashboard.add_field.display


async def test_a_lost_link_rings_with_a_notice_and_so_does_its_return(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(QQQ) as (app, pilot):
        app.link_notices.outage._grace_period = 0.05
        rung: list[int] = []
        monkeypatch.setattr(app, "bell", lambda: rung.append(len(notices(app))))
        host, phases = app.feed.host, [event.state for event in app.market.health.history]
        assert phases[0] == "connecting" and phases[-1] == "LIVE"
        app.feed.link_changed(
            LinkState(LinkPhase.RECONNECTING, 0.0, error=NoConnection("connection lost\x1b[31m"), was_live=True)
        )
        app.feed.link_changed(LinkState(LinkPhase.CONNECTING, 0.0, host))
        await until(lambda: rung and notices(app))
        assert notices(app) == ["link lost: connection lost�[31m"]
        app.feed.link_changed(LinkState(LinkPhase.LIVE, 0.0))
        await until(lambda: len(rung) == 2 and any("the link is back after 0" in notice for notice in notices(app)))
        assert len(notices(app)) == 1, "one at a time"
        event = app.market.health.history[-3]
        assert (event.state, event.reason) == ("reconnecting", "connection lost�[31m")
        app.feed.link_changed(LinkState(LinkPhase.RECONNECTING, 0.0, error=NoConnection("connection lost")))
        await until(lambda: not notices(app))
        app.feed.link_changed(LinkState(LinkPhase.LIVE, 0.0))
        assert abs(event.time / 1000 - time.time()) < 60
        await pilot.press("r")
        await until(lambda: len(app.market.health.history) > 8 and app.feed.is_live)
        await asyncio.sleep(0.2)
        assert len(rung) == 2


async def test_the_sound_can_be_turned_off_the_notice_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    app = ItickApp(launch_options(bell=False), FeedSource("wss://nowhere.invalid/fund", Token("key")))
    monkeypatch.setattr(app.feed, "link_changed", lambda state: None)  # its own steps would take the notice back
    async with app.run_test():
        monkeypatch.setattr(app, "bell", lambda: pytest.fail("it rang"))
        app.link_notices.lost("connection lost")
        await until(lambda: notices(app) == ["link lost: connection lost"])
        app.link_notices.back(3.0)
        await until(lambda: notices(app) == ["the link is back after 3s"])


async def test_feed_health_opens_fills_and_goes_on_while_it_is_open() -> None:
    async with running(QQQ, SPY) as (app, pilot):
        await pilot.press("h")
        await pilot.pause()
        assert isinstance(app.screen, FeedHealth)
        facts = app.health_figures.snapshot()
        assert facts.demo and facts.host.startswith("127.0.0.1:") and len(facts.instruments) == 2
        ticked: list[int] = []
        app.screen.tick = lambda: ticked.append(1)  # type: ignore[method-assign]
        await until(lambda: ticked)
        await pilot.press("h")
        await pilot.pause()
        assert app.screen.id == "dashboard"
        assert app.market.health.frames > 0


async def test_a_frame_that_is_due_when_the_screens_are_gone_draws_nothing() -> None:
    app = ManualFramesApp(launch_options([QQQ]), FeedSource())
    async with app.run_test():
        pass
    app.painting.frame()
    assert app.crash is None


async def test_threads_that_fail_are_reported_as_before_once_the_app_has_ended() -> None:
    before = threading.excepthook
    app = ManualFramesApp(launch_options([QQQ]), FeedSource())
    async with app.run_test():
        assert threading.excepthook is not before
    assert threading.excepthook is before
