"""The key: where it is found, and how it is kept from being shown.

The key is never an argument of a command (arguments are public in `ps`) and leaves the environment as soon as it has
been read, so that no child process inherits it and none finds it in its parent's. What remains is the memory of this
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
_COMMAND_WITHIN = 60.0  # s: a password manager may ask for its own password first
_WRITER_WITHIN = 5.0  # s: as long as nobody has the pipe open that the key is to come through
_LONGEST = 65_536  # bytes of what comes through it, or a command prints: far more than any key
_LOOK_EVERY = 0.05  # s: whether more came
_LEAST = 6  # characters: a shorter key is no secret (the demo exchange takes any), and stands in ordinary words

_known: set[str] = set()  # every spelling of every key that was read: what `redact` removes
_known_bytes: set[bytes] = set()  # the same


class Token:
    """A key that shows itself only to whoever asks for it by name."""

    __slots__ = ("_key",)

    def __init__(self, key: str) -> None:
        self._key = key

    def reveal(self) -> str:
        return self._key

    def __repr__(self) -> str:
        return "Token(…)"

    __str__ = __repr__


class FoundToken(NamedTuple):
    """A key, where it was found in words that go on after "in", and a warning where others can read it there."""

    token: Token
    place: str
    warning: str = ""


def find_token(file: Path | None, command: Sequence[str]) -> FoundToken | None:
    """The key in the file, else in ITICK_TOKEN, else as the command prints it; None where there is none of them. The
    environment does not hold it afterwards. Raises UsageError where what is found is no key."""
    if file is not None:
        forget_environment()
        return FoundToken(read_file(file), f"the file {file}", permission_warning(file))
    if (token := take_from_environment()) is not None:
        return FoundToken(token, TOKEN_VARIABLE)
    return FoundToken(ask_command(command), f"what token_command ('{command[0]}') prints") if command else None


def take_from_environment() -> Token | None:
    """Read ITICK_TOKEN and remove it from the environment. None where it is unset or empty.

    Raises UsageError where it cannot be a key.
    """
    key = _taken_from_environment()
    return _checked(key, TOKEN_VARIABLE) if key else None


def forget_environment() -> None:
    """Remove ITICK_TOKEN from the environment where it is not wanted, whatever it holds."""
    if key := _taken_from_environment():
        _remember(key)


def _taken_from_environment() -> str:
    if TOKEN_VARIABLE in os.environ:
        with suppress(ImportError, OSError):  # a Python that can load no libraries
            _overwrite(TOKEN_VARIABLE)
    return os.environ.pop(TOKEN_VARIABLE, "").strip()


def _overwrite(variable: str) -> None:
    """Fill the value with zeros where the process got it at its start: /proc/PID/environ and `ps e` read that memory,
    whatever is removed from the environment later."""
    import ctypes  # slow to load, and few starts need it

    getenv = ctypes.CDLL(None).getenv
    getenv.restype = ctypes.c_void_p
    if value := getenv(variable.encode()):
        ctypes.memset(value, 0, len(ctypes.string_at(value)))


def read_file(path: Path) -> Token:
    """Read the key from a file that holds nothing else. Raises UsageError where there is none."""
    try:
        key = (_read_pipe(path) if path.is_fifo() else read_small(path)).decode().strip()
    except OSError as error:
        raise UsageError(f"cannot read the key from {path}: {reason(error)}") from None
    except UnicodeDecodeError:
        raise UsageError(f"cannot read the key from {path}: it is not a text file") from None
    if not key:
        raise UsageError(f"the key file {path} is empty: put the key from your iTick account into it")
    return _checked(key, f"the key file {path}")


def _read_pipe(path: Path) -> bytes:
    """All that comes through a pipe, as from `<(pass itick)`, without waiting for ever for somebody to write."""
    read = b""
    begun = time.monotonic()
    with open(path, "rb", buffering=0, opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as pipe:
        while len(read) <= _LONGEST:
            part = pipe.read(_LONGEST)
            if part:
                read += part
                continue
            writing = part is None  # somebody has it open
            if read and not writing:
                break
            waited = time.monotonic() - begun
            if waited > (_COMMAND_WITHIN if writing else _WRITER_WITHIN):
                raise UsageError(f"no key came through the pipe {path} within {waited:.0f} s")
            time.sleep(_LOOK_EVERY)
    return read


def ask_command(command: Sequence[str]) -> Token:
    """Run a command of the person's, without a shell, and take the key from what it prints. It may ask its own
    questions on the terminal. Raises UsageError where it gives none; of the command only its name is told."""
    name = f"token_command: '{command[0]}'"
    environment = {variable: value for variable, value in os.environ.items() if variable != TOKEN_VARIABLE}
    try:
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
            try:
                printed = _printed(process)
            finally:
                process.kill()  # nothing, where it has ended
        key = printed.decode().strip()
    except OSError as error:
        raise UsageError(f"{name} cannot be run: {reason(error)}") from None
    except subprocess.TimeoutExpired:
        raise UsageError(f"{name} gave no key within {_COMMAND_WITHIN:.0f} s") from None
    except UnicodeDecodeError:
        raise UsageError(f"{name} does not print a key: that is no text") from None
    except ValueError:
        raise UsageError(f"{name} cannot be run: there is a character in it that no argument may have") from None
    if len(printed) > _LONGEST:
        raise UsageError(f"{name} does not print a key: that is more than {_LONGEST >> 10} kB")
    if process.returncode:
        raise UsageError(f"{name} ended with code {process.returncode} instead of printing the key")
    if not key:
        raise UsageError(f"{name} printed nothing: it must print the key")
    return _checked(key, name)


def _printed(process: subprocess.Popen[bytes]) -> bytes:
    """All that a command prints until it ends; of far more than any key only the beginning. What it leaves running, as
    an agent of a password manager, may hold its output open."""
    assert process.stdout is not None
    pipe = process.stdout.fileno()
    os.set_blocking(pipe, False)
    printed = b""
    end = time.monotonic() + _COMMAND_WITHIN
    while len(printed) <= _LONGEST:
        ended = process.poll() is not None
        try:
            part = os.read(pipe, _LONGEST)
        except BlockingIOError:
            if ended:
                break
            if time.monotonic() >= end:
                raise subprocess.TimeoutExpired(process.args, _COMMAND_WITHIN) from None
            select.select([pipe], (), (), _LOOK_EVERY)
            continue
        if not part:
            process.wait(max(0.0, end - time.monotonic()))
            break
        printed += part
    return printed


def permission_warning(path: Path) -> str:
    """A warning where others can read the key file; "" where all is well. A pipe (`<(…)`) is nobody else's to read."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return ""
    if not stat.S_ISREG(mode) or not mode & (stat.S_IRGRP | stat.S_IROTH):
        return ""
    return f"others can read your key in {path}: chmod 600 {shlex.quote(str(path))}"


