from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.messages import T, bar, depth
from tui.market import Instrument, Market
from tui.market.sessions import zone
from tui.market.tick_size import PriceGrid, price_grid, tick_size
from tui.protocol.messages import Quote, Tick
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


def table(region: str) -> PriceGrid:
    found = price_grid(region, DAY)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("region", "prices"),
    [
        ("HK", [0.999, 1.0, 1.002, 1.004]),
        ("HK", [9.99, 9.995, 10.0, 10.01, 10.02]),
        ("HK", [1_999.5, 2_000.0, 2_001.0]),
        ("US", [0.9998, 0.9999, 1.0, 1.01, 1.02]),
        ("SH", [0.999, 1.0, 1.001]),
    ],
)
def test_neighbouring_prices_pass_from_one_tick_to_the_next(region: str, prices: list[float]) -> None:
    grid = table(region)
    first = grid.number(prices[0])
    assert [grid.price(first + n) for n in range(len(prices))] == prices
    assert [grid.number(price) - first for price in prices] == [*range(len(prices))]
    assert not grid.holds((prices[0] + prices[1]) / 2)


@given(st.sampled_from(["HK", "US", "SH"]), st.integers(0, 10**6))
def test_every_price_of_a_table_is_whole_ticks_from_its_neighbours(region: str, n: int) -> None:
    grid = table(region)
    price, above = grid.price(n), grid.price(n + 1)
    assert (grid.number(price), grid.number(above)) == (n, n + 1) and grid.holds(price)
    between = (price + above) / 2
    assert above - price == pytest.approx(tick_size(region, between, DAY))
    assert not grid.holds(between)
    assert grid.number(price + 0.4 * (above - price)) == n and grid.number(price + 0.6 * (above - price)) == n + 1


def test_below_zero_there_is_no_end_of_numbers() -> None:
    assert [table("HK").price(n) for n in (1, 0, -1)] == [0.001, 0.0, -0.001]


def test_regions_without_a_table_have_no_grid() -> None:
    assert price_grid("XX", DAY) is None


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
        assert i.precision.tick_size == tick and i.precision.decimals == 3


@pytest.mark.parametrize(
    ("region", "bid", "ask", "ticks"),
    [
        ("HK", 9.985, 9.99, 1),
        ("HK", 10.05, 10.06, 1),
        ("HK", 9.995, 10.01, 2),
        ("US", 0.9999, 1.01, 2),
        ("SH", 4.126, 4.127, 1),
        ("XX", 4.1, 4.2, 1),
    ],
)
def test_a_spread_in_ticks_counts_the_prices_between(region: str, bid: float, ask: float, ticks: int) -> None:
    market = followed(region)
    (i,) = market.instruments.values()
    market.apply(depth([(ask, 1)], [(bid, 1)], s=f"FUND${region}"), 1.0)
    i.infer_precision()
    assert i.precision.in_ticks(bid, ask) == ticks
    assert i.precision.in_ticks(ask, ask) == 0


def test_a_second_at_one_tick_is_counted_by_the_tick_of_that_price() -> None:
    market = followed("HK")
    (i,) = market.instruments.values()
    for second, (bid, ask) in enumerate(((9.985, 9.99), (10.05, 10.06), (9.985, 9.995), (10.05, 10.07))):
        market.apply(depth([(ask, 1)], [(bid, 1)], s="FUND$HK"), float(second))
        market.sample(float(second), [i])  # and nothing is painted
    known = i.spreads.statistics(4.0)
    assert known is not None and (known.seconds, known.share) == (4, 0.5)


@pytest.mark.parametrize(
    ("region", "last", "decimals"), [("SH", 1.05, 3), ("HK", 25.0, 2), ("HK", 4.4, 3), ("US", 5.0, 2)]
)
def test_prices_have_the_decimals_of_the_tick_also_without_a_book(region: str, last: float, decimals: int) -> None:
    market = followed(region)
    (i,) = market.instruments.values()
    market.apply(Tick(symbol=f"FUND${region}", last=last, time=int(market.wall_base)), 0.0)
    i.infer_precision()
    assert i.precision.decimals == decimals


def quoted(region: str, **fields: float) -> Instrument:
    market = followed(region)
    (i,) = market.instruments.values()
    market.apply(Quote(symbol=f"FUND${region}", time=int(market.wall_base), **fields), 0.0)  # type: ignore[arg-type]
    i.infer_precision()
    return i


@pytest.mark.parametrize(
    ("region", "fields", "decimals"),
    [
        ("SH", {"last": 4.13, "previous_close": 4.125}, 3),
        ("SH", {"last": 0.0, "previous_close": 4.1}, 3),
        ("HK", {"last": 10.05, "low": 9.985}, 3),
        ("HK", {"last": 10.05, "open": 9.985}, 3),
        ("HK", {"last": 10.05, "previous_close": 9.985}, 3),
        ("HK", {"last": 10.05, "low": 10.02}, 2),
        ("US", {"last": 1.02, "low": 0.98}, 4),
        ("US", {"last": 1.02, "low": 0.0}, 2),
    ],
)
def test_every_price_of_a_symbol_has_the_decimals_of_its_tick(
    region: str, fields: dict[str, float], decimals: int
) -> None:
    assert quoted(region, **fields).precision.decimals == decimals


def test_history_in_round_prices_leaves_the_decimals_of_the_tick() -> None:
    market = followed("SH")
    (i,) = market.instruments.values()
    bars = [bar(minute, 1.05, s="FUND", r="SH") for minute in range(-60, 0)]
    i.apply_history(bars, True, float(T))
    i.infer_precision()
    assert i.precision.decimals == 3


def test_the_demo_exchange_has_ticks_of_its_own() -> None:
    market = followed("HK", demo=True)
    (i,) = market.instruments.values()
    market.apply(depth([(25.01, 1), (25.02, 1)], [(25.0, 1), (24.99, 1)], s="FUND$HK"), 1.0)
    i.infer_precision()
    assert i.precision.tick_size == pytest.approx(0.01)
