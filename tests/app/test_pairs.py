"""Pairs in the whole app: typed, alive, removed, kept, and what panes and keys have for them."""

from __future__ import annotations

from pathlib import Path

from textual.pilot import Pilot

from tests.app.test_app import listed, type_into
from tests.app.test_replaying import playing
from tests.support.feedless_app import FeedlessApp, feedless_app, saved_settings, type_in
from tests.support.launch_options import launch_options
from tests.support.messages import bar, quote
from tests.support.wait_until import until
from tui.app.app import ItickApp
from tui.app.feed_worker import FeedSource
from tui.config.key_table import KEYS
from tui.exchange.server import Exchange
from tui.market import PORTION
from tui.market.alerts import parse_alert
from tui.market.pair_instrument import PairInstrument
from tui.protocol.messages import MAX_SYMBOLS
from tui.recording.writer import Recorder
from tui.screens.health import FeedHealth
from tui.secrets import Token
from tui.symbol import Symbol, expand_pairs, parse_symbol_or_pair

QQQ, SPY, TLT, IWM = (Symbol(code, "US") for code in ("QQQ", "SPY", "TLT", "IWM"))
RATIO = parse_symbol_or_pair("QQQ/SPY").symbol
DIFFERENCE = parse_symbol_or_pair("SPY-QQQ").symbol


def pair_of(app: ItickApp, symbol: Symbol = RATIO) -> PairInstrument:
    found = app.market.row(symbol)
    assert isinstance(found, PairInstrument)
    return found


def drawn(app: ItickApp, pane: str) -> str:
    widget = getattr(app.dashboard, pane)
    return "\n".join(widget.render_line(y).text for y in range(widget.size.height))


def row_of(app: ItickApp, code: str) -> str:
    return next((line for line in drawn(app, "watchlist").splitlines() if f" {code}$" in line), "")


# --- with a feed ---


async def test_a_pair_comes_alive_while_only_its_legs_are_asked_for() -> None:
    asked: list[bytes] = []
    async with Exchange(on_request=lambda number, frame: asked.append(frame), rate=100.0) as exchange:
        app = ItickApp(launch_options([TLT]), FeedSource(exchange.url, Token("key")))
        async with app.run_test(size=(160, 45)) as pilot:
            await until(lambda: app.feed.is_live, 20)
            await type_into(app, pilot, "QQQ / SPY")
            assert listed(app) == ["TLT$US", "QQQ$US/SPY$US"]
            await until(lambda: "▲" in row_of(app, "QQQ/SPY") or "▼" in row_of(app, "QQQ/SPY"), 20)
            pair = pair_of(app)
            first, second = app.market.instruments[QQQ], app.market.instruments[SPY]
            assert first.last and second.last and pair.last
            assert abs(pair.last - first.last / second.last) < 0.01
            requests = b"".join(request for request in asked if b"subscribe" in request)
            assert b"QQQ$US" in requests and b"SPY$US" in requests and b"/SPY" not in requests
            assert b"QQQ$US/" not in requests
            await until(lambda: len(pair.bars) > 30, 20)
            await pilot.press("h")
            await until(lambda: isinstance(app.screen, FeedHealth), 20)
            assert [str(i.symbol) for i in app.health_figures.snapshot().instruments] == ["TLT$US", "QQQ$US", "SPY$US"]


async def test_a_leg_stays_while_a_pair_needs_it_and_goes_with_it() -> None:
    async with Exchange(rate=100.0) as exchange:
        app = ItickApp(launch_options([QQQ, SPY, RATIO]), FeedSource(exchange.url, Token("key")))
        async with app.run_test(size=(160, 45)) as pilot:
            await until(lambda: pair_of(app).last is not None and app.feed.is_live, 20)
            await pilot.press("d")
            assert listed(app) == ["SPY$US", "QQQ$US/SPY$US"] and QQQ in app.preferences.followed
            before = app.market.instruments[QQQ].newest_time
            await until(lambda: app.market.instruments[QQQ].newest_time > before, 20)
            await pilot.press("G", "d")
            assert listed(app) == ["SPY$US"] and app.preferences.followed == (SPY,)
            await pilot.press("u")
            assert listed(app) == ["SPY$US", "QQQ$US/SPY$US"]
            await until(lambda: pair_of(app).last is not None, 20)


