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


def test_a_list_that_is_renamed_and_moved_keeps_its_comments(tmp_path: Path) -> None:
    edited = Edited(tmp_path, LISTS.replace("Empty = []", "Empty = [\n  # none yet\n]"))
    core, empty = edited.settings.lists.values()
    renamed = edited.set(lists={"Tech": core, "Empty": empty})
    assert "# tech" in renamed and "# the index" in renamed and "# none yet" in renamed
    moved = edited.set(lists={"Empty": empty, "Tech": core})
    assert moved.index("# none yet") < moved.index("# tech")


@pytest.mark.parametrize("entry", ['"""SPY$US"""', "'''SPY$US'''", '"""\nSPY$US"""', r'"SPY\u0024US"', '"us.spy"'])
def test_comments_stay_however_an_entry_is_written(tmp_path: Path, entry: str) -> None:
    edited = Edited(tmp_path, LISTS.replace('"SPY$US",', f"{entry}, # \"all\", '[it]' 全"))
    moved = edited.set_core("SPY", "QQQ", "TLT")
    for line in ('  "SPY$US", # "all", \'[it]\' 全', '  "QQQ$US", # tech', '  "TLT$US", # long bonds', "  # the index"):
        assert line in moved.splitlines()


def test_a_symbol_that_is_there_twice_keeps_the_comments_of_both(tmp_path: Path) -> None:
    edited = Edited(tmp_path, LISTS.replace("  # that is all", '  # twice\n  "us.qqq", # again\n  # that is all'))
    moved = edited.set_core("SPY", "QQQ", "TLT")
    assert "  # the index\n  # twice\n  # again\n" + '  "QQQ$US", # tech\n' in moved
    assert moved.count("#") == LISTS.count("#") + 2


def test_an_alert_that_is_there_twice_keeps_its_comments(tmp_path: Path) -> None:
    alerts = 'alerts = [\n  "SPY$US above 1", # one\n  "us.spy above 1.0", # again\n  "QQQ$US above 2", # two\n]\n'
    edited = Edited(tmp_path, alerts)
    kept = edited.set(alerts=edited.settings.alerts[::-1])
    assert [words for words in ("# one", "# again", "# two") if words not in kept] == []


def test_a_file_of_windows_keeps_its_line_ends(tmp_path: Path) -> None:
    edited = Edited(tmp_path, LISTS)
    edited.file.path.write_bytes(LISTS.replace("\n", "\r\n").encode())
    edited.set_core("SPY", "QQQ", "TLT")
    written = edited.file.path.read_bytes()
    assert written.count(b"\r\n") == written.count(b"\n") == LISTS.count("\n")


MARKS = """alerts = [
  "QQQ$US > 520", # sell half
  "SPY$US < 600", # stop
]
levels = [
  # the shelf
  "QQQ$US 512.5", # of October
  "SPY$US 610",
]
"""


def test_an_alert_or_level_that_is_moved_keeps_its_comments(tmp_path: Path) -> None:
    edited = Edited(tmp_path, MARKS)
    (alert, other), (level, last) = edited.settings.alerts, edited.settings.levels
    text = edited.set(alerts=(alert._replace(value=521.0), other), levels=(level._replace(price=513.0), last))
    assert text == MARKS.replace("> 520", "> 521").replace("512.5", "513")
    text = edited.set(alerts=(alert._replace(value=521.0),), levels=(last,))
    assert "# stop" not in text and "# of October" not in text
    text = edited.set(alerts=(alert, other), levels=(level, last))
    assert "# stop" in text and '"SPY$US 610"' in text


def test_an_alert_of_another_symbol_in_its_place_gets_no_comment(tmp_path: Path) -> None:
    edited = Edited(tmp_path, MARKS)
    alert, other = edited.settings.alerts
    assert "# sell half" not in edited.set(alerts=(alert._replace(symbol=other.symbol), other))
