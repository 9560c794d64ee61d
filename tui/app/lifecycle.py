"""A Textual program that ends well: by a signal, with a terminal that is gone, while it is suspended, by a fault."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from functools import partial
from types import FrameType
from typing import Any

from textual.app import App
from textual.worker import WorkerFailed

from tui.crash import catch_callbacks
from tui.errors import EXIT_CRASH, EXIT_HANGUP, EXIT_INTERRUPTED
from tui.feed.dns import resolve_in_threads
from tui.terminal.driver import TerminalDriver

_LEAVE_WITHIN = 3.0  # s
_SIGNALLED = 128  # and the signal's number: the exit code
_ASKED_TO_END = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_NOT_ENDING = (
    *("SIGKILL", "SIGSTOP"),  # nobody can catch them
    *("SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL"),  # a fault of the machine would only come again
    *("SIGPIPE", "SIGXFSZ"),  # Python makes errors of them
    *("SIGCHLD", "SIGCONT", "SIGINFO", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGWINCH"),  # they end nothing
)
DEADLY_SIGNALS = signal.valid_signals() - {getattr(signal, name, None) for name in _NOT_ENDING}
"""Signals that would end the program at once, with the terminal left as it is: for each it ends as for SIGTERM."""


class Process(App[None]):
    """Whatever ends it, the terminal is as it was, and the exit code says what it was."""

    def __init__(self) -> None:
        super().__init__(driver_class=TerminalDriver)
        self._told_of_threads = threading.excepthook  # who hears of one that died: the log
        self._continued = False  # whether the terminal is to be taken again, after a SIGCONT
        self.crash: Exception | None = None
        """The exception that ended the program, where it is at fault itself."""

    def on_load(self) -> None:
        # Before the terminal is touched: from here on, whatever ends the program also restores it.
        loop = asyncio.get_running_loop()
        catch_callbacks(loop, self._handle_exception)
        resolve_in_threads(loop)
        self._told_of_threads, threading.excepthook = threading.excepthook, partial(self._thread_failed, loop)
        self._catch_signals()

    def _catch_signals(self) -> None:
        for signum in _ASKED_TO_END if self.is_headless else DEADLY_SIGNALS:
            code = _SIGNALLED + signum
            asyncio.get_running_loop().add_signal_handler(signum, self._leave, code)
            if not self.is_headless:
                # The loop hears of it all the same, but not while it waits for a terminal that stands still.
                signal.signal(signum, lambda *_, code=code: _end_soon(code))

    def on_mount(self) -> None:
        self.app_suspend_signal.subscribe(self, self._suspended, immediate=True)
        self.app_resume_signal.subscribe(self, self._resumed)
        if not self.is_headless:
            self._catch_continuing(asyncio.get_running_loop())

    def _catch_continuing(self, loop: asyncio.AbstractEventLoop) -> None:
        """Textual takes every SIGCONT for the end of a suspension by Ctrl+Z. After a SIGSTOP, which nobody hears of, it
        would start a second thread that reads the keyboard, and remember its own modes as those of the terminal."""
        resume: Any = signal.getsignal(signal.SIGCONT)

        def continued(signum: int, frame: FrameType | None) -> None:
            if getattr(self._driver, "_must_signal_resume", True):
                resume(signum, frame)
            elif not self._continued:  # many signals at once are one
                self._continued = True
                loop.call_soon_threadsafe(self._take_terminal_again)

        signal.signal(signal.SIGCONT, continued)

    def _take_terminal_again(self) -> None:
        """The shell may have used it meanwhile, and set it as it likes."""
        self._continued = False
        if self._driver is not None and not self._exit:
            self._driver.suspend_application_mode()
            self._driver.resume_application_mode()
            self._resumed(self)

    def _suspended(self, _: App[None]) -> None:
        # The terminal is the shell's now, and as it was. Whoever ends the program meanwhile wakes it up for that: to
        # touch the terminal once more, from behind, would only stop it again.
        for signum in DEADLY_SIGNALS:
            signal.signal(signum, lambda *_, code=_SIGNALLED + signum: os._exit(code))

    def _resumed(self, _: App[None]) -> None:
        self._catch_signals()

    async def on_unmount(self) -> None:
        threading.excepthook = self._told_of_threads

    # --- leaving ---

    def action_interrupt(self) -> None:
        self._leave(EXIT_INTERRUPTED)

    def _leave(self, code: int) -> None:
        if not self.is_headless:
            _end_soon(code)
        self.exit(return_code=code)

    def _thread_failed(self, loop: asyncio.AbstractEventLoop, failed: threading.ExceptHookArgs) -> None:
        """A thread of Textual's died. The one that writes does where the terminal is gone and no signal tells."""
        self._told_of_threads(failed)
        error = failed.exc_value
        if isinstance(error, OSError):
            _end_soon(EXIT_HANGUP)
            loop.call_soon_threadsafe(self._leave, EXIT_HANGUP)
        elif isinstance(error, Exception):
            loop.call_soon_threadsafe(self._handle_exception, error)

    def _check_terminal(self) -> None:
        """End where the terminal is gone without the signal that tells of it."""
        if self._terminal_is_gone:
            self._leave(EXIT_HANGUP)

    @property
    def _terminal_is_gone(self) -> bool:
        return not self.is_headless and not os.isatty(0)

    # --- a fault of our own ---

    def _handle_exception(self, error: Exception) -> None:
        """Textual's one place for exceptions of widgets, handlers and workers. It would print a traceback with all
        locals, the key among them; here the app ends, and whoever ran it finds the exception in `crash`."""
        if isinstance(error, WorkerFailed) and isinstance(error.error, Exception):
            error = error.error
        if self.crash is None:
            self.crash = self._exception = error
            self._exception_event.set()
        self._return_code = EXIT_CRASH
        self._close_messages_no_wait()

    def panic(self, *renderables: object) -> None:
        """What Textual calls where its keyboard thread dies, as it does with the terminal. The renderable is a
        traceback, which has no place on a terminal."""
        if self._terminal_is_gone:
            self._leave(EXIT_HANGUP)
            return
        self._handle_exception(RuntimeError("the keyboard can no longer be read"))


def _end_soon(code: int) -> None:
    """End the waiting for a terminal that is gone or stands still, and for whatever else may never come."""
    watchdog = threading.Timer(_LEAVE_WITHIN, os._exit, [code])
    watchdog.daemon = True
    watchdog.start()
