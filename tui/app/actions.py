"""The actions of the keys by name: a method of an action group is the action of the ids that call it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tui.config.key_table import KEYS
from tui.widgets.bindings import call_of

ACTION_NAMES = frozenset(call_of(key.id)[0] for key in KEYS if not key.scope)
"""The names that public methods of the action groups answer to."""


class ActionRegistry:
    """Finds the method of an action among those of all groups. Raises ValueError when two groups have the same one."""

    def __init__(self, groups: Iterable[object]) -> None:
        self.groups = tuple(groups)
        self.actions: dict[str, Callable[..., object]] = {}
        for group in self.groups:
            for name in sorted(ACTION_NAMES & set(dir(group))):
                if name in self.actions:
                    raise ValueError(f"two action groups have a method {name}")
                self.actions[name] = getattr(group, name)

    def do(self, name: str, *arguments: str | int) -> None:
        """Run an action of the key table."""
        self.actions[name](*arguments)
