"""The difference between an update and what the terminal shows: a dialog that opens costs its own cells, and not a
screen for every step in which Textual lays it out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import accumulate

from rich.segment import Segment
from textual.geometry import Size
from textual.strip import Strip

from tui.terminal.ansi import NO_STYLE, Piece
from tui.terminal.line_update import LineUpdate
from tui.terminal.textual_private import ChopsUpdate, CompositorUpdate, LayoutUpdate

_SHORTEST_GAP = 8  # cells: to move the cursor over fewer costs more bytes than to write them again


class ScreenBuffer:
    """The lines of the terminal as they were last written. Every update has to pass through `reduce`."""

    def __init__(self) -> None:
        self._lines: dict[int, Strip] = {}
        # What was written over a line since, by column and width.
        self._pending: dict[int, dict[tuple[int, int], Iterable[Segment]]] = {}
        self._size = Size()

    @property
    def has_content(self) -> bool:
        """Whether any line is known."""
        return bool(self._lines)

    def forget(self) -> None:
        """Forget all lines: another program had the terminal, or its size changed."""
        self._lines.clear()
        self._pending.clear()

    def reduce(self, update: CompositorUpdate, *, compare: bool) -> list[Piece]:
        """Returns what has to be written for an update, and counts it as written. Lines that are not `alike` are
        compared only if `compare` is set: it takes longer than it saves on a fast terminal. Raises TypeError for
        an update of a kind that is not known."""
        if isinstance(update, LayoutUpdate) and update.region.size != self._size:
            self.forget()  # lines of another width were folded, or have moved
            self._size = update.region.size
        if isinstance(update, LineUpdate) and not (compare or update.alike):
            for piece in update.lines:
                self._put(piece)
            return list(update.lines)
        return [piece for x, y, strip in _pieces(update) for piece in self._differing(x, y, strip)]

    def _put(self, piece: Piece) -> None:
        x, y, width, text = piece
        pending = self._pending.setdefault(y, {})
        pending.pop((x, width), None)  # the latest is the last
        pending[x, width] = text

    def _differing(self, x: int, y: int, strip: Strip) -> list[Piece]:
        before, end = self._line(y), x + strip.cell_length
        whole = x == 0 and (before is None or end >= before.cell_length)
        if before is None or end > before.cell_length:
            pieces: list[Piece] = [(x, y, strip.cell_length, strip)]
        else:
            differences = _differences(before.crop(x, end), strip)
            pieces = [(x + at, y, piece.cell_length, piece) for at, piece in differences]
        if whole:
            self._lines[y] = strip
        elif pieces:
            self._put((x, y, strip.cell_length, strip))
        return pieces

    def _line(self, y: int) -> Strip | None:
        line, pending = self._lines.get(y), self._pending.pop(y, {})
        if line is not None and pending:
            for (x, width), text in pending.items():
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
    """Returns the pieces of `after` that differ from `before`, with their columns; both have the same width."""
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
        elif found and start - reached < _SHORTEST_GAP:
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
        if (each.style or NO_STYLE) != (segment.style or NO_STYLE):
            return False
        text += each.text
    return text == segment.text
