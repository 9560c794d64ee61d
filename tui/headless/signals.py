"""The signals that end a program without a screen."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

from tui.errors import EXIT_HANGUP, EXIT_INTERRUPTED, EXIT_TERMINATED

_EXITS = {signal.SIGINT: EXIT_INTERRUPTED, signal.SIGTERM: EXIT_TERMINATED, signal.SIGHUP: EXIT_HANGUP}


def on_signals(loop: asyncio.AbstractEventLoop, end: Callable[[int], None]) -> None:
    """Have `end` called with the exit code of a signal, from now on."""
    for number, code in _EXITS.items():
        # Started by nohup it goes on without a terminal.
        if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, end, code)
