"""Which alerts that fired count as seen."""

from __future__ import annotations

from tests.support.feedless_app import QQQ, SPY, TLT, feedless_app, saved_settings
from tui.market.alert_engine import AlertEvent
from tui.market.alerts import parse_alert


async def test_an_alert_is_seen_once_the_cursor_comes_to_its_symbol_or_leaves_it() -> None:
    async with feedless_app() as (app, pilot):
        unseen = app.market.alert_engine.unseen
        unseen |= {QQQ, SPY, TLT}  # the cursor is on QQQ, whose alert has fired just now
        await pilot.press("j")
        assert app.market.alert_engine.unseen == {TLT}
        await pilot.press("j")
        assert app.market.alert_engine.unseen == set()


async def test_when_an_alert_fired_is_kept_in_the_config_and_it_stays_armed() -> None:
    once, again = parse_alert("QQQ$US > 520"), parse_alert("QQQ$US > 521 repeat 0.5")
    async with feedless_app(alerts=(once, again)) as (app, _):
        state = app.market.alert_engine.state_of(again)
        state.armed = False
        app.alert_notices.tell([AlertEvent(each, "", "", 1_796_049_067_412) for each in (once, again)])
        assert app.market.alert_engine.state_of(again) is state, "its arming is as it was"
    assert [str(alert) for alert in saved_settings().alerts] == [
        "QQQ$US > 520 fired 2026-11-30T14:31:07Z done",
        "QQQ$US > 521 repeat 0.5 fired 2026-11-30T14:31:07Z",
    ]


async def test_all_alerts_are_seen_on_their_screen() -> None:
    async with feedless_app() as (app, pilot):
        app.market.alert_engine.unseen |= {SPY, TLT}
        await pilot.press("A")
        assert app.market.alert_engine.unseen == set()
