"""The worker that runs the feed in the app's loop: a link, the demo exchange and a link to it, or a replay."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct

from tui.app.feed_callbacks import FeedCallbacks
from tui.errors import EXIT_DONE, KeyRefused, NotShared
from tui.feed.endpoint import DEMO_HOST, canonical_host, host_of
from tui.feed.state import LinkPhase, LinkState
from tui.feed.tap import Route
from tui.log import LogFile
from tui.market import Market
from tui.market.basis import Basis
from tui.market.health import Event
from tui.market.sessions import Holidays
from tui.protocol.relay_status import DASHBOARD, RelayReport
from tui.reference.fund_names import FundNames
from tui.secrets import Token, safe_text
from tui.symbol import Symbol
from tui.threads import loop_caller

if TYPE_CHECKING:
    from tui.feed.link import Link, Opener
    from tui.history.backfill import Backfill
    from tui.history.backfill_for_others import BackfillForOthers
    from tui.history.fund_list import FundListLoader
    from tui.history.rest_client import RestClient
    from tui.history.store import Store
    from tui.recording.replay import Replay
    from tui.recording.writer import Recorder
    from tui.relay.nats_server import NatsServer

RECORDED = "Recording"
"""The name of the list of what is played."""
SAVE_WITHIN = 1.5
"""s that saving may take, of the 3 that leaving may."""

_DEMO_CALLS = 600  # a minute over REST: the exchange that the demo starts has no plan
_log = logging.getLogger(__name__)


class FeedSource(Struct, frozen=True):
    """Where the feed comes from: a `replay`, else a relay on a NATS `server`, else `url`, else the demo exchange, which
    the app starts by itself.

    `rest_url` "" is the host of `url`. A `recorder` records all that comes in. `notices` are shown at the start.
    `iopv_command` prints IOPVs beside the feed, and `bases` stand in for some."""

    url: str | None = None
    token: Token | None = None
    notices: Sequence[str] = ()
    take_over: bool = False
    rest_url: str = ""
    recorder: Recorder | None = None
    replay: Replay | None = None
    log: LogFile | None = None
    server: NatsServer | None = None
    iopv_command: Sequence[str] = ()
    bases: Sequence[Basis] = ()

    @property
    def host(self) -> str:
        """The host that the prices are from."""
        if self.server is not None:
            return self.server.host
        return host_of(self.url) if self.url is not None else DEMO_HOST

    @property
    def is_demo(self) -> bool:
        """Whether it is the demo exchange of the app."""
        return self.url is None and self.server is None


class FeedWorker:
    """Runs the feed of `source` into a market. `followed` returns the symbols to follow, `listed` those that need a
    name; `clock` is in s, monotonic, `wall` in s UTC."""

    def __init__(
        self,
        source: FeedSource,
        market: Market,
        fund_names: FundNames,
        calls_a_minute: int,
        followed: Callable[[], tuple[Symbol, ...]],
        listed: Callable[[], Iterable[Symbol]],
        callbacks: FeedCallbacks,
        clock: Callable[[], float],
        wall: Callable[[], float],
    ) -> None:
        self.source = source
        self._market = market
        self._fund_names = fund_names
        self._calls_a_minute = calls_a_minute
        self._followed = followed
        self._listed = listed
        self._callbacks = callbacks
        self._clock = clock
        self._wall = wall
        self.link: Link | None = None
        self.replay = source.replay
        self.history: Backfill | None = None
        self.fund_list: FundListLoader | None = None
        self._history_for_others: BackfillForOthers | None = None
        self._others: Sequence[Symbol] = ()  # what only other windows follow
        self._holidays: Mapping[str, Holidays] = {}
        self._rest: RestClient | None = None
        self._feed: Link | Replay | None = None  # once it runs
        self._was_live = False
        self._was_joined = False  # when it was live last
        self._is_asked = False  # whether to take the key over, in this outage
        market.set_bases(source.bases)
        if source.recorder is not None:
            source.recorder.begin(market, followed(), source.host, clock, wall)
        if source.replay is not None:
            market.alerts_sleep = "this is a recording"

    # --- what it is now ---

    @property
    def state(self) -> LinkState | None:
        """The state of the link or the replay, None before there is one."""
        return self._feed.state if self._feed is not None else None

    @property
    def host(self) -> str:
        """The host of the link or the recording, "" before there is one."""
        return self._feed.host if self._feed is not None else ""

    @property
    def is_demo(self) -> bool:
        """Whether the prices are those of a demo exchange."""
        return self._feed is not None and self._feed.is_demo

    @property
    def is_live(self) -> bool:
        """Whether the link is live, or was when what a replay shows was recorded."""
        return self._feed is not None and self._feed.state.phase is LinkPhase.LIVE

    @property
    def is_connected(self) -> bool:
        """Whether the link has reached a server, or a window that has."""
        connected = (LinkPhase.AUTHENTICATING, LinkPhase.SUBSCRIBING, LinkPhase.LIVE)
        return self._feed is not None and self._feed.state.phase in connected

    @property
    def is_paused(self) -> bool:
        """Whether a replay stands still."""
        return self.replay is not None and self.replay.is_paused

    @property
    def is_key_refused(self) -> bool:
        """Whether the link has ended because the vendor refused the key."""
        return self._feed is not None and isinstance(self._feed.state.error, KeyRefused)

    @property
    def shared(self) -> RelayReport | None:
        """The state of the connection, if other windows use it too."""
        return self.link.shared if self.link is not None else None

    @property
    def unread(self) -> int:
        """How many rows of REST answers and of the cache could not be read."""
        store = self.history.store if self.history is not None else None
        return sum(source.invalid_rows for source in (self._rest, store) if source is not None)

    @property
    def lost(self) -> str:
        """Why the latest prices are not in the cache; "" if they are."""
        return self.history.save_error if self.history is not None else ""

    # --- running ---

    async def run(self) -> None:
        """Run the feed until the app cancels it."""
        if self.replay is not None:
            await self._play(self.replay)
            return
        if self.source.iopv_command:
            self._run_iopv_command(self.source.iopv_command)
        if self.source.server is not None:
            from tui.relay.nats_follower import NatsFollower

            server = self.source.server
            await self._run_link(server.url, Token(""), opener=NatsFollower(server, "dashboard"))
        elif self.source.url is not None:
            assert self.source.token is not None
            await self._run_shared(self.source.url, self.source.token)
        else:
            from tui.exchange.server import Exchange

            async with Exchange() as exchange:
                await self._run_link(exchange.url, Token("demo"))

    def _run_iopv_command(self, command: Sequence[str]) -> None:
        from tui.feed.iopv_command import IopvCommand

        def tell(words: str) -> None:
            _log.warning("%s", words)
            self._callbacks.warn(words, 20)

        self._callbacks.start_worker(IopvCommand(command, self._market, tell, self._clock).run, "IOPV command")

    def watch_files(self) -> None:
        """Warn when the recording or the log can no longer be written."""
        in_loop, log = loop_caller(), self.source.log
        if (recorder := self.source.recorder) is not None:
            recorder.on_error = partial(in_loop, self._recorder_failed)
        if log is not None:
            log.on_trouble = partial(in_loop, self._log_failed)
            if log.trouble:
                self._log_failed()

    def symbols_changed(self) -> None:
        """Follow other symbols than before."""
        symbols = self._followed()
        if self._feed is not None:
            self._feed.set_symbols(symbols)
        else:
            self._market.follow(symbols)
        if self.history is not None:
            self.history.set_symbols(symbols)
        if self.fund_list is not None:
            self.fund_list.set_symbols([*self._listed(), *self._others])
        if self.source.recorder is not None:
            self.source.recorder.record_names(self._fund_names, symbols)

    def _of_others(self) -> Sequence[Symbol]:
        return self.link.followed_by_others if self.link is not None else ()

    async def finish(self, within: float) -> None:
        """Write what is not in the cache yet, for `within` s at most."""
        if self.history is not None:
            await self.history.finish(within)

    # --- the link ---

    async def _run_shared(self, url: str, token: Token) -> None:
        """Run a link that joins the connection of another process with this key, or shares its own."""
        from tui.feed.key_lock import KeyLock
        from tui.relay.sharing import Sharing

        async with Sharing(
            KeyLock(canonical_host(url), token),
            self._market,
            DASHBOARD,
            take_over=self.source.take_over,
            wants_everything=self.source.recorder is not None,
            clock=self._clock,
        ) as sharing:
            await self._run_link(url, token, sharing)

    async def _ask_take_over(self, error: NotShared) -> None:
        """Ask whether to take the key over from a process that cannot be joined. Who declines at the start leaves."""
        assert self.link is not None
        answer = await self._callbacks.ask_take_over(error)
        if answer:
            self.link.take_over()
        elif answer is False and not self._was_live:
            self._callbacks.leave(EXIT_DONE)

    async def _run_link(self, url: str, token: Token, route: Route | None = None, opener: Opener | None = None) -> None:
        from tui.feed.link import Link

        self.link = self._feed = link = Link(
            url,
            token,
            self._market,
            on_state=self.link_changed,
            route=route,
            opener=opener,
            clock=self._clock,
            wall=self._wall,
        )
        link.set_symbols(self._followed())
        loading = self._callbacks.start_worker(partial(self._load_past, link, url, token), "past")
        try:
            await link.run()
        finally:
            loading.cancel()

    def link_changed(self, state: LinkState) -> None:
        """Follow the state of the link or the replay."""
        if not self.source.is_demo:
            # These are the person's own alerts, and the prices of a demo exchange are not what they are about.
            self._market.alerts_sleep = "the prices are made up" if self.is_demo else ""
        self._log_state(state)
        if self.source.recorder is not None:
            self.source.recorder.record_state(state)
        self.follow_sharing()
        for history in (self.history, self._history_for_others):
            if history is not None:
                history.link_changed(state, self.is_demo)
        self._was_live = self._was_live or state.is_live
        if state.phase is LinkPhase.RECONNECTING and isinstance(state.error, NotShared) and not self._is_asked:
            self._is_asked = True
            self._callbacks.start_worker(partial(self._ask_take_over, state.error), "take over")
        elif state.error is None:  # it is live, or the person's key tries it anew
            self._is_asked = False
        if state.is_live:
            if self._was_joined and not state.is_joined:
                self._callbacks.say("this window holds the connection now")
            self._was_joined = state.is_joined
        self._callbacks.state_changed(state, self.is_demo)

    def _log_state(self, state: LinkState) -> None:
        """Add a state to the link's history and the log, once for each phase: a subscription has many states."""
        health = self._market.health
        history, word, reason = health.history, state.word, ""
        if state.tells_error and not state.is_moving:
            reason = safe_text(str(state.error))
        elif state.is_live:
            unshared = self.link.unshared if self.link is not None else ""
            reasons = [f"reconnect {health.reconnects}"] * bool(health.reconnects)
            reasons += [f"other windows cannot join: {safe_text(unshared)}"] * bool(unshared)
            reason = "; ".join(reasons)
        _log.info("link %s", safe_text(state.describe(self._clock())))
        if not history or (history[-1].state, history[-1].reason) != (word, reason):
            history.append(Event(1000 * self._wall(), word, reason))

    # --- the past ---

    def follow_sharing(self) -> RelayReport | None:
        """Ask for the past only if no other window does: the calls of a minute are one budget of the key. A dashboard
        that holds the connection asks for all. If another program holds it, each dashboard asks for itself. Returns the
        state of the connection, if other windows use it too."""
        shared, users = self.shared, 1
        if self.link is None or self.history is None or self._rest is None:
            return shared
        asks = self.link.is_holder
        if shared is not None and shared.windows[0].name != DASHBOARD:
            asks, users = True, sum(window.name == DASHBOARD for window in shared.windows)
        self._rest.share(max(1, users))
        self.history.asks = asks
        if self.fund_list is not None:
            self.fund_list.set_asks(asks)
            if (others := self._of_others()) != self._others:
                self._others = others
                self.fund_list.set_symbols([*self._listed(), *others])
        return shared

    async def _load_past(self, link: Link, url: str, token: Token) -> None:
        """Load holidays, bars and quotes of before, and fund names, without keeping the feed waiting."""
        from tui.feed.endpoint import is_loopback, rest_base
        from tui.history.backfill import Backfill
        from tui.history.backfill_for_others import BackfillForOthers
        from tui.history.rest_client import RestClient

        if not self.source.is_demo:
            await self._load_holidays()  # first: they decide which session a bar of the past belongs to
        calls: int | None = None
        if self.source.server is None:  # a follower has no key to ask with
            calls = _DEMO_CALLS if self.source.is_demo else self._calls_a_minute
            base = self.source.rest_url or rest_base(url)
            # The clock of another host than the stream's may differ.
            on_date = self._market.observe_date if base == rest_base(url) else None
            self._rest = RestClient(base, token, calls, clock=self._clock, on_date=on_date)
        rest, local = self._rest, is_loopback(url)

        def make_backfill(market: Market, has_stream: bool) -> Backfill:
            return Backfill(
                market,
                rest if calls else None,
                self._open_store,
                calls=calls,
                local=local,
                has_stream=has_stream,
                on_store_error=self._store_failed if has_stream else lambda reason: None,
                clock=self._clock,
            )

        def make_for_others(market: Market) -> Backfill:
            market.set_holidays(self._holidays)
            return make_backfill(market, False)

        self.history = history = make_backfill(self._market, True)
        self._history_for_others = others = BackfillForOthers(self._market, make_for_others, self._of_others)
        history.set_symbols(self._followed())
        self.follow_sharing()
        for each in (history, others):
            each.link_changed(link.state, link.is_demo)
        try:
            await asyncio.gather(history.run(), others.run(), self._load_names(history))
        finally:
            await asyncio.gather(history.finish(SAVE_WITHIN), others.finish(SAVE_WITHIN))
            if rest is not None:
                await rest.aclose()

    async def _load_holidays(self) -> None:
        from tui.reference.holidays import load

        self._holidays = await asyncio.to_thread(load, self._wall())
        self._market.set_holidays(self._holidays)
        self._callbacks.calendar_loaded()

    async def _load_names(self, history: Backfill) -> None:
        from tui.history.fund_list import FundListLoader

        await history.store_opened.wait()
        if self._rest is None:
            return
        self.fund_list = FundListLoader(self._rest, history.store, self._fund_names, self._names_loaded)
        self.follow_sharing()
        self.symbols_changed()
        await self.fund_list.run()

    def _names_loaded(self) -> None:
        self._callbacks.names_loaded()
        if self.source.recorder is not None:
            self.source.recorder.record_names(self._fund_names, self._followed())

    def _names_replayed(self, names: Mapping[Symbol, str]) -> None:
        self._fund_names.add(names)
        self._callbacks.names_loaded()

    def _open_store(self, demo: bool) -> Store:
        from tui.history.store import Store, default_store_path

        return Store(default_store_path(demo=demo), wall=self._wall)

    # --- a recording ---

    async def _play(self, replay: Replay) -> None:
        calls = self._callbacks
        replay.attach(self._market, self.link_changed, calls.followed, calls.replay_changed, self._names_replayed)
        self._feed = replay
        calls.replay_changed()
        replay.set_symbols(self._followed())
        await replay.run()
        calls.say(replay.summary)

    # --- files that cannot be written ---

    def _recorder_failed(self) -> None:
        assert self.source.recorder is not None
        self._callbacks.recording_stopped()
        self._callbacks.warn(f"recording stopped: {self.source.recorder.error}", 10)

    def _log_failed(self) -> None:
        assert self.source.log is not None
        self._callbacks.warn(self.source.log.trouble, 10)

    def _store_failed(self, reason: str) -> None:
        self._callbacks.warn(f"prices are not kept for the next time: {safe_text(reason)}", None)
