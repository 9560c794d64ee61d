"""The feed without a screen: one JSON object a line on standard output, link states on standard error."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

import msgspec

from tui.errors import EXIT_DONE, EXIT_INTERRUPTED, EXIT_TERMINATED, ItickError, NoConnection
from tui.feed import Link, LinkState, Phase
from tui.market import Instrument, Market
from tui.protocol import Depth, Kline, Level, Push, Quote, Tick
from tui.secrets import Token
from tui.symbol import Symbol

_TYPES = {Tick: "tick", Quote: "quote", Depth: "depth", Kline: "kline@1"}


class Stream:
    """Prints what is applied to a market. Ends after `count` updates or `seconds`, on a signal, when nobody reads any
    more, or when there has been no live connection for `deadline` seconds."""

    def __init__(self, symbols: Sequence[Symbol], count: int | None, seconds: float | None, deadline: float) -> None:
        self._symbols = symbols
        self._left = count
        self._seconds = seconds
        self._deadline = deadline
        self._encode = msgspec.json.Encoder().encode
        self._lines: list[bytes] = []
        self._giving_up: asyncio.TimerHandle | None = None

    async def run(self, url: str, token: Token, types: Sequence[str]) -> int:
        """Stream until done; the exit code. Raises FeedError for a refused key or a missed deadline."""
        self._loop = loop = asyncio.get_running_loop()
        self._done: asyncio.Future[int] = loop.create_future()
        for signum, code in ((signal.SIGINT, EXIT_INTERRUPTED), (signal.SIGTERM, EXIT_TERMINATED)):
            loop.add_signal_handler(signum, self._finish, code)
        if self._seconds is not None:
            loop.call_later(self._seconds, self._finish, EXIT_DONE)
        self._link = Link(url, token, Market(), types=types, on_state=self._link_changed, on_push=self._push)
        self._link.want(self._symbols)
        self._expect_life()
        task = asyncio.create_task(self._link.run())
        try:
            return await self._done
        finally:
            task.cancel()
            await asyncio.wait([task])

    def _finish(self, result: int | ItickError) -> None:
        if self._done.done():
            return
        if isinstance(result, ItickError):
            self._done.set_exception(result)
        else:
            self._done.set_result(result)

    def _link_changed(self, state: LinkState) -> None:
        _say(state.words(self._loop.time()))
        if state.phase is Phase.STOPPED and state.error is not None:
            self._finish(state.error)
        elif state.phase is Phase.LIVE:
            if self._giving_up is not None:
                self._giving_up.cancel()
                self._giving_up = None
        else:
            self._expect_life()

    def _expect_life(self) -> None:
        if self._giving_up is None:
            self._giving_up = self._loop.call_later(self._deadline, self._give_up)

    def _give_up(self) -> None:
        why = self._link.state.error or self._link.state.words(self._loop.time())
        self._finish(NoConnection(f"no live connection within {self._deadline:g} s: {why}"))

    def _push(self, message: Push, instrument: Instrument) -> None:
        if self._left == 0:
            return
        if not self._lines:
            # Written once the messages at hand are decoded: one system call for many lines.
            self._loop.call_soon(self._write)
        self._lines.append(self._encode(describe(message, instrument.symbol)))
        if self._left is not None:
            self._left -= 1

    def _write(self) -> None:
        lines, self._lines = self._lines, []
        try:
            sys.stdout.buffer.write(b"\n".join(lines) + b"\n")
            sys.stdout.buffer.flush()
        except OSError as error:
            # Python flushes once more on its way out: let that go nowhere.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            if isinstance(error, BrokenPipeError):
                self._finish(EXIT_DONE)  # whoever read has enough
            else:
                self._finish(ItickError(f"cannot write to standard output: {(error.strerror or 'failed').lower()}"))
        if self._left == 0:
            self._finish(EXIT_DONE)


def describe(message: Push, symbol: Symbol) -> dict[str, Any]:
    """An update as the stream prints it: `symbol`, `type`, then each field that came under its full name.

    Prices in trade currency, volumes in units, `time` in ms UTC.
    """
    described: dict[str, Any] = {"symbol": str(symbol), "type": _TYPES[type(message)]}
    for name in message.__struct_fields__:
        value = getattr(message, name)
        if value is None or name in ("symbol", "region", "interval"):
            continue
        described[name] = [_level(level) for level in value] if name in ("asks", "bids") else value
    return described


def _level(level: Level) -> dict[str, Any]:
    return {name: value for name in level.__struct_fields__ if (value := getattr(level, name)) is not None}


def _say(words: str) -> None:
    if sys.stderr is None:  # closed by whoever started us; print would take standard output instead
        return
    with contextlib.suppress(OSError):  # nobody reads them any more
        print(words, file=sys.stderr, flush=True)
