"""The dashboard in a browser: a real server and real dashboards, in a real headless Chromium."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import Popen

import pytest

from tests.support.browser import CHROMIUM, BrowserPage
from tests.support.command import KEY, exchange, lines_until, start_program
from tests.support.wait_until import until

browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium")
ENDED, SILENT = "The program has ended", "The program does not answer"
PROC = Path("/proc")


@contextmanager
def serving(*arguments: str, key: str | None = None) -> Iterator[tuple[Popen[str], str]]:
    """Run a server; yields its process and the address of its page."""
    with start_program("serve", "--port", "0", *arguments, key=key) as process:
        line = lines_until(process.stderr, "dashboard at ")[-1]
        yield process, line.removeprefix("dashboard at ").split(",")[0]


@pytest.fixture(scope="module")
def feed() -> Iterator[str]:
    with exchange("--one-connection") as url:
        yield url


@pytest.fixture
def key_file(tmp_path: Path) -> str:
    (tmp_path / "key").write_text(KEY)
    return str(tmp_path / "key")


def children(pid: int) -> list[int]:
    """The processes that this one has started, and that run."""
    found = list[int]()
    for each in PROC.glob("[0-9]*/stat"):
        with suppress(OSError):
            state, parent = each.read_text().rpartition(")")[2].split()[:2]
            if int(parent) == pid and state != "Z":
                found.append(int(each.parent.name))
    return sorted(found)


def runs(pid: int) -> bool:
    with suppress(OSError):
        return "\nState:\tZ" not in (PROC / str(pid) / "status").read_text()
    return False


def row(page: BrowserPage, symbol: str) -> str:
    """Its cells in the grid, up to the spread."""
    return next((line[:60] for line in page.lines() if symbol in line[:12]), "")


async def until_live(page: BrowserPage) -> None:
    await page.until(lambda: "● LIVE" in page.text() and row(page, "QQQ$US"))


async def until_moving(page: BrowserPage) -> None:
    before = row(page, "QQQ$US")
    await page.until(lambda: row(page, "QQQ$US") != before)


@browser
async def test_prices_move_keys_work_and_the_key_is_nowhere(feed: str) -> None:
    with serving("--url", feed, "--watch", "QQQ$US,SPY$US", key=KEY) as (server, address):
        async with BrowserPage() as page:
            await page.open(address)
            await until_live(page)
            before = await page.picture()
            await until_moving(page)
            assert await page.picture() != before
            assert await page.shown() == ""
            await page.press("a")
            await page.until(lambda: "Enter adds" in page.text())
            await page.press("GLD$US\r")
            await page.until(lambda: row(page, "GLD$US"))
            (dashboard,) = children(server.pid)
            for pid in (server.pid, dashboard):
                process = PROC / str(pid)
                assert b"--watch" in (process / "cmdline").read_bytes()
                assert KEY.encode() not in (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            assert KEY not in page.text() + await page.evaluate("document.documentElement.outerHTML")
            await page.press("q")
            await page.until_shown(ENDED)
            await until(lambda: not runs(dashboard), within=20)
        server.send_signal(signal.SIGINT)
        assert server.wait(20) == 130


@browser
async def test_each_page_joins_the_connection(feed: str, key_file: str) -> None:
    with serving("--url", feed, "--token-file", key_file, "--watch", "QQQ$US") as (server, address):
        async with BrowserPage() as first, BrowserPage() as second:
            for page in (first, second):
                await page.open(address)
                await until_live(page)
            for page in (first, second):  # a second connection would end the first
                await until_moving(page)
                assert "● LIVE" in page.text() and "reconnects 0" in page.text()
            assert len(children(server.pid)) == 2


@browser
async def test_a_killed_server_leaves_no_page_that_looks_live_and_no_dashboard() -> None:
    with serving("--demo") as (server, address):
        async with BrowserPage() as page:
            await page.open(address)
            await page.until(lambda: row(page, "QQQ$US"))
            (dashboard,) = children(server.pid)
            server.kill()
            await page.until_shown(ENDED)
            assert float(await page.evaluate("getComputedStyle(document.getElementById('terminal')).opacity")) < 0.5
            await until(lambda: not runs(dashboard), within=20)


@browser
async def test_a_dashboard_that_stands_still_or_is_killed_is_not_taken_for_live() -> None:
    with serving("--demo") as (server, address):
        async with BrowserPage() as page:
            await page.open(address)
            await page.until(lambda: row(page, "QQQ$US"))
            (dashboard,) = children(server.pid)
            os.kill(dashboard, signal.SIGSTOP)
            await page.until_shown(SILENT)
            os.kill(dashboard, signal.SIGCONT)
            await until_nothing_is_shown(page)
            os.kill(dashboard, signal.SIGKILL)
            await page.until_shown(ENDED)


async def until_nothing_is_shown(page: BrowserPage) -> None:
    for _ in range(600):
        if not await page.shown():
            return
    raise AssertionError(await page.shown())
