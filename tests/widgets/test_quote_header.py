"""The title of the detail: whose figures these are, and how old."""

from __future__ import annotations

import pytest

from tests.support.frozen_dashboard import LIVE, US, Still, filled_market
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
    market = app.dashboard.quote_header.market
    market.apply_history_closes(LQD, {"2024-11-14": 220.5})
    async with app.run_test(size=(140, 36)) as pilot:
        await pilot.pause()
        said = figures(app)
        assert [said[label] for label in ("Change", "Change %", "Extended")] == ["split?"] * 3
        assert said["Previous"] == "—"


LABELS = (
    *("Last", "Change", "Change %", "Previous", "Extended"),
    *("Bid", "Ask", "Spread", "Mean", "Traded"),
    *("Day open", "Day high", "Day low", "VWAP", "Range"),
    *("Volume", "Turnover", "Volatility", "IOPV", "Premium"),
)
OF_THE_HOUR = "the hour's spreads"


def figures(app: Still) -> dict[str, str]:
    """Returns the values by their labels, as the muted pieces of the lines tell them apart."""
    header = app.dashboard.quote_header
    muted, found, label = header.theme_styles("muted"), dict[str, str](), ""
    for line in header._drawn[1:-1]:
        for segment in line[1:-1]:
            if segment.style == muted and segment.text.startswith(" ") and segment.text.strip():
                label = segment.text.strip()
                found[label] = ""
            elif label:
                found[label] += segment.text
    return {label: value.strip() for label, value in found.items()}


def missing(app: Still) -> set[str]:
    """Returns what the lower border says has no room."""
    words = "".join(segment.text for segment in app.dashboard.quote_header._drawn[-1]).strip("╰╯─ ")
    return set(words.removeprefix("no room for ").split(", ")) if words else set()


@pytest.mark.parametrize(
    ("size", "absent"),
    [
        ((160, 45), set()),
        ((120, 36), set()),
        ((100, 30), {OF_THE_HOUR}),
        ((80, 27), {OF_THE_HOUR}),
        ((80, 24), {"Extended", "Traded", "Range", "Premium", OF_THE_HOUR}),
    ],
)
async def test_what_has_no_room_is_said_and_nothing_else_is_missing(size: tuple[int, int], absent: set[str]) -> None:
    app = Still(filled_market(US[:1]), US[:1])
    app.dashboard.detail = True
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        said = figures(app)
        assert missing(app) == absent
        assert {label.split(" 1")[0] for label in said} == set(LABELS) - absent
        assert all(value for value in said.values())
        columns = [line.text for line in map(app.dashboard.quote_header.render_line, range(1, len(said) // 4 + 1))]
        assert {columns[0].index(label) for label in ("Last", "Bid", "Day open", "Volume")} == {
            columns[1].index(label) for label in ("Change", "Ask", "Day high", "Turnover")
        }


@pytest.mark.parametrize(("width", "price"), [(60, 110.26), (40, 110.26), (80, 123_456_789.25), (40, 123_456_789.25)])
async def test_a_figure_without_room_is_left_out_whole(width: int, price: float) -> None:
    app = detail()
    app.market.apply(quote(price, s="LQD$US"), 0.0)
    app.market.apply(tick(price, T + 1_000, s="LQD$US"), 0.0)
    async with app.run_test(size=(width, 24)) as pilot:
        await pilot.pause()
        absent = missing(app)
        count = next((int(word) for words in absent for word in words.split() if word.isdigit()), len(absent))
        assert len(figures(app)) + count == len(LABELS)
        assert figures(app).get("Last", f"{price:.2f}") == f"{price:.2f}"
        assert all(len(line.text) == width for line in map(app.dashboard.quote_header.render_line, range(6)))
