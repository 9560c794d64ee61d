"""Which alerts that fired count as seen."""

from __future__ import annotations

from tests.support.feedless_app import QQQ, SPY, TLT, feedless_app


async def test_an_alert_is_seen_once_the_cursor_comes_to_its_symbol_or_leaves_it() -> None:
    async with feedless_app() as (app, pilot):
        unseen = app.market.alert_engine.unseen
        unseen |= {QQQ, SPY, TLT}  # the cursor is on QQQ, whose alert has fired just now
        await pilot.press("j")
        assert app.market.alert_engine.unseen == {TLT}
        await pilot.press("j")
        assert app.market.alert_engine.unseen == set()


async def test_all_alerts_are_seen_on_their_screen() -> None:
    async with feedless_app() as (app, pilot):
        app.market.alert_engine.unseen |= {SPY, TLT}
        await pilot.press("A")
        assert app.market.alert_engine.unseen == set()
