"""A page in a real headless Chromium, driven over its DevTools protocol."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import tempfile
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyte
from websockets.asyncio.client import ClientConnection, connect

from tests.support.wait_until import until

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chrome")
"""The browser, None where there is none: Debian's package `chromium` has it."""

_OPTIONS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--window-size=1300,800"),
    *("--remote-debugging-port=0", "--no-proxy-server"),
)
_SHOWN = "[...document.querySelectorAll('.words')].filter(e => e.checkVisibility()).map(e => e.innerText).join()"
_START_WITHIN = 60.0  # s


class BrowserPage:
    """A page, in an `async with` block. `text()` is what the program has drawn into it, as the page received it."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True)
        self._number = 0
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._screen = pyte.Screen(160, 45)  # the window below has room for fewer
        self._stream = pyte.ByteStream(self._screen)
        self.sockets: list[str] = []
        """The addresses of the WebSockets that it has opened."""

    async def __aenter__(self) -> Self:
        assert CHROMIUM is not None
        self._browser = await asyncio.create_subprocess_exec(
            CHROMIUM,
            *_OPTIONS,
            f"--user-data-dir={self._folder.name}",
            "about:blank",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        port_file = Path(self._folder.name, "DevToolsActivePort")
        port = ""

        def has_port() -> bool:
            nonlocal port
            port, written, _ = (port_file.read_text() if port_file.exists() else "").partition("\n")
            return bool(written)

        await until(has_port, within=_START_WITHIN)
        targets = await asyncio.to_thread(_get_json, f"http://127.0.0.1:{port}/json")
        address = next(target["webSocketDebuggerUrl"] for target in targets if target["type"] == "page")
        self._devtools: ClientConnection = await connect(address, max_size=None, proxy=None)
        self._reading = asyncio.create_task(self._read())
        await self.call("Network.enable")
        await self.call("Page.enable")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(Exception):  # it may be gone
            await asyncio.wait_for(self.call("Browser.close"), 5)
        self._reading.cancel()
        await self._devtools.close()
        try:
            await asyncio.wait_for(self._browser.wait(), 10)
        except TimeoutError:
            self._browser.kill()
            await self._browser.wait()
        self._folder.cleanup()

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol; returns its result. Raises RuntimeError if it fails."""
        self._number += 1
        answer = self._answers[self._number] = asyncio.get_running_loop().create_future()
        await self._devtools.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        message = await asyncio.wait_for(answer, 30)
        if "error" in message:
            raise RuntimeError(f"{method}: {message['error']}")
        return dict(message["result"])

    async def _read(self) -> None:
        async for text in self._devtools:
            message = json.loads(text)
            match message.get("method"):
                case None:
                    self._answers.pop(message["id"]).set_result(message)
                case "Network.webSocketCreated":
                    self.sockets.append(message["params"]["url"])
                case "Network.webSocketFrameReceived":
                    frame = message["params"]["response"]
                    if frame["opcode"] == 2:
                        self._stream.feed(base64.b64decode(frame["payloadData"]))

    async def open(self, address: str) -> None:
        await self.call("Page.navigate", url=address)

    async def evaluate(self, script: str) -> Any:
        """Returns the value of an expression, awaited if it is a promise."""
        result = await self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    async def shown(self) -> str:
        """Returns the words that the page itself shows beside the terminal."""
        return str(await self.evaluate(_SHOWN))

    async def press(self, text: str) -> None:
        """Type into the page: letters, and `\\r` for Enter."""
        for character in text:
            key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13} if character == "\r" else {}
            await self.call("Input.dispatchKeyEvent", type="keyDown", text=character, **({"key": character} | key))
            await self.call("Input.dispatchKeyEvent", type="keyUp", **({"key": character} | key))

    async def picture(self) -> bytes:
        """Returns what is seen, as a PNG."""
        return base64.b64decode((await self.call("Page.captureScreenshot"))["data"])

    def lines(self) -> list[str]:
        """Returns the lines that the program has drawn."""
        return [line.rstrip() for line in self._screen.display]

    def text(self) -> str:
        """Returns what the program has drawn."""
        return "\n".join(self.lines())

    async def until(self, condition: Callable[[], object], within: float = 30.0) -> None:
        """Wait until a condition is met; fails with what the program has drawn."""
        end = time.monotonic() + within
        while not condition():
            assert time.monotonic() < end, "the page never got there:\n" + self.text()
            await asyncio.sleep(0.1)  # to read the screen again takes time that its drawing needs too

    async def until_shown(self, words: str, within: float = 30.0) -> None:
        """Wait until the page itself shows these words."""
        async with asyncio.timeout(within):
            while words not in await self.shown():
                await asyncio.sleep(0.05)


def _get_json(address: str) -> Any:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(address, timeout=30) as answer:
        return json.load(answer)
