"""What is told of the past, when it is asked for, and how few calls it takes; over real sockets, that no failure of it
is in the stream's way."""

from __future__ import annotations

import asyncio
import threading
import time
import tracemalloc
from collections.abc import AsyncIterator, Callable, Sequence
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
from tui.history.store import BarUpdate, Store
from tui.market import Market
from tui.market.bars import MINUTE
from tui.protocol.messages import Kline, Quote
from tui.secrets import Token
from tui.symbol import Symbol

MONDAY = at("2026-11-23 10:00")
FRIDAY = at("2026-11-20 09:30")
HK = [Symbol(code, "HK") for code in ("2800", "3033")]
LIVE = LinkState(LinkPhase.LIVE, 0.0)
LOST = LinkState(LinkPhase.RECONNECTING, 0.0, error=NoConnection("connection lost"))


class Vendor:
    """REST in its stead: what was asked, and answers of `minutes` bars each, or an error."""

    def __init__(self) -> None:
        self.at_once = 50
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


class Desk:
    """A market at a time of its own, a history at work for it, and the vendor it asks."""

    def __init__(self, folder: Path, symbols: Sequence[Symbol], start: int = MONDAY) -> None:
        self.folder = folder
        self.now = 0.0
        self.start = start
        self.vendor = Vendor()
        self.troubles: list[str] = []
        self.market = Market()
        self.market.set_clock(float(start))
        self.market.follow(symbols)
        self.history = Backfill(
            self.market,
            self.vendor,  # type: ignore[arg-type]
            lambda demo: Store(folder / f"{demo}.sqlite", wall=lambda: self.start / 1000 + self.now),
            on_trouble=self.troubles.append,
            clock=lambda: self.now,
        )
        self.history.set_symbols(symbols)

    async def settles(self) -> None:
        """Wait until nothing more is read or asked by itself."""
        self.market.health.frame_at = self.history._awake_at = self.now
        self.history._stir()
        events = (self.history._to_read, self.history._to_ask)
        await until(lambda: all(event._waiters and not event.is_set() for event in events))

    def want(self, *symbols: Symbol) -> None:
        self.market.follow(symbols)
        self.history.set_symbols(symbols)

    def tick(self, symbol: Symbol, last: float) -> None:
        time = int(self.market.exchange_time(self.now))
        self.market.apply(Quote(symbol=str(symbol), last=last, open=last, time=time), self.now)


@asynccontextmanager
async def at_work(folder: Path, *symbols: Symbol, start: int = MONDAY, live: bool = True) -> AsyncIterator[Desk]:
    async with working(Desk(folder, symbols or (QQQ, SPY), start), live) as desk:
        yield desk


@asynccontextmanager
async def working(desk: Desk, live: bool = True) -> AsyncIterator[Desk]:
    task = asyncio.create_task(desk.history.run())
    try:
        desk.history.link_changed(LIVE if live else LOST, demo=False)
        await desk.settles()
        yield desk
    finally:
        task.cancel()
        await asyncio.wait([task])
        await desk.history.finish(5.0)
        assert not desk.history._fault, desk.history._fault


def keep(folder: Path, *news: BarUpdate) -> None:
    store = Store(folder / "False.sqlite", wall=lambda: MONDAY / 1000)
    store.write(news)
    store.close()


def ahead(desk: Desk, by: int) -> None:
    """The market's clock is wrong: so many times in a row said the same."""
    for _ in range(20):
        time = int(desk.market.local_time(desk.now)) + by
        desk.market.apply(Quote(symbol="QQQ$US", last=512.0, open=512.0, time=time), desk.now)
        desk.now += 0.5
    assert desk.market.exchange_time(desk.now) > desk.start + by - 1_000


@pytest.mark.parametrize("by", [3_600_000, 300 * 86_400_000], ids=["an hour", "300 days"])
async def test_a_clock_that_was_wrong_takes_no_memory_and_nothing_of_it_is_kept(tmp_path: Path, by: int) -> None:
    keep(tmp_path, BarUpdate(QQQ, price_walk(FRIDAY, range(390))))
    async with at_work(tmp_path) as desk:
        ahead(desk, by)
        tracemalloc.start()
        desk.history._unwritten(desk.history._instruments())
        await desk.history.finish(1.0)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
        tracemalloc.stop()
    async with at_work(tmp_path) as desk:
        assert desk.vendor.bars, "up to when all is known, a wrong clock has told"
        assert all(1 <= limit <= 500 for _, _, limit in desk.vendor.bars)


