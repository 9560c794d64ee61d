"""Flow control by cursor position reports.

A write that returns says nothing: bytes that a slow line has not carried yet are in buffers on the way, ahead of every
later frame. So each frame is followed by a cursor-position query (DSR 6), and its reply says that the terminal has read
the frame.
"""

from __future__ import annotations

from collections import deque

from tui.terminal.frame_clock import MAX_FRAMES

CURSOR_POSITION_QUERY = "\x1b[6n"
"""DSR 6, which a terminal replies to with the position of its cursor."""

_LATE = 0.2  # s
_EARLY = 0.05  # s
_FEWEST, _MOST = 8, 128  # lines
_REPLY_LOST = 30.0  # s after which a reply is not waited for any more
_NO_REPLIES = 10.0  # s without a first reply after which the terminal counts as one that never replies
_FIRST_INTERVAL = 0.5  # s between two frames before the first reply
_DRIFT = 0.01  # the share by which the round trip may have grown at each reply: routes change


class TerminalFlowControl:
    """Decides from the times of queries and replies (s, monotonic) when and how much may be drawn.

    A connection may have a long round trip and a high rate: as many frames may be in flight as fit into the round trip,
    and one more, because a reply also waits for the event loop here. What replies take beyond that is spent in buffers:
    then a frame has fewer lines, and only one is in flight. Before the first reply frames are drawn slowly; for a
    terminal that never replies nothing is held back.
    """

    def __init__(self) -> None:
        self._queries: deque[float] = deque()
        self.round_trip: float | None = None
        """The shortest time that a reply takes, in s; None before the first."""
        self.line_budget: int | None = None
        """How many lines a frame may draw; None for all of them."""
        self.backlog = 0.0
        """s by which the last reply came later than the round trip explains."""

    def record_query(self, now: float) -> bool:
        """Record a query sent at `now`. Returns False if none is to be sent: the terminal never replies."""
        is_unresponsive = self._is_unresponsive(now)
        if not is_unresponsive:
            self._queries.append(now)
        return not is_unresponsive

    def _is_unresponsive(self, now: float) -> bool:
        return self.round_trip is None and bool(self._queries) and now - self._queries[0] > _NO_REPLIES

    def record_reply(self, at: float) -> None:
        """Record the reply to the oldest query, and adapt the lines of a frame to how late it is."""
        if not self._queries:
            return  # to a query of another program, or to one that was given up
        delay = max(0.0, at - self._queries.popleft())
        known = delay if self.round_trip is None else self.round_trip * (1 + _DRIFT)
        self.round_trip = min(delay, known)
        self.backlog = delay - self.round_trip
        if self.backlog > _LATE:
            self.line_budget = max(_FEWEST, (self.line_budget or _MOST) // 2)
        elif self.backlog < _EARLY and self.line_budget is not None:
            self.line_budget = 2 * self.line_budget if self.line_budget < _MOST // 2 else None

    def can_draw(self, now: float) -> bool:
        """Returns True if the terminal has read enough of what was drawn before."""
        if not self._queries or self._is_unresponsive(now):
            return True
        if self.round_trip is None:
            return now - self._queries[-1] >= _FIRST_INTERVAL
        if now - self._queries[0] > _REPLY_LOST:
            self.reset()
            self.round_trip = None  # the reply may have been to another program: this terminal may never reply
            return True
        return self.line_budget is None and len(self._queries) <= 1 + int(self.round_trip * MAX_FRAMES)

    def reset(self) -> None:
        """Forget all queries: another program had the terminal, and their replies."""
        self._queries.clear()
