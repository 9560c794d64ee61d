"""Flow control by cursor position reports.

A write that returns says nothing: bytes that a slow line has not carried yet are in buffers on the way, ahead of every
later frame. So frames are followed by a cursor-position query (DSR 6), and its reply says that the terminal has read
them. A query costs as much CPU as a small frame, so small ones share one. Replies are lost, doubled and answered by
others: each query puts the cursor at another cell before it asks, so that a reply says which query it is to.
"""

from __future__ import annotations

from collections import deque

from tui.terminal.frame_clock import MAX_FRAMES

QUERY_COLUMNS = 36
"""Columns of the cells that queries are told apart by; the smallest screen that is drawn has 40."""

_ROWS = 8  # of these cells
_SHARED_WITHIN = 0.25  # s: small frames within this time share a query …
_SMALL = 200  # … while they have fewer cells together
_LATE = 0.2  # s
_EARLY = 0.05  # s
_FEWEST, _MOST = 8, 128  # lines
_ROUND_TRIPS = 4  # a reply that takes longer is not waited for …
_MIN_PATIENCE, _MAX_PATIENCE = 0.5, 2.0  # s: … but so long at least, and no longer
_NO_REPLIES = 10.0  # s of queries without a reply after which the terminal counts as one that never replies
_ASK_AGAIN = 10.0  # s between queries to such a terminal
_FIRST_INTERVAL = 0.5  # s between two frames before the first reply
_DRIFT = 0.01  # the share by which the round trip may have grown at each reply: routes change


class TerminalFlowControl:
    """Decides from the times of queries and replies (s, monotonic) when and how much may be drawn.

    A connection may have a long round trip and a high rate: as many frames may be in flight as fit into the round trip,
    and one more, because a reply also waits for the event loop here. What replies take beyond that is spent in buffers:
    then a frame has fewer lines, and only one is in flight. Before the first reply frames are drawn slowly. For a
    terminal that never replies nothing is held back; it is asked now and then, because another one may be attached.
    """

    def __init__(self) -> None:
        self._queries: deque[tuple[int, float]] = deque(maxlen=QUERY_COLUMNS * _ROWS // 2)  # number, time
        self._number = 0
        self._asked_since: float | None = None  # the first query after the last reply
        self._asked_at = 0.0
        self._unasked = 0  # cells since the last query
        self.round_trip: float | None = None
        """The shortest time that a reply takes, in s; None before the first."""
        self.line_budget: int | None = None
        """How many lines a frame may draw; None for all of them."""
        self.backlog = 0.0
        """s by which the last reply came later than the round trip explains."""

    def query(self, now: float, cells: int = _SMALL) -> str:
        """Record a query at `now`, after so many cells were written, and return it: control sequences that leave the
        cursor where it is. "" if none is to be sent."""
        self._unasked += cells
        if self._is_unresponsive(now) and now - self._asked_at < _ASK_AGAIN:
            return ""
        keeps_up = self.round_trip is not None and self.backlog < _EARLY and self.line_budget is None
        if keeps_up and self._unasked < _SMALL and now - self._asked_at < _SHARED_WITHIN:
            return ""
        if self._queries and now - self._queries[0][1] > self._patience:
            self._shorten_frames()
        self._number = (self._number + 1) % (QUERY_COLUMNS * _ROWS)
        self._queries.append((self._number, now))
        self._asked_at = now
        self._unasked = 0
        if self._asked_since is None:
            self._asked_since = now
        row, column = divmod(self._number, QUERY_COLUMNS)
        return f"\x1b7\x1b[{row + 1};{column + 1}H\x1b[6n\x1b8"

    def record_reply(self, row: int, column: int, at: float) -> bool:
        """Record the reply that the cursor is at `row` and `column`, from 0, and adapt the lines of a frame to how late
        it is. Queries before that one are no longer waited for: a terminal replies in order. Returns True if it is the
        reply to a query since the last reset."""
        number = row * QUERY_COLUMNS + column
        if column >= QUERY_COLUMNS or all(number != query for query, _ in self._queries):
            return False  # to a query of another program, or for the second time
        query, sent = self._queries.popleft()
        while query != number:
            query, sent = self._queries.popleft()
        self._asked_since = self._queries[0][1] if self._queries else None
        delay = max(0.0, at - sent)
        known = delay if self.round_trip is None else self.round_trip * (1 + _DRIFT)
        self.round_trip = min(delay, known)
        self.backlog = delay - self.round_trip
        if self.backlog > _LATE:
            self._shorten_frames()
        elif self.backlog < _EARLY and self.line_budget is not None:
            self.line_budget = 2 * self.line_budget if self.line_budget < _MOST // 2 else None
        return True

    def can_draw(self, now: float) -> bool:
        """Returns True if the terminal has read enough of what was drawn before, or is not waited for any more."""
        if not self._queries or self._is_unresponsive(now):
            return True
        if self.round_trip is None:
            return now - self._queries[-1][1] >= _FIRST_INTERVAL
        in_flight = sum(now - sent <= self._patience for _, sent in self._queries)
        at_most = 0 if self.line_budget is not None else 1 + int(self.round_trip * MAX_FRAMES)
        return in_flight <= at_most

    def delay(self, now: float) -> float:
        """Returns for how many seconds the terminal has owed a reply; 0 if it owes none, or is not known to reply."""
        if not self._queries or self.round_trip is None or self._is_unresponsive(now):
            return 0.0
        return now - self._queries[0][1]

    def reset(self) -> None:
        """Forget all queries: another program had the terminal and their replies, or another terminal is attached."""
        self._queries.clear()
        self._asked_since = None

    @property
    def _patience(self) -> float:
        taken = (self.round_trip or 0.0) + self.backlog
        return min(max(_MIN_PATIENCE, _ROUND_TRIPS * taken), _MAX_PATIENCE)

    def _is_unresponsive(self, now: float) -> bool:
        return self._asked_since is not None and now - self._asked_since > _NO_REPLIES

    def _shorten_frames(self) -> None:
        self.line_budget = max(_FEWEST, (self.line_budget or _MOST) // 2)
