"""What is written looks just as Textual would have it look."""

from __future__ import annotations

import io

import pyte
from hypothesis import given
from hypothesis import strategies as st
from rich.color import Color, ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.terminal.line_update import LineUpdate

colours = st.none() | st.sampled_from([Color.parse(name) for name in ("#101820", "#34d399", "#ff6b6b", "color(240)")])
styles = st.none() | st.builds(
    lambda colour, ground, bold, reverse: Style(color=colour, bgcolor=ground, bold=bold, reverse=reverse),
    colours,
    colours,
    st.booleans(),
    st.booleans(),
)
strips = st.lists(st.builds(Segment, st.text("aé1 ▌", min_size=1, max_size=6), styles), max_size=6).map(Strip)
consoles = st.sampled_from(["truecolor", "256"]).map(
    lambda system: Console(file=io.StringIO(), force_terminal=True, color_system=system)  # type: ignore[arg-type]
)


def shown(written: str) -> list[list[pyte.screens.Char]]:
    screen = pyte.Screen(60, 6)
    pyte.Stream(screen).feed(written)
    return [[screen.buffer[y][x] for x in range(60)] for y in range(6)]


@given(st.lists(strips, max_size=6), consoles)
def test_a_line_looks_as_its_pieces_say(lines: list[Strip], console: Console) -> None:
    ours = LineUpdate([(2, y, strip.cell_length, strip) for y, strip in enumerate(lines)]).render_segments(console)
    theirs = "".join(f"\x1b[{y + 1};3H{strip.render(console)}" for y, strip in enumerate(lines))
    assert shown(ours) == shown(theirs)


def test_only_what_differs_is_written() -> None:
    ground, text, up = Color.parse("#101820"), Color.parse("#cccccc"), Color.parse("#34d399")
    plain, rising = Style(color=text, bgcolor=ground), Style(color=up, bgcolor=ground)
    console = Console(file=io.StringIO(), force_terminal=True, color_system="truecolor")
    assert console._color_system is ColorSystem.TRUECOLOR
    strip = Strip([Segment("last ", plain), Segment("512.34", plain), Segment(" +0.6%", rising)])
    assert LineUpdate([(0, 0, strip.cell_length, strip), (4, 7, strip.cell_length, strip)]).render_segments(
        console
    ) == (
        "\x1b[1;1H\x1b[38;2;204;204;204;48;2;16;24;32mlast 512.34\x1b[38;2;52;211;153m +0.6%"
        "\x1b[8;5H\x1b[38;2;204;204;204mlast 512.34\x1b[38;2;52;211;153m +0.6%\x1b[0m"
    )
