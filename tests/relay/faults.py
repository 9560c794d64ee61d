"""Windows that share a connection under a schedule of faults, which a seed decides.

    python -m tests.relay.faults --seed N [--steps N] [--list]

Windows in processes of their own are killed, stopped, told to reconnect or to leave, while the exchange cuts its
connections. Afterwards one leads, all others follow it, and the market of each equals the exchange's. `--list` prints
the schedule alone.
"""

from __future__ import annotations

import argparse
import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tests.relay.window_process import Report, WindowProcess
from tests.relay.windows import true_facts
from tests.support.feed import IEF, QQQ, SPY
from tui.exchange.server import Exchange
from tui.symbol import Symbol

WINDOWS = 3
SYMBOLS = (QQQ, SPY, IEF, Symbol("VTI", "US"))
RATE = 1_500  # messages a second
CUTS = ("reset", "drop", "close-1001", "half-open")
_PATIENCE = 60.0  # s


class Step(NamedTuple):
    """A fault: what happens, to which window, and for how long (s)."""

    what: str
    window: int
    seconds: float

    def __str__(self) -> str:
        whom = "the exchange" if self.what in CUTS else f"window {self.window}"
        return f"{whom}: {self.what}, {self.seconds:.2f} s"


def schedule(seed: int, steps: int) -> Iterator[Step]:
    """Yields the steps of a seed."""
    chosen = random.Random(seed)
    for _ in range(steps):
        what = chosen.choice(("kill", "stop", "leave", "reconnect", *CUTS))
        yield Step(what, chosen.randrange(WINDOWS), chosen.uniform(0.05, 0.8))


async def run(seed: int, steps: int, tell: Callable[[str], None]) -> None:
    """Run a schedule. Raises AssertionError if the windows are not right afterwards."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="itick-")))
        exchange = await stack.enter_async_context(Exchange(rate=RATE, single_connection=True))
        symbols = [(SYMBOLS[n], SYMBOLS[n + 1]) for n in range(WINDOWS)]
        windows: list[WindowProcess] = []

        async def start(n: int) -> WindowProcess:
            return await stack.enter_async_context(WindowProcess(exchange.url, folder, *symbols[n]))

        for n in range(WINDOWS):
            windows.append(await start(n))
            await windows[n].is_live()
        for step in schedule(seed, steps):
            tell(str(step))
            await _take(step, windows, exchange, start)
        await settled(windows, exchange)
        await exchange.close_market()
        for n, window in enumerate(windows):
            expected = {str(symbol): true_facts(exchange, symbol) for symbol in symbols[n]}
            await window.has(expected)
        tell("all equal the exchange")


async def _take(step: Step, windows: list[WindowProcess], exchange: Exchange, start: Callable[..., object]) -> None:
    window = windows[step.window]
    if step.what in CUTS:
        exchange.set_faults(step.what, every=0.02)
        await asyncio.sleep(step.seconds)
        exchange.set_faults()
    elif step.what in ("kill", "leave"):
        window.kill() if step.what == "kill" else window.leave()
        await asyncio.sleep(step.seconds)
        windows[step.window] = await start(step.window)  # type: ignore[misc]
    elif step.what == "stop":
        window.stop()
        await asyncio.sleep(step.seconds)
        window.go_on()
    else:
        window.reconnect()
        await asyncio.sleep(step.seconds)


async def settled(windows: list[WindowProcess], exchange: Exchange) -> None:
    """Wait until one window leads, all others follow it, and all are live; a half-open connection looks live at
    first."""
    reports: list[Report] = []
    try:
        async with asyncio.timeout(_PATIENCE):
            while True:
                reports = [await window.report() for window in windows]
                roles = sorted(report.role for report in reports)
                shared = all(report.windows == len(windows) and report.phase == "LIVE" for report in reports)
                shared = shared and None not in map(exchange.truth, SYMBOLS)
                if shared and roles == ["following"] * (len(windows) - 1) + ["leading"]:
                    return
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError([report._replace(facts={}, states=report.states[-4:]) for report in reports]) from None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--list", action="store_true", help="print the schedule alone")
    options = parser.parse_args()
    if options.list:
        print(*schedule(options.seed, options.steps), sep="\n")
    else:
        asyncio.run(run(options.seed, options.steps, print))


if __name__ == "__main__":
    main()
