"""Alerts in the whole app, against the demo exchange over a real socket."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from platformdirs import user_state_path
from textual.pilot import Pilot
from textual.widgets import Input

from tests.app.test_app import notices
from tests.support.launch_options import launch_options
from tests.support.messages import depth
from tests.support.terminal import Terminal
from tests.support.wait_until import until
from tui.app.app import ItickApp
from tui.app.feed_worker import FeedSource
from tui.config.file import ConfigFile
from tui.config.settings import Settings
from tui.exchange import server
from tui.market.alert_engine import AlertEvent, day_change
from tui.market.alerts import Alert
from tui.notify import told_once
from tui.protocol.messages import Quote
from tui.screens.alerts import Alerts
from tui.screens.prompt import Prompt
from tui.secrets import Token
from tui.symbol import Symbol

QQQ, SPY = Symbol("QQQ", "US"), Symbol("SPY", "US")
# Spreads of one tick and of two: of so many funds one goes from the first to the second at once.
LIMITS = {"QQQ": 0.27, "SPY": 0.24, "IWM": 0.7, "DIA": 0.5, "VTI": 0.8, "SMH": 0.8, "XLK": 0.6, "XLE": 1.7}
LIMITS |= {"HYG": 1.9, "EEM": 3, "FXI": 4, "EWZ": 5, "TLT": 1.7, "GLD": 0.5}
WIDENING = [f"{code}$US spread > {limit}bp repeat 0.1bp" for code, limit in LIMITS.items()]
KEEP = "import sys; open(sys.argv[1], 'a').write(sys.argv[2] + chr(10))"


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pilot waits until the app has nothing to do."""
    monkeypatch.setattr(server, "Exchange", partial(server.Exchange, rate=150.0))
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("TMUX", raising=False)
    monkeypatch.delenv("VTE_VERSION", raising=False)


@asynccontextmanager
async def demo(*symbols: Symbol, **settings: Any) -> AsyncIterator[tuple[ItickApp, Pilot[None]]]:
    app = ItickApp(launch_options(symbols, **settings), FeedSource())
    async with app.run_test(size=(160, 45)) as pilot:
        await until(lambda: app.feed.is_live, 10)
        await until(lambda: all(app.market.instruments[symbol].last for symbol in symbols), 10)
        yield app, pilot


def turnover_of(app: ItickApp) -> float:
    """Of QQQ: what only rises is sure to go beyond any figure that is near."""
    quote = app.market.instruments[QQQ].quote
    assert quote is not None and quote.turnover is not None
    return quote.turnover


def row_of(app: ItickApp, n: int) -> str:
    return "".join(piece.text for piece in app.dashboard.watchlist._drawn[2 + n])


async def make(app: ItickApp, pilot: Pilot[None], text: str) -> None:
    await pilot.press("A", "n")
    await pilot.pause()
    app.screen.query_one(Input).value = text
    await pilot.press("enter", "escape")
    await pilot.pause()


async def test_an_alert_is_made_fires_and_is_told_in_every_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    command = (sys.executable, "-c", KEEP, str(tmp_path / "told"))
    async with demo(SPY, QQQ, alert_command=command) as (app, pilot):
        rung: list[bool] = []
        written: list[str] = []
        monkeypatch.setattr(app, "bell", lambda: rung.append(True))
        assert app._driver is not None
        monkeypatch.setattr(app._driver, "write", written.append)
        caplog.set_level(logging.INFO)
        await pilot.press("j")
        await make(app, pilot, f"turnover > {turnover_of(app) + 1_000_000:.0f}")
        await pilot.press("k")
        await until(lambda: any(" above " in words for words in notices(app)), 20)
        words = next(words for words in notices(app) if " above " in words)
        assert words.startswith("QQQ$US turnover above $") and len(rung) == 1
        assert f"\x1b]9;itick-tui: {words}\x1b\\" in "".join(written)
        assert f"alert: {words}" in caplog.text
        told = tmp_path / "told"
        await until(lambda: told.exists() and told.read_text().startswith(f"{words}\n"))
        await until(lambda: "!QQQ$US" in row_of(app, 1) and "!SPY" not in row_of(app, 0))
        assert [alert.state for alert in app.preferences.settings.alerts] == ["done"]
        await pilot.press("A", "home")
        assert isinstance(app.screen, Alerts)
        assert app.screen._lines[0].status.words.startswith("fired ")
        await pilot.press("escape")
        await until(lambda: "!QQQ" not in row_of(app, 1))
    assert app.preferences.saver.file.read().alerts == app.preferences.settings.alerts