def redact(text: str) -> str:
    """The text without any key that was read, however it is spelled there: what is written to logs and reports, and
    what is shown of text from outside, passes here."""
    for spelling in sorted(_known, key=len, reverse=True):
        text = text.replace(spelling, REDACTED)
    return text


def holds_key(frame: bytes | bytearray) -> bool:
    """Whether a key stands in it, in any of these spellings. Quick enough for every message."""
    return any(spelling in frame for spelling in _known_bytes)


def safe_text(text: str) -> str:
    """Text from outside as it may be shown: nothing in it that a terminal would obey, and no key. Clip it after this,
    not before, or half a key may be left."""
    return sanitize(redact(text))


def _remember(key: str) -> None:
    _write_no_core()
    for word in key.split():
        if len(word) >= _LEAST:
            _known.update((word, ascii(word)[1:-1], quote(word, safe="", errors="surrogateescape")))
            _known_bytes.update(spelling.encode(errors="surrogateescape") for spelling in _known)


def _write_no_core() -> None:
    """From now on a crash leaves no core file. With a limit of 0 bytes Linux still hands one to a program that collects
    them (`core_pattern` with a |), with 1 byte it does not."""
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (1 if hard else 0, hard))


def _checked(key: str, source: str) -> Token:
    _remember(key)
    # A header value: one line of visible ASCII. Anything else could never be sent, or would split the header.
    if not all("!" <= c <= "~" for c in key):
        raise UsageError(f"{source} does not hold a key: a key is one word of plain letters, digits and signs")
    return Token(key)
