"""The relay: serves the frames of one connection to other processes over the vendor's protocol.

A client is greeted at once, and authenticated when the vendor has authenticated the connection; a subscription is
accepted when the vendor has accepted it. When the connection is lost, so are those of the clients: all are stale at
once, and ask anew. Frames are passed on byte for byte, and nothing waits for a client: `send_queue.py` has what a slow
one gets. A new subscriber is sent the last message of each symbol and type first, with the time of its arrival.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from email.utils import formatdate
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from websockets.asyncio.server import Server, ServerConnection, serve, unix_serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.protocol import State

from tui import __version__
from tui.errors import KeyRefused, MalformedMessage, UsageError
from tui.feed.clock import Clock
from tui.feed.connection import DEMO_SERVER
from tui.feed.peer import peer_of
from tui.feed.state import LinkPhase, LinkState
from tui.market import Market
from tui.protocol.decoder import decode_relay_request
from tui.protocol.messages import (
    AUTH_FAILED,
    AUTHENTICATED,
    CONNECTED,
    MAX_SYMBOLS,
    OVER_LIMIT,
    SUBSCRIBED,
    TYPES,
    UNRESOLVED,
    AuthReply,
    Hello,
    Ping,
    Pong,
    PongData,
    Push,
    SubscribeReply,
)
from tui.protocol.relay_status import (
    CLOCK_ERROR_HEADER,
    DASHBOARD,
    EVERYTHING,
    NAME_HEADER,
    QUEUE_HEADER,
    RELAY_VERSION,
    VERSION_HEADER,
    RelayReport,
    RelayStatus,
    Renew,
    Window,
    encode_status,
)
from tui.relay.admission import MAX_CLIENTS, Refusal, refusal_of
from tui.relay.client import ClientSocket, PendingRequest, RelayClient
from tui.relay.fan_out import FanOut
from tui.relay.snapshot import last_message
from tui.secrets import Token, safe_text
from tui.symbol import Symbol, join_wire_symbols, parse_wire_symbols

MAX_CONNECTIONS = 2 * MAX_CLIENTS
"""Connections of one listening socket, those in the handshake included: any process here can open one over TCP."""
MAX_REQUEST = 64 * 1024
"""Bytes of a request: several times one for MAX_SYMBOLS."""
MAX_PENDING = 2 * MAX_SYMBOLS * len(TYPES)
"""Requests of a client that are not decided yet."""
OPEN_WITHIN = 5.0
"""s for a handshake."""

_SERVER = f"itick-tui-relay/{__version__}"
_REPORT_EVERY = 1.0  # s
_VENDOR_LOST = "the connection to the vendor was lost: "
_NORMAL, _LEFT, _TOO_MANY, _LOST = 1000, 1001, 1008, 1012
"""RFC 6455 §7.4.1: normal closure, going away, policy violation, service restart."""

_Callback: TypeAlias = Callable[[], None]
_log = logging.getLogger(__name__)
_library_log = logging.getLogger("tui.relay.websockets")
_library_log.addHandler(logging.NullHandler())
_library_log.setLevel(logging.INFO)  # at DEBUG websockets logs every header, a token among them


class _Listener(NamedTuple):
    """A listening socket, and its connections, those in the handshake included. `path` is None over TCP."""

    server: Server
    connections: set[ClientSocket]
    path: Path | None = None


class Relay:
    """Serves the connection of one link. `market` is that of this process; `on_wanted` is called when what the clients
    want has changed, `on_renew` when one that has joined asks for a new connection. `clock` is in s, monotonic."""

    def __init__(self, market: Market, name: str, on_wanted: _Callback, on_renew: _Callback, clock: Clock) -> None:
        self._market = market
        self._name = name
        self._on_wanted, self._on_renew = on_wanted, on_renew
        self._clock = clock
        self._fan_out = FanOut(self._last_own)
        self._clients: list[RelayClient] = []
        self._state: LinkState | None = None
        self._is_demo = False
        self._connected_at = 0.0
        self._served = 0
        self._listeners: list[_Listener] = []
        self._reporting: asyncio.Task[None] | None = None
        self._closings: set[asyncio.Task[None]] = set()
        self.passed_on: Counter[str] = Counter()
        """Of the clients that have left: how many there were, and of messages: sent, replaced by newer ones, lost."""

    # --- serving ---

    async def listen(self, path: Path) -> None:
        """Serve on a Unix socket, for processes of the current user. Raises OSError."""
        listener = socket.socket(socket.AF_UNIX)
        try:
            listener.bind(str(path))
            os.chmod(path, 0o600)
        except OSError:
            listener.close()
            raise
        connections: set[ClientSocket] = set()
        options = self._options(connections)
        server = await unix_serve(self._serve, sock=listener, process_request=self._admit_peer, **options)
        self._add(_Listener(server, connections, path))

    async def listen_tcp(self, host: str, port: int, token: Token) -> int:
        """Serve on an address of loopback, for clients that send this token as the key. Returns the port. Raises
        OSError."""
        connections: set[ClientSocket] = set()
        admit = partial(self._admit, token)
        server = await serve(self._serve, host, port, process_request=admit, **self._options(connections))
        self._add(_Listener(server, connections))
        listened: int = next(iter(server.sockets)).getsockname()[1]
        return listened

    def _options(self, connections: set[ClientSocket]) -> dict[str, Any]:
        return {
            "create_connection": partial(ClientSocket, connections, MAX_CONNECTIONS),
            "process_response": self._set_headers,
            "server_header": _SERVER,
            "compression": None,
            "open_timeout": OPEN_WITHIN,
            "ping_interval": None,
            "close_timeout": 1,
            "max_size": MAX_REQUEST,
            "logger": _library_log,
        }

    def _add(self, listener: _Listener) -> None:
        self._listeners.append(listener)
        if self._reporting is None:
            self._reporting = asyncio.create_task(self._report_periodically(), name="relay report")

    async def stop_sharing(self, words: str) -> None:
        """Stop serving on the Unix socket, and tell its clients why."""
        clients = [client for client in self._clients if not client.is_over_tcp]
        await self._stop([listener for listener in self._listeners if listener.path is not None], clients, words)

    async def close(self, words: str) -> None:
        """Tell the clients why, disconnect them and stop serving."""
        if self._reporting is not None:
            self._reporting.cancel()
        await self._stop(self._listeners, self._clients, words)

    async def _stop(self, listeners: Sequence[_Listener], clients: Sequence[RelayClient], words: str) -> None:
        self._listeners = [listener for listener in self._listeners if listener not in listeners]
        self._disconnect(clients, _LEFT, words)
        for listener in listeners:
            if listener.path is not None:
                listener.path.unlink(missing_ok=True)
            listener.server.close()
            for connection in listener.connections:
                if connection.protocol.state is State.CONNECTING:  # it may take its time
                    connection.transport.abort()
        await asyncio.gather(*self._closings, *(listener.server.wait_closed() for listener in listeners))

    def _admit_peer(self, connection: ServerConnection, request: Request) -> Response | None:
        if not peer_of(connection.transport.get_extra_info("socket")).is_ours:
            return connection.respond(*Refusal(HTTPStatus.FORBIDDEN, "another user's process\n"))
        return self._admit(None, connection, request)

    def _admit(self, token: Token | None, connection: ServerConnection, request: Request) -> Response | None:
        refusal = refusal_of(request, len(self._clients), token)
        return connection.respond(*refusal) if refusal is not None else None

    def _set_headers(self, connection: ServerConnection, request: Request, response: Response) -> None:
        response.headers[VERSION_HEADER] = str(RELAY_VERSION)
        if self._is_demo:  # a client knows by the server's name that prices are simulated
            del response.headers["Server"]
            response.headers["Server"] = f"{DEMO_SERVER} through {_SERVER}"
        del response.headers["Date"]  # a client takes it for the vendor's
        response.headers["Date"] = formatdate(self._market.exchange_time(self._clock()) / 1000, usegmt=True)
        response.headers[CLOCK_ERROR_HEADER] = f"{self._market.clock.half_width:.0f}"

    # --- one client ---

    async def _serve(self, connection: ServerConnection) -> None:
        assert isinstance(connection, ClientSocket) and connection.request is not None
        headers = {name.lower(): value for name, value in connection.request.headers.raw_items()}
        raw = connection.transport.get_extra_info("socket")
        client = RelayClient(
            connection,
            peer_of(raw).pid if raw.family == socket.AF_UNIX else 0,
            safe_text(headers.get(NAME_HEADER.lower(), "another program"))[:40],
            everything=headers.get(QUEUE_HEADER.lower()) == EVERYTHING,
            knows_status=VERSION_HEADER.lower() in headers,
            is_over_tcp=raw.family != socket.AF_UNIX,
        )
        self._clients.append(client)
        _log.info("%s (pid %d) joined", client.name, client.pid)
        try:
            client.send(Hello(1, CONNECTED))
            client.send_status(encode_status(RelayStatus(report=self.report(client))))
            self._authenticate(client)
            async for frame in connection:
                self._receive(client, frame if isinstance(frame, bytes) else frame.encode(errors="replace"))
                await connection.drain()  # who does not read the replies can ask no more
        except ConnectionClosed:
            pass
        finally:
            self._remove(client)

    def _authenticate(self, client: RelayClient) -> None:
        state = self._state
        if state is None or client.is_authenticated:
            return
        if state.phase in (LinkPhase.SUBSCRIBING, LinkPhase.LIVE):
            client.is_authenticated = True
            client.send(AuthReply(1, AUTHENTICATED))
        elif isinstance(state.error, KeyRefused):
            client.send(AuthReply(0, AUTH_FAILED))
            self._disconnect([client], _NORMAL, "the key was refused")

    def _receive(self, client: RelayClient, frame: bytes) -> None:
        try:
            request = decode_relay_request(frame)
        except MalformedMessage:
            self._refuse(client, UNRESOLVED)
            return
        if isinstance(request, Ping):
            client.send(Pong(PongData(request.params)))
            return
        if isinstance(request, Renew):
            if client.is_over_tcp:  # any program here
                self._refuse(client, UNRESOLVED)
            else:
                self._on_renew()
            return
        types = list(dict.fromkeys(request.types.split(",")))
        try:
            symbols = parse_wire_symbols(request.params)
        except UsageError:
            symbols = []
        if not client.is_authenticated or not symbols or not set(types) <= set(TYPES):
            self._refuse(client, UNRESOLVED)
            return
        if len(client.symbols.union(symbols)) > MAX_SYMBOLS:
            self._refuse(client, OVER_LIMIT)
            return
        for type_ in types:
            client.wanted[type_].update(dict.fromkeys(symbols))
            for symbol in symbols:
                self._fan_out.open(type_, symbol)
        self._add_pending(client, PendingRequest(types, symbols))
        self._on_wanted()

    def _refuse(self, client: RelayClient, words: str) -> None:
        """Refuse a request, behind the replies to those before: a reply does not name its request."""
        if client.pending:
            self._add_pending(client, PendingRequest(refusal=words))
        else:
            client.send(SubscribeReply(0, words))

    def _add_pending(self, client: RelayClient, request: PendingRequest) -> None:
        client.pending.append(request)
        if len(client.pending) > MAX_PENDING:
            self._disconnect([client], _TOO_MANY, "too many requests without a reply")

    def _remove(self, client: RelayClient) -> None:
        if client not in self._clients:
            return
        self._clients.remove(client)
        client.is_authenticated = False
        self.passed_on.update(clients=1, sent=client.sent, replaced=client.queue.conflated, lost=client.queue.lost)
        _log.info("%s (pid %d) left: %d lost", client.name, client.pid, client.queue.lost)
        self._fan_out.remove(client)
        self._on_wanted()

    def _disconnect(self, clients: Sequence[RelayClient], code: int, words: str) -> None:
        for client in list(clients):
            self._remove(client)
            closing = asyncio.create_task(client.close(code, words.encode()[:120].decode(errors="ignore")))
            self._closings.add(closing)
            closing.add_done_callback(self._closings.discard)

    # --- the link's side ---

    @property
    def is_shared(self) -> bool:
        """True once a client has asked for something."""
        return self._fan_out.is_shared

    @property
    def wanted(self) -> dict[str, list[Symbol]]:
        """What the clients asked for, symbols by type, also what the vendor refused: a place may become free."""
        return {
            type_: list(dict.fromkeys(symbol for client in self._clients for symbol in client.wanted[type_]))
            for type_ in TYPES
        }

    @property
    def followed_by_others(self) -> list[Symbol]:
        """What the dashboards among the clients follow."""
        dashboards = [client for client in self._clients if client.name == DASHBOARD]
        return list(dict.fromkeys(s for client in dashboards for symbols in client.wanted.values() for s in symbols))

    def set_own(self, own: Mapping[str, Sequence[Symbol]]) -> None:
        """Set what this process wants itself, symbols by type."""
        self._fan_out.set_own(own)

    def begin(self, arrived: float) -> None:
        """Begin with the frames of one read, which arrived at this time, ms UTC."""
        self._fan_out.begin(arrived)

    def forward(self, frame: bytes | bytearray, message: Push) -> bool:
        """Pass a frame on to its subscribers. Returns False if they alone want it."""
        return self._fan_out.forward(frame, message)

    def end(self) -> None:
        """End the frames of one read: write them to the clients."""
        self._fan_out.end()

    def settle(self, decision: Callable[[str, Symbol], str | None], served: int) -> None:
        """Reply to the requests that are decided. `decision` returns why a type is refused for a symbol, "" if it is
        served, None if it is not decided yet; the connection has `served` symbols in all."""
        self._served = served
        for client in self._clients:
            while client.pending:
                types, symbols, refusal = client.pending[0]
                decisions = [decision(type_, symbol) for type_ in types for symbol in symbols]
                if None in decisions:
                    break  # replies name nothing, so they come in the order of the requests
                client.pending.pop(0)
                if words := refusal or next(filter(None, decisions), ""):  # the vendor refuses a request as a whole
                    over = [symbol for symbol in symbols if any(decision(t, symbol) == OVER_LIMIT for t in types)]
                    client.send(SubscribeReply(0, words, join_wire_symbols(over) if client.knows_status else ""))
                    continue
                client.send(SubscribeReply(1, SUBSCRIBED))
                self._fan_out.subscribe(client, types, symbols)

    def _last_own(self, symbol: Symbol, type_: str) -> tuple[bytes, int] | None:
        return last_message(self._market, symbol, type_, self._connected_at)

    def state_changed(self, state: LinkState, is_demo: bool) -> None:
        """Follow the state of the link: authenticate the clients that wait, or disconnect those that were served."""
        before, was_demo = self._state, self._is_demo
        self._state, self._is_demo = state, is_demo
        if is_demo and not was_demo:
            unaware = [client for client in self._clients if not client.knows_status]
            self._disconnect(unaware, _LOST, "the prices are simulated")  # as the next handshake tells
        if state.phase not in (LinkPhase.SUBSCRIBING, LinkPhase.LIVE):
            served = [client for client in self._clients if client.is_authenticated]
            if served:
                why = str(state.error or "renewed").removeprefix(_VENDOR_LOST)  # as it is told by another relay
                self._disconnect(served, _LOST, _VENDOR_LOST + why)
            self._fan_out.clear()
        if state.phase is LinkPhase.AUTHENTICATING:
            self._connected_at = self._clock()
        for client in list(self._clients):
            self._authenticate(client)
        if before is None or (before.phase, before.detail) != (state.phase, state.detail):
            self.send_reports()

    # --- reports ---

    @property
    def windows(self) -> list[Window]:
        """The processes that use the connection, this one first."""
        own = Window(os.getpid(), self._name, len(self._fan_out.own_symbols))
        return [own, *(client.window() for client in self._clients)]

    def report(self, client: RelayClient | None = None) -> RelayReport:
        """Returns what a client is told, or what this process itself shows."""
        state, now = self._state, self._clock()
        lag = self._market.clock.lag(now)
        held = self._held_by_others(client)
        return RelayReport(
            pid=os.getpid(),
            phase=state.phase.name if state is not None else LinkPhase.CONNECTING.name,
            words=safe_text(state.words) if state is not None else LinkPhase.CONNECTING.value,
            error=safe_text(str(state.error or "")) if state is not None else "",
            retry_in=max(0.0, state.retry_at - now) if state is not None else 0.0,
            is_demo=self._is_demo,
            served=self._served,
            lag=lag.median if lag is not None else None,
            lost=client.queue.lost if client is not None else 0,
            held=len(set().union(*held)),
            holders=len(held),
            windows=self.windows,
        )

    def _held_by_others(self, client: RelayClient | None) -> list[set[Symbol]]:
        """Returns what each other window has that a client, or this process itself, does not have, unless that has all
        it wants."""
        wanted = client.symbols if client is not None else self._fan_out.own_symbols
        served = client.served if client is not None else self._own_served()
        if wanted <= served:
            return []
        windows = [each.served for each in self._clients if each is not client]
        if client is not None:
            windows.append(self._own_served())
        return [more for window in windows if (more := window - served)]

    def _own_served(self) -> set[Symbol]:
        instruments = self._market.instruments
        over = {symbol for symbol, known in instruments.items() if OVER_LIMIT in known.refused.values()}
        return self._fan_out.own_symbols - over

    def send_reports(self) -> None:
        """Send each client its report."""
        for client in self._clients:
            client.send_status(encode_status(RelayStatus(arrived=self._fan_out.arrived, report=self.report(client))))

    async def _report_periodically(self) -> None:
        while True:
            await asyncio.sleep(_REPORT_EVERY)
            now = asyncio.get_running_loop().time()
            for client in [client for client in self._clients if client.is_stalled(now)]:
                _log.warning("%s (pid %d) has read nothing for a while: disconnected", client.name, client.pid)
                self._remove(client)
                client.abort()
            with contextlib.suppress(RuntimeError):  # a client may go while it is written to
                self.send_reports()
