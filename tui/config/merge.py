"""Three-way merges of settings: what we changed goes into what others wrote meanwhile, and neither loses anything.

Undo is a merge too: from what an edit made of the lists back to what they were, into what they are now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from tui.config.settings import Lists, Settings
from tui.market.alerts import Alert

_T = TypeVar("_T")
_V = TypeVar("_V")


def merge(base: Settings, ours: Settings, theirs: Settings) -> Settings:
    """`theirs` with all that differs between `base` and `ours`."""
    merged: dict[str, Any] = {}
    for field in Settings.__struct_fields__:
        before, mine, other = (getattr(settings, field) for settings in (base, ours, theirs))
        if field == "lists":
            merged[field] = merge_lists(before, mine, other)
        elif field == "alerts":
            merged[field] = merge_alerts(before, mine, other)
        else:
            merged[field] = other if mine == before else mine
    return Settings(**merged)


def merge_lists(base: Lists, ours: Lists, theirs: Lists) -> Lists:
    """Lists by name. A list that one side deleted and the other changed stays as it was changed."""
    merged = {}
    for name in _merge_names(base, ours, theirs):
        before = base.get(name, ())
        mine, other = ours.get(name), theirs.get(name)
        if mine is None or other is None:
            merged[name] = tuple((mine if other is None else other) or ())
        else:
            merged[name] = tuple(merge_sequence(before, mine, other))
    return merged


def merge_alerts(base: Sequence[Alert], ours: Sequence[Alert], theirs: Sequence[Alert]) -> tuple[Alert, ...]:
    """Alerts by what they wait for. One that one side deleted and the other changed stays as it was changed."""
    before, mine, other = ({alert.key: alert for alert in side} for side in (base, ours, theirs))
    merged = []
    for key in _merge_names(before, mine, other):
        untouched = key not in mine or (key in other and mine[key] == before.get(key))
        merged.append(other[key] if untouched else mine[key])
    return tuple(merged)


def _merge_names(base: Mapping[_T, _V], ours: Mapping[_T, _V], theirs: Mapping[_T, _V]) -> list[_T]:
    return merge_sequence(list(base), [*ours, *_rescued(base, theirs, ours)], [*theirs, *_rescued(base, ours, theirs)])


def merge_sequence(base: Sequence[_T], ours: Sequence[_T], theirs: Sequence[_T]) -> list[_T]:
    """Sequences of things that stand in them once. Additions and removals of both sides take place; the order is that
    of the side that changed it, ours where both did."""
    if _same_order(base, ours):
        ours, theirs = theirs, ours
    merged = [item for item in ours if item in theirs or item not in base]
    for n, item in enumerate(theirs):
        if item not in base and item not in merged:
            # Behind the one it follows on the other side, as far as that is here too.
            before = next((earlier for earlier in reversed(theirs[:n]) if earlier in merged), None)
            merged.insert(merged.index(before) + 1 if before is not None else 0, item)
    return merged


def _rescued(base: Mapping[_T, _V], changed: Mapping[_T, _V], deleted: Mapping[_T, _V]) -> list[_T]:
    """Names gone from `deleted` of what is no longer as it was in `base`."""
    return [name for name in changed if name in base and name not in deleted and changed[name] != base[name]]


def _same_order(one: Sequence[_T], other: Sequence[_T]) -> bool:
    both = set(one) & set(other)
    return [item for item in one if item in both] == [item for item in other if item in both]
