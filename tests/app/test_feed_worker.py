"""What the worker of the feed makes of a link: history, dates and the exit code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.launch_options import launch_options
from tests.support.wait_until import until
from tui.app.app import ItickApp
from tui.app.feed_worker import FeedSource
from tui.errors import EXIT_DONE, EXIT_KEY_REFUSED
from tui.exchange.server import Exchange
from tui.feed.endpoint import rest_base
from tui.feed.key_lock import lock_folder
from tui.feed.state import LinkPhase, LinkState
from tui.history.rest_client import RestClient
from tui.secrets import Token
from tui.symbol import Symbol

QQQ = Symbol("QQQ", "US")


@pytest.mark.parametrize(("key", "code"), [("right", EXIT_DONE), ("wrong", EXIT_KEY_REFUSED)])
async def test_quitting_tells_whether_the_key_was_refused(key: str, code: int) -> None:
    async with Exchange(key=Token("right"), rate=20.0) as exchange:
        app = ItickApp(launch_options([QQQ]), FeedSource(exchange.url, Token(key)))
        async with app.run_test() as pilot:
            await until(lambda: app.feed.is_live or app.feed.is_key_refused)
            await pilot.press("q")
    assert app.return_code == code


async def test_a_phase_is_in_the_history_once_however_many_states_it_has() -> None:
    app = ItickApp(launch_options([QQQ]), FeedSource("wss://nowhere.invalid/fund", Token("key")))
    app.market.health.history.clear()
    for asked in ("one", "two"):
        app.feed.link_changed(LinkState(LinkPhase.CONNECTING, 0.0, asked))
    app.feed.link_changed(LinkState(LinkPhase.LIVE, 0.0))
    app.feed.link_changed(LinkState(LinkPhase.LIVE, 0.0))
    assert [event.state for event in app.market.health.history] == ["connecting", "LIVE"]


async def test_the_history_says_why_other_windows_cannot_join(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    locks = lock_folder()
    locks.mkdir(parents=True)
    locks.chmod(0o777)
    async with Exchange(rate=20.0) as exchange:
        app = ItickApp(launch_options([QQQ]), FeedSource(exchange.url, Token("key")))
        async with app.run_test():
            await until(lambda: app.feed.is_live)
            said = app.market.health.history[-1]
    assert said.state == "LIVE"
    assert said.reason == f"other windows cannot join: others can write {locks}: chmod go-w {locks}"


@pytest.mark.parametrize("elsewhere", [False, True])
async def test_the_date_of_rest_answers_counts_only_if_they_are_from_the_host_of_the_stream(
    elsewhere: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    listeners: list[object] = []

    class Noted(RestClient):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            listeners.append(kwargs["on_date"])
            super().__init__(*args, **kwargs)

    monkeypatch.setattr("tui.history.rest_client.RestClient", Noted)
    async with Exchange(rate=20.0) as exchange, Exchange(rate=20.0) as other:
        rest_url = rest_base(other.url) if elsewhere else ""
        app = ItickApp(launch_options([QQQ]), FeedSource(exchange.url, Token("key"), rest_url=rest_url))
        async with app.run_test():
            await until(lambda: listeners)
    assert listeners == [None if elsewhere else app.market.observe_date]
