"""The session, the clock and the next bell in the top line."""

from __future__ import annotations

from datetime import date

import pytest

from tests.support.frozen_dashboard import Still
from tests.support.price_walks import at
from tui import format as fmt
from tui.config.watchlists import LONGEST_NAME
from tui.market import Market
from tui.market.sessions import Holidays, calendar
from tui.symbol import Symbol
from tui.widgets.session_words import session_words

HOLIDAYS = {
    "US": Holidays({date(2026, 11, 26): "Thanksgiving Day"}, {date(2026, 11, 27): "Day after Thanksgiving Day"}),
    "HK": Holidays({date(2026, 9, 28): "Trading Suspended for the Whole Day due to Severe Weather"}, {}),
    "SH": Holidays({date(2026, 10, day): "National Day" for day in (1, 2, 5, 6, 7)}, {}, frozenset({2027})),
}


@pytest.mark.parametrize(
    ("region", "local", "words"),
    [
        ("US", "2026-11-23 15:32:07", "US open · 15:32:07 ET · closes in 27m"),
        ("US", "2026-11-23 15:59:18", "US open · 15:59:18 ET · closes in 42s"),
        ("US", "2026-11-23 15:59:18.900", "US open · 15:59:18 ET · closes in 42s"),
        ("US", "2026-11-23 15:59:00", "US open · 15:59:00 ET · closes in 1m"),
        ("US", "2026-11-23 09:30:00", "US open · 09:30:00 ET · closes in 6h 30m"),
        ("US", "2026-11-23 08:25:00", "US pre-market · 08:25:00 ET · opens in 1h 05m"),
        ("US", "2026-11-23 17:00:01", "US after hours · 17:00:01 ET · ends in 2h 59m"),
        ("US", "2026-11-23 20:00:00", "US closed · 20:00:00 ET · opens Tue 09:30"),
        ("US", "2026-11-26 12:00:00", "US closed (Thanksgiving Day) · 12:00:00 ET · opens Fri 09:30"),
        ("US", "2026-11-27 12:00:00", "US open (half day) · 12:00:00 ET · closes in 1h 00m"),
        ("HK", "2026-11-23 12:48:00", "HK lunch · 12:48:00 HKT · opens in 12m"),
        ("HK", "2026-09-28 12:48:00", "HK closed (Trading Suspended for the W…) · 12:48:00 HKT · opens Tue 09:30"),
        ("SH", "2026-09-30 14:58:00", "SH auction · 14:58:00 CST · closes in 2m"),
        ("SH", "2026-09-30 15:00:00", "SH closed · 15:00:00 CST · at close in 5m"),
        ("SH", "2026-09-30 15:10:00", "SH at close · 15:10:00 CST · ends in 20m"),
        ("SH", "2026-09-30 15:30:00", "SH closed · 15:30:00 CST · opens Thu 8 Oct 09:30"),
        ("SH", "2027-01-05 10:00:00", "SH open (days off not announced) · 10:00:00 CST · lunch in 1h 30m"),
        ("US", "2026-12-07 21:30:00", "US overnight · 21:30:00 ET · opens Tue 09:30"),
        ("US", "2026-12-06 21:30:00", "US overnight · 21:30:00 ET · opens Mon 09:30"),
        ("US", "2026-12-06 20:30:00", "US closed · 20:30:00 ET · opens Mon 09:30"),
        ("US", "2026-12-07 20:30:00", "US pause · 20:30:00 ET · opens Tue 09:30"),
        ("SZ", "2026-11-23 14:56:10", "SZ open · 14:56:10 CST · auction in 50s"),
        ("XX", "2026-11-23 12:48:00", "12:48:00 UTC"),
    ],
)
def test_session_clock_and_bell(region: str, local: str, words: str) -> None:
    hours = calendar(region, holidays=HOLIDAYS.get(region))
    assert session_words(region, hours, at(local, region))[0] == words


def test_the_demo_exchange_says_what_it_is() -> None:
    assert session_words("HK", calendar("HK", True), at("2026-11-23 12:48", "HK"), True)[0] == "12:48:00 HKT · DEMO 24h"


def test_the_words_get_fewer_as_the_line_gets_shorter() -> None:
    hours = calendar("US", holidays=HOLIDAYS["US"])
    assert session_words("US", hours, at("2026-11-27 12:32:07")) == [
        "US open (half day) · 12:32:07 ET · closes in 27m",
        "US open · 12:32:07 ET · closes in 27m",
        "US open · 12:32:07 ET",
        "US open",
    ]
    assert session_words("HK", calendar("HK"), at("2026-11-23 12:48", "HK"))[1] == "HK lunch · opens in 12m"
    assert session_words("US", hours, at("2026-11-26 12:00")) == [
        "US closed (Thanksgiving Day) · 12:00:00 ET · opens Fri 09:30",
        "US closed (Thanksgiving Day) · opens Fri 09:30 ET",
        "US closed · opens Fri 09:30 ET",
        "US closed",
    ]


@pytest.mark.parametrize(
    ("width", "said"),
    [
        (160, "US closed (Thanksgiving Day) · 12:00:20 ET · opens Fri 09:30"),
        (100, "US closed (Thanksgiving Day) · opens Fri 09:30 ET"),
        (80, "US closed · opens Fri 09:30 ET"),
        (60, "US closed"),
    ],
)
async def test_the_line_shows_what_fits_and_nothing_cut(width: int, said: str) -> None:
    market = Market()
    market.wall_base = at("2026-11-26 12:00")
    market.follow([Symbol("QQQ", "US")])
    market.set_holidays(HOLIDAYS)
    app = Still(market, [Symbol("QQQ", "US")], demo=False)
    async with app.run_test(size=(width, 30)) as pilot:
        await pilot.pause()
        line = app.dashboard.header.render_line(0).text
        assert said in [part.strip() for part in line.split("  ")]
        assert len(line) == width
        market.set_holidays({})
        app.dashboard.tick(20.0)
        assert "US open" in app.dashboard.header.render_line(0).text


@pytest.mark.parametrize(("name", "width"), [("沪深三百指数基金一览表格", 45), ("A list with a long name!!", 50)])
async def test_the_shown_list_has_room_before_the_word_help(name: str, width: int) -> None:
    app = Still(Market(), [], demo=False)
    async with app.run_test(size=(width, 20)) as pilot:
        app.dashboard.header.lists, app.dashboard.header.shown = (name,), name
        await pilot.pause()
        line = app.dashboard.header.render_line(0).text
        assert f" 1 {fmt.clip(name, LONGEST_NAME)} " in line and "help" not in line


@pytest.mark.parametrize(
    ("width", "is_shared", "has_help"),
    [(80, True, True), (55, True, True), (54, True, False), (46, True, False), (45, False, False)],
)
async def test_who_shares_the_connection_leaves_before_what_the_data_is(
    width: int, is_shared: bool, has_help: bool
) -> None:
    app = Still(Market(), [], demo=True)
    async with app.run_test(size=(width, 20)) as pilot:
        header = app.dashboard.header
        header.lists, header.shown = ("Core funds",), "Core funds"
        await pilot.pause()
        assert "SHARED" not in header.render_line(0).text
        header.windows = 3
        line = header.render_line(0).text
        assert len(line) == width
        assert (" SHARED 3 " in line, "? help" in line) == (is_shared, has_help)
        assert " DEMO " in line and " 1 Core funds " in line
        header.windows = 1
        assert " SHARED " in header.render_line(0).text and "1 " not in header.render_line(0).text.split("SHARED")[1]
        header.windows = 0
        assert "SHARED" not in header.render_line(0).text
