"""How an alert stands, in the words of the list of alerts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.messages import QQQ, T, depth, quote, tick
from tui.market import Market
from tui.market.alert_status import AlertPhase, alert_status
from tui.market.alerts import parse_alert
from tui.market.data_status import DataStatus, data_status
from tui.protocol.messages import Quote, Tick
from tui.symbol import Symbol


def stand(alert: str, *prices: float, state: DataStatus = DataStatus.LIVE, sleep: str = "", now: int = 60_000) -> str:
    market = Market()
    market.wall_base = T
    market.follow([QQQ])
    made = parse_alert(alert, QQQ)
    market.set_alerts([made])
    for n, price in enumerate(prices):
        market.apply(tick(price, 1000 * n), float(n))
    found = alert_status(market.alert_engine.state_of(made), market.instruments[QQQ], state, sleep, T + now)
    return " ".join(filter(None, (found.phase.value, found.words, found.figure)))


@pytest.mark.parametrize(
    ("alert", "prices", "said"),
    [
        ("> 520", (519,), "● armed 519.00"),
        ("> 520", (521,), "◌ waits to be below 520 521.00"),
        ("< 480", (479,), "◌ waits to be above 480 479.00"),
        ("> 520", (519, 519, 521), "✓ fired 11:50:02"),
        ("> 520 repeat 0.5", (519, 519, 521), "◌ fired 11:50:02, waits to be below 519.5 521.00"),
        ("> 520 repeat 0.5", (519, 519, 521, 519), "● armed, fired 11:50:02 519.00"),
        ("> 520 off", (519,), "○ off"),
        ("> 520 done", (519,), "✓ fired"),
        ("> 520 fired 2026-11-20T16:49:00Z done", (519,), "✓ fired 11-20 11:49"),
        ("> 520 repeat 0.5 fired 2026-11-20T16:49:00Z", (519,), "● armed, fired 11-20 11:49 519.00"),
        ("> 520", (), "– asleep: no price yet"),
        ("±2%", (519,), "– asleep: nothing to measure it from"),
        ("spread > 5bp", (519,), "– asleep: no spread"),
        ("turnover > 1B", (519,), "– asleep: no turnover told"),
        ("moves 1% in 5m", (519,), "– asleep: no price of 5m ago in this session"),
        ("relvol > 2", (519,), "– asleep: 0 of 5 days known"),
        ("premium > 30bp", (519,), "– asleep: no IOPV yet"),
        ("discount > 30bp", (519,), "– asleep: no IOPV yet"),
    ],
)
def test_words(alert: str, prices: tuple[float, ...], said: str) -> None:
    assert stand(alert, *prices) == said


def test_a_price_has_the_decimals_of_its_tick_also_when_its_row_is_out_of_sight() -> None:
    market, fund = Market(), Symbol("510300", "SH")
    market.wall_base = time = 1_795_744_800_000  # Friday 2026-11-27 10:00 in Shanghai
    market.follow([fund])
    made = parse_alert("> 1.2", fund)
    market.set_alerts([made])
    market.apply(Tick(symbol="510300$SH", last=1.05, time=time), 0.0)
    found = alert_status(market.alert_engine.state_of(made), market.instruments[fund], DataStatus.LIVE, "", time)
    assert found.figure == "1.050"


def test_an_alert_that_fired_on_another_day_shows_its_date() -> None:
    assert stand("> 520 repeat 0.5", 519, 519, 521, 519, now=3 * 86_400_000) == "● armed, fired 11-15 11:50 519.00"


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (DataStatus.STALE, "the link is not proven"),
        (DataStatus.WAITING, "no data yet"),
        (DataStatus.REFUSED, "refused"),
        (DataStatus.OVER_PLAN, "over plan"),
    ],
)
def test_why_it_sleeps_and_no_figure_that_is_not_live(state: DataStatus, why: str) -> None:
    assert stand("> 520", 519, state=state) == f"– asleep: {why}"


def test_why_all_sleep_goes_first() -> None:
    assert stand("> 520", 519, state=DataStatus.STALE, sleep="the prices are made up") == (
        "– asleep: the prices are made up"
    )


def test_armed_from_the_open_is_not_said_of_a_change_from_the_close() -> None:
    market = Market()
    market.follow([QQQ])
    alert = parse_alert("±2%", QQQ)
    market.set_alerts([alert])
    market.apply(Quote(symbol="QQQ$US", last=103.0, open=102.5, time=T), 1.0)
    said = [alert_status(market.alert_engine.state_of(alert), market.instruments[QQQ], DataStatus.LIVE, "", T)]
    market.apply_history_closes(QQQ, {"2024-11-14": 100.0})
    said.append(alert_status(market.alert_engine.state_of(alert), market.instruments[QQQ], DataStatus.LIVE, "", T))
    assert [(each.words, each.figure) for each in said] == [
        ("armed", "+0.49%"),
        ("waits to be within ±2%", "+3.00%"),
    ]


def test_what_it_looks_at() -> None:
    market = Market()
    market.follow([QQQ])
    alerts = [parse_alert(text, QQQ) for text in ("±2% repeat 0.5%", "spread > 5bp", "turnover > 1B repeat")]
    market.set_alerts(alerts)
    known = quote(97.0)
    known.change, known.turnover = -3.0, 2.5e9
    market.apply(known, 1.0)
    market.apply(depth([(97.01, 1)], [(96.99, 1)]), 1.0)
    found = [
        alert_status(market.alert_engine.state_of(a), market.instruments[QQQ], DataStatus.LIVE, "", T) for a in alerts
    ]
    assert [(s.phase, s.words, s.figure) for s in found] == [
        (AlertPhase.WAITS, "waits to be within ±1.5%", "-3.00%"),
        (AlertPhase.ARMED, "armed", "2.1 bp"),
        (AlertPhase.WAITS, "waits to be below $1B", "$2.5B"),
    ]
    assert alert_status(market.alert_engine.state_of(alerts[0]), None, DataStatus.PENDING, "", T).words.startswith(
        "asleep: no room"
    )


@given(
    st.integers(0, 7 * 24 * 60), st.sampled_from([Symbol("QQQ", "US"), Symbol("2800", "HK"), Symbol("510300", "SH")])
)
def test_the_list_says_asleep_when_nothing_fires_and_only_then(minutes: int, symbol: Symbol) -> None:
    """At any minute of a week: three trades a second apart, of which the last two are each beyond."""
    market, begin = Market(), T + minutes * 60_000
    market.wall_base = begin
    market.follow([symbol])
    made = [parse_alert(f"{symbol} > {level}", symbol) for level in (520, 530)]
    market.set_alerts(made)
    fired: list[str] = []
    market.alert_engine.on_fired = lambda event: fired.append(event.words)
    instrument = market.instruments[symbol]
    for n, price in enumerate((519.0, 521.0, 531.0)):
        market.sample(float(n), [instrument])
        market.apply(Tick(symbol=str(symbol), last=price, time=begin + 1000 * n), float(n))
        state = market.alert_engine.state_of(made[n - 1])
        status = alert_status(state, instrument, data_status(instrument, 0.0, True), "", begin + 1000.0 * n)
        if n:
            assert (len(fired) == n) is (status.phase is not AlertPhase.ASLEEP), status.words
