"""What is reached into of Textual stands where it is reached for: an upgrade that moves it is seen here by its name."""

from __future__ import annotations

import inspect
import io
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._xterm_parser import XTermParser
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingsMap
from textual.command import CommandPalette
from textual.drivers._writer_thread import MAX_QUEUED_WRITES, WriterThread
from textual.drivers.headless_driver import HeadlessDriver
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message
from textual.notifications import Notification
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, Static

from tests.support.manual_frames import DiscardingDriver
from tests.support.wait_until import until
from tui.app.painting import MOST_QUEUED
from tui.colour_depth import ColourDepth
from tui.terminal import textual_private as private
from tui.terminal.input_driver import TerminalDriver
from tui.terminal.textual_private import (
    FUNCTIONAL_KEYS,
    STANDARD_PALETTE,
    BaseApp,
    BaseDriver,
    BaseScreen,
    ChopsUpdate,
    CompositorUpdate,
    LayoutUpdate,
    SequenceParser,
    is_known_key,
)


def test_the_colours_that_an_app_writes_and_the_values_of_the_16_of_them() -> None:
    app = App[None]()
    for depth, name in (
        (ColourDepth.NONE, "standard"),
        (ColourDepth.ANSI, "standard"),
        (ColourDepth.INDEXED, "256"),
        (ColourDepth.TRUECOLOR, "truecolor"),
    ):
        private.set_color_system(app, depth)
        assert app.console.color_system == name
    assert [STANDARD_PALETTE.match(STANDARD_PALETTE[n]) for n in range(16)] == list(range(16))


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


@pytest.mark.parametrize("button", [96, 97, 100, 112])
def test_a_motion_with_the_wheel_as_a_held_button_is_a_motion(button: int) -> None:
    moved = SequenceParser().mouse(f"\x1b[<{button};5;3M")
    assert isinstance(moved, events.MouseMove) and (moved.x, moved.y, moved.button) == (4, 2, 0)


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


# --- the driver ---


@pytest.fixture
async def driver(monkeypatch: pytest.MonkeyPatch) -> BaseDriver:
    monkeypatch.setattr("signal.signal", lambda *_: None)
    return BaseDriver(App())


