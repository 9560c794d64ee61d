"""Pairs: what they are derived from, and what stands in the way of a figure."""

from __future__ import annotations

import pytest

from tests.support.messages import QQQ, SPY, T, bar, depth, quote, tick
from tui.market import Instrument, Market
from tui.market.alerts import parse_alert
from tui.market.analytics import volatility
from tui.market.bars import MINUTE
from tui.market.data_status import DataStatus, data_status
from tui.market.frozen import frozen_copy
from tui.market.momentum import speed
from tui.market.pair_instrument import PairInstrument
from tui.protocol.messages import OVER_LIMIT, Push, Quote
from tui.symbol import Pair, Symbol, parse_symbol_or_pair

RATIO = parse_symbol_or_pair("QQQ/SPY").symbol
DIFFERENCE = parse_symbol_or_pair("SPY-QQQ").symbol
DAY = 86_400_000


class Paired:
    """A market with two symbols and a pair of them, where messages arrive as they are made."""

    def __init__(self, symbol: Symbol = RATIO, *alerts: str) -> None:
        self.market = Market()
        self.market.wall_base = T
        self.fired: list[str] = []
        self.market.alert_engine.on_fired = lambda event: self.fired.append(event.words)
        self.market.set_alerts([parse_alert(alert) for alert in alerts])
        self.market.follow([QQQ, SPY])
        assert isinstance(symbol, Pair)
        self.market.set_pairs([symbol])
        self.symbol, self.now = symbol, 0.0

    @property
    def pair(self) -> PairInstrument:
        found = self.market.row(self.symbol)
        assert isinstance(found, PairInstrument)
        return found

    def frame(self, *messages: Push) -> float | None:
        """The pair's last price after a frame in which these came."""
        for message in messages:
            self.now = max(self.now, (getattr(message, "time", T) - T) / 1000)
            self.market.apply(message, self.now)
        self.market.derive_pairs(self.now, self.market.pairs.by_symbol.values())
        return self.pair.last

    def trade(self, qqq: float, spy: float, at: float) -> float | None:
        """Both trade `at` s after T."""
        ms = int(1000 * at)
        return self.frame(tick(qqq, ms), tick(spy, ms, s="SPY$US"))

    def status(self, later: float = 0.0, *, live: bool = True) -> DataStatus:
        return data_status(self.pair, self.pair.age(T + 1000 * (self.now + later)), live)


def closing(price: float, *, s: str, change: float, t: int = 0) -> Quote:
    return Quote(symbol=s, last=price, time=T + t, change=change)


# --- the price ---


def test_a_ratio_and_a_difference_are_of_last_prices_of_the_same_minute() -> None:
    assert Paired().trade(550.0, 500.0, 1) == 1.1
    assert Paired(DIFFERENCE).trade(550.0, 500.0, 1) == -50.0
    assert Paired(DIFFERENCE).trade(45.64, 512.34, 1) == 466.7, "without binary noise"


def test_without_a_minute_in_common_there_is_no_price() -> None:
    paired = Paired()
    assert paired.frame(tick(550.0, 59_000), tick(500.0, 61_000, s="SPY$US")) is None
    assert paired.status() is DataStatus.PENDING
    assert paired.frame(tick(551.0, 62_000)) == pytest.approx(551 / 500)
    assert paired.status() is DataStatus.LIVE


def test_when_one_leg_has_not_traded_in_this_minute_it_is_that_of_the_newest_minute_of_both() -> None:
    paired = Paired()
    paired.trade(550.0, 500.0, 58)
    paired.frame(bar(0, 550.0, s="QQQ"), bar(0, 500.0, s="SPY"))
    assert paired.frame(tick(560.0, 60_500)) == 1.1, "not 560 of this minute over 500 of the one before"
    assert paired.pair.newest_time == T + 58_000
    assert paired.frame(tick(505.0, 61_000, s="SPY$US")) == pytest.approx(560 / 505)
    assert paired.pair.newest_time == T + 60_500, "as old as the older one"


