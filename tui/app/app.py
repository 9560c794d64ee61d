"""The program with a screen: the worker that runs the feed, what comes of it, and who is told."""

from __future__ import annotations

import asyncio
import gc
import itertools
import logging
import os
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

from rich.cells import cell_len
from textual import on
from textual.notifications import Notification
from textual.worker import Worker

from tui import format as fmt
from tui.app.base import LaunchOptions
from tui.app.painting import Drawn
from tui.errors import EXIT_DONE, EXIT_KEY_REFUSED, KeyRefused
from tui.feed.clock import monotonic
from tui.feed.endpoint import DEMO_HOST, host_of
from tui.feed.key_lock import KeyInUse, KeyLock
from tui.feed.state import LinkPhase, LinkState
from tui.log import LogFile
from tui.market.alert_engine import AlertEvent
from tui.market.health import Event
from tui.notify import command as alert_command
from tui.notify.batching import AlertBatcher, alert_lines
from tui.notify.desktop import notification_sequence
from tui.notify.outage import OutageNotifier
from tui.screens.alerts import Alerts
from tui.screens.dashboard import Dashboard
from tui.screens.health import FeedHealth, HealthSnapshot
from tui.screens.take_over import TakeOver
from tui.secrets import Token, safe_text
from tui.symbol import Symbol
from tui.widgets.header import Header

if TYPE_CHECKING:
    from tui.feed.link import Link
    from tui.history.backfill import Backfill
    from tui.history.fund_list import FundListLoader
    from tui.history.rest_client import RestClient
    from tui.history.store import Store
    from tui.recording.replay import Replay
    from tui.recording.writer import Recorder

_ALERTS_TOLD = 8  # lines of the notice, and no more than a third of the screen as they are folded there
_NOTICE_WIDEST, _NOTICE_BESIDE = 60, 6  # cells: of a notice, and of what stands beside its words
_DEMO_CALLS = 600  # a minute over REST: the exchange that the demo starts has no plan
_GARBAGE = (1_000, 20, 50)  # what is made by the thousand, messages and trades, goes without being collected
_SAVE_WITHIN = 1.5  # s, of the 3 that leaving may take
_SWITCH = 0.0005  # s: so soon the threads of keyboard and terminal get their turn in a flood, where 5 ms is usual
_log = logging.getLogger(__name__)

RECORDED = "Recording"  # the name of the list of what is played


class FeedSource(NamedTuple):
    """Where the feed comes from: a `replay`, else `url`, else the app starts the demo exchange and connects to that.
    `rest_url` "" is the same place. A `recorder` keeps all that comes in, a `log` what happens."""

    url: str | None = None
    token: Token | None = None
    notices: Sequence[str] = ()
    take_over: bool = False
    rest_url: str = ""
    recorder: Recorder | None = None
    replay: Replay | None = None
    log: LogFile | None = None


