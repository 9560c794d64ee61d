from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.market import Market
from tui.market.trade_size import TradeSizeInference
from tui.protocol.messages import Kline, Quote, Tick
from tui.symbol import Symbol

AT = 1_795_386_660_000  # 2026-11-22 17:31:00 in New York
QQQ = Symbol("QQQ", "US")


def tick(time: int, price: float, volume: float | None) -> Tick:
    return Tick(symbol="QQQ$US", last=price, volume=volume, time=time)


class Known(TradeSizeInference):
    """Sizes that know by now that volume is cumulative."""

    def __init__(self, before: float) -> None:
        """`before` is the greatest volume so far."""
        super().__init__()
        for n in range(20):
            time, volume = AT - 30_000 + n, before - 1_900 + 100 * n
            self.infer(tick(time, 512.3, volume), Quote(symbol="QQQ$US", last=512.3, volume=volume, time=time), n)
        assert self.cumulative
        self.drain_late_sizes()


def test_a_cumulative_volume_is_known_by_twenty_rises_one_of_them_the_quotes() -> None:
    sizes = TradeSizeInference()
    for n in range(20):
        assert sizes.infer(tick(AT + n, 1.0, 1_000.0 + n), None, n) is None, "never met by a quote"
    assert sizes.cumulative is None
    quote = Quote(symbol="QQQ$US", last=1.0, volume=1_025.5, time=AT + 900)
    assert sizes.infer(tick(AT + 20, 1.0, 1_025.0), quote, 20) == 6
    assert sizes.cumulative is True
    assert sizes.drain_late_sizes() == [(n, AT + n, 1.0) for n in range(1, 20)]
    assert sizes.drain_late_sizes() == []


def test_a_quote_of_another_second_or_another_volume_proves_nothing() -> None:
    sizes = TradeSizeInference()
    for n in range(40):
        late = Quote(symbol="QQQ$US", last=1.0, volume=1_000.0 + n, time=AT + n + 1_001)
        other = Quote(symbol="QQQ$US", last=1.0, volume=(1_000.0 + n) * 1.002, time=AT + n)
        sizes.infer(tick(AT + n, 1.0, 1_000.0 + n), late if n % 2 else other, n)
    assert sizes.cumulative is None


def test_the_second_fall_means_sizes_per_trade() -> None:
    sizes = TradeSizeInference()
    assert [sizes.infer(tick(AT + n, 1.0, v), None, n) for n, v in enumerate([300.0, 100.0, 500.0])] == [None] * 3
    assert sizes.infer(tick(AT + 3, 1.0, 200.0), None, 3) == 200
    assert sizes.cumulative is False
    assert [(number, size) for number, _, size in sizes.drain_late_sizes()] == [(0, 300), (1, 100), (2, 500)]
    assert sizes.infer(tick(AT + 4, 1.0, 50.0), None, 4) == 50


def test_a_trade_without_volume_has_no_size_and_decides_nothing() -> None:
    sizes = Known(10_000.0)
    assert sizes.infer(tick(AT, 1.0, None), None, 20) is None
    assert sizes.infer(tick(AT, 1.0, 10_100.0), None, 21) == 100


def test_sizes_are_waited_for_by_the_latest_trades_and_not_for_ever() -> None:
    sizes = TradeSizeInference()
    for n in range(1_000):
        sizes.infer(tick(AT + n, 1.0, 1_000.0 + n), None, n)
    sizes.infer(tick(AT + 1_000, 1.0, 500.0), None, 1_000)
    sizes.infer(tick(AT + 1_001, 1.0, 400.0), None, 1_001)
    owed = sizes.drain_late_sizes()
    assert (len(owed), owed[-1].number) == (256, 1_000)


def test_a_fall_of_a_cumulative_volume_is_counted_and_has_no_size() -> None:
    sizes = Known(10_000.0)
    assert sizes.infer(tick(AT, 1.0, 9_000.0), None, 20) is None
    assert sizes.falls == 1
    assert sizes.infer(tick(AT, 1.0, 10_150.0), None, 21) == 150