def test_it_is_live_only_while_both_are() -> None:
    paired = Paired()
    paired.trade(550.0, 500.0, 1)
    paired.frame(bar(0, 550.0, s="QQQ"), bar(0, 500.0, s="SPY"))
    assert paired.status() is DataStatus.LIVE
    for second in range(2, 100):
        paired.frame(tick(550.0 + second, 1000 * second))
    assert (paired.pair.last, paired.status()) == (1.1, DataStatus.QUIET)
    assert paired.status(live=False) is DataStatus.STALE


@pytest.mark.parametrize(("why", "status"), [("no", DataStatus.REFUSED), (OVER_LIMIT, DataStatus.OVER_PLAN)])
def test_a_leg_that_is_not_served_is_told(why: str, status: DataStatus) -> None:
    paired = Paired()
    paired.frame(tick(550.0, 1000))
    paired.market.refuse([SPY], "quote", why)
    assert (paired.frame(), paired.status()) == (None, status)


def test_a_halted_leg_halts_the_pair_and_a_missing_one_is_waited_for() -> None:
    paired = Paired()
    assert paired.status() is DataStatus.PENDING
    paired.market.instruments[SPY].data_overdue = True
    paired.frame(tick(550.0, 1000))
    assert paired.status() is DataStatus.WAITING
    paired.frame(quote(500.0, 1000, s="SPY$US", status=1))
    assert (paired.pair.last, paired.status()) == (1.1, DataStatus.HALTED)


def test_from_the_cache_it_has_a_price_of_before() -> None:
    paired = Paired()
    for symbol, close in ((QQQ, 550.0), (SPY, 500.0)):
        paired.market.apply_history(symbol, [bar(-9, close, s=symbol.code)], True, 0.0)
    paired.frame()
    assert paired.pair.last is None and paired.status() is DataStatus.LAST_KNOWN
    assert paired.pair.last_known == (1.1, T - 8 * MINUTE)


def test_silent_trades_of_one_leg_make_its_price_old() -> None:
    paired = Paired()
    paired.trade(550.0, 500.0, 1)
    assert not paired.pair.is_last_silent
    paired.market.instruments[SPY].ages.silent = {"tick": 3.0}
    paired.frame()
    assert paired.pair.is_last_silent and paired.pair.ages.silent == {"tick": 3.0}


def test_it_flashes_where_it_moves() -> None:
    paired = Paired()
    paired.trade(550.0, 500.0, 1)
    paired.trade(550.0, 501.0, 2)
    pair = paired.pair
    assert (pair.direction, pair.previous, pair.last_changed_at) == (-1, 1.1, 2.0)


@pytest.mark.parametrize(
    ("symbol", "qqq", "spy", "decimals"),
    [
        (RATIO, 550.0, 500.0, 4),
        (RATIO, 225.0, 500.0, 5),
        (RATIO, 5.0, 500.0, 6),
        (RATIO, 500.0, 4.0, 2),
        (DIFFERENCE, 550.0, 500.0, 2),
        (DIFFERENCE, 550.0, 500.125, 3),
    ],
)
def test_a_ratio_has_five_digits_and_a_difference_the_decimals_of_its_legs(
    symbol: Symbol, qqq: float, spy: float, decimals: int
) -> None:
    paired = Paired(symbol)
    paired.trade(qqq, spy, 1)
    paired.pair.infer_precision()
    assert paired.pair.precision.decimals == decimals


# --- the change ---


def test_the_change_is_measured_from_both_previous_closes() -> None:
    paired = Paired()
    paired.frame(closing(550.0, s="QQQ$US", change=10.0), closing(500.0, s="SPY$US", change=-20.0))
    base = paired.pair.base
    assert base is not None and base.price == pytest.approx(540 / 520)
    assert (paired.pair.regular_last, paired.pair.last) == (1.1, 1.1)


def test_with_one_previous_close_there_is_no_change() -> None:
    paired = Paired()
    paired.frame(closing(550.0, s="QQQ$US", change=10.0), quote(500.0, s="SPY$US"))
    assert paired.pair.base is None
    open_ = Quote(symbol="SPY$US", last=500.0, open=499.0, time=T + 1)
    paired.frame(open_)
    assert paired.market.instruments[SPY].base is not None and paired.pair.base is None, "no open over a close"


