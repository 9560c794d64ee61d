"""Writes a recording while the feed runs. There, what comes in is only put into a list; a thread makes lines of it,
packs them and writes them, once a second."""

from __future__ import annotations

import contextlib
import gzip
import logging
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from tui import __version__
from tui.errors import UsageError, reason
from tui.feed.state import LinkState
from tui.market import Market
from tui.recording.format import FORMAT, RecordingHeader, call_line, message_line, names_line, state_line
from tui.reference.fund_names import NAMES, FundNames
from tui.symbol import Symbol

_EVERY = 1.0  # s: what is lost where the program is killed
_LEVEL = 3  # 2.5 µs a message, where 6 takes as much again and more for a third fewer bytes
_MEMBER = 4 * 1024 * 1024  # bytes of text
_WAITING = 64 * 1024 * 1024  # bytes of messages that a slow disk may leave in memory
_LEAVE_WITHIN = 1.0  # s

_log = logging.getLogger(__name__)


class Recorder:
    """`with Recorder(path) as recorder:` makes the file, `begin` ties it to a market. Where it cannot be written any
    more `trouble` says why, `on_trouble` is called (from any thread), and the feed goes on without it.

    Raises UsageError where the file cannot be made, or there is one already.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.trouble = ""
        self.on_trouble: Callable[[], object] = lambda: None
        self._came: list[float | bytes | bytearray] = []
        """Times, and after each the frames that arrived then; other lines as they are to be written."""
        self._market: Market | None = None
        self._taken = 0  # bytes of messages, of those the market counts
        self._time = b""  # when the frame taken last arrived: the next may have come with it
        self._named: dict[Symbol, str] = {}
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            raise UsageError(f"{path} is there already: a recording never writes over a file") from None
        except OSError as error:
            raise UsageError(f"cannot record to {path}: {reason(error)}") from None
        self._file = open(descriptor, "wb", buffering=0)  # noqa: SIM115  # closed with the block

    def __enter__(self) -> Self:
        return self

    def begin(
        self,
        market: Market,
        symbols: Iterable[Symbol],
        host: str,
        clock: Callable[[], float],
        wall: Callable[[], float],
    ) -> None:
        """From now on keep all that this market is told. Raises UsageError where not even the header can be written."""
        symbols = tuple(symbols)
        header = RecordingHeader(FORMAT, __version__, clock(), 1000 * wall(), host, list(map(str, symbols)))
        try:
            self._write([msgspec.json.encode(header) + b"\n"])
        except OSError as error:
            raise UsageError(f"cannot record to {self.path}: {reason(error)}") from None
        self._market, self._clock = market, clock
        market.on_frames, market.on_call = self._read, self._input
        market.follow(symbols)
        self._thread.start()

    # --- on the feed's side ---

    def _read(self, now: float) -> Callable[[bytes | bytearray], None] | None:
        assert self._market is not None
        if self._market.health.bytes - self._taken > _WAITING:
            self._stop(f"{self.path} cannot be written as fast as data comes")
            return None
        self._came.append(float(now))
        return self._came.append

    def _input(self, name: str, arguments: Sequence[Any]) -> None:
        # A line at once: what the market was given it may change.
        self._came.append(_Line(call_line(self._clock(), name, arguments)))

    def link(self, state: LinkState) -> None:
        """Keep a state of the link."""
        if not self.trouble:
            self._came.append(_Line(state_line(self._clock(), state)))

    def names(self, names: FundNames, symbols: Iterable[Symbol]) -> None:
        """Keep what these are called, where it had to be learned."""
        new = {symbol: name for symbol in symbols if symbol not in NAMES and (name := names.name_of(symbol))}
        if not self.trouble and new.items() - self._named.items():
            self._named |= new
            self._came.append(_Line(names_line(self._clock(), new)))

    # --- on the thread's side ---

    def _run(self) -> None:
        try:
            while not self._leaving.wait(_EVERY):
                self._write_what_came()
            self._write_what_came()
        except OSError as error:
            self._stop(f"{self.path} cannot be written: {reason(error)}")
        except Exception as error:
            # A fault of ours costs the recording, not the feed. Only its kind is told: its text could hold anything.
            _log.error("recorder: a fault in the program", exc_info=error)
            self._stop(f"a fault in the program ({type(error).__name__})")

    def _write_what_came(self) -> None:
        assert self._market is not None
        if not self._came:
            return
        self._taken = self._market.health.bytes
        came = self._came[:]
        del self._came[: len(came)]
        lines: list[bytes] = []
        size = 0
        for each in came:
            if type(each) is float:
                self._time = repr(each).encode()
                continue
            line = each if type(each) is _Line else message_line(self._time, each)  # type: ignore[arg-type]
            lines.append(line)
            size += len(line)
            if size > _MEMBER:
                self._write(lines)
                lines.clear()
                size = 0
        self._write(lines)

    def _write(self, lines: Sequence[bytes]) -> None:
        if lines:
            left = memoryview(gzip.compress(b"".join(lines), _LEVEL, mtime=0))
            while left:
                left = left[self._file.write(left) :]

    def _stop(self, why: str) -> None:
        market = self._market
        if self.trouble or market is None:
            return
        self.trouble = why
        market.on_frames = market.on_call = None
        self._came.clear()
        self._leaving.set()
        self.on_trouble()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._market is None:
            with contextlib.suppress(OSError):
                self._file.close()
                self.path.unlink()  # nothing was recorded
            return
        self._leaving.set()
        self._thread.join(_LEAVE_WITHIN)  # no longer, should the disk hang
        if self._thread.is_alive():
            self.trouble = f"{self.path} was not written to its end within {_LEAVE_WITHIN:g} s"
        else:
            with contextlib.suppress(OSError):
                self._file.close()


class _Line(bytes):
    """A line that is written already."""
