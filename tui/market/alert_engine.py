"""The alert engine: evaluates alerts with each message as it is applied, so that no spike between two frames is missed.

An alert is armed once its measure was seen on the near side of its level, and fires with the first live measure beyond
it. A measure is live if it is dated today, by the exchange's date, and is not the first of its kind on a connection:
the first one may be old. A book carries no time of its own: unless its exchange is closed, it counts as current. A pair
has no messages: it is evaluated with each frame, and once a second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from tui import format as fmt
from tui.market.alerts import Alert, AlertKey, AlertKind
from tui.market.bars import MINUTE
from tui.market.book import best_bid_offer
from tui.market.change import change
from tui.market.instrument import Instrument
from tui.market.momentum import relative_volume, speed
from tui.market.premium import current_premium, has_basis
from tui.market.split import Split
from tui.protocol.messages import Depth, Kline, Quote, Tick
from tui.symbol import Pair, Symbol

_LATE = 60.0  # s: older data is fired on with its age, as of a feed that is delayed as a whole
_EPSILON = 5e-7  # levels have six decimals: a difference below half of the last one is rounding
_MESSAGE_TYPES: Mapping[AlertKind, tuple[type, ...]] = {
    "above": (Tick, Quote, Pair),
    "below": (Tick, Quote, Pair),
    "change": (Tick, Quote, Pair),
    "spread": (Depth,),
    "turnover": (Quote,),
    "speed": (Tick, Quote, Pair),
    "relvol": (Kline, Tick),  # of a feed without bars, they are built from trades
    "premium": (Tick, Quote),
    "discount": (Tick, Quote),
}
_PRICED = ("above", "below", "change", "speed", "premium", "discount")  # kinds that go by the last price


class AlertEvent(NamedTuple):
    """An alert that fired: the message for the person, the last price as text, and the time of the data, ms UTC."""

    alert: Alert
    words: str
    price: str
    time: int


class AlertState:
    """The arming state of one alert.

    `armed` is True once its measure was seen on the near side, False while it is beyond, None until it was seen. The
    change since the open is another measure than the day's change, and has an arming state of its own. `fired_at` is
    ms UTC, 0 for never; `spent` is True after an alert without `repeat` has fired.
    """

    __slots__ = ("_armed_otherwise", "_from_open", "alert", "armed", "fired_at", "spent")

    def __init__(self, alert: Alert, fired_at: int = 0) -> None:
        self.alert = alert
        self.armed: bool | None = None
        self._from_open = False  # whether `armed` is that of the change since the open …
        self._armed_otherwise: bool | None = None  # … and this one that of the day's change, or the reverse
        self.fired_at = fired_at
        self.spent = False

    def measure(self, instrument: Instrument, time: float) -> float | None:
        """Returns the alert's measure at `time` (the exchange's, ms UTC), None if unknown; `armed` is the state for
        that measure afterwards."""
        if self.alert.kind == "change":
            base = instrument.base
            if base is not None and base.is_open is not self._from_open:
                self._from_open = base.is_open
                self.armed, self._armed_otherwise = self._armed_otherwise, self.armed
        return measure(self.alert, instrument, time)

    def update(self, figure: float) -> bool:
        """Update `armed` by a new measure; returns True if the alert is to fire, should that measure be live."""
        alert = self.alert
        beyond = alert.value - figure if alert.kind == "below" else figure - alert.value
        if self.armed:
            return beyond > _EPSILON and not self.spent
        if self.armed is None:
            self.armed = beyond <= _EPSILON
        else:
            self.armed = beyond <= _EPSILON - (alert.repeat or 0.0)
        return False

    def reset(self) -> None:
        """Forget on which side the measure was: prices are counted in another unit now, as after a split."""
        self.armed = self._armed_otherwise = None

    def fire(self, time: int) -> None:
        """Record that the alert fired on data of `time` (ms UTC), which disarms it."""
        self.armed = self._armed_otherwise = False
        self.spent, self.fired_at = self.alert.repeat is None, time


class SymbolAlerts:
    """The active alerts of one instrument, by the type of message that can fire them."""

    __slots__ = ("_first", "_split", "_states_by_type")

    def __init__(self, states: Iterable[AlertState], instrument: Instrument) -> None:
        self._split = instrument.day.split  # the one that the states are known to follow
        self._states_by_type: dict[type, list[AlertState]] = {}
        for state in states:
            for type_ in _MESSAGE_TYPES[state.alert.kind]:
                self._states_by_type.setdefault(type_, []).append(state)
        self._first: dict[type, int] = {}  # by type, the time (ms UTC) of the connection's first message
        if instrument.tick_sampled:
            self._first[Tick] = instrument.tick_time
        if instrument.quote_sampled:
            self._first[Quote] = instrument.quote_time
        if instrument.depth is not None:
            self._first[Depth] = 0

    def evaluate(self, instrument: Instrument, type_: type, time: float) -> Iterator[AlertEvent]:
        """Yields what fires with a message of this type that was just applied at `time`, ms UTC by the exchange's
        clock."""
        if instrument.day.split is not self._split:
            self._begin_anew(instrument.day.split)
        states = self._states_by_type.get(type_)
        if states is None:
            return
        if type_ is Tick:
            made = instrument.tick_time
        elif type_ is Quote:
            made = instrument.quote_time
        elif type_ is Pair:
            made = instrument.last_time
        elif type_ is Kline:
            made = instrument.bars.latest * MINUTE
        else:
            made = int(time)
        first = self._first.get(type_)
        if first is None:
            self._first[type_] = made
        later = first is not None and (made > first or type_ is Depth)
        priced = type_ is Pair or (type_ in (Tick, Quote) and _set_last_price(instrument, type_))
        for state in states:
            alert = state.alert
            if not priced and alert.kind in _PRICED:
                continue
            figure = state.measure(instrument, time)
            if figure is not None and state.update(figure) and later and _is_live(instrument, type_, made, time):
                state.fire(made)
                yield _event(alert, instrument, figure, made, time)

    def _begin_anew(self, split: Split | None) -> None:
        """Follow another split: what was armed by prices of the unit before it is armed no more."""
        self._split = split
        for state in (state for states in self._states_by_type.values() for state in states if split is not None):
            state.reset()


class AlertEngine:
    """All alerts of a person, and which instruments they belong to.

    `by_instrument` holds only instruments that have an active alert. `on_fired` is called with each event; `unseen` are
    the symbols of alerts that fired, until the person has seen them.
    """

    def __init__(self) -> None:
        self.on_fired: Callable[[AlertEvent], object] | None = None
        self.unseen: set[Symbol] = set()
        self.by_instrument: dict[Instrument, SymbolAlerts] = {}
        self._states: dict[AlertKey, AlertState] = {}
        self._active: dict[Symbol, list[AlertState]] = {}

    def set_alerts(self, alerts: Iterable[Alert], instruments: Mapping[Symbol, Instrument]) -> None:
        """Replace all alerts; those that are unchanged keep their state."""
        before, self._states, self._active = self._states, {}, {}
        for alert in alerts:
            state = before.get(alert.key)
            if state is not None and state.alert._replace(fired=alert.fired) == alert:
                state.alert = alert
            else:
                state = AlertState(alert, state.fired_at if state is not None else 1000 * alert.fired)
                i = instruments.get(alert.symbol)
                figure = state.measure(i, i.newest_time) if i is not None else None
                if figure is not None:
                    state.update(figure)
            self._states[alert.key] = state
            if alert.state == "on":
                self._active.setdefault(alert.symbol, []).append(state)
        self.attach_all(instruments.values())

    def attach_all(self, instruments: Iterable[Instrument]) -> None:
        """Attach the active alerts to these instruments and to no others. After a reconnect this also has each alert
        wait for the second message, because the first one of a connection may be old."""
        self.by_instrument.clear()
        for instrument in instruments:
            self.attach(instrument)

    def attach(self, instrument: Instrument) -> None:
        """Attach the active alerts of its symbol, if any, to an instrument."""
        if states := self._active.get(instrument.symbol):
            self.by_instrument[instrument] = SymbolAlerts(states, instrument)

    def state_of(self, alert: Alert) -> AlertState:
        """Returns the arming state of one of the alerts."""
        return self._states[alert.key]

    def evaluate(self, instrument: Instrument, type_: type, time: float) -> None:
        """Evaluate the alerts of an instrument in `by_instrument` with the message of this type just applied at `time`
        (ms UTC by the exchange's clock), and report what fires."""
        for event in self.by_instrument[instrument].evaluate(instrument, type_, time):
            self.unseen.add(instrument.symbol)
            if self.on_fired is not None:
                self.on_fired(event)


def measure(alert: Alert, i: Instrument, time: float) -> float | None:
    """Returns what an alert measures at `time` (the exchange's, ms UTC), as it is shown: a price, a change or move in
    %, a spread, premium or discount in bp, a turnover in the symbol's currency, or a multiple of the usual volume; None
    if unknown."""
    percent: float | None = None
    match alert.kind:
        case "turnover":
            return i.day_quote.turnover if i.day_quote is not None else None
        case "spread":
            book = best_bid_offer(i.depth) if i.depth is not None else None
            return book.bp if book is not None and book.spread > 0 else None
        case "relvol":
            return relative_volume(i, time)
        case "premium" | "discount":
            percent = None if has_basis(i) else current_premium(i, time)
            sign = 100 if alert.kind == "premium" else -100
            return None if percent is None else sign * percent
        case "change":
            percent = day_change(i)
        case "speed":
            percent = speed(i, alert.minutes, time)
        case _:
            return i.last
    return None if percent is None else abs(percent)


def day_change(i: Instrument) -> float | None:
    """Returns the day's change in %, as it is shown; None if unknown."""
    last, base = i.regular_last, i.base
    return change(last, base).percent if last is not None and base is not None else None


def format_bp(value: float) -> str:
    """Returns a value in basis points: 12.3 bp, 0.37 bp."""
    return f"{value:.{1 if abs(value) >= 1 else 2}f} bp"


def asleep_reason(i: Instrument, time: float) -> str:
    """Returns why no alert of a symbol fires at `time` (ms UTC), "" if they may. The engine and the list of alerts both
    go by it."""
    return "closed" if i.is_closed_at(time) else "split?" if i.suspects_split else ""


def _is_live(i: Instrument, type_: type, made: int, time: float) -> bool:
    """Returns True if an alert may fire: only on data of the current trade date."""
    return not asleep_reason(i, time) and (type_ is Depth or i.calendar.at(made).date == i.calendar.at(time).date)


def _set_last_price(i: Instrument, type_: type) -> bool:
    """Returns True if the last price is that of the tick or quote just applied; no other one may fire on it."""
    if type_ is Tick:
        return i.tick is not None and i.tick.last == i.last and i.tick_time == i.last_time
    newer = i.tick is None or i.quote_time > i.tick_time
    return newer and i.quote is not None and i.quote.last == i.last and i.quote_time == i.last_time


def _event(alert: Alert, i: Instrument, figure: float, made: int, time: float) -> AlertEvent:
    i.infer_precision()
    price = fmt.price(i.last, i.precision.decimals_of([] if i.last is None else [i.last]))
    match alert.kind:
        case "change":
            since = " since the open" if i.base is not None and i.base.is_open else " today"
            words = f"{fmt.percent(day_change(i))}{since}, beyond {alert.level}"
        case "spread":
            words = f"spread {format_bp(figure)}, wider than {alert.level}"
        case "turnover":
            words = f"turnover above {alert.level}"
        case "speed":
            words = f"{fmt.percent(speed(i, alert.minutes, time))}, beyond {alert.level}"
        case "relvol":
            words = f"{fmt.multiple(figure)} the usual volume, above {alert.level}"
        case "premium" | "discount":
            words = f"{alert.kind} {format_bp(figure)}, above {alert.level}"
        case _:
            words = f"{price} crossed {alert.kind} {alert.level}"
    age = (time - made) / 1000
    late = f", {fmt.seconds(age)} ago" if age >= _LATE else ""
    return AlertEvent(alert, f"{alert.symbol} {words}{late}", price, made)
