from __future__ import annotations

from datetime import date, datetime

import pytest

from tests.support.messages import QQQ, depth, quote
from tui.market import Instrument, Market
from tui.market.data_status import MAX_LIVE_AGE, DataStatus, book_status, data_status
from tui.market.sessions import Holidays
from tui.protocol.messages import OVER_LIMIT, Tick
from tui.symbol import Symbol


def instrument(status: int | None = None, last: float | None = 512.34) -> Instrument:
    made = Instrument(QQQ)
    made.last = last
    made.quote = quote(512.34, status=status)
    return made


@pytest.mark.parametrize(
    ("age", "proven", "state"),
    [
        (0.0, True, DataStatus.LIVE),
        (MAX_LIVE_AGE, True, DataStatus.LIVE),
        (MAX_LIVE_AGE + 0.1, True, DataStatus.QUIET),
        (None, True, DataStatus.QUIET),
        (0.0, False, DataStatus.STALE),
        (MAX_LIVE_AGE + 0.1, False, DataStatus.STALE),
    ],
)
def test_a_row_with_data_goes_by_its_age_and_by_the_link(age: float | None, proven: bool, state: DataStatus) -> None:
    assert data_status(instrument(), age, proven) is state


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (0, DataStatus.LIVE),
        (1, DataStatus.HALTED),
        (2, DataStatus.LIVE),
        (3, DataStatus.HALTED),
        (None, DataStatus.LIVE),
    ],
)
def test_a_suspended_symbol_is_halted(status: int | None, state: DataStatus) -> None:
    assert data_status(instrument(status), 1.0, is_link_live=True) is state


def test_while_the_link_is_not_live_every_symbol_with_data_is_stale() -> None:
    assert data_status(instrument(status=1), 1.0, is_link_live=False) is DataStatus.STALE


def test_before_the_link_was_ever_live_its_data_is_pending_and_not_stale() -> None:
    assert data_status(instrument(status=1), 1.0, is_link_live=False, is_starting=True) is DataStatus.PENDING
    assert data_status(instrument(), 1.0, is_link_live=True, is_starting=True) is DataStatus.LIVE


def test_a_book_is_current_while_the_link_is_live_and_the_exchange_open() -> None:
    found = instrument(last=None)
    assert (book_status(found, True), book_status(found, False)) == (DataStatus.QUIET, DataStatus.STALE)
    found.sample(1.0, datetime.fromisoformat("2024-11-16T16:00+00:00").timestamp() * 1000)  # a Saturday
    assert (book_status(found, True), book_status(found, False)) == (DataStatus.CLOSED, DataStatus.STALE)


@pytest.mark.parametrize("proven", [True, False])
@pytest.mark.parametrize(
    ("refused", "state"),
    [
        ({}, DataStatus.PENDING),
        ({"depth": "no answer", "kline@1": OVER_LIMIT}, DataStatus.PENDING),
        ({"quote": "cannot be resolved action"}, DataStatus.REFUSED),
        ({"tick": "no answer"}, DataStatus.REFUSED),
        ({"quote": OVER_LIMIT}, DataStatus.OVER_PLAN),
    ],
)
def test_a_row_without_data_says_why(refused: dict[str, str], state: DataStatus, proven: bool) -> None:
    row = Instrument(QQQ)
    row.refused = refused
    assert data_status(row, None, proven) is state


def test_a_refused_type_does_not_hide_the_data_of_another() -> None:
    row = Instrument(QQQ)
    row.refused["quote"] = OVER_LIMIT
    row.depth = depth([(512.35, 1)], [(512.34, 1)])
    assert data_status(row, None, is_link_live=True) is DataStatus.QUIET


OPEN, WEEKEND = 1_731_689_400_000.0, 1_731_776_400_000.0  # Friday 11:50 and Saturday 12:00 in New York


@pytest.mark.parametrize(("time", "word"), [(OPEN, "no data yet"), (WEEKEND, "closed")])
def test_ten_seconds_without_data_are_said_unless_the_exchange_is_closed(time: float, word: str) -> None:
    market = Market()
    market.follow([QQQ])
    row = market.instruments[QQQ]
    market.wall_base = time
    market.sample(5.0, market.instruments.values())
    assert data_status(row, None, True) is DataStatus.PENDING  # nothing was asked for yet
    market.expect_data([QQQ], 5.0)
    market.sample(14.9, market.instruments.values())
    assert data_status(row, None, True) is DataStatus.PENDING
    market.expect_data([QQQ], 14.0)
    market.sample(15.0, market.instruments.values())
    assert data_status(row, None, True).value == word
    market.apply(quote(500.0), 15.1)
    assert data_status(row, 1.0, True) is DataStatus.LIVE
    market.reconnected([QQQ])
    assert not row.data_overdue


