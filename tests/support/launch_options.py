"""Launch options for tests: some symbols in one list, and a config file that does not exist."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tui.app.preferences import LaunchOptions
from tui.config.file import ConfigFile
from tui.config.settings import Settings
from tui.config.watchlists import DEFAULT_LIST
from tui.symbol import Symbol


def launch_options(symbols: Iterable[Symbol] = (), file: Path | None = None, **settings: Any) -> LaunchOptions:
    """Returns launch options with `symbols` in the default list, unless `lists` are given."""
    lists = {"lists": {DEFAULT_LIST: tuple(symbols)}} | settings
    return LaunchOptions(Settings(**lists), ConfigFile(file or Path(os.environ["XDG_CONFIG_HOME"]) / "config.toml"))
