"""How the dashboard gets to the terminal: at its own pace, and only what is other than what stands there."""

from __future__ import annotations

import time
from collections.abc import Callable

from rich.console import RenderableType
from textual._compositor import CompositorUpdate
from textual.app import App
from textual.events import CursorPosition
from textual.screen import Screen

from tui.app.base import Desk, LaunchOptions
from tui.screens.alerts import Alerts
from tui.screens.health import FeedHealth
from tui.terminal.flow_control import CURSOR_POSITION_QUERY, TerminalFlowControl
from tui.terminal.frame_clock import FrameClock
from tui.terminal.line_update import LineUpdate
from tui.terminal.screen_diff import ScreenBuffer

_WAITING = 8  # texts that were not written yet


class Drawn(Desk):
    """The frame clock, and what the terminal's answers say of it. Whoever inherits it says whether what the market
    holds is `proven` to be now's, and whether time `stands`."""

    def __init__(self, wanted: LaunchOptions, clock: Callable[[], float]) -> None:
        super().__init__(wanted)
        self._clock = clock
        self._frames: FrameClock | None = None
        self.pace = TerminalFlowControl()
        self._shown = ScreenBuffer()
        self._behind = False  # whether something was not written, for the terminal to catch up

    @property
    def proven(self) -> bool:
        raise NotImplementedError

    @property
    def stands(self) -> bool:
        raise NotImplementedError

    def start_frames(self) -> None:
        self._frames = FrameClock(self._frame, self._may_draw)
        self.dashboard.may_paint, self.dashboard.painted = self._may_paint, self._painted
        self.market.on_change = self._frames.wake
        self.set_interval(1.0, self._second)

    def stop_frames(self) -> None:
        self.market.on_change = None
        if self._frames is not None:
            self._frames.stop()

    def _resumed(self, app: App[None]) -> None:
        # Back from the shell the terminal shows nothing of what was drawn before.
        super()._resumed(app)
        self.pace.reset()
        self._shown.forget()
        self.screen.refresh(layout=True)

    def _may_draw(self) -> bool:
        """Whether there may be a frame. What a key has changed goes first."""
        if self.dashboard.pressing:
            self.dashboard.flush()
        return self._may_paint()

    def _may_paint(self) -> bool:
        # The loop waits with whatever is more than Textual's writer takes, 30 texts, and no key would be heard. A
        # terminal that never answers says in no other way that it stands still.
        writer = getattr(self._driver, "_writer_thread", None)
        return (writer is None or writer._queue.qsize() < _WAITING) and self.pace.can_draw(time.monotonic())

    def on_mount(self) -> None:
        self._ask()  # before there is anything to draw: how long the line is

    def _painted(self, seconds: float) -> None:
        """Something of the dashboard went to the terminal; it took so long to make."""
        assert self._frames is not None
        self._frames.add_cost(seconds)

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        # Textual's one place where screens are written, and not a public one. While the terminal is behind nothing is:
        # when it has caught up, it gets what is so by then.
        if self.is_headless or self._batch_count or not isinstance(renderable, CompositorUpdate):
            super()._display(screen, renderable)
        elif self._shown.has_content and not isinstance(renderable, LineUpdate) and not self._may_paint():
            self._behind = True
        elif pieces := self._shown.reduce(renderable, compare=self.pace.line_budget is not None):
            super()._display(screen, LineUpdate(pieces))
            self._ask()

    def _catch_up(self) -> None:
        """Write what was held back, as it is by now."""
        if self._behind and self._may_paint():
            self._behind = False
            self._display(self.screen, self.screen._compositor.render_update(True, self._background_screens))

    def on_resize(self) -> None:
        self._shown.forget()
        self._behind = True  # a size that came and went changes no layout, and leaves its traces all the same

    def _ask(self) -> None:
        if self._driver is not None and not self.is_headless and self.pace.record_query(time.monotonic()):
            self._driver.write(CURSOR_POSITION_QUERY)

    def on_cursor_position(self, event: CursorPosition) -> None:
        self.pace.record_reply(event.time)
        if self.dashboard.pressing:
            self.dashboard.flush()
        self._catch_up()
        if self._frames is not None:
            self._frames.resume()

    def _frame(self) -> None:
        assert self._frames is not None
        if not self.screen_stack:
            return  # the program ends: Textual takes the screens away before it says so
        self.market.health.frames += 1
        self.market.health.frames_skipped = self._frames.skipped
        now = self._clock()
        self.dashboard.sync(self.market.drain_changed(), now, self.proven, self.pace.line_budget)
        ends = self.dashboard.flash_ends
        if self.dashboard.has_backlog:
            self._frames.wake()
        elif ends is not None and not self.stands:
            self._frames.wake(max(0.0, ends - now))

    def _second(self) -> None:
        self._check_terminal()
        self._catch_up()
        self.dashboard.tick(self._clock(), self.pace.line_budget)
        # What a key has changed is painted before a frame, and where nothing comes there is none.
        if self._frames is not None and (self.dashboard.has_backlog or self.dashboard.pressing):
            self._frames.wake()
        for screen in self.screen_stack:  # none any more, where the link's last word comes while the program ends
            if isinstance(screen, FeedHealth | Alerts):
                screen.tick()
