"""The screen of the alerts, over an empty one."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.support.messages import QQQ
from tests.support.modal_host import Over, Snapshot, highlighted_row, menu_rows, open_modal, widget_text
from tests.support.wait_until import until
from tui.market.alert_status import AlertPhase, AlertStatus
from tui.market.alerts import Alert, parse_alert
from tui.screens.alerts import AlertLine, Alerts
from tui.screens.prompt import Prompt
from tui.symbol import Symbol
from tui.widgets.choice_list import ChoiceList

STANDINGS = {
    "QQQ$US > 520": AlertStatus(AlertPhase.ARMED, "armed", "519.20"),
    "QQQ$US < 480 repeat 0.5": AlertStatus(AlertPhase.ARMED, "armed, fired 15:32:07", "519.20"),
    "SPY$US ±2%": AlertStatus(AlertPhase.DONE, "fired 11:07:41"),
    "TLT$US spread > 5bp": AlertStatus(AlertPhase.OFF, "off"),
    "GLD$US > 300": AlertStatus(AlertPhase.WAITS, "waits to be below 300", "301.55"),
    "2800$HK turnover > 1B": AlertStatus(AlertPhase.ASLEEP, "asleep: closed"),
}
STATES = {AlertPhase.DONE: "done", AlertPhase.OFF: "off"}


class Kept:
    """Alerts that stand as said above, and otherwise are armed."""

    def __init__(self, *written: str, symbol: Symbol | None = QQQ) -> None:
        self.alerts = tuple(parse_alert(text) for text in written)
        self.symbol = symbol

    def screen(self) -> Alerts:
        return Alerts(self.lines, self.keep, self.symbol)

    def lines(self) -> list[AlertLine]:
        return [AlertLine(alert, self._standing(alert)) for alert in self.alerts]

    def _standing(self, alert: Alert) -> AlertStatus:
        if alert.state != "on":
            return AlertStatus(AlertPhase.OFF, alert.state)
        return STANDINGS.get(f"{alert.symbol} {alert.condition}", AlertStatus(AlertPhase.ARMED, "armed"))

    def keep(self, alerts: tuple[Alert, ...]) -> None:
        self.alerts = alerts

    @property
    def written(self) -> list[str]:
        return list(map(str, self.alerts))


def shown() -> Alerts:
    kept = Kept(*STANDINGS)
    return Alerts(lambda: [AlertLine(parse_alert(text), stand) for text, stand in STANDINGS.items()], kept.keep, QQQ)


async def test_where_there_is_little_room_the_title_has_all_of_it() -> None:
    async with open_modal(shown, (60, 20)) as (app, pilot):
        title = app.screen.query_one(ChoiceList).border_title
        assert str(title) == "Alerts · armed · 519.20"
        await pilot.press("end", "up")
        assert highlighted_row(app).split() == ["–", "2800$HK", "turnover", ">", "1B", "asleep"]
        assert str(app.screen.query_one(ChoiceList).border_title) == "Alerts · asleep: closed"
        await pilot.resize_terminal(120, 36)
        await until(lambda: str(app.screen.query_one(ChoiceList).border_title) == "Alerts")
        assert highlighted_row(app).endswith("asleep: closed")


async def test_the_figure_in_the_title_is_the_present_one() -> None:
    figures = iter(["519.20", "519.30", "519.40"])
    lines = lambda: [AlertLine(parse_alert("QQQ$US > 520"), AlertStatus(AlertPhase.ARMED, "armed", next(figures)))]  # noqa: E731
    async with open_modal(lambda: Alerts(lines, lambda alerts: None, QQQ), (60, 20)) as (app, _):
        assert isinstance(app.screen, Alerts)
        assert str(app.screen.query_one(ChoiceList).border_title) == "Alerts · armed · 519.20"
        app.screen.tick()
        assert str(app.screen.query_one(ChoiceList).border_title) == "Alerts · armed · 519.30"


async def test_what_an_alert_waits_for_is_whole_where_there_is_room_for_it() -> None:
    async with open_modal(Kept("2800$HK turnover > 100B repeat").screen, (60, 20)) as (app, pilot):
        await pilot.press("home")
        assert highlighted_row(app).split()[1:] == ["2800$HK", "turnover", ">", "100B", "repeat", "armed"]


@pytest.mark.parametrize("key", ["n", "a"])
async def test_the_field_stands_alone_and_the_list_comes_back(key: str) -> None:
    async with open_modal(shown, (100, 30)) as (app, pilot):
        choices = app.screen.query_one(ChoiceList)
        await pilot.press(key)
        await pilot.pause()
        assert not choices.display
        await pilot.press("escape")
        await pilot.pause()
        assert choices.display and highlighted_row(app).startswith("●  QQQ$US > 520")


async def write(pilot: Pilot[None], text: str) -> None:
    pilot.app.screen.query_one(Input).value = text
    await pilot.press("enter")
    await pilot.pause()


@pytest.mark.parametrize("size", [(120, 36), (100, 30), (60, 20)])
def test_the_list(snap_compare: Snapshot, size: tuple[int, int]) -> None:
    assert snap_compare(Over(shown), terminal_size=size)


@pytest.mark.parametrize("size", [(80, 24), (40, 8)])
def test_the_field_explains_itself(snap_compare: Snapshot, size: tuple[int, int]) -> None:
    assert snap_compare(Over(shown), press=["n", ">", "space", "x", "enter"], terminal_size=size)


async def test_the_selected_symbol_is_ready_to_have_one() -> None:
    kept = Kept("SPY$US > 5")
    async with open_modal(kept.screen) as (app, pilot):
        assert highlighted_row(app) == "n  new alert for QQQ$US"
        await pilot.press("enter")
        await pilot.pause()
        assert app.screen.query_one(Input).value == "QQQ$US "
        await write(pilot, "QQQ$US > 520")
        assert kept.written == ["SPY$US > 5", "QQQ$US > 520"]
        assert highlighted_row(app).split() == ["●", "QQQ$US", ">", "520", "armed", "519.20"]
        await pilot.press("n")
        await write(pilot, "< 480 repeat 0.5")
        assert kept.written[-1] == "QQQ$US < 480 repeat 0.5"


async def test_it_opens_at_an_alert_of_the_selected_symbol() -> None:
    async with open_modal(Kept("SPY$US > 5", "QQQ$US > 6").screen) as (app, _):
        assert highlighted_row(app).startswith("●  QQQ$US > 6")


async def test_mistakes_are_answered_in_place() -> None:
    kept = Kept("QQQ$US > 520")
    async with open_modal(kept.screen, (100, 30)) as (app, pilot):
        await pilot.press("n")
        for text, words in (("QQQ$US 5", "above it or below it?"), ("> 520", "there is one already: QQQ$US > 520")):
            await write(pilot, text)
            assert words in widget_text(app.screen.query_one("Prompt Static"))
        await pilot.press("escape")
        assert kept.written == ["QQQ$US > 520"]


async def test_one_is_mended_in_its_place() -> None:
    kept = Kept("QQQ$US > 520 done", "SPY$US > 5")
    async with open_modal(kept.screen) as (app, pilot):
        await pilot.press("enter")
        await pilot.pause()
        assert app.screen.query_one(Input).value == "QQQ$US > 520"
        await write(pilot, "QQQ$US > 521")
        assert kept.written == ["QQQ$US > 521", "SPY$US > 5"]


async def test_on_off_delete_and_back() -> None:
    kept = Kept("QQQ$US > 520", "SPY$US > 5 done")
    async with open_modal(kept.screen) as (app, pilot):
        await pilot.press("space")
        assert kept.written == ["QQQ$US > 520 off", "SPY$US > 5 done"]
        await pilot.press("space", "down", "space")
        assert kept.written == ["QQQ$US > 520", "SPY$US > 5"]
        await pilot.press("up", "d", "d", "d")
        assert kept.written == []
        assert menu_rows(app) == ["n  new alert for QQQ$US"]
        await pilot.press("u", "u", "u")
        assert kept.written == ["QQQ$US > 520", "SPY$US > 5"]
        await pilot.press("A")
        await pilot.pause()
        assert app.answer is None


async def test_what_fired_meanwhile_is_not_undone_by_an_edit() -> None:
    kept = Kept("QQQ$US > 520", "SPY$US > 5")
    async with open_modal(kept.screen) as (app, pilot):
        kept.alerts = tuple(alert._replace(state="done") for alert in kept.alerts)
        await pilot.press("down", "d")
        assert kept.written == ["QQQ$US > 520 done"]
        assert isinstance(app.screen, Alerts)
        app.screen.tick()
        assert menu_rows(app)[0].split() == ["○", "QQQ$US", ">", "520", "done"]


async def test_without_a_selected_symbol_one_has_to_be_named() -> None:
    kept = Kept(symbol=None)
    async with open_modal(kept.screen) as (app, pilot):
        assert menu_rows(app) == ["n  new alert"]
        await pilot.press("n")
        await write(pilot, "> 5")
        assert isinstance(app.screen, Prompt)
        assert "of which symbol?" in widget_text(app.screen.query_one("Prompt Static"))
        await write(pilot, "tlt > 5")
        assert kept.written == ["TLT$US > 5"]


async def test_a_click_opens_it() -> None:
    async with open_modal(Kept("QQQ$US > 520").screen) as (app, pilot):
        await pilot.click("ChoiceList", offset=(5, 1))
        await pilot.pause()
        assert isinstance(app.screen, Prompt)
