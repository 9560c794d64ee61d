"""The premium over time in the chart."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from tests.support.charts import QQQ, Alone, instrument_of
from tests.support.price_walks import OPEN, price_walk
from tui.market import Instrument
from tui.market.bars import MINUTE
from tui.market.fair_value import IndicativeValue, ValueProxy
from tui.market.premium import minute_premiums
from tui.symbol import Symbol
from tui.terminal.glyphs import translate

MINUTES = 120
NOW = OPEN + MINUTES * MINUTE - 30_000  # in the newest minute


def bare() -> Instrument:
    return instrument_of(price_walk(OPEN, range(MINUTES)))


def with_iopv(missing: range = range(0)) -> Instrument:
    """With an IOPV of each minute, 0.1 % under the price in even ones and at it in odd ones."""
    i = bare()
    for minute in range(OPEN // MINUTE, OPEN // MINUTE + MINUTES):
        bar, n = i.bars.get(minute), minute - OPEN // MINUTE
        assert bar is not None
        if n not in missing:
            i.fair_values.add(bar.close / (1.001 if n % 2 == 0 else 1.0), bar.time + 45_000)
    last = i.bars.get(i.bars.latest)
    assert last is not None
    i.fair_values.given = IndicativeValue(last.close / 1.001, NOW)
    return i


def with_basis() -> Instrument:
    i, other = bare(), instrument_of(price_walk(OPEN, range(MINUTES), 600.0, seed=3), Symbol("SPY", "US"))
    i.fair_values.proxy = ValueProxy(other, 0.85)
    return i


def with_nav() -> Instrument:
    i = bare()
    i.fair_values.given = IndicativeValue(510.0, NOW - 24 * 60 * MINUTE)
    return i


class Premium(Alone):
    def __init__(self, instrument: Instrument, *, proven: bool = True, now: float = NOW) -> None:
        super().__init__(instrument, proven=proven, premium=True)
        self.chart.time = now

    @property
    def lines(self) -> list[str]:
        return ["".join(piece.text for piece in line) for line in self.chart._drawn]


SIZES = [(94, 12), (60, 20), (42, 8), (38, 8), (30, 6), (160, 40)]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("make", [bare, with_iopv, with_basis, with_nav], ids=lambda make: make.__name__)
async def test_it_fits_at_any_size(make: Callable[[], Instrument], size: tuple[int, int]) -> None:
    app = Premium(make())
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        assert "╭─  " not in app.lines[0]
        assert {len(line) for line in app.lines} == {size[0]} and len(app.lines) == size[1]
        assert any("premium" in line or "basis" in line for line in app.lines[:1])


async def test_mean_bands_and_score_of_the_minutes_in_view() -> None:
    app = Premium(with_iopv())
    async with app.run_test(size=(94, 14)) as pilot:
        await pilot.pause()
        title, body = app.lines[0], "\n".join(app.lines)
        assert "QQQ$US premium · mean +0.051% σ 0.050% · 120 min since 09:30" in title
        assert title.endswith(" +0.100%  z +1.0 ─╮")
        for label in ("mean +0.051%", "-1σ  +0.001%", "+2σ  +0.151%", "-2σ  -0.049%", " +0.100% "):
            assert label in body, label


async def test_a_minute_without_a_fresh_iopv_is_a_gap_and_says_so_under_the_crosshair() -> None:
    app = Premium(with_iopv(missing=range(100, 119)))
    async with app.run_test(size=(94, 14)) as pilot:
        await pilot.pause()
        assert "101 min since 09:30" in app.lines[0]
        await pilot.press("left", *["left"] * 5)
        assert app.lines[0].endswith(" 11:24 no premium ─╮")
        await pilot.press(*["left"] * 20)
        assert app.lines[0].endswith(" 11:04 +0.100%  z +1.0 ─╮")
        for label in ("Hide crosshair", "Price chart"):
            layer = app.chart.escape_layer
            assert layer is not None and layer[0] == label
            layer[1]()
        assert not app.chart.premium and "1 min" in app.lines[0]


async def test_an_iopv_that_has_aged_is_told_and_not_shown_as_live() -> None:
    app = Premium(with_iopv())
    async with app.run_test(size=(94, 14)) as pilot:
        await pilot.pause()
        inverse = app.chart.theme_styles("background", "text", bold=True)
        assert any(piece.style == inverse for line in app.chart._drawn for piece in line)
        app.chart.time = NOW + 61_000
        assert "IOPV of 1m ago" in app.lines[0]
        assert not any(piece.style == inverse for line in app.chart._drawn for piece in line)


async def test_while_the_link_is_lost_nothing_is_live() -> None:
    app = Premium(with_iopv(), proven=False)
    async with app.run_test(size=(94, 14)) as pilot:
        await pilot.pause()
        assert " stale ─╮" in app.lines[0]
        inverse = app.chart.theme_styles("background", "text", bold=True)
        assert not any(piece.style == inverse for line in app.chart._drawn for piece in line)


async def test_a_basis_is_called_that_with_its_symbol() -> None:
    app = Premium(with_basis())
    async with app.run_test(size=(110, 14)) as pilot:
        await pilot.pause()
        assert "QQQ$US basis to SPY$US × 0.85 · mean " in app.lines[0]
        assert "premium" not in "\n".join(app.lines)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (bare, "no IOPV: the feed sends none. A command (iopv_command) or another symbol"),
        (with_nav, "no minute in view with a fresh IOPV: NAV of "),
    ],
)
async def test_why_there_is_none(make: Callable[[], Instrument], words: str) -> None:
    app = Premium(make())
    async with app.run_test(size=(120, 14)) as pilot:
        await pilot.pause()
        assert words in "\n".join(app.lines)


async def test_nothing_is_read_again_while_no_minute_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Premium(with_iopv())
    async with app.run_test(size=(94, 14)) as pilot:
        await pilot.pause()
        read = list[object]()

        def count(i: Instrument, minutes: Sequence[int]) -> list[float | None]:
            read.append(minutes)
            return minute_premiums(i, minutes)

        monkeypatch.setattr("tui.widgets.chart.premium_view.minute_premiums", count)
        i = app.chart.instrument
        assert i is not None and i.symbol == QQQ
        for _ in range(5):
            app.chart.sync({i}, 0.0, True)
        assert read == []
        i.fair_values.add(500.0, NOW)
        app.chart.sync({i}, 0.0, True)
        assert len(read) == 1


def test_a_standard_deviation_has_a_sign_in_every_glyph_set() -> None:
    assert [translate("+2σ ┈ ─", glyphs) for glyphs in ("wide-safe", "ascii")] == ["+2s - -", "+2s - -"]
