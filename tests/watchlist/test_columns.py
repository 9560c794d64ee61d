"""The table of columns."""

from __future__ import annotations

from tui.watchlist.columns import BY_ID, COLUMNS, DEFAULT


def test_ids_titles_and_letters_are_distinct() -> None:
    assert len(BY_ID) == len(COLUMNS) == len({column.title for column in COLUMNS}) == 26
    letters = [column.letter for column in COLUMNS if column.letter]
    assert len(set(letters)) == len(letters) == 25
    assert all(len(letter) == 1 and letter.islower() for letter in letters)


def test_every_column_says_what_it_is_and_its_title_fits() -> None:
    for column in COLUMNS:
        assert column.description and len(column.description) <= 60 and "\n" not in column.description
        assert len(column.title) <= max(column.width, len("LAST HOUR"))


def test_those_shown_by_default_stand_in_the_order_of_all() -> None:
    assert set(DEFAULT) < set(BY_ID)
    assert list(DEFAULT) == [column.id for column in COLUMNS if column.id in DEFAULT]


def test_numbers_are_sorted_largest_first_and_letters_from_a_on() -> None:
    assert {column.id for column in COLUMNS if not column.descending} == {"symbol", "name"}