def test_volume_of_a_gap_is_no_trade() -> None:
    sizes = Known(10_000.0)
    sizes.mark_gap()
    assert sizes.infer(tick(AT, 1.0, 14_000.0), None, 20) is None
    assert sizes.gap == 4_000
    assert sizes.infer(tick(AT + 1, 1.0, 14_100.0), None, 21) == 100
    assert sizes.gap == 4_000


def test_a_new_date_is_decided_again() -> None:
    sizes = Known(10_000.0)
    sizes.reset()
    assert sizes.infer(tick(AT, 1.0, 300.0), None, 20) is None
    assert sizes.cumulative is None


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=60), st.integers(1, 59))
def test_volume_is_conserved(rises: list[int], lost_before: int) -> None:
    sizes, volume, total = Known(10_000.0), 10_000.0, 0.0
    for n, rise in enumerate(rises):
        if n == lost_before:
            sizes.mark_gap()
        volume += rise
        total += sizes.infer(tick(AT + n, 1.0, volume), None, n) or 0.0
    assert total + sizes.gap == volume - 10_000


def following(refused: bool = True) -> Market:
    market = Market()
    market.follow([QQQ])
    if refused:
        market.refuse([QQQ], "kline@1", "permission denied")
    return market


def test_the_minutes_of_the_definition() -> None:
    market = following()
    instrument = market.instruments[QQQ]
    instrument.tape.add(tick(AT - 30_000, 512.3, None), None, None)  # its date has begun
    instrument.tape.sizes = Known(10_000_000.0)
    for time, price, volume in [
        (AT, 512.30, 10_000_400.0),
        (AT + 20_000, 512.36, 10_001_000.0),
        (AT + 59_999, 512.34, 10_001_500.0),
        (AT + 125_000, 512.35, 10_002_100.0),
    ]:
        market.apply(tick(time, price, volume), 0.0)
    assert instrument.bars.synthesized
    assert [(b.time, b.open, b.high, b.low, b.close, b.volume) for b in instrument.bars] == [
        (AT, 512.30, 512.36, 512.30, 512.34, 1_500),
        (AT + 120_000, 512.35, 512.35, 512.35, 512.35, 600),
    ]


def test_sizes_known_late_reach_the_minutes_they_belong_to() -> None:
    market = following()
    instrument = market.instruments[QQQ]
    for n in range(24):
        time, volume = AT + 5_000 * n, 1_000.0 + 10 * n
        market.apply(Quote(symbol="QQQ$US", last=9.9, volume=volume, time=time), 0.0)
        market.apply(tick(time, 10.0, volume), 0.0)
    assert sum(bar.volume for bar in instrument.bars) == 230
    assert [bar.volume for bar in instrument.bars] == [110, 120]


@pytest.mark.parametrize("refused", [True, False])
def test_bars_are_built_only_where_the_feed_refuses_them(refused: bool) -> None:
    market = following(refused)
    market.apply(tick(AT, 512.3, 100.0), 0.0)
    market.apply(Quote(symbol="QQQ$US", last=513.0, time=AT + 1), 0.0)
    bars = list(market.instruments[QQQ].bars)
    assert [(bar.high, bar.close) for bar in bars] == ([(513.0, 513.0)] if refused else [])


def test_a_feed_that_gives_bars_again_goes_on_where_trades_left_off() -> None:
    market = following()
    market.apply(tick(AT, 512.3, 100.0), 0.0)
    market.reconnected([QQQ])
    sent = Kline(symbol="QQQ", region="US", open=1, high=2, low=1, close=2, time=AT, volume=5.0)
    market.apply(sent, 0.0)
    market.apply(tick(AT + 60_000, 512.4, 200.0), 0.0)
    assert list(market.instruments[QQQ].bars) == [sent]
    assert not market.instruments[QQQ].bars.synthesized


def test_a_volume_that_begins_again_within_a_date_is_followed_after_a_while_and_never_taken_for_sizes() -> None:
    known, undecided = Known(10_000.0), TradeSizeInference()
    undecided.infer(tick(AT, 1.0, 10_000.0), None, 0)
    for n in range(1, 60):
        size = known.infer(tick(AT + n, 1.0, 100.0 * n), None, 20 + n)
        assert size == (100 if n > 20 else None)
        assert undecided.infer(tick(AT + n, 1.0, 100.0 * n), None, n) is None
    assert undecided.cumulative is None
