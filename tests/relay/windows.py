"""Several windows of one person in one process: links that share one connection through real sockets."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.support.feed import KEY, QUICK, Running
from tests.support.wait_until import until
from tui.exchange.server import Exchange
from tui.feed.key_lock import KeyLock
from tui.feed.state import LinkPhase, Timings
from tui.market import Instrument
from tui.protocol.messages import Depth
from tui.relay.local_access import LocalAccess
from tui.relay.sharing import Role, Sharing
from tui.secrets import Token
from tui.symbol import Symbol

_FAST = QUICK._replace(contention_wait=0.2, pong=1.0, urgent_pong=1.0, join=0.5, join_again=0.2, ping_every=0.1)
PACES = {
    "fast": _FAST,
    "pausing": _FAST._replace(retry_gap=1.0),  # between two connections
    "patient": _FAST._replace(retry_gap=4.0),
    "default": Timings(),
}


def _levels(depth: Depth | None) -> list[list[float]]:
    return [[level.price, level.volume] for side in (depth.asks, depth.bids) for level in side] if depth else []


def facts_of(instrument: Instrument) -> list[Any]:
    """Returns the last price, when it traded, the book and the latest bar."""
    bar = instrument.bars.get(instrument.bars.latest)
    traded = instrument.tick.time if instrument.tick is not None else 0
    return [
        instrument.last,
        traded,
        _levels(instrument.depth),
        [bar.time, bar.close, bar.volume] if bar is not None else [],
    ]


def true_facts(exchange: Exchange, symbol: Symbol) -> list[Any]:
    """Returns what `facts_of` returns where nothing is missing."""
    truth = exchange.truth(symbol)
    if truth is None:
        return []
    bar = truth.klines[-1]
    return [truth.tick.last, truth.tick.time, _levels(truth.depth), [bar.time, bar.close, bar.volume]]


async def equals_the_exchange(window: Window, exchange: Exchange) -> None:
    """Wait until all facts of a window are the exchange's, whose market stands still."""

    def differences() -> list[str]:
        return [
            f"{symbol}: {known}, and {true} in truth"
            for symbol, instrument in window.market.instruments.items()
            if (known := facts_of(instrument)) != (true := true_facts(exchange, symbol))
        ]

    try:
        await until(lambda: not differences(), within=15)
    except TimeoutError:
        raise AssertionError("; ".join(differences())) from None


LOCAL_TOKEN = "a-token-of-this-machine-a1b2c3d4e5f6"


def on_loopback(port: int = 0) -> LocalAccess:
    """Returns an access over TCP, by default on a free port."""
    return LocalAccess("127.0.0.1", port, Token(LOCAL_TOKEN), Path("unused"))


class Window:
    """`async with Window(url, folder, QQQ) as window:` a link that joins the others with this folder or leads them.
    With `listen` it is a relay: without symbols of its own, and open over TCP."""

    def __init__(
        self,
        url: str,
        folder: Path,
        *symbols: Symbol,
        name: str = "dashboard",
        timings: Timings = QUICK,
        take_over: bool = False,
        everything: bool = False,
        listen: LocalAccess | None = None,
        **options: object,
    ) -> None:
        self.running = Running(url, *symbols, timings=timings, **options)  # type: ignore[arg-type]
        self.market = self.running.market
        self.sharing = Sharing(
            KeyLock("host", Token(KEY), folder=folder),
            self.market,
            name,
            take_over=take_over,
            wants_everything=everything,
            listen=listen,
            timings=timings,
        )
        self.link = self.running.link
        if listen is not None:
            self.link.set_symbols(())
        self.link._route = self.sharing
        self.sharing.on_wanted = self.link._follow_wanted
        self.sharing.on_leading = self.link._follow_leading
        self.sharing.on_renew = self.link.reconnect
        self._stack = AsyncExitStack()

    @property
    def phases_since_live(self) -> list[LinkPhase]:
        """The phases after the first LIVE."""
        phases = self.running.phases
        return phases[phases.index(LinkPhase.LIVE) + 1 :]

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self.sharing)
        await self._stack.enter_async_context(self.running)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)


async def leads_again(*windows: Window) -> Window:
    """Returns the window that leads, once all others follow it and all are live."""

    def settled() -> bool:
        roles = sorted(window.sharing.role.value for window in windows)
        is_live = all(window.link.state.phase is LinkPhase.LIVE for window in windows)
        return is_live and roles == ["following"] * (len(windows) - 1) + ["leading"]

    await until(settled, within=20)
    return next(window for window in windows if window.sharing.role is Role.LEADING)
