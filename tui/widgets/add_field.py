"""The add field: symbols are typed or pasted into it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.message import Message
from textual.widgets import Input

from tui.symbol import to_half_width
from tui.widgets.choice_list import ChoiceList, ChoiceRow
from tui.widgets.field import Field

Suggestions = Callable[[str], Sequence[tuple[str, str]]]
"""Returns known symbols with their names for the word being typed, the best match first."""

_MAX_SUGGESTIONS = 6
_BARS = 2  # the field itself, and above it the status bar, which nothing covers


class AddField(Field):
    """The field for symbols, with a list of suggestions for the last word above it."""

    DEFAULT_CSS = """
    AddField ChoiceList { overlay: screen; constrain: inside none; display: none; width: 60; max-width: 100%; }
    """
    BINDINGS = [
        Binding("tab", "complete", show=False),
        Binding("down", "move('down')", show=False),
        Binding("up", "move('up')", show=False),
    ]

    class Submitted(Message):
        """Enter was pressed on this text."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Cancelled(Message):
        """Esc was pressed."""

    def __init__(self, suggestions: Suggestions = lambda part: ()) -> None:
        super().__init__("add", "GLD$US, TLT …  Enter adds, Esc leaves")
        self._suggestions = suggestions
        self._suggested: Sequence[tuple[str, str]] = ()
        self._choices = ChoiceList(keys="Tab completes")

    def compose(self) -> ComposeResult:
        yield self._choices
        yield from super().compose()

    def close(self) -> None:
        super().close()
        self._suggest("")

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._suggest(_last_part(event.value))

    def _suggest(self, part: str) -> None:
        room = min(_MAX_SUGGESTIONS, self.screen.size.height - _BARS - 2)
        found = self._suggestions(part) if part else ()
        # A symbol that is already typed in full needs no suggestion.
        self._suggested = [known for known in found if known[0] != part.upper()][:room]
        self._choices.set_rows([ChoiceRow(symbol, detail=name) for symbol, name in self._suggested])
        self._choices.styles.offset = (3, -len(self._suggested) - _BARS - 1)
        self._choices.display = bool(self._suggested)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self._choices.highlighted is None:
            self.post_message(self.Submitted(event.value))
        else:
            self.action_complete()

    @on(ChoiceList.Chosen)
    def action_complete(self) -> None:
        """Replace the last word by the highlighted suggestion, or else by the best one."""
        if self._suggested:
            symbol, _ = self._suggested[self._choices.highlighted or 0]
            before = self.input.value[: -len(_last_part(self.input.value))]
            self.input.value = f"{before}{symbol}, "
            self.input.cursor_position = len(self.input.value)
            self.input.focus()

    def action_move(self, where: str) -> None:
        self._choices.move(where)

    def action_leave(self) -> None:
        self.post_message(self.Cancelled())


def _last_part(text: str) -> str:
    """Returns the last word of a list; of a pair its last leg."""
    return re.split(r"[,;\s'\"/]|(?<=\$[A-Za-z]{2})-", to_half_width(text))[-1]
