"""What history is applied, when it is requested, and with how few calls; over real sockets: no failure of it affects
the stream."""

from __future__ import annotations

import asyncio
import threading
import time
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.support.feed import KEY, QQQ, SPY, Running
from tests.support.lock_holder import holding
from tests.support.price_walks import at, price_walk
from tests.support.wait_until import until
from tui.errors import NoConnection
from tui.exchange.server import Exchange
from tui.feed.endpoint import rest_base
from tui.feed.state import LinkPhase, LinkState
from tui.history import store as storing
from tui.history.backfill import Backfill
from tui.history.rest_client import RestClient, RestError
from tui.history.store import BarUpdate, Store, StoredHistory
from tui.market import Market
from tui.market.bars import MINUTE
from tui.protocol.messages import Kline, Quote, Tick
from tui.secrets import Token
from tui.symbol import Symbol

MONDAY = at("2026-11-23 10:00")
FRIDAY = at("2026-11-20 09:30")
HK = [Symbol(code, "HK") for code in ("2800", "3033")]
LIVE = LinkState(LinkPhase.LIVE, 0.0)
LOST = LinkState(LinkPhase.RECONNECTING, 0.0, error=NoConnection("connection lost"))


class FakeRestClient:
    """A RestClient that records the calls, and returns what `answers` returns or raises `error`."""

    def __init__(self) -> None:
        self.batch_size = 50
        self.bars: list[tuple[str, list[str], int]] = []
        self.quoted: list[tuple[str, list[str]]] = []
        self.error: RestError | None = None
        self.unserved = {"US", "HK"}  # where `error` is the answer
        self.answered: Callable[[], object] = lambda: None
        self.answers: Callable[[], Sequence[Kline]] = lambda: price_walk(FRIDAY, range(390))

    async def klines(self, region: str, codes: Sequence[str], limit: int = 500) -> dict[str, list[Kline]]:
        self.bars.append((region, list(codes), limit))
        await asyncio.sleep(0)
        self.answered()
        if self.error is not None and region in self.unserved:
            raise self.error
        return {code: list(self.answers()) for code in codes}

    async def quotes(self, region: str, codes: Sequence[str]) -> dict[str, Quote]:
        self.quoted.append((region, list(codes)))
        return {code: Quote(symbol=f"{code}${region}", last=512.0, change=2.0, time=MONDAY - 1000) for code in codes}


class BackfillHarness:
    """A market, its backfill and a fake REST client, at a simulated time."""

    def __init__(self, folder: Path, symbols: Sequence[Symbol], start: int = MONDAY) -> None:
        self.folder = folder
        self.now = 0.0
        self.start = start
        self.vendor = FakeRestClient()
        self.troubles: list[str] = []
        self.market = Market()
        self.market.set_clock(float(start))
        self.market.follow(symbols)
        self.history = Backfill(
            self.market,
            self.vendor,  # type: ignore[arg-type]
            lambda demo: Store(folder / f"{demo}.sqlite", wall=lambda: self.start / 1000 + self.now),
            on_store_error=self.troubles.append,
            clock=lambda: self.now,
        )
        self.history.set_symbols(symbols)

    async def settles(self) -> None:
        """Wait until nothing more is read or asked by itself."""
        self.market.health.frame_at = self.history._awake_at = self.now
        self.history._wake()
        events = (self.history._read_wanted, self.history._request_wanted, self.history._volumes.wanted)
        await until(lambda: all(event._waiters and not event.is_set() for event in events))

    def follow(self, *symbols: Symbol) -> None:
        self.market.follow(symbols)
        self.history.set_symbols(symbols)

    def tick(self, symbol: Symbol, last: float) -> None:
        time = int(self.market.exchange_time(self.now))
        self.market.apply(Quote(symbol=str(symbol), last=last, open=last, time=time), self.now)


@asynccontextmanager
async def backfilling(
    folder: Path, *symbols: Symbol, start: int = MONDAY, live: bool = True
) -> AsyncIterator[BackfillHarness]:
    async with running_backfill(BackfillHarness(folder, symbols or (QQQ, SPY), start), live) as harness:
        yield harness


@asynccontextmanager
async def running_backfill(harness: BackfillHarness, live: bool = True) -> AsyncIterator[BackfillHarness]:
    task = asyncio.create_task(harness.history.run())
    try:
        harness.history.link_changed(LIVE if live else LOST, demo=False)
        await harness.settles()
        yield harness
    finally:
        task.cancel()
        await asyncio.wait([task])
        await harness.history.finish(5.0)
        assert not harness.history._fault, harness.history._fault


def store_history(folder: Path, *news: BarUpdate) -> None:
    store = Store(folder / "False.sqlite", wall=lambda: MONDAY / 1000)
    store.write(news)
    store.close()


def set_clock_ahead(harness: BackfillHarness, by: int) -> None:
    """The market's clock is wrong: so many times in a row said the same."""
    for _ in range(20):
        time = int(harness.market.local_time(harness.now)) + by
        harness.market.apply(Quote(symbol="QQQ$US", last=512.0, open=512.0, time=time), harness.now)
        harness.now += 0.5
    assert harness.market.exchange_time(harness.now) > harness.start + by - 1_000


