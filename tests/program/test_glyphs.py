"""What stands on a terminal that draws ambiguous characters two cells wide: every figure at its place."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from os import kill
from pathlib import Path
from typing import Any

import pytest

from tests.support.terminal import Terminal
from tui.config.glyphs import GlyphSet
from tui.config.plain_mode import PLAIN
from tui.terminal.glyphs import translate

RECORDING = str(Path(__file__).parents[1] / "recording" / "data" / "format-1.jsonl.gz")
_PATIENT = "from tui.terminal import ambiguous_width as it; it.PATIENCE = {}; from tui.__main__ import main; main()"
Start = Callable[..., Terminal]


@pytest.fixture(params=["", "1"], ids=["ours", "plain"])
def plain(request: pytest.FixtureRequest) -> str:
    """Whether painting is left to Textual."""
    return str(request.param)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Terminal] = []

    def replay(
        glyphs: str = "auto", speed: str = "20", ambiguous: int = 1, before: Sequence[str] = (), **options: Any
    ) -> Terminal:
        config = tmp_path / "config.toml"
        config.write_text(f'glyphs = "{glyphs}"')
        arguments = [*before, "--replay", RECORDING, "--speed", speed, "--config", str(config)]
        started.append(Terminal(arguments, 120, 36, **{"answers": True, **options}))
        started[-1].set_ambiguous(ambiguous)
        return started[-1]

    yield replay
    for terminal in started:
        terminal.kill()


async def ended(terminal: Terminal) -> list[str]:
    """Returns the screen at the end of the replay, once nothing more changes."""
    await terminal.until(lambda: "REPLAY ended" in terminal.screen()[0])
    before: list[str] = []
    while before != terminal.screen():
        before = terminal.screen()
        await asyncio.sleep(0.3)
    return before


def differences(screen: list[str], full: list[str], glyphs: GlyphSet) -> list[tuple[str, str]]:
    """Returns the lines that are not those of another screen, in a set. Bars may end anywhere: their scale falls with
    time."""
    ends = {" ", *translate("▏▎▍▌▋▊▉█", glyphs)}
    meant = [translate(line, glyphs) for line in full]
    return [
        (one, other)
        for one, other in zip(screen, meant, strict=True)
        if len(one) != len(other) or any(a != b and not {a, b} <= ends for a, b in zip(one, other, strict=True))
    ]


async def shows(terminal: Terminal, full: list[str], glyphs: GlyphSet) -> None:
    await terminal.until(lambda: not differences(terminal.screen(), full, glyphs))


async def test_every_figure_is_at_its_place(start: Start, plain: str) -> None:
    narrow = await ended(start(**{PLAIN: plain}))
    assert any("│" in line for line in narrow)
    wide = start(ambiguous=2, **{PLAIN: plain})
    await shows(wide, narrow, "wide-safe")
    wide.press("?")
    await wide.until(lambda: ".- Keys ---" in wide.text() and "--- / finds ⋅ Esc closes -'" in wide.text())


async def test_another_terminal_is_attached(start: Start, plain: str) -> None:
    terminal = start(**{PLAIN: plain})
    narrow = await ended(terminal)
    terminal.set_ambiguous(2)
    kill(terminal.pid, signal.SIGWINCH)
    await shows(terminal, narrow, "wide-safe")
    terminal.set_ambiguous(1)
    kill(terminal.pid, signal.SIGSTOP)
    await asyncio.sleep(0.2)
    kill(terminal.pid, signal.SIGCONT)
    await shows(terminal, narrow, "full")


@pytest.mark.parametrize("patience", [0.1, 5.0])
async def test_the_first_frame_waits_for_the_reply_but_not_for_long(start: Start, patience: float) -> None:
    terminal = start(ambiguous=2, program=sys.executable, before=["-c", _PATIENT.format(patience)])
    terminal.answers_after = 1.5
    await terminal.until(lambda: ".- QQQ$US --" in terminal.text())
    assert ("╭─".encode() in terminal.raw) == (patience < terminal.answers_after)
    assert "─" not in terminal.text()


async def test_a_reply_that_is_lost_is_asked_for_again(start: Start) -> None:
    terminal = start(ambiguous=2, answers=False)
    await terminal.until(lambda: "REPLAY" in terminal.text())
    await asyncio.sleep(0.5)
    terminal.text()
    terminal.answers = True
    await terminal.until(lambda: ".- QQQ$US --" in terminal.text())


async def test_a_set_that_is_chosen_needs_no_reply(start: Start) -> None:
    full = await ended(start("full"))
    await shows(start("wide-safe", ambiguous=2, answers=False), full, "wide-safe")
    await shows(start("ascii", answers=False), full, "ascii")
    assert any("╭─" in line for line in full)


async def test_a_locale_that_is_not_utf8_has_ascii_alone(start: Start) -> None:
    terminal = start("full", PYTHONIOENCODING="latin-1", LC_ALL="C.ISO-8859-1", PYTHONUTF8="0")
    await ended(terminal)
    assert terminal.raw.isascii() and b"\\u" not in terminal.raw
    assert ".- " in terminal.text()
