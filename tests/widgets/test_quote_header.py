"""The title of the detail: whose figures these are, and how old."""

from __future__ import annotations

import pytest

from tests.support.frozen_dashboard import LIVE, Still
from tests.support.messages import T, quote, tick
from tui.feed.state import LinkPhase, LinkState
from tui.market import Market
from tui.symbol import Symbol

LQD = Symbol("LQD", "US")
DAY = 86_400_000
LOST = LinkState(LinkPhase.RECONNECTING, 0.0)


def detail(*, later: int = 240_000, status: int | None = None, link: LinkState = LIVE) -> Still:
    """Of a fund with a long name, so many ms after its last trade."""
    market = Market()
    market.wall_base = T + later
    market.follow([LQD])
    market.apply(quote(110.25, s="LQD$US", status=status), 0.0)
    market.apply(tick(110.26, s="LQD$US"), 0.0)
    app = Still(market, [LQD], link=link, now=0.0, demo=False)
    app.dashboard.detail = True
    return app


def title(app: Still) -> str:
    return "".join(segment.text for segment in app.dashboard.quote_header._drawn[0])


@pytest.mark.parametrize(
    ("width", "said"),
    [
        (100, "╭─ LQD$US  iShares iBoxx $ Investment Grade Corporate Bond ETF ───────────────────────── stale 4m ─╮"),
        (70, "╭─ LQD$US  iShares iBoxx $ Investment Grade Corporate B… ─ stale 4m ─╮"),
        (40, "╭─ LQD$US  iShares iBoxx … ─ stale 4m ─╮"),
    ],
)
async def test_the_name_is_cut_before_the_symbol_or_the_age_is_left_out(width: int, said: str) -> None:
    app = detail(link=LOST)
    async with app.run_test(size=(width, 24)) as pilot:
        await pilot.pause()
        assert title(app) == said


@pytest.mark.parametrize(
    ("later", "status", "words"),
    [(240_000, None, " 4m ago ─╮"), (DAY, None, "─ closed ─╮"), (240_000, 1, "─ halted ─╮")],
)
async def test_only_an_age_is_ago(later: int, status: int | None, words: str) -> None:
    app = detail(later=later, status=status)
    async with app.run_test(size=(100, 24)) as pilot:
        await pilot.pause()
        assert title(app).endswith(words)


async def test_across_a_likely_split_no_change_is_told() -> None:
    app = detail()
    market = app.dashboard.quote_header._market
    market.apply_history_closes(LQD, {"2024-11-14": 220.5})
    async with app.run_test(size=(140, 24)) as pilot:
        await pilot.pause()
        drawn = "".join(segment.text for line in app.dashboard.quote_header._drawn for segment in line)
        assert "CHG split?" in drawn and "CHG% split?" in drawn and "EXT% split?" in drawn and "PREV —" in drawn
