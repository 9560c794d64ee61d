"""What is shown of a type that is missing while others move: in the row, the ladder, the detail, the chart and the
health screen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.support.frozen_dashboard import LIVE, Still
from tests.support.messages import QQQ, bar
from tests.support.sampled_feed import ALL, SampledFeed
from tui.feed.state import LinkPhase, LinkState
from tui.market.data_status import DataStatus
from tui.protocol.messages import Quote
from tui.reference.fund_names import FundNames
from tui.screens.health import HealthSnapshot, silent_figures
from tui.terminal.flow_control import TerminalFlowControl
from tui.terminal.frame_clock import MAX_FRAMES
from tui.watchlist.columns import BY_ID
from tui.watchlist.row_figures import RenderContext, make_row
from tui.widgets.pane import Pane

CARRIED = {
    "depth": {"bid", "ask", "spread"},
    "quote": {"open", "high", "low", "range", "volume", "turnover", "vwap", "iopv", "premium"},
    "kline@1": {"hour"},
    "tick": set[str](),
}
SPEEDS = {"speed1", "speed5"}  # moves of the last price
LAST = {"last", "change", "change%", "time"}


class FullFeed(SampledFeed):
    """A feed whose quotes and bars have all figures."""

    def told(self, **fields: float) -> Quote:
        return super().told(
            open=499.0, high=502.0, low=498.0, volume=1e6, turnover=5e8, iopv=499.5, change=2.0, **fields
        )


def after(*missing: str, seconds: int = 125) -> SampledFeed:
    """All types for a while, and then all but these."""
    feed = FullFeed()
    feed.apply(*(bar(-n, close=400.0 + n) for n in range(40, 0, -1)))
    feed.go_on(30, ALL)
    feed.go_on(seconds, [type_ for type_ in ALL if type_ not in missing])
    return feed


def roles(feed: SampledFeed) -> dict[str, tuple[str, bool]]:
    """The role of each cell, and whether it is bold."""
    i = feed.i
    i.infer_precision()
    context = RenderContext(feed.now, feed.market.exchange_time(feed.now), 1.0, 12, False, FundNames(), flash=False)
    row = make_row(i, DataStatus.LIVE, 0.0, context)
    return {id: (column.cell(row).role, column.cell(row).bold) for id, column in BY_ID.items()}


@pytest.mark.parametrize("type_", CARRIED)
def test_the_figures_of_a_missing_type_are_dimmed_and_no_others(type_: str) -> None:
    before, now = roles(after(seconds=1)), roles(after(type_))
    assert {id for id in before if before[id] != now[id]} == CARRIED[type_]
    assert {now[id][0] for id in CARRIED[type_]} <= {"faint", "grid"}


def test_a_last_price_that_neither_trades_nor_quotes_move_is_dimmed() -> None:
    before, now = roles(after(seconds=1)), roles(after("tick", "quote"))
    assert {id for id in before if before[id] != now[id]} == LAST | CARRIED["quote"] | SPEEDS
    assert now["last"] == ("muted", False) and now["change%"] == ("muted", False)


def test_a_crossed_book_that_is_missing_warns_no_more() -> None:
    feed = after("depth")
    assert feed.i.depth is not None
    feed.i.depth.bids[0].price = 600.0
    assert roles(feed)["spread"][0] == "faint"


def test_figures_of_yesterday_are_unknown_beside_a_price_of_today() -> None:
    feed = FullFeed(demo=False)
    feed.apply(feed.told())
    feed.now += 3 * 86_400  # from Friday to Monday
    feed.apply(feed.trade())
    i = feed.i
    context = RenderContext(feed.now, feed.market.exchange_time(feed.now), 1.0, 12, False, FundNames(), flash=False)
    row = make_row(i, DataStatus.LIVE, 0.0, context)
    shown = {id: BY_ID[id].cell(row).text.strip() for id in CARRIED["quote"]}
    assert shown == dict.fromkeys(CARRIED["quote"], "—")
    assert BY_ID["last"].cell(row).text.strip() != "—"


# --- on the screen ---


@asynccontextmanager
async def shown(feed: SampledFeed, link: LinkState = LIVE) -> AsyncIterator[Still]:
    app = Still(feed.market, [QQQ], link=link, now=feed.now)
    app.dashboard.detail = True
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.pause()
        yield app


def text(pane: Pane) -> list[str]:
    return ["".join(segment.text for segment in line) for line in pane._drawn]


def colour(pane: Pane, words: str) -> object:
    """Of the piece that has these words."""
    return next(s.style.color for line in pane._drawn for s in line if words in s.text and s.style is not None)


async def test_all_panes_tell_what_is_missing() -> None:
    async with shown(after("depth", "kline@1")) as app:
        panes = app.dashboard
        muted, faint = (panes.watchlist.theme_styles(role).color for role in ("muted", "faint"))
        assert "no book for 2m, no bars for 2m · 0s ago" in text(panes.quote_header)[0]
        assert "no book for 2m" in text(panes.ladder)[0]
        assert "no bars for 2m" in text(panes.chart)[0]
        assert not any("imb" in line for line in text(panes.ladder))
        assert colour(panes.ladder, "500.02") == muted
        assert colour(panes.quote_header, "500.02") == faint
    async with shown(after(seconds=125)) as app:
        panes = app.dashboard
        assert text(panes.quote_header)[0].endswith("─ 0s ago ─╮")
        assert not any("for 2m" in line for line in text(panes.chart))
        assert any("imb" in line for line in text(panes.ladder))
        assert colour(panes.ladder, "500.02") not in (muted, faint)


async def test_a_row_drawn_before_is_drawn_again_when_its_book_is_found_missing() -> None:
    feed = after(seconds=1)
    app = Still(feed.market, [QQQ], now=feed.now)
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.pause()
        rows = app.dashboard.watchlist
        bright = colour(rows, "500.01")
        for _ in range(70):
            feed.go_on(1, ["tick", "quote", "kline@1"])
            app.now = feed.now
            app.turn()
        assert colour(rows, "500.01") == rows.theme_styles("faint", "cursor").color != bright
        feed.go_on(1, ALL)
        app.turn()
        assert colour(rows, "500.01") == bright


def words_of(feed: SampledFeed, link: LinkState = LIVE) -> list[str]:
    found = silent_figures(
        HealthSnapshot(feed.now, 0.0, link, "", False, [feed.i] * 10, TerminalFlowControl(), 0.002, MAX_FRAMES)
    )
    assert all(figure.abnormal for figure in found)
    return [figure.value for figure in found]


def test_health_names_what_is_missing_while_that_is_known() -> None:
    feed = after("depth")
    assert words_of(feed) == ["QQQ$US: no book for 2m"] * 8 + ["and of 2 more symbols"]
    assert words_of(feed, LinkState(LinkPhase.RECONNECTING, 0.0)) == []
    assert words_of(after(seconds=1)) == []
    feed.i.refused["depth"] = "no permission"
    assert words_of(feed) == []
