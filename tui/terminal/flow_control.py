"""How fast the terminal takes what is drawn, told by its own answers.

Writing tells nothing: what a slow line has not taken yet lies in buffers on the way, ahead of everything that is drawn
later. So after each frame the terminal is asked where its cursor is, and its answer says that it has read the frame.
"""

from __future__ import annotations

from collections import deque

from tui.terminal.frame_clock import MAX_FRAMES

CURSOR_POSITION_QUERY = "\x1b[6n"
"""What a terminal answers with the place of its cursor."""

_LATE = 0.2  # s
_EARLY = 0.05  # s
_FEWEST, _MOST = 8, 128  # lines
_LOST = 30.0  # s after which an answer is not waited for any more
_DEAF = 10.0  # s after which no first answer is waited for any more
_UNKNOWN = 0.5  # s between two frames until then
_DRIFT = 0.01  # by which a round trip may have grown at each answer: lines change


class TerminalFlowControl:
    """Told of every question and every answer, in s, monotonic.

    A line may be long and fast: as many frames may be on their way as fit into its round trip, and one more, for an
    answer waits for its turn here too. Whatever answers take beyond that is spent in buffers: then a frame has fewer
    lines, and only one is on its way. Until the first answer frames come slowly, and where there is none, nothing is
    held back.
    """

    def __init__(self) -> None:
        self._asked: deque[float] = deque()
        self.round_trip: float | None = None
        """The least that an answer takes; None before the first."""
        self.line_budget: int | None = None
        """How many lines a frame may draw; None for all."""
        self.backlog = 0.0
        """s by which the last answer came later than it could."""

    def record_query(self, now: float) -> bool:
        """Whether to ask after what was drawn now; it is reckoned with the answer. No more is asked of a terminal that
        has never answered."""
        deaf = self._deaf(now)
        if not deaf:
            self._asked.append(now)
        return not deaf

    def _deaf(self, now: float) -> bool:
        return self.round_trip is None and bool(self._asked) and now - self._asked[0] > _DEAF

    def record_reply(self, at: float) -> None:
        if not self._asked:
            return  # to somebody else, or given up
        took = max(0.0, at - self._asked.popleft())
        known = took if self.round_trip is None else self.round_trip * (1 + _DRIFT)
        self.round_trip = min(took, known)
        self.backlog = took - self.round_trip
        if self.backlog > _LATE:
            self.line_budget = max(_FEWEST, (self.line_budget or _MOST) // 2)
        elif self.backlog < _EARLY and self.line_budget is not None:
            self.line_budget = 2 * self.line_budget if self.line_budget < _MOST // 2 else None

    def can_draw(self, now: float) -> bool:
        """Whether the terminal has taken enough of what was drawn before."""
        if not self._asked or self._deaf(now):
            return True
        if self.round_trip is None:
            return now - self._asked[-1] >= _UNKNOWN
        if now - self._asked[0] > _LOST:
            self.reset()
            self.round_trip = None  # the answer may have been to somebody else: this terminal may never answer
            return True
        return self.line_budget is None and len(self._asked) <= 1 + int(self.round_trip * MAX_FRAMES)

    def reset(self) -> None:
        """What was asked will not be answered: the terminal belonged to somebody else meanwhile."""
        self._asked.clear()
