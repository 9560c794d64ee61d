from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.messages import QQQ, SPY
from tui.market.clock_sync import ClockOffset
from tui.symbol import Symbol


def test_the_worked_example_bounds_the_offset_from_both_sides() -> None:
    clock = ClockOffset()
    clock.observe_date(sent=1_000_000, received=1_000_060, date=1_002_000)
    assert (clock.low, clock.high) == (1_940, 3_000)
    clock.observe_frame(QQQ, 1_007_650, arrival=1_005_200)
    assert (clock.low, clock.high) == (2_450, 3_000)
    assert (clock.offset, clock.half_width) == (2_725, 275)


def test_a_frame_without_news_of_the_offset_changes_no_bound() -> None:
    clock = ClockOffset()
    clock.observe_frame(QQQ, 1_000, arrival=900)
    clock.observe_frame(QQQ, 2_000, arrival=2_500)
    assert clock.low == 100


def test_dates_that_contradict_what_is_known_count_when_two_agree() -> None:
    clock = ClockOffset()
    clock.observe_date(0, 50, 5_000)
    clock.observe_frame(QQQ, 6_000, arrival=1_000)
    assert clock.lag(1.0) is not None
    for date in (10_000, 70_000, 10_000):
        clock.observe_date(10_000, 10_050, date)
        assert (clock.low, clock.high) == (5_000, 6_000), "one alone may be false"
    clock.observe_date(11_000, 11_050, 11_000)
    assert (clock.low, clock.high) == (-50, 1_000)
    assert clock.lag(2.0) is None


def test_what_a_date_contradicts_is_forgotten_when_one_agrees_with_what_was_known() -> None:
    clock = ClockOffset()
    for date in (5_000, 70_000, 5_000, 70_000, 5_000):
        clock.observe_date(0, 50, date)
    assert (clock.low, clock.high) == (4_950, 6_000)


def test_bounds_from_frames_give_way_to_a_date() -> None:
    clock = ClockOffset()
    clock.observe_frame(QQQ, 4_000, arrival=1_000)
    clock.observe_date(2_000, 2_050, 2_000)
    assert (clock.low, clock.high) == (-50, 1_000)


@pytest.mark.parametrize(("t", "offset"), [(900, 0), (1_000, 0), (1_300, 300)])
def test_with_one_bound_the_offset_is_as_near_to_none_as_that_allows(t: int, offset: float) -> None:
    clock = ClockOffset()
    clock.observe_frame(QQQ, t, arrival=1_000)
    assert clock.offset == offset


def test_without_a_known_offset_lag_is_relative_to_its_smallest() -> None:
    clock = ClockOffset()
    for n, late in enumerate([40, 45, 50, 90]):
        clock.observe_frame(QQQ, 1_000 * n, arrival=1_000 * n + late)
    lag = clock.lag(1.0)
    assert lag is not None and lag.relative
    assert (lag.median, lag.p99) == (5, 10)


def test_with_a_narrow_offset_lag_is_absolute() -> None:
    clock = ClockOffset()
    clock.observe_frame(QQQ, 1_000, arrival=1_000)
    clock.observe_date(10_900, 10_920, 10_000)
    assert clock.half_width <= 250
    clock.observe_frame(QQQ, 12_000, arrival=12_080)
    lag = clock.lag(1.0)
    assert lag is not None and not lag.relative
    assert lag.error == clock.half_width
    assert lag.median == pytest.approx(clock.offset)


def test_the_minimum_lag_is_that_of_ten_minutes() -> None:
    clock = ClockOffset()
    clock.observe_frame(QQQ, 1_000, arrival=1_010)
    clock.lag(0.0)
    for n in range(3_000):
        clock.observe_frame(QQQ, 2_000 + n, arrival=2_000 + n + 110)
    for second in range(1, 600):
        lag = clock.lag(float(second))
        assert lag is not None and lag.median == 100
    lag = clock.lag(601.0)
    assert lag is not None and lag.median == 0


@pytest.mark.parametrize("by", [-3_600_000.0, -500.0, 0.5, 90_000.0])
def test_where_our_own_clock_was_set_the_offset_moves_with_it(by: float) -> None:
    clock = ClockOffset()
    clock.observe_date(sent=1_000_000, received=1_000_060, date=1_002_000)
    clock.observe_frame(QQQ, 1_007_650, arrival=1_005_200)
    clock.shift_local(by)
    assert (clock.low, clock.high) == (2_450 - by, 3_000 - by)
    assert (clock.lag(1.0) is None) is (abs(by) > 1), "samples by the old clock tell nothing by the new one"
    clock.observe_frame(QQQ, 1_008_650, arrival=1_006_200 + by)
    assert (clock.low, clock.high) == (2_450 - by, 3_000 - by), "what comes by the new clock agrees with what was known"


def test_a_clock_set_before_anything_was_known_changes_nothing() -> None:
    clock = ClockOffset()
    clock.shift_local(60_000)
    assert clock.offset == 0 and clock.half_width == float("inf")


def test_without_data_there_is_no_lag() -> None:
    assert ClockOffset().lag(0.0) is None


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(-5_000, 5_000)), min_size=1, max_size=30))
def test_whatever_comes_the_bounds_enclose_the_offset_and_lag_is_not_negative(frames: list[tuple[int, int]]) -> None:
    clock = ClockOffset()
    for n, (t, late) in enumerate(frames):
        if n % 5 == 4:
            clock.observe_date(t, t + 20, t + late)
        clock.observe_frame(QQQ, t, arrival=t + late)
        assert clock.low <= clock.offset <= clock.high
        lag = clock.lag(float(n))
        assert lag is not None and 0 <= lag.median <= lag.p99


