"""Symbols compared in the chart: the picture, the legend and what they are measured from."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from textual.geometry import Size

from tests.support.charts import FUND, Alone, instrument_of
from tests.support.price_walks import DAYS, HK_OPEN, OPEN, price_walk
from tui.config.themes import DEFAULT_THEME, find_theme
from tui.market import Instrument
from tui.market.bars import MINUTE
from tui.market.comparison import Anchor
from tui.market.session_axis import DAY
from tui.protocol.messages import Kline, Quote
from tui.symbol import Symbol
from tui.widgets.chart.chart import MinuteChart
from tui.widgets.chart.comparison import ComparisonPlot, legend_width
from tui.widgets.styles import Styles

Snapshot = Callable[..., bool]
STYLES = Styles(find_theme(DEFAULT_THEME))
CODES = ("QQQ", "SPY", "TLT", "GLD", "EEM", "SMH")


def us(code: str, bars: Sequence[Kline]) -> Instrument:
    return instrument_of(bars, Symbol(code, "US"))


def straight(*closes: float | None, start: int = OPEN) -> list[Kline]:
    """Returns a bar a minute at these prices, none where that is None."""
    return [
        Kline(symbol="", open=price, high=price, low=price, close=price, time=start + n * MINUTE, volume=100.0)
        for n, price in enumerate(closes)
        if price is not None
    ]


def six() -> tuple[Instrument, ...]:
    walks = [price_walk(OPEN, range(0 if n != 4 else 60, 200), 100.0 * (n + 1), 0.05 * (n + 1), n) for n in range(6)]
    return tuple(us(code, bars) for code, bars in zip(CODES, walks, strict=True))


class Sized(MinuteChart):
    """A chart of a size, without a screen."""

    extent = Size(80, 18)

    @property
    def size(self) -> Size:
        return self.extent

    def update_lines(self) -> None: ...


def compared(*shown: Instrument, live: bool = True, **settings: object) -> Sized:
    made = Sized(STYLES)
    made.sync(set(), 0.0, live)
    made.offer(shown)
    made.compare([i.symbol for i in shown])
    for name, value in settings.items():
        setattr(made, name, value)
    return made


def rows(made: MinuteChart) -> list[str]:
    return ["".join(segment.text for segment in line) for line in made.body(made.inner_width, made.inner_height)]


def legend(made: MinuteChart) -> dict[str, str]:
    """The value of each symbol."""
    entries = (row[made.inner_width - 17 :].split() for row in rows(made))
    return {entry[-2]: entry[-1] for entry in entries if entry and entry[-1].endswith(("%", "—", "?"))}


def title(made: MinuteChart) -> str:
    left, right = made.title()
    return "".join(segment.text for segment in left) + " | " + "".join(segment.text for segment in right)


# --- pictures ---


class Compared(Alone):
    """Shows one comparison."""

    def on_mount(self) -> None:
        shown = six()
        self.chart.offer(shown)
        self.chart.compare([i.symbol for i in shown])
        super().on_mount()


@pytest.mark.parametrize("size", [(64, 18), (42, 12), (140, 36), (40, 8)])
@pytest.mark.parametrize("theme", [DEFAULT_THEME, "daylight"])
def test_six_lines(snap_compare: Snapshot, size: tuple[int, int], theme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLORTERM", "truecolor")
    app = Compared(six()[0], theme=theme)
    assert snap_compare(app, press=["left"] * (20 * (size == (64, 18))), terminal_size=size)


@pytest.mark.parametrize("size", [(64, 18)])
def test_without_colours(snap_compare: Snapshot, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(Compared(six()[0]), terminal_size=size)


def test_each_line_has_its_number_in_the_picture_and_in_the_legend() -> None:
    made = compared(*six())
    made.extent = Size(120, 30)
    picture = [row[: -17 - 2] for row in rows(made)[:-1]]
    for n in "123456":
        assert any(n in row for row in picture), f"line {n} cannot be told apart without colours"
    assert set(legend(made)) == {"QQQ", "SPY", "TLT", "GLD", "EEM*", "SMH"}


def test_no_two_symbols_share_a_row_of_the_legend_in_a_low_chart() -> None:
    flat = [us(code, straight(*[100.0] * 30)) for code in CODES]
    made = compared(*flat)
    made.extent = Size(60, 8)
    assert list(legend(made).values()) == ["0.00%"] * 6


# --- values ---


def test_without_a_crosshair_the_legend_tells_the_last_prices() -> None:
    one, other = us("QQQ", straight(100.0, 101.0, 102.0)), us("SPY", straight(50.0, 50.0, 49.5))
    made = compared(one, other)
    assert legend(made) == {"QQQ": "+2.00%", "SPY": "-1.00%"}
    one.set_last(103.0, one.last_time + 1, 1.0)
    assert legend(made)["QQQ"] == "+3.00%"


def test_the_legend_tells_the_values_under_the_crosshair_and_no_value_for_a_minute_without_a_bar() -> None:
    made = compared(us("QQQ", straight(100.0, 101.0, 102.0)), us("SPY", straight(50.0, None, 49.5)))
    made.action_chart_left()
    made.action_chart_left()
    assert legend(made) == {"QQQ": "+1.00%", "SPY": "—"}
    assert title(made) == "Compare 1 min · from 09:30 | 09:31"


def test_earlier_bars_have_the_values_of_the_last_one_in_view() -> None:
    made = compared(us("QQQ", price_walk(OPEN, range(300))), us("SPY", price_walk(OPEN, range(300), seed=9)))
    before = legend(made)
    made.action_chart_pan_left()
    assert legend(made) != before and "until " in title(made)


def test_a_symbol_that_begins_later_starts_at_the_mean_of_the_others_and_is_marked() -> None:
    made = compared(us("QQQ", straight(100.0, 102.0, 104.0)), us("SPY", straight(None, 50.0, 50.5)))
    assert legend(made) == {"QQQ": "+4.00%", "SPY*": "+3.02%"}


def test_a_symbol_without_a_bar_in_the_first_minute_in_view_is_measured_from_its_price_then() -> None:
    early, thin = us("QQQ", price_walk(OPEN, range(300))), us("SPY", straight(50.0, *[None] * 298, 51.0))
    made = compared(early, thin)
    assert "09:30" not in title(made), "its bar is out of view"
    assert legend(made)["SPY"] == "+2.00%"


def test_the_anchor_is_the_open_or_the_previous_close_and_the_title_says_so() -> None:
    one, other = us("QQQ", straight(100.0, 101.0, 102.0)), us("SPY", straight(50.0, 50.0, 49.5))
    made = compared(one, other, compared_from=Anchor.CLOSE)
    assert legend(made) == {"QQQ": "+0.99%", "SPY": "+2.06%"} and "from previous close" in title(made)
    made.compared_from = Anchor.OPEN
    assert "no open known" in "".join(rows(made))
    for i, price in ((one, 102.0), (other, 49.5)):
        i.quote_time = i.last_time
        i.quote = Quote(symbol=str(i.symbol), last=price, open=price / 2, time=i.last_time)
    assert legend(made) == {"QQQ": "+100.00%", "SPY": "+100.00%"} and "from the open" in title(made)


def test_the_line_of_zero_is_left_out_where_it_would_flatten_the_others() -> None:
    one, other = (us(code, price_walk(OPEN, range(60), 500.0, seed=n)) for n, code in enumerate(("QQQ", "SPY")))
    made = compared(one, other)
    assert any("┄" in row for row in rows(made))
    for i in (one, other):
        i.quote_time = i.last_time
        i.quote = Quote(symbol=str(i.symbol), last=i.last or 0.0, open=250.0, time=i.last_time)
    made.compared_from = Anchor.OPEN
    assert not any("┄" in row for row in rows(made))


def test_nothing_is_invented_for_a_symbol_that_was_likely_split(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = us("QQQ", straight(100.0, 101.0)), us("SPY", straight(50.0, 10.0))
    monkeypatch.setattr(Instrument, "suspects_split", property(lambda i: i is other))
    made = compared(one, other)
    assert legend(made) == {"QQQ": "+1.00%", "SPY": "split?"}


def test_symbols_of_two_exchanges_are_compared_over_the_hours_of_both() -> None:
    chinese = instrument_of(price_walk(HK_OPEN, range(60), 25.0, 0.02), FUND)
    american = us("SPY", price_walk(OPEN, range(60)))
    made = compared(chinese, american, interval=60)
    assert set(legend(made)) == {"2800", "SPY*"}


def test_days_of_two_exchanges_are_compared_by_their_dates() -> None:
    days = [bar for day in DAYS for bar in price_walk(day, range(300), 500.0)]
    asian = [bar for n in range(4) for bar in price_walk(HK_OPEN - n * 1440 * MINUTE, range(100), 25.0, 0.02)]
    made = compared(us("SPY", days), instrument_of(sorted(asian, key=lambda bar: bar.time), FUND), interval=DAY)
    made.action_chart_left()
    made.action_chart_left()
    assert all(value.endswith("%") for value in legend(made).values()) and len(legend(made)) == 2


# --- truth ---


def roles(made: MinuteChart) -> set[object]:
    """The styles of the legend's values."""
    body = made.body(made.inner_width, made.inner_height)
    return {segment.style for line in body for segment in line if segment.text.endswith("%")}


