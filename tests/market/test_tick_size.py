from __future__ import annotations

from datetime import date, datetime

import pytest

from tests.support.messages import depth
from tui.market import Market
from tui.market.sessions import zone
from tui.market.tick_size import tick_size
from tui.protocol.messages import Tick
from tui.symbol import Symbol

DAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("region", "price", "tick"),
    [
        ("US", 0.9999, 0.0001),
        ("US", 1.0, 0.01),
        ("US", 512.34, 0.01),
        ("HK", 1.0, 0.001),
        ("HK", 1.002, 0.002),
        ("HK", 9.985, 0.005),
        ("HK", 10.0, 0.005),
        ("HK", 10.05, 0.01),
        ("HK", 2_001.0, 1.0),
        ("SH", 4.127, 0.001),
        ("SZ", 120.0, 0.001),
        ("XX", 1.0, None),
    ],
)
def test_the_tick_goes_by_region_and_price(region: str, price: float, tick: float | None) -> None:
    assert tick_size(region, price, DAY) == tick


def followed(region: str, demo: bool = False) -> Market:
    market = Market()
    market.set_hours(demo)
    market.follow([Symbol("FUND", region)])
    market.set_clock(datetime(2026, 11, 30, 14, 0, tzinfo=zone(region).tz).timestamp() * 1000)
    return market


def test_a_price_that_passes_a_bound_has_another_tick() -> None:
    market = followed("HK")
    (i,) = market.instruments.values()
    for bid, ask, tick in ((9.985, 9.99, 0.005), (10.05, 10.06, 0.01), (9.985, 9.99, 0.005)):
        market.apply(depth([(ask, 1)], [(bid, 1)], s="FUND$HK"), 1.0)
        i.infer_precision()
        assert i.tick_size == tick and i.decimals == 3


@pytest.mark.parametrize(
    ("region", "last", "decimals"), [("SH", 1.05, 3), ("HK", 25.0, 2), ("HK", 4.4, 3), ("US", 5.0, 2)]
)
def test_prices_have_the_decimals_of_the_tick_also_without_a_book(region: str, last: float, decimals: int) -> None:
    market = followed(region)
    (i,) = market.instruments.values()
    market.apply(Tick(symbol=f"FUND${region}", last=last, time=int(market.wall_base)), 0.0)
    i.infer_precision()
    assert i.decimals == decimals


def test_the_demo_exchange_has_ticks_of_its_own() -> None:
    market = followed("HK", demo=True)
    (i,) = market.instruments.values()
    market.apply(depth([(25.01, 1), (25.02, 1)], [(25.0, 1), (24.99, 1)], s="FUND$HK"), 1.0)
    i.infer_precision()
    assert i.tick_size == pytest.approx(0.01)
