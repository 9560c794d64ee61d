"""What the person wants, and does: lists, order, columns, colours, and the keys that change them.

State has one home: lists in `Watchlists`, everything else that is remembered in `Settings`; the keeper writes both.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

from msgspec.structs import replace
from textual import on
from textual.app import App
from textual.notifications import Notification, Notify

from tui.app import export
from tui.app.lifecycle import Process
from tui.config.file import ConfigFile
from tui.config.key_table import KeyBinding, apply_overrides, label_of
from tui.config.merge import merge_alerts
from tui.config.saver import SettingsSaver
from tui.config.settings import Lists, Settings
from tui.config.themes import Theme, all_themes, find_theme
from tui.config.watchlists import LONGEST_NAME, Watchlists, describe_symbols, free_name
from tui.errors import UsageError
from tui.market import Instrument, Market
from tui.market.alert_engine import AlertEvent
from tui.market.alert_status import alert_status
from tui.market.alerts import Alert
from tui.market.data_status import DataStatus, book_status, data_status
from tui.market.money import parse_amount
from tui.protocol.messages import MAX_SYMBOLS
from tui.reference.fund_names import FundNames
from tui.screens.alerts import AlertLine, Alerts
from tui.screens.columns import ColumnChoice, ColumnChooser
from tui.screens.dashboard import Dashboard
from tui.screens.help import Help
from tui.screens.layout import PANES
from tui.screens.lists import ListAction, ListInfo, ListMenu
from tui.screens.menu import Menu, MenuItem
from tui.screens.palette import Palette, PaletteCommand
from tui.screens.prompt import Prompt
from tui.screens.theme_menu import ThemeMenu
from tui.symbol import Symbol, join_notices, parse_symbol, sanitize, split_list
from tui.widgets.add_field import AddField
from tui.widgets.bindings import MOVES, action_of, bindings
from tui.widgets.find_field import FindField
from tui.widgets.footer import Footer
from tui.widgets.header import Header
from tui.widgets.ladder.ladder import DepthLadder
from tui.widgets.styles import Styles, textual_theme
from tui.widgets.watchlist.columns import BY_ID, COLUMNS, DEFAULT
from tui.widgets.watchlist.grid import Watchlist
from tui.widgets.watchlist.sorting import arrow, first_press, reversed_order

WATCHED = "Watch"  # the name of the list that --watch opens
_ANSWERS = 6  # lines of a notice at most
_NAMED = 6  # symbols in one of them


class LaunchOptions(NamedTuple):
    """What the person came with. `watch` opens as a list of its own; `first` are the lists of somebody who has none;
    `export_to` is the folder that files are written into; `remember`: whether what changes goes into the config file.
    """

    settings: Settings
    file: ConfigFile
    watch: Sequence[Symbol] = ()
    first: Lists = {}
    export_to: Path = Path()
    remember: bool = True


class Desk(Process):
    """The keys of the dashboard and what they change. Whoever inherits it follows what is `wanted_changed`."""

    ENABLE_COMMAND_PALETTE = False  # ours is opened by the key table
    TITLE = "itick-tui"
    CSS = """
    ToastRack { margin-bottom: 2; padding-right: 2; overflow-y: hidden; }
    ToastHolder { max-width: 60; }
    Toast { padding: 0 1; width: auto; max-width: 100%; margin-top: 0; background: $surface; }
    """

    def __init__(self, wanted: LaunchOptions) -> None:
        super().__init__()
        self.settings = wanted.settings
        self.keys = apply_overrides(wanted.settings.keys)
        # Not the class's BINDINGS: the table may be remapped, and Textual's own keys have no place beside it.
        self._bindings = bindings(self.keys)
        self.lists = _opened(wanted)
        self.exporter = export.Exporter(wanted.export_to, lambda words, bad: self._say(words, warn=bad))
        self._looked_at: Instrument | None = None
        self._remembers = wanted.remember
        self._answer: Notification | None = None  # the latest
        self._not_saved: Notification | None = None  # the latest about the config file
        self._left_sort = ""  # what the rows were sorted by before one was moved by hand
        self.keeper = SettingsSaver(wanted.file, wanted.settings, self._others_wrote, self._cannot_save, self._saved)
        self._theme = find_theme(wanted.settings.theme)
        self.market = Market()
        self.market.set_alerts(self.settings.alerts)
        self.fund_names = FundNames()
        self.dashboard = Dashboard(self._look(), self.market, self.keys, self._suggest, self.fund_names)
        chart, ladder = self.dashboard.chart, self.dashboard.ladder
        chart.interval, chart.candles, chart.vwap = self.settings.interval, self.settings.candles, self.settings.vwap
        ladder.static, ladder.square_root = wanted.settings.static_ladder, wanted.settings.root_ladder
        self._cost_of(wanted.settings.cost_of)
        self.dashboard.hidden = set(wanted.settings.hidden)
        self.dashboard.watchlist.columns = self._columns
        self.dashboard.watchlist.sort = wanted.settings.sort
        for pane in (self.dashboard.watchlist, self.dashboard.quote_header, ladder):
            pane.flash = self._flashes
        for theme in all_themes().values():
            self.register_theme(textual_theme(theme))
        # Not by `self.theme`: what watches it would read every style a second time.
        self.set_reactive(App.theme, self._theme.name)
        self.stylesheet.set_variables(self.get_css_variables())

    def get_default_screen(self) -> Dashboard:
        return self.dashboard

    def on_mount(self) -> None:
        self._show()

    def wanted_changed(self) -> None:
        """Other symbols are shown than before."""
        raise NotImplementedError

    @property
    def _flashes(self) -> bool:
        return self.settings.flash and not os.environ.get("NO_COLOR")

    # --- what is remembered ---

    def _set(self, **changes: Any) -> None:
        self.settings = replace(self.settings, **changes)
        self._keep()

    def _keep(self) -> None:
        shown = self.settings.list if self.lists.shown == self.lists.unsaved else self.lists.shown
        self.settings = replace(self.settings, lists=self.lists.saved, list=shown)
        if self._remembers:
            self.keeper.save(self.settings)

    def _edited(self, select: Symbol | None = None) -> None:
        """The lists are not what they were: show it, follow it, remember it."""
        self._show(select)
        self._keep()

    def _show(self, select: Symbol | None = None) -> None:
        self.wanted_changed()
        rows = [self.market.instruments[symbol] for symbol in self.lists.symbols]
        at = self.market.instruments.get(select) if select is not None else None
        self.dashboard.show(self.lists.shown, rows, at)
        self.dashboard.header.lists = tuple(self.lists.lists)
        self.dashboard.header.shown = self.lists.shown
        self.dashboard.header.unsaved = self.lists.unsaved or ""

    def _others_wrote(self, sent: Settings, found: Settings) -> None:
        self.lists.merge_external(sent.lists, found.lists)
        alerts = merge_alerts(sent.alerts, self.settings.alerts, found.alerts)
        self.settings = replace(self.settings, lists=self.lists.saved, alerts=alerts)
        self.market.set_alerts(alerts)
        self._show()

    def _cannot_save(self, words: str) -> None:
        self.dashboard.status.unsaved = True
        self._withdraw(self._not_saved)
        self._not_saved = self._put_up(f"not saved: {words}", "warning", 10)

    def _saved(self) -> None:
        self.dashboard.status.unsaved = False
        self._withdraw(self._not_saved)
        self._say("your changes are saved now")

    def _say(self, words: str, *, warn: bool = False) -> None:
        """Answer what the person did, in the place of the answer before; what nobody asked for stays to be read."""
        self._withdraw(self._answer)
        self._answer = self._put_up(words, "warning" if warn else "information", 8 if warn else 4)

    def _put_up(self, words: str, severity: Literal["information", "warning"], timeout: float) -> Notification:
        """A notice that can be withdrawn, from this moment on: one that is posted comes too late for that."""
        notice = Notification(words, severity=severity, timeout=timeout, markup=False)
        self._on_notify(Notify(notice))
        return notice

    def _withdraw(self, notice: Notification | None) -> None:
        if notice is not None:
            self._unnotify(notice)

    def _cap(self, id: str) -> str:
        return label_of(self.keys, id)

    # --- symbols ---

    def _suggest(self, part: str) -> Sequence[tuple[str, str]]:
        known = [symbol for symbols in self.lists.lists.values() for symbol in symbols]
        known += self.market.instruments
        if found := self.fund_names.search(part, known):
            return found
        with suppress(UsageError):  # not written as far as a symbol
            return self.fund_names.search(str(parse_symbol(part).symbol), known)
        return ()

    def action_add(self) -> None:
        self.dashboard.open_add_field()

    @on(AddField.Cancelled)
    def leave_add_field(self) -> None:
        self.dashboard.close_fields()

    @on(AddField.Submitted)
    def add(self, event: AddField.Submitted) -> None:
        """Every part is answered; what could not be added stays in the field, to be mended."""
        added: dict[Symbol, None] = {}
        notices: list[str] = []
        answers: list[str] = []
        there: list[str] = []
        wrong: list[str] = []
        for part in split_list(event.text):
            try:
                symbol, notice = parse_symbol(part)
            except UsageError as error:
                wrong.append(part)
                answers.append(str(error))
                continue
            if symbol in added:
                continue
            if symbol in self.lists.symbols:
                there.append(str(symbol))
            elif len(added) >= self.lists.room:
                wrong.append(part)
                answers.append(f"no room for {symbol}: a list takes {MAX_SYMBOLS} symbols")
            else:
                added[symbol] = None
                notices.append(notice)
        if there:
            answers.append(f"already there: {_few(there)}")
        if line := join_notices(notices):
            answers.insert(0, line)
        if added:
            answers.insert(0, f"added {_few(list(map(str, added)))}")
            self.lists.add(added)
            self._edited(next(iter(added)))
        if answers:
            answers = list(dict.fromkeys(answers))
            more = [f"and {len(answers) - _ANSWERS} more remarks"] if len(answers) > _ANSWERS else []
            self._say("\n".join([*answers[:_ANSWERS], *more]), warn=bool(wrong))
        if wrong:
            self.dashboard.open_add_field(", ".join(dict.fromkeys(wrong)))
        else:
            self.leave_add_field()

    def action_remove(self) -> None:
        gone = [instrument.symbol for instrument in self.dashboard.watchlist.marked]
        if gone:
            self.lists.remove(gone)
            self._edited()
            self._say(
                f"removed {describe_symbols(gone)}: "
                f"{self._cap('undo')} brings {'it' if len(gone) == 1 else 'them'} back"
            )

    def action_undo(self) -> None:
        before = self.lists.symbols
        undone = self.lists.undo()
        if undone is None:
            self._say("nothing to undo")
            return
        reordered = self.lists.symbols != before and set(self.lists.symbols) == set(before)
        if self._left_sort and reordered and not self.dashboard.watchlist.sort:
            self.dashboard.watchlist.sort = self._left_sort
            self.settings = replace(self.settings, sort=self._left_sort)
            self._left_sort = ""
        self._edited(undone.select)
        self._say(f"taken back: {undone.words}")

    def action_mark(self) -> None:
        self.dashboard.watchlist.mark()

    def action_row_down(self) -> None:
        self._carry(1)

    def action_row_up(self) -> None:
        self._carry(-1)

    def _carry(self, by: int) -> None:
        """Move the selected row past its neighbour on the screen. From then on the order is the person's own."""
        grid = self.dashboard.watchlist
        to = grid.cursor + by
        if grid.selected is None or not 0 <= to < len(grid.rows):
            return
        symbol, neighbour = grid.selected.symbol, grid.rows[to].symbol
        shown = [instrument.symbol for instrument in grid.rows]
        order = [*shown, *(each for each in self.lists.symbols if each not in set(shown))]
        if not grid.sort:
            order = list(self.lists.symbols)
        order.remove(symbol)
        order.insert(order.index(neighbour) + (by > 0), symbol)
        if grid.sort:
            self._left_sort = grid.sort
            self._say(f"the order is yours now; {self._cap('sort')} sorts again")
            grid.set_reactive(Watchlist.sort, "")
            self.settings = replace(self.settings, sort="")
        self.lists.reorder(order, f"moved {symbol}")
        self._edited(symbol)

    async def action_back(self) -> None:
        """Undo one layer."""
        dashboard, grid = self.dashboard, self.dashboard.watchlist
        if dashboard.chart.display and dashboard.chart.leave_crosshair():
            pass
        elif dashboard.tape.display and dashboard.tape.held:
            dashboard.tape.action_tape_live()
        elif dashboard.zoomed:
            dashboard.zoom()
        elif grid.has_marks:
            grid.clear_marks()
        elif grid.find:
            grid.find = ""
        else:
            dashboard.show_detail(False)

    def action_move(self, where: str) -> None:
        self.dashboard.watchlist.action_move(where)

    def action_next_symbol(self) -> None:
        self.dashboard.watchlist.move(1)

    def action_previous_symbol(self) -> None:
        self.dashboard.watchlist.move(-1)

    # --- panes ---

    @on(Watchlist.Opened)
    def action_detail(self) -> None:
        if self.dashboard.watchlist.selected is not None:
            self.dashboard.show_detail(not self.dashboard.detail)

    def action_next_pane(self) -> None:
        self.dashboard.next_pane(1)

    def action_previous_pane(self) -> None:
        self.dashboard.next_pane(-1)

    def action_zoom(self) -> None:
        self.dashboard.zoom()

    def action_toggle_pane(self, pane: str) -> None:
        before = set(self.dashboard.hidden)
        self.dashboard.toggle(pane)
        if self.dashboard.hidden == before:
            self._say("one pane has to stay")
        elif pane not in self.dashboard.hidden and not self.dashboard.shows(pane):
            self._say(f"no room for it here: {self._cap('detail')} or a larger terminal shows it")
        self._set(hidden=tuple(each for each in PANES if each in self.dashboard.hidden))

    @on(DepthLadder.Changed)
    def keep_ladder(self) -> None:
        ladder = self.dashboard.ladder
        self._set(static_ladder=ladder.static, root_ladder=ladder.square_root)

    @on(DepthLadder.SizeRequested)
    def ask_size(self) -> None:
        title = "To trade: 3000 shares, or $20k in the symbol's own money"
        self.push_screen(Prompt(title, self.settings.cost_of, _amount_problem), self._size_given)

    def _size_given(self, text: str | None) -> None:
        if text is not None:
            self._cost_of(text)
            self._set(cost_of=text)

    def _cost_of(self, text: str) -> None:
        amount, ladder = parse_amount(text), self.dashboard.ladder
        ladder.amount = amount.size if amount is not None else None
        ladder.money = amount is not None and amount.money

    def action_shorter(self) -> None:
        self.dashboard.chart.shorter()
        self._keep_chart()

    def action_longer(self) -> None:
        self.dashboard.chart.longer()
        self._keep_chart()

    def action_candles(self) -> None:
        self.dashboard.chart.candles = not self.dashboard.chart.candles
        self._keep_chart()

    def action_vwap(self) -> None:
        self.dashboard.chart.vwap = not self.dashboard.chart.vwap
        self._keep_chart()

    def _keep_chart(self) -> None:
        chart = self.dashboard.chart
        self._set(interval=chart.interval, candles=chart.candles, vwap=chart.vwap)

    def action_export(self) -> None:
        items = [
            MenuItem("grid", "the watchlist as CSV", "g"),
            MenuItem("screen", "the screen as a picture, SVG", "s"),
            MenuItem("bars", "the symbol's minutes as CSV", "b"),
        ]
        self.push_screen(Menu("Export", items), self._export)

    def _export(self, what: str | None) -> None:
        grid, now = self.dashboard.watchlist, datetime.now()
        if what == "grid":
            self.exporter.write(self.lists.shown, "csv", export.grid_csv(*grid.figures()), now)
        elif what == "screen":
            self.exporter.write("screen", "svg", self.export_screenshot(), now)
        elif what == "bars" and (selected := grid.selected) is not None:
            if len(selected.bars):
                time = self.market.exchange_time(self.dashboard.status.now)
                self.exporter.write(f"{selected.symbol}-minutes", "csv", export.bars_csv(selected, time), now)
            else:
                self._say(f"there are no minutes of {selected.symbol} to write yet", warn=True)

    # --- order ---

    def action_find(self) -> None:
        self.dashboard.open_find_field()

    @on(FindField.Changed)
    def find(self, event: FindField.Changed) -> None:
        self.dashboard.watchlist.find = event.text

    @on(FindField.Move)
    def move_while_finding(self, event: FindField.Move) -> None:
        self.dashboard.watchlist.move(event.by)

    @on(FindField.Submitted)
    def keep_found(self) -> None:
        self.dashboard.close_fields()

    @on(FindField.Cancelled)
    def leave_find_field(self) -> None:
        self.dashboard.watchlist.find = ""
        self.dashboard.close_fields()

    def action_sort(self) -> None:
        now = self.dashboard.watchlist.sort
        items = [
            MenuItem(column.id, column.title, column.letter, arrow(now) if column.id == now.removeprefix("-") else "")
            for column in COLUMNS
            if column.letter
        ]
        items.append(MenuItem("", "by hand, with J and K", "0"))
        self.push_screen(Menu("Sort by", items, current=now.removeprefix("-")), self._sort_chosen)

    def _sort_chosen(self, column: str | None) -> None:
        if column is not None:
            self.sort_by(column)

    def sort_by(self, column: str) -> None:
        """Sort by a column, the other way round where it is that one already; "" leaves the order to the person."""
        now = self.dashboard.watchlist.sort
        sort = "" if not column else reversed_order(now) if now.removeprefix("-") == column else first_press(column)
        self.dashboard.watchlist.sort = sort
        self._set(sort=sort)

    def action_reverse(self) -> None:
        if sort := self.dashboard.watchlist.sort:
            self.sort_by(sort.removeprefix("-"))
        else:
            self._say(f"the order is yours: {self._cap('sort')} sorts by a column")

    @on(Watchlist.HeaderPressed)
    def press_header(self, event: Watchlist.HeaderPressed) -> None:
        if BY_ID[event.column].letter:
            self.sort_by(event.column)

    @property
    def _columns(self) -> tuple[str, ...]:
        return self.settings.columns or DEFAULT

    def action_columns(self) -> None:
        choices = [ColumnChoice(column.id, column.title, column.description) for column in COLUMNS]
        left_out = self.dashboard.watchlist.columns_without_room
        self.push_screen(ColumnChooser(choices, self._columns, self._choose_columns, DEFAULT, left_out))

    def _choose_columns(self, columns: tuple[str, ...]) -> None:
        self.dashboard.watchlist.columns = columns
        self._set(columns=() if columns == DEFAULT else columns)

    # --- lists ---

    def action_show_list(self, number: int) -> None:
        names = list(self.lists.lists)
        if number <= len(names):
            self.show_list(names[number - 1])
        else:
            self._say(f"there is no list {number}: {self._cap('lists')} makes one")

    def show_list(self, name: str) -> None:
        self.lists.show(name)
        self.dashboard.watchlist.find = ""
        self._edited()

    @on(Header.ListPressed)
    def press_list(self, event: Header.ListPressed) -> None:
        self.show_list(event.name)

    def action_lists(self) -> None:
        lists = [ListInfo(name, len(symbols)) for name, symbols in self.lists.lists.items()]
        unsaved = self.lists.unsaved if self.lists.unsaved == self.lists.shown else None
        moving = len(self.dashboard.watchlist.marked)
        self.push_screen(ListMenu(lists, self.lists.shown, moving, unsaved), self._do_with_lists)

    def _do_with_lists(self, action: ListAction | None) -> None:
        match action:
            case ListAction("show", name):
                self.show_list(name)
            case ListAction("new"):
                self.push_screen(Prompt("New list", check=self._name_problem), self._create_list)
            case ListAction("rename"):
                shown = self.lists.shown
                check = lambda name: "" if name == shown else self._name_problem(name)  # noqa: E731
                self.push_screen(Prompt(f"Rename '{shown}'", shown, check), self._rename_list)
            case ListAction("delete"):
                name = self.lists.shown
                self.lists.delete(name)
                self._edited()
                self._say(f"deleted the list {name}: {self._cap('undo')} brings it back")
            case ListAction("move", ""):
                self.push_screen(Prompt("Move to a new list", check=self._name_problem), self._move_to)
            case ListAction("move", name):
                self._move_to(name)
            case ListAction("save"):
                self.action_save_list()

    def _name_problem(self, name: str) -> str:
        if not name:
            return "a list needs a name"
        if len(name) > LONGEST_NAME:
            return f"{len(name)} characters: at most {LONGEST_NAME}"
        if name != sanitize(name):
            return "it holds characters that cannot be printed"
        return f"there is a list '{name}' already" if name in self.lists.lists else ""

    def _create_list(self, name: str | None) -> None:
        if name is not None:
            self.lists.create(name)
            self._edited()

    def _rename_list(self, name: str | None) -> None:
        if name is not None and name != self.lists.shown:
            self.lists.rename(self.lists.shown, name)
            self._edited()

    def _move_to(self, name: str | None) -> None:
        moved = [instrument.symbol for instrument in self.dashboard.watchlist.marked]
        if name is not None and moved:
            self.lists.move(moved, name)
            self._edited()
            self._say(f"moved {describe_symbols(moved)} to {name}")

    def action_save_list(self) -> None:
        if self.lists.unsaved is None:
            self._say("every list is kept already")
            return
        name = self.lists.unsaved
        self.lists.save()
        self._edited()
        self._say(f"{name} is one of your lists now")

    # --- alerts ---

    @property
    def followed(self) -> tuple[Symbol, ...]:
        """The symbols of the shown list, and behind them those of alerts that are on, as many as a connection takes."""
        guarded = (alert.symbol for alert in self.settings.alerts if alert.state == "on")
        return tuple(dict.fromkeys([*self.lists.symbols, *guarded]))[:MAX_SYMBOLS]

    def action_alerts(self) -> None:
        self._open_alerts()

    def _open_alerts(self) -> Alerts:
        selected = self.dashboard.watchlist.selected
        screen = Alerts(self._alert_lines, self._set_alerts, selected.symbol if selected is not None else None)
        self.push_screen(screen)
        self._seen(set(self.market.alert_engine.unseen))
        return screen

    def _new_alert(self) -> None:
        screen = self._open_alerts()
        screen.call_after_refresh(screen.action_new)

    def _alert_lines(self) -> list[AlertLine]:
        market, status = self.market, self.dashboard.status
        time, proven = market.exchange_time(status.now), status.link is not None and status.link.is_live
        lines = []
        for alert in self.settings.alerts:
            i = market.instruments.get(alert.symbol)
            if i is None:
                state = DataStatus.PENDING
            elif alert.kind == "spread" and i.depth is not None:
                state = book_status(i, proven)
            else:
                state = data_status(i, i.age(time), proven)
            lines.append(
                AlertLine(alert, alert_status(market.alert_engine.state_of(alert), i, state, market.alerts_sleep, time))
            )
        return lines

    def _set_alerts(self, alerts: tuple[Alert, ...]) -> None:
        before = self.followed
        self.settings = replace(self.settings, alerts=alerts)
        self.market.set_alerts(alerts)
        if self.followed != before:
            self.wanted_changed()
        self._keep()

    def spend(self, fired: Sequence[AlertEvent]) -> None:
        """Of the alerts that fired those are done that were to fire once."""
        once = {firing.alert.key for firing in fired if firing.alert.repeat is None}
        if once:
            alerts = self.settings.alerts
            self._set_alerts(
                tuple(a._replace(state="done") if a.key in once and a.state == "on" else a for a in alerts)
            )

    @on(Watchlist.Selected)
    def see(self, event: Watchlist.Selected) -> None:
        """The cursor was on a symbol whose alert has fired, or is now."""
        seen = {i.symbol for i in (self._looked_at, event.instrument) if i is not None}
        self._looked_at = event.instrument
        self._seen(seen)

    def _seen(self, symbols: set[Symbol]) -> None:
        if self.market.alert_engine.unseen & symbols:
            self.market.alert_engine.unseen -= symbols
            self.dashboard.watchlist.update_lines()

    # --- look ---

    def _look(self) -> Styles:
        return Styles(self._theme, truecolor=self.console.color_system == "truecolor", red_up=self.settings.red_up)

    def action_theme(self) -> None:
        before = self._theme

        def keep(_: object) -> None:
            if self._theme is not before:
                self._set(theme=self._theme.name)

        self.push_screen(ThemeMenu(list(all_themes().values()), before, self._wear), keep)

    def _wear(self, theme: Theme) -> None:
        self._theme = theme
        self.theme = theme.name
        self.dashboard.apply_styles(self._look())

    def action_red_up(self) -> None:
        self._set(red_up=not self.settings.red_up)
        self._wear(self._theme)
        self._say(f"rising prices are {'red' if self.settings.red_up else 'green'} now")

    # --- help and commands ---

    def action_help(self) -> None:
        self.push_screen(Help(self._look(), self.keys))

    def action_palette(self) -> None:
        self.push_screen(Palette())

    def commands(self) -> Iterable[PaletteCommand]:
        """What the palette offers: every key of the table, and what menus lead to."""
        for key in self.keys:
            if not key.scope and key.id not in MOVES and key.id not in ("palette", "show_list"):
                yield PaletteCommand(
                    f"{_title(key)}: {key.help}", key.group, partial(self.run_action, action_of(key.id)), key.labels[0]
                )
        for n, name in enumerate(self.lists.lists, 1):
            cap = str(n) if n < 10 else ""
            yield PaletteCommand(f"Show list {name}", "Lists", partial(self.show_list, name), cap)
        for words, action in (
            ("New list", ListAction("new")),
            (f"Rename list {self.lists.shown}", ListAction("rename")),
            (f"Delete list {self.lists.shown}", ListAction("delete")),
            *(
                (f"Move to list {name}", ListAction("move", name))
                for name in self.lists.lists
                if name != self.lists.shown
            ),
        ):
            yield PaletteCommand(words, "Lists", partial(self._do_with_lists, action))
        if (selected := self.dashboard.watchlist.selected) is not None:
            yield PaletteCommand(f"New alert for {selected.symbol}", "Watchlist", self._new_alert)
        for column in COLUMNS:
            if column.letter:
                yield PaletteCommand(f"Sort by {column.title}", column.description, partial(self.sort_by, column.id))

    @on(Header.HelpPressed)
    def press_help(self) -> None:
        self.action_help()

    @on(Footer.Pressed)
    async def press(self, event: Footer.Pressed) -> None:
        await self.run_action(event.action)


def _opened(wanted: LaunchOptions) -> Watchlists:
    """The lists as they are at the start: those of the config, or first ones, and that of `--watch` before them."""
    lists = dict(wanted.settings.lists) or dict(wanted.first)
    if not wanted.watch:
        return Watchlists(lists, wanted.settings.list)
    name = free_name(WATCHED, lists)
    return Watchlists({name: tuple(wanted.watch), **lists}, name, unsaved=name)


def _amount_problem(text: str) -> str:
    try:
        parse_amount(text)
    except UsageError as error:
        return str(error)
    return ""


def _few(spelled: Sequence[str]) -> str:
    return ", ".join(spelled) if len(spelled) <= _NAMED else f"{len(spelled)} symbols"


def _title(key: KeyBinding) -> str:
    """What a command is called: as in the footer, else after its id."""
    return key.label or key.id.replace("_", " ").capitalize()
