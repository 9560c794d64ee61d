"""Standard output and error for a program that has other things to do than to wait for whoever reads it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import threading
from collections.abc import Callable

_MOST = 64 * 1024 * 1024  # bytes that may wait
_HURRIED = 0.5  # s, where somebody wants to leave


class StdoutWriter:
    """Writes to a descriptor on a thread of its own, in order: whoever reads may stand still, and only what is to be
    written waits for that. `on_error` is called where no more can be."""

    def __init__(self, descriptor: int, on_error: Callable[[], object]) -> None:
        self._descriptor = descriptor
        self._on_error = on_error
        self._error: OSError | None = None
        self._text = bytearray()
        self._waiting = 0  # bytes, with those that are being written
        self._changed = threading.Condition()
        self._ends = False
        self._over = asyncio.Event()  # nothing is left to write, or to wait for
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="output", daemon=True)
        self._thread.start()

    def write(self, text: bytes) -> None:
        with self._changed:
            self._text += text
            self._waiting += len(text)
            self._changed.notify()
        if self._waiting > _MOST:
            self._fail(OSError(errno.ENOBUFS, "nobody reads it as fast as data comes"))

    def stop_waiting(self) -> None:
        """Do not wait for whoever reads."""
        self._over.set()

    async def close(self, patience: float | None) -> OSError | None:
        """Write what is left, until nobody has read any of it for so many seconds. Why not all was written."""
        with self._changed:
            self._ends = True
            self._changed.notify()
        before = -1
        while not self._over.is_set() and self._waiting != before:
            before = self._waiting
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self._over.wait()
        self._thread.join(_HURRIED)
        return OSError(errno.ETIMEDOUT, "nobody reads it") if self._thread.is_alive() else self._error

    def _run(self) -> None:
        try:
            while left := memoryview(self._taken()):
                while left:
                    written = os.write(self._descriptor, left)
                    left = left[written:]
                    with self._changed:
                        self._waiting -= written
        except OSError as error:
            self._tell(self._fail, error)
        self._tell(self._over.set)

    def _taken(self) -> bytearray:
        with self._changed:
            self._changed.wait_for(lambda: self._text or self._ends)
            text, self._text = self._text, bytearray()
            return text

    def _tell(self, what: Callable[..., object], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody wants to know any more
            self._loop.call_soon_threadsafe(what, *arguments)

    def _fail(self, error: OSError) -> None:
        self._error = error
        self._on_error()
