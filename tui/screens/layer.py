"""What Esc takes away from the screen, one at a time."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct


class Layer(Struct, frozen=True):
    """Something on the screen that Esc takes away; `label` is the footer's word for that, "" if it has none."""

    label: str
    leave: Callable[[], None]
