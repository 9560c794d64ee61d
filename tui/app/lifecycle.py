"""How the program ends: by a signal, with a terminal that is gone, while it is suspended, by a fault. In each case the
terminal is restored, and the exit code says which it was."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

from textual.worker import WorkerFailed

from tui.crash import catch_callbacks
from tui.errors import EXIT_CRASH, EXIT_HANGUP
from tui.feed.dns import resolve_in_threads
from tui.terminal.input_driver import TerminalDriver
from tui.terminal.textual_private import BaseApp, current_driver, is_exiting, suspended_by_key
from tui.threads import loop_caller

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


class Lifecycle:
    """Signals, suspension, a lost terminal and faults of one app. `on_resume` is called when the terminal belongs to
    the app again and shows nothing of it."""

    def __init__(self, app: BaseApp, on_resume: Callable[[], None]) -> None:
        self._app = app
        self._on_resume = on_resume
        self._logging_excepthook = threading.excepthook  # called for a thread that failed, before anything is done
        self._resume_is_due = False  # after a SIGCONT
        self.crash: Exception | None = None
        """The exception that ended the program, if the program itself is at fault."""

    def start(self) -> None:
        """Catch signals and faults, before the terminal is touched: from here on, whatever ends the program also
        restores it."""
        loop = asyncio.get_running_loop()
        catch_callbacks(loop, self.fail)
        resolve_in_threads(loop)
        self._logging_excepthook, threading.excepthook = (
            threading.excepthook,
            partial(self._thread_failed, loop_caller()),
        )
        self._catch_signals()

    def watch_suspension(self) -> None:
        """Follow when the terminal is given to the shell and taken back; to be called once the driver runs."""
        self._app.app_suspend_signal.subscribe(self._app, self._suspended, immediate=True)
        self._app.app_resume_signal.subscribe(self._app, self._resumed)
        if isinstance(current_driver(self._app), TerminalDriver):
            self._catch_sigcont(loop_caller())

    def stop(self) -> None:
        """Give back what threads that fail are reported to."""
        threading.excepthook = self._logging_excepthook

    # --- signals ---

    def _catch_signals(self) -> None:
        loop, in_loop = asyncio.get_running_loop(), loop_caller()
        for signum in _ASKED_TO_END:  # the loop also gives these back when it closes
            loop.add_signal_handler(signum, self.leave, _SIGNALLED + signum)
        if not self._app.is_headless:
            # Not all by the loop, which goes through the signals of the system for each, and would be called too late
            # while it waits for a terminal that stands still.
            for signum in DEADLY_SIGNALS:
                signal.signal(signum, partial(self._signalled, loop, in_loop))

    def _signalled(
        self, loop: asyncio.AbstractEventLoop, in_loop: Callable[..., object], signum: int, _: FrameType | None
    ) -> None:
        code = _SIGNALLED + signum
        if loop.is_closed():
            os._exit(code)
        _set_exit_deadline(code)
        in_loop(self.leave, code)

    def _catch_sigcont(self, in_loop: Callable[..., object]) -> None:
        """Textual takes every SIGCONT for the end of a suspension by Ctrl+Z. After a SIGSTOP, which cannot be caught,
        it would start a second thread that reads the keyboard, and save its own modes as those of the terminal."""
        resume: Any = signal.getsignal(signal.SIGCONT)

        def continued(signum: int, frame: FrameType | None) -> None:
            if suspended_by_key(current_driver(self._app)):
                resume(signum, frame)
            elif not self._resume_is_due:  # several signals at once count once
                self._resume_is_due = True
                in_loop(self._reset_terminal)

        signal.signal(signal.SIGCONT, continued)

    def _reset_terminal(self) -> None:
        """Set the terminal's modes again: the shell may have used it meanwhile."""
        self._resume_is_due = False
        driver = current_driver(self._app)
        if isinstance(driver, TerminalDriver) and not is_exiting(self._app):
            driver.reset()
            self._resumed(self._app)

    def _suspended(self, _: object) -> None:
        # The terminal is the shell's now, and restored. A signal that ends the program meanwhile also continues it: a
        # background process that writes to the terminal would only be stopped again (SIGTTOU).
        for signum in DEADLY_SIGNALS:
            signal.signal(signum, lambda *_, code=_SIGNALLED + signum: os._exit(code))

    def _resumed(self, _: object) -> None:
        self._catch_signals()
        self._on_resume()

    # --- leaving ---

    def leave(self, code: int) -> None:
        """Exit with this code, at the latest when the deadline of leaving is over."""
        if not self._app.is_headless:
            _set_exit_deadline(code)
        self._app.exit(return_code=code)

    def check_terminal(self) -> None:
        """Leave if the terminal is gone without SIGHUP."""
        if self._terminal_is_gone:
            self.leave(EXIT_HANGUP)

    @property
    def _terminal_is_gone(self) -> bool:
        # Before the driver starts the app has no terminal yet, and in a page it never has one.
        return isinstance(current_driver(self._app), TerminalDriver) and not os.isatty(0)

    def _thread_failed(self, in_loop: Callable[..., object], failed: threading.ExceptHookArgs) -> None:
        """A thread of Textual's failed. The one that writes does when the terminal is gone without SIGHUP."""
        self._logging_excepthook(failed)
        error = failed.exc_value
        if isinstance(error, OSError):
            _set_exit_deadline(EXIT_HANGUP)
            in_loop(self.leave, EXIT_HANGUP)
        elif isinstance(error, Exception):
            in_loop(self.fail, error)

    # --- faults of the program ---

    def fail(self, error: Exception) -> None:
        """End the app because of an exception, which stays in `crash` for the caller of `run`."""
        if isinstance(error, WorkerFailed) and isinstance(error.error, Exception):
            error = error.error
        if self.crash is None:
            self.crash = error
        self._app.stop_with_error(self.crash, EXIT_CRASH)

    def fail_keyboard(self) -> None:
        """End the app because Textual's keyboard thread failed, as it does when the terminal is gone."""
        if self._terminal_is_gone:
            self.leave(EXIT_HANGUP)
        else:
            self.fail(RuntimeError("the keyboard can no longer be read"))


def _set_exit_deadline(code: int) -> None:
    """Exit after some seconds, even if a terminal that is gone or stands still, or anything else, is waited for."""
    watchdog = threading.Timer(_LEAVE_WITHIN, os._exit, [code])
    watchdog.daemon = True
    watchdog.start()
