"""Follows a publisher on a NATS server, as a connection of the link: dispatch and market are those of any other feed.

Live messages are subscribed to first. Then the publisher is asked for the symbol, and replies, once the vendor has
decided, with the number of the last message of each type; that one is read from the server's last values. What has a
lower number than one applied is dropped, so there is neither a hole nor a double. The connection lasts as long as that
of one publisher to the vendor: whatever ends, the link begins anew.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterable, Mapping
from typing import NoReturn

import msgspec
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.errors import NotFoundError

from tui.errors import MalformedMessage, NoConnection
from tui.feed.clock import Clock
from tui.feed.dispatch import OnPush, make_dispatcher
from tui.feed.state import Timings
from tui.market import Market
from tui.protocol.decoder import decode
from tui.protocol.messages import SUBSCRIBED, Reply, SubscribeReply
from tui.protocol.relay_status import RelayReport, RelayStatus
from tui.relay.nats_server import NatsServer, ServerFacts, close_client, facts_of, library_call, open_client
from tui.relay.nats_subjects import (
    ARRIVED_HEADER,
    HEALTH_SUBJECT,
    LAST_VALUES,
    PUBLISHER_HEADER,
    SEQUENCE_HEADER,
    WANT_LIFE,
    WantReply,
    data_subject,
    want_subject,
)
from tui.secrets import safe_text
from tui.symbol import Symbol

_RENEW_EVERY = WANT_LIFE / 3  # s
_MAX_WAITING = 10_000  # messages of a subject that are not applied yet; the library drops what comes then, and tells
_GAP = 0.05  # s between two looks for a last value that is on its way to the stream

_decode_reply = msgspec.json.Decoder(WantReply).decode


_OnReport = Callable[[RelayReport], None]


class NatsFollower:
    """Connects a link to a publisher on this server. `name` is what this process is: `dashboard`."""

    timings = Timings(retry_longest=5.0)
    """Unlike the vendor, a server of one's own minds no attempts."""

    def __init__(self, server: NatsServer, name: str) -> None:
        self._server = server
        self._name = name

    async def __call__(
        self, market: Market, timings: Timings, clock: Clock, on_push: OnPush | None, on_report: _OnReport
    ) -> NatsConnection:
        connection = NatsConnection(self._server, market, timings, clock, on_push, on_report)
        await connection.open(self._name)
        return connection


