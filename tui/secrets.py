"""The key (API token): where it is found, and how it is kept secret.

The key is never a command line argument (arguments are public in `ps`) and is removed from the environment once read,
so that no child process inherits it and none reads it from its parent's environment. What remains is the memory of this
process, of which no core file is written.
"""

from __future__ import annotations

import os
import resource
import select
import shlex
import stat
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from tui.errors import UsageError, reason
from tui.files import read_small
from tui.symbol import sanitize

TOKEN_VARIABLE = "ITICK_TOKEN"
REDACTED = "[key]"
_COMMAND_TIMEOUT = 60.0  # s: a password manager may ask for its own password first
_WRITER_TIMEOUT = 5.0  # s without a process that has the pipe open for writing
_MAX_OUTPUT = 65_536  # bytes of a pipe or command: far more than any key
_POLL_INTERVAL = 0.05  # s
_MIN_LENGTH = 6  # characters: a shorter key is no secret (the demo exchange accepts any), and occurs in ordinary words

_known: set[str] = set()  # every spelling of every key that was read, which `redact` removes
_known_bytes: set[bytes] = set()  # the same, encoded


class Token:
    """A key whose text only `reveal` returns; `str` and `repr` hide it."""

    __slots__ = ("_key",)

    def __init__(self, key: str) -> None:
        self._key = key

    def reveal(self) -> str:
        """Returns the key itself."""
        return self._key

    def __repr__(self) -> str:
        return "Token(…)"

    __str__ = __repr__


class FoundToken(NamedTuple):
    """A key, the place it was found in (worded to follow "in"), and a warning if others can read it there, else ""."""

    token: Token
    place: str
    warning: str = ""


def find_token(file: Path | None, command: Sequence[str]) -> FoundToken | None:
    """Returns the key from the file, else from ITICK_TOKEN, else from what the command prints; None without any of
    them. It is removed from the environment. Raises UsageError if what is found is no key."""
    if file is not None:
        forget_environment()
        return FoundToken(read_file(file), f"the file {file}", permission_warning(file))
    if (token := take_from_environment()) is not None:
        return FoundToken(token, TOKEN_VARIABLE)
    return FoundToken(ask_command(command), f"what token_command ('{command[0]}') prints") if command else None


def take_from_environment() -> Token | None:
    """Remove ITICK_TOKEN from the environment; returns it, None if it is unset or empty.

    Raises UsageError if it cannot be a key.
    """
    key = _pop_from_environment()
    return _checked_token(key, TOKEN_VARIABLE) if key else None


def forget_environment() -> None:
    """Remove ITICK_TOKEN from the environment, whatever it holds."""
    if key := _pop_from_environment():
        _remember(key)


def _pop_from_environment() -> str:
    if TOKEN_VARIABLE in os.environ:
        with suppress(ImportError, OSError):  # a Python without ctypes
            _overwrite(TOKEN_VARIABLE)
    return os.environ.pop(TOKEN_VARIABLE, "").strip()


def _overwrite(variable: str) -> None:
    """Overwrite the value with zeros in the memory the process was started with: /proc/PID/environ and `ps e` read
    that, also after the variable was removed."""
    import ctypes  # slow to import, and few starts need it

    getenv = ctypes.CDLL(None).getenv
    getenv.restype = ctypes.c_void_p
    if value := getenv(variable.encode()):
        ctypes.memset(value, 0, len(ctypes.string_at(value)))


def read_file(path: Path) -> Token:
    """Returns the key from a file that holds nothing else. Raises UsageError if there is none."""
    try:
        key = (_read_pipe(path) if path.is_fifo() else read_small(path)).decode().strip()
    except OSError as error:
        raise UsageError(f"cannot read the key from {path}: {reason(error)}") from None
    except UnicodeDecodeError:
        raise UsageError(f"cannot read the key from {path}: it is not a text file") from None
    if not key:
        raise UsageError(f"the key file {path} is empty: put the key from your iTick account into it")
    return _checked_token(key, f"the key file {path}")


