"""Files and folders: reads are bounded and of regular files, what is created is private to its owner, locks have a
deadline.

All functions raise OSError, whose text `errors.reason` turns into the end of a sentence.
"""

from __future__ import annotations

import errno
import fcntl
import grp
import os
import pwd
import shlex
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MAX_FILE_SIZE = 8 * 1024 * 1024  # bytes
_POLL_INTERVAL = 0.02  # s


def open_regular(path: str | Path, flags: int) -> int:
    """Returns a descriptor of a regular file, created with mode 0600 if `flags` ask for that. Raises OSError for any
    other type of file, without blocking on a pipe."""
    try:
        descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno == errno.ENXIO:  # a FIFO without a reader, or a socket
            raise _not_regular() from None
        raise
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return descriptor
    os.close(descriptor)
    raise OSError(errno.EISDIR, os.strerror(errno.EISDIR)) if stat.S_ISDIR(mode) else _not_regular()


def inherited_descriptor(path: Path) -> int | None:
    """Returns the open descriptor that a path names, as `/dev/stderr`, `/dev/fd/63` and links to these do; None for any
    other path."""
    with suppress(OSError):  # a dangling or circular link
        while True:
            folder = os.path.realpath(path.parent)
            if folder in ("/dev/fd", f"/proc/{os.getpid()}/fd") and path.name.isdecimal():
                return int(path.name)
            path = Path(folder, os.readlink(path))
    return None


def _not_regular() -> OSError:
    return OSError(errno.EINVAL, "it is not a regular file")


def read_small(path: Path) -> bytes:
    """Returns the content of a regular file of at most MAX_FILE_SIZE bytes. Raises OSError."""
    with open(open_regular(path, os.O_RDONLY), "rb") as file:
        content = file.read(MAX_FILE_SIZE + 1)
    if len(content) > MAX_FILE_SIZE:
        raise OSError(errno.EFBIG, f"it is larger than {MAX_FILE_SIZE >> 20} MB")
    return content


def make_folder(folder: Path) -> None:
    """Create a folder and its missing parents with mode 0700. Raises OSError."""
    if not folder.is_dir():
        make_folder(folder.parent)
        try:
            folder.mkdir(0o700)
        except FileExistsError:
            if not folder.is_dir():  # else another process created it
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from None


def create(path: Path, text: str) -> None:
    """Create a file with a text, whole or not at all. Raises FileExistsError, or another OSError."""
    make_empty(path)
    try:
        replace(path, text)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def make_empty(path: Path) -> None:
    """Create an empty file with mode 0600. Raises FileExistsError, or another OSError."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def part_of(path: Path) -> Path:
    """Returns the temporary path that `replace` writes before it renames it to `path`."""
    return path.with_name(f".{path.name}.new")


def replace(path: Path, text: str) -> None:
    """Replace the content of a file atomically; mode and owner are kept. Raises OSError."""
    new = part_of(path)
    new.unlink(missing_ok=True)  # left by a process that was killed
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            if path.exists():
                before = path.stat()
                try:
                    os.fchown(descriptor, before.st_uid, before.st_gid)
                except OSError:  # only root may change the owner
                    if foreign := _foreign_owner(before):
                        # A file written by another user would count as one's own afterwards.
                        raise OSError(errno.EPERM, f"it {foreign}") from None
                os.fchmod(descriptor, stat.S_IMODE(before.st_mode))
            file.flush()
            os.fsync(descriptor)
        new.replace(path)
    except BaseException:
        with suppress(OSError):
            new.unlink()
        raise
    with suppress(OSError):  # the file is whole either way; this makes the rename durable
        _sync(path.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(path: Path, flags: int, timeout: float) -> Iterator[None]:
    """Hold the lock of a file or folder for the duration of the block; without effect on a file system without locks.
    Raises BlockingIOError if another process holds it for `timeout` s."""
    descriptor = os.open(path, flags | os.O_CLOEXEC, 0o600)
    try:
        end = time.monotonic() + timeout
        while not _try_lock(descriptor):
            if time.monotonic() >= end:
                raise BlockingIOError(errno.EAGAIN, "another process holds its lock")
            time.sleep(_POLL_INTERVAL)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


def _is_private_group(gid: int) -> bool:
    """Returns True if a group is the user's private one, which many systems create for each, with a umask of 002."""
    try:
        user, group = pwd.getpwuid(os.geteuid()), grp.getgrgid(gid)
    except KeyError:
        return False
    return user.pw_gid == gid and group.gr_name == user.pw_name and set(group.gr_mem) <= {user.pw_name}


def _foreign_owner(found: os.stat_result) -> str:
    """Returns whose a file is if it belongs neither to the current user nor to root, else ""."""
    return "" if found.st_uid in (os.geteuid(), 0) else f"belongs to uid {found.st_uid}, and must be yours or root's"


def write_exposure(path: Path) -> str:
    """Returns who else can write a file and what to do about it, "" if only the current user and root can. Write access
    to its folder counts: it allows replacing the file."""
    real = Path(os.path.realpath(path))
    for each in (real, path.parent, real.parent):
        found = each.stat()
        if foreign := _foreign_owner(found):
            return f"{each} {foreign}"
        safe = stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX  # as /tmp: only owners replace files in it
        others = stat.S_IWOTH | (0 if _is_private_group(found.st_gid) else stat.S_IWGRP)
        if found.st_mode & others and not safe:
            return f"others can write {each}: chmod go-w {shlex.quote(str(each))}"
    return ""