def test_legs_of_different_dates_have_no_change_together() -> None:
    paired = Paired()
    paired.frame(closing(550.0, s="QQQ$US", change=10.0), closing(500.0, s="SPY$US", change=-20.0))
    monday = 3 * DAY
    paired.now = monday / 1000
    paired.market.clock.reset_connection()
    paired.frame(closing(560.0, s="QQQ$US", change=10.0, t=monday))
    assert paired.market.instruments[QQQ].day.regular_date != paired.market.instruments[SPY].day.regular_date
    assert paired.pair.base is None


@pytest.mark.parametrize("first", [0, 1])
def test_after_hours_change_stays_that_of_the_closes_and_ext_is_the_move_since(first: int) -> None:
    """T is 11:50 in New York: the regular session ends 250 minutes later."""
    paired, over = Paired(), 251 * MINUTE
    paired.frame(closing(550.0, s="QQQ$US", change=10.0), closing(500.0, s="SPY$US", change=-20.0))
    paired.frame(*(tick(price, 249 * MINUTE + 1, s=s) for price, s in ((550.0, "QQQ$US"), (500.0, "SPY$US"))))
    paired.frame(*(bar(249, price, s=code) for price, code in ((550.0, "QQQ"), (500.0, "SPY"))))
    after = [tick(561.0, over), tick(500.0, over, s="SPY$US")]
    paired.frame(after.pop(first))
    assert paired.pair.regular_last is None, "one of them alone is outside"
    paired.frame(*after)
    pair = paired.pair
    assert (pair.last, pair.regular_last) == (1.122, 1.1)
    assert pair.base is not None and pair.base.price == pytest.approx(540 / 520)
    assert pair.day.extended_change(1.122) == pytest.approx(2.0)


def test_a_split_of_a_leg_is_one_of_the_pair() -> None:
    paired = Paired()
    leg = paired.market.instruments[SPY]
    paired.market.apply_history_closes(SPY, {"2024-11-14": 5000.0})
    paired.trade(550.0, 500.0, 1)
    assert leg.suspects_split and paired.pair.suspects_split
    assert paired.pair.day.split is leg.day.split


# --- the bars ---


