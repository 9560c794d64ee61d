from __future__ import annotations

import re
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.terminal.flow_control import TerminalFlowControl

_QUERY = re.compile(r"\x1b7\x1b\[(\d+);(\d+)H\x1b\[6n\x1b8")


class Line:
    """Flow control, and a terminal that replies when it is told to."""

    def __init__(self) -> None:
        self.control = TerminalFlowControl()
        self.unanswered: deque[tuple[int, int]] = deque()
        self.queries = 0

    def draw(self, at: float, cells: int = 1_000) -> bool:
        """Send a query as after a frame of so many cells; returns False if none was sent."""
        query = self.control.query(at, cells)
        if not query:
            return False
        match = _QUERY.fullmatch(query)
        assert match is not None
        self.unanswered.append((int(match[1]) - 1, int(match[2]) - 1))
        self.queries += 1
        return True

    def reply(self, at: float) -> None:
        self.control.record_reply(*self.unanswered.popleft(), at)

    def lose_reply(self) -> None:
        self.unanswered.popleft()

    def draw_and_reply(self, at: float, took: float) -> None:
        assert self.control.can_draw(at)
        self.draw(at)
        self.reply(at + took)


def settled(round_trip: float) -> Line:
    """One whose terminal's round trip is known."""
    line = Line()
    line.draw(0.0)
    line.reply(round_trip)
    return line


def test_until_the_first_reply_frames_come_slowly() -> None:
    line = Line()
    assert line.control.can_draw(0.0) and line.draw(0.0)
    assert not line.control.can_draw(0.1)
    assert line.control.can_draw(0.5) and line.draw(0.5)
    line.reply(0.6)
    line.reply(0.6)
    assert line.control.can_draw(0.6)


def test_nothing_is_held_back_for_a_terminal_that_never_replies_and_it_is_asked_seldom() -> None:
    line = Line()
    assert [line.draw(at) for at in (0.0, 9.0, 11.0, 12.0, 19.1, 28.0, 60.0)] == [
        True,
        True,
        False,
        False,
        True,
        False,
        True,
    ]
    assert line.control.can_draw(60.0) and line.control.can_draw(60.01)
    assert line.control.delay(60.5) == 0.0, "that is no news"


def test_another_terminal_that_replies_after_all_is_noticed() -> None:
    line = Line()
    for at in range(30):
        line.draw(float(at))
    line.unanswered = deque([line.unanswered[-1]])
    line.reply(29.1)
    line.draw(30.0)
    line.draw(30.0)
    assert not line.control.can_draw(30.1) or line.control.round_trip is not None
    assert line.control.delay(31.5) == 1.5


def test_a_near_terminal_has_two_frames_in_flight_and_one_while_it_is_slow() -> None:
    line = settled(0.002)
    line.draw(1.0)
    assert line.control.can_draw(1.03)
    line.draw(1.03)
    assert not line.control.can_draw(1.06)
    line.reply(1.5)
    assert not line.control.can_draw(1.5), "it was late"
    line.reply(1.5)
    assert line.control.can_draw(1.5)


def test_a_far_terminal_has_as_many_frames_in_flight_as_fit_into_its_round_trip() -> None:
    line = settled(0.3)
    sent = 0
    while line.control.can_draw(1.0 + sent / 30):
        line.draw(1.0 + sent / 30)
        sent += 1
    assert 9 <= sent <= 11
    assert line.control.line_budget is None


def test_frames_get_shorter_while_replies_are_late_and_longer_again_when_they_are_not() -> None:
    line = settled(0.01)
    lines = []
    for n in range(6):
        line.draw_and_reply(10.0 * n, 1.0)
        lines.append(line.control.line_budget)
    assert lines == [64, 32, 16, 8, 8, 8]
    line.draw_and_reply(100.0, 0.1)
    assert line.control.line_budget == 8, "neither late nor early"
    lines = []
    for n in range(5):
        line.draw_and_reply(200.0 + n, 0.012)
        lines.append(line.control.line_budget)
    assert lines == [16, 32, 64, None, None]


def test_a_route_that_has_become_longer_is_not_taken_for_a_slow_one() -> None:
    line = settled(0.01)
    for n in range(600):
        line.draw_and_reply(float(n), 0.4)
    assert line.control.round_trip == pytest.approx(0.4)
    assert line.control.line_budget is None


