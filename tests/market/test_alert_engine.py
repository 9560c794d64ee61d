"""When an alert fires, and when it must not."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.messages import QQQ, SPY, T, bar, depth, quote, tick
from tui.market import Market
from tui.market.alerts import parse_alert
from tui.protocol.messages import Push, Quote, Tick
from tui.symbol import Symbol

DAY = 86_400_000
FUND = Symbol("510300", "SH")


class Watched:
    """A market with alerts, where messages arrive as they are made, and the words of those that fired."""

    def __init__(self, *alerts: str, symbols: Sequence[Symbol] = (QQQ,)) -> None:
        self.market = Market()
        self.market.wall_base = T
        self.market.follow(symbols)
        self.fired: list[str] = []
        self.market.alert_engine.on_fired = lambda firing: self.fired.append(firing.words)
        self.put(*alerts)

    def put(self, *alerts: str) -> None:
        self.market.set_alerts([parse_alert(alert, QQQ) for alert in alerts])

    def apply(self, *messages: Push, now: float | None = None) -> list[str]:
        """What fired with these; each arrives when it was made, unless `now` says otherwise."""
        self.fired.clear()
        for message in messages:
            made = (getattr(message, "time", 0) - T) / 1000
            self.market.apply(message, max(0.0, made) if now is None else now)
        return list(self.fired)


def ticks(*prices: float, begin: int = 0) -> list[Push]:
    """Trades a second apart."""
    return [tick(price, begin + 1000 * n) for n, price in enumerate(prices)]


def book(bid: float, ask: float) -> Push:
    return depth([(ask, 1)], [(bid, 1)])


def test_a_price_that_crosses_fires_once() -> None:
    watched = Watched("> 520")
    assert watched.apply(*ticks(519, 520, 520.1, 519, 521)) == ["QQQ$US 520.10 crossed above 520"]
    assert watched.market.alert_engine.unseen == {QQQ}


def test_a_spike_between_two_frames_is_not_missed() -> None:
    watched = Watched("< 480")
    assert watched.apply(*ticks(481, 482, 479.99, 485)) == ["QQQ$US 479.99 crossed below 480"]


def test_one_that_repeats_fires_again_only_once_the_price_was_back_by_so_much() -> None:
    watched = Watched("> 520 repeat 0.5")
    assert len(watched.apply(*ticks(519.8, 519.9, 520.1, 519.9, 520.2, 519.6, 521))) == 1
    assert len(watched.apply(*ticks(519.5, 519.9, 520.1, 520.2, begin=60_000))) == 1


def test_one_made_beyond_waits_until_the_price_was_back() -> None:
    watched = Watched()
    watched.apply(*ticks(521, 522))
    watched.put("> 520")
    assert watched.apply(*ticks(523, 521, begin=10_000)) == []
    assert len(watched.apply(*ticks(520, 520.5, begin=20_000))) == 1


def test_one_made_on_the_near_side_fires_with_the_next_price_beyond() -> None:
    watched = Watched()
    watched.apply(*ticks(519))
    watched.put("> 520")
    assert len(watched.apply(*ticks(520.5, begin=10_000))) == 1


def test_a_quote_s_price_counts_where_it_is_newer_than_the_last_trade() -> None:
    watched = Watched("> 520")
    assert watched.apply(tick(519), quote(519, 500), tick(519, 5_000), quote(530, 4_000)) == []
    assert len(watched.apply(quote(530, 6_000))) == 1


def test_the_first_value_of_a_connection_never_fires() -> None:
    watched = Watched("> 520")
    watched.apply(*ticks(519, 519))
    watched.market.reconnected([QQQ])
    assert watched.apply(tick(525, 60_000)) == []
    assert watched.apply(tick(525, 60_000)) == [], "nor the same again"
    assert len(watched.apply(tick(525, 61_000))) == 1, "it went above while nobody looked"


def test_what_gives_no_price_is_no_evidence_for_one_that_came_first() -> None:
    watched = Watched("> 520")
    watched.apply(*ticks(519, 519))
    watched.market.reconnected([QQQ])
    assert watched.apply(quote(518, 9_000), tick(525, 10_000), quote(525, 10_000), quote(0, 11_000)) == []
    assert len(watched.apply(quote(525, 12_000))) == 1


def test_how_late_the_data_is_stands_behind_the_words() -> None:
    watched = Watched("> 520")
    assert watched.apply(*ticks(519, 519, 521), now=900) == ["QQQ$US 521.00 crossed above 520, 14m ago"]


def test_a_price_of_another_day_never_fires() -> None:
    watched = Watched("> 520")
    watched.apply(*ticks(519, 519), now=3 * DAY / 1000)
    assert watched.apply(*ticks(521, 522, begin=5_000), now=3 * DAY / 1000) == []
    assert len(watched.apply(*ticks(522, 523, begin=3 * DAY))) == 1


def test_older_data_than_shown_never_fires() -> None:
    watched = Watched("> 520")
    watched.apply(*ticks(519, 519), tick(519, 9_000))
    assert watched.apply(tick(530, 8_000)) == []


def test_bars_never_fire() -> None:
    watched = Watched("> 520")
    watched.apply(*ticks(519, 519))
    assert watched.apply(bar(0, 530), bar(1, 530)) == []


def test_while_they_sleep_nothing_fires() -> None:
    watched = Watched("> 520")
    watched.apply(*ticks(519, 519))
    watched.market.alerts_sleep = "a replay"
    assert watched.apply(*ticks(525, 526, begin=5_000)) == []


def test_the_day_s_change_either_way() -> None:
    def at(price: float, t: int) -> Quote:
        return Quote(symbol="QQQ$US", last=price, change=price - 100, time=T + t)

    watched = Watched("±2%")
    assert watched.apply(at(100, 0), at(102, 1_000), at(102.5, 2_000)) == ["QQQ$US +2.50% today, beyond ±2%"]
    watched.put("±2% repeat 1%")
    assert watched.apply(at(101.5, 3_000), at(97.5, 4_000), at(99, 5_000), at(97, 6_000)) == [
        "QQQ$US -3.00% today, beyond ±2%",
    ]


def test_a_change_from_the_open_says_so() -> None:
    watched = Watched("±2%")
    opened = [Quote(symbol="QQQ$US", last=last, open=100, time=T + n) for n, last in enumerate((100, 101, 103))]
    assert watched.apply(*opened) == ["QQQ$US +3.00% since the open, beyond ±2%"]


def test_a_previous_close_that_comes_late_is_no_move_of_the_price() -> None:
    def at(price: float, t: int) -> Quote:
        return Quote(symbol="QQQ$US", last=price, open=102.5, time=T + t)

    watched = Watched("±2% repeat 0.5%")
    assert watched.apply(at(103, 0), at(103, 1_000)) == []
    watched.market.apply_history_closes(QQQ, {"2024-11-14": 100.0})
    assert watched.apply(at(103, 2_000), at(103.1, 3_000)) == [], "it is beyond already"
    assert watched.apply(at(101, 4_000), at(103, 5_000)) == ["QQQ$US +3.00% today, beyond ±2%"]


def test_a_gap_over_night_is_a_move_although_the_open_was_known_before_the_close() -> None:
    def at(price: float, t: int) -> Quote:
        return Quote(symbol="QQQ$US", last=price, open=price, time=T + t)

    watched = Watched("±2%")
    watched.market.apply_history_closes(QQQ, {"2024-11-14": 100.0})
    assert watched.apply(at(101, 0), at(101, 1_000)) == []
    watched.market.reconnected([QQQ])
    assert watched.apply(at(105, 3 * DAY), at(105, 3 * DAY + 1_000)) == []
    watched.market.apply_history_closes(QQQ, {"2024-11-15": 102.0})
    assert watched.apply(at(105, 3 * DAY + 2_000)) == ["QQQ$US +2.94% today, beyond ±2%"]


def test_a_spread_wider_than() -> None:
    watched = Watched("spread > 5bp")
    watched.apply(*ticks(100, 100))
    assert watched.apply(book(99.99, 100.0), book(99.9, 100.0)) == ["QQQ$US spread 10.0 bp, wider than 5 bp"]


def test_a_spread_widens_although_nothing_was_traded_today_but_not_while_the_exchange_is_closed() -> None:
    watched = Watched("spread > 5bp repeat 0.1bp")
    books = book(99.99, 100.0), book(99.9, 100.0)
    assert len(watched.apply(*books, now=0)) == 1, "on a Friday, nothing traded yet"
    assert watched.apply(*books, now=DAY / 1000) == []
    watched.apply(*ticks(100, 100))
    assert len(watched.apply(*books, now=3 * DAY / 1000)) == 1, "on Monday, last traded on Friday"


@pytest.mark.parametrize("books", [[book(99.9, 100)], [book(99.99, 100), book(100.2, 100)]], ids=["first", "crossed"])
def test_no_spread_fires_with_the_first_book_or_a_crossed_one(books: list[Push]) -> None:
    watched = Watched("spread > 5bp")
    watched.apply(*ticks(100, 100))
    assert watched.apply(*books) == []


def test_turnover_fires_each_day_where_it_repeats() -> None:
    def at(turnover: float, t: int) -> Quote:
        return Quote(symbol="QQQ$US", last=100, turnover=turnover, time=T + t)

    watched = Watched("turnover > 1B repeat")
    assert watched.apply(at(9e8, 0), at(1.1e9, 1_000), at(1.2e9, 2_000)) == ["QQQ$US turnover above $1B"]
    assert len(watched.apply(at(1e6, 3 * DAY), at(1.5e9, 3 * DAY + 1_000))) == 1


def test_only_its_own_symbol_is_judged() -> None:
    watched = Watched("> 520", symbols=(QQQ, SPY))
    assert watched.market.instruments[SPY] not in watched.market.alert_engine.by_instrument
    assert watched.apply(*(tick(price, n, s="SPY$US") for n, price in enumerate((519, 519, 521)))) == []


def test_an_alert_that_was_removed_fires_no_more() -> None:
    watched = Watched("> 520")
    watched.apply(*ticks(518, 519))
    watched.put()
    assert watched.apply(*ticks(519, 521, begin=10_000)) == []


def test_a_symbol_dropped_at_a_reconnect_leaves_nothing_with_the_alerts() -> None:
    watched = Watched("> 520", symbols=(QQQ, SPY))
    watched.market.reconnected([SPY])
    assert not watched.market.alert_engine.by_instrument


def test_an_alert_for_a_symbol_followed_later() -> None:
    watched = Watched("> 520", symbols=())
    watched.market.follow([QQQ])
    assert len(watched.apply(*ticks(519, 521))) == 1


def test_one_that_is_off_or_done_costs_nothing() -> None:
    watched = Watched("> 520 off", "< 480 done")
    assert not watched.market.alert_engine.by_instrument
    assert watched.apply(*ticks(519, 521, 479)) == []


# --- whatever comes ---

PRICES = st.lists(st.one_of(st.none(), st.integers(95, 105)), max_size=60)


@given(PRICES, st.sampled_from(["> 100", "< 100", "±2%"]), st.sampled_from([None, 0.5, 1.5]))
def test_between_two_times_that_it_fires_it_was_armed_again(
    prices: list[int | None], condition: str, repeat: float | None
) -> None:
    """None is a reconnect."""
    watched = Watched(condition if repeat is None else f"{condition} repeat {repeat}")
    limit = 2.0 if condition == "±2%" else 100.0
    armed: bool | None = None
    count = 0
    for n, price in enumerate(prices):
        if price is None:
            watched.market.reconnected([QQQ])
            continue
        figure = abs(price - 100.0) if condition == "±2%" else float(price)
        beyond = limit - figure if condition == "< 100" else figure - limit
        if watched.apply(Quote(symbol="QQQ$US", last=float(price), change=price - 100.0, time=T + 1000 * n)):
            assert armed and beyond > 0
            armed, count = False, count + 1
        elif armed is None:
            armed = beyond <= 0
        elif not armed:
            armed = beyond <= -(repeat or 0)
    assert repeat is not None or count <= 1


FIRST = st.tuples(st.integers(0, 3), st.sampled_from([0, 90, 99, 100, 101, 110]))  # seconds after, and price


@given(st.lists(st.tuples(FIRST, FIRST, FIRST, st.permutations([0, 1, 2])), max_size=15))
def test_first_values_alone_never_fire(connections: list[tuple[tuple[int, int], ...]]) -> None:
    """One of each kind after each reconnect, in any order and of any time."""
    watched = Watched("> 100 repeat 1", "< 100", "±2% repeat 1", "turnover > 100", "spread > 1bp")
    for n, ((a, traded), (b, quoted), (_, bid), order) in enumerate(connections):
        watched.market.reconnected([QQQ])
        quote = Quote(
            symbol="QQQ$US", last=quoted, change=quoted - 99.0, turnover=10.0 * quoted, time=T + 1000 * (5 * n + b)
        )
        firsts: list[Push] = [tick(traded, 1000 * (5 * n + a)), quote, book(bid, bid + 1)]
        assert watched.apply(*(firsts[place] for place in order), now=5.0 * n) == []


def test_a_price_has_the_decimals_of_its_tick_also_when_its_row_is_out_of_sight() -> None:
    market = Market()
    market.wall_base = 1_795_744_800_000  # Friday 2026-11-27 10:00 in Shanghai
    market.follow([FUND])
    fired: list[str] = []
    market.alert_engine.on_fired = lambda event: fired.append(event.words)
    market.set_alerts([parse_alert("> 1.2", FUND)])
    for second, price in enumerate((1.1, 1.1, 1.25)):
        time = int(market.wall_base) + 1000 * second
        market.apply(Tick(symbol=str(FUND), last=price, time=time), float(second))
    assert fired == ["510300$SH 1.250 crossed above 1.2"]