async def test_an_alert_of_a_pair_fires_though_it_is_in_no_list() -> None:
    first = parse_alert("QQQ/SPY > 1000")
    app = ItickApp(launch_options([IWM], alerts=(first,)), FeedSource())
    async with app.run_test(size=(160, 45)):
        assert app.preferences.followed == (IWM, QQQ, SPY)
        await until(lambda: app.feed.is_live and pair_of(app).last is not None, 20)
        last = f"{pair_of(app).last:.6f}"
        app.preferences.set_alerts((first, *(parse_alert(f"QQQ/SPY {sign} {last}") for sign in "<>")))
        await until(lambda: RATIO in app.market.alert_engine.unseen, 60)
        await until(lambda: any(alert.state == "done" for alert in app.preferences.settings.alerts), 20)
        lines = {line.alert: line.status for line in app.alert_actions._lines()}
        assert lines[first].words == "armed" and lines[first].figure.startswith("0.8")


async def test_a_frozen_picture_of_a_pair_stands_still() -> None:
    async with Exchange(rate=200.0) as exchange:
        app = ItickApp(launch_options([RATIO, QQQ]), FeedSource(exchange.url, Token("key")))
        async with app.run_test(size=(160, 45)) as pilot:
            await until(lambda: pair_of(app).last is not None and app.feed.is_live, 20)
            await pilot.press("space", "space", "x", "p")
            chart = app.dashboard.chart
            assert [i.symbol for i in chart.compared] == [RATIO, QQQ] and pair_of(app) not in chart.compared
            assert chart.instrument is not None and chart.instrument.symbol == QQQ
            await pilot.press("k", "p", "p")
            assert chart.instrument is not None and chart.instrument.symbol == RATIO
            before, shown = pair_of(app).last, row_of(app, "QQQ/SPY")
            await until(lambda: pair_of(app).last != before, 20)
            await pilot.pause()
            assert row_of(app, "QQQ/SPY") == shown
            await pilot.press("p")
            await until(lambda: row_of(app, "QQQ/SPY") != shown, 20)


