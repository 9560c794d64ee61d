"""The expected errors, each with a message that a person can act on, and the exit codes.

ItickError             1  any without a code of its own: standard output cannot be written
├── UsageError         2  the command line or a file it names is wrong
├── FeedError             the connection failed
│   ├── KeyRefused     3  the vendor does not accept the key
│   └── NoConnection   4  no live connection within the deadline
└── MalformedMessage      one message of the vendor that cannot be decoded; counted, never fatal

The doctor exits with 1 if a check failed. Any other exception is a fault in the program: 70, and a crash report
(crash.py).
"""

from __future__ import annotations

from typing import Any

EXIT_DONE = 0
EXIT_OUTPUT = 1
EXIT_FAILED = 1  # a check of the doctor
EXIT_USAGE = 2
EXIT_KEY_REFUSED = 3
EXIT_NO_CONNECTION = 4
EXIT_CRASH = 70
EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143
EXIT_HANGUP = 129


class ItickError(Exception):
    """The base of all expected errors. Its text is one or two plain lines for a person."""

    exit_code = EXIT_OUTPUT


class UsageError(ItickError):
    """An error in what the person wrote: an argument, an environment variable or a file."""

    exit_code = EXIT_USAGE


class FeedError(ItickError):
    """A failure of the connection; the text says why. `advice` is what to do about it, "" if unknown."""

    exit_code = EXIT_NO_CONNECTION

    def __init__(self, words: str, *, advice: str = "") -> None:
        super().__init__(words)
        self.advice = advice


class KeyRefused(FeedError):
    """A refusal of the key by the vendor, at the handshake or after it. A retry would not help."""

    exit_code = EXIT_KEY_REFUSED


class NoConnection(FeedError):
    """A deadline that passed without a live connection."""


class HolderLeft(NoConnection):
    """The process whose connection this one shared has left; `why` is in its words."""

    def __init__(self, why: str = "") -> None:
        super().__init__(f"moving to another window{f': {why}' if why else ''}")
        self.why = why


class TakingOver(NoConnection):
    """This process takes the connection over, because of what happened to the one that held it."""

    def __init__(self, cause: HolderLeft | NotShared) -> None:
        why = cause.why if isinstance(cause, HolderLeft) else str(cause)
        super().__init__(f"taking the connection over{f': {why}' if why else ''}")


class NotShared(NoConnection):
    """Another process uses the key, and its connection cannot be joined. `pid` is 0 if the lock file names none, as
    when one that took the key over has left, and the one before it stands still."""

    def __init__(self, pid: int, why: str) -> None:
        holder = f"pid {pid}" if pid else "another itick-tui"
        super().__init__(f"{holder} uses this key and {why}", advice="end it first, or give --take-over")
        self.pid = pid
        self.why = why


class MalformedMessage(ItickError):
    """A message that cannot be decoded.

    `kind` is a short word to count by. `salvaged` holds the messages of the same frame that could be decoded (a frame
    may carry a list).
    """

    def __init__(self, kind: str, detail: str = "", salvaged: tuple[Any, ...] = ()) -> None:
        super().__init__(f"{kind}: {detail}" if detail else kind)
        self.kind = kind
        self.salvaged = salvaged


def reason(error: OSError) -> str:
    """Returns the reason of a system error as the end of a sentence: `permission denied`."""
    words = error.strerror or str(error) or "failed"
    return words[:1].lower() + words[1:]
