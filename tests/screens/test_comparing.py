"""The views that compare, within the dashboard: pictures that hold several of them, each in another look."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator

import pytest
from textual.pilot import Pilot

from tests.screens.test_dashboard import InGlyphs
from tests.support.frozen_dashboard import START, US, Still, filled_market
from tests.support.price_walks import price_walk
from tests.support.wait_until import until
from tui.market import Market
from tui.market.bars import MINUTE
from tui.market.basis import parse_basis
from tui.market.frozen import frozen_copy
from tui.market.session_axis import session_minutes

Snapshot = Callable[..., bool]
COLUMNS = ("symbol", "last", "change%", "speed1", "speed5", "relvol", "basis", "volume", "hour", "age")


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLORTERM", "truecolor")
    yield


def market() -> Market:
    """Its first symbol has a usual volume, of the second one too few days are known; two have a basis."""
    made = filled_market(US)
    made.set_bases([parse_basis("QQQ$US = SPY$US × 0.8844"), parse_basis("IWM$US = DIA$US × 0.5")])
    hours = made.instruments[US[0]].calendar
    day = hours.at(START).date
    (minutes,) = session_minutes(hours, day)
    known = made.instruments[US[0]].bars
    earlier = price_walk(minutes.start * MINUTE, range(next(iter(known)).time // MINUTE - minutes.start), 553.0)
    made.apply_history(US[0], earlier, True, 20.0)
    usual = sum(bar.volume or 0.0 for bar in known) / (START // MINUTE - minutes.start) / 1.5
    made.apply_usual_volume(US[0], day, 20, array("d", [usual * (n + 1) for n in range(len(minutes))]))
    made.apply_usual_volume(US[1], day, 3, array("d"))
    return made


async def compare(pilot: Pilot[None]) -> None:
    """Compare four symbols in a window among three, with four of the small charts."""
    app = pilot.app
    assert isinstance(app, Still)
    await until(lambda: app.dashboard.status.link is not None)
    dashboard = app.dashboard
    dashboard.watchlist.columns = COLUMNS
    dashboard.below = "2x2"
    dashboard.header.windows = 3
    dashboard.chart.compare([US[n] for n in (0, 5, 8, 10)])
    dashboard.apply_layout()
    await pilot.pause()


async def freeze(pilot: Pilot[None]) -> None:
    """Freeze the picture, with the basis of the selected symbol in the chart below the list."""
    app = pilot.app
    assert isinstance(app, Still)
    await until(lambda: app.dashboard.status.link is not None)
    dashboard = app.dashboard
    dashboard.below = "wide-chart"
    dashboard.chart.premium = True
    dashboard.apply_layout()
    dashboard.show_market(frozen_copy(app.market), app.now)
    dashboard.link_changed(app.link, True)
    app.turn()
    await pilot.pause()


@pytest.mark.parametrize(("theme", "size"), [("midnight", (160, 45)), ("daylight", (120, 36)), ("harbor", (80, 24))])
def test_symbols_compared(snap_compare: Snapshot, theme: str, size: tuple[int, int]) -> None:
    assert snap_compare(Still(market(), theme=theme), run_before=compare, terminal_size=size)


def test_symbols_compared_in_ascii(snap_compare: Snapshot) -> None:
    app = InGlyphs(market())
    app.glyphs = "ascii"
    assert snap_compare(app, run_before=compare, terminal_size=(120, 36))


def test_symbols_compared_without_colours(snap_compare: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(Still(market()), run_before=compare, terminal_size=(120, 36))


@pytest.mark.parametrize(("theme", "size"), [("midnight", (160, 45)), ("amber", (120, 36)), ("daylight", (80, 24))])
def test_a_basis_in_a_frozen_picture(snap_compare: Snapshot, theme: str, size: tuple[int, int]) -> None:
    assert snap_compare(Still(market(), theme=theme), run_before=freeze, terminal_size=size)
