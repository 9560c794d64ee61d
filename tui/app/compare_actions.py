"""The keys of the comparison of symbols in the chart."""

from __future__ import annotations

from collections.abc import Sequence

from tui.app.notices import Notices
from tui.app.preferences import Preferences
from tui.app.push_screen import PushScreen
from tui.app.view_actions import objection_of
from tui.errors import UsageError
from tui.market.comparison import MAX_COMPARED
from tui.screens.dashboard import Dashboard
from tui.symbol import Pair, Symbol, lacks_region, parse_symbol_or_pair, split_list

_WITH = (
    "SPY               a symbol of this list",
    "SPY TLT GLD       up to five of them",
)


class CompareActions:
    """Keys that compare symbols of the shown list."""

    def __init__(
        self, dashboard: Dashboard, preferences: Preferences, notices: Notices, push_screen: PushScreen
    ) -> None:
        self._dashboard = dashboard
        self._preferences = preferences
        self._notices = notices
        self._push_screen = push_screen

    def compare(self) -> None:
        """Compare the marked symbols, a single one with the selected one; without marks end the comparison, or ask what
        to compare the selected symbol with."""
        grid, selected = self._dashboard.watchlist, self._dashboard.watchlist.selected
        marked = [i.symbol for i in grid.marked] if grid.has_marks else []
        if len(marked) == 1 and selected is not None and selected.symbol not in marked:
            marked.insert(0, selected.symbol)
        if len(marked) > 1:
            self._show(marked)
            grid.clear_marks()
        elif self._dashboard.chart.compared:
            self._dashboard.chart.compare(())
        elif selected is None:
            self._notices.say("no symbol is selected")
        else:
            self._ask(selected.symbol)

    def compare_from(self) -> None:
        """Measure from the next anchor: the first bar in view, the open, the previous close."""
        chart = self._dashboard.chart
        if chart.compared:
            chart.compared_from = chart.compared_from.next
        else:
            self._notices.say(f"nothing is compared: {self._preferences.key_label('compare')} compares symbols")

    def _ask(self, first: Symbol) -> None:
        from tui.screens.prompt import Prompt

        def parse(text: str) -> list[Symbol]:
            return self._parse(first, text)

        chart = self._dashboard.chart
        prompt = Prompt(
            f"Compare {first} with",
            check=objection_of(parse),
            help=_WITH,
            enter="compares",
            beside=lambda: chart.region,
        )
        self._push_screen(prompt, lambda text: self._show([first, *parse(text)]) if text is not None else None)

    def _parse(self, first: Symbol, text: str) -> list[Symbol]:
        """Returns the other symbols that a text names. Raises UsageError if one is not in the shown list, and without
        any."""
        found: dict[Symbol, None] = {}
        for part in split_list(text):
            meant = parse_symbol_or_pair(part).symbol
            listed = self._preferences.lists.symbols
            coded = [symbol for symbol in listed if symbol.code == meant.code] if lacks_region(part) else []
            if meant not in listed and len(coded) != 1:
                raise UsageError(f"{meant} is not in this list: {self._preferences.key_label('add')} adds it")
            found[meant if meant in listed else coded[0]] = None
        found.pop(first, None)
        if not found:
            raise UsageError(f"write a symbol other than {first}")
        return list(found)

    def _show(self, symbols: Sequence[Symbol]) -> None:
        if difference := next((each for each in symbols if isinstance(each, Pair) and not each.is_ratio), None):
            self._notices.say(f"{difference} is a difference: it may be zero, and has no change in % to compare")
            return
        if len(symbols) > MAX_COMPARED:
            self._notices.say(f"compared are the first {MAX_COMPARED} of {len(symbols)}: a chart has no room for more")
        self._dashboard.chart.compare(tuple(symbols[:MAX_COMPARED]))
        if not self._dashboard.shows("chart"):
            way = "toggle_chart" if "chart" in self._dashboard.hidden else "detail"
            self._notices.say(f"the chart is not on the screen: {self._preferences.key_label(way)} shows it")
