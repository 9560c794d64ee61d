"""Everything that is drawn can be read, in every theme and with as many colours as the terminal has."""

from __future__ import annotations

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
DIALOGS = ("question_mark", "h", "ctrl+p", "t", "o", "s", "a", "slash", "L", "A", "tab n", "e", "O")
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
        fill_market(self.market, US)
        self.market.apply(Quote(symbol="EWZ$US", last=30.0, status=1, time=START + 19_000), 20.0)
        level = Level(price=50.0, volume=10.0)
        self.market.apply(Depth(symbol="FXI$US", asks=[level], bids=[level]), 20.0)
        self.market.health.reconnects = 1
        self.dashboard.link_changed(LIVE, True)
        self.turn(20.1)


@pytest.mark.parametrize("theme", all_themes())
async def test_all_text_can_be_read(theme: str) -> None:
    app = FullApp(launch_options(US, theme=theme))
    found = []
    async with app.run_test(size=(160, 45), notifications=True) as pilot:
        await pilot.pause()
        for red_up in (False, True):
            if red_up:
                await pilot.press("C")
            for keys in ("", "c v enter", "escape"):
                await pilot.press(*keys.split())
                app.turn(20.2)
                await pilot.pause()
                found += [f"dashboard {keys} {red_up}: {fault}" for fault in faults(app)]
        for keys in DIALOGS:
            await pilot.press(*keys.split())
            await pilot.pause()
            found += [f"{keys}: {fault}" for fault in faults(app)]
            await pilot.press("escape", "escape")
            await pilot.pause()
    assert not found, "\n".join(dict.fromkeys(found))
