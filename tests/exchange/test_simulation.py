"""The simulated market: what it promises of its past, its present, and the step over midnight."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise
from statistics import correlation, mean
from time import perf_counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tui.exchange.demo_lists import DEMO_WATCHLIST
from tui.exchange.factors import DAY_MS, HISTORY_MS, MINUTE_MS, Factors
from tui.exchange.listing import Listing
from tui.exchange.simulation import SimulatedMarket
from tui.exchange.universe import BY_SYMBOL, FACTORS, FUNDS
from tui.protocol.messages import Depth, Kline, Push, Quote, ServedLevel, Tick
from tui.symbol import Symbol

NOON = 1_750_000_000_000 // DAY_MS * DAY_MS + DAY_MS // 2 + 17_500
QQQ, SPY, THIN = Symbol("QQQ", "US"), Symbol("SPY", "US"), Symbol("NORW", "US")
ALL = tuple(BY_SYMBOL)


def make_market(
    now: int = NOON, symbols: Iterable[Symbol] = DEMO_WATCHLIST, rate: float = 200.0, seed: int = 7
) -> SimulatedMarket:
    market = SimulatedMarket(seed, now, rate)
    for symbol in symbols:
        assert market.watch(symbol) is not None
    return market


def watch(market: SimulatedMarket, symbol: Symbol) -> Listing:
    found = market.watch(symbol)
    assert found is not None
    return found


def run(market: SimulatedMarket, seconds: float, step: int = 25) -> list[tuple[Symbol, Push]]:
    messages: list[tuple[Symbol, Push]] = []
    end = market.time + int(seconds * 1000)
    while market.time < end:
        messages += market.step(min(end, market.time + step))
    return messages


def check_quote(quote: Quote) -> None:
    assert quote.low is not None and quote.high is not None and quote.open is not None
    assert 0 < quote.low <= quote.last <= quote.high
    assert quote.low <= quote.open <= quote.high
    assert quote.change is not None and quote.change_percent is not None
    previous = round(quote.last - quote.change, 3)
    assert quote.change == round(quote.last - previous, 4)
    assert quote.change_percent == round(100 * quote.change / previous, 2)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    of_day=st.one_of(st.integers(0, DAY_MS - 1), st.integers(0, 3 * MINUTE_MS), st.just(HISTORY_MS)),
    symbol=st.sampled_from(ALL),
)
def test_the_past_is_consistent_with_itself(seed: int, of_day: int, symbol: Symbol) -> None:
    midnight = NOON // DAY_MS * DAY_MS
    fund = watch(make_market(midnight + of_day, (), seed=seed), symbol)
    quote = fund.quote()
    check_quote(quote)
    assert midnight <= quote.time <= midnight + of_day
    bars = fund.history(midnight + of_day)
    assert [bar.time for bar in bars] == sorted({bar.time for bar in bars})
    for bar in bars:
        assert bar.time % MINUTE_MS == 0
        assert midnight + of_day - HISTORY_MS <= bar.time <= midnight + of_day
        assert bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
        assert bar.turnover is not None and bar.volume > 0
        assert bar.low * bar.volume <= bar.turnover + 1e-3 and bar.turnover <= bar.high * bar.volume + 1e-3
    today = [bar for bar in bars if bar.time >= midnight]
    assert quote.low is not None and quote.high is not None and quote.turnover is not None
    assert all(quote.low <= bar.low and bar.high <= quote.high for bar in today)
    if today:
        assert today[-1].close == quote.last
    if of_day < HISTORY_MS:
        assert sum(bar.volume for bar in today) == quote.volume
        assert sum(bar.turnover or 0 for bar in today) == pytest.approx(quote.turnover)
        if today:
            assert (today[0].open, max(b.high for b in today), min(b.low for b in today)) == (
                quote.open,
                quote.high,
                quote.low,
            )
        yesterday = [bar for bar in bars if bar.time < midnight]
        if yesterday and today:
            assert quote.change is not None
            assert yesterday[-1].close == pytest.approx(quote.last - quote.change)


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    of_day=st.one_of(st.integers(0, DAY_MS - 1), st.integers(0, 3 * MINUTE_MS)),
    symbol=st.sampled_from(ALL),
)
@example(seed=0, of_day=0, symbol=Symbol("NORW", "US"))  # no trade in the first of the minutes that are remembered
def test_a_days_past_agrees_with_the_day(seed: int, of_day: int, symbol: Symbol) -> None:
    midnight = NOON // DAY_MS * DAY_MS
    market = make_market(midnight + of_day, (), seed=seed)
    fund = market.find(symbol)
    assert fund is not None and not market.watched
    bars = market.minute_bars(fund)
    assert market.minute_bars(fund) == bars, "the same whenever it is asked for"
    times = [bar.time for bar in bars]
    assert times == sorted(set(times)) and all(time % MINUTE_MS == 0 for time in times)
    assert times[0] <= midnight + of_day - DAY_MS + 30 * MINUTE_MS and times[-1] <= midnight + of_day
    for bar in bars:
        assert 0 < bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
        assert bar.volume > 0 and bar.low * bar.volume <= bar.turnover + bar.volume <= (bar.high + 2) * bar.volume
        assert bar.open % fund.fund.tick == bar.close % fund.fund.tick == 0
    streamed = fund.history(midnight + of_day)
    assert [fund.kline(bar) for bar in bars if bar.time >= midnight + of_day - HISTORY_MS] == streamed
    today = [bar for bar in bars if bar.time >= midnight]
    if today:
        assert sum(bar.volume for bar in today) == fund.volume
        assert today[0].open == fund.open
        assert max(bar.high for bar in today) == fund.high and min(bar.low for bar in today) == fund.low
        assert sum(bar.turnover for bar in today) == pytest.approx(fund.turnover, rel=1e-3)
    yesterday = [bar for bar in bars if bar.time < midnight]
    assert not yesterday or yesterday[-1].close == fund.previous_close


@pytest.mark.parametrize(("of_day", "asked_before"), [(0, True), (2 * MINUTE_MS, False), (DAY_MS // 2, True)])
@pytest.mark.parametrize("symbol", [QQQ, THIN])
def test_days_agree_with_their_minutes_and_never_change_when_they_are_over(
    symbol: Symbol, of_day: int, asked_before: bool
) -> None:
    midnight = NOON // DAY_MS * DAY_MS
    market = make_market(midnight + of_day, (symbol,))
    fund = watch(market, symbol)
    past = [day for day in market.daily_bars(fund) if day.time < midnight] if asked_before else []
    market.skip(midnight + DAY_MS - 2_000)
    run(market, 2)
    minutes = [bar for bar in market.minute_bars(fund) if midnight <= bar.time < midnight + DAY_MS]
    folded = (
        minutes[0].open, max(bar.high for bar in minutes), min(bar.low for bar in minutes), minutes[-1].close,
        sum(bar.volume for bar in minutes),
    )  # fmt: skip
    run(market, 300)
    days = market.daily_bars(fund)
    today = next(day for day in days if day.time == midnight)
    assert (today.open, today.high, today.low, today.close, today.volume) == folded
    assert days[: len(past)] == past
    assert [day.time for day in days] == list(range(days[0].time, midnight + 2 * DAY_MS, DAY_MS)) and len(days) > 365
    for day in days:
        assert 0 < day.low <= min(day.open, day.close) <= max(day.open, day.close) <= day.high
        assert day.low * day.volume <= day.turnover + day.volume <= (day.high + 2) * day.volume
    assert days[-2].close == fund.previous_close and days[-1].volume == fund.volume


def test_a_past_is_whole_and_goes_on() -> None:
    market = make_market(symbols=(QQQ, THIN))
    liquid, thin = watch(market, QQQ), watch(market, THIN)
    before = market.minute_bars(liquid)
    assert len(before) > 1_400
    assert 390 < len(market.minute_bars(thin)) < 1_300
    run(market, 130)
    after = market.minute_bars(liquid)
    assert after[: len(before) - 1] == before[:-1], "what was told of finished minutes stays"
    assert 2 <= len(after) - len(before) <= 3
    assert market.find(Symbol("NOSUCH", "US")) is None


def test_the_liquid_trade_every_minute_and_the_thin_leave_gaps() -> None:
    market = make_market(symbols=(QQQ, THIN))
    assert len(watch(market, QQQ).history(NOON)) in (120, 121)
    assert 30 < len(watch(market, THIN).history(NOON)) < 115


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10_000), symbols=st.lists(st.sampled_from(ALL), min_size=2, max_size=5, unique=True))
def test_what_is_told_agrees_with_itself(seed: int, symbols: list[Symbol]) -> None:
    """Ticks, quotes, books and bars of a live minute and more, against each other."""
    start = NOON - NOON % MINUTE_MS
    market = make_market(start, symbols, seed=seed)
    latest = {symbol: watch(market, symbol).quote() for symbol in symbols}
    books = {symbol: watch(market, symbol).depth() for symbol in symbols}
    fresh: dict[Symbol, int | float] = {symbol: latest[symbol].volume or 0 for symbol in symbols}
    turnover = {symbol: latest[symbol].turnover or 0.0 for symbol in symbols}
    trades: defaultdict[tuple[Symbol, int], list[tuple[float, float]]] = defaultdict(list)
    bars: dict[tuple[Symbol, int], Kline] = {}
    times: Counter[Symbol] = Counter()
    for symbol, push in run(market, 75):
        fund = BY_SYMBOL[symbol]
        if isinstance(push, Tick):
            assert push.volume is not None
            assert push.last in (books[symbol].asks[0].price, books[symbol].bids[0].price)
            assert push.time >= times[symbol]
            times[symbol] = push.time
            size = push.volume - fresh[symbol]
            assert size > 0 and size == int(size)
            fresh[symbol] = push.volume
            turnover[symbol] += size * push.last
            trades[symbol, push.time // MINUTE_MS * MINUTE_MS].append((push.last, size))
        elif isinstance(push, Quote):
            check_quote(push)
            assert (push.volume, push.time) == (fresh[symbol], times[symbol])
            assert push.turnover == pytest.approx(turnover[symbol], rel=1e-12)
        elif isinstance(push, Depth):
            books[symbol] = push
            check_depth(push, fund.tick)
        else:
            bars[symbol, push.time] = push
    assert bars.keys() == trades.keys()
    for key, bar in bars.items():
        prices = [price for price, _ in trades[key]]
        assert (bar.open, bar.high, bar.low, bar.close) == (prices[0], max(prices), min(prices), prices[-1])
        assert bar.volume == sum(size for _, size in trades[key])
        assert bar.turnover == pytest.approx(sum(price * size for price, size in trades[key]), rel=1e-12)


def check_depth(depth: Depth, tick: int) -> None:
    assert len(depth.asks) == len(depth.bids) == 10
    for side in (depth.asks, depth.bids):
        for n, level in enumerate(side, 1):
            assert isinstance(level, ServedLevel) and level.level == n
            assert level.price == round(level.price, 3)
            assert round(level.price * 1000) % tick == 0
            assert level.volume == level.size == int(level.volume) > 0
    asks, bids = [level.price for level in depth.asks], [level.price for level in depth.bids]
    assert asks == sorted(set(asks)) and bids == sorted(set(bids), reverse=True) and bids[0] < asks[0]


def test_a_bar_in_progress_comes_about_once_a_second_and_last_when_its_minute_ends() -> None:
    start = NOON - NOON % MINUTE_MS
    market = make_market(start + 30_000, (QQQ,))
    klines = [push for _, push in run(market, 35) if isinstance(push, Kline)]
    first = [bar for bar in klines if bar.time == start]
    assert 25 <= len(first) <= 31
    assert klines[: len(first)] == first
    volumes = [bar.volume for bar in first]
    assert volumes == sorted(set(volumes))
    assert klines[len(first)].time == start + MINUTE_MS


def test_midnight_begins_a_new_day() -> None:
    midnight = NOON // DAY_MS * DAY_MS + DAY_MS
    market = make_market(midnight - 2_000, (QQQ, THIN))
    before = {symbol: push for symbol, push in run(market, 1.999) if isinstance(push, Quote)}
    close = {symbol: watch(market, symbol).last / 1000 for symbol in (QQQ, THIN)}
    after = run(market, 3)
    rolled = {symbol: push for symbol, push in after if isinstance(push, Quote) and push.time == midnight}
    for symbol in (QQQ, THIN):
        quote = rolled[symbol]
        assert (quote.open, quote.high, quote.low, quote.last) == (close[symbol],) * 4
        assert (quote.volume, quote.turnover, quote.change, quote.change_percent) == (0, 0, 0, 0)
    first = next(push for symbol, push in after if symbol == QQQ and isinstance(push, Tick) and push.time > midnight)
    last = [push for symbol, push in after if symbol == QQQ and isinstance(push, Quote)][-1]
    assert (before[QQQ].volume or 0) > 100 * (last.volume or 0) > 0
    assert last.open == first.last
    assert last.change == pytest.approx(last.last - close[QQQ])
    assert len(watch(market, QQQ).history(market.time)) >= 120


@pytest.mark.parametrize("passed", [20, 5_000, 8 * 60 * MINUTE_MS])
def test_a_skip_over_midnight_rolls_the_day_too(passed: int) -> None:
    midnight = NOON // DAY_MS * DAY_MS + DAY_MS
    market = make_market(midnight - 10, (QQQ,))
    before = watch(market, QQQ).volume
    market.skip(midnight - 10 + passed)
    messages = run(market, 2)
    quote = [push for _, push in messages if isinstance(push, Quote)][-1]
    check_quote(quote)
    assert quote.volume is not None and quote.volume < before
    bars = [push for _, push in messages if isinstance(push, Kline)]
    assert len({bar.time for bar in bars}) >= min(120, passed // MINUTE_MS)


def test_same_seed_same_market_whatever_the_order_of_watching() -> None:
    symbols = (QQQ, THIN, SPY)
    one = run(make_market(symbols=symbols), 20)
    other = run(make_market(symbols=symbols[::-1]), 20)
    for symbol in symbols:
        assert [push for key, push in one if key == symbol] == [push for key, push in other if key == symbol]
    assert one != run(make_market(symbols=symbols, seed=8), 20)


def test_nobody_watching_costs_nothing_and_is_caught_up() -> None:
    market = make_market(symbols=(QQQ,))
    run(market, 5)
    volume = watch(market, QQQ).volume
    market.unwatch(QQQ)
    assert run(market, 1800, step=60_000) == []
    fund = watch(market, QQQ)
    assert fund.volume > volume
    assert len(fund.history(market.time)) in (120, 121)
    check_quote(fund.quote())


def test_an_unknown_fund_is_none() -> None:
    assert SimulatedMarket(7, NOON, 200.0).watch(Symbol("NOSUCH", "US")) is None


def test_rate_and_mix() -> None:
    messages = run(make_market(), 40)
    assert len(messages) == pytest.approx(40 * 200, rel=0.1)
    mix = Counter(type(push) for _, push in messages)
    for kind, share in ((Tick, 0.4), (Quote, 0.3), (Depth, 0.27)):
        assert mix[kind] / len(messages) == pytest.approx(share, abs=0.04)
    by_symbol = Counter(symbol for symbol, push in messages if isinstance(push, Tick))
    assert all(by_symbol[symbol] > 40 for symbol in DEMO_WATCHLIST)
    assert by_symbol[SPY] > 4 * by_symbol[Symbol("EWZ", "US")]
    longer = run(make_market(symbols=ALL), 20)
    assert len(longer) == pytest.approx(20 * 200, rel=0.25)


def test_a_thin_fund_trades_every_20_to_60_seconds() -> None:
    ticks = [push for _, push in run(make_market(symbols=(THIN,)), 3600, step=1000) if isinstance(push, Tick)]
    moments = len({tick.time for tick in ticks})
    assert 20 < 3600 / moments < 90


def test_trades_vary_in_size_and_both_sides_trade_in_runs() -> None:
    market = make_market(symbols=(QQQ,))
    fund = watch(market, QQQ)
    mid, volume = fund.book.mid, fund.volume
    sizes: list[int] = []
    sides: list[bool] = []
    for _, push in run(market, 120):
        if isinstance(push, Depth):
            mid = (push.asks[0].price + push.bids[0].price) / 2
        elif isinstance(push, Tick) and push.volume is not None:
            sizes.append(int(push.volume) - volume)
            volume = int(push.volume)
            sides.append(push.last > mid)
    assert 0.3 < mean(size == 100 for size in sizes) < 0.8
    assert 0.1 < mean(size % 100 != 0 for size in sizes) < 0.5
    assert max(sizes) >= 500
    assert 0.3 < mean(sides[1:]) < 0.7
    turns = sum(one != other for one, other in pairwise(sides[1:]))
    assert 1.5 < len(sides) / turns < 6


def test_funds_move_together_as_they_should() -> None:
    factors = Factors(3, NOON - NOON % DAY_MS + DAY_MS - 1)
    days = [tuple(Factors(seed, NOON).values) for seed in range(200)]
    assert len(factors.values) == len(FACTORS)

    def returns(code: str) -> list[float]:
        fund = BY_SYMBOL[Symbol(code, "US")]
        return [sum(load * day[index] for index, load in fund.loads) for day in days]

    assert correlation(returns("QQQ"), returns("SPY")) > 0.8
    assert correlation(returns("FXI"), returns("KWEB")) > 0.8
    assert correlation(returns("TLT"), returns("SPY")) < 0.1
    assert abs(correlation(returns("GLD"), returns("XLK"))) < 0.2


def test_the_universe_is_sound() -> None:
    assert len(FUNDS) == len(BY_SYMBOL) >= 60
    assert set(DEMO_WATCHLIST) <= BY_SYMBOL.keys()
    assert {symbol.region for symbol in BY_SYMBOL} == {"US", "HK", "SH", "SZ"}
    for fund in FUNDS:
        assert round(fund.price * 1000) % fund.tick == 0, fund
        assert sum(load * load for _, load in fund.loads) <= 1.001, fund


def test_the_demo_list_is_ready_at_once() -> None:
    """About 80 ms on a quiet machine; the bound is wide so that a busy one does not fail it."""
    started = perf_counter()
    make_market()
    assert perf_counter() - started < 0.75
