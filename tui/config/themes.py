"""Themes: TOML files parsed into Structs, whose validation names what is wrong.

The files are in `tui/themes/` (a link to `themes/` at the top of the repo). The table `[screen]` holds the colours of
the user interface, `[market]` the colours with a meaning for prices.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta, Struct

from tui.errors import UsageError, reason
from tui.files import read_small

DEFAULT_THEME = "midnight"
_FOLDER = Path(__file__).parents[1] / "themes"

Colour: TypeAlias = Annotated[str, Meta(pattern=r"^#[0-9a-fA-F]{6}$")]


class ScreenColours(Struct, forbid_unknown_fields=True, frozen=True):
    """The colours of the user interface."""

    background: Colour
    surface: Colour
    cursor: Colour
    border: Colour
    text: Colour
    muted: Colour
    faint: Colour
    accent: Colour
    warning: Colour


class MarketColours(Struct, forbid_unknown_fields=True, frozen=True):
    """The colours with a meaning. Up, bid and buy share a hue; so do down, ask and sell."""

    up: Colour
    down: Colour
    flat: Colour
    bid_bar: Colour
    ask_bar: Colour
    flash_up: Colour
    flash_down: Colour


class Theme(Struct, forbid_unknown_fields=True, frozen=True):
    """A theme file: `name` is the value of `--theme`, `title` is shown in the menu."""

    name: str
    title: str
    dark: bool
    screen: ScreenColours
    market: MarketColours


def load_theme(path: Path) -> Theme:
    """Returns the theme of a file. Raises UsageError that names the file and the error."""
    try:
        return msgspec.convert(tomllib.loads(read_small(path).decode()), Theme)
    except OSError as error:
        raise UsageError(f"cannot read theme {path}: {reason(error)}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise UsageError(f"theme {path}: {error}") from None


@cache
def all_themes() -> dict[str, Theme]:
    """Returns all themes by name: the default first, then the dark, then the light ones."""
    themes = sorted(
        map(load_theme, _FOLDER.glob("*.toml")), key=lambda t: (t.name != DEFAULT_THEME, not t.dark, t.name)
    )
    return {theme.name: theme for theme in themes}


def find_theme(name: str) -> Theme:
    """Returns a theme by name. Raises UsageError that lists the known names."""
    themes = all_themes()
    if name not in themes:
        raise UsageError(f"unknown theme '{name}': choose one of {', '.join(themes)}")
    return themes[name]