def test_a_lost_reply_holds_nothing_back_once_a_later_one_came() -> None:
    line = settled(0.01)
    line.draw(1.0)
    line.draw(1.03)
    line.lose_reply()
    assert not line.control.can_draw(1.05)
    line.reply(1.05)
    assert line.control.can_draw(1.05) and line.control.delay(5.0) == 0.0
    assert line.control.line_budget is None, "it was not late"


@pytest.mark.parametrize(("round_trip", "patience"), [(0.001, 0.5), (0.3, 1.2), (0.9, 2.0)])
def test_no_reply_is_waited_for_longer_than_a_few_round_trips(round_trip: float, patience: float) -> None:
    line = settled(round_trip)
    sent = 0
    while line.control.can_draw(10.0):
        line.draw(10.0)
        sent += 1
    assert not line.control.can_draw(10.0 + patience - 0.01)
    assert line.control.can_draw(10.0 + patience + 0.01)
    line.draw(10.0 + patience + 0.01)
    assert line.control.line_budget is not None, "it may be slow: frames are shorter meanwhile"
    assert line.control.delay(10.0 + patience) == pytest.approx(patience)


def test_a_reply_that_comes_after_all_tells_how_late_the_terminal_is() -> None:
    line = settled(0.01)
    line.draw(1.0)
    line.draw(1.03)
    assert line.control.can_draw(4.0)
    line.reply(5.0)
    assert line.control.backlog == pytest.approx(4.0, abs=0.02)


@pytest.mark.parametrize("reply", [(0, 0), (7, 39), (0, 40), (3, 200), (40, 1)])
def test_a_reply_to_another_program_s_query_is_ignored(reply: tuple[int, int]) -> None:
    line = settled(0.01)
    line.draw(1.0)
    line.draw(1.0)
    line.control.record_reply(*reply, 1.01)
    assert not line.control.can_draw(1.02)


def test_a_reply_that_comes_twice_counts_once() -> None:
    line = settled(0.01)
    line.draw(1.0)
    first = line.unanswered[0]
    line.reply(1.01)
    line.draw(2.0)
    line.draw(2.0)
    line.control.record_reply(*first, 2.01)
    assert not line.control.can_draw(2.02)


def test_a_terminal_that_was_lent_to_another_program_owes_no_reply() -> None:
    line = settled(0.01)
    line.draw(1.0)
    line.control.reset()
    assert line.control.can_draw(1.1) and line.control.delay(1.1) == 0.0


@given(
    st.lists(st.tuples(st.sampled_from(["reply", "lose", "double", "delay", "swap"]), st.floats(0.0, 3.0)), max_size=80)
)
def test_whatever_becomes_of_replies_a_frame_is_drawn_within_two_seconds(fates: list[tuple[str, float]]) -> None:
    """Data comes 30 times a second for a minute; of each reply something else becomes."""
    line = settled(0.02)
    replies: list[tuple[float, tuple[int, int]]] = []
    drawn_at = 0.0
    for n in range(30 * 60):
        now = n / 30
        due = sorted(each for each in replies if each[0] <= now)
        replies = [each for each in replies if each[0] > now]
        for _, position in due:
            line.control.record_reply(*position, now)
        if line.control.can_draw(now):
            drawn_at = now
            if line.draw(now):
                position = line.unanswered.popleft()
                fate, late = fates[line.queries % len(fates)] if fates else ("reply", 0.0)
                if fate != "lose":
                    replies.append((now + 0.02 + (late if fate in ("delay", "swap") else 0.0), position))
                if fate == "double":
                    replies.append((now + 0.02 + late, position))
        assert now - drawn_at <= 2.05


def test_small_frames_share_a_query_while_the_terminal_keeps_up() -> None:
    line = settled(0.01)

    def asked(at: float, cells: int) -> list[bool]:
        """Returns which of nine frames, 1/30 s apart, are asked about."""
        found = []
        for frame in range(9):
            found.append(line.draw(at + frame / 30, cells))
            if found[-1]:
                line.reply(at + frame / 30 + 0.01)
        return found

    assert asked(1.0, 12) == [True, *7 * [False], True], "a quarter of a second at most is not asked about"
    assert asked(3.0, 80) == [True, *2 * [False, False, True], False, False], "nor more than a few rows"


def test_every_frame_is_asked_about_until_the_terminal_is_known_to_keep_up() -> None:
    line = Line()
    assert line.draw(0.0, 1) and line.draw(0.1, 1), "it has not replied yet"
    line = settled(0.01)
    line.draw_and_reply(1.0, 1.0)
    assert line.control.line_budget is not None
    assert line.draw(2.01, 1) and line.draw(2.02, 1), "it is late"
