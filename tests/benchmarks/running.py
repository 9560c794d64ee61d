"""Processes started by benchmarks: the sender, and the program whose counters are read."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from unittest.mock import patch

import trustme

from tests.benchmarks.pty import Pty
from tests.benchmarks.sender import SYMBOLS

FOLDERS = ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME")
HOST = "127.0.0.1"
SCHEMES = ("ws", "wss")
REPLIES = 6  # to the key (2) and to four subscriptions


class Counters(NamedTuple):
    """Counters of the program at one moment: s monotonic, s of CPU, messages received, those with data among them and
    how many of these were not applied, frames drawn, bytes of memory."""

    at: float
    cpu: float
    messages: int
    updates: int
    wrong: int
    frames: int
    rss: int


class Sender(NamedTuple):
    """The sender's URL, and the lines it has printed so far."""

    url: str
    lines: Sequence[str]


@contextmanager
def start_sender(*options: str, scheme: str = "ws") -> Iterator[Sender]:
    """Run the server with these options in a process of its own. With the scheme `wss` its certificate is made for this
    run, and trusted by this process and those it starts meanwhile."""
    with ExitStack() as stack:
        if scheme == "wss":
            options += ("--tls", stack.enter_context(_trusted_certificate()))
        command = [sys.executable, "-m", "tests.benchmarks.sender", *options]
        process = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        assert process.stdout is not None
        url, lines = f"{scheme}://{HOST}:{process.stdout.readline().strip()}/fund", deque[str]()
        threading.Thread(target=lines.extend, args=[process.stdout], daemon=True).start()
        try:
            yield Sender(url, lines)
        finally:
            process.kill()


@contextmanager
def _trusted_certificate() -> Iterator[str]:
    """Yields a file with a certificate and its key, whose authority is trusted meanwhile."""
    with TemporaryDirectory(prefix="itick-tui-") as folder:
        authority, trusted, file = trustme.CA(), f"{folder}/authority.pem", f"{folder}/server.pem"
        authority.cert_pem.write_to_path(trusted)
        authority.issue_cert(HOST).private_key_and_cert_chain_pem.write_to_path(file)
        with patch.dict(os.environ, SSL_CERT_FILE=trusted):
            yield file


class RunningProgram(NamedTuple):
    """The program in a terminal. `folder` has its files."""

    pty: Pty
    folder: str
    read_counters: Callable[[], Counters]


@contextmanager
def start_program(
    url: str, symbols: int = SYMBOLS, module: str = "program", **terminal: Any
) -> Iterator[RunningProgram]:
    """Run the program on a real 160×50 terminal."""
    read, write = os.pipe()
    command = [sys.executable, "-m", f"tests.benchmarks.{module}", url, str(symbols), str(write)]
    reports = os.fdopen(read)
    with (
        TemporaryDirectory(prefix="itick-tui-") as folder,
        # Empty folders: simulated prices must not get into the user's history, or into the next run.
        Pty(command, {**os.environ, **dict.fromkeys(FOLDERS, folder)}, pass_fds=[write], **terminal) as pty,
    ):
        os.close(write)

        def read_line() -> Counters:
            line = reports.readline()
            if not line:
                raise RuntimeError(f"the program ended: {pty.last_chunk.decode(errors='replace')}")
            return Counters(**json.loads(line))

        def read_counters() -> Counters:
            pty.process.send_signal(signal.SIGURG)
            return read_line()

        try:
            read_line()  # written once the signal handler is installed
            yield RunningProgram(pty, folder, read_counters)
        finally:
            reports.close()


def wait_for_counters(running: RunningProgram, condition: Callable[[Counters], bool]) -> Counters:
    """Read the counters until they meet a condition; returns them."""
    while True:
        report = running.read_counters()
        if condition(report):
            return report
        time.sleep(0.05)
