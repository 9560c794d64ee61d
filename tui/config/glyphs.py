"""The sets of glyphs, and which of them is drawn."""

from __future__ import annotations

import codecs
from typing import Literal, TypeAlias

GlyphSet: TypeAlias = Literal["full", "wide-safe", "ascii"]
"""All characters; those of the same width in every terminal; those of 7 bits."""

GlyphSetting: TypeAlias = Literal["auto", "full", "wide-safe", "ascii"]


def is_utf8(encoding: str) -> bool:
    """Returns True if text in this encoding, by any of its names, may have every character."""
    return codecs.lookup(encoding).name == "utf-8"


def glyphs_for(setting: GlyphSetting, encoding: str, *, wide: bool | None) -> GlyphSet:
    """Returns the set to draw with. `wide` says whether the terminal draws ambiguous characters in two cells, None if
    it did not say. What cannot be encoded cannot be drawn, whatever is set."""
    if not is_utf8(encoding):
        return "ascii"
    return setting if setting != "auto" else "wide-safe" if wide else "full"