class ItickApp(Drawn):
    """One process, one event loop: the feed writes the market, the frame clock draws it."""

    def __init__(
        self,
        wanted: LaunchOptions,
        start: FeedSource,
        clock: Callable[[], float] = monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(wanted, clock)
        self._start = start
        self._wall = wall
        self._history: Backfill | None = None
        self._link: Link | Replay | None = None
        self._names: FundListLoader | None = None
        self._rest: RestClient | None = None
        self._replay, self._recorder, self._log_file = start.replay, start.recorder, start.log
        self._outage = OutageNotifier(self._lost, self._back)
        self._alarm = AlertBatcher(self._ring)
        self.market.alert_engine.on_fired = self._alarm.add
        self._alert_notice: Notification | None = None
        self._alerts_told: list[str] = []  # its lines
        self._command_failed = ""  # why, as it was last said
        self._notice: Notification | None = None  # the latest about the link
        if start.recorder is not None:
            host = host_of(start.url) if start.url is not None else DEMO_HOST
            start.recorder.begin(self.market, self.followed, host, clock, wall)
        self.dashboard.header.set_reactive(Header.recording, start.recorder is not None)
        if start.replay is not None:
            self.market.alerts_sleep = "this is a recording"

    @on(Dashboard.Ready)
    def begin(self) -> None:
        self.start_frames()
        # After the first paint: what speaks to a feed takes a while to load.
        self.call_after_refresh(lambda: self._start_worker(self._feed, "feed"))
        # All that stands by now stays: looked through for garbage again and again it costs 50 ms at a time.
        gc.freeze()
        gc.set_threshold(*_GARBAGE)
        gc.enable()
        sys.setswitchinterval(_SWITCH)
        from_any_thread = asyncio.get_running_loop().call_soon_threadsafe
        if self._recorder is not None:
            self._recorder.on_error = partial(from_any_thread, self._not_recorded)
        if self._log_file is not None:
            self._log_file.on_trouble = partial(from_any_thread, self._not_logged)
            if self._log_file.trouble:
                self._not_logged()
        for notice in self._start.notices:
            self.notify(notice, markup=False, timeout=10)

    def _start_worker(self, work: Callable[[], Awaitable[None]], name: str) -> Worker[None]:
        # Called by the worker: made here, a coroutine would be left over if the program ends before it runs.
        return self.run_worker(cast(Any, work), name=name, group=name)

    # --- the feed ---

    def wanted_changed(self) -> None:
        if self._link is not None:
            self._link.set_symbols(self.followed)
        else:
            self.market.follow(self.followed)
        if self._history is not None:
            self._history.set_symbols(self.followed)
        if self._names is not None:
            self._names.set_symbols(itertools.chain(*self.lists.lists.values()))
        if self._recorder is not None:
            self._recorder.record_names(self.followed)

    async def _feed(self) -> None:
        if self._replay is not None:
            await self._play(self._replay)
        elif self._start.url is not None:
            assert self._start.token is not None
            await self._alone(self._start.url, self._start.token)
        else:
            from tui.exchange.server import Exchange

            async with Exchange() as exchange:
                await self._follow(exchange.url, Token("demo"))

    async def _learn_holidays(self) -> None:
        """Without holding up the feed or the screen."""
        from tui.reference.holidays import load

        self.market.set_holidays(await asyncio.to_thread(load, self._wall()))
        self._second()

    async def _alone(self, url: str, token: Token) -> None:
        """Follow unless another copy uses the key; then ask first."""
        take_over = self._start.take_over
        while True:
            try:
                with KeyLock(host_of(url), token, take_over=take_over) as lock:
                    await self._follow(url, token, lock)
            except KeyInUse as error:
                take_over = await self.push_screen_wait(TakeOver(error.pid))
                if not take_over:
                    self._leave(EXIT_DONE)
                    return

    async def _follow(self, url: str, token: Token, lock: KeyLock | None = None) -> None:
        from tui.feed.link import Link

        self._link = Link(
            url, token, self.market, on_state=self._link_changed, lock=lock, clock=self._clock, wall=self._wall
        )
        self._link.set_symbols(self.followed)
        past = self._start_worker(partial(self._learn_past, self._link, url, token), "past")
        try:
            await self._link.run()
        finally:
            past.cancel()

    async def _learn_past(self, link: Link, url: str, token: Token) -> None:
        """Holidays, what was before, and what funds are called: beside the feed, which need not wait for it."""
        from tui.feed.endpoint import is_loopback, rest_base
        from tui.history.backfill import Backfill
        from tui.history.rest_client import RestClient

        if self._start.url is not None:
            await self._learn_holidays()  # first, for they tell which session a bar of the past is of
        calls = self.settings.calls_a_minute if self._start.url is not None else _DEMO_CALLS
        base = self._start.rest_url or rest_base(url)
        # Another host than the stream's may keep another time.
        on_date = self.market.observe_date if base == rest_base(url) else None
        self._rest = rest = RestClient(base, token, calls, clock=self._clock, on_date=on_date)
        self._history = history = Backfill(
            self.market,
            rest if calls else None,
            self._store,
            calls=calls,
            local=is_loopback(url),
            on_store_error=self._cannot_keep,
            clock=self._clock,
        )
        history.set_symbols(self.followed)
        history.link_changed(link.state, link.is_demo)
        try:
            await asyncio.gather(history.run(), self._learn_names(history, rest))
        finally:
            await history.finish(_SAVE_WITHIN)
            await rest.aclose()

    def _store(self, demo: bool) -> Store:
        from tui.history.store import Store, default_store_path

        return Store(default_store_path(demo=demo), wall=self._wall)

    def _cannot_keep(self, words: str) -> None:
        self.notify(f"prices are not kept for the next time: {safe_text(words)}", severity="warning", markup=False)

    async def _learn_names(self, history: Backfill, rest: RestClient) -> None:
        from tui.history.fund_list import FundListLoader

        await history.store_opened.wait()
        self._names = FundListLoader(rest, history.store, self._names_learned)
        self.wanted_changed()
        await self._names.run()

    def _names_learned(self) -> None:
        self.dashboard.names_learned()
        if self._recorder is not None:
            self._recorder.record_names(self.followed)

    async def _play(self, replay: Replay) -> None:
        names = self.dashboard.names_learned
        replay.attach(self.market, self._link_changed, self._followed, self._pace_changed, names)
        self._link = replay
        self.dashboard.status.replay = True
        self._pace_changed()
        replay.set_symbols(self.followed)
        await replay.run()
        self._say(replay.summary)

    def _followed(self, added: list[Symbol], removed: list[Symbol]) -> None:
        """In the recording other symbols were watched from then on."""
        self.lists.follow(RECORDED, added, removed)
        self._show()

    def _pace_changed(self) -> None:
        assert self._replay is not None and self._frames is not None
        self.dashboard.header.replay = self._replay.status
        self._frames.wake()
        self._second()

    def _not_recorded(self) -> None:
        assert self._recorder is not None
        self.dashboard.header.recording = False
        self.notify(f"recording stopped: {self._recorder.error}", severity="warning", markup=False, timeout=10)

    def _not_logged(self) -> None:
        assert self._log_file is not None
        self.notify(self._log_file.trouble, severity="warning", markup=False, timeout=10)

    def _link_changed(self, state: LinkState) -> None:
        assert self._link is not None
        if self._start.url is not None:
            # These are a person's own alerts, and our exchange's prices are none they could mean.
            self.market.alerts_sleep = "the prices are made up" if self._link.is_demo else ""
        self._remember(state)
        if self._recorder is not None:
            self._recorder.record_state(state)
        if self._replay is None:
            self._outage.on_state(state)
        if not state.is_live and self._notice is not None and self._notice.severity == "information":
            self._withdraw_notice()  # that it is back is no longer so
        if self._history is not None:
            self._history.link_changed(state, self._link.is_demo)
        self.dashboard.link_changed(state, self._link.is_demo)
        if self._frames is not None:
            self._frame()  # what every row says of the link stands there together with the word for it
        self._second()

    def _remember(self, state: LinkState) -> None:
        """Into the history and the log, once for each phase: a subscription goes through many states."""
        health = self.market.health
        history, word, reason = health.history, state.word, ""
        if state.phase in (LinkPhase.RECONNECTING, LinkPhase.STOPPED):
            reason = safe_text(str(state.error))
        elif state.is_live and health.reconnects:
            reason = f"reconnect {health.reconnects}"
        _log.info("link %s", safe_text(state.describe(self._clock())))
        if not history or (history[-1].state, history[-1].reason) != (word, reason):
            history.append(Event(1000 * self._wall(), word, reason))

    def _lost(self, reason: str) -> None:
        self._call_attention(f"link lost: {safe_text(reason)}" if reason else "link lost", "warning")

    def _back(self, away: float) -> None:
        self._call_attention(f"the link is back after {fmt.seconds(away)}", "information")

    def _call_attention(self, words: str, severity: Literal["information", "warning"]) -> None:
        if self.settings.bell:
            self.bell()
        self._withdraw_notice()
        self._notice = self._put_up(words, severity, self.NOTIFICATION_TIMEOUT)

    def _withdraw_notice(self) -> None:
        """A notice about the link must not outlive what it tells."""
        self._withdraw(self._notice)
        self._notice = None

    # --- alerts ---

    def _ring(self, fired: list[AlertEvent]) -> None:
        """Tell of alerts that fired, all together."""
        self.spend(fired)
        for firing in fired:
            _log.info("alert: %s", firing.words)
        told = alert_lines(fired)
        if self.settings.bell:
            self.bell()
        self._tell_of_alerts(told)
        if self._driver is not None and (asked := notification_sequence(" · ".join(told), os.environ)):
            self._driver.write(asked)
        if self.settings.alert_command:
            self._start_worker(partial(self._command, fired[0], " · ".join(told)), "alert command")
        for screen in self.screen_stack:
            if isinstance(screen, Alerts):
                screen.tick()

    def _tell_of_alerts(self, told: Sequence[str]) -> None:
        """In one notice, together with what it says already: a stack of them would cover the screen."""
        if self._alert_notice is None or self._alert_notice not in self._notifications:
            self._alerts_told = []
        kept = [*(line for line in self._alerts_told if line not in told), *told]
        width = max(1, min(_NOTICE_WIDEST, self.size.width) - _NOTICE_BESIDE)
        room = min(_ALERTS_TOLD, self.size.height // 3)
        while len(kept) > 1 and sum(-(-cell_len(line) // width) for line in kept) > room:
            del kept[0]
        self._alerts_told = kept
        self._withdraw(self._alert_notice)
        self._alert_notice = self._put_up("\n".join(self._alerts_told), "warning", 4 * self.NOTIFICATION_TIMEOUT)

    async def _command(self, first: AlertEvent, words: str) -> None:
        values = {"symbol": str(first.alert.symbol), "price": first.price, "words": words}
        failed = await alert_command.run_alert_command(self.settings.alert_command, values)
        if failed and failed != self._command_failed:
            _log.warning("%s", failed)
            self.notify(failed, severity="error", markup=False, timeout=20)
        self._command_failed = failed

    # --- what frames ask ---

    @property
    def proven(self) -> bool:
        return self._link is not None and self._link.state.is_live

    @property
    def stands(self) -> bool:
        return self._replay is not None and self._replay.is_paused

    # --- keys of the feed ---

    def action_reconnect(self) -> None:
        if self._replay is not None:
            self._say("this is a recording: there is no link to renew")
        elif self._link is not None:
            self._outage.expect_reconnect()
            self._link.reconnect()  # type: ignore[union-attr]  # a replay was answered above

    def action_replay_pause(self) -> None:
        if (replay := self._playing()) is not None:
            replay.pause()

    def action_replay_step(self) -> None:
        if (replay := self._playing()) is not None:
            if replay.paused:
                replay.step()
            else:
                self._say(f"{self._cap('replay_pause')} first: then it goes message by message")

    def action_replay_slower(self) -> None:
        if (replay := self._playing()) is not None:
            replay.change_speed(up=False)

    def action_replay_faster(self) -> None:
        if (replay := self._playing()) is not None:
            replay.change_speed(up=True)

    def _playing(self) -> Replay | None:
        """The recording that is played; where there is none, or no more of it, that is said."""
        if self._replay is None:
            self._say("this is no recording: itick-tui --replay FILE plays one")
        elif self._replay.ended:
            self._say(self._replay.summary)
        else:
            return self._replay
        return None

    def action_health(self) -> None:
        self.push_screen(FeedHealth(self._look(), self.market, self._facts))

    def _facts(self) -> HealthSnapshot:
        link = self._link
        assert self._frames is not None
        store = self._history.store if self._history is not None else None
        return HealthSnapshot(
            self._clock(),
            1000 * self._wall(),
            link.state if link is not None else None,
            link.host if link is not None else "",
            link is not None and link.is_demo,
            [self.market.instruments[symbol] for symbol in self.lists.symbols],
            self.pace,
            self._frames.cost,
            self._frames.rate,
            self._history,
            self._names,
            sum(source.invalid_rows for source in (self._rest, store) if source is not None),
        )

    # --- leaving ---

    async def action_quit(self) -> None:
        refused = self._link is not None and isinstance(self._link.state.error, KeyRefused)
        self._leave(EXIT_KEY_REFUSED if refused else EXIT_DONE)

    async def on_unmount(self) -> None:
        # There is nothing to draw on any more, while the feed may still go on.
        self.stop_frames()
        self.market.alert_engine.on_fired = None
        self.spend(self._alarm.stop())
        self._outage.stop()
        saving = [self.keeper.finish(_SAVE_WITHIN), self.exporter.finish(_SAVE_WITHIN)]
        if self._history is not None:
            saving.append(self._history.finish(_SAVE_WITHIN))
        await asyncio.gather(*saving)

    @property
    def unsaved(self) -> list[str]:
        """What was not saved by the end, and why."""
        lost = []
        if self.keeper.trouble:
            lost.append(f"your last changes are not saved: {self.keeper.trouble}")
        if self.exporter.trouble:
            lost.append(f"the last export is not written: {self.exporter.trouble}")
        if self._history is not None and self._history.save_error:
            lost.append(f"the latest prices are not kept for the next time: {self._history.save_error}")
        return lost
