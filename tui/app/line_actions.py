"""The keys of the lines on the chart: selecting, moving, setting and removing alerts and levels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tui.app.notices import Notices
from tui.app.preferences import Preferences
from tui.app.push_screen import PushScreen
from tui.app.view_actions import objection_of
from tui.errors import UsageError
from tui.market import Instrument
from tui.market.alerts import Alert, format_number
from tui.market.levels import PriceLevel, PriceMark, moved_to, neighbour, parse_price, price_of
from tui.screens.dashboard import Dashboard

_LEVELS = (
    "512.34            a level at this price, only drawn",
    "A                 makes alerts; they are lines too",
)
_PRICED = ("above", "below")  # the kinds of alerts that are a price


class _LineEdit(NamedTuple):
    """A change of one line: what it was before, None for a new one, and after, None for one that was removed, and how
    many edits of the lists had been made by then."""

    before: PriceMark | None
    after: PriceMark | None
    list_edits: int


class LineActions:
    """Keys that act on the lines of the chart. Every change is saved at once, and `undo_line` takes it back."""

    def __init__(
        self, dashboard: Dashboard, preferences: Preferences, notices: Notices, push_screen: PushScreen
    ) -> None:
        self._dashboard = dashboard
        self._chart = dashboard.chart
        self._preferences = preferences
        self._notices = notices
        self._push_screen = push_screen
        self._edits: list[_LineEdit] = []

    def display(self) -> None:
        """Put the alerts and levels on the chart as they are now."""
        settings, chart = self._preferences.settings, self._chart
        alerts = (alert for alert in settings.alerts if alert.kind in _PRICED and alert.state == "on")
        chart.marks = (*alerts, *settings.levels)
        if chart.selected_mark not in chart.marks:
            chart.selected_mark = None

    # --- keys ---

    def next_line(self) -> None:
        """Select the next lower line of the shown symbol, after the lowest the highest."""
        if (i := self._shown()) is None:
            return
        marks = sorted((mark for mark in self._chart.marks if mark.symbol == i.symbol), key=price_of, reverse=True)
        if not marks:
            key = self._preferences.key_label
            self._notices.say(f"no line to select: {key('set_line')} sets a level, {key('alerts')} makes an alert")
            return
        selected = self._chart.selected_mark
        at = marks.index(selected) + 1 if selected in marks else 0
        self.select(marks[at % len(marks)])

    def select(self, mark: PriceMark | None) -> None:
        """Have the keys act on a line."""
        self._chart.selected_mark = mark

    def line_up(self) -> None:
        """Move the selected line up by a tick."""
        self._move(1)

    def line_down(self) -> None:
        """Move the selected line down by a tick."""
        self._move(-1)

    def _move(self, by: int) -> None:
        """Move the selected line by a tick, or past the lines of its kind that are there."""
        if (i := self._shown()) is None or (mark := self._selected()) is None:
            return
        price, others = price_of(mark), [_identity(other) for other in self._marks]
        try:
            while _identity(moved := moved_to(mark, price := neighbour(price, by, i.precision))) in others:
                pass
            parse_price(str(price), i.symbol)
        except UsageError as error:
            self._notices.say(str(error))
            return
        self._edit(mark, moved)

    def set_line(self) -> None:
        """Ask for the price of the selected line, or else of a new level: at first that of the crosshair, else the last
        one."""
        from tui.screens.prompt import Prompt

        if (i := self._shown()) is None:
            return
        mark, chart = self._chart.selected_mark, self._chart
        price = price_of(mark) if mark is not None else chart.price_at_crosshair
        prompt = Prompt(
            f"Level of {i.symbol}" if mark is None else f"Price of {_name(mark)}",
            "" if price is None else format_number(price),
            objection_of(lambda text: self._priced(i, mark, text)),
            _LEVELS if mark is None else (),
            "sets it",
            lambda: chart.region,
            selected=True,
        )
        self._push_screen(prompt, lambda text: self._edit(mark, self._priced(i, mark, text)) if text else None)

    def _priced(self, i: Instrument, mark: PriceMark | None, text: str) -> PriceMark:
        """Returns a line at the price that was typed. Raises UsageError if there is one."""
        price = parse_price(text, i.symbol)
        moved = PriceLevel(i.symbol, price) if mark is None else moved_to(mark, price)
        if moved != mark and _identity(moved) in [_identity(other) for other in self._marks if other != mark]:
            raise UsageError(f"there is one already: {_name(moved)}")
        return moved

    def remove_line(self) -> None:
        """Remove the selected line."""
        if self._shown() is not None and (mark := self._selected()) is not None:
            self._edit(mark, None)
            self._notices.say(f"removed {_name(mark)}: {self._preferences.key_label('undo')} brings it back")

    def undo_line(self) -> bool:
        """Take back the last change of a line; returns False if there is none, or if the lists were changed since. A
        line that was changed otherwise meanwhile stays as it is."""
        lists = self._preferences.lists
        while self._edits and self._edits[-1].list_edits >= lists.edits:
            before, after, _ = self._edits.pop()
            known = {_identity(mark) for mark in self._marks}
            is_there = after is None or _identity(after) in known
            is_free = before is None or _identity(before) not in known
            if is_there and is_free:
                self._replace(after, before)
                self.select(before if before in self._chart.marks else None)
                done = "added" if before is None else "removed" if after is None else "moved"
                self._notices.say(f"taken back: {done} {_name(before or after)}")
                return True
        return False

    # --- changes ---

    def _edit(self, before: PriceMark | None, after: PriceMark | None) -> None:
        """Change a line. Moves of one line in a row are one edit."""
        if after == before:
            return
        self._replace(before, after)
        edits, latest = self._preferences.lists.edits, self._edits[-1] if self._edits else None
        is_move = before is not None and after is not None
        if is_move and latest is not None and (latest.after, latest.list_edits) == (before, edits) and latest.before:
            before = self._edits.pop().before
        if before != after:
            self._edits.append(_LineEdit(before, after, edits))
        self.select(after)

    def _replace(self, before: PriceMark | None, after: PriceMark | None) -> None:
        """Put a line in the place of another one."""
        preferences = self._preferences
        alerts, levels = preferences.settings.alerts, preferences.settings.levels
        if isinstance(before or after, Alert):
            preferences.set_alerts(tuple(m for m in _replaced(alerts, before, after) if isinstance(m, Alert)))
        else:
            changed = _replaced(levels, before, after)
            preferences.set(levels=tuple(mark for mark in changed if isinstance(mark, PriceLevel)))
        self.display()

    @property
    def _marks(self) -> tuple[PriceMark, ...]:
        settings = self._preferences.settings
        return (*settings.alerts, *settings.levels)

    def _selected(self) -> PriceMark | None:
        """Returns the selected line; answers how to select one if none is."""
        if self._chart.selected_mark is None:
            self._notices.say(f"no line is selected: {self._preferences.key_label('next_line')} selects one")
        return self._chart.selected_mark

    def _shown(self) -> Instrument | None:
        """Returns the symbol of the chart; None if it shows no lines, and answers why."""
        chart, label = self._chart, self._preferences.key_label
        if not self._dashboard.shows("chart"):
            way = "toggle_chart" if "chart" in self._dashboard.hidden else "detail"
            self._notices.say(f"the chart is not on the screen: {label(way)} shows it")
        elif chart.compared:
            self._notices.say(f"no lines in a comparison: {label('compare')} ends it")
        elif chart.premium:
            self._notices.say(f"no lines in the premium over time: {label('premium')} shows the bars")
        elif chart.instrument is None:
            self._notices.say("no symbol is selected")
        else:
            return chart.instrument
        return None


def _identity(mark: PriceMark) -> object:
    """What no two lines share."""
    return mark.key if isinstance(mark, Alert) else mark


def _name(mark: PriceMark | None) -> str:
    if isinstance(mark, Alert):
        return f"{mark.symbol} {mark.condition}"
    return "" if mark is None else f"the level {mark}"


def _replaced(marks: Sequence[PriceMark], before: PriceMark | None, after: PriceMark | None) -> tuple[PriceMark, ...]:
    found = [_identity(mark) for mark in marks]
    at = found.index(_identity(before)) if before is not None else len(marks)
    return (*marks[:at], *([after] if after is not None else []), *marks[at + 1 :])