def _read_pipe(path: Path) -> bytes:
    """Returns the content of a pipe, as from `<(pass itick)`. Raises UsageError after the time-outs above."""
    content = b""
    start = time.monotonic()
    with open(path, "rb", buffering=0, opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as pipe:
        while len(content) <= _MAX_OUTPUT:
            part = pipe.read(_MAX_OUTPUT)
            if part:
                content += part
                continue
            has_writer = part is None  # would block
            if content and not has_writer:
                break
            waited = time.monotonic() - start
            if waited > (_COMMAND_TIMEOUT if has_writer else _WRITER_TIMEOUT):
                raise UsageError(f"no key came through the pipe {path} within {waited:.0f} s")
            time.sleep(_POLL_INTERVAL)
    return content


def ask_command(command: Sequence[str]) -> Token:
    """Run the person's command without a shell; returns the key that it prints. It may use the terminal for its own
    questions. Raises UsageError, which names only the program and not its arguments, if it prints no key."""
    name = f"token_command: '{command[0]}'"
    environment = {variable: value for variable, value in os.environ.items() if variable != TOKEN_VARIABLE}
    try:
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
            try:
                printed = _read_output(process)
            finally:
                process.kill()  # no effect once it has ended
        key = printed.decode().strip()
    except OSError as error:
        raise UsageError(f"{name} cannot be run: {reason(error)}") from None
    except subprocess.TimeoutExpired:
        raise UsageError(f"{name} gave no key within {_COMMAND_TIMEOUT:.0f} s") from None
    except UnicodeDecodeError:
        raise UsageError(f"{name} does not print a key: that is no text") from None
    except ValueError:
        raise UsageError(f"{name} cannot be run: there is a character in it that no argument may have") from None
    if len(printed) > _MAX_OUTPUT:
        raise UsageError(f"{name} does not print a key: that is more than {_MAX_OUTPUT >> 10} kB")
    if process.returncode:
        raise UsageError(f"{name} ended with code {process.returncode} instead of printing the key")
    if not key:
        raise UsageError(f"{name} printed nothing: it must print the key")
    return _checked_token(key, name)


def _read_output(process: subprocess.Popen[bytes]) -> bytes:
    """Returns what a command prints until it exits, at most a little over _MAX_OUTPUT bytes. It does not wait for the
    end of file: a process left running, as a password manager's agent, may hold the pipe open. Raises
    subprocess.TimeoutExpired."""
    assert process.stdout is not None
    pipe = process.stdout.fileno()
    os.set_blocking(pipe, False)
    printed = b""
    end = time.monotonic() + _COMMAND_TIMEOUT
    while len(printed) <= _MAX_OUTPUT:
        ended = process.poll() is not None
        try:
            part = os.read(pipe, _MAX_OUTPUT)
        except BlockingIOError:
            if ended:
                break
            if time.monotonic() >= end:
                raise subprocess.TimeoutExpired(process.args, _COMMAND_TIMEOUT) from None
            select.select([pipe], (), (), _POLL_INTERVAL)
            continue
        if not part:
            process.wait(max(0.0, end - time.monotonic()))
            break
        printed += part
    return printed


def permission_warning(path: Path) -> str:
    """Returns a warning if others can read the key file, else "". A pipe (`<(…)`) is readable by its owner only."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return ""
    if not stat.S_ISREG(mode) or not mode & (stat.S_IRGRP | stat.S_IROTH):
        return ""
    return f"others can read your key in {path}: chmod 600 {shlex.quote(str(path))}"


def redact(text: str) -> str:
    """Returns the text with REDACTED in place of every known key, in any of its spellings. Logs, reports and text from
    outside pass through it."""
    for spelling in sorted(_known, key=len, reverse=True):
        text = text.replace(spelling, REDACTED)
    return text


def environment_without_key() -> dict[str, str]:
    """Returns the environment for a child process: without the key, and without variables that contain a known one."""
    return {name: value for name, value in os.environ.items() if name != TOKEN_VARIABLE and redact(value) == value}


def holds_key(frame: bytes | bytearray) -> bool:
    """Returns True if a frame contains a key in any of these spellings. Fast enough to call for each frame."""
    return any(spelling in frame for spelling in _known_bytes)


def safe_text(text: str) -> str:
    """Returns text from outside without control characters and without a key. Clip the result, not the argument, or
    half a key may remain."""
    return sanitize(redact(text))


def _remember(key: str) -> None:
    _disable_core_files()
    for word in key.split():
        if len(word) >= _MIN_LENGTH:
            _known.update((word, ascii(word)[1:-1], quote(word, safe="", errors="surrogateescape")))
            _known_bytes.update(spelling.encode(errors="surrogateescape") for spelling in _known)


def _disable_core_files() -> None:
    """Disable core files. With a limit of 0 bytes Linux still pipes the core to a collecting program (`core_pattern`
    with a |), with 1 byte it does not."""
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (1 if hard else 0, hard))


def _checked_token(key: str, source: str) -> Token:
    _remember(key)
    # RFC 9110 §5.5: a field value is visible ASCII; a line break in it would split the header.
    if not all("!" <= c <= "~" for c in key):
        raise UsageError(f"{source} does not hold a key: a key is one word of plain letters, digits and signs")
    return Token(key)
