#!/usr/bin/env bash
# rich 15.0.0: a Style remembers the escape codes of the first colour system that it is rendered with, and gives them for
# every other colour system too. Style.render takes the colour system as an argument, and looks at it only once.
# Seen: orange rendered for 256 colours and then for 16 is 38;5;208 both times; an equal style that is rendered for 16
# first gives 91. Two terminals of different depth in one process, as in tests, get each other's codes.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q rich==15.0.0
"$work/venv/bin/python" - <<'PYTHON'
import sys

from rich.color import Color, ColorSystem
from rich.style import Style


def style() -> Style:
    return Style(color=Color.parse("#ff8700"))


used_before, fresh = style(), style()
first = used_before.render("x", color_system=ColorSystem.EIGHT_BIT)
second = used_before.render("x", color_system=ColorSystem.STANDARD)
alone = fresh.render("x", color_system=ColorSystem.STANDARD)
print("256 colours, then 16:", repr(first), repr(second))
print("16 colours at once:  ", repr(alone))
assert used_before == fresh
sys.exit(0 if second == first != alone else 1)
PYTHON
