"""How a measured program tells its counters: a line of JSON to a file descriptor, at the start and on every SIGUSR1."""

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
    """Begin, on the running loop. `counters` are those that the program keeps itself."""

    def report() -> None:
        told = {"at": time.monotonic(), "cpu": time.process_time(), "rss": _resident(), **counters()}
        os.write(reports, json.dumps(told).encode() + b"\n")

    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, report)
    report()


def _resident() -> int:
    """Bytes of memory in use now."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    except OSError:  # no such file but on Linux: the most there ever was
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
