"""The program as a process of its own."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import IO
from unittest.mock import patch

KEY = "5ecre7-2abf6c0e7dd8a1930a"
COUNTERS = ("received ", "left out: ", "odd: ", "link: ")  # the counters that `stream` prints at its end
PROGRAM = (sys.executable, "-m", "tui")


def environment(key: str | None = None) -> dict[str, str]:
    """Returns the environment without proxies, and without a key but the one given."""
    kept = {name: value for name, value in os.environ.items() if "proxy" not in name.lower() and name != "ITICK_TOKEN"}
    return kept if key is None else kept | {"ITICK_TOKEN": key}


def run_program(*arguments: str, key: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run the program to its end, with pipes. The output must not hold the key or a traceback."""
    result = subprocess.run(
        [*PROGRAM, *arguments],
        env=environment(key),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    check_output(result.stdout + result.stderr)
    return result


def run_in_process(*arguments: str, key: str | None = None) -> subprocess.CompletedProcess[str]:
    """Like `run_program`, but in this process: for commands that print something and end."""
    from tui.cli import main

    out, err = io.StringIO(), io.StringIO()
    interrupt = signal.getsignal(signal.SIGINT)
    code: object = "it did not end"
    try:
        with (
            patch.dict(os.environ, environment(key), clear=True),
            patch.object(sys, "argv", ["itick-tui", *arguments]),
            patch.object(sys, "stdin", io.StringIO()),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            main()
    except SystemExit as end:
        code = end.code
    finally:
        signal.signal(signal.SIGINT, interrupt)
    assert isinstance(code, int), code
    check_output(out.getvalue() + err.getvalue())
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


@contextmanager
def start_program(*arguments: str, key: str | None = None) -> Iterator[subprocess.Popen[str]]:
    """Run the program until the end of the block at the latest."""
    with subprocess.Popen(
        [*PROGRAM, *arguments],
        env=environment(key),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def check_output(text: str) -> None:
    assert KEY not in text
    assert "Traceback" not in text and "Exception" not in text


def lines_until(stream: IO[str] | None, words: str) -> list[str]:
    """Returns the lines up to the one that holds `words`. Fails if the stream ends before."""
    assert stream is not None
    read: list[str] = []
    for line in stream:
        read.append(line.rstrip("\n"))
        if words in line:
            return read
    raise AssertionError(f"'{words}' did not come: {read}")


@contextmanager
def exchange(*arguments: str) -> Iterator[str]:
    """Run a demo exchange in a process of its own; yields its URL."""
    with start_program("exchange", "--port", "0", *arguments) as process:
        line = lines_until(process.stderr, "demo exchange at ")[-1]
        yield line.removeprefix("demo exchange at ").split(",")[0]
