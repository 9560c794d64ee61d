"""The screen as it is seen: words by place, cells by the title of their column, and the colours they are written in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from rich.color import Color
from textual.widget import Widget

from tests.scenes.script import AREAS, Check, SceneError
from tui.app.app import ItickApp
from tui.market.data_status import DataStatus
from tui.terminal.textual_private import render_lines
from tui.watchlist.columns import BY_ID
from tui.widgets.styles import Styles

_ROLES = ("up", "down", "up_calm", "down_calm", "flat", "muted", "faint", "text", "warning")
_WORDS = "|".join(re.escape(status.value) for status in DataStatus if status.value.strip())
_BARS = re.compile("[│╭╮╰╯─▏▎▍▌▋▊▉█▸◂]")  # of borders, sizes and marks: they are no words
_AGE = re.compile(rf"(?:{_WORDS})(?: \d+[smhd])?$|\S+$")


class Glyph(NamedTuple):
    """A character of the screen and its colour."""

    text: str
    colour: Color | None


class Picture:
    """What the screen shows now."""

    def __init__(self, app: ItickApp) -> None:
        dashboard = app.dashboard
        self._styles: Styles = dashboard.watchlist.theme_styles
        self._lines = [
            [Glyph(each, piece.style.color if piece.style else None) for piece in strip for each in piece.text]
            for strip in render_lines(dashboard)
        ]
        self.text = "\n".join(map(_text, self._lines))
        parts: dict[str, Widget] = {
            "header": dashboard.header,
            "status": dashboard.status,
            "ladder": dashboard.ladder,
            "chart": dashboard.chart,
            "tape": dashboard.tape,
            "headline": dashboard.quote_header,
        }
        self._areas = {name: self._crop(parts[name]) for name in AREAS if parts[name].display}
        self._columns = [BY_ID[id].title for id in dashboard.watchlist.columns]
        self._row = self._crop(dashboard.watchlist)[1:3] if dashboard.watchlist.display else []

    def _crop(self, part: Widget) -> list[list[Glyph]]:
        x, y, width, height = part.region
        return [line[x : x + width] for line in self._lines[y : y + height]]

    def compare(self, check: Check) -> str:
        """Returns how what is seen differs; "" if it is as it must be. Raises SceneError for a place that is not on the
        screen."""
        place, value = check
        if place in AREAS:
            shown = " ".join(_BARS.sub(" ", "\n".join(map(_text, self._area(place)))).split())
            unwanted = value.startswith("without ")
            words = value.removeprefix("without ")
            return "" if (f" {words} " in f" {shown} ") != unwanted else f"{place}: {value!r}, not seen so"
        if place == "row":
            cell = self._cell("AGE")
            state = self._state(cell)
            return "" if state == value else f"row: {value!r}, but it is {state!r}"
        cell = self._headline(place.removeprefix("headline ")) if place.startswith("headline ") else self._cell(place)
        wanted, _, role = value.rpartition(" ")
        if role not in _ROLES:
            wanted, role = value, ""
        if _text(cell) != wanted:
            return f"{place}: {wanted!r}, but it is {_text(cell)!r}"
        return f"{place}: {wanted!r} is not in the colour of {role}" if role and not self._has_role(cell, role) else ""

    def _state(self, age: Sequence[Glyph]) -> str:
        words = _text(age)
        if re.match(_WORDS, words):
            return words
        if ":" in words:
            return "past"
        return "live" if self._has_role(age, "muted") else "quiet"

    def _area(self, name: str) -> list[list[Glyph]]:
        if name not in self._areas:
            raise SceneError(f"{name} is not on the screen")
        return self._areas[name]

    def _cell(self, title: str) -> list[Glyph]:
        """The cell of the row below a title. Columns end with their titles; a word of the last may begin before."""
        if title not in self._columns or not self._row:
            raise SceneError(f"there is no column {title}")
        titles, row = self._row
        of_two_words = [re.escape(each) for each in self._columns if " " in each]
        ends = {
            match[0]: match.end()
            for match in re.finditer("|".join([*of_two_words, r"\S+"]), _text(titles, strip=False))
        }
        if title not in ends:
            raise SceneError(f"the column {title} has no room")
        line = _text(row, strip=False).rstrip("│ ")
        if title == self._columns[-1]:
            found = _AGE.search(line)
            assert found is not None
            return row[found.start() : found.end()]
        end = ends[title]
        before = max((each for each in ends.values() if each < end), default=0)
        inside = [match for match in re.finditer(r"\S+", line) if before < match.end() <= end]
        return row[inside[-1].start() : inside[-1].end()] if inside else []

    def _headline(self, title: str) -> list[Glyph]:
        for line in self._area("headline"):
            if found := re.search(rf"(?<=[ │]){re.escape(title)} +(\S+(?: \S+)*)", _text(line, strip=False)):
                return line[found.start(1) : found.end(1)]
        raise SceneError(f"the headline has no {title}")

    def _has_role(self, cell: Sequence[Glyph], role: str) -> bool:
        return {each.colour for each in cell} == {self._styles(role).color}


def _text(glyphs: Sequence[Glyph], *, strip: bool = True) -> str:
    text = "".join(each.text for each in glyphs)
    return text.strip() if strip else text