async def test_a_recording_has_the_legs_and_a_pair_of_them_can_be_added(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl.gz"
    async with Exchange(rate=200.0) as exchange:
        with Recorder(path) as recorder:
            app = ItickApp(launch_options([RATIO]), FeedSource(exchange.url, Token("key"), recorder=recorder))
            async with app.run_test(size=(160, 45)):
                await until(lambda: pair_of(app).last is not None and recorder.messages > 100, 20)
    async with playing(path, 0.5) as (app, pilot):
        await until(lambda: sorted(listed(app)) == ["QQQ$US", "SPY$US"], 20)
        await type_into(app, pilot, "QQQ/SPY")
        await until(lambda: pair_of(app).last is not None, 20)


# --- without one ---


async def test_pairs_are_kept_in_the_config_as_they_are_written() -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press("a")
        await type_in(pilot, "QQQ/SPY, spy - qqq, QQQ$US/SPY$US, BF/B, TLT-IWM")
        assert app.rows == ["QQQ", "SPY", "TLT", "QQQ/SPY", "SPY−QQQ", "TLT−IWM"]
        assert app.said.splitlines() == [
            "added QQQ$US/SPY$US, SPY$US-QQQ$US, TLT$US-IWM$US",
            "TLT-IWM read as TLT$US-IWM$US, not as the code TLT-IWM$US",
            "'BF/B' reads like a share class: write BF.B, or BF/B$US for the pair",
        ]
        assert app.dashboard.add_field.input.value == "BF/B"
        await pilot.press("escape")
        await app.preferences.saver.finish(10)
    lists = saved_settings().lists
    assert lists["Core"] == (QQQ, SPY, TLT, RATIO, DIFFERENCE, parse_symbol_or_pair("TLT - IWM").symbol)
    assert list(map(str, lists["Core"]))[3:] == ["QQQ$US/SPY$US", "SPY$US-QQQ$US", "TLT$US-IWM$US"]


async def test_a_leg_that_no_fund_is_known_as_is_asked_about() -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press("a")
        await type_in(pilot, "QQQ/SEMICON")
        assert app.rows == ["QQQ", "SPY", "TLT"] and "no fund is known as SEMICON$US" in app.said
        await type_in(pilot, "QQQ/SEMICON$US")
        assert app.rows[-1] == "QQQ/SEMICON"


async def test_the_second_leg_is_completed_as_it_is_typed() -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press("a")
        for typed, completed in (
            ("QQQ/SP", "QQQ/SPY$US, "),
            ("QQQ / SP", "QQQ / SPY$US, "),
            ("QQQ$US-SP", "QQQ$US-SPY$US, "),
        ):
            app.dashboard.add_field.input.value = typed
            await pilot.pause()
            await pilot.press("tab")
            assert app.dashboard.add_field.input.value == completed


async def test_a_pair_takes_the_room_of_its_legs() -> None:
    many = tuple(Symbol(f"A{n}", "US") for n in range(MAX_SYMBOLS - 1))
    async with feedless_app(lists={"Big": many}) as (app, pilot):
        await pilot.press("a")
        await type_in(pilot, "QQQ/SPY, A1$US/A2$US, A1$US/QQQ$US")
        assert f"no room for QQQ$US/SPY$US: a list takes {MAX_SYMBOLS} symbols" in app.said
        assert app.rows[-2:] == ["A1/A2", "A1/QQQ"]
        assert len(expand_pairs(app.preferences.lists.symbols)) == len(app.preferences.followed) == MAX_SYMBOLS


async def test_it_is_found_by_what_stands_in_its_row() -> None:
    async with feedless_app(lists={"Core": (QQQ, RATIO, DIFFERENCE)}) as (app, _):
        for typed, rows in (("qqq/spy", ["QQQ/SPY"]), ("spy-qqq", ["SPY−QQQ"]), ("spy$us", ["QQQ/SPY", "SPY−QQQ"])):
            app.dashboard.watchlist.find = typed
            assert app.rows == rows


def is_line(text: str) -> bool:
    return any("\u2800" < letter <= "\u28ff" for letter in text)


async def with_minutes(app: FeedlessApp, pilot: Pilot[None], rise: float = 0.1) -> None:
    """Give QQQ, which rises in each minute, and SPY an hour of bars."""
    for n in range(-59, 1):
        app.market.instruments[QQQ].bars.update(bar(n, 500.0 + rise * n, s="QQQ"))
        app.market.instruments[SPY].bars.update(bar(n, 600.0, s="SPY"))
    app.market.derive_pairs(10.0, app.market.pairs.by_symbol.values())
    app.dashboard.chart.update_lines()
    app.turn()
    await pilot.pause()


async def test_panes_say_what_a_pair_has_not_and_the_chart_is_its_own() -> None:
    async with feedless_app(lists={"Core": (RATIO, QQQ, SPY)}) as (app, pilot):
        assert "no minute yet in which both traded" in drawn(app, "chart")
        await with_minutes(app, pilot)
        assert "a pair has no book of its own" in drawn(app, "ladder")
        assert "a pair has no trades of its own: see QQQ$US and SPY$US" in " ".join(drawn(app, "tape").split())
        chart = drawn(app, "chart")
        assert "QQQ/SPY$US 1 min" in chart and " C 0.8333" in chart and " V " not in chart and "0.83" in chart
        assert is_line(chart.splitlines()[-3]), "down to the axis, without volume below it"
        await pilot.press("H")
        await pilot.pause()
        assert "a pair has no book of its own" in drawn(app, "depth_over_time")


async def test_volume_at_price_is_none_of_a_pair() -> None:
    async with feedless_app(lists={"Core": (RATIO, QQQ, SPY)}, volume_at_price=True) as (app, pilot):
        await with_minutes(app, pilot)
        assert "no sizes of trades" not in drawn(app, "chart") and is_line(drawn(app, "chart").splitlines()[-3])
        await pilot.press("j")
        await with_minutes(app, pilot)
        assert "no sizes of trades" in drawn(app, "chart")


async def test_keys_say_what_a_pair_has_not() -> None:
    keys = {key.id: key.keys[0] for key in KEYS}
    async with feedless_app(lists={"Core": (RATIO, QQQ, SPY)}) as (app, pilot):
        await with_minutes(app, pilot)
        for id, what in (("candles", "candles"), ("vwap", "average price")):
            await pilot.press(keys[id])
            assert app.said.splitlines()[-1] == f"no {what} of a pair: it has closes alone"
        assert not app.dashboard.chart.candles and not app.dashboard.chart.vwap
        await pilot.press(keys["premium"])
        await pilot.pause()
        assert "a pair has no IOPV" in drawn(app, "chart")


async def test_candles_chosen_for_symbols_are_a_line_for_a_pair() -> None:
    async with feedless_app(lists={"Core": (RATIO, QQQ, SPY)}, candles=True) as (app, pilot):
        await with_minutes(app, pilot)
        lines = drawn(app, "chart").splitlines()
        assert any(is_line(line) for line in lines) and not any("╷" in line or "┃" in line for line in lines)


async def test_a_ratio_can_be_compared_and_a_difference_cannot() -> None:
    async with feedless_app(lists={"Core": (RATIO, QQQ, SPY, DIFFERENCE)}) as (app, pilot):
        await with_minutes(app, pilot)
        await pilot.press("space", "space", "x")
        assert [i.symbol for i in app.dashboard.chart.compared] == [RATIO, QQQ]
        await pilot.press("x", "g", "space", "G", "space", "x")
        assert app.dashboard.chart.compared == ()
        assert "SPY$US-QQQ$US is a difference: it may be zero, and has no change in % to compare" in app.said


async def test_the_price_labels_of_a_difference_below_zero_fit() -> None:
    symbol = parse_symbol_or_pair("QQQ-SPY").symbol
    async with feedless_app(lists={"Core": (symbol, QQQ, SPY)}) as (app, pilot):
        await with_minutes(app, pilot, rise=200.0)
        lines = drawn(app, "chart").splitlines()
        assert any(line.rstrip("│ ").endswith(" -11900.00") for line in lines), "\n".join(lines)
        assert {len(line) for line in lines} == {app.dashboard.chart.size.width}


async def test_a_frame_derives_the_pairs_that_are_seen_and_no_others() -> None:
    pairs = tuple(parse_symbol_or_pair(f"QQQ/A{n}$US").symbol for n in range(40))
    async with feedless_app((80, 24), lists={"Core": pairs}) as (app, _):
        changed = app.market.drain_changed() | set(app.dashboard.watchlist.rows)
        shown = app.painting._shown_of(changed)
        assert 5 <= len(shown) <= 20 and app.dashboard.watchlist.rows[0] in shown
        app.dashboard.show_detail(True)
        assert app.painting._shown_of(changed) == {app.dashboard.watchlist.rows[0]}
        app.market.apply(quote(700.0, s="QQQ$US"), 2.0)
        before = [pair_of(app, symbol)._merged for symbol in pairs]
        for n in range(40):
            app.market.instruments[QQQ].bars.update(bar(n, 500.0, s="QQQ"))
        app.market.derive_pairs(10.0, shown)
        derived = [pair_of(app, symbol)._merged is not was for symbol, was in zip(pairs, before, strict=True)]
        assert sum(derived) == len(shown)


async def test_once_a_second_all_are_derived_a_portion_at_a_time() -> None:
    pairs = tuple(parse_symbol_or_pair(f"QQQ/A{n}$US").symbol for n in range(PORTION + 10))
    async with feedless_app((80, 24), lists={"Core": pairs}) as (app, _):
        app.market.instruments[QQQ].bars.update(bar(0, 500.0, s="QQQ"))
        seen = [pair_of(app, symbol)._merged for symbol in pairs]

        def derived() -> int:
            return sum(pair_of(app, symbol)._merged is not was for symbol, was in zip(pairs, seen, strict=True))

        app.tick()
        assert derived() == PORTION
        await until(lambda: derived() == len(pairs), 20)
