"""A theme's colours as the styles that lines are drawn with."""

from __future__ import annotations

from rich.color import Color, blend_rgb
from rich.segment import Segment
from rich.style import Style

from tui.themes import Theme


class Look:
    """Styles by role: `look("up", "cursor", bold=True)` is the up colour on the selected row's background, bold.

    Roles are the names of the colours in a theme file, and `up_calm` and `down_calm`, their paler kin. Each style is
    made once; painting only looks it up.
    """

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        self._colours = {
            role: Color.parse(getattr(table, role))
            for table in (theme.screen, theme.market)
            for role in table.__struct_fields__
        }
        for role in ("up", "down"):
            # For large areas: the colour at half strength, so that they do not shout down the figures.
            mixed = blend_rgb(self._colours["background"].get_truecolor(), self._colours[role].get_truecolor(), 0.55)
            self._colours[f"{role}_calm"] = Color.from_triplet(mixed)
        self._styles: dict[tuple[str, str, bool], Style] = {}

    def __call__(self, role: str, background: str = "background", *, bold: bool = False) -> Style:
        key = (role, background, bold)
        style = self._styles.get(key)
        if style is None:
            style = Style(color=self._colours[role], bgcolor=self._colours[background], bold=bold)
            self._styles[key] = style
        return style

    def segment(self, text: str, role: str, background: str = "background", *, bold: bool = False) -> Segment:
        """A piece of a line."""
        return Segment(text, self(role, background, bold=bold))
