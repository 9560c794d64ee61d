"""The worker that runs the feed in the app's loop: a link, the demo exchange and a link to it, or a replay."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct

from tui.errors import EXIT_DONE, KeyRefused
from tui.feed.endpoint import DEMO_HOST, host_of
from tui.feed.state import LinkPhase, LinkState
from tui.feed.tap import NotShared, Route
from tui.log import LogFile
from tui.market import Market
from tui.market.basis import Basis
from tui.market.health import Event
from tui.reference.fund_names import FundNames
from tui.secrets import Token, safe_text
from tui.symbol import Symbol

if TYPE_CHECKING:
    from textual.worker import Worker

    from tui.feed.link import Link
    from tui.history.backfill import Backfill
    from tui.history.fund_list import FundListLoader
    from tui.history.rest_client import RestClient
    from tui.history.store import Store
    from tui.recording.replay import Replay
    from tui.recording.writer import Recorder

RECORDED = "Recording"
"""The name of the list of what is played."""
SAVE_WITHIN = 1.5
"""s that saving may take, of the 3 that leaving may."""

_DEMO_CALLS = 600  # a minute over REST: the exchange that the demo starts has no plan
_log = logging.getLogger(__name__)


class FeedSource(Struct, frozen=True):
    """Where the feed comes from: a `replay`, else `url`, else the demo exchange, which the app starts by itself.

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
    iopv_command: Sequence[str] = ()
    bases: Sequence[Basis] = ()


class FeedCallbacks(Struct, frozen=True):
    """What a feed worker calls: news for the screen, and what it needs of the app."""

    state_changed: Callable[[LinkState, bool], None]
    """The link has this state; whether it is a link to a demo exchange."""
    names_loaded: Callable[[], None]
    """More funds have a name."""
    calendar_loaded: Callable[[], None]
    """The holidays are known."""
    followed: Callable[[list[Symbol], list[Symbol]], None]
    """In the recording these symbols were added, and those removed."""
    replay_changed: Callable[[], None]
    """The replay goes on in another way, or ends."""
    recording_stopped: Callable[[], None]
    """The recorder can write no more."""
    say: Callable[[str], None]
    """Tell of what was expected."""
    warn: Callable[[str, float | None], None]
    """Tell of what went wrong, for so many s."""
    start_worker: Callable[[Callable[[], Awaitable[None]], str], Worker[None]]
    """Run a task of the app under a name."""
    ask_take_over: Callable[[int], Awaitable[bool]]
    """Ask whether to take the key over from the process of this id."""
    leave: Callable[[int], None]
    """End the program with this exit code."""


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
        self._rest: RestClient | None = None
        self._feed: Link | Replay | None = None  # once it runs
        self._was_live = False
        self._is_asked = False  # whether to take the key over, in this outage
        market.set_bases(source.bases)
        if source.recorder is not None:
            host = host_of(source.url) if source.url is not None else DEMO_HOST
            source.recorder.begin(market, followed(), host, clock, wall)
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
    def is_paused(self) -> bool:
        """Whether a replay stands still."""
        return self.replay is not None and self.replay.is_paused

    @property
    def is_key_refused(self) -> bool:
        """Whether the link has ended because the vendor refused the key."""
        return self._feed is not None and isinstance(self._feed.state.error, KeyRefused)

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
        if self.source.url is not None:
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
        in_loop = asyncio.get_running_loop().call_soon_threadsafe
        recorder, log = self.source.recorder, self.source.log
        if recorder is not None:
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
            self.fund_list.set_symbols(self._listed())
        if self.source.recorder is not None:
            self.source.recorder.record_names(self._fund_names, symbols)

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
            KeyLock(host_of(url), token),
            self._market,
            "dashboard",
            take_over=self.source.take_over,
            wants_everything=self.source.recorder is not None,
            clock=self._clock,
        ) as sharing:
            await self._run_link(url, token, sharing)

    async def _ask_take_over(self, pid: int) -> None:
        """Ask whether to take the key over from a process that cannot be joined. Who declines at the start leaves."""
        assert self.link is not None
        if await self._callbacks.ask_take_over(pid):
            self.link.reconnect()
        elif not self._was_live:
            self._callbacks.leave(EXIT_DONE)

    async def _run_link(self, url: str, token: Token, route: Route | None = None) -> None:
        from tui.feed.link import Link

        self.link = self._feed = link = Link(
            url, token, self._market, on_state=self.link_changed, route=route, clock=self._clock, wall=self._wall
        )
        link.set_symbols(self._followed())
        loading = self._callbacks.start_worker(partial(self._load_past, link, url, token), "past")
        try:
            await link.run()
        finally:
            loading.cancel()

    def link_changed(self, state: LinkState) -> None:
        """Follow the state of the link or the replay."""
        if self.source.url is not None:
            # These are the person's own alerts, and the prices of a demo exchange are not what they are about.
            self._market.alerts_sleep = "the prices are made up" if self.is_demo else ""
        self._log_state(state)
        if self.source.recorder is not None:
            self.source.recorder.record_state(state)
        if self.history is not None:
            self.history.link_changed(state, self.is_demo)
        self._was_live = self._was_live or state.is_live
        if state.phase is LinkPhase.STOPPED and isinstance(state.error, NotShared):
            if not self._is_asked:
                self._is_asked = True
                self._callbacks.start_worker(partial(self._ask_take_over, state.error.pid), "take over")
        elif state.is_live:
            self._is_asked = False
        self._callbacks.state_changed(state, self.is_demo)

    def _log_state(self, state: LinkState) -> None:
        """Add a state to the link's history and the log, once for each phase: a subscription has many states."""
        health = self._market.health
        history, word, reason = health.history, state.word, ""
        if state.phase in (LinkPhase.RECONNECTING, LinkPhase.STOPPED):
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

    async def _load_past(self, link: Link, url: str, token: Token) -> None:
        """Load holidays, bars and quotes of before, and fund names, without keeping the feed waiting."""
        from tui.feed.endpoint import is_loopback, rest_base
        from tui.history.backfill import Backfill
        from tui.history.rest_client import RestClient

        if self.source.url is not None:
            await self._load_holidays()  # first: they decide which session a bar of the past belongs to
        calls = self._calls_a_minute if self.source.url is not None else _DEMO_CALLS
        base = self.source.rest_url or rest_base(url)
        # The clock of another host than the stream's may differ.
        on_date = self._market.observe_date if base == rest_base(url) else None
        self._rest = rest = RestClient(base, token, calls, clock=self._clock, on_date=on_date)
        self.history = history = Backfill(
            self._market,
            rest if calls else None,
            self._open_store,
            calls=calls,
            local=is_loopback(url),
            on_store_error=self._store_failed,
            clock=self._clock,
        )
        history.set_symbols(self._followed())
        history.link_changed(link.state, link.is_demo)
        try:
            await asyncio.gather(history.run(), self._load_names(history, rest))
        finally:
            await history.finish(SAVE_WITHIN)
            await rest.aclose()

    async def _load_holidays(self) -> None:
        from tui.reference.holidays import load

        self._market.set_holidays(await asyncio.to_thread(load, self._wall()))
        self._callbacks.calendar_loaded()

    async def _load_names(self, history: Backfill, rest: RestClient) -> None:
        from tui.history.fund_list import FundListLoader

        await history.store_opened.wait()
        self.fund_list = FundListLoader(rest, history.store, self._fund_names, self._names_loaded)
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
