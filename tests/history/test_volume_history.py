"""The usual volume from the minutes that are kept: which days count, and when it is worked out."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from operator import methodcaller
from pathlib import Path
from typing import Any

import pytest

from tests.history.test_backfill import LIVE, BackfillHarness, backfilling, running_backfill, store_history
from tests.support.feed import QQQ
from tests.support.price_walks import at
from tests.support.wait_until import until
from tui.history import volume_history
from tui.history.store import BarUpdate, Store
from tui.market.bars import MINUTE, SessionRange
from tui.market.sessions import Holidays, calendar
from tui.market.usual_volume import UsualVolume
from tui.protocol.messages import Kline

TODAY = date(2026, 11, 23)
DAYS = [date(2026, 11, day) for day in (20, 19, 18, 17, 16, 13, 12)]  # the sessions before it
WHOLE = range(390)


def session_of(day: date, volume: float = 100.0, minutes: Sequence[int] = WHOLE, price: float = 512.0) -> list[Kline]:
    start = at(f"{day} 09:30")
    return [
        Kline(symbol="", open=price, high=price, low=price, close=price, time=start + n * MINUTE, volume=volume)
        for n in minutes
    ]


def keep(folder: Path, *days: list[Kline]) -> None:
    store_history(folder, *(BarUpdate(QQQ, bars) for bars in days))


@asynccontextmanager
async def worked_out(folder: Path, **options: Any) -> AsyncIterator[tuple[BackfillHarness, UsualVolume]]:
    async with backfilling(folder, QQQ, live=False, **options) as harness:
        await until(lambda: harness.market.instruments[QQQ].bars.usual is not None)
        usual = harness.market.instruments[QQQ].bars.usual
        assert usual is not None
        yield harness, usual


async def test_the_median_of_the_days_by_minute(tmp_path: Path) -> None:
    keep(tmp_path, *(session_of(day, 100.0 * n) for n, day in enumerate(DAYS[:5], 1)))
    async with worked_out(tmp_path) as (_, usual):
        assert (usual.date, usual.dates, len(usual.volumes)) == (TODAY, 5, 390)
        assert (usual.volumes[0], usual.volumes[389]) == (300.0, 390 * 300.0)


@pytest.mark.parametrize(
    "other",
    [
        session_of(DAYS[4], minutes=range(200)),
        session_of(DAYS[4], minutes=range(5, 390)),
        session_of(DAYS[4], minutes=[*range(100), *range(120, 390)]),
        session_of(DAYS[4], price=128.0),
        session_of(date(2026, 11, 15)),
    ],
    ids=["stopped at noon", "begun late", "a gap", "before a split", "a Sunday"],
)
async def test_what_is_no_whole_day_in_todays_unit_does_not_count(tmp_path: Path, other: list[Kline]) -> None:
    keep(tmp_path, *(session_of(day) for day in DAYS[:4]), other)
    async with worked_out(tmp_path) as (_, usual):
        assert usual.dates == 4 and len(usual.volumes) == 0


async def test_the_range_of_the_session_before_is_told_if_it_is_known_whole(tmp_path: Path) -> None:
    keep(tmp_path, session_of(DAYS[1], price=900.0), session_of(DAYS[0], minutes=range(200)))
    keep(tmp_path, session_of(DAYS[0], minutes=range(200, 390), price=515.5))
    async with worked_out(tmp_path) as (harness, _):
        assert harness.market.instruments[QQQ].bars.previous_range == SessionRange(DAYS[0], 512.0, 515.5)


@pytest.mark.parametrize(
    "before",
    [session_of(DAYS[0], minutes=range(200)), session_of(DAYS[0], price=128.0), session_of(DAYS[1])],
    ids=["stopped at noon", "before a split", "an earlier session"],
)
async def test_a_session_before_that_is_not_known_has_no_range(tmp_path: Path, before: list[Kline]) -> None:
    keep(tmp_path, before, session_of(DAYS[2]))
    keep(tmp_path, session_of(TODAY, minutes=range(-60, -30)))
    async with worked_out(tmp_path) as (harness, _):
        assert harness.market.instruments[QQQ].bars.previous_range is None


def test_the_last_twenty_trade_dates_are_looked_at() -> None:
    sessions = volume_history.comparable_sessions(calendar("US"), TODAY)
    assert len(sessions) == 20 and sessions[-1][0].start == at("2026-10-26 09:30") // MINUTE


async def test_half_days_are_compared_with_half_days_alone(tmp_path: Path) -> None:
    """A half day's first hours are those of another kind of day, and its close is none of theirs."""
    keep(tmp_path, *(session_of(day) for day in DAYS[:5]))
    harness = BackfillHarness(tmp_path, [QQQ])
    harness.market.set_holidays({"US": Holidays({}, {DAYS[0]: "half"})})
    async with running_backfill(harness, live=False):
        await until(lambda: harness.market.instruments[QQQ].bars.usual is not None)
        assert harness.market.instruments[QQQ].bars.usual.dates == 4  # type: ignore[union-attr]
    harness = BackfillHarness(tmp_path, [QQQ])
    harness.market.set_holidays({"US": Holidays({}, {TODAY: "half"})})
    async with running_backfill(harness, live=False):
        await until(lambda: harness.market.instruments[QQQ].bars.usual is not None)
        assert harness.market.instruments[QQQ].bars.usual.dates == 0  # type: ignore[union-attr]


