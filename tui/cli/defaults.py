"""Defaults shared by the commands and their completion: the types of the stream, the config file, a variable."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.config.file import ConfigFile

COMPLETION_VARIABLE = "_ITICK_TUI_COMPLETE"  # set by the shell's script; the name follows click's rule
STREAM_TYPES = ("quote", "depth", "tick", "kline@1")


def config_file(given: Path | None, *, demo: bool = False) -> ConfigFile:
    """Returns the config file given, else the default one; the demo has a default of its own."""
    from tui.config.file import ConfigFile, default_config_path
    from tui.folders import check_home

    check_home()
    return ConfigFile(Path(os.path.expanduser(given)) if given is not None else default_config_path(demo=demo))
