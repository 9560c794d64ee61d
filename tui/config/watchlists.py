"""The user's watchlists: their symbols, which of them is shown, and the edits of this run with undo."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from itertools import count
from typing import NamedTuple

from tui.config.merge import merge_lists
from tui.config.settings import Lists, is_same_lists
from tui.protocol.messages import MAX_SYMBOLS
from tui.symbol import Symbol, expand_pairs, sanitize

DEFAULT_LIST = "Watchlist"  # the name of the first list of a new user
LONGEST_NAME = 24  # characters of a list's name, and cells for it


def name_problem(name: str, what: str) -> str:
    """Returns why `what`, as `a list`, cannot be called so; "" if it can."""
    if not name:
        return f"{what} needs a name"
    if len(name) > LONGEST_NAME:
        return f"{len(name)} characters: at most {LONGEST_NAME}"
    return "it holds characters that cannot be printed" if name != sanitize(name) else ""


class UndoneEdit(NamedTuple):
    """An edit that was undone: its words, and the symbol to select."""

    words: str
    select: Symbol | None


class _Edit(NamedTuple):
    words: str
    before: Lists
    after: Lists
    shown: str  # before the edit
    unsaved: str | None  # before the edit


class Watchlists:
    """Lists by name, in order. There is always at least one, and one of them is shown.

    `unsaved` names the list opened by `--watch`, which is not written to the config until `save` is called.
    """

    def __init__(self, lists: Lists, shown: str = "", unsaved: str | None = None) -> None:
        self.lists: Lists = dict(lists) or {DEFAULT_LIST: ()}
        self.shown = shown if shown in self.lists else next(iter(self.lists))
        self.unsaved = unsaved
        self._edits: list[_Edit] = []

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """The symbols of the shown list, in the manual order."""
        return self.lists[self.shown]

    @property
    def saved(self) -> Lists:
        """The lists to be written to the config."""
        return {name: symbols for name, symbols in self.lists.items() if name != self.unsaved}

    def has_room(self, symbols: Iterable[Symbol]) -> bool:
        """Returns True if these can be added to the shown list; a pair takes the room of those of its legs that are not
        there."""
        return len(expand_pairs([*self.symbols, *symbols])) <= MAX_SYMBOLS

    @property
    def edits(self) -> int:
        """The number of edits that `undo` can revert."""
        return len(self._edits)

    def show(self, name: str) -> None:
        """Show another list."""
        self.shown = name

    # --- edits, each of which `undo` reverts ---

    def add(self, symbols: Iterable[Symbol]) -> None:
        """Append symbols to the shown list."""
        added = tuple(symbol for symbol in symbols if symbol not in self.symbols)
        self._change({**self.lists, self.shown: self.symbols + added}, f"added {describe_symbols(added)}")

    def remove(self, symbols: Iterable[Symbol]) -> None:
        """Remove symbols from the shown list."""
        given = set(symbols)
        removed = [symbol for symbol in self.symbols if symbol in given]
        remaining = tuple(symbol for symbol in self.symbols if symbol not in given)
        self._change({**self.lists, self.shown: remaining}, f"removed {describe_symbols(removed)}")

    def reorder(self, symbols: Sequence[Symbol], words: str) -> None:
        """Set the order of the shown list; `words` describe the edit."""
        self._change({**self.lists, self.shown: tuple(symbols)}, words)

    def move(self, symbols: Iterable[Symbol], to: str) -> None:
        """Move symbols from the shown list to another one, which is created if it does not exist."""
        given = set(symbols)
        moved = tuple(symbol for symbol in self.symbols if symbol in given)
        target = self.lists.get(to, ())
        lists = {**self.lists, self.shown: tuple(symbol for symbol in self.symbols if symbol not in given)}
        lists[to] = target + tuple(symbol for symbol in moved if symbol not in target)
        self._change(lists, f"moved {describe_symbols(moved)} to {to}")

    def create(self, name: str) -> None:
        """Append an empty list and show it."""
        self._change({**self.lists, name: ()}, f"made the list {name}", name)

    def rename(self, name: str, to: str) -> None:
        """Rename a list, which keeps its place."""
        shown = to if self.shown == name else self.shown
        self._change(_renamed(self.lists, name, to), f"renamed {name} to {to}", shown)
        if self.unsaved == name:
            self.unsaved = to

    def delete(self, name: str) -> None:
        """Delete a list; if it was shown, the next one is shown, else the one before."""
        names = list(self.lists)
        n = names.index(name)
        names.remove(name)
        lists = {each: self.lists[each] for each in names} or {DEFAULT_LIST: ()}
        shown = self.shown if self.shown != name else list(lists)[min(n, len(lists) - 1)]
        self._change(lists, f"deleted the list {name}", shown)

    def follow(self, name: str, added: Iterable[Symbol], removed: Iterable[Symbol]) -> None:
        """Apply a change made outside the program to a list; undo does not revert it."""
        dropped = set(removed)
        remaining = tuple(symbol for symbol in self.lists.get(name, ()) if symbol not in dropped)
        new = tuple(symbol for symbol in added if symbol not in remaining)
        self.lists = {**self.lists, name: remaining + new}

    def save(self) -> None:
        """Make the list opened by `--watch` a saved one."""
        self.unsaved = None
        self._edits = [edit._replace(unsaved=None) for edit in self._edits]

    def _change(self, lists: Lists, words: str, shown: str = "") -> None:
        if not is_same_lists(lists, self.lists):
            self._edits.append(_Edit(words, self.lists, lists, self.shown, self.unsaved))
            self.lists = lists
            self.shown = shown or self.shown

    # --- changes by others, and undo ---

    def merge_external(self, sent: Lists, found: Lists) -> None:
        """Merge what other copies of the program and editors wrote: the file holds `found` after `sent` was sent."""
        merged = dict(merge_lists(sent, self.saved, found))
        if self.unsaved in merged:
            self._rename_unsaved(self.unsaved, free_name(self.unsaved, {*self.lists, *merged}))
        if self.unsaved is not None and self.unsaved in self.lists:
            merged = {self.unsaved: self.lists[self.unsaved], **merged}
        self.lists = merged or {DEFAULT_LIST: ()}
        self._keep_shown(self.shown)

    def _rename_unsaved(self, name: str, to: str) -> None:
        """Rename the unsaved list, in the undo history too: another list has taken its name."""
        self.unsaved = to
        self.lists = _renamed(self.lists, name, to)
        self.shown = to if self.shown == name else self.shown
        self._edits = [
            edit._replace(
                before=_renamed(edit.before, name, to),
                after=_renamed(edit.after, name, to),
                shown=to if edit.shown == name else edit.shown,
                unsaved=to if edit.unsaved == name else edit.unsaved,
            )
            for edit in self._edits
        ]

    def undo(self) -> UndoneEdit | None:
        """Undo the last edit, keeping later changes, also those of other copies. Returns None if there is no edit to
        undo."""
        while self._edits:
            edit = self._edits.pop()
            before = self.lists
            # If a saved list has taken its old name, the unsaved one is merged into it.
            self.unsaved = None if edit.unsaved in self.saved else edit.unsaved
            self.lists = merge_lists(edit.after, edit.before, before) or {DEFAULT_LIST: ()}
            self._keep_shown(edit.shown)
            if not is_same_lists(self.lists, before):
                back = next((symbol for symbol in self.symbols if symbol not in before.get(self.shown, ())), None)
                return UndoneEdit(edit.words, back)
        return None

    def _keep_shown(self, shown: str) -> None:
        self.shown = (
            shown if shown in self.lists else self.shown if self.shown in self.lists else next(iter(self.lists))
        )


def free_name(name: str, taken: Container[str]) -> str:
    """Returns the name, with a number appended if it is taken."""
    return next(free for n in count(1) if (free := f"{name} {n}" if n > 1 else name) not in taken)


def _renamed(lists: Lists, name: str, to: str) -> Lists:
    return {to if each == name else each: symbols for each, symbols in lists.items()}


def describe_symbols(symbols: Sequence[Symbol]) -> str:
    """Returns the symbol if there is one, else their number."""
    return str(symbols[0]) if len(symbols) == 1 else f"{len(symbols)} symbols"
