"""The alerts of all symbols: how each stands, and making, changing and deleting them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from textual import on
from textual.binding import Binding
from textual.content import Content

from tui.errors import UsageError
from tui.market.alert_status import AlertStatus
from tui.market.alerts import CONDITION_EXAMPLES, Alert, parse_alert
from tui.screens.layout import arrange
from tui.screens.panel import Chooser
from tui.screens.prompt import Prompt
from tui.secrets import safe_text
from tui.symbol import Symbol
from tui.widgets.choice_list import ChoiceList, ChoiceRow

_HELP = [f"{written:<18}{words}" for written, words in CONDITION_EXAMPLES]
_TITLE = "Alerts"
_WIDE = 66  # cells of the watchlist from which on all has room in a row


class AlertLine(NamedTuple):
    """An alert, and how it stands."""

    alert: Alert
    standing: AlertStatus


class Alerts(Chooser[None]):
    """Each change is applied at once. It lies over the watchlist alone: where that is narrow the rows say less, and the
    title has all of how the highlighted one stands. `read` tells how the alerts stand, and is asked again with every
    `tick`; `apply` is given them as they are to be."""

    BINDINGS = [
        Binding("A", "leave", "Close"),
        Binding("enter", "open", "Edit"),
        Binding("n", "new", "New"),
        Binding("space", "switch", "On or off"),
        Binding("d,delete", "remove", "Delete"),
        Binding("u", "undo", "Undo"),
    ]

    def __init__(
        self,
        read: Callable[[], Sequence[AlertLine]],
        apply: Callable[[tuple[Alert, ...]], None],
        symbol: Symbol | None,
    ) -> None:
        """`symbol` is the one that a new alert is for, unless another is written."""
        super().__init__(_TITLE, "Enter edit · Space on/off · d delete · Esc back")
        self._read = read
        self._apply = apply
        self._symbol = symbol
        self._lines: Sequence[AlertLine] = read()
        self._shown: list[ChoiceRow] = []
        self._deleted: list[tuple[int, Alert]] = []

    def on_mount(self) -> None:
        of_symbol = (n for n, line in enumerate(self._lines) if line.alert.symbol == self._symbol)
        self._show(next(of_symbol, len(self._lines)))

    def tick(self) -> None:
        """Show how they stand now."""
        self._lines = self._read()
        if self._rows() != self._shown:
            self._show(self._at)

    def on_screen_suspend(self) -> None:
        self.choices.display = False  # it would stick out behind the field

    def on_screen_resume(self) -> None:
        self.choices.display = True

    def on_resize(self) -> None:
        self._show(self._at)

    def _show(self, at: int) -> None:
        self._shown = self._rows()
        self.choices.styles.max_width = self._room - 4
        self.choices.styles.width = "auto" if self._room >= _WIDE else self._room - 4
        self.choices.show(self._shown, max(0, min(at, len(self._shown) - 1)))
        self._tell()

    @on(ChoiceList.Highlighted)
    def _tell(self) -> None:
        told = [_TITLE]
        if self._room < _WIDE and self._at < len(self._lines):
            _, words, figure = self._lines[self._at].standing
            told += [each for each in (words, figure) if each]
        self.choices.border_title = Content(safe_text(" · ".join(told)))

    @property
    def _room(self) -> int:
        """Cells of the watchlist, where every pane is shown."""
        width, height = self.app.size
        box = arrange(width, height).get("watchlist")
        return box.width if box is not None else width

    def _rows(self) -> list[ChoiceRow]:
        wide = self._room >= _WIDE
        rows = [
            ChoiceRow(
                f"{alert.symbol} {alert.condition}",
                stand.value,
                words if wide else words.partition(": ")[0],
                figure if wide else "",
            )
            for alert, (stand, words, figure) in self._lines
        ]
        return [*rows, ChoiceRow(f"new alert for {self._symbol}" if self._symbol is not None else "new alert", "n")]

    @property
    def _at(self) -> int:
        return self.choices.highlighted or 0

    def _fresh(self, alert: Alert | None = None) -> tuple[list[Alert], int]:
        """The alerts as they are now, for one may have fired meanwhile, and which of them it is; behind the last where
        it is none of them any more."""
        alerts = [line.alert for line in self._read()]
        keys = [known.key for known in alerts]
        return alerts, keys.index(alert.key) if alert is not None and alert.key in keys else len(alerts)

    @property
    def _selected(self) -> Alert | None:
        return self._lines[self._at].alert if self._at < len(self._lines) else None

    def _change(self, alerts: Sequence[Alert], at: int) -> None:
        self._apply(tuple(alerts))
        self._lines = self._read()
        self._show(at)

    # --- what is done with them ---

    @on(ChoiceList.Chosen)
    def action_open(self) -> None:
        self._ask(self._selected)

    def action_new(self) -> None:
        self._ask(None)

    def _ask(self, mending: Alert | None) -> None:
        """Have an alert written, in the place of this one or as a new one."""
        symbol = mending.symbol if mending is not None else self._symbol

        def problem(text: str) -> str:
            try:
                key = parse_alert(text, symbol).key
            except UsageError as error:
                return str(error)
            alerts, _ = self._fresh()
            there = [alert for alert in alerts if alert.key == key and (mending is None or key != mending.key)]
            return f"there is one already: {there[0]}" if there else ""

        def written(text: str | None) -> None:
            if text is not None:
                alerts, at = self._fresh(mending)
                alerts[at : at + 1] = [parse_alert(text, symbol)]
                self._change(alerts, at)

        title, text = "New alert", f"{symbol} " if symbol is not None else ""
        if mending is not None:
            title, text = "Alert", f"{symbol} {mending.condition}"
        self.app.push_screen(Prompt(title, text, problem, _HELP), written)

    def action_switch(self) -> None:
        """On where it is off or done, else off."""
        if (alert := self._selected) is not None:
            alerts, at = self._fresh(alert)
            alerts[at : at + 1] = [alert._replace(state="off" if alert.state == "on" else "on")]
            self._change(alerts, at)

    def action_remove(self) -> None:
        if (alert := self._selected) is not None:
            alerts, at = self._fresh(alert)
            del alerts[at : at + 1]
            self._deleted.append((at, alert))
            self._change(alerts, at)
            self.notify(f"deleted {alert}: u brings it back", markup=False, timeout=4)

    def action_undo(self) -> None:
        """Bring back what was deleted here, the latest first."""
        if self._deleted:
            at, alert = self._deleted.pop()
            alerts, _ = self._fresh()
            if alert.key not in [known.key for known in alerts]:
                alerts.insert(at, alert)
                self._change(alerts, at)
