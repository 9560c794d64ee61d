"""A storm: `python -m tests.soak --minutes 10 --seed 3`.

A link follows 50 funds of a demo exchange over a real socket, while everything that an exchange, a network or a person
may do is done to it. Each case of CASES is also tried alone on a healthy link, and the time measured until the link
says so, and until all is well again. Then the storm ends, and the link must know what the exchange knows, have counted
what it was sent, have left nothing behind, and the process must hold hardly more memory than half-way.

`--case NAME` tries some cases only; `--list` tells what must be true at the end of each.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import gc
import logging
import os
import random
import resource
import statistics
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import msgspec
import trustme

from tests.support.feed import Running
from tests.support.lock_holder import holding
from tests.support.market_equality import differences, miscounts, received
from tests.support.networks import URL, FaultyRelay, TunnelProxy, serve_vendor
from tests.support.wait_until import until
from tui.config.file import ConfigFile
from tui.config.settings import Settings
from tui.errors import UsageError
from tui.exchange.faults import FAULTS, FROM_THE_START
from tui.exchange.server import Exchange
from tui.exchange.universe import BY_SYMBOL
from tui.feed import tls
from tui.feed.clock import monotonic
from tui.feed.endpoint import rest_base
from tui.feed.link import Link
from tui.feed.state import LinkPhase, LinkState, Timings
from tui.history.backfill import Backfill
from tui.history.rest_client import RestClient
from tui.history.store import Store, StoreError
from tui.market import Instrument, Market
from tui.protocol.messages import Depth, Push
from tui.secrets import Token
from tui.symbol import Symbol
from tui.terminal.frame_clock import FrameClock

FUNDS = list(BY_SYMBOL)[:50]
EVERY = 0.1  # s between two acts of a fault, or until its one act
GROWTH = 3  # MB that the process may hold more at the end than half-way
FILLING = 5  # MB more in a short storm: fifty tapes of 500 trades, which are bounded, are still filling
HEALING = 75  # s after which nothing that a fault said is left
PATIENCE = 4  # s within which whoever waits for a lock says so
LARGEST = 1e15  # no price and no size is larger

# By how they are tried alone. Those of the handshake and of the subscription are met by a link that is renewed.
# Those of DATA leave the connection alone: what they said must be gone afterwards.
ENDS = ("reset", "drop", "close-1000", "close-1001", "close-1011", "half-open")
RENEWED = ("http-401", "http-403", "http-404", "http-429", "redirect", "auth-failed", "auth-silent", "subscribe-silent")
HEARTBEATS = ("pong-missing", "pong-wrong")
PARTIAL = ("subscribe-unparsable", "depth-refused", "kline-refused", "plan-limit")
DATA = ("extreme-numbers", "absurd-time", "microsecond-time", "nanosecond-time", "ahead-time")  # with "no-date"
RELAYS = ("relay-closes", "relay-502", "relay-cuts")
TUNNELS = ("tunnel-closes", "tunnel-502", "tunnel-no-tls")
QUICK = (*ENDS, "restart", *RENEWED, *HEARTBEATS, *PARTIAL, "key-in-use", *RELAYS)

_AGREES = f"within {HEALING} s every last price, quote, book and bar and the time are the exchange's"
_LIVE = "the link says why it is not live, and is live again when the fault is over"
CASES = {
    **dict.fromkeys(QUICK, _LIVE),
    **dict.fromkeys(DATA, f"times in µs and ns are read, nothing beyond {LARGEST:g} is applied, and {_AGREES}"),
    **dict.fromkeys(RELAYS, f"a hop between fails: {_LIVE}, and {_AGREES}"),
    **dict.fromkeys(TUNNELS, "a CONNECT proxy fails: the link says so, and is live when the proxy works again"),
    "rest-extreme": f"every bar that REST told and that is kept is the exchange's, and {_AGREES}",
    "idle-cut": "silence is cut after a third of the usual time between two pings: after a while the link is not cut "
    "for 15 times as long, and no other client is blamed",
    "locks-held": f"another process holds the locks: the cache and the config say so within {PATIENCE} s, nothing "
    "hangs, and both work when it is over",
}

HARMLESS = ("malformed", "escapes", "future-time", "old-time", "lists", "spellings")  # a link lives through these
HEAVY = ("burst", "large")
# In any mixture: not those that a link may need a minute to get over, nor what only makes another fault possible.
COMPANIONS = ("quiet", "no-date")
WEATHER = tuple(
    name
    for name in FAULTS.keys() - FROM_THE_START - {*HEAVY, *DATA, *COMPANIONS, "idle-cut"}
    if not name.startswith("rest-")
)

BRIEF = Timings(
    auth=0.3,
    reply=0.3,
    ping_every=0.4,
    second_ping=0.2,
    pong=0.2,
    urgent_pong=0.2,
    check_every=0.05,
    close=0.2,
    retry_first=0.02,
    retry_longest=0.5,
    retry_gap=0.05,
    rate_limit_wait=0.2,
    short_connection=0.5,
    contention_wait=0.5,
    stable_after=1.0,
)


@dataclass
class Report:
    """What a storm found: `failures` in words, and of each case the seconds until told, and until all was well."""

    failures: list[str] = field(default_factory=list)
    measured: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    figures: dict[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        lines = [f"{'case':<22}{'tried':>6}{'told after s':>22}{'well again after s':>22}"]
        lines.append(f"{'':<22}{'':>6}{'median':>13}{'max':>9}{'median':>13}{'max':>9}")
        for fault in CASES:
            if times := self.measured.get(fault):
                told, live = ([pair[n] for pair in times] for n in (0, 1))
                figures = (statistics.median(told), max(told), statistics.median(live), max(live))
                lines.append(f"{fault:<22}{len(times):>6}" + "{:>13.2f}{:>9.2f}{:>13.2f}{:>9.2f}".format(*figures))
        lines += ["", *(f"{name}: {value}" for name, value in self.figures.items()), ""]
        return "\n".join(lines + (self.failures or ["no failures"]))


class Storm:
    """One link and one exchange, and what is done to them, all of it by the seed."""

    def __init__(self, seed: int, timings: Timings) -> None:
        self.report = Report()
        self._frames = FrameClock(self._look)
        self.market = Market(self._frames.wake)
        self._random = random.Random(seed)
        self._timings = timings
        self._exchange = Exchange(rate=1_000, seed=seed, fault_every=EVERY)
        self._states: deque[LinkState] = deque(maxlen=1_000)
        self._connections = 0
        self._absurd: set[str] = set()
        self._before: Counter[str] = Counter()

    async def __aenter__(self) -> Storm:
        await self._exchange.__aenter__()
        self._link = Link(
            self._exchange.url,
            Token("a key"),
            self.market,
            on_state=self._entered,
            on_push=self._applied,
            timings=self._timings,
        )
        self._link.set_symbols(FUNDS)
        self._task = asyncio.create_task(self._link.run())
        return self

    async def __aexit__(self, *error: object) -> None:
        self._task.cancel()
        await asyncio.wait([self._task], timeout=5)
        if not self._task.cancelled():
            self.report.failures.append(f"the link did not end as it was cancelled: {self._task!r}")
        await self._exchange.__aexit__(None, None, None)
        self._frames.stop()

    def _look(self) -> None:
        """As a screen does, thirty times a second."""
        self.market.drain_changed()

    def _applied(self, push: Push, instrument: Instrument) -> None:
        """No price and no size that is applied is absurd."""
        if isinstance(push, Depth):
            values = [value for level in push.asks + push.bids for value in (level.price, level.volume)]
        else:
            values = [value for value in msgspec.structs.astuple(push) if isinstance(value, float)]
        if (largest := max(values, default=0.0)) > LARGEST:
            self._absurd.add(f"{type(push).__name__} with {largest:g}")

    def _entered(self, state: LinkState) -> None:
        self._states.append(state)
        if state.phase is LinkPhase.CONNECTING:
            self._connections += 1
            self._before = received(self.market.health)
        if "a fault in the program" in str(state.error):
            self.report.failures.append(f"{state.error}, after {self._exchange._faults.names}")

    # --- one fault alone ---

    async def alone(self, fault: str) -> None:
        """Let one fault befall a healthy link, and measure."""
        others = {"rest-extreme": self._ask_rest, "idle-cut": self._fall_silent, "locks-held": self._hold_locks}
        try:
            await self._calm()
            if fault in DATA:
                told, live = await self._say_absurdities(fault)
            elif fault in RELAYS:
                told, live = await self._relay(fault.removeprefix("relay-"))
            elif fault in TUNNELS:
                told, live = await self._tunnel(fault.removeprefix("tunnel-"))
            else:
                told, live = await (others[fault]() if fault in others else self._try(fault))
        except TimeoutError:
            self.report.failures.append(
                f"{fault}: not told, or not live again: {self._link.state.describe(monotonic())}"
            )
        except AssertionError as wrong:
            self.report.failures.append(f"{fault}: {wrong}")
        else:
            self.report.measured.setdefault(fault, []).append((told, live))

    async def _try(self, fault: str) -> tuple[float, float]:
        exchange, link, began = self._exchange, self._link, monotonic()
        if fault == "restart":
            await exchange.__aexit__(None, None, None)
            lost = await self._next(lambda state: not state.is_live, began)
            await exchange.__aenter__()
            gone = monotonic()
        elif fault in ENDS:
            exchange.cause(fault)
            began = gone = began + EVERY
            lost = await self._next(lambda state: not state.is_live, began - EVERY)
            exchange.cause()
        elif fault in HEARTBEATS:
            exchange.cause(fault)
            lost = await self._next(lambda state: not state.is_live, began)
            exchange.cause()
            gone = monotonic()
        else:
            exchange.cause(fault)
            link.reconnect()
            if fault in PARTIAL:
                lost = await self._next(lambda state: state.is_live, began)
            elif fault == "key-in-use":
                lost = await self._next(lambda state: "another client" in str(state.error), began)
            else:
                lost = await self._next(lambda state: state.error is not None, began)
            exchange.cause()
            gone = monotonic()
            if fault in PARTIAL or fault == "key-in-use" or lost.phase is LinkPhase.STOPPED:
                link.reconnect()
        live = await self._next(lambda state: state.is_live, max(lost.since, gone) if lost.is_live else lost.since)
        return lost.since - began, live.since - gone

    async def _say_absurdities(self, fault: str) -> tuple[float, float]:
        some = FUNDS[:10]
        self._absurd.clear()
        connections, malformed = self._connections, self.market.health.malformed.total()
        self._exchange.cause(fault, "no-date")
        # Who comes meanwhile has no better time and no better price to compare with.
        async with Running(self._exchange.url, *some, timings=self._timings) as newcomer:
            await asyncio.sleep(20 * EVERY)
            self._exchange.cause()
            began = monotonic()
            if fault in ("microsecond-time", "nanosecond-time"):
                unread = self.market.health.malformed.total() - malformed
                assert not unread, f"{unread} messages were not read"
            assert not self._absurd, f"applied: {', '.join(sorted(self._absurd))}"
            await self._agrees(self.market, FUNDS)
            await self._agrees(newcomer.market, some)
            assert self._connections == connections, "the link did not stay"
            return 0.0, monotonic() - began

    async def _relay(self, how: str) -> tuple[float, float]:
        some = FUNDS[:10]
        async with (
            FaultyRelay(urlsplit(self._exchange.url).port or 0) as relay,
            Running(f"ws://127.0.0.1:{relay.port}/fund", *some, timings=self._timings) as running,
        ):
            await until(lambda: running.link.state.is_live, within=10)
            began = monotonic()
            relay.fail(how)
            await until(lambda: running.link.state.error, within=30)
            told = monotonic() - began
            await asyncio.sleep(self._timings.retry_gap)
            assert not running.link.state.is_live, "live through a hop that fails"
            relay.fail("")
            began = monotonic()
            await until(lambda: running.link.state.is_live, within=90)
            live = monotonic() - began
            await self._agrees(running.market, some)
            return told, live

    async def _tunnel(self, how: str) -> tuple[float, float]:
        agreed = b"HTTP/1.1 200 Connection established\r\n\r\n"
        answers = {"closes": b"", "502": b"HTTP/1.1 502 Bad Gateway\r\n\r\n", "no-tls": agreed + b"no TLS at all\r\n"}
        authority = trustme.CA()
        with TemporaryDirectory() as folder:
            certificate = Path(folder, "ca.pem")
            authority.cert_pem.write_to_path(str(certificate))
            async with serve_vendor(authority) as port, TunnelProxy(port, answer=answers[how]) as proxy:
                there = {"https_proxy": f"http://127.0.0.1:{proxy.port}", "SSL_CERT_FILE": str(certificate)}
                with patch.dict(os.environ, there), patch.object(tls, "_trust", None):
                    began = monotonic()
                    async with Running(URL, timings=self._timings) as running:
                        await until(lambda: running.link.state.error, within=30)
                        told = monotonic() - began
                        proxy.answer = None
                        began = monotonic()
                        await until(lambda: running.link.state.is_live, within=90)
                        return told, monotonic() - began

    async def _ask_rest(self) -> tuple[float, float]:
        """A link of its own asks for the past, while every third row of it is absurd."""
        exchange, some = self._exchange, FUNDS[:10]
        exchange.cause("rest-extreme")
        rest = RestClient(rest_base(exchange.url), Token("a key"), 1_000)
        with TemporaryDirectory() as folder:
            async with Running(
                exchange.url,
                *some,
                timings=self._timings,
                on_state=lambda state: history.link_changed(state, running.link.is_demo),
            ) as running:
                history = Backfill(running.market, rest, lambda demo: Store(Path(folder, "x.sqlite")), local=True)
                history.set_symbols(some)
                task = asyncio.create_task(history.run())
                began = monotonic()
                try:
                    await until(lambda: history.describe()[0].startswith(f"{len(some)} symbols known"), within=30)
                    exchange.cause()
                    await self._agrees(running.market, some)
                    assert not history.describe()[0].startswith("a fault"), history.describe()[0]
                    wrong = [words for symbol in some for words in self._wrong_past(running.market, symbol)]
                    assert not wrong, f"{len(wrong)} bars, the first: {wrong[0]}"
                finally:
                    task.cancel()
                    await asyncio.wait([task])
                    await history.finish(1.0)
                    await rest.aclose()
                return 0.0, monotonic() - began

    def _wrong_past(self, market: Market, symbol: Symbol) -> Iterator[str]:
        listing = self._exchange.market.listing(symbol)
        assert listing is not None
        for bar in map(listing.kline, self._exchange.market.past(listing)[:-1]):
            held = market.instruments[symbol].bars.get(bar.time // 60_000)
            if held is not None and (held.close, held.volume) != (bar.close, bar.volume):
                yield f"{symbol}: {held.close:g}, {held.volume:g} instead of {bar.close:g}, {bar.volume:g}"

    async def _fall_silent(self) -> tuple[float, float]:
        idle = self._timings.ping_every / 3
        began, blamed = monotonic(), len(self._states)
        self._exchange.cause("idle-cut", "quiet", every=idle)
        try:
            if self.market.health.idle_timeout is None:  # else it is known already, and cuts nothing any more
                await self._next(lambda state: not state.is_live, began)
            told = monotonic() - began

            def stays() -> bool:
                """A feed that has just fallen silent is looked after for a minute anyhow."""
                return self._link.state.is_live and monotonic() - self._link.state.since > 15 * idle

            await until(stays, within=60 * idle)
        finally:
            self._exchange.cause(every=EVERY)
        errors = [str(state.error) for state in list(self._states)[blamed:]]
        assert not any("another client" in error for error in errors), "another client is blamed"
        return told, monotonic() - began

    async def _hold_locks(self) -> tuple[float, float]:
        with TemporaryDirectory() as name:
            folder = Path(name)
            store, file = Store(folder / "x.sqlite"), ConfigFile(folder / "config" / "config.toml")
            file.path.parent.mkdir()
            jobs = {
                "the cache": lambda: store.save_fund_names("US", {"QQQ": "a name"}),
                "the config": lambda: file.save(Settings(), Settings(theme="other")),
            }
            lock = folder / "x.sqlite.lock"
            lock.touch()
            with holding(lock), holding(file.path.parent):
                began = monotonic()
                tasks = [asyncio.create_task(asyncio.to_thread(job), name=what) for what, job in jobs.items()]
                done, waiting = await asyncio.wait(tasks, timeout=PATIENCE)
                told = monotonic() - began
            await asyncio.wait(tasks)  # whoever waited for ever has it now
            assert not waiting, f"waited longer than {PATIENCE} s: {', '.join(t.get_name() for t in waiting)}"
            for task in done:
                assert isinstance(task.exception(), StoreError | UsageError), f"not told: {task.get_name()}"
            began = monotonic()
            for job in jobs.values():
                await asyncio.to_thread(job)
            store.close()
            return told, monotonic() - began

    async def _agrees(self, market: Market, symbols: Sequence[Symbol]) -> None:
        """Wait until all that is known of each fund was true for a moment."""
        wrong = set(symbols)
        off = 0.0
        limit = monotonic() + HEALING
        while monotonic() < limit:
            wrong = {symbol for symbol in wrong if differences(market, self._exchange, [symbol])}
            off = abs(market.exchange_time(monotonic()) - self._exchange.market.time) / 1000
            if not wrong and off < 2:
                break
            await asyncio.sleep(0.02)
        words = [words for symbol in wrong for words in differences(market, self._exchange, [symbol])]
        assert not words, f"{len(wrong)} funds are wrong after {HEALING} s, one of them: {words[0]}"
        assert off < 2, f"the exchange's clock is {off:.0f} s wrong after {HEALING} s"
        soon = self._exchange.market.time // 60_000 + 2
        ahead = [
            bar.time
            for symbol in symbols
            for bar in market.instruments[symbol].bars
            if bar and bar.time // 60_000 > soon
        ]
        assert not ahead, f"{len(ahead)} bars of the future"

    async def _next(self, so: Callable[[LinkState], bool], since: float) -> LinkState:
        """The first state entered after `since` that is so."""
        found: list[LinkState] = []

        def entered() -> bool:
            for state in reversed(self._states):
                if state.since <= since:
                    break
                if so(state):
                    found.append(state)
            return bool(found)

        await until(entered, within=90)
        return found[-1]

    async def _calm(self) -> None:
        """No faults, a fresh and healthy link to all funds, and time enough for it to know what is usual."""
        began = monotonic()
        self._exchange.cause()
        self._link.set_symbols(FUNDS)
        self._link.reconnect()
        await self._next(lambda state: state.is_live, began)
        messages = self.market.health.messages
        await until(lambda: self.market.health.messages > messages + 100, within=10)
        await asyncio.sleep(2 * self._timings.check_every)

    # --- all at once ---

    async def rage(self, seconds: float) -> None:
        """Any faults, restarts, and a person who presses r and changes the list."""
        chance, until_ = self._random, monotonic() + seconds
        while (now := monotonic()) < until_:
            names = chance.sample(sorted(WEATHER), chance.randint(0, 3))
            names += chance.sample(HEAVY, 1) if chance.random() < 0.1 else []
            self._exchange.cause(*names)
            for _ in range(chance.randint(1, 4)):
                await asyncio.sleep(min(chance.uniform(0.02, 0.6), until_ - now))
                what = chance.random()
                if what < 0.3:
                    self._link.set_symbols(chance.sample(FUNDS, chance.randint(0, len(FUNDS))))
                elif what < 0.5 or self._link.state.phase is LinkPhase.STOPPED:
                    self._link.reconnect()
                elif what < 0.6:
                    await self._exchange.__aexit__(None, None, None)
                    await asyncio.sleep(chance.uniform(0, 0.1))
                    await self._exchange.__aenter__()
        self._exchange.cause()

    # --- the end ---

    async def settle(self, seconds: float) -> None:
        """The storm is over but for what a link lives through; then the market closes, and all must agree."""
        report, exchange, health = self.report, self._exchange, self.market.health
        try:
            await self._calm()
        except TimeoutError:
            report.failures.append(f"the link does not settle: {self._link.state.describe(monotonic())}")
            return
        connections = self._connections
        exchange.cause(*HARMLESS)
        await asyncio.sleep(seconds / 2)
        # What is dated ahead repeats the latest, and would put right what something older had put wrong.
        exchange.cause(*HARMLESS[:2], *HARMLESS[3:])
        await asyncio.sleep(seconds / 2)
        await exchange.close_market()
        sent = exchange.sent[max(exchange.sent)]

        def wrong() -> list[str]:
            return differences(self.market, exchange, FUNDS) + miscounts(health, sent, self._before)

        with suppress(TimeoutError):
            await until(lambda: not wrong(), within=10)
        report.failures += wrong()
        if (older := health.out_of_order - self._before["older"]) < sent["stale"]:
            report.failures.append(f"{sent['stale']} older messages were sent, {older} noticed")
        if self._connections != connections:
            report.failures.append(f"the link did not stay: {list(self._states)[-8:]}")
        tasks = Counter(task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("feed"))
        if tasks != {"feed read": 1, "feed renew": 1, "feed watch": 1}:
            report.failures.append(f"tasks of the feed: {dict(tasks)}")
        report.figures |= {
            "connections": self._connections,
            "reconnects": health.reconnects,
            "messages": health.messages,
            "applied": health.applied,
            "out of order": health.out_of_order,
            "malformed": dict(health.malformed),
            "unfollowed": health.unfollowed,
            "from the future": health.future,
            "heartbeats missed": health.heartbeats_missed,
            "sent on the last connection": dict(sent),
        }


async def soak(seconds: float, seed: int, timings: Timings, cases: Sequence[str] = tuple(CASES)) -> Report:
    """A storm of about `seconds`: each of `cases` alone, in rounds and shuffled, with rage between them."""
    loop, complaints = asyncio.get_running_loop(), []

    def complain(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        callback = getattr(context.get("handle"), "_callback", None)
        if not isinstance(getattr(callback, "__self__", None), asyncio.BaseTransport | asyncio.BaseProtocol):
            complaints.append(f"{context.get('message')}: {context.get('exception')!r}")  # as `tui.crash` tells apart

    loop.set_exception_handler(complain)
    began, files = loop.time(), _open_files()
    held: list[float] = []  # MB, at each tenth of the time
    chance = random.Random(seed)
    calm = min(70.0, seconds / 10)  # the end: over the turn of a minute, where there is time
    left: list[str] = []
    async with Storm(seed, timings) as storm:
        while loop.time() - began < seconds - calm:
            left = left or chance.sample(cases, len(cases))
            await storm.alone(left.pop())
            await storm.rage(chance.uniform(0.2, 1.0))
            if loop.time() - began > seconds * (len(held) + 1) / 10:
                held.append(_held())
        await storm.settle(calm)
    report = storm.report
    held.append(_held())
    if (tasks := asyncio.all_tasks() - {asyncio.current_task()}) != set():
        report.failures.append(f"tasks left: {tasks}")
    await asyncio.sleep(0.1)
    if _open_files() > files:
        report.failures.append(f"{_open_files()} files and sockets open, {files} before")
    report.figures |= {
        "memory of link and exchange, MB, by tenths of the time": " ".join(f"{each:.1f}" for each in held),
        "memory for a moment at most, MB": round(_most()),
        "seed": seed,
    }
    allowed = GROWTH + (FILLING if seconds < 300 else 0)
    if (grown := held[-1] - held[len(held) // 2]) > allowed:
        report.failures.append(f"grown by {grown:.1f} MB in the second half")
    report.failures += complaints
    return report


def _open_files() -> int:
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.exists() else 0


def _held() -> float:
    """MB of memory that the process holds: resident, without what the allocator only keeps for later. After a message
    of 2 MB that is more than much of the rest, and whether it was given back by now is chance."""
    gc.collect()
    with suppress(AttributeError):  # only glibc has it
        ctypes.CDLL(None).malloc_trim(0)
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6 if statm.exists() else 0.0


def _most() -> float:
    """MB that the process ever had resident."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--brief", action="store_true", help="with short waits, as in the test suite")
    parser.add_argument("--case", action="append", choices=CASES, help="only this one; repeatable")
    parser.add_argument("--list", action="store_true", help="tell the cases, and what must be true at the end of each")
    options = parser.parse_args()
    if options.list:
        for case, words in CASES.items():
            print(f"{case:<22}{words}")
        return 0
    logging.getLogger("tui").addHandler(logging.NullHandler())
    timings = BRIEF if options.brief else Timings()
    report = asyncio.run(soak(60 * options.minutes, options.seed, timings, options.case or tuple(CASES)))
    print(report)
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
