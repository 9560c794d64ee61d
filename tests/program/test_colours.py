"""The colours and the last resort of the installed command, in real terminals of many types."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.seen_cells import as_seen
from tests.support.terminal import COMMAND, Terminal
from tui.config.plain_mode import PLAIN

BRIGHT = re.compile(rb"\x1b\[(?:1;)?9[0-7][;m]")
DIRECT, INDEXED = re.compile(rb"[\x1b\d;]8;2;\d"), re.compile(rb"[\x1b\d;]8;5;\d")
UNDRAWABLE = "nothing can be drawn on it: set TERM, to xterm-256color for example"


@contextmanager
def opened(*arguments: str, program: str = COMMAND, **environment: Any) -> Iterator[Terminal]:
    terminal = Terminal(arguments, 100, 30, program=program, **environment)
    try:
        yield terminal
    finally:
        terminal.kill()


@pytest.mark.parametrize(
    ("environment", "depth"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": ""}, "true colour"),
        ({"TERM": "xterm-256color", "COLORTERM": ""}, "256 colours"),
        ({"TERM": "screen-256color-bce", "COLORTERM": ""}, "256 colours"),
        ({"TERM": "alacritty", "COLORTERM": ""}, "256 colours"),
        ({"TERM": "screen", "COLORTERM": "truecolor", "STY": "1.tty"}, "256 colours"),
        ({"TERM": "xterm", "COLORTERM": ""}, "16 colours"),
    ],
)
async def test_what_the_doctor_says_is_what_is_drawn(environment: dict[str, str], depth: str) -> None:
    with opened("--demo", **environment) as terminal:
        await terminal.until(lambda: "LIVE" in terminal.text())
        assert bool(DIRECT.search(terminal.raw)) == (depth == "true colour")
        assert (b";2;122;162;247" in terminal.raw) == (depth == "true colour"), "the accent, and no grey for it"
        assert bool(INDEXED.search(terminal.raw)) == (depth == "256 colours")
        assert bool(BRIGHT.search(terminal.raw)) == (depth == "16 colours")
    with opened("doctor", "--demo", **environment) as terminal:
        await terminal.until(lambda: "TERM" in terminal.text())
        assert f", {depth}, " in terminal.text()


@pytest.mark.parametrize("term", ["xterm", "xterm-256color"])
async def test_both_ways_of_painting_come_to_the_same_colours(term: str) -> None:
    screens = []
    for plain in ("", "1"):
        with opened("--demo", TERM=term, COLORTERM="", **{PLAIN: plain}) as terminal:
            await terminal.until(lambda: "LIVE" in terminal.text())
            terminal.press("?")
            await terminal.until(lambda: "Esc closes" in terminal.text())
            lines = terminal.coloured()
            left = lines[1].index(next(cell for cell in lines[1] if cell.data == "K")) - 3
            picture = [*(line[left : left + 70] for line in lines[1:26]), lines[0][:30], lines[29]]
            screens.append([list(map(as_seen, line)) for line in picture])
    assert screens[0] == screens[1]


@pytest.mark.parametrize("term", ["dumb", "unknown", "vt52", ""])
async def test_a_terminal_on_which_nothing_can_be_drawn(term: str) -> None:
    with opened("--demo", TERM=term) as terminal:
        assert await terminal.exit_code() == 2
        assert f"itick-tui: TERM is {term or 'not set'}: {UNDRAWABLE}" in " ".join(terminal.text().split())
        assert b"\x1b[?1049h" not in terminal.raw
    with opened("doctor", "--demo", TERM=term) as terminal:
        await terminal.until(lambda: UNDRAWABLE in " ".join(terminal.text().split()))


@pytest.mark.parametrize(
    ("redirected", "words"),
    [
        ("2>/dev/null", "standard error is none"),
        ("2>errors", "standard error is none"),
        ("2>&-", "standard error is none"),
        (">/dev/null 2>&1", "standard output is none"),
    ],
)
async def test_words_that_nobody_sees_go_to_the_terminal(redirected: str, words: str, tmp_path: Path) -> None:
    script = f"cd {shlex.quote(str(tmp_path))}; {shlex.quote(COMMAND)} --demo {redirected}; echo exit $?"
    with opened("-c", script, program="/bin/sh") as terminal:
        await terminal.until(lambda: "exit 2" in terminal.text())
        assert f"itick-tui: the dashboard needs a terminal, and {words}" in " ".join(terminal.text().split())


async def test_a_pipe_is_seen_by_whoever_reads_it() -> None:
    with opened("-c", f"{shlex.quote(COMMAND)} --demo 2>&1 | cat", program="/bin/sh") as terminal:
        await terminal.exit_code()
        assert terminal.text().count("needs a terminal") == 1
