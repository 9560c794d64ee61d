"""How other programs on this machine reach a relay: an address on loopback, and a token in a file of the user."""

from __future__ import annotations

import ipaddress
import os
import stat
from pathlib import Path
from typing import NamedTuple

from platformdirs import user_state_path

from tui.errors import UsageError, reason
from tui.files import create, locked, make_folder, open_regular, write_exposure
from tui.secrets import Token, read_file
from tui.symbol import sanitize

_MIN_TOKEN = 32  # characters
_LOCK_TIMEOUT = 2.0  # s
_EXPECTED = "write --listen 127.0.0.1:9011"


class LocalAccess(NamedTuple):
    """An address on loopback, and the token that programs send as the key; it is in the file at `path`."""

    host: str
    port: int
    token: Token
    path: Path

    def url(self, port: int) -> str:
        """Returns the address for programs; `port` is the one that was chosen if that asked for was 0."""
        return f"ws://{self._host}:{port}/fund"

    @property
    def _host(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host

    def __str__(self) -> str:
        return f"{self._host}:{self.port}"


def local_access(address: str) -> LocalAccess:
    """Returns the access at an address as `--listen` has it, `127.0.0.1:9011`. The token file is created once. Raises
    UsageError for an address of which other machines could connect, and for a file that others can read."""
    host, port = _parse(address)
    path = user_state_path("itick-tui") / "relay-token"
    return LocalAccess(host, port, _token(path), path)


def _parse(address: str) -> tuple[str, int]:
    host, colon, port = address.rpartition(":")
    shown = sanitize(address)
    if not colon or not port.isascii() or not port.isdecimal() or int(port) > 65_535:
        raise UsageError(f"'{shown}' is not an address with a port: {_EXPECTED}")
    if host == "localhost":
        return "127.0.0.1", int(port)
    host = host.removeprefix("[").removesuffix("]")
    try:
        is_loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise UsageError(
            f"--listen is for this machine alone, and other machines could reach '{shown}': {_EXPECTED}.\n"
            "To share with other machines: --nats"
        )
    return host, int(port)


def _token(path: Path) -> Token:
    """Returns the token in a file that only its owner can read; a missing one is created. Raises UsageError."""
    try:
        make_folder(path.parent)
        with locked(path.parent, os.O_RDONLY, _LOCK_TIMEOUT):
            if not os.path.lexists(path):
                import secrets

                create(path, secrets.token_urlsafe(32))
        if exposure := _exposure(path):
            raise UsageError(f"the token file {exposure}")
    except OSError as error:
        raise UsageError(f"cannot use the token file {path}: {reason(error)}") from None
    token = read_file(path)
    if len(token.reveal()) < _MIN_TOKEN:
        raise UsageError(f"the token in {path} is too short to be safe: delete the file, and it is made anew")
    return token


def _exposure(path: Path) -> str:
    """Returns why the token in a file is no secret and what to do about it, "" if it is one. Raises OSError."""
    descriptor = open_regular(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        found = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    again = "delete it, and it is made anew"
    if found.st_uid != os.geteuid():
        return f"{path} belongs to uid {found.st_uid}: {again}"
    if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return f"{path} can be read by others (mode {stat.S_IMODE(found.st_mode):04o}): {again}"
    return f"is not safe: {exposure}" if (exposure := write_exposure(path)) else ""