async def test_it_is_followed_also_where_the_list_shown_has_not_its_symbol() -> None:
    async with demo(SPY, alerts=(Alert(QQQ, "above", 1.0),)) as (app, pilot):
        assert app.preferences.followed == (SPY, QQQ)
        await until(lambda: app.market.instruments[QQQ].last, 10)
        await pilot.press("A", "home", "space", "escape")
        assert QQQ not in app.preferences.followed


async def test_with_one_s_own_file_on_made_up_prices_they_sleep_and_say_why() -> None:
    alerts = (Alert(QQQ, "above", 1.0, 0.5), Alert(QQQ, "below", 10_000.0, 0.5))
    async with server.Exchange() as exchange:
        app = ItickApp(launch_options([QQQ], alerts=alerts), FeedSource(exchange.url, Token("key")))
        fired: list[AlertEvent] = []
        app.market.alert_engine.on_fired = fired.append
        async with app.run_test() as pilot:
            await until(lambda: app.dashboard.status.link is not None and app.dashboard.status.link.is_live, 10)
            instrument = app.market.instruments[QQQ]
            await until(lambda: app.market.health.ticks > 3, 10)
            await pilot.press("A")
            assert isinstance(app.screen, Alerts)
            assert {line.status.words for line in app.screen._lines} == {"asleep: the prices are made up"}
            assert not fired and instrument in app.market.alert_engine.by_instrument
            assert app.market.alert_engine.state_of(alerts[0]).armed is None


async def test_an_alert_of_the_spread_stands_as_its_book_does_where_no_price_is_known() -> None:
    alerts = (Alert(QQQ, "spread", 5.0), Alert(QQQ, "above", 1.0))
    app = ItickApp(launch_options([QQQ], alerts=alerts), FeedSource("wss://nowhere.invalid/fund", Token("key")))
    async with app.run_test() as pilot:
        app.market.apply(depth([(100.0, 1)], [(99.99, 1)]), app.clock())
        app.market.apply_history_quote(QQQ, Quote(symbol="QQQ$US", last=100.0), app.clock())
        await pilot.press("A")
        assert isinstance(app.screen, Alerts)
        words = [line.status.words for line in app.screen._lines]
        assert words == ["asleep: the link is not proven", "asleep: no data yet"]


async def test_what_another_copy_wrote_is_taken_over() -> None:
    ours, theirs = Alert(QQQ, "above", 1.0), Alert(SPY, "below", 2.0)
    app = ItickApp(launch_options([QQQ], alerts=(ours,)), FeedSource("wss://nowhere.invalid/fund", Token("key")))
    async with app.run_test() as pilot:
        other = ConfigFile(app.preferences.saver.file.path)
        other.save(Settings(), replace(app.preferences.settings, alerts=(ours, theirs)))
        await pilot.press("A", "home", "space")
        off = ours._replace(state="off")
        await until(lambda: app.preferences.settings.alerts == (off, theirs))
        assert app.market.alert_engine.state_of(theirs).alert == theirs
        assert app.preferences.followed == (QQQ, SPY)
        assert isinstance(app.screen, Alerts)
        app.screen.tick()
        assert [line.alert for line in app.screen._lines] == [off, theirs]


async def test_a_command_that_fails_is_told_of_once() -> None:
    async with demo(QQQ, alert_command=("no-such-program-here",)) as (app, _):
        firing = AlertEvent(Alert(QQQ, "above", 1.0, 0.5), "words", "1.00", 1)
        for _ in range(3):
            await app.alert_notices.run_command(firing, "words")
        words = "alert_command: 'no-such-program-here' cannot be run: no such file or directory"
        await until(lambda: words in notices(app))
        assert notices(app).count(words) == 1


