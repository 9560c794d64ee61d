"""This machine: what is installed, the terminal, the config file, folders, and where the key is."""

from __future__ import annotations

import locale
import os
import re
import ssl
import sys
import tempfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from platformdirs import user_cache_path, user_state_path

from tui.config.file import ConfigFile
from tui.config.settings import Settings
from tui.doctor.checks import Check, Found, Status
from tui.errors import reason
from tui.feed.endpoint import VENDOR_URL, check_rest_url, check_url, host_of
from tui.format import UNKNOWN, count
from tui.history.store import StoreError, default_store_path, is_sound
from tui.secrets import Token, find_token, forget_environment
from tui.threads import run_in_thread

_SMALLEST = (60, 20)  # cells: the least in which a list and something beside it find room
_DEEP = ("truecolor", "24bit")


class Machine:
    """The steps that need no network. As they are taken they find the settings, the address (else "") and the key.
    `url` and `token_file` are those of the command line; `demo` is the address of an exchange of our own."""

    def __init__(
        self, file: ConfigFile, url: str | None = None, token_file: Path | None = None, *, demo: str = ""
    ) -> None:
        self._file = file
        self._demo = demo
        self._given = url
        self._token_file = token_file
        self.settings: Settings | None = None
        self.url = ""
        self.rest = ""
        self.token: Token | None = None

    def checks(self) -> list[Check]:
        return [
            Check("python", self._python),
            Check("terminal", self._terminal),
            Check("config", self._config, advice="put that line right, or move the file away and begin anew"),
            Check("folders", self._folders),
            Check("history", self._history),
            Check(
                "address",
                self._address,
                needs=() if self._given or self._demo else ("config",),
                advice="write the setting url as wss://HOST/fund, and rest_url as https://HOST",
            ),
            Check(
                "key",
                self._key,
                needs=() if self._token_file or self._demo or "ITICK_TOKEN" in os.environ else ("config",),
                advice="take the key from your iTick account",
            ),
        ]

    async def _python(self) -> Found:
        versions = {name: _version(name) for name in _required()}
        words = [f"{name} {version}" for name, version in versions.items() if version]
        found = ", ".join([*words, " ".join(ssl.OPENSSL_VERSION.split()[:2])])
        if missing := [name for name, version in versions.items() if not version]:
            return Found(
                f"not installed: {', '.join(missing)}", "install itick-tui anew, with pip install", Status.FAIL
            )
        try:
            ZoneInfo("America/New_York")
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return Found(f"{found}; no time zones", "pip install tzdata", Status.FAIL)
        return Found(found)

    async def _terminal(self) -> Found:
        return terminal(
            next((file.fileno() for file in (sys.stdout, sys.stderr, sys.stdin) if file and file.isatty()), None),
            os.environ,
            locale.getpreferredencoding(False),
        )

    async def _config(self) -> Found:
        self.settings = self._file.read()
        path = self._file.path
        if not path.exists():
            return Found(f"none at {path}: everything is as it comes")
        lists = self.settings.lists
        symbols = {symbol for symbols in lists.values() for symbol in symbols}
        words = f"{path}, {count(len(lists), 'list')}, {count(len(symbols), 'symbol')}"
        if self._file.command_warning or (warning := self._file.permission_warning()):
            return Found(words, self._file.command_warning or warning, Status.WARN)
        return Found(words)

    async def _folders(self) -> Found:
        folders = {
            "config": self._file.path.parent,
            "state": user_state_path("itick-tui"),
            "cache": user_cache_path("itick-tui"),
        }
        told, bad = [], []
        for name, folder in folders.items():
            if problem := _unwritable(folder):
                bad.append(f"{name} {folder}: {problem}")
            else:
                told.append(f"{name} {folder}")
        if bad:
            return Found(
                "cannot be written: " + "; ".join(bad),
                "what is to be kept there is lost: make the folder yours to write",
                Status.WARN,
            )
        return Found("can be written: " + ", ".join(told))

    async def _history(self) -> Found:
        path = default_store_path(demo=bool(self._demo))
        if not _is_there(path):
            return Found("none kept yet")
        try:
            sound = is_sound(path)
        except StoreError as error:
            return Found(
                str(error), "nothing is kept there: is the disk well, and the file yours to write?", Status.WARN
            )
        if not sound:
            return Found(
                f"{path} is damaged, or none of ours",
                "nothing to do: the next start moves it aside and begins anew",
                Status.WARN,
            )
        return Found(f"{path}, {path.stat().st_size / 1e6:.1f} MB, whole")

    async def _address(self) -> Found:
        if self._demo:
            self.url = self._demo
            return Found(f"{host_of(self._demo)}, the demo exchange")
        ours = self.settings.url if self.settings else ""
        self.url = check_url(self._given or ours or VENDOR_URL)
        source = "from --url" if self._given else "from the config file" if ours else "the vendor's own"
        if self.settings and self.settings.rest_url and not self._given:
            self.rest = check_rest_url(self.settings.rest_url)
            return Found(f"{host_of(self.url)}, {source}, and for REST {host_of(self.rest)}")
        return Found(f"{host_of(self.url)}, {source}")

    async def _key(self) -> Found:
        if self._demo:
            forget_environment()
            self.token = Token("demo")
            return Found("the demo needs none")
        command = self.settings.token_command if self.settings else ()
        key = await run_in_thread(find_token, self._token_file, command)  # so long a signal is heard
        if key is None:
            return Found(
                "none: neither --token-file nor ITICK_TOKEN nor the setting token_command gives one",
                "put it into ITICK_TOKEN, or into a file named by --token-file",
                Status.FAIL,
            )
        self.token = key.token
        if key.warning:
            return Found(f"in {key.place}", key.warning, Status.WARN)
        return Found(f"in {key.place}")


