"""The feed without a screen: one JSON object a line on standard output, link states on standard error."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

import msgspec

from tui.crash import catch_callbacks
from tui.errors import EXIT_DONE, EXIT_HANGUP, EXIT_INTERRUPTED, EXIT_TERMINATED, ItickError, NoConnection
from tui.feed import Link, LinkState, Phase
from tui.feed.clock import monotonic
from tui.feed.lock import KeyLock
from tui.market import Instrument, Market
from tui.protocol import Depth, Kline, Level, Push, Quote, Tick
from tui.secrets import Token, clean
from tui.symbol import Symbol

_log = logging.getLogger(__name__)
_TYPES = {Tick: "tick", Quote: "quote", Depth: "depth", Kline: "kline@1"}


class Stream:
    """Prints what is applied to a market. Ends after `count` updates or `seconds`, on a signal, when nobody reads any
    more, or when there has been no live connection for `deadline` seconds; then it tells the feed's counters."""

    def __init__(
        self,
        symbols: Sequence[Symbol],
        count: int | None,
        seconds: float | None,
        deadline: float,
        *,
        json_health: bool = False,
    ) -> None:
        self._symbols = symbols
        self._json_health = json_health
        self._left = count
        self._seconds = seconds
        self._deadline = deadline
        self._encode = msgspec.json.Encoder().encode
        self._lines: list[bytes] = []
        self._giving_up: asyncio.TimerHandle | None = None

    async def run(self, url: str, token: Token, types: Sequence[str], lock: KeyLock | None = None) -> int:
        """Stream until done; the exit code. Raises FeedError for a refused key or a missed deadline."""
        self._loop = loop = asyncio.get_running_loop()
        self._done: asyncio.Future[int] = loop.create_future()
        catch_callbacks(loop, self._finish)
        signals = {signal.SIGINT: EXIT_INTERRUPTED, signal.SIGTERM: EXIT_TERMINATED, signal.SIGHUP: EXIT_HANGUP}
        if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # started by nohup
            del signals[signal.SIGHUP]
        for signum, code in signals.items():
            loop.add_signal_handler(signum, self._finish, code)
        if self._seconds is not None:
            loop.call_later(self._seconds, self._finish, EXIT_DONE)
        market = Market()
        self._link = Link(url, token, market, types=types, on_state=self._link_changed, on_push=self._push, lock=lock)
        self._link.want(self._symbols)
        self._expect_life()
        task = asyncio.create_task(self._link.run())
        task.add_done_callback(self._link_ended)
        try:
            return await self._done
        finally:
            task.cancel()
            await asyncio.wait([task])
            report = market.health.report()
            _say(self._encode(report).decode() if self._json_health else summary(report))

    def _finish(self, result: int | Exception) -> None:
        if self._done.done():
            return
        if isinstance(result, Exception):
            self._done.set_exception(result)
        else:
            self._done.set_result(result)

    def _link_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and isinstance(fault := task.exception(), Exception):
            self._finish(fault)

    def _link_changed(self, state: LinkState) -> None:
        words = clean(state.words(monotonic()))
        _log.info("link %s", words)
        _say(words)
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
        why = self._link.state.error or self._link.state.words(monotonic())
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
        described[name] = [_level(level) for level in value] if name in ("asks", "bids") else _plain(name, value)
    return described


def _level(level: Level) -> dict[str, Any]:
    return {
        name: _plain(name, value) for name in level.__struct_fields__ if (value := getattr(level, name)) is not None
    }


def _plain(name: str, value: Any) -> Any:
    """Whole sizes without a point, as the vendor writes them."""
    whole = name in ("volume", "size") and isinstance(value, float) and value.is_integer()
    return int(value) if whole else value


def summary(report: dict[str, Any]) -> str:
    """The counters of a health report in a few lines."""
    applied = ", ".join(f"{count:,} {type_}" for type_, count in report["applied"].items())
    malformed = ", ".join(f"{count:,} {kind}" for kind, count in report["malformed"].items())
    trip = report["round_trip_ms"]
    round_trip = f"{trip['last']:g} ms (median {trip['median']:g}, most {trip['max']:g})" if trip else "not measured"
    return "\n".join(
        (
            f"received {report['messages']:,} messages, {report['bytes']:,} bytes; applied {applied}",
            f"left out: {report['out_of_order']:,} out of order, {report['unfollowed']:,} unfollowed, "
            f"{sum(report['malformed'].values()):,} malformed" + (f" ({malformed})" if malformed else ""),
            f"odd: {report['future']:,} from the future, {report['crossed']:,} crossed books, "
            f"{report['outside_range']:,} quotes outside their range",
            f"link: {report['reconnects']:,} reconnects, {report['heartbeats_missed']:,} heartbeats missed, "
            f"round trip {round_trip}",
        )
    )


def _say(words: str) -> None:
    if sys.stderr is None:  # closed by whoever started us; print would take standard output instead
        return
    with contextlib.suppress(OSError):  # nobody reads them any more
        print(words, file=sys.stderr, flush=True)
