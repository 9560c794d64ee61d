"""Which types of a symbol's data are missing while others move, and what no longer counts then."""

from __future__ import annotations

import random

import pytest

from tests.support.messages import BOOK_B, QQQ, T, bar
from tests.support.sampled_feed import ALL, BEGIN, SampledFeed
from tui.market.alert_status import alert_status
from tui.market.alerts import parse_alert
from tui.market.data_age import DataAges
from tui.market.data_status import DataStatus
from tui.protocol.messages import Quote, Tick
from tui.symbol import Symbol

HK = Symbol("2800", "HK")


@pytest.mark.parametrize(
    ("type_", "words"),
    [
        ("depth", "no book for 1m"),
        ("quote", "no quote for 1m"),
        ("kline@1", "no bars for 1m"),
        ("tick", "no trades for 1m"),
    ],
)
def test_a_type_that_stops_while_others_move_is_missing_after_a_minute_until_it_comes_again(
    type_: str, words: str
) -> None:
    feed = SampledFeed()
    feed.go_on(30, ALL)
    others = [other for other in ALL if other != type_]
    feed.go_on(60, others)
    assert feed.words == ""
    feed.go_on(2, others)
    assert feed.words == words
    feed.go_on(60, others)
    assert feed.words == words.replace("1m", "2m")
    feed.go_on(1, ALL)
    assert feed.words == ""


def test_a_single_book_before_a_price_that_moves_on_is_missing() -> None:
    feed = SampledFeed()
    feed.apply(feed.trade(), feed.told(), BOOK_B)
    feed.go_on(120, ["tick", "quote"])
    assert feed.words == "no book for 2m"


def test_a_thin_symbol_may_be_silent_for_twenty_of_its_usual_gaps() -> None:
    feed = SampledFeed()
    for _ in range(6):
        feed.go_on(30, ["depth"])
        feed.apply(feed.trade())
    feed.go_on(600, ["depth"])
    assert feed.words == ""
    feed.go_on(2, ["depth"])
    assert feed.words == "no trades for 10m"


def test_where_the_usual_gap_is_not_known_a_moving_book_proves_no_missing_trade() -> None:
    feed = SampledFeed()
    feed.apply(feed.trade(), feed.told(), bar(0))
    feed.go_on(3_000, ["depth"])
    assert feed.words == ""


def test_an_hour_between_two_gaps_is_a_pause_and_no_usual_gap() -> None:
    feed = SampledFeed()
    feed.go_on(30, ALL)
    feed.go_on(3_600)
    feed.go_on(30, ALL)
    feed.go_on(62, ["tick"])
    assert feed.words == "no quote for 1m, no book for 1m, no bars for 1m"


def test_nothing_is_missing_while_nothing_moves() -> None:
    feed = SampledFeed()
    feed.go_on(30, ALL)
    feed.go_on(3_000)
    assert feed.words == ""


def test_what_never_came_or_is_refused_is_not_missing() -> None:
    feed = SampledFeed()
    feed.market.refuse([QQQ], "kline@1", "no permission")
    feed.go_on(200, ["tick"])
    assert feed.words == ""
    assert len(feed.i.bars) and feed.i.bars_type == "tick", "bars built from trades are as old as these"


def test_bars_known_from_history_alone_are_missing_while_trades_go_on() -> None:
    feed = SampledFeed()
    feed.market.apply_history(QQQ, [bar(-n) for n in range(30, 0, -1)], False, feed.now)
    feed.go_on(120, ["tick"])
    assert feed.words == "no bars for 2m"


def test_a_repeated_quote_or_bar_is_no_younger() -> None:
    feed = SampledFeed()
    old, frozen = feed.told(), bar(0, volume=5.0)
    for _ in range(62):
        feed.apply(Quote(symbol="QQQ$US", last=500.0, time=old.time), frozen)
        feed.go_on(1, ["tick"])
    assert feed.words == "no quote for 1m, no bars for 1m"


def test_a_repeated_trade_is_no_movement_that_others_miss() -> None:
    feed = SampledFeed()
    feed.go_on(30, ALL)
    trade = feed.trade()
    for _ in range(100):
        feed.apply(Tick(symbol="QQQ$US", last=trade.last, time=feed.i.tick_time))
        feed.go_on(1)
    assert feed.words == ""


def test_quotes_without_a_time_are_as_old_as_their_arrival() -> None:
    feed = SampledFeed()
    for _ in range(100):
        feed.apply(Quote(symbol="QQQ$US", last=500.0))
        feed.go_on(1, ["depth", "tick"])
    assert feed.words == ""
    feed.go_on(62, ["depth", "tick"])
    assert feed.words == "no quote for 1m"


def test_quotes_that_lag_behind_the_trades_are_as_old_as_their_own_time() -> None:
    feed = SampledFeed()
    for _ in range(70):
        late = feed.told()
        late.time -= 900_000
        feed.apply(late)
        feed.go_on(1, ["tick"])
    assert feed.words == "no quote for 15m"


def test_a_new_connection_has_its_time_to_send_each_type() -> None:
    feed = SampledFeed()
    feed.go_on(30, ALL)
    feed.go_on(100, ["tick"])
    assert feed.words.startswith("no quote for 1m, no book")
    feed.market.reconnected([QQQ])
    feed.market.expect_data([QQQ], feed.now)
    feed.go_on(60, ["tick"])
    assert feed.words == ""
    feed.go_on(2, ["tick"])
    assert feed.words == "no quote for 2m, no bars for 2m", "the book is gone, and known to be"


