"""The demo exchange: the simulated market, served on loopback over the vendor's protocol.

`Session` knows what to answer and `Market` what happens; here are the socket, the clock and who gets what. Frames are
encoded once however many clients take them, and all that one client is due after a step goes out in one write.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import http
import itertools
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from email.utils import formatdate
from types import TracebackType
from typing import NamedTuple, Self

from msgspec import Raw
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidMessage
from websockets.http11 import Request, Response

from tui import __version__
from tui.errors import UsageError
from tui.exchange import rest
from tui.exchange.client import Channel, Channels, Client, framed
from tui.exchange.fault_effects import CLOCK_OFF, ENDINGS, LAG, UNAUTHORIZED, FaultEffects, RefusedHandshake, overrun
from tui.exchange.faults import FROM_THE_START
from tui.exchange.paths import PATHS
from tui.exchange.session import HELLO, Session, accepts
from tui.exchange.simulation import SimulatedMarket
from tui.exchange.unsolicited import UnsolicitedFrames
from tui.protocol.messages import CLASSES, Depth, Kline, Push, Quote, Tick, encode
from tui.protocol.rate_limit import RateLimiter
from tui.secrets import Token
from tui.symbol import Symbol

SERVER_NAME = f"itick-tui-exchange/{__version__}"

_PATH = "/fund"
_STREAMS = (_PATH, "/websocket/fund")  # the second is what the vendor's Python package asks for
_BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_STEP = 0.025  # seconds between two steps of the market
_HALF_OPEN_FOR = 120.0  # seconds until even a half-open connection is given up
_CONNECTIONS_TOLD = 1_000  # of as many, the latest, it is known what they were sent

_log = logging.getLogger(__name__)
_log.addHandler(logging.NullHandler())
_log.setLevel(logging.INFO)  # at DEBUG websockets would log every header, and with them the key


class Truth(NamedTuple):
    """What the exchange itself knows of a fund: the last trade, the day, the book as last sent to anybody (None where
    nobody takes it), and the bars of the last two hours, oldest first."""

    tick: Tick
    quote: Quote
    depth: Depth | None
    klines: list[Kline]


class _Connection(ServerConnection):
    """A connection that answers 400 to what is no HTTP, or has a body: the library ends it without a word."""

    def send_data(self) -> None:
        if isinstance(self.protocol.handshake_exc, InvalidMessage) and self.protocol.handshake_exc.__cause__:
            self.transport.write(_BAD_REQUEST)
            self.protocol.handshake_exc.__cause__ = None  # said once
        super().send_data()


class Exchange:
    """A server on loopback; `async with Exchange() as exchange:` and connect to `exchange.url`.

    `port` 0 takes a free one. `rate`: messages a second, as Market says. `key` None accepts any key that is not empty.
    `history`: two hours of bars at the start of a kline subscription. `single_connection`: a second connection with the
    same key ends the first (page, step 1). `heartbeat_limit`: seconds without a ping before the connection is ended
    (page, step 5). `calls_a_minute` over REST, more are refused; None allows any number. `on_request` is called with
    the connection's number, from 1, and each frame it sends. `clock` gives UTC ms. `faults`: names of FAULTS;
    `fault_every` takes the place of each one's own time (s). Raises UsageError for a fault it does not know, and on
    entering where the port cannot be had.

    It may be left and entered again, for a restart on the same port with the same market."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        rate: float = 200.0,
        seed: int = 7,
        key: Token | None = None,
        history: bool = True,
        single_connection: bool = False,
        max_symbols: int = 500,
        heartbeat_limit: float = 60.0,
        calls_a_minute: int | None = None,
        on_request: Callable[[int, bytes], None] | None = None,
        clock: Callable[[], int] | None = None,
        faults: Iterable[str] = (),
        fault_every: float | None = None,
    ) -> None:
        self._host = host
        self._port = port
        self._key = key
        self._history = history
        self._single = single_connection
        self._max_symbols = max_symbols
        self._heartbeat_limit = heartbeat_limit
        self._turns = RateLimiter(calls_a_minute) if calls_a_minute is not None else None
        self._on_request = on_request
        self._faults = FaultEffects(faults, fault_every)
        self._date_off = CLOCK_OFF if "clock-off" in self._faults else 0
        self._clock = _shifted(clock or _Clock(), self._date_off + (LAG if "lagging" in self._faults else 0))
        self.market = SimulatedMarket(seed, self._clock(), rate, "tick-size-per-print" in self._faults)
        self.sent: dict[int, Counter[str]] = {}
        self._sent_before: Counter[str] = Counter()
        self._numbers = itertools.count(1)
        self._clients: set[Client] = set()
        self._silent: set[Client] = set()
        self._lines: Channels = {}
        self._pests = UnsolicitedFrames(
            self._clients, self._lines, lambda count: self._deliver(self.market.rush(count))
        )
        self._wanted = asyncio.Event()
        self._leaving = asyncio.Event()
        self._server: Server | None = None
        self._trading: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where to connect: `ws://127.0.0.1:PORT/fund`."""
        return f"ws://{self._host}:{self._port}{_PATH}"

    async def __aenter__(self) -> Self:
        try:
            self._server = await serve(
                self._serve,
                self._host,
                self._port,
                create_connection=_Connection,
                process_request=self._handshake,
                process_response=self._date,
                server_header=SERVER_NAME,
                compression=None,
                ping_interval=None,
                close_timeout=1,
                logger=_log,
            )
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise UsageError(f"port {self._port} is already in use: choose another with --port") from None
            raise UsageError(f"cannot listen on {self._host} port {self._port}: {error.strerror or error}") from None
        self._port = next(iter(self._server.sockets)).getsockname()[1]
        self._leaving.clear()
        self._trading = asyncio.create_task(self._trade())
        self._pests.set_faults(self._faults)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leaving.set()
        self._pests.stop()
        await self._stop_trading()
        for client in self._silent:
            client.cut()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def cause(self, *faults: str, every: float | None = None) -> None:
        """From now on these faults and no others, on open connections too. `every`, if given, replaces `fault_every`.

        Raises UsageError for a name that is none, and for one that an exchange can only be made with."""
        for name in FROM_THE_START.intersection(faults):
            raise UsageError(f"fault '{name}' is for an exchange from its start")
        self._faults.choose(faults, every)
        for client in self._clients:
            self._foredoom(client)
        if self._trading is not None:
            self._pests.set_faults(self._faults)

    async def close_market(self) -> None:
        """No more trades and no more faults; the bars in progress are told a last time and connections stay, so that
        what a client knows can be compared with `truth`."""
        self.cause()
        await self._stop_trading()
        self._deliver(self.market.klines())

    def truth(self, symbol: Symbol) -> Truth | None:
        """What is true of a watched fund; None where nobody watches it."""
        listing = self.market.listing(symbol)
        if listing is None:
            return None
        return Truth(listing.tick(), listing.quote(), self._last_depth(symbol), listing.history(self.market.time))

    def _last_depth(self, symbol: Symbol) -> Depth | None:
        """The book as the stream told it last; None where nobody takes it."""
        line = self._lines.get(symbol, {}).get(Depth)
        return line.last if line is not None and isinstance(line.last, Depth) else None

    @property
    def sent_in_total(self) -> Counter[str]:
        """What was written to all connections: `frames`, and the messages in them by kind.

        `reply`; `data`, what a client is to apply; `stale`, older than what it was told before; `malformed`;
        `unfollowed`, of a symbol nobody asked for; `absurd`, of numbers or times that cannot be; `notice`, a refusal of
        nothing. `sent` holds the same for each of
        the latest thousand connections, by number. Where a connection is cut, what was written may not arrive."""
        return sum(self.sent.values(), self._sent_before.copy())

    # One connection.

    async def _handshake(self, socket: ServerConnection, request: Request) -> Response | None:
        if request.method != "GET":
            return None  # the library refuses it, with 405
        if request.path.partition("?")[0] in PATHS:
            refusal: RefusedHandshake | None = await self._rest(
                rest.parse_request(request.path), request.headers.get_all("token")
            )
        elif request.path in _STREAMS:
            refusal = self._faults.handshake(time.monotonic())
        else:
            return socket.respond(http.HTTPStatus.NOT_FOUND, "the exchange has no such path: connect to /fund\n")
        if refusal is None:
            return None
        response = socket.respond(refusal.status, refusal.text)
        response.headers.update(refusal.headers)
        return response

    async def _rest(self, question: rest.RestRequest, tokens: Sequence[str]) -> RefusedHandshake:
        """The answer to a call over REST, which opens no connection."""
        faults, now = self._faults, time.monotonic()
        if not accepts(self._key, Token(tokens[0] if tokens else "")):
            return UNAUTHORIZED
        if self._turns is not None:
            if wait := self._turns.delay(now):
                return overrun(wait)
            self._turns.acquire(now)
        if "rest-slow" in faults:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(faults.every("rest-slow")):
                    await self._leaving.wait()
        refusal = faults.rest(question.path, now)
        if refusal is not None:
            return refusal
        if not self._lines:
            self.market.skip(self._clock())
        pieces: dict[str, Raw] = {}
        for symbol in question.symbols:
            piece = rest.fund_data(question, self.market, symbol, self._last_depth(symbol), faults)
            if piece is not None:
                pieces[symbol.code] = piece
            await asyncio.sleep(0)  # as in `_start`: it takes some ms
        return rest.answer(question, pieces, faults)

    def _date(self, socket: ServerConnection, request: Request, response: Response) -> None:
        del response.headers["Date"]
        if "no-date" not in self._faults:
            response.headers["Date"] = formatdate(time.time() + self._date_off / 1000, usegmt=True)

    async def _serve(self, socket: ServerConnection) -> None:
        session = Session(self._key, self._max_symbols, self._faults)
        with contextlib.suppress(TimeoutError, ConnectionClosed):
            async with asyncio.timeout(self._heartbeat_limit) as deadline:
                number = next(self._numbers)
                client = Client(number, socket, session, deadline, self._count_for(number))
                try:
                    if "auth-silent" in self._faults:
                        client.send(self._faults.worded(HELLO))
                        await socket.wait_closed()
                    elif self._admit(client):
                        await self._listen(client, socket)
                finally:
                    self._forget(client)
        if client.mute:
            client.cut()
        await socket.close(client.close_code)

    def _count_for(self, number: int) -> Counter[str]:
        self.sent[number] = Counter()
        if len(self.sent) > _CONNECTIONS_TOLD:
            self._sent_before += self.sent.pop(next(iter(self.sent)))
        return self.sent[number]

    def _admit(self, client: Client) -> bool:
        worded = self._faults.worded
        client.send(worded(HELLO), worded(client.session.authenticate(client.token)))
        if not client.session.authenticated:
            return False
        if self._single:
            for other in [other for other in self._clients if other.token.reveal() == client.token.reveal()]:
                self._dismiss(other)
        self._clients.add(client)
        self._foredoom(client)
        return True

    def _dismiss(self, client: Client, close_code: int = 1000) -> None:
        """Close a connection in order."""
        self._clients.discard(client)
        client.close_code = close_code
        if not client.deadline.expired():
            client.deadline.reschedule(asyncio.get_running_loop().time())

    def _foredoom(self, client: Client) -> None:
        """Let the next of the chosen endings come over the connection when its time is up."""
        if client.fate is not None:
            client.fate.cancel()
        ending = self._faults.next_ending()
        if ending is not None:
            loop = asyncio.get_running_loop()
            client.fate = loop.call_later(self._faults.every(ending), self._end, client, ending)

    def _end(self, client: Client, ending: str) -> None:
        loop = asyncio.get_running_loop()
        if ending == "idle-cut" and (left := client.active_at + self._faults.every(ending) - loop.time()) > 0:
            client.fate = loop.call_later(left, self._end, client, ending)
            return
        close_code = ENDINGS[ending]
        if close_code is not None:
            self._dismiss(client, close_code)
        elif ending != "half-open":
            client.cut(reset=ending == "reset")
        elif not client.deadline.expired():
            self._forget(client)
            self._silent.add(client)
            client.fall_silent()
            client.deadline.reschedule(loop.time() + _HALF_OPEN_FOR)

    async def _listen(self, client: Client, socket: ServerConnection) -> None:
        loop = asyncio.get_running_loop()
        while True:
            frame = await socket.recv(decode=False)
            client.active_at = loop.time()
            if self._on_request is not None:
                self._on_request(client.number, frame)
            answer = client.session.receive(frame)
            if answer.ping and client in self._clients:  # one that is being ended cannot ping itself back to life
                client.deadline.reschedule(loop.time() + self._heartbeat_limit)
            if answer.reply is not None:
                reply = self._faults.worded(answer.reply)
                if answer.delay:
                    loop.call_later(answer.delay, client.send, reply)
                else:
                    client.send(reply)
            if answer.closes:
                return
            for symbol, kind in answer.stopped:
                self._stop(client, symbol, CLASSES[kind])
            for symbol, kind in answer.started:
                self._start(client, symbol, CLASSES[kind])
                # A fund's past takes a few ms to make and its history some more: others get their turn in between.
                await asyncio.sleep(0)

    def _start(self, client: Client, symbol: Symbol, kind: type[Push]) -> None:
        """Send what is known of one type of one fund, and let the client take part in what follows."""
        if not self._lines:
            self.market.skip(self._clock())
        listing = self.market.watch(symbol)
        if listing is None:
            return
        line = self._lines.setdefault(symbol, {}).setdefault(kind, Channel())
        known: Sequence[Push]
        if kind is Kline:
            known = listing.history(self.market.time) if self._history else []
        else:
            known = [listing.tick() if kind is Tick else listing.quote() if kind is Quote else listing.depth()]
        if known:
            self._tell(line, known, [client])
            client.flush()
        line.takers.add(client)
        self._wanted.set()

    def _stop(self, client: Client, symbol: Symbol, kind: type[Push]) -> None:
        """Let the client have no more of one type of one fund, and the market rest where nobody looks any more."""
        lines = self._lines.get(symbol, {})
        line = lines.get(kind)
        if line is None:
            return
        line.takers.discard(client)
        if not line.takers:
            del lines[kind]
        if not lines:
            del self._lines[symbol]
            self.market.unwatch(symbol)
        if not self._lines:
            self._wanted.clear()

    def _forget(self, client: Client) -> None:
        self._clients.discard(client)
        self._silent.discard(client)
        if client.fate is not None:
            client.fate.cancel()
        for symbol, kinds in client.session.subscribed.items():
            for kind in kinds:
                self._stop(client, symbol, CLASSES[kind])

    # The market.

    async def _trade(self) -> None:
        """Step the market while anybody watches. What a late step could not simulate is dropped, never queued."""
        loop = asyncio.get_running_loop()
        while True:
            await self._wanted.wait()
            if "quiet" in self._faults:
                await asyncio.sleep(_STEP)
                continue
            started = loop.time()
            now = self._clock()
            if now - self.market.time > 2000 * _STEP:
                self.market.skip(now - int(1000 * _STEP))
            self._deliver(self.market.step(now))
            spent = loop.time() - started
            # A client may live on this very loop (`--demo`): however high the rate, a third of the time is its own.
            await asyncio.sleep(max(spent / 2, _STEP - spent))

    async def _stop_trading(self) -> None:
        if self._trading is not None:
            self._trading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._trading
            self._trading = None

    def _deliver(self, messages: Iterable[tuple[Symbol, Push]]) -> None:
        if self._faults.alters_data:
            self._deliver_altered(messages)
        else:
            for symbol, push in messages:
                line = self._lines[symbol].get(type(push))
                if line is not None:
                    line.last = push
                    frame = framed(encode(push))
                    for client in line.takers:
                        client.give(frame)
        for client in self._clients:
            client.flush()

    def _deliver_altered(self, messages: Iterable[tuple[Symbol, Push]]) -> None:
        for (symbol, kind), group in itertools.groupby(messages, lambda message: (message[0], type(message[1]))):
            line = self._lines[symbol].get(kind)
            pushes = [push for _, push in group]
            if line is not None:
                self._tell(line, pushes, line.takers)

    def _tell(self, line: Channel, pushes: Sequence[Push], takers: Iterable[Client]) -> None:
        """Let messages of one type of one fund be due to some, as the faults have it."""
        faults, now = self._faults, time.monotonic()
        pushes = [faults.altered(push, now) for push in pushes]
        line.last = pushes[-1]
        frames = [(framed(payload), messages) for payload, messages in faults.payloads(pushes)]
        for client in takers:
            for frame, messages in frames:
                client.give(frame, "data", messages)


class _Clock:
    """UTC in ms that never goes back: a wall clock set back goes on at its own speed until the wall has caught up."""

    def __init__(self) -> None:
        self._last = time.time_ns()
        self._then = time.monotonic_ns()

    def __call__(self) -> int:
        now = time.monotonic_ns()
        self._last = max(time.time_ns(), self._last + now - self._then)
        self._then = now
        return self._last // 1_000_000


def _shifted(clock: Callable[[], int], by: int) -> Callable[[], int]:
    return (lambda: clock() + by) if by else clock