@pytest.mark.parametrize("by", [3_600_000, 300 * 86_400_000], ids=["an hour", "300 days"])
async def test_a_wrong_clock_costs_no_memory_and_is_not_stored(tmp_path: Path, by: int) -> None:
    store_history(tmp_path, BarUpdate(QQQ, price_walk(FRIDAY, range(390))))
    async with backfilling(tmp_path) as harness:
        set_clock_ahead(harness, by)
        tracemalloc.start()
        harness.history._unwritten(harness.history._instruments())
        await harness.history.finish(1.0)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
        tracemalloc.stop()
    async with backfilling(tmp_path) as harness:
        assert harness.vendor.bars, "up to when all is known, a wrong clock has told"
        assert all(1 <= limit <= 500 for _, _, limit in harness.vendor.bars)


async def test_bars_requested_under_a_wrong_clock_are_requested_again(tmp_path: Path) -> None:
    async with backfilling(tmp_path, QQQ) as harness:
        harness.vendor.answers = lambda: price_walk(MONDAY, range(60))
        set_clock_ahead(harness, 3_600_000)
        await harness.settles()
        assert [limit for _, _, limit in harness.vendor.bars] == [500, 500]
        assert len(harness.market.instruments[QQQ].bars) >= 59
        await harness.settles()
        assert len(harness.vendor.bars) == 2, "once is enough"


# --- another process asks ---


async def test_while_another_process_asks_the_store_is_read_until_it_leaves_no_gap_before_the_stream(
    tmp_path: Path,
) -> None:
    """What is stored up to before the stream began may leave a gap: that counts as not known."""
    harness = BackfillHarness(tmp_path, (QQQ,))
    harness.history.asks = False
    async with running_backfill(harness):
        coverage = harness.history._coverage.of(harness.market.instruments[QQQ])
        for until_, is_known in ((MONDAY - 1_000, False), (MONDAY + 5_000, True)):
            store_history(tmp_path, BarUpdate(QQQ, price_walk(FRIDAY, range(390)), complete_until=until_))
            harness.now += 10.0
            await harness.settles()
            assert harness.market.instruments[QQQ].bars
            assert coverage.is_answered is is_known
            words, is_abnormal = harness.history.describe()
            assert ("the window that holds the connection asks for more" in words) is not is_known
            assert not is_abnormal
        harness.now += 60.0
        harness.history._extend_coverage(harness.now)
        assert coverage.complete_until == MONDAY + 80_000, "the stream goes on from there"
        assert harness.vendor.bars == [] and harness.vendor.quoted == []

        harness.history.asks = True
        await harness.settles()
        assert harness.vendor.bars == [], "all bars are known"
        assert harness.vendor.quoted == [("US", ["QQQ"])]