async def test_the_driver_calls_in_its_app(driver: BaseDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[object] = []
    monkeypatch.setattr(driver._app, "call_later", called.append)
    driver.call_in_app(print)
    assert called == [print]


async def test_a_suspension_that_textual_began_is_known(driver: BaseDriver) -> None:
    assert "_must_signal_resume" in vars(driver)
    for suspended in (False, True):
        driver._must_signal_resume = suspended
        assert private.suspended_by_key(driver) == suspended
    assert private.suspended_by_key(None)


async def test_the_queue_of_the_writing_thread_is_counted_before_it_is_full(driver: BaseDriver) -> None:
    assert "_writer_thread" in vars(driver) and private.write_queue_length(driver) == 0
    driver._writer_thread = WriterThread(io.StringIO())
    for text in "abc":
        driver._writer_thread.write(text)
    assert private.write_queue_length(driver) == 3
    assert MOST_QUEUED < MAX_QUEUED_WRITES


# --- the app and its screens ---


class Hooked(BaseApp):
    """Keeps what its hooks are called with."""

    CSS = "Static { height: 1; }"

    def __init__(self) -> None:
        super().__init__(driver_class=DiscardingDriver)
        self.updates: list[CompositorUpdate] = []
        self.faults: list[Exception] = []
        self.dirty: list[set[Widget]] = []
        self.pressed = 0

    def get_default_screen(self) -> Screen[None]:
        return HookedScreen()

    def display_update(self, screen: Screen[object], update: CompositorUpdate) -> None:
        self.updates.append(update)
        super().display_update(screen, update)

    def handle_fault(self, error: Exception) -> None:
        self.faults.append(error)
        self.stop_with_error(error, 70)

    def action_fail(self) -> None:
        raise ValueError("the first")

    def action_press(self) -> None:
        self.pressed += 1


class HookedScreen(BaseScreen):
    """Two lines."""

    def compose(self) -> ComposeResult:
        yield Static("above")
        yield Static("below")

    def paint(self) -> None:
        assert isinstance(self.app, Hooked)
        self.app.dirty.append(set(private.dirty_widgets(self)))
        super().paint()


@asynccontextmanager
async def hooked() -> AsyncIterator[tuple[Hooked, Pilot[None]]]:
    app = Hooked()
    async with app.run_test(headless=False, size=(20, 4)) as pilot:
        await pilot.pause(0.1)
        yield app, pilot


async def test_every_update_of_a_screen_goes_through_the_hook_and_only_three_kinds_come() -> None:
    async with hooked() as (app, pilot):
        assert any(isinstance(update, LayoutUpdate) for update in app.updates)
        app.updates.clear()
        app.screen.query(Static).first().update("other")
        await pilot.pause(0.1)
        assert [type(update) for update in app.updates] == [ChopsUpdate]
        assert {each.__name__ for each in CompositorUpdate.__subclasses__()} >= {"LayoutUpdate", "ChopsUpdate"}


async def test_an_update_is_written_at_once_and_a_whole_screen_can_be_made_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with hooked() as (app, _):
        driver = private.current_driver(app)
        assert isinstance(driver, HeadlessDriver)
        written: list[str] = []
        monkeypatch.setattr(driver, "write", written.append)
        update = private.render_screen(app.screen)
        assert isinstance(update, LayoutUpdate) and update.region.size == app.size
        private.display(app.screen, update)
        assert app.updates[-1] is update and "above" in "".join(written)
        assert [strip.text.strip() for strip in private.render_lines(app.screen)] == ["above", "below", "", ""]


async def test_a_fault_goes_to_the_hook_and_the_app_can_be_ended_with_it() -> None:
    with pytest.raises(ValueError, match="the first"):
        async with hooked() as (app, _):
            app.set_timer(0.01, app.action_fail)
            await until(lambda: app.faults)
            app.stop_with_error(ValueError("the second"), 70)
    assert app.return_code == 70


async def test_an_app_is_known_to_exit() -> None:
    async with hooked() as (app, _):
        assert not private.is_exiting(app)
        app.exit()
        assert private.is_exiting(app)


async def test_a_batch_is_known_while_it_is_open() -> None:
    async with hooked() as (app, _):
        with app.batch_update():
            assert private.has_open_batch(app)
        assert not private.has_open_batch(app)


async def test_notifications_come_and_go_at_once() -> None:
    async with hooked() as (app, _):
        first, second = Notification("first"), Notification("second")
        assert not private.has_notifications(app)
        private.add_notification(app, first)
        private.add_notification(app, second)
        assert private.has_notifications(app) and private.notifications(app) == [first, second]
        private.remove_notification(app, first)
        private.remove_notification(app, first)
        assert private.notifications(app) == [second]


async def test_bindings_take_the_place_of_all_others() -> None:
    async with hooked() as (app, pilot):
        private.set_bindings(app, BindingsMap([Binding("ctrl+q", "press")]))
        await pilot.press("ctrl+q")
        assert app.pressed == 1 and not private.is_exiting(app), "Textual's own ctrl+q quits"
        private.add_bindings(app, BindingsMap([Binding("x", "press")]))
        await pilot.press("ctrl+q", "x")
        assert app.pressed == 3


async def test_a_screen_says_what_its_next_update_paints() -> None:
    async with hooked() as (app, pilot):
        screen, widget = app.screen, app.screen.query(Static).last()
        app.dirty.clear()
        widget.refresh()
        await pilot.pause(0.1)
        assert app.dirty[0] == {widget} and private.dirty_widgets(screen) == set()
        assert not (private.needs_whole_repaint(screen) or private.has_pending_layout(screen))
        screen._repaint_required = True
        assert private.needs_whole_repaint(screen)
        screen._repaint_required, screen._scroll_required = False, True
        assert private.needs_whole_repaint(screen)
        screen._scroll_required, screen._layout_required = False, True
        assert private.has_pending_layout(screen)


async def test_the_palette_runs_what_is_selected(monkeypatch: pytest.MonkeyPatch) -> None:
    assert f"self.{CommandPalette._select_or_command.__name__}(" in inspect.getsource(CommandPalette)
    given: list[object] = []
    monkeypatch.setattr(CommandPalette, "_select_or_command", lambda self, event: given.append(event))
    async with hooked():
        event = Input.Submitted(Input(), "")
        private.run_selected_command(CommandPalette(), event)
    assert given == [event]


@pytest.mark.parametrize(
    ("cls", "name"), [(App, "_display"), (App, "_handle_exception"), (Screen, "_on_timer_update"), (App, "panic")]
)
def test_hooks_have_the_signature_that_textual_calls(cls: type, name: str) -> None:
    ours = {"_on_timer_update": BaseScreen}.get(name, BaseApp)
    assert list(inspect.signature(getattr(ours, name)).parameters) == list(
        inspect.signature(getattr(cls, name)).parameters
    )
