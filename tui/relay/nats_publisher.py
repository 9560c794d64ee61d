"""Publishes the feed of one key on a NATS server, for followers on other machines.

One publisher at a time: it holds a lock in the server's key-value store and renews it; the others wait, and the first
to find it expired is the next. All that a publisher has on the server, and its link to the vendor, lasts as long as its
connection to the server and its lock do. Then it begins anew, after the gap that the vendor wants.

On its machine a publisher is a window like others: it joins the one that holds the connection, or the others join it.
When it is killed, one of them takes the connection over, and some seconds later so does the next publisher, on another
machine: the vendor ends the first, which gives way and says what to do.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

from msgspec import json
from nats.aio.msg import Msg
from nats.js.api import DiscardPolicy, StorageType
from nats.js.errors import KeyWrongLastSequenceError

from tui.errors import KeyRefused, NoConnection, UsageError
from tui.feed.clock import monotonic
from tui.feed.endpoint import canonical_host
from tui.feed.failures import PermanentError
from tui.feed.key_lock import KeyLock
from tui.feed.link import Link
from tui.feed.state import LinkPhase, LinkState, Timings
from tui.market import Instrument, Market
from tui.protocol.messages import MAX_SYMBOLS, TYPE_OF, TYPES, Push, encode
from tui.protocol.relay_status import RelayReport, RelayStatus, Window, encode_status
from tui.relay.nats_server import NatsServer, close_client, library_call, open_client
from tui.relay.nats_subjects import (
    ARRIVED_HEADER,
    DATA_SUBJECTS,
    HEALTH_SUBJECT,
    LAST_VALUES,
    LOCK_BUCKET,
    PUBLISHER_HEADER,
    SEQUENCE_HEADER,
    WANT_LIFE,
    WANT_SUBJECTS,
    WantReply,
    data_subject,
    subject_parts,
)
from tui.relay.sharing import Sharing
from tui.secrets import Token, safe_text
from tui.symbol import Symbol, parse_symbol

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.js.kv import KeyValue

LICENCE = "the vendor's terms forbid passing prices on beyond the licence of your own organisation"

_LOCK_LIFE = 5.0  # s after which a lock that is not renewed is free
_RENEW_EVERY = 1.0  # s
_LOCK_POLL = 0.25  # s, of a publisher that waits
_REPORT_EVERY = 1.0  # s
_MAX_LAST_BYTES = 64 << 20
_MAX_PENDING = 100_000  # messages that the server has not taken yet
_MAX_WANTED = 4 * MAX_SYMBOLS
_ONE_PUSH = b'{"code":1,"data":{'
"""How a frame with one message begins, as the vendor's page spells it. Another may carry several."""
_LOCK_KEY = "publisher"

_log = logging.getLogger(__name__)
_encode = json.Encoder().encode


_Say = Callable[[str], None]
_OnState = Callable[[LinkState], object]


async def publish(
    server: NatsServer, url: str, token: Token, market: Market, say: _Say, on_state: _OnState
) -> NoReturn:
    """Publish the feed of `url`, which `market` follows, until cancelled. `say` is given what a person should know, and
    `on_state` each state of the link to the vendor. Raises FeedError where a retry would not help."""
    said = ""
    while True:
        publisher = Publisher(server, url, token, market, say, on_state)
        try:
            await publisher.run()
        except NoConnection as error:
            if str(error) != said or publisher.was_elected:
                say(f"{error}; trying again" + (f" ({error.advice})" if error.advice else ""))
            said = str(error)
        await asyncio.sleep(Timings().retry_gap)


