"""The keys of what is shown: panes, the chart, the ladder's size, exports, themes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from tui.app.appearance import Appearance
from tui.app.export import Exporter
from tui.app.notices import Notices
from tui.app.preferences import Preferences
from tui.app.push_screen import PushScreen
from tui.config.key_table import key_label
from tui.config.themes import Theme, all_themes
from tui.errors import UsageError
from tui.market import Market
from tui.market.money import parse_amount
from tui.market.pair_instrument import PairInstrument
from tui.market.trade_filter import parse_trade_filter
from tui.screens.dashboard import Dashboard
from tui.screens.layout import PANES
from tui.watchlist.tables import bars_csv, grid_csv

_SIZES = (
    "3000   10k        shares",
    "$20k   $1.5m      money of the symbol's currency",
    "nothing           no cost to trade is shown",
)
_FILTERS = (
    "500   10k         from that size on",
    "large             those marked with ◆",
    "buys   sells      of one side",
    "nothing           all trades",
)
_MOMENTS = (
    "14:05             the latest one",
    "11-20             the first bar of a day",
    "11-20 14:05       by the exchange's clock",
)


class ViewActions:
    """Keys that change how the data is shown. `screenshot` returns the screen as SVG, `add` looks for what was not
    found in the list among all funds."""

    def __init__(
        self,
        dashboard: Dashboard,
        market: Market,
        preferences: Preferences,
        appearance: Appearance,
        notices: Notices,
        exporter: Exporter,
        push_screen: PushScreen,
        screenshot: Callable[[], str],
        add: Callable[[], None],
    ) -> None:
        self._dashboard = dashboard
        self._market = market
        self._preferences = preferences
        self._appearance = appearance
        self._notices = notices
        self._exporter = exporter
        self._push_screen = push_screen
        self._screenshot = screenshot
        self._add = add

    # --- panes ---

    def detail(self) -> None:
        """Give the screen to the selected symbol, or back to the watchlist; look elsewhere for what it has not."""
        if self._dashboard.watchlist.selected is not None or self._dashboard.detail:
            self._dashboard.show_detail(not self._dashboard.detail)
        elif self._dashboard.watchlist.find:
            self._add()
        else:
            self._notices.say("no symbol is selected")

    def next_pane(self) -> None:
        """Give the keys to the next pane."""
        self._move_focus(1)

    def previous_pane(self) -> None:
        """Give the keys to the previous pane."""
        self._move_focus(-1)

    def _move_focus(self, by: int) -> None:
        if not self._dashboard.next_pane(by):
            self._notices.say("there is no other pane")

    def explain_key(self, *names: str) -> None:
        """Say whose key it is, if a key with one of these names acts in another pane than the one that has the keys."""
        pane = self._dashboard.focused_pane
        meant = [(key.scope, name) for key in self._preferences.keys for name in key.keys if name in names]
        if pane is None or not meant or not {"", pane.id}.isdisjoint(scope for scope, _ in meant):
            return
        scope, name = meant[0]
        if self._is_shown(scope):
            way = self._preferences.key_label("next_pane")
            self._notices.say(f"{key_label(name)} is a key of the {scope}: {way} gives it the keys")

    def depth_over_time(self) -> None:
        """Give the whole screen to the depth of the selected symbol over time, or back to what had it."""
        if self._dashboard.watchlist.selected is not None or self._dashboard.shows("depth_over_time"):
            self._dashboard.show_depth()
        else:
            self._notices.say("no symbol is selected")

    def zoom(self) -> None:
        """Give the whole screen to the pane that has the keys, or back to all."""
        if not self._dashboard.zoomed and sum(self._dashboard.shows(pane) for pane in PANES) < 2:
            self._notices.say("the pane has the whole screen already")
        else:
            self._dashboard.zoom()

    def toggle_pane(self, pane: str) -> None:
        """Show or hide a pane."""
        before = set(self._dashboard.hidden)
        self._dashboard.toggle(pane)
        if self._dashboard.hidden == before:
            self._notices.say("one pane has to stay")
        elif pane not in self._dashboard.hidden and not self._dashboard.shows(pane):
            detail = self._preferences.key_label("detail")
            self._notices.say(f"no room for it here: {detail} or a larger terminal shows it")
        self._preferences.set(hidden=tuple(each for each in PANES if each in self._dashboard.hidden))

    def back(self) -> None:
        """Undo one layer of what is shown."""
        if (layer := self._dashboard.top_layer) is not None:
            layer.leave()
        else:
            self._notices.say(f"nothing to leave: {self._preferences.key_label('quit')} quits")

    # --- tape, ladder and chart ---

    def filter_trades(self) -> None:
        """Ask which trades the tape is to show."""
        from tui.screens.prompt import Prompt

        if self._is_shown("tape"):
            tape = self._dashboard.tape
            check = objection_of(parse_trade_filter)
            prompt = Prompt(
                "Trades to show",
                str(tape.trade_filter),
                check,
                _FILTERS,
                "shows them",
                lambda: tape.region,
                selected=True,
            )
            self._push_screen(prompt, self._filter_given)

    def _filter_given(self, text: str | None) -> None:
        if text is not None:
            self._dashboard.tape.trade_filter = parse_trade_filter(text)

    def apply_cost_of(self, text: str) -> None:
        """Have the ladder show what this costs to trade: shares, or an amount of money."""
        amount, ladder = parse_amount(text), self._dashboard.ladder
        ladder.amount = amount.size if amount is not None else None
        ladder.money = amount is not None and amount.money

    def ask_size(self) -> None:
        """Ask what the ladder is to show the cost of."""
        from tui.screens.prompt import Prompt

        now, ladder = self._preferences.settings.cost_of, self._dashboard.ladder
        check = objection_of(parse_amount)
        prompt = Prompt("Size to trade", now, check, _SIZES, "shows the cost", lambda: ladder.region, selected=True)
        self._push_screen(prompt, self._size_given)

    def _size_given(self, text: str | None) -> None:
        if text is not None:
            self.apply_cost_of(text)
            self._preferences.set(cost_of=text)

    def volume_at_price(self) -> None:
        """Show or hide what was traded at each price, in the ladder and beside the chart's bars."""
        if self._dashboard.shows("chart") or self._is_shown("ladder"):
            shown = not self._preferences.settings.volume_at_price
            self._preferences.set(volume_at_price=shown)
            self.apply_volume_at_price(shown)

    def apply_volume_at_price(self, shown: bool) -> None:
        """Have the ladder and the chart show what was traded at each price, or not."""
        self._dashboard.ladder.volume_at_price = self._dashboard.chart.volume_at_price = shown

    def save_ladder(self) -> None:
        """Remember how the ladder is drawn."""
        ladder = self._dashboard.ladder
        self._preferences.set(static_ladder=ladder.static, root_ladder=ladder.square_root)

    def ask_time(self) -> None:
        """Ask which time the chart is to show."""
        from tui.screens.prompt import Prompt

        chart = self._dashboard.chart
        prompt = Prompt(
            "Go to time",
            check=objection_of(chart.find_moment),
            help=_MOMENTS,
            enter="shows it",
            beside=lambda: chart.region,
        )
        self._push_screen(prompt, lambda text: chart.go_to(chart.find_moment(text)) if text is not None else None)

    def shorter(self) -> None:
        """Show shorter bars in the chart."""
        if self._is_shown("chart") and self._has_intervals() and not self._dashboard.chart.shorter():
            self._notices.say("no bars are shorter than a minute")
        self._save_chart()

    def longer(self) -> None:
        """Show longer bars in the chart."""
        if self._is_shown("chart") and self._has_intervals() and not self._dashboard.chart.longer():
            self._notices.say("no bars are longer than a day")
        self._save_chart()

    def _has_intervals(self) -> bool:
        """Returns True if the chart has bars of several lengths, as a comparison has; answers why not if it has not."""
        return bool(self._dashboard.chart.compared) or self._has_bars("longer or shorter bars")

    def candles(self) -> None:
        """Draw the chart as candles, or as a line."""
        if self._is_shown("chart") and self._has_bars("candles") and self._is_symbol("candles"):
            self._dashboard.chart.candles = not self._dashboard.chart.candles
            self._save_chart()

    def vwap(self) -> None:
        """Show or hide the volume-weighted average price in the chart."""
        if self._is_shown("chart") and self._has_bars("average price") and self._is_symbol("average price"):
            self._dashboard.chart.vwap = not self._dashboard.chart.vwap
            self._save_chart()

    def premium(self) -> None:
        """Show the premium over time in the chart, or the bars again."""
        chart = self._dashboard.chart
        if self._is_shown("chart") and (chart.premium or self._has_bars("premium")):
            chart.premium = not chart.premium

    def _has_bars(self, what: str) -> bool:
        """Returns True if the chart has the bars of one symbol; answers why there is no such thing if it has not."""
        chart, label = self._dashboard.chart, self._preferences.key_label
        if chart.compared:
            self._notices.say(f"no {what} in a comparison: {label('compare')} ends it")
        elif chart.premium:
            self._notices.say(f"no {what} in the premium over time: {label('premium')} shows the bars")
        return not (chart.compared or chart.premium)

    def _is_symbol(self, what: str) -> bool:
        """Returns True unless the chart is that of a pair; answers why there is no such thing if it is."""
        is_pair = isinstance(self._dashboard.chart.instrument, PairInstrument)
        if is_pair:
            self._notices.say(f"no {what} of a pair: it has closes alone")
        return not is_pair

    def _is_shown(self, pane: str) -> bool:
        """Returns True if a pane is on the screen; answers how to show it if it is not."""
        dashboard = self._dashboard
        if dashboard.shows(pane):
            return True
        way = f"toggle_{pane}" if pane in dashboard.hidden else "zoom" if dashboard.zoomed else "detail"
        self._notices.say(f"the {pane} is not on the screen: {self._preferences.key_label(way)} shows it")
        return False

    def _save_chart(self) -> None:
        chart = self._dashboard.chart
        self._preferences.set(interval=chart.interval, candles=chart.candles, vwap=chart.vwap)

    # --- export ---

    def export(self) -> None:
        """Choose what to write to a file."""
        from tui.screens.menu import Menu, MenuItem

        items = [
            MenuItem("grid", "the watchlist as CSV", "g"),
            MenuItem("screen", "the screen as a picture, SVG", "s"),
            MenuItem("bars", "the symbol's minutes as CSV", "b"),
        ]
        self._push_screen(Menu("Export", items), self._export)

    def _export(self, what: str | None) -> None:
        grid, write, now = self._dashboard.watchlist, self._exporter.write, datetime.now()
        if what == "grid":
            write(self._preferences.lists.shown, "csv", grid_csv(*grid.figures()), now)
        elif what == "screen":
            write("screen", "svg", self._screenshot(), now)
        elif what == "bars":
            if (selected := grid.selected) is None:
                self._notices.say("no symbol is selected", warn=True)
            elif len(selected.bars):
                dashboard = self._dashboard
                time = dashboard.market.exchange_time(dashboard.shown_at)
                write(f"{selected.symbol}-minutes", "csv", bars_csv(selected, time), now)
            else:
                self._notices.say(f"there are no minutes of {selected.symbol} to write yet", warn=True)

    # --- themes ---

    def theme(self) -> None:
        """Choose a theme, each shown while it is highlighted."""
        from tui.screens.theme_menu import ThemeMenu

        before = self._appearance.theme

        def save(_: object) -> None:
            if (chosen := self._appearance.theme) is not before:
                self._preferences.set(theme=chosen.name)

        self._push_screen(ThemeMenu(list(all_themes().values()), before, self._apply), save)

    def red_up(self) -> None:
        """Swap the colours of rising and falling prices."""
        self._preferences.set(red_up=not self._preferences.settings.red_up)
        self._apply(self._appearance.theme)
        self._notices.say(f"rising prices are {'red' if self._preferences.settings.red_up else 'green'} now")

    def _apply(self, theme: Theme) -> None:
        self._appearance.set_theme(theme)
        self._dashboard.apply_styles(self._appearance.styles)


def objection_of(parse: Callable[[str], object]) -> Callable[[str], str]:
    """Returns what tells why `parse` does not take a text, "" if it does."""

    def check(text: str) -> str:
        try:
            parse(text)
        except UsageError as error:
            return str(error)
        return ""

    return check
