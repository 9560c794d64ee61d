"""However updates follow each other, the terminal shows what they mean."""

from __future__ import annotations

import io
from unicodedata import normalize

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import Color
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip

from tests.support.seen_cells import as_seen
from tui.terminal.ansi import Piece
from tui.terminal.line_update import LineUpdate
from tui.terminal.screen_diff import ScreenBuffer
from tui.terminal.textual_private import CompositorUpdate, LayoutUpdate

WIDTH, HEIGHT = 24, 3
styles = st.none() | st.builds(
    lambda colour, bold: Style(color=colour, bold=bold),
    st.sampled_from([Color.parse("#34d399"), Color.parse("#ff6b6b")]),
    st.booleans(),
)
texts = st.lists(st.sampled_from(["a", "1", " ", "国", "e\u0323"]), min_size=1, max_size=5).map("".join)
segments = st.lists(st.builds(Segment, texts, styles, st.none()), max_size=8)


def strips(width: int) -> st.SearchStrategy[Strip]:
    return segments.map(lambda found: Strip(found).adjust_cell_length(width))


PANES = ((0, 10), (10, 14))  # column and width: a wide letter is never half in one
lines = st.tuples(*(strips(width) for _, width in PANES))
wholes = st.lists(lines, min_size=HEIGHT, max_size=HEIGHT).map(
    lambda found: LayoutUpdate(list(found), Region(0, 0, WIDTH, HEIGHT))
)
parts = st.sampled_from(PANES).flatmap(
    lambda pane: st.builds(
        lambda y, strip: LineUpdate([(pane[0], y, pane[1], strip)]), st.integers(0, HEIGHT - 1), strips(pane[1])
    )
)
console = Console(file=io.StringIO(), force_terminal=True, color_system="truecolor")


def cells(screen: pyte.Screen) -> list[list[pyte.screens.Char]]:
    return [[as_seen(screen.buffer[y][x]) for x in range(WIDTH)] for y in range(HEIGHT)]


@given(wholes, st.lists(wholes | parts, max_size=6))
def test_the_terminal_shows_what_updates_mean(first: LayoutUpdate, later: list[LayoutUpdate | LineUpdate]) -> None:
    shown, ours, theirs = ScreenBuffer(), pyte.Screen(WIDTH + 2, HEIGHT), pyte.Screen(WIDTH + 2, HEIGHT)
    for update in [first, *later]:
        pieces = shown.reduce(update)
        pyte.Stream(ours).feed(LineUpdate(pieces).render_segments(console))
        meant = update.lines if isinstance(update, LineUpdate) else _whole(update)
        pyte.Stream(theirs).feed(LineUpdate(meant).render_segments(console))
        assert cells(ours) == cells(theirs)


def _whole(update: LayoutUpdate) -> list[Piece]:
    return [(0, y, WIDTH, Strip.join(strips)) for y, strips in enumerate(update.strips)]


def test_only_the_cells_that_differ_are_written() -> None:
    plain, up = Style(color=Color.parse("#cccccc")), Style(color=Color.parse("#34d399"))
    shown = ScreenBuffer()

    def row(last: str, change: str) -> Strip:
        return Strip(
            [Segment("QQQ$US  ", plain), Segment(last, up), Segment("   512.30  ", plain), Segment(change, up)]
        )

    size = Region(0, 0, row("512.34", "+0.6%").cell_length, 1)
    assert len(shown.reduce(LayoutUpdate([[row("512.34", "+0.6%")]], size))) == 1
    news = shown.reduce(LayoutUpdate([[row("512.35", "+0.7%")]], size))
    assert [(x, width, "".join(each.text for each in text)) for x, _, width, text in news] == [
        (13, 1, "5"),
        (28, 1, "7"),
    ]
    assert not shown.reduce(LayoutUpdate([[row("512.35", "+0.7%")]], size))
    shown.forget()
    assert len(shown.reduce(LayoutUpdate([[row("512.35", "+0.7%")]], size))) == 1


def test_a_mark_without_a_cell_does_not_make_up_for_a_letter_with_two() -> None:
    shown, screen = ScreenBuffer(), pyte.Screen(WIDTH, 1)
    for text in ("国1e\u0323", "国2e\u0323"):
        update = LayoutUpdate([[Strip([Segment(text)])]], Region(0, 0, 4, 1))
        pyte.Stream(screen).feed(LineUpdate(shown.reduce(update)).render_segments(console))
        assert "".join(screen.buffer[0][x].data for x in range(4)) == normalize("NFC", text)


def test_what_stands_behind_an_emoji_is_at_its_place_where_the_terminal_gives_it_other_cells() -> None:
    shown, screen = ScreenBuffer(), pyte.Screen(WIDTH, 1)
    pyte.Stream(screen).feed("8" * WIDTH)
    for clock in ("21:59:58", "21:59:59", "22:00:00"):
        strip = Strip([Segment("❤️ Core ", Style()), Segment(clock, Style())])
        at = strip.cell_length - len(clock)
        update = LayoutUpdate([[strip]], Region(0, 0, strip.cell_length, 1))
        pyte.Stream(screen).feed(LineUpdate(shown.reduce(update)).render_segments(console))
        assert screen.display[0][1 : at + len(clock)].strip(" Core\ufe0f") == clock


def test_an_update_of_a_kind_that_is_not_known_is_not_left_out_in_silence() -> None:
    class Fourth(CompositorUpdate):
        """What a later Textual may make."""

    with pytest.raises(TypeError, match="an update that is not known here: Fourth"):
        ScreenBuffer().reduce(Fourth())
