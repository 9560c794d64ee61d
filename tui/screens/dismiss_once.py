"""A screen that is dismissed once, however many keys ask for it."""

from __future__ import annotations

from textual.await_complete import AwaitComplete


class DismissOnce:
    """For screens, before their base class. A key may still reach a screen that is dismissed, or that another one
    covers: Textual would take away that other screen for it, or fail where there is none."""

    def dismiss(self, result: object = None) -> AwaitComplete:
        if self.app.screen_stack[-1:] != [self]:  # type: ignore[attr-defined]
            return AwaitComplete()
        dismissed: AwaitComplete = super().dismiss(result)  # type: ignore[misc]
        return dismissed