@pytest.mark.parametrize(("time", "state"), [(OPEN, DataStatus.QUIET), (WEEKEND, DataStatus.CLOSED)])
def test_what_is_quiet_outside_the_hours_is_closed(time: float, state: DataStatus) -> None:
    row = instrument()
    row.sample(1.0, time)
    assert data_status(row, 60.0, True) is state
    assert data_status(row, 60.0, False) is DataStatus.STALE
    assert data_status(row, 1.0, True) is DataStatus.LIVE


def test_a_quiet_row_is_closed_once_its_exchange_s_holiday_is_known_and_after_an_early_close() -> None:
    market = Market()
    market.follow([QQQ])
    market.wall_base = OPEN
    row = market.instruments[QQQ]
    market.apply(quote(500.0), 0.0)
    market.sample(60.0, [row])
    assert data_status(row, 60.0, True) is DataStatus.QUIET
    market.set_holidays({"US": Holidays({date(2024, 11, 15): "a holiday"}, {})})
    market.sample(61.0, [row])
    assert data_status(row, 61.0, True) is DataStatus.CLOSED
    market.set_holidays({"US": Holidays({}, {date(2024, 11, 15): "a half day"})})
    market.sample(62.0, [row])
    assert data_status(row, 62.0, True) is DataStatus.QUIET
    market.wall_base += 6 * 3_600_000  # 17:51
    market.sample(63.0, [row])
    assert data_status(row, 63.0, True) is DataStatus.CLOSED


@pytest.mark.parametrize(("region", "utc"), [("HK", "04:30"), ("SH", "04:00"), ("SZ", "06:58")])
def test_lunch_and_auctions_are_quiet_and_not_closed(region: str, utc: str) -> None:
    row = Instrument(Symbol("1", region))
    row.set_last(25.0, 1, 0.0)
    row.sample(1.0, datetime.fromisoformat(f"2026-11-23T{utc}+00:00").timestamp() * 1000)
    assert data_status(row, 600.0, True) is DataStatus.QUIET


class Closed:
    """A symbol on a connection that has brought a trade before, on a Saturday in New York."""

    def __init__(self) -> None:
        self.market = Market()
        self.market.follow([QQQ])
        self.instrument = self.market.instruments[QQQ]
        self.begins = int(datetime.fromisoformat("2024-11-16T16:00+00:00").timestamp() * 1000)
        self.market.set_clock(float(self.begins))
        self.trade(0.0, 100.0)

    def trade(self, now: float, last: float, late: float = 0.0) -> None:
        self.market.apply(Tick(symbol=str(QQQ), last=last, time=self.begins + int(1000 * (now - late))), now)

    def status(self, now: float) -> DataStatus:
        self.market.sample(now, [self.instrument])
        time = self.market.exchange_time(now)
        return data_status(self.instrument, self.instrument.age(time), True)


def test_data_dated_now_is_evidence_against_a_table_of_hours() -> None:
    feed = Closed()
    assert feed.status(11.0) is DataStatus.CLOSED, "the first message of a connection may be an old one"
    feed.trade(12.0, 101.0)
    assert feed.status(30.0) is DataStatus.CLOSED, "one trade is none"
    feed.trade(40.0, 101.0)
    assert feed.status(60.0) is DataStatus.QUIET and not feed.instrument.is_closed
    assert feed.status(639.0) is DataStatus.QUIET
    assert feed.status(641.0) is DataStatus.CLOSED, "ten minutes after the last"


def test_what_is_told_again_or_late_is_no_evidence() -> None:
    feed = Closed()
    feed.status(1.0)
    for n in range(5):
        feed.trade(20.0 + n, 101.0, late=15.0)
    quote_ = quote(101.0, t=0)
    for n in range(5):
        quote_.time = feed.begins + 30_000 + n
        feed.market.apply(quote_, 30.0 + n / 1000)
    assert feed.status(60.0) is DataStatus.CLOSED
