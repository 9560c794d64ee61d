"""An app that shows a single chart, and instruments with charts of many shapes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from textual.app import App, ComposeResult

from tests.support.price_walks import DAYS, HK_OPEN, OPEN, price_walk
from tui.config.themes import DEFAULT_THEME, find_theme
from tui.market import Instrument
from tui.market.bars import MINUTE
from tui.market.sessions import calendar
from tui.protocol.messages import Kline, Quote, Tick
from tui.symbol import Symbol
from tui.widgets.chart.chart import MinuteChart
from tui.widgets.styles import Styles

QQQ, FUND, CHINA = Symbol("QQQ", "US"), Symbol("2800", "HK"), Symbol("510300", "SH")


def instrument_of(
    bars: Iterable[Kline], symbol: Symbol = QQQ, *, change: float | None = 1.0, demo: bool = False, built: bool = False
) -> Instrument:
    """Returns an instrument with these bars, whose last price is that of the last bar, `change` above the previous
    close."""
    i = Instrument(symbol, calendar(symbol.region, demo))
    for bar in bars:
        i.bars.update(bar)
    newest = i.bars.get(i.bars.latest)
    if newest is not None:
        time = newest.time + 20_000
        i.tick = Tick(symbol=str(symbol), last=newest.close, time=time)
        i.quote = Quote(symbol=str(symbol), last=newest.close, time=time, change=change)
        i.tick_time = time
        i.roll_session(time, newest.close)
        i.set_last(newest.close, time, 0.0)
        i.infer_precision()
    i.bars.synthesized = built
    return i


MORNING = range(150)


def several_days() -> Instrument:
    """Returns an instrument with three complete sessions and a morning."""
    bars: list[Kline] = []
    for n, day in enumerate(DAYS):
        bars += price_walk(day, range(390 if n < 3 else 200), bars[-1].close if bars else 512.0, seed=n)
    return instrument_of(bars)


SHAPES: dict[str, Callable[[], Instrument]] = {
    "session": lambda: instrument_of(price_walk(OPEN, MORNING)),
    "gaps": lambda: instrument_of(price_walk(OPEN, [n for n in MORNING if n % 50 not in range(20, 29) and n % 7])),
    "lunch": lambda: instrument_of(
        price_walk(HK_OPEN, [*range(100, 150), *range(210, 240)], 25.5, 0.02), FUND, change=0.1
    ),
    "three": lambda: instrument_of(price_walk(OPEN, range(3))),
    "one": lambda: instrument_of(price_walk(OPEN, [0])),
    "flat": lambda: instrument_of(
        [
            Kline(symbol="", open=88.0, high=88.0, low=88.0, close=88.0, time=bar.time, volume=100.0)
            for bar in price_walk(OPEN, range(60))
        ],
        change=0.0,
    ),
    "huge": lambda: instrument_of(price_walk(OPEN, MORNING, 1_234_567.0, 250.0), change=1000.0),
    "tiny": lambda: instrument_of(price_walk(OPEN, MORNING, 0.0125, 0.0001), change=0.0005),
    "built": lambda: instrument_of(price_walk(OPEN, range(40)), built=True),
    "days": several_days,
    "demo": lambda: instrument_of(price_walk(OPEN + 37 * MINUTE, range(120)), demo=True),
    "empty": lambda: instrument_of([]),
}


class Alone(App[None]):
    """Shows one chart with the given settings."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(
        self, instrument: Instrument, *, proven: bool = True, theme: str = DEFAULT_THEME, **settings: object
    ) -> None:
        """`settings` are reactives of the chart: interval, candles, vwap, marks."""
        super().__init__()
        self.chart = MinuteChart(Styles(find_theme(theme)))
        self._shown, self._proven, self._settings = instrument, proven, settings

    def compose(self) -> ComposeResult:
        yield self.chart

    def on_mount(self) -> None:
        self.chart.sync(set(), 0.0, self._proven)
        self.chart.instrument = self._shown
        for name, value in self._settings.items():
            setattr(self.chart, name, value)
        self.chart.focus()
