"""The chart as a picture in each of its shapes, key by key, and the work that a change costs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from textual.events import Leave
from textual.geometry import Size

from tests.support.charts import CHINA, FUND, MORNING, QQQ, SHAPES, Alone, instrument_of
from tests.support.price_walks import HK_OPEN, OPEN, price_walk
from tui.config.themes import DEFAULT_THEME, find_theme
from tui.errors import UsageError
from tui.market import Instrument
from tui.market.bars import MINUTE
from tui.market.session_axis import DAY, INTERVALS
from tui.protocol.messages import OVER_LIMIT, Kline
from tui.symbol import Symbol
from tui.widgets.chart.chart import MinuteChart
from tui.widgets.chart.model import bar_of
from tui.widgets.styles import Styles

Snapshot = Callable[..., bool]
SIZES = [(64, 18), (42, 12), (140, 36)]
STYLES = Styles(find_theme(DEFAULT_THEME))


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLORTERM", "truecolor")
    yield


# --- pictures ---


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("shape", SHAPES)
def test_shape(snap_compare: Snapshot, shape: str, size: tuple[int, int]) -> None:
    assert snap_compare(Alone(SHAPES[shape]()), terminal_size=size)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("shape", ["session", "gaps", "lunch", "three", "flat"])
def test_candles(snap_compare: Snapshot, shape: str, size: tuple[int, int]) -> None:
    assert snap_compare(Alone(SHAPES[shape](), candles=True), terminal_size=size)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("interval", [1, 5, 60, DAY])
def test_interval_with_the_average_price(snap_compare: Snapshot, interval: int, size: tuple[int, int]) -> None:
    assert snap_compare(Alone(SHAPES["days"](), interval=interval, vwap=True), terminal_size=size)


@pytest.mark.parametrize("size", SIZES)
def test_hours_as_candles(snap_compare: Snapshot, size: tuple[int, int]) -> None:
    assert snap_compare(Alone(SHAPES["days"](), interval=60, candles=True), terminal_size=size)


@pytest.mark.parametrize("size", SIZES)
def test_stale(snap_compare: Snapshot, size: tuple[int, int]) -> None:
    assert snap_compare(Alone(SHAPES["session"](), proven=False, vwap=True), terminal_size=size)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("candles", [False, True], ids=["line", "candles"])
def test_crosshair(snap_compare: Snapshot, candles: bool, size: tuple[int, int]) -> None:
    app = Alone(SHAPES["lunch"](), candles=candles)
    assert snap_compare(app, press=["left"] * 12, terminal_size=size)


@pytest.mark.parametrize("size", SIZES)
def test_earlier_bars(snap_compare: Snapshot, size: tuple[int, int]) -> None:
    app = Alone(SHAPES["days"](), interval=5, candles=True, vwap=True)
    assert snap_compare(app, press=["shift+left"] * 3, terminal_size=size)


@pytest.mark.parametrize("candles", [False, True], ids=["line", "candles"])
def test_light(snap_compare: Snapshot, candles: bool) -> None:
    app = Alone(SHAPES["session"](), candles=candles, vwap=True, theme="daylight")
    assert snap_compare(app, terminal_size=SIZES[0])


@pytest.mark.parametrize("candles", [False, True], ids=["line", "candles"])
def test_no_color(snap_compare: Snapshot, monkeypatch: pytest.MonkeyPatch, candles: bool) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = Alone(SHAPES["session"](), candles=candles, vwap=True)
    assert snap_compare(app, terminal_size=SIZES[0])


# --- what it says ---


class Measured(MinuteChart):
    """A chart of a size, without a screen."""

    extent = Size(64, 18)

    @property
    def size(self) -> Size:
        return self.extent

    def update_lines(self) -> None: ...


def chart(instrument: Instrument | None, width: int = 64, height: int = 18, **settings: object) -> Measured:
    made = Measured(STYLES)
    made.extent = Size(width, height)
    made.sync(set(), 0.0, True)
    for name, value in {"instrument": instrument, **settings}.items():
        setattr(made, name, value)
    return made


def rows(made: MinuteChart) -> list[str]:
    """The lines inside the frame."""
    return ["".join(segment.text for segment in line) for line in made.body(made.inner_width, made.inner_height)]


def title(made: MinuteChart) -> str:
    left, right = made.title()
    return "".join(segment.text for segment in left) + " | " + "".join(segment.text for segment in right)


def test_without_a_symbol_there_is_no_picture() -> None:
    assert (rows(chart(None)), title(chart(None, interval=DAY))) == ([], "day | ")


@pytest.mark.parametrize(
    ("refused", "words"),
    [
        ({}, "no minute bars yet"),
        ({"kline@1": "no"}, "no trades yet to build bars from"),
        ({"quote": "no"}, "refused"),
        ({"tick": OVER_LIMIT}, "over plan"),
    ],
)
def test_without_bars_the_reason_is_said(refused: dict[str, str], words: str) -> None:
    empty = instrument_of([])
    empty.refused = refused
    assert [row.strip() for row in rows(chart(empty)) if row.strip()] == [words]


def test_the_newest_bar_counts_the_trades_of_its_time() -> None:
    i = SHAPES["three"]()
    newest = i.bars.get(i.bars.latest)
    assert newest is not None
    i.set_last(newest.high + 1, newest.time + 30_000, 0.0)
    assert f"H {newest.high + 1:.2f} L {newest.low:.2f} C {newest.high + 1:.2f}" in title(chart(i, 90))
    i.set_last(newest.high + 2, newest.time + MINUTE, 0.0)
    assert f"H {newest.high:.2f} L {newest.low:.2f} C {newest.close:.2f}" in title(chart(i, 90))


def test_a_trade_older_than_the_newest_bar_does_not_change_it() -> None:
    i = SHAPES["three"]()
    newest = i.bars.get(i.bars.latest)
    assert newest is not None
    i.set_last(newest.high + 1, newest.time - 1, 0.0)
    assert f"H {newest.high:.2f} L {newest.low:.2f} C {newest.close:.2f}" in title(chart(i, 90))


def test_the_bar_in_progress_is_told_until_its_time_is_over() -> None:
    i = SHAPES["three"]()
    assert " 09:32… " in title(chart(i))
    assert " 09:32 " in title(chart(i, time=OPEN + 3 * MINUTE))
    i.tick_time = OPEN + 3 * MINUTE
    assert " 09:32 " in title(chart(i))


@pytest.mark.parametrize("interval", [1, 5])
@pytest.mark.parametrize("candles", [False, True])
def test_a_bar_in_which_the_link_was_away_is_drawn_faint_and_told(candles: bool, interval: int) -> None:
    i = SHAPES["session"]()
    faint = STYLES("faint")

    def faint_prices() -> int:
        made = chart(i, 180, candles=candles, interval=interval)
        lines = made.body(made.inner_width, made.inner_height)[:13]  # without volume and axis
        return sum(segment.style == faint and bool(segment.text.strip(" ┄┊")) for line in lines for segment in line)

    assert faint_prices() == 0
    i.bars.mark_incomplete(OPEN // MINUTE + 100)
    i.bars.mark_incomplete(OPEN // MINUTE + 500)  # a minute without a bar
    assert faint_prices() > 0
    made = chart(i, 180, interval=interval)
    while " 11:10" not in title(made):
        assert "incomplete" not in title(made)
        made.action_chart_left()
    assert "11:10 incomplete" in title(made)


def test_built_bars_stay_marked_at_any_width_and_under_the_crosshair() -> None:
    for width in (34, 42, 64, 140):
        made = chart(SHAPES["built"](), width)
        assert "built" in title(made)
        made.action_chart_left()
        assert "built" in title(made)


def test_stale_is_said_and_no_bar_is_in_progress() -> None:
    made = chart(SHAPES["session"]())
    made.sync(set(), 0.0, False)
    assert "stale 11:59 " in title(made)


@pytest.mark.parametrize("proven", [True, False])
def test_what_is_only_known_from_before_carries_its_date_at_any_width(proven: bool) -> None:
    i = Instrument(QQQ)
    i.bars.fill_from_cache(price_walk(OPEN, MORNING))
    for width in (34, 42, 64, 140):
        made = chart(i, width, time=OPEN + 3 * DAY * MINUTE)
        made.sync(set(), 0.0, proven)
        assert "Fri 11-20" in title(made) and "stale" not in title(made) and "…" not in title(made)
        made.action_chart_left()
        assert "Fri 11-20" in title(made)


def test_on_another_date_the_newest_bar_s_is_said() -> None:
    assert "11-20" not in title(chart(SHAPES["session"](), time=OPEN + 300 * MINUTE))
    assert "Fri 11-20" in title(chart(SHAPES["session"](), time=OPEN + DAY * MINUTE))


def test_what_the_first_bar_does_not_cover_is_said() -> None:
    made = chart(SHAPES["demo"](), 90, interval=60, vwap=True)
    assert "VWAP from 10:07" in title(made)
    for _ in range(9):
        made.action_chart_left()
    assert "from 10:07 O " in title(made)
    made = chart(SHAPES["session"](), 90, vwap=True)
    assert "VWAP | 11:59" in title(made)


def test_the_first_of_three_bars_stands_at_the_session_open_and_the_rest_is_empty() -> None:
    top, *middle, axis = rows(chart(SHAPES["three"](), height=9))  # too low for the lines of sessions
    assert axis.startswith("09:30")
    assert all(not row[3:40].strip(" ┄") for row in (top, *middle))
    assert top.endswith("512.10 ")


def test_the_lunch_break_is_one_thin_mark() -> None:
    drawn = rows(chart(SHAPES["lunch"]()))
    assert {row.count("│") for row in drawn[:-1]} == {1}
    assert len({row.index("│") for row in drawn[:-1]}) == 1


def test_a_previous_close_far_away_is_no_line_and_the_open_in_its_place_is_no_close() -> None:
    assert any("┈ prev close ┈" in row for row in rows(chart(SHAPES["session"]())))
    assert any("┄┄" in row for row in rows(chart(SHAPES["session"](), height=9)))
    far = instrument_of(price_walk(OPEN, MORNING), change=100.0)
    assert not any("┄" in row for row in rows(chart(far, height=9)))
    assert any("prev close 412.35" in row for row in rows(chart(far, width=100))), "it is told at the edge"
    opened = instrument_of(price_walk(OPEN, MORNING), change=None)
    assert opened.quote is not None
    opened.quote.open = 512.0
    assert not any("┄" in row or "prev close" in row for row in rows(chart(opened)))


def test_an_average_price_far_from_the_visible_bars_does_not_flatten_them() -> None:
    first, *rest = price_walk(OPEN, MORNING)
    heavy = structs.replace(first, open=300.0, high=300.0, low=300.0, close=300.0, volume=1e12)
    i = instrument_of([heavy, *rest])
    assert rows(chart(i, vwap=True)) == rows(chart(i))


def test_no_number_is_ever_cut() -> None:
    for width in range(4, 30):
        for row in rows(chart(SHAPES["huge"](), width))[:-1]:
            digits = row.split()[-1] if row.split() else ""
            assert not digits.replace(".", "").isdigit() or len(digits) == len("1236317.00")


# --- keys and mouse ---


def under(made: MinuteChart) -> str:
    """The time under the crosshair, from the axis."""
    *_, axis = made.body(made.inner_width, made.inner_height)
    return "".join(segment.text.strip() for segment in axis if segment.style == STYLES("accent", bold=True))


def test_the_crosshair_begins_at_the_newest_bar_and_goes_no_further() -> None:
    made = chart(SHAPES["session"]())
    assert not made.has_crosshair
    seen = []
    for action in ("left", "left", "left", "right", "right", "right"):
        getattr(made, f"action_chart_{action}")()
        seen.append(under(made))
    assert seen == ["11:59", "11:58", "11:57", "11:58", "11:59", "11:59"]
    assert made.has_crosshair
    made.leave_crosshair()
    assert not made.has_crosshair
    assert under(made) == ""


def test_a_gap_under_the_crosshair_is_said() -> None:
    made = chart(instrument_of(price_walk(OPEN, [0, 2])))
    made.action_chart_left()
    made.action_chart_left()
    assert title(made).endswith("09:31 no bar")


def test_the_view_follows_the_crosshair_and_end_returns() -> None:
    made = chart(SHAPES["days"]())
    for _ in range(150):
        made.action_chart_left()
    assert under(made) == "10:20"
    assert "10:20 " in title(made)
    made.leave_crosshair()
    assert "until" in title(made)
    made.action_chart_live()
    assert "until" not in title(made)
    assert title(made) == title(chart(SHAPES["days"]()))


def test_a_view_moved_on_to_the_newest_bar_follows_it_again() -> None:
    i = SHAPES["days"]()
    made = chart(i)
    for _ in range(150):
        made.action_chart_left()
    for _ in range(149):
        made.action_chart_right()
    made.leave_crosshair()
    for bar in price_walk(OPEN, range(200, 260)):
        i.bars.update(bar)
    assert "until" not in title(made)
    assert rows(made) == rows(chart(i))


@pytest.mark.parametrize(("width", "candles"), [(42, False), (64, False), (140, False), (42, True), (64, True)])
def test_an_hour_back_is_two_keys(width: int, candles: bool) -> None:
    made = chart(SHAPES["days"](), width, candles=candles)
    made.action_chart_pan_left()
    made.action_chart_pan_left()
    until = title(made).split(" until ")[1].split()[0]
    assert "09:30" < until <= "11:49" or width == 140, "the newest is 12:49"


def test_an_earlier_view_tells_its_last_bar_and_has_the_last_price_apart() -> None:
    i = SHAPES["days"]()
    made = chart(i, 64, 18)
    made.action_chart_pan_left()
    visible = made._visible(made.inner_width)
    assert visible is not None and i.last is not None
    bar = bar_of(i, visible, made._options, visible.view.stop - 1)
    assert bar is not None and bar.close != i.last
    assert title(made).startswith("QQQ$US 1 min | until 11:49 ") and f"C{bar.close:.2f}" in title(made)
    labels = [row[-9:].strip() for row in rows(made)]
    assert labels[-3:] == ["now", f"{i.last:.2f}", "ET"]
    assert f"{bar.close:.2f}" in labels[:-3] and f"{i.last:.2f}" not in labels[:-3]
    made.action_chart_live()
    labels = [row[-9:].strip() for row in rows(made)]
    assert "now" not in labels and f"{i.last:.2f}" in labels[:-3]


def test_an_earlier_view_has_a_price_at_any_width_of_two_panes_side_by_side() -> None:
    for width in range(36, 90):
        made = chart(SHAPES["days"](), width, 18)
        made.action_chart_pan_left()
        assert re.search(r"until \d\d:\d\d .*C ?\d+\.\d\d", title(made)), (width, title(made))


def test_a_time_is_gone_to() -> None:
    made = chart(SHAPES["days"]())
    for text in ("10:20", "11-18 12:00", "12:45"):
        made.go_to(made.find_moment(text))
        assert under(made) == text[-5:] and f"{text} " in title(made)
    made.action_chart_live()
    assert under(made) == "" and "until" not in title(made)
    with pytest.raises(UsageError, match="there are no bars yet"):
        chart(instrument_of([])).find_moment("10:20")


def test_a_few_days_stand_at_the_right_and_nothing_is_pointed_at_left_of_them() -> None:
    made = chart(SHAPES["session"](), interval=DAY, candles=True)
    drawn = rows(made)
    assert not any(row[:40].strip() for row in drawn) and drawn[-1].rstrip("ET ").endswith("11-20")
    made._point(20, 5)
    assert under(made) == ""
    made._point(52, 5)
    assert under(made) == "11-20"


def test_a_very_short_chart_has_no_volume() -> None:
    blocks = set("▁▂▃▄▅▆▇█")
    assert not blocks & set("".join(rows(chart(SHAPES["session"](), 42, 7))))
    assert blocks & set("".join(rows(chart(SHAPES["session"](), 42, 8))))


def test_panning_ends_at_the_first_bar_and_at_the_newest() -> None:
    made = chart(SHAPES["days"](), interval=15)
    before = rows(made)
    for _ in range(20):
        made.action_chart_pan_left()
    first = rows(made)
    assert first[-1].startswith("09:30") or "10:00" in first[-1][:16]
    made.action_chart_pan_left()
    assert rows(made) == first
    for _ in range(20):
        made.action_chart_pan_right()
    assert rows(made) == before and "until" not in title(made)


def test_what_is_shown_stays_while_new_bars_come() -> None:
    i = SHAPES["days"]()
    made = chart(i)
    made.action_chart_pan_left()
    axis = rows(made)[-1]
    for minute in range(200, 210):
        for bar in price_walk(OPEN, [minute]):
            i.bars.update(bar)
    assert rows(made)[-1] == axis


def test_zoom_has_bounds_and_an_interval_its_own() -> None:
    made = chart(SHAPES["session"]())
    widths = []
    for action in ("out", "in", "in", "in", "out", "in"):
        getattr(made, f"action_chart_{action}")()
        widths.append(rows(made)[-1].split()[0])
    assert widths == ["10:30", "11:10", "11:35", "11:35", "11:10", "11:35"]
    made.longer()
    made.shorter()
    assert rows(made) == rows(chart(SHAPES["session"]()))


def test_intervals_have_a_first_and_a_last() -> None:
    made = chart(SHAPES["session"]())
    seen = [made.interval]
    for _ in range(7):
        made.longer()
        seen.append(made.interval)
    assert seen == [1, 5, 15, 30, 60, DAY, DAY, DAY]
    for _ in range(7):
        made.shorter()
    assert made.interval == 1


def test_another_symbol_is_shown_live() -> None:
    made = chart(SHAPES["days"]())
    made.action_chart_pan_left()
    made.action_chart_left()
    made.instrument = SHAPES["session"]()
    assert title(made) == title(chart(SHAPES["session"]()))


async def test_keys_act_in_the_pane_and_the_mouse_points() -> None:
    app = Alone(SHAPES["session"]())
    async with app.run_test(size=(64, 18)) as pilot:
        made = app.chart
        await pilot.press("left", "left")
        assert under(made) == "11:58"
        await pilot.hover(made, offset=(10, 5))  # what was put by a key stays
        assert under(made) == "11:58"
        await pilot.click(made, offset=(52, 5))
        assert under(made) == "11:57"
        await pilot.click(made, offset=(60, 5))
        assert under(made) == ""
        await pilot.hover(made, offset=(51, 5))
        assert under(made) == "11:55"
        await pilot.hover(made, offset=(60, 5))
        assert under(made) == ""
        await pilot.hover(made, offset=(51, 5))
        made.post_message(Leave(made))
        await pilot.pause()
        assert under(made) == "", "it goes with the mouse"
        await pilot.click(made, offset=(52, 5))
        made.post_message(Leave(made))
        await pilot.pause()
        assert under(made) == "11:57", "it was put there by a click"


# --- work ---


async def test_a_new_price_repaints_only_the_lines_it_changes() -> None:
    i = SHAPES["session"]()
    app = Alone(i)
    async with app.run_test(size=(64, 18)) as pilot:
        await pilot.pause()
        painted: list[int] = []
        original = app.chart.render_line
        app.chart.render_line = lambda y: painted.append(y) or original(y)  # type: ignore[func-returns-value,method-assign]
        app.chart.sync({i}, 1.0, True)
        await pilot.pause()
        assert painted == []
        assert i.last is not None
        i.set_last(round(i.last + 0.01, 2), i.last_time + 1, 1.0)
        app.chart.sync({i}, 1.0, True)
        await pilot.pause()
        assert 0 < len(set(painted)) <= 4
        assert 0 in painted


async def test_a_bar_that_is_over_loses_its_mark_by_the_clock_alone() -> None:
    app = Alone(SHAPES["three"]())
    async with app.run_test(size=(64, 18)):
        assert "09:32…" in app.chart.render_line(0).text
        app.chart.time = float(OPEN + 3 * MINUTE - 1)
        assert "09:32…" in app.chart.render_line(0).text
        app.chart.time = float(OPEN + 3 * MINUTE)
        assert "09:32 " in app.chart.render_line(0).text


# --- any input ---

anything = st.floats(0, 1.7e308) | st.floats(0, 1e6) | st.sampled_from([0.0, 1e-9, 1.0])


@given(
    st.lists(st.tuples(st.integers(0, 3000), anything, anything, anything, anything, anything), max_size=30),
    st.fixed_dictionaries(
        {
            "interval": st.sampled_from(INTERVALS),
            "candles": st.booleans(),
            "vwap": st.booleans(),
        }
    ),
    st.integers(4, 90),
    st.integers(3, 30),
    st.lists(st.sampled_from(["left", "right", "pan_left", "pan_right", "in", "out", "live"]), max_size=8),
    anything,
    st.sampled_from([QQQ, FUND]),
    st.booleans(),
)
def test_drawing_never_raises_and_never_overflows(
    bars: list[tuple[int, float, float, float, float, float]],
    chosen: dict[str, object],
    width: int,
    height: int,
    actions: list[str],
    last: float,
    symbol: Symbol,
    demo: bool,
) -> None:
    i = instrument_of(
        [
            Kline(symbol="", open=a, high=b, low=c, close=d, volume=v, time=HK_OPEN + minute * MINUTE)
            for minute, a, b, c, d, v in bars
        ],
        symbol,
        demo=demo,
    )
    i.set_last(last, HK_OPEN + 3000 * MINUTE, 0.0)
    made = chart(i, width, height, **chosen)
    for action in ["", *actions]:
        if action:
            getattr(made, f"action_chart_{action}")()
        made.title()
        drawn = rows(made)
        assert len(drawn) <= made.inner_height
        assert all(len(row) == made.inner_width for row in drawn) or not len(i.bars)


def test_prices_have_the_decimals_of_the_tick_where_no_other_pane_is_shown() -> None:
    i = Instrument(CHINA)
    for minute in range(3):
        time = OPEN + minute * MINUTE
        i.bars.update(Kline(symbol="510300", region="SH", open=1.05, high=1.06, low=1.04, close=1.05, time=time))
    assert "O 1.050 H 1.060 L 1.040 C 1.050" in title(chart(i, 90))
    assert any("1.050" in row for row in rows(chart(i, 90)))
