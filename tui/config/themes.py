"""Themes: TOML files parsed into Structs, whose validation names what is wrong.

The files are in `tui/themes/` (a link to `themes/` at the top of the repo). The table `[screen]` holds the colours of
the user interface, `[market]` the colours with a meaning for prices, `[ansi]` what stands for both where the terminal
has 16 colours.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from tui.errors import UsageError, reason
from tui.files import read_small

DEFAULT_THEME = "midnight"
_FOLDER = Path(__file__).parents[1] / "themes"

Colour: TypeAlias = Annotated[str, Meta(pattern=r"^#[0-9a-fA-F]{6}$")]
AnsiName: TypeAlias = Literal[
    "black",
    "red",
    "green",
    "yellow",
    "blue",
    "magenta",
    "cyan",
    "white",
    "bright_black",
    "bright_red",
    "bright_green",
    "bright_yellow",
    "bright_blue",
    "bright_magenta",
    "bright_cyan",
    "bright_white",
]


class ScreenColours(Struct, forbid_unknown_fields=True, frozen=True):
    """The colours of the user interface. `ok`, `warning` and `bad` are of the state of things, never of a price.

    A file may leave out the last three: `grid` is `faint` then, `ok` and `bad` are the market's `up` and `down`."""

    background: Colour
    surface: Colour
    cursor: Colour
    border: Colour
    text: Colour
    muted: Colour
    faint: Colour
    accent: Colour
    warning: Colour
    grid: Colour = ""
    ok: Colour = ""
    bad: Colour = ""


class MarketColours(Struct, forbid_unknown_fields=True, frozen=True):
    """The colours with a meaning. Up, bid and buy share a hue; so do down, ask and sell."""

    up: Colour
    down: Colour
    flat: Colour
    bid_bar: Colour
    ask_bar: Colour
    flash_up: Colour
    flash_down: Colour


class AnsiColours(Struct, forbid_unknown_fields=True, frozen=True):
    """The palette of a terminal of 16 colours: a name for each role. Red, blue and magenta are too dark on black.

    `bar_text` is what is written on bars and flashes, `flat_bar` the bar of neither side; `up_calm` and `down_calm` are
    up and down at rest; `series_1` to `series_6` are lines that are compared."""

    background: AnsiName = "black"
    surface: AnsiName = "black"
    cursor: AnsiName = "black"
    border: AnsiName = "bright_black"
    text: AnsiName = "bright_white"
    muted: AnsiName = "white"
    faint: AnsiName = "bright_black"
    grid: AnsiName = "bright_black"
    accent: AnsiName = "bright_cyan"
    ok: AnsiName = "bright_green"
    warning: AnsiName = "bright_yellow"
    bad: AnsiName = "bright_red"
    up: AnsiName = "bright_green"
    down: AnsiName = "bright_red"
    flat: AnsiName = "white"
    up_calm: AnsiName = "green"
    down_calm: AnsiName = "bright_red"
    bar_text: AnsiName = "black"
    flat_bar: AnsiName = "bright_black"
    bid_bar: AnsiName = "green"
    ask_bar: AnsiName = "bright_red"
    flash_up: AnsiName = "bright_green"
    flash_down: AnsiName = "bright_red"
    series_1: AnsiName = "bright_cyan"
    series_2: AnsiName = "bright_yellow"
    series_3: AnsiName = "bright_magenta"
    series_4: AnsiName = "white"
    series_5: AnsiName = "bright_blue"
    series_6: AnsiName = "bright_green"


class Theme(Struct, forbid_unknown_fields=True, frozen=True):
    """A theme file: `name` is the value of `--theme`, `title` is shown in the menu."""

    name: str
    title: str
    dark: bool
    screen: ScreenColours
    market: MarketColours
    ansi: AnsiColours = AnsiColours()


@cache
def load_theme(path: Path) -> Theme:
    """Returns the theme of a file. Raises UsageError that names the file and the error."""
    try:
        theme = msgspec.convert(tomllib.loads(read_small(path).decode()), Theme)
    except OSError as error:
        raise UsageError(f"cannot read theme {path}: {reason(error)}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise UsageError(f"theme {path}: {error}") from None
    screen, market = theme.screen, theme.market
    grid, ok, bad = screen.grid or screen.faint, screen.ok or market.up, screen.bad or market.down
    return replace(theme, screen=replace(screen, grid=grid, ok=ok, bad=bad))


@cache
def all_themes() -> dict[str, Theme]:
    """Returns all themes by name: the default first, then the dark, then the light ones."""
    themes = sorted(
        map(load_theme, _FOLDER.glob("*.toml")), key=lambda t: (t.name != DEFAULT_THEME, not t.dark, t.name)
    )
    return {theme.name: theme for theme in themes}


def find_theme(name: str) -> Theme:
    """Returns a theme by name. Raises UsageError that lists the known names."""
    if all(file.stem != name for file in _FOLDER.glob("*.toml")):
        raise UsageError(f"unknown theme '{name}': choose one of {', '.join(all_themes())}")
    return load_theme(_FOLDER / f"{name}.toml")
