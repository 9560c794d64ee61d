"""What has to be loaded, and when: by a script that uses the feed alone, and before the first frame."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.pty import Pty
from tests.support.wait_until import until
from tui.app.preload import OPENED_BY_KEYS


@pytest.mark.parametrize(
    "module",
    [
        "tui.headless.stream",
        "tui.feed.link",
        "tui.exchange.server",
        "tui.market",
        "tui.protocol.messages",
        "tui.config.themes",
    ],
)
def test_everything_below_the_screen_loads_without_textual(module: str) -> None:
    program = f"import sys, {module}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    loaded = set(result.stdout.split())
    assert {"tui", "msgspec"} <= loaded
    assert not loaded & {"textual", "rich"}
    if module in ("tui.market", "tui.protocol.messages", "tui.config.themes"):
        assert not loaded & {"websockets", "asyncio", "socket"}


LATER = {
    *("csv", "hashlib", "holidays", "httpx", "json", "sqlite3", "statistics", "tomlkit", "websockets"),
    *("tui.exchange.server", "tui.exchange.universe", "tui.feed.link", "tui.history", "tui.recording"),
    *("tui.cli.doctor", "tui.cli.stream", "tui.headless", "tui.market.alert_status", "tui.reference.holidays"),
    *OPENED_BY_KEYS,
}

NOTING = """
import sys, threading, time
from pathlib import Path
from tui.app.preload import OPENED_BY_KEYS
from tui.cli import main
from tui.terminal.input_driver import TerminalDriver

class Noting(TerminalDriver):
    noted = False

    def write(self, data):
        super().write(data)
        if not Noting.noted and "Quit" in data:
            Noting.noted = True
            note("first")
            threading.Thread(target=note_the_rest, daemon=True).start()

def note(when):
    Path(folder, "new").write_text(" ".join(sys.modules))
    Path(folder, "new").rename(Path(folder, when))

def note_the_rest():
    while not sys.modules.keys() >= set(OPENED_BY_KEYS):
        time.sleep(0.05)
    note("later")

folder = sys.argv.pop()
import tui.app.app
tui.app.app.TerminalDriver = Noting
main()
"""


def loaded_by_libraries() -> set[str]:
    """The modules that the libraries of the first frame load by themselves, which differ from release to release."""
    program = "import sys, click, msgspec, textual.app, textual.command, textual.widgets; print(*sys.modules)"
    program += "; import textual.widgets._input, textual.drivers.linux_driver, rich.table; print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    return set(result.stdout.split())


async def test_what_the_first_frame_does_without_is_loaded_soon_after_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", NOTING, "--demo", str(tmp_path)]
    with Pty(command, os.environ):
        await until((tmp_path / "later").exists, within=30)
    first, later = (set((tmp_path / name).read_text().split()) for name in ("first", "later"))
    assert "tui.screens.dashboard" in first
    assert not first & LATER - loaded_by_libraries()
    assert later >= set(OPENED_BY_KEYS)