async def test_what_was_judged_by_a_wrong_clock_is_asked_for_again(tmp_path: Path) -> None:
    async with at_work(tmp_path, QQQ) as desk:
        desk.vendor.answers = lambda: price_walk(MONDAY, range(60))
        ahead(desk, 3_600_000)
        await desk.settles()
        assert [limit for _, _, limit in desk.vendor.bars] == [500, 500]
        assert len(desk.market.instruments[QQQ].bars) >= 59
        await desk.settles()
        assert len(desk.vendor.bars) == 2, "once is enough"


# --- our own file ---


async def test_what_was_kept_is_told_without_a_network(tmp_path: Path) -> None:
    keep(tmp_path, BarUpdate(QQQ, price_walk(FRIDAY, range(390)), {"2026-11-20": 513.0}))
    async with at_work(tmp_path, live=False) as desk:
        i = desk.market.instruments[QQQ]
        assert i.is_last_known and i.last_known is not None and i.last_known.time == at("2026-11-20 16:00")
        assert len(i.bars) == 390 and len(i.day.closes) == 1
        assert not desk.market.instruments[SPY].is_last_known
        assert desk.vendor.bars == []
        words = "1 symbol from our own file; more is asked for when the link is live"
        assert desk.history.words() == (words, False)


async def test_finished_minutes_are_kept_at_the_end_and_found_by_the_next_run(tmp_path: Path) -> None:
    async with at_work(tmp_path, QQQ) as desk:
        desk.vendor.answers = list
        for bar in price_walk(MONDAY - 2 * MINUTE, range(3)):
            bar.symbol = "QQQ$US"
            desk.market.apply(bar, 0.0)
    async with at_work(tmp_path, QQQ, live=False, start=MONDAY + MINUTE) as desk:
        bars = list(desk.market.instruments[QQQ].bars)
        assert [bar.time for bar in bars][-2:] == [MONDAY - 2 * MINUTE, MONDAY - MINUTE]


