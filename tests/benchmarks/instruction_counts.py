"""The work whose cost `scale.py` compares, in parts.

    python -m tests.benchmarks.instruction_counts messages|frames RUNS

The parts alternate, RUNS times. Before and after each of them a function is called that nothing else calls, so that a
counting tool can separate the parts. At the end one line of JSON: for each part, in order, its name and the CPU seconds
of one message or one frame.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from tests.benchmarks.sender import messages, symbols, with_times
from tui.feed.connection import Connection
from tui.feed.state import Timings
from tui.feed.websocket import FrameHandler
from tui.market import Instrument, Market
from tui.protocol.messages import Depth, Level, Quote, Tick, encode

MARK = "_Py_GetAllocatedBlocks"
"""The function's name in C, where Python calls it `sys.getallocatedblocks`."""
SYMBOLS = (1, 10, 100, 500)
CHANGED = (1, 5, 10, 20, 40)
LISTS = (50, 100, 500, 1_000)
LIST = 500  # symbols, where the number of changed rows varies
MESSAGES = 1_000  # in a part
WARM_UP_ROUNDS = 10  # before the first that is counted, so that buffers are full
FRAMES = 8  # in a part
OPEN = 1_795_446_000_000  # Monday 2026-11-23 15:00 UTC, 10:00 in New York


class PartTimings:
    """The CPU seconds of the parts, in order."""

    def __init__(self) -> None:
        self.timings: list[tuple[str, float]] = []
        self._began = 0.0

    def begin(self) -> None:
        # A garbage collection would count for the part it happens in.
        gc.collect()
        gc.disable()
        sys.getallocatedblocks()
        self._began = time.process_time()

    def end(self, name: str, count: int) -> None:
        took = time.process_time() - self._began
        sys.getallocatedblocks()
        gc.enable()
        self.timings.append((name, took / count))


class FakeWebSocket:
    """Stands in for the WebSocket: keeps the frame handler, and never ends."""

    def __init__(self) -> None:
        self.deliver: Callable[[bytes], None] = lambda frame: None

    def set_handler(self, handler: FrameHandler) -> None:
        self.deliver = handler.message

    async def ended(self) -> NoReturn:
        await asyncio.get_running_loop().create_future()
        raise AssertionError


async def measure_messages(runs: int) -> PartTimings:
    """Feed frames of bytes through the connection into markets of different sizes."""
    parts = PartTimings()
    websockets, tasks, sent = {}, [], {}
    for count in SYMBOLS:
        market, websockets[count] = Market(), FakeWebSocket()
        market.wall_base = 1000 * (time.time() - time.monotonic())
        market.follow(symbols(count))
        stand_in: Any = websockets[count]
        connection = Connection(stand_in, "127.0.0.1", market, Timings(), time.monotonic, None)
        tasks.append(asyncio.create_task(connection.read()))
        sent[count] = [encode(message) for message in messages(MESSAGES, count)]
    await asyncio.sleep(0)
    minute = int(time.time() // 60) * 60_000  # one minute for all: a new minute starts a new bar
    for round_ in range(WARM_UP_ROUNDS + runs):
        for count in SYMBOLS:
            frames = [with_times(frame, minute + round_, round_) for frame in sent[count]]
            deliver = websockets[count].deliver
            if round_ >= WARM_UP_ROUNDS:
                parts.begin()
            for frame in frames:
                deliver(frame)
            if round_ >= WARM_UP_ROUNDS:
                parts.end(f"{count} symbols", MESSAGES)
    for task in tasks:
        task.cancel()
    return parts


async def measure_frames(runs: int) -> PartTimings:
    """Paint frames, from marked changes to the bytes for a terminal of 160×50."""
    from tests.support.manual_frames import DiscardingDriver, ManualFramesApp
    from tui.app import lifecycle
    from tui.app.feed_worker import FeedSource
    from tui.app.preferences import LaunchOptions
    from tui.config.file import ConfigFile
    from tui.config.settings import Settings

    lifecycle.DEADLY_SIGNALS = set(lifecycle._ASKED_TO_END)  # valgrind keeps the last one of all for itself

    class PaintNotifier(ManualFramesApp):
        """Sets an event when something was painted."""

        drawn = asyncio.Event()

        def post_display_hook(self) -> None:
            self.drawn.set()

    parts = PartTimings()
    most = symbols(max(LISTS))
    app = PaintNotifier(
        LaunchOptions(Settings(lists={"All": tuple(most[:LIST])}), ConfigFile(Path(os.devnull))), FeedSource("")
    )
    app.driver_class = DiscardingDriver
    async with app.run_test(headless=False, size=(160, 50)) as pilot:
        await pilot.pause()
        market = app.market
        market.on_change = None
        market.wall_base = OPEN
        market.follow(most)
        rows = [market.instruments[symbol] for symbol in most]
        fill(market, rows)
        times = itertools.count(1)

        async def frame(changed: Iterable[Instrument]) -> None:
            n = next(times)
            now = n / 30
            for instrument in changed:
                last = 100 + n % 10 / 100
                market.apply(Tick(symbol=str(instrument.symbol), last=last, volume=n, time=int(OPEN + 1000 * now)), now)
            app.drawn.clear()
            app.dashboard.sync(market.drain_changed(), now, True)
            async with asyncio.timeout(60):
                await app.drawn.wait()

        async def part(name: str, length: int, changed: int, counted: bool) -> None:
            for _ in range(30):
                next(times)  # flashes end with the first frame, which is not counted
            if len(app.dashboard.watchlist.rows) != length:
                app.dashboard.show(f"{length}", rows[:length])
                app.drawn.set()
                while app.drawn.is_set():  # until there is nothing left to draw
                    app.drawn.clear()
                    await pilot.pause(0.2)
            for _ in range(2):
                await frame(rows[1 : changed + 1])
            if counted:
                parts.begin()
            for _ in range(FRAMES):
                await frame(rows[1 : changed + 1])
            if counted:
                parts.end(name, FRAMES)

        for round_ in range(1 + runs):
            for changed in CHANGED:
                await part(f"{changed} rows", LIST, changed, round_ > 0)
            for length in LISTS:
                await part(f"list of {length}", length, 1, round_ > 0)
    return parts


def fill(market: Market, rows: Sequence[Instrument]) -> None:
    """Set every figure of the rows."""
    for instrument in rows:
        symbol, time_ms = str(instrument.symbol), OPEN
        market.apply(
            Quote(symbol=symbol, last=100.0, open=100.1, high=106.2, low=93.4, time=time_ms, volume=1, turnover=1e9),
            0.0,
        )
        asks, bids = ([Level(price=100 + side * level / 100, volume=100) for level in range(1, 11)] for side in (1, -1))
        market.apply(Depth(symbol=symbol, asks=asks, bids=bids), 0.0)


def main(what: str, runs: str) -> None:
    parts = asyncio.run((measure_messages if what == "messages" else measure_frames)(int(runs)))
    print(json.dumps(parts.timings))


if __name__ == "__main__":
    main(*sys.argv[1:])
