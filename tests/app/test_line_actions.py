"""The keys of the lines on the chart: selecting, moving, setting, removing, and taking it back."""

from __future__ import annotations

from typing import Any

from textual.widgets import Static

from tests.support.feedless_app import QQQ, SPY, FeedlessApp, feedless_app, saved_settings, type_in
from tests.support.messages import T, quote
from tests.support.modal_host import widget_text
from tests.support.price_walks import OPEN, price_walk
from tests.support.wait_until import until
from tui.market.alerts import Alert
from tui.market.levels import PriceLevel, PriceMark
from tui.screens.prompt import Prompt
from tui.widgets.footer import Footer

ABOVE, BELOW = Alert(QQQ, "above", 505.0, 0.5), Alert(QQQ, "below", 495.0)
LEVEL = PriceLevel(QQQ, 501.0)
ALERTS = (ABOVE, BELOW, Alert(SPY, "above", 610.0), Alert(QQQ, "spread", 5.0))
MARKS: dict[str, Any] = {"alerts": ALERTS, "levels": (LEVEL,)}


def with_bars(app: FeedlessApp) -> None:
    for bar in price_walk(OPEN, range(60), 500.0):
        app.market.instruments[QQQ].bars.update(bar)
    app.turn()


def selected(app: FeedlessApp) -> PriceMark | None:
    return app.dashboard.chart.selected_mark


def alerts(app: FeedlessApp) -> tuple[Alert, ...]:
    return app.preferences.settings.alerts


def levels(app: FeedlessApp) -> tuple[PriceLevel, ...]:
    return app.preferences.settings.levels


async def test_a_key_selects_one_line_after_the_other_from_the_highest() -> None:
    async with feedless_app(**MARKS) as (app, pilot):
        for mark in (ABOVE, LEVEL, BELOW, ABOVE):
            await pilot.press("l")
            assert selected(app) == mark
        await pilot.press("escape")
        assert selected(app) is None
        await pilot.press("l", "j")
        assert app.selected == "SPY" and selected(app) is None, "another symbol has other lines"
        await pilot.press("l")
        assert selected(app) == Alert(SPY, "above", 610.0)


async def test_moving_an_alert_changes_it_in_the_config_as_an_edit_would() -> None:
    done = ABOVE._replace(fired=1_790_000_000)
    async with feedless_app(alerts=(done, BELOW)) as (app, pilot):
        await pilot.press("l", "shift+up", "shift+up", "shift+down")
        moved = Alert(QQQ, "above", 505.01, 0.5)
        assert alerts(app) == (moved, BELOW) and selected(app) == moved
        assert app.market.alert_engine.state_of(moved).armed is True, "the engine follows it at once"
        await until(lambda: saved_settings().alerts == (moved, BELOW))


async def test_an_alert_that_was_moved_fires_at_its_new_price() -> None:
    async with feedless_app(alerts=(Alert(QQQ, "above", 500.02),)) as (app, pilot):
        fired: list[float] = []
        app.market.alert_engine.on_fired = lambda event: fired.append(event.alert.value)
        app.market.wall_base = T
        await pilot.press("l", "shift+up", "shift+up")
        for n, price in enumerate((500.01, 500.03, 500.05), 2):
            assert fired == []
            app.market.apply(quote(price, s=str(QQQ), t=n * 1_000), float(n))
        assert fired == [500.04]


async def test_a_line_is_moved_past_another_one_of_its_kind() -> None:
    near = Alert(QQQ, "above", 505.01)
    async with feedless_app(alerts=(ABOVE, near)) as (app, pilot):
        await pilot.press("l", "l", "shift+up")
        assert alerts(app) == (ABOVE._replace(value=505.02), near)


async def test_a_condition_that_cannot_hold_is_answered() -> None:
    alert = Alert(QQQ, "above", 0.5, 0.4999)
    async with feedless_app(alerts=(alert,)) as (app, pilot):
        await pilot.press("l", "shift+down")
        assert alerts(app) == (alert,) and "it can never be back by 0.4999" in app.said


async def test_moves_in_a_row_are_taken_back_together() -> None:
    async with feedless_app(**MARKS) as (app, pilot):
        await pilot.press("l", "shift+up", "shift+up", "l", "shift+down", "u")
        assert levels(app) == (LEVEL,) and alerts(app)[0].value == 505.02
        assert "taken back: moved the level QQQ$US 501" in app.said
        await pilot.press("u")
        assert alerts(app) == ALERTS and selected(app) == ABOVE
        await pilot.press("u")
        assert "nothing to undo" in app.said


