"""Books of call auctions, which have one price on both sides: it is shown, and no figure is derived from it."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.support.messages import Sizes, depth
from tui.market import Instrument, Market
from tui.market.alert_engine import measure
from tui.market.alerts import parse_alert
from tui.market.book import best_bid_offer
from tui.market.sessions import zone
from tui.protocol.messages import Depth, Level, Tick
from tui.symbol import Symbol

ONE_PRICE: Sizes = [(4.127, 500), (4.128, 700)]
AT_ONE_PRICE = ONE_PRICE, [(4.127, 300), (4.126, 200)]


class Fund:
    """A fund on a connection since a local time of Monday 2026-11-30."""

    def __init__(self, region: str, when: str, *, demo: bool = False) -> None:
        self.region = region
        self.market = Market()
        self.market.set_hours(demo)
        self.market.follow([Symbol("FUND", region)])
        self.market.set_clock(self.time(when))
        self.begins = self.time(when)
        (self.instrument,) = self.market.instruments.values()

    def time(self, when: str) -> float:
        return datetime.fromisoformat(f"2026-11-30T{when}").replace(tzinfo=zone(self.region).tz).timestamp() * 1000

    def now(self, when: str) -> float:
        return (self.time(when) - self.begins) / 1000

    def book(self, asks: Sizes, bids: Sizes, when: str) -> Instrument:
        self.market.apply(depth(asks, bids, s=f"FUND${self.region}"), self.now(when))
        return self.instrument


@pytest.mark.parametrize(
    ("region", "when", "indicative"),
    [
        ("SH", "09:20:00", True),
        ("SH", "09:27:00", True),
        ("SH", "14:56:59.9", False),
        ("SH", "14:57:00.1", True),
        ("SH", "14:59:59", True),
        ("SH", "15:00:02", True),
        ("SH", "10:00:00", False),
        ("SZ", "14:58:00", True),
        ("HK", "09:10:00", True),
        ("HK", "16:05:00", True),
        ("HK", "15:59:00", False),
        ("US", "15:59:59", False),
        ("US", "22:00:00", False),
        ("XX", "14:58:00", False),
    ],
)
def test_a_book_at_one_price_is_an_auctions_until_orders_match_again(region: str, when: str, indicative: bool) -> None:
    assert Fund(region, when).book(*AT_ONE_PRICE, when).is_indicative is indicative


def test_what_a_book_is_goes_by_its_arrival_however_late_the_session_is_sampled() -> None:
    fund = Fund("SH", "14:56:50")
    fund.market.sample(0.0, [fund.instrument])
    assert not fund.book(*AT_ONE_PRICE, "14:56:55").is_indicative
    assert fund.book(*AT_ONE_PRICE, "14:57:00.1").is_indicative
    fund.market.sample(fund.now("15:30:01"), [fund.instrument])
    assert fund.instrument.is_indicative, "the last one of the auction stands over night"


@pytest.mark.parametrize(
    ("asks", "bids"),
    [([(4.128, 1)], [(4.127, 1)]), ([], [(4.127, 1)]), ([(4.127, 1)], []), ([], [])],
    ids=["two prices", "no ask", "no bid", "empty"],
)
def test_any_other_book_is_what_it_is_in_an_auction_too(asks: Sizes, bids: Sizes) -> None:
    fund = Fund("SH", "14:58:00")
    assert fund.book(*AT_ONE_PRICE, "14:58:00").is_indicative
    assert not fund.book(asks, bids, "14:58:01").is_indicative


def test_orders_that_cross_in_an_auction_are_indicative_and_no_fault_of_the_feed() -> None:
    crossed = [(4.126, 1)], [(4.127, 1)]
    fund = Fund("SH", "14:58:00")
    assert fund.book(*crossed, "14:58:00").is_indicative and fund.market.health.crossed == 0
    fund = Fund("SH", "14:00:00")
    assert not fund.book(*crossed, "14:00:00").is_indicative and fund.market.health.crossed == 1


def test_a_book_whose_positions_contradict_its_prices_is_counted_and_sorted_by_price() -> None:
    fund = Fund("SH", "14:00:00")
    asks = [Level(4.131 - n / 1000, 100, 5 - n) for n in range(5)]
    bids = [Level(4.126, 100, 1)]
    for contradicted, side in ((0, asks), (1, [Level(each.price, each.volume, 6 - each.level) for each in asks])):
        fund.market.apply(Depth(symbol="FUND$SH", asks=side, bids=bids), 0.0)
        assert fund.market.health.misplaced == fund.market.health.report()["misplaced"] == contradicted
        assert fund.instrument.depth is not None
        assert best_bid_offer(fund.instrument.depth) == pytest.approx((4.126, 4.127))


def test_a_dropped_book_is_none_of_an_auction() -> None:
    fund = Fund("SH", "14:58:00")
    fund.book(*AT_ONE_PRICE, "14:58:00")
    fund.market.reconnected([fund.instrument.symbol])
    assert not fund.instrument.is_indicative


def test_the_demo_exchange_holds_no_auction() -> None:
    assert not Fund("SH", "14:58:00", demo=True).book(*AT_ONE_PRICE, "14:58:00").is_indicative


def test_no_figure_comes_from_an_auctions_book() -> None:
    fund = Fund("SH", "14:58:00")
    fund.book([(4.130, 100)], [(4.120, 100)], "14:58:00")
    i = fund.book(*AT_ONE_PRICE, "14:58:01")
    fund.market.sample(fund.now("14:58:02"), [i])
    assert i.mid is None and i.spreads.statistics(fund.now("14:58:02")) is None
    assert measure(parse_alert("spread > 5bp", i.symbol), i, fund.time("14:58:02")) is None
    trade = Tick(symbol="FUND$SH", last=4.2, time=int(fund.time("14:58:02")))
    fund.market.apply(trade, fund.now("14:58:02"))
    (run,) = i.tape.runs()
    assert run.side == "·", "no quote rule"
