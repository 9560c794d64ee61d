"""Feed health: as a picture, figure by figure, and alive."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from textual.containers import VerticalScroll
from textual.geometry import Region
from textual.widgets import Static

from tests.support.frozen_dashboard import START, US, Still, filled_market
from tests.support.messages import bar
from tui.config.themes import all_themes
from tui.errors import NoConnection
from tui.feed.dispatch import make_dispatcher
from tui.feed.state import LinkPhase, LinkState
from tui.history.backfill import Backfill
from tui.history.fund_list import FundListLoader
from tui.history.rest_client import RestClient
from tui.history.store import Store
from tui.market import Market
from tui.market.health import Event
from tui.market.instrument import Instrument
from tui.protocol.relay_status import RelayReport, Window
from tui.reference.fund_names import FundNames
from tui.screens.health import (
    FeedHealth,
    HealthFigure,
    HealthSnapshot,
    data_figures,
    fault_figures,
    history_figures,
    link_figures,
    missing_minutes,
    refused_figures,
    screen_figures,
    shared_figures,
)
from tui.secrets import TOKEN_VARIABLE, Token, take_from_environment
from tui.symbol import Symbol
from tui.terminal.flow_control import TerminalFlowControl
from tui.terminal.frame_clock import MAX_FRAMES
from tui.widgets.styles import textual_theme

Snapshot = Callable[..., bool]
LIVE = LinkState(LinkPhase.LIVE, 0.0)
LOST = LinkState(LinkPhase.RECONNECTING, 0.0, retry_at=24.0, error=NoConnection("connection lost"))


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def snapshot(market: Market, link: LinkState | None = LIVE, now: float = 20.0) -> HealthSnapshot:
    instruments = list(market.instruments.values())
    return HealthSnapshot(
        now, START + now * 1000, link, "api.itick.org", False, instruments, TerminalFlowControl(), 0.002, MAX_FRAMES
    )


def troubled() -> Market:
    """A market after a bad day."""
    market = filled_market(US, seconds=2)
    health = market.health
    health.bytes = 1_234_567
    health.frame_at = 19.7
    health.frames, health.frames_skipped = 812, 3
    health.round_trips.extend((0.036, 0.14, 0.041))
    health.reconnects, health.heartbeats_missed = 2, 1
    health.out_of_order, health.future, health.crossed, health.misplaced = 12, 1, 4, 2
    for _ in range(3):
        health.count_malformed("not JSON", b"{\x1b]0;owned\x07[bold red]" + bytes(range(200)), 6.0)
    health.count_malformed("unknown type", b'{"data":{"type":"[/]"}}', 8.0)
    market.clock.observe_date(START, START + 60, START + 400)
    yesterday = START - 86_400_000
    for at, state, reason in (
        (yesterday, "LIVE", ""),
        (START, "reconnecting", "the server had an error (1011, [b]internal[/b])"),
        (START + 1_000, "connecting", ""),
        (START + 1_500, "reconnecting", "cannot reach api.itick.org: connection refused"),
        (START + 5_000, "connecting", ""),
        (START + 5_040, "authenticating", ""),
        (START + 5_100, "subscribing", ""),
        (START + 5_300, "LIVE", ""),
    ):
        health.history.append(Event(at, state, reason))
    return market


class WithHealth(Still):
    """The dashboard that stands still, with feed health over it."""

    def __init__(self, market: Market, **kind: str) -> None:
        super().__init__(market, theme=kind.get("theme", "midnight"))
        for known in all_themes().values():
            self.register_theme(textual_theme(known))
        self.theme = kind.get("theme", "midnight")
        styles = self.dashboard.watchlist.theme_styles
        self.health = FeedHealth(styles, market, lambda: snapshot(market, now=self.now))

    def on_dashboard_ready(self) -> None:
        super().on_dashboard_ready()
        self.push_screen(self.health)

    def shown(self) -> str:
        """All of its text, also what is scrolled away."""
        parts = self.health.query(Static)
        return "\n".join(strip.text for part in parts for strip in part.render_lines(Region(0, 0, *part.size)))


@pytest.mark.parametrize("size", [(160, 45), (80, 24)])
def test_feed_health(snap_compare: Snapshot, size: tuple[int, int]) -> None:
    assert snap_compare(WithHealth(troubled()), terminal_size=size)


def test_feed_health_in_light(snap_compare: Snapshot) -> None:
    assert snap_compare(WithHealth(filled_market(US, seconds=2), theme="daylight"), terminal_size=(120, 36))


async def test_it_is_alive_scrolls_and_closes_by_any_of_its_keys() -> None:
    app = WithHealth(troubled())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "4,242 in all" in app.shown()
        app.market.health.messages += 1
        app.health.tick()
        assert "4,243 in all" in app.shown()
        await pilot.press("pagedown", "pagedown")
        await pilot.pause()
        box = app.health.query_one(VerticalScroll)
        assert box.scroll_y > 0
        before = box.scroll_y
        app.health.tick()
        await pilot.pause()
        assert box.scroll_y == before
        for key in ("escape", "q", "h"):
            await pilot.press(key)
            await pilot.pause()
            assert app.screen is app.dashboard
            app.health = FeedHealth(app.health._styles, app.market, app.health._take_snapshot)
            await app.push_screen(app.health)


def test_text_from_outside_is_plain_and_holds_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, "a-known-key-7351")
    take_from_environment()
    market = Market()
    market.health.count_malformed("not JSON", b"\x1b[31m[bold]a-known-key-7351", 0.0)
    link = LinkState(LinkPhase.STOPPED, 0.0, error=NoConnection("\x1b[31m a-known-key-7351"))
    figures = dict(named(fault_figures(market, snapshot(market)))) | dict(
        named(link_figures(market, snapshot(market, link)))
    )
    assert figures["  the last"] == r"20s ago, not JSON: \x1b[31m[bold][key]"
    assert figures["state"] == "stopped: �[31m [key]"


@pytest.mark.parametrize("begins", range(145, 160))
def test_nor_is_a_part_of_a_key_left_where_the_words_are_cut(begins: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, "a-known-key-7351")
    take_from_environment()
    market = Market()
    words = "." * begins + "a-known-key-7351"
    take = make_dispatcher(market, None, lambda reply, now: None).dispatch
    for frame in (words, json.dumps({"code": 0, "msg": words})):
        take(frame.encode())
        shown = dict(named(fault_figures(market, snapshot(market))))["  the last"]
        assert shown.endswith("." + "[key]"[: 160 - begins])


def named(figures: list[HealthFigure]) -> list[tuple[str, str]]:
    return [(figure.name, figure.value) for figure in figures]


def test_before_anything_came_nothing_is_invented() -> None:
    market = Market()
    empty = HealthSnapshot(1.0, START, None, "", False, [], TerminalFlowControl(), 0.0, MAX_FRAMES)
    assert dict(named(link_figures(market, empty))) == {
        "state": "not begun",
        "server": "—",
        "round trip": "no heartbeat answered yet",
        "heartbeats missed": "0",
        "without data": "—",
        "reconnects": "0",
        "clock": "not known: the exchange has not told the time",
    }
    assert dict(named(data_figures(market, empty)))["lag at arrival"] == "—"
    assert {value for _, value in named(fault_figures(market, empty))} == {"0"}
    assert not any(figure.abnormal for figure in fault_figures(market, empty))


def test_what_is_refused_is_told_by_type_with_the_server_s_own_words() -> None:
    market = Market()
    market.follow(US[:3])
    assert refused_figures(snapshot(market)) == []
    market.refuse(US[:3], "depth", "permission\x1b[31m denied")
    market.refuse(US[:1], "kline@1", "x" * 200)
    assert refused_figures(snapshot(market)) == [
        HealthFigure("depth", "3 symbols: permission�[31m denied", True),
        HealthFigure("kline@1", f"1 symbol: {'x' * 159}…", True),
    ]


@pytest.mark.parametrize(
    ("date", "words"),
    [
        (-400, "within 0.6 s of this machine's"),
        (60, "within 1.1 s of this machine's"),
        (5_060, "exchange 5,530 ms ahead of this machine, ±530 ms"),
        (-5_000, "exchange 4,530 ms behind this machine, ±530 ms"),
    ],
)
def test_how_far_the_clocks_are_apart_is_told_only_where_they_surely_are(date: int, words: str) -> None:
    market = Market()
    market.clock.observe_date(START, START + 60, START + date)
    assert dict(named(link_figures(market, snapshot(market))))["clock"] == words


def test_a_delayed_feed_tells_its_delay_not_its_jitter() -> None:
    market = Market()
    market.clock.observe_date(START, START + 60, START - 400)
    market.clock.observe_frame(US[0], START - 899_800, START + 100)
    assert dict(named(data_figures(market, snapshot(market))))["lag at arrival"] == "15m: the whole feed is delayed"


def test_what_is_not_as_it_should_be_is_marked() -> None:
    market = troubled()
    odd = [figure.name for figure in link_figures(market, snapshot(market, LOST)) if figure.abnormal]
    assert odd == ["state", "heartbeats missed", "reconnects"]
    odd = [figure.name for figure in fault_figures(market, snapshot(market)) if figure.abnormal]
    assert odd == ["malformed", "out of order", "from the future", "crossed books", "misplaced levels"]


@pytest.mark.parametrize(
    ("minutes", "missing"),
    [([], 0), ([5], 0), ([1, 2, 3], 0), ([1, 3], 1), ([0, 59], 58), ([-30, 0, 2], 1), ([10, 20, 21, 30], 17)],
)
def test_missing_minutes_are_holes_between_bars_of_the_last_hour(minutes: list[int], missing: int) -> None:
    instrument = Instrument(Symbol("QQQ", "US"))
    start = bar(0, 1.0, 1.0).time
    for minute in minutes:
        instrument.bars.update(bar(minute, 1.0, 1.0))
    assert missing_minutes(instrument, start + 59 * 60_000 + 30_000) == missing


def test_the_screen_tells_how_frames_and_terminal_keep_up() -> None:
    market, calm = Market(), snapshot(Market())
    assert dict(named(screen_figures(market, calm)))["terminal"] == "has not told whether it keeps up"
    calm.flow_control.query(1.0)
    calm.flow_control.record_reply(0, 1, 1.004)
    assert named(screen_figures(market, calm)) == [
        ("frames", "0 drawn, 0 a second · 2 ms each"),
        ("at most", "30 a second"),
        ("left out", "0 frames; the next one had all of their data"),
        ("terminal", "keeps up, answers within 4 ms"),
    ]
    costly = {figure.name: figure for figure in screen_figures(market, calm._replace(cost=0.04, rate=10.0))}
    assert costly["at most"].value == "10 a second, fewer because one costs so much" and costly["at most"].abnormal
    calm.flow_control.query(2.0)
    calm.flow_control.record_reply(0, 2, 3.204)
    busy = {figure.name: figure for figure in screen_figures(market, calm._replace(cost=0.04, rate=10.0))}
    assert busy["at most"].value == "as many as the terminal takes" and busy["at most"].abnormal
    assert busy["terminal"].value == "behind by 1.2 s: 64 lines a frame" and busy["terminal"].abnormal


def test_a_follower_names_the_relay_and_what_it_publishes() -> None:
    relay = RelayReport(9157, "LIVE", "LIVE", lost=2, windows=[Window(9157, "vm\x1b[2J (pid 9157)", symbols=3)])
    assert shared_figures(snapshot(Market())._replace(shared=relay)) == [
        HealthFigure("held by", "vm�[2J (pid 9157): LIVE"),
        HealthFigure("published", "3 symbols"),
        HealthFigure("lost here", "2", True),
    ]


async def test_what_is_known_of_the_past_is_told_and_why_nothing_is_kept(tmp_path: Path) -> None:
    market = Market()
    assert history_figures(snapshot(market)) == []
    history = Backfill(market, None, lambda demo: Store(tmp_path / "x.sqlite"))
    told = history_figures(snapshot(market)._replace(backfill=history))
    assert told == [HealthFigure("history", "0 symbols from our own file; calls_a_minute is 0")]
    history.store_error = "cannot use \x1b[2Jx.sqlite: disk is full"
    told = history_figures(snapshot(market)._replace(backfill=history))
    assert told[1:] == [HealthFigure("not kept", "cannot use �[2Jx.sqlite: disk is full", True)]
    names = FundListLoader(RestClient("http://127.0.0.1:9", Token("demo")), None, FundNames(), lambda: None)
    told = history_figures(snapshot(market)._replace(backfill=history, fund_list=names, unread=1_234))
    assert told[2:] == [
        HealthFigure("names", "of well-known funds only"),
        HealthFigure("not read", "1,234 rows of history or names", True),
    ]


def test_times_in_another_unit_than_ms_are_told_and_counted() -> None:
    market = Market()
    assert "times" not in [figure.name for figure in data_figures(market, snapshot(market))]
    market.health.time_units.update({"µs": 1_234, "s": 2})
    (said,) = [figure for figure in data_figures(market, snapshot(market)) if figure.name == "times"]
    assert said == ("times", "1,234 read as µs, 2 read as s", False)


@pytest.mark.parametrize(
    ("dates", "words"),
    [
        (True, "the data's is 3,599.0 s ahead of the exchange's own"),
        (False, "the data's is 3,600.0 s ahead of this machine's"),
    ],
)
def test_a_clock_of_the_data_that_contradicts_the_others_is_told(dates: bool, words: str) -> None:
    market = Market()
    market.set_clock(float(START))
    if dates:
        market.observe_date(19.0, 19.0, START + 19_000)
    for n in range(8):
        market.clock.accepts_ahead(START + 3_600_000 + 500 * n, START + 500.0 * n)
    assert [figure for figure in link_figures(market, snapshot(market)) if figure.name == "clock"] == [
        ("clock", words, True)
    ]


def test_windows_that_share_the_connection_are_told_with_what_they_lost() -> None:
    alone = snapshot(Market())
    assert shared_figures(alone) == []
    windows = [Window(7, "dashboard", 3), Window(os.getpid(), "stream", 1, 4, 5, 6), Window(0, "a\x1b[31m script", 2)]
    report = RelayReport(7, "LIVE", "LIVE", served=5, lost=6, windows=windows)
    assert shared_figures(alone._replace(shared=report)) == [
        HealthFigure("held by", "window 7: LIVE"),
        HealthFigure("served", "5 symbols"),
        HealthFigure("pid 7", "dashboard · 3 symbols"),
        HealthFigure(f"pid {os.getpid()}", "this window · 1 symbol · queued 4, conflated 5, lost 6", True),
        HealthFigure("over TCP", "a\ufffd[31m script · 2 symbols · queued 0, conflated 0, lost 0"),
        HealthFigure("lost here", "6", True),
    ]
    own = RelayReport(
        os.getpid(), "LIVE", "LIVE", windows=[Window(os.getpid(), "dashboard", 3), Window(9, "stream", 1)]
    )
    assert [figure.value for figure in shared_figures(alone._replace(shared=own))] == [
        f"this window, pid {os.getpid()}",
        "0 symbols",
        "this window · 3 symbols",
        "stream · 1 symbol · queued 0, conflated 0, lost 0",
    ]
