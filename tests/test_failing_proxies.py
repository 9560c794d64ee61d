"""A proxy that fails is a state of the link, whatever asyncio's callbacks make of it: nothing ends by it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from tests.command import KEY, PROGRAM, check_output, environment
from tests.feed.networks import HOST, URL, Tunnels
from tests.terminal import Terminal
from tui.errors import EXIT_DONE, EXIT_NO_CONNECTION

AGREED = b"HTTP/1.1 200 Connection established\r\n\r\n"


def crash_reports(state: Path) -> list[Path]:
    return list(state.glob("itick-tui/crash-*"))


@pytest.mark.parametrize(
    "answer",
    [b"", AGREED, AGREED + b"no TLS at all\r\n", b"\x00"],
    ids=["nothing", "closes", "no TLS", "no HTTP"],
)
async def test_the_stream_tries_again_and_says_why(answer: bytes, tmp_path: Path) -> None:
    async with Tunnels(answer=answer) as proxy:
        process = await asyncio.create_subprocess_exec(
            *PROGRAM,
            *("stream", "--url", URL, "--watch", "QQQ$US", "--deadline", "1"),
            env=environment(KEY) | {"https_proxy": f"http://127.0.0.1:{proxy.port}", "XDG_STATE_HOME": str(tmp_path)},
            stderr=asyncio.subprocess.PIPE,
        )
        _, err = await process.communicate()
    words = err.decode()
    check_output(words)
    assert process.returncode == EXIT_NO_CONNECTION, words
    assert f"no live connection within 1 s: cannot reach {HOST} through the proxy 127.0.0.1:" in words
    assert crash_reports(tmp_path) == []


@pytest.mark.parametrize("answer", [b"", AGREED + b"no TLS at all\r\n"], ids=["nothing", "no TLS"])
async def test_the_dashboard_tries_again_and_says_why(answer: bytes, tmp_path: Path) -> None:
    async with Tunnels(answer=answer) as proxy:
        terminal = Terminal(
            ["-m", "tui", "--url", URL, "--watch", "QQQ$US"],
            program=sys.executable,
            ITICK_TOKEN=KEY,
            XDG_STATE_HOME=str(tmp_path),
            https_proxy=f"http://127.0.0.1:{proxy.port}",
            no_proxy="",
        )
        try:
            await terminal.until(lambda: "trying again" in terminal.text() and len(proxy.asked) > 1)
            terminal.press("q")
            assert await terminal.exit_code() == EXIT_DONE
        finally:
            terminal.kill()
    assert crash_reports(tmp_path) == []
