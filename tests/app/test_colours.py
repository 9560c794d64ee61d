"""Everything that is drawn can be read, in every theme and with as many colours as the terminal has."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from rich.color import Color, ColorSystem, ColorType
from rich.color_triplet import ColorTriplet
from rich.style import Style

from tests.support.feedless_app import FeedlessApp
from tests.support.frozen_dashboard import LIVE, START, US, fill_market
from tests.support.launch_options import launch_options
from tui.config.themes import all_themes
from tui.protocol.messages import Depth, Level, Quote
from tui.terminal.textual_private import render_lines
from tui.widgets.role_colours import LEAST_CONTRAST, contrast

XTERM = (
    *((0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0), (0, 0, 238), (205, 0, 205), (0, 205, 205)),
    *((229, 229, 229), (127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0), (92, 92, 255)),
    *((255, 0, 255), (0, 255, 255), (255, 255, 255)),
)
"""What xterm shows for its 16 colours."""
TERMINALS = {
    "truecolor": {"TERM": "xterm-256color", "COLORTERM": "truecolor"},
    "256": {"TERM": "xterm-256color"},
    "16": {"TERM": "xterm-16color"},
    "no colour": {"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"},
    "no colour of 16": {"TERM": "xterm-16color", "NO_COLOR": "1"},
}
DIALOGS = ("question_mark", "h", "ctrl+p", "o", "a", "tab n")
DIMMED = 1.4  # what lies below a dialog's veil
DISTINCT = 1.05  # lines and blocks


@pytest.fixture(params=TERMINALS, autouse=True)
def terminal(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    for name in ("TERM", "COLORTERM", "NO_COLOR", "STY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in TERMINALS[request.param].items():
        monkeypatch.setenv(name, value)
    return str(request.param)


def shown(colour: Color, system: ColorSystem, *, bold: bool) -> list[ColorTriplet]:
    """Returns the colour as terminals of so many colours show it; a bold one of the first eight is bright on some."""
    colour = colour.downgrade(system)
    if colour.type is ColorType.TRUECOLOR or colour.number is None:
        return [colour.get_truecolor()]
    if colour.type is ColorType.EIGHT_BIT and colour.number >= 16:
        return [colour.get_truecolor()]
    numbers = {colour.number, colour.number | 8 if bold else colour.number}
    return [ColorTriplet(*XTERM[number]) for number in numbers]


def is_text(character: str) -> bool:
    """True for what is to be read; lines, blocks and Braille patterns are drawings."""
    return not character.isspace() and not "\u2500" <= character <= "\u259f" and not "\u2800" <= character <= "\u28ff"


def faults(app: FeedlessApp) -> Iterator[str]:
    """Yields what cannot be read on the screen."""
    system = app.console._color_system
    assert system is not None
    veil = app.screen.styles.background
    boxes = [child.region for child in app.screen.children] if 0 < veil.a < 1 else []
    seen = set()
    for y, strip in enumerate(render_lines(app.screen)):
        x = 0
        for text, style, _ in strip:
            width = len(text)
            lit = not boxes or any(box.contains(x, y) for box in boxes)
            x += width
            assert style is not None
            letters = "".join(filter(is_text, text))
            if not text.isspace() and (style, lit, bool(letters)) not in seen:
                seen.add((style, lit, bool(letters)))
                least = (LEAST_CONTRAST if lit else DIMMED) if letters else DISTINCT
                if (found := least_contrast(style, system)) < least:
                    yield f"{found:.2f} {letters or text.strip()!r} {style} at {x - width}, {y}"


def least_contrast(style: Style, system: ColorSystem) -> float:
    assert style.color is not None and style.bgcolor is not None
    fronts = shown(style.color, system, bold=bool(style.bold))
    backs = shown(style.bgcolor, system, bold=False)
    if style.reverse:
        fronts, backs = backs, fronts
    return min(contrast(front, back) for front in fronts for back in backs)


class FullApp(FeedlessApp):
    """A market in full swing, and rows that are in trouble."""

    def start(self) -> None:
        self.painting.start()
        fill_market(self.market, US, seconds=3)
        self.market.apply(Quote(symbol="EWZ$US", last=30.0, status=1, time=START + 19_000), 20.0)
        level = Level(price=50.0, volume=10.0)
        self.market.apply(Depth(symbol="FXI$US", asks=[level], bids=[level]), 20.0)
        self.market.health.reconnects = 1
        self.dashboard.link_changed(LIVE, True)
        self.turn(20.1)


async def test_all_that_is_drawn_can_be_read(terminal: str) -> None:
    app = FullApp(launch_options(US))
    found = []
    async with app.run_test(size=(136, 36), notifications=True) as pilot:
        await pilot.pause()
        for theme in all_themes().values():
            app.view_actions._apply(theme)
            for red_up in (False, True):
                for keys in ("C",) if red_up else ("enter", "escape"):
                    await pilot.press(keys)
                    app.turn(20.2)
                    await pilot.pause()
                    found += [f"{theme.name}, red up {red_up}: {fault}" for fault in faults(app)]
                if not os.environ.get("NO_COLOR"):
                    found += [f"{theme.name}, red up {red_up}: {fault}" for fault in confused(app)]
            await pilot.press("C")
            for keys in DIALOGS:
                await pilot.press(*keys.split())
                await pilot.pause()
                found += [f"{theme.name}, {keys}: {fault}" for fault in faults(app)]
                await pilot.press("escape")
                await pilot.pause()
    assert not found, "\n".join(dict.fromkeys(found))


def confused(app: FullApp) -> list[str]:
    """Returns which colours with opposite meanings are drawn alike, and which state of the link like a price."""
    styles, system = app.appearance.styles, app.console._color_system
    assert system is not None

    def drawn(role: str) -> list[ColorTriplet]:
        colour = styles(role).color
        assert colour is not None
        return shown(colour, system, bold=False)

    opposites = [
        ("up", "down"),
        ("up_calm", "down_calm"),
        ("up_area", "down_area"),
        ("bid_bar", "ask_bar"),
        ("flash_up", "flash_down"),
    ]
    return [f"{one} looks like {other}" for one, other in [*opposites, ("ok", "bad")] if drawn(one) == drawn(other)]


async def test_red_up_changes_the_colours_of_prices_and_not_those_of_the_link() -> None:
    app = FullApp(launch_options(US))
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.pause()
        before = app.dashboard.status.theme_styles
        line = app.dashboard.status.render_line(0)
        await pilot.press("C")
        after = app.dashboard.status.theme_styles
        assert (after("up"), after("up_calm"), after("bid_bar")) == (
            before("down"),
            before("down_calm"),
            before("ask_bar"),
        )
        assert line.text.startswith(" ● LIVE") and app.dashboard.status.render_line(0) == line
