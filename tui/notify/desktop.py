"""Desktop notifications by escape sequences: they work over ssh and need nothing installed."""

from __future__ import annotations

from collections.abc import Mapping

from tui.multiplexers import is_tmux, notification_obstacle
from tui.secrets import safe_text

_MAX_LENGTH = 200  # characters
_TITLE = "itick-tui"


def notification_sequence(words: str, environment: Mapping[str, str], version: str = "") -> str:
    """Returns the escape sequence for a notification: OSC 777 for rxvt and its kin, OSC 9 for other terminals, "" for a
    terminal that passes none on. Never both: some terminals support both and would notify twice.

    `version` is that of `is_tmux`. Control characters are removed from the words, and `;`, which separates the fields
    of the sequence, is replaced.
    """
    term = environment.get("TERM", "")
    if term in ("", "dumb", "linux") or notification_obstacle(environment, version):
        return ""
    text = safe_text(words)[:_MAX_LENGTH].replace(";", ",")
    if term.startswith(("rxvt", "foot", "contour")) or {"VTE_VERSION", "KONSOLE_VERSION"} & environment.keys():
        sequence = f"\x1b]777;notify;{_TITLE};{text}\x1b\\"
    else:
        # The title comes first: OSC 9 followed by a digit is another command in some terminals.
        sequence = f"\x1b]9;{_TITLE}: {text}\x1b\\"
    # tmux passes a DCS-wrapped sequence to the terminal if allow-passthrough is on, and drops it otherwise.
    return f"\x1bPtmux;{sequence.replace(chr(27), chr(27) * 2)}\x1b\\" if is_tmux(environment, version) else sequence
