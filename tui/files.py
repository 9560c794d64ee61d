"""Files and folders: what is read is small and regular, what is made is for its owner's eyes, and every lock has a
deadline.

All of it raises OSError, whose words `errors.reason` turns into the end of a line.
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

MAX_FILE_SIZE = 8 * 1024 * 1024  # bytes of a file that is read whole
_LOOK_EVERY = 0.02  # s: whether a lock is free


def open_regular(path: str | Path, flags: int) -> int:
    """Open a regular file, made for its owner alone where `flags` ask for that. Anything else is refused, without
    waiting for who is at the other end of a pipe."""
    try:
        descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno == errno.ENXIO:  # a FIFO that nobody reads, or a socket
            raise _not_regular() from None
        raise
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return descriptor
    os.close(descriptor)
    raise OSError(errno.EISDIR, os.strerror(errno.EISDIR)) if stat.S_ISDIR(mode) else _not_regular()


def inherited_descriptor(path: Path) -> int | None:
    """Returns which open descriptor a path names, as `/dev/stderr`, `/dev/fd/63` and links to these do; None for any
    other path."""
    with suppress(OSError):  # a link that leads nowhere, or to itself
        while True:
            folder = os.path.realpath(path.parent)
            if folder in ("/dev/fd", f"/proc/{os.getpid()}/fd") and path.name.isdecimal():
                return int(path.name)
            path = Path(folder, os.readlink(path))
    return None


def _not_regular() -> OSError:
    return OSError(errno.EINVAL, "it is not a regular file")


def read_small(path: Path) -> bytes:
    """Read a regular file of at most 8 MB."""
    with open(open_regular(path, os.O_RDONLY), "rb") as file:
        content = file.read(MAX_FILE_SIZE + 1)
    if len(content) > MAX_FILE_SIZE:
        raise OSError(errno.EFBIG, f"it is larger than {MAX_FILE_SIZE >> 20} MB")
    return content


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, as far as they are missing, for their owner alone."""
    if not folder.is_dir():
        make_folder(folder.parent)
        try:
            folder.mkdir(0o700)
        except FileExistsError:
            if not folder.is_dir():  # else somebody was first
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from None


def create(path: Path, text: str) -> None:
    """Write a new file, the whole of it or nothing. Raises FileExistsError."""
    make_empty(path)
    try:
        replace(path, text)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def make_empty(path: Path) -> None:
    """Make a new file for its owner alone. Raises FileExistsError."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def part_of(path: Path) -> Path:
    """Returns where a file is written that is to be put in place of another as a whole."""
    return path.with_name(f".{path.name}.new")


def replace(path: Path, text: str) -> None:
    """Write a file anew. Readers see the old one or the new one, never a part of one; mode and owner stay."""
    new = part_of(path)
    new.unlink(missing_ok=True)  # left by a copy that was killed
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            if path.exists():
                before = path.stat()
                try:
                    os.fchown(descriptor, before.st_uid, before.st_gid)
                except OSError:  # only root may give files away
                    if foreign := _foreign_owner(before):
                        # What another user wrote would be taken for one's own from then on.
                        raise OSError(errno.EPERM, f"it {foreign}") from None
                os.fchmod(descriptor, stat.S_IMODE(before.st_mode))
            file.flush()
            os.fsync(descriptor)
        new.replace(path)
    except BaseException:
        with suppress(OSError):
            new.unlink()
        raise
    with suppress(OSError):  # the file is whole either way; this only makes the new name last through a power cut
        _sync(path.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(path: Path, flags: int, within: float) -> Iterator[None]:
    """Hold the lock of a file or folder while the block lasts. A file system without locks stops nobody. Raises
    BlockingIOError where another process holds it for `within` s."""
    descriptor = os.open(path, flags | os.O_CLOEXEC, 0o600)
    try:
        end = time.monotonic() + within
        while not _lock(descriptor):
            if time.monotonic() >= end:
                raise BlockingIOError(errno.EAGAIN, "another process holds its lock")
            time.sleep(_LOOK_EVERY)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


def _is_private_group(gid: int) -> bool:
    """Whether a group is its user's own, as many systems make one for each, with a umask of 002."""
    try:
        user, group = pwd.getpwuid(os.geteuid()), grp.getgrgid(gid)
    except KeyError:
        return False
    return user.pw_gid == gid and group.gr_name == user.pw_name and set(group.gr_mem) <= {user.pw_name}


def _foreign_owner(found: os.stat_result) -> str:
    """Whose a file is that belongs neither to who runs this nor to root, in words; "" where it does."""
    return "" if found.st_uid in (os.geteuid(), 0) else f"belongs to uid {found.st_uid}, and must be yours or root's"


def write_exposure(path: Path) -> str:
    """Who else could have written a file, with what to do about it; "" where only its owner, who runs this, and root
    can. Whoever may write the folder may put another file in its place."""
    real = Path(os.path.realpath(path))
    for each in (real, path.parent, real.parent):
        found = each.stat()
        if foreign := _foreign_owner(found):
            return f"{each} {foreign}"
        safe = stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX  # as /tmp: only owners replace files there
        others = stat.S_IWOTH | (0 if _is_private_group(found.st_gid) else stat.S_IWGRP)
        if found.st_mode & others and not safe:
            return f"others can write {each}: chmod go-w {shlex.quote(str(each))}"
    return ""
