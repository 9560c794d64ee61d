"""The colours of a theme by role, as a terminal of 16, 256 or all colours can show them.

Each is returned as the RGB value that rich turns into the wanted entry of the terminal's palette: so panes, dialogs and
both ways of painting come to the same cell.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cache

from rich.color import ANSI_COLOR_NAMES, Color, blend_rgb
from rich.color_triplet import ColorTriplet
from textual.color import Color as RgbColour
from textual.color import Lab, rgb_to_lab

from tui.colour_depth import ColourDepth
from tui.config.themes import Theme
from tui.terminal.textual_private import STANDARD_PALETTE

LEAST_CONTRAST = 4.5
"""The contrast ratio of text to what it stands on, by WCAG 2 level AA, 1.4.3."""
_SIDED = ("bid_bar", "ask_bar", "flash_up", "flash_down")
BARS = (*_SIDED, "flat_bar")
"""The roles of backgrounds on which `bar_text` is written instead of `text`."""
SHADES = tuple(f"shade_{n}" for n in range(16))
"""The roles of areas that tell a quantity, from none, the background, to the most. 16 colours have none of them."""

SERIES = {
    f"series_{n}": Color.parse(colour).get_truecolor()
    for n, colour in enumerate(("#56b4e9", "#e69f00", "#cc79a7", "#009e73", "#f0e442", "#d55e00"), 1)
}
"""The roles of lines that are compared, and their colours before they are made readable on a theme's background: those
of Okabe and Ito, which people with any colour vision can tell apart."""

_GROUNDS = ("background", "surface", "cursor")
_LINES = ("border", "grid")
_CALM = 0.55  # of up and down in their form for text at rest
_AREA = 0.3  # of the same in their form for areas
_AREAS = ("up_area", "down_area")
_FAINTEST = 0.1  # of the accent in the shade of the least
_MOST_TURNED = math.radians(30)  # of a hue on the way to 256 colours
_COLOURLESS = 12  # chroma in CIE Lab below which a colour has no hue to keep
_CUBE = (0, 95, 135, 175, 215, 255)


@cache
def role_colours(theme: Theme, depth: ColourDepth) -> dict[str, ColorTriplet]:
    """Returns the colour of each role of a theme file, of paler forms of up and down (`up_calm` and `down_calm` for
    text, `up_area` and `down_area` for areas), of the lines that are compared, of `bar_text`, what is written on bars,
    of `flat_bar`, the bar of neither side, and of SHADES, with more than 16 colours."""
    if depth.is_ansi:
        names = {role: getattr(theme.ansi, role) for role in theme.ansi.__struct_fields__}
        if depth is ColourDepth.NONE:
            names = {role: _grey(role, name, dark=theme.dark) for role, name in names.items()}
        for role in ("up", "down"):
            names[f"{role}_area"] = names["grid" if depth is ColourDepth.NONE else f"{role}_calm"]
        return {role: STANDARD_PALETTE[ANSI_COLOR_NAMES[name]] for role, name in names.items()}
    colours = {
        role: Color.parse(getattr(table, role)).get_truecolor()
        for table in (theme.screen, theme.market)
        for role in table.__struct_fields__
    }
    grounds = [colours[role] for role in _GROUNDS]
    for role in ("up", "down"):
        calm, area = (
            [blend_rgb(grounds[0], colours[role], least + n / 20) for n in range(round(20 * (1 - least)))]
            for least in (_CALM, _AREA)
        )
        colours[f"{role}_calm"] = next((mix for mix in calm if _is_readable(mix, grounds)), colours[role])
        # As faint as the volume of a chart: areas at full strength would draw the eye away from the figures.
        enough = contrast(colours["grid"], grounds[0])
        colours[f"{role}_area"] = next((mix for mix in area if contrast(mix, grounds[0]) >= enough), colours[role])
    for role, colour in SERIES.items():
        mixes = (blend_rgb(colour, colours["text"], n / 20) for n in range(20))
        colours[role] = next((mix for mix in mixes if _is_readable(mix, grounds[:1])), colours["text"])
    if depth is ColourDepth.INDEXED:
        colours = _indexed(colours)
    colours |= _shades(colours, depth)
    bars = [colours[role] for role in _SIDED]
    written = (colours[role] for role in ("text", "accent") if _is_readable(colours[role], bars))
    return colours | {"bar_text": next(written, colours["text"]), "flat_bar": colours["cursor"]}


def _grey(role: str, name: str, *, dark: bool) -> str:
    """Returns which of the four greys stands for one of 16 colours."""
    if name.endswith(("black", "white")):
        return name
    return "white" if role in BARS else "bright_white" if dark else "black"


def contrast(one: ColorTriplet, other: ColorTriplet) -> float:
    """Returns the contrast ratio of two colours, from 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: ColorTriplet) -> float:
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in colour.normalized)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _is_readable(colour: ColorTriplet, grounds: Iterable[ColorTriplet]) -> bool:
    return all(contrast(colour, ground) >= LEAST_CONTRAST for ground in grounds)


