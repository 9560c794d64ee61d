"""How an alert stands at a moment: armed, waiting, asleep and why, fired and when, in words for the list of them."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from tui import format as fmt
from tui.market.alerts import Alert
from tui.market.instrument import Instrument
from tui.market.money import currency
from tui.market.row import RowState
from tui.market.sentry import Trigger, day_change, measure, points
from tui.market.sessions import zone

_AWAKE = (RowState.LIVE, RowState.QUIET, RowState.HALTED)
_ASLEEP = {
    RowState.STALE: "the link is not proven",
    RowState.CLOSED: "closed",
    RowState.ASKED: "no data yet",
    RowState.PAST: "no data yet",
    RowState.WAITING: "no data yet",
    RowState.REFUSED: "refused",
    RowState.OVER_PLAN: "over plan",
}
_UNKNOWN = {
    "change": "nothing to measure it from",
    "spread": "no order book",
    "turnover": "no turnover told",
}


class Stand(Enum):
    """The value is the sign for it."""

    ARMED = "●"
    WAITS = "◌"
    ASLEEP = "–"
    DONE = "✓"
    OFF = "○"


class Standing(NamedTuple):
    """`figure` is what the alert looks at, as it is now, where that is live; else ""."""

    stand: Stand
    words: str
    figure: str = ""


def standing(trigger: Trigger, instrument: Instrument | None, state: RowState, sleep: str, time: float) -> Standing:
    """`state` is that of the symbol's row, `sleep` why all alerts sleep, `time` the exchange's, ms UTC. `instrument` is
    None where the symbol is not followed."""
    alert = trigger.alert
    fired = _fired(trigger, time)
    if alert.state == "off":
        return Standing(Stand.OFF, "off")
    if alert.state == "done" or trigger.spent:
        return Standing(Stand.DONE, fired or "fired")
    why = sleep
    if not why and instrument is None:
        why = "no room for more symbols"
    if not why and state not in _AWAKE:
        why = _ASLEEP.get(state, "no live data")
    if not why and instrument is not None and trigger.look(instrument) is None:
        why = _UNKNOWN.get(alert.kind, "no price yet")
    if why or instrument is None:
        return Standing(Stand.ASLEEP, f"asleep: {why}")
    now = figure(alert, instrument)
    if trigger.armed:
        return Standing(Stand.ARMED, f"armed, {fired}" if fired else "armed", now)
    waits = f"waits to be {back(alert)}"
    return Standing(Stand.WAITS, f"{fired}, {waits}" if fired else waits, now)


def back(alert: Alert) -> str:
    """Where the figure has to be before the alert is armed."""
    distance = alert.repeat or 0.0
    if alert.kind == "below":
        return f"above {alert._replace(value=alert.value + distance).level}"
    level = alert._replace(value=alert.value - distance).level
    return f"within {level}" if alert.kind == "change" else f"below {level}"


def figure(alert: Alert, i: Instrument) -> str:
    """What the alert looks at, as it is shown."""
    value = measure(alert.kind, i)
    if value is None:
        return ""
    if alert.kind == "change":
        return fmt.percent(day_change(i))
    if alert.kind == "spread":
        return points(value)
    if alert.kind == "turnover":
        return currency(alert.symbol.region).sign + fmt.compact(value)
    return fmt.price(value, i.decimals)


def _fired(trigger: Trigger, time: float) -> str:
    if not trigger.fired_at:
        return ""
    local = zone(trigger.alert.symbol.region)
    then, now = local.at(trigger.fired_at), local.at(time)
    return f"fired {then:%H:%M:%S}" if then.date() == now.date() else f"fired {then:%m-%d %H:%M}"