def minutes(instrument: Instrument) -> dict[int, float]:
    return {(b.time - T) // MINUTE: round(b.close, 9) for b in instrument.bars}


def test_bars_are_of_the_minutes_in_which_both_traded() -> None:
    paired = Paired()
    paired.frame(*(bar(n, 550.0 + n, s="QQQ") for n in (0, 1, 3)), *(bar(n, 500.0, s="SPY") for n in (0, 2, 3)))
    assert minutes(paired.pair) == {0: 1.1, 3: round(553 / 500, 9)}
    newest = paired.pair.bars.get(T // MINUTE + 3)
    assert newest is not None and newest.open == newest.high == newest.low == newest.close and not newest.volume


def test_bars_follow_each_change_of_a_leg() -> None:
    """The newest minutes are merged alone, all of them after a change of the past: the result is the same."""
    paired = Paired(DIFFERENCE)
    qqq, spy = (paired.market.instruments[symbol] for symbol in (QQQ, SPY))

    def check() -> None:
        paired.frame()
        others = minutes(qqq)
        assert minutes(paired.pair) == {
            n: round(close - others[n], 9) for n, close in minutes(spy).items() if n in others
        }
        incomplete = qqq.bars.incomplete | spy.bars.incomplete
        assert paired.pair.bars.incomplete == incomplete

    for n in range(20):
        for leg, code in ((qqq, "QQQ"), (spy, "SPY")):
            leg.bars.update(bar(n, 500.0 + n, 1.0, s=code))
            check()
            leg.bars.update(bar(n, 501.0 + n, 2.0, s=code))
            check()
            leg.bars.update(bar(n - 1, 601.0 + n, 3.0, s=code))
            check()
    spy.bars.mark_incomplete(T // MINUTE + 5)
    check()
    spy.bars.update(bar(5, 5.0, 9.0, s="SPY"))
    check()
    qqq.bars.update(bar(19, 700.0, 3.0, s="QQQ"))
    check()
    qqq.bars.fill_from_cache([bar(n, 400.0 + n, s="QQQ") for n in range(-30, 0)])
    check()
    spy.bars.merge_history([bar(n, 450.0, 9.0, s="SPY") for n in range(-20, 15)])
    check()
    spy.bars.mark_incomplete(T // MINUTE + 20)
    check()
    spy.bars.update(bar(20, 1.0, s="SPY"))
    qqq.bars.update(bar(20, 2.0, s="QQQ"))
    check()
    qqq.bars.drop_where(lambda b: b.time < T)
    check()
    qqq.bars.forget_after(T // MINUTE + 5)
    check()
    spy.bars.forget()
    check()


def test_only_what_changed_is_merged_again(monkeypatch: pytest.MonkeyPatch) -> None:
    paired = Paired()
    paired.frame(*(bar(n, 550.0, s=code) for code in ("QQQ", "SPY") for n in range(60)))
    merged: list[int] = []
    replace = type(paired.pair.bars).replace_closes

    def counted(bars: object, first: int, closes: dict[int, float]) -> None:
        merged.append(len(closes))
        replace(bars, first, closes)  # type: ignore[arg-type]

    monkeypatch.setattr(type(paired.pair.bars), "replace_closes", counted)
    paired.frame(tick(551.0, 59 * 60_000))
    assert merged == [], "a trade changes no bar"
    paired.frame(bar(59, 551.0, 1.0), bar(60, 551.0), bar(60, 551.0, s="SPY"))
    assert len(merged) == 1 and merged[0] <= 5


def test_a_speed_is_that_of_the_pair_also_below_zero() -> None:
    paired = Paired(DIFFERENCE)
    for leg in (QQQ, SPY):
        paired.market.instruments[leg].bars.known_from = T // MINUTE - 20
    paired.frame(*(bar(n, close, s=code) for n in range(10) for code, close in (("QQQ", 550.0), ("SPY", 500.0))))
    paired.trade(555.0, 500.0, 601)
    assert speed(paired.pair, 5, T + 601_000) == pytest.approx(-10.0)


def test_a_difference_that_crosses_zero_has_no_volatility() -> None:
    paired = Paired(DIFFERENCE)
    paired.frame(*(bar(n - 30, 500.0 + n - 15, s="QQQ") for n in range(30)))
    paired.frame(*(bar(n - 30, 500.0, s="SPY") for n in range(30)))
    assert len(paired.pair.bars) == 30
    known = volatility(paired.pair.bars)
    assert known is not None and known > 0, "of the minutes above zero"
    paired = Paired(DIFFERENCE)
    paired.frame(*(bar(n - 30, close, s=code) for n in range(30) for code, close in (("QQQ", 550.0), ("SPY", 500.0))))
    assert volatility(paired.pair.bars) is None


# --- alerts ---


def test_an_alert_of_a_pair_fires_with_the_frame_that_crosses() -> None:
    paired = Paired(RATIO, "QQQ/SPY > 1.1")
    paired.trade(540.0, 500.0, 1)
    paired.trade(545.0, 500.0, 2)
    assert paired.fired == []
    paired.trade(555.0, 500.0, 3)
    assert paired.fired == ["QQQ$US/SPY$US 1.1100 crossed above 1.1"]
    assert paired.market.alert_engine.unseen == {RATIO}


def test_an_alert_on_prices_of_before_says_so() -> None:
    paired = Paired(RATIO, "QQQ/SPY > 1.1")
    paired.now = 200.0
    for at, qqq in enumerate((540.0, 545.0, 555.0), 1):
        paired.trade(qqq, 500.0, at)
    assert paired.fired == ["QQQ$US/SPY$US 1.1100 crossed above 1.1, 3m ago"]


def test_an_alert_of_a_difference_may_be_below_zero() -> None:
    paired = Paired(DIFFERENCE, "SPY-QQQ < -50", "SPY-QQQ > 0 repeat 1")
    for at, qqq in enumerate((545.0, 546.0, 551.0, 499.0), 1):
        paired.trade(qqq, 500.0, at)
    assert paired.fired == ["SPY$US-QQQ$US -51.00 crossed below -50", "SPY$US-QQQ$US 1.00 crossed above 0"]


def test_it_is_derived_for_its_alert_though_no_frame_shows_it() -> None:
    paired = Paired(RATIO, "QQQ/SPY > 1.1")
    for at, qqq in enumerate((540.0, 545.0, 555.0), 1):
        for message in (tick(qqq, 1000 * at), tick(500.0, 1000 * at, s="SPY$US")):
            paired.market.apply(message, float(at))
        paired.market.derive_pairs(float(at), ())
    assert len(paired.fired) == 1


def test_the_price_of_one_leg_in_a_new_minute_fires_nothing() -> None:
    paired = Paired(RATIO, "QQQ/SPY > 1.1")
    paired.trade(540.0, 500.0, 57)
    paired.trade(540.0, 500.0, 58)
    paired.frame(bar(0, 540.0, s="QQQ"), bar(0, 500.0, s="SPY"))
    paired.frame(tick(600.0, 60_500))
    assert paired.fired == []


def test_the_first_price_of_a_connection_fires_nothing() -> None:
    paired = Paired(RATIO, "QQQ/SPY > 1.1")
    paired.trade(540.0, 500.0, 1)
    paired.trade(540.0, 500.0, 2)
    paired.market.reconnected([QQQ, SPY])
    paired.frame(tick(600.0, 3000))
    assert paired.fired == [], "the other leg's is of the last connection"
    paired.frame(tick(500.0, 3000, s="SPY$US"))
    assert paired.fired == []
    paired.trade(601.0, 500.0, 4)
    assert len(paired.fired) == 1


def test_alerts_of_a_pair_sleep_with_the_others() -> None:
    paired = Paired(RATIO, "QQQ/SPY > 1.1")
    paired.market.alerts_sleep = "this is a recording"
    for at, qqq in enumerate((540.0, 545.0, 555.0), 1):
        paired.trade(qqq, 500.0, at)
    assert paired.fired == []


# --- which there are ---


def test_a_pair_is_told_with_the_change_of_either_leg() -> None:
    paired = Paired()
    paired.market.apply(depth([(500.1, 1)], [(500.0, 1)], s="SPY$US"), 0.0)
    assert paired.pair in paired.market.drain_changed()
    assert paired.market.drain_changed() == set()


def test_a_leg_that_is_followed_anew_makes_the_pair_anew() -> None:
    paired = Paired()
    paired.trade(550.0, 500.0, 1)
    before = paired.pair
    paired.market.set_pairs([before.pair])
    assert paired.pair is before
    paired.market.reconnected([QQQ])
    assert paired.market.row(RATIO) is None
    paired.market.follow([SPY])
    assert paired.pair is not before and paired.pair.legs[1] is paired.market.instruments[SPY]
    paired.market.set_pairs([])
    assert paired.market.row(RATIO) is None and paired.market.drain_changed().isdisjoint({before})


def test_no_alert_is_evaluated_of_a_pair_that_is_gone() -> None:
    paired = Paired(RATIO, "QQQ/SPY > 1.1")
    assert paired.pair in paired.market.alert_engine.by_instrument
    paired.market.set_pairs([])
    assert paired.market.alert_engine.by_instrument == {}


def test_a_frozen_picture_has_a_pair_of_its_own() -> None:
    paired = Paired()
    paired.trade(550.0, 500.0, 1)
    frozen = frozen_copy(paired.market)
    copy = frozen.row(RATIO)
    assert isinstance(copy, PairInstrument) and copy.legs == tuple(frozen.instruments.values())
    paired.trade(600.0, 500.0, 2)
    frozen.follow([QQQ, SPY])
    frozen.derive_pairs(3.0, [copy])
    assert (frozen.row(RATIO), copy.last, copy.symbol) == (copy, 1.1, RATIO)
