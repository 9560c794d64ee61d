"""Reports of a measured program: a line of JSON to a file descriptor, at the start and on every SIGURG, which the
program leaves alone."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import time
from collections.abc import Callable
from pathlib import Path


def report_on_signal(reports: int, counters: Callable[[], dict[str, int]]) -> None:
    """Install the signal handler in the running loop and write the first report. `counters` are kept by the program
    itself."""

    def report() -> None:
        line = {"at": time.monotonic(), "cpu": time.process_time(), "rss": _resident_bytes(), **counters()}
        os.write(reports, json.dumps(line).encode() + b"\n")

    asyncio.get_running_loop().add_signal_handler(signal.SIGURG, report)
    report()


def _resident_bytes() -> int:
    """Returns the bytes of resident memory."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    except OSError:  # not on Linux: the maximum so far
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
