"""What is reached into of Textual stands where it is reached for: an upgrade that moves it is seen here by its name."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Iterator

import pytest
from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from tui.terminal.driver import TerminalDriver
from tui.terminal.textual_private import FUNCTIONAL_KEYS, BaseDriver, SequenceParser, is_known_key


def test_the_tables_of_keys_have_what_the_filter_looks_up() -> None:
    assert len(ANSI_SEQUENCES_KEYS) > 300 and all(isinstance(sequence, str) for sequence in ANSI_SEQUENCES_KEYS)
    assert is_known_key("\x1b[[A") and is_known_key("\x1b[7$") and not is_known_key("\x1b[100~")
    assert FUNCTIONAL_KEYS["1A"] == "up" and FUNCTIONAL_KEYS["57441u"] == "left_shift"
    assert all(number.isdecimal() for number in (name[:-1] for name in FUNCTIONAL_KEYS))


def test_the_parser_makes_keys_of_sequences() -> None:
    assert list(inspect.signature(XTermParser._sequence_to_key_events).parameters) == ["self", "sequence", "alt"]
    parser = SequenceParser()
    assert [(key.key, key.character) for key in parser.keys("d")] == [("d", "d")]
    assert [key.key for key in parser.keys("\x1b")] == ["escape"]
    assert [key.key for key in parser.keys("\x1bd")] == ["alt+d"]
    assert [key.key for key in parser.keys("\x1b[100;5u")] == ["ctrl+d"]
    assert [key.key for key in parser.keys("\x1b[G")] == [], "a sequence to be ignored"


def test_the_parser_makes_events_of_mouse_reports() -> None:
    parser = SequenceParser()
    pressed, scrolled = parser.mouse("\x1b[<0;5;3M"), parser.mouse("\x1b[<65;5;3M")
    assert isinstance(pressed, events.MouseDown) and (pressed.x, pressed.y) == (4, 2)
    assert isinstance(scrolled, events.MouseScrollDown)
    assert parser.mouse("\x1b[<35;-1;3M") is None


@pytest.mark.parametrize("name", ["_get_terminal_size", "_query_in_band_window_resize", "run_input_thread"])
def test_the_driver_calls_what_is_overridden(name: str) -> None:
    overridden, original = getattr(TerminalDriver, name), getattr(LinuxDriver, name)
    assert overridden is not original
    assert inspect.signature(overridden) == inspect.signature(original)
    assert f"self.{name}()" in inspect.getsource(LinuxDriver)
    assert list(inspect.signature(BaseDriver).parameters) == list(inspect.signature(LinuxDriver).parameters)


class Sent(TerminalDriver):
    """Keeps what it would send."""

    def __init__(self, app: App[object]) -> None:
        super().__init__(app)
        self.sent: list[str] = []

    def process_message(self, message: Message) -> None:
        assert isinstance(message, events.Key)
        self.sent.append(message.key)


async def test_an_exception_costs_one_sequence_and_is_told_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("signal.signal", lambda *_: None)
    driver, keys = Sent(App()), SequenceParser.keys

    def fail(self: SequenceParser, sequence: str) -> Iterator[events.Key]:
        if sequence == "s":
            raise ValueError("a secret")
        return keys(self, sequence)

    monkeypatch.setattr(SequenceParser, "keys", fail)
    with caplog.at_level(logging.WARNING):
        driver._process(driver._filter.feed(b"jsk\x1b[A", 0.0))
    assert driver.sent == ["j", "k", "up"]
    assert caplog.messages == ["input dropped (key): ValueError"]

    def broken() -> Iterator[events.Key]:
        raise RuntimeError("a secret")
        yield

    caplog.clear()
    driver._process(broken())  # type: ignore[arg-type]
    driver._process(driver._filter.feed(b"j", 0.0))
    assert driver.sent[-1] == "j"
    assert caplog.messages == ["input dropped (sequence): RuntimeError"]
