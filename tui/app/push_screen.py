"""What the action groups need of the app to open a screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from textual.screen import Screen

_Result = TypeVar("_Result")


class PushScreen(Protocol):
    """`App.push_screen`: opens a screen; `callback` is called with what it is dismissed with."""

    def __call__(self, screen: Screen[_Result], callback: Callable[[_Result | None], None] | None = None) -> object:
        """Open the screen."""
