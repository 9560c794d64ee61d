"""The feed without a screen: NDJSON on standard output, one object an update; link states on standard error."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from tui import format as fmt
from tui.errors import EXIT_DONE, ItickError, reason
from tui.feed.clock import monotonic
from tui.feed.endpoint import host_of
from tui.feed.link import Link, Opener
from tui.feed.state import LinkPhase, LinkState
from tui.feed.tap import Route
from tui.headless.run import STALL_TIMEOUT, HeadlessRun
from tui.headless.stdout import StdoutWriter
from tui.market import Instrument
from tui.market.entitlements import RefusedType, refused_types
from tui.market.instrument import DATA_TIMEOUT
from tui.protocol.messages import OVER_LIMIT, TYPE_OF, Level, Push
from tui.secrets import Token, safe_text
from tui.symbol import Symbol, format_list

if TYPE_CHECKING:
    from tui.log import LogFile
    from tui.recording.writer import Recorder


class NdjsonStream(HeadlessRun):
    """Prints the updates applied to a market.

    It ends after `count` updates or `seconds`, on a signal, when standard output has no reader any more, or after
    `deadline` seconds without a live connection.
    """

    def __init__(
        self,
        symbols: Sequence[Symbol],
        count: int | None,
        seconds: float | None,
        deadline: float,
        *,
        json_health: bool = False,
    ) -> None:
        super().__init__()
        self._symbols = symbols
        self._json_health = json_health
        self._recorder: Recorder | None = None
        self._remaining = count
        self._seconds = seconds
        self._deadline = deadline
        self._encode = msgspec.json.Encoder().encode
        self._lines: list[bytes] = []
        self._deadline_timer: asyncio.TimerHandle | None = None
        self._no_data_timer: asyncio.TimerHandle | None = None
        self._types: Sequence[str] = ()
        self._symbols_with_data: set[Symbol] = set()  # on any connection
        self._reported_symbols: list[Symbol] = []  # reported as without data
        self._link: Link | None = None
        self._refused: list[RefusedType] = []

    async def run(
        self,
        url: str,
        token: Token,
        types: Sequence[str],
        route: Route | None = None,
        recorder: Recorder | None = None,
        log: LogFile | None = None,
        opener: Opener | None = None,
    ) -> int:
        """Stream until done; returns the exit code. Raises FeedError for a refused key or a missed deadline."""
        self._types = types
        self._begin(log)
        self._stdout = StdoutWriter(sys.stdout.fileno(), partial(self._finish, EXIT_DONE))
        if self._seconds is not None:
            self._loop.call_later(self._seconds, self._on_time_limit)
        self._link = Link(
            url,
            token,
            self.market,
            types=types,
            on_state=self._on_link_state,
            on_push=self._on_push,
            on_fault=self._finish,
            route=route,
            opener=opener,
        )
        if recorder is not None:
            self._recorder = recorder
            recorder.on_error = lambda: self._print_status_threadsafe(f"recording stopped: {recorder.error}")
            recorder.begin(self.market, self._symbols, host_of(url), monotonic, time.time)
        self._link.set_symbols(self._symbols)
        self._start_deadline()
        try:
            code = await self._run_until_done(self._link.run())
        finally:
            error = await self._stdout.close(None if self._remaining == 0 else STALL_TIMEOUT)
            await self._close_stderr()
        if self._signal_exit_code:  # a signal may arrive during the final writes
            return self._signal_exit_code
        if error is not None and not isinstance(error, BrokenPipeError):  # a closed pipe is a normal end
            raise ItickError(f"cannot write to standard output: {reason(error)}")
        return code

    def print_counters(self) -> None:
        """Print the counters of the feed, if it was started."""
        if self._link is None:
            return
        report = self.market.health.report()
        silent = self._symbols_without_data()
        if not self._json_health:
            if self._remaining == 0:  # the count was reached, perhaps before all symbols had data
                silent = [symbol for symbol in silent if symbol in self._reported_symbols]
            if silent:
                self._print_status(f"no data: {format_list(silent)}")
            self._print_status(format_counters(report))
            return
        refused = [
            {"type": type_, "words": safe_text(words), "symbols": [str(symbol) for symbol in symbols]}
            for type_, words, symbols in self._refused
        ]
        more = {"symbols": len(self._symbols), "refused": refused, "no_data": list(map(str, silent))}
        self._print_status(self._encode(report | more).decode())

    def _on_signal(self, code: int) -> None:
        self._stdout.abandon()
        super()._on_signal(code)

    def _on_link_state(self, state: LinkState) -> None:
        if self._recorder is not None:
            self._recorder.record_state(state)
        if not self._follow_state(state):
            return
        if state.phase is LinkPhase.LIVE:
            self._report_refused()
            if self._deadline_timer is not None:
                self._deadline_timer.cancel()
                self._deadline_timer = None
            self._no_data_timer = self._loop.call_later(DATA_TIMEOUT, self._report_missing_data)
        else:
            self._start_deadline()
            if self._no_data_timer is not None:
                self._no_data_timer.cancel()

    def _report_refused(self) -> None:
        """Print which types are refused, if they differ from those of the connection before."""
        now = refused_types(self.market.instruments.values())
        if now != self._refused:
            for line in describe_refusals(now, len(self._symbols)):
                self._print_status(line)
        self._refused = now

    def _report_missing_data(self) -> None:
        """Print, once each, the symbols that have been live for some time without data."""
        if missing := [symbol for symbol in self._symbols_without_data() if symbol not in self._reported_symbols]:
            self._reported_symbols += missing
            spelled = "is it spelled" if len(missing) == 1 else "are they spelled"
            self._print_status(
                f"no data yet for {format_list(missing)}: {spelled} right? A closed exchange sends nothing either"
            )

    def _symbols_without_data(self) -> list[Symbol]:
        """Returns the symbols the server accepted that have had no data."""
        return [
            symbol
            for symbol, instrument in self.market.instruments.items()
            if symbol not in self._symbols_with_data
            and instrument.expected_at
            and instrument.refused.keys() < set(self._types)
        ]

    def _start_deadline(self) -> None:
        if self._deadline_timer is None:
            self._deadline_timer = self._loop.call_later(self._deadline, self._fail_deadline, self._deadline)

    def _on_time_limit(self) -> None:
        assert self._seconds is not None
        if self._was_live:
            self._finish(EXIT_DONE)
        else:
            self._fail_deadline(self._seconds)

    def _fail_deadline(self, seconds: float) -> None:
        assert self._link is not None
        self._finish(self._no_connection(self._link.state, seconds))

    def _on_push(self, message: Push, instrument: Instrument) -> None:
        if self._remaining == 0:
            return
        if not self._lines:
            # Written after the buffered messages are decoded: one system call for many lines.
            self._loop.call_soon(self._write_lines)
        self._lines.append(self._encode(to_record(message, instrument.symbol, instrument.suspects_split)))
        self._symbols_with_data.add(instrument.symbol)
        if self._remaining is not None:
            self._remaining -= 1

    def _write_lines(self) -> None:
        lines, self._lines = self._lines, []
        self._stdout.write(b"\n".join(lines) + b"\n")
        if self._remaining == 0:
            self._finish(EXIT_DONE)


def to_record(message: Push, symbol: Symbol, suspects_split: bool = False) -> dict[str, Any]:
    """Returns an update as it is printed: `symbol`, `type`, then the received fields by their full names.

    Prices are in trade currency, volumes in shares, `time` in ms UTC. While a split is likely, the change that the feed
    tells is null.
    """
    record: dict[str, Any] = {"symbol": str(symbol), "type": TYPE_OF[type(message)]}
    for name in message.__struct_fields__:
        value = getattr(message, name)
        if value is None or name in ("symbol", "region", "interval"):
            continue
        if suspects_split and name in ("change", "change_percent"):
            value = None
        record[name] = _level_records(value) if name in ("asks", "bids") else _json_number(name, value)
    return record


def _level_records(side: list[Level]) -> list[dict[str, Any]]:
    return [
        {"price": level.price, "volume": _json_number("volume", level.volume), "level": level.level or number}
        for number, level in enumerate(side, 1)
    ]


def _json_number(name: str, value: Any) -> Any:
    """Returns a whole volume as an int, as the vendor writes it."""
    whole = name == "volume" and isinstance(value, float) and value.is_integer()
    return int(value) if whole else value


def format_counters(report: dict[str, Any]) -> str:
    """Returns the counters of a health report as a few lines."""
    applied = ", ".join(f"{count:,} {type_}" for type_, count in report["applied"].items())
    malformed = ", ".join(f"{count:,} {kind}" for kind, count in report["malformed"].items())
    return "\n".join(
        (
            f"received {report['messages']:,} messages, {report['bytes']:,} bytes; applied {applied}",
            f"left out: {report['out_of_order']:,} out of order, {report['unfollowed']:,} unfollowed, "
            f"{sum(report['malformed'].values()):,} malformed" + (f" ({malformed})" if malformed else ""),
            f"odd: {report['future']:,} from the future, {report['crossed']:,} crossed books, "
            f"{report['misplaced']:,} with misplaced levels, {report['outside_range']:,} quotes outside their range",
            describe_link(report),
        )
    )


def describe_link(report: dict[str, Any]) -> str:
    """Returns the counters of the link in a health report as a line."""
    round_trips = report["round_trip_ms"]
    round_trip = (
        f"{round_trips['last']:g} ms (median {round_trips['median']:g}, most {round_trips['max']:g})"
        if round_trips
        else "not measured"
    )
    missed = report["heartbeats_missed"]
    return f"link: {report['reconnects']:,} reconnects, {missed:,} heartbeats missed, round trip {round_trip}"


def describe_refusals(refused: Sequence[RefusedType], wanted: int) -> list[str]:
    """Returns what is refused of `wanted` symbols, a line each: `plan limit: 3 of 4 symbols live: not GLD$US`, `depth
    refused for 3 symbols:` and the server's words."""
    over_limit = list(
        dict.fromkeys(symbol for refusal in refused if refusal.words == OVER_LIMIT for symbol in refusal.symbols)
    )
    lines = (
        [f"plan limit: {wanted - len(over_limit)} of {wanted} symbols live: not {format_list(over_limit)}"]
        if over_limit
        else []
    )
    for type_, words, symbols in refused:
        if words != OVER_LIMIT:
            symbols_words = fmt.count(wanted, "symbol") if len(symbols) == wanted else format_list(symbols)
            lines.append(f"{type_} refused for {symbols_words}: {safe_text(words)}")
    return lines
