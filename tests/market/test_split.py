"""Splits of a fund's shares: no change across one is ever told, no alert fires, no bar of the unit before is shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest

from tests.support.price_walks import at, price_walk
from tui.headless.stream import to_record
from tui.market import Market
from tui.market.alert_status import alert_status
from tui.market.alerts import parse_alert
from tui.market.data_status import DataStatus
from tui.market.sparkline import closes_by_cell
from tui.market.split import is_split
from tui.protocol.messages import Kline, Quote, Tick
from tui.reference.fund_names import FundNames
from tui.symbol import Symbol
from tui.watchlist.columns import BY_ID
from tui.watchlist.row_figures import RenderContext, make_row

CHANGES = ("change", "change%", "ext%")
ASLEEP = "asleep: split?"


class Traded:
    """A market of one US fund, fed by local times of New York, that arrives as it is made."""

    def __init__(self, closes: Mapping[str, float] | None = None, *alerts: str, region: str = "US") -> None:
        self.symbol = Symbol("FUND", region)
        self.market = Market()
        self.market.follow([self.symbol])
        self.i = self.market.instruments[self.symbol]
        self.alerts = [parse_alert(alert, self.symbol) for alert in alerts]
        self.market.set_alerts(self.alerts)
        self.fired: list[str] = []
        self.market.alert_engine.on_fired = lambda event: self.fired.append(event.words)
        self.now = 0
        if closes:
            self.market.apply_history_closes(self.symbol, closes)

    def ms(self, when: str) -> int:
        self.now = at(when, self.symbol.region)
        self.market.wall_base = float(self.now)
        return self.now

    def tick(self, when: str, last: float) -> None:
        self.market.apply(Tick(symbol=str(self.symbol), last=last, time=self.ms(when)), 0.0)

    def quote(self, when: str, last: float, **fields: float) -> None:
        quote = Quote(symbol=str(self.symbol), last=last, time=self.ms(when), **fields)  # type: ignore[arg-type]
        self.market.apply(quote, 0.0)

    def bars(self, bars: list[Kline], cached: bool = False) -> bool:
        return self.market.apply_history(self.symbol, bars, cached, 0.0)

    def cells(self, *ids: str) -> tuple[str, ...]:
        context = RenderContext(0.0, self.now, 1.0, 12, False, FundNames())
        self.i.infer_precision()
        row = make_row(self.i, DataStatus.LIVE, 0.0, context)
        return tuple(BY_ID[id].cell(row).text.strip() for id in ids or CHANGES)

    def keys(self) -> list[object]:
        context = RenderContext(0.0, self.now, 1.0, 12, False, FundNames())
        row = make_row(self.i, DataStatus.LIVE, 0.0, context)
        return [BY_ID[id].sort_key(row) for id in CHANGES]

    def standing(self) -> list[str]:
        engine = self.market.alert_engine
        return [
            alert_status(engine.state_of(alert), self.i, DataStatus.LIVE, "", self.now).words for alert in self.alerts
        ]


@pytest.mark.parametrize(
    ("close", "price", "split"),
    [
        (808.88, 101.57, True),  # VGT 8:1
        (600.0, 101.0, True),  # VUG 6:1
        (290.0, 144.0, True),  # XLK 2:1
        (1.93, 39.59, True),  # SOXS 1:20
        (4.1, 40.2, True),  # SOXS 1:10
        (300.0, 150.6, True),  # SOXL 2:1
        (100.0, 52.9, True),
        (100.0, 53.1, False),
        (100.0, 106.0, False),
        (100.0, 70.0, False),
        (100.0, 14.2, False),  # 7:1 is none of those that are made
    ],
)
def test_a_split_is_told_by_a_multiple_or_a_part_of_the_close(close: float, price: float, split: bool) -> None:
    assert is_split(close, price) is split


REAL = [
    ("2026-04-20", 808.88, "2026-04-21", 101.57, 101.11, "+0.45%"),
    ("2026-04-20", 500.40, "2026-04-21", 83.90, 83.40, "+0.60%"),
    ("2025-12-04", 290.00, "2025-12-05", 145.60, 145.00, "+0.41%"),
    ("2026-03-04", 1.93, "2026-03-05", 39.59, 38.60, "+2.56%"),
    ("2026-07-14", 4.10, "2026-07-15", 40.59, 41.00, "-1.00%"),
]


@pytest.mark.parametrize(("before", "close", "day", "price", "adjusted", "moved"), REAL)
@pytest.mark.parametrize("unadjusted", [False, True], ids=["no p", "p and ch of the old unit"])
def test_the_first_price_after_a_split_tells_no_change(
    before: str, close: float, day: str, price: float, adjusted: float, moved: str, unadjusted: bool
) -> None:
    fund = Traded({before: close})
    fields = {"previous_close": close, "change": price - close} if unadjusted else {}
    fund.quote(f"{day} 09:30", price, open=price, **fields)
    assert fund.cells() == ("split?",) * 3 and fund.cells("previous") == ("—",)
    assert fund.keys() == [None] * 3
    fund.tick(f"{day} 11:00", price * 1.01)
    assert fund.cells() == ("split?",) * 3
    fund.quote(f"{day} 11:01", price, open=price, previous_close=adjusted)
    assert fund.cells("change%") == (moved,), "it ends by itself"


@pytest.mark.parametrize(("before", "close", "day", "price", "adjusted", "moved"), REAL)
@pytest.mark.parametrize("history", ["first", "later"])
@pytest.mark.parametrize("as_open", [False, True], ids=["", "p equals the open"])
def test_a_previous_close_that_agrees_with_the_price_beats_a_history_that_does_not(
    before: str, close: float, day: str, price: float, adjusted: float, moved: str, history: str, as_open: bool
) -> None:
    fund = Traded({before: close} if history == "first" else {})
    fund.quote(f"{day} 09:30", price, previous_close=adjusted, open=adjusted if as_open else price)
    if history == "later":
        fund.market.apply_history_closes(fund.symbol, {before: close})
    assert fund.cells("change%", "previous") == (moved, f"{adjusted:.2f}")


def test_a_feed_that_knows_of_no_split_alone_tells_no_change_either() -> None:
    fund = Traded()
    fund.quote("2026-04-21 09:30", 101.57, change=-707.31, change_percent=-87.44, previous_close=808.88)
    assert fund.cells() == ("split?",) * 3
    record = to_record(fund.i.quote, fund.symbol, fund.i.suspects_split)  # type: ignore[arg-type]
    assert (record["change"], record["change_percent"]) == (None, None)


def test_a_price_in_the_band_is_no_split_for_a_feed_whose_own_change_agrees_with_it() -> None:
    fund = Traded({"2026-04-20": 100.0})
    fund.quote("2026-04-21 09:30", 51.0, open=51.0, change=1.0)
    assert fund.cells("change%", "previous") == ("+2.00%", "50.00")
    assert not fund.i.suspects_split


def test_a_fall_within_a_session_is_none() -> None:
    fund = Traded({"2026-04-20": 100.0})
    for when, last in (("09:30", 99.0), ("11:00", 50.0), ("15:59:59", 50.1), ("17:00", 49.9)):
        fund.tick(f"2026-04-21 {when}", last)
        assert "split?" not in fund.cells()
    assert fund.cells() == ("-49.90", "-49.90%", "-0.40%")
    fund.tick("2026-04-22 04:00", 49.8)
    assert fund.cells() == ("-49.90", "-49.90%", "-0.60%")


def test_a_copy_that_starts_after_such_a_fall_knows_it_by_the_open() -> None:
    fund = Traded({"2026-04-20": 100.0})
    fund.tick("2026-04-21 15:00", 50.0)
    fund.quote("2026-04-21 15:00:01", 50.0, open=99.0)
    assert fund.cells("change%") == ("-50.00%",)


def left_on_overnight(*alerts: str) -> Traded:
    """SOXL, on since Friday: 300 on Monday, and at 21:00 of that evening it is split 2:1."""
    fund = Traded({"2026-12-04": 290.0}, *alerts)
    fund.ms("2026-12-07 15:59")
    fund.bars(price_walk(at("2026-12-07 15:00"), range(55), 300.0), cached=True)
    assert len(fund.i.bars) == 55
    for when in ("2026-12-07 15:59:58", "2026-12-07 15:59:59", "2026-12-07 19:30"):
        fund.tick(when, 300.0)
    assert fund.cells("change%") == ("+3.45%",)
    return fund


def test_a_split_overnight_while_the_program_was_left_on() -> None:
    fund = left_on_overnight()
    fund.quote("2026-12-07 21:00", 300.0)  # repeated before the first trade
    fund.tick("2026-12-07 21:00:02", 150.6)
    assert fund.cells() == ("split?",) * 3
    assert len(fund.i.bars) == 0 and closes_by_cell(fund.i.bars, 12) == [None] * 12, "no cliff"
    fund.tick("2026-12-08 04:00", 151.0)
    fund.tick("2026-12-08 09:30", 152.0)
    assert fund.cells() == ("split?",) * 3


@pytest.mark.parametrize("over_rest", [False, True])
def test_at_night_the_feed_s_adjusted_close_tells_the_move(over_rest: bool) -> None:
    fund = left_on_overnight()
    if over_rest:
        fund.tick("2026-12-07 21:00", 150.6)
        time = fund.ms("2026-12-07 21:00:01")
        asked = Quote(symbol=str(fund.symbol), last=150.6, previous_close=150.0, time=time)
        fund.market.apply_history_quote(fund.symbol, asked, 0.0)
    else:
        fund.quote("2026-12-07 21:00", 150.6, previous_close=150.0)
    assert fund.cells() == ("—", "—", "+0.40%")


def test_adjusted_history_replaces_all_that_was_kept() -> None:
    fund = left_on_overnight()
    fund.tick("2026-12-07 21:00", 150.6)
    old = [*price_walk(at("2026-12-07 15:00"), range(60), 300.0), *price_walk(at("2026-12-07 21:00"), range(1), 150.6)]
    fund.ms("2026-12-07 21:05")
    assert fund.bars(old) and not fund.i.day.split.adjusted  # type: ignore[union-attr]
    assert [bar.close < 160 for bar in fund.i.bars] == [True] and fund.cells() == ("split?",) * 3
    friday = price_walk(at("2026-12-04 15:00"), range(60), 145.0)
    monday = price_walk(at("2026-12-07 15:00"), range(60), 150.0)
    assert not fund.bars([*friday, *monday, *old[60:]]), "what the store has is replaced"
    assert list(fund.i.day.closes.values()) == [friday[-1].close, monday[-1].close]
    assert len(fund.i.bars) == 121
    change, percent, extended = fund.cells()
    assert "split?" not in (change, percent, extended)
    assert fund.i.base is not None and fund.i.base.price == friday[-1].close, "the base too"


def test_bars_of_another_unit_replace_the_base_too() -> None:
    """The program was off: the vendor's bars contradict those of the cache."""
    fund = Traded({"2026-04-17": 800.0})
    fund.tick("2026-04-20 15:59", 808.88)
    fund.bars(price_walk(at("2026-04-20 15:00"), range(55), 808.88), cached=True)
    assert fund.i.base is not None and fund.i.base.price == 800.0
    fund.ms("2026-04-20 19:00")
    assert not fund.bars(price_walk(at("2026-04-20 15:00"), range(60), 101.11))
    assert fund.i.day.closes.keys() == {date(2026, 4, 20)} and fund.i.base is None


