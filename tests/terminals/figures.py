"""What stands on a terminal that draws ambiguous characters wide, cell by cell: the screen that xterm prints."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

from tests.program.test_glyphs import RECORDING, differences, ended
from tests.support.terminal import COMMAND, Terminal
from tests.terminals.emulators import EMULATORS
from tests.terminals.window import Window

FIGURES = ("xterm-256", "xterm-wide")
_SECONDS = 12.0  # until the replay has ended, and the notice of it is gone
_PRINT = "\x1b[i"  # media copy: xterm pipes its screen to a command


def compare(name: str, folder: Path) -> str:
    """Returns the lines that are not what a narrow terminal shows of the same recording, in words; "" if there are
    none."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "config.toml"
    config.write_text("")
    arguments = ["--replay", RECORDING, "--speed", "20", "--config", str(config)]
    meant = asyncio.run(_meant(arguments))
    terminal = folder / "terminal"
    script = f"tty >{terminal}; exec {COMMAND} {' '.join(arguments)}"
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "COLORTERM": "truecolor"}
    words = EMULATORS[name].words(("bash", "-c", script), folder=str(folder), name=name)
    window = Window(words, environment, folder / "log")
    printed = folder / "printed"
    printed.unlink(missing_ok=True)
    try:
        window.wait()
        time.sleep(_SECONDS)
        window.picture(folder / "screen.png")
        with Path(terminal.read_text().strip()).open("w") as written_to:
            written_to.write(_PRINT)
        time.sleep(1)
    finally:
        window.close()
    stands = [line.ljust(120) for line in printed.read_text().rstrip("\n\f").split("\n")]
    if len(stands) != len(meant):
        return f"{len(stands)} lines in place of {len(meant)}"
    wrong = differences(stands, meant, "wide-safe" if name.endswith("wide") else "full")
    return "".join(f"\n  stands {stood}\n  meant  {line}" for stood, line in wrong)


async def _meant(arguments: list[str]) -> list[str]:
    terminal = Terminal(arguments, 120, 40, answers=True)
    try:
        await ended(terminal)
        await terminal.until(lambda: "the recording ends here" not in terminal.text())
        return terminal.screen()
    finally:
        terminal.kill()
