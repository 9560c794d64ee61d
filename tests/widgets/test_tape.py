"""The tape as a picture in every shape trades come in, and how it stands still."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.events import MouseScrollDown, MouseScrollUp
from textual.pilot import Pilot

from tests.support.messages import QQQ, depth
from tui.config.key_table import KEYS
from tui.config.themes import DEFAULT_THEME, find_theme
from tui.market import Instrument, Market
from tui.market.trade_filter import TradeFilter
from tui.protocol.messages import OVER_LIMIT, Tick
from tui.symbol import Symbol
from tui.widgets.styles import Styles
from tui.widgets.tape import TradeTape

Snapshot = Callable[..., bool]
AT = 1_795_386_727_412  # 2026-11-22 17:32:07.412 in New York
SIZES = [(80, 30), (48, 14), (24, 8)]


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLORTERM", "truecolor")
    yield


class Trading:
    """One symbol whose feed tells each trade's own size, and what comes of it."""

    def __init__(self, symbol: Symbol = QQQ) -> None:
        self.market = Market()
        self.market.wall_base = AT
        self.market.follow([symbol])
        self.instrument: Instrument = self.market.instruments[symbol]
        self.time = AT
        self.seconds = 0.0

    def book(self, bid: float, ask: float) -> None:
        self.market.apply(depth([(ask, 100)], [(bid, 100)], str(self.instrument.symbol)), self.seconds)

    def trade(self, price: float, size: float | None = 100, *, after: int = 1_500, side: int | None = None) -> None:
        """A trade so many ms after the one before."""
        self.time += after
        self.seconds += after / 1_000
        tick = Tick(symbol=str(self.instrument.symbol), last=price, volume=size, time=self.time, side=side)
        self.market.apply(tick, self.seconds)
        self.instrument.tape.sizes.cumulative = False


class Alone(App[None]):
    """A tape that fills the screen; frames are turned by hand."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, trading: Trading, *, proven: bool = True, theme: str = DEFAULT_THEME) -> None:
        super().__init__()
        self.trading = trading
        self.proven = proven
        self.tape = TradeTape(Styles(find_theme(theme)), trading.market, KEYS)

    def compose(self) -> ComposeResult:
        yield self.tape

    def on_mount(self) -> None:
        self.tape.instrument = self.trading.instrument
        self.turn()

    def turn(self) -> None:
        """One frame."""
        self.tape.sync(self.trading.market.drain_changed(), self.trading.seconds, self.proven)


def busy(count: int = 300) -> Trading:
    """Like a liquid fund's: mostly at the touch, sizes of every order, now and then several at once."""
    trading, random = Trading(), Random(5)
    trading.trade(512.34, None)
    bid = 51_234
    for _ in range(count):
        bid += random.choice((-1, 0, 0, 0, 1))
        trading.book(bid / 100, (bid + 1) / 100)
        price = random.choice((bid, bid + 1)) / 100
        again = random.choice((1, 1, 1, 1, 2, 5))
        for n in range(again):
            size = random.choice((1, 25, 100, 100, 100, 200, 300, 700, 1_500))
            trading.trade(price, size, after=random.randrange(3, 1_400) if not n else random.randrange(40))
    return trading


def folded() -> Trading:
    trading = Trading()
    trading.trade(512.30, None)
    for run, (price, count) in enumerate([(512.34, 1), (512.35, 12), (512.34, 3), (512.36, 130), (512.35, 2)]):
        for _ in range(count):
            trading.trade(price, 100, after=7, side=1 + run % 2)
    trading.trade(512.35, 100, after=1_001, side=1)
    return trading


def with_a_large_one() -> Trading:
    trading = busy(30)
    trading.trade(512.33, 45_000, side=1)
    trading.trade(512.34, 200, side=2)
    trading.trade(512.345, 1_000_000, side=2)
    trading.trade(512.34, 100, side=2)
    return trading


def of_unknown_sizes() -> Trading:
    trading = Trading()
    for n in range(9):
        trading.trade(512.30 + n % 3 / 100, None)
    return trading


def in_whole_seconds() -> Trading:
    trading = Trading(Symbol("2800", "HK"))
    trading.time -= 412
    for n in range(30):
        trading.trade(22.30 + n % 5 / 50, 500 * (1 + n % 7), after=1_000 * (1 + n % 3))
    return trading


