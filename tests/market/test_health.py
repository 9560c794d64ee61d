from __future__ import annotations

from tui.market.health import Health


def test_the_rate_is_messages_a_second_over_the_last_calls() -> None:
    health = Health()
    assert health.rate(10.0) == 0
    health.messages = 200
    assert health.rate(11.0) == 200
    health.messages = 300
    assert health.rate(12.0) == 150


def test_the_rate_forgets_what_is_long_over() -> None:
    health = Health()
    health.messages = 1_000
    for second in range(10):
        rate = health.rate(float(second))
    assert rate == 0


def test_two_calls_at_one_moment_divide_by_nothing() -> None:
    health = Health()
    assert (health.rate(1.0), health.rate(1.0)) == (0, 0)
