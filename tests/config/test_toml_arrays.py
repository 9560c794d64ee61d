"""Comments of entries in the config file, through moves, removals, and their undoing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui.config.file import ConfigFile
from tui.config.settings import Settings, parse_settings

LISTS = """[lists]
Core = [
  # the index
  "QQQ$US", # tech
  "SPY$US",
  "TLT$US", # long bonds
  # that is all
]
Empty = []
"""
COLUMNS = """columns = [
    "symbol",
    "last", # the price
    "change%",
    "age", # how old
]
"""


class Edited:
    """A config file that one copy of the program edits, change by change."""

    def __init__(self, folder: Path, text: str) -> None:
        self.file = ConfigFile(folder / "config.toml")
        self.file.path.write_text(text)
        self.settings = self.file.read()

    def set(self, **changes: object) -> str:
        """Save changes; returns the file's text."""
        fields = {field: getattr(self.settings, field) for field in Settings.__struct_fields__}
        self.settings = self.file.save(self.settings, Settings(**(fields | changes)))
        text = self.file.path.read_text()
        assert parse_settings(text, "config.toml") == self.settings
        return text

    def set_core(self, *codes: str) -> str:
        by_code = {symbol.code: symbol for symbol in parse_settings(LISTS, "").lists["Core"]}
        return self.set(lists={**self.settings.lists, "Core": tuple(by_code[code] for code in codes)})


def test_comments_move_with_their_entries(tmp_path: Path) -> None:
    edited = Edited(tmp_path, LISTS)
    moved = """[lists]
Core = [
  "SPY$US",
  # the index
  "QQQ$US", # tech
  "TLT$US", # long bonds
  # that is all
]
Empty = []
"""
    assert edited.set_core("SPY", "QQQ", "TLT") == moved
    assert edited.set_core("QQQ", "SPY", "TLT") == LISTS


@pytest.mark.parametrize("rest", [("SPY", "TLT"), ("QQQ", "TLT"), ("TLT",), ()])
def test_an_entry_that_is_brought_back_has_its_comments_again(tmp_path: Path, rest: tuple[str, ...]) -> None:
    edited = Edited(tmp_path, LISTS)
    without = edited.set_core(*rest)
    assert ("# tech" in without) is ("QQQ" in rest) and ("# long bonds" in without) is ("TLT" in rest)
    assert edited.set_core("QQQ", "SPY", "TLT") == LISTS


def test_a_list_that_is_brought_back_has_its_comments_again(tmp_path: Path) -> None:
    edited = Edited(tmp_path, LISTS)
    lists = edited.settings.lists
    assert "# tech" not in edited.set(lists={"Empty": ()})
    assert "# tech" in edited.set(lists=lists) and "# the index" in edited.file.path.read_text()


def test_columns_keep_their_comments(tmp_path: Path) -> None:
    edited = Edited(tmp_path, COLUMNS)
    moved = edited.set(columns=("symbol", "change%", "last", "age"))
    assert (
        moved
        == """columns = [
    "symbol",
    "change%",
    "last", # the price
    "age", # how old
]
"""
    )
    assert edited.set(columns=("symbol", "change%", "last")).count("#") == 1
    assert edited.set(columns=("symbol", "last", "change%", "age")) == COLUMNS


def test_an_array_on_one_line_stays_on_one_line(tmp_path: Path) -> None:
    edited = Edited(tmp_path, 'columns = ["symbol", "last", "age"]\n')
    assert edited.set(columns=("symbol", "age", "last")) == 'columns = ["symbol", "age", "last"]\n'
