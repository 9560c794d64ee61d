"""The range of the session before, and the opening range: known only if all their minutes are."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from tests.support.charts import instrument_of
from tests.support.price_walks import DAYS, OPEN, price_walk
from tui.market import Instrument
from tui.market.bars import MINUTE
from tui.market.session_prices import OPENING_MINUTES, OpeningRange, PriceRange, session_prices
from tui.protocol.messages import Kline

TODAY = date(2026, 11, 20)


def range_of(bars: Iterable[Kline]) -> PriceRange:
    bars = list(bars)
    return PriceRange(min(bar.low for bar in bars), max(bar.high for bar in bars))


def opening_of(i: Instrument) -> OpeningRange | None:
    return session_prices(i, TODAY).opening


YESTERDAY = price_walk(DAYS[-2], range(390), seed=1)


def test_the_session_before_has_a_range_and_a_close() -> None:
    early = price_walk(DAYS[-2], range(-60, 0), 700.0)  # the pre-market is not the session
    i = instrument_of([*early, *YESTERDAY, *price_walk(OPEN, range(20))])
    i.day.apply_history_closes({date(2026, 11, 19): 511.5})
    found = session_prices(i, TODAY)
    assert (found.previous, found.previous_close) == (range_of(YESTERDAY), 511.5)


def test_a_session_before_that_is_not_whole_has_no_range() -> None:
    without_the_open = instrument_of([*YESTERDAY[30:], *price_walk(OPEN, range(20))])
    assert session_prices(without_the_open, TODAY).previous is None
    with_a_gap = instrument_of([*YESTERDAY[:100], *YESTERDAY[130:], *price_walk(OPEN, range(20))])
    assert session_prices(with_a_gap, TODAY).previous is None
    cut = instrument_of([*YESTERDAY, *price_walk(OPEN, range(20))])
    assert session_prices(cut, TODAY).previous is not None
    cut.bars.mark_incomplete(YESTERDAY[200].time // MINUTE)
    assert session_prices(cut, TODAY).previous is None, "the link was away in one of its minutes"


def test_few_trades_are_no_gap_where_the_stream_left_none_out() -> None:
    thin = [bar for n, bar in enumerate(YESTERDAY) if n % 40 == 7]
    i = instrument_of([*thin, *price_walk(OPEN, range(20))])
    assert session_prices(i, TODAY).previous is None
    i.bars.known_from = DAYS[-2] // MINUTE
    assert session_prices(i, TODAY).previous == range_of(thin)


def test_minutes_that_were_dropped_are_not_taken_for_silent_ones() -> None:
    i = instrument_of([*YESTERDAY, *price_walk(OPEN, range(390))])
    i.bars.known_from = 0
    assert session_prices(i, TODAY).previous is not None
    for bar in price_walk(OPEN + 390 * MINUTE, range(1_200)):
        i.bars.update(bar)
    assert session_prices(i, TODAY).previous is None


def test_the_opening_range_grows_until_its_minutes_are_over() -> None:
    bars = price_walk(OPEN, range(60))
    slot = OPEN // MINUTE
    i = instrument_of(bars[:12])
    assert opening_of(i) == OpeningRange(range_of(bars[:12]), slot, 12, False)
    for bar in bars[12:30]:
        i.bars.update(bar)
    assert opening_of(i) == OpeningRange(range_of(bars[:30]), slot, OPENING_MINUTES, False), "its last minute goes on"
    for bar in bars[30:]:
        i.bars.update(bar)
    assert opening_of(i) == OpeningRange(range_of(bars[:30]), slot, OPENING_MINUTES, True)


def test_the_last_minute_of_the_opening_range_counts_as_it_grows() -> None:
    bars = price_walk(OPEN, range(12))
    i = instrument_of(bars)
    opening_of(i)
    newest = bars[-1]
    i.bars.update(Kline(symbol="", open=1.0, high=900.0, low=1.0, close=2.0, time=newest.time, volume=1e6))
    found = opening_of(i)
    assert found is not None and found.prices == PriceRange(1.0, 900.0)


def test_a_session_that_was_joined_has_no_opening_range() -> None:
    assert opening_of(instrument_of(price_walk(OPEN, range(40, 90)))) is None
    assert opening_of(instrument_of(price_walk(OPEN, range(-30, 0)))) is None, "and none before it has begun"
