"""The pairs of a market: which there are, and which of them changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tui.market.alert_engine import AlertEngine
from tui.market.instrument import Instrument
from tui.market.pair_instrument import PairInstrument
from tui.symbol import Pair, Symbol


class Pairs:
    """The pairs that are wanted, as far as both legs are followed. `by_symbol` holds them. A pair takes 100 kB at most:
    it has as many minutes as a symbol, and no tape."""

    def __init__(self, alert_engine: AlertEngine) -> None:
        self._alert_engine = alert_engine
        self._wanted: tuple[Pair, ...] = ()
        self.by_symbol: dict[Symbol, PairInstrument] = {}
        self._by_leg: dict[Instrument, list[PairInstrument]] = {}

    def set_wanted(self, pairs: Iterable[Pair], instruments: Mapping[Symbol, Instrument]) -> None:
        """Replace the pairs that are wanted; those there were before keep their state."""
        self._wanted = tuple(pairs)
        self.link(instruments)

    def link(self, instruments: Mapping[Symbol, Instrument]) -> None:
        """Make the pairs of these instruments, and drop those that lack a leg."""
        before, self.by_symbol, self._by_leg = self.by_symbol, {}, {}
        for symbol in self._wanted:
            first, second = (instruments.get(leg) for leg in symbol.legs)
            if first is None or second is None:
                continue
            if (pair := before.get(symbol)) is None:
                pair = PairInstrument(symbol, first, second)
                self._alert_engine.attach(pair)
            self.by_symbol[symbol] = pair
            for leg in pair.legs:
                self._by_leg.setdefault(leg, []).append(pair)
        for gone in before.values():
            if self.by_symbol.get(gone.symbol) is not gone:
                self._alert_engine.by_instrument.pop(gone, None)

    def adopt(self, pairs: Iterable[PairInstrument]) -> None:
        """Begin with these pairs."""
        self.by_symbol = {pair.symbol: pair for pair in pairs}
        self._wanted = tuple(pair.pair for pair in self.by_symbol.values())
        self.link({leg.symbol: leg for pair in self.by_symbol.values() for leg in pair.legs})

    def of_legs(self, changed: Iterable[Instrument]) -> set[Instrument]:
        """Returns the pairs with one of these legs."""
        found = self._by_leg
        return {pair for leg in changed if leg in found for pair in found[leg]} if found else set()

    def derive(self, shown: Iterable[Instrument], time: float, *, alerts: bool) -> None:
        """Derive the pairs among `shown`, and those with alerts, which are evaluated if `alerts`; `time` is the
        exchange's, ms UTC."""
        if not self.by_symbol:
            return
        alerted = self._alert_engine.by_instrument
        due = {i for i in shown if isinstance(i, PairInstrument)}
        for pair in self.by_symbol.values():
            if pair in due or pair in alerted:
                pair.derive()
                if alerts and pair in alerted and pair.is_current:
                    self._alert_engine.evaluate(pair, Pair, time)
