"""The key of the alerts: the screen of all alerts, and which of those that fired were seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.app.preferences import Preferences
from tui.app.push_screen import PushScreen
from tui.market import Instrument, Market
from tui.market.data_status import DataStatus, book_status, data_status
from tui.screens.dashboard import Dashboard
from tui.symbol import Symbol

if TYPE_CHECKING:
    from tui.screens.alerts import AlertLine, Alerts


class AlertActions:
    """Opens the screen of alerts, and follows which fired alerts the person has seen."""

    def __init__(self, dashboard: Dashboard, market: Market, preferences: Preferences, push_screen: PushScreen) -> None:
        self._dashboard = dashboard
        self._market = market
        self._preferences = preferences
        self._push_screen = push_screen
        self._selected: Instrument | None = None

    def alerts(self) -> None:
        """Open the screen of alerts."""
        self._open()

    def new_alert(self) -> None:
        """Open the screen of alerts with the field for a new one."""
        screen = self._open()
        screen.call_after_refresh(screen.action_new)

    def _open(self) -> Alerts:
        from tui.screens.alerts import Alerts

        selected = self._dashboard.watchlist.selected
        screen = Alerts(self._lines, self._preferences.set_alerts, selected.symbol if selected is not None else None)
        self._push_screen(screen)
        self._mark_seen(set(self._market.alert_engine.unseen))
        return screen

    def _lines(self) -> list[AlertLine]:
        """Returns each alert with what it waits for now."""
        from tui.market.alert_status import alert_status
        from tui.screens.alerts import AlertLine

        market, status = self._market, self._dashboard.status
        time, is_live = market.exchange_time(status.now), status.link is not None and status.link.is_live
        lines = []
        for alert in self._preferences.settings.alerts:
            i = market.row(alert.symbol)
            if i is None:
                state = DataStatus.PENDING
            elif alert.kind == "spread" and i.depth is not None:
                state = book_status(i, is_live)
            else:
                state = data_status(i, i.age(time), is_live)
            lines.append(
                AlertLine(alert, alert_status(market.alert_engine.state_of(alert), i, state, market.alerts_sleep, time))
            )
        return lines

    def select(self, instrument: Instrument | None) -> None:
        """Count the alerts of the symbol that the cursor is on, and of the one that it was on, as seen."""
        seen = {i.symbol for i in (self._selected, instrument) if i is not None}
        self._selected = instrument
        self._mark_seen(seen)

    def _mark_seen(self, symbols: set[Symbol]) -> None:
        if self._market.alert_engine.unseen & symbols:
            self._market.alert_engine.unseen -= symbols
            self._dashboard.watchlist.update_lines()
