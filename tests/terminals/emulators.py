"""The terminals, and what carries one to another machine or outlives it: how each runs a shell."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

_XTERM: tuple[str, ...] = ("xterm", "-u8", "-fa", "DejaVu Sans Mono", "-fs", "10", "-geometry", "120x40")
_XTERM += ("-xrm", "*printerCommand: cat >'{folder}/printed'", "-xrm", "*printAttributes: 0")
_IN_256 = (*_XTERM, "-xrm", "*termName: xterm-256color", "-e")
_VTE = ("/usr/bin/python3", str(Path(__file__).with_name("vte.py")))
_GL = ("libgl1-mesa-dri", "libegl1")
_TMUX = ("tmux", "-L", "{name}", "-f", "/dev/null", "new-session")
_SCREEN = ("screen", "-c", "/dev/null", "-S", "{name}")
_WITHOUT_MOUSE = "--no-mouse"  # else screen holds Esc back
_SSH = ("ssh", "-F", "{folder}/ssh_config", "-t", "there")
_SERVER = ("openssh-server", "openssh-client")
_TRUE_COLOUR = {"COLORTERM": "truecolor"}


class Emulator(NamedTuple):
    """A command that runs a shell, which is its last argument, in a window, and the Debian packages that it needs.
    `{folder}` and `{name}` stand for a folder of the run's own and the name of the emulator."""

    command: tuple[str, ...]
    packages: tuple[str, ...]
    variables: Mapping[str, str] = {}
    options: str = ""
    """Options that the dashboard needs in it."""
    splits: bool = True
    """Whether the shell is given as words; else it is one word, a command line."""

    def words(self, shell: tuple[str, ...], **names: str) -> list[str]:
        """Returns the command that runs a shell."""
        command = [word.format(**names) for word in self.command]
        return [*command, *shell] if self.splits else [*command, shlex.join(shell)]

    def missing(self, installed: set[str]) -> list[str]:
        """Returns the packages that are not installed."""
        return [package for package in self.packages if package not in installed]


def _inside(
    command: tuple[str, ...],
    *packages: str,
    variables: Mapping[str, str] = {},
    options: str = "",
    splits: bool = True,
) -> Emulator:
    return Emulator((*_IN_256, *command), ("xterm", *packages), variables, options, splits)


EMULATORS = {
    "xterm-16": Emulator((*_XTERM, "-xrm", "*termName: xterm", "-e"), ("xterm",)),
    "xterm-256": Emulator(_IN_256, ("xterm",)),
    "xterm-wide": Emulator((_XTERM[0], "-cjk_width", *_IN_256[1:]), ("xterm",)),
    "vte": Emulator((*_VTE, "1"), ("gir1.2-vte-2.91", "python3-gi"), _TRUE_COLOUR),
    "vte-wide": Emulator((*_VTE, "2"), ("gir1.2-vte-2.91", "python3-gi"), _TRUE_COLOUR),
    "kitty": Emulator(
        ("kitty", "--config", "NONE", "-o", "initial_window_width=120c", "-o", "initial_window_height=40c",
         "-o", "remember_window_size=no", "-o", "linux_display_server=x11", "-o", "update_check_interval=0"),
        ("kitty", *_GL),
    ),
    "alacritty": Emulator(
        ("alacritty", "-o", "window.dimensions.columns=120", "-o", "window.dimensions.lines=40", "-e"),
        ("alacritty", *_GL),
    ),
    "urxvt": Emulator(
        ("urxvt", "-fn", "xft:DejaVu Sans Mono:size=10", "-geometry", "120x40", "-e"), ("rxvt-unicode",)
    ),
    "mlterm": Emulator(("mlterm", "--km=UTF-8", "-g", "120x40", "-e"), ("mlterm",)),
    "mlterm-wide": Emulator(("mlterm", "--km=UTF-8", "--ac=2", "-g", "120x40", "-e"), ("mlterm",)),
    "tmux": _inside(_TMUX, "tmux"),
    "screen": _inside(_SCREEN, "screen", options=_WITHOUT_MOUSE),
    "screen-colorterm": _inside(_SCREEN, "screen", variables=_TRUE_COLOUR, options=_WITHOUT_MOUSE),
    "dtach": _inside(("dtach", "-c", "{folder}/socket", "-r", "winch"), "dtach"),
    "ssh": _inside(_SSH, *_SERVER, splits=False),
    "mosh": _inside(
        ("mosh", "--ssh=ssh -F {folder}/ssh_config", "--bind-server=127.0.0.1", "there", "--"), "mosh", *_SERVER
    ),
}  # fmt: skip
