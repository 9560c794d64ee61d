"""A dashboard at one moment: data of the simulated market, a frozen clock, frames painted on demand."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import App

from tui.config.key_table import KEYS
from tui.config.themes import DEFAULT_THEME, find_theme
from tui.exchange.simulation import SimulatedMarket as Simulation
from tui.feed.state import LinkPhase, LinkState
from tui.market import Instrument, Market
from tui.reference.fund_names import FundNames
from tui.screens.dashboard import Dashboard
from tui.symbol import Symbol
from tui.widgets.styles import Styles

START = 1_795_386_600_000  # Sunday 2026-11-22 22:30 UTC, 17:30 in New York
LIVE = LinkState(LinkPhase.LIVE, 0.0)
_CODES = ("QQQ", "SPY", "IWM", "DIA", "VTI", "SMH", "XLK", "XLE", "TLT", "HYG", "GLD", "EEM", "FXI", "EWZ")
US = [Symbol(code, "US") for code in _CODES]


def filled_market(symbols: Sequence[Symbol], seconds: int = 20) -> Market:
    """Returns a market that has followed the symbols for `seconds` of its clock."""
    market = Market()
    fill_market(market, symbols, seconds)
    return market


def fill_market(market: Market, symbols: Sequence[Symbol], seconds: int = 20) -> None:
    """Let a market follow the symbols for `seconds` of its clock."""
    simulation = Simulation(7, START, 200.0)
    market.wall_base = START
    market.set_hours(demo=True)
    market.follow(symbols)
    for symbol in symbols:
        listing = simulation.watch(symbol)
        if listing is None:
            continue
        for bar in listing.history(START):
            market.apply(bar, 0.0)
        market.apply(listing.quote(), 0.0)
        market.apply(listing.depth(), 0.0)
    for step in range(1, seconds * 40):
        for _, message in simulation.step(START + step * 25):
            market.apply(message, step * 0.025)
    market.health.messages = 4_242
    market.health.round_trips.append(0.038)
    market.health.pong_at = seconds - 4.0


class Still(App[None]):
    """Shows one market at one moment."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(
        self,
        market: Market,
        symbols: Sequence[Symbol] = US,
        *,
        link: LinkState = LIVE,
        theme: str = DEFAULT_THEME,
        now: float = 20.0,
        demo: bool = True,
    ) -> None:
        super().__init__()
        self.market = market
        self.symbols = symbols
        self.link = link
        self.now = now
        self.demo = demo
        self.dashboard = Dashboard(Styles(find_theme(theme)), market, KEYS, lambda part: (), FundNames())

    def get_default_screen(self) -> Dashboard:
        return self.dashboard

    @property
    def rows(self) -> list[Instrument]:
        return [self.market.instruments[symbol] for symbol in self.symbols]

    def on_dashboard_ready(self) -> None:
        self.dashboard.link_changed(self.link, self.demo)
        self.dashboard.show("Core", self.rows)
        self.dashboard.header.lists = ("Core", "Bonds")
        self.dashboard.header.shown = "Core"
        self.turn()
        self.dashboard.tick(self.now)

    def turn(self) -> None:
        """Paint one frame."""
        self.dashboard.sync(self.market.drain_changed(), self.now, self.link.is_live)
