"""The feed without a screen: one JSON object a line on standard output, link states on standard error."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import select
import signal
import sys
import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from tui import format as fmt
from tui.crash import catch_callbacks
from tui.errors import EXIT_DONE, EXIT_HANGUP, EXIT_INTERRUPTED, EXIT_TERMINATED, ItickError, NoConnection, reason
from tui.feed.clock import monotonic
from tui.feed.dns import resolve_in_threads
from tui.feed.endpoint import host_of
from tui.feed.key_lock import KeyLock
from tui.feed.link import Link
from tui.feed.state import LinkPhase, LinkState
from tui.headless.stdout import StdoutWriter
from tui.market import Instrument, Market
from tui.market.entitlements import RefusedType, refused_types
from tui.market.instrument import DATA_WITHIN
from tui.protocol.messages import OVER_LIMIT, TYPE_OF, Level, Push
from tui.secrets import Token, safe_text
from tui.symbol import Symbol, format_list

if TYPE_CHECKING:
    from tui.log import LogFile
    from tui.recording.writer import Recorder

_PATIENCE = 2.0  # s for whoever does not read, at the end

_log = logging.getLogger(__name__)


class NdjsonStream:
    """Prints what is applied to a market. Ends after `count` updates or `seconds`, on a signal, when nobody reads any
    more, or when there has been no live connection for `deadline` seconds."""

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
        self._recorder: Recorder | None = None
        self._left = count
        self._seconds = seconds
        self._deadline = deadline
        self._encode = msgspec.json.Encoder().encode
        self._lines: list[bytes] = []
        self._giving_up: asyncio.TimerHandle | None = None
        self._data_due: asyncio.TimerHandle | None = None
        self._types: Sequence[str] = ()
        self._heard: set[Symbol] = set()  # symbols of which anything came, on any connection
        self._missed: list[Symbol] = []  # symbols that were said to have no data
        self._market = Market()
        self._link: Link | None = None
        self._refused: list[RefusedType] = []
        self._signalled = EXIT_DONE
        self._errors: StdoutWriter | None = None  # standard error, while the loop runs
        self._was_live = False

    async def run(
        self,
        url: str,
        token: Token,
        types: Sequence[str],
        lock: KeyLock | None = None,
        recorder: Recorder | None = None,
        log: LogFile | None = None,
    ) -> int:
        """Stream until done; the exit code. Raises FeedError for a refused key or a missed deadline."""
        self._types = types
        self._loop = loop = asyncio.get_running_loop()
        self._done: asyncio.Future[int] = loop.create_future()
        self._output = StdoutWriter(sys.stdout.fileno(), partial(self._finish, EXIT_DONE))
        if sys.stderr is not None:
            self._errors = StdoutWriter(sys.stderr.fileno(), lambda: None)
        catch_callbacks(loop, self._finish)
        resolve_in_threads(loop)
        signals = {signal.SIGINT: EXIT_INTERRUPTED, signal.SIGTERM: EXIT_TERMINATED, signal.SIGHUP: EXIT_HANGUP}
        if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # started by nohup
            del signals[signal.SIGHUP]
        for signum, code in signals.items():
            loop.add_signal_handler(signum, self._leave, code)
        if self._seconds is not None:
            loop.call_later(self._seconds, self._time_is_over)
        self._link = Link(
            url,
            token,
            self._market,
            types=types,
            on_state=self._link_changed,
            on_push=self._push,
            on_fault=self._finish,
            lock=lock,
        )
        if recorder is not None:
            self._recorder = recorder
            recorder.on_error = lambda: self._say_soon(f"recording stopped: {recorder.error}")
            recorder.begin(self._market, self._symbols, host_of(url), monotonic, time.time)
        if log is not None:
            log.on_trouble = lambda: self._say_soon(log.trouble)
            if log.trouble:
                self._say(log.trouble)
        self._link.set_symbols(self._symbols)
        self._expect_life()
        task = asyncio.create_task(self._link.run())
        task.add_done_callback(self._link_ended)
        try:
            code = await self._done
        finally:
            task.cancel()
            await asyncio.wait([task])
            error = await self._output.close(None if self._left == 0 else _PATIENCE)
            if self._errors is not None and await self._errors.close(_PATIENCE) is None:
                self._errors = None  # else the last words have no reader either
        if self._signalled:  # perhaps while what is left was written
            return self._signalled
        if error is not None and not isinstance(error, BrokenPipeError):  # who read has enough
            raise ItickError(f"cannot write to standard output: {reason(error)}")
        return code

    def print_counters(self) -> None:
        """How the feed did, where there was one."""
        if self._link is None:
            return
        report = self._market.health.report()
        silent = self._without_data()
        if not self._json_health:
            if self._left == 0:  # the last update came before others could bring any
                silent = [symbol for symbol in silent if symbol in self._missed]
            if silent:
                self._say(f"no data: {format_list(silent)}")
            self._say(summary(report))
            return
        refused = [
            {"type": type_, "words": safe_text(words), "symbols": [str(symbol) for symbol in symbols]}
            for type_, words, symbols in self._refused
        ]
        more = {"symbols": len(self._symbols), "refused": refused, "no_data": list(map(str, silent))}
        self._say(self._encode(report | more).decode())

    def _say(self, words: str) -> None:
        """Tell a person, on standard error."""
        if self._errors is not None:
            self._errors.write(f"{words}\n".encode(sys.stderr.encoding, "backslashreplace"))
        elif sys.stderr is not None:  # else closed by whoever started us; print would take standard output instead
            with contextlib.suppress(OSError):  # nobody reads them any more
                if select.select((), (sys.stderr,), (), _PATIENCE)[1]:
                    print(words, file=sys.stderr, flush=True)

    def _say_soon(self, words: str) -> None:
        """The same from any thread, also when the loop has ended."""
        try:
            self._loop.call_soon_threadsafe(self._say, words)
        except RuntimeError:
            self._say(words)

    def _leave(self, code: int) -> None:
        self._signalled = code
        self._output.stop_waiting()
        if self._errors is not None:
            self._errors.stop_waiting()
        self._finish(code)

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
        if self._recorder is not None:
            self._recorder.record_state(state)
        words = safe_text(state.describe(monotonic()))
        _log.info("link %s", words)
        if state.phase is LinkPhase.STOPPED and state.error is not None:
            self._finish(state.error)
            return
        self._say(words)
        if state.phase is LinkPhase.LIVE:
            self._was_live = True
            self._tell_refused()
            if self._giving_up is not None:
                self._giving_up.cancel()
                self._giving_up = None
            self._data_due = self._loop.call_later(DATA_WITHIN, self._tell_missed)
        else:
            self._expect_life()
            if self._data_due is not None:
                self._data_due.cancel()

    def _tell_refused(self) -> None:
        """What is not served, where that is not what it was on the connection before."""
        now = refused_types(self._market.instruments.values())
        if now != self._refused:
            for line in refused_words(now, len(self._symbols)):
                self._say(line)
        self._refused = now

    def _tell_missed(self) -> None:
        """Name once each symbol that has been live for a while and brought nothing."""
        if missed := [symbol for symbol in self._without_data() if symbol not in self._missed]:
            self._missed += missed
            spelled = "is it spelled" if len(missed) == 1 else "are they spelled"
            self._say(f"no data yet for {format_list(missed)}: {spelled} right? A closed exchange sends nothing either")

    def _without_data(self) -> list[Symbol]:
        """The symbols that are served, as the server says, and of which nothing came."""
        return [
            symbol
            for symbol, instrument in self._market.instruments.items()
            if symbol not in self._heard and instrument.served_at and instrument.refused.keys() < set(self._types)
        ]

    def _expect_life(self) -> None:
        if self._giving_up is None:
            self._giving_up = self._loop.call_later(self._deadline, self._give_up, self._deadline)

    def _time_is_over(self) -> None:
        assert self._seconds is not None
        if self._was_live:
            self._finish(EXIT_DONE)
        else:
            self._give_up(self._seconds)

    def _give_up(self, waited: float) -> None:
        assert self._link is not None
        why = self._link.state.error or self._link.state.describe(monotonic())
        self._finish(NoConnection(f"no live connection within {waited:g} s: {why}"))

    def _push(self, message: Push, instrument: Instrument) -> None:
        if self._left == 0:
            return
        if not self._lines:
            # Written once the messages at hand are decoded: one system call for many lines.
            self._loop.call_soon(self._write)
        self._lines.append(self._encode(to_record(message, instrument.symbol)))
        self._heard.add(instrument.symbol)
        if self._left is not None:
            self._left -= 1

    def _write(self) -> None:
        lines, self._lines = self._lines, []
        self._output.write(b"\n".join(lines) + b"\n")
        if self._left == 0:
            self._finish(EXIT_DONE)


def to_record(message: Push, symbol: Symbol) -> dict[str, Any]:
    """An update as the stream prints it: `symbol`, `type`, then each field that came under its full name.

    Prices in trade currency, volumes in units, `time` in ms UTC.
    """
    described: dict[str, Any] = {"symbol": str(symbol), "type": TYPE_OF[type(message)]}
    for name in message.__struct_fields__:
        value = getattr(message, name)
        if value is None or name in ("symbol", "region", "interval"):
            continue
        described[name] = _levels(value) if name in ("asks", "bids") else _plain(name, value)
    return described


def _levels(side: list[Level]) -> list[dict[str, Any]]:
    return [
        {"price": level.price, "volume": _plain("volume", level.volume), "level": number}
        for number, level in enumerate(side, 1)
    ]


def _plain(name: str, value: Any) -> Any:
    """Whole sizes without a point, as the vendor writes them."""
    whole = name == "volume" and isinstance(value, float) and value.is_integer()
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


def refused_words(refused: Sequence[RefusedType], wanted: int) -> list[str]:
    """What is not served of so many symbols, a line each: `plan limit: 3 of 4 symbols live: not GLD$US`, `depth refused
    for 3 symbols:` and the server's own words."""
    over = list(
        dict.fromkeys(symbol for refusal in refused if refusal.words == OVER_LIMIT for symbol in refusal.symbols)
    )
    lines = [f"plan limit: {wanted - len(over)} of {wanted} symbols live: not {format_list(over)}"] if over else []
    for type_, words, symbols in refused:
        if words != OVER_LIMIT:
            whom = fmt.count(wanted, "symbol") if len(symbols) == wanted else format_list(symbols)
            lines.append(f"{type_} refused for {whom}: {safe_text(words)}")
    return lines
