"""Opens the connection that another process on this machine shares."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any, NoReturn

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.frames import CloseCode
from websockets.http11 import Response

from tui.errors import HolderLeft, NoConnection
from tui.feed.clock import Clock
from tui.feed.connection import MAX_MESSAGE, Connection, ConnectionLost, header_of
from tui.feed.dispatch import OnPush
from tui.feed.http_headers import http_date
from tui.feed.peer import peer_of
from tui.feed.state import Timings
from tui.feed.tap import Route
from tui.feed.websocket import Connector, PlainWebSocket
from tui.market import Market
from tui.protocol.relay_status import (
    CLOCK_ERROR_HEADER,
    EVERYTHING,
    NAME_HEADER,
    QUEUE_HEADER,
    RELAY_VERSION,
    VERSION_HEADER,
    RelayReport,
    encode_renew,
)
from tui.secrets import safe_text

_URL = "ws://localhost/fund"
_IS_ENDING = HTTPStatus.SERVICE_UNAVAILABLE  # the library's reply to a handshake while the server is being closed


class SharedConnection(Connection):
    """A connection to the process that shares its own. It reports once a second, so a silence means that it stands
    still: what it sends when it goes on is old, and left unread."""

    def __init__(self, pid: int, *args: Any) -> None:
        super().__init__(*args)
        self._pid = pid
        self._is_silent = False

    async def read(self) -> NoReturn:
        watching = asyncio.create_task(self._watch_silence())
        try:
            await super().read()
        finally:
            watching.cancel()

    async def renew(self) -> None:
        await self._send(encode_renew())

    async def _watch_silence(self) -> None:
        """Abandon the connection when it was silent for too long, not counting what this process may have slept."""
        clock, timings = self._clock, self._timings
        awake_since = clock()
        while not self._is_silent:
            planned = clock() + timings.check_every
            await asyncio.sleep(timings.check_every)
            now = clock()
            if now - planned > timings.stall_threshold:
                awake_since = now
            self._is_silent = now - max(awake_since, self._silence.last) > timings.silence
        self._market.health.heartbeats_missed += 1
        self._websocket.abandon()

    def _connection_lost(self, error: ConnectionClosed) -> NoConnection:
        if self._is_silent:
            holder = safe_text(self._report.holder) if self._report is not None else f"window {self._pid}"
            return NoConnection(f"{holder} does not answer")
        words = safe_text(error.rcvd.reason)[:120] if error.rcvd is not None else ""
        if error.rcvd is not None and error.rcvd.code == CloseCode.SERVICE_RESTART:  # it is there, and can be joined
            return ConnectionLost(words)
        return HolderLeft(words or "connection lost")


async def join(
    path: Path,
    host: str,
    route: Route,
    market: Market,
    timings: Timings,
    clock: Clock,
    on_push: OnPush | None,
    on_report: Callable[[RelayReport], None],
) -> SharedConnection:
    """Returns a connection to the process on a Unix socket, which shares its own to `host`; no key is sent. Raises
    NotShared if that cannot be joined, HolderLeft if it has just left."""
    headers = {VERSION_HEADER: str(RELAY_VERSION), NAME_HEADER: route.name}
    if route.wants_everything:
        headers[QUEUE_HEADER] = EVERYTHING
    sent = clock()
    try:
        websocket = await Connector(
            _URL,
            unix=True,
            path=str(path),
            additional_headers=headers,
            compression=None,
            open_timeout=timings.join,
            close_timeout=timings.close,
            ping_interval=None,
            max_size=MAX_MESSAGE,
            proxy=None,
        )
    except TimeoutError:
        route.join_failed("does not answer")
    except (InvalidHandshake, OSError) as error:
        status = error.response.status_code if isinstance(error, InvalidStatus) else None
        if isinstance(error, OSError) or isinstance(error.__cause__, EOFError) or status == _IS_ENDING:
            raise HolderLeft from None
        if status == HTTPStatus.UPGRADE_REQUIRED:
            route.join_failed("is of another version")
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            route.join_failed("serves as many windows as it can")
        route.join_failed(f"refuses ({status})" if status is not None else "does not share it")
    assert isinstance(websocket, PlainWebSocket)
    response = websocket.response
    if response is None or header_of(response, VERSION_HEADER) != str(RELAY_VERSION):
        websocket.abandon()
        route.join_failed("is of another version")
    try:
        peer = peer_of(websocket.transport.get_extra_info("socket"))
    except OSError:  # it has ended meanwhile
        raise HolderLeft from None
    if not peer.is_ours:
        websocket.abandon()
        route.join_failed("belongs to another user")
    route.joined()
    date, uncertainty = http_date(header_of(response, "Date")), _clock_uncertainty(response)
    if date is not None and uncertainty is not None:
        market.observe_date(sent - uncertainty, clock() + uncertainty, date)
    return SharedConnection(peer.pid, websocket, host, market, timings, clock, on_push, route.tap, on_report)


def _clock_uncertainty(response: Response) -> float | None:
    """Returns by how many s the `Date` of a relay may differ from the vendor's, None if that is not known."""
    try:
        uncertainty = float(header_of(response, CLOCK_ERROR_HEADER) or "inf") / 1000
    except ValueError:
        return None
    return uncertainty if 0 <= uncertainty < math.inf else None
