"""Units bought less units sold, minute by minute."""

from __future__ import annotations

from tests.support.messages import T, tick
from tui.market.bars import MINUTE
from tui.market.cumulative_delta import CumulativeDelta
from tui.market.sessions import calendar
from tui.market.tape import MAX_TRADES, Tape

START = T // MINUTE


def test_it_grows_minute_by_minute_and_holds_between_trades() -> None:
    delta = CumulativeDelta()
    assert (delta.newest, delta.until(T)) == (0.0, None)
    for minute, change in ((0, 100), (0, -30), (2, -200), (5, 50)):
        delta.add((START + minute) * MINUTE + 5, change)
    starts = [(START + n) * MINUTE for n in range(8)]
    assert [delta.until(start) for start in starts] == [None, 70, 70, -130, -130, -130, -80, -80]
    assert delta.newest == -80


def test_a_minute_in_progress_counts_from_its_first_millisecond() -> None:
    delta = CumulativeDelta()
    delta.add(START * MINUTE, 10)
    assert (delta.until(START * MINUTE), delta.until(START * MINUTE + 1)) == (None, 10)


def test_a_trade_of_an_earlier_minute_is_not_lost() -> None:
    delta = CumulativeDelta()
    delta.add((START + 3) * MINUTE, 10)
    delta.add(START * MINUTE, 5)
    assert (delta.until((START + 1) * MINUTE), delta.newest) == (None, 15)


def test_of_a_tape_also_what_it_has_dropped() -> None:
    tape, bought = Tape(calendar("US")), [n % 3 == 0 for n in range(2 * MAX_TRADES)]
    for n, buys in enumerate(bought):
        message = tick(10.0, 1_000 * n, volume=10.0 + n % 3)
        message.side = 2 if buys else 1
        tape.add(message, None, None)
        tape.apply_late_sizes()
    signs = [(10 + n % 3) * (1 if buys else -1) for n, buys in enumerate(bought)]
    assert tape.cumulative_delta.newest == sum(signs)
    begin = START * MINUTE
    within = [sign for n, sign in enumerate(signs) if T + 1_000 * n < begin + 5 * MINUTE]
    assert tape.cumulative_delta.until(begin + 5 * MINUTE) == sum(within)
