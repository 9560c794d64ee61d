from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.messages import QQQ, T, quote, tick
from tui.market import Market
from tui.market.sessions import calendar
from tui.market.tape import MAX_RUN_GAP, MAX_TRADES, Tape, large_trade_threshold

DAY = 24 * 3_600_000


def printed(*trades: tuple[int, float, float | None], told: int | None = 2) -> Tape:
    """A tape of (ms after T, price, size) whose feed tells the side and each trade's own size."""
    tape = Tape(calendar("US"))
    for n, (time, price, size) in enumerate(trades):
        message = tick(price, time, volume=size)
        message.side = told
        tape.add(message, None, None)
        if not n:
            tape.sizes.cumulative = False
    return tape


def counting(*volumes: float | None) -> Tape:
    """A tape whose feed tells the day's volume with every trade, a second apart, and quotes to prove it."""
    tape = Tape(calendar("US"))
    for n, volume in enumerate(volumes):
        proof = quote(1.0, 1_000 * n)
        proof.volume = volume
        tape.add(tick(1.0 + n, 1_000 * n, volume=volume), proof, None)
        tape.apply_late_sizes()
    return tape


def sizes(tape: Tape) -> list[float | None]:
    """Oldest first."""
    return [run.size for run in tape.runs()][::-1]


def test_trades_of_one_price_and_side_within_a_second_of_each_other_are_one_run() -> None:
    tape = printed((0, 10.0, 1), (900, 10.1, 100), (1_000, 10.1, 200), (1_900, 10.1, 300), (1_950, 10.0, 50))
    runs = [(run.time - T, run.price, run.size, run.trades) for run in tape.runs()]
    assert runs == [(1_950, 10.0, 50, 1), (1_900, 10.1, 600, 3), (0, 10.0, None, 1)]


def test_a_run_ends_after_a_second_of_silence_and_where_the_side_changes() -> None:
    assert [run.trades for run in printed((0, 1.0, 5), (MAX_RUN_GAP, 1.0, 5)).runs()] == [2]
    assert [run.trades for run in printed((0, 1.0, 5), (MAX_RUN_GAP + 1, 1.0, 5)).runs()] == [1, 1]
    tape = printed((0, 1.0, 5))
    tape.add(tick(1.0, 1, volume=5), None, None)
    assert [run.side for run in tape.runs()] == ["·", "B"]


def test_the_size_of_a_run_is_known_only_where_all_are() -> None:
    tape = printed((0, 1.0, None), (1, 2.0, 100), (2, 2.0, None), (3, 3.0, 100))
    assert sizes(tape) == [None, None, 100]


def test_memory_is_bounded_and_numbers_go_on() -> None:
    tape = printed(*((1_000 * n, 1.0 + n, 1) for n in range(MAX_TRADES + 70)))
    runs = list(tape.runs())
    assert len(tape) == len(runs) == MAX_TRADES
    assert (runs[0].newest, runs[-1].oldest) == (MAX_TRADES + 69, 70)


def test_sizes_known_late_reach_the_trades_they_belong_to() -> None:
    tape = counting(*(1_000.0 + 10 * n for n in range(25)))
    assert sizes(tape) == [None, *[10.0] * 24]


def test_sizes_known_after_their_trade_has_gone_are_dropped() -> None:
    tape = Tape(calendar("US"))
    for n in range(MAX_TRADES + 300):
        tape.add(tick(1.0 + n, 1_000 * n, volume=1_000.0 + n if n < 300 else None), None, None)
    tape.add(tick(1.0, 1_000_000, volume=900.0), None, None)
    tape.add(tick(2.0, 1_001_000, volume=800.0), None, None)
    assert len(tape.apply_late_sizes()) == 256 and len(tape) == MAX_TRADES
    assert sizes(tape)[-3:] == [None, 900.0, 800.0]
    assert tape.known_sizes() == [900.0, 800.0]


def test_a_repeated_trade_is_one_trade() -> None:
    tape = counting(*(1_000.0 + 10 * n for n in range(25)))
    again = tick(25.0, 24_000, volume=1_240.0)
    assert tape.add(again, None, None) is None
    assert (tape.total, tape.sizes.gap) == (25, 0)
    # Without more volume there may still have been a trade: of a price or a time of its own, and no size that is known.
    tape.add(tick(25.1, 24_000, volume=1_240.0), None, None)
    assert (tape.total, sizes(tape)[-1]) == (26, None)


def test_equal_trades_are_two_if_sizes_are_per_trade() -> None:
    assert [run.trades for run in printed((0, 1.0, 100), (1, 2.0, 100), (1, 2.0, 100)).runs()] == [2, 1]


def test_a_new_connection_may_repeat_the_last_trade_and_missed_volume_is_no_trade() -> None:
    tape = counting(*(1_000.0 + 10 * n for n in range(25)))
    tape.reconnected()
    tape.add(tick(25.0, 24_000, volume=1_240.0), None, None)
    assert tape.total == 25
    tape.add(tick(26.0, 99_000, volume=5_000.0), None, None)
    tape.add(tick(27.0, 99_001, volume=5_100.0), None, None)
    assert sizes(tape)[-3:] == [10.0, None, 100.0]
    assert tape.sizes.gap == 3_760


