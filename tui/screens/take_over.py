"""The question whether to take over the key that another copy on this machine uses."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.errors import NotShared
from tui.screens.dismiss_once import DismissOnce
from tui.screens.follows_time import FollowsTime


class TakeOver(FollowsTime, DismissOnce, ModalScreen[bool | None]):
    """The question. It is dismissed with True to connect, which ends the other copy's connection, with False, or with
    None once `is_over`: the other copy can be joined, or has ended."""

    CSS = """
    TakeOver { align: center middle; background: $veil; }
    TakeOver Vertical {
        width: 64; max-width: 96%; height: auto;
        background: $surface; border: round $warning; border-title-color: $foreground; padding: 1 2;
    }
    TakeOver Static { width: 1fr; height: auto; }
    """
    BINDINGS = [
        Binding("t,y", "dismiss(True)", "Take over"),
        Binding("escape,q,n", "dismiss(False)", "Leave"),
    ]

    def __init__(self, error: NotShared, is_over: Callable[[], bool]) -> None:
        super().__init__()
        self._error = error
        self._is_over = is_over

    def compose(self) -> ComposeResult:
        pid = f" (pid {self._error.pid})" if self._error.pid else ""
        box = Vertical(
            Static(
                f"Another itick-tui{pid} uses this key and {self._error.why}, so this one cannot "
                "join it. The vendor serves one connection a key: taking over ends the other one. It is tried again "
                "every few seconds, and this question goes away when that succeeds.",
                markup=False,
            )
        )
        box.border_title = "Key in use"
        box.border_subtitle = "t takes over · q leaves"
        yield box

    def tick(self) -> None:
        """Dismiss the question once it is over."""
        if self._is_over():
            self.dismiss(None)
