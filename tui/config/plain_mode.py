"""The switch away from what this program does in place of its libraries."""

from __future__ import annotations

import os

PLAIN = "ITICK_TUI_PLAIN"


def is_plain() -> bool:
    """Returns True if the environment asks for Textual's own painting and the websockets library's own frame reader,
    which are slower and depend on nothing that those libraries do not document."""
    return os.environ.get(PLAIN) == "1"
