"""Which handshakes a relay accepts, and how it refuses the others."""

from __future__ import annotations

import hmac
from http import HTTPStatus
from typing import NamedTuple

from websockets.http11 import Request

from tui.feed.endpoint import is_loopback
from tui.protocol.relay_status import RELAY_VERSION, VERSION_HEADER
from tui.secrets import Token

MAX_CLIENTS = 64

_STREAM_PATHS = ("/fund", "/websocket/fund")  # the vendor's Python package uses the second


class Refusal(NamedTuple):
    """The HTTP reply to a handshake that is refused."""

    status: HTTPStatus
    words: str


def refusal_of(request: Request, clients: int, token: Token | None = None) -> Refusal | None:
    """Returns how a handshake is refused, None if it is accepted. `clients` are connected already. With a token only
    those are accepted that send it as the key."""
    if not _is_program(request):
        return Refusal(HTTPStatus.FORBIDDEN, "not for pages of a browser\n")
    if token is not None and not _has_token(request, token):
        return Refusal(HTTPStatus.UNAUTHORIZED, '{"message":"Invalid API key in request"}')  # as the vendor
    if request.path.partition("?")[0] not in _STREAM_PATHS:
        return Refusal(HTTPStatus.NOT_FOUND, "no such path: connect to /fund\n")
    version = request.headers.get_all(VERSION_HEADER)
    if version and version != [str(RELAY_VERSION)]:
        return Refusal(HTTPStatus.UPGRADE_REQUIRED, f"this is version {RELAY_VERSION}\n")
    if clients >= MAX_CLIENTS:
        # Not 503: that is how the library says that this process is about to end.
        return Refusal(HTTPStatus.TOO_MANY_REQUESTS, f"{MAX_CLIENTS} clients are served\n")
    return None


def _has_token(request: Request, token: Token) -> bool:
    given = next(iter(request.headers.get_all("token")), "")
    return hmac.compare_digest(given.encode(errors="replace"), token.reveal().encode())


def _is_program(request: Request) -> bool:
    """Returns False for a request from a page in a browser, which any site may send to this machine. Some libraries
    send as Origin the address they connect to; a page has it only if it was loaded from there."""
    origins = request.headers.get_all("Origin")
    try:
        itself = [f"http://{host}" for host in request.headers.get_all("Host") if is_loopback(f"http://{host}")]
    except ValueError:
        return False
    return not origins or origins == itself
