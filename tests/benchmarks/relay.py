"""What it costs to share a connection with other windows.

    python -m tests.benchmarks.relay [--runs N]

CPU of the relay for a fan-out to 8 clients at 5,000 messages a second, beside a relay that passes each message to
`websockets.broadcast()`. At 20,000 a second with one client stopped, what 4 others wait longer than a client of the
sender itself, by how much the relay's memory grows, and how soon the stopped one has what was sent after it woke: after
a stop that it survives, and after one that it is disconnected for. How long a window takes that joins, 500 symbols of
four types. And from a key to the cursor at 20,000 a second, alone and with 4 clients.
"""

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
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.parse import urlsplit

from tests.benchmarks.latency import ScreenWatcher, press_keys
from tests.benchmarks.relay_clients import start_clients
from tests.benchmarks.results import Goal, Result, median_text, percentile, print_progress, ratios, run_alone
from tests.benchmarks.running import REPLIES, Counters, start_program, start_sender, wait_for_counters
from tests.benchmarks.screen import RecordedScreen

CHEAPER, LATER, GROWS, WAKES, JOINS, KEYS = Goal(0.8), Goal(5), Goal(40), Goal(1), Goal(300), Goal(1.5)
BUSY, FLOOD = 5_000, 20_000  # messages a second
CLIENTS, OTHERS = 8, 4
SETTLE, DURATION = 2.0, 8.0  # s
STOPS = (5.0, 13.0)  # s: less and more than a client may read nothing
JOINED_AFTER = 100_000  # messages
PRESSES = 60


class MeasuredProcess(NamedTuple):
    """A process of relay_process.py: its pid, what it has printed, and its counters."""

    pid: int
    lines: Sequence[str]
    read_counters: Callable[[], Counters]


@contextmanager
def start_process(role: str, url: str, folder: str) -> Iterator[MeasuredProcess]:
    """Run a process in this role; its counters can be read once it has reported."""
    read, write = os.pipe()
    command = [sys.executable, "-m", "tests.benchmarks.relay_process", role, url, folder, str(write)]
    with (
        os.fdopen(read) as reports,
        subprocess.Popen(command, pass_fds=[write], stdout=subprocess.PIPE, text=True) as process,
    ):
        os.close(write)
        lines = deque[str]()
        threading.Thread(target=lines.extend, args=[process.stdout], daemon=True).start()

        def read_line() -> Counters:
            line = reports.readline()
            if not line:
                raise RuntimeError(f"the {role} ended")
            return Counters(**json.loads(line))

        def read_counters() -> Counters:
            process.send_signal(signal.SIGURG)
            return read_line()

        try:
            read_line()
            yield MeasuredProcess(process.pid, lines, read_counters)
        finally:
            process.kill()


def socket_in(folder: str) -> str:
    """Returns the path of the socket that appears in a folder, or below it."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if found := [path for path in Path(folder).rglob("*") if path.is_socket()]:
            return str(found[0])
        time.sleep(0.02)
    raise RuntimeError("no socket appeared")


def measure_fan_out(role: str) -> float:
    """Returns CPU µs of a relay for each message, passed on to CLIENTS."""
    with (
        TemporaryDirectory(prefix="itick-") as folder,
        start_sender("--rate", str(BUSY)) as (url, _),
        start_process(role, url, folder) as relay,
        start_clients(socket_in(folder), CLIENTS) as read,
    ):
        time.sleep(SETTLE)
        first = relay.read_counters()
        time.sleep(DURATION)
        last = relay.read_counters()
    cost = 1e6 * (last.cpu - first.cpu) / (BUSY * (last.at - first.at))
    share = 100 * (last.cpu - first.cpu) / (last.at - first.at)
    print_progress(f"relay, {role}: {share:.1f} % of a core, {cost:.1f} µs a message, {read[0].size / 1e6:.0f} MB read")
    return cost


def delays(sent: Sequence[str], seen: dict[str, float], began: float) -> list[float]:
    """Returns ms from each probe's sending to its arrival, of those sent since `began`."""
    times = {price: float(at) for price, at in (line.split() for line in sent)}
    return [1000 * (seen[price] - at) for price, at in times.items() if at >= began and price in seen]


def measure_direct() -> float:
    """Returns the 99th percentile of the ms that a probe takes to a client of the sender itself."""
    with start_sender("--rate", str(FLOOD), "--probes") as (url, lines):
        with start_clients(str(urlsplit(url).port), 1) as read:
            time.sleep(SETTLE)
            began = time.monotonic()
            time.sleep(DURATION)
        found = delays(lines, read[0].probes, began)
    print_progress(f"relay, direct: {len(found)} probes, p50 {percentile(found, 0.5):.2f} ms, p99 {p99(found):.2f} ms")
    return p99(found)


def p99(figures: Sequence[float]) -> float:
    """Returns the 99th percentile."""
    return percentile(figures, 0.99)


class Stopped(NamedTuple):
    """With one client stopped: the 99th percentile of the others' ms, MB by which the relay grew, and s from the wake
    to the first probe sent after it."""

    others: float
    grown: float
    woken: float


