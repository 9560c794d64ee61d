"""No input from outside keeps a key waiting: the real dashboard in a terminal, a server that floods it, and keys."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import threading
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import pytest
import trustme

from tests.benchmarks.pty import Pty
from tests.support.command import KEY, PROGRAM, environment
from tests.support.feed import QQQ
from tests.support.flood_server import CODES, QUOTE
from tests.support.wait_until import while_turning
from tui.errors import EXIT_DONE
from tui.feed.dispatch import make_dispatcher
from tui.feed.endpoint import rest_base
from tui.feed.websocket import _SLICE as SLICE
from tui.history.rest_client import RestClient
from tui.market import Market
from tui.secrets import Token

PRESSES = 4
WAIT = 0.5  # s that a key may wait, at most
MEMORY = 250_000  # KB, of which the program itself takes 75,000
TICKS = os.sysconf("SC_CLK_TCK")


@asynccontextmanager
async def flooding(kinds: Sequence[str], certificate: Path | None) -> AsyncIterator[str]:
    """The address of a server of its own process that floods."""
    options = ["--tls", str(certificate)] if certificate is not None else []
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.flood_server", *kinds, *options), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        port = (await process.stdout.readline()).decode().strip()
        yield f"wss://localhost:{port}/fund" if certificate is not None else f"ws://127.0.0.1:{port}/fund"
    finally:
        process.kill()
        await process.wait()


class Watched(Pty):
    """A terminal that notes how much the program had worked when what was waited for came.

    A flooded program works all the time. Its own work from a key to the answer is how long the key waited, less what
    other programs took of the machine meanwhile."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._expected, self._seen, self._came = b"", b"", threading.Event()
        self.worked = 0.0
        super().__init__(*arguments, on_output=self._output, **options)

    def __enter__(self) -> Self:
        super().__enter__()
        return self

    def _output(self, portion: bytes, at: float) -> None:
        self._seen += portion
        if not self._came.is_set() and self._expected in self._seen:
            self.worked = self.work()
            self._came.set()

    def work(self) -> float:
        """s of CPU that the program has taken."""
        user, system = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / TICKS

    def memory(self) -> int:
        """KB that the program has held at most."""
        return int(re.findall(r"VmHWM:\s*(\d+)", Path(f"/proc/{self.process.pid}/status").read_text())[0])

    async def waited(self, key: bytes, brings: bytes) -> float:
        """s of the program's work from a key until what it brings is on the screen."""
        self._expected, self._seen = brings, b""
        self._came.clear()
        before = self.work()
        self.type(key)
        assert await asyncio.to_thread(self._came.wait, 30), f"{key!r} brings nothing"
        return self.worked - before


@pytest.mark.parametrize(
    ("kinds", "tls"),
    [
        (("empty", "chunks"), True),
        (("empty-pings", "interim"), False),
        (("fragments", "rest-map"), False),
        (("odd-levels", "gzip"), True),
        (("quotes", "rest-honest"), True),
    ],
    ids=str,
)
async def test_a_key_is_answered_in_any_flood(kinds: tuple[str, ...], tls: bool, tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "server.pem"))
    async with flooding(kinds, tmp_path / "server.pem" if tls else None) as url:
        folders = {name: str(tmp_path) for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME")}
        certificates = {"SSL_CERT_FILE": str(tmp_path / "ca.pem")}
        command = [*PROGRAM, "--url", url, "--watch", "QQQ$US"]
        with Watched(command, environment(KEY) | folders | certificates, columns=100, rows=30) as terminal:
            await terminal.waited(b"", b"LIVE")
            await asyncio.sleep(0.5)  # the flood has begun
            waits: list[float] = []
            for _ in range(PRESSES):
                waits.append(await terminal.waited(b"h", b"round trip"))
                await terminal.waited(b"\x1b", b"QQQ")
                await asyncio.sleep(0.3)  # what is drawn anyway may hold that too, and Esc with a key behind it is Alt
            memory = terminal.memory()
            terminal.type(b"q")
            assert await asyncio.to_thread(terminal.process.wait, 10) == EXIT_DONE
    assert sorted(waits)[-2] <= WAIT and max(waits) <= 2 * WAIT, waits  # one may fall into a pause of the machine
    assert memory < MEMORY


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
async def test_an_honest_answer_comes_soon_in_any_flood(tls: bool, tmp_path: Path, network: pytest.MonkeyPatch) -> None:
    """All that one call may bring, 2 MB, beside a stream that always has more to read: 20,000 messages a second and
    more, for each turn of the loop takes its whole slice."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "server.pem"))
    network.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    quote = QUOTE % 1_795_440_000_000
    market = Market()
    market.follow([QQQ])
    begin, take = make_dispatcher(market, None, lambda reply, now: None)

    async def flood() -> None:
        while True:
            end = time.thread_time() + SLICE
            begin(time.monotonic())
            while time.thread_time() < end:
                for _ in range(20):
                    take(quote)
            await asyncio.sleep(0)

    async with flooding(["rest-honest"], tmp_path / "server.pem" if tls else None) as url:
        rest = RestClient(rest_base(url), Token(KEY))
        assert await rest.quotes("US", ["QQQ"]) == {}  # the library is loaded
        flooded = asyncio.create_task(flood())
        before, worked = market.health.messages, time.process_time()
        found, waited = await while_turning(rest.klines("US", CODES))
        messages, worked = market.health.messages - before, time.process_time() - worked
        flooded.cancel()
        await rest.aclose()
    figures = f"{worked:.1f} s of work for it and {messages:,} messages; a turn waited for {1000 * waited:.0f} ms of it"
    assert [len(bars) for bars in found.values()] == [500] * 50
    assert worked < 10 and messages > 20_000 * worked and waited < 0.1, figures
