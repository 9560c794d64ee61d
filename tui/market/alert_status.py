"""The status of an alert at a moment, for the list of alerts: armed, waiting, asleep and why, fired and when."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from tui import format as fmt
from tui.market.alert_engine import AlertState, asleep_reason, day_change, format_bp, measure
from tui.market.alerts import Alert
from tui.market.data_status import DataStatus
from tui.market.instrument import Instrument
from tui.market.momentum import speed
from tui.market.money import currency_of
from tui.market.sessions import zone
from tui.market.usual_volume import MIN_DATES

_AWAKE = (DataStatus.LIVE, DataStatus.QUIET, DataStatus.HALTED, DataStatus.CLOSED)
_ASLEEP = {
    DataStatus.STALE: "the link is not proven",
    DataStatus.PENDING: "no data yet",
    DataStatus.LAST_KNOWN: "no data yet",
    DataStatus.WAITING: "no data yet",
    DataStatus.REFUSED: "refused",
    DataStatus.OVER_PLAN: "over plan",
}
_UNKNOWN = {
    "change": "nothing to measure it from",
    "spread": "no spread",
    "turnover": "no turnover told",
    "premium": "no IOPV yet",
    "discount": "no IOPV yet",
}


class AlertPhase(Enum):
    """The phase of an alert; the value is its sign in the list."""

    ARMED = "●"
    WAITS = "◌"
    ASLEEP = "–"
    DONE = "✓"
    OFF = "○"


class AlertStatus(NamedTuple):
    """The status of an alert. `figure` is its current measure as text, "" unless that is live."""

    phase: AlertPhase
    words: str
    figure: str = ""


def alert_status(
    state: AlertState, instrument: Instrument | None, data_status: DataStatus, sleep: str, time: float
) -> AlertStatus:
    """Returns the status of an alert. `data_status` is that of its symbol, `sleep` the reason why no alert may fire,
    `time` the exchange's, ms UTC. `instrument` is None if the symbol is not followed."""
    alert = state.alert
    fired = _describe_fired(state, time)
    if alert.state == "off":
        return AlertStatus(AlertPhase.OFF, "off")
    if alert.state == "done" or state.spent:
        return AlertStatus(AlertPhase.DONE, fired or "fired")
    why = sleep
    if not why and instrument is None:
        why = "no room for more symbols"
    if not why and data_status not in _AWAKE:
        why = _ASLEEP.get(data_status, "no live data")
    if not why and instrument is not None:
        why = asleep_reason(instrument, time)
    if not why and instrument is not None and state.measure(instrument, time) is None:
        why = _why_unknown(alert, instrument)
    if why or instrument is None:
        return AlertStatus(AlertPhase.ASLEEP, f"asleep: {why}")
    now = "" if _is_measure_old(alert, instrument) else format_measure(alert, instrument, time)
    if state.armed:
        return AlertStatus(AlertPhase.ARMED, f"armed, {fired}" if fired else "armed", now)
    waits = f"waits to be {rearm_level(alert)}"
    return AlertStatus(AlertPhase.WAITS, f"{fired}, {waits}" if fired else waits, now)


def _why_unknown(alert: Alert, i: Instrument) -> str:
    if i.last is None or alert.kind not in ("speed", "relvol"):
        return _UNKNOWN.get(alert.kind, "no price yet")
    if alert.kind == "speed":
        return f"no price of {alert.minutes}m ago in this session"
    usual = i.bars.usual
    if usual is None or not usual.volumes:
        return f"{usual.dates if usual is not None else 0} of {MIN_DATES} days known"
    return "no whole minutes of today's session"


def _is_measure_old(alert: Alert, i: Instrument) -> bool:
    if alert.kind == "relvol":
        return i.is_silent(i.bars_type)
    if alert.kind in ("premium", "discount") and i.is_silent("quote"):
        return True
    if alert.kind == "spread":
        return i.is_silent("depth")
    return i.is_silent("quote") if alert.kind == "turnover" else i.is_last_silent


def rearm_level(alert: Alert) -> str:
    """Returns where the measure has to be before the alert is armed: `above 480`, `within ±2%`."""
    distance = alert.repeat or 0.0
    if alert.kind == "below":
        return f"above {alert._replace(value=alert.value + distance).level}"
    level = alert._replace(value=alert.value - distance).level
    return f"within {level}" if alert.kind in ("change", "speed") else f"below {level}"


def format_measure(alert: Alert, i: Instrument, time: float) -> str:
    """Returns the measure of an alert at `time` (the exchange's, ms UTC) as text, "" if unknown."""
    value = measure(alert, i, time)
    if value is None:
        return ""
    if alert.kind == "change":
        return fmt.percent(day_change(i))
    if alert.kind == "speed":
        return fmt.percent(speed(i, alert.minutes, time))
    if alert.kind == "relvol":
        return fmt.multiple(value)
    if alert.kind in ("spread", "premium", "discount"):
        return format_bp(value)
    if alert.kind == "turnover":
        return currency_of(alert.symbol.region).sign + fmt.compact(value)
    i.infer_precision()
    return fmt.price(value, i.precision.decimals)


def _describe_fired(state: AlertState, time: float) -> str:
    if not state.fired_at:
        return ""
    local = zone(state.alert.symbol.region)
    then, now = local.at(state.fired_at), local.at(time)
    return f"fired {then:%H:%M:%S}" if then.date() == now.date() else f"fired {then:%m-%d %H:%M}"
