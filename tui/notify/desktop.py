"""A notification on the person's desktop, asked of the terminal: it works over ssh, and needs nothing installed."""

from __future__ import annotations

from collections.abc import Mapping

from tui.secrets import safe_text

_MOST = 200  # characters
_TITLE = "itick-tui"


def notification_sequence(words: str, environment: Mapping[str, str]) -> str:
    """What to write to the terminal: OSC 777 for those that have their own like rxvt, OSC 9 for all others. Not both:
    some know both, and would show two. "" where there is no desktop behind the terminal.

    The words come without anything that a terminal would obey, and without `;`, which parts the sequence.
    """
    term = environment.get("TERM", "")
    if term in ("", "dumb", "linux"):
        return ""
    text = safe_text(words)[:_MOST].replace(";", ",")
    if term.startswith(("rxvt", "foot", "contour")) or {"VTE_VERSION", "KONSOLE_VERSION"} & environment.keys():
        asked = f"\x1b]777;notify;{_TITLE};{text}\x1b\\"
    else:
        # The name first: a text that begins with a digit could be another request of the same number.
        asked = f"\x1b]9;{_TITLE}: {text}\x1b\\"
    # tmux hands on what is wrapped like this, where it is allowed to, and drops it where not.
    return f"\x1bPtmux;{asked.replace(chr(27), chr(27) * 2)}\x1b\\" if "TMUX" in environment else asked
