"""How fast the price moves, and how much is traded against the usual, at a moment of the session."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import pytest

from tests.support.price_walks import at
from tui.market import Instrument, Market
from tui.market.momentum import relative_volume, speed
from tui.market.sessions import Holidays
from tui.protocol.messages import Kline, Tick
from tui.symbol import Symbol

DAY = "2026-12-08"  # a Tuesday


class Session:
    """One symbol on one day: its link has been live since before the open, unless `since` says otherwise."""

    def __init__(self, symbol: str = "QQQ$US", since: str = "09:00", demo: bool = False) -> None:
        code, region = symbol.split("$")
        self.symbol = Symbol(code, region)
        self.market = Market()
        self.market.set_clock(float(at(f"{DAY} 00:00", region)))
        self.market.set_hours(demo)
        self.market.follow([self.symbol])
        self.market.expect_data([self.symbol], self.now(since))

    @property
    def i(self) -> Instrument:
        return self.market.instruments[self.symbol]

    def time(self, when: str) -> int:
        return at(f"{DAY} {when}", self.symbol.region)

    def now(self, when: str) -> float:
        return (self.time(when) - self.market.wall_base) / 1000

    def trade(self, when: str, price: float) -> None:
        self.market.apply(Tick(symbol=str(self.symbol), last=price, time=self.time(when)), self.now(when))

    def bar(self, when: str, close: float = 100.0, volume: float = 0.0) -> Kline:
        time = self.time(when)
        return Kline(symbol=str(self.symbol), open=close, high=close, low=close, close=close, time=time, volume=volume)

    def bars(self, begin: str, end: str, close: float = 100.0, volume: float = 100.0) -> None:
        """Bars of each minute from `begin` to before `end`, each as it ends."""
        for n in range((self.time(end) - self.time(begin)) // 60_000):
            minute = self.bar(begin, close, volume)
            minute.time += n * 60_000
            self.market.apply(minute, (minute.time + 59_999 - self.market.wall_base) / 1000)

    def speed(self, minutes: int, when: str) -> float | None:
        found = speed(self.i, minutes, self.time(when))
        return None if found is None else round(found, 6)

    def relative_volume(self, when: str) -> float | None:
        return relative_volume(self.i, self.time(when))

    def usual(self, volumes: Iterable[float], dates: int = 20) -> None:
        self.market.apply_usual_volume(self.symbol, date.fromisoformat(DAY), dates, list(volumes))


# --- speed ---


def test_speed_is_the_move_since_the_last_price_of_the_minute_that_was_over_then() -> None:
    session = Session()
    session.bars("09:30", "09:40", 100.0)
    session.bars("09:40", "09:46", 101.0)
    session.trade("09:45:30", 102.01)
    assert session.speed(1, "09:45:30") == pytest.approx(1.0)
    assert session.speed(5, "09:45:30") == pytest.approx(2.01), "09:40:30 is in a minute that was not over"
    assert session.speed(4, "09:45:30") == pytest.approx(1.0)


def test_a_session_that_has_not_lasted_so_long_has_no_speed() -> None:
    session = Session()
    session.bars("09:00", "09:30", 90.0)
    session.bars("09:30", "09:35", 100.0)
    session.trade("09:34:59", 101.0)
    assert session.speed(5, "09:34:59") is None and session.speed(1, "09:34:59") == pytest.approx(1.0)
    session.bars("09:35", "09:37", 100.0)
    session.trade("09:36:10", 102.0)
    assert session.speed(5, "09:36:10") == pytest.approx(2.0)


def test_a_break_is_no_part_of_the_minutes() -> None:
    session = Session("2800$HK")
    session.bars("11:50", "12:00", 20.0)
    session.bars("13:00", "13:04", 20.5)
    session.trade("13:04:10", 21.0)
    assert session.speed(5, "13:04:10") is None and session.speed(1, "13:04:10") is not None


def test_a_minute_without_trades_has_the_price_before_it() -> None:
    session = Session()
    session.bars("09:30", "09:32", 100.0)
    session.trade("09:50:10", 101.0)
    assert session.speed(5, "09:50:10") == pytest.approx(1.0)


def test_minutes_nobody_listened_to_have_no_price() -> None:
    session = Session(since="10:20")
    session.market.apply_history(
        session.symbol, [session.bar(f"09:{n}") for n in range(30, 45)], True, session.now("10:20")
    )
    session.trade("10:21:10", 101.0)
    assert len(session.i.bars) == 15
    assert session.speed(5, "10:21:10") is None, "it may have been another by 10:15"
    told = [session.bar(f"09:{n}") for n in range(30, 59)]
    session.market.apply_history(session.symbol, told, False, session.now("10:21:20"))
    assert session.speed(5, "10:21:20") == pytest.approx(1.0), "the vendor told that nothing was traded since"


def test_an_outage_that_was_not_filled_has_no_price() -> None:
    session = Session()
    session.bars("09:30", "10:00", 100.0)
    session.market.link_lost(session.now("10:00:20"))
    session.market.reconnected([session.symbol])
    session.market.expect_data([session.symbol], session.now("10:10:00"))
    session.bars("10:10", "10:12", 100.0)
    session.trade("10:12:10", 101.0)
    assert session.speed(5, "10:12:10") is None and session.speed(1, "10:12:10") == pytest.approx(1.0)


def test_an_outage_that_is_longer_than_what_the_vendor_tells_has_no_price() -> None:
    session = Session()
    session.bars("09:30", "10:00", 100.0)
    session.market.link_lost(session.now("10:00:20"))
    session.market.reconnected([session.symbol])
    session.market.expect_data([session.symbol], session.now("10:12:00"))
    told = [session.bar(f"10:{n}", 100.0) for n in (10, 11)]
    session.market.apply_history(session.symbol, told, False, session.now("10:12:05"))
    session.trade("10:12:10", 101.0)
    assert session.speed(5, "10:12:10") is None and session.speed(1, "10:12:10") == pytest.approx(1.0)


def test_an_auction_has_no_speed() -> None:
    session = Session("510300$SH")
    session.bars("14:50", "14:59", 4.0)
    session.trade("14:56:30", 4.04)
    assert session.speed(1, "14:56:30") == pytest.approx(1.0)
    session.trade("14:59:30", 4.04)
    assert session.speed(1, "14:59:30") is None


def test_while_a_split_is_likely_nothing_is_told() -> None:
    session = Session()
    session.market.apply_history_closes(session.symbol, {"2026-12-07": 800.0})
    session.usual(100.0 * n for n in range(1, 391))
    session.bars("09:30", "09:40", 100.0)
    session.trade("09:40:10", 101.0)
    assert session.i.suspects_split
    session.bars("09:40", "09:41", 100.0)
    assert session.speed(1, "09:40:10") is session.relative_volume("09:40:30") is None


def test_data_that_is_older_than_the_minutes_has_no_speed() -> None:
    session = Session()
    session.bars("09:30", "10:00", 100.0)
    session.trade("10:00:00", 101.0)
    assert session.speed(1, "10:01:00") == pytest.approx(1.0)
    assert session.speed(1, "10:01:01") is None, "nothing came for a minute: how it moved is not known"
    assert session.speed(5, "10:01:01") == pytest.approx(1.0)


# --- relative volume ---


def test_the_example_of_the_definition() -> None:
    session = Session()
    session.usual(8e6 / 90 * n for n in range(1, 391))
    session.bars("09:30", "11:01", volume=12e6 / 90)
    assert session.relative_volume("11:00:59") == pytest.approx(1.5)


def test_only_minutes_that_are_over_count() -> None:
    session = Session()
    session.usual(100.0 * n for n in range(1, 391))
    session.bars("09:30", "09:31", volume=100)
    assert session.relative_volume("09:30:40") is None
    session.market.apply(session.bar("09:31", volume=5), session.now("09:31:01"))
    assert session.relative_volume("09:31:01") == 1.0
    session.market.apply(session.bar("09:31", volume=900), session.now("09:31:50"))
    assert session.relative_volume("09:31:50") == 1.0
    session.market.apply(session.bar("09:32", volume=900), session.now("09:32:01"))
    assert session.relative_volume("09:32:01") == 5.0


def test_a_minute_whose_last_bar_may_be_still_to_come_does_not_count_and_a_silent_one_does() -> None:
    session = Session()
    session.usual(100.0 * n for n in range(1, 391))
    session.bars("09:30", "09:40", volume=100)
    assert session.relative_volume("09:40:01") == pytest.approx(1.0)
    session.market.apply(session.bar("09:40", volume=100), session.now("09:40:50"))
    session.market.apply(session.bar("09:39", volume=1_000), session.now("09:40:51"))
    assert session.relative_volume("09:41:01") == pytest.approx(1.9), "09:40 is over, and told up to 09:40:50"
    assert session.relative_volume("09:45:00") == pytest.approx(20 / 15), "nothing since then"


def test_before_and_after_the_session_no_minute_of_it_is_counted_twice() -> None:
    session = Session()
    session.usual(100.0 * n for n in range(1, 391))
    session.bars("09:00", "09:30", volume=1e6)
    assert session.relative_volume("09:30:00") is None
    session.bars("09:30", "16:30", volume=200)
    assert session.relative_volume("16:30:00") == 2.0
    assert session.relative_volume("20:30:00") is None, "that is the next trade date"


def test_the_minutes_over_lunch_are_none() -> None:
    session = Session("2800$HK", since="09:00")
    session.usual(100.0 * n for n in range(1, 150 + 190 + 1))
    session.bars("09:30", "12:00", volume=100)
    assert session.relative_volume("12:40:00") == 1.0
    session.bars("13:00", "13:02", volume=100)
    assert session.relative_volume("13:01:30") == 1.0


def test_while_minutes_of_today_are_missing_there_is_none() -> None:
    session = Session()
    session.usual(100.0 * n for n in range(1, 391))
    session.bars("09:30", "10:00", volume=100)
    session.market.link_lost(session.now("10:00:20"))
    assert session.relative_volume("10:00:30") == 1.0
    session.market.reconnected([session.symbol])
    session.market.expect_data([session.symbol], session.now("10:02:00"))
    session.bars("10:02", "10:04", volume=100)
    assert session.relative_volume("10:03:30") is None
    told = [session.bar(f"10:0{n}", volume=100) for n in range(3)]
    session.market.apply_history(session.symbol, told, False, session.now("10:03:40"))
    assert session.relative_volume("10:03:40") == 1.0


def test_a_start_in_the_middle_of_the_session_has_none_until_the_morning_is_told() -> None:
    session = Session(since="10:00")
    session.usual(100.0 * n for n in range(1, 391))
    session.bars("10:00", "10:30", volume=100)
    assert session.relative_volume("10:29:30") is None
    told = [session.bar(f"09:{n}", volume=300) for n in range(30, 60)]
    session.market.apply_history(session.symbol, told, False, session.now("10:29:40"))
    assert session.relative_volume("10:29:59") == pytest.approx((30 * 300 + 29 * 100) / 5900)


def test_another_usual_volume_is_compared_with_at_once() -> None:
    session = Session()
    session.bars("09:30", "10:00", volume=100)
    assert session.relative_volume("10:00:00") is None
    session.usual([], dates=3)
    assert session.relative_volume("10:00:00") is None
    session.usual(100.0 * n for n in range(1, 391))
    assert session.relative_volume("10:00:00") == 1.0
    session.usual(50.0 * n for n in range(1, 391))
    assert session.relative_volume("10:00:00") == 2.0


def test_what_is_for_another_session_is_not_used() -> None:
    session = Session()
    session.usual(100.0 * n for n in range(1, 300))
    assert session.i.bars.usual is None, "it has other minutes than this session"
    session.market.set_holidays({"US": Holidays({}, {date.fromisoformat(DAY): "half"})})
    session.usual(100.0 * n for n in range(1, 211))
    assert session.i.bars.usual is not None
    session.market.set_hours(demo=True)
    assert session.i.bars.usual is None, "that was another exchange"
