"""The question whether to take over the key that another copy on this machine uses."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.screens.dismiss_once import DismissOnce


class TakeOver(DismissOnce, ModalScreen[bool]):
    """The question; it is dismissed with True to connect, which ends the other copy's connection, or with False."""

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

    def __init__(self, pid: int) -> None:
        super().__init__()
        self._pid = pid

    def compose(self) -> ComposeResult:
        box = Vertical(
            Static(
                f"itick-tui (pid {self._pid}) is using this key. The vendor serves one connection a key: connecting "
                "here ends the other one.",
                markup=False,
            )
        )
        box.border_title = "Key in use"
        box.border_subtitle = "t takes over · q leaves"
        yield box