def test_no_alert_fires_across_a_split_and_the_list_says_why() -> None:
    fund = left_on_overnight("< 280", "> 310", "±5%")
    assert fund.standing() == ["armed"] * 3
    for second, last in enumerate((150.6, 150.7, 150.0)):
        fund.tick(f"2026-12-07 21:00:0{second}", last)
    assert fund.standing() == [ASLEEP] * 3
    fund.quote("2026-12-07 21:01", 150.6, previous_close=150.0)
    for second, last in enumerate((150.6, 150.7, 150.0)):
        fund.tick(f"2026-12-07 21:02:0{second}", last)
    assert fund.fired == []
    assert fund.standing() == ["waits to be above 280", "armed", "asleep: nothing to measure it from"]


@pytest.mark.parametrize("alert", ["< 280", "±5%"])
def test_no_alert_fires_across_a_split_that_the_feed_tells_at_once(alert: str) -> None:
    fund = left_on_overnight(alert)
    fund.quote("2026-12-08 09:30", 150.6, previous_close=150.0)
    for second, last in enumerate((150.6, 150.7, 150.0)):
        fund.tick(f"2026-12-08 09:30:0{second + 1}", last)
    assert fund.fired == [] and fund.cells("change%") == ("0.00%",)
    assert fund.standing() == ["waits to be above 280" if alert == "< 280" else "armed"]


