"""The difference between an update and what the terminal shows, cell by cell: what stands there already is not written
again."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip

from tui.terminal.ansi import NO_STYLE, Piece
from tui.terminal.line_update import LineUpdate, is_narrow
from tui.terminal.textual_private import ChopsUpdate, CompositorUpdate, LayoutUpdate

_SHORTEST_GAP = 6  # cells: to move the cursor over fewer costs more bytes than to write them again

_Written: TypeAlias = tuple[int, int, int, list[Segment]]
"""A Piece that is to be written."""


class _Line:
    """A line as it was last written: the text and style of each cell. Text of more cells than characters, or of fewer,
    is in the first of its cells, and "" in the others."""

    __slots__ = ("styles", "texts")

    def __init__(self) -> None:
        self.texts: list[str | None] = []  # None where nothing is known
        self.styles: list[Style] = []

    def put(self, x: int, texts: Sequence[str], styles: Sequence[Style]) -> list[tuple[int, int]]:
        """Write cells from column `x` on; returns those that differ from what was there, as ranges of `texts`."""
        end = x + len(texts)
        if (missing := end - len(self.texts)) > 0:
            self.texts += [None] * missing
            self.styles += [NO_STYLE] * missing
        old_texts, old_styles = self.texts[x:end], self.styles[x:end]
        if old_texts == texts and old_styles == styles:
            return []
        # What lies half under a wide character is gone with it.
        if old_texts[0] == "":
            self._forget(x)
        if end < len(self.texts) and self.texts[end] == "":
            self._forget(end)
        self.texts[x:end], self.styles[x:end] = texts, styles
        ranges: list[tuple[int, int]] = []
        for at, (old, new, was, style) in enumerate(zip(old_texts, texts, old_styles, styles, strict=True)):
            if old == new and (was is style or was == style or (new == " " and _is_same_blank(was, style))):
                continue
            if ranges and at - ranges[-1][1] < _SHORTEST_GAP:
                ranges[-1] = ranges[-1][0], at + 1
            else:
                ranges.append((at, at + 1))
        return [_without_halves(each, old_texts, texts) for each in ranges]

    def _forget(self, at: int) -> None:
        """Forget the text that the cell at `at` is a later part of."""
        start = at
        while start and self.texts[start] == "":
            start -= 1
        while at < len(self.texts) and self.texts[at] == "":
            at += 1
        self.texts[start:at] = [None] * (at - start)


class ScreenBuffer:
    """The lines of the terminal as they were last written. Every update has to pass through `reduce`."""

    def __init__(self) -> None:
        self._lines: dict[int, _Line] = {}
        self._size = Size()

    @property
    def has_content(self) -> bool:
        """Whether any line is known."""
        return bool(self._lines)

    def forget(self) -> None:
        """Forget all lines: another program had the terminal, or its size changed."""
        self._lines.clear()

    def reduce(self, update: CompositorUpdate) -> list[Piece]:
        """Returns what has to be written for an update, and counts it as written. Raises TypeError for an update of a
        kind that is not known."""
        if isinstance(update, LayoutUpdate) and update.region.size != self._size:
            self.forget()  # lines of another width were folded, or have moved
            self._size = update.region.size
        return _by_style([piece for x, y, segments in _pieces(update) for piece in self._differing(x, y, segments)])

    def _differing(self, x: int, y: int, segments: Iterable[Segment]) -> Iterator[_Written]:
        texts: list[str] = []
        styles: list[Style] = []
        for text, style, _ in segments:
            if text.isascii() or is_narrow(text):
                texts += text
                styles += [style or NO_STYLE] * len(text)
            elif width := cell_len(text):
                texts += [text, *[""] * (width - 1)]
                styles += [style or NO_STYLE] * width
        if not texts:
            return
        line = self._lines.get(y)
        if line is None:
            line = self._lines[y] = _Line()
        for start, end in line.put(x, texts, styles):
            yield x + start, y, end - start, _segments(texts[start:end], styles[start:end])


def _pieces(update: CompositorUpdate) -> Iterator[tuple[int, int, Iterable[Segment]]]:
    match update:
        case LineUpdate():
            yield from ((x, y, text) for x, y, _, text in update.lines)
        case LayoutUpdate():
            for y, strips in enumerate(update.strips, update.region.y):
                yield update.region.x, y, Strip.join(strips)
        case ChopsUpdate():
            for y, first, last in update.spans:
                for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
                    if strip is not None and x < last and end > first:
                        yield x, y, strip
        case _:
            raise TypeError(f"Textual has an update that is not known here: {type(update).__name__}")


def _by_style(pieces: list[_Written]) -> list[Piece]:
    """Returns the pieces in an order in which one often begins in the style that the one before ended in: to change the
    style costs more bytes than to move the cursor. A number stays whole, for it is one piece."""
    by_start: dict[Style, deque[int]] = {}
    for n, (_, _, _, segments) in enumerate(pieces):
        by_start.setdefault(segments[0].style or NO_STYLE, deque()).append(n)
    left = dict.fromkeys(range(len(pieces)))
    ordered: list[Piece] = []
    style = NO_STYLE
    while left:
        same = by_start.get(style, deque())
        while same and same[0] not in left:
            same.popleft()
        n = same.popleft() if same else next(iter(left))
        del left[n]
        ordered.append(pieces[n])
        style = pieces[n][3][-1].style or NO_STYLE
    return ordered


def _is_same_blank(before: Style, after: Style) -> bool:
    """Returns True if a space looks the same in both styles: its foreground is not seen."""
    if before.bgcolor != after.bgcolor:
        return False
    return not any(style.reverse or style.underline or style.strike for style in (before, after))


def _without_halves(found: tuple[int, int], before: Sequence[str | None], after: Sequence[str]) -> tuple[int, int]:
    """Returns a range that cuts no wide character of before or after in two."""
    start, end = found
    while start and "" in (before[start], after[start]):
        start -= 1
    while end < len(after) and "" in (before[end], after[end]):
        end += 1
    return start, end


def _segments(texts: Sequence[str], styles: Sequence[Style]) -> list[Segment]:
    found: list[Segment] = []
    start = 0
    for at in range(1, len(styles) + 1):
        ends = at == len(styles) or (texts[at] != "" and len(texts[at - 1]) != 1)
        if ends or (styles[at] is not styles[start] and styles[at] != styles[start]):
            found.append(Segment("".join(texts[start:at]), styles[start]))
            start = at
    return found
