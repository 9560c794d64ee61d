"""Two dashboards and a stream with one key, in real terminals and processes: what they say of each other."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.support.terminal import COMMAND, Terminal
from tests.support.wait_until import until
from tui.exchange.server import Exchange

KEY = "a-known-key-7351"


class Screens:
    """Starts dashboards of one person in terminals, and ends them with the test."""

    def __init__(self, folder: Path) -> None:
        self.environment: dict[str, Any] = {
            "ITICK_TOKEN": KEY,
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "XDG_STATE_HOME": str(folder / "state"),
        }
        self.stack = ExitStack()

    def open(self, url: str, watch: str, columns: int = 120, rows: int = 30) -> Terminal:
        terminal = Terminal(["--url", url, "--watch", watch], columns, rows, **self.environment)
        self.stack.callback(terminal.kill)
        return terminal

    def stream(self, url: str, watch: str) -> subprocess.Popen[bytes]:
        command = [COMMAND, "stream", "--url", url, "--watch", watch]
        environment = {**os.environ, **self.environment}
        process = self.stack.enter_context(subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL))
        self.stack.callback(process.kill)
        return process


@pytest.fixture
def screens(tmp_path: Path) -> Iterator[Screens]:
    made = Screens(tmp_path)
    with made.stack:
        yield made


def shown(terminal: Terminal) -> str:
    """The screen in one line, without frames."""
    return " ".join(re.sub("[^\\w\\s.,:;·●-]", " ", terminal.text()).split())


async def test_windows_wear_the_badge_and_the_second_takes_over_when_the_first_is_quit(screens: Screens) -> None:
    numbers: set[int] = set()
    async with Exchange(single_connection=True, on_request=lambda n, _: numbers.add(n)) as exchange:
        first = screens.open(exchange.url, "QQQ$US,SPY$US")
        await first.until(lambda: "● LIVE" in first.text())
        assert "SHARED" not in first.text()
        second = screens.open(exchange.url, "IEF$US", 80, 24)
        await second.until(lambda: "● LIVE" in second.text())
        stream = screens.stream(exchange.url, "TLT$US")
        for terminal in (first, second):
            await terminal.until(lambda terminal=terminal: "SHARED 3" in terminal.screen()[0])  # type: ignore[misc]
        assert numbers == {1}

        second.press("h")
        await second.until(lambda: "Shared" in second.text())
        for words in (
            f"held by window {first.pid}: LIVE",
            f"pid {first.pid} dashboard · 2 symbols",
            f"pid {second.pid} this window · 1 symbol · queued 0, conflated 0, lost 0",
            f"pid {stream.pid} stream · 1 symbol · queued 0",
            "lost here 0",
        ):
            await second.until(lambda words=words: words in shown(second))  # type: ignore[misc]
        second.press("h")
        first.press("h")
        await first.until(lambda: f"held by this window, pid {first.pid}" in shown(first))
        assert "lost here" not in first.text()
        first.press("h")

        first.press("q")
        assert await first.exit_code() == 0
        await second.until(lambda: "moving to another window: the window that held" in second.text(), 5)
        stream.send_signal(signal.SIGTERM)
        await second.until(lambda: "this window holds the connection now" in shown(second), 10)
        await second.until(lambda: "● LIVE" in second.text())
        await second.until(lambda: "SHARED" not in second.screen()[0])
    assert numbers == {1, 2}


async def test_a_holder_that_stands_still_is_asked_about_and_joined_when_it_answers_again(screens: Screens) -> None:
    numbers: set[int] = set()
    async with Exchange(single_connection=True, on_request=lambda n, _: numbers.add(n)) as exchange:
        stream = screens.stream(exchange.url, "TLT$US")
        await until(lambda: numbers)
        stream.send_signal(signal.SIGSTOP)
        dashboard = screens.open(exchange.url, "IEF$US", 80, 24)
        await dashboard.until(lambda: "Key in use" in dashboard.text())
        await dashboard.until(lambda: f"pid {stream.pid} uses this key and does not answer" in shown(dashboard))
        stream.send_signal(signal.SIGCONT)
        await dashboard.until(lambda: "● LIVE" in dashboard.text() and "Key in use" not in dashboard.text())
        await dashboard.until(lambda: "SHARED 2" in dashboard.screen()[0])
        assert numbers == {1}

        stream.send_signal(signal.SIGSTOP)
        await dashboard.until(lambda: "Key in use" in dashboard.text(), 60)
        dashboard.press("t")
        await dashboard.until(lambda: "● LIVE" in dashboard.text())
        assert numbers == {1, 2}
        stream.send_signal(signal.SIGCONT)
        await dashboard.until(lambda: "SHARED 2" in dashboard.screen()[0])
        await asyncio.sleep(1)
        assert numbers == {1, 2}, "the key does not go to and fro"


async def test_who_holds_the_places_of_a_full_plan_is_told(screens: Screens) -> None:
    async with Exchange(single_connection=True, faults=["plan-limit"]) as exchange:
        first = screens.open(exchange.url, "QQQ$US,SPY$US")
        await first.until(lambda: "● LIVE" in first.text())
        second = screens.open(exchange.url, "IEF$US,TLT$US,GLD$US")
        words = "plan limit: 1 of 3 symbols live; 2 are held by 1 other window"
        await second.until(lambda: words in second.text())
        assert "plan limit" not in first.text()
        first.press("q")
        await second.until(lambda: "plan limit" not in second.text() and "● LIVE" in second.text())
