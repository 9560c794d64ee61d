"""The log: one JSON object a line, and no key in it. The one place where logging is set up.

Whatever the program and its libraries have to say goes through `logging` and ends here: in the file of `--log`, or
nowhere. Without this, Python would print tracebacks of stray tasks and threads over the screen.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue

from tui import __version__
from tui.errors import ItickError, UsageError, reason
from tui.files import inherited_descriptor, open_regular
from tui.secrets import redact

_ONCE_IN = 1.0  # s
_KINDS = 256
_WAITING = 10_000  # lines that a slow disk has not taken
_CLOSE_WITHIN = 0.5  # s
_log = logging.getLogger(__name__)


@contextlib.contextmanager
def logging_to(path: Path | None, *, inherited: bool = False) -> Iterator[LogFile | None]:
    """Send all logging to a file, or nowhere, until the end of the block; `inherited` as in LogFile. Raises UsageError
    where the file cannot be written."""
    file = LogFile(path, inherited=inherited) if path is not None else None
    handler = file or logging.NullHandler()
    root = logging.getLogger()
    before = root.level, logging.raiseExceptions, threading.excepthook, sys.unraisablehook
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    # At DEBUG websockets logs every header, and with them the key.
    logging.getLogger("websockets").setLevel(logging.INFO)
    logging.raiseExceptions = False  # a full disk is no reason to write over the screen
    threading.excepthook = _thread_failed
    sys.unraisablehook = _unraisable
    _log.info("itick-tui %s starts", __version__)
    try:
        yield file
    except ItickError as error:
        _log.error("ends: %s", error)
        raise
    except Exception:
        _log.critical("ends by a fault in the program", exc_info=True)
        raise
    except BaseException as error:
        _log.info("ends: %s", type(error).__name__)
        raise
    else:
        _log.info("ends")
    finally:
        root.removeHandler(handler)
        handler.close()
        level, logging.raiseExceptions, threading.excepthook, sys.unraisablehook = before
        root.setLevel(level)


class LogFile(logging.Handler):
    """Adds lines to a regular file, or to the null device; where `inherited` allows it also to a descriptor that the
    path names, whatever that leads to. What cannot be written, on a full disk for example, is lost: `trouble` says
    why it was the first time, and `on_trouble` is called then (from any thread). A thread of its own writes: a disk
    that hangs, or a pipe that nobody reads, keeps nothing else waiting.

    Raises UsageError where the file cannot be opened."""

    def __init__(self, path: Path, *, inherited: bool = False) -> None:
        super().__init__()
        self.trouble = ""
        self.on_trouble: Callable[[], object] = lambda: None
        self._path = path
        self._broken = False  # whether the last line in the file is a part of one
        self._lines: SimpleQueue[str | None] = SimpleQueue()
        try:
            self._file = _opened(path, inherited)
        except OSError as error:
            raise UsageError(f"cannot write the log {path}: {reason(error)}") from None
        self.setFormatter(JsonLines())
        self.addFilter(OnceASecond())
        self._thread = threading.Thread(target=self._write_lines, name="log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except Exception:
            self.handleError(record)
            return
        if self._lines.qsize() < _WAITING:
            self._lines.put(line)
        else:
            self._fail("the disk does not take it")

    def _write_lines(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                left = f"{chr(10) * self._broken}{line}\n".encode()
                while left:
                    written = os.write(self._file, left)
                    left = left[written:]
                    self._broken = bool(left)
            except OSError as error:
                self._fail(reason(error))

    def _fail(self, why: str) -> None:
        if not self.trouble:
            self.trouble = f"the log {self._path} is not whole: {why}"
            self.on_trouble()

    def close(self) -> None:
        super().close()
        self._lines.put(None)
        self._thread.join(_CLOSE_WITHIN)
        if self._thread.is_alive():
            self._fail("the disk does not answer")
        else:
            with contextlib.suppress(OSError):
                os.close(self._file)


def _opened(path: Path, inherited: bool) -> int:
    """Open for writing at the end. Raises OSError."""
    if inherited and (descriptor := inherited_descriptor(path)) is not None:
        # Not opened anew: a socket cannot be, and a file would be written at two places.
        if fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        return os.dup(descriptor)
    # Opening a pipe waits for whoever is at its other end, and on a terminal is the dashboard.
    to = os.open if path == Path(os.devnull) else open_regular
    return to(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC)


class JsonLines(logging.Formatter):
    """`{"time": …, "level": …, "logger": …, "message": …}`; an exception adds its traceback, without locals, as
    `exception`. Every text passes `redact` before it is quoted, for quoting could hide a key from it."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC)
        entry = {
            "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        if record.exc_info:
            entry["exception"] = redact(self.formatException(record.exc_info))
        return json.dumps(entry)  # in ASCII, whatever came from outside


class OnceASecond(logging.Filter):
    """Lets records of one `kind` (`extra={"kind": …}`) pass once a second: a storm of bad messages is not to fill the
    disk. The next line of the kind says how many were left out."""

    def __init__(self) -> None:
        super().__init__()
        self._kinds: dict[tuple[str, str], tuple[float, int]] = {}  # when one passed, and how many did not since

    def filter(self, record: logging.LogRecord) -> bool:
        kind = getattr(record, "kind", None)
        if kind is None:
            return True
        key, now = (record.name, str(kind)), time.monotonic()
        passed, left_out = self._kinds.get(key, (-_ONCE_IN, 0))
        if now - passed < _ONCE_IN:
            self._kinds[key] = (passed, left_out + 1)
            return False
        if len(self._kinds) >= _KINDS:
            self._kinds.clear()
        self._kinds[key] = (now, 0)
        if left_out:
            record.msg = f"{record.msg} (and {left_out} more before)"
        return True


def _thread_failed(args: threading.ExceptHookArgs) -> None:
    if isinstance(args.exc_value, OSError) and args.exc_value.errno == errno.EIO:
        _log.info("the terminal is gone")  # as it does, and no fault: the one who writes to it is the first to notice
    elif args.exc_value is not None:
        name = args.thread.name if args.thread is not None else "unknown"
        _log.error("thread %s failed", name, exc_info=args.exc_value)


def _unraisable(args: sys.UnraisableHookArgs) -> None:
    if args.exc_value is not None:
        _log.error("%s", args.err_msg or "an exception that nobody could catch", exc_info=args.exc_value)