def bold_is_readable(colour: ColorTriplet, ground: ColorTriplet, depth: ColourDepth) -> bool:
    """Returns False if bold makes the colour harder to read: many terminals draw a bold one of the first eight colours
    as its bright form, and black on green becomes grey on green."""
    if not depth.is_ansi:
        return True
    bright = STANDARD_PALETTE[STANDARD_PALETTE.match(colour) | 8]
    return contrast(bright, ground) >= contrast(colour, ground)


def _shades(colours: dict[str, ColorTriplet], depth: ColourDepth) -> dict[str, ColorTriplet]:
    """Returns SHADES: from the background to the accent. Of 256 colours only the greys are so many in one row."""
    indexed = depth is ColourDepth.INDEXED
    ground, most = colours["background"], colours["text" if indexed else "accent"]
    steps = len(SHADES) - 1
    shades = [blend_rgb(ground, most, _FAINTEST + (1 - _FAINTEST) * n / steps) for n in range(1, len(SHADES))]
    if indexed:
        shades = [ColorTriplet(*[round(10.2 * round(sum(shade) / 3 / 10.2))] * 3) for shade in shades]
    return dict(zip(SHADES, (ground, *shades), strict=True))


# --- 256 colours ---


def _indexed(colours: dict[str, ColorTriplet]) -> dict[str, ColorTriplet]:
    """Returns the nearest of the 240 fixed colours that have the same hue and can be read. Rich's own conversion makes
    greys of dark bars, and plain navy of a dark blue-grey row."""
    found: dict[str, ColorTriplet] = {}
    for role in (*_GROUNDS, *_LINES, "text", *colours):
        if role in found:
            continue
        unread = role in (*_GROUNDS, *_LINES, *_AREAS)
        against = [] if unread else [found["text"]] if role in _SIDED else _grounds(found)
        found[role] = _nearest(colours[role], against, grey=role in (*_GROUNDS, *_LINES), hued=role in _SIDED)
    return found


def _grounds(colours: dict[str, ColorTriplet]) -> list[ColorTriplet]:
    return [colours[role] for role in _GROUNDS]


def _nearest(colour: ColorTriplet, against: Sequence[ColorTriplet], *, grey: bool, hued: bool) -> ColorTriplet:
    wanted = _lab(colour)
    keeps_hue = not grey and (hued or _chroma(wanted) >= _COLOURLESS)
    candidates = [
        (lab, entry)
        for lab, entry in _fixed_colours()
        if (_turn(wanted, lab) <= _MOST_TURNED if keeps_hue else _chroma(lab) < _COLOURLESS)
    ]
    readable = [each for each in candidates if _is_readable(each[1], against)] or candidates
    return min(readable, key=lambda each: math.dist(each[0], wanted))[1]


@cache
def _fixed_colours() -> list[tuple[Lab, ColorTriplet]]:
    """Returns the colour cube, and the ramp of greys as the values from which rich comes to them."""
    cube = [ColorTriplet(r, g, b) for r in _CUBE for g in _CUBE for b in _CUBE if not r == g == b]
    ramp = [ColorTriplet(v, v, v) for v in (round(10.2 * n) for n in range(26))]
    return [(_lab(colour), colour) for colour in (*cube, *ramp)]


def _lab(colour: ColorTriplet) -> Lab:
    return rgb_to_lab(RgbColour(*colour))


def _chroma(lab: Lab) -> float:
    return math.hypot(lab.a, lab.b)


def _turn(one: Lab, other: Lab) -> float:
    """Returns the angle between two hues; half a turn for a grey, which has none."""
    if _chroma(other) < _COLOURLESS:
        return math.pi
    turn = abs(math.atan2(one.b, one.a) - math.atan2(other.b, other.a))
    return min(turn, 2 * math.pi - turn)
