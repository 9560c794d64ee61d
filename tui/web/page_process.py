"""A dashboard as a process of its own that draws into a page, through the pipes and packets of Textual's web driver.

textual-serve has such a class too. It hands its whole environment on through a shell, and leaves a page as it is whose
program was killed.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from tui.secrets import Token

_START = b"__GANGLION__\n"  # what the web driver writes first
_DATA, _META = b"D", b"M"  # the kinds of packets
_END_WITHIN = 10.0  # s for a dashboard to save and end, before it is killed


class PageProcess:
    """The process of one page, in an `async with` block, at whose end it ends. `arguments` are those of the dashboard;
    the key comes through a pipe, so that it is in neither arguments nor environment. It begins with so many columns and
    lines."""

    def __init__(self, arguments: Sequence[str], token: Token | None, columns: int, lines: int) -> None:
        self._arguments = arguments
        self._token = token
        self._size = {"COLUMNS": str(columns), "ROWS": str(lines)}

    async def __aenter__(self) -> Self:
        command = [sys.executable, "-P", "-m", "tui", *self._arguments]
        environment = os.environ | {"TEXTUAL_DRIVER": "textual.drivers.web_driver:WebDriver"} | self._size
        key: list[int] = []
        if self._token is not None:
            reader, writer = os.pipe()
            key = [reader]
            os.write(writer, self._token.reveal().encode())
            os.close(writer)
            command += ["--token-file", f"/dev/fd/{reader}"]
        try:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env=environment,
                pass_fds=key,
            )
        finally:
            for descriptor in key:
                os.close(descriptor)
        assert self._process.stdin is not None and self._process.stdout is not None
        self._input, self._output = self._process.stdin, self._process.stdout
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the dashboard: it leaves when its input ends."""
        self._input.close()
        try:
            async with asyncio.timeout(_END_WITHIN):
                while await self._output.read(1 << 16):
                    pass  # it could not write else
                await self._process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    async def forward(self, send: Callable[[bytes], Awaitable[None]]) -> None:
        """Send what the dashboard draws, until it ends, however it ends. The empty pieces are its heartbeat."""
        with suppress(asyncio.IncompleteReadError):
            await self._output.readuntil(_START)
            while True:
                kind = await self._output.readexactly(1)
                packet = await self._output.readexactly(int.from_bytes(await self._output.readexactly(4), "big"))
                if kind == _DATA:
                    await send(packet)
                elif kind == _META and json.loads(packet)["type"] == "exit":
                    return

    async def enter(self, text: str) -> None:
        """Give it what was typed, and what the page's terminal replies."""
        await self._write(_DATA, text.encode("utf-8", "ignore"))

    async def tell(self, **message: str | int) -> None:
        """Tell it of a new size or focus, by the names of the web driver."""
        await self._write(_META, json.dumps(message).encode())

    async def _write(self, kind: bytes, packet: bytes) -> None:
        with suppress(ConnectionError):  # it has ended
            self._input.write(kind + len(packet).to_bytes(4, "big") + packet)
            await self._input.drain()