def measure_stopped(seconds: float) -> Stopped:
    """Measure with a client that is stopped for so long."""
    with (
        TemporaryDirectory(prefix="itick-") as folder,
        start_sender("--rate", str(FLOOD), "--probes", "--minutes", "1") as (url, lines),
        start_process("relay", url, folder) as relay,
    ):
        with (
            start_clients(socket_in(folder), OTHERS) as read,
            start_process("follower", url, folder) as follower,
        ):
            time.sleep(SETTLE)
            before, began = relay.read_counters(), time.monotonic()
            os.kill(follower.pid, signal.SIGSTOP)
            time.sleep(seconds)
            grown = relay.read_counters().rss - before.rss
            woke = time.monotonic()
            os.kill(follower.pid, signal.SIGCONT)
            time.sleep(4)
            applied = [line.split() for line in follower.lines if not line.startswith("complete")]
        sent = {price for price, at in (line.split() for line in lines) if float(at) >= woke}
        woken = min((float(at) for price, at in applied if price in sent), default=float("inf")) - woke
        found = delays(lines, read[0].probes, began)
    stopped = Stopped(p99(found), grown / 1e6, woken)
    print_progress(f"relay, one stopped for {seconds:g} s: {len(found)} probes, {stopped}")
    return stopped


def measure_join() -> float:
    """Returns ms until a window that joins has everything."""
    with (
        TemporaryDirectory(prefix="itick-") as folder,
        start_sender("--rate", str(FLOOD), "--count", str(JOINED_AFTER), "--minutes", "1") as (url, _),
        start_process("relay", url, folder),
        start_clients(socket_in(folder), 1),
    ):
        time.sleep(JOINED_AFTER / FLOOD + SETTLE)
        with start_process("follower", url, folder) as follower:
            took = 1000 * float(follower.lines[0].split()[1])
    print_progress(f"relay, join: {took:.0f} ms")
    return took


def measure_keys(clients: int) -> float:
    """Returns the 99th percentile of the ms from a key to the cursor with so many clients."""
    seen, watcher = RecordedScreen(), ScreenWatcher()
    with (
        start_sender("--rate", str(FLOOD)) as (url, _),
        start_program(url, on_output=seen.record) as running,
    ):
        wait_for_counters(running, lambda report: report.messages > REPLIES)
        if clients:
            with start_clients(socket_in(running.folder), clients):
                time.sleep(SETTLE)
                presses = press_keys(running.pty, PRESSES, 0.2)
                time.sleep(1)
        else:
            time.sleep(SETTLE)
            presses = press_keys(running.pty, PRESSES, 0.2)
            time.sleep(1)
    for at, lines in seen.replay():
        watcher.update(at, lines)
    found = watcher.key_latencies(presses)
    print_progress(f"relay, keys, {clients} clients: p50 {percentile(found, 0.5):.1f} ms, p99 {p99(found):.1f} ms")
    return p99(found)


def measure(runs: int) -> list[Result]:
    fan_outs = [(measure_fan_out("relay"), measure_fan_out("broadcast")) for _ in range(runs)]
    direct, stops = list[float](), list[list[Stopped]]()
    for _ in range(runs):
        direct.append(measure_direct())
        stops.append([measure_stopped(seconds) for seconds in STOPS])
    joins = [measure_join() for _ in range(runs)]
    keys = [(measure_keys(OTHERS), measure_keys(0)) for _ in range(runs)]
    ours, theirs = ([pair[side] for pair in fan_outs] for side in (0, 1))
    shared, alone = ([pair[side] for pair in keys] for side in (0, 1))
    longest = [max(one.others for one in each) for each in stops]
    return [
        Result(
            f"CPU for a message to {CLIENTS} clients at {BUSY:,}/s / with broadcast()",
            ratios(ours, theirs),
            "×",
            ours=median_text(ours, "µs"),
            theirs=median_text(theirs, "µs"),
            goal=CHEAPER,
        ),
        Result(
            f"added latency of {OTHERS} clients at {FLOOD:,}/s, one more stopped, p99",
            [one - other for one, other in zip(longest, direct, strict=True)],
            "ms",
            ours=median_text(longest, "ms"),
            theirs=median_text(direct, "ms"),
            goal=LATER,
        ),
        Result(
            "memory that the relay needs for the stopped one",
            [max(one.grown for one in each) for each in stops],
            "MB",
            goal=GROWS,
        ),
        *(
            Result(f"one stopped for {seconds:g} s is right again", [each[n].woken for each in stops], "s", goal=WAKES)
            for n, seconds in enumerate(STOPS)
        ),
        Result("a window that joins has 500 symbols, 4 types", joins, "ms", goal=JOINS),
        Result(
            f"key to cursor at {FLOOD:,}/s with {OTHERS} clients / alone, p99",
            ratios(shared, alone),
            "×",
            ours=median_text(shared, "ms"),
            theirs=median_text(alone, "ms"),
            goal=KEYS,
        ),
    ]


if __name__ == "__main__":
    run_alone("relay", __doc__, measure)
