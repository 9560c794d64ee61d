"""The footer: the keys of what has them now, the most important first."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from tui.config.key_table import HINTS, KEYS, apply_overrides
from tui.config.themes import find_theme
from tui.widgets.footer import Footer, KeyContext
from tui.widgets.styles import Styles


class Below(App[None]):
    """Shows a footer, and keeps what was pressed on it."""

    def __init__(self, context: KeyContext, **keys: list[str]) -> None:
        super().__init__()
        self.footer = Footer(Styles(find_theme("midnight")), apply_overrides(keys))
        self.footer.set_reactive(Footer.context, context)
        self.pressed: list[str] = []

    def compose(self) -> ComposeResult:
        yield self.footer

    def on_footer_pressed(self, event: Footer.Pressed) -> None:
        self.pressed.append(event.action)

    @property
    def text(self) -> str:
        return self.footer.render_line(0).text.rstrip()


@asynccontextmanager
async def below(width: int, context: KeyContext, **keys: list[str]) -> AsyncIterator[tuple[Below, Pilot[None]]]:
    app = Below(context, **keys)
    async with app.run_test(size=(width, 1)) as pilot:
        yield app, pilot


@pytest.mark.parametrize(
    ("width", "context", "text"),
    [
        (80, KeyContext("watchlist"), "a Add|d Remove|/ Find|s Sort|Enter Detail|A Alerts|? Help|q Quit"),
        (70, KeyContext("watchlist"), "a Add|d Remove|/ Find|s Sort|Enter Detail|? Help|q Quit"),
        (40, KeyContext("watchlist"), "a Add|d Remove|? Help|q Quit"),
        (10, KeyContext("watchlist"), "? Help"),
        (80, KeyContext("ladder"), "n Size|H Over time|f Still or floating|Space Centre|? Help|q Quit"),
        (80, KeyContext("chart"), "← → Crosshair|Shift+← → Pan|[ ] Bars|c Candles|End Newest|? Help|q Quit"),
        (
            80,
            KeyContext("chart", "Hide crosshair"),
            "Esc Hide crosshair|← → Crosshair|Shift+← → Pan|[ ] Bars|? Help|q Quit",
        ),
        (66, KeyContext("tape", "Newest trades"), "Esc Newest trades|↑ ↓ Scroll|PgUp PgDn Page|? Help|q Quit"),
        (62, KeyContext("watchlist", replay="replay"), "P Pause|< > Speed|a Add|d Remove|/ Find|? Help|q Quit"),
        (62, KeyContext("watchlist", replay="paused replay"), "P Go on|N Step|< > Speed|a Add|d Remove|? Help|q Quit"),
        (
            120,
            KeyContext("tape", "Watchlist", detail=True),
            "Esc Watchlist|↑ ↓ Scroll|PgUp PgDn Page|End Newest|T Filter|a Add|d Remove|/ Find|? Help|q Quit",
        ),
    ],
)
async def test_what_acts_now_comes_first_and_nothing_touches_the_edge(
    width: int, context: KeyContext, text: str
) -> None:
    async with below(width, context) as (app, _):
        assert len(app.text) < width
        assert re.split(" {2,}", app.text.strip()) == text.split("|")


async def test_hints_stand_closer_on_a_narrow_terminal() -> None:
    for width, end in ((80, "A Alerts  ? Help  q Quit"), (100, "u Undo   ? Help   q Quit")):
        async with below(width, KeyContext("watchlist")) as (app, _):
            assert app.text.endswith(end)


async def test_keys_of_one_s_own_are_shown() -> None:
    async with below(80, KeyContext("chart"), chart_left=["Ctrl+B"], chart_right=["Ctrl+F"], shorter=["("]) as (app, _):
        assert app.text.startswith(" Ctrl+B F Crosshair")
        assert "( ] Bars" in app.text


async def test_a_click_presses_the_key_below_it() -> None:
    async with below(80, KeyContext("chart")) as (app, pilot):
        for x in (1, 3, app.text.index("Candles") + 2, app.text.index("Crosshair")):
            await pilot.click(Footer, offset=(x, 0))
        assert app.pressed == ["chart_left", "chart_right", "candles"]


def test_hints_name_keys_of_the_table_that_act_there() -> None:
    scopes = {key.id: key.scope for key in KEYS}
    for place, hints in HINTS.items():
        for hint in hints:
            assert {scopes[id] for id in hint.ids} <= {"", place}, hint
