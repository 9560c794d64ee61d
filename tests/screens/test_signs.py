"""The signs that the help explains: all that the panes draw, found in their code and in what they draw."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from tests.screens.test_dashboard import market
from tests.support.frozen_dashboard import Still
from tui import format as fmt
from tui.config.themes import find_theme
from tui.market.data_status import DataStatus
from tui.market.trade_side import TradeSide
from tui.screens.signs import SIGNS
from tui.terminal.textual_private import render_lines
from tui.watchlist.columns import BY_ID
from tui.widgets.header import Header
from tui.widgets.styles import Styles

SOURCE = Path(__file__).parents[2] / "tui"
WORDS_ONLY = set("╭╮╰╯─│·×’–")
"""Frames, rules and punctuation: they mean what they mean everywhere."""
EXPLAINED = {place: " ".join(sign for sign, _ in signs) for place, signs in SIGNS.items()}
PLACES = {"watchlist": "watchlist", "ladder": "ladder", "chart": "chart", "tape.py": "tape"}
"""The part of the help that explains what a module or package of widgets draws."""
ELSEWHERE = {"choice_list.py", "columns.py", "add_field.py"}
"""Dialogs explain themselves, and columns are explained in their chooser."""


def drawn_by(path: Path) -> Iterator[str]:
    """Yields the signs in the texts of a module, documentation left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield from (sign for sign in node.value if not sign.isascii() and sign not in WORDS_ONLY)


def test_every_sign_in_the_code_of_a_widget_is_explained_where_it_is_drawn() -> None:
    missing = []
    for path in sorted((SOURCE / "widgets").rglob("*.py")):
        if path.name in ELSEWHERE:
            continue
        place = PLACES.get(path.relative_to(SOURCE / "widgets").parts[0])
        explained = EXPLAINED[place] if place else "".join(EXPLAINED.values())
        missing += [(path.name, sign) for sign in drawn_by(path) if sign not in explained + fmt.UNKNOWN]
    assert missing == []


async def test_every_sign_on_the_screen_is_explained() -> None:
    app = Still(market())
    async with app.run_test(size=(220, 60)) as pilot:
        for detail in (False, True):
            app.dashboard.show_detail(detail)
            await pilot.pause()
            text = "".join(piece.text for strip in render_lines(app.dashboard) for piece in strip)
            signs = {sign for sign in text if not sign.isascii()} - WORDS_ONLY
            braille = {sign for sign in signs if "\u2800" <= sign <= "\u28ff"}
            assert braille and "⣀" in EXPLAINED["chart"]
            assert {sign for sign in signs - braille if sign not in "".join(EXPLAINED.values())} == set(), detail


async def test_every_word_in_capitals_of_ladder_and_detail_is_explained_there_or_is_a_column() -> None:
    columns = {word for column in BY_ID.values() for word in re.findall("[A-Z]+", column.title)}
    app = Still(market())
    async with app.run_test(size=(220, 60)) as pilot:
        app.dashboard.show_detail(True)
        await pilot.pause()
        for place, pane in (("ladder", app.dashboard.ladder), ("quote_header", app.dashboard.quote_header)):
            text = " ".join(piece.text for line in pane._drawn[1:] for piece in line)
            words = set(re.findall(r"\b[A-Z]{2,}\b", text)) - columns
            assert words or place == "quote_header", "the ladder draws some"
            explained = " ".join(f"{sign} {meaning}" for sign, meaning in SIGNS[place])
            assert {word for word in words if word not in explained} == set()


def test_every_state_side_and_badge_is_explained() -> None:
    for status in DataStatus:
        assert status.value.strip() in EXPLAINED["watchlist"], status
    for side in get_args(TradeSide):
        assert side in EXPLAINED["tape"]
    header = Header(Styles(find_theme("midnight")))
    for name, value in (("demo", True), ("recording", True), ("replay", "×10"), ("delay", 900.0)):
        header.set_reactive(getattr(Header, name), value)
    assert [badge for badge, _ in header._badges() if badge not in EXPLAINED["program"]] == []


def test_no_sign_is_explained_twice_in_one_place_and_colours_are_not_named() -> None:
    for signs in SIGNS.values():
        assert len({sign for sign, _ in signs}) == len(signs)
        assert not [words for _, words in signs if re.search(r"\b(green|red)\b", words)], "red-up swaps them"
