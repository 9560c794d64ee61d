"""What stands on the terminal, so that only what differs from it is written: a dialog that opens costs its own cells,
and not a screen for every step in which Textual lays it out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import accumulate

from rich.segment import Segment
from textual.geometry import Size
from textual.strip import Strip

from tui.terminal.ansi import PLAIN, Piece
from tui.terminal.line_update import LineUpdate
from tui.terminal.textual_private import ChopsUpdate, CompositorUpdate, LayoutUpdate

_APART = 8  # cells: to move the cursor over fewer costs more than to write them again


class ScreenBuffer:
    """Lines as they were written last. Told of everything that is written."""

    def __init__(self) -> None:
        self._lines: dict[int, Strip] = {}
        self._over: dict[int, dict[tuple[int, int], Iterable[Segment]]] = {}  # written since, by column and width
        self._size = Size()

    @property
    def has_content(self) -> bool:
        """Whether anything is known to stand there."""
        return bool(self._lines)

    def forget(self) -> None:
        """The terminal belonged to somebody else, or changed its size."""
        self._lines.clear()
        self._over.clear()

    def reduce(self, update: CompositorUpdate, *, compare: bool) -> list[Piece]:
        """What is to be written for an update, and stands there from now on. Lines that are not alike are looked at
        only where it is to `compare`."""
        if isinstance(update, LayoutUpdate) and update.region.size != self._size:
            self.forget()  # lines of another width were folded, or have moved
            self._size = update.region.size
        if isinstance(update, LineUpdate) and not (compare or update.alike):
            for piece in update.lines:
                self._put(piece)
            return list(update.lines)
        return [piece for x, y, strip in _pieces(update) for piece in self._news(x, y, strip)]

    def _put(self, piece: Piece) -> None:
        x, y, width, text = piece
        over = self._over.setdefault(y, {})
        over.pop((x, width), None)  # the latest is the last
        over[x, width] = text

    def _news(self, x: int, y: int, strip: Strip) -> list[Piece]:
        before, end = self._line(y), x + strip.cell_length
        whole = x == 0 and (before is None or end >= before.cell_length)
        if before is None or end > before.cell_length:
            news: list[Piece] = [(x, y, strip.cell_length, strip)]
        else:
            differences = _differences(before.crop(x, end), strip)
            news = [(x + at, y, piece.cell_length, piece) for at, piece in differences]
        if whole:
            self._lines[y] = strip
        elif news:
            self._put((x, y, strip.cell_length, strip))
        return news

    def _line(self, y: int) -> Strip | None:
        line, over = self._lines.get(y), self._over.pop(y, {})
        if line is not None and over:
            for (x, width), text in over.items():
                line = Strip.join([line.crop(0, x), Strip(text, width), line.crop(x + width)])
            self._lines[y] = line
        return line


def _pieces(update: CompositorUpdate) -> Iterator[tuple[int, int, Strip]]:
    match update:
        case LineUpdate():
            yield from ((x, y, Strip(text, width)) for x, y, width, text in update.lines)
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


def _differences(before: Strip, after: Strip) -> list[tuple[int, Strip]]:
    """The pieces of `after` that differ from what stands there, with their columns; both have the same width."""
    if before == after:
        return []
    if any(len(strip.text) != strip.cell_length for strip in (before, after)):
        return [(0, after)]  # a wide letter must not be cut in two
    segments = list(after)
    ends = list(accumulate(len(segment.text) for segment in segments))
    found: list[tuple[int, list[Segment]]] = []
    alike: list[Segment] = []
    start = reached = 0
    for segment, end, stands in zip(segments, ends, before.divide(ends), strict=True):
        if _same(segment, stands):
            alike.append(segment)
        elif found and start - reached < _APART:
            found[-1][1].extend([*alike, segment])
            alike, reached = [], end
        else:
            found.append((start, [segment]))
            alike, reached = [], end
        start = end
    return [(at, Strip(pieces)) for at, pieces in found]


def _same(segment: Segment, stands: Iterable[Segment]) -> bool:
    text = ""
    for each in stands:
        if (each.style or PLAIN) != (segment.style or PLAIN):
            return False
        text += each.text
    return text == segment.text
