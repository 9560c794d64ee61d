"""Environment variables that must not reach Textual."""

from __future__ import annotations

import os

from tui.colour_depth import ColourDepth, colour_depth

_SIZE = ("COLUMNS", "LINES")  # the terminal itself knows its size


def prepare_environment() -> None:
    """Remove Textual's own variables, which load other code, press keys or write files, and those of the terminal's
    size; set NO_COLOR on a terminal without colours, and remove an empty one, which Textual takes for set. To be called
    before Textual is imported."""
    for name in [name for name in os.environ if name.startswith("TEXTUAL_") or name in _SIZE]:
        del os.environ[name]
    if colour_depth(os.environ) is ColourDepth.NONE:
        os.environ["NO_COLOR"] = "1"
    else:
        os.environ.pop("NO_COLOR", None)
