"""Cells of a rendered terminal as they are seen."""

from __future__ import annotations

import pyte


def as_seen(cell: pyte.screens.Char) -> pyte.screens.Char:
    """Returns a cell without what is not seen of it: of a blank only the background is."""
    if cell.data != " " or cell.reverse or cell.underscore or cell.strikethrough:
        return cell
    return cell._replace(fg="", bold=False)
