"""The relay: serves the frames of one connection to other processes over the vendor's protocol.

A client is greeted at once, and authenticated when the vendor has authenticated the connection; a subscription is
accepted when the vendor has accepted it. When the connection is lost, so are those of the clients: all are stale at
once, and ask anew. Frames are passed on byte for byte, and nothing waits for a client: `send_queue.py` has what a slow
one gets. A new subscriber is sent the last message of each symbol and type first, with the time of its arrival.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import http
import logging
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from email.utils import formatdate
from pathlib import Path
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve, unix_serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from tui import __version__
from tui.errors import KeyRefused, MalformedMessage, UsageError
from tui.feed.clock import Clock
from tui.feed.peer import peer_of
from tui.feed.state import LinkPhase, LinkState
from tui.market import Market
from tui.protocol.decoder import decode_request
from tui.protocol.messages import (
    AUTH_FAILED,
    AUTHENTICATED,
    CONNECTED,
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
    DASHBOARD,
    EVERYTHING,
    NAME_HEADER,
    QUEUE_HEADER,
    RELAY_VERSION,
    VERSION_HEADER,
    RelayReport,
    RelayStatus,
    Window,
    encode_status,
)
from tui.relay.client import ClientSocket, RelayClient
from tui.relay.fan_out import FanOut
from tui.relay.snapshot import last_message
from tui.secrets import Token, safe_text
from tui.symbol import Symbol, parse_wire_symbols

MAX_CLIENTS = 64

_REPORT_EVERY = 1.0  # s
_STREAM_PATHS = ("/fund", "/websocket/fund")
_LOST, _LEFT = 1012, 1001  # RFC 6455 §7.4.1: service restart, going away

_log = logging.getLogger(__name__)
_library_log = logging.getLogger("tui.relay.websockets")
_library_log.addHandler(logging.NullHandler())
_library_log.setLevel(logging.INFO)  # at DEBUG websockets logs every header, a token among them


class Relay:
    """Serves the connection of one link. `market` is that of this process; `on_wanted` is called when what the clients
    want has changed. `clock` is in s, monotonic."""

    def __init__(self, market: Market, name: str, on_wanted: Callable[[], None], clock: Clock) -> None:
        self._market = market
        self._name = name
        self._on_wanted = on_wanted
        self._clock = clock
        self._fan_out = FanOut(self._last_own)
        self._clients: list[RelayClient] = []
        self._state: LinkState | None = None
        self._is_demo = False
        self._connected_at = 0.0
        self._served = 0
        self._servers: list[Server] = []
        self._sockets: list[Path] = []
        self._reporting: asyncio.Task[None] | None = None
        self._closings: set[asyncio.Task[None]] = set()

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
        self._sockets.append(path)
        self._servers.append(
            await unix_serve(self._serve, sock=listener, process_request=self._admit_peer, **self._options())
        )
        self._start()

    async def listen_tcp(self, host: str, port: int, token: Token) -> int:
        """Serve on an address of loopback, for clients that send this token as the key. Returns the port. Raises
        OSError."""

        def admit(connection: ServerConnection, request: Request) -> Response | None:
            given = request.headers.get_all("token")
            if not hmac.compare_digest((given[0] if given else "").encode(errors="replace"), token.reveal().encode()):
                return connection.respond(http.HTTPStatus.UNAUTHORIZED, '{"message":"Invalid API key in request"}')
            return self._admit(connection, request)

        server = await serve(self._serve, host, port, process_request=admit, **self._options())
        self._servers.append(server)
        self._start()
        listened: int = next(iter(server.sockets)).getsockname()[1]
        return listened

    def _options(self) -> dict[str, Any]:
        return {
            "create_connection": ClientSocket,
            "process_response": self._set_headers,
            "server_header": f"itick-tui-relay/{__version__}",
            "compression": None,
            "ping_interval": None,
            "close_timeout": 1,
            "logger": _library_log,
        }

    def _start(self) -> None:
        if self._reporting is None:
            self._reporting = asyncio.create_task(self._report_periodically(), name="relay report")

    async def close(self, words: str) -> None:
        """Tell the clients why, disconnect them and stop serving."""
        if self._reporting is not None:
            self._reporting.cancel()
        for path in self._sockets:
            path.unlink(missing_ok=True)
        self._disconnect(self._clients, _LEFT, words)
        for server in self._servers:
            server.close()
        await asyncio.gather(*self._closings, *(server.wait_closed() for server in self._servers))

    def _admit_peer(self, connection: ServerConnection, request: Request) -> Response | None:
        if not peer_of(connection.transport.get_extra_info("socket")).is_ours:
            return connection.respond(http.HTTPStatus.FORBIDDEN, "another user's process\n")
        return self._admit(connection, request)

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        if request.path.partition("?")[0] not in _STREAM_PATHS:
            return connection.respond(http.HTTPStatus.NOT_FOUND, "no such path: connect to /fund\n")
        version = request.headers.get(VERSION_HEADER)
        if version is not None and version != str(RELAY_VERSION):
            return connection.respond(http.HTTPStatus.UPGRADE_REQUIRED, f"this is version {RELAY_VERSION}\n")
        if len(self._clients) >= MAX_CLIENTS:
            return connection.respond(http.HTTPStatus.SERVICE_UNAVAILABLE, f"{MAX_CLIENTS} clients are served\n")
        return None

    def _set_headers(self, connection: ServerConnection, request: Request, response: Response) -> None:
        response.headers[VERSION_HEADER] = str(RELAY_VERSION)
        del response.headers["Date"]  # a client takes it for the vendor's
        response.headers["Date"] = formatdate(self._market.exchange_time(self._clock()) / 1000, usegmt=True)

    # --- one client ---

    async def _serve(self, connection: ServerConnection) -> None:
        assert isinstance(connection, ClientSocket) and connection.request is not None
        headers = connection.request.headers
        raw = connection.transport.get_extra_info("socket")
        client = RelayClient(
            connection,
            peer_of(raw).pid if raw.family == socket.AF_UNIX else 0,
            safe_text(headers.get(NAME_HEADER, "another program"))[:40],
            everything=headers.get(QUEUE_HEADER) == EVERYTHING,
            knows_status=VERSION_HEADER in headers,
        )
        self._clients.append(client)
        _log.info("%s (pid %d) joined", client.name, client.pid)
        try:
            client.send(Hello(1, CONNECTED))
            client.send_status(encode_status(RelayStatus(report=self.report(client))))
            self._authenticate(client)
            async for frame in connection:
                self._receive(client, frame if isinstance(frame, bytes) else frame.encode(errors="replace"))
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

    def _receive(self, client: RelayClient, frame: bytes) -> None:
        try:
            request = decode_request(frame)
        except MalformedMessage:
            client.send(SubscribeReply(0, UNRESOLVED))
            return
        if isinstance(request, Ping):
            client.send(Pong(PongData(request.params)))
            return
        types = list(dict.fromkeys(request.types.split(",")))
        try:
            symbols = parse_wire_symbols(request.params)
        except UsageError:
            symbols = []
        if not client.is_authenticated or not symbols or not set(types) <= set(TYPES):
            client.send(SubscribeReply(0, UNRESOLVED))
            return
        for type_ in types:
            client.wanted[type_].update(dict.fromkeys(symbols))
            for symbol in symbols:
                self._fan_out.open(type_, symbol)
        client.pending.append((types, symbols))
        self._on_wanted()

    def _remove(self, client: RelayClient) -> None:
        if client not in self._clients:
            return
        self._clients.remove(client)
        _log.info("%s (pid %d) left: %d lost", client.name, client.pid, client.queue.lost)
        self._fan_out.remove(client, {type_: set(symbols) for type_, symbols in self.wanted.items()})
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
        """True while a client has asked for something."""
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
                types, symbols = client.pending[0]
                decisions = [decision(type_, symbol) for type_ in types for symbol in symbols]
                if None in decisions:
                    break  # replies name nothing, so they come in the order of the requests
                client.pending.pop(0)
                if words := next(filter(None, decisions), ""):  # the vendor refuses a request as a whole
                    client.send(SubscribeReply(0, words))
                    continue
                client.send(SubscribeReply(1, SUBSCRIBED))
                for type_ in types:
                    for symbol in symbols:
                        self._fan_out.subscribe(client, type_, symbol)

    def _last_own(self, symbol: Symbol, type_: str) -> tuple[bytes, int] | None:
        return last_message(self._market, symbol, type_, self._connected_at)

    def state_changed(self, state: LinkState, is_demo: bool) -> None:
        """Follow the state of the link: authenticate the clients that wait, or disconnect those that were served."""
        before, self._state, self._is_demo = self._state, state, is_demo
        if state.phase not in (LinkPhase.SUBSCRIBING, LinkPhase.LIVE):
            served = [client for client in self._clients if client.is_authenticated]
            if served:
                self._disconnect(served, _LOST, f"the connection to the vendor was lost: {state.error or 'renewed'}")
            self._fan_out.clear()
        if state.phase is LinkPhase.AUTHENTICATING:
            self._connected_at = self._clock()
        for client in self._clients:
            self._authenticate(client)
        if before is None or (before.phase, before.detail) != (state.phase, state.detail):
            self.send_reports()

    # --- reports ---

    @property
    def windows(self) -> list[Window]:
        """The processes that use the connection, this one first."""
        own = Window(os.getpid(), self._name, self._fan_out.own_symbol_count)
        return [own, *(client.window() for client in self._clients)]

    def report(self, client: RelayClient | None = None) -> RelayReport:
        """Returns what a client is told, or what this process itself shows."""
        state, lag = self._state, self._market.clock.lag(self._clock())
        return RelayReport(
            pid=os.getpid(),
            phase=state.phase.name if state is not None else LinkPhase.CONNECTING.name,
            words=safe_text(state.describe(self._clock())) if state is not None else "",
            is_demo=self._is_demo,
            served=self._served,
            lag=lag.median if lag is not None else None,
            lost=client.queue.lost if client is not None else 0,
            windows=self.windows,
        )

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
