"""The program with a screen: keys, the frame clock, and the worker that runs the feed."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple

from textual import on
from textual.app import App
from textual.binding import Binding, BindingsMap
from textual.theme import Theme as TextualTheme
from textual.worker import WorkerFailed

from tui import format as fmt
from tui.crash import catch_callbacks
from tui.errors import (
    EXIT_CRASH,
    EXIT_DONE,
    EXIT_HANGUP,
    EXIT_INTERRUPTED,
    EXIT_KEY_REFUSED,
    EXIT_TERMINATED,
    KeyRefused,
    UsageError,
)
from tui.feed import Link, LinkState
from tui.feed.clock import monotonic
from tui.feed.lock import KeyInUse, KeyLock
from tui.feed.target import host_of
from tui.frames import FrameClock
from tui.keys import KEYS, Key
from tui.market import Market
from tui.market.health import Event
from tui.outage import Outage
from tui.protocol import MAX_SYMBOLS
from tui.screens.dashboard import Dashboard
from tui.screens.health import Facts, FeedHealth
from tui.screens.help import Help
from tui.screens.take_over import TakeOver
from tui.screens.theme_menu import ThemeMenu
from tui.secrets import Token, clean
from tui.symbol import Symbol, parse_symbol, split_list
from tui.themes import Theme, all_themes
from tui.widgets.add_field import AddField
from tui.widgets.footer import Footer
from tui.widgets.look import Look

_MOVES = {"down", "up", "first", "last", "page_down", "page_up"}
_PRIORITY = {"interrupt", "suspend_process"}
_LEAVE_WITHIN = 3.0  # s
_log = logging.getLogger(__name__)


class Start(NamedTuple):
    """What the dashboard opens with. Without `url` it starts the demo exchange and connects to that."""

    symbols: Sequence[Symbol]
    theme: Theme
    url: str | None = None
    token: Token | None = None
    name: str = "Watchlist"
    notices: Sequence[str] = ()
    bell: bool = True
    take_over: bool = False
    keys: Sequence[Key] = KEYS


class ItickApp(App[None]):
    """One process, one event loop: the feed writes the market, the frame clock draws it."""

    ENABLE_COMMAND_PALETTE = False
    TITLE = "itick-tui"
    CSS = """
    ToastRack { margin-bottom: 2; }
    Toast { padding: 0 1; width: auto; max-width: 60; margin-top: 0; background: $surface; }
    """

    def __init__(
        self, start: Start, clock: Callable[[], float] = monotonic, wall: Callable[[], float] = time.time
    ) -> None:
        super().__init__()
        # Not the class's BINDINGS: the table may be remapped, and Textual's own keys have no place beside it.
        self._bindings = BindingsMap(_bindings(start.keys))
        self._start = start
        self._clock = clock
        self._wall = wall
        self._theme = start.theme
        self._symbols: list[Symbol] = list(start.symbols)
        self._removed: list[tuple[int, Symbol]] = []
        self._frames: FrameClock | None = None
        self._link: Link | None = None
        self._outage = Outage(self._lost, self._back)
        self.crash: Exception | None = None
        """The exception that ended the program, where it is at fault itself."""
        self.market = Market()
        self.dashboard = Dashboard(self._look(start.theme), self.market, start.name)
        for theme in all_themes().values():
            self.register_theme(_textual_theme(theme))
        self.theme = start.theme.name

    def get_default_screen(self) -> Dashboard:
        return self.dashboard

    def on_load(self) -> None:
        # Before the terminal is touched: from here on, whatever ends the program also restores it.
        loop = asyncio.get_running_loop()
        catch_callbacks(loop, self._handle_exception)
        for signum, code in (
            (signal.SIGINT, EXIT_INTERRUPTED),
            (signal.SIGTERM, EXIT_TERMINATED),
            (signal.SIGHUP, EXIT_HANGUP),
        ):
            loop.add_signal_handler(signum, self._leave, code)

    @on(Dashboard.Ready)
    def begin(self) -> None:
        self._frames = FrameClock(self._frame)
        self.market.on_change = self._frames.wake
        self.market.follow(self._symbols)
        self._show()
        self.set_interval(1.0, self._second)
        # Back from the shell the terminal shows nothing of what was drawn before.
        self.app_resume_signal.subscribe(self, lambda _: self.screen.refresh(layout=True))
        self.run_worker(self._feed(), name="feed", group="feed")
        for notice in self._start.notices:
            self.notify(notice, markup=False, timeout=10)

    # --- the feed ---

    async def _feed(self) -> None:
        if self._start.url is not None:
            assert self._start.token is not None
            await self._alone(self._start.url, self._start.token)
        else:
            from tui.exchange.server import Exchange

            async with Exchange() as exchange:
                await self._follow(exchange.url, Token("demo"))

    async def _alone(self, url: str, token: Token) -> None:
        """Follow unless another copy uses the key; then ask first."""
        try:
            with KeyLock(host_of(url), token, take_over=self._start.take_over):
                await self._follow(url, token)
        except KeyInUse as error:
            if await self.push_screen_wait(TakeOver(error.pid)):
                await self._follow(url, token)
            else:
                self.exit(return_code=error.exit_code)

    async def _follow(self, url: str, token: Token) -> None:
        self._link = Link(url, token, self.market, on_state=self._link_changed, clock=self._clock)
        self._link.want(self._symbols)
        await self._link.run()

    def _link_changed(self, state: LinkState) -> None:
        assert self._link is not None
        self._remember(state)
        self._outage.entered(state)
        self.dashboard.link_changed(state, self._link.is_demo)
        self._second()
        if self._frames is not None:
            self._frames.wake()

    def _remember(self, state: LinkState) -> None:
        """Into the history and the log, once for each phase: a subscription goes through many states."""
        history, word = self.market.health.history, str(state.phase.value)
        reason = clean(str(state.error) if state.error is not None else "")
        _log.info("link %s", clean(state.words(self._clock())))
        if not history or (history[-1].state, history[-1].reason) != (word, reason):
            history.append(Event(1000 * self._wall(), word, reason))

    def _lost(self, reason: str) -> None:
        self._call_attention(f"link lost: {clean(reason)}" if reason else "link lost", "warning")

    def _back(self, away: float) -> None:
        self._call_attention(f"the link is back after {fmt.seconds(away)}", "information")

    def _call_attention(self, words: str, severity: Literal["information", "warning"]) -> None:
        if self._start.bell:
            self.bell()
        self.notify(words, severity=severity, markup=False)

    # --- the screen ---

    def _frame(self) -> None:
        assert self._frames is not None
        self.market.health.frames += 1
        self.market.health.frames_skipped = self._frames.skipped
        now = self._clock()
        proven = self._link is not None and self._link.state.proven
        self.dashboard.sync(self.market.take_changed(), now, proven)
        ends = self.dashboard.watchlist.flash_ends
        if ends is not None:
            self._frames.wake(max(0.0, ends - now))

    def _second(self) -> None:
        self.dashboard.tick(self._clock())
        if isinstance(self.screen, FeedHealth):
            self.screen.tick()

    def _show(self, select: Symbol | None = None) -> None:
        rows = [self.market.instruments[symbol] for symbol in self._symbols]
        self.dashboard.show(rows, self.market.instruments[select] if select else None)

    def _look(self, theme: Theme) -> Look:
        return Look(theme, truecolor=self.console.color_system == "truecolor")

    def _wear(self, theme: Theme) -> None:
        self._theme = theme
        self.theme = theme.name
        self.dashboard.wear(self._look(theme))

    # --- keys ---

    def _want(self, select: Symbol | None = None) -> None:
        if self._link is not None:
            self._link.want(self._symbols)
        else:
            self.market.follow(self._symbols)
        self._show(select)

    def action_add(self) -> None:
        self.dashboard.open_add_field()

    @on(AddField.Left)
    def leave_add_field(self) -> None:
        self.dashboard.close_add_field()

    @on(AddField.Submitted)
    def add(self, event: AddField.Submitted) -> None:
        added: list[Symbol] = []
        there: list[str] = []
        wrong: list[str] = []
        for part in split_list(event.text):
            try:
                symbol, notice = parse_symbol(part)
            except UsageError as error:
                wrong.append(part)
                self.notify(str(error), severity="warning", markup=False)
                continue
            if symbol in self._symbols or symbol in added:
                there.append(str(symbol))
            elif len(self._symbols) + len(added) >= MAX_SYMBOLS:
                wrong.append(part)
                self.notify(
                    f"no room for {symbol}: a connection takes {MAX_SYMBOLS} symbols", severity="warning", markup=False
                )
            else:
                added.append(symbol)
                if notice:
                    self.notify(notice, markup=False)
        if there:
            self.notify(f"already there: {', '.join(there)}", markup=False)
        if added:
            self._symbols += added
            self._want(added[0])
        if wrong:
            # What could not be added stays in the field, to be mended.
            self.dashboard.open_add_field(", ".join(wrong))
        else:
            self.leave_add_field()

    def action_remove(self) -> None:
        instrument = self.dashboard.watchlist.selected
        if instrument is not None:
            position = self._symbols.index(instrument.symbol)
            self._removed.append((position, self._symbols.pop(position)))
            self._want()
            self.clear_notifications()
            self.notify(f"removed {instrument.symbol}: u brings it back", markup=False, timeout=3)

    def action_undo(self) -> None:
        self.clear_notifications()
        while self._removed:
            position, symbol = self._removed.pop()
            if symbol not in self._symbols:
                self._symbols.insert(position, symbol)
                self._want(symbol)
                return
        self.notify("nothing to undo", markup=False, timeout=3)

    def action_move(self, where: str) -> None:
        self.dashboard.watchlist.action_move(where)

    def action_reconnect(self) -> None:
        if self._link is not None:
            self._outage.renewing()
            self._link.reconnect()

    def action_health(self) -> None:
        self.push_screen(FeedHealth(self._look(self._theme), self.market, self._facts))

    def _facts(self) -> Facts:
        link = self._link
        return Facts(
            self._clock(),
            1000 * self._wall(),
            link.state if link is not None else None,
            link.host if link is not None else "",
            link is not None and link.is_demo,
            [self.market.instruments[symbol] for symbol in self._symbols],
        )

    def action_theme(self) -> None:
        self.push_screen(ThemeMenu(list(all_themes().values()), self._theme, self._wear))

    def action_help(self) -> None:
        self.push_screen(Help(self._look(self._theme)))

    @on(Footer.Pressed)
    async def press(self, event: Footer.Pressed) -> None:
        await self.run_action(event.action)

    # --- leaving ---

    async def action_quit(self) -> None:
        refused = self._link is not None and isinstance(self._link.state.error, KeyRefused)
        self.exit(return_code=EXIT_KEY_REFUSED if refused else EXIT_DONE)

    def action_interrupt(self) -> None:
        self._leave(EXIT_INTERRUPTED)

    def _leave(self, code: int) -> None:
        # Where the terminal is gone, whatever is still written to it waits for ever: then this ends the waiting.
        watchdog = threading.Timer(_LEAVE_WITHIN, os._exit, [code])
        watchdog.daemon = True
        watchdog.start()
        self.exit(return_code=code)

    def on_unmount(self) -> None:
        self._outage.stop()
        if self._frames is not None:
            self._frames.stop()

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
        """What Textual calls where its keyboard thread dies. The renderable is a traceback, which has no place on a
        terminal."""
        self._handle_exception(RuntimeError("the keyboard can no longer be read"))


def _bindings(table: Sequence[Key]) -> Iterator[Binding]:
    for key in table:
        for n, name in enumerate(key.keys, 1):
            action = f"move('{key.id}')" if key.id in _MOVES else f"show_list({n})" if key.id == "show_list" else key.id
            yield Binding(name, action, key.label or key.help, priority=key.id in _PRIORITY)


def _textual_theme(theme: Theme) -> TextualTheme:
    """The same colours for the few ready-made widgets: fields, menus, notices."""
    screen, market = theme.screen, theme.market
    return TextualTheme(
        name=theme.name,
        primary=screen.accent,
        secondary=screen.muted,
        accent=screen.accent,
        foreground=screen.text,
        background=screen.background,
        surface=screen.surface,
        panel=screen.cursor,
        success=market.up,
        warning=screen.warning,
        error=market.down,
        dark=theme.dark,
    )
