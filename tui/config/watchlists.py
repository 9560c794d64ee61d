"""The person's lists: which there are, which one is shown, and every edit of this session, to be taken back."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from itertools import count
from typing import NamedTuple

from tui.config.merge import merge_lists
from tui.config.settings import Lists, is_same_lists
from tui.protocol.messages import MAX_SYMBOLS
from tui.symbol import Symbol

FIRST = "Watchlist"  # the name of the list of somebody who has none yet
LONGEST_NAME = 24  # characters of a list's name, and cells it is given


class Undone(NamedTuple):
    """What was taken back, in words, and the symbol to look at."""

    words: str
    select: Symbol | None


class _Edit(NamedTuple):
    words: str
    before: Lists
    after: Lists
    shown: str  # before it
    unsaved: str | None  # before it, too


class Watchlists:
    """Lists by name, in their order. There is always at least one, and one of them is shown.

    `unsaved` names the list that `--watch` opened: it is kept in the config only when asked.
    """

    def __init__(self, lists: Lists, shown: str = "", unsaved: str | None = None) -> None:
        self.lists: Lists = dict(lists) or {FIRST: ()}
        self.shown = shown if shown in self.lists else next(iter(self.lists))
        self.unsaved = unsaved
        self._edits: list[_Edit] = []

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """Those of the shown list, in the order made by hand."""
        return self.lists[self.shown]

    @property
    def saved(self) -> Lists:
        """What belongs into the config."""
        return {name: symbols for name, symbols in self.lists.items() if name != self.unsaved}

    @property
    def room(self) -> int:
        """How many symbols the shown list can still take."""
        return MAX_SYMBOLS - len(self.symbols)

    def show(self, name: str) -> None:
        self.shown = name

    # --- edits, each of which `undo` takes back ---

    def add(self, symbols: Iterable[Symbol]) -> None:
        """To the end of the shown list."""
        added = tuple(symbol for symbol in symbols if symbol not in self.symbols)
        self._change({**self.lists, self.shown: self.symbols + added}, f"added {describe_symbols(added)}")

    def remove(self, symbols: Iterable[Symbol]) -> None:
        """From the shown list."""
        gone = set(symbols)
        removed = [symbol for symbol in self.symbols if symbol in gone]
        kept = tuple(symbol for symbol in self.symbols if symbol not in gone)
        self._change({**self.lists, self.shown: kept}, f"removed {describe_symbols(removed)}")

    def reorder(self, symbols: Sequence[Symbol], words: str) -> None:
        """The shown list in another order."""
        self._change({**self.lists, self.shown: tuple(symbols)}, words)

    def move(self, symbols: Iterable[Symbol], to: str) -> None:
        """From the shown list to another one, which comes into being where there is none."""
        gone = set(symbols)
        moved = tuple(symbol for symbol in self.symbols if symbol in gone)
        there = self.lists.get(to, ())
        lists = {**self.lists, self.shown: tuple(symbol for symbol in self.symbols if symbol not in gone)}
        lists[to] = there + tuple(symbol for symbol in moved if symbol not in there)
        self._change(lists, f"moved {describe_symbols(moved)} to {to}")

    def create(self, name: str) -> None:
        """A new list behind the others, shown at once."""
        self._change({**self.lists, name: ()}, f"made the list {name}", name)

    def rename(self, name: str, to: str) -> None:
        """The list keeps its place."""
        shown = to if self.shown == name else self.shown
        self._change(_renamed(self.lists, name, to), f"renamed {name} to {to}", shown)
        if self.unsaved == name:
            self.unsaved = to

    def delete(self, name: str) -> None:
        """The list goes; of the shown one's neighbours the next is shown, else the one before."""
        names = list(self.lists)
        n = names.index(name)
        names.remove(name)
        lists = {each: self.lists[each] for each in names} or {FIRST: ()}
        shown = self.shown if self.shown != name else list(lists)[min(n, len(lists) - 1)]
        self._change(lists, f"deleted the list {name}", shown)

    def follow(self, name: str, added: Iterable[Symbol], removed: Iterable[Symbol]) -> None:
        """Change a list as it was changed elsewhere: that is not to be undone here."""
        gone = set(removed)
        kept = tuple(symbol for symbol in self.lists.get(name, ()) if symbol not in gone)
        new = tuple(symbol for symbol in added if symbol not in kept)
        self.lists = {**self.lists, name: kept + new}

    def save(self) -> None:
        """The list that `--watch` opened is one like any other from now on."""
        self.unsaved = None
        self._edits = [edit._replace(unsaved=None) for edit in self._edits]

    def _change(self, lists: Lists, words: str, shown: str = "") -> None:
        if not is_same_lists(lists, self.lists):
            self._edits.append(_Edit(words, self.lists, lists, self.shown, self.unsaved))
            self.lists = lists
            self.shown = shown or self.shown

    # --- what others did, and back ---

    def merge_external(self, sent: Lists, found: Lists) -> None:
        """Take over what other copies and hands wrote into the file: it holds `found` where `sent` was sent."""
        merged = dict(merge_lists(sent, self.saved, found))
        if self.unsaved in merged:
            self._make_way(self.unsaved, free_name(self.unsaved, {*self.lists, *merged}))
        if self.unsaved is not None and self.unsaved in self.lists:
            merged = {self.unsaved: self.lists[self.unsaved], **merged}
        self.lists = merged or {FIRST: ()}
        self._stay(self.shown)

    def _make_way(self, name: str, to: str) -> None:
        """Another list has the name of the unsaved one: that is called otherwise, as if it always had been."""
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

    def undo(self) -> Undone | None:
        """Take back the last edit; what happened to the lists since, by others too, stays. None where there is none."""
        while self._edits:
            edit = self._edits.pop()
            before = self.lists
            # Where a kept list has its old name by now, it becomes a part of that one.
            self.unsaved = None if edit.unsaved in self.saved else edit.unsaved
            self.lists = merge_lists(edit.after, edit.before, before) or {FIRST: ()}
            self._stay(edit.shown)
            if not is_same_lists(self.lists, before):
                back = next((symbol for symbol in self.symbols if symbol not in before.get(self.shown, ())), None)
                return Undone(edit.words, back)
        return None

    def _stay(self, shown: str) -> None:
        self.shown = (
            shown if shown in self.lists else self.shown if self.shown in self.lists else next(iter(self.lists))
        )


def free_name(name: str, taken: Container[str]) -> str:
    """The name, with a number where it is taken."""
    return next(free for n in count(1) if (free := f"{name} {n}" if n > 1 else name) not in taken)


def _renamed(lists: Lists, name: str, to: str) -> Lists:
    return {to if each == name else each: symbols for each, symbols in lists.items()}


def describe_symbols(symbols: Sequence[Symbol]) -> str:
    return str(symbols[0]) if len(symbols) == 1 else f"{len(symbols)} symbols"
