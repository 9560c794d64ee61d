"""The terminal driver: Textual's, with filtered input."""

from __future__ import annotations

import logging
import os
import select
import threading
import time
from collections.abc import Iterator

from textual import constants, events, messages
from textual.app import App
from textual.message import Message

from tui.terminal.input_filter import Input, InputFilter, Kind
from tui.terminal.textual_private import BaseDriver, SequenceParser

_READ = 4096  # bytes
_POLL = 0.1  # s
_MOST_UNHANDLED = 64  # events
_LONGEST_ESCAPE_DELAY = 1.0  # s, whatever ESCDELAY says
_log = logging.getLogger(__name__)


class TerminalDriver(BaseDriver):
    """Reads the terminal in a thread of its own, which survives whatever the terminal sends."""

    def __init__(
        self, app: App[object], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._parser = SequenceParser()
        self._filter = self._new_filter()
        self._sent = 0  # events since the app was last waited for

    @staticmethod
    def _new_filter() -> InputFilter:
        return InputFilter(min(constants.ESCAPE_DELAY, _LONGEST_ESCAPE_DELAY))

    def run_input_thread(self) -> None:
        """Read until the program exits or is suspended. Raises OSError if the terminal is gone."""
        while not self.exit_event.is_set():
            due = self._filter.due
            wait = _POLL if due is None else min(_POLL, max(0.0, due - time.monotonic()))
            self._read(wait)
        self._read(0.0)  # what was typed until now; what is typed later belongs to the shell

    def _read(self, wait: float) -> None:
        readable, _, _ = select.select([self.fileno], [], [], wait)
        now = time.monotonic()
        if readable:
            if data := os.read(self.fileno, _READ):
                self._process(self._filter.feed(data, now))
            else:
                self.exit_event.wait(_POLL)  # the terminal hangs up
        self._process(self._filter.expire(now))

    def _process(self, inputs: Iterator[Input]) -> None:
        """Send the events of all input. What cannot be sent is dropped and logged, without its text, which may be a
        secret."""
        try:
            for each in inputs:
                try:
                    for message in self._messages(each):
                        self._send(message)
                except Exception as error:
                    _log_dropped(each.kind.name.lower(), error)
        except Exception as error:
            _log_dropped("sequence", error)
            self._filter = self._new_filter()

    def _send(self, message: Message) -> None:
        """Send an event. Backpressure: after every so many the thread waits until the app has handled them, so
        that a flood of input stays in the terminal's buffer."""
        self.process_message(message)
        self._sent += 1
        if self._sent < _MOST_UNHANDLED:
            return
        self._sent = 0
        handled = threading.Event()
        self.call_in_app(handled.set)
        while not (handled.wait(_POLL) or self.exit_event.is_set()):
            pass

    def _messages(self, each: Input) -> Iterator[Message]:
        match each.kind:
            case Kind.KEY:
                yield from self._parser.keys(each.text)
            case Kind.PASTE:
                yield events.Paste(each.text)
            case Kind.MOUSE:
                if (message := self._parser.mouse(each.text)) is not None:
                    yield message
            case Kind.FOCUS_IN:
                yield events.AppFocus()
            case Kind.FOCUS_OUT:
                yield events.AppBlur()
            case Kind.CURSOR_POSITION:
                row, column = each.text[2:-1].split(";")
                yield events.CursorPosition(int(column) - 1, int(row) - 1)
            case Kind.SYNCHRONIZED_OUTPUT:
                yield messages.TerminalSupportsSynchronizedOutput()


def _log_dropped(what: str, error: Exception) -> None:
    _log.warning("input dropped (%s): %s", what, type(error).__name__, extra={"kind": "input"})
