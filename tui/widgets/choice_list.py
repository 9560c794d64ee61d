"""Lines to choose from, drawn one by one: the inside of every menu, and what a field suggests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.secrets import safe_text


class ChoiceRow(NamedTuple):
    """`mark` stands before the words in accent, `more` in a column of its own beside them, `note` at the right end."""

    words: str
    mark: str = ""
    more: str = ""
    note: str = ""


class ChoiceList(ScrollView, can_focus=False):
    """One row is highlighted, or none. Whoever holds it gives it the keys, by `move`; the mouse it knows itself."""

    COMPONENT_CLASSES = {"choices--mark", "choices--words", "choices--muted", "choices--highlighted"}
    DEFAULT_CSS = """
    ChoiceList {
        width: auto; height: auto; overflow-x: hidden;
        background: $surface; border: round $accent; border-title-color: $foreground;
        scrollbar-size-vertical: 1; scrollbar-background: $surface; scrollbar-color: $secondary;
        scrollbar-background-hover: $surface; scrollbar-background-active: $surface;
    }
    ChoiceList .choices--mark { color: $accent; background: $surface; text-style: bold; }
    ChoiceList .choices--words { color: $foreground; background: $surface; }
    ChoiceList .choices--muted { color: $secondary; background: $surface; }
    ChoiceList .choices--highlighted { color: $background; background: $accent; text-style: bold; }
    """

    highlighted: reactive[int | None] = reactive(None, init=False)

    class Highlighted(Message):
        """Another row is highlighted."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    class Chosen(Message):
        """A row was clicked."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, rows: Sequence[ChoiceRow] = (), title: str = "", keys: str = "") -> None:
        """`title` stands in the upper border, `keys` in the lower one."""
        super().__init__()
        self.border_title, self.border_subtitle = _plain(title), _plain(keys)
        self._frame = max(map(cell_len, (title, keys))) + 4
        self._rows: list[ChoiceRow] = []
        self.show(rows)

    def show(self, rows: Sequence[ChoiceRow], highlighted: int | None = None) -> None:
        """Take these rows. Text from outside may be among them."""
        self._rows = [ChoiceRow(*map(safe_text, row)) for row in rows]
        self._marks = max((cell_len(row.mark) for row in self._rows), default=0)
        self._words = max((cell_len(row.words) for row in self._rows), default=0)
        self._beside = max((cell_len(row.more) + 2 for row in self._rows if row.more), default=0)
        self._beside += max((cell_len(row.note) + 2 for row in self._rows if row.note), default=0)
        self.virtual_size = Size(self._natural_width(), len(self._rows))
        self.set_reactive(ChoiceList.highlighted, highlighted)
        self.refresh(layout=True)
        self.call_after_refresh(self._follow)

    def move(self, where: str) -> None:
        """`up`, `down` (these two go round), `first`, `last`, `page_up` or `page_down`."""
        last, at, page = len(self._rows) - 1, self.highlighted, max(1, self.size.height)
        if last < 0:
            return
        if at is None:
            self.highlighted = last if where in ("up", "last") else 0
        else:
            self.highlighted = {
                "up": (at - 1) % (last + 1),
                "down": (at + 1) % (last + 1),
                "first": 0,
                "last": last,
                "page_up": max(0, at - page),
                "page_down": min(last, at + page),
            }[where]

    def watch_highlighted(self, index: int | None) -> None:
        self._follow()
        if index is not None:
            self.post_message(self.Highlighted(index))

    def _follow(self) -> None:
        if self.highlighted is not None:
            self.scroll_to_region(Region(0, self.highlighted, 1, 1), animate=False, force=True, immediate=True)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is not None and (index := offset.y + self.scroll_offset.y) < len(self._rows):
            self.highlighted = index
            self.post_message(self.Chosen(index))

    def _natural_width(self) -> int:
        return max(self._frame, _left(self._marks) + self._words + self._beside + 1)

    def render_line(self, y: int) -> Strip:
        index, width = y + self.scroll_offset.y, self.scrollable_content_region.width
        if index >= len(self._rows):
            return Strip.blank(width, self.get_component_rich_style("choices--words"))
        one = "highlighted" if index == self.highlighted else ""
        # Where not all has room, what stands beside the words gives way until they have half of it.
        words = min(self._words, max(width // 2, width - _left(self._marks) - self._beside - 1))
        return lay_out(
            self._rows[index],
            width,
            self._marks,
            words,
            lambda role: self.get_component_rich_style(f"choices--{one or role}"),
        )


def lay_out(row: ChoiceRow, width: int, marks: int, words: int, style: Callable[[str], Style]) -> Strip:
    """A row of so many cells, where the widest mark has `marks` and the widest words have `words`."""
    left = _left(marks)
    note = f"  {row.note}" if row.note else ""
    room = max(0, width - left - cell_len(note) - 1)
    words = min(words, room) if row.more else room
    more = f"  {_fit(row.more, room - words - 2)}" if row.more else ""
    line = [
        Segment(" " + _fit(row.mark, left - 1), style("mark")),
        Segment(_fit(row.words, words), style("words")),
        Segment(more + note + " ", style("muted")),
    ]
    return Strip(line).adjust_cell_length(width, style("muted"))


def _left(marks: int) -> int:
    """Where the words begin."""
    return 1 + (marks + 2 if marks else 0)


def _fit(text: str, width: int) -> str:
    """Exactly `width` cells: filled with blanks, or cut with an ellipsis."""
    width = max(0, width)
    return set_cell_size(text, width) if cell_len(text) <= width else set_cell_size(text, width - 1) + "…" * (width > 0)


def _plain(text: str) -> Content:
    return Content(safe_text(text))
