"""Opens the connection that another process on this machine shares."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

from websockets.exceptions import InvalidHandshake, InvalidStatus, WebSocketException

from tui.errors import HolderLeft
from tui.feed.clock import Clock
from tui.feed.connection import MAX_MESSAGE, Connection, header_of
from tui.feed.dispatch import OnPush
from tui.feed.http_headers import http_date
from tui.feed.peer import peer_of
from tui.feed.state import Timings
from tui.feed.tap import Route
from tui.feed.websocket import Connector, PlainWebSocket
from tui.market import Market
from tui.protocol.relay_status import EVERYTHING, NAME_HEADER, QUEUE_HEADER, RELAY_VERSION, VERSION_HEADER, RelayReport

_URL = "ws://localhost/fund"


async def join(
    path: Path,
    host: str,
    route: Route,
    market: Market,
    timings: Timings,
    clock: Clock,
    on_push: OnPush | None,
    on_report: Callable[[RelayReport], None],
) -> Connection:
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
    except InvalidStatus as error:
        is_other = error.response.status_code == HTTPStatus.UPGRADE_REQUIRED
        route.join_failed("is of another version" if is_other else f"refuses ({error.response.status_code})")
    except (InvalidHandshake, WebSocketException):
        route.join_failed("does not share it")
    except OSError:
        raise HolderLeft from None
    assert isinstance(websocket, PlainWebSocket)
    response = websocket.response
    if response is None or header_of(response, VERSION_HEADER) != str(RELAY_VERSION):
        websocket.abandon()
        route.join_failed("is of another version")
    if not peer_of(websocket.transport.get_extra_info("socket")).is_ours:
        websocket.abandon()
        route.join_failed("belongs to another user")
    route.joined()
    if response is not None and (date := http_date(header_of(response, "Date"))):
        market.observe_date(sent, clock(), date)
    return Connection(websocket, host, market, timings, clock, on_push, route.tap, on_report)
