"""The colours of a theme, as terminals of fewer colours show them."""

from __future__ import annotations

import pytest
from rich.color import ANSI_COLOR_NAMES, Color, ColorSystem, ColorType

from tui.colour_depth import ColourDepth
from tui.config.themes import Theme, all_themes, find_theme
from tui.widgets.role_colours import LEAST_CONTRAST, SERIES, bold_is_readable, contrast, role_colours
from tui.widgets.styles import Styles, textual_theme

THEMES = list(all_themes().values())
ids = [theme.name for theme in THEMES]


@pytest.mark.parametrize("theme", THEMES, ids=ids)
def test_in_16_colours_each_role_is_the_one_that_the_theme_names(theme: Theme) -> None:
    for role, colour in role_colours(theme, ColourDepth.ANSI).items():
        drawn = Color.from_triplet(colour).downgrade(ColorSystem.STANDARD)
        assert drawn.number == ANSI_COLOR_NAMES[getattr(theme.ansi, role.replace("_area", "_calm"))], role


@pytest.mark.parametrize("theme", THEMES, ids=ids)
def test_in_256_colours_bars_have_a_hue_and_surfaces_have_none(theme: Theme) -> None:
    colours = role_colours(theme, ColourDepth.INDEXED)
    for role, colour in colours.items():
        drawn = Color.from_triplet(colour).downgrade(ColorSystem.EIGHT_BIT)
        assert drawn.type is ColorType.EIGHT_BIT and drawn.number is not None
        triplet = drawn.get_truecolor()
        assert max(abs(a - b) for a, b in zip(triplet, colour, strict=True)) <= 10, "rich comes to another entry"
        if role in ("background", "surface", "cursor", "flat_bar"):
            assert triplet.red == triplet.green == triplet.blue
        if role.endswith("_bar") and role != "flat_bar":
            assert len(set(triplet)) > 1


def test_the_four_greys_stand_for_16_colours_where_there_are_to_be_none() -> None:
    for theme in THEMES:
        for role, colour in role_colours(theme, ColourDepth.NONE).items():
            assert colour.red == colour.green == colour.blue, role


@pytest.mark.parametrize("theme", THEMES, ids=ids)
def test_an_area_is_as_visible_as_the_volume_and_fainter_than_text(theme: Theme) -> None:
    colours = role_colours(theme, ColourDepth.TRUECOLOR)
    strength = {role: contrast(colour, colours["background"]) for role, colour in colours.items()}
    for role in ("up", "down"):
        assert strength["grid"] <= strength[f"{role}_area"] < 1.25 * strength["grid"]
        assert strength[f"{role}_area"] < strength[f"{role}_calm"]
    assert colours["up_area"] != colours["down_area"]


def test_a_bold_colour_that_many_terminals_draw_as_its_bright_form_stays_readable() -> None:
    styles = Styles(find_theme("midnight"), ColourDepth.ANSI)
    assert not styles("background", "up", bold=True).bold, "black on green would be grey on green"
    assert styles("muted", bold=True).bold
    assert Styles(find_theme("midnight"))("background", "up", bold=True).bold
    assert not Styles(find_theme("daylight"), ColourDepth.ANSI)("down", bold=True).bold
    colours = role_colours(find_theme("midnight"), ColourDepth.ANSI)
    assert bold_is_readable(colours["up"], colours["background"], ColourDepth.ANSI)


def test_contrast_is_that_of_the_web_s_guidelines() -> None:
    black, white = Color.parse("#000000").get_truecolor(), Color.parse("#ffffff").get_truecolor()
    assert contrast(black, white) == contrast(white, black) == pytest.approx(21)
    assert contrast(Color.parse("#777777").get_truecolor(), white) == pytest.approx(4.48, abs=0.005)


def test_the_veil_below_a_dialog_is_for_terminals_on_which_it_shines_through() -> None:
    veils = {depth: textual_theme(find_theme("midnight"), depth).variables["veil"] for depth in ColourDepth}
    assert veils.pop(ColourDepth.TRUECOLOR) == "#0f141a 60%"
    assert set(veils.values()) == {"transparent"}


@pytest.mark.parametrize("depth", [ColourDepth.TRUECOLOR, ColourDepth.INDEXED, ColourDepth.ANSI])
@pytest.mark.parametrize("theme", THEMES, ids=ids)
def test_lines_that_are_compared_have_six_colours_that_can_be_read(theme: Theme, depth: ColourDepth) -> None:
    colours = role_colours(theme, depth)
    series = [colours[role] for role in SERIES]
    assert len(set(series)) == 6
    if not depth.is_ansi:  # the terminal's own palette decides there
        assert all(contrast(colour, colours["background"]) >= LEAST_CONTRAST for colour in series)
