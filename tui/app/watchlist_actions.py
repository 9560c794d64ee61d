"""The keys of the watchlist: adding and removing symbols, moving the cursor and rows, and the order of rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from tui.app.notices import Notices
from tui.app.preferences import Preferences
from tui.app.push_screen import PushScreen
from tui.config.watchlists import describe_symbols
from tui.errors import UsageError
from tui.protocol.messages import MAX_SYMBOLS
from tui.reference.fund_names import FundNames
from tui.screens.dashboard import Dashboard
from tui.symbol import (
    Symbol,
    expand_pairs,
    join_notices,
    lacks_region,
    parse_symbol,
    parse_symbol_or_pair,
    split_list,
    split_pair,
)
from tui.watchlist.columns import BY_ID, COLUMNS, DEFAULT
from tui.watchlist.sorting import arrow, first_press, reversed_order
from tui.widgets.watchlist.grid import Watchlist

_MOST_REMARKS = 6  # lines of a notice
_MOST_NAMED = 6  # symbols in one of them
_MOST_LETTERS = 5  # of a code of letters: a longer word is one of a name


class WatchlistActions:
    """Keys that act on the rows of the watchlist."""

    def __init__(
        self,
        dashboard: Dashboard,
        preferences: Preferences,
        notices: Notices,
        push_screen: PushScreen,
        names: FundNames,
        undo_line: Callable[[], bool],
    ) -> None:
        """`undo_line` takes back the last change of a line on the chart, unless the lists were changed since."""
        self._dashboard = dashboard
        self._watchlist = dashboard.watchlist
        self._preferences = preferences
        self._lists = preferences.lists
        self._notices = notices
        self._push_screen = push_screen
        self._names = names
        self._undo_line = undo_line
        self._sort_before = ""  # what the rows were sorted by before one was moved by hand

    # --- symbols ---

    def add(self) -> None:
        """Open the field for symbols; with what is found by nothing in the list, to look for it among all funds."""
        grid = self._watchlist
        sought = "" if grid.rows else grid.find
        grid.find = "" if sought else grid.find
        self._dashboard.open_add_field(sought)

    def add_symbols(self, text: str) -> None:
        """Add the symbols of a text. Every part of it is answered; what could not be added stays in the field."""
        added: dict[Symbol, None] = {}
        notices: list[str] = []
        remarks: list[str] = []
        there: list[str] = []
        wrong: list[str] = []
        listed = list(self._preferences.listed)
        for part in split_list(text):
            try:
                symbol, notice = parse_symbol_or_pair(part)
            except UsageError as error:
                wrong.append(part)
                remarks.append(str(error))
                continue
            if symbol in added:
                continue
            if symbol in self._lists.symbols:
                there.append(str(symbol))
            elif doubt := self._doubt(part, symbol, listed):
                wrong.append(part)
                remarks.append(doubt)
            elif not self._lists.has_room([*added, symbol]):
                wrong.append(part)
                remarks.append(f"no room for {symbol}: a list takes {MAX_SYMBOLS} symbols")
            else:
                added[symbol] = None
                notices.append(notice)
        if there:
            remarks.append(f"already there: {_names_or_count(there)}")
        if line := join_notices(notices):
            remarks.insert(0, line)
        if added:
            remarks.insert(0, f"added {_names_or_count(list(map(str, added)))}")
            self._lists.add(added)
            self._watchlist.find = ""  # what was added is seen
            self._preferences.lists_changed(next(iter(added)))
        if remarks:
            remarks = list(dict.fromkeys(remarks))
            more = [f"and {len(remarks) - _MOST_REMARKS} more remarks"] if len(remarks) > _MOST_REMARKS else []
            self._notices.say("\n".join([*remarks[:_MOST_REMARKS], *more]), warn=bool(wrong))
        if wrong:
            self._dashboard.open_add_field(", ".join(dict.fromkeys(wrong)))
        else:
            self._dashboard.close_fields()

    def _doubt(self, part: str, symbol: Symbol, listed: Sequence[Symbol]) -> str:
        """Returns what to do with a word if a symbol that it means, or one of a pair, may be no code; "" if all may
        be. What was written with its region is not doubted."""
        parts = split_pair(part)
        words = [part] if parts is None else [parts[0], parts[2]]
        doubts = (
            doubt_code(word, leg, self._names, listed)
            for word, leg in zip(words, expand_pairs([symbol]), strict=True)
            if lacks_region(word)
        )
        return next(filter(None, doubts), "")

    def remove(self) -> None:
        """Remove the marked symbols, or the selected one."""
        removed = [instrument.symbol for instrument in self._watchlist.marked]
        if removed:
            self._lists.remove(removed)
            self._preferences.lists_changed()
            them = "it" if len(removed) == 1 else "them"
            undo = self._preferences.key_label("undo")
            self._notices.say(f"removed {describe_symbols(removed)}: {undo} brings {them} back")
        else:
            self._say_no_rows()

    def undo(self) -> None:
        """Take back the last change of the lists or the lines."""
        if self._undo_line():
            return
        before = self._lists.symbols
        undone = self._lists.undo()
        if undone is None:
            self._notices.say("nothing to undo")
            return
        reordered = self._lists.symbols != before and set(self._lists.symbols) == set(before)
        if self._sort_before and reordered and not self._watchlist.sort:
            self._watchlist.sort, self._sort_before = self._sort_before, ""
        self._preferences.lists_changed(undone.select, sort=self._watchlist.sort)
        self._notices.say(f"taken back: {undone.words}")

    def mark(self) -> None:
        """Mark the selected symbol, to remove or move several."""
        if self._watchlist.rows:
            self._watchlist.mark()
        else:
            self._say_no_rows()

    def _say_no_rows(self) -> None:
        """Answer that there is no symbol to act on."""
        grid, key = self._watchlist, self._preferences.key_label
        if grid.find:
            ways = f"{key('add')} adds it, {key('back')} shows all rows"
            self._notices.say(f"nothing here has '{grid.find}' in it: {ways}")
        else:
            self._notices.say(f"the list is empty: {key('add')} adds symbols")

    # --- cursor and rows ---

    def move(self, where: str) -> None:
        """Move the cursor: `up`, `down`, `first`, `last`, `page_up` or `page_down`."""
        self._move_cursor(lambda: self._watchlist.action_move(where))

    def next_symbol(self) -> None:
        """Select the next symbol."""
        self._move_cursor(lambda: self._watchlist.move(1))

    def previous_symbol(self) -> None:
        """Select the previous symbol."""
        self._move_cursor(lambda: self._watchlist.move(-1))

    def _move_cursor(self, move: Callable[[], None]) -> None:
        """Move the cursor, or answer why it cannot; at the end of a list on the screen it is seen."""
        grid, before = self._watchlist, self._watchlist.cursor
        if not grid.rows:
            self._say_no_rows()
            return
        move()
        if grid.cursor == before and not grid.display:
            self._notices.say(f"{grid.rows[before].symbol} is the {'first' if not before else 'last'} of the list")

    def row_down(self) -> None:
        """Move the selected row down."""
        self._move_row(1)

    def row_up(self) -> None:
        """Move the selected row up."""
        self._move_row(-1)

    def _move_row(self, by: int) -> None:
        """Move the selected row past its neighbour on the screen. From then on no column sorts the rows."""
        grid = self._watchlist
        to = grid.cursor + by
        if grid.selected is None:
            self._say_no_rows()
            return
        if not 0 <= to < len(grid.rows):
            self._notices.say(f"{grid.selected.symbol} is the {'last' if by > 0 else 'first'} row")
            return
        symbol, neighbour = grid.selected.symbol, grid.rows[to].symbol
        shown = [instrument.symbol for instrument in grid.rows]
        order = [*shown, *(each for each in self._lists.symbols if each not in set(shown))]
        if not grid.sort:
            order = list(self._lists.symbols)
        order.remove(symbol)
        order.insert(order.index(neighbour) + (by > 0), symbol)
        if grid.sort:
            self._sort_before = grid.sort
            self._notices.say(f"the order is yours now: {self._preferences.key_label('undo')} takes it back")
            grid.set_reactive(Watchlist.sort, "")
        self._lists.reorder(order, f"moved {symbol}")
        self._preferences.lists_changed(symbol, sort="")

    # --- order ---

    def find(self) -> None:
        """Open the field that filters the rows."""
        self._dashboard.open_find_field()

    def keep_found(self) -> None:
        """Leave the field and show what was found, or look for it among all funds if nothing was."""
        if self._watchlist.find and not self._watchlist.rows:
            self.add()
        else:
            self._dashboard.close_fields()

    def leave_find_field(self) -> None:
        """Show all rows again."""
        self._watchlist.find = ""
        self._dashboard.close_fields()

    def sort(self) -> None:
        """Choose the column to sort by."""
        from tui.screens.menu import Menu, MenuItem

        now = self._watchlist.sort
        items = [
            MenuItem(column.id, column.title, column.letter, arrow(now) if column.id == now.removeprefix("-") else "")
            for column in COLUMNS
            if column.letter
        ]
        items.append(MenuItem("", "by hand, with J and K", "0"))
        self._push_screen(Menu("Sort by", items, current=now.removeprefix("-")), self._sort_chosen)

    def _sort_chosen(self, column: str | None) -> None:
        if column is not None:
            self.sort_by(column)

    def sort_by(self, column: str) -> None:
        """Sort by a column, or in the other direction if it is that one already; "" leaves the order to the person."""
        now = self._watchlist.sort
        sort = "" if not column else reversed_order(now) if now.removeprefix("-") == column else first_press(column)
        self._watchlist.sort = sort
        self._preferences.set(sort=sort)

    def press_header(self, column: str) -> None:
        """Sort by the column whose title was clicked, if it can be sorted by."""
        if BY_ID[column].letter:
            self.sort_by(column)

    def reverse(self) -> None:
        """Turn the order round."""
        if sort := self._watchlist.sort:
            self.sort_by(sort.removeprefix("-"))
        else:
            self._notices.say(f"the order is yours: {self._preferences.key_label('sort')} sorts by a column")

    def columns(self) -> None:
        """Choose columns and their order."""
        from tui.screens.columns import ColumnChoice, ColumnChooser

        choices = [ColumnChoice(column.id, column.title, column.description) for column in COLUMNS]
        notes = self._room_notes
        self._push_screen(ColumnChooser(choices, self._preferences.columns, self._choose_columns, DEFAULT, notes))

    def _room_notes(self) -> dict[str, str]:
        """Returns a note for each chosen column without room: the key that shows it, if the whole screen has room."""
        dashboard, zoom = self._dashboard, self._preferences.key_label("zoom")
        never = dashboard.columns_without_room(zoomed=True) if dashboard.focused is self._watchlist else BY_ID
        return {
            id: "no room" if id in never else f"no room: {zoom} shows it" for id in dashboard.columns_without_room()
        }

    def _choose_columns(self, columns: tuple[str, ...]) -> None:
        self._watchlist.columns = columns
        self._preferences.set(columns=() if columns == DEFAULT else columns)


def suggest_symbols(part: str, names: FundNames, known: Sequence[Symbol]) -> Sequence[tuple[str, str]]:
    """Returns symbols with their names for a part of a code or name; `known` are those without a name too."""
    if found := names.search(part, known):
        return found
    with suppress(UsageError):  # not written as far as a symbol
        return names.search(str(parse_symbol(part).symbol), known)
    return ()


def doubt_code(part: str, symbol: Symbol, names: FundNames, known: Sequence[Symbol]) -> str:
    """Returns what to do with a word that was read as a symbol but is no code, as far as is known; "" if it may be one:
    not where it begins a word of names alone, nor where the vendor's list of the region lacks it."""
    if names.name_of(symbol) or symbol in known:
        return ""
    found = suggest_symbols(part, names, known)
    begins_names_only = bool(found) and not found[0][0].startswith(symbol.code)
    too_long = symbol.code.isalpha() and len(symbol.code) > _MOST_LETTERS
    if names.is_listed(symbol.region) or begins_names_only or too_long:
        return f"no fund is known as {symbol}: choose one by its name, or write that in full to add it"
    return ""


def _names_or_count(symbols: Sequence[str]) -> str:
    return ", ".join(symbols) if len(symbols) <= _MOST_NAMED else f"{len(symbols)} symbols"