class NatsConnection:
    """A connection to a publisher, for a link."""

    def __init__(
        self,
        server: NatsServer,
        market: Market,
        timings: Timings,
        clock: Clock,
        on_push: OnPush | None,
        on_report: _OnReport,
    ) -> None:
        self._server = server
        self._market = market
        self._timings = timings
        self._clock = clock
        self._on_report = on_report
        self._dispatcher = make_dispatcher(market, on_push, self._ignore)
        self._client: Client | None = None
        self._ended: asyncio.Future[NoReturn] = asyncio.get_running_loop().create_future()
        self._is_served = asyncio.Event()
        self._is_authenticated = False
        self._publisher = ""
        self._report: RelayReport | None = None
        self._reported_at = clock()
        self._clock_offset = math.inf  # ms, of our clock to the publisher's, and the shortest way of a report
        self._numbers: dict[str, int] = {}  # of the last message applied, by subject
        self._wanted: dict[Symbol, None] = {}
        self._lost = 0
        market.health.missed = 0

    @property
    def is_demo(self) -> bool:
        """True if the publisher says so."""
        return self._report is not None and self._report.is_demo

    async def open(self, name: str) -> None:
        """Connect to the server. Raises NoConnection."""
        self._client = await open_client(self._server, name, self._end)
        with library_call(self._server):
            await self._client.subscribe(HEALTH_SUBJECT, cb=self._on_health)

    @property
    def server_facts(self) -> ServerFacts:
        """What the server says of itself, once it is connected."""
        assert self._client is not None
        return facts_of(self._client)

    @property
    def report_age(self) -> float:
        """The least age of a report when it came, ms by the publisher's clock and this machine's."""
        return self._clock_offset

    @property
    def is_served(self) -> bool:
        """True while the publisher's link to the vendor is live."""
        return self._is_served.is_set()

    async def read(self) -> NoReturn:
        """Wait for the end: messages are applied as they come. Raises NoConnection."""
        await self._ended
        raise AssertionError

    async def authenticate(self) -> None:
        """Wait for a publisher whose link to the vendor is live."""
        await self._is_served.wait()
        self._is_authenticated = True

    async def renew(self) -> None:
        """Do nothing: the publisher serves others too, on other machines."""

    async def close(self) -> None:
        """Close the connection to the server."""
        if self._client is not None:
            await close_client(self._client)
        if self._ended.done() and not self._ended.cancelled():
            self._ended.exception()  # else asyncio complains where nobody has waited for it

    def _end(self, error: NoConnection) -> None:
        if not self._ended.done():
            self._ended.set_exception(error)

    def _ignore(self, reply: Reply, now: float) -> None:
        """No message on the subject of a price is a reply."""

    # --- the publisher ---

    async def _on_health(self, message: Msg) -> None:
        now = self._clock()
        try:
            status = decode(message.data)[0]
        except MalformedMessage as error:
            self._market.health.count_malformed(error.kind, message.data, now)
            return
        if type(status) is not RelayStatus or (report := status.report) is None or not report.windows:
            self._market.health.count_malformed("report", message.data, now)
            return
        publisher = (message.headers or {}).get(PUBLISHER_HEADER, "")
        if self._is_authenticated and publisher != self._publisher:
            self._end(NoConnection("another connection to the vendor"))
            return
        self._publisher = publisher
        self._reported_at = now
        self._clock_offset = min(self._clock_offset, self._market.local_time(now) - status.arrived)
        name = safe_text(report.windows[0].name)[:60]
        windows = [msgspec.structs.replace(report.windows[0], name=name)]
        words, why = safe_text(report.words)[:120], safe_text(report.error)[:120]
        self._report = msgspec.structs.replace(report, words=words, error=why, lost=self._lost, windows=windows)
        self._on_report(self._report)
        if report.is_served:
            self._is_served.set()
        else:
            self._is_served.clear()
            if self._is_authenticated:
                self._end(NoConnection(why or "the publisher has lost the vendor"))

    async def run_heartbeat(self) -> NoReturn:
        """Watch the reports and renew the requests. Raises NoConnection when no report comes."""
        clock, timings, health = self._clock, self._timings, self._market.health
        next_renewal, next_ping = clock() + _RENEW_EVERY, clock()
        while True:
            planned = clock() + timings.check_every
            await asyncio.sleep(timings.check_every)
            now = clock()
            if now - planned > timings.suspend_threshold:
                raise NoConnection("this machine was asleep")
            # After a stop of this process reports may wait in the buffer: they are read before the next check.
            if now - planned < timings.stall_threshold and now - self._reported_at > timings.silence:
                health.heartbeats_missed += 1
                health.missed += 1
                raise NoConnection(f"no word from the publisher for {now - self._reported_at:.0f} s")
            assert self._client is not None
            with library_call(self._server):
                if now >= next_renewal:
                    next_renewal = now + _RENEW_EVERY
                    for symbol in list(self._wanted):
                        await self._client.publish(want_subject(symbol))
                if now >= next_ping:
                    next_ping = now + timings.ping_every
                    await self._client.flush(timeout=timings.pong)  # type: ignore[arg-type]
                    health.pong_at = clock()
                    health.round_trips.append(health.pong_at - now)

    # --- prices ---

    async def subscribe(self, symbols: Iterable[Symbol], type_: str) -> SubscribeReply | None:
        """Subscribe to a type of some symbols and apply the last message of each. Returns what the vendor replied to
        the publisher. Raises NoConnection."""
        assert self._client is not None
        new = [symbol for symbol in symbols if data_subject(symbol, type_) not in self._numbers]
        with library_call(self._server):
            for symbol in new:
                subject = data_subject(symbol, type_)
                self._numbers[subject] = 0
                await self._client.subscribe(subject, cb=self._on_message, pending_msgs_limit=_MAX_WAITING)
            await self._client.flush(timeout=self._timings.reply)  # type: ignore[arg-type]
            self._wanted |= dict.fromkeys(new)
            replies = await asyncio.gather(*(self._ask(symbol) for symbol in new))
            if words := next((reply.refused[type_] for reply in replies if type_ in reply.refused), ""):
                return SubscribeReply(0, words)
            await asyncio.gather(
                *(
                    self._apply_last(subject, number)
                    for symbol, reply in zip(new, replies, strict=True)
                    if (number := reply.sequences.get(subject := data_subject(symbol, type_), 0))
                )
            )
        return SubscribeReply(1, SUBSCRIBED)

    async def _ask(self, symbol: Symbol) -> WantReply:
        """Returns the publisher's reply to a request for a symbol. Raises NoConnection."""
        assert self._client is not None
        message = await self._client.request(want_subject(symbol), timeout=self._timings.reply)
        try:
            reply = _decode_reply(message.data)
        except msgspec.MsgspecError:
            raise NoConnection("the publisher replies in another version") from None
        if reply.publisher != self._publisher:
            raise NoConnection("another connection to the vendor")
        return reply

    async def _apply_last(self, subject: str, number: int) -> None:
        """Apply the last message of a subject, unless a later one was. `number` is the one that it had when the
        publisher replied; it may still be on its way to the stream. Raises NoConnection."""
        assert self._client is not None
        deadline = self._clock() + self._timings.reply
        while self._numbers[subject] < number:
            try:
                last = await self._client.jetstream().get_last_msg(LAST_VALUES, subject, direct=True)
            except NotFoundError:
                pass
            else:
                self._apply(subject, last.data or b"", last.headers or {}, is_live=False)
            if self._numbers[subject] < number:
                if self._clock() > deadline:
                    raise NoConnection(f"{self._server.host} has lost the last values")
                await asyncio.sleep(_GAP)

    async def _on_message(self, message: Msg) -> None:
        self._apply(message.subject, message.data, message.headers or {}, is_live=True)

    def _apply(self, subject: str, body: bytes, headers: Mapping[str, str], *, is_live: bool) -> None:
        now, before = self._clock(), self._numbers[subject]
        try:
            arrived, number = int(headers[ARRIVED_HEADER]), int(headers[SEQUENCE_HEADER])
        except (KeyError, ValueError):
            self._market.health.count_malformed("headers", body, now)
            return
        if headers.get(PUBLISHER_HEADER) != self._publisher or number <= before:
            return
        self._numbers[subject] = number
        if is_live and before:
            self._lost += number - before - 1
        self._dispatcher.begin(min(now, self._market.monotonic_time(arrived + self._clock_offset)))
        self._dispatcher.dispatch(body)
        self._market.health.frame_at = now
