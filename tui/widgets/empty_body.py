"""The body of a pane that has no data to draw: the reason, centred."""

from __future__ import annotations

from textwrap import wrap

from tui import format as fmt
from tui.market import Instrument
from tui.market.data_status import UNSERVED, data_status
from tui.widgets.pane import StyledLine
from tui.widgets.styles import Styles


def empty_body(styles: Styles, instrument: Instrument, reason: str, width: int, height: int) -> list[StyledLine]:
    """Returns lines with the reason in the middle; for a symbol that the feed does not serve at all, that is the
    reason."""
    status = data_status(instrument, None, is_link_live=True)
    lines = wrap(status.value if status in UNSERVED else reason, max(1, width - 2))[:height]
    blank: list[StyledLine] = [[] for _ in range((height - len(lines)) // 2)]
    return [*blank, *([styles.segment(fmt.clip(line, width).center(width), "muted")] for line in lines)]