async def test_the_last_word_on_a_minute_is_kept_although_it_comes_when_later_ones_are_kept_already(
    tmp_path: Path,
) -> None:
    kept = price_walk(MONDAY - 3 * MINUTE, range(3))
    keep(tmp_path, BarUpdate(QQQ, kept))
    async with at_work(tmp_path, QQQ) as desk:
        late = replace(kept[0], symbol="QQQ$US", volume=kept[0].volume + 100)
        desk.market.apply(late, 0.0)
    async with at_work(tmp_path, QQQ, live=False) as desk:
        found = desk.market.instruments[QQQ].bars.get(kept[0].time // MINUTE)
        assert found is not None and found.volume == kept[0].volume + 100


async def test_a_run_that_ends_in_the_evening_keeps_what_the_closing_auction_told(tmp_path: Path) -> None:
    fund, start = Symbol("159915", "SZ"), at("2026-11-23 14:56", "SZ")
    async with at_work(tmp_path, fund, start=start) as desk:
        for desk.now, last in ((0.0, 2.0), (240.1, 2.01)):
            desk.tick(fund, last)
    async with at_work(tmp_path, fund, start=start + 3600_000, live=False) as desk:
        assert list(desk.market.instruments[fund].day.closes.values())[-1] == 2.01


async def test_where_nothing_can_be_kept_it_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    async with at_work(tmp_path / "file", QQQ) as desk:
        assert len(desk.vendor.bars) == 1
        desk.want(QQQ, SPY)
        await desk.settles()
        assert len(desk.troubles) == 1 and desk.troubles[0] == desk.history.trouble
        assert len(desk.market.instruments[QQQ].bars) == 390


async def test_a_file_that_stays_locked_is_told_the_second_time_and_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another copy writes for a moment, and that is no trouble; one that was stopped then does so for ever."""
    monkeypatch.setattr(storing, "_PATIENCE", 0.05)
    news = [BarUpdate(QQQ, price_walk(FRIDAY, range(3)))]
    keep(tmp_path, *news)
    async with at_work(tmp_path, QQQ) as desk:
        with holding(tmp_path / "False.sqlite", sqlite=True, stopped=True):
            for told in (0, 1, 1):
                await desk.history._write(news)
                assert len(desk.troubles) == told
        await desk.history._write(news)
        assert desk.history.trouble == ""
        desk.market.apply(price_walk(MONDAY - 2 * MINUTE, range(1))[0], 0.0)
        with holding(tmp_path / "False.sqlite", sqlite=True, stopped=True):
            await asyncio.gather(desk.history.finish(5.0), desk.history.finish(5.0))
        assert desk.history.lost.endswith("database is locked")


async def test_a_disk_that_hangs_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on = threading.Event()
    async with at_work(tmp_path, QQQ) as desk:
        monkeypatch.setattr(Store, "write", lambda *_, **__: on.wait())
        await desk.history.finish(0.1)
        assert desk.history.lost == f"cannot use {tmp_path / 'False.sqlite'}: the disk does not answer"
        on.set()
        await desk.history.finish(5.0)
        assert desk.history.lost == ""


async def test_a_fault_of_ours_costs_the_past_and_is_found_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> list[Kline]:
        raise LookupError

    desk = Desk(tmp_path, [QQQ])
    desk.vendor.answers = fail
    desk.history.link_changed(LIVE, demo=False)
    await asyncio.wait_for(desk.history.run(), 10)
    assert desk.history.words() == ("a fault in the program (LookupError)", True)
    assert "in fail" in caplog.text
    await desk.history.finish(5.0)


async def test_a_demo_behind_another_address_gets_its_own_file_and_nobody_s_past(tmp_path: Path) -> None:
    keep(tmp_path, BarUpdate(QQQ, price_walk(FRIDAY, range(390))))
    async with at_work(tmp_path, QQQ, live=False) as desk:
        assert desk.market.instruments[QQQ].is_last_known
        desk.market.set_hours(demo=True)
        desk.history.link_changed(LinkState(LinkPhase.AUTHENTICATING, 0.0), demo=True)
        await desk.settles()
        assert not desk.market.instruments[QQQ].is_last_known
        assert desk.history.store is not None and desk.history.store.path.name == "True.sqlite"


async def test_what_runs_on_this_machine_may_be_the_demo_and_is_waited_for(tmp_path: Path) -> None:
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


async def test_what_is_in_view_is_asked_for_first_by_region_and_once(tmp_path: Path) -> None:
    many = [Symbol(f"F{n}", "US") for n in range(60)]
    async with at_work(tmp_path, *many, *HK) as desk:
        asked = [(region, len(codes), limit) for region, codes, limit in desk.vendor.bars]
        assert asked == [("US", 50, 500), ("US", 10, 500), ("HK", 2, 500)]
        assert desk.history.words() == ("62 symbols known", False)
        desk.want(QQQ, *many, *HK)
        await desk.settles()
        assert desk.vendor.bars[3:] == [("US", ["QQQ"], 500)]
        desk.want(*HK)
        await desk.settles()
        assert len(desk.vendor.bars) == 4


async def test_a_symbol_that_was_dropped_and_comes_back_is_asked_for_what_it_missed(tmp_path: Path) -> None:
    async with at_work(tmp_path) as desk:
        desk.want(QQQ)
        desk.market.reconnected([QQQ])
        desk.now += 600
        desk.want(QQQ, SPY)
        await desk.settles()
        assert desk.vendor.bars[1:] == [("US", ["SPY"], 12)]
        assert len(desk.market.instruments[SPY].bars) == 390


@pytest.mark.parametrize(("away", "calls"), [(59.0, 0), (300.0, 1)])
async def test_after_an_outage_of_more_than_a_minute_the_gap_is_asked_for(
    tmp_path: Path, away: float, calls: int
) -> None:
    async with at_work(tmp_path) as desk:
        desk.now += 3_600
        await desk.settles()
        desk.history.link_changed(LOST, demo=False)
        desk.now += away
        desk.history.link_changed(LIVE, demo=False)
        await desk.settles()
        assert desk.vendor.bars[1:] == [("US", ["QQQ", "SPY"], 7)] * calls


@pytest.mark.parametrize("frames", ["until then", "again"])
async def test_an_hour_asleep_is_an_outage_although_the_link_hears_of_it_only_now(tmp_path: Path, frames: str) -> None:
    async with at_work(tmp_path) as desk:
        desk.now += 3_600
        if frames == "again":  # what waited to be read while the machine slept
            desk.market.health.frame_at = desk.now
        desk.history.link_changed(LOST, demo=False)
        desk.now += 2
        desk.history.link_changed(LIVE, demo=False)
        await desk.settles()
        assert desk.vendor.bars[1:] == [("US", ["QQQ", "SPY"], 61)]


async def test_where_bars_are_built_here_all_since_the_last_answer_is_asked_for(tmp_path: Path) -> None:
    async with at_work(tmp_path, QQQ) as desk:
        desk.market.refuse([QQQ], "kline@1", "not in your plan")
        desk.now += 3_600
        await desk.settles()
        desk.history.link_changed(LOST, demo=False)
        desk.now += 300
        desk.history.link_changed(LIVE, demo=False)
        await desk.settles()
        assert desk.vendor.bars[1:] == [("US", ["QQQ"], 67)]


async def test_nothing_is_asked_for_where_the_exchange_was_closed_since(tmp_path: Path) -> None:
    evening, sunday = at("2026-11-20 20:00"), at("2026-11-22 12:00")
    keep(tmp_path, BarUpdate(QQQ, price_walk(FRIDAY, range(390)), {}, evening))
    async with at_work(tmp_path, QQQ, start=sunday) as desk:
        assert desk.vendor.bars == []
        assert desk.history.words() == ("1 symbol known", False)
    for early in (at("2026-11-23 05:00"), MONDAY):
        keep(tmp_path, BarUpdate(QQQ, price_walk(FRIDAY, range(390)), {}, evening))
        async with at_work(tmp_path, QQQ, start=early) as desk:
            assert len(desk.vendor.bars) == 1


@pytest.mark.parametrize(
    ("error", "waits"),
    [
        (RestError("api.itick.org did not answer /fund/klines in time"), [60, 120, 240]),
        (RestError("api.itick.org asks to slow down for 90 s", wait=90.0), [90, 120]),
        (RestError("api.itick.org does not serve /fund/klines: upgrade", refused=True), [600, 600]),
    ],
)
async def test_a_failure_is_told_in_words_and_tried_again_late(
    tmp_path: Path, error: RestError, waits: list[int]
) -> None:
    desk = Desk(tmp_path, [QQQ])
    desk.vendor.error = error
    task = asyncio.create_task(desk.history.run())
    desk.history.link_changed(LIVE, demo=False)
    for calls, wait in enumerate(waits, 1):
        await desk.settles()
        assert len(desk.vendor.bars) == calls
        words = f"0 symbols known, 1 not; US minutes: {error}; asked again in {wait} s"
        assert desk.history.words() == (words, True)
        desk.now += wait - 1
        await desk.settles()
        assert len(desk.vendor.bars) == calls
        desk.now += 1
    desk.vendor.error = None
    await desk.settles()
    assert desk.history.words() == ("1 symbol known", False)
    task.cancel()
    await asyncio.wait([task])
    await desk.history.finish(5.0)


async def test_a_region_that_is_refused_keeps_nobody_else_waiting(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [*HK, QQQ])
    desk.vendor.error = RestError("api.itick.org refuses this key for /fund/klines", refused=True)
    desk.vendor.unserved = {"HK"}
    async with working(desk):
        assert [region for region, _, _ in desk.vendor.bars] == ["HK", "US"]
        words = f"1 symbol known, 2 not; HK minutes: {desk.vendor.error}; asked again in 600 s"
        assert desk.history.words() == (words, True)
        desk.now += 600
        await desk.settles()
        assert [region for region, _, _ in desk.vendor.bars] == ["HK", "US", "HK"]


async def test_where_calls_are_for_one_each_is_shown_when_it_comes_what_is_in_view_first(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [QQQ, SPY])
    lengths: list[int] = []

    def answered() -> None:
        lengths.append(len(desk.market.instruments[QQQ].bars))
        several = desk.vendor.at_once > 1
        desk.vendor.at_once = 1
        desk.vendor.error = RestError("HTTP 404", status=404) if several else None

    desk.vendor.answered = answered
    async with working(desk):
        assert [codes for _, codes, _ in desk.vendor.bars] == [["QQQ", "SPY"], ["QQQ"], ["SPY"]]
        assert lengths == [0, 0, 390]
        assert desk.history.words() == ("2 symbols known", False)


async def test_after_a_split_nothing_that_was_kept_before_it_is_found_by_the_next_run(tmp_path: Path) -> None:
    thursday = FRIDAY - 1440 * MINUTE
    friday = price_walk(FRIDAY, range(390))
    closes = {"2026-11-19": 1_024.0, "2026-11-20": friday[-1].close}  # of these the second is right
    keep(
        tmp_path,
        BarUpdate(QQQ, [*price_walk(thursday, range(390), 1_024.0), *price_walk(FRIDAY, range(300), 1_024.0)], closes),
    )
    async with at_work(tmp_path, QQQ):
        pass
    async with at_work(tmp_path, QQQ, live=False) as desk:
        i = desk.market.instruments[QQQ]
        assert [(bar.time, bar.close) for bar in i.bars] == [(bar.time, bar.close) for bar in friday]
        assert list(i.day.closes.values()) == [friday[-1].close]


async def test_what_came_late_counts_for_when_it_was_asked_for(tmp_path: Path) -> None:
    """The bell rings while the answer is under way: its last price may be from before."""
    before_the_bell = at("2026-11-20 15:59") + 30_000
    desk = Desk(tmp_path, [QQQ], start=before_the_bell)
    desk.vendor.answered = lambda: setattr(desk, "now", desk.now + 60)
    async with working(desk):
        i = desk.market.instruments[QQQ]
        assert len(i.bars) == 389, "that of 15:59 may be half of it"
        assert not i.day.closes


async def test_an_answer_of_nothing_is_not_all_there_was(tmp_path: Path) -> None:
    async with at_work(tmp_path, QQQ) as desk:
        desk.now += 3_600
        await desk.settles()
        desk.history.link_changed(LOST, demo=False)
        desk.now += 300
        desk.vendor.answers = list
        desk.history.link_changed(LIVE, demo=False)
        await desk.settles()
        assert len(desk.vendor.bars) == 2
    assert desk.history.store is None
    async with at_work(tmp_path, QQQ, start=MONDAY + 3_900_000) as desk:
        assert desk.vendor.bars == [("US", ["QQQ"], 7)], "from where the outage began"


async def test_a_quote_is_asked_for_only_where_nothing_else_told_the_previous_close(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [QQQ, SPY])
    desk.vendor.answers = lambda: price_walk(MONDAY - 10 * MINUTE, range(10))  # today's alone
    desk.market.apply_history_closes(SPY, {"2026-11-20": 600.0})
    task = asyncio.create_task(desk.history.run())
    desk.history.link_changed(LIVE, demo=False)
    desk.tick(QQQ, 515.0)
    desk.tick(SPY, 605.0)
    await desk.settles()
    assert desk.vendor.quoted == []  # the stream may tell
    desk.now += 4
    await desk.settles()
    assert desk.vendor.quoted == [("US", ["QQQ"])]
    base = desk.market.instruments[QQQ].base
    assert base is not None and base.price == 510.0
    task.cancel()
    await asyncio.wait([task])
    await desk.history.finish(5.0)


async def test_without_calls_only_what_was_kept_is_told(tmp_path: Path) -> None:
    history = Backfill(Market(), None, lambda demo: Store(tmp_path / "x.sqlite"))
    assert history.words() == ("0 symbols from our own file; calls_a_minute is 0", False)


# --- over real sockets ---


@asynccontextmanager
async def beside_a_link(exchange: Exchange, folder: Path, *symbols: Symbol) -> AsyncIterator[tuple[Running, Backfill]]:
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


async def test_the_past_and_the_stream_make_one_chart(tmp_path: Path) -> None:
    async with Exchange(history=False) as exchange, beside_a_link(exchange, tmp_path) as (running, _):
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
async def test_no_failure_of_rest_is_in_the_stream_s_way(tmp_path: Path, fault: str) -> None:
    async with Exchange(faults=[fault]) as exchange, beside_a_link(exchange, tmp_path) as (running, history):
        await running.reaches(LinkPhase.LIVE)
        await until(lambda: all(i.last and i.depth and len(i.bars) for i in running.market.instruments.values()))
        if fault == "rest-null":
            await until(lambda: history.words() == ("0 symbols known; nothing told of QQQ$US, SPY$US", True))
        elif fault != "rest-slow":
            await until(lambda: history.words()[1])
            assert "asked again in" in history.words()[0]
        assert running.phases.count(LinkPhase.LIVE) == 1


async def test_a_symbol_that_does_not_exist_is_not_called_known_now_or_at_the_next_start(tmp_path: Path) -> None:
    none = Symbol("XYZ", "XX")
    async with Exchange() as exchange:
        for _ in range(2):
            async with beside_a_link(exchange, tmp_path, QQQ, none) as (_, history):
                await until(lambda: history.words() == ("1 symbol known; nothing told of XYZ$XX", True))


async def test_five_hundred_symbols_are_written_beside_the_loop(tmp_path: Path) -> None:
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
