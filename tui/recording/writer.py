"""Writes a recording while the feed runs. The feed only appends its input to a list; once a second a thread formats,
compresses and writes it."""

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

_WRITE_EVERY = 1.0  # s: the most that is lost if the process is killed
_COMPRESSION_LEVEL = 3  # 2.5 µs a message; level 6 takes over twice as long for a third fewer bytes
_MEMBER_SIZE = 4 * 1024 * 1024  # bytes of text after which a gzip member ends
_MAX_PENDING = 64 * 1024 * 1024  # bytes of messages that may wait for a slow disk
_EXIT_TIMEOUT = 1.0  # s

_log = logging.getLogger(__name__)


class Recorder:
    """Records the input of a market. `with Recorder(path) as recorder:` creates the file, `begin` starts the recording.
    When the file can no longer be written, `error` says why, `on_error` is called (from any thread), and the feed goes
    on without a recording.

    Raises UsageError if the file exists or cannot be created.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.error = ""
        self.messages = 0
        """The messages written so far."""
        self.on_error: Callable[[], object] = lambda: None
        self._pending: list[float | bytes | bytearray] = []
        """Arrival times, each followed by its frames, and complete lines."""
        self._market: Market | None = None
        self._written_bytes = 0  # of messages, as the market counts them
        self._time = b""  # the arrival time of the last frame: the next one may have the same
        self._names: dict[Symbol, str] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            raise UsageError(f"{path} is there already: a recording never writes over a file") from None
        except OSError as error:
            raise UsageError(f"cannot record to {path}: {reason(error)}") from None
        self._file = open(descriptor, "wb", buffering=0)  # noqa: SIM115  # closed in __exit__

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
        """Record all input of this market from now on. Raises UsageError if the header cannot be written."""
        symbols = tuple(symbols)
        header = RecordingHeader(FORMAT, __version__, clock(), 1000 * wall(), host, list(map(str, symbols)))
        try:
            self._write([msgspec.json.encode(header) + b"\n"])
        except OSError as error:
            raise UsageError(f"cannot record to {self.path}: {reason(error)}") from None
        self._market, self._clock = market, clock
        market.on_frames, market.on_call = self._on_frames, self._on_call
        market.follow(symbols)
        self._thread.start()

    # --- on the event loop's thread ---

    def _on_frames(self, now: float) -> Callable[[bytes | bytearray], None] | None:
        assert self._market is not None
        if self._market.health.bytes - self._written_bytes > _MAX_PENDING:
            self._stop(f"{self.path} cannot be written as fast as data comes")
            return None
        self._pending.append(float(now))
        return self._pending.append

    def _on_call(self, name: str, arguments: Sequence[Any]) -> None:
        # Formatted at once: the market may change its arguments later.
        self._pending.append(_Line(call_line(self._clock(), name, arguments)))

    def record_state(self, state: LinkState) -> None:
        """Record a state of the link."""
        if not self.error:
            self._pending.append(_Line(state_line(self._clock(), state)))

    def record_names(self, names: FundNames, symbols: Iterable[Symbol]) -> None:
        """Record the names of these funds that the program does not know by itself."""
        new = {symbol: name for symbol in symbols if (name := names.name_of(symbol)) not in ("", NAMES.get(symbol))}
        if not self.error and new.items() - self._names.items():
            self._names |= new
            self._pending.append(_Line(names_line(self._clock(), new)))

    # --- on the recorder's thread ---

    def _run(self) -> None:
        try:
            while not self._stopping.wait(_WRITE_EVERY):
                self._write_pending()
            self._write_pending()
        except OSError as error:
            self._stop(f"{self.path} cannot be written: {reason(error)}")
        except Exception as error:
            # A defect of ours ends the recording, not the feed. Only its type is shown: its text could hold the key.
            _log.error("recorder: a fault in the program", exc_info=error)
            self._stop(f"a fault in the program ({type(error).__name__})")

    def _write_pending(self) -> None:
        assert self._market is not None
        if not self._pending:
            return
        self._written_bytes = self._market.health.bytes
        pending = self._pending[:]
        del self._pending[: len(pending)]
        lines: list[bytes] = []
        size = messages = 0
        for each in pending:
            if type(each) is float:
                self._time = repr(each).encode()
                continue
            line = each if type(each) is _Line else message_line(self._time, each)  # type: ignore[arg-type]
            messages += line is not each
            lines.append(line)
            size += len(line)
            if size > _MEMBER_SIZE:
                self._write(lines)
                lines.clear()
                size = 0
        self._write(lines)
        self.messages += messages

    def _write(self, lines: Sequence[bytes]) -> None:
        if lines:
            remaining = memoryview(gzip.compress(b"".join(lines), _COMPRESSION_LEVEL, mtime=0))
            while remaining:
                remaining = remaining[self._file.write(remaining) :]

    def _stop(self, why: str) -> None:
        market = self._market
        if self.error or market is None:
            return
        self.error = why
        market.on_frames = market.on_call = None
        self._pending.clear()
        self._stopping.set()
        self.on_error()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._market is None:
            with contextlib.suppress(OSError):
                self._file.close()
                self.path.unlink()  # nothing was recorded
            return
        self._stopping.set()
        self._thread.join(_EXIT_TIMEOUT)  # the disk may hang
        if self._thread.is_alive():
            self.error = f"{self.path} was not written to its end within {_EXIT_TIMEOUT:g} s"
        else:
            with contextlib.suppress(OSError):
                self._file.close()


class _Line(bytes):
    """A formatted line."""