async def test_a_minute_in_which_the_link_was_away_is_read_from_what_another_process_was_told(tmp_path: Path) -> None:
    harness = BackfillHarness(tmp_path, (QQQ,))
    harness.history.asks = False
    store_history(tmp_path, BarUpdate(QQQ, price_walk(FRIDAY, range(390)), complete_until=MONDAY + 1))
    async with running_backfill(harness):
        harness.now = 30.0
        harness.market.health.frame_at = 30.0
        harness.history._awake_at = 30.0
        harness.history.link_changed(LOST, demo=False)
        harness.now = 70.0
        harness.history.link_changed(LIVE, demo=False)
        bars = harness.market.instruments[QQQ].bars
        await harness.settles()
        assert bars.incomplete == {MONDAY // MINUTE}
        store_history(tmp_path, BarUpdate(QQQ, price_walk(MONDAY, range(1)), complete_until=MONDAY + 75_000))
        harness.now = 80.0
        await harness.settles()
        assert bars.incomplete == set()
        assert bars.get(MONDAY // MINUTE) is not None
        assert harness.vendor.bars == []


async def test_without_a_stream_bars_are_known_up_to_the_vendors_answer_alone(tmp_path: Path) -> None:
    harness = BackfillHarness(tmp_path, (QQQ,))
    harness.history._has_stream = False
    async with running_backfill(harness):
        harness.now = 600.0
        await harness.settles()
        assert len(harness.vendor.bars) == 1 and harness.vendor.quoted == []
    store = Store(tmp_path / "False.sqlite", wall=lambda: MONDAY / 1000 + 600)
    assert store.read([QQQ], 500)[QQQ].complete_until == MONDAY
    store.close()


# --- our own file ---


async def test_stored_history_is_applied_without_a_network(tmp_path: Path) -> None:
    store_history(tmp_path, BarUpdate(QQQ, price_walk(FRIDAY, range(390)), {"2026-11-20": 513.0}))
    async with backfilling(tmp_path, live=False) as harness:
        i = harness.market.instruments[QQQ]
        assert i.is_last_known and i.last_known is not None and i.last_known.time == at("2026-11-20 16:00")
        assert len(i.bars) == 390 and len(i.day.closes) == 1
        assert not harness.market.instruments[SPY].is_last_known
        assert harness.vendor.bars == []
        words = "1 symbol from our own file; more is asked for when the link is live"
        assert harness.history.describe() == (words, False)


async def test_completed_minutes_are_stored_at_the_end_and_read_by_the_next_run(tmp_path: Path) -> None:
    async with backfilling(tmp_path, QQQ) as harness:
        harness.vendor.answers = list
        for bar in price_walk(MONDAY - 2 * MINUTE, range(3)):
            bar.symbol = "QQQ$US"
            harness.market.apply(bar, 0.0)
    async with backfilling(tmp_path, QQQ, live=False, start=MONDAY + MINUTE) as harness:
        bars = list(harness.market.instruments[QQQ].bars)
        assert [bar.time for bar in bars][-2:] == [MONDAY - 2 * MINUTE, MONDAY - MINUTE]


async def test_a_late_correction_of_a_minute_is_stored_after_later_minutes(
    tmp_path: Path,
) -> None:
    kept = price_walk(MONDAY - 3 * MINUTE, range(3))
    store_history(tmp_path, BarUpdate(QQQ, kept))
    async with backfilling(tmp_path, QQQ) as harness:
        late = replace(kept[0], symbol="QQQ$US", volume=kept[0].volume + 100)
        harness.market.apply(late, 0.0)
    async with backfilling(tmp_path, QQQ, live=False) as harness:
        found = harness.market.instruments[QQQ].bars.get(kept[0].time // MINUTE)
        assert found is not None and found.volume == kept[0].volume + 100


async def test_the_close_of_the_closing_auction_is_stored(tmp_path: Path) -> None:
    fund, start = Symbol("159915", "SZ"), at("2026-11-23 14:56", "SZ")
    async with backfilling(tmp_path, fund, start=start) as harness:
        for harness.now, last in ((0.0, 2.0), (240.1, 2.01)):
            harness.tick(fund, last)
    async with backfilling(tmp_path, fund, start=start + 3600_000, live=False) as harness:
        assert list(harness.market.instruments[fund].day.closes.values())[-1] == 2.01


async def test_an_unusable_store_is_reported_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    async with backfilling(tmp_path / "file", QQQ) as harness:
        assert len(harness.vendor.bars) == 1
        harness.follow(QQQ, SPY)
        await harness.settles()
        assert len(harness.troubles) == 1 and harness.troubles[0] == harness.history.store_error
        assert len(harness.market.instruments[QQQ].bars) == 390


async def test_a_store_that_stays_locked_is_reported_the_second_time_and_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another copy writes for a moment, and that is no trouble; one that was stopped then does so for ever."""
    monkeypatch.setattr(storing, "_LOCK_TIMEOUT", 0.05)
    news = [BarUpdate(QQQ, price_walk(FRIDAY, range(3)))]
    store_history(tmp_path, *news)
    async with backfilling(tmp_path, QQQ) as harness:
        with holding(tmp_path / "False.sqlite", sqlite=True, stopped=True):
            for told in (0, 1, 1):
                await harness.history._write(news)
                assert len(harness.troubles) == told
        await harness.history._write(news)
        assert harness.history.store_error == ""
        harness.market.apply(price_walk(MONDAY - 2 * MINUTE, range(1))[0], 0.0)
        with holding(tmp_path / "False.sqlite", sqlite=True, stopped=True):
            await asyncio.gather(harness.history.finish(5.0), harness.history.finish(5.0))
        assert harness.history.save_error.endswith("database is locked")


async def test_a_hanging_disk_does_not_block_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on = threading.Event()
    async with backfilling(tmp_path, QQQ) as harness:
        monkeypatch.setattr(Store, "write", lambda *_, **__: on.wait())
        await harness.history.finish(0.1)
        assert harness.history.save_error == f"cannot use {tmp_path / 'False.sqlite'}: the disk does not answer"
        on.set()
        await harness.history.finish(5.0)
        assert harness.history.save_error == ""


async def test_a_defect_of_ours_ends_the_backfill_and_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> list[Kline]:
        raise LookupError

    harness = BackfillHarness(tmp_path, [QQQ])
    harness.vendor.answers = fail
    harness.history.link_changed(LIVE, demo=False)
    await asyncio.wait_for(harness.history.run(), 10)
    assert harness.history.describe() == ("a fault in the program (LookupError)", True)
    assert "in fail" in caplog.text
    await harness.history.finish(5.0)


async def test_a_demo_at_another_address_has_a_store_of_its_own(tmp_path: Path) -> None:
    store_history(tmp_path, BarUpdate(QQQ, price_walk(FRIDAY, range(390))))
    async with backfilling(tmp_path, QQQ, live=False) as harness:
        assert harness.market.instruments[QQQ].is_last_known
        harness.market.set_hours(demo=True)
        harness.history.link_changed(LinkState(LinkPhase.AUTHENTICATING, 0.0), demo=True)
        await harness.settles()
        assert not harness.market.instruments[QQQ].is_last_known
        assert harness.history.store is not None and harness.history.store.path.name == "True.sqlite"


async def test_for_an_exchange_on_this_machine_the_store_waits_for_its_answer(tmp_path: Path) -> None:
    opened: list[bool] = []

    def stores(demo: bool) -> Store:
        opened.append(demo)
        return Store(tmp_path / "x.sqlite")

    history = Backfill(Market(), None, stores, local=True)
    history.link_changed(LOST, demo=False)
    assert opened == []
    history.link_changed(LinkState(LinkPhase.AUTHENTICATING, 0.0), demo=True)
    assert opened == [True]
    await history.finish(5.0)


# --- the vendor ---


async def test_symbols_in_view_are_requested_first_by_region_and_once(tmp_path: Path) -> None:
    many = [Symbol(f"F{n}", "US") for n in range(60)]
    async with backfilling(tmp_path, *many, *HK) as harness:
        asked = [(region, len(codes), limit) for region, codes, limit in harness.vendor.bars]
        assert asked == [("US", 50, 500), ("US", 10, 500), ("HK", 2, 500)]
        assert harness.history.describe() == ("62 symbols known", False)
        harness.follow(QQQ, *many, *HK)
        await harness.settles()
        assert harness.vendor.bars[3:] == [("US", ["QQQ"], 500)]
        harness.follow(*HK)
        await harness.settles()
        assert len(harness.vendor.bars) == 4


async def test_a_symbol_that_is_added_again_requests_what_it_missed(tmp_path: Path) -> None:
    async with backfilling(tmp_path) as harness:
        harness.follow(QQQ)
        harness.market.reconnected([QQQ])
        harness.now += 600
        harness.follow(QQQ, SPY)
        await harness.settles()
        assert harness.vendor.bars[1:] == [("US", ["SPY"], 12)]
        assert len(harness.market.instruments[SPY].bars) == 390


@pytest.mark.parametrize(("away", "calls"), [(59.0, 0), (300.0, 1)])
async def test_after_an_outage_of_over_a_minute_the_gap_is_requested(tmp_path: Path, away: float, calls: int) -> None:
    async with backfilling(tmp_path) as harness:
        harness.now += 3_600
        await harness.settles()
        harness.history.link_changed(LOST, demo=False)
        harness.now += away
        harness.history.link_changed(LIVE, demo=False)
        await harness.settles()
        assert harness.vendor.bars[1:] == [("US", ["QQQ", "SPY"], 7)] * calls


async def test_an_outage_while_a_call_is_in_progress_is_requested_afterwards(tmp_path: Path) -> None:
    harness = BackfillHarness(tmp_path, [QQQ])

    def lose_the_link() -> None:
        harness.vendor.answered = lambda: None
        harness.history.link_changed(LOST, demo=False)
        harness.now += 300
        harness.history.link_changed(LIVE, demo=False)

    harness.vendor.answered = lose_the_link
    async with running_backfill(harness):
        assert harness.vendor.bars == [("US", ["QQQ"], 500), ("US", ["QQQ"], 7)]


async def test_a_new_connection_ends_the_backoff(tmp_path: Path) -> None:
    harness = BackfillHarness(tmp_path, [QQQ])
    harness.vendor.error = RestError("api.itick.org refuses this key for /fund/klines", refused=True)
    async with running_backfill(harness):
        assert len(harness.vendor.bars) == 1
        harness.vendor.error = None
        harness.history.link_changed(LOST, demo=False)
        harness.history.link_changed(LIVE, demo=False)
        await harness.settles()
        assert len(harness.vendor.bars) == 2 and harness.history.describe() == ("1 symbol known", False)


async def test_a_symbol_that_is_removed_while_the_store_is_read_gets_no_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be added again meanwhile: then it is another instrument, whose history is read by itself."""
    store_history(tmp_path, BarUpdate(QQQ, price_walk(FRIDAY, range(390))))
    harness = BackfillHarness(tmp_path, [QQQ])
    calls: list[Symbol] = []
    harness.market.on_call = lambda name, arguments: calls.append(arguments[0]) if name == "recall" else None
    read, reads = Store.read, 0

    def remove_and_read(store: Store, symbols: Iterable[Symbol], limit: int) -> dict[Symbol, StoredHistory]:
        nonlocal reads
        reads += 1
        if reads == 1:
            loop.call_soon_threadsafe(remove)
            removed.wait(5)
        return read(store, symbols, limit)

    def remove() -> None:
        harness.market.follow([])
        harness.market.reconnected([])
        harness.follow(QQQ)
        removed.set()

    loop, removed = asyncio.get_running_loop(), threading.Event()
    monkeypatch.setattr(Store, "read", remove_and_read)
    async with running_backfill(harness, live=False):
        assert reads == 2 and calls == [QQQ], "once for the instrument that is followed"


@pytest.mark.parametrize("frames", ["until then", "again"])
async def test_an_hour_of_suspend_is_an_outage_although_the_link_notices_it_late(tmp_path: Path, frames: str) -> None:
    async with backfilling(tmp_path) as harness:
        harness.now += 3_600
        if frames == "again":  # what waited to be read while the machine slept
            harness.market.health.frame_at = harness.now
        harness.history.link_changed(LOST, demo=False)
        harness.now += 2
        harness.history.link_changed(LIVE, demo=False)
        await harness.settles()
        assert harness.vendor.bars[1:] == [("US", ["QQQ", "SPY"], 62)]


async def test_with_bars_built_from_trades_all_since_the_last_response_is_requested(tmp_path: Path) -> None:
    async with backfilling(tmp_path, QQQ) as harness:
        harness.market.refuse([QQQ], "kline@1", "not in your plan")
        harness.now += 3_600
        await harness.settles()
        harness.history.link_changed(LOST, demo=False)
        harness.now += 300
        harness.history.link_changed(LIVE, demo=False)
        await harness.settles()
        assert harness.vendor.bars[1:] == [("US", ["QQQ"], 67)]


async def test_nothing_is_requested_if_the_exchange_was_closed_since(tmp_path: Path) -> None:
    evening, sunday = at("2026-11-20 20:00"), at("2026-11-22 12:00")
    store_history(tmp_path, BarUpdate(QQQ, price_walk(FRIDAY, range(390)), {}, evening))
    async with backfilling(tmp_path, QQQ, start=sunday) as harness:
        assert harness.vendor.bars == []
        assert harness.history.describe() == ("1 symbol known", False)
    for early in (at("2026-11-23 05:00"), MONDAY):
        store_history(tmp_path, BarUpdate(QQQ, price_walk(FRIDAY, range(390)), {}, evening))
        async with backfilling(tmp_path, QQQ, start=early) as harness:
            assert len(harness.vendor.bars) == 1


@pytest.mark.parametrize(
    ("error", "waits"),
    [
        (RestError("api.itick.org did not answer /fund/klines in time"), [60, 120, 240]),
        (RestError("api.itick.org asks to slow down for 90 s", wait=90.0), [90, 120]),
        (RestError("api.itick.org does not serve /fund/klines: upgrade", refused=True), [600, 600]),
    ],
)
async def test_a_failure_is_described_and_retried_with_backoff(
    tmp_path: Path, error: RestError, waits: list[int]
) -> None:
    harness = BackfillHarness(tmp_path, [QQQ])
    harness.vendor.error = error
    task = asyncio.create_task(harness.history.run())
    harness.history.link_changed(LIVE, demo=False)
    for calls, wait in enumerate(waits, 1):
        await harness.settles()
        assert len(harness.vendor.bars) == calls
        words = f"0 symbols known, 1 not; US minutes: {error}; asked again in {wait} s"
        assert harness.history.describe() == (words, True)
        harness.now += wait - 1
        await harness.settles()
        assert len(harness.vendor.bars) == calls
        harness.now += 1
    harness.vendor.error = None
    await harness.settles()
    assert harness.history.describe() == ("1 symbol known", False)
    task.cancel()
    await asyncio.wait([task])
    await harness.history.finish(5.0)


async def test_a_refused_region_does_not_delay_the_others(tmp_path: Path) -> None:
    harness = BackfillHarness(tmp_path, [*HK, QQQ])
    harness.vendor.error = RestError("api.itick.org refuses this key for /fund/klines", refused=True)
    harness.vendor.unserved = {"HK"}
    async with running_backfill(harness):
        assert [region for region, _, _ in harness.vendor.bars] == ["HK", "US"]
        words = f"1 symbol known, 2 not; HK minutes: {harness.vendor.error}; asked again in 600 s"
        assert harness.history.describe() == (words, True)
        harness.now += 600
        await harness.settles()
        assert [region for region, _, _ in harness.vendor.bars] == ["HK", "US", "HK"]


async def test_with_one_code_per_call_each_response_is_applied_at_once(tmp_path: Path) -> None:
    harness = BackfillHarness(tmp_path, [QQQ, SPY])
    lengths: list[int] = []

    def answered() -> None:
        lengths.append(len(harness.market.instruments[QQQ].bars))
        several = harness.vendor.batch_size > 1
        harness.vendor.batch_size = 1
        harness.vendor.error = RestError("HTTP 404", status=404) if several else None

    harness.vendor.answered = answered
    async with running_backfill(harness):
        assert [codes for _, codes, _ in harness.vendor.bars] == [["QQQ", "SPY"], ["QQQ"], ["SPY"]]
        assert lengths == [0, 0, 390]
        assert harness.history.describe() == ("2 symbols known", False)


async def test_after_a_split_the_next_run_reads_nothing_from_before_it(tmp_path: Path) -> None:
    thursday = FRIDAY - 1440 * MINUTE
    friday = price_walk(FRIDAY, range(390))
    closes = {"2026-11-19": 1_024.0, "2026-11-20": friday[-1].close}  # of these the second is right
    store_history(
        tmp_path,
        BarUpdate(QQQ, [*price_walk(thursday, range(390), 1_024.0), *price_walk(FRIDAY, range(300), 1_024.0)], closes),
    )
    async with backfilling(tmp_path, QQQ):
        pass
    async with backfilling(tmp_path, QQQ, live=False) as harness:
        i = harness.market.instruments[QQQ]
        assert [(bar.time, bar.close) for bar in i.bars] == [(bar.time, bar.close) for bar in friday]
        assert list(i.day.closes.values()) == [friday[-1].close]


async def test_a_late_response_counts_as_of_its_request(tmp_path: Path) -> None:
    """The bell rings while the answer is under way: its last price may be from before."""
    before_the_bell = at("2026-11-20 15:59") + 30_000
    harness = BackfillHarness(tmp_path, [QQQ], start=before_the_bell)
    harness.vendor.answered = lambda: setattr(harness, "now", harness.now + 60)
    async with running_backfill(harness):
        i = harness.market.instruments[QQQ]
        assert len(i.bars) == 389, "that of 15:59 may be half of it"
        assert not i.day.closes


async def test_an_empty_response_leaves_the_gap_open(tmp_path: Path) -> None:
    async with backfilling(tmp_path, QQQ) as harness:
        harness.now += 3_600
        await harness.settles()
        harness.history.link_changed(LOST, demo=False)
        harness.now += 300
        harness.vendor.answers = list
        harness.history.link_changed(LIVE, demo=False)
        await harness.settles()
        assert len(harness.vendor.bars) == 2
    assert harness.history.store is None
    async with backfilling(tmp_path, QQQ, start=MONDAY + 3_900_000) as harness:
        assert harness.vendor.bars == [("US", ["QQQ"], 7)], "from where the outage began"


async def test_a_quote_is_requested_once_the_stream_had_time_to_send_its_own(tmp_path: Path) -> None:
    harness = BackfillHarness(tmp_path, [QQQ, SPY])
    harness.vendor.answers = lambda: price_walk(MONDAY - 10 * MINUTE, range(10))  # today's alone
    async with running_backfill(harness):
        harness.tick(QQQ, 515.0)
        harness.tick(SPY, 605.0)
        await harness.settles()
        assert harness.vendor.quoted == []
        harness.now += 4
        await harness.settles()
        assert harness.vendor.quoted == [("US", ["QQQ", "SPY"])]
        base = harness.market.instruments[QQQ].base
        assert base is not None and base.price == 510.0


# --- minutes in which the link was away ---


def lose_and_regain(harness: BackfillHarness, away: float) -> None:
    harness.history.link_changed(LOST, demo=False)
    harness.market.reconnected([QQQ])
    harness.now += away
    harness.market.expect_data([QQQ], harness.now)
    harness.history.link_changed(LIVE, demo=False)


@asynccontextmanager
async def streaming(folder: Path) -> AsyncIterator[BackfillHarness]:
    """At 20 s past 10:05, where 10:05 has a bar of the stream, and the vendor knows all of each minute."""
    async with backfilling(folder, QQQ) as harness:
        harness.now = 320.0
        await harness.settles()
        harness.vendor.answers = lambda: [
            replace(bar, volume=1e6) for bar in price_walk(MONDAY, range(int(harness.now // 60)))
        ]
        harness.market.apply(stream_bar(5), harness.now)
        yield harness


def stream_bar(minute: int) -> Kline:
    return replace(price_walk(MONDAY + minute * MINUTE, range(1))[0], symbol="QQQ$US")


def incomplete(harness: BackfillHarness) -> list[int]:
    return sorted(slot - MONDAY // MINUTE for slot in harness.market.instruments[QQQ].bars.incomplete)


async def test_a_minute_that_ended_while_the_link_was_away_is_asked_for_again(tmp_path: Path) -> None:
    async with streaming(tmp_path) as harness:
        lose_and_regain(harness, 50.0)
        assert incomplete(harness) == [5, 6]
        await harness.settles()
        assert harness.vendor.bars[1:] == [("US", ["QQQ"], 3)]
        bar = harness.market.instruments[QQQ].bars.get(MONDAY // MINUTE + 5)
        assert bar is not None and bar.volume == 1e6
        harness.market.apply(stream_bar(6), harness.now)
        assert incomplete(harness) == [], "the stream's bar of a minute is the whole of it"
        harness.now += 120
        await harness.settles()
        assert len(harness.vendor.bars) == 2


@pytest.mark.parametrize("built", [False, True], ids=["a bar of the stream", "built from trades"])
async def test_a_minute_that_the_link_was_away_within_is_whole_by_the_stream_or_asked_for_once_over(
    tmp_path: Path, built: bool
) -> None:
    async with streaming(tmp_path) as harness:
        lose_and_regain(harness, 20.0)
        if built:
            harness.market.refuse([QQQ], "kline@1", "not in your plan")
            time = int(harness.market.exchange_time(harness.now))
            harness.market.apply(Tick(symbol="QQQ$US", last=512.0, time=time), harness.now)
        else:
            harness.market.apply(stream_bar(5), harness.now)
        await harness.settles()
        assert len(harness.vendor.bars) == 1 and incomplete(harness) == [5] * built
        harness.now += 25
        await harness.settles()
        assert harness.vendor.bars[1:] == [("US", ["QQQ"], 3)] * built and incomplete(harness) == []


async def test_a_minute_that_stays_incomplete_is_not_stored_and_asked_for_at_the_next_start(tmp_path: Path) -> None:
    async with streaming(tmp_path) as harness:
        await harness.history._write(harness.history._unwritten(harness.history._instruments()))
        harness.vendor.error = RestError("no answer")
        lose_and_regain(harness, 50.0)
        harness.now += 240
        for minute in (6, 7, 8):
            harness.market.apply(stream_bar(minute), harness.now)
        await harness.settles()
    async with backfilling(tmp_path, QQQ, start=MONDAY + 900_000) as harness:
        assert harness.vendor.bars == [("US", ["QQQ"], 12)], "from 10:05 on"
    store = Store(tmp_path / "False.sqlite", wall=lambda: MONDAY / 1000 + 900)
    minutes = {(bar.time - MONDAY) // MINUTE for bar in store.read([QQQ], 500)[QQQ].bars}
    assert 6 in minutes and 8 in minutes and 5 not in minutes
    store.close()


async def test_a_minute_whose_end_no_frame_has_proven_is_not_stored(tmp_path: Path) -> None:
    async with streaming(tmp_path) as harness:
        harness.now += 50  # silent since
        written = harness.history._unwritten(harness.history._instruments())
        assert MONDAY + 5 * MINUTE not in [bar.time for update in written for bar in update.bars]
        harness.market.health.frame_at = harness.now
        written = harness.history._unwritten(harness.history._instruments())
        assert MONDAY + 5 * MINUTE in [bar.time for update in written for bar in update.bars]


# --- a split while the program is on ---


async def test_a_split_asks_for_history_at_once_and_again_until_it_is_adjusted(tmp_path: Path) -> None:
    """SOXL: 300 on Monday, 150.6 from 21:00 on."""
    monday, night = at("2026-12-07 15:00"), at("2026-12-07 21:00")
    old, new = price_walk(monday, range(60), 300.0), price_walk(monday, range(60), 150.0)
    harness = BackfillHarness(tmp_path, [QQQ], start=at("2026-12-07 19:00"))
    harness.vendor.answers = lambda: old
    async with running_backfill(harness):
        i = harness.market.instruments[QQQ]
        await harness.history._write([BarUpdate(QQQ, old, {"2026-12-04": 290.0, "2026-12-07": 300.0})])
        harness.tick(QQQ, 300.0)
        harness.now += 7_201
        await harness.settles()
        asked = len(harness.vendor.bars)
        harness.tick(QQQ, 150.6)
        await until(lambda: len(harness.vendor.bars) == asked + 1)  # without waiting for the next look
        await harness.settles()
        assert i.suspects_split and not len(i.bars)
        harness.now += 60
        await harness.settles()
        assert len(harness.vendor.bars) == asked + 1
        harness.vendor.answers = lambda: [*new, *price_walk(night, range(10), 150.6)]
        harness.now += 600
        await harness.settles()
        assert len(harness.vendor.bars) == asked + 2
        assert not i.suspects_split and i.day.close == new[-1].close
        assert {bar.close < 160 for bar in i.bars} == {True} and len(i.bars) == 70
        harness.now += 600
        await harness.settles()
        assert len(harness.vendor.bars) == asked + 2
    store = Store(tmp_path / "False.sqlite", wall=lambda: night / 1000 + 900)
    stored = store.read([QQQ], 500)[QQQ]
    store.close()
    assert all(bar.close < 160 for bar in stored.bars) and len(stored.bars) == 70
    assert stored.closes == {"2026-12-07": new[-1].close}


async def test_without_calls_only_stored_history_is_applied(tmp_path: Path) -> None:
    history = Backfill(Market(), None, lambda demo: Store(tmp_path / "x.sqlite"))
    assert history.describe() == ("0 symbols from our own file; calls_a_minute is 0", False)
    follower = Backfill(Market(), None, lambda demo: Store(tmp_path / "x.sqlite"), calls=None)
    assert follower.describe() == ("0 symbols from our own file; a follower asks for none", False)


# --- over real sockets ---


@asynccontextmanager
async def link_and_backfill(
    exchange: Exchange, folder: Path, *symbols: Symbol
) -> AsyncIterator[tuple[Running, Backfill]]:
    """Both at work."""
    symbols = symbols or (QQQ, SPY)
    running = Running(exchange.url, *symbols, on_state=lambda state: history.link_changed(state, running.link.is_demo))
    rest = RestClient(rest_base(exchange.url), Token(KEY), 1_000)
    history = Backfill(running.market, rest, lambda demo: Store(folder / f"{demo}.sqlite"), calls=1_000, local=True)
    history.set_symbols(symbols)
    task = asyncio.create_task(history.run())
    try:
        async with running:
            yield running, history
    finally:
        task.cancel()
        await asyncio.wait([task])
        await history.finish(5.0)
        await rest.aclose()
        assert not history._fault


async def test_history_and_stream_form_one_series_of_bars(tmp_path: Path) -> None:
    async with Exchange(history=False) as exchange, link_and_backfill(exchange, tmp_path) as (running, _):
        i = running.market.instruments[QQQ]
        await until(lambda: len(i.bars) > 390 and i.last)
        truth = exchange.market.find_watched(QQQ)
        assert truth is not None
        told = {bar.time: bar.close for bar in map(truth.kline, truth.bars)}
        shared = [bar for bar in i.bars if bar.time in told][:-1]
        assert len(shared) > 60 and all(told[bar.time] == bar.close for bar in shared)
    with_file = Store(tmp_path / "True.sqlite")
    assert len(with_file.read([QQQ], 500)[QQQ].bars) > 390
    with_file.close()


@pytest.mark.parametrize(
    "fault", ["rest-429", "rest-500", "rest-redirect", "rest-refused", "rest-null", "rest-garbage", "rest-slow"]
)
async def test_no_failure_of_rest_affects_the_stream(tmp_path: Path, fault: str) -> None:
    async with Exchange(faults=[fault]) as exchange, link_and_backfill(exchange, tmp_path) as (running, history):
        await running.reaches(LinkPhase.LIVE)
        await until(lambda: all(i.last and i.depth and len(i.bars) for i in running.market.instruments.values()))
        if fault == "rest-null":
            await until(lambda: history.describe() == ("0 symbols known; nothing told of QQQ$US, SPY$US", True))
        elif fault != "rest-slow":
            await until(lambda: history.describe()[1])
            assert "asked again in" in history.describe()[0]
        assert running.phases.count(LinkPhase.LIVE) == 1


async def test_a_symbol_that_does_not_exist_is_not_called_known_now_or_at_the_next_start(tmp_path: Path) -> None:
    none = Symbol("XYZ", "XX")
    async with Exchange() as exchange:
        for _ in range(2):
            async with link_and_backfill(exchange, tmp_path, QQQ, none) as (_, history):
                await until(lambda: history.describe() == ("1 symbol known; nothing told of XYZ$XX", True))


async def test_five_hundred_symbols_are_written_without_blocking_the_event_loop(tmp_path: Path) -> None:
    symbols = [Symbol(f"F{n}", "US") for n in range(500)]
    bars = price_walk(MONDAY - 60 * MINUTE, range(60))
    store = Store(tmp_path / "x.sqlite", wall=lambda: MONDAY / 1000)
    began, turns = time.perf_counter(), 0
    writing = asyncio.create_task(asyncio.to_thread(store.write, [BarUpdate(symbol, bars) for symbol in symbols]))
    while not writing.done():
        await asyncio.sleep(0.002)
        turns += 1
    assert time.perf_counter() - began < 2.0
    assert turns > 5
    store.close()


@pytest.mark.parametrize("symbols", [2, 60])
async def test_each_trade_date_costs_one_request_for_quotes_per_fifty_symbols(tmp_path: Path, symbols: int) -> None:
    """Of the demo exchange a trade date is a day of UTC."""
    followed = [QQQ, SPY, *(Symbol(f"F{n}", "US") for n in range(symbols - 2))]
    shift, asked = 0.0, list[int]()
    async with Exchange() as exchange:
        rest = RestClient(rest_base(exchange.url), Token(KEY), 1_000)
        served = rest.quotes

        async def quotes(region: str, codes: Sequence[str]) -> dict[str, Quote]:
            found = await served(region, codes)
            asked.append(len(codes))
            assert {"QQQ", "SPY"} & set(codes) == found.keys()
            return found

        rest.quotes = quotes  # type: ignore[method-assign]
        market = Market()
        market.set_hours(demo=True)
        noon = 1_796_558_400_000  # 2026-12-06 12:00 UTC
        market.set_clock(noon - 1000 * time.monotonic())
        market.follow(followed)
        clock = lambda: time.monotonic() + shift  # noqa: E731
        history = Backfill(market, rest, lambda demo: Store(tmp_path / "x.sqlite"), calls=1_000, clock=clock)
        history.set_symbols(followed)
        running = asyncio.create_task(history.run())
        history.link_changed(LIVE, demo=True)
        await until(lambda: all(history._coverage.of(i).is_requested for i in history._instruments()))

        async def look(later: float) -> None:
            nonlocal shift
            shift += later
            history._wake()
            await until(lambda: history._request_wanted._waiters and not history._request_wanted.is_set())

        batches = [50, 10] if symbols == 60 else [2]
        await look(4.0)
        assert asked == batches
        for hours in (1, 10):
            await look(hours * 3_600.0)
            history.link_changed(LOST, demo=True)
            history.link_changed(LIVE, demo=True)
            await look(4.0)
            assert asked == batches, "none is repeated, after a reconnect neither"
        for dates in (2, 3):
            await look(86_400.0)
            assert asked == batches * dates
        running.cancel()
        await asyncio.wait([running])
        await history.finish(5.0)
        await rest.aclose()
