"""The body of a pane that has no data to draw: the reason, centred."""

from __future__ import annotations

from tui import format as fmt
from tui.market import Instrument
from tui.market.data_status import UNSERVED, data_status
from tui.widgets.pane import StyledLine
from tui.widgets.styles import Styles


def empty_body(styles: Styles, instrument: Instrument, reason: str, width: int, height: int) -> list[StyledLine]:
    """Returns lines with the reason in the middle; for a symbol that the feed does not serve at all, that is the
    reason."""
    status = data_status(instrument, None, is_link_live=True)
    words = fmt.clip(status.value if status in UNSERVED else reason, width)
    blank: list[StyledLine] = [[] for _ in range((height - 1) // 2)]
    return [*blank, [styles.segment(words.center(width), "muted")]]
