"""A window of an X server without a screen: keys into it, pictures of it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

PACKAGES = ("xvfb", "xdotool", "imagemagick", "fonts-dejavu-core")
"""The Debian packages that all of it needs."""

_APPEARS_WITHIN = 20.0  # s


class Window:
    """Runs a command on an X server of its own, and waits for its window."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        read, write = os.pipe()
        server = ("Xvfb", "-displayfd", str(write), "-screen", "0", "1800x1200x24", "-nolisten", "tcp")
        self._log = log.open("wb")
        self._server = subprocess.Popen(server, pass_fds=(write,), stdout=self._log, stderr=self._log)
        os.close(write)
        with os.fdopen(read) as file:
            self._environment = {**environment, "DISPLAY": f":{file.readline().strip()}"}
        self._emulator = subprocess.Popen(
            command, env=self._environment, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log,
            start_new_session=True,
        )  # fmt: skip
        self._id = ""

    def wait(self) -> None:
        """Wait for the window and give it the keyboard. Raises RuntimeError if none appears."""
        end = time.monotonic() + _APPEARS_WITHIN
        while not self._id:
            if self._emulator.poll() is not None or time.monotonic() > end:
                raise RuntimeError("no window appears")
            time.sleep(0.3)
            self._id = self._run("xdotool", "search", "--onlyvisible", "--maxdepth", "1", "--name", ".").strip()
        self._id = self._id.split()[-1]
        self._run("xdotool", "windowfocus", self._id, "mousemove", "1790", "1190")

    def press(self, *keys: str) -> None:
        """Press keys by their X names."""
        self._run("xdotool", "key", "--delay", "80", *keys)

    def type(self, text: str) -> None:
        """Type a text."""
        self._run("xdotool", "type", "--delay", "30", text)

    def resize(self, width: int, height: int) -> None:
        """Set the size in pixels."""
        self._run("xdotool", "windowsize", self._id, str(width), str(height))

    def picture(self, path: Path) -> None:
        """Save what the window shows."""
        self._run("import", "-window", self._id, str(path))

    def close(self) -> None:
        """End the command and the server."""
        for process in (self._emulator, self._server):
            process.terminate()
            try:
                process.wait(3)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._log.close()

    def _run(self, *command: str) -> str:
        done = subprocess.run(command, env=self._environment, stdout=subprocess.PIPE, stderr=self._log, timeout=30)
        return done.stdout.decode()
