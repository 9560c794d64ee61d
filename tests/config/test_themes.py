"""The themes that ship, and what is said of one that is broken."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from tui.cli import cli
from tui.config.themes import DEFAULT_THEME, AnsiColours, all_themes, find_theme, load_theme
from tui.errors import UsageError

SHIPPED = sorted((Path(__file__).parents[2] / "themes").glob("*.toml"))


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_a_shipped_theme_loads_and_is_found_by_the_name_of_its_file(file: Path) -> None:
    theme = load_theme(file)
    assert theme.name == file.stem
    assert theme == find_theme(file.stem)
    assert theme.market.up != theme.market.down
    assert theme.screen.text != theme.screen.background


def test_all_themes_are_the_shipped_ones_the_default_first_then_dark_then_light() -> None:
    themes = all_themes()
    assert sorted(themes) == [file.stem for file in SHIPPED]
    assert next(iter(themes)) == DEFAULT_THEME
    darkness = [theme.dark for theme in themes.values()]
    assert darkness == sorted(darkness, reverse=True) and not all(darkness)


def test_the_help_of_theme_names_the_themes_that_exist() -> None:
    (help_,) = [param.help for param in cli.params if isinstance(param, click.Option) and param.name == "theme"]
    assert help_ is not None
    named = help_.removeprefix("Theme: ").removesuffix(".").replace(" (the default)", "").split(", ")
    assert named == list(all_themes())
    assert f"{DEFAULT_THEME} (the default)" in help_


def test_an_unknown_theme_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="unknown theme 'neon': choose one of midnight, "):
        find_theme("neon")


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('up = "#3fcf8e"', 'up = "green"', "market.up"),
        ('up = "#3fcf8e"', "up = 7", "market.up"),
        ('up = "#3fcf8e"', "", "`up`"),
        ('up = "#3fcf8e"', 'up = "#3fcf8e"\nupp = "#3fcf8e"', "`upp`"),
        ("dark = true", 'dark = "yes"', "dark"),
        ("[market]", '[ansi]\nup = "lime"\n[market]', "ansi.up"),
        ("[market]", '[ansi]\nupp = "green"\n[market]', "`upp`"),
        ("[market]", "[markets]", "market"),
        ("[market]", "[market", "line"),
    ],
)
def test_a_broken_theme_is_named_with_the_key_that_is_wrong(
    tmp_path: Path, before: str, after: str, words: str
) -> None:
    good = (Path(__file__).parents[2] / "themes" / "midnight.toml").read_text()
    assert before in good
    file = tmp_path / "mine.toml"
    file.write_text(good.replace(before, after, 1))
    with pytest.raises(UsageError) as caught:
        load_theme(file)
    assert str(file) in str(caught.value) and words in str(caught.value)


def test_a_theme_without_colours_of_its_own_for_states_and_gridlines_has_those_that_come_nearest(
    tmp_path: Path,
) -> None:
    lines = (Path(__file__).parents[2] / "themes" / "midnight.toml").read_text().splitlines()
    file = tmp_path / "mine.toml"
    file.write_text("\n".join(line for line in lines if not line.startswith(("ok =", "bad =", "grid ="))))
    theme = load_theme(file)
    assert (theme.screen.ok, theme.screen.bad, theme.screen.grid) == (
        theme.market.up,
        theme.market.down,
        theme.screen.faint,
    )
    assert theme.ansi == AnsiColours()


def test_a_theme_file_that_is_missing_or_no_text_is_named(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    with pytest.raises(UsageError, match=f"cannot read theme {file}: no such file"):
        load_theme(file)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match=f"theme {file}: "):
        load_theme(file)
