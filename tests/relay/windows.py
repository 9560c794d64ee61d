"""Several windows of one person in one process: links that share one connection through real sockets."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.feed import KEY, QUICK, Running
from tui.feed.key_lock import KeyLock
from tui.feed.state import Timings
from tui.relay.local_access import LocalAccess
from tui.relay.sharing import Sharing
from tui.secrets import Token
from tui.symbol import Symbol

LOCAL_TOKEN = "a-token-of-this-machine-a1b2c3d4e5f6"


def on_loopback(port: int = 0) -> LocalAccess:
    """Returns an access over TCP, by default on a free port."""
    return LocalAccess("127.0.0.1", port, Token(LOCAL_TOKEN), Path("unused"))


class Window:
    """`async with Window(url, folder, QQQ) as window:` a link that joins the others with this folder or leads them.
    With `listen` it is a relay: without symbols of its own, and open over TCP."""

    def __init__(
        self,
        url: str,
        folder: Path,
        *symbols: Symbol,
        name: str = "dashboard",
        timings: Timings = QUICK,
        take_over: bool = False,
        everything: bool = False,
        listen: LocalAccess | None = None,
        **options: object,
    ) -> None:
        self.running = Running(url, *symbols, timings=timings, **options)  # type: ignore[arg-type]
        self.market = self.running.market
        self.sharing = Sharing(
            KeyLock("host", Token(KEY), folder=folder),
            self.market,
            name,
            take_over=take_over,
            wants_everything=everything,
            listen=listen,
            timings=timings,
        )
        self.link = self.running.link
        if listen is not None:
            self.link.set_symbols(())
        self.link._route = self.sharing
        self.sharing.on_wanted = self.link._follow_wanted
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self.sharing)
        await self._stack.enter_async_context(self.running)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)
