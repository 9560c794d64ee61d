"""One copy of the program a key and host on this machine: a second connection would only end the first."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from platformdirs import user_state_path

from tui.errors import FeedError, NoConnection, UsageError
from tui.files import make_folder
from tui.secrets import Token
from tui.threads import start_thread

_PATIENCE = 0.4  # s: less than a key may wait
_T = TypeVar("_T")


class KeyInUse(UsageError):
    """Another copy on this machine is using the key; `pid` is its process."""

    def __init__(self, pid: int) -> None:
        super().__init__(f"itick-tui (pid {pid}) is using this key: end it first, or give --take-over")
        self.pid = pid


class TakenOver(FeedError):
    """Another copy on this machine was told to take the key from this one."""

    def __init__(self, pid: int) -> None:
        super().__init__(f"taken over by pid {pid} on this machine")


class AnotherClient(NoConnection):
    """The connection is taken away each time it is made: somebody elsewhere seems to have the key too."""

    def __init__(self) -> None:
        super().__init__("another client seems to be using this key")


class KeyLock:
    """A lock file named after the key's hash and the host, held while the block lasts. The system lets go of it when
    the process ends, however it ends, so no stale lock can stand in the way. In it stands the pid of whoever is to use
    the key: that of its holder, until another copy takes over, which gets the lock when its holder ends.

    Entering raises KeyInUse where another copy uses the key; with `take_over` it takes the key from it.
    """

    def __init__(self, host: str, token: Token, *, take_over: bool = False, folder: Path | None = None) -> None:
        name = hashlib.sha256(f"{host}\n{token.reveal()}".encode()).hexdigest()[:24]
        self._path = (folder or user_state_path("itick-tui") / "locks") / f"{name}.lock"
        self._take_over = take_over
        self._file: int | None = None
        self._waiting = threading.Thread()
        self._hangs = False

    def _within_patience(self, function: Callable[[], _T], otherwise: _T) -> _T:
        """What a function that touches the file returns. Once the disk has not answered for _PATIENCE s, it is
        `otherwise` from then on: there is no lock any more, and nothing waits for it."""
        if not self._hangs:
            try:
                return start_thread(function).result(_PATIENCE)
            except OSError:  # TimeoutError is one, and so is a system without threads to give
                self._hangs = True
        return otherwise

    def __enter__(self) -> Self:
        if (pid := self._within_patience(self._enter, None)) is not None:
            raise KeyInUse(pid)
        return self

    def _enter(self) -> int | None:
        """Take the lock; the pid of whoever has it, if it is not to be taken over."""
        try:
            make_folder(self._path.parent)
            held = self._open()
        except OSError:
            return None  # without a place for the lock there is none, and nothing else is lost
        if not held and not self._take_over:
            pid = self._owner()
            self._close()
            return pid
        self._claim()
        return None

    def _open(self) -> bool:
        """Open the file, and lock it where nobody else has; whether it is ours. Its last holder may have removed it
        between the two: then it is made anew."""
        while True:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            held = self._lock()
            if self._in_place():
                return held
            self._close()

    def _in_place(self) -> bool:
        """Whether the open file is still the one that others would find."""
        assert self._file is not None
        try:
            return os.path.samestat(os.fstat(self._file), self._path.stat())
        except FileNotFoundError:
            return False

    def _lock(self) -> bool:
        assert self._file is not None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    @property
    def other_pid(self) -> int | None:
        """The pid of another living copy that is to use the key now; None where it is ours."""
        return self._within_patience(self._other, None)

    @property
    def seconds_since_claim(self) -> float:
        """Seconds since somebody last said that it is to use the key."""
        return self._within_patience(self._claimed, 0.0)

    def _claimed(self) -> float:
        with contextlib.suppress(OSError):
            return time.time() - os.fstat(self._file).st_mtime if self._file is not None else 0.0
        return 0.0

    def claim(self) -> None:
        """Say that this copy is to use the key."""
        self._within_patience(self._claim, None)

    def _claim(self) -> None:
        if self._file is None:
            return
        with contextlib.suppress(OSError):  # a full disk: the lock itself holds all the same
            if not self._in_place():
                self._close()
                self._open()
            os.truncate(self._file, 0)
            os.pwrite(self._file, str(os.getpid()).encode(), 0)
            if not self._lock() and not self._waiting.is_alive():
                self._waiting = threading.Thread(target=_wait, args=(os.dup(self._file),), daemon=True)
                self._waiting.start()

    def _other(self) -> int | None:
        pid = self._owner()
        return pid if pid and pid != os.getpid() and _lives(pid) else None

    def _owner(self) -> int:
        """The process that the file names; 0 where it names none, or cannot be read any more."""
        try:
            text = os.pread(self._file, 20, 0) if self._file is not None else b""
        except OSError:  # as on a network home that went away
            return 0
        return int(text) if text.isdigit() else 0

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._within_patience(self._leave, None)

    def _leave(self) -> None:
        if self._file is not None and self._other() is None:
            with contextlib.suppress(OSError):
                if not self._lock():
                    os.truncate(self._file, 0)  # it belongs to the copy that was taken over from
                elif self._in_place():
                    self._path.unlink()
        self._close()

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _wait(file: int) -> None:
    """Get the lock when nobody else holds it any more. It belongs to the open file, not to this second way to it."""
    with contextlib.suppress(OSError):
        fcntl.flock(file, fcntl.LOCK_EX)
    os.close(file)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True  # somebody else's
    return True
