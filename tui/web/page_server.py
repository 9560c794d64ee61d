"""The web server of the dashboard's pages: on loopback, for the browsers of the person who started it.

Any web site may have a browser connect to loopback, and any user of the machine may connect. So the address holds a
secret of this run, and a request from a page of another origin, or by another name of this machine, is refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Any

import textual_serve
from aiohttp import WSCloseCode, WSMsgType, web

from tui.errors import UsageError, reason
from tui.secrets import Token
from tui.terminal.size import MAX_SCREEN_SIZE
from tui.web.page_process import PageProcess

_HOST = "127.0.0.1"
_OWN_HOST = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?")  # with any port: it may be forwarded
_HEARTBEAT = 15.0  # s between pings; a page that does not answer is closed after half of it
_MOST_BEHIND = (
    1 << 23
)  # bytes that a page may be behind before its dashboard waits for it: more than until it is closed
_LONGEST_INPUT = 1 << 20  # bytes
_WRONG_ADDRESS = "Open the address that itick-tui serve has printed: it is another one each time.\n"
_WRONG_ORIGIN = "This server is for the pages of its own address on this machine alone.\n"

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class PageServer:
    """Serves pages, each with a dashboard of its own. `arguments` are those of the dashboards, `token` their key, None
    for the demo."""

    def __init__(self, arguments: Sequence[str], token: Token | None) -> None:
        self._arguments = arguments
        self._token = token
        self._sockets: set[web.WebSocketResponse] = set()
        self._page = (files("tui.web") / "page.html").read_text(encoding="utf-8")

    @asynccontextmanager
    async def listening(self, port: int) -> AsyncIterator[str]:
        """Serve during the block; yields the address of the page. Port 0 selects a free one. Raises UsageError."""
        secret = secrets.token_urlsafe(32)
        pages = web.Application()
        pages.add_routes(
            [
                web.get("/", self._send_page),
                web.get("/ws", self._connect),
                web.static("/static", f"{textual_serve.__path__[0]}/static"),
            ]
        )
        app = web.Application(middlewares=[_refuse_others])
        app.add_subapp(f"/{secret}/", pages)
        app.on_shutdown.append(self._close_pages)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            try:
                await web.TCPSite(runner, _HOST, port).start()
            except OSError as error:
                taken = "another program has this port, choose another one"
                words = taken if error.errno == errno.EADDRINUSE else reason(error)
                raise UsageError(f"cannot listen on {_HOST}:{port}: {words}") from None
            yield f"http://{_HOST}:{runner.addresses[0][1]}/{secret}/"
        finally:
            await runner.cleanup()

    async def _close_pages(self, _: web.Application) -> None:
        await asyncio.gather(*(socket.close(code=WSCloseCode.GOING_AWAY) for socket in self._sockets))

    async def _send_page(self, _: web.Request) -> web.Response:
        return web.Response(text=self._page, content_type="text/html", headers={"Cache-Control": "no-store"})

    async def _connect(self, request: web.Request) -> web.WebSocketResponse:
        """Run a dashboard for a page until either of them ends."""
        socket = web.WebSocketResponse(
            heartbeat=_HEARTBEAT, compress=False, max_msg_size=_LONGEST_INPUT, writer_limit=_MOST_BEHIND
        )
        await socket.prepare(request)
        self._sockets.add(socket)
        try:
            columns, lines = _size(request.query.get("width"), request.query.get("height"))
            async with PageProcess(self._arguments, self._token, columns, lines) as process:
                drawing = asyncio.create_task(_draw(process, socket))
                try:
                    async for message in socket:
                        if message.type is WSMsgType.TEXT:
                            with contextlib.suppress(ValueError):
                                await _pass_on(message.json(), process)
                finally:
                    drawing.cancel()
                    await asyncio.wait([drawing])
        finally:
            self._sockets.discard(socket)
        return socket


async def _draw(process: PageProcess, socket: web.WebSocketResponse) -> None:
    """Draw into the page; close it when the dashboard has ended, so that it says so."""
    with contextlib.suppress(ConnectionError):  # the page is closed
        await process.forward(socket.send_bytes)
        await socket.close()


async def _pass_on(message: Any, process: PageProcess) -> None:
    """Pass on what the script of textual-serve tells; anything else is ignored."""
    match message:
        case ["stdin", str(text)]:
            await process.enter(text)
        case ["resize", {"width": width, "height": height}]:
            columns, lines = _size(width, height)
            await process.tell(type="resize", width=columns, height=lines)
        case ["focus" | "blur" as kind]:
            await process.tell(type=kind)


def _size(width: Any, height: Any) -> tuple[int, int]:
    """Returns columns and lines as a page tells them, within `MAX_SCREEN_SIZE`; 80 × 24 if these are no numbers, as
    while it is not laid out."""
    try:
        columns, lines = int(width), int(height)
    except (TypeError, ValueError):
        columns, lines = 80, 24
    most_columns, most_lines = MAX_SCREEN_SIZE
    return min(max(columns, 1), most_columns), min(max(lines, 1), most_lines)


@web.middleware
async def _refuse_others(request: web.Request, handler: _Handler) -> web.StreamResponse:
    host, origin = request.headers.get("Host", ""), request.headers.get("Origin")
    if not _OWN_HOST.fullmatch(host) or origin not in (None, f"http://{host}"):
        raise web.HTTPForbidden(text=_WRONG_ORIGIN)
    try:
        return await handler(request)
    except web.HTTPNotFound:
        raise web.HTTPNotFound(text=_WRONG_ADDRESS) from None
