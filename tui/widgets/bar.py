"""A size written on its bar, drawn to an eighth of a cell."""

from __future__ import annotations

from collections.abc import Sequence

from tui.widgets.pane import StyledLine
from tui.widgets.styles import Styles

_EIGHTHS = " ▏▎▍▌▋▊▉█"


def sized_bar(
    look: Styles,
    text: str,
    eighths: int,
    colour: str,
    *,
    role: str,
    off: str,
    bold: bool = False,
    leftward: bool = False,
) -> StyledLine:
    """`text`, blanks included, is as wide as the bar may become; `eighths` of a cell, one at least, are filled from
    its left end, or from its right end leftward. `role` is of the characters on the bar, `off` of those beside it."""
    if not text:
        return []
    width = len(text)
    full, part = divmod(max(1, min(8 * width, eighths)), 8)
    # The cell in which the bar ends: an eighth block where it is blank, else the ground of its digit, by rounding.
    last = (text[width - full - 1] if leftward else text[full]) if part else ""
    full += part >= 4 and last not in ("", " ")
    end: StyledLine = []
    if last == " ":
        # A left block in the bar's colour ends it to the right; to the left it is the ground that is drawn.
        end = [
            look.segment(_EIGHTHS[8 - part], "background", colour) if leftward else look.segment(_EIGHTHS[part], colour)
        ]
    taken = full + len(end)
    if leftward:
        line = [
            look.segment(text[: width - taken], off, bold=bold),
            *end,
            look.segment(text[width - full :], role, colour, bold=bold),
        ]
    else:
        line = [
            look.segment(text[:full], role, colour, bold=bold),
            *end,
            look.segment(text[taken:], off, bold=bold),
        ]
    return [segment for segment in line if segment.text]


def aligned(texts: Sequence[str]) -> list[str]:
    """Numbers brought to one length, units below units: 1,200 above 0.25. Short forms such as 12.3K stand at the
    right, as they are."""
    behind = max((_behind(text) for text in texts if text[-1:].isdigit()), default=0)
    padded = [text + " " * (behind - _behind(text)) if text[-1:].isdigit() else text for text in texts]
    width = max(map(len, padded), default=0)
    return [text.rjust(width) for text in padded]


def _behind(text: str) -> int:
    """Characters from the point on."""
    point = text.find(".")
    return len(text) - point if point >= 0 else 0
