"""Lines of prices on the chart: where they are drawn, what they never cover, and what a click selects."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.support.charts import QQQ, Alone, instrument_of
from tests.support.price_walks import DAYS, OPEN, price_walk
from tests.widgets.chart.test_chart import chart, rows
from tui.market import Instrument
from tui.market.alerts import Alert
from tui.market.levels import PriceLevel, PriceMark
from tui.market.session_axis import DAY
from tui.protocol.messages import Kline
from tui.symbol import Symbol
from tui.widgets.chart.chart import MinuteChart
from tui.widgets.chart.lines import LinePressed

Snapshot = Callable[..., bool]


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLORTERM", "truecolor")
    yield


def level(price: float) -> PriceLevel:
    return PriceLevel(QQQ, price)


def flat(*prices: float, start: int = OPEN) -> list[Kline]:
    """Bars that stand at these prices, a minute each."""
    return [
        Kline(symbol="", open=price, high=price, low=price, close=price, time=start + n * 60_000, volume=100.0)
        for n, price in enumerate(prices)
    ]


def session() -> Instrument:
    """From 510 to 514 and back to 512, an hour of it after the hour of joining: no opening range."""
    path = [510.0] * 20 + [514.0] * 20 + [512.0] * 20
    return instrument_of(flat(*path, start=OPEN + 60 * 60_000), change=None)


def shown(i: Instrument, *marks: PriceMark, selected: PriceMark | None = None, **settings: int) -> list[str]:
    made = chart(i, **settings)
    made.marks = marks
    made.selected_mark = selected
    return rows(made)


def row_with(lines: list[str], words: str) -> str:
    found = [line for line in lines if words in line]
    assert len(found) == 1, "\n".join(lines)
    return found[0]


def test_a_level_and_an_alert_are_lines_with_name_and_price() -> None:
    lines = shown(session(), level(513.0), Alert(QQQ, "above", 511.0))
    above, below = row_with(lines, "level 513.00"), row_with(lines, "alert > 511")
    assert "╌" in above and above.rstrip().endswith("513.00")
    assert "╌" in below and below.rstrip().endswith("511.00")
    assert lines.index(above) < lines.index(below)


def test_only_lines_of_the_symbol_are_drawn() -> None:
    assert shown(session(), PriceLevel(Symbol("SPY", "US"), 512.0)) == shown(session())


def test_the_bars_are_drawn_over_the_lines() -> None:
    plain, lined = shown(session()), shown(session(), level(514.0), level(511.0))
    for before, now in zip(plain, lined, strict=True):
        for one, other in zip(before, now, strict=True):
            assert one in (" ", "┄", other), "only blanks and the line of the close before give way"


def test_a_line_outside_does_not_squeeze_the_bars_and_is_told_at_the_edge() -> None:
    i = session()
    plain = shown(i)
    lines = shown(i, level(900.0), level(5.0), Alert(QQQ, "above", 520.0))
    assert [line[:20] for line in lines if "⣀" in line or "⠤" in line] == [
        line[:20] for line in plain if "⣀" in line or "⠤" in line
    ]
    assert "▴ alert > 520 · level 900.00" in lines[0], "the nearest first"
    assert "▾ level 5.00" in lines[12] and lines[11].rstrip().endswith("▾5.00"), "its price is beside no other one"
    labels = [line.split()[-1] for line in lines[:4]]
    assert "▴520.00" in labels and "▴900.00" in labels and labels.index("▴900.00") < labels.index("▴520.00")


def test_a_line_never_covers_a_price() -> None:
    i = session()
    for height in (8, 10, 12, 18, 36):
        plain = shown(i, height=height)
        prices = [float(at) / 10 for at in range(5_000, 5_300, 7)]
        lined = shown(i, *map(level, prices), height=height)
        for before, now in zip(plain, lined, strict=True):
            label = before[-8:].strip()
            assert not label or now[-8:].strip() == label


def test_of_lines_on_one_row_all_are_named_if_there_is_room() -> None:
    lines = shown(session(), level(513.0), level(513.01), width=100)
    assert "level 513.00 · level 513.01" in row_with(lines, "level 513.00")
    narrow = shown(session(), level(513.0), level(513.01), width=30)
    assert "level 513.01" not in "".join(narrow)


def test_the_selected_line_is_drawn_in_full_and_explained() -> None:
    made = chart(session(), width=110, marks=(level(513.0),))
    made.selected_mark = level(513.0)
    assert "━━━" in row_with(rows(made), "level 513.00")
    note = "".join(segment.text for segment in made.note())
    assert note == "level 513.00 +0.20% from last · Shift+↑↓ moves · i price · D removes"
    made.extent = made.extent.with_width(30)
    assert "".join(segment.text for segment in made.note()) == "level 513.00"


def test_the_selected_line_is_told_first_at_the_edge() -> None:
    marks = [level(520.0 + n) for n in range(9)]
    assert "level 528.00" not in "".join(shown(session(), *marks, width=50))
    lines = shown(session(), *marks, selected=marks[-1], width=50)
    assert "▴ level 528.00" in lines[0]


def test_the_sessions_give_lines() -> None:
    yesterday = flat(*[505.0] * 100, *[515.0] * 100, *[511.0] * 190, start=DAYS[-2])
    today = flat(*[510.0] * 10, *[514.0] * 25, *[512.0] * 10)
    lines = shown(instrument_of([*yesterday, *today], change=1.0), width=90, height=24)
    assert row_with(lines, "first 30m high").rstrip().endswith("514.00")
    assert row_with(lines, "first 30m low").rstrip().endswith("510.00")
    assert "prev close" in row_with(lines, "prev close") and "prev high 515.00" in lines[0]
    assert row_with(lines, "▾505.00") == lines[-5] and "prev low 505.00" in lines[-4]


def test_the_opening_range_tells_how_far_it_has_come() -> None:
    lines = shown(instrument_of(flat(*[510.0] * 6, *[514.0] * 6)), width=90)
    assert "first 12m… high" in row_with(lines, "first 12m… high")


def test_charts_of_days_and_low_charts_have_none_of_the_sessions() -> None:
    i = instrument_of([*price_walk(DAYS[-2], range(390)), *price_walk(OPEN, range(60))])
    assert "first 30m" in "".join(shown(i, width=90)) and "first 30m" not in "".join(shown(i, width=90, interval=DAY))
    assert "level" in "".join(shown(i, level(i.last or 0.0), interval=DAY))
    assert "first 30m" not in "".join(shown(i, width=90, height=8))


def test_a_comparison_has_no_lines() -> None:
    other = instrument_of(price_walk(OPEN, range(60)), Symbol("SPY", "US"))
    made = chart(session(), marks=(level(512.0),), compared=(session(), other))
    made.selected_mark = level(512.0)
    assert "level" not in "".join(rows(made)) and made.note() == [] and not made.has_line


# --- the mouse ---


def where(app: Alone, words: str) -> tuple[int, int]:
    """The place of words in the chart, frame included."""
    for y, line in enumerate(rows(app.chart)):
        if (x := line.find(words)) >= 0:
            return x + 1, y + 1
    raise AssertionError(words)


async def test_a_click_on_a_line_or_its_price_selects_it() -> None:
    pressed: list[PriceMark] = []

    class Listening(Alone):
        def on_line_pressed(self, event: LinePressed) -> None:
            pressed.append(event.mark)

    app = Listening(session(), marks=(level(513.0), Alert(QQQ, "above", 511.0), level(900.0)))
    async with app.run_test(size=(64, 18)) as pilot:
        await pilot.click(MinuteChart, offset=where(app, "level 513.00"))
        await pilot.click(MinuteChart, offset=where(app, "511.00 "))
        await pilot.click(MinuteChart, offset=where(app, "▴900.00"))
        assert pressed == [level(513.0), Alert(QQQ, "above", 511.0), level(900.0)]
        assert not app.chart.has_crosshair
        x, y = where(app, "level 513.00")
        await pilot.click(MinuteChart, offset=(x, y + 1))
        assert len(pressed) == 3 and app.chart.has_crosshair, "beside it is the crosshair's"


async def test_the_price_at_the_crosshair_is_that_of_the_bar_or_where_the_mouse_points() -> None:
    app = Alone(session())
    async with app.run_test(size=(64, 18)) as pilot:
        assert app.chart.price_at_crosshair == 512.0
        await pilot.press("left", *["left"] * 30)
        assert app.chart.price_at_crosshair == 514.0
        await pilot.hover(MinuteChart, offset=(20, 2))
        await pilot.press("escape")
        app.chart.leave_crosshair()
        await pilot.hover(MinuteChart, offset=(21, 2))
        pointed = app.chart.price_at_crosshair
        assert pointed is not None and 513.0 < pointed <= 514.5 and round(pointed, 2) == pointed
        await pilot.press("left")
        assert app.chart.price_at_crosshair in (510.0, 512.0, 514.0), "the keys point at bars again"


# --- pictures ---


@pytest.mark.parametrize("size", [(64, 18), (42, 12), (140, 36)])
def test_as_a_picture(snap_compare: Snapshot, size: tuple[int, int]) -> None:
    yesterday = price_walk(DAYS[-2], range(390))
    i = instrument_of([*yesterday, *price_walk(OPEN, range(150), yesterday[-1].close, seed=9)])
    last = i.last or 0.0
    marks = (level(last + 0.5), Alert(QQQ, "below", last - 0.3), level(last * 2))
    app = Alone(i, marks=marks, selected_mark=marks[0])
    assert snap_compare(app, terminal_size=size)


# --- gaps ---


def test_where_data_was_lost_an_upright_line_says_so() -> None:
    bars = [bar for n, bar in enumerate(price_walk(OPEN, range(60))) if not 20 < n < 25]
    i = instrument_of(bars)
    plain = shown(i, width=90)
    i.bars.link_lost(OPEN // 60_000 + 20)
    i.bars.link_back(OPEN // 60_000 + 25)
    lines = shown(i, width=90)
    assert "09:50–09:55 lost" in "".join(lines) and sum("╎" in line for line in lines) > len(lines) // 2
    assert "╎" not in "".join(plain) and "lost" not in "".join(plain)
    i.bars.complete_before(OPEN // 60_000 + 30)
    assert "lost" not in "".join(shown(i, width=90)), "the vendor has told of it since"


def test_a_gap_of_one_minute_has_one_time_and_days_have_none() -> None:
    i = instrument_of(price_walk(OPEN, range(60)))
    i.bars.mark_incomplete(OPEN // 60_000 + 20)
    assert " 09:50 lost" in "".join(shown(i, width=90)).replace("╎", " ")
    assert "lost" not in "".join(shown(i, width=90, interval=DAY))