async def test_what_another_window_has_told_of_is_shown_and_told_no_further(tmp_path: Path) -> None:
    made = tmp_path / "made"
    async with demo(QQQ, alert_command=("mkdir", f"{made}-{{price}}")) as (app, _):
        app.alert_notices._is_shared = lambda: True
        theirs, ours = (AlertEvent(Alert(QQQ, "above", n, 0.5), f"at {n}", f"{n}", 1) for n in (1.0, 2.0))
        assert told_once.claim([theirs], user_state_path("itick-tui") / "alerts.json", os.getppid()) == [theirs]
        app.alert_notices.tell([theirs])
        app.alert_notices.tell([ours])
        await until(lambda: any("at 1.0\nat 2.0" in words for words in notices(app)))
        await until(Path(f"{made}-2.0").exists)
        assert os.listdir(tmp_path) == ["made-2.0"]


async def test_what_fires_one_after_the_other_stands_in_one_notice() -> None:
    app = ItickApp(launch_options([QQQ]), FeedSource("wss://nowhere.invalid/fund", Token("key")))
    async with app.run_test():
        for n in range(10):
            app.alert_notices.tell([AlertEvent(Alert(QQQ, "above", 1.0, 0.5), f"words {n}", "1.00", 1)])
            await until(lambda n=n: any(f"words {n}" in words for words in notices(app)))  # type: ignore[misc]
        assert [words.splitlines() for words in notices(app) if "words" in words] == [
            [f"words {n}" for n in range(2, 10)]
        ]


async def test_what_fired_covers_a_third_of_a_small_screen_at_most() -> None:
    app = ItickApp(launch_options([QQQ]), FeedSource("wss://nowhere.invalid/fund", Token("key")))
    async with app.run_test(size=(60, 12)):
        app.alert_notices.tell([AlertEvent(Alert(QQQ, "above", 1.0, 0.5), f"words {n}", "1.00", 1) for n in range(10)])
        await until(lambda: "words 3\nwords 4\nwords 5\nand 4 alerts more" in notices(app))


async def test_the_palette_opens_the_field_for_the_selected_symbol() -> None:
    app = ItickApp(launch_options([QQQ]), FeedSource("wss://nowhere.invalid/fund", Token("key")))
    async with app.run_test() as pilot:
        await pilot.pause()
        command = next(command for command in app.commands() if command.name == "New alert for QQQ$US")
        command.run()
        await until(lambda: isinstance(app.screen, Prompt) and app.screen.query(Input))
        assert app.screen.query_one(Input).value == "QQQ$US "


async def test_the_day_s_change_fires_on_what_the_feed_brings() -> None:
    symbols = [Symbol(code, "US") for code in ("QQQ", "SPY", "IWM", "DIA", "SMH", "XLK", "XLE", "EWZ")]
    async with demo(*symbols) as (app, _):
        await until(lambda: all(day_change(app.market.instruments[symbol]) is not None for symbol in symbols))
        changes = {symbol: day_change(app.market.instruments[symbol]) or 0.0 for symbol in symbols}
        app.preferences.set_alerts(tuple(Alert(symbol, "change", abs(now) + 0.003) for symbol, now in changes.items()))
        await until(lambda: any(" today, beyond ±" in words for words in notices(app)), 20)
        assert "done" in {alert.state for alert in app.preferences.settings.alerts}


async def test_in_a_narrow_terminal_no_word_of_a_notice_is_lost(tmp_path: Path) -> None:
    config = f'alerts = {json.dumps(WIDENING)}\nalert_command = ["/a/program/nobody/has"]\n'
    (tmp_path / "demo.toml").write_text(config)
    words = "alert_command: '/a/program/nobody/has' cannot be run: no such file or directory"
    terminal = Terminal(["--demo", "--config", str(tmp_path / "demo.toml")], 44, 14)
    try:
        await terminal.until(lambda: words in " ".join(line.strip("▌│╯─┃ ") for line in terminal.screen()))
    finally:
        terminal.kill()


