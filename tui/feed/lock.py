"""One copy of the program a key and host on this machine: a second connection would only end the first."""

from __future__ import annotations

import fcntl
import hashlib
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from platformdirs import user_state_path

from tui.errors import UsageError
from tui.secrets import Token


class KeyInUse(UsageError):
    """Another copy on this machine is using the key; `pid` is its process."""

    def __init__(self, pid: int) -> None:
        super().__init__(f"itick-tui (pid {pid}) is using this key: end it first, or give --take-over")
        self.pid = pid


class KeyLock:
    """A lock file named after the key's hash and the host, held while the block lasts. The system lets go of it when
    the process ends, however it ends, so no stale lock can stand in the way.

    Entering raises KeyInUse where another copy holds it; with `take_over` it goes on without.
    """

    def __init__(self, host: str, token: Token, *, take_over: bool = False, folder: Path | None = None) -> None:
        name = hashlib.sha256(f"{host}\n{token.reveal()}".encode()).hexdigest()[:24]
        self._path = (folder or user_state_path("itick-tui") / "locks") / f"{name}.lock"
        self._take_over = take_over
        self._file: int | None = None

    def __enter__(self) -> Self:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            return self  # without a place for the lock there is none, and nothing else is lost
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if self._take_over:
                return self
            holder = os.pread(self._file, 20, 0)
            self._release()
            raise KeyInUse(int(holder) if holder.isdigit() else 0) from None
        os.truncate(self._file, 0)
        os.pwrite(self._file, str(os.getpid()).encode(), 0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._release()

    def _release(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
