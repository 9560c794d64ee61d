from __future__ import annotations

import pytest

from tui.terminal.flow_control import TerminalFlowControl


def settled(round_trip: float) -> TerminalFlowControl:
    """A pace that knows its terminal's round trip."""
    pace = TerminalFlowControl()
    pace.record_query(0.0)
    pace.record_reply(round_trip)
    return pace


def drawn(pace: TerminalFlowControl, at: float, took: float) -> None:
    assert pace.can_draw(at)
    pace.record_query(at)
    pace.record_reply(at + took)


def test_until_the_first_answer_frames_come_slowly() -> None:
    pace = TerminalFlowControl()
    assert pace.can_draw(0.0) and pace.record_query(0.0)
    assert not pace.can_draw(0.1)
    assert pace.can_draw(0.5) and pace.record_query(0.5)
    pace.record_reply(0.6)
    assert pace.can_draw(0.6)


def test_a_terminal_that_never_answers_is_asked_no_more_and_nothing_is_held_back() -> None:
    pace = TerminalFlowControl()
    assert [pace.record_query(at) for at in (0.0, 9.0, 11.0, 60.0)] == [True, True, False, False]
    assert pace.can_draw(11.0) and pace.can_draw(11.01)


def test_a_near_terminal_has_two_frames_at_a_time_and_one_where_it_is_slow() -> None:
    pace = settled(0.002)
    pace.record_query(1.0)
    assert pace.can_draw(1.03)
    pace.record_query(1.03)
    assert not pace.can_draw(1.06)
    pace.record_reply(1.5)
    assert not pace.can_draw(1.5), "it was late"
    pace.record_reply(1.5)
    assert pace.can_draw(1.5)


def test_a_far_terminal_has_as_many_frames_on_their_way_as_fit_into_its_round_trip() -> None:
    pace = settled(0.3)
    sent = 0
    while pace.can_draw(1.0 + sent / 30):
        pace.record_query(1.0 + sent / 30)
        sent += 1
    assert 9 <= sent <= 11
    assert pace.line_budget is None


def test_where_answers_come_late_frames_get_shorter_and_longer_again_when_they_do_not() -> None:
    pace = settled(0.01)
    lines = []
    for n in range(6):
        drawn(pace, 10.0 * n, 1.0)
        lines.append(pace.line_budget)
    assert lines == [64, 32, 16, 8, 8, 8]
    drawn(pace, 100.0, 0.1)
    assert pace.line_budget == 8, "neither late nor early"
    lines = []
    for n in range(5):
        drawn(pace, 200.0 + n, 0.012)
        lines.append(pace.line_budget)
    assert lines == [16, 32, 64, None, None]


def test_a_line_that_has_become_longer_is_taken_for_long_not_for_slow() -> None:
    pace = settled(0.01)
    for n in range(600):
        drawn(pace, float(n), 0.4)
    assert pace.round_trip == pytest.approx(0.4)
    assert pace.line_budget is None


def test_an_answer_that_was_lost_stops_nothing_for_ever() -> None:
    pace = settled(0.01)
    pace.record_query(1.0)
    pace.record_query(1.0)
    assert not pace.can_draw(20.0)
    assert pace.can_draw(40.0)
    pace.record_reply(50.0)  # after all
    assert pace.line_budget is None and pace.can_draw(50.0)


def test_an_answer_to_somebody_else_stops_a_terminal_that_never_answers_only_once() -> None:
    pace = TerminalFlowControl()
    pace.record_query(0.0)
    pace.record_reply(0.01)  # it was none to this question
    pace.record_query(2.0)
    pace.record_query(2.0)
    assert not pace.can_draw(30.0) and pace.can_draw(33.0)
    for at in (33.0, 40.0, 50.0, 60.0, 90.0, 120.0):
        assert pace.can_draw(at)
        pace.record_query(at)


def test_a_terminal_that_was_lent_to_somebody_else_owes_no_answer() -> None:
    pace = settled(0.01)
    pace.record_query(1.0)
    pace.reset()
    assert pace.can_draw(1.1)
