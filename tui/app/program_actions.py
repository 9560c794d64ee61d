"""The keys of the program as a whole: help, the palette, and leaving."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tui.app.appearance import Appearance
from tui.app.feed_worker import FeedWorker
from tui.app.push_screen import PushScreen
from tui.config.key_table import KeyBinding
from tui.errors import EXIT_DONE, EXIT_INTERRUPTED, EXIT_KEY_REFUSED
from tui.screens.dashboard import Dashboard


class ProgramActions:
    """Keys that act on the program. `leave` ends it with an exit code, `suspend` gives the terminal to the shell."""

    def __init__(
        self,
        keys: Sequence[KeyBinding],
        dashboard: Dashboard,
        appearance: Appearance,
        feed: FeedWorker,
        push_screen: PushScreen,
        leave: Callable[[int], None],
        suspend: Callable[[], None],
    ) -> None:
        self._keys = keys
        self._dashboard = dashboard
        self._appearance = appearance
        self._feed = feed
        self._push_screen = push_screen
        self._leave = leave
        self._suspend = suspend

    def help(self) -> None:
        """Open the help of all keys and signs, those of the focused pane first."""
        from tui.screens.help import Help

        pane = self._dashboard.focused_pane
        self._push_screen(Help(self._appearance.styles, self._keys, pane.id or "" if pane is not None else ""))

    def palette(self) -> None:
        """Open the palette of all commands."""
        from tui.screens.palette import Palette

        self._push_screen(Palette())

    def quit(self) -> None:
        """End the program."""
        self._leave(EXIT_KEY_REFUSED if self._feed.is_key_refused else EXIT_DONE)

    def interrupt(self) -> None:
        """End the program at once, from anywhere."""
        self._leave(EXIT_INTERRUPTED)

    def suspend_process(self) -> None:
        """Give the terminal to the shell until `fg`."""
        self._suspend()
