"""A walk through the keys in one terminal, with a picture of each step."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.support.terminal import COMMAND
from tests.terminals.emulators import EMULATORS
from tests.terminals.sshd import Server
from tests.terminals.window import Window

_FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf"
_PASSED_ON = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR")
_PAUSE = 0.8  # s, after which Esc is no part of the next key for any of them


def _close_and_press(window: Window, key: str) -> None:
    window.press("Escape")
    time.sleep(_PAUSE)
    window.press(key)


_STEPS: tuple[tuple[str, float, Callable[[Window], None]], ...] = (
    ("start", 6.0, lambda window: window.type("itick-tui --demo $OPTIONS\n")),
    ("down", 1.0, lambda window: window.press("j")),
    ("detail", 1.0, lambda window: window.press("Return")),
    ("help", 1.0, lambda window: _close_and_press(window, "question")),
    ("palette", 1.5, lambda window: _close_and_press(window, "ctrl+p")),
    ("themes", 1.0, lambda window: _close_and_press(window, "t")),
    ("field", 1.0, lambda window: _close_and_press(window, "a")),
    ("add", 1.0, lambda window: window.type("510300$SH")),
    ("added", 2.0, lambda window: window.press("Return")),
    ("small", 2.0, lambda window: window.resize(620, 420)),
    ("large", 2.0, lambda window: window.resize(1150, 800)),
    ("suspended", 2.0, lambda window: window.press("ctrl+z")),
    ("resumed", 3.0, lambda window: window.type("fg\n")),
    ("left", 3.0, lambda window: window.press("q")),
    ("code", 1.0, lambda window: window.type("echo $? | tee $CODE\n")),
    ("doctor", 8.0, lambda window: window.type("clear; itick-tui doctor --demo | head -22\n")),
)


def walk(name: str, folder: Path) -> str:
    """Walk through the keys; returns what went wrong, "" if nothing did. Pictures are left in the folder, one of all
    steps beside it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    emulator = EMULATORS[name]
    environment = {key: value for key, value in os.environ.items() if key in _PASSED_ON}
    environment |= {"LC_ALL": "C.UTF-8", "XDG_RUNTIME_DIR": str(folder)}
    variables: dict[str, object] = {
        "LC_ALL": "C.UTF-8",
        "XDG_CONFIG_HOME": folder / "config",
        "XDG_STATE_HOME": folder / "state",
    }
    variables |= {"CODE": folder / "code", "OPTIONS": emulator.options, **emulator.variables}
    rc = folder / "bashrc"
    lines = [f"export {name}={value}" for name, value in variables.items()]
    rc.write_text("\n".join(["PS1='$ '", f"export PATH={Path(COMMAND).parent}:$PATH", *lines, ""]))
    with Server(folder) if "{folder}/ssh_config" in " ".join(emulator.command) else Server(None):
        command = emulator.words(("bash", "--rcfile", str(rc), "-i"), folder=str(folder), name=f"itick-{name}")
        window = Window(command, environment, folder / "log")
        try:
            window.wait()
            time.sleep(2)
            for number, (step, seconds, act) in enumerate(_STEPS):
                act(window)
                time.sleep(seconds)
                window.picture(folder / f"{number:02}-{step}.png")
            window.type("exit\n")  # else what outlives its terminal stays
            time.sleep(1)
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            return str(error)
        finally:
            window.close()
    pictures = sorted(map(str, folder.glob("*.png")))
    sheet = ["-font", _FONT, "-label", "%t", "-tile", "4x", "-geometry", "800x+6+6", str(folder.with_suffix(".png"))]
    subprocess.run(["montage", *sheet[:4], *pictures, *sheet[4:]], check=True)
    code = (folder / "code").read_text().strip() if (folder / "code").exists() else "not written"
    return "" if code == "0" else f"the exit code is {code}"
