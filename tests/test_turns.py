from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.turns import Turns


def test_as_many_calls_as_a_minute_has_then_one_for_each_that_is_a_minute_old() -> None:
    turns = Turns(3)
    for at in (0.0, 1.0, 2.0):
        assert turns.wait(at) == 0.0
        turns.take(at)
    assert turns.wait(2.0) == 58.0
    assert turns.wait(60.0) == 0.0
    turns.take(60.0)
    assert turns.wait(60.0) == 1.0


def test_a_vendor_that_wants_to_be_left_alone_is() -> None:
    turns = Turns(3)
    turns.close(90.0)
    turns.close(30.0)
    assert (turns.wait(50.0), turns.wait(90.0)) == (40.0, 0.0)


@given(st.integers(1, 6), st.lists(st.floats(0.0, 30.0), max_size=60))
def test_no_minute_has_more(calls: int, pauses: list[float]) -> None:
    turns, now = Turns(calls), 0.0
    made: list[float] = []
    for pause in pauses:
        now += pause
        now += turns.wait(now)
        turns.take(now)
        made.append(now)
    for first, beyond in zip(made, made[calls:], strict=False):
        assert beyond - first > 60.0 - 1e-6
