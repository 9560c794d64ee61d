"""What shows that an exchange trades at an hour that its calendar calls closed."""

from __future__ import annotations

from tui.market.instrument import Instrument
from tui.protocol.messages import Quote, Tick


def is_evidence(instrument: Instrument, message: Tick | Quote) -> bool:
    """Returns True if a message shows that an exchange trades: a trade or a changed quote, not the first of its type on
    a connection, which may be old."""
    if type(message) is Tick:
        return instrument.tick_sampled
    return instrument.quote_sampled and message.last != instrument.last