def known(offset: float, width: float = 20.0) -> ClockOffset:
    """A clock whose offset is known to be within `width` of `offset`, in ms."""
    clock = ClockOffset()
    clock.observe_date(0, 0, offset - width / 2)
    clock.observe_date(0, 0, offset + width / 2 - 1_000)
    return clock


def test_times_in_whole_seconds_make_the_lag_coarse() -> None:
    clock = known(0.0)
    for n in range(100):
        clock.observe_frame(QQQ, 1_000_000 + 1_000 * n, 1_000_000 + 1_000 * n + 640.0)
    lag = clock.lag(1.0)
    assert lag is not None and lag.coarse
    assert lag.words == "≤ 1 s"


def test_times_in_milliseconds_make_it_fine() -> None:
    clock = known(0.0)
    for n in range(100):
        clock.observe_frame(QQQ, 1_000_001 + 997 * n, 1_000_001 + 997 * n + 95.0)
    lag = clock.lag(1.0)
    assert lag is not None and lag.words == "95 ms p99 95 ±10"


@pytest.mark.parametrize(
    ("behind", "delay"),
    [
        ({"QQQ": 900}, 900),
        ({"QQQ": 899.2}, 900),
        ({"QQQ": 100}, 120),
        ({"QQQ": 61}, 60),
        ({"QQQ": 1}, None),
        ({"CHATTY": 0.1, "A": 900, "B": 900, "C": 901, "D": 902, "E": 903}, 900),
        ({"CHATTY": 900, "A": 0.1, "B": 0.2, "C": 0.1, "D": 0.1, "E": 0.1}, None),
        ({"CHATTY": 0.1, "A": 900}, None),
        ({"CHATTY": 900, "A": 900, "B": 0.1}, 900),
        ({"CHATTY": 59, "A": 59.9, "B": 60.1}, None),
    ],
    ids=[
        "one",
        "nearly",
        "two minutes",
        "hardly more than a minute",
        "one on time",
        "a chatty one on time",
        "a chatty one delayed",
        "half",
        "two in three",
        "a minute",
    ],
)
def test_delayed_is_a_feed_whose_symbols_mostly_are_by_their_median(
    behind: dict[str, float], delay: float | None
) -> None:
    """`behind` and `delay` in s. The first symbol has fifty frames to each of the others."""
    clock = known(500.0)
    for n in range(60):
        for code, late in list(behind.items())[: None if n % 50 == 0 else 1]:
            t = 10_000_001 + n
            clock.observe_frame(Symbol(code, "US"), t, t + 1_000 * late - 500)
    assert clock.delay() == pytest.approx(delay, abs=0.05)


@pytest.mark.parametrize(("late", "delay"), [(75, None), (95, 120)])
def test_a_delay_certainly_over_a_minute_is_reported_as_its_likeliest_length(late: float, delay: float | None) -> None:
    """`late` s by our own clock, which may be off by 20 s either way."""
    clock = ClockOffset()
    clock.observe_date(sent=-19_000, received=20_000, date=0)
    assert (clock.low, clock.high) == (-20_000, 20_000)
    clock.observe_frame(QQQ, 10_000_001, 10_000_001 + 1_000.0 * late)
    assert clock.delay() == delay


def test_a_feed_that_is_delayed_no_more_is_not_called_so_any_longer() -> None:
    clock = known(0.0)
    for n in range(3_000):
        clock.observe_frame(QQQ, 10_000_001 + n, 10_900_001.0 + n)
    assert clock.delay() == pytest.approx(900, abs=0.05)
    clock.observe_frame(QQQ, 11_000_000, 11_000_080.0)
    assert clock.delay() is None


def test_lags_of_another_connection_or_clock_are_no_delay() -> None:
    for forget in (ClockOffset.reset_connection, lambda clock: clock.shift_local(5_000)):
        clock = known(0.0)
        clock.observe_frame(QQQ, 10_000_001, 10_900_001.0)
        assert clock.delay() is not None
        forget(clock)
        assert clock.delay() is None


def test_without_a_known_clock_nothing_is_called_delayed() -> None:
    clock = ClockOffset()
    clock.observe_frame(QQQ, 1_000, 10_000_000.0)
    assert clock.delay() is None
    clock.observe_frame(SPY, 1_000, 10_000_000.0)
    clock.observe_frame(Symbol("IWM", "US"), 10_000_000, 10_000_000.0)
    assert clock.delay() is None, "although two are surely later than the third"


@pytest.mark.parametrize(
    ("ahead", "differs"), [(180_000, 179.5), (-180_000, -179.5), (2_600, 2.1), (-2_600, -2.1), (900, None), (0, None)]
)
def test_a_known_difference_of_the_clocks_has_a_sign(ahead: float, differs: float | None) -> None:
    clock = ClockOffset()
    assert clock.known_difference is None
    clock.observe_date(10_000, 10_000, 9_500 + ahead)
    assert clock.known_difference == differs


def test_samples_can_be_discarded() -> None:
    clock = known(0.0)
    for n in range(10):
        clock.observe_frame(QQQ, 1_001 + n, 1_096.0 + n)
    seen = clock.seen
    for n in range(5_000):
        clock.observe_frame(QQQ, 2_001 + n, 22_096.0 + n)
        if n in (3, 4_999):
            clock.discard_lag_since(seen)
            seen = clock.seen
            lag = clock.lag(1.0)
            assert (lag is None) if n > 3 else (lag is not None and lag.p99 == 95)
