"""The alerts screen: the status of each alert, and making, changing and deleting them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from textual import on
from textual.binding import Binding
from textual.content import Content

from tui.errors import UsageError
from tui.market.alert_status import AlertStatus
from tui.market.alerts import CONDITION_EXAMPLES, Alert, parse_alert
from tui.screens.follows_time import FollowsTime
from tui.screens.layout import arrange
from tui.screens.panel import Chooser
from tui.screens.prompt import Prompt
from tui.secrets import safe_text
from tui.symbol import Symbol
from tui.widgets.choice_list import ChoiceList, ChoiceRow

_HELP = [f"{written:<18}{words}" for written, words in CONDITION_EXAMPLES]
_TITLE = "Alerts"
_WIDE = 66  # cells of the watchlist from which on a row has room for everything


class AlertLine(NamedTuple):
    """An alert and its status."""

    alert: Alert
    status: AlertStatus


class Alerts(FollowsTime, Chooser[None]):
    """The screen. It covers the watchlist alone: if that is narrow the rows are shortened, and the title has the full
    status of the highlighted one. Each change is applied at once."""

    BINDINGS = [
        Binding("A", "leave", "Close"),
        Binding("enter", "open", "Edit"),
        Binding("n,a", "new", "New"),
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
        """`read` returns the alerts with their present status, `apply` receives all alerts after a change. `symbol` is
        the one that a new alert is for, unless another is typed."""
        super().__init__(_TITLE, "Enter edit · Space on/off · d delete · Esc back")
        self._read = read
        self._apply = apply
        self._symbol = symbol
        self._lines: Sequence[AlertLine] = read()
        self._shown: list[ChoiceRow] = []
        self._deleted: list[tuple[int, Alert]] = []  # with their places, the latest last

    def on_mount(self) -> None:
        of_symbol = (n for n, line in enumerate(self._lines) if line.alert.symbol == self._symbol)
        self._show(next(of_symbol, len(self._lines)))

    def tick(self) -> None:
        """Show the present status of the alerts, once a second."""
        self._lines = self._read()
        if self._rows() != self._shown:
            self._show(self._at)
        else:
            self._update_title()  # of a narrow list it alone has the figure

    def on_screen_suspend(self) -> None:
        self.choices.display = False  # it is larger than the prompt above it

    def on_screen_resume(self) -> None:
        self.choices.display = True

    def on_resize(self) -> None:
        self._show(self._at)

    def _show(self, at: int) -> None:
        self._shown = self._rows()
        self.choices.styles.max_width = self._room - 4
        self.choices.styles.width = "auto" if self._room >= _WIDE else self._room - 4
        self.choices.set_rows(self._shown, max(0, min(at, len(self._shown) - 1)))
        self._update_title()

    @on(ChoiceList.Highlighted)
    def _update_title(self) -> None:
        parts = [_TITLE]
        if self._room < _WIDE and self._at < len(self._lines):
            _, words, figure = self._lines[self._at].status
            parts += [each for each in (words, figure) if each]
        self.choices.border_title = Content(safe_text(" · ".join(parts)))

    @property
    def _room(self) -> int:
        """Cells of the watchlist when every pane is shown."""
        width, height = self.app.size
        box = arrange(width, height).get("watchlist")
        return box.width if box is not None else width

    def _rows(self) -> list[ChoiceRow]:
        wide = self._room >= _WIDE
        rows = [
            ChoiceRow(
                f"{alert.symbol} {alert.condition}",
                sign.value,
                words if wide else words.partition(": ")[0],
                figure if wide else "",
            )
            for alert, (sign, words, figure) in self._lines
        ]
        return [*rows, ChoiceRow(f"new alert for {self._symbol}" if self._symbol is not None else "new alert", "n")]

    @property
    def _at(self) -> int:
        return self.choices.highlighted or 0

    def _present(self, alert: Alert | None = None) -> tuple[list[Alert], int]:
        """Returns the present alerts, for one may have fired meanwhile, and the index of `alert`; one past the last if
        it is gone."""
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

    # --- changes ---

    @on(ChoiceList.Chosen)
    def action_open(self) -> None:
        self._edit(self._selected)

    def action_new(self) -> None:
        self._edit(None)

    def _edit(self, edited: Alert | None) -> None:
        """Open the prompt for an alert that replaces `edited`, or for a new one."""
        symbol = edited.symbol if edited is not None else self._symbol

        def problem(text: str) -> str:
            try:
                key = parse_alert(text, symbol).key
            except UsageError as error:
                return str(error)
            alerts, _ = self._present()
            same = [alert for alert in alerts if alert.key == key and (edited is None or key != edited.key)]
            return f"there is one already: {same[0].symbol} {same[0].condition}" if same else ""

        def submitted(text: str | None) -> None:
            if text is not None:
                alerts, at = self._present(edited)
                alerts[at : at + 1] = [parse_alert(text, symbol)]
                self._change(alerts, at)

        title, text = "New alert", f"{symbol} " if symbol is not None else ""
        if edited is not None:
            title, text = "Alert", f"{symbol} {edited.condition}"
        self.app.push_screen(Prompt(title, text, problem, _HELP), submitted)

    def action_switch(self) -> None:
        """Switch an alert on if it is off or done, else off."""
        if (alert := self._selected) is not None:
            alerts, at = self._present(alert)
            alerts[at : at + 1] = [alert._replace(state="off" if alert.state == "on" else "on")]
            self._change(alerts, at)

    def action_remove(self) -> None:
        if (alert := self._selected) is not None:
            alerts, at = self._present(alert)
            del alerts[at : at + 1]
            self._deleted.append((at, alert))
            self._change(alerts, at)
            self.notify(f"deleted {alert.symbol} {alert.condition}: u brings it back", markup=False, timeout=4)

    def action_undo(self) -> None:
        """Restore the alerts that were deleted here, the latest first."""
        if self._deleted:
            at, alert = self._deleted.pop()
            alerts, _ = self._present()
            if alert.key not in [known.key for known in alerts]:
                alerts.insert(at, alert)
                self._change(alerts, at)
