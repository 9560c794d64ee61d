"""What was traded, beside the bars of a chart: the profile at its right edge, the cumulative delta under it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from random import Random

import pytest

from tests.support.charts import CHINA, QQQ, Alone, instrument_of
from tests.support.price_walks import DAYS, OPEN, at, price_walk
from tui.config.glyphs import GlyphSet
from tui.market import Instrument
from tui.market.bars import MINUTE
from tui.market.volume_at_price import VolumeAtPrice
from tui.protocol.messages import OVER_LIMIT, Kline, Tick
from tui.symbol import Symbol
from tui.terminal.glyphs import translate
from tui.widgets.volume_words import delta_text

Snapshot = Callable[..., bool]
MINUTES = 120
SINCE = 60  # the minute of the first trade
SIZES = [(64, 18), (42, 12), (140, 36)]


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLORTERM", "truecolor")
    yield


def traded(
    bars: list[Kline] | None = None, symbol: Symbol = QQQ, *, told: bool = False, first: int = SINCE
) -> Instrument:
    """With trades of random sizes along the bars, from minute `first` on, three to a minute."""
    bars = price_walk(OPEN, range(MINUTES)) if bars is None else bars
    i, random = instrument_of(bars, symbol), Random(5)
    for n, bar in enumerate(bar for bar in bars[first:] for _ in range(3)):
        i.tick_time = bar.time + 1_000 + 15_000 * (n % 3)
        price = (bar.open, bar.high, bar.close)[n % 3]
        size, side = float(random.randint(1, 30) * 100), random.choice((1, 2)) if told else None
        i.add_trade(Tick(symbol=str(symbol), last=price, time=i.tick_time, volume=size, side=side), 0.0)
    _ = i.tape  # the pending trades become part of it
    return i


class Traded(Alone):
    def __init__(self, instrument: Instrument, **settings: int) -> None:
        super().__init__(instrument, **({"volume_at_price": True} | settings))  # type: ignore[arg-type]

    @property
    def lines(self) -> list[str]:
        return ["".join(piece.text for piece in line) for line in self.chart._drawn]

    @property
    def body(self) -> list[str]:
        return [line[1:-1] for line in self.lines[1:-1]]


# --- pictures ---


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("candles", [False, True], ids=["line", "candles"])
def test_as_a_picture(snap_compare: Snapshot, size: tuple[int, int], candles: bool) -> None:
    assert snap_compare(Traded(traded(), candles=candles), terminal_size=size)


@pytest.mark.parametrize("theme", ["amber", "harbor", "daylight"])
def test_themes(snap_compare: Snapshot, theme: str) -> None:
    app = Traded(traded(), theme=theme)  # type: ignore[arg-type]
    assert snap_compare(app, terminal_size=SIZES[0])


def test_no_color(snap_compare: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(Traded(traded()), terminal_size=SIZES[0])


def test_stale(snap_compare: Snapshot) -> None:
    assert snap_compare(Traded(traded(), proven=False), terminal_size=SIZES[0])


def test_without_trades_the_room_is_kept(snap_compare: Snapshot) -> None:
    assert snap_compare(Traded(instrument_of(price_walk(OPEN, range(MINUTES)))), terminal_size=SIZES[0])


# --- the profile ---

FEW = ((512.00, 100), (512.04, 900), (512.12, 300), (512.40, 50))


def with_few(*trades: tuple[float, float]) -> Instrument:
    """Bars from 512.00 to 512.40, and trades at a few prices."""
    bars = [
        Kline(symbol="", open=512.1, high=512.4, low=512.0, close=512.2, time=OPEN + n * MINUTE, volume=9.0)
        for n in range(5)
    ]
    i = instrument_of(bars)
    i.tape.sizes.cumulative = False
    i.tape.add(Tick(symbol="QQQ$US", last=512.2, time=OPEN, volume=1.0, side=2), None, None)
    i.tape.sizes.cumulative = False
    for n, (price, size) in enumerate(trades):
        i.tape.add(Tick(symbol="QQQ$US", last=price, time=OPEN + 1_000 + n, volume=size, side=2), None, None)
    return i


def bars_of(app: Traded) -> list[str]:
    """The profile's part of each line: a fifth of the pane, before the labels of nine cells."""
    cells = app.chart.inner_width // 5
    return [line[-9 - cells : -9] for line in app.body]


