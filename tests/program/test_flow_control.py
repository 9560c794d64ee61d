"""Flow control over a real terminal whose replies get lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cursor_queries import CURSOR_QUERY
from tests.support.terminal import Terminal


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(["--demo"], 120, 40, answers=True, XDG_CONFIG_HOME=str(tmp_path))
    yield terminal
    terminal.kill()


def clock(terminal: Terminal) -> str:
    return terminal.screen()[0]


async def moved(terminal: Terminal, shown: str) -> None:
    await terminal.until(lambda: clock(terminal) != shown, within=2.5)


async def test_lost_replies_hold_no_frame_back_for_two_seconds(terminal: Terminal) -> None:
    await terminal.until(lambda: "● LIVE" in terminal.text())
    for lost in (0.1, 0.5):
        terminal.answers = False
        await asyncio.sleep(lost)
        terminal.text()  # what was written meanwhile is read, and its queries get no reply
        terminal.answers = True
        for _ in range(2):
            shown = clock(terminal)
            await moved(terminal, shown)
        await terminal.until(lambda: "● LIVE" in terminal.text(), within=2.5)


async def test_a_terminal_that_owes_replies_is_not_shown_as_live(terminal: Terminal) -> None:
    await terminal.until(lambda: "● LIVE" in terminal.text())
    terminal.answers = False
    await terminal.until(lambda: "terminal behind" in terminal.text() and "LIVE" not in terminal.text(), within=5.0)
    shown = clock(terminal)
    await terminal.until(lambda: clock(terminal) != shown, within=3.0)
    terminal.press("?")
    await terminal.until(lambda: "/ finds" in terminal.text(), within=3.0)
    terminal.press("q")
    terminal.answers = True
    await terminal.until(lambda: "● LIVE" in terminal.text(), within=5.0)


async def test_a_terminal_that_is_behind_for_a_second_is_not_shown_as_live(terminal: Terminal) -> None:
    await terminal.until(lambda: "● LIVE" in terminal.text())
    shown = clock(terminal)
    await moved(terminal, shown)
    await asyncio.sleep(0.2)  # the status is brought up to date together with the clock
    terminal.text()
    terminal.answers, began = False, time.monotonic()
    await terminal.until(lambda: "terminal behind" in terminal.text())
    assert time.monotonic() - began < 1.6


async def test_nothing_is_asked_right_after_enter_for_ssh_looks_for_its_escape_there(terminal: Terminal) -> None:
    await terminal.until(lambda: "● LIVE" in terminal.text())
    terminal.press("\r")
    await terminal.until(lambda: "Invesco QQQ Trust" in terminal.text())
    await asyncio.sleep(0.2)
    terminal.text()
    written = len(terminal.raw)
    await asyncio.sleep(0.4)
    terminal.text()
    assert len(terminal.raw) > written + 300, "frames are drawn all the same"
    assert CURSOR_QUERY not in terminal.raw[written:]
    await terminal.until(lambda: CURSOR_QUERY in terminal.raw[written:], within=3.0)


@pytest.mark.parametrize(("arguments", "text"), [(["--no-mouse"], ""), ([], "mouse = false"), ([], "")])
async def test_the_mouse_can_be_left_to_the_terminal(tmp_path: Path, arguments: list[str], text: str) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f"{text}\n")
    terminal = Terminal(["--demo", "--config", str(config), *arguments], 120, 40, XDG_CONFIG_HOME=str(tmp_path))
    try:
        await terminal.until(lambda: "● LIVE" in terminal.text())
        assert (b"\x1b[?1000h" in terminal.raw) is (not arguments and not text)
    finally:
        terminal.kill()