def test_a_new_connection_may_repeat_the_last_trade_also_if_sizes_are_per_trade() -> None:
    tape = printed((0, 1.0, 100), (1, 2.0, 100))
    tape.reconnected()
    for total in (2, 3):
        again = tick(2.0, 1, volume=100)
        tape.add(again, None, None)
        assert tape.total == total, "once"


def test_a_new_date_infers_sizes_again() -> None:
    tape = counting(*(1_000.0 + 10 * n for n in range(25)))
    tape.add(tick(1.0, DAY, volume=100.0), None, None)
    assert tape.sizes.cumulative is None


def test_the_demo_exchange_keeps_the_dates_of_utc() -> None:
    midnight = T - T % DAY + DAY
    for demo in (False, True):
        market = Market()
        market.wall_base = midnight + 1_000
        market.set_hours(demo)
        market.follow([QQQ])
        instrument = market.instruments[QQQ]
        for n in range(25):
            volume, before = 1_000.0 + 10 * n, midnight - T - 1_000 + n
            proof = quote(1.0, before)
            proof.volume = volume
            market.apply(proof, 0.0)
            market.apply(tick(1.0, before, volume=volume), 0.0)
        assert instrument.tape.sizes.cumulative
        market.apply(tick(1.0, midnight - T, volume=10.0), 0.0)
        assert instrument.tape.sizes.cumulative is (None if demo else True)


def test_other_hours_begin_another_tape() -> None:
    market = Market()
    market.follow([QQQ])
    market.apply(tick(1.0), 0.0)
    market.set_hours(True)
    assert len(market.instruments[QQQ].tape) == 0


def test_trades_without_a_price_or_older_than_the_last_are_not_on_the_tape() -> None:
    market = Market()
    market.wall_base = T
    market.follow([QQQ])
    for price, time in [(0.0, 0), (1.0, 10), (2.0, 9)]:
        market.apply(tick(price, time), 0.0)
    assert [run.price for run in market.instruments[QQQ].tape.runs()] == [1.0]


TRADES = st.lists(
    st.tuples(st.integers(0, 1_500), st.sampled_from([1.0, 1.1]), st.none() | st.integers(1, 9)), max_size=60
)


@given(TRADES, st.integers(0, 70))
def test_runs_hold_every_trade_once_and_begin_anywhere(steps: list[tuple[int, float, int | None]], at: int) -> None:
    time, trades = 0, []
    for step, price, size in steps:
        time += step
        trades.append((time, price, size))
    tape = printed(*trades)
    runs = list(tape.runs())
    assert [n for run in runs for n in range(run.newest, run.oldest - 1, -1)] == list(range(len(trades)))[::-1]
    for newer, older in pairwise(runs):
        assert newer.time >= older.time
    # From a trade on, runs are those of the whole tape, the first of them cut at that trade.
    for part, whole in zip(tape.runs(at), [run for run in runs if run.oldest <= at], strict=True):
        assert part.oldest == whole.oldest
        assert part.newest == min(at, whole.newest)


@pytest.mark.parametrize(
    ("sizes", "large"),
    [([], None), ([100.0], 1_000), ([100.0, 150.0, 200.0], 2_000), ([0.3, 0.5], 5), ([0.001], 0.01), ([51.0], 1_000)],
)
def test_large_is_ten_times_the_usual_in_a_round_number(sizes: list[float], large: float | None) -> None:
    assert large_trade_threshold(sizes) == (None if large is None else pytest.approx(large))


@given(st.lists(st.floats(1e-4, 1e12), min_size=1, max_size=40))
def test_large_is_at_least_ten_times_the_median_and_less_than_three_times_that(sizes: list[float]) -> None:
    large, ordered = large_trade_threshold(sizes), sorted(sizes)
    median = (ordered[(len(sizes) - 1) // 2] + ordered[len(sizes) // 2]) / 2
    assert large is not None
    assert 9.99 * median <= large <= 25.1 * median


def test_a_gap_parts_trades_that_would_be_one_run_and_is_forgotten_with_them() -> None:
    tape = printed((0, 10.0, 1), (100, 10.1, 100))
    tape.reconnected()
    again = tick(10.1, 200, volume=100)
    again.side = 2
    tape.add(again, None, None)
    assert [run.trades for run in tape.runs()] == [1, 1, 1] and tape.gaps == {2: "link lost"}
    tape.mark_gap("too slow")
    tape.mark_gap("link lost")
    assert tape.gaps == {2: "link lost", 3: "link lost"}, "one gap between two trades"
    for n in range(MAX_TRADES):
        tape.add(tick(11.0 + n, 300 + n, volume=1), None, None)
    tape.mark_gap("link lost")
    assert tape.gaps == {tape.total: "link lost"}


def test_before_the_first_trade_nothing_is_missing() -> None:
    tape = Tape(calendar("US"))
    tape.reconnected()
    assert tape.gaps == {}