async def test_it_is_worked_out_once_a_day_on_a_thread_and_again_when_the_vendor_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[threading.Thread] = []
    work = volume_history.usual_volume

    def counted(store: Store, **arguments: Any) -> Any:
        threads.append(threading.current_thread())
        return work(store, **arguments)

    monkeypatch.setattr(volume_history, "usual_volume", counted)
    keep(tmp_path, *(session_of(day) for day in DAYS[1:5]))
    async with worked_out(tmp_path) as (harness, usual):
        assert usual.dates == 4
        harness.vendor.answers = lambda: session_of(DAYS[0])
        harness.history.link_changed(LIVE, demo=False)
        await until(lambda: harness.market.instruments[QQQ].bars.usual.dates == 5)  # type: ignore[union-attr]
        assert len(threads) == 2 and threading.main_thread() not in threads
        harness.history._volumes.wanted.set()
        await until(lambda: not harness.history._volumes.wanted.is_set())
        assert len(threads) == 2
        harness.now += 86_400
        harness.history._volumes.wanted.set()
        await until(lambda: harness.market.instruments[QQQ].bars.usual.date != TODAY)  # type: ignore[union-attr]
        assert len(threads) == 3


async def test_rows_that_were_edited_are_no_volume(tmp_path: Path) -> None:
    keep(tmp_path, *(session_of(day) for day in DAYS[:5]))
    store = Store(tmp_path / "False.sqlite")
    edits = ("volume = -5", "volume = 'much'", "close = 'high'", "volume = 9e999")
    for n, edit in enumerate(edits):
        sql = f"UPDATE bars SET {edit} WHERE minute = {at(f'{DAYS[0]} 10:0{n}') // MINUTE}"
        store._execute(methodcaller("execute", sql), writes=True)
    store.close()
    async with worked_out(tmp_path) as (_, usual):
        assert usual.dates == 5 and usual.volumes[389] == 39_000


@pytest.mark.parametrize(("now", "held"), [("12:00", 500), ("19:30", 600)], ids=["usually", "late in the evening"])
async def test_today_is_read_from_its_opening_on(tmp_path: Path, now: str, held: int) -> None:
    start = at(f"{TODAY} {now}")
    minutes = range((at(f"{TODAY} 04:00") - at(f"{TODAY} 09:30")) // MINUTE, (start - at(f"{TODAY} 09:30")) // MINUTE)
    keep(tmp_path, session_of(TODAY, minutes=[*range(-2000, minutes.start), *minutes]))
    async with backfilling(tmp_path, QQQ, live=False, start=start) as harness:
        bars = harness.market.instruments[QQQ].bars
        assert bars.get(at(f"{TODAY} 09:30") // MINUTE) is not None
        assert held <= len(bars) <= held + 2
