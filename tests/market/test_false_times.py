"""What one false time, or a server whose every time is false, does to a symbol, to the clock and to the bars, and that
it is over within a minute."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.support.messages import QQQ, SPY, bar, quote, tick
from tests.support.price_walks import at
from tui.feed.http_headers import http_date
from tui.market import Market
from tui.market.bars import MINUTE
from tui.market.session_hours import SessionPhase
from tui.protocol.messages import Kline, Push, Quote, Tick
from tui.symbol import Symbol

OPEN = at("2026-11-20 10:00")  # a Friday, as all times here
IWM = Symbol("IWM", "US")
HOUR, YEAR = 3_600_000, 31_536_000_000
FALSE = {
    "a year ahead": YEAR,
    "an hour ahead": HOUR,
    "59 s ahead": 59_000,
    "4.9 s ahead": 4_900,
    "an hour ago": -HOUR,
    "in 1973": 110_000_000_000 - OPEN,
    "in 2286": 9_999_999_999_000 - OPEN,
}


class Feed:
    """Sends trades, quotes and bars of QQQ and SPY, two a second, to a market whose clock is right. Every time is
    `wrong` ms ahead. With `dates` the exchange has told its time."""

    def __init__(self, dates: bool, began: int = OPEN) -> None:
        self.market, self.began, self.now, self.wrong = Market(), began, 1_000.0, 0
        self.market.set_clock(began - 1_000_000.0)
        self.market.follow([QQQ, SPY, IWM])
        if dates:
            self.date()

    def date(self, ahead: int = 0) -> None:
        ms = (self.time + ahead) // 1000 * 1000
        self.market.observe_date(self.now, self.now + 0.02, ms)

    @property
    def time(self) -> int:
        """ms UTC, now."""
        return self.began + round(1000 * (self.now - 1_000.0))

    def run(self, seconds: float, bars: bool = True) -> Iterator[float]:
        """Go on for so long; each half second, when its data have come."""
        ends = self.now + seconds
        while self.now < ends:
            self.now += 0.5
            time = self.time + self.wrong - 80
            price = 500 + self.now % 7
            for spelling in ("QQQ$US", "SPY$US"):
                self.market.apply(Tick(symbol=spelling, last=price, volume=10.0, time=time), self.now)
                self.market.apply(Quote(symbol=spelling, last=price, open=500.0, time=time), self.now)
                begins = time // MINUTE * MINUTE
                bar_ = Kline(symbol=spelling, open=500, high=507, low=500, close=price, time=begins, volume=self.now)
                if bars:
                    self.market.apply(bar_, self.now)
            self.market.sample(self.now, self.market.instruments.values())
            yield self.now

    def settle(self, seconds: float, bars: bool = True) -> None:
        for _ in self.run(seconds, bars):
            pass

    def is_right(self, symbols: tuple[Symbol, ...] = (QQQ, SPY)) -> bool:
        """Whether all of them, the clock and the bars are as they are."""
        market = self.market
        held = [market.instruments[symbol] for symbol in symbols]
        ages = [market.age(i, self.now) for i in held]
        return (
            all(age is not None and age <= 1.1 for age in ages)
            and all(i.last == i.tick.last == 500 + self.now % 7 for i in held if i.tick)
            and all(i.bars.latest == (self.time - 80) // MINUTE for i in held)
            and all(i.session is not None and i.session.phase is SessionPhase.OPEN for i in held)
            and all(i.day.close is None for i in held)
            and abs(market.exchange_time(self.now) - self.time) < 1_100
            and market.clock.lead is None
        )


@pytest.fixture(params=[True, False], ids=["Date", "no Date"])
def feed(request: pytest.FixtureRequest) -> Feed:
    return Feed(request.param)


def false_tick(off: int) -> Push:
    return tick(1.0, OPEN - tick(1.0).time + off)


def false_quote(off: int) -> Push:
    return quote(1.0, OPEN - quote(1.0).time + off)


def false_bar(off: int) -> Push:
    begins = (OPEN + off) // MINUTE * MINUTE
    return Kline(symbol="QQQ", region="US", open=1, high=1, low=1, close=1, time=begins, volume=1e9)


@pytest.mark.parametrize("make", [false_tick, false_quote, false_bar])
@pytest.mark.parametrize("off", FALSE.values(), ids=FALSE)
@pytest.mark.parametrize("first", [True, False], ids=["at once", "later"])
def test_one_false_time_is_over_within_a_minute(feed: Feed, make: Callable[[int], Push], off: int, first: bool) -> None:
    if not first:
        feed.settle(30)
        assert feed.is_right()
    feed.market.apply(make(off + feed.time - OPEN), feed.now)
    feed.settle(60)
    assert feed.is_right()
    refused = feed.market.health.out_of_order
    feed.settle(60)
    assert feed.is_right() and feed.market.health.out_of_order == refused
    bars = feed.market.instruments[QQQ].bars
    assert len(bars) <= 5 and all(each.time > OPEN - 2 * HOUR for each in bars)


@pytest.mark.parametrize("make", [false_tick, false_quote])
@pytest.mark.parametrize("off", [YEAR, HOUR, 59_000])
def test_a_row_that_falls_silent_with_a_false_time_is_not_young_for_ever(
    feed: Feed, make: Callable[[int], Push], off: int
) -> None:
    feed.settle(10)
    message = make(off + feed.time - OPEN)
    message.symbol = "IWM$US"
    feed.market.apply(message, feed.now)
    iwm = feed.market.instruments[IWM]
    assert iwm.last == 1.0, "the price may be right"
    feed.settle(60)
    age = feed.market.age(iwm, feed.now)
    assert age is None and feed.market.health.future == 1


@pytest.mark.parametrize("off", [YEAR, HOUR, 59_000])
def test_rows_over_rest_with_a_false_time_are_left_out(feed: Feed, off: int) -> None:
    feed.settle(10)
    bars = [bar(0, 500.0, 1.0) for _ in range(3)]
    for n, each in enumerate(bars):
        each.time = feed.time // MINUTE * MINUTE - (3 - n) * MINUTE
    bars.append(false_bar(off + feed.time - OPEN + MINUTE))  # type: ignore[arg-type]
    long_ago = false_bar(110_000_000_000 - OPEN)
    feed.market.apply_history(QQQ, [long_ago, *bars], False, feed.now)  # type: ignore[list-item]
    told = quote(1.0)
    told.time = feed.time + off
    feed.market.apply_history_quote(QQQ, told, feed.now)
    qqq = feed.market.instruments[QQQ]
    assert qqq.history_quote is None and feed.market.health.future == 2
    assert [each.close for each in qqq.bars][:3] == [500.0] * 3
    feed.settle(60)
    assert feed.is_right() and len(qqq.bars) <= 6


def test_many_false_times_a_little_ahead_do_not_pull_the_clock_along(feed: Feed) -> None:
    feed.settle(10)
    for n in range(200):
        feed.market.apply(false_tick(feed.time - OPEN + 4_900), feed.now)
        feed.settle(1)
        assert abs(feed.market.exchange_time(feed.now) - feed.time) < 5_100, n
    feed.settle(60)
    assert feed.is_right()


def test_one_symbol_whose_times_are_all_false_is_shown_without_an_age_and_harms_no_other(feed: Feed) -> None:
    for _ in feed.run(120):
        message = tick(7.0, s="IWM$US")
        message.time = feed.time + HOUR
        feed.market.apply(message, feed.now)
        assert feed.market.clock.lead is None
    assert feed.is_right()
    iwm = feed.market.instruments[IWM]
    assert iwm.last == 7.0 and feed.market.age(iwm, feed.now) is None


def test_one_false_time_repeated_does_not_become_credible(feed: Feed) -> None:
    message = false_tick(HOUR)
    for _ in range(600):
        feed.now += 0.1
        feed.market.apply(Tick(symbol="QQQ$US", last=1.0, time=message.time), feed.now)  # type: ignore[union-attr]
    assert feed.market.clock.lead is None
    feed.settle(60)
    assert feed.is_right()


@pytest.mark.parametrize("wrong", [HOUR, 12 * 1000, 24 * HOUR])
def test_a_server_whose_every_time_is_ahead_is_shown_by_its_own_clock_and_that_is_said(feed: Feed, wrong: int) -> None:
    feed.wrong = wrong
    feed.settle(10)
    market = feed.market
    dated = market.clock.high == float("inf") and market.clock.ahead is not None
    for _ in feed.run(60):
        for symbol in (QQQ, SPY):
            age = market.age(market.instruments[symbol], feed.now)
            assert age is not None and age <= 1.1
        assert market.clock.lead == pytest.approx(wrong - 80, abs=100)
        said = market.clock.ahead if dated else market.clock.known_difference
        assert said == pytest.approx(wrong / 1000, abs=1.6)
    assert market.health.future < 100, "it is followed as soon as it is clear"
    feed.wrong = 0  # somebody has set it
    feed.settle(60)
    assert feed.is_right()


def test_data_a_few_seconds_ahead_of_the_date_are_followed_too() -> None:
    feed = Feed(True)
    feed.wrong = 4_000
    feed.settle(10)
    assert feed.market.health.future == 0
    assert feed.market.clock.lead == pytest.approx(3_920) and feed.market.clock.ahead == pytest.approx(3, abs=0.2)


def test_a_date_that_agrees_with_the_data_takes_over() -> None:
    feed = Feed(False)
    feed.wrong = HOUR
    feed.settle(10)
    assert feed.market.clock.lead is not None
    feed.date(HOUR)
    assert feed.market.clock.lead is None and feed.market.clock.half_width < 1_000
    feed.settle(10)
    assert feed.market.age(feed.market.instruments[QQQ], feed.now) == pytest.approx(0, abs=1.1)


@pytest.mark.parametrize("bars", [True, False], ids=["bars too", "without bars"])
def test_what_a_clock_that_was_wrong_has_left_is_forgotten(feed: Feed, bars: bool) -> None:
    feed.began = at("2026-11-19 14:59:45")
    feed.market.set_clock(feed.began - 1_000_000.0)
    if feed.market.clock.high < float("inf"):
        feed.date()
    feed.wrong = HOUR
    feed.settle(10, bars)
    iwm, qqq = (feed.market.instruments[symbol] for symbol in (IWM, QQQ))
    dated = feed.time + HOUR - 80
    for message in (
        Tick(symbol="IWM$US", last=7.0, time=dated),
        Kline(symbol="IWM$US", open=7, high=7, low=7, close=7, time=dated // MINUTE * MINUTE),
    ):
        feed.market.apply(message, feed.now)
    assert feed.market.age(iwm, feed.now) == pytest.approx(0, abs=0.1)
    feed.settle(10, bars)
    assert qqq.day.close is not None, "as after hours"
    feed.wrong = 0
    feed.settle(60, bars)
    assert qqq.tick_time == feed.time - 80 and qqq.day.close is None
    assert feed.market.age(iwm, feed.now) is None, "it is silent since, and nobody knows for how long"
    bar_ = Kline(symbol="IWM$US", open=7, high=7, low=7, close=7, time=feed.time // MINUTE * MINUTE)
    feed.market.apply(bar_, feed.now)
    assert [each.time for each in iwm.bars] == [bar_.time]


def test_a_close_of_a_date_that_has_not_come_is_forgotten() -> None:
    feed = Feed(True, at("2026-11-19 15:59:30"))
    feed.wrong = 24 * HOUR
    feed.settle(60)
    qqq = feed.market.instruments[QQQ]
    assert [f"{day}" for day in qqq.closes] == ["2026-11-20"]
    feed.wrong = 0
    feed.settle(60)
    assert "2026-11-20" not in [f"{day}" for day in qqq.closes]


def test_a_server_whose_every_time_is_behind_is_late(feed: Feed) -> None:
    feed.wrong = -HOUR
    feed.settle(60)
    market = feed.market
    ages = [market.age(market.instruments[symbol], feed.now) for symbol in (QQQ, SPY)]
    assert ages == pytest.approx([3_600, 3_600], abs=2)
    assert market.clock.delay() in (None, 3_600)
    feed.wrong = 0
    feed.settle(5)
    assert feed.is_right()


@pytest.mark.parametrize("wrong", [HOUR, -HOUR])
def test_a_wrong_clock_of_our_own_is_corrected_by_dates_or_else_by_data(wrong: int) -> None:
    for dates in (True, False):
        feed = Feed(False)
        feed.market.set_clock(feed.market.wall_base - wrong)  # it is behind
        if dates:
            feed.date()
        feed.settle(10)
        ages = [feed.market.age(feed.market.instruments[symbol], feed.now) for symbol in (QQQ, SPY)]
        late = 3_600 if wrong < 0 and not dates else 0  # without a Date that cannot be told from data that are late
        assert ages == pytest.approx([late, late], abs=1.6)


@pytest.mark.parametrize("wrong", [0, HOUR])
@pytest.mark.parametrize("slept", [True, False], ids=["slept", "set"])
def test_after_our_own_clock_steps_the_next_date_counts(slept: bool, wrong: int) -> None:
    """By the wall clock, set or true; by the monotonic one, that stood still while the machine slept."""
    feed = Feed(True)
    feed.wrong = wrong
    feed.settle(30)
    feed.market.set_clock(feed.market.wall_base + HOUR)
    if slept:
        feed.began += HOUR
    feed.date()
    feed.settle(10)
    ages = [feed.market.age(feed.market.instruments[symbol], feed.now) for symbol in (QQQ, SPY)]
    assert ages == pytest.approx([0, 0], abs=1.1)
    if not wrong:
        assert feed.is_right()
    else:
        assert feed.market.clock.ahead == pytest.approx(wrong / 1000, abs=1.6)


@pytest.mark.parametrize("ahead", [YEAR, -YEAR, HOUR])
def test_one_false_date_changes_nothing(ahead: int) -> None:
    feed = Feed(True)
    feed.settle(5)
    feed.date(ahead)
    feed.settle(5)
    assert feed.is_right()
    feed.date()
    feed.date(ahead)
    feed.settle(5)
    assert feed.is_right()


def test_at_midnight_a_clock_that_was_wrong_takes_no_date_with_it() -> None:
    feed = Feed(True, at("2026-11-19 23:30"))
    feed.wrong = HOUR
    feed.settle(30)
    feed.wrong = 0
    feed.settle(60)
    qqq = feed.market.instruments[QQQ]
    assert qqq.session is not None and f"{qqq.session.date}" == "2026-11-20", "the evening is the next session's"
    assert all(f"{day}" <= "2026-11-19" for day in qqq.closes)
    assert qqq.tick_time == feed.time - 80
    assert qqq.tape._date_ends == at("2026-11-20 20:00")


@pytest.mark.parametrize("ahead", [HOUR, 30 * 24 * HOUR], ids=["an hour", "a month"])
def test_a_date_ahead_of_all_data_and_of_our_own_clock_is_dropped_within_a_minute(ahead: int) -> None:
    feed = Feed(dates=False)
    feed.date(ahead)
    feed.settle(60)
    assert feed.is_right()


def test_a_date_ahead_is_believed_where_the_data_are_as_far_ahead_of_our_own_clock() -> None:
    feed = Feed(dates=False)
    feed.date(HOUR)
    feed.wrong = HOUR
    feed.settle(60)
    assert feed.market.clock.offset == pytest.approx(HOUR, abs=1_000)


@pytest.mark.parametrize("date", ["Fri, 31 Dec 9999 23:59:59 GMT", "Sat, 01 Jan 1000 00:00:00 GMT"])
def test_a_date_where_calendars_end_is_ignored(date: str) -> None:
    feed, told = Feed(dates=False), http_date(date)
    assert told is not None
    market, now = feed.market, feed.now
    market.follow([QQQ, Symbol("2800", "HK"), Symbol("510300", "SH"), Symbol("X", "ZZ")])
    market.observe_date(now, now + 0.02, told)
    market.sample(now, market.instruments.values())
    assert market.exchange_time(now) == feed.time
    assert market.instruments[QQQ].session is not None


def test_the_message_that_proves_the_newest_time_false_is_the_newest_itself() -> None:
    market = Market()
    market.set_clock(OPEN + HOUR)  # our own clock is an hour ahead, and is then set
    market.follow([QQQ])
    instrument = market.instruments[QQQ]
    market.apply(Tick(symbol="QQQ$US", last=500.0, time=OPEN + HOUR), 0.0)
    market.apply(Quote(symbol="QQQ$US", last=500.0, time=OPEN + HOUR), 0.0)
    market.set_clock(float(OPEN))
    market.apply(Tick(symbol="QQQ$US", last=501.0, time=OPEN + 1_000), 1.0)
    market.apply(Quote(symbol="QQQ$US", last=501.0, time=OPEN + 1_000), 1.0)
    assert (instrument.tick_time, instrument.quote_time, instrument.last) == (OPEN + 1_000, OPEN + 1_000, 501.0)
    assert market.apply(Tick(symbol="QQQ$US", last=502.0, time=OPEN + 500), 1.1) is None
