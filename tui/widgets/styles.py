"""A theme's colours as the styles that lines are drawn with."""

from __future__ import annotations

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.theme import Theme as TextualTheme

from tui.colour_depth import ColourDepth
from tui.config.themes import Theme
from tui.symbol import Symbol
from tui.widgets.role_colours import BARS, SHADES, bold_is_readable, contrast, role_colours

_SWAPPED = (
    ("up", "down"),
    ("up_calm", "down_calm"),
    ("up_area", "down_area"),
    ("bid_bar", "ask_bar"),
    ("flash_up", "flash_down"),
)


class Styles:
    """Styles by role: `styles("up", "cursor", bold=True)` is the up colour on the selected row's background, bold.

    Roles are those of `role_colours`. Each style is made once and then looked up.
    """

    def __init__(self, theme: Theme, depth: ColourDepth = ColourDepth.TRUECOLOR, *, red_up: bool = False) -> None:
        """`red_up` swaps the colours of up and down and their derivatives."""
        self.theme = theme
        self._depth = depth
        self._colours = dict(role_colours(theme, depth))
        if red_up:
            for one, other in _SWAPPED:
                self._colours[one], self._colours[other] = self._colours[other], self._colours[one]
        self._styles: dict[tuple[str, str, bool], Style] = {}

    def __call__(self, role: str, background: str = "background", *, bold: bool = False) -> Style:
        key = (role, background, bold)
        style = self._styles.get(key)
        if style is None:
            style = self._styles[key] = self._style(role, background, bold)
        return style

    def _style(self, role: str, background: str, bold: bool) -> Style:
        if background in BARS and (role == "text" or (self._depth.is_ansi and role != "background")):
            role = "bar_text"  # of 16 colours no other can be read on all of them
        colour, ground = self._colours[role], self._colours[background]
        bold = bold and bold_is_readable(colour, ground, self._depth)
        return Style(color=Color.from_triplet(colour), bgcolor=Color.from_triplet(ground), bold=bold)

    def segment(self, text: str, role: str, background: str = "background", *, bold: bool = False) -> Segment:
        """Returns a piece of a line."""
        return Segment(text, self._styles.get((role, background, bold)) or self(role, background, bold=bold))

    @property
    def has_shades(self) -> bool:
        """True if there are colours enough for SHADES."""
        return SHADES[0] in self._colours

    def on(self, background: str) -> str:
        """Returns the role, text or background, that is easier to read on this one."""
        ground = self._colours[background]
        return max(("text", "background"), key=lambda role: contrast(self._colours[role], ground))

    def symbol(self, symbol: Symbol) -> list[Segment]:
        """Returns code and region, the first two pieces of a title."""
        return [self.segment(symbol.code, "text", bold=True), self.segment(f"${symbol.region}", "faint")]


def textual_theme(theme: Theme, depth: ColourDepth = ColourDepth.TRUECOLOR) -> TextualTheme:
    """Returns the theme as Textual's, for its own widgets: fields, menus, notices.

    Variables of our own: `$veil` lies over the dashboard below a dialog, if there are colours enough for it to shine
    through; `$chosen` is the text style of what is written on the accent colour, `$marked` that of what is written in
    it."""
    colours = role_colours(theme, depth)
    muted = colours["muted"].hex

    def emphasis(role: str, background: str) -> str:
        return "bold" if bold_is_readable(colours[role], colours[background], depth) else "none"

    return TextualTheme(
        name=theme.name,
        primary=colours["accent"].hex,
        secondary=muted,
        accent=colours["accent"].hex,
        foreground=colours["text"].hex,
        background=colours["background"].hex,
        surface=colours["surface"].hex,
        panel=colours["cursor"].hex,
        success=colours["ok"].hex,
        warning=colours["warning"].hex,
        error=colours["bad"].hex,
        dark=theme.dark,
        variables={
            "veil": f"{colours['background'].hex} 60%" if depth is ColourDepth.TRUECOLOR else "transparent",
            "chosen": emphasis("background", "accent"),
            "marked": emphasis("accent", "surface"),
            "text-disabled": muted,
        },
    )