def terminal(file: int | None, environment: Mapping[str, str], encoding: str) -> Found:
    """What a terminal can do. `file` is one of ours that is a terminal, `encoding` what the locale says."""
    if file is None:
        return Found("not run in one", "run it in the terminal itself to have it looked at", Status.SKIPPED)
    columns, lines = os.get_terminal_size(file)
    term = environment.get("TERM", "")
    colours = _colours(term, environment)
    where = [name for name, variable in (("tmux", "TMUX"), ("SSH", "SSH_CONNECTION")) if environment.get(variable)]
    words = f"{columns}×{lines}, {colours}, {encoding}, TERM {term or UNKNOWN}" + "".join(f", in {w}" for w in where)
    if term in ("", "dumb"):
        return Found(words, "nothing can be drawn on it: set TERM, to xterm-256color for example", Status.FAIL)
    if encoding.lower().replace("-", "") != "utf8":
        return Found(words, "lines and arrows cannot be shown: export LC_ALL=C.UTF-8", Status.WARN)
    if (columns, lines) != (0, 0) and (columns < _SMALLEST[0] or lines < _SMALLEST[1]):
        return Found(words, f"make it larger: {_SMALLEST[0]}×{_SMALLEST[1]} at least for more than a list", Status.WARN)
    if colours == "16 colours":
        return Found(words, "if it can do more, set TERM=xterm-256color and COLORTERM=truecolor", Status.WARN)
    return Found(words)


def _colours(term: str, environment: Mapping[str, str]) -> str:
    if environment.get("NO_COLOR"):
        return "no colours (NO_COLOR)"
    if environment.get("COLORTERM", "").strip().lower() in _DEEP:
        return "true colour"
    return "256 colours" if "256" in term or term in ("xterm-kitty", "kitty", "alacritty") else "16 colours"


def _required() -> list[str]:
    """The packages this one needs, by its own word; none where it runs without having been installed."""
    try:
        requirements = metadata.requires("itick-tui") or []
    except metadata.PackageNotFoundError:
        return []
    return [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in requirements if "extra ==" not in line]


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _is_there(path: Path) -> bool:
    """Whether it exists, as far as we may look: `Path.exists` raises PermissionError where we may not."""
    return os.path.exists(path)


def _unwritable(folder: Path) -> str:
    """Why nothing can be written there; "" where it can. A folder that is not there yet can be made where the nearest
    one above it can be written."""
    there = next(path for path in (folder, *folder.parents) if _is_there(path))
    try:
        with tempfile.TemporaryFile(dir=there):
            return ""
    except OSError as error:
        return reason(error)
