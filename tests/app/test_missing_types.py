"""A type that the exchange stops sending, in the whole app over a real socket."""

from __future__ import annotations

from functools import partial

import pytest

from tests.support.launch_options import launch_options
from tests.support.wait_until import until
from tui.app.app import ItickApp
from tui.app.feed_worker import FeedSource
from tui.exchange import server
from tui.market import data_age
from tui.symbol import Symbol
from tui.widgets.pane import Pane

QQQ = Symbol("QQQ", "US")


def text(pane: Pane) -> str:
    return "\n".join("".join(segment.text for segment in line) for line in pane._drawn)


async def test_a_book_that_stops_is_dimmed_and_told_and_bright_again_when_it_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(data_age, "LEAST_SILENCE", 1.5)
    monkeypatch.setattr(data_age, "USUAL_GAPS", 1)
    faulty = partial(server.Exchange, rate=150.0, faults=["silent-depth"], fault_every=9.0)
    monkeypatch.setattr(server, "Exchange", faulty)
    app = ItickApp(launch_options([QQQ]), FeedSource())
    async with app.run_test(size=(160, 45)) as pilot:
        dashboard = app.dashboard
        styles = dashboard.watchlist.theme_styles

        def role_of_bid() -> str:
            i = app.market.instruments[QQQ]
            if i.depth is None or len(dashboard.watchlist._drawn) < 3:
                return ""
            bid = f"{i.depth.bids[0].price:.2f}"
            colours = [s.style.color for s in dashboard.watchlist._drawn[2] if bid in s.text and s.style is not None]
            return next((role for role in ("text", "faint") if styles(role).color in colours[-1:]), "")

        await until(lambda: app.feed.is_live and role_of_bid() == "text", 10)
        await until(lambda: role_of_bid() == "faint", 10)
        assert "QQQ$US" in text(dashboard.watchlist)
        await until(lambda: "no book for " in text(dashboard.ladder))
        await pilot.press("h")
        await until(lambda: "QQQ$US: no book for" in _screen(app))
        await pilot.press("h")
        await until(lambda: role_of_bid() == "text", 10)
        await pilot.press("h")
        await until(lambda: "no book for" not in _screen(app))


def _screen(app: ItickApp) -> str:
    return "\n".join("".join(segment.text for segment in app.screen._compositor.render_strips()[y]) for y in range(45))
