"""A name server that does not answer does not block the exit."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys

import pytest

from tests.support.command import KEY, environment, lines_until
from tests.support.no_dns import HOST, URL
from tests.support.terminal import Terminal
from tui.errors import EXIT_DONE, EXIT_INTERRUPTED, EXIT_NO_CONNECTION
from tui.feed.dns import resolve_in_threads

ARGUMENTS = ("-m", "tests.support.no_dns")
WATCH = ("--url", URL, "--watch", "QQQ$US")


async def test_a_connection_resolves_names_as_the_system_does() -> None:
    loop = asyncio.get_running_loop()
    resolve_in_threads(loop)
    found = await loop.getaddrinfo("localhost", 9, type=socket.SOCK_STREAM)
    assert found == socket.getaddrinfo("localhost", 9, type=socket.SOCK_STREAM)
    with pytest.raises(UnicodeError):
        await loop.getaddrinfo("a..b", 9)


def test_the_stream_gives_up_in_time() -> None:
    command = [sys.executable, *ARGUMENTS, "stream", *WATCH, "--deadline", "1"]
    result = subprocess.run(command, env=environment(KEY), capture_output=True, text=True, timeout=15, check=False)
    assert result.returncode == EXIT_NO_CONNECTION
    assert f"no live connection within 1 s: connecting {HOST}" in result.stderr


def test_the_stream_can_be_interrupted() -> None:
    command = [sys.executable, *ARGUMENTS, "stream", *WATCH]
    with subprocess.Popen(command, env=environment(KEY), stderr=subprocess.PIPE, text=True) as process:
        try:
            lines_until(process.stderr, "connecting")
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == EXIT_INTERRUPTED
        finally:
            process.kill()


async def test_the_dashboard_can_be_left() -> None:
    terminal = Terminal([*ARGUMENTS, *WATCH], program=sys.executable, ITICK_TOKEN=KEY)
    try:
        await terminal.until(lambda: "connecting" in terminal.text())
        terminal.press("q")
        assert await terminal.exit_code() == EXIT_DONE
    finally:
        terminal.kill()
