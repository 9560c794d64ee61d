"""Horizontal bars, drawn to an eighth of a cell, with a number written on them."""

from __future__ import annotations

from collections.abc import Sequence

from tui.widgets.pane import StyledLine
from tui.widgets.styles import Styles

_EIGHTHS = " ▏▎▍▌▋▊▉█"


def sized_bar(
    styles: Styles,
    text: str,
    eighths: int,
    colour: str,
    *,
    role: str,
    off: str,
    bold: bool = False,
    leftward: bool = False,
) -> StyledLine:
    """Returns `text` on a bar. The text, blanks included, is as wide as the longest bar; `eighths` of a cell, at least
    one, are filled from its left end, or from its right end if `leftward`. `role` styles the characters on the bar,
    `off` the others."""
    if not text:
        return []
    width = len(text)
    full, part = divmod(max(1, min(8 * width, eighths)), 8)
    # The cell in which the bar ends: an eighth block if it is blank, else the background of its digit, by rounding.
    last = (text[width - full - 1] if leftward else text[full]) if part else ""
    full += part >= 4 and last not in ("", " ")
    end: StyledLine = []
    if last == " ":
        # Block elements fill from the left: a bar that grows leftward ends in a block of the background's colour.
        end = [
            styles.segment(_EIGHTHS[8 - part], "background", colour)
            if leftward
            else styles.segment(_EIGHTHS[part], colour)
        ]
    covered = full + len(end)
    if leftward:
        line = [
            styles.segment(text[: width - covered], off, bold=bold),
            *end,
            styles.segment(text[width - full :], role, colour, bold=bold),
        ]
    else:
        line = [
            styles.segment(text[:full], role, colour, bold=bold),
            *end,
            styles.segment(text[covered:], off, bold=bold),
        ]
    return [segment for segment in line if segment.text]


def aligned(texts: Sequence[str]) -> list[str]:
    """Returns numbers padded to one length, units below units: 1,200 above 0.25. Short forms such as 12.3K are flush
    right."""
    fraction = max((_fraction(text) for text in texts if text[-1:].isdigit()), default=0)
    padded = [text + " " * (fraction - _fraction(text)) if text[-1:].isdigit() else text for text in texts]
    width = max(map(len, padded), default=0)
    return [text.rjust(width) for text in padded]


def _fraction(text: str) -> int:
    """Returns the number of characters from the decimal point on."""
    point = text.find(".")
    return len(text) - point if point >= 0 else 0
