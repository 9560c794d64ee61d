"""Allows one process per key and host on this machine: the vendor ends the first connection when a second is made."""

from __future__ import annotations

import contextlib
import fcntl
import math
import os
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self, TypeVar

from platformdirs import user_state_path

from tui.errors import UsageError, reason
from tui.files import make_folder, write_exposure
from tui.secrets import Token
from tui.threads import start_thread

_DISK_TIMEOUT = 0.4  # s: the event loop waits for it, and a key press must not wait longer
_MAX_PID_DIGITS = 20
_RELEASED = "free"  # what the file says once its last owner has given the key up
_T = TypeVar("_T")


class Holder(NamedTuple):
    """The process that owns a key, and the Unix socket on which it shares the connection, None if on none."""

    pid: int
    socket: Path | None


class KeyInUse(UsageError):
    """Another process on this machine, `pid`, uses the key."""

    def __init__(self, pid: int) -> None:
        super().__init__(f"itick-tui (pid {pid}) is using this key: end it first, or give --take-over")
        self.pid = pid


class KeyLock:
    """A lock file for a key and host, named after their hash and held in a `with` block. It is an flock: the system
    releases it when the process ends, so it is never stale. The file contains the pid of the process that owns the key:
    the lock's holder, or a process that took over, which acquires the lock when the holder ends. A second line has the
    path of the socket on which it shares the connection. The file stays when the key is given up, and its time is when.

    Entering raises KeyInUse if another process owns the key, unless `take_over` is set.
    """

    def __init__(self, host: str, token: Token, *, take_over: bool = False, folder: Path | None = None) -> None:
        import hashlib  # slow to import, and a demo needs no lock

        name = hashlib.sha256(f"{host}\n{token.reveal()}".encode()).hexdigest()[:24]
        self._path = (folder or lock_folder()) / f"{name}.lock"
        self._take_over = take_over
        self._file: int | None = None
        self._waiter = threading.Thread()
        self._disk_hangs = False
        self.free_for = math.inf
        """For how many s nobody had held the key when this process acquired the lock: inf if nobody ever had, 0 if the
        last owner was killed, which leaves its name and no time."""

    def _with_timeout(self, function: Callable[[], _T], otherwise: _T) -> _T:
        """Returns the result of a function that accesses the file; `otherwise`, then and ever after, once the disk does
        not answer within _DISK_TIMEOUT s: the program goes on without the lock."""
        if not self._disk_hangs:
            try:
                return start_thread(function).result(_DISK_TIMEOUT)
            except OSError:  # a TimeoutError, or no thread can be started
                self._disk_hangs = True
        return otherwise

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def acquire(self) -> None:
        """Become the owner of the key. Raises KeyInUse if another process is, unless `take_over` is set."""
        if self._file is None and (pid := self._with_timeout(partial(self._enter, self._take_over), None)) is not None:
            raise KeyInUse(pid)

    def take_over(self) -> None:
        """Become the owner of the key, also if another process is."""
        if self._file is None:
            self._with_timeout(partial(self._enter, True), None)
        else:
            self.claim()

    @property
    def folder(self) -> Path:
        """The folder of the lock file; only the current user can enter it."""
        return self._path.parent

    @property
    def exposure(self) -> str:
        """Who else can write the folder and what to do about it, "" if only the current user and root can: others could
        put a socket of their own into it."""
        return self._with_timeout(partial(folder_exposure, self.folder), "")

    @property
    def name(self) -> str:
        """The name of the lock file without its ending, a hash of the host and the key."""
        return self._path.stem

    def publish(self, socket: Path) -> None:
        """Write down where this process, the owner, shares its connection."""
        self._with_timeout(partial(self._publish, socket), None)

    def _publish(self, socket: Path) -> None:
        self._claim()  # the file may have been removed
        self._write(f"{os.getpid()}\n{socket}")

    def holder(self) -> Holder | None:
        """Returns the owner of the key; None if there is none, or the file cannot be read."""
        return self._with_timeout(self._read_holder, None)

    def _read_holder(self) -> Holder | None:
        try:
            pid, _, socket = self._path.read_text().partition("\n")
        except (OSError, UnicodeDecodeError):
            return None
        is_pid = pid.isdecimal() and len(pid) <= _MAX_PID_DIGITS
        return Holder(int(pid), Path(socket) if socket else None) if is_pid else None

    def _enter(self, take_over: bool) -> int | None:
        """Acquire the lock, or take over. Returns the pid of the owner if neither is possible, else None."""
        try:
            held = self._open()
        except OSError:
            return None  # the lock cannot be created: the program goes on without it
        if held:
            self.free_for = self._measure_free()
        elif not take_over:
            pid = self._owner()
            self._close()
            return pid
        self._claim()
        return None

    def _measure_free(self) -> float:
        """Returns for how many s nobody has held the key. After the clock was set back that is 0."""
        assert self._file is not None
        with contextlib.suppress(OSError):
            if not (text := os.pread(self._file, len(_RELEASED), 0)):
                return math.inf
            if text == _RELEASED.encode():
                return max(0.0, time.time() - os.fstat(self._file).st_mtime)
        return 0.0

    def _open(self) -> bool:
        """Open the file and try to lock it. Returns whether that succeeded. If the file was removed between the two
        steps, it is created again."""
        make_folder(self._path.parent)
        while True:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            held = self._lock()
            if self._is_current():
                return held
            self._close()

    def _is_current(self) -> bool:
        """Returns whether the open file is still the one at its path."""
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
        """The pid of another running process that owns the key; None if this one does."""
        return self._with_timeout(self._other_owner, None)

    def claim(self) -> None:
        """Make this process the owner of the key."""
        self._with_timeout(self._claim, None)

    def _claim(self) -> None:
        if self._file is None:
            return
        with contextlib.suppress(OSError):  # a full disk: the lock itself is still held
            if not self._is_current():
                self._close()
                self._open()
            self._write(str(os.getpid()))
            if not self._lock() and not self._waiter.is_alive():
                self._waiter = threading.Thread(target=_acquire_lock, args=(os.dup(self._file),), daemon=True)
                self._waiter.start()

    def _write(self, text: str) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                os.truncate(self._file, 0)
                os.pwrite(self._file, text.encode(), 0)

    def _other_owner(self) -> int | None:
        pid = self._owner()
        return pid if pid and pid != os.getpid() and _is_running(pid) else None

    def _owner(self) -> int:
        """Returns the pid in the file at the path, which another process has made if this one's was removed; 0 if there
        is none, or the file cannot be read."""
        holder = self._read_holder()
        return holder.pid if holder is not None else 0

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def release(self) -> None:
        """Give the key up, unless another process took over."""
        self._with_timeout(self._exit, None)

    def is_free(self) -> bool:
        """Returns True if no process holds the lock."""
        return self._with_timeout(self._is_free, False)

    def _is_free(self) -> bool:
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return False
        finally:
            os.close(descriptor)
        return True

    def _exit(self) -> None:
        if self._file is not None and self._other_owner() is None:
            with contextlib.suppress(OSError):
                if self._lock():
                    self._write(_RELEASED)
                else:
                    os.truncate(self._file, 0)  # held by the process that this one took over from
        self._close()

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _acquire_lock(file: int) -> None:
    """Wait for the lock. An flock belongs to the open file description, which the caller's descriptor shares."""
    with contextlib.suppress(OSError):
        fcntl.flock(file, fcntl.LOCK_EX)
    os.close(file)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True  # another user's process
    return True


def lock_folder() -> Path:
    """Returns the folder of the current user's locks."""
    return user_state_path("itick-tui") / "locks"


def folder_exposure(folder: Path) -> str:
    """Returns who else can write a folder of locks and what to do about it, "" if only the current user and root can,
    or there is none yet."""
    try:
        return write_exposure(folder)
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"{folder} cannot be looked at: {reason(error)}"
