"""The size of the terminal."""

from __future__ import annotations

import os
import sys

MAX_SCREEN_SIZE = (1000, 500)
"""Columns and lines; of a larger terminal only the upper left is used."""

_DEFAULT = (80, 25)


def terminal_size() -> tuple[int, int]:
    """Returns columns and lines as the terminal itself reports them, limited to `MAX_SCREEN_SIZE`."""
    try:
        columns, lines = os.get_terminal_size(sys.__stdin__.fileno() if sys.__stdin__ is not None else 0)
    except OSError:
        columns = lines = 0
    return min(columns or _DEFAULT[0], MAX_SCREEN_SIZE[0]), min(lines or _DEFAULT[1], MAX_SCREEN_SIZE[1])
