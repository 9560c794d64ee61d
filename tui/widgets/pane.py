"""The base of the framed parts of the dashboard, drawn line by line.

A pane keeps its lines as last drawn and repaints only those that differ: a frame costs what changed. The border is
drawn here too, so that it can carry a title at either end and, on the right, the position in a long list.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from tui.market import Instrument
from tui.terminal.ansi import Piece
from tui.widgets.line_widget import LineWidget
from tui.widgets.styles import Styles

StyledLine = list[Segment]
"""A line as pieces of text, each with its style."""


class Pane(LineWidget, can_focus=False):
    """A framed pane. Subclasses define `title` and `body`; `update_lines` draws them."""

    DEFAULT_CSS = "Pane { width: 1fr; height: 1fr; }"

    standing: reactive[bool] = reactive(False, repaint=False, init=False)
    """True while a replay stands: its figures hold, but none may look live."""

    trouble: reactive[str] = reactive("", repaint=False, init=False)
    """Why no data comes, as the status bar says it; "" if it may."""

    starting = False
    """True until the link is live or lost for the first time: figures are not live yet, but not old either."""

    class CannotAct(Message):
        """A key of the pane cannot act now; `reason` says why."""

        def __init__(self, reason: str) -> None:
            super().__init__()
            self.reason = reason

    def __init__(self, styles: Styles, id: str) -> None:
        super().__init__(styles, id)
        self._strips: list[Strip | None] = []  # the lines in Textual's form, made on demand
        self._drawn: list[StyledLine] = []
        self._drawn_width = (
            0  # cells of each line; cached, since reading a widget's size costs more than drawing a cell
        )
        self.changed: set[int] = set()
        """The numbers of the lines that are still to be painted."""
        self.on_changed: Callable[[], None] = self.repaint
        """Called when lines were added to `changed`."""

    def apply_styles(self, styles: Styles) -> None:
        self.theme_styles = styles
        self._drawn = []
        self.update_lines()

    def watch_standing(self) -> None:
        self.update_lines()

    def watch_trouble(self) -> None:
        self.update_lines()

    @property
    def inner_width(self) -> int:
        """Cells between the left and the right border."""
        return max(0, self.size.width - 2)

    @property
    def inner_height(self) -> int:
        """Lines between the upper and the lower border."""
        return max(0, self.size.height - 2)

    @property
    def escape_layer(self) -> tuple[str, Callable[[], None]] | None:
        """What Esc takes away in the pane, as the footer calls it, and how; None if there is nothing."""
        return None

    def title(self) -> tuple[StyledLine, StyledLine]:
        """Returns the words on the upper border, left and right."""
        raise NotImplementedError

    def body(self, width: int, height: int) -> list[StyledLine]:
        """Returns the lines inside the frame, at most `height` of them, each at most `width` cells."""
        raise NotImplementedError

    def note(self) -> StyledLine:
        """Returns the words on the lower border, about the body as just drawn."""
        return []

    @property
    def note_room(self) -> int:
        """The cells that a note has on the lower border."""
        return self.size.width - 6

    def fitting_note(self, forms: Iterable[str], role: str) -> StyledLine:
        """Returns the first of these forms that fits the lower border, nothing if none does."""
        fitting = next((words for words in forms if len(words) <= self.note_room), "")
        return [self.theme_styles.segment(fitting, role)] if fitting else []

    def thumb(self) -> range:
        """Returns the lines of the right border that mark the visible part of a list; empty if all of it is visible."""
        return range(0)

    def update_lines(self) -> None:
        """Draw all lines and repaint those that differ from what the screen shows."""
        width, height = self.size
        if width < 4 or height < 3 or not self.display:
            return
        lines = self._framed(width, height)
        if len(lines) != len(self._drawn):
            self._drawn, self._drawn_width = lines, width
            self._strips = [None] * len(lines)
            self.changed.clear()
            self.refresh()
            return
        self.put_lines(dict(enumerate(lines)))

    def put_lines(self, lines: Mapping[int, StyledLine]) -> None:
        """Replace lines, borders included, by their numbers, and repaint those that differ from what the screen
        shows."""
        changed = [y for y, line in lines.items() if line != self._drawn[y]]
        for y in changed:
            self._drawn[y] = lines[y]
            self._strips[y] = None
        if changed:
            self.changed.update(changed)
            self.on_changed()

    def repaint(self) -> None:
        """Let Textual paint the lines that changed."""
        changed, self.changed = self.changed, set()
        if changed:
            self.refresh(*[Region(0, y, self.size.width, 1) for y in changed])

    def _framed(self, width: int, height: int) -> list[StyledLine]:
        styles, inner = self.theme_styles, width - 2
        left, right = self.title()
        edge = styles("accent" if self.has_focus else "border")
        body = self.body(inner, height - 2)
        thumb, mark = self.thumb(), Segment("┃", styles("muted"))
        side = Segment("│", edge)
        lines = [border_line("╭", "╮", left, right, width, Segment("─", edge))]
        for y in range(height - 2):
            line = fill(body[y] if y < len(body) else [], inner, styles("text"))
            lines.append([side, *line, mark if y in thumb else side])
        lines.append(border_line("╰", "╯", self.note(), [], width, Segment("─", edge)))
        return lines

    def pieces(self, lines: Sequence[int]) -> list[Piece]:
        if self.filters():
            return super().pieces(lines)
        x, y = self.region.offset
        return [(x, y + n, self._drawn_width, self._drawn[n]) for n in lines]

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self._scroll(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self._scroll(-1)

    def _scroll(self, by: int) -> None:
        """Scroll down by lines. A pane that shows all it has does not scroll."""

    def strip(self, y: int) -> Strip:
        if y >= len(self._strips):
            return self.render_line(y)
        strip = self._strips[y]
        if strip is None:
            strip = self._strips[y] = self.render_line(y)
        return strip

    def render_line(self, y: int) -> Strip:
        if y < len(self._drawn):
            return Strip(self._drawn[y], self._drawn_width)
        return Strip.blank(self.size.width, self.theme_styles("text"))

    def on_resize(self) -> None:
        self._drawn = []
        self.update_lines()

    def on_hide(self) -> None:
        # When the pane is shown again its lines are old, and Textual paints it once before it is told.
        self._drawn = []
        self._strips = []
        self.changed.clear()

    def on_show(self) -> None:
        self._drawn = []
        self.update_lines()

    def watch_has_focus(self, focused: bool) -> None:
        super().watch_has_focus(focused)
        self.update_lines()


class SymbolPane(Pane):
    """A pane of the selected symbol."""

    instrument: reactive[Instrument | None] = reactive(None, repaint=False, init=False)
    """The selected symbol."""

    @property
    def shown(self) -> Collection[Instrument]:
        """The symbols whose data is drawn."""
        return () if self.instrument is None else (self.instrument,)


def width_of(line: Iterable[Segment]) -> int:
    """Returns the cells of a line."""
    return sum([cell_len(segment.text) for segment in line])


def fill(line: StyledLine, width: int, style: object) -> StyledLine:
    """Returns the line with exactly `width` cells: padded with blanks, or cut, first by pieces and then by
    characters."""
    missing = width - width_of(line)
    if missing > 0:
        return [*line, Segment(" " * missing, style)]  # type: ignore[arg-type]
    return list(Segment.adjust_line_length(line, width)) if missing < 0 else line


def border_line(start: str, end: str, left: StyledLine, right: StyledLine, width: int, rule: Segment) -> StyledLine:
    """Returns a border line with words on it. What does not fit is left out: first the right words, then the left."""
    edge = rule.style
    room = width - 4
    pieces: StyledLine = [Segment(f"{start}─", edge)]
    used = 0
    if left and (length := width_of(left) + 2) <= room:
        pieces += [Segment(" ", edge), *left, Segment(" ", edge)]
        used = length
    if right and used + (length := width_of(right) + 2) <= room - bool(used):
        pieces += [Segment("─" * (room - used - length), edge), Segment(" ", edge), *right, Segment(" ", edge)]
    else:
        pieces.append(Segment("─" * (room - used), edge))
    return [*pieces, Segment(f"─{end}", edge)]
