"""Non-blocking writes to standard output and error: a thread writes, so that a slow reader does not block the event
loop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import threading
from collections.abc import Callable

_MAX_BUFFERED = 64 * 1024 * 1024  # bytes
_JOIN_TIMEOUT = 0.5  # s for the thread to end


class StdoutWriter:
    """Writes to a descriptor on a thread of its own, in order. `on_error` is called when a write fails, or when more
    than 64 MB are unwritten."""

    def __init__(self, descriptor: int, on_error: Callable[[], object]) -> None:
        self._descriptor = descriptor
        self._on_error = on_error
        self._error: OSError | None = None
        self._buffer = bytearray()
        self._unwritten = 0  # bytes, those being written included
        self._changed = threading.Condition()
        self._closing = False
        self._finished = asyncio.Event()  # everything is written, or nobody waits for it
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="output", daemon=True)
        self._thread.start()

    def write(self, text: bytes) -> None:
        """Append text to the buffer; returns at once."""
        with self._changed:
            self._buffer += text
            self._unwritten += len(text)
            self._changed.notify()
        if self._unwritten > _MAX_BUFFERED:
            self._fail(OSError(errno.ENOBUFS, "nobody reads it as fast as data comes"))

    def abandon(self) -> None:
        """Stop waiting for the reader."""
        self._finished.set()

    async def close(self, stall_timeout: float | None) -> OSError | None:
        """Write the rest of the buffer, until nothing has been read for `stall_timeout` s (None: without a limit).
        Returns the error if not everything was written."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        before = -1
        while not self._finished.is_set() and self._unwritten != before:
            before = self._unwritten
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(stall_timeout):
                    await self._finished.wait()
        self._thread.join(_JOIN_TIMEOUT)
        return OSError(errno.ETIMEDOUT, "nobody reads it") if self._thread.is_alive() else self._error

    def _run(self) -> None:
        try:
            while remaining := memoryview(self._take_buffer()):
                while remaining:
                    written = os.write(self._descriptor, remaining)
                    remaining = remaining[written:]
                    with self._changed:
                        self._unwritten -= written
        except OSError as error:
            self._call_in_loop(self._fail, error)
        self._call_in_loop(self._finished.set)

    def _take_buffer(self) -> bytearray:
        with self._changed:
            self._changed.wait_for(lambda: self._buffer or self._closing)
            text, self._buffer = self._buffer, bytearray()
            return text

    def _call_in_loop(self, callback: Callable[..., object], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(callback, *arguments)

    def _fail(self, error: OSError) -> None:
        self._error = error
        self._on_error()
