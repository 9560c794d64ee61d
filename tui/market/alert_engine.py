"""Alerts at work: judged with each message as it is applied, so that no spike between two frames is missed.

An alert is armed once its figure was seen on the near side, and fires with the first live figure beyond. Live is what
was made today, by the exchange's date, and is not the first of its kind that a connection brought: that one may be old.
A book has no time of its own: where its exchange is not closed, it is of now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from tui import format as fmt
from tui.market.alerts import Alert, AlertKind
from tui.market.book import best_bid_offer, decimals
from tui.market.change import change
from tui.protocol.messages import Depth, Quote, Tick
from tui.symbol import Symbol

if TYPE_CHECKING:
    from tui.market.instrument import Instrument

_LATE = 60.0  # s: of a feed that is behind as a whole, how far is said with what fires
_EPSILON = 5e-7  # alerts are written with six decimals: less than half of the last is no difference
_READS: Mapping[AlertKind, tuple[type, ...]] = {
    "above": (Tick, Quote),
    "below": (Tick, Quote),
    "change": (Tick, Quote),
    "spread": (Depth,),
    "turnover": (Quote,),
}


class AlertEvent(NamedTuple):
    """An alert that fired: in words, the last price as text, and when, ms UTC by the exchange's clock."""

    alert: Alert
    words: str
    price: str
    time: int


class AlertState:
    """The state of one alert. `armed`: whether its figure was seen on the near side; None until one was seen. A change
    from the open is another figure than the day's, and arms the alert for itself alone. `fired_at` in ms UTC, 0 for
    never."""

    __slots__ = ("_from_open", "_other", "alert", "armed", "fired_at", "spent")

    def __init__(self, alert: Alert, fired_at: int = 0) -> None:
        self.alert = alert
        self.armed: bool | None = None
        self._from_open = False  # what `armed` is of; `_other` is of the other
        self._other: bool | None = None
        self.fired_at = fired_at
        self.spent = False  # fired for the one time that it was to

    def measure(self, instrument: Instrument) -> float | None:
        """The alert's figure, and `armed` of that; None where it is not known."""
        if self.alert.kind == "change":
            base = instrument.base
            if base is not None and base.is_open is not self._from_open:
                self._from_open, self.armed, self._other = base.is_open, self._other, self.armed
        return measure(self.alert.kind, instrument)

    def update(self, figure: float) -> bool:
        """Judge a figure; whether the alert is to fire with it, where that is live."""
        alert = self.alert
        beyond = alert.value - figure if alert.kind == "below" else figure - alert.value
        if self.armed:
            return beyond > _EPSILON and not self.spent
        if self.armed is None:
            self.armed = beyond <= _EPSILON
        else:
            self.armed = beyond <= _EPSILON - (alert.repeat or 0.0)
        return False

    def fire(self, time: int) -> None:
        self.armed = self._other = False
        self.spent, self.fired_at = self.alert.repeat is None, time


class SymbolAlerts:
    """Judges the alerts of one symbol that are on. Knows what the connection has brought."""

    __slots__ = ("_by_kind", "_first")

    def __init__(self, triggers: Iterable[AlertState], instrument: Instrument) -> None:
        self._by_kind: dict[type, list[AlertState]] = {}  # of message
        for trigger in triggers:
            for kind in _READS[trigger.alert.kind]:
                self._by_kind.setdefault(kind, []).append(trigger)
        self._first: dict[type, int] = {}  # by kind, the time of the connection's first message
        if instrument.tick_sampled:
            self._first[Tick] = instrument.tick_time
        if instrument.quote_sampled:
            self._first[Quote] = instrument.quote_time
        if instrument.depth is not None:
            self._first[Depth] = 0

    def reconnected(self) -> None:
        """What comes first may be old again."""
        self._first.clear()

    def judge(self, instrument: Instrument, kind: type, time: float) -> Iterator[AlertEvent]:
        """What fires with a message of this kind, that was just applied at `time`, ms UTC by the exchange's clock."""
        triggers = self._by_kind.get(kind)
        if triggers is None:
            return
        if kind is Tick:
            made = instrument.tick_time
        elif kind is Quote:
            made = instrument.quote_time
        else:
            made = int(time)
        first = self._first.get(kind)
        if first is None:
            self._first[kind] = made
        later = first is not None and (made > first or kind is Depth)
        priced = kind is not Depth and _gave_price(instrument, kind)
        for trigger in triggers:
            alert = trigger.alert
            if not priced and alert.kind in ("above", "below", "change"):
                continue
            figure = trigger.measure(instrument)
            if figure is not None and trigger.update(figure) and later and _live(instrument, kind, made, time):
                trigger.fire(made)
                yield _firing(alert, instrument, figure, made, time)


