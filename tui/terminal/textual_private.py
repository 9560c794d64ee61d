"""The private names of Textual and rich that this program uses. A test for each goes red when an upgrade moves it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, cast

from rich._palettes import STANDARD_PALETTE
from rich.console import COLOR_SYSTEMS, RenderableType
from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual._keyboard_protocol import FUNCTIONAL_KEYS
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.binding import BindingsMap
from textual.dom import DOMNode
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.keys import Keys
from textual.message import Message
from textual.notifications import Notification, Notify
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from tui.colour_depth import ColourDepth
from tui.terminal.size import terminal_size

if TYPE_CHECKING:
    from textual.command import CommandPalette
    from textual.widgets import Input

__all__ = [
    "FUNCTIONAL_KEYS",
    "STANDARD_PALETTE",
    "BaseApp",
    "BaseDriver",
    "BaseScreen",
    "ChopsUpdate",
    "CompositorUpdate",
    "LayoutUpdate",
    "SequenceParser",
    "add_bindings",
    "add_notification",
    "current_driver",
    "dirty_widgets",
    "display",
    "has_notifications",
    "has_open_batch",
    "has_pending_layout",
    "is_exiting",
    "is_known_key",
    "needs_whole_repaint",
    "notifications",
    "remove_notification",
    "render_lines",
    "render_screen",
    "run_selected_command",
    "set_bindings",
    "set_color_system",
    "suspended_by_key",
    "write_queue_length",
]

_COLOR_SYSTEMS = {
    ColourDepth.NONE: "standard",  # greys
    ColourDepth.ANSI: "standard",
    ColourDepth.INDEXED: "256",
    ColourDepth.TRUECOLOR: "truecolor",
}

# --- input ---


def is_known_key(sequence: str) -> bool:
    """Returns True if Textual's table of legacy keys has this very sequence."""
    return sequence in ANSI_SEQUENCES_KEYS


_WHEEL_HELD = re.compile(r"\x1b\[<(?:9[6-9]|1[01][0-9]|12[0-7]);")
"""A motion with the wheel as a held button, which rxvt-unicode reports after a turn of it: no button is held."""


class SequenceParser:
    """Makes Textual's events of whole sequences."""

    def __init__(self) -> None:
        self._parser = XTermParser()

    def keys(self, sequence: str) -> Iterator[events.Key]:
        """Yields the keys of a character or sequence; ESC and a character that the table does not have is Alt."""
        alt = len(sequence) == 2 and sequence not in ANSI_SEQUENCES_KEYS
        for key in self._parser._sequence_to_key_events(sequence[-1] if alt else sequence, alt=alt):
            if key.key != Keys.Ignore:
                yield key

    def mouse(self, report: str) -> Message | None:
        """Returns the event of an SGR mouse report, None for a position outside of the screen."""
        return self._parser.parse_mouse_code(_WHEEL_HELD.sub("\x1b[<35;", report))


# --- the driver ---


class BaseDriver(LinuxDriver):
    """Textual's driver without what it has no public switch for."""

    def __init__(
        self, app: App[object], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size or terminal_size())

    def call_in_app(self, callback: Callable[[], object]) -> None:
        """Have the app call this after all messages that were sent to it before. May be called from any thread."""
        self._app.call_later(callback)

    def stop_reading(self) -> None:
        """Wait for the thread that reads the terminal to end. Unlike Textual's `disable_input` this drops nothing that
        was typed since it read last."""
        self.exit_event.set()
        if self._key_thread is not None:
            self._key_thread.join()
        self.exit_event.clear()

    def _get_terminal_size(self) -> tuple[int, int]:
        return terminal_size()

    def _query_in_band_window_resize(self) -> None:
        """Never ask for reports of the size amid the input: SIGWINCH tells of it, and the system knows the size."""


def current_driver(app: App[Any]) -> Driver | None:
    """Returns the driver of an app that runs."""
    return app._driver


def suspended_by_key(driver: Driver | None) -> bool:
    """Returns True if the next SIGCONT ends a suspension that Textual itself began."""
    return bool(getattr(driver, "_must_signal_resume", True))


def write_queue_length(driver: Driver | None) -> int:
    """Returns how many texts wait for the thread that writes to the terminal."""
    writer = getattr(driver, "_writer_thread", None)
    return writer._queue.qsize() if writer is not None else 0


# --- the app ---


