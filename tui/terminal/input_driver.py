"""The terminal driver: Textual's, with filtered input, and output in a set of glyphs."""

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

from tui.config.glyphs import GlyphSet
from tui.terminal.glyphs import translate
from tui.terminal.input_filter import Input, InputFilter, Kind
from tui.terminal.textual_private import BaseDriver, SequenceParser

_READ = 4096  # bytes
_POLL = 0.1  # s
_MOST_UNHANDLED = 64  # events
_REPLY_WITHIN = 2.0  # s that leaving waits for the replies of a terminal, or for the first since the start
_LAST_QUERY = "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[5n"  # no more mouse reports, and DSR 5
_ALTERNATE_KEYS = "\x1b[=4;2u"  # kitty keyboard protocol: tell the key's place too, in addition to what Textual set
_VERSION_QUERY = "\x1b[>0q"  # XTVERSION
_LONGEST_ESCAPE_DELAY = 1.0  # s, whatever ESCDELAY says
_REPLIES = (Kind.CURSOR_POSITION, Kind.STATUS, Kind.VERSION, Kind.SYNCHRONIZED_OUTPUT)
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
        self._reads_since = 0.0  # s, monotonic; 0 while nothing is read
        self._has_replied = False
        self.version = ""
        """The terminal's name and version as it replied to XTVERSION, "" if it has not."""
        self.entered_at = 0.0
        """When Enter alone was typed last, s monotonic."""
        self._is_resetting = False
        self._is_leaving = threading.Event()
        self._last_reply = threading.Event()
        self.glyphs: GlyphSet = "full"
        """The characters that are written."""

    @staticmethod
    def _new_filter() -> InputFilter:
        return InputFilter(min(constants.ESCAPE_DELAY, _LONGEST_ESCAPE_DELAY))

    def write(self, data: str) -> None:
        super().write(translate(data, self.glyphs))

    def write_unchanged(self, data: str) -> None:
        """Write in all characters, whatever the set."""
        super().write(data)

    def run_input_thread(self) -> None:
        """Read until the program exits or is suspended. Raises OSError if the terminal is gone."""
        self._reads_since = time.monotonic()
        try:
            self._read_until_exit()
        finally:
            self._reads_since = 0.0
            self._last_reply.set()

    def _read_until_exit(self) -> None:
        while not self.exit_event.is_set():
            due = self._filter.due
            wait = _POLL if due is None else min(_POLL, max(0.0, due - time.monotonic()))
            self._read(wait)
        self._read(0.0)  # what was typed until now; what is typed later belongs to the shell

    def start_application_mode(self) -> None:
        super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual has no annotation there
        self.write(_ALTERNATE_KEYS + _VERSION_QUERY)
        self.flush()

    def disable_input(self) -> None:
        """Stop reading. A terminal replies in order, so one last query is sent: once its reply is there, none is left
        to arrive at the shell's prompt. What is typed meanwhile is dropped."""
        if self._is_resetting:
            self.stop_reading()
            return
        if self._reads_since:
            first_due, last_due = self._reads_since + _REPLY_WITHIN, time.monotonic() + _REPLY_WITHIN
            self._last_reply.clear()
            self._is_leaving.set()
            self.write(_LAST_QUERY)
            self.flush()
            if not self._has_replied:
                self._last_reply.wait(max(0.0, first_due - time.monotonic()))
            if self._has_replied:
                self._last_reply.wait(max(0.0, last_due - time.monotonic()))
        super().disable_input()
        self._is_leaving.clear()

    def reset(self) -> None:
        """Set the terminal's modes again, as after another program had it. What is typed meanwhile is kept."""
        self._is_resetting = True
        self.suspend_application_mode()
        self._is_resetting = False
        self.resume_application_mode()

    def _read(self, wait: float) -> None:
        readable, _, _ = select.select([self.fileno], [], [], wait)
        now = time.monotonic()
        if readable:
            if data := os.read(self.fileno, _READ):
                self._process(self._filter.feed(data, now))
            else:
                self._last_reply.set()  # the terminal hangs up
                self.exit_event.wait(_POLL)
        self._process(self._filter.expire(now))

    def _process(self, inputs: Iterator[Input]) -> None:
        """Send the events of all input. What cannot be sent is dropped and logged, without its text, which may be a
        secret."""
        try:
            for each in inputs:
                self._has_replied |= each.kind in _REPLIES
                if each.kind is Kind.STATUS:
                    self._last_reply.set()
                if self._is_leaving.is_set():
                    continue
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
        while not (handled.wait(_POLL) or self.exit_event.is_set() or self._is_leaving.is_set()):
            pass

    def _messages(self, each: Input) -> Iterator[Message]:
        match each.kind:
            case Kind.KEY:
                if each.text == "\r":
                    self.entered_at = time.monotonic()
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
            case Kind.VERSION:
                self.version = each.text
            case Kind.SYNCHRONIZED_OUTPUT:
                yield messages.TerminalSupportsSynchronizedOutput()


def _log_dropped(what: str, error: Exception) -> None:
    _log.warning("input dropped (%s): %s", what, type(error).__name__, extra={"kind": "input"})
