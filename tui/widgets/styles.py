"""A theme's colours as the styles that lines are drawn with."""

from __future__ import annotations

from rich.color import Color, blend_rgb
from rich.segment import Segment
from rich.style import Style
from textual.theme import Theme as TextualTheme

from tui.config.themes import Theme
from tui.symbol import Symbol

_SWAPPED = (("up", "down"), ("bid_bar", "ask_bar"), ("flash_up", "flash_down"))


class Styles:
    """Styles by role: `styles("up", "cursor", bold=True)` is the up colour on the selected row's background, bold.

    Roles are the names of the colours in a theme file, and `up_calm` and `down_calm`, paler forms of up and down. Each
    style is made once and then looked up.
    """

    def __init__(self, theme: Theme, *, truecolor: bool = True, red_up: bool = False) -> None:
        """`truecolor` is False on a terminal of 256 colours. `red_up` swaps the colours of up and down and their
        derivatives."""
        self.theme = theme
        self._colours = {
            role: Color.parse(getattr(table, role))
            for table in (theme.screen, theme.market)
            for role in table.__struct_fields__
        }
        if red_up:
            for one, other in _SWAPPED:
                self._colours[one], self._colours[other] = self._colours[other], self._colours[one]
        for role in ("up", "down"):
            # For large areas: at full strength they would draw the eye away from the figures.
            mixed = blend_rgb(self._colours["background"].get_truecolor(), self._colours[role].get_truecolor(), 0.55)
            self._colours[f"{role}_calm"] = Color.from_triplet(mixed)
        if not truecolor:
            self._colours = {role: _nearest(colour) for role, colour in self._colours.items()}
        self._styles: dict[tuple[str, str, bool], Style] = {}

    def __call__(self, role: str, background: str = "background", *, bold: bool = False) -> Style:
        key = (role, background, bold)
        style = self._styles.get(key)
        if style is None:
            style = Style(color=self._colours[role], bgcolor=self._colours[background], bold=bold)
            self._styles[key] = style
        return style

    def segment(self, text: str, role: str, background: str = "background", *, bold: bool = False) -> Segment:
        """Returns a piece of a line."""
        return Segment(text, self._styles.get((role, background, bold)) or self(role, background, bold=bold))

    def symbol(self, symbol: Symbol) -> list[Segment]:
        """Returns code and region, the first two pieces of a title."""
        return [self.segment(symbol.code, "text", bold=True), self.segment(f"${symbol.region}", "faint")]


def textual_theme(theme: Theme) -> TextualTheme:
    """Returns the theme as Textual's, for its own widgets: fields, menus, notices."""
    screen, market = theme.screen, theme.market
    return TextualTheme(
        name=theme.name,
        primary=screen.accent,
        secondary=screen.muted,
        accent=screen.accent,
        foreground=screen.text,
        background=screen.background,
        surface=screen.surface,
        panel=screen.cursor,
        success=market.up,
        warning=screen.warning,
        error=market.down,
        dark=theme.dark,
    )


def _nearest(colour: Color) -> Color:
    """Returns the nearest of the 240 fixed colours of a 256-colour terminal. Rich's own conversion prefers the colour
    cube to the greys, and turns a dark blue-grey row into plain navy."""
    red, green, blue = colour.get_truecolor()
    cube = (0, 95, 135, 175, 215, 255)
    candidates = [
        (16 + 36 * r + 6 * g + b, cube[r], cube[g], cube[b]) for r in range(6) for g in range(6) for b in range(6)
    ]
    candidates += [(232 + n, 8 + 10 * n, 8 + 10 * n, 8 + 10 * n) for n in range(24)]
    number, *_ = min(candidates, key=lambda c: (c[1] - red) ** 2 + (c[2] - green) ** 2 + (c[3] - blue) ** 2)
    return Color.from_ansi(number)
