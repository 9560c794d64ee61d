"""The premium in the whole program: its key, the person's command, a recording of it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.support.feedless_app import QQQ, SPY, TLT, feedless_app
from tests.support.launch_options import launch_options
from tests.support.wait_until import until
from tui.app.app import ItickApp
from tui.app.feed_worker import FeedSource
from tui.exchange.server import Exchange
from tui.market import Market
from tui.market.basis import Basis
from tui.recording.format import RecordedCall, Recording
from tui.recording.replay import Player
from tui.recording.writer import Recorder
from tui.secrets import Token
from tui.symbol import Symbol

SCRIPT = """
import time
while True:
    print('QQQ$US 510.5\\nnonsense', flush=True)
    time.sleep(0.05)
"""
COMMAND = (sys.executable, "-c", SCRIPT)


async def test_the_key_shows_the_premium_in_place_of_the_bars_and_esc_the_bars() -> None:
    async with feedless_app() as (app, pilot):
        chart = app.dashboard.chart
        await pilot.press("m")
        assert chart.premium and chart.escape_layer and chart.escape_layer[0] == "Price chart"
        for key in ("[", "c", "v"):
            await pilot.press(key)
            assert app.said.endswith("in the premium over time: m shows the bars")
        await pilot.press("escape")
        assert not chart.premium
        await pilot.press("m", "m")
        assert not chart.premium


async def test_in_a_comparison_there_is_no_premium() -> None:
    async with feedless_app() as (app, pilot):
        app.dashboard.chart.compare([QQQ, SPY])
        await pilot.press("m")
        assert app.said == "no premium in a comparison: x ends it" and not app.dashboard.chart.premium


async def test_the_symbol_of_a_basis_is_followed_while_its_fund_is_listed() -> None:
    async with feedless_app() as (app, _):
        gld = Symbol("GLD", "US")
        bases = (Basis(TLT, gld, 0.3), Basis(Symbol("OTHER", "US"), Symbol("IEF", "US"), 1.0))
        app.preferences.settings = replace(app.preferences.settings, basis=bases)
        assert app.preferences.followed == (QQQ, SPY, TLT, gld)


async def test_the_command_is_run_its_lines_are_recorded_and_replayed(tmp_path: Path) -> None:
    file = tmp_path / "recorded.jsonl.gz"
    async with Exchange(rate=20.0) as exchange:
        with Recorder(file) as recorder:
            source = FeedSource(exchange.url, Token("key"), recorder=recorder, iopv_command=COMMAND)
            app = ItickApp(launch_options([QQQ]), source)
            async with app.run_test():
                await until(lambda: app.feed.is_live and app.market.health.malformed["iopv_command"])
                await until(lambda: app.market.instruments[QQQ].fair_values.given is not None)
                given = app.market.instruments[QQQ].fair_values.given
                notices = [notice.message for notice in app._notifications]
    assert given is not None and given.value == 510.5
    assert any("printed 'nonsense': it is no SYMBOL VALUE [TIME]" in notice for notice in notices)
    recording, market = Recording(file), Market()
    player = Player(market, recording.header, lambda state: None)
    calls = list[str]()
    for entry in recording:
        player.play(entry)
        calls += [entry.name] if isinstance(entry, RecordedCall) else []
    assert "iopv" in calls and recording.damaged == 0
    replayed = market.instruments[QQQ].fair_values.given
    assert replayed is not None and replayed.value == 510.5 and replayed.time >= given.time


@pytest.mark.parametrize("code", ["510300$SH", "2800$HK"])
async def test_the_demo_exchange_tells_an_iopv_of_funds_whose_exchange_does(code: str) -> None:
    symbol = Symbol(*code.split("$"))
    async with Exchange(rate=50.0) as exchange:
        app = ItickApp(launch_options([symbol, QQQ]), FeedSource(exchange.url, Token("key")))
        async with app.run_test():
            await until(lambda: app.feed.is_live and len(app.market.instruments[symbol].fair_values))
            await until(lambda: app.market.instruments[QQQ].quote is not None)
            quote = app.market.instruments[symbol].quote
            assert quote is not None and quote.iopv is not None and abs(quote.last / quote.iopv - 1) < 0.02
            assert not len(app.market.instruments[QQQ].fair_values)