def of_long_prices_and_fractions() -> Trading:
    trading = Trading()
    for n, (price, size) in enumerate([(999_999.9999, 0.5), (0.0001, 1.25), (123_456.78, 9_999), (5.0, 12_345_678.0)]):
        trading.trade(price, size, side=1 + n % 2)
    return trading


SHAPES = {
    "busy": busy,
    "folded": folded,
    "large": with_a_large_one,
    "unknown-sizes": of_unknown_sizes,
    "whole-seconds": in_whole_seconds,
    "long-prices": of_long_prices_and_fractions,
    "empty": Trading,
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape(snap_compare: Snapshot, shape: str, size: tuple[int, int]) -> None:
    assert snap_compare(Alone(SHAPES[shape]()), terminal_size=size)


@pytest.mark.parametrize("size", SIZES)
def test_stale(snap_compare: Snapshot, size: tuple[int, int]) -> None:
    assert snap_compare(Alone(busy(), proven=False), terminal_size=size)


@pytest.mark.parametrize("size", SIZES)
def test_standing_still_with_new_ones_waiting(snap_compare: Snapshot, size: tuple[int, int]) -> None:
    app = Alone(busy())

    async def scroll(pilot: Pilot[None]) -> None:
        await pilot.press("pagedown")
        for _ in range(12):
            app.trading.trade(512.40)
        app.turn()

    assert snap_compare(app, terminal_size=size, run_before=scroll)


def test_no_color(snap_compare: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(Alone(with_a_large_one()), terminal_size=(48, 14))


def test_in_light(snap_compare: Snapshot) -> None:
    assert snap_compare(Alone(with_a_large_one(), theme="daylight"), terminal_size=(48, 14))


def lines(app: Alone) -> list[str]:
    """The trades on the screen, without frame, header, marks and the ends of bars."""
    drawn = [app.tape.render_line(y).text for y in range(2, app.tape.size.height - 1)]
    return [words for line in drawn if (words := re.sub("[│◆▏▎▍▌▋▊▉]", " ", line).strip())]


def title(app: Alone) -> str:
    return app.tape.render_line(0).text.strip("╭─╮ ")


def counted(count: int) -> Trading:
    """Trades that can be told apart: the n-th has the size n, and none is folded."""
    trading = Trading()
    for n in range(1, count + 1):
        trading.trade(10.0, float(n))
    return trading


def shown(app: Alone) -> list[int]:
    """The sizes on the screen, from the top."""
    return [int(line.split()[-1]) for line in lines(app) if line.split()[-1].isdigit()]


async def test_it_stands_still_while_it_is_scrolled_and_tells_how_many_wait() -> None:
    app = Alone(counted(100))
    async with app.run_test(size=(40, 13)) as pilot:
        assert (shown(app), title(app)) == ([*range(100, 90, -1)], "QQQ$US trades")
        await pilot.press("down")
        assert shown(app) == [*range(99, 89, -1)]
        assert title(app).endswith(" held")
        for size in range(101, 106):
            app.trading.trade(10.0, size)
            app.turn()
        assert shown(app) == [*range(99, 89, -1)]
        assert title(app).endswith(" +5")
        await pilot.press("up", "up", "up")
        assert shown(app)[0] == 102
        assert title(app).endswith(" +3"), "two of them were seen"
        await pilot.press("end")
        assert (shown(app)[0], title(app)) == (105, "QQQ$US trades")
        app.trading.trade(10.0, 106)
        app.turn()
        assert shown(app)[0] == 106, "it runs again"


async def test_pages_meet_at_the_ends() -> None:
    app = Alone(counted(100))
    async with app.run_test(size=(40, 13)) as pilot:
        await pilot.press("pagedown")
        assert shown(app)[0] == 91, "one line of the page before stays in sight"
        await pilot.press(*["pagedown"] * 20)
        assert shown(app) == [10, 9, 8, 7, 6, 5, 4, 3, 2], "the first has no size that is known"
        await pilot.press(*["pageup"] * 20)
        assert (shown(app)[0], title(app)) == (100, "QQQ$US trades"), "at the newest it runs again"
        await pilot.press("down", "home")
        assert title(app) == "QQQ$US trades"


async def test_the_wheel_turns_it_too() -> None:
    app = Alone(counted(100))
    async with app.run_test(size=(40, 13)) as pilot:
        for turn, top in [(MouseScrollDown, 99), (MouseScrollDown, 98), (MouseScrollUp, 99), (MouseScrollUp, 100)]:
            app.tape.post_message(turn(app.tape, 5, 5, 0, 1, 0, False, False, False))
            await pilot.pause()
            assert shown(app)[0] == top
        assert title(app) == "QQQ$US trades"


async def test_few_trades_cannot_be_scrolled() -> None:
    app = Alone(counted(5))
    async with app.run_test(size=(40, 13)) as pilot:
        await pilot.press("down", "pagedown")
        assert (shown(app), title(app)) == ([5, 4, 3, 2], "QQQ$US trades")


async def test_a_run_that_grows_stays_what_it_was_while_the_tape_stands_still() -> None:
    trading = counted(40)
    for _ in range(3):
        trading.trade(11.0, 100, after=1, side=2)
    trading.trade(12.0, 1, side=2)
    app = Alone(trading)
    async with app.run_test(size=(40, 13)) as pilot:
        await pilot.press("down")
        assert lines(app)[0].split()[-2:] == ["300", "×3"]
        trading.trade(12.0, 1, after=1, side=2)
        app.turn()
        assert lines(app)[0].split()[-2:] == ["300", "×3"]


async def test_the_number_of_trades_stands_beside_the_size_and_no_bar_is_longer_than_it_must() -> None:
    trading = counted(40)
    for _ in range(3):
        trading.trade(11.0, 100, after=1, side=2)
    app = Alone(trading)
    async with app.run_test(size=(160, 13)):
        assert re.search(r" 300 ×3$", lines(app)[0])
        header = app.tape.render_line(1).text
        assert header.index("SIZE") + 4 == app.tape.render_line(2).text.index(" ×3") < 80


async def test_trades_that_leave_the_memory_move_the_tape_no_further_than_they_must() -> None:
    app = Alone(counted(600))
    async with app.run_test(size=(40, 13)) as pilot:
        await pilot.press(*["pagedown"] * 80)
        assert shown(app) == [*range(110, 100, -1)]
        for size in range(601, 604):
            app.trading.trade(10.0, size)
        app.turn()
        assert shown(app) == [*range(113, 103, -1)]
        for size in range(604, 2_000):
            app.trading.trade(10.0, size)
        app.turn()
        assert len(lines(app)) == 10


async def test_another_symbol_begins_at_its_newest_trade() -> None:
    app = Alone(counted(100))
    async with app.run_test(size=(40, 13)) as pilot:
        await pilot.press("pagedown")
        app.tape.instrument = counted(7).instrument
        assert shown(app)[0] == 7
        app.tape.instrument = None
        assert (lines(app), title(app)) == ([], "trades")
        await pilot.press("down")


def refused(why: str, *types: str) -> Trading:
    trading = Trading()
    for type_ in types:
        trading.market.refuse([QQQ], type_, why)
    return trading


@pytest.mark.parametrize(
    ("trading", "words"),
    [
        (Trading(), "no trades yet"),
        (refused(OVER_LIMIT, "quote", "tick"), "over plan"),
        (refused("no", "quote", "tick"), "refused"),
        (refused("not in your plan", "tick"), "refused"),
    ],
)
async def test_an_empty_tape_says_why(trading: Trading, words: str) -> None:
    app = Alone(trading)
    async with app.run_test(size=(40, 13)):
        assert lines(app) == [words]


async def test_where_only_trades_are_refused_it_says_so_in_words_of_the_plan() -> None:
    app = Alone(refused("not in your plan", "tick"))
    app.trading.book(10.0, 10.1)
    async with app.run_test(size=(40, 13)):
        assert lines(app) == ["trades not in this plan"]


async def test_trades_of_before_a_refusal_are_old() -> None:
    app = Alone(busy(30))
    async with app.run_test(size=(40, 13)):
        app.trading.market.refuse([QQQ], "tick", "permission denied")
        app.turn()
        assert title(app).endswith(" refused")
        colours = {segment.style.color for y in range(2, 12) for segment in app.tape.render_line(y) if segment.style}
        assert not colours & {app.tape.theme_styles(role).color for role in ("up", "down")}


async def test_the_frame_tells_at_once_whether_it_has_the_focus() -> None:
    app = Alone(counted(3))
    async with app.run_test(size=(40, 13)) as pilot:
        for focused in (False, True):
            app.screen.set_focus(app.tape if focused else None)
            await pilot.pause()
            edge = app.tape.render_line(5)._segments[0].style
            assert edge == app.tape.theme_styles("accent" if focused else "border")


async def test_a_frame_draws_only_lines_that_changed() -> None:
    app = Alone(counted(100))
    async with app.run_test(size=(40, 13)) as pilot:
        await pilot.pause()
        asked: list[int] = []
        render = app.tape.render_line
        app.tape.render_line = lambda y: (asked.append(y), render(y))[1]  # type: ignore[method-assign, func-returns-value]
        app.trading.book(10.0, 10.1)
        app.turn()
        await pilot.pause()
        assert asked == [], "a book is no trade"
        app.trading.trade(10.0, 100, after=10_000)
        app.turn()
        await pilot.pause()
        assert set(asked) == set(range(2, 13)), "the pace on the lower border too"
        app.tape.action_tape_page_down()
        await pilot.pause()
        asked.clear()
        app.trading.trade(10.0, 100, after=10_000)
        app.turn()
        await pilot.pause()
        assert asked == [0, 12], "only the number of those that wait, and the pace"


# --- filter and pace ---


def of_both_sides(count: int) -> Trading:
    """The n-th trade has the size n, the odd ones are bought; none is folded."""
    trading = Trading()
    for n in range(1, count + 1):
        trading.trade(10.0, float(n), side=1 + n % 2)
    return trading


async def test_a_filter_leaves_out_what_does_not_pass_and_says_so_on_the_frame() -> None:
    app = Alone(of_both_sides(60))
    async with app.run_test(size=(40, 13)) as pilot:
        app.tape.trade_filter = TradeFilter(40.0, side="B")
        assert shown(app) == [*range(59, 40, -2)]
        assert title(app) == "QQQ$US ≥40 buys"
        await pilot.press("down")
        assert shown(app)[0] == 59, "all of them are on the screen already"
        app.tape.trade_filter = TradeFilter(30.0)
        await pilot.press("down", "down")
        assert shown(app)[0] == 58
        app.tape.trade_filter = TradeFilter(20.0)
        assert shown(app)[0] == 60, "another filter begins at the newest"


async def test_a_filtered_tape_stands_still_and_counts_only_what_passes() -> None:
    app = Alone(of_both_sides(100))
    async with app.run_test(size=(40, 13)) as pilot:
        app.tape.trade_filter = TradeFilter(20.0, side="B")
        await pilot.press("down")
        assert (shown(app)[0], title(app)) == (97, "QQQ$US ≥20 buys ───────────── held")
        for n in range(101, 106):
            app.trading.trade(10.0, n, side=1 + n % 2)
            app.turn()
        assert (shown(app)[0], title(app)) == (97, "QQQ$US ≥20 buys ────────── held +3")
        await pilot.press("pagedown", "pagedown", "pagedown", "pagedown", "pagedown")
        assert shown(app)[-1] == 21
        assert app.tape.escape_layer is not None
        label, leave = app.tape.escape_layer
        assert label == "Newest trades"
        leave()
        assert app.tape.escape_layer is not None
        label, leave = app.tape.escape_layer
        assert (label, shown(app)[0]) == ("All trades", 105)
        leave()
        assert app.tape.escape_layer is None
        assert (shown(app)[:2], title(app)) == ([105, 104], "QQQ$US trades")


async def test_where_nothing_passes_it_says_of_how_many() -> None:
    app = Alone(of_both_sides(7))
    async with app.run_test(size=(40, 13)):
        app.tape.trade_filter = TradeFilter(large=True)
        assert lines(app) == ["none of 7 trades passes the filter"]
        assert title(app) == "QQQ$US ◆"


async def test_the_shortest_title_is_the_filter() -> None:
    app = Alone(of_both_sides(60))
    async with app.run_test(size=(24, 9)) as pilot:
        app.tape.trade_filter = TradeFilter(12.0, side="S")
        await pilot.press("down")
        assert title(app) == "≥12 sells ─── held"


def pace(app: Alone) -> str:
    return app.tape.render_line(app.tape.size.height - 1).text.strip("╰─╯ ")


async def test_the_pace_goes_on_while_no_trade_comes() -> None:
    trading = Trading()
    for _ in range(8 * 20):
        trading.trade(10.0, 100, after=3_000)
    for _ in range(20):
        trading.trade(10.0, 100, after=1_000)
    app = Alone(trading)
    async with app.run_test(size=(60, 13)):
        assert pace(app) == "34 a minute · 1.7× · usual 20 since 17:33"
        trading.seconds += 50
        app.turn()
        assert pace(app).startswith("10 a minute · 0.5× · usual 20")
        trading.seconds += 50
        app.turn()
        assert pace(app).startswith("0 a minute")
        app.proven = False
        app.turn()
        assert pace(app) == "", "nothing is known of now"


@pytest.mark.parametrize(
    ("width", "words"), [(40, "34 a minute · 1.7× · usual 20"), (26, "34 a minute · 1.7×"), (24, "34 a minute · 1.7×")]
)
async def test_the_pace_is_shortened_before_it_is_cut(width: int, words: str) -> None:
    trading = Trading()
    for n in range(180):
        trading.trade(10.0, 100, after=3_000 if n < 160 else 1_000)
    app = Alone(trading)
    async with app.run_test(size=(width, 13)):
        assert pace(app) == words


async def test_a_minute_passes_before_there_is_a_pace() -> None:
    app = Alone(counted(30))
    async with app.run_test(size=(60, 13)):
        assert pace(app) == ""
        for n in range(31, 60):
            app.trading.trade(10.0, n)
        app.turn()
        assert pace(app) == "40 a minute · usual —"


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(width=st.integers(24, 90), height=st.integers(7, 40), shape=st.sampled_from(sorted(SHAPES)))
async def test_no_number_is_cut_and_no_line_too_long_at_any_size(width: int, height: int, shape: str) -> None:
    app, wide = Alone(SHAPES[shape]()), Alone(SHAPES[shape]())
    async with wide.run_test(size=(120, height)):
        whole = {word for line in lines(wide) for word in line.split()}
    async with app.run_test(size=(width, height)):
        for y in range(height):
            assert app.tape.render_line(y).cell_length == width
        for line in lines(app):
            for word in line.split():
                assert word in whole or any(other.startswith(word) for other in whole if ":" in word), word


async def test_where_the_link_was_away_a_line_says_that_trades_may_be_missing() -> None:
    trading = counted(3)
    trading.market.reconnected([QQQ])
    for size in (4, 5):
        trading.trade(10.0, float(size))
    app = Alone(trading)
    async with app.run_test(size=(60, 13)) as pilot:
        assert [line.split()[-1] for line in lines(app)[:2]] == ["5", "4"]
        gap = lines(app)[2]
        assert gap.startswith("╌╌ link lost: trades may be missing ╌╌") and lines(app)[3].split()[-1] == "3"
        await pilot.resize_terminal(30, 13)
        await pilot.pause()
        assert lines(app)[2].startswith("╌╌ trades may be missing ╌")
        app.tape.trade_filter = TradeFilter(side="B")
        assert lines(app)[0].startswith("none of 5 trades")


async def test_a_gap_can_be_scrolled_past_both_ways() -> None:
    trading = counted(30)
    trading.market.reconnected([QQQ])
    for size in range(31, 61):
        trading.trade(10.0, float(size))
    app = Alone(trading)
    async with app.run_test(size=(60, 13)) as pilot:
        tops = []
        for _ in range(40):
            await pilot.press("down")
            tops.append(shown(app)[0])
        assert tops[28:32] == [31, 30, 29, 28], "no screen begins with the gap"
        for _ in range(40):
            await pilot.press("up")
        assert shown(app)[0] == 60
        await pilot.press(*["pagedown"] * 9)
        assert shown(app)[-1] == 2, "the oldest trade whose size is known is reached"


async def test_what_another_window_passed_on_too_fast_is_told_too() -> None:
    trading = counted(2)
    trading.market.trades_lost(trading.seconds)
    trading.trade(10.0, 3.0)
    app = Alone(trading)
    async with app.run_test(size=(60, 13)):
        assert lines(app)[1].startswith("╌╌ too slow: trades may be missing ╌╌")
