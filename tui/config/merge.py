"""Three-way merges of settings: our changes and those of other copies of the program, without losing either.

Undo is a merge too: the inverse of an edit, merged into the lists as they are now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from tui.config.settings import Layouts, Lists, Settings
from tui.market.alerts import Alert

_T = TypeVar("_T")
_V = TypeVar("_V")


def merge(base: Settings, ours: Settings, theirs: Settings) -> Settings:
    """Returns `theirs` with everything changed that differs between `base` and `ours`."""
    merged: dict[str, Any] = {}
    for field in Settings.__struct_fields__:
        old, our, their = (getattr(settings, field) for settings in (base, ours, theirs))
        if field == "lists":
            merged[field] = merge_lists(old, our, their)
        elif field == "alerts":
            merged[field] = merge_alerts(old, our, their)
        elif field == "levels":
            merged[field] = tuple(merge_sequence(old, our, their))
        elif field == "layouts":
            merged[field] = merge_layouts(old, our, their)
        else:
            merged[field] = their if our == old else our
    return Settings(**merged)


def merge_lists(base: Lists, ours: Lists, theirs: Lists) -> Lists:
    """Returns the merged lists by name. A list deleted on one side and changed on the other is kept as changed."""
    merged = {}
    for name in _merge_names(base, ours, theirs):
        old = base.get(name, ())
        our, their = ours.get(name), theirs.get(name)
        if our is None or their is None:
            merged[name] = tuple((our if their is None else their) or ())
        else:
            merged[name] = tuple(merge_sequence(old, our, their))
    return merged


def merge_alerts(base: Sequence[Alert], ours: Sequence[Alert], theirs: Sequence[Alert]) -> tuple[Alert, ...]:
    """Returns the merged alerts by their keys. An alert deleted on one side and changed on the other is kept as
    changed."""
    old, our, their = ({alert.key: alert for alert in side} for side in (base, ours, theirs))
    return tuple(_merge_values(old, our, their).values())


def merge_layouts(base: Layouts, ours: Layouts, theirs: Layouts) -> Layouts:
    """Returns the merged layouts by name. One deleted on one side and changed on the other is kept as changed."""
    return _merge_values(base, ours, theirs)


def _merge_values(base: Mapping[_T, _V], ours: Mapping[_T, _V], theirs: Mapping[_T, _V]) -> dict[_T, _V]:
    merged = {}
    for key in _merge_names(base, ours, theirs):
        untouched = key not in ours or (key in theirs and ours[key] == base.get(key))
        merged[key] = theirs[key] if untouched else ours[key]
    return merged


def _merge_names(base: Mapping[_T, _V], ours: Mapping[_T, _V], theirs: Mapping[_T, _V]) -> list[_T]:
    return merge_sequence(
        list(base),
        [*ours, *_changed_but_deleted(base, theirs, ours)],
        [*theirs, *_changed_but_deleted(base, ours, theirs)],
    )


def merge_sequence(base: Sequence[_T], ours: Sequence[_T], theirs: Sequence[_T]) -> list[_T]:
    """Returns the merged sequence of unique items: additions and removals of both sides, in the order of the side that
    changed the order, ours if both did."""
    if _has_same_order(base, ours):
        ours, theirs = theirs, ours
    merged = [item for item in ours if item in theirs or item not in base]
    for n, item in enumerate(theirs):
        if item not in base and item not in merged:
            # After the nearest preceding item of the other side that is here too.
            preceding = next((earlier for earlier in reversed(theirs[:n]) if earlier in merged), None)
            merged.insert(merged.index(preceding) + 1 if preceding is not None else 0, item)
    return merged


def _changed_but_deleted(base: Mapping[_T, _V], changed: Mapping[_T, _V], deleted: Mapping[_T, _V]) -> list[_T]:
    """Returns the names deleted in `deleted` whose values were changed in `changed`."""
    return [name for name in changed if name in base and name not in deleted and changed[name] != base[name]]


def _has_same_order(one: Sequence[_T], other: Sequence[_T]) -> bool:
    both = set(one) & set(other)
    return [item for item in one if item in both] == [item for item in other if item in both]