class BaseApp(App[None]):
    """Textual's App, with public names for hooks that have private ones."""

    def display_update(self, screen: Screen[object], update: CompositorUpdate) -> None:
        """Hook: called with every update of a screen that is to be displayed."""
        self.write_update(screen, update)

    def write_update(self, screen: Screen[object], update: CompositorUpdate) -> None:
        """Write an update to the terminal, as Textual does by itself."""
        super()._display(screen, update)  # type: ignore[arg-type]  # Textual's own updates are not RenderableType either

    def _display(self, screen: Screen[object], renderable: CompositorUpdate | RenderableType | None) -> None:
        if isinstance(renderable, CompositorUpdate):
            self.display_update(screen, renderable)
        else:
            super()._display(screen, renderable)

    def handle_fault(self, error: Exception) -> None:
        """Hook: called with every exception of a widget, handler or worker. Textual by itself would print a traceback
        with all locals, the key among them."""
        raise NotImplementedError

    def _handle_exception(self, error: Exception) -> None:
        self.handle_fault(error)

    def stop_with_error(self, error: Exception, code: int) -> None:
        """End the app with an exit code, without a last word. The pilot of a test raises the first `error`."""
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._return_code = code
        self._close_messages_no_wait()


def set_color_system(app: App[Any], depth: ColourDepth) -> None:
    """Have an app write these colours. Rich guesses them from fewer names of terminals than terminfo has."""
    app.console._color_system = COLOR_SYSTEMS[_COLOR_SYSTEMS[depth]]


def is_exiting(app: App[Any]) -> bool:
    """Returns True from `exit` on."""
    return app._exit


def has_open_batch(app: App[Any]) -> bool:
    """Returns True while Textual holds updates back: what they belong to is not complete, or the app exits."""
    return bool(app._batch_count)


def has_notifications(app: App[Any]) -> bool:
    """Returns True while a toast is shown."""
    return len(app._notifications) > 0


def notifications(app: App[Any]) -> list[Notification]:
    """Returns the toasts that are shown, the oldest first."""
    return list(app._notifications)


def add_notification(app: App[Any], notification: Notification) -> None:
    """Show a toast that can be removed at once. `App.notify` posts a message, so that it could not be."""
    app._on_notify(Notify(notification))


def remove_notification(app: App[Any], notification: Notification) -> None:
    """Take a toast away, if it is still shown."""
    app._unnotify(notification)


def set_bindings(node: DOMNode, bindings: BindingsMap) -> None:
    """Give a widget or the app these keys alone. `BINDINGS` is of the class, and Textual's own keys would be added."""
    node._bindings = bindings


def add_bindings(node: DOMNode, bindings: BindingsMap) -> None:
    """Give a widget or screen these keys in addition to those of its class."""
    node._bindings = BindingsMap.merge([node._bindings, bindings])


# --- screens ---


class BaseScreen(Screen[None]):
    """Textual's Screen, with a public name for the hook that paints it."""

    def paint(self) -> None:
        """Hook: lay out and paint what is dirty, in the course of an update of the screen."""
        super()._on_timer_update()

    def _on_timer_update(self) -> None:
        self.paint()


def has_pending_layout(screen: Screen[Any]) -> bool:
    """Returns True if a layout of the screen's widgets is due with the next update."""
    return screen._layout_required


def needs_whole_repaint(screen: Screen[Any]) -> bool:
    """Returns True if the next update repaints the screen or scrolls it."""
    return screen._repaint_required or screen._scroll_required


def dirty_widgets(screen: Screen[Any]) -> set[Widget]:
    """Returns the widgets that the next update paints: the set itself, to be cleared by who has painted them."""
    return screen._dirty_widgets


def display(screen: Screen[Any], update: CompositorUpdate) -> None:
    """Display an update of a screen, as Textual's compositor does with its own."""
    screen.app._display(screen, update)  # type: ignore[arg-type]  # as above


def render_screen(screen: Screen[Any]) -> CompositorUpdate | None:
    """Returns an update with every line of a screen, and of those that it lets be seen below it."""
    return cast(CompositorUpdate | None, screen._compositor.render_update(True, screen.app._background_screens))


def render_lines(screen: Screen[Any]) -> list[Strip]:
    """Returns the lines of a screen as Textual's compositor has them."""
    return screen._compositor.render_strips()


def run_selected_command(palette: CommandPalette, event: Input.Submitted) -> None:
    """Do what Enter does in Textual's command palette."""
    palette._select_or_command(event)
