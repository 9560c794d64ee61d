"""A screen that is dismissed once, however many keys ask for it."""

from __future__ import annotations

from textual.await_complete import AwaitComplete


class DismissOnce:
    """A mixin for screens, to stand before their base class. A key may still reach a screen that was dismissed or that
    another one covers: Textual would then pop that other screen, or raise if there is none."""

    def dismiss(self, result: object = None) -> AwaitComplete:
        """Dismiss the screen if it is the topmost one; else nothing happens."""
        if self.app.screen_stack[-1:] != [self]:  # type: ignore[attr-defined]
            return AwaitComplete()
        dismissed: AwaitComplete = super().dismiss(result)  # type: ignore[misc]
        return dismissed
