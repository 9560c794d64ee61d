"""The steps on this machine: installation, terminal, config file, folders, history, address and key."""

from __future__ import annotations

import locale
import os
import re
import ssl
import sys
import tempfile
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from platformdirs import user_cache_path, user_state_path

from tui.colour_depth import UNDRAWABLE_ADVICE, ColourDepth, colour_depth, is_drawable
from tui.config.file import ConfigFile
from tui.config.glyphs import GlyphSetting, glyphs_for, is_utf8
from tui.config.settings import Settings
from tui.doctor.checks import Check, Finding, Status
from tui.errors import reason
from tui.feed.endpoint import VENDOR_URL, check_rest_url, check_url, host_of
from tui.feed.key_lock import folder_exposure, lock_folder
from tui.format import UNKNOWN, count
from tui.history.store import StoreError, default_store_path, is_sound
from tui.multiplexers import notification_obstacle, replying_program
from tui.secrets import Token, find_token, forget_environment
from tui.threads import run_in_thread

_MIN_SIZE = (60, 20)  # columns and lines for a list and one more pane


class MachineChecks:
    """The steps that need no network. They set `settings`, `url` and `rest` ("" if unknown) and `token`.

    `url` and `token_file` are those of the command line, `demo_url` is the address of a demo exchange. `ask_width` asks
    the terminal at a descriptor whether it draws ambiguous characters two cells wide; it returns None without a reply.
    """

    def __init__(
        self,
        file: ConfigFile,
        url: str | None = None,
        token_file: Path | None = None,
        *,
        demo_url: str = "",
        ask_width: Callable[[int], bool | None] = lambda file: None,
    ) -> None:
        self._file = file
        self._ask_width = ask_width
        self._demo_url = demo_url
        self._given_url = url
        self._token_file = token_file
        self.settings: Settings | None = None
        self.url = ""
        self.rest = ""
        self.token: Token | None = None

    def checks(self) -> list[Check]:
        """Returns all steps in order."""
        return [
            Check("python", self._python),
            Check("terminal", self._check_terminal),
            Check("config", self._config, advice="correct that line, or move the file away to start with the defaults"),
            Check("glyphs", self._glyphs, ("config",)),
            Check("folders", self._folders),
            Check("history", self._history),
            Check(
                "address",
                self._address,
                needs=() if self._given_url or self._demo_url else ("config",),
                advice="write the setting url as wss://HOST/fund, and rest_url as https://HOST",
            ),
            Check(
                "key",
                self._key,
                needs=() if self._token_file or self._demo_url or "ITICK_TOKEN" in os.environ else ("config",),
                advice="take the key from your iTick account",
            ),
        ]

    async def _python(self) -> Finding:
        versions = {name: _version(name) for name in _required_packages()}
        words = [f"{name} {version}" for name, version in versions.items() if version]
        installed = ", ".join([*words, " ".join(ssl.OPENSSL_VERSION.split()[:2])])
        if missing := [name for name, version in versions.items() if not version]:
            return Finding(f"not installed: {', '.join(missing)}", "reinstall itick-tui with pip install", Status.FAIL)
        try:
            ZoneInfo("America/New_York")
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return Finding(f"{installed}; no time zones", "pip install tzdata", Status.FAIL)
        return Finding(installed)

    async def _check_terminal(self) -> Finding:
        return check_terminal(_terminal(), os.environ, locale.getpreferredencoding(False))

    async def _config(self) -> Finding:
        self.settings = self._file.read()
        path = self._file.path
        if not path.exists():
            return Finding(f"none at {path}: the defaults apply")
        lists = self.settings.lists
        symbols = {symbol for symbols in lists.values() for symbol in symbols}
        words = f"{path}, {count(len(lists), 'list')}, {count(len(symbols), 'symbol')}"
        if self._file.command_warning or (warning := self._file.permission_warning()):
            return Finding(words, self._file.command_warning or warning, Status.WARN)
        return Finding(words)

    async def _glyphs(self) -> Finding:
        if (terminal := _terminal()) is None:
            return Finding("not run in a terminal", status=Status.SKIPPED)
        setting = self.settings.glyphs if self.settings is not None else "auto"
        wide = await run_in_thread(self._ask_width, terminal)
        return check_glyphs(wide, setting, locale.getpreferredencoding(False), os.environ)

    async def _folders(self) -> Finding:
        folders = {
            "config": self._file.path.parent,
            "state": user_state_path("itick-tui"),
            "cache": user_cache_path("itick-tui"),
        }
        writable, errors = [], []
        for name, folder in folders.items():
            if problem := _write_error(folder):
                errors.append(f"{name} {folder}: {problem}")
            else:
                writable.append(f"{name} {folder}")
        if errors:
            return Finding(
                "cannot be written: " + "; ".join(errors),
                "nothing can be saved there: make the folder writable for you",
                Status.WARN,
            )
        if exposure := folder_exposure(lock_folder()):
            return Finding(exposure, "until then windows with the same key cannot join each other", Status.WARN)
        return Finding("can be written: " + ", ".join(writable))

    async def _history(self) -> Finding:
        path = default_store_path(demo=bool(self._demo_url))
        if not _exists(path):
            return Finding("none yet")
        try:
            is_intact = is_sound(path)
        except StoreError as error:
            return Finding(
                str(error), "no history can be saved: check the disk and the permissions of the file", Status.WARN
            )
        if not is_intact:
            return Finding(
                f"{path} is damaged, or not a history of this program",
                "nothing to do: the next start moves it aside and creates a new one",
                Status.WARN,
            )
        return Finding(f"{path}, {path.stat().st_size / 1e6:.1f} MB, whole")

    async def _address(self) -> Finding:
        if self._demo_url:
            self.url = self._demo_url
            return Finding(f"{host_of(self._demo_url)}, the demo exchange")
        configured = self.settings.url if self.settings else ""
        self.url = check_url(self._given_url or configured or VENDOR_URL)
        source = "from --url" if self._given_url else "from the config file" if configured else "the vendor's default"
        if self.settings and self.settings.rest_url and not self._given_url:
            self.rest = check_rest_url(self.settings.rest_url)
            return Finding(f"{host_of(self.url)}, {source}, and for REST {host_of(self.rest)}")
        return Finding(f"{host_of(self.url)}, {source}")

    async def _key(self) -> Finding:
        if self._demo_url:
            forget_environment()
            self.token = Token("demo")
            return Finding("the demo needs none")
        command = self.settings.token_command if self.settings else ()
        key = await run_in_thread(find_token, self._token_file, command)  # on a thread, so that a signal can end it
        if key is None:
            return Finding(
                "none: neither --token-file nor ITICK_TOKEN nor the setting token_command gives one",
                "put it into ITICK_TOKEN, or into a file named by --token-file",
                Status.FAIL,
            )
        self.token = key.token
        if key.warning:
            return Finding(f"in {key.place}", key.warning, Status.WARN)
        return Finding(f"in {key.place}")


