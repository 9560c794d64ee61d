"""Lines of the dashboard's panes, written to the terminal past Textual's compositor.

The compositor would paint them some turns of the loop later, and look at every line of every widget for it: that costs
more than all else of a frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from textual.screen import Screen
from textual.widget import Widget

from tui.config.plain_mode import is_plain
from tui.terminal.ansi import Piece
from tui.terminal.line_update import LineUpdate
from tui.terminal.textual_private import (
    dirty_widgets,
    display,
    has_notifications,
    has_open_batch,
    has_pending_layout,
    needs_whole_repaint,
)

_Widget = TypeVar("_Widget", bound=Widget)


class DirectPaint:
    """Writes lines of one screen, as long as nothing covers them."""

    def __init__(self, screen: Screen[None]) -> None:
        self._screen = screen
        self._is_plain = is_plain()

    @property
    def is_possible(self) -> bool:
        """Whether lines may be written: no toast or modal covers them, and no layout is pending."""
        screen, app = self._screen, self._screen.app
        # While the app exits it has a batch open, and after a while no screen any more.
        covered = self._is_plain or has_notifications(app) or has_open_batch(app) or app.screen is not screen
        return not (covered or has_pending_layout(screen))

    def only_dirty(self, widgets: Iterable[_Widget]) -> list[_Widget]:
        """Returns which of `widgets` the screen is to paint, if they are all that it is to paint, else none."""
        dirty = dirty_widgets(self._screen)
        found = [widget for widget in widgets if widget in dirty]
        return [] if len(found) < len(dirty) or needs_whole_repaint(self._screen) else found

    def write_dirty(self, lines: Sequence[Piece]) -> None:
        """Write what `only_dirty` found, in place of the screen. Most of each line stands there already."""
        dirty_widgets(self._screen).clear()
        if lines:
            display(self._screen, LineUpdate(lines))

    def write(self, lines: Sequence[Piece]) -> None:
        """Write lines that changed."""
        if lines:
            display(self._screen, LineUpdate(lines))
