"""How many trades come in a minute, and how many usually do."""

from __future__ import annotations

from datetime import datetime

from tui.market.bars import MINUTE
from tui.market.sessions import calendar, zone
from tui.market.tape import MAX_TRADES, Tape
from tui.protocol.messages import Tick

OPEN = int(datetime(2026, 11, 30, 9, 30, tzinfo=zone("US").tz).timestamp() * 1000)


def traded(tape: Tape, *times: int) -> Tape:
    """Adds a trade at each time, ms after the open, none of which repeats the one before."""
    for time in times:
        tape.add(Tick(symbol="QQQ$US", last=10.0 + tape.total, time=OPEN + time), None, None)
    return tape


def minutes(*counts: int, start: int = 0) -> list[int]:
    """Times of so many trades in each of consecutive minutes."""
    return [
        MINUTE * (start + n) + 1_000 + k * (58_000 // count) for n, count in enumerate(counts) for k in range(count)
    ]


def test_the_usual_pace_is_the_median_of_whole_minutes_since_the_first_of_them() -> None:
    tape = traded(Tape(calendar("US")), *minutes(9, 4, 1, 7, 30, 4))
    assert tape.pace.usual is None, "five whole minutes: the first one is not, the last one is in progress"
    traded(tape, 6 * MINUTE)
    assert tape.pace.usual == (4, OPEN + MINUTE)


def test_minutes_without_trades_count_and_the_oldest_are_forgotten() -> None:
    tape = traded(Tape(calendar("US")), 0, *minutes(8, start=1), 6 * MINUTE)
    assert tape.pace.usual == (0, OPEN + MINUTE)
    traded(tape, 200 * MINUTE)
    assert tape.pace.usual == (0, OPEN + 140 * MINUTE)


def test_minutes_with_a_gap_in_the_data_count_for_nothing() -> None:
    tape = traded(Tape(calendar("US")), *minutes(2, 6, 6, 6, 6, 6, 6))
    tape.reconnected()
    traded(tape, *minutes(1, 90, 90, start=20))
    assert tape.pace.usual == (6, OPEN + MINUTE), "neither those of the gap, nor the two that it cut"
    traded(tape, 23 * MINUTE)
    assert tape.pace.usual == (6, OPEN + MINUTE)
    assert list(tape.pace._counts) == [6] * 5 + [90, 90]


def test_what_is_usual_is_that_of_one_session() -> None:
    tape = traded(Tape(calendar("US")), *minutes(*[2] * 9, start=-9))
    assert tape.pace.usual is not None
    traded(tape, *minutes(40, 40, 40, 40, 40, 1))
    assert tape.pace.usual == (40, OPEN), "that of before the open is another"


def test_a_clock_that_was_wrong_leaves_no_minutes_behind() -> None:
    tape = traded(Tape(calendar("US")), *minutes(*[3] * 9, start=5_000))
    tape.recheck_dates()
    traded(tape, *minutes(*[2] * 7))
    assert tape.pace.usual == (2, OPEN + MINUTE)


def test_the_pace_is_that_of_the_last_minute() -> None:
    tape = traded(Tape(calendar("US")), 0, 50_000, 61_000, 62_000, 100_000)
    assert tape.trades_a_minute(OPEN + 110_000) == 3
    assert tape.trades_a_minute(OPEN + 10 * MINUTE) == 0
    assert tape.trades_a_minute(OPEN + 59_000) is None, "no minute has passed yet"


def test_after_a_gap_a_minute_has_to_pass() -> None:
    tape = traded(Tape(calendar("US")), *minutes(20, 20))
    tape.reconnected()
    assert tape.trades_a_minute(OPEN + 2 * MINUTE) is None
    traded(tape, 3 * MINUTE, 3 * MINUTE + 30_000)
    assert tape.trades_a_minute(OPEN + 3 * MINUTE + 59_000) is None
    assert tape.trades_a_minute(OPEN + 4 * MINUTE) == 1


def test_a_pace_beyond_the_memory_is_computed_from_what_is_remembered() -> None:
    tape = traded(Tape(calendar("US")), *range(0, 100 * MAX_TRADES, 50))
    pace = tape.trades_a_minute(OPEN + 100 * MAX_TRADES)
    assert pace is not None and abs(pace - 1_200) < 5
