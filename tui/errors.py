"""Everything that can go wrong on purpose, each with words a person can act on and an exit code of its own.

ItickError             1  what has no code of its own: standard output cannot be written
├── UsageError         2  the command line or a file it names is wrong
├── FeedError             something about the connection
│   ├── KeyRefused     3  the vendor does not accept the key
│   └── NoConnection   4  no live connection within the deadline
└── MalformedMessage      one message of the vendor that cannot be read; counted, never fatal

The doctor ends with 1 where something it looked at failed.
Anything else that is raised is a fault in the program: 70, and a crash report (crash.py).
"""

from __future__ import annotations

from typing import Any

EXIT_DONE = 0
EXIT_OUTPUT = 1
EXIT_FAILED = 1  # something the doctor looked at
EXIT_USAGE = 2
EXIT_KEY_REFUSED = 3
EXIT_NO_CONNECTION = 4
EXIT_CRASH = 70
EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143
EXIT_HANGUP = 129


class ItickError(Exception):
    """The base of all errors of this program. Its text is one or two plain lines for a person."""

    exit_code = EXIT_OUTPUT


class UsageError(ItickError):
    """The person asked for something that cannot be done as written."""

    exit_code = EXIT_USAGE


class FeedError(ItickError):
    """The connection failed; the text says why. `advice` is what to do about it, where that is known."""

    exit_code = EXIT_NO_CONNECTION

    def __init__(self, words: str, *, advice: str = "") -> None:
        super().__init__(words)
        self.advice = advice


class KeyRefused(FeedError):
    """The vendor refused the key, at the handshake or after it. Trying again would not help."""

    exit_code = EXIT_KEY_REFUSED


class NoConnection(FeedError):
    """No live connection was had in the time allowed."""


class MalformedMessage(ItickError):
    """A message that cannot be read.

    `kind` is a short word to count by. `salvaged` holds the messages of the same frame that could be read
    (a frame may carry a list).
    """

    def __init__(self, kind: str, detail: str = "", salvaged: tuple[Any, ...] = ()) -> None:
        super().__init__(f"{kind}: {detail}" if detail else kind)
        self.kind = kind
        self.salvaged = salvaged


def reason(error: OSError) -> str:
    """Why the system refused, in words that end a line: `permission denied`."""
    words = error.strerror or str(error) or "failed"
    return words[:1].lower() + words[1:]
