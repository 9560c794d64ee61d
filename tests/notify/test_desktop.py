"""What a terminal is asked for, by what it says of itself."""

from __future__ import annotations

import pytest

from tui.notify.desktop import notification_sequence


@pytest.mark.parametrize(
    ("environment", "asked"),
    [
        ({"TERM": "xterm-256color"}, "\x1b]9;itick-tui: QQQ fell\x1b\\"),
        ({"TERM": "xterm-kitty"}, "\x1b]9;itick-tui: QQQ fell\x1b\\"),
        ({"TERM": "foot"}, "\x1b]777;notify;itick-tui;QQQ fell\x1b\\"),
        ({"TERM": "rxvt-unicode-256color"}, "\x1b]777;notify;itick-tui;QQQ fell\x1b\\"),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7600"}, "\x1b]777;notify;itick-tui;QQQ fell\x1b\\"),
        ({"TERM": "xterm-256color", "KONSOLE_VERSION": "230800"}, "\x1b]777;notify;itick-tui;QQQ fell\x1b\\"),
        ({"TERM": "tmux-256color", "TMUX": "x"}, "\x1bPtmux;\x1b\x1b]9;itick-tui: QQQ fell\x1b\x1b\\\x1b\\"),
        ({"TERM": "linux"}, ""),
        ({}, ""),
    ],
)
def test_one_sequence_for_each_terminal(environment: dict[str, str], asked: str) -> None:
    assert notification_sequence("QQQ fell", environment) == asked


def test_nothing_that_a_terminal_would_obey_is_in_it() -> None:
    asked = notification_sequence("a\x1b]0;b\x07c\x9cd;e\n" + "x" * 1_000, {"TERM": "foot"})
    text = asked.removeprefix("\x1b]777;notify;itick-tui;").removesuffix("\x1b\\")
    assert text.isprintable() and ";" not in text and len(text) == 200