def test_a_wrong_first_price_is_no_split_once_the_price_is_back() -> None:
    fund = left_on_overnight()
    fund.tick("2026-12-07 21:00", 150.6)
    assert fund.cells("ext%") == ("split?",)
    fund.tick("2026-12-07 21:00:01", 301.5)
    fund.i.sample(0.0, fund.now)
    assert fund.cells("ext%") == ("+0.50%",)


def test_on_the_next_date_nothing_is_left_of_it() -> None:
    fund = Traded({"2026-04-20": 808.88})
    fund.tick("2026-04-21 09:30", 101.57)
    fund.tick("2026-04-21 15:59", 102.0)
    fund.tick("2026-04-22 09:30", 103.02)
    assert fund.cells("change%") == ("+1.00%",)


def test_who_was_off_on_that_date_never_measures_across_it() -> None:
    fund = Traded({"2026-12-07": 808.88})
    fund.market.apply_history_closes(fund.symbol, {"2026-12-08": 102.0})
    fund.tick("2026-12-09 08:00", 102.0)
    assert fund.cells() == ("—", "—", "—")
    fund.tick("2026-12-09 09:30", 103.02)
    assert fund.cells("change%") == ("+1.00%",)


@pytest.mark.parametrize("region", ["HK", "SH"])
def test_in_other_regions_too(region: str) -> None:
    fund = Traded({"2026-04-20": 80.0}, region=region)
    fund.tick("2026-04-21 09:30", 20.2)
    assert fund.cells() == ("split?",) * 3
    fund.quote("2026-04-21 09:31", 20.2, previous_close=20.0)
    assert fund.cells("change%") == ("+1.00%",)


def test_where_dates_are_not_known_no_split_is_told() -> None:
    fund = Traded(region="XX")
    fund.quote("2026-04-20 12:00", 300.0, previous_close=299.0)
    fund.quote("2026-04-21 12:00", 150.6, previous_close=150.0)
    assert not fund.i.suspects_split
