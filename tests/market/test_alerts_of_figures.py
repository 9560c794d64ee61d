"""Alerts of moves within minutes, relative volume, premium and discount: when they fire, and what they say."""

from __future__ import annotations

from datetime import date

import pytest

from tests.support.messages import QQQ, T, bar, tick
from tui.market import Market
from tui.market.alert_status import alert_status
from tui.market.alerts import parse_alert
from tui.market.data_status import DataStatus
from tui.protocol.messages import Push, Quote

MIDNIGHT = T - T % 86_400_000


class Watching:
    """A market of the demo exchange, whose session is the day of UTC, with one alert of QQQ; minutes are those of T."""

    def __init__(self, alert: str) -> None:
        self.market = Market()
        self.market.set_clock(float(MIDNIGHT))
        self.market.set_hours(demo=True)
        self.market.follow([QQQ])
        self.market.expect_data([QQQ], (T - MIDNIGHT) / 1000 - 7_200)
        self.alert = parse_alert(alert, QQQ)
        self.market.set_alerts([self.alert])
        self.fired: list[str] = []
        self.market.alert_engine.on_fired = lambda event: self.fired.append(event.words)

    def at(self, seconds: float, *messages: Push) -> list[str]:
        """What fires with these, `seconds` after T."""
        self.fired.clear()
        for message in messages:
            if isinstance(message, Quote):
                message.time = T + int(1000 * seconds)
            self.market.apply(message, (T - MIDNIGHT) / 1000 + seconds)
        return list(self.fired)

    def status(self, seconds: float) -> str:
        state = self.market.alert_engine.state_of(self.alert)
        i = self.market.instruments[QQQ]
        _, words, figure = alert_status(state, i, DataStatus.LIVE, "", T + 1000 * seconds)
        return f"{words} {figure}".strip()


def trade(price: float, seconds: float) -> Push:
    return tick(price, int(1000 * seconds))


@pytest.mark.parametrize(("price", "said"), [(101.2, "+1.20%"), (98.8, "-1.20%")])
def test_a_fast_move_fires_either_way(price: float, said: str) -> None:
    watching = Watching("moves 1% in 5m repeat 0.5")
    for n in range(-10, 0):
        watching.at(60 * n + 59, bar(n, 100.0))
    assert watching.at(1, trade(100, 1)) == watching.at(2, trade(100.9, 2)) == []
    assert watching.status(2) == "armed +0.90%"
    assert watching.at(3, trade(price, 3)) == [f"QQQ$US {said}, beyond ±1% in 5m"]
    assert watching.status(3) == f"fired 11:50:03, waits to be within ±0.5% in 5m {said}"
    for n in range(10):
        watching.at(60 * n + 59, bar(n, price))
    assert watching.at(601, trade(price, 601)) == [], "it stands still"
    assert watching.status(601) == "armed, fired 11:50:03 0.00%"
    assert watching.status(1_000) == "asleep: no price of 5m ago in this session"


def test_a_slow_move_of_as_much_does_not_fire() -> None:
    watching = Watching("moves 1% in 5m")
    fired = []
    for n in range(-30, 30):
        price = 100 + 0.1 * (n + 30)
        fired += watching.at(60 * n + 1, trade(price, 60 * n + 1))
        fired += watching.at(60 * n + 59, bar(n, price))
    assert fired == [] and watching.status(1_799) == "armed +0.57%"


def test_volume_beyond_the_usual_fires_with_the_minute_that_is_over() -> None:
    watching = Watching("relvol > 2")
    first = (MIDNIGHT - T) // 60_000
    past = [bar(n, 100.0, 100.0) for n in range(first, 0)]
    watching.market.apply_history(QQQ, past, False, (T - MIDNIGHT) / 1000)
    watching.at(0, trade(100, 0), trade(100, 1))
    assert watching.status(1) == "asleep: 0 of 5 days known"
    watching.market.apply_usual_volume(QQQ, date(2024, 11, 15), 3, [])
    assert watching.status(1) == "asleep: 3 of 5 days known"
    usual = [60.0 * (n + 1) for n in range(1440)]
    watching.market.apply_usual_volume(QQQ, date(2024, 11, 15), 9, usual)
    assert watching.at(5, bar(0, 100.0, 90_000.0)) == []
    assert watching.at(30, bar(0, 100.0, 99_000.0)) == [], "the minute goes on"
    assert watching.status(30) == "armed 1.67×"
    assert watching.at(61, bar(1, 100.0, 1.0)) == ["QQQ$US 3.30× the usual volume, above 2×"]
    assert watching.status(62) == "fired 11:51:00"


def test_of_a_feed_without_bars_the_minutes_are_built_from_trades() -> None:
    watching = Watching("relvol > 2")
    watching.market.refuse([QQQ], "kline@1", "not in your plan")
    first = (MIDNIGHT - T) // 60_000
    past = [bar(n, 100.0, 100.0) for n in range(first, 0)]
    watching.market.apply_history(QQQ, past, False, (T - MIDNIGHT) / 1000)
    watching.market.apply_usual_volume(QQQ, date(2024, 11, 15), 9, [100.0 * (n + 1) for n in range(1440)])
    volumes = [(n, 1e6 if n == 50 else 10.0 + n % 2) for n in range(60)]
    fired = [watching.at(n, tick(100.0, 1000 * n, volume=volume)) for n, volume in volumes]
    assert not any(fired)
    assert watching.at(61, tick(100.0, 61_000, volume=10.0))[0].endswith("the usual volume, above 2×")


def test_moves_within_other_minutes_are_other_alerts() -> None:
    watching = Watching("moves 1% in 5m")
    other = watching.alert._replace(minutes=1)
    watching.market.set_alerts([watching.alert, other])
    engine = watching.market.alert_engine
    assert engine.state_of(watching.alert) is not engine.state_of(other)


def quoted(last: float, iopv: float | None) -> Quote:
    return Quote(symbol="QQQ$US", last=last, iopv=iopv)


@pytest.mark.parametrize(
    ("alert", "last", "said"),
    [
        ("premium > 30bp", 4.128, "premium 31.6 bp, above 30 bp"),
        ("discount > 30bp", 4.102, "discount 31.6 bp, above 30 bp"),
    ],
)
def test_a_price_far_from_the_iopv_fires_on_its_side_alone(alert: str, last: float, said: str) -> None:
    watching = Watching(alert)
    watching.at(0, quoted(4.115, None))
    assert watching.status(0) == "asleep: no IOPV yet"
    other = 8.23 - last
    assert watching.at(1, quoted(4.115, 4.115)) == watching.at(2, quoted(other, 4.115)) == []
    assert watching.status(2) == "armed -31.6 bp"
    assert watching.at(3, quoted(last, 4.115)) == [f"QQQ$US {said}"]


def test_an_iopv_that_is_not_of_this_minute_is_none() -> None:
    watching = Watching("premium > 30bp")
    watching.at(0, quoted(4.115, 4.115), trade(4.115, 1))
    assert watching.at(90, trade(4.2, 90)) == []
    assert watching.status(90) == "asleep: no IOPV yet"
