"""What a script that uses the feed alone has to load."""

from __future__ import annotations

import subprocess
import sys

import pytest


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


def test_what_may_wait_is_not_loaded_with_the_screen() -> None:
    program = "import sys, tui.app.app; print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    assert not set(result.stdout.split()) & {"holidays", "tui.reference.holidays"}
