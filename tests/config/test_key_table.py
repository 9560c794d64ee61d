from __future__ import annotations

from pathlib import Path

import pytest

from tui.config.key_table import KEYS, apply_overrides, find_conflict, key_label, parse_key
from tui.errors import UsageError

README = Path(__file__).parents[2] / "README.md"


def test_no_key_means_two_things() -> None:
    assert find_conflict(KEYS) is None


def test_every_key_has_words() -> None:
    assert all(key.help for key in KEYS)


@pytest.mark.parametrize(
    ("name", "shown"),
    [("a", "a"), ("G", "G"), ("down", "↓"), ("pagedown", "PgDn"), ("f1", "F1"), ("ctrl+c", "Ctrl+C"), ("?", "?")],
)
def test_what_stands_on_a_key(name: str, shown: str) -> None:
    assert key_label(name) == shown
    assert parse_key(shown) == name


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Ctrl+Shift+F5", "ctrl+shift+f5"),
        (" ", "space"),
        ("Space", "space"),
        (",", "comma"),
        ("+", "+"),
        ("Esc", "escape"),
    ],
)
def test_a_key_as_a_person_writes_it(written: str, name: str) -> None:
    assert parse_key(written) == name


@pytest.mark.parametrize("written", ["", "foo", "hyper+a", "ctrl+foo", "ab", "\n", "\x1b"])
def test_what_is_no_key_is_said(written: str) -> None:
    with pytest.raises(UsageError, match="is no key"):
        parse_key(written)


def test_a_remapped_table_keeps_all_else() -> None:
    table = apply_overrides({"add": ["n", "Ctrl+A"]})
    assert [key.keys for key in table if key.id == "add"] == [("n", "ctrl+a")]
    assert [key for key in table if key.id != "add"] == [key for key in KEYS if key.id != "add"]


def test_a_key_given_twice_is_told_by_the_id_that_asked_for_it() -> None:
    assert find_conflict(apply_overrides({"add": ["q"]}), ["add"]) == (
        "add",
        "q cannot mean add, it means quit already",
    )
    # Two ids may change places.
    assert find_conflict(apply_overrides({"add": ["q"], "quit": ["a"]})) is None


def test_the_row_of_digits_is_one_cap() -> None:
    assert next(key for key in KEYS if key.id == "show_list").labels == ("1–9",)


def test_readme_tells_the_keys_one_needs_as_the_table_does() -> None:
    lines = README.read_text(encoding="utf-8").split("\n## Keys\n")[1].split("\n## ")[0].splitlines()
    rows = [line for line in lines if line.startswith("| `")]
    told = [f"| {' '.join(f'`{cap}`' for cap in key.labels)} | {key.help} |" for key in KEYS]
    assert len(rows) == 12
    assert [row for row in told if row in rows] == rows
