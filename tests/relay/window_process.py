"""A window in a process of its own, which a test can kill and stop.

    python -m tests.relay.window_process URL FOLDER SYMBOLS PACE [--take-over]

`report` on standard input is answered with a line of JSON, a Report; `reconnect` is the person's key for it, and `take`
that to take over. The end of the input ends the window.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from tests.relay.windows import PACES, Window, facts_of
from tui.symbol import Symbol, join_wire_symbols, parse_wire_symbols

_PATIENCE = 30.0  # s


class Report(NamedTuple):
    """A window at one moment: its role, its phase, the states so far in words, each symbol's facts, the count of
    windows that share its connection, and its resident memory in bytes."""

    role: str
    phase: str
    states: list[str]
    facts: dict[str, list[Any]]
    windows: int
    rss: int


class WindowProcess:
    """`async with WindowProcess(url, folder, QQQ) as window:` it is killed at the end."""

    def __init__(self, url: str, folder: Path, *symbols: Symbol, pace: str = "fast", take_over: bool = False) -> None:
        self._arguments = [url, str(folder), join_wire_symbols(symbols), pace, *(["--take-over"] * take_over)]

    async def __aenter__(self) -> Self:
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.relay.window_process",
            *self._arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=1 << 24,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.communicate()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self.process.pid

    def kill(self) -> None:
        """Kill it at once."""
        self.process.kill()

    def stop(self) -> None:
        """Stop it until `go_on`."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on."""
        self.process.send_signal(signal.SIGCONT)

    def reconnect(self) -> None:
        """Press the key that reconnects."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"reconnect\n")

    def take_over(self) -> None:
        """Press the key that takes over from a process that cannot be joined."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"take\n")

    def leave(self) -> None:
        """Let it end by itself."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    async def report(self) -> Report:
        """Returns how it is."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(b"report\n")
        return Report(*json.loads(await self.process.stdout.readline()))

    async def until(self, condition: Callable[[Report], bool]) -> Report:
        """Returns the first report that meets a condition."""
        report = await self.report()
        try:
            async with asyncio.timeout(_PATIENCE):
                while not condition(report):
                    await asyncio.sleep(0.01)
                    report = await self.report()
        except TimeoutError:
            raise AssertionError(report._replace(states=report.states[-8:])) from None
        return report

    async def has(self, facts: dict[str, list[Any]]) -> None:
        """Wait until these are its facts."""
        try:
            await self.until(lambda report: report.facts == facts)
        except AssertionError as error:
            raise AssertionError(f"{error}, and in truth {facts}") from None

    async def is_live(self, role: str | None = None) -> Report:
        """Returns its first report that is live, in this role if one is named."""
        return await self.until(lambda report: report.phase == "LIVE" and role in (None, report.role))


def _rss() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


async def main(url: str, folder: str, symbols: str, pace: str, *take_over: str) -> None:
    async with Window(
        url, Path(folder), *parse_wire_symbols(symbols), timings=PACES[pace], take_over=bool(take_over)
    ) as window:
        commands: asyncio.Queue[str] = asyncio.Queue()
        asyncio.get_running_loop().add_reader(0, lambda: commands.put_nowait(os.read(0, 1024).decode()))
        while command := await commands.get():
            for _ in range(command.count("reconnect")):
                window.link.reconnect()
            for _ in range(command.count("take")):
                window.link.take_over()
            for _ in range(command.count("report")):
                report = Report(
                    window.sharing.role.value,
                    window.link.state.phase.name,
                    [state.words for state in window.running.states],
                    {str(symbol): facts_of(instrument) for symbol, instrument in window.market.instruments.items()},
                    len(window.link.windows),
                    _rss(),
                )
                print(json.dumps(report), flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
