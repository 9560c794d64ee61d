"""The difference between an update and what the terminal shows: what stands there already is not written again.

Lines of panes nearly always replace others of the same cells, so their segments are compared, and the text of what
differs cell by cell; of all other updates every cell is."""

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
_UNKNOWN = "\0"  # no text holds it

_Run: TypeAlias = tuple[int, int, list[Segment]]
"""A run of cells that differ: the first, counted from the first of its piece, how many they are, and their text."""

_Written: TypeAlias = tuple[int, int, int, list[Segment]]
"""A Piece that is to be written."""


class _Line:
    """A line as it was last written: its pieces, which do not overlap, and the text and style of each cell. Text of
    more cells than characters, or of fewer, is in the first of its cells, and "" in the others."""

    __slots__ = ("_newer", "_pieces", "_row", "_styles", "_texts")

    def __init__(self, row: int) -> None:
        self._row = row
        self._pieces: dict[int, list[Segment]] = {}  # by their columns
        self._texts: list[str] = []  # _UNKNOWN where nothing is known
        self._styles: list[Style] = []
        self._newer: set[int] = set()  # the columns of pieces that are not yet in the cells

    def put(self, x: int, segments: list[Segment]) -> list[_Written]:
        """Replace what stands from column `x` on; returns what has to be written for it."""
        before = self._pieces.get(x)
        if before == segments:
            return []
        if before is None or (runs := _differing_runs(before, segments)) is None:
            return self._put_cells(x, segments)
        self._pieces[x] = segments
        self._newer.add(x)
        return [(x + start, self._row, width, text) for start, width, text in runs]

    def _put_cells(self, x: int, segments: list[Segment]) -> list[_Written]:
        for column in self._newer:
            self._set_cells(column, *_cells(self._pieces[column]))
        self._newer.clear()
        texts, styles = _cells(segments)
        if not texts:
            return []
        end = x + len(texts)
        self._pieces = {at: piece for at, piece in self._pieces.items() if at >= end or at + _width_of(piece) <= x}
        self._pieces[x] = segments
        if (missing := end - len(self._texts)) > 0:
            self._texts += [_UNKNOWN] * missing
            self._styles += [NO_STYLE] * missing
        old_texts, old_styles = self._texts[x:end], self._styles[x:end]
        # What lies half under a wide character is gone with it.
        if old_texts[0] == "":
            self._forget(x)
        if end < len(self._texts) and self._texts[end] == "":
            self._forget(end)
        self._set_cells(x, texts, styles)
        ranges = _differing_cells(old_texts, texts, old_styles, styles)
        whole = [_without_halves(each, old_texts, texts) for each in ranges]
        return [(x + a, self._row, b - a, _segments(texts[a:b], styles[a:b])) for a, b in whole]

    def _set_cells(self, x: int, texts: Sequence[str], styles: Sequence[Style]) -> None:
        self._texts[x : x + len(texts)], self._styles[x : x + len(texts)] = texts, styles

    def _forget(self, at: int) -> None:
        """Forget the text that the cell at `at` is a later part of."""
        start = at
        while start and self._texts[start] == "":
            start -= 1
        while at < len(self._texts) and self._texts[at] == "":
            at += 1
        self._pieces = {x: piece for x, piece in self._pieces.items() if x >= at or x + _width_of(piece) <= start}
        self._texts[start:at] = [_UNKNOWN] * (at - start)


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

    def _differing(self, x: int, y: int, segments: Iterable[Segment]) -> list[_Written]:
        line = self._lines.get(y)
        if line is None:
            line = self._lines[y] = _Line(y)
        return line.put(x, list(segments))


def _cells(segments: Iterable[Segment]) -> tuple[list[str], list[Style]]:
    """Returns the text and the style of each cell."""
    texts: list[str] = []
    styles: list[Style] = []
    for text, style, _ in segments:
        if text.isascii() or is_narrow(text):
            texts += text
            styles += [style or NO_STYLE] * len(text)
        elif width := cell_len(text):
            texts += [text, *[""] * (width - 1)]
            styles += [style or NO_STYLE] * width
    return texts, styles


def _differing_runs(before: Sequence[Segment], after: Sequence[Segment]) -> list[_Run] | None:
    """Returns what of `after` is not in `before`. None if the two have not the same cells, or text there is not of one
    cell a character."""
    runs: list[_Run] = []
    at = i = j = 0
    before_count, after_count = len(before), len(after)
    while i < before_count and j < after_count:
        old, new = before[i], after[j]
        if old == new:
            text = old.text
            at += len(text) if text.isascii() else _width(text)
            i += 1
            j += 1
            continue
        old_first, first, old_end, new_end = i, j, at, at
        while old_end == at or old_end != new_end:
            if old_end <= new_end:
                if i == before_count or not _is_narrow(text := before[i].text):
                    return None
                old_end, i = old_end + len(text), i + 1
            else:
                if j == after_count or not _is_narrow(text := after[j].text):
                    return None
                new_end, j = new_end + len(text), j + 1
        if i - old_first == j - first == 1:
            start, end = _differing_part(old, new)
            if start < end:
                runs.append((at + start, end - start, [Segment(new.text[start:end], new.style)]))
        else:
            old_texts, old_styles = _cells(before[old_first:i])
            texts, styles = _cells(after[first:j])
            for start, end in _differing_cells(old_texts, texts, old_styles, styles):
                runs.append((at + start, end - start, _segments(texts[start:end], styles[start:end])))
        at = new_end
    return runs if i == before_count and j == after_count else None


def _differing_cells(
    old_texts: Sequence[str], texts: Sequence[str], old_styles: Sequence[Style], styles: Sequence[Style]
) -> list[tuple[int, int]]:
    """Returns the ranges of the cells that differ; those near each other are one."""
    ranges: list[tuple[int, int]] = []
    for at, (old, new, was, style) in enumerate(zip(old_texts, texts, old_styles, styles, strict=True)):
        if old == new and (was is style or was == style or (new == " " and _is_same_blank(was, style))):
            continue
        if ranges and at - ranges[-1][1] < _SHORTEST_GAP:
            ranges[-1] = ranges[-1][0], at + 1
        else:
            ranges.append((at, at + 1))
    return ranges


def _differing_part(before: Segment, after: Segment) -> tuple[int, int]:
    """Returns where what differs begins and ends in a segment that replaces another one of the same length."""
    old, new = before.text, after.text
    if before.style is after.style:
        start = _same(old, new)
        return start, len(new) - _same(old[:start:-1], new[:start:-1])
    start, end = 0, len(new)
    if _is_same_blank(before.style or NO_STYLE, after.style or NO_STYLE):
        start = end - max(len(old.lstrip(" ")), len(new.lstrip(" ")))
        end = max(len(old.rstrip(" ")), len(new.rstrip(" ")))
    return start, end


def _same(before: str, after: str) -> int:
    """Returns how many characters both begin with."""
    count = 0
    for old, new in zip(before, after, strict=True):
        if old != new:
            break
        count += 1
    return count


def _is_narrow(text: str) -> bool:
    return text.isascii() or is_narrow(text)


def _width(text: str) -> int:
    return len(text) if _is_narrow(text) else cell_len(text)


def _width_of(segments: Iterable[Segment]) -> int:
    return sum(_width(segment.text) for segment in segments)


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


def _without_halves(found: tuple[int, int], before: Sequence[str], after: Sequence[str]) -> tuple[int, int]:
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
