from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.messages import QQQ, T, depth
from tui.market import Market
from tui.market.spread_stats import SpreadHistory


def test_every_second_counts_alike() -> None:
    hour = SpreadHistory()
    for second in range(120):
        hour.sample(0.01 if second < 90 else 0.05, 0.01, second)
    known = hour.statistics(120.0)
    assert known is not None
    assert known.mean == pytest.approx(0.02)
    assert (known.least, known.most, known.share, known.seconds) == (0.01, 0.05, 0.75, 120)


def test_what_is_older_than_an_hour_no_longer_counts() -> None:
    hour = SpreadHistory()
    hour.sample(9.0, 0.01, 0.0)
    for minute in range(1, 200):
        hour.sample(0.02, 0.01, 60.0 * minute)
    known = hour.statistics(60.0 * 199)
    assert known is not None
    assert (known.most, known.seconds, known.share) == (0.02, 60, 0.0)
    assert hour.statistics(60.0 * 300) is None
    alone = SpreadHistory()
    alone.sample(9.0, 0.01, 0.0)
    assert alone.statistics(3_599.0) is not None
    assert alone.statistics(3_600.0) is None


def test_without_a_tick_no_time_is_tight() -> None:
    hour = SpreadHistory()
    hour.sample(0.01, None, 0.0)
    known = hour.statistics(1.0)
    assert known is not None and known.share == 0.0
    assert SpreadHistory().statistics(0.0) is None


def test_a_crossed_or_locked_book_has_no_spread_to_be_counted() -> None:
    market = Market()
    market.set_clock(float(T))
    market.follow([QQQ])
    i = market.instruments[QQQ]
    for second, ask in enumerate((512.32, 512.33, 512.34, 512.37)):
        market.apply(depth([(ask, 100)], [(512.34, 100)]), float(second))
        market.sample(float(second), [i])
    known = i.spreads.statistics(4.0)
    assert known is not None
    assert known.seconds == 1 and known.least == known.most == pytest.approx(0.03)
    assert market.health.crossed == 2, "a locked book is no crossed one"


@given(st.lists(st.tuples(st.floats(0.0001, 1e6), st.floats(0, 7200)), min_size=1))
def test_the_mean_lies_between_the_least_and_the_most(samples: list[tuple[float, float]]) -> None:
    hour = SpreadHistory()
    for spread, now in sorted(samples, key=lambda sample: sample[1]):
        hour.sample(spread, 0.01, now)
    known = hour.statistics(max(now for _, now in samples))
    assert known is not None
    assert known.least * 0.999999 <= known.mean <= known.most * 1.000001
    assert 0 <= known.share <= 1
