"""Keys and what they act on now: the footer follows the focus, and a key that cannot act says why."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.feedless_app import LISTS, FeedlessApp, feedless_app
from tests.support.messages import tick
from tui.config.key_table import KEYS
from tui.errors import KeyRefused
from tui.feed.state import LinkPhase, LinkState
from tui.protocol.messages import Depth, Kline, Level
from tui.screens.help import Help


def footer(app: FeedlessApp) -> str:
    return app.dashboard.footer.render_line(0).text


def fill(app: FeedlessApp) -> None:
    """Give the first symbol bars, trades and a book."""
    market, start = app.market, 1_795_386_600_000
    for n in range(3):
        price = 500.0 + n
        bar = Kline(
            symbol="QQQ$US", time=start + 60_000 * n, open=price, high=price, low=price, close=price, volume=1.0
        )
        market.apply(bar, 1.0)
        market.apply(tick(price, start + 60_000 * n), 1.0)
    asks = [Level(price=500.0 + n / 100, volume=1.0) for n in range(1, 4)]
    bids = [Level(price=500.0 - n / 100, volume=1.0) for n in range(1, 4)]
    market.apply(Depth(symbol="QQQ$US", asks=asks, bids=bids), 1.0)
    app.turn()


async def test_the_footer_follows_the_focus_and_what_esc_takes_away() -> None:
    async with feedless_app() as (app, pilot):
        fill(app)
        assert footer(app).startswith(" a Add")
        await pilot.press("tab")
        await pilot.pause()
        assert footer(app).startswith(" n Size   H Over time   f Still or floating")
        await pilot.press("tab")
        await pilot.pause()
        assert footer(app).startswith(" ← → Crosshair")
        await pilot.press("left")
        await pilot.pause()
        assert footer(app).startswith(" Esc Hide crosshair")
        await pilot.press("escape")
        await pilot.pause()
        assert footer(app).startswith(" ← → Crosshair")
        await pilot.press("z")
        await pilot.pause()
        assert footer(app).startswith(" Esc All panes")
        await pilot.press("escape", "escape")
        await pilot.pause()
        assert app.focused is app.dashboard.watchlist and footer(app).startswith(" a Add")
        await pilot.press("space")
        await pilot.pause()
        assert footer(app).startswith(" Esc Unmark")
        await pilot.press("escape", "enter")
        await pilot.pause()
        assert footer(app).startswith(" Esc Watchlist   n Size")
        await pilot.press("escape", "/", "T", "enter")
        await pilot.pause()
        assert footer(app).startswith(" Esc All rows   a Add")


async def test_a_click_on_a_key_of_the_pane_presses_it_there() -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press("tab")
        await pilot.pause()
        await pilot.click(app.dashboard.footer, offset=(footer(app).index("f Still"), 0))
        await pilot.pause()
        assert app.dashboard.ladder.static


async def test_the_help_begins_with_the_pane_that_has_the_keys() -> None:
    async with feedless_app() as (app, pilot):
        for pane in ("watchlist", "ladder", "chart", "tape"):
            await pilot.press("?")
            await pilot.pause()
            assert isinstance(app.screen, Help) and app.screen._pane == pane
            await pilot.press("escape", "tab")
            await pilot.pause()


FILLED = {
    "watchlist": {
        "escape": "nothing to leave: q quits",
        "1": "Core is shown already",
        "7": "there is no list 7: L makes one",
        "K": "QQQ$US is the first row",
        "S": "the order is yours: s sorts by a column",
        "u": "nothing to undo",
        "w": "every list is kept already",
        "[": "no bars are shorter than a minute",
        "f": "f is a key of the ladder: Tab gives it the keys",
        "left": "← is a key of the chart: Tab gives it the keys",
        "r": "there is no link yet",
        "P": "this is no recording: itick-tui --replay FILE plays one",
    },
    "ladder": {
        "space": "the spread is in the middle already",
        "+": "+ is a key of the chart: Tab gives it the keys",
    },
    "chart": {
        "end": "the newest bar is shown already",
        "shift+left": "no earlier bars are known",
        "shift+right": "no later bars",
        "right right": "the crosshair is on the newest bar",
        "left left left left": "the crosshair is on the oldest bar known",
        "+ + + +": "bars cannot be any wider",
        "- - - -": "bars cannot be any narrower",
        "] ] ] ] ] ]": "no bars are longer than a day",
    },
    "tape": {
        "up": "the newest trade is at the top already",
        "pageup": "the newest trade is at the top already",
        "down": "no older trades are known",
        "pagedown": "no older trades are known",
        "end": "the newest trade is at the top already",
    },
}
EMPTY = {
    "watchlist": {
        **dict.fromkeys(("d", "space", "J", "K", "j", "G", ".", "comma"), "the list is empty: a adds symbols"),
        "enter": "no symbol is selected",
        "e b": "no symbol is selected",
    },
    "ladder": dict.fromkeys(("up", "down", "space"), "there is no order book yet"),
    "chart": dict.fromkeys(("left", "shift+right"), "no minute bars yet"),
    "tape": dict.fromkeys(("up", "pagedown"), "no trades yet"),
}


def cases() -> Iterator[tuple[bool, str, str, str]]:
    for filled, panes in ((True, FILLED), (False, EMPTY)):
        for pane, answers in panes.items():
            for keys, said in answers.items():
                yield filled, pane, keys, said


@pytest.mark.parametrize(("filled", "pane", "keys", "said"), cases())
async def test_a_key_that_cannot_act_says_why(filled: bool, pane: str, keys: str, said: str) -> None:
    async with feedless_app(lists=LISTS if filled else {"Core": ()}) as (app, pilot):
        if filled:
            fill(app)
        await pilot.press(*["tab"] * list(FILLED).index(pane), *keys.split())
        await pilot.pause()
        assert app.said == said


async def test_a_key_for_what_is_not_on_the_screen_says_how_it_gets_there() -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press("f4", "c")
        assert app.said == "the chart is not on the screen: F4 shows it"
        await pilot.press("+")
        assert app.said == "the chart is not on the screen: F4 shows it"
        await pilot.press("f4", "z", "v")
        assert app.said == "the chart is not on the screen: z shows it"
        assert not app.dashboard.chart.candles and not app.dashboard.chart.vwap
    async with feedless_app((50, 10)) as (app, pilot):
        for keys, said in (
            ("n", "the ladder is not on the screen: Enter shows it"),
            ("]", "the chart is not on the screen: Enter shows it"),
            ("tab", "there is no other pane"),
            ("z", "the pane has the whole screen already"),
        ):
            await pilot.press(keys)
            assert app.said == said


async def test_the_end_of_a_list_that_is_out_of_sight_is_said() -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press("k")
        assert app.said == "", "it is seen"
        await pilot.press("enter", "comma")
        assert app.said == "QQQ$US is the first of the list"
        await pilot.press(".", ".", ".")
        assert app.said == "TLT$US is the last of the list"


async def test_what_leaves_no_row_says_how_all_come_back() -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press("/", "Q", "X", "tab")
        app.dashboard.watchlist.focus()
        await pilot.press("d")
        await pilot.pause()
        assert app.said == "nothing here has 'QX' in it: a adds it, Esc shows all rows"


@pytest.mark.parametrize("keys", ["enter", "tab shift+tab a", "tab shift+tab enter"])
async def test_what_is_not_in_the_list_is_looked_for_among_all_funds(keys: str) -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press("/", *"semicon")
        await pilot.pause()
        words = [line.text.strip("│ ") for line in map(app.dashboard.watchlist.render_line, range(40))]
        assert {"nothing here has 'semicon' in it", "Enter looks for it among all funds"} < set(words)
        await pilot.press(*keys.split())
        await pilot.pause()
        fields = app.dashboard.add_field, app.dashboard.find_field
        assert [field.display for field in fields] == [True, False] and app.rows == ["QQQ", "SPY", "TLT"]
        assert fields[0].input.has_focus and fields[0].input.value == "semicon"
        await pilot.press("tab", "enter")
        await pilot.pause()
        assert app.selected == "SMH"


async def test_enter_in_a_pane_leaves_it_the_keys_in_the_detail_and_back() -> None:
    async with feedless_app() as (app, pilot):
        fill(app)
        dashboard = app.dashboard
        for pane, first in ((dashboard.chart, "← → Crosshair"), (dashboard.tape, "↑ ↓ Scroll")):
            pane.focus()
            await pilot.press("enter")
            await pilot.pause()
            assert dashboard.detail and app.focused is pane
            assert footer(app).startswith(f" Esc Watchlist   {first}") and "Detail" not in footer(app)
            await pilot.press("enter")
            await pilot.pause()
            assert not dashboard.detail and app.focused is pane and footer(app).startswith(f" {first}")
        dashboard.watchlist.focus()
        await pilot.press("enter")
        await pilot.pause()
        assert footer(app).startswith(" Esc Watchlist   n Size")
        await pilot.press("tab", "escape")
        await pilot.pause()
        assert footer(app).startswith(" a Add")


async def test_a_row_moved_by_hand_says_what_takes_it_back() -> None:
    async with feedless_app(sort="symbol") as (app, pilot):
        await pilot.press("J")
        assert app.said == "the order is yours now: u takes it back"
        await pilot.press("u")
        assert app.dashboard.watchlist.sort == "symbol"


def test_every_key_is_in_the_palette_but_moves_and_those_of_a_pane() -> None:
    nameless = {key.id for key in KEYS if not key.name and not key.scope}
    assert nameless == {"show_list", "palette", "down", "up", "first", "last", "page_down", "page_up"}
    assert not any(key.name for key in KEYS if key.scope)


async def test_the_large_panes_say_what_stopped_the_link_as_the_status_bar_does() -> None:
    async with feedless_app() as (app, _):
        refused = LinkState(LinkPhase.STOPPED, 0.0, error=KeyRefused("the key is refused: check ITICK_TOKEN\x1b[31m"))
        app.dashboard.link_changed(refused, False)
        dashboard = app.dashboard
        assert "stopped: the key is refused: check ITICK_TOKEN" in dashboard.status.render_line(0).text
        for pane in (dashboard.ladder, dashboard.chart, dashboard.tape):
            text = " ".join(" ".join(part.text for part in line[1:-1]) for line in pane._drawn[1:-1])
            assert "stopped: the key is refused: check ITICK_TOKEN" in " ".join(text.split()), pane.id
        dashboard.link_changed(LinkState(LinkPhase.LIVE, 0.0), False)
        assert "no book yet" in "".join(part.text for line in dashboard.ladder._drawn for part in line)


async def test_an_empty_list_offers_the_key_and_examples() -> None:
    async with feedless_app(lists={"Core": ()}) as (app, _):
        text = "".join(part.text for line in app.dashboard.watchlist._drawn for part in line)
        assert "press a to add symbols" in text and "QQQ$US, 2800$HK, 510300$SH, QQQ/SPY" in text
