"""A list of rows to choose from: the content of every menu, and a field's suggestions."""

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
    """A row: its words, a `mark` before them in accent, a `detail` in a column of its own, a `note` flush right."""

    words: str
    mark: str = ""
    detail: str = ""
    note: str = ""


class ChoiceList(ScrollView, can_focus=False):
    """A list with one row highlighted, or none. Its owner handles the keys and calls `move`; it handles the mouse."""

    COMPONENT_CLASSES = {"choices--mark", "choices--words", "choices--muted", "choices--highlighted"}
    DEFAULT_CSS = """
    ChoiceList {
        width: auto; height: auto; overflow-x: hidden;
        background: $surface; border: round $accent; border-title-color: $foreground;
        scrollbar-size-vertical: 1; scrollbar-background: $surface; scrollbar-color: $secondary;
        scrollbar-background-hover: $surface; scrollbar-background-active: $surface;
    }
    ChoiceList .choices--mark { color: $accent; background: $surface; text-style: $marked; }
    ChoiceList .choices--words { color: $foreground; background: $surface; }
    ChoiceList .choices--muted { color: $secondary; background: $surface; }
    ChoiceList .choices--highlighted { color: $background; background: $accent; text-style: $chosen; }
    """

    highlighted: reactive[int | None] = reactive(None, init=False)
    """The index of the highlighted row."""

    class Highlighted(Message):
        """Another row was highlighted."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    class Chosen(Message):
        """A row was clicked."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, rows: Sequence[ChoiceRow] = (), title: str = "", keys: str = "") -> None:
        """`title` is shown on the upper border, `keys` on the lower one."""
        super().__init__()
        self.border_title, self.border_subtitle = _plain(title), _plain(keys)
        self._border_width = max(map(cell_len, (title, keys))) + 4
        self._rows: list[ChoiceRow] = []
        self.set_rows(rows)

    def set_rows(self, rows: Sequence[ChoiceRow], highlighted: int | None = None) -> None:
        """Show these rows; their text may come from outside and is sanitized."""
        self._rows = [ChoiceRow(*map(safe_text, row)) for row in rows]
        self._mark_width = max((cell_len(row.mark) for row in self._rows), default=0)
        self._words_width = max((cell_len(row.words) for row in self._rows), default=0)
        self._rest_width = max((cell_len(row.detail) + 2 for row in self._rows if row.detail), default=0)
        self._rest_width += max((cell_len(row.note) + 2 for row in self._rows if row.note), default=0)
        self.virtual_size = Size(self._natural_width(), len(self._rows))
        self.set_reactive(ChoiceList.highlighted, highlighted)
        self.refresh(layout=True)
        self.call_after_refresh(self._scroll_to_highlighted)

    def move(self, where: str) -> None:
        """Move the highlight `up` or `down`, which wrap around, to the `first` or `last` row, `page_up` or
        `page_down`."""
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
        self._scroll_to_highlighted()
        if index is not None:
            self.post_message(self.Highlighted(index))

    def _scroll_to_highlighted(self) -> None:
        if self.highlighted is not None:
            self.scroll_to_region(Region(0, self.highlighted, 1, 1), animate=False, force=True, immediate=True)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is not None and (index := offset.y + self.scroll_offset.y) < len(self._rows):
            self.highlighted = index
            self.post_message(self.Chosen(index))

    def _natural_width(self) -> int:
        return max(self._border_width, _words_start(self._mark_width) + self._words_width + self._rest_width + 1)

    def render_line(self, y: int) -> Strip:
        index, width = y + self.scroll_offset.y, self.scrollable_content_region.width
        if index >= len(self._rows):
            return Strip.blank(width, self.get_component_rich_style("choices--words"))
        highlighted = "highlighted" if index == self.highlighted else ""
        # If not all fits, the words keep at least half of the width.
        words = min(self._words_width, max(width // 2, width - _words_start(self._mark_width) - self._rest_width - 1))
        return lay_out(
            self._rows[index],
            width,
            self._mark_width,
            words,
            lambda role: self.get_component_rich_style(f"choices--{highlighted or role}"),
        )


def lay_out(row: ChoiceRow, width: int, marks: int, words: int, style: Callable[[str], Style]) -> Strip:
    """Returns a row of `width` cells; `marks` are the cells of the widest mark, `words` those of the widest words."""
    left = _words_start(marks)
    note = f"  {row.note}" if row.note else ""
    room = max(0, width - left - cell_len(note) - 1)
    words = min(words, room) if row.detail else room
    detail = f"  {_fit(row.detail, room - words - 2)}" if row.detail else ""
    line = [
        Segment(" " + _fit(row.mark, left - 1), style("mark")),
        Segment(_fit(row.words, words), style("words")),
        Segment(detail + note + " ", style("muted")),
    ]
    return Strip(line).adjust_cell_length(width, style("muted"))


def _words_start(marks: int) -> int:
    """Returns the cell at which the words begin."""
    return 1 + (marks + 2 if marks else 0)


def _fit(text: str, width: int) -> str:
    """Returns the text in exactly `width` cells: padded with blanks, or cut with an ellipsis."""
    width = max(0, width)
    return set_cell_size(text, width) if cell_len(text) <= width else set_cell_size(text, width - 1) + "…" * (width > 0)


def _plain(text: str) -> Content:
    return Content(safe_text(text))
