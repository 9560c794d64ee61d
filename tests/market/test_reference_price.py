"""What change is measured from, through the sessions of New York, Hong Kong and Shanghai."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tui.market import Instrument, Market
from tui.market.change import ReferencePrice, ReferenceSource, change
from tui.market.sessions import Holidays, zone
from tui.protocol.messages import Push, Quote, Tick
from tui.symbol import Symbol

CLOSE = ReferencePrice(509.13, ReferenceSource.CHANGE)


class Day:
    """A market of one symbol, fed by local times of its exchange: `09:31` is of the day, `+1 09:31` of the next."""

    def __init__(self, region: str = "US", demo: bool = False) -> None:
        self.symbol = Symbol("FUND", region)
        self.market = Market()
        self.market.set_hours(demo)
        self.market.follow([self.symbol])

    @property
    def instrument(self) -> Instrument:
        return self.market.instruments[self.symbol]

    def ms(self, local: str) -> int:
        days, _, clock = local.rpartition(" ")
        day = 11 + int(days or 0)  # 2024-11-11 is a Monday
        when = datetime.fromisoformat(f"2024-11-{day}T{clock}").replace(tzinfo=zone(self.symbol.region).tz)
        return int(when.timestamp() * 1000)

    def apply(self, message: Push) -> None:
        assert self.market.apply(message, 0.0) is self.instrument

    def tick(self, local: str, last: float) -> None:
        self.apply(Tick(symbol=str(self.symbol), last=last, time=self.ms(local)))

    def quote(self, local: str, last: float, **fields: float) -> None:
        self.apply(Quote(symbol=str(self.symbol), last=last, time=self.ms(local), **fields))  # type: ignore[arg-type]

    @property
    def base(self) -> float | None:
        return self.instrument.base.price if self.instrument.base else None

    @property
    def amount(self) -> float | None:
        base, last = self.instrument.base, self.instrument.regular_last
        return round(change(last, base).amount, 4) if base and last else None

    def extended_change(self, local: str) -> float | None:
        assert self.instrument.last is not None
        found = self.instrument.day.extended_change(self.instrument.last)
        return None if found is None else round(found, 4)


# --- fixed for a date ---


def test_the_first_quote_of_a_date_fixes_the_base() -> None:
    day = Day()
    day.quote("10:00", 512.34, change=3.21)
    assert day.instrument.base == CLOSE
    day.quote("10:01", 600.0, change=1.0)
    day.tick("10:02", 600.0)
    assert day.instrument.base == CLOSE
    assert day.amount == 90.87


def test_a_better_source_replaces_a_worse_one_and_not_the_other_way_round() -> None:
    day = Day()
    sources: list[tuple[ReferenceSource, dict[str, float]]] = [
        (ReferenceSource.OPEN, {"open": 510.0}),
        (ReferenceSource.PREVIOUS, {"open": 510.0, "previous_close": 509.2}),
        (ReferenceSource.PERCENT, {"change_percent": 0.63}),
        (ReferenceSource.CHANGE, {"change": 3.21}),
    ]
    for minute, (source, fields) in enumerate(sources):
        day.quote(f"10:0{minute}", 512.34, **fields)
        assert day.instrument.base is not None and day.instrument.base.source is source
    for minute, (_, fields) in enumerate(sources):
        day.quote(f"10:1{minute}", 513.0, **fields)
        assert day.instrument.base == CLOSE


def test_a_quote_after_hours_does_not_improve_the_session_s_reference() -> None:
    day = Day()
    day.quote("15:59", 512.34, open=510.0)
    day.quote("16:01", 513.0, change=0.66)
    assert day.instrument.base == ReferencePrice(510.0, ReferenceSource.OPEN)


def test_before_the_session_a_quote_may_tell_either_close_so_history_decides() -> None:
    day = Day()
    day.quote("08:00", 512.34, open=510.0)
    day.quote("08:01", 512.34, change=3.21)
    assert (day.amount, day.extended_change("08:01")) == (None, None)
    day.market.apply_history_closes(day.symbol, {"2024-11-07": 500.0, "2024-11-08": 509.13})
    assert (day.base, day.amount, day.extended_change("08:01")) == (500.0, 9.13, 0.6305)


def test_without_a_quote_there_is_no_base() -> None:
    day = Day()
    day.tick("10:00", 512.34)
    assert (day.base, day.amount) == (None, None)


def test_a_quote_counts_after_the_session_although_its_reference_was_not_read_in_it() -> None:
    day = Day()
    day.quote("15:58", 512.34, open=510.0)
    day.quote("15:59", 512.34, change=3.21)
    day.quote("16:01", 513.0, change=0.66)  # may be measured from the close just made
    assert day.instrument.base == CLOSE


# --- when it rolls ---


@pytest.mark.parametrize(
    ("region", "stays", "rolls"),
    [("US", "+1 09:29:59", "+1 09:30"), ("HK", "+1 08:59:59", "+1 09:00"), ("SH", "+1 09:14:59", "+1 09:15")],
)
def test_it_rolls_at_the_first_session_of_the_next_date_and_not_at_midnight(
    region: str, stays: str, rolls: str
) -> None:
    day = Day(region)
    day.quote("14:00", 512.34, change=3.21)
    for local in ("14:59:59", "23:59", "+1 00:01", stays):
        day.quote(local, 512.34, change=0.11)
        assert day.base == 509.13, local
    day.quote(rolls, 513.0, change=0.66)
    assert day.base == 512.34


def test_it_rolls_over_a_weekend() -> None:
    day = Day()
    day.quote("+4 15:00", 512.34, change=3.21)
    day.quote("+5 10:00", 512.34, change=0.0)
    assert day.base == 509.13
    day.quote("+7 09:30", 513.0, change=0.66)
    assert day.base == 512.34


def test_lunch_does_not_roll_it() -> None:
    day = Day("SH")
    day.quote("11:00", 4.128, change=0.013)
    day.quote("13:00", 4.130, change=0.5)
    assert day.base == 4.115


def test_after_a_tick_of_the_next_date_yesterday_s_quote_says_no_more_than_what_it_closed_at() -> None:
    day = Day()
    day.quote("15:00", 512.34, change=3.21)
    day.tick("+1 09:30", 513.0)
    assert day.instrument.base == ReferencePrice(512.34, ReferenceSource.HISTORY)
    day.quote("+1 09:30:01", 513.0, change=0.70)
    assert day.instrument.base == ReferencePrice(512.30, ReferenceSource.CHANGE)


def test_a_late_quote_of_the_pre_market_does_not_fix_the_new_date() -> None:
    day = Day()
    day.tick("09:30:00", 513.0)
    day.quote("09:29:59", 512.9, change=7.0)
    assert day.base is None


# --- pre-market and after hours ---


def test_after_hours_change_stays_on_the_close_and_the_extended_change_is_separate() -> None:
    day = Day()
    day.quote("15:59", 512.0, change=2.87)
    day.tick("15:59:59", 512.34)
    assert (day.amount, day.extended_change("15:59:59")) == (3.21, None)
    for local, last in (("16:00", 512.34), ("17:00", 517.4634), ("19:59", 507.2166)):
        day.tick(local, last)
        assert day.amount == 3.21
    assert day.extended_change("19:59") == -1.0
    day.quote("+1 00:30", 507.2166)
    assert (day.amount, day.extended_change("+1 00:30")) == (3.21, -1.0), "as long as the last price is not the close"


def test_the_pre_market_is_measured_from_the_last_regular_close() -> None:
    day = Day()
    day.quote("15:59", 512.34, change=3.21)
    day.tick("16:30", 520.0)
    day.tick("+1 08:00", 517.4634)
    assert (day.amount, day.extended_change("+1 08:01")) == (3.21, 1.0)
    day.quote("+1 09:30", 518.0, change=5.66)
    assert (day.amount, day.extended_change("+1 09:30")) == (5.66, None)


def test_a_quiet_evening_and_a_night_between_do_not_hide_the_close() -> None:
    day = Day()
    day.quote("15:59", 512.34, change=3.21)
    day.tick("+1 02:00", 512.34)
    day.tick("+1 04:00", 517.4634)
    assert (day.amount, day.extended_change("+1 04:00")) == (3.21, 1.0)


def test_who_starts_after_hours_knows_no_regular_last_price() -> None:
    day = Day()
    day.quote("17:00", 512.34, change=3.21)
    assert (day.base, day.amount, day.extended_change("17:00")) == (None, None, None), "it may be that of today"


def test_a_link_that_was_away_at_the_close_does_not_know_it() -> None:
    day = Day()
    day.quote("15:30", 512.34, change=3.21)
    day.market.reconnected([day.symbol])
    day.tick("16:30", 520.0)
    assert (day.base, day.extended_change("16:30")) == (509.13, None)


def test_a_link_that_is_back_before_the_close_knows_it() -> None:
    day = Day()
    day.quote("15:30", 512.34, change=3.21)
    day.market.reconnected([day.symbol])
    day.tick("15:59", 512.0)
    day.tick("16:30", 517.12)
    assert day.extended_change("16:30") == 1.0


@pytest.mark.parametrize("seen", [False, True], ids=["started in the evening", "the link was away"])
def test_a_close_from_history_separates_change_and_extended_change(seen: bool) -> None:
    day = Day()
    if seen:
        day.quote("15:30", 511.0, change=1.87)
        day.market.reconnected([day.symbol])
    day.tick("17:00", 517.4634)
    closes = {"2024-11-08": 509.13, "2024-11-11": 512.34}
    day.market.apply_history_closes(day.symbol, closes)
    assert (day.amount, day.extended_change("17:00")) == (3.21, 1.0)
    day.tick("20:30", 517.4634)
    assert (day.amount, day.extended_change("20:30")) == (3.21, 1.0)


def test_in_the_pre_market_change_is_still_that_of_the_session_before() -> None:
    day = Day()
    day.market.apply_history_closes(day.symbol, {"2024-11-08": 509.13, "2024-11-11": 512.34})
    day.tick("17:00", 517.4634)
    assert day.extended_change("17:00") == 1.0
    day.quote("+1 08:00", 520.0, previous_close=512.34)
    assert (day.base, day.amount, day.extended_change("+1 08:00")) == (509.13, 3.21, 1.4951)


@pytest.mark.parametrize(
    ("region", "evening"), [("US", "+1 17:00"), ("US", "+1 21:00"), ("HK", "+1 17:00"), ("SZ", "+1 15:01")]
)
@pytest.mark.parametrize("until", ["14:30", "+1 08:30"])
def test_the_evening_of_a_missed_session_belongs_to_its_own_date(region: str, evening: str, until: str) -> None:
    day = Day(region)
    day.quote("14:30", 510.0, change=10.0)
    day.quote(until, 510.0, change=10.0)
    day.market.reconnected([day.symbol])
    day.market.apply_history_closes(day.symbol, {"2024-11-11": 512.0, "2024-11-12": 520.0})
    day.tick(evening, 520.0)
    assert (day.instrument.base, day.amount) == (ReferencePrice(512.0, ReferenceSource.HISTORY), 8.0)
    day.quote(evening, 520.0, change=8.5)
    assert day.amount == 8.5


@pytest.mark.parametrize("region", ["HK", "SH", "SZ"])
def test_what_comes_just_after_the_close_counts_where_nothing_is_traded_after_hours(region: str) -> None:
    day = Day(region)
    day.quote("14:30", 10.0, change=1.0)
    day.tick("16:10:05", 10.2)
    assert (day.amount, day.extended_change("16:10:05")) == (1.2, None)


@pytest.mark.parametrize(
    ("region", "before", "auction"),
    [("SH", "14:59:58", "15:00:00.120"), ("SZ", "14:56:59", "15:00:00.120"), ("HK", "15:59:58", "16:10:00.300")],
)
@pytest.mark.parametrize("away", [False, True], ids=["all night", "with the link away"])
def test_the_closing_auction_s_price_is_the_close_although_it_prints_after_it(
    region: str, before: str, auction: str, away: bool
) -> None:
    day = Day(region)
    day.tick(before, 2.0)
    day.tick(auction, 2.01)
    assert day.instrument.closes == {date(2024, 11, 11): 2.01}
    if away:
        day.market.reconnected([day.symbol])
    day.quote("+1 09:25", 2.02, open=2.02)
    assert day.instrument.base == ReferencePrice(2.01, ReferenceSource.HISTORY)


@pytest.mark.parametrize(("region", "quoted"), [("SZ", "+1 08:00"), ("SZ", "+1 09:15"), ("US", "17:00")])
def test_data_before_the_next_session_or_in_the_evening_is_no_close(region: str, quoted: str) -> None:
    day = Day(region)
    day.tick("14:30", 2.0)
    day.tick(quoted, 2.01)
    day.tick("+1 09:20" if region == "SZ" else "20:30", 2.02)
    assert day.instrument.closes == {date(2024, 11, 11): 2.0}


# --- the demo exchange ---


@pytest.mark.parametrize("region", ["US", "HK", "SH", "SZ"])
def test_the_demo_exchange_s_date_is_the_day_of_utc(region: str) -> None:
    day = Day(region, demo=True)
    midnight = 1_731_369_600_000  # 2024-11-12 00:00 UTC
    for time, moved, base in ((-1, 3.21, 509.13), (0, 0.66, 511.68), (86_399_999, 5.0, 511.68)):
        quote = Quote(symbol=str(day.symbol), last=512.34, time=midnight + time, change=moved)
        day.apply(quote)
        assert day.base == base
        assert day.instrument.day.extended_change(512.34) is None


def test_holidays_set_late_apply_to_symbols_followed_before_and_after() -> None:
    market = Market()
    market.follow([Symbol("A", "US")])
    market.set_hours(demo=True)
    market.follow([Symbol("B", "US")])
    evening = 1_731_369_600_000 - 3_600_000  # 18:00 in New York
    for code in "AB":
        market.apply(Tick(symbol=f"{code}$US", last=1.0, time=evening), 0.0)
        market.apply(Tick(symbol=f"{code}$US", last=2.0, time=evening + 1), 0.0)
        assert market.instruments[Symbol(code, "US")].day.extended_change(2.0) is None
        assert market.instruments[Symbol(code, "US")].day.ends == evening + 3_600_000


# --- for any day ---


@given(
    st.lists(
        st.tuples(st.integers(0, 4 * 1_440), st.floats(90, 110), st.booleans(), st.floats(-5, 5)),
        min_size=1,
        max_size=30,
    )
)
def test_within_one_date_the_base_gives_way_to_nothing_but_a_better_source(
    story: list[tuple[int, float, bool, float]],
) -> None:
    day = Day()
    start = day.ms("00:00")
    bases: dict[object, list[ReferencePrice]] = {}
    for minute, last, is_tick, moved in sorted(story):
        time = start + minute * 60_000
        if is_tick:
            day.apply(Tick(symbol="FUND$US", last=last, time=time))
        else:
            day.apply(Quote(symbol="FUND$US", last=last, time=time, change=moved))
        clock = zone("US").at(time)
        if f"{clock:%H:%M}" >= "09:30" and (base := day.instrument.base) is not None:
            bases.setdefault(clock.date(), []).append(base)
    for found in bases.values():
        assert all(later == base or later.source < base.source for base, later in pairwise(found))


opens = st.sampled_from([None, 0.0, 100.0, 101.0])
moves = st.sampled_from([None, 0.5, -2.0])
closes = st.sampled_from([None, 0.0, 100.0, 99.0])
NOTHING_TOLD = ((10, True, 99.0, None, None, None), True)
quotes = st.tuples(st.integers(0, 3 * 24), st.booleans(), st.sampled_from([99.0, 100.0, 240.0]), opens, moves, closes)


@given(st.lists(st.tuples(quotes, st.booleans()), min_size=1, max_size=25))
@example([((10, True, 99.0, 100.0, None, None), True), ((10, True, 99.0, 100.0, 0.5, None), False), NOTHING_TOLD])
def test_what_a_quote_tells_of_the_base_counts_also_if_the_next_one_comes_before_a_frame(
    story: list[tuple[tuple[int, bool, float, float | None, float | None, float | None], bool]],
) -> None:
    ours, always = Day(), Day()
    start = ours.ms("00:00")
    for (hour, has_time, last, opened, moved, close), is_drawn in sorted(story, key=lambda each: each[0][0]):
        for day in (ours, always):
            quote = Quote(symbol="FUND$US", last=last, open=opened, change=moved, previous_close=close)
            if has_time:
                quote.time = start + hour * 3_600_000
            day.market.apply(quote, 0.0)
        always.instrument.update_reference()
        if is_drawn:
            assert ours.instrument.base == always.instrument.base
            assert ours.instrument.suspects_split == always.instrument.suspects_split


# --- holidays and half days ---


def thanksgiving(day: Day) -> None:
    """Wednesday +2 was told to be a holiday, and Thursday +3 a half day."""
    holidays = Holidays({date(2024, 11, 13): "Thanksgiving Day"}, {date(2024, 11, 14): "the day after"})
    day.market.set_holidays({"US": holidays})


def test_a_holiday_does_not_roll_the_base_and_the_day_after_does() -> None:
    day = Day()
    thanksgiving(day)
    day.quote("+1 15:59", 512.34, change=3.21)
    day.quote("+2 11:00", 512.34, change=0.0)
    assert day.base == 509.13
    day.quote("+3 09:30", 513.0, change=0.66)
    assert day.base == 512.34


def test_after_an_early_close_the_extended_change_is_separate() -> None:
    day = Day()
    thanksgiving(day)
    day.quote("+3 12:59", 512.34, change=3.21)
    day.tick("+3 13:01", 517.4634)
    assert (day.amount, day.extended_change("+3 13:01")) == (3.21, 1.0)


def test_a_price_after_an_early_close_is_no_close_once_the_early_close_is_known() -> None:
    day = Day()
    day.quote("+3 14:00", 512.34, change=3.21)
    thanksgiving(day)
    day.tick("+3 14:01", 517.4634)
    assert (day.base, day.extended_change("+3 14:01")) == (509.13, None)


def test_a_close_from_history_is_dropped_once_its_date_proves_to_close_early() -> None:
    day = Day()
    day.quote("+4 10:00", 512.34, open=511.0)
    day.market.apply_history_closes(day.symbol, {"2024-11-14": 500.0, "2024-11-12": 505.0})
    assert day.instrument.base == ReferencePrice(500.0, ReferenceSource.HISTORY)
    thanksgiving(day)
    day.quote("+4 10:01", 512.34, open=511.0)
    assert day.instrument.base == ReferencePrice(511.0, ReferenceSource.OPEN)


def test_holidays_leave_the_tape_and_the_last_price_alone() -> None:
    day = Day()
    day.tick("10:00", 512.0)
    day.tick("10:01", 512.34)
    thanksgiving(day)
    assert (len(day.instrument.tape), day.instrument.last) == (2, 512.34)
    assert day.instrument in day.market.drain_changed()


# --- the night, the closing auction, and splits of the day ---


class December(Day):
    """The same, from Monday 2026-11-30 on: `+7` is the first Monday after a night."""

    def ms(self, local: str) -> int:
        days, _, clock = local.rpartition(" ")
        when = datetime.fromisoformat(f"2026-11-30T{clock}") + timedelta(days=int(days or 0))
        return int(when.replace(tzinfo=zone(self.symbol.region).tz).timestamp() * 1000)


CLOSES = {"2026-12-04": 500.0, "2026-12-07": 505.0}


@pytest.mark.parametrize("night", ["+7 21:30", "+8 03:30", "+8 08:00"])
@pytest.mark.parametrize("fields", [{}, {"previous_close": 505.0, "change": -15.0, "change_percent": -2.97}])
@pytest.mark.parametrize("first", ["history", "quote"])
def test_at_night_change_is_the_session_s_and_the_move_since_is_told_apart(
    night: str, fields: dict[str, float], first: str
) -> None:
    day = December()
    if first == "history":
        day.market.apply_history_closes(day.symbol, CLOSES)
    day.quote(night, 490.0, **fields)
    if first == "quote":
        assert (day.base, day.amount, day.extended_change(night)) == (None, None, None), "it may be either close"
        day.market.apply_history_closes(day.symbol, CLOSES)
    assert (day.base, day.amount, day.extended_change(night)) == (500.0, 5.0, -2.9703)


@pytest.mark.parametrize("started", ["+4 15:00", "+4 19:00", "+5 12:00", "+6 21:30", "+7 03:00", "+7 09:00"])
@pytest.mark.parametrize("rolls", [0, 1, 2], ids=["at the session", "at the night", "at the close"])
def test_two_copies_never_contradict_each_other(started: str, rolls: int) -> None:
    """One on all day and one just started see the same week end: Thursday 498, Friday 500, then trades until Monday's
    bell. A feed may roll its own previous close at any of three times."""
    closes = {"2026-12-03": 498.0, "2026-12-04": 500.0}
    old, new = December(), December()
    for copy in (old, new):
        copy.market.apply_history_closes(copy.symbol, {"2026-12-03": 498.0})
    steps = [("+4 15:59:59", 500.0), ("+4 17:00", 501.0), ("+4 19:59", 502.0), ("+6 21:05", 503.0), ("+7 08:00", 504.0)]
    for n, (local, last) in enumerate(steps):
        previous = 500.0 if n >= (5, 3, 1)[rolls] else 498.0
        for copy in (old, new):
            if copy is old or copy.ms(local) >= copy.ms(started):
                if copy is new and n:
                    copy.market.apply_history_closes(copy.symbol, closes)
                copy.quote(local, last, previous_close=previous, change=last - previous, open=497.0)
        if new.instrument.last is not None:
            assert (old.base, old.amount, old.extended_change(local)) == (
                new.base,
                new.amount,
                new.extended_change(local),
            ), local
            assert old.base == 498.0 and old.amount == 2.0


@pytest.mark.parametrize(
    ("trades", "close"),
    [
        ([("15:59:58.5", 100.0, 10), ("16:00:00.9", 100.4, 5_000)], 100.4),
        ([("15:59:58.5", 100.0, 10), ("16:00:00.2", 100.1, 7), ("16:00:00.9", 100.4, 5_000)], 100.4),
        ([("15:59:58.5", 100.0, 10), ("16:00:00.9", 100.4, 5_000), ("16:00:03", 100.2, 8)], 100.4),
        ([("15:59:58.5", 100.0, 10), ("16:00:06", 100.4, 5_000)], 100.0),
    ],
)
def test_the_closing_auction_s_print_is_the_official_close(trades: list[tuple[str, float, int]], close: float) -> None:
    day = Day()
    # Trades with a size of their own: the second fall tells so.
    for n, size in enumerate((9, 3, 5, 2)):
        day.apply(Tick(symbol=str(day.symbol), last=100.0, volume=size, time=day.ms(f"15:00:0{n}")))
    for local, last, size in trades:
        day.apply(Tick(symbol=str(day.symbol), last=last, volume=size, time=day.ms(local)))
    assert day.instrument.closes == {date(2024, 11, 11): close}


def test_messages_without_times_are_of_the_session_that_they_arrive_in() -> None:
    day = Day()

    def quote(local: str, last: float, previous: float, volume: float) -> None:
        day.market.wall_base = day.ms(local)
        message = Quote(symbol=str(day.symbol), last=last, previous_close=previous, open=last + 1, volume=volume)
        day.market.apply(message, 0.0)

    quote("15:59", 100.0, 96.0, 900.0)
    assert day.instrument.base is not None and day.instrument.base.price == 96
    day.market.wall_base = day.ms("+1 09:31")
    day.market.apply(Tick(symbol=str(day.symbol), last=102.0), 0.0)
    assert day.instrument.base is None and day.instrument.day_quote is None, "yesterday's quote tells nothing of today"
    quote("+1 09:32", 103.0, 100.0, 10.0)
    assert day.instrument.base.price == 100 and day.instrument.day_quote is not None
