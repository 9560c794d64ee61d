from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.protocol.rate_limit import RateLimiter


def test_as_many_calls_as_a_minute_has_then_one_for_each_that_is_a_minute_old() -> None:
    turns = RateLimiter(3)
    for at in (0.0, 1.0, 2.0):
        assert turns.delay(at) == 0.0
        turns.acquire(at)
    assert turns.delay(2.0) == 58.0
    assert turns.delay(60.0) == 0.0
    turns.acquire(60.0)
    assert turns.delay(60.0) == 1.0


def test_no_call_is_allowed_while_paused() -> None:
    turns = RateLimiter(3)
    turns.pause_until(90.0)
    turns.pause_until(30.0)
    assert (turns.delay(50.0), turns.delay(90.0)) == (40.0, 0.0)


@given(st.integers(1, 6), st.lists(st.floats(0.0, 30.0), max_size=60))
def test_no_minute_has_more(calls: int, pauses: list[float]) -> None:
    turns, now = RateLimiter(calls), 0.0
    made: list[float] = []
    for pause in pauses:
        now += pause
        now += turns.delay(now)
        turns.acquire(now)
        made.append(now)
    for first, beyond in zip(made, made[calls:], strict=False):
        assert beyond - first > 60.0 - 1e-6


@pytest.mark.parametrize(("users", "calls", "minute"), [(1, 5, 60.0), (2, 2, 60.0), (5, 1, 60.0), (10, 1, 120.0)])
def test_users_of_one_key_share_its_calls(users: int, calls: int, minute: float) -> None:
    limiter = RateLimiter(5, 60.0)
    limiter.share(users)
    for _ in range(calls):
        assert limiter.delay(0.0) == 0.0
        limiter.acquire(0.0)
    assert limiter.delay(1.0) == minute - 1.0
    limiter.share(1)
    assert (limiter.delay(1.0) == 0.0) is (calls < 5)
