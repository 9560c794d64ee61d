"""The person's command that prints IOPVs, as a real child process."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from tests.support.messages import QQQ, SPY, T
from tests.support.wait_until import until
from tui.errors import UsageError
from tui.feed import iopv_command
from tui.feed.iopv_command import KIND, IopvCommand, parse_iopv
from tui.market import Market
from tui.secrets import read_file
from tui.symbol import Symbol


class Run:
    """A command that runs into a market at T."""

    def __init__(self, *command: str) -> None:
        self.market = Market()
        self.market.wall_base = T
        self.market.follow([QQQ, SPY])
        self.told: list[str] = []
        self.command = IopvCommand(command, self.market, self.told.append, lambda: 0.0)

    def given(self, symbol: Symbol = QQQ) -> tuple[float, int] | None:
        return self.market.instruments[symbol].fair_values.given


@asynccontextmanager
async def running(*command: str) -> AsyncIterator[Run]:
    run = Run(*command)
    task = asyncio.create_task(run.command.run())
    try:
        yield run
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(iopv_command, "_AGAIN", 0.05)
    monkeypatch.setattr(iopv_command, "_DELAYS", (0.05, 0.05))


def python(script: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-c", script, *arguments)


async def test_lines_of_a_command_that_never_ends_come_as_they_are_printed(tmp_path: Path) -> None:
    script = "import sys, time; print('QQQ$US 510.5', flush=True); print('SPY 600.25 x', flush=True); time.sleep(60)"
    async with running(*python(script)) as run:
        await until(lambda: run.given() is not None and run.told)
        assert run.given() == (510.5, T)
        assert run.market.health.malformed == {KIND: 1}
        assert run.told == [
            f"iopv_command: '{sys.executable}' printed 'SPY 600.25 x': 'x' is no time: "
            "write 2026-11-27T15:59:45-05:00, or seconds"
        ]


async def test_a_command_that_prints_once_is_run_again(tmp_path: Path) -> None:
    count = tmp_path / "count"
    script = f"open({str(count)!r}, 'a').write('x'); print('QQQ$US', 500 + len(open({str(count)!r}).read()), end='')"
    async with running(*python(script)) as run:
        await until(lambda: (found := run.given()) is not None and found[0] >= 503)
        assert run.told == []


async def test_many_bad_lines_are_told_once_and_all_counted() -> None:
    lines = "'rubbish\\n' * 50 + '# a remark\\n\\n' + 'y' * 20_000 + '\\nQQQ$US 510'"
    script = f"import time; print({lines}, flush=True); time.sleep(60)"
    async with running(*python(script)) as run:
        await until(lambda: run.given() is not None)
        assert run.market.health.malformed == {KIND: 51}
        assert len(run.told) == 1 and run.told[0].endswith("printed 'rubbish': it is no SYMBOL VALUE [TIME]")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("no-such-program-here",), "iopv_command: 'no-such-program-here' cannot be run: no such file or directory"),
        (python("raise SystemExit(3)"), f"iopv_command: '{sys.executable}' ended with code 3"),
        (python(""), f"iopv_command: '{sys.executable}' ended without an IOPV"),
        (("a\0b",), "iopv_command: 'a\0b' cannot be run: there is a character in it that no argument may have"),
    ],
)
async def test_what_goes_wrong_is_said_once_and_tried_again(
    command: tuple[str, ...], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = list[float]()
    async with running(*command) as run:
        once = run.command._run_once

        async def counted() -> str:
            runs.append(0.0)
            return await once()

        monkeypatch.setattr(run.command, "_run_once", counted)
        await until(lambda: len(runs) >= 3)
        assert run.told == [words]


async def test_the_key_is_not_in_its_environment_and_it_has_no_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text("a-key-nobody-may-see")
    (tmp_path / "key").chmod(0o600)
    read_file(tmp_path / "key")
    monkeypatch.setenv("ITICK_TOKEN", "another-key")
    monkeypatch.setenv("COPY", "Bearer a-key-nobody-may-see")
    file = tmp_path / "told"
    script = (
        "import json, os, sys; print('QQQ$US 1', file=sys.stderr)\n"
        "told = {'env': dict(os.environ), 'input': sys.stdin.read(), 'group': os.getpgrp() == os.getpid()}\n"
        "open(sys.argv[1] + '.part', 'w').write(json.dumps(told)); os.rename(sys.argv[1] + '.part', sys.argv[1])"
    )
    async with running(*python(script, str(file))):
        await until(file.exists)
    told = json.loads(file.read_text())
    assert (told["input"], told["group"]) == ("", True)
    assert "ITICK_TOKEN" not in told["env"] and "nobody-may-see" not in file.read_text()


async def test_it_and_what_it_started_are_killed_at_the_end(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    script = (
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "open(sys.argv[1] + '.part', 'w').write(f'{os.getpid()} {child.pid}')\n"
        "os.rename(sys.argv[1] + '.part', sys.argv[1]); time.sleep(60)"
    )
    async with running(*python(script, str(file))):
        await until(file.exists)
    pids = [int(pid) for pid in file.read_text().split()]

    def is_gone(pid: int) -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        with suppress(OSError):  # a zombie of another parent has ended too
            return " Z " in Path(f"/proc/{pid}/stat").read_text().replace(")", " ")
        return False

    await until(lambda: all(map(is_gone, pids)))


async def test_a_flood_of_lines_does_not_keep_the_loop_busy() -> None:
    async with running(*python("while True: print('QQQ$US 510.5')")) as run:
        await until(lambda: run.given() is not None)
        loop, late = asyncio.get_running_loop(), list[float]()
        for _ in range(20):
            began = loop.time()
            await asyncio.sleep(0)
            late.append(loop.time() - began)
        assert sorted(late)[10] < 0.05


NEW_YORK_MIDNIGHT = 1_795_669_200_000  # 2026-11-26 00:00 -05:00


@pytest.mark.parametrize(
    ("line", "time"),
    [
        ("QQQ$US 510.5", T),
        ("qqq 5.105e2 1795755585", 1_795_755_585_000),
        ("QQQ.US 510.5 1795755585123", 1_795_755_585_123),
        ("QQQ$US 510.5 2026-11-26T00:00:00-05:00", NEW_YORK_MIDNIGHT),
        ("QQQ$US\t510.5   2026-11-26 05:00:00Z", NEW_YORK_MIDNIGHT),
        ("QQQ$US 510.5 2026-11-26", NEW_YORK_MIDNIGHT),
    ],
)
def test_lines_as_people_print_them(line: str, time: int) -> None:
    assert parse_iopv(line, T) == (QQQ, 510.5, time)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("QQQ$US", "it is no SYMBOL VALUE"),
        ("? 5", "'?' is not a symbol"),
        ("QQQ$US nan", "'nan' is no value"),
        ("QQQ$US 0", "'0' is no value"),
        ("QQQ$US -4", "'-4' is no value"),
        ("QQQ$US 1e13", "'1e13' is no value"),
        ("QQQ$US 5 noon", "'noon' is no time"),
        ("QQQ$US 5 2026-11-26T12:00", "'2026-11-26T12:00' has no zone"),
        ("QQQ$US 5 7", "'7' is no time of ours"),
        ("QQQ$US 5 1e300", "'1e300' is no time of ours"),
    ],
)
def test_what_is_wrong_with_a_line_is_said(line: str, words: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_iopv(line, T)
    assert str(raised.value).startswith(words)