class Publisher:
    """One connection to the server, and the link to the vendor while it has the lock."""

    def __init__(
        self, server: NatsServer, url: str, token: Token, market: Market, say: _Say, on_state: _OnState
    ) -> None:
        self._server = server
        self._url = url
        self._token = token
        self._say = say
        self._on_state = on_state
        self._name = f"{socket.gethostname()} (pid {os.getpid()})"
        self.was_elected = False
        self._ended: asyncio.Future[NoReturn] = asyncio.get_running_loop().create_future()
        self._market = market
        self._link: Link | None = None
        self._connections = itertools.count(1)
        self._id = ""
        self._wanted: dict[Symbol, float] = {}  # until when, s monotonic
        self._unanswered: list[tuple[Symbol, str]] = []
        self._numbers: dict[str, int] = {}  # of the last message by subject
        self._offered: dict[str, int] = {}  # the same, without what is older than the request for its symbol
        self._subjects: dict[tuple[Symbol, str], str] = {}
        self._frame: bytes | bytearray = b""
        self._arrived = 0
        self._pending: list[tuple[str, bytes, dict[str, str]]] = []
        self._has_pending = asyncio.Event()

    async def run(self) -> None:
        """Run until the connection or the lock is lost. Raises NoConnection, or FeedError where a retry would not
        help."""
        client = await open_client(self._server, "publisher", self._end)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._wait_for_end(), name="nats end")
                lock, revision = await self._acquire_lock(client)
                tasks.create_task(self._hold_lock(lock, revision), name="nats lock")
                await self._create_stream(client)
                with library_call(self._server):
                    await client.subscribe(WANT_SUBJECTS, cb=self._on_want)
                tasks.create_task(self._send(client), name="nats send")
                tasks.create_task(self._answer(client), name="nats answer")
                tasks.create_task(self._report(client), name="nats report")
                await self._run_link()
        except BaseExceptionGroup as group:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                # Up to Python 3.12 a task group that is failing already swallows its own cancellation.
                raise asyncio.CancelledError from None
            raise _first_error(group) from None
        finally:
            await close_client(client)
            if self._ended.done() and not self._ended.cancelled():
                self._ended.exception()  # else asyncio complains where nobody has waited for it

    def _end(self, error: Exception) -> None:
        if not self._ended.done():
            self._ended.set_exception(error)

    async def _wait_for_end(self) -> None:
        await self._ended

    # --- the lock ---

    async def _acquire_lock(self, client: Client) -> tuple[KeyValue, int]:
        """Returns the store and the revision of the lock, as soon as no other publisher has it."""
        with library_call(self._server):
            lock = await client.jetstream().create_key_value(
                bucket=LOCK_BUCKET, ttl=_LOCK_LIFE, storage=StorageType.MEMORY
            )
        is_waiting = False
        while True:
            with library_call(self._server), contextlib.suppress(KeyWrongLastSequenceError):
                revision = await lock.create(_LOCK_KEY, self._name.encode())
                self.was_elected = True
                self._say(f"publishing on {self._server.host}: {LICENCE}")
                return lock, revision
            if not is_waiting:
                is_waiting = True
                self._say(f"standing by on {self._server.host}: another relay publishes there")
            await asyncio.sleep(_LOCK_POLL)

    async def _hold_lock(self, lock: KeyValue, revision: int) -> NoReturn:
        renewed = monotonic()
        while True:
            await asyncio.sleep(_RENEW_EVERY)
            if monotonic() - renewed > _LOCK_LIFE:  # this process was stopped, and another may publish by now
                raise NoConnection("the lock was not renewed in time")
            before = monotonic()
            with library_call(self._server):
                try:
                    revision = await lock.update(_LOCK_KEY, self._name.encode(), revision)
                except KeyWrongLastSequenceError:
                    raise NoConnection("another relay publishes now") from None
            renewed = before

    # --- the link ---

    async def _create_stream(self, client: Client) -> None:
        with library_call(self._server):
            await client.jetstream().add_stream(
                name=LAST_VALUES,
                subjects=[DATA_SUBJECTS],
                storage=StorageType.MEMORY,
                max_msgs_per_subject=1,
                max_bytes=_MAX_LAST_BYTES,
                discard=DiscardPolicy.OLD,
                allow_direct=True,
            )

    async def _run_link(self) -> None:
        market = self._market
        market.on_frames = self._begin
        lock = KeyLock(canonical_host(self._url), self._token)
        async with Sharing(lock, market, f"relay on {self._server.host}", wants_everything=True) as route:
            self._link = Link(
                self._url,
                self._token,
                market,
                on_state=self._follow_state,
                on_push=self._forward,
                on_fault=self._end,
                route=route,
            )
            self._follow_wanted()
            await self._link.run()

    def _follow_state(self, state: LinkState) -> None:
        """Begin a new sequence with each connection to the vendor, and tell of the state."""
        if state.phase in (LinkPhase.CONNECTING, LinkPhase.AUTHENTICATING):
            self._id = f"{socket.gethostname()}-{os.getpid()}-{time.time_ns()}-{next(self._connections)}"
            self._numbers.clear()
            self._offered.clear()
            self._pending.clear()
        if state.phase is LinkPhase.STOPPED and isinstance(state.error, (KeyRefused, PermanentError)):
            self._end(state.error)
        self._send_report()
        self._on_state(state)

    def _begin(self, at: float) -> Callable[[bytes | bytearray], None]:
        self._arrived = int(self._market.local_time(at))
        return self._keep

    def _keep(self, frame: bytes | bytearray) -> None:
        self._frame = frame

    def _forward(self, message: Push, instrument: Instrument) -> None:
        type_ = TYPE_OF[type(message)]
        key = instrument.symbol, type_
        subject = self._subjects.get(key)
        if subject is None:
            self._subjects[key] = subject = data_subject(*key)
        number = self._numbers[subject] = self._offered[subject] = self._numbers.get(subject, 0) + 1
        headers = {ARRIVED_HEADER: str(self._arrived), SEQUENCE_HEADER: str(number), PUBLISHER_HEADER: self._id}
        frame = self._frame if self._frame.startswith(_ONE_PUSH) else encode(message)
        self._enqueue(subject, bytes(frame), headers)

    def _enqueue(self, subject: str, body: bytes, headers: dict[str, str]) -> None:
        if len(self._pending) >= _MAX_PENDING:
            self._end(NoConnection(f"{self._server.host} takes nothing in"))
            return
        self._pending.append((subject, body, headers))
        self._has_pending.set()

    async def _send(self, client: Client) -> NoReturn:
        while True:
            await self._has_pending.wait()
            self._has_pending.clear()
            batch, self._pending = self._pending, []
            with library_call(self._server):
                for subject, body, headers in batch:
                    await client.publish(subject, body, headers=headers)

    # --- what followers want ---

    async def _on_want(self, message: Msg) -> None:
        parts = subject_parts(message.subject)
        with contextlib.suppress(UsageError, ValueError):
            region, code = parts
            symbol = Symbol(code, region)
            if parse_symbol(str(symbol)).symbol != symbol or len(self._wanted) >= _MAX_WANTED:
                return
            is_new = symbol not in self._wanted
            self._wanted[symbol] = monotonic() + WANT_LIFE
            if is_new:
                self._follow_wanted()
            if message.reply:
                self._unanswered.append((symbol, message.reply))

    def _follow_wanted(self) -> None:
        if self._link is not None:
            self._link.set_symbols(self._wanted)

    async def _answer(self, client: Client) -> NoReturn:
        """Answer requests as soon as the vendor has decided on their symbols."""
        while True:
            await asyncio.sleep(0.02)
            unanswered, self._unanswered = self._unanswered, []
            for symbol, inbox in unanswered:
                instrument = self._market.instruments.get(symbol)
                if instrument is None or not instrument.expected_at:
                    self._unanswered.append((symbol, inbox))
                    continue
                subjects = (data_subject(symbol, type_) for type_ in TYPES)
                reply = WantReply(
                    self._id,
                    {type_: safe_text(words) for type_, words in instrument.refused.items()},
                    {subject: self._offered[subject] for subject in subjects if subject in self._offered},
                )
                self._enqueue(inbox, _encode(reply), {})  # behind the messages that it counts

    def _forget_expired(self) -> None:
        now = monotonic()
        expired = [symbol for symbol, until in self._wanted.items() if until < now]
        for symbol in expired:
            del self._wanted[symbol]
            for type_ in TYPES:
                self._offered.pop(data_subject(symbol, type_), None)
        if expired:
            self._unanswered = [each for each in self._unanswered if each[0] in self._wanted]
            self._follow_wanted()

    # --- reports ---

    async def _report(self, client: Client) -> NoReturn:
        created = None
        while True:
            with library_call(self._server):
                stream = await client.jetstream().stream_info(LAST_VALUES)
            created = created or stream.created
            if stream.created != created:
                raise NoConnection(f"{self._server.host} has lost the last values")
            self._forget_expired()
            self._send_report()
            await asyncio.sleep(_REPORT_EVERY)

    def _send_report(self) -> None:
        if self._link is None:
            return
        state, now = self._link.state, monotonic()
        lag = self._market.clock.lag(now)
        report = RelayReport(
            pid=os.getpid(),
            phase=state.phase.name,
            words=safe_text(state.words),
            error=safe_text(str(state.error or "")),
            retry_in=max(0.0, state.retry_at - now),
            is_demo=self._link.is_demo,
            lag=lag.median if lag is not None else None,
            windows=[Window(os.getpid(), self._name, len(self._wanted))],
        )
        status = encode_status(RelayStatus(arrived=int(self._market.local_time(now)), report=report))
        self._enqueue(HEALTH_SUBJECT, status, {PUBLISHER_HEADER: self._id})


def _first_error(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