def hong_kong(hour: float) -> int:
    """A time on Friday, 15 November 2024."""
    return int(1_731_600_000_000 + hour * 3_600_000)


@pytest.mark.parametrize(("begins", "is_missed"), [(10.0, True), (12.01, False), (16.05, False)])
def test_only_while_orders_match_without_a_pause_something_is_missed(begins: float, is_missed: bool) -> None:
    feed = SampledFeed(demo=False, begin=hong_kong(begins), symbol=HK)
    feed.apply(feed.trade(), feed.told())
    feed.go_on(10, ["tick", "depth"])
    feed.go_on(100, ["depth"])
    assert bool(feed.words) is is_missed, feed.words


def test_the_lunch_does_not_count_when_trading_begins_again() -> None:
    feed = SampledFeed(demo=False, begin=hong_kong(11.99), symbol=HK)
    feed.go_on(36, ["tick", "depth"])
    feed.go_on(3_610)
    feed.go_on(50, ["depth"])
    assert feed.words == ""
    feed.go_on(20, ["depth"])
    assert feed.words == "no trades for 1h"


def test_a_missing_book_is_no_sample_of_the_spread() -> None:
    feed = SampledFeed()
    feed.go_on(30, ALL)
    feed.go_on(61, ["tick"])
    counted = feed.i.spreads.statistics(feed.now)
    feed.go_on(100, ["tick"])
    assert counted is not None
    assert feed.i.spreads.statistics(feed.now) == counted


def test_what_was_found_is_painted_though_nothing_more_comes() -> None:
    feed = SampledFeed()
    feed.go_on(30, ALL)
    feed.go_on(60, ["tick"])
    feed.now += 2
    feed.apply(feed.trade())
    feed.market.drain_changed()
    feed.market.sample(feed.now, [feed.i])
    assert feed.market.drain_changed() == {feed.i}
    feed.market.sample(feed.now, [feed.i])
    assert not feed.market.drain_changed()


@pytest.mark.parametrize(
    ("moving", "is_old"), [(["tick", "depth"], False), (["quote", "depth"], False), (["depth"], True)]
)
def test_the_last_price_is_as_old_as_the_younger_of_trade_and_quote(moving: list[str], is_old: bool) -> None:
    feed = SampledFeed()
    feed.go_on(30, ALL)
    feed.go_on(100, moving)
    assert feed.i.is_last_silent is is_old


def test_in_a_replay_at_any_speed_the_same_is_missing() -> None:
    feed = SampledFeed()
    for second in range(300):
        feed.now = BEGIN + second
        feed.apply(feed.trade(), feed.told(), *([BOOK_B] if second < 30 else []))
    feed.market.sample(feed.now, [feed.i])
    assert feed.words == "no book for 4m"


def test_an_alert_on_a_missing_book_has_no_live_figure() -> None:
    feed = SampledFeed()
    alert = parse_alert("spread > 5bp", QQQ)
    feed.market.set_alerts([alert])
    feed.go_on(30, ALL)

    def figure() -> str:
        state = feed.market.alert_engine.state_of(alert)
        return alert_status(state, feed.i, DataStatus.LIVE, "", feed.market.exchange_time(feed.now)).figure

    assert figure() == "0.20 bp"
    feed.go_on(62, ["tick"])
    assert figure() == ""


# --- figures of another trade date ---


def test_a_quote_of_an_earlier_trade_date_tells_nothing_of_today() -> None:
    feed = SampledFeed(demo=False, begin=hong_kong(15.9), symbol=HK)
    feed.apply(feed.told(volume=100.0))
    assert feed.i.day_quote is not None
    feed.now += 17.6 * 3_600 + 2 * 86_400  # Monday 09:30
    feed.apply(feed.trade())
    assert feed.i.quote is not None and feed.i.day_quote is None
    feed.apply(feed.told(volume=5.0))
    assert feed.i.day_quote is feed.i.quote


def test_a_quote_of_this_morning_is_of_today_in_the_evening() -> None:
    feed = SampledFeed(demo=False, begin=T)  # 11:50 in New York
    feed.apply(feed.told())
    feed.now += 6 * 3_600
    feed.apply(feed.trade())
    assert feed.i.day_quote is not None


def test_of_two_first_messages_the_older_may_come_second() -> None:
    feed = SampledFeed(demo=False, begin=T)
    earlier = feed.told()
    earlier.time -= 5 * 3_600_000
    feed.apply(feed.trade(), earlier)
    assert feed.i.day_quote is not None


@pytest.mark.parametrize("seed", range(8))
def test_what_is_judged_only_when_something_arrived_is_the_same_as_judged_each_second(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found() -> list[dict[str, float]]:
        """Returns what is silent at the end of each of some spans of one to ninety seconds."""
        chance, silent = random.Random(seed), []
        feed = SampledFeed(demo=False, begin=hong_kong(chance.choice([9.4, 11.8, 15.7])), symbol=HK)
        for _ in range(60):
            feed.go_on(chance.choice([1, 7, 90]), chance.sample(ALL, chance.randrange(5)), chance.choice([1, 1, 20]))
            if chance.random() < 0.05:
                feed.market.reconnected([HK])
                feed.market.expect_data([HK], feed.now)
            silent.append(feed.i.ages.silent)
        return silent

    seldom = found()
    monkeypatch.setattr(DataAges, "are_judged_by", lambda *_: False)
    assert seldom == found()
    assert any(seldom)
