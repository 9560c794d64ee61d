"""The program with a screen: the parts of the app, and how they are connected."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast

from textual import on
from textual.events import CursorPosition, Key
from textual.notifications import Notification
from textual.screen import Screen
from textual.worker import Worker

from tui.app.actions import ActionRegistry
from tui.app.alert_actions import AlertActions
from tui.app.alert_notices import AlertNotices
from tui.app.appearance import Appearance
from tui.app.commands import Commands
from tui.app.compare_actions import CompareActions
from tui.app.export import Exporter
from tui.app.feed_actions import FeedActions
from tui.app.feed_callbacks import FeedCallbacks
from tui.app.feed_display import FeedDisplay
from tui.app.feed_worker import RECORDED, SAVE_WITHIN, FeedSource, FeedWorker
from tui.app.freeze_actions import FreezeActions
from tui.app.health_figures import HealthFigures
from tui.app.layout_actions import LayoutActions
from tui.app.lifecycle import Lifecycle
from tui.app.line_actions import LineActions
from tui.app.list_actions import ListActions
from tui.app.notices import LinkNotices, Notices
from tui.app.painting import Painting
from tui.app.preferences import LaunchOptions, Preferences
from tui.app.preload import load_opened_by_keys
from tui.app.process_setup import set_up_process
from tui.app.program_actions import ProgramActions
from tui.app.view_actions import ViewActions
from tui.app.watchlist_actions import WatchlistActions, suggest_symbols
from tui.feed.clock import monotonic
from tui.feed.state import LinkState
from tui.market import Market
from tui.market.alerts import Alert
from tui.reference.fund_names import FundNames
from tui.screens.dashboard import Dashboard
from tui.screens.follows_time import FollowsTime
from tui.screens.sampling import derive_in_portions
from tui.symbol import Symbol
from tui.terminal.input_driver import TerminalDriver
from tui.terminal.textual_private import BaseApp, CompositorUpdate, set_bindings
from tui.widgets.bindings import action_of, bindings
from tui.widgets.chart.chart import MinuteChart
from tui.widgets.chart.lines import LinePressed
from tui.widgets.footer import Footer
from tui.widgets.header import Header
from tui.widgets.ladder.ladder import DepthLadder
from tui.widgets.pane import Pane
from tui.widgets.watchlist.grid import Watchlist

if TYPE_CHECKING:
    from tui.screens.palette import PaletteCommand
    from tui.widgets.add_field import AddField
    from tui.widgets.find_field import FindField


class ItickApp(BaseApp):
    """The dashboard with its feed, in one event loop: the feed writes the market, the frame clock draws it. The app
    itself builds the parts, connects them, and hands on what Textual calls."""

    ENABLE_COMMAND_PALETTE = False  # ours is opened by the key table
    TITLE = "itick-tui"
    CSS = """
    ToastRack { margin-bottom: 2; padding-right: 2; overflow-y: hidden; }
    ToastHolder { max-width: 60; }
    Toast { padding: 0 1; width: auto; max-width: 100%; margin-top: 0; background: $surface; }
    """

    def __init__(
        self,
        options: LaunchOptions,
        source: FeedSource,
        clock: Callable[[], float] = monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(driver_class=TerminalDriver)
        self.clock, self._wall = clock, wall
        self.market = Market()
        self.notices = Notices(self)
        self._not_saved: Notification | None = None  # the latest notice of it
        self.preferences = Preferences(
            options,
            on_lists=self._lists_changed,
            on_symbols=lambda: self._symbols_changed(),
            on_alerts=self._alerts_changed,
            on_trouble=self._cannot_save,
            on_saved=self._saved,
        )
        self.market.set_alerts(self.preferences.settings.alerts)
        self.appearance = Appearance(self, self.preferences)
        self.fund_names = FundNames()
        self.dashboard = Dashboard(
            self.appearance.styles, self.market, self.preferences.keys, self.suggest, self.fund_names
        )
        self.lifecycle = Lifecycle(self, lambda: self.painting.resumed())
        self.feed = FeedWorker(
            source,
            self.market,
            self.fund_names,
            self.preferences.settings.calls_a_minute,
            lambda: self.preferences.followed,
            lambda: self.preferences.listed,
            self._feed_callbacks(),
            clock,
            wall,
        )
        self.feed_display = FeedDisplay(self, self.dashboard, self.feed)
        self.painting = Painting(
            self,
            self.dashboard,
            self.market,
            clock,
            lambda: self.feed.is_live,
            lambda: self.feed.is_paused,
            self.preferences.settings.glyphs,
        )
        self.health_figures = HealthFigures(
            self.market, self.preferences, self.appearance, self.feed, self.painting, clock, wall
        )
        self.link_notices = LinkNotices(self.notices, self._ring)
        self.alert_notices = AlertNotices(
            self, self.notices, self.preferences, self._ring, self._start_worker, lambda: self.feed.shared is not None
        )
        self.market.alert_engine.on_fired = self.alert_notices.add
        self.exporter = Exporter(options.export_to, lambda text, warn: self.notices.say(text, warn=warn))
        self._build_actions()
        self._set_up_dashboard()
        set_bindings(self, bindings(self.preferences.keys))

    # --- building ---

    def _feed_callbacks(self) -> FeedCallbacks:
        return FeedCallbacks(
            state_changed=self._link_changed,
            names_loaded=self.dashboard.refresh_names,
            calendar_loaded=self.tick,
            followed=self._recording_followed,
            replay_changed=self._replay_changed,
            recording_stopped=self._recording_stopped,
            say=self.notices.say,
            warn=self._warn,
            start_worker=self._start_worker,
            ask_take_over=lambda error: self.feed_display.ask_take_over(error),
            leave=self.lifecycle.leave,
        )

    def _build_actions(self) -> None:
        dashboard, market, preferences, notices = self.dashboard, self.market, self.preferences, self.notices
        self.line_actions = lines = LineActions(dashboard, preferences, notices, self.push_screen)
        self.watchlist_actions = WatchlistActions(
            dashboard, preferences, notices, self.push_screen, self.fund_names, lines.undo_line
        )
        self.list_actions = ListActions(dashboard, market, preferences, notices, self.push_screen)
        self.view_actions = ViewActions(
            dashboard,
            market,
            preferences,
            self.appearance,
            notices,
            self.exporter,
            self.push_screen,
            self.export_screenshot,
            self.watchlist_actions.add,
        )
        self.alert_actions = AlertActions(dashboard, market, preferences, self.push_screen)
        layout_actions = LayoutActions(dashboard, preferences, notices, self.push_screen)
        compare_actions = CompareActions(dashboard, preferences, notices, self.push_screen)
        feed_actions = FeedActions(
            self.feed,
            notices,
            preferences.key_label,
            self.push_screen,
            self.health_figures.screen,
            self.link_notices.outage.expect_reconnect,
        )
        freeze = FreezeActions(dashboard, self.feed, notices, feed_actions.replay_pause, self._redraw, self.clock)
        program_actions = ProgramActions(
            preferences.keys,
            dashboard,
            self.appearance,
            self.feed,
            self.push_screen,
            self.lifecycle.leave,
            self.action_suspend_process,
        )
        named = (self.watchlist_actions, self.list_actions, self.view_actions, self.alert_actions)
        self.registry = ActionRegistry(
            (*named, layout_actions, compare_actions, lines, feed_actions, freeze, program_actions)
        )
        self._commands = Commands(
            preferences, self.registry.do, self.watchlist_actions, self.list_actions, self.alert_actions
        )

    def _set_up_dashboard(self) -> None:
        """Draw the dashboard as it was left, before it is shown."""
        settings, dashboard = self.preferences.settings, self.dashboard
        chart, ladder = dashboard.chart, dashboard.ladder
        chart.interval, chart.candles, chart.vwap = settings.interval, settings.candles, settings.vwap
        ladder.static, ladder.square_root = settings.static_ladder, settings.root_ladder
        self.view_actions.apply_cost_of(settings.cost_of)
        self.line_actions.display()
        self.view_actions.apply_volume_at_price(settings.volume_at_price)
        dashboard.hidden, dashboard.below = set(settings.hidden), settings.below
        dashboard.watchlist.columns = self.preferences.columns
        dashboard.watchlist.sort = settings.sort
        for pane in (dashboard.watchlist, dashboard.quote_header, ladder):
            pane.flash = self.preferences.flash
        dashboard.header.set_reactive(Header.recording, self.feed.source.recorder is not None)
        dashboard.status.replay = self.feed.replay is not None

    def suggest(self, part: str) -> Sequence[tuple[str, str]]:
        """Returns symbols, each with a name, for a part of a code or name."""
        return suggest_symbols(part, self.fund_names, [*self.preferences.listed, *self.market.instruments])

    # --- what Textual calls ---

    def get_default_screen(self) -> Dashboard:
        return self.dashboard

    def display_update(self, screen: Screen[object], update: CompositorUpdate) -> None:
        self.painting.display(screen, update)

    def handle_fault(self, error: Exception) -> None:
        self.lifecycle.fail(error)

    def panic(self, *renderables: object) -> None:
        # Textual would print the renderable, a traceback, when its keyboard thread fails.
        self.lifecycle.fail_keyboard()

    def on_load(self) -> None:
        self.lifecycle.start()

    def on_mount(self) -> None:
        self.painting.query_terminal()
        self._lists_changed(None)
        self.lifecycle.watch_suspension()

    @on(Dashboard.Ready)
    def _dashboard_ready(self) -> None:
        self.start()

    def start(self) -> None:
        """Start the frames. After the first paint, load and start the feed, and load what keys open."""
        self.painting.start()
        self.set_interval(1.0, self.tick)
        self.call_after_refresh(self._start_workers)
        set_up_process()
        self.feed.watch_files()
        for notice in self.feed.source.notices:
            self.notices.show(notice, "information", 10)

    def _start_workers(self) -> None:
        self._start_worker(self.feed.run, "feed")
        self._start_worker(self._preload, "preload")

    async def _preload(self) -> None:
        await load_opened_by_keys()
        self.dashboard.mount_fields()

    def on_resize(self) -> None:
        self.painting.resized()

    def on_cursor_position(self, event: CursorPosition) -> None:
        self.painting.cursor_reported(event.y, event.x, event.time)

    async def on_unmount(self) -> None:
        self.painting.stop()
        self.market.alert_engine.on_fired = None
        self.alert_notices.stop()
        self.link_notices.outage.stop()
        await asyncio.gather(*(part.finish(SAVE_WITHIN) for part in (self.preferences.saver, self.exporter, self.feed)))
        self.lifecycle.stop()

    # --- keys ---

    def action_do(self, name: str, *arguments: str | int) -> None:
        self.registry.do(name, *arguments)

    def commands(self) -> Iterable[PaletteCommand]:
        """Returns the commands of the palette."""
        return self._commands.all(self.dashboard.watchlist.selected)

    # --- messages of the dashboard ---

    # By their names: the fields are not loaded yet.
    def on_add_field_submitted(self, event: AddField.Submitted) -> None:
        self.watchlist_actions.add_symbols(event.text)

    def on_add_field_cancelled(self) -> None:
        self.dashboard.close_fields()

    def on_find_field_submitted(self) -> None:
        self.watchlist_actions.keep_found()

    def on_find_field_changed(self, event: FindField.Changed) -> None:
        self.dashboard.watchlist.find = event.text

    def on_find_field_move(self, event: FindField.Move) -> None:
        self.dashboard.watchlist.move(event.by)

    def on_find_field_cancelled(self) -> None:
        self.watchlist_actions.leave_find_field()

    @on(Watchlist.Opened)
    def _row_opened(self) -> None:
        self.view_actions.detail()

    @on(Watchlist.Selected)
    def _row_selected(self, event: Watchlist.Selected) -> None:
        self.alert_actions.select(event.instrument)

    @on(Watchlist.HeaderPressed)
    def _title_pressed(self, event: Watchlist.HeaderPressed) -> None:
        self.watchlist_actions.press_header(event.column)

    @on(DepthLadder.Changed)
    def _ladder_changed(self) -> None:
        self.view_actions.save_ladder()

    @on(DepthLadder.SizeRequested)
    def _size_asked(self) -> None:
        self.view_actions.ask_size()

    @on(LinePressed)
    def _line_pressed(self, event: LinePressed) -> None:
        self.line_actions.select(event.mark)

    @on(MinuteChart.TimeRequested)
    def _time_asked(self) -> None:
        self.view_actions.ask_time()

    @on(Header.ListPressed)
    def _list_pressed(self, event: Header.ListPressed) -> None:
        self.list_actions.show(event.name)

    @on(Header.HelpPressed)
    def _help_pressed(self) -> None:
        self.registry.do("help")

    @on(Footer.Pressed)
    async def _footer_pressed(self, event: Footer.Pressed) -> None:
        key = next(key for key in self.preferences.keys if key.id == event.action)
        await self.run_action(action_of(key), self.dashboard.focused_pane if key.scope else self)

    def on_key(self, event: Key) -> None:
        if self.screen is self.dashboard:
            self.view_actions.explain_key(event.key, event.character or "")  # the table has + for plus

    @on(Pane.CannotAct)
    def _cannot_act(self, event: Pane.CannotAct) -> None:
        self.notices.say(event.reason)

    # --- what the parts call ---

    def tick(self) -> None:
        """Follow time, once a second, and at once when something of it changed."""
        self.lifecycle.check_terminal()
        self.feed_display.tick()
        derive_in_portions(self.market, self.clock())
        self.painting.tick()
        for screen in self.screen_stack:  # empty while the program ends
            if isinstance(screen, FollowsTime):
                screen.tick()

    def _alerts_changed(self, alerts: Sequence[Alert]) -> None:
        self.market.set_alerts(alerts)
        self.line_actions.display()

    def _symbols_changed(self) -> None:
        self.feed.symbols_changed()
        self.market.set_pairs(self.preferences.pairs)

    def _lists_changed(self, select: Symbol | None) -> None:
        self._symbols_changed()
        self.list_actions.display(select)

    def _link_changed(self, state: LinkState, is_demo: bool) -> None:
        if self.feed.replay is None:
            self.link_notices.link_changed(state)
        self.dashboard.link_changed(state, is_demo)
        self._redraw()

    def _redraw(self) -> None:
        self.painting.frame()  # what every row says of the link is shown together with the status bar's word for it
        self.tick()

    def _recording_followed(self, added: list[Symbol], removed: list[Symbol]) -> None:
        self.preferences.lists.follow(RECORDED, added, removed)
        self._lists_changed(None)

    def _replay_changed(self) -> None:
        assert self.feed.replay is not None
        self.dashboard.header.replay = self.feed.replay.status
        self._link_changed(self.feed.replay.state, self.feed.is_demo)

    def _recording_stopped(self) -> None:
        self.dashboard.header.recording = False

    def _cannot_save(self, reason: str) -> None:
        self.dashboard.status.unsaved = True
        self.notices.withdraw(self._not_saved)
        self._not_saved = self.notices.show(f"not saved: {reason}", "warning", 10)

    def _saved(self) -> None:
        self.dashboard.status.unsaved = False
        self.notices.withdraw(self._not_saved)
        self.notices.say("your changes are saved now")

    def _warn(self, text: str, timeout: float | None) -> None:
        self.notices.show(text, "warning", timeout)

    def _ring(self) -> None:
        if self.preferences.settings.bell:
            self.bell()

    def _start_worker(self, work: Callable[[], Awaitable[None]], name: str) -> Worker[None]:
        # The worker calls `work`: a coroutine made here would never be awaited if the program ends before it runs.
        return self.run_worker(cast(Any, work), name=name, group=name)

    # --- the end ---

    @property
    def crash(self) -> Exception | None:
        """The exception that ended the program, if the program itself is at fault."""
        return self.lifecycle.crash

    @property
    def unsaved(self) -> list[str]:
        """What was not saved by the end, and why."""
        lost = {
            "your last changes are not saved": self.preferences.saver.trouble,
            "the last export is not written": self.exporter.trouble,
            "the latest prices are not kept for the next time": self.feed.lost,
        }
        return [f"{what}: {why}" for what, why in lost.items() if why]
