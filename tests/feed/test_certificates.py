"""A trust store that cannot be read, as in a network folder that hangs, does not block the exit."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import KEY, PROGRAM, environment, lines_until
from tests.support.feed import QUICK, Running
from tests.support.networks import BASE, URL
from tests.support.terminal import Terminal
from tests.support.wait_until import until
from tui.errors import EXIT_DONE, EXIT_INTERRUPTED, EXIT_NO_CONNECTION
from tui.feed import tls
from tui.feed.state import LinkPhase
from tui.history.rest_client import RestClient, RestError
from tui.secrets import Token

WATCH = ("--url", URL, "--watch", "QQQ$US")


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[Path]:
    """A named pipe that nobody writes to: opening it waits for ever."""
    path = tmp_path / "ca.pem"
    os.mkfifo(path)
    yield path
    os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))  # whoever waits in this process is let go


async def test_unreadable_certificates_are_reported_and_loaded_by_one_thread_only(
    pipe: Path, network: pytest.MonkeyPatch
) -> None:
    network.setenv("SSL_CERT_FILE", str(pipe))
    words = f"the trusted certificates cannot be read within 0.1 s, from SSL_CERT_FILE={pipe}"
    begun: list[None] = []
    build = tls._load

    def counted() -> tls.Trust:
        begun.append(None)
        return build()

    network.setattr(tls, "_load", counted)
    async with Running(URL, timings=QUICK._replace(open=0.1)) as running:
        await running.reaches(LinkPhase.RECONNECTING, times=2)
        assert await running.is_lost() == words
    rest = RestClient(BASE, Token(KEY), within=0.1)
    with pytest.raises(RestError) as caught:
        await rest.quotes("US", ["QQQ"])
    await rest.aclose()
    assert str(caught.value) == words and "a plain file" in caught.value.advice
    assert len(begun) == 1
    os.close(os.open(pipe, os.O_WRONLY))  # at last the folder answers, though with nothing
    assert tls._loading is not None
    await until(tls._loading.done)
    assert (await tls.trust(1.0)).ignored == (f"SSL_CERT_FILE={pipe}",)
    assert len(begun) == 1


def test_the_stream_gives_up_in_time(pipe: Path) -> None:
    command = [*PROGRAM, "stream", *WATCH, "--deadline", "1"]
    where = environment(KEY) | {"SSL_CERT_FILE": str(pipe)}
    result = subprocess.run(command, env=where, capture_output=True, text=True, timeout=15, check=False)
    assert result.returncode == EXIT_NO_CONNECTION, result.stderr


def test_the_stream_can_be_interrupted(pipe: Path) -> None:
    where = environment(KEY) | {"SSL_CERT_FILE": str(pipe)}
    with subprocess.Popen([*PROGRAM, "stream", *WATCH], env=where, stderr=subprocess.PIPE, text=True) as process:
        try:
            lines_until(process.stderr, "connecting")
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == EXIT_INTERRUPTED
        finally:
            process.kill()


async def test_the_dashboard_can_be_left(pipe: Path) -> None:
    terminal = Terminal(
        ["-m", "tui", *WATCH], program=PROGRAM[0], ITICK_TOKEN=KEY, SSL_CERT_FILE=str(pipe), no_proxy="*"
    )
    try:
        await terminal.until(lambda: "connecting" in terminal.text())
        await asyncio.sleep(0.1)
        terminal.press("q")
        assert await terminal.exit_code() == EXIT_DONE
    finally:
        terminal.kill()
