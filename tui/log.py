"""The log: one JSON object a line, without the key. Logging is configured here and nowhere else.

All records of the program and its libraries go to the file of `--log`, or nowhere. Without this, Python would print
tracebacks of background tasks and threads over the screen.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
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

_MIN_INTERVAL = 1.0  # s between records of one kind
_MAX_KINDS = 256
_MAX_QUEUED = 10_000  # lines not yet written
_CLOSE_TIMEOUT = 0.5  # s
_log = logging.getLogger(__name__)


@contextlib.contextmanager
def logging_to(path: Path | None, *, inherited: bool = False) -> Iterator[LogFile | None]:
    """Send all records to a file, or nowhere, until the end of the block; `inherited` as in LogFile. Raises UsageError
    if the file cannot be opened."""
    file = LogFile(path, inherited=inherited) if path is not None else None
    handler = file or logging.NullHandler()
    root = logging.getLogger()
    before = root.level, logging.raiseExceptions, threading.excepthook, sys.unraisablehook
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    # At DEBUG websockets logs every header, the key included.
    logging.getLogger("websockets").setLevel(logging.INFO)
    logging.raiseExceptions = False  # logging would print its own errors over the screen
    threading.excepthook = _log_thread_exception
    sys.unraisablehook = _log_unraisable
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
    """A handler that appends lines to a regular file or the null device; with `inherited` also to an open descriptor
    that the path names, of whatever type.

    Its own thread writes, so that a hanging disk or a pipe without a reader blocks nothing else. What cannot be
    written, for example on a full disk, is lost: `trouble` is the reason of the first failure, "" without one, and
    `on_trouble` is called then, from any thread. Raises UsageError if the file cannot be opened.
    """

    def __init__(self, path: Path, *, inherited: bool = False) -> None:
        super().__init__()
        self.trouble = ""
        self.on_trouble: Callable[[], object] = lambda: None
        self._path = path
        self._is_cut = False  # whether the last line of the file is incomplete
        self._lines: SimpleQueue[str | None] = SimpleQueue()
        try:
            self._file = _open_for_append(path, inherited)
        except OSError as error:
            raise UsageError(f"cannot write the log {path}: {reason(error)}") from None
        self.setFormatter(JsonLines())
        self.addFilter(RateFilter())
        self._thread = threading.Thread(target=self._write_lines, name="log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except Exception:
            self.handleError(record)
            return
        if self._lines.qsize() < _MAX_QUEUED:
            self._lines.put(line)
        else:
            self._fail("the disk does not take it")

    def _write_lines(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                left = f"{chr(10) * self._is_cut}{line}\n".encode()
                while left:
                    written = os.write(self._file, left)
                    left = left[written:]
                    self._is_cut = bool(left)
            except OSError as error:
                self._fail(reason(error))

    def _fail(self, why: str) -> None:
        if not self.trouble:
            self.trouble = f"the log {self._path} is not whole: {why}"
            self.on_trouble()

    def close(self) -> None:
        super().close()
        self._lines.put(None)
        self._thread.join(_CLOSE_TIMEOUT)
        if self._thread.is_alive():
            self._fail("the disk does not answer")
        else:
            with contextlib.suppress(OSError):
                os.close(self._file)


def _open_for_append(path: Path, inherited: bool) -> int:
    """Returns a descriptor open for appending. Raises OSError."""
    if inherited and (descriptor := inherited_descriptor(path)) is not None:
        # Duplicated, not reopened: a socket cannot be, and a file would get a second write position.
        if fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        return os.dup(descriptor)
    # Not a pipe, whose open blocks until it has a reader, nor a terminal, which shows the dashboard.
    open_ = os.open if path == Path(os.devnull) else open_regular
    return open_(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC)


class JsonLines(logging.Formatter):
    """A formatter for `{"time": …, "level": …, "logger": …, "message": …}`; an exception adds its traceback, without
    locals, as `exception`. Texts pass `redact` before they are quoted, because quoting could hide a key from it."""

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
        import json  # slow to import, and few starts need it

        return json.dumps(entry)  # in ASCII, whatever came from outside


class RateFilter(logging.Filter):
    """A filter that passes records of one `kind` (`extra={"kind": …}`) once a second, so that a flood of malformed
    messages does not fill the disk. The next record of the kind says how many were dropped."""

    def __init__(self) -> None:
        super().__init__()
        self._kinds: dict[tuple[str, str], tuple[float, int]] = {}  # when one passed, and how many were dropped since

    def filter(self, record: logging.LogRecord) -> bool:
        kind = getattr(record, "kind", None)
        if kind is None:
            return True
        key, now = (record.name, str(kind)), time.monotonic()
        passed_at, dropped = self._kinds.get(key, (-_MIN_INTERVAL, 0))
        if now - passed_at < _MIN_INTERVAL:
            self._kinds[key] = (passed_at, dropped + 1)
            return False
        if len(self._kinds) >= _MAX_KINDS:
            self._kinds.clear()
        self._kinds[key] = (now, 0)
        if dropped:
            record.msg = f"{record.msg} (and {dropped} more before)"
        return True


def _log_thread_exception(args: threading.ExceptHookArgs) -> None:
    if isinstance(args.exc_value, OSError) and args.exc_value.errno == errno.EIO:
        _log.info("the terminal is gone")  # no fault of the program: its writing thread is the first to notice
    elif args.exc_value is not None:
        name = args.thread.name if args.thread is not None else "unknown"
        _log.error("thread %s failed", name, exc_info=args.exc_value)


def _log_unraisable(args: sys.UnraisableHookArgs) -> None:
    if args.exc_value is not None:
        _log.error("%s", args.err_msg or "an exception that nobody could catch", exc_info=args.exc_value)
