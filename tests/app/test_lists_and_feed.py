"""Lists and what is asked of the exchange for them, over a real socket."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.app.test_app import until
from tests.support.launch_options import launch_options
from tui.app.app import ItickApp
from tui.app.feed_worker import FeedSource
from tui.app.preferences import LaunchOptions
from tui.config.file import ConfigFile
from tui.exchange.server import Exchange
from tui.market.alerts import Alert
from tui.secrets import Token
from tui.symbol import Symbol

QQQ, SPY, TLT = (Symbol(code, "US") for code in ("QQQ", "SPY", "TLT"))


async def test_a_symbol_in_two_lists_is_asked_for_once_and_lists_seen_earlier_stay_alive() -> None:
    asked: list[bytes] = []
    async with Exchange(on_request=lambda number, frame: asked.append(frame)) as exchange:
        app = ItickApp(
            launch_options(lists={"Core": (QQQ, SPY), "More": (SPY, TLT)}), FeedSource(exchange.url, Token("key"))
        )
        async with app.run_test() as pilot:
            await until(lambda: app.dashboard.status.link is not None and app.dashboard.status.link.is_live)
            assert TLT not in app.market.instruments
            asked.clear()
            await pilot.press("2")
            await until(lambda: app.market.instruments[TLT].last is not None)
            assert sum(b"subscribe" in request for request in asked) == 4
            asked.clear()
            # Back and forth: nothing more is asked, and what was seen before is still live.
            before = app.market.instruments[QQQ].newest_time
            await pilot.press("1", "2", "1")
            await until(lambda: app.market.instruments[QQQ].newest_time > before)
            await asyncio.sleep(0.3)
            assert [request for request in asked if b"subscribe" in request] == []
            assert app.market.health.reconnects == 0


async def test_what_alerts_wait_for_is_asked_for_together_with_the_list() -> None:
    asked: list[bytes] = []
    async with Exchange(on_request=lambda number, frame: asked.append(frame)) as exchange:
        app = ItickApp(
            launch_options([QQQ], alerts=(Alert(TLT, "above", 1.0),)), FeedSource(exchange.url, Token("key"))
        )
        async with app.run_test():
            await until(lambda: any(b"subscribe" in request for request in asked))
            first = next(request for request in asked if b"subscribe" in request)
            assert b"QQQ$US" in first and b"TLT$US" in first


async def test_lists_edited_on_an_exchange_of_our_own_are_in_the_file_they_came_from(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[lists]\nMine = ["QQQ$US"]\n', encoding="utf-8")
    async with Exchange() as exchange:
        wanted = LaunchOptions(ConfigFile(path).read(), ConfigFile(path))
        app = ItickApp(wanted, FeedSource(exchange.url, Token("key")))
        async with app.run_test() as pilot:
            await until(lambda: app.dashboard.status.link is not None and app.dashboard.status.link.is_live)
            assert app.dashboard.header.demo
            await pilot.press("a", *"spy", "enter")
            await pilot.pause()
    assert ConfigFile(path).read().lists == {"Mine": (QQQ, SPY)}
