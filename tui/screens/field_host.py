"""The fields for text at the foot of a screen."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from tui.terminal.textual_private import BaseScreen
from tui.widgets.footer import Footer

if TYPE_CHECKING:
    from tui.widgets.add_field import AddField, Suggestions
    from tui.widgets.field import Field
    from tui.widgets.find_field import FindField


class FieldHost(BaseScreen, inherit_bindings=False):
    """A screen with fields, of which one at a time takes the place of the footer."""

    def __init__(self, footer: Footer, suggestions: Suggestions, id: str) -> None:
        super().__init__(id=id)
        self.footer = footer
        self._suggestions = suggestions
        self._field: Field | None = None  # the open one

    @cached_property
    def add_field(self) -> AddField:
        """The field for symbols to add, made when it is first opened."""
        from tui.widgets.add_field import AddField

        return AddField(self._suggestions)

    @cached_property
    def find_field(self) -> FindField:
        """The field for what is to be found, made when it is first opened."""
        from tui.widgets.find_field import FindField

        return FindField()

    @property
    def has_open_field(self) -> bool:
        """True while a field has the place of the footer."""
        return self._field is not None

    def mount_fields(self) -> None:
        """Mount the fields, hidden, so that they have the keys at once when they are opened."""
        self.mount_all(field for field in (self.add_field, self.find_field) if not field.is_attached)

    def open_add_field(self, text: str = "") -> None:
        """Show the add field in place of the footer and focus it."""
        self.open_field(self.add_field, text)

    def open_field(self, field: Field, text: str) -> None:
        """Show a field with a text in place of the footer and focus it."""
        self.footer.display = False
        if not field.is_attached:
            self.mount(field)
        if self._field not in (None, field):
            self._field.close()
        self._field = field
        field.open(text)

    def close_fields(self) -> None:
        """Hide the fields and show the footer."""
        if self._field is not None:
            self._field.close()
            self._field = None
        self.footer.display = True
