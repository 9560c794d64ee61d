"""Environment variables that must not reach Textual."""

from __future__ import annotations

import os

_SIZE = ("COLUMNS", "LINES")  # the terminal itself knows its size


def drop_variables() -> None:
    """Remove Textual's own variables, which load other code, press keys or write files, and those of the terminal's
    size. To be called before Textual is imported."""
    for name in [name for name in os.environ if name.startswith("TEXTUAL_") or name in _SIZE]:
        del os.environ[name]