async def test_the_bars_are_as_long_as_what_was_traded_in_each_row() -> None:
    app = Traded(with_few(*FEW))
    async with app.run_test(size=(62, 18)):
        rows = 16 - 1 - 2 - 1  # the axis, two of the delta, one of the volume
        strips = bars_of(app)[:rows]
        of_price = {price: round((512.4 - price) / 0.4 * (4 * rows - 1)) // 4 for price, _ in FEW}
        assert [y for y, strip in enumerate(strips) if "▸" in strip] == [of_price[512.04]]
        cells = {y: sum(map(" ▏▎▍▌▋▊▉█".index, strip[2:])) / 8 for y, strip in enumerate(strips)}
        assert [y for y, filled in cells.items() if filled] == sorted(set(of_price.values()))
        assert cells[of_price[512.04]] == 10
        assert cells[of_price[512.12]] == pytest.approx(10 / 3, abs=0.2)
        assert cells[of_price[512.4]] == pytest.approx(5 / 9, abs=0.2)


async def test_the_value_area_has_a_bracket() -> None:
    app = Traded(with_few((512.0, 100), (512.1, 300), (512.2, 500), (512.3, 300), (512.4, 100)))
    async with app.run_test(size=(62, 22)):
        signs = "".join(strip[1] for strip in bars_of(app))
        assert re.fullmatch(" +┌│+▸│+└ +", signs)
        assert (signs.index("┌"), signs.index("└")) == tuple(round(share * (4 * 14 - 1)) // 4 for share in (0.25, 0.75))


async def test_a_value_area_of_one_row_has_one_sign() -> None:
    app = Traded(with_few((512.05, 900), (512.4, 10)))
    async with app.run_test(size=(62, 18)):
        assert "".join(strip[1] for strip in bars_of(app)).split() == ["▸"]


@pytest.mark.parametrize(("width", "has_profile"), [(38, True), (37, False)])
async def test_a_narrow_chart_has_no_profile_but_says_what_it_comes_to(width: int, has_profile: bool) -> None:
    app = Traded(traded(told=True))
    async with app.run_test(size=(width, 18)):
        assert ("▸" in "".join(app.body)) is has_profile
        assert re.search(r"POC \d+\.\d\d since 10:30", app.lines[-1])


# --- the delta ---


async def test_the_delta_is_a_line_with_its_value_of_the_crosshair_s_minute() -> None:
    app = Traded(traded(told=True))
    async with app.run_test(size=(100, 24)) as pilot:
        delta = app.chart.instrument.tape.cumulative_delta  # type: ignore[union-attr]
        labels = [line[-9:].strip() for line in app.body[-4:-1]]
        assert labels[0] == "delta"
        assert labels[1] == delta_text(delta.newest)
        await pilot.press(*["left"] * 11)
        value = delta.until(OPEN + (MINUTES - 10) * MINUTE)
        assert value is not None and value != delta.newest
        assert app.body[-3][-9:].strip() == delta_text(value)
        await pilot.press(*["left"] * 60)
        assert app.body[-3][-9:].strip() == "—", "no trade was seen yet"


async def test_it_begins_with_the_first_trade_seen() -> None:
    app = Traded(traded(told=True))
    async with app.run_test(size=(120, 24)):
        drawn = [line[: 120 - 2 - 9 - 20] for line in app.body[-4:-1]]
        first = min(n for line in drawn for n, sign in enumerate(line) if sign not in " ┊┄")
        assert first == SINCE // 2, "two minutes a cell"
        assert "since 10:30" in app.lines[-1]


async def test_inferred_sides_are_marked() -> None:
    app = Traded(traded())
    async with app.run_test(size=(100, 24)):
        assert app.body[-4][-9:].strip() == "~delta"
        assert "~delta" in app.lines[-1]


async def test_what_was_missed_is_told_and_drawn_faint() -> None:
    i = traded(told=True)
    i.tape.sizes.gap = 2_500.0
    i.bars.mark_incomplete(OPEN // MINUTE + 100)
    app = Traded(i)
    async with app.run_test(size=(100, 24)):
        assert app.lines[-1].rstrip("─╯ ").endswith("since 10:30, 2,500 missed")
        faint = app.chart.theme_styles("faint")
        drawn = [piece.text.strip() for line in app.chart._drawn[-5:-2] for piece in line if piece.style is faint]
        assert "".join(drawn) not in ("", "ET")


async def test_what_was_missed_may_be_unknown() -> None:
    i = traded(told=True)
    i.tape.reconnected()
    app = Traded(i)
    async with app.run_test(size=(100, 24)):
        assert app.lines[-1].rstrip("─╯ ").endswith("since 10:30, some missed")


async def test_trades_that_are_refused_are_not_waited_for() -> None:
    i = instrument_of(price_walk(OPEN, range(MINUTES)))
    app = Traded(i)
    async with app.run_test(size=(100, 24)):
        assert "no sizes of trades known yet" in app.lines[-1]
        i.refuse("tick", OVER_LIMIT)
        app.chart.sync({i}, 1.0, True)
        assert "no sizes" not in app.lines[-1] and "trades" in app.lines[-1]


async def test_a_date_without_a_trade_has_no_delta_of_the_one_before() -> None:
    i = traded(price_walk(DAYS[2], range(MINUTES)), told=True)
    for bar in price_walk(OPEN, range(30)):
        i.bars.update(bar)
    app = Traded(i)
    async with app.run_test(size=(140, 24)):
        delta = app.body[-4:-1]
        assert delta[1][-9:].strip() == "—"
        begins = next(line.index("┊") for line in app.body if "┊" in line)
        assert not re.search("[⠁-⣿]", "".join(line[begins : begins + 20] for line in delta))
        assert re.search("[⠁-⣿]", "".join(line[:begins] for line in delta))


async def test_where_prices_are_taken_together_the_words_say_by_how_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.market.volume_at_price.MAX_PRICES", 5)
    app = Traded(traded(told=True))
    async with app.run_test(size=(120, 24)):
        assert app.lines[-1].rstrip("─╯ ").endswith("since 10:30, by 1")


async def test_trades_of_another_date_carry_it() -> None:
    i = traded(told=True)
    i.session = i.calendar.at(at("2026-11-21 12:00"))
    app = Traded(i)
    async with app.run_test(size=(120, 24)):
        assert "since 11-20 10:30" in app.lines[-1]


async def test_a_low_chart_has_no_delta() -> None:
    app = Traded(traded(told=True))
    async with app.run_test(size=(62, 10)):
        assert not any("delta" in line for line in app.body)


# --- what it does not touch ---


async def test_a_comparison_and_the_premium_are_as_without() -> None:
    app = Traded(traded(told=True))
    async with app.run_test(size=(100, 24)) as pilot:
        other = instrument_of(price_walk(OPEN, range(MINUTES), 4.1, 0.001), CHINA)
        for settings in ({"compared": (app.chart.instrument, other)}, {"compared": (), "premium": True}):
            drawn = []
            for shown in (True, False):
                for name, value in {**settings, "volume_at_price": shown}.items():
                    setattr(app.chart, name, value)
                await pilot.pause()
                drawn.append(list(app.lines))
            assert drawn[0] == drawn[1]


async def test_panned_the_last_price_stands_above_the_delta() -> None:
    app = Traded(traded(told=True))
    async with app.run_test(size=(62, 24)) as pilot:
        await pilot.press("shift+left")
        labels = [line[-9:].strip() for line in app.body]
        at = labels.index("delta")
        assert labels[at - 2] == "now"
        assert re.fullmatch(r"\d+\.\d\d", labels[at - 1])


async def test_it_is_drawn_again_only_when_a_trade_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    i, drawn = traded(told=True), list[int]()
    app, profile = Traded(i), VolumeAtPrice.profile

    def counted(self: VolumeAtPrice, low: float, high: float, rows: int, tick: float) -> list[float]:
        drawn.append(rows)
        return profile(self, low, high, rows, tick)

    monkeypatch.setattr(VolumeAtPrice, "profile", counted)
    async with app.run_test(size=(100, 24)):
        drawn.clear()
        app.chart.sync({i}, 1.0, True)
        assert not drawn
        i.tape.add(Tick(symbol="QQQ$US", last=512.0, time=i.tick_time + 1, volume=5.0, side=1), None, None)
        app.chart.sync({i}, 2.0, True)
        assert len(drawn) == 1


def test_its_signs_are_in_every_glyph_set() -> None:
    sets: tuple[GlyphSet, ...] = ("wide-safe", "ascii")
    for glyphs in sets:
        assert "?" not in translate("┌│└▸┄▏▎▍▌▋▊▉█~", glyphs)