def test_no_value_looks_live_while_the_link_is_not() -> None:
    shown = us("QQQ", straight(100.0, 101.0)), us("SPY", straight(50.0, 50.0))
    assert roles(compared(*shown)) == {STYLES("text", bold=True)}
    stale = compared(*shown, live=False)
    assert roles(stale) == {STYLES("muted")} and title(stale).endswith("| stale ")
    assert roles(compared(*shown, standing=True)) == {STYLES("muted")}, "a replay that stands"


def test_a_symbol_whose_price_is_not_told_any_more_is_not_live_while_the_others_are() -> None:
    one, other = us("QQQ", straight(100.0, 101.0)), us("SPY", straight(50.0, 50.0))
    other.ages.silent = {"tick": 1.0, "quote": 1.0}
    assert roles(compared(one, other)) == {STYLES("text", bold=True), STYLES("muted")}
    other.ages.silent = {}
    other.closed_by_plan = True
    assert roles(compared(one, other)) == {STYLES("text", bold=True), STYLES("muted")}


def test_a_line_is_faint_where_the_link_was_away() -> None:
    shown = us("QQQ", price_walk(OPEN, range(60))), us("SPY", price_walk(OPEN, range(60), seed=4))
    made = compared(*shown)

    def faint() -> int:
        body = made.body(made.inner_width, made.inner_height)[:-1]
        return sum(segment.style == STYLES("faint") for line in body for segment in line)

    assert faint() == 0
    shown[0].bars.mark_incomplete(OPEN // MINUTE + 20)
    assert faint() > 0


def test_the_axis_goes_on_where_only_one_of_the_symbols_trades() -> None:
    quiet, busy = us("QQQ", straight(100.0, 101.0)), us("SPY", straight(50.0, 50.0, 50.0, 51.0))
    made = compared(quiet, busy)
    made.action_chart_left()
    assert title(made).endswith("| 09:33") and legend(made) == {"QQQ": "—", "SPY": "+2.00%"}


# --- work ---


def test_a_trade_that_moves_no_dot_draws_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[ComparisonPlot] = []
    lines = ComparisonPlot.lines

    def counted(plot: ComparisonPlot) -> object:
        drawn.append(plot)
        return lines(plot)

    monkeypatch.setattr(ComparisonPlot, "lines", counted)
    one, other = us("QQQ", price_walk(OPEN, range(60))), us("SPY", price_walk(OPEN, range(60), seed=8))
    made = compared(one, other)
    rows(made)
    assert one.last is not None
    one.set_last(one.last + 1e-9, one.last_time + 1, 0.0)
    rows(made)
    assert len(drawn) == 1
    one.set_last(one.last * 1.01, one.last_time + 1, 0.0)
    rows(made)
    assert len(drawn) == 2


def test_the_first_symbol_may_have_no_bars_yet() -> None:
    made = compared(us("NEW", []), us("QQQ", straight(100.0, 101.0, 102.0)))
    assert legend(made) == {"NEW": "—", "QQQ": "+2.00%"}
    assert title(made).startswith("Compare 1 min · from 09:30"), "no date of bars that are not there"
    unknown = next(line for line in made.body(made.inner_width, made.inner_height) if line[-1].text == "—")
    assert unknown[-1].style == STYLES("muted"), "what is not known is not live"


def test_the_time_axis_names_its_clock_and_no_number_stands_next_to_the_legend() -> None:
    made = compared(*six())
    drawn = rows(made)
    width = made.inner_width - legend_width(made.compared)
    assert drawn[-1][:width].endswith(" ET")
    assert not any(sign.isdigit() for row in drawn for sign in row[width - 3 : width])