async def test_lines_and_lists_are_taken_back_in_the_order_they_were_changed_in() -> None:
    async with feedless_app(**MARKS) as (app, pilot):
        await pilot.press("l", "shift+up", "escape", "j", "d")
        assert app.rows == ["QQQ", "TLT"]
        await pilot.press("u")
        assert app.rows == ["QQQ", "SPY", "TLT"] and alerts(app)[0].value == 505.01
        await pilot.press("u")
        assert alerts(app)[0].value == 505.0


async def test_an_alert_that_was_changed_elsewhere_stays_as_it_is() -> None:
    async with feedless_app(**MARKS) as (app, pilot):
        await pilot.press("l", "shift+up")
        app.preferences.set_alerts(ALERTS[1:])
        await pilot.press("u")
        assert alerts(app) == ALERTS[1:] and "nothing to undo" in app.said


async def test_a_line_is_removed_and_brought_back() -> None:
    async with feedless_app(**MARKS) as (app, pilot):
        await pilot.press("l", "D")
        assert alerts(app) == ALERTS[1:] and selected(app) is None
        assert "removed QQQ$US > 505 repeat 0.5: u brings it back" in app.said
        await pilot.press("l", "D")
        assert levels(app) == () and "removed the level QQQ$US 501" in app.said
        await pilot.press("D")
        assert "no line is selected: l selects one" in app.said
        await pilot.press("u", "u")
        assert levels(app) == (LEVEL,) and set(alerts(app)) == set(ALERTS)


async def test_a_level_is_set_at_the_crosshair_and_selected() -> None:
    async with feedless_app() as (app, pilot):
        with_bars(app)
        app.dashboard.chart.focus()
        await pilot.press("left", "left", "left", "i")
        await pilot.pause()
        at = app.dashboard.chart.price_at_crosshair
        assert isinstance(app.screen, Prompt) and at != app.market.instruments[QQQ].last
        await pilot.press("enter")
        await pilot.pause()
        assert levels(app) == (PriceLevel(QQQ, at or 0.0),) == (selected(app),)
        await until(lambda: saved_settings().levels == levels(app))
        await pilot.press("u")
        assert levels(app) == () and "taken back: added the level" in app.said


async def test_a_price_is_typed_for_a_level_and_for_the_selected_line() -> None:
    async with feedless_app(**MARKS) as (app, pilot):
        await pilot.press("i")
        await type_in(pilot, "x")
        assert isinstance(app.screen, Prompt)
        assert "'x' is no price: write one as 512.34" in widget_text(app.screen.query(Static).first())
        await type_in(pilot, "501")
        assert "there is one already: the level QQQ$US 501" in widget_text(app.screen.query(Static).first())
        await type_in(pilot, "503.5")
        assert levels(app) == (LEVEL, PriceLevel(QQQ, 503.5)) and selected(app) == PriceLevel(QQQ, 503.5)
        await pilot.press("escape", "l", "i")
        await type_in(pilot, "520")
        assert alerts(app)[0] == ABOVE._replace(value=520.0)


async def test_without_lines_the_keys_say_what_makes_one() -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press("l")
        assert app.said == "no line to select: i sets a level, A makes an alert"
        await pilot.press("shift+up")
        assert "no line is selected: l selects one" in app.said
        await pilot.press("f4", "l")
        assert "the chart is not on the screen: F4 shows it" in app.said
        await pilot.press("f4", "m", "l")
        assert "no lines in the premium over time: m shows the bars" in app.said


async def test_an_empty_list_and_a_comparison_have_no_lines() -> None:
    async with feedless_app(lists={"Empty": ()}) as (app, pilot):
        await pilot.press("i")
        assert app.said == "no symbol is selected"
    async with feedless_app(**MARKS) as (app, pilot):
        await pilot.press("space", "j", "space", "x", "l")
        assert "no lines in a comparison: x ends it" in app.said


async def test_the_footer_has_the_keys_of_a_selected_line() -> None:
    async with feedless_app(**MARKS) as (app, pilot):
        await pilot.press("l")
        footer = widget_line(app)
        assert footer.startswith(" Esc Leave line   Shift+↑ ↓ Move line   i Price   D Remove line   l Next line")
        await pilot.press("escape")
        assert "Move line" not in widget_line(app)


async def test_an_alert_that_is_done_or_off_is_no_line() -> None:
    async with feedless_app(alerts=(ABOVE, BELOW)) as (app, pilot):
        await pilot.press("l")
        app.preferences.set_alerts((ABOVE._replace(state="done"), BELOW._replace(state="off")))
        assert app.dashboard.chart.marks == () and selected(app) is None


def widget_line(app: FeedlessApp) -> str:
    app.turn()
    footer = app.dashboard.query_one(Footer)
    return "".join(segment.text for segment in footer.render_line(0))