async def test_in_a_real_terminal_a_click_opens_an_alert_places_the_cursor_and_leaves(tmp_path: Path) -> None:
    (tmp_path / "demo.toml").write_text('alerts = ["QQQ$US > 5200", "SPY$US < 3"]\n')
    terminal = Terminal(["--demo", "--config", str(tmp_path / "demo.toml")], 100, 30)

    def click(words: str, beside: int = 0) -> None:
        y, x = next((y, line.index(words)) for y, line in enumerate(terminal.screen()) if words in line)
        terminal.press("".join(f"\x1b[<0;{x + 1 + beside};{y + 1}{end}" for end in "Mm"))

    try:
        await terminal.until(lambda: "LIVE" in terminal.text())
        terminal.press("A")
        await terminal.until(lambda: "SPY$US < 3" in terminal.text())
        click("SPY$US < 3")
        await terminal.until(lambda: "─ Alert ─" in terminal.text())
        assert "QQQ$US > 5200" not in terminal.text()
        click("SPY$US < 3", len("SPY$US < "))
        await asyncio.sleep(0.2)
        terminal.press("4")
        await terminal.until(lambda: "SPY$US < 43" in terminal.text())
        click("DEMO 24h")
        await terminal.until(lambda: "SPY$US < 3 " in terminal.text() and "─ Alert ─" not in terminal.text())
        click("new alert for QQQ$US")
        await terminal.until(lambda: "─ New alert ─" in terminal.text())
    finally:
        terminal.kill()


async def test_in_a_real_terminal_the_desktop_is_told_and_the_screen_stays_whole(tmp_path: Path) -> None:
    (tmp_path / "demo.toml").write_text(f"alerts = {json.dumps(WIDENING)}\n")
    terminal = Terminal(["--demo", "--config", str(tmp_path / "demo.toml")])
    try:
        await terminal.until(lambda: b"\x1b]9;itick-tui: " in terminal.raw and b"\x07" in terminal.raw)
        await terminal.until(lambda: "wider than" in terminal.text())
        await terminal.until(lambda: any(f"!{code}$US" in terminal.text() for code in LIMITS))
        assert "]9;" not in terminal.text()
        terminal.press("q")
        assert await terminal.exit_code() == 0 and terminal.restored
    finally:
        terminal.kill()


async def test_a_storm_rings_once() -> None:
    symbols = [Symbol(f"S{n}", "US") for n in range(200)]
    alerts = tuple(Alert(symbol, "above", 1.0) for symbol in symbols)
    app = ItickApp(launch_options(symbols, alerts=alerts), FeedSource("wss://nowhere.invalid/fund", Token("key")))
    rung: list[int] = []

    def ring(fired: list[AlertEvent]) -> None:
        rung.append(len(fired))
        app.alert_notices.tell(fired)

    app.alert_notices._batcher._notify = ring
    async with app.run_test():
        for alert in alerts:
            app.alert_notices.add(AlertEvent(alert, f"{alert.symbol} 2.00 crossed above 1", "2.00", 1))
        await until(lambda: rung)
        assert rung == [200]
        assert {alert.state for alert in app.preferences.settings.alerts} == {"done"}
        await until(lambda: any("and 194 alerts more" in words for words in notices(app)))


async def test_an_alert_that_fires_at_the_last_moment_is_done_in_the_file_too() -> None:
    alert = Alert(QQQ, "above", 1.0)
    app = ItickApp(launch_options([QQQ], alerts=(alert,)), FeedSource("wss://nowhere.invalid/fund", Token("key")))
    async with app.run_test():
        app.alert_notices.add(AlertEvent(alert, "QQQ$US 2.00 crossed above 1", "2.00", 1))
        app.exit()
    assert [each.state for each in app.preferences.saver.file.read().alerts] == ["done"]
