"""Every private thing of Textual's that the terminal room reaches into. A test for each goes red when it moves."""

from __future__ import annotations

from collections.abc import Iterator

from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._keyboard_protocol import FUNCTIONAL_KEYS
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.keys import Keys
from textual.message import Message

from tui.terminal.size import terminal_size

__all__ = ["FUNCTIONAL_KEYS", "BaseDriver", "SequenceParser", "is_known_key"]


def is_known_key(sequence: str) -> bool:
    """Whether Textual's table of legacy keys has this sequence, as it is."""
    return sequence in ANSI_SEQUENCES_KEYS


class SequenceParser:
    """Makes Textual's events of whole sequences."""

    def __init__(self) -> None:
        self._parser = XTermParser()

    def keys(self, sequence: str) -> Iterator[events.Key]:
        """Yield the keys of a character or sequence; ESC and a character that the table does not have is Alt."""
        alt = len(sequence) == 2 and sequence not in ANSI_SEQUENCES_KEYS
        for key in self._parser._sequence_to_key_events(sequence[-1] if alt else sequence, alt=alt):
            if key.key != Keys.Ignore:
                yield key

    def mouse(self, report: str) -> Message | None:
        """The event of an SGR mouse report; None for a place outside of the screen."""
        return self._parser.parse_mouse_code(report)


class BaseDriver(LinuxDriver):
    """Textual's driver without what it has no public switch for."""

    def __init__(
        self, app: App[object], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size or terminal_size())

    def _get_terminal_size(self) -> tuple[int, int]:
        return terminal_size()

    def _query_in_band_window_resize(self) -> None:
        """Never ask for reports of the size amid the input: SIGWINCH tells of it, and the system knows the size."""