class AlertEngine:
    """All alerts of a person. `on_fired` hears of each that fires; `unseen` are the symbols of those that did, until
    somebody has seen it."""

    def __init__(self) -> None:
        self.on_fired: Callable[[AlertEvent], object] | None = None
        self.unseen: set[Symbol] = set()
        self._triggers: dict[tuple[Symbol, AlertKind, float], AlertState] = {}
        self._by_symbol: dict[Symbol, list[AlertState]] = {}

    def set_alerts(self, alerts: Iterable[Alert], instruments: Mapping[Symbol, Instrument]) -> None:
        """Have these alerts; what is known of those that were there already stays."""
        before, self._triggers, self._by_symbol = self._triggers, {}, {}
        for alert in alerts:
            trigger = before.get(alert.key)
            if trigger is None or trigger.alert != alert:
                trigger = AlertState(alert, trigger.fired_at if trigger is not None else 0)
                shown = trigger.measure(instruments[alert.symbol]) if alert.symbol in instruments else None
                if shown is not None:
                    trigger.update(shown)
            self._triggers[alert.key] = trigger
            if alert.state == "on":
                self._by_symbol.setdefault(alert.symbol, []).append(trigger)
        for instrument in instruments.values():
            self.attach(instrument)

    def attach(self, instrument: Instrument) -> None:
        """Put a sentry beside an instrument whose symbol has alerts that are on."""
        triggers = self._by_symbol.get(instrument.symbol)
        instrument.alerts = SymbolAlerts(triggers, instrument) if triggers else None

    def state_of(self, alert: Alert) -> AlertState:
        """The state of one of the alerts."""
        return self._triggers[alert.key]

    def judge(self, sentry: SymbolAlerts, instrument: Instrument, kind: type, time: float) -> None:
        """Tell of what fires with the message just applied."""
        for firing in sentry.judge(instrument, kind, time):
            self.unseen.add(instrument.symbol)
            if self.on_fired is not None:
                self.on_fired(firing)


def measure(kind: AlertKind, i: Instrument) -> float | None:
    """The figure that an alert of this kind looks at, as it is shown; None where it is not known."""
    if kind == "turnover":
        return i.quote.turnover if i.quote is not None else None
    if kind == "spread":
        book = best_bid_offer(i.depth) if i.depth is not None else None
        return book.bp if book is not None and book.spread > 0 else None
    if kind != "change":
        return i.last
    percent = day_change(i)
    return None if percent is None else abs(percent)


def day_change(i: Instrument) -> float | None:
    """The day's change in %, as it is shown."""
    last, base = i.regular_last, i.base
    return change(last, base).percent if last is not None and base is not None else None


def format_bp(spread: float) -> str:
    """Basis points with what tells them apart: 12.3 bp, 0.37 bp."""
    return f"{spread:.{1 if spread >= 1 else 2}f} bp"


def _live(i: Instrument, kind: type, made: int, time: float) -> bool:
    """Whether an alert may fire: as the list of alerts says, not while the exchange is closed, and only with data of
    the trade date in force."""
    now = i.calendar.at(time)
    if now.phase.closed and not i.trading_until:
        return False
    return kind is Depth or i.calendar.at(made).date == now.date


def _gave_price(i: Instrument, kind: type) -> bool:
    """Whether the tick or quote just applied is what the last price was taken from. Else that is not its evidence."""
    if kind is Tick:
        return i.tick is not None and i.tick.last == i.last and i.tick_time == i.last_time
    newer = i.tick is None or i.quote_time > i.tick_time
    return newer and i.quote is not None and i.quote.last == i.last and i.quote_time == i.last_time


def _firing(alert: Alert, i: Instrument, figure: float, made: int, time: float) -> AlertEvent:
    price = fmt.price(i.last, decimals([] if i.last is None else [i.last], i.decimals))
    match alert.kind:
        case "change":
            since = " since the open" if i.base is not None and i.base.is_open else " today"
            words = f"{fmt.percent(day_change(i))}{since}, beyond {alert.level}"
        case "spread":
            words = f"spread {format_bp(figure)}, wider than {alert.level}"
        case "turnover":
            words = f"turnover above {alert.level}"
        case _:
            words = f"{price} crossed {alert.kind} {alert.level}"
    age = (time - made) / 1000
    late = f", {fmt.seconds(age)} ago" if age >= _LATE else ""
    return AlertEvent(alert, f"{alert.symbol} {words}{late}", price, made)
