"""The person's command that prints IOPVs, one a line: `SYMBOL VALUE [TIME]`.

It may print once or for ever. TIME is of the value: seconds or milliseconds since the epoch, or ISO 8601 with a zone; a
date alone is that of a NAV. Without it the value is of the moment in which its line came.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import signal
from collections.abc import Callable, Sequence
from datetime import datetime
from io import FileIO

from tui import format as fmt
from tui.errors import UsageError, reason
from tui.market import Market
from tui.market.sessions import zone
from tui.protocol.messages import MAX_PRICE, MAX_TIME, MIN_PRICE, MIN_TIME
from tui.secrets import environment_without_key, safe_text
from tui.symbol import Symbol, parse_symbol

_AGAIN = 15.0  # s after a run that ended well: an IOPV is published that often
_DELAYS = (1.0, 2.0, 5.0, 15.0, 30.0, 60.0)  # s after each failure in a row
_HELD = 60.0  # s: a run as long as that did not fail at once
_PORTION = 4_096  # bytes read at a time, and the longest line
_READ_INTERVAL = 0.02  # s: the most that is read is 200 kB a second, which takes a few per cent of a processor
_MAX_QUOTED = 60  # characters of an invalid line in an error
_SECONDS_END = 10**11  # a number below it is in seconds: as milliseconds it would lie before March 1973
KIND = "iopv_command"
"""What its invalid lines are counted as."""


def parse_iopv(line: str, now: float) -> tuple[Symbol, float, float]:
    """Returns symbol, value and time (ms UTC) of a line that came at `now` (ms UTC). Raises UsageError with what is
    wrong with it."""
    parts = line.split(maxsplit=2)
    if len(parts) < 2:
        raise UsageError("it is no SYMBOL VALUE [TIME]")
    symbol = parse_symbol(parts[0]).symbol
    if (value := _number(parts[1])) is None or not MIN_PRICE <= value <= MAX_PRICE:
        raise UsageError(f"'{parts[1]}' is no value")
    return symbol, value, _time(parts[2].strip(), symbol) if len(parts) > 2 else now


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _time(text: str, symbol: Symbol) -> float:
    """Returns a time that is written, ms UTC; a date alone is its midnight at the symbol's exchange. Raises
    UsageError."""
    if (time := _number(text)) is not None:
        time *= 1000 if time < _SECONDS_END else 1
    else:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise UsageError(f"'{text}' is no time: write 2026-11-27T15:59:45-05:00, or seconds") from None
        if moment.tzinfo is None and len(text) > len("2026-11-27"):
            raise UsageError(f"'{text}' has no zone: write 2026-11-27T15:59:45-05:00, or seconds")
        local = moment if moment.tzinfo is not None else moment.replace(tzinfo=zone(symbol.region).tz)
        time = 1000 * local.timestamp()
    if not MIN_TIME <= time < MAX_TIME:
        raise UsageError(f"'{text}' is no time of ours")
    return time


class IopvCommand:
    """Runs the command into a market, again when it ends. `tell` is called with what goes wrong, once for the same;
    `clock` is in s, monotonic."""

    def __init__(
        self, command: Sequence[str], market: Market, tell: Callable[[str], object], clock: Callable[[], float]
    ) -> None:
        self._command = command
        self._name = f"iopv_command: '{command[0]}'"
        self._market = market
        self._tell = tell
        self._clock = clock
        self._told = ""
        self._lines = 0  # valid ones of this run

    async def run(self) -> None:
        """Run the command until this is cancelled."""
        failures = 0
        while True:
            began, self._lines = self._clock(), 0
            failure = await self._run_once()
            if not failure and not self._lines:
                failure = f"{self._name} ended without an IOPV"
            failures = failures + 1 if failure and self._clock() - began < _HELD else int(bool(failure))
            if failure:
                self._say(failure)
            await asyncio.sleep(_DELAYS[min(failures, len(_DELAYS)) - 1] if failures else _AGAIN)

    async def _run_once(self) -> str:
        """Run the command to its end, as `alert_command` is run; returns what failed, "" if nothing did."""
        # A pipe of our own: asyncio's would keep `wait` waiting until it is read to its end.
        readable, writable = os.pipe()
        with os.fdopen(readable, "rb", 0) as output:
            try:
                process = await asyncio.create_subprocess_exec(
                    *self._command,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=writable,
                    stderr=asyncio.subprocess.DEVNULL,
                    env=environment_without_key(),
                    start_new_session=True,
                )
            except OSError as error:
                return f"{self._name} cannot be run: {reason(error)}"
            except ValueError:
                return f"{self._name} cannot be run: there is a character in it that no argument may have"
            finally:
                os.close(writable)
            try:
                await self._read(output)
                code = await process.wait()
            finally:
                if process.returncode is None:
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(process.pid, signal.SIGKILL)
                    await process.wait()
        return f"{self._name} ended with code {code}" if code else ""

    async def _read(self, output: FileIO) -> None:
        """Apply all lines. Of one that is too long the rest is dropped."""
        reader = asyncio.StreamReader(_PORTION)
        protocol = asyncio.StreamReaderProtocol(reader)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, output)
        try:
            await self._apply_lines(reader)
        finally:
            transport.close()

    async def _apply_lines(self, reader: asyncio.StreamReader) -> None:
        rest, is_too_long = b"", False
        while portion := await reader.read(_PORTION):
            *lines, rest = (rest + portion).split(b"\n")
            for line in lines:
                if not is_too_long:
                    self._apply(line)
                is_too_long = False
            if len(rest) > _PORTION:
                if not is_too_long:
                    self._apply(rest)
                rest, is_too_long = b"", True
            await asyncio.sleep(_READ_INTERVAL)
        if rest and not is_too_long:
            self._apply(rest)

    def _apply(self, line: bytes) -> None:
        now = self._clock()
        text = line.decode(errors="replace").strip()
        if not text or text.startswith("#"):
            return
        try:
            if len(line) > _PORTION:
                raise UsageError("it is too long")
            symbol, value, time = parse_iopv(text, self._market.exchange_time(now))
        except UsageError as error:
            self._market.health.count_malformed(KIND, line, now)
            # One notice for all lines that are alike: values differ, and there may be many.
            why = safe_text(str(error))
            if not self._told.startswith(f"{self._name} printed"):
                self._say(f"{self._name} printed '{fmt.clip(safe_text(text), _MAX_QUOTED)}': {fmt.clip(why, 120)}")
            return
        self._lines += 1
        self._market.apply_iopv(symbol, value, time, now)

    def _say(self, words: str) -> None:
        if words != self._told:
            self._told = words
            self._tell(words)
