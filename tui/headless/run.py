"""A run of the program without a screen: link states on standard error, signals, and the exit code."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import select
import signal
import sys
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from tui.crash import catch_callbacks
from tui.errors import EXIT_DONE, EXIT_HANGUP, EXIT_INTERRUPTED, EXIT_TERMINATED, NoConnection, NotShared
from tui.feed.clock import monotonic
from tui.feed.dns import resolve_in_threads
from tui.feed.state import LinkPhase, LinkState
from tui.headless.stdout import StdoutWriter
from tui.market import Market
from tui.secrets import safe_text

if TYPE_CHECKING:
    from tui.log import LogFile

STALL_TIMEOUT = 2.0
"""s without a read, after which the rest of the output is given up at the end."""

_log = logging.getLogger(__name__)


class HeadlessRun:
    """The base of the commands that run a link without a screen. A signal ends them, or an error that lasts."""

    def __init__(self) -> None:
        self.market = Market()
        self._signal_exit_code = EXIT_DONE
        self._stderr: StdoutWriter | None = None  # standard error, while the loop runs
        self._was_live = False
        self._last_words = ""

    def _begin(self, log: LogFile | None) -> None:
        """Begin in the running event loop: signals end it, and `log` tells of its trouble."""
        self._loop = loop = asyncio.get_running_loop()
        self._exit_code: asyncio.Future[int] = loop.create_future()
        if sys.stderr is not None:
            self._stderr = StdoutWriter(sys.stderr.fileno(), lambda: None)
        catch_callbacks(loop, self._finish)
        resolve_in_threads(loop)
        signals = {signal.SIGINT: EXIT_INTERRUPTED, signal.SIGTERM: EXIT_TERMINATED, signal.SIGHUP: EXIT_HANGUP}
        if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # started by nohup
            del signals[signal.SIGHUP]
        for signum, code in signals.items():
            loop.add_signal_handler(signum, self._on_signal, code)
        if log is not None:
            log.on_trouble = lambda: self._print_status_threadsafe(log.trouble)
            if log.trouble:
                self._print_status(log.trouble)

    async def _run_until_done(self, work: Coroutine[Any, Any, None]) -> int:
        """Run a link, or what runs links, until this ends; returns the exit code. Raises the error that ended it."""
        task = asyncio.create_task(work)
        task.add_done_callback(self._on_work_ended)
        try:
            return await self._exit_code
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def _run_to_exit(self, work: Coroutine[Any, Any, None]) -> int:
        """As `_run_until_done`, with all words on standard error written."""
        try:
            code = await self._run_until_done(work)
        finally:
            await self._close_stderr()
        return self._signal_exit_code or code  # a signal may arrive during the final writes

    async def _close_stderr(self) -> None:
        if self._stderr is not None and await self._stderr.close(STALL_TIMEOUT) is None:
            self._stderr = None  # else standard error has no reader: drop what is printed at the end too

    def _no_connection(self, state: LinkState, seconds: float) -> NoConnection:
        """Returns the error of a link that is not live after so many s."""
        why = str(state.error or state.words)
        advice = f": {state.error.advice}" if isinstance(state.error, NotShared) else ""
        return NoConnection(f"no live connection within {seconds:g} s: {why}{advice}")

    def _print_status(self, words: str) -> None:
        """Print a line on standard error."""
        if self._stderr is not None:
            self._stderr.write(f"{words}\n".encode(sys.stderr.encoding, "backslashreplace"))
        elif sys.stderr is not None:  # None if the parent closed it: print would write to standard output
            with contextlib.suppress(OSError):  # no reader
                if select.select((), (sys.stderr,), (), STALL_TIMEOUT)[1]:
                    print(words, file=sys.stderr, flush=True)

    def _print_status_threadsafe(self, words: str) -> None:
        """Print a line on standard error from any thread, also after the loop has ended."""
        try:
            self._loop.call_soon_threadsafe(self._print_status, words)
        except RuntimeError:
            self._print_status(words)

    def _on_signal(self, code: int) -> None:
        self._signal_exit_code = code
        if self._stderr is not None:
            self._stderr.abandon()
        self._finish(code)

    def _finish(self, result: int | Exception) -> None:
        if self._exit_code.done():
            return
        if isinstance(result, Exception):
            self._exit_code.set_exception(result)
        else:
            self._exit_code.set_result(result)

    def _on_work_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and isinstance(fault := task.exception(), Exception):
            self._finish(fault)

    def _follow_state(self, state: LinkState) -> bool:
        """Print a state of the link, once. Returns False if it is the end: an error that lasts."""
        if state.words != self._last_words:
            self._last_words = state.words
            words = safe_text(state.describe(monotonic()))
            _log.info("link %s", words)
            if state.phase is not LinkPhase.STOPPED:
                self._print_status(f"{words}: {state.error.advice}" if isinstance(state.error, NotShared) else words)
        if state.phase is LinkPhase.STOPPED and state.error is not None:
            self._finish(state.error)
            return False
        self._was_live |= state.is_live
        return True