def check_terminal(file: int | None, environment: Mapping[str, str], encoding: str) -> Finding:
    """Returns the capabilities of a terminal. `file` is a descriptor of it, None without a terminal; `encoding` is the
    locale's."""
    if file is None:
        return Finding("not run in one", "run it in the terminal itself to have it checked", Status.SKIPPED)
    columns, lines = os.get_terminal_size(file)
    term = environment.get("TERM", "")
    depth = colour_depth(environment)
    colours = "no colours (NO_COLOR)" if environment.get("NO_COLOR") else depth.value
    hosts = [name for name, variable in (("tmux", "TMUX"), ("SSH", "SSH_CONNECTION")) if environment.get(variable)]
    words = f"{columns}×{lines}, {colours}, {encoding}, TERM {term or UNKNOWN}" + "".join(f", in {w}" for w in hosts)
    if obstacle := notification_obstacle(environment):
        words += f", no notifications on the desktop ({obstacle} drops them)"
    if not is_drawable(term):
        return Finding(words, UNDRAWABLE_ADVICE, Status.FAIL)
    if not is_utf8(encoding):
        return Finding(words, "lines and arrows cannot be shown: export LC_ALL=C.UTF-8", Status.WARN)
    if (columns, lines) != (0, 0) and (columns < _MIN_SIZE[0] or lines < _MIN_SIZE[1]):
        return Finding(
            words, f"make it larger: {_MIN_SIZE[0]}×{_MIN_SIZE[1]} at least for more than a list", Status.WARN
        )
    if depth is ColourDepth.ANSI:
        return Finding(words, "if it can do more, set TERM=xterm-256color and COLORTERM=truecolor", Status.WARN)
    return Finding(words)


def check_glyphs(wide: bool | None, setting: GlyphSetting, encoding: str, environment: Mapping[str, str]) -> Finding:
    """Returns the set of glyphs that is drawn. `wide` says whether the terminal draws ambiguous characters in two
    cells, None if it did not say; `encoding` is the locale's."""
    glyphs = glyphs_for(setting, encoding, wide=wide)
    signs = "lines, arrows and dots"
    width = {True: f"{signs} are two cells wide", False: f"{signs} are one cell wide"}
    words = f"{glyphs}: {width[wide] if wide is not None else f'the terminal does not tell how wide {signs} are'}"
    if glyphs != "full":
        return Finding(words)
    remedy = 'set glyphs = "wide-safe"'
    if wide:
        return Finding(words, f'figures will stand in wrong places: {remedy} or "auto"', Status.WARN)
    if wide is None:
        return Finding(words, f"if figures stand in wrong places, {remedy}", Status.WARN)
    if inside := replying_program(environment):
        words += f". {inside} answers for itself: if the terminal around it draws them two cells wide, {remedy}"
    return Finding(words)


def _terminal() -> int | None:
    """Returns a descriptor of the terminal that this program runs in, None without one."""
    return next((file.fileno() for file in (sys.stdout, sys.stderr, sys.stdin) if file and file.isatty()), None)


def _required_packages() -> list[str]:
    """Returns the packages this one requires, none if it is not installed."""
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


def _exists(path: Path) -> bool:
    """True if the path exists as far as this user may see: `Path.exists` raises PermissionError."""
    return os.path.exists(path)


def _write_error(folder: Path) -> str:
    """Returns why nothing can be written to a folder, "" if it can. A missing folder is judged by its nearest existing
    parent."""
    existing = next(path for path in (folder, *folder.parents) if _exists(path))
    try:
        with tempfile.TemporaryFile(dir=existing):
            return ""
    except OSError as error:
        return reason(error)
