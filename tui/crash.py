"""Crash reports: a fault of the program leaves a report in a file, and never a traceback on the terminal."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from platformdirs import user_state_path

from tui import __version__
from tui.errors import UsageError, reason
from tui.files import make_folder
from tui.folders import check_home
from tui.secrets import safe_text


def write_report(error: BaseException) -> Path:
    """Write a report into the state folder, readable by its owner alone; returns its path. It holds no locals and no
    key. Raises OSError if it cannot be written, UsageError if the user has no folder for it."""
    now = datetime.now(UTC)
    columns, lines = shutil.get_terminal_size()
    report = (
        f"itick-tui {__version__}, {now:%Y-%m-%d %H:%M:%S} UTC",
        f"Python {platform.python_version()}, {platform.platform()}",
        f"terminal {columns}×{lines}, {os.environ.get('TERM', 'unknown')}",
        "",
        *"".join(traceback.format_exception(error)).splitlines(),
    )
    check_home()
    folder = user_state_path("itick-tui")
    make_folder(folder)
    path = folder / f"crash-{now:%Y%m%dT%H%M%SZ}-{os.getpid()}.txt"
    text = "".join(f"{safe_text(line)}\n" for line in report)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8", errors="replace") as f:
        f.write(text)
    return path


def words(error: BaseException) -> str:
    """Write the report; returns two lines for a person: what happened, and where the report is."""
    kind = type(error).__name__
    try:
        where = f"a report without your key is in {write_report(error)}"
    except (OSError, UsageError) as failure:
        where = f"no report could be written: {reason(failure) if isinstance(failure, OSError) else failure}"
    return f"a fault in the program ({kind}): it had to stop\n{where}"


def catch_callbacks(loop: asyncio.AbstractEventLoop, fault: Callable[[Exception], object]) -> None:
    """Pass exceptions of the loop's callbacks (timers, signal handlers) to `fault`. By itself asyncio would log them
    and go on, with a screen that is never drawn again.

    A callback of a transport or its protocol belongs to one connection, which does not outlive it: the user of that
    connection gets an error of its own, and the exception is only logged."""

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if "handle" in context and isinstance(error, Exception) and not _is_of_connection(error):
            fault(error)
        else:
            loop.default_exception_handler(context)

    loop.set_exception_handler(handle)


def _is_of_connection(error: Exception) -> bool:
    """Returns True if a callback of the loop that failed is a method of a transport or a protocol."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]  # the first is asyncio's own, of its handle
    return len(frames) > 1 and isinstance(frames[1].f_locals.get("self"), asyncio.BaseTransport | asyncio.BaseProtocol)
