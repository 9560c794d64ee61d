"""A soak test: `python -m tests.soak --minutes 10 --seed 3`.

A link follows 50 funds of a demo exchange over a real socket under every fault of exchanges, networks and users. Each
case of CASES is also tested alone on a healthy link, and the times are measured until the link detects it and until it
has recovered. At the end the link must agree with the exchange, have counted what it was sent, have left no task or
file behind, and the process must hold hardly more memory than half-way.

`--case NAME` runs some cases only; `--list` prints what must be true at the end of each.
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
from tui.exchange.faults import FAULTS, FIXED_AT_START
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
FAULT_INTERVAL = 0.1  # s between two occurrences of a fault, or until its only one
MAX_GROWTH = 3  # MB from half-way to the end
FILL_ALLOWANCE = 5  # MB more in a short test: fifty bounded tapes of 500 trades are still filling
RECOVERY_LIMIT = 75  # s within which the effects of a fault must be gone
LOCK_TIMEOUT = 4  # s within which waiting for a lock must be reported
MAX_NUMBER = 1e15  # of prices and sizes

# Grouped by how they are tested alone. Faults of handshake and subscription are met by a reconnect. Faults of the data
# leave the connection up, and their effects must be gone afterwards.
CONNECTION_FAULTS = ("reset", "drop", "close-1000", "close-1001", "close-1011", "half-open")
HANDSHAKE_FAULTS = (
    "http-401",
    "http-403",
    "http-404",
    "http-429",
    "redirect",
    "auth-failed",
    "auth-silent",
    "subscribe-silent",
)
HEARTBEAT_FAULTS = ("pong-missing", "pong-wrong")
SUBSCRIPTION_FAULTS = ("subscribe-unparsable", "depth-refused", "kline-refused", "plan-limit")
DATA_FAULTS = ("extreme-numbers", "absurd-time", "microsecond-time", "nanosecond-time", "ahead-time")  # with "no-date"
RELAY_CASES = ("relay-closes", "relay-502", "relay-cuts")
TUNNEL_CASES = ("tunnel-closes", "tunnel-502", "tunnel-no-tls")
SUITE_CASES = (
    *CONNECTION_FAULTS,
    "restart",
    *HANDSHAKE_FAULTS,
    *HEARTBEAT_FAULTS,
    *SUBSCRIPTION_FAULTS,
    "key-in-use",
    *RELAY_CASES,
)

_AGREEMENT_WORDS = f"within {RECOVERY_LIMIT} s every last price, quote, book and bar and the time are the exchange's"
_RECOVERY_WORDS = "the link says why it is not live, and is live again when the fault is over"
CASES = {
    **dict.fromkeys(SUITE_CASES, _RECOVERY_WORDS),
    **dict.fromkeys(
        DATA_FAULTS, f"times in µs and ns are read, nothing beyond {MAX_NUMBER:g} is applied, and {_AGREEMENT_WORDS}"
    ),
    **dict.fromkeys(RELAY_CASES, f"a hop between fails: {_RECOVERY_WORDS}, and {_AGREEMENT_WORDS}"),
    **dict.fromkeys(TUNNEL_CASES, "a CONNECT proxy fails: the link says so, and is live when the proxy works again"),
    "rest-extreme": f"every bar that REST told and that is kept is the exchange's, and {_AGREEMENT_WORDS}",
    "idle-cut": "silence is cut after a third of the usual time between two pings: after a while the link is not cut "
    "for 15 times as long, and no other client is blamed",
    "locks-held": f"another process holds the locks: the cache and the config say so within {LOCK_TIMEOUT} s, nothing "
    "hangs, and both work when it is over",
}

HARMLESS = ("malformed", "escapes", "future-time", "old-time", "lists", "spellings")  # a link survives these
HEAVY = ("burst", "large")
# Combined at random: without those that take a minute to recover from, those that only enable other faults, and those
# whose messages are never sent again.
COMPANIONS = ("quiet", "no-date")
MIXED_FAULTS = tuple(
    name
    for name in FAULTS.keys() - FIXED_AT_START - {*HEAVY, *DATA_FAULTS, *COMPANIONS, "idle-cut"}
    if not name.startswith(("rest-", "silent-"))
)

FAST_TIMINGS = Timings(
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
class SoakReport:
    """The findings of a soak test: `failures` in words, and for each case the seconds until detection and until
    recovery."""

    failures: list[str] = field(default_factory=list)
    measured: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    figures: dict[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        lines = [f"{'case':<22}{'tried':>6}{'detected after s':>22}{'recovered after s':>22}"]
        lines.append(f"{'':<22}{'':>6}{'median':>13}{'max':>9}{'median':>13}{'max':>9}")
        for fault in CASES:
            if times := self.measured.get(fault):
                detected_after, recovered_after = ([pair[n] for pair in times] for n in (0, 1))
                figures = (
                    statistics.median(detected_after),
                    max(detected_after),
                    statistics.median(recovered_after),
                    max(recovered_after),
                )
                lines.append(f"{fault:<22}{len(times):>6}" + "{:>13.2f}{:>9.2f}{:>13.2f}{:>9.2f}".format(*figures))
        lines += ["", *(f"{name}: {value}" for name, value in self.figures.items()), ""]
        return "\n".join(lines + (self.failures or ["no failures"]))


class Soak:
    """One link and one exchange, and the faults they are exposed to, determined by the seed."""

    def __init__(self, seed: int, timings: Timings) -> None:
        self.report = SoakReport()
        self._frames = FrameClock(self._drain)
        self.market = Market(self._frames.wake)
        self._random = random.Random(seed)
        self._timings = timings
        self._exchange = Exchange(rate=1_000, seed=seed, fault_every=FAULT_INTERVAL)
        self._states: deque[LinkState] = deque(maxlen=1_000)
        self._connections = 0
        self._absurd_pushes: set[str] = set()
        self._received_before: Counter[str] = Counter()

    async def __aenter__(self) -> Soak:
        await self._exchange.__aenter__()
        self._link = Link(
            self._exchange.url,
            Token("a key"),
            self.market,
            on_state=self._on_state,
            on_push=self._check_push,
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

    def _drain(self) -> None:
        """Drain the changed symbols, as the screen does thirty times a second."""
        self.market.drain_changed()

    def _check_push(self, push: Push, instrument: Instrument) -> None:
        """Record applied prices and sizes that are absurd."""
        if isinstance(push, Depth):
            values = [value for level in push.asks + push.bids for value in (level.price, level.volume)]
        else:
            values = [value for value in msgspec.structs.astuple(push) if isinstance(value, float)]
        if (largest := max(values, default=0.0)) > MAX_NUMBER:
            self._absurd_pushes.add(f"{type(push).__name__} with {largest:g}")

    def _on_state(self, state: LinkState) -> None:
        self._states.append(state)
        if state.phase is LinkPhase.CONNECTING:
            self._connections += 1
            self._received_before = received(self.market.health)
        if "a fault in the program" in str(state.error):
            self.report.failures.append(f"{state.error}, after {self._exchange._faults.names}")

    # --- one fault alone ---

    async def run_case(self, fault: str) -> None:
        """Expose a healthy link to one case, and measure."""
        others = {"rest-extreme": self._test_rest, "idle-cut": self._test_idle_cut, "locks-held": self._test_locks}
        try:
            await self._reset()
            if fault in DATA_FAULTS:
                detected_after, recovered_after = await self._test_data_fault(fault)
            elif fault in RELAY_CASES:
                detected_after, recovered_after = await self._test_relay(fault.removeprefix("relay-"))
            elif fault in TUNNEL_CASES:
                detected_after, recovered_after = await self._test_tunnel(fault.removeprefix("tunnel-"))
            else:
                detected_after, recovered_after = await (
                    others[fault]() if fault in others else self._test_fault(fault)
                )
        except TimeoutError:
            self.report.failures.append(
                f"{fault}: not told, or not live again: {self._link.state.describe(monotonic())}"
            )
        except AssertionError as wrong:
            self.report.failures.append(f"{fault}: {wrong}")
        else:
            self.report.measured.setdefault(fault, []).append((detected_after, recovered_after))

    async def _test_fault(self, fault: str) -> tuple[float, float]:
        exchange, link, began = self._exchange, self._link, monotonic()
        if fault == "restart":
            await exchange.__aexit__(None, None, None)
            lost = await self._wait_for_state(lambda state: not state.is_live, began)
            await exchange.__aenter__()
            ended = monotonic()
        elif fault in CONNECTION_FAULTS:
            exchange.set_faults(fault)
            began = ended = began + FAULT_INTERVAL
            lost = await self._wait_for_state(lambda state: not state.is_live, began - FAULT_INTERVAL)
            exchange.set_faults()
        elif fault in HEARTBEAT_FAULTS:
            exchange.set_faults(fault)
            lost = await self._wait_for_state(lambda state: not state.is_live, began)
            exchange.set_faults()
            ended = monotonic()
        else:
            exchange.set_faults(fault)
            link.reconnect()
            if fault in SUBSCRIPTION_FAULTS:
                lost = await self._wait_for_state(lambda state: state.is_live, began)
            elif fault == "key-in-use":
                lost = await self._wait_for_state(lambda state: "another client" in str(state.error), began)
            else:
                lost = await self._wait_for_state(lambda state: state.error is not None, began)
            exchange.set_faults()
            ended = monotonic()
            if fault in SUBSCRIPTION_FAULTS or fault == "key-in-use" or lost.phase is LinkPhase.STOPPED:
                link.reconnect()
        recovered_after = await self._wait_for_state(
            lambda state: state.is_live, max(lost.since, ended) if lost.is_live else lost.since
        )
        return lost.since - began, recovered_after.since - ended

    async def _test_data_fault(self, fault: str) -> tuple[float, float]:
        symbols = FUNDS[:10]
        self._absurd_pushes.clear()
        connections, malformed = self._connections, self.market.health.malformed.total()
        self._exchange.set_faults(fault, "no-date")
        # A new client has no earlier time or price to compare with.
        async with Running(self._exchange.url, *symbols, timings=self._timings) as newcomer:
            await asyncio.sleep(20 * FAULT_INTERVAL)
            self._exchange.set_faults()
            began = monotonic()
            if fault in ("microsecond-time", "nanosecond-time"):
                unread = self.market.health.malformed.total() - malformed
                assert not unread, f"{unread} messages were not read"
            assert not self._absurd_pushes, f"applied: {', '.join(sorted(self._absurd_pushes))}"
            await self._wait_for_agreement(self.market, FUNDS)
            await self._wait_for_agreement(newcomer.market, symbols)
            assert self._connections == connections, "the link did not stay"
            return 0.0, monotonic() - began

    async def _test_relay(self, how: str) -> tuple[float, float]:
        symbols = FUNDS[:10]
        async with (
            FaultyRelay(urlsplit(self._exchange.url).port or 0) as relay,
            Running(f"ws://127.0.0.1:{relay.port}/fund", *symbols, timings=self._timings) as running,
        ):
            await until(lambda: running.link.state.is_live, within=10)
            began = monotonic()
            relay.fail(how)
            await until(lambda: running.link.state.error, within=30)
            detected_after = monotonic() - began
            await asyncio.sleep(self._timings.retry_gap)
            assert not running.link.state.is_live, "live through a hop that fails"
            relay.fail("")
            began = monotonic()
            await until(lambda: running.link.state.is_live, within=90)
            recovered_after = monotonic() - began
            await self._wait_for_agreement(running.market, symbols)
            return detected_after, recovered_after

    async def _test_tunnel(self, how: str) -> tuple[float, float]:
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
                        detected_after = monotonic() - began
                        proxy.answer = None
                        began = monotonic()
                        await until(lambda: running.link.state.is_live, within=90)
                        return detected_after, monotonic() - began

    async def _test_rest(self) -> tuple[float, float]:
        """Backfill a link of its own while every third row of REST is absurd."""
        exchange, symbols = self._exchange, FUNDS[:10]
        exchange.set_faults("rest-extreme")
        rest = RestClient(rest_base(exchange.url), Token("a key"), 1_000)
        with TemporaryDirectory() as folder:
            async with Running(
                exchange.url,
                *symbols,
                timings=self._timings,
                on_state=lambda state: history.link_changed(state, running.link.is_demo),
            ) as running:
                history = Backfill(running.market, rest, lambda demo: Store(Path(folder, "x.sqlite")), local=True)
                history.set_symbols(symbols)
                task = asyncio.create_task(history.run())
                began = monotonic()
                try:
                    await until(lambda: history.describe()[0].startswith(f"{len(symbols)} symbols known"), within=30)
                    exchange.set_faults()
                    await self._wait_for_agreement(running.market, symbols)
                    assert not history.describe()[0].startswith("a fault"), history.describe()[0]
                    wrong = [words for symbol in symbols for words in self._wrong_bars(running.market, symbol)]
                    assert not wrong, f"{len(wrong)} bars, the first: {wrong[0]}"
                finally:
                    task.cancel()
                    await asyncio.wait([task])
                    await history.finish(1.0)
                    await rest.aclose()
                return 0.0, monotonic() - began

    def _wrong_bars(self, market: Market, symbol: Symbol) -> Iterator[str]:
        listing = self._exchange.market.find_watched(symbol)
        assert listing is not None
        for bar in map(listing.kline, self._exchange.market.minute_bars(listing)[:-1]):
            held = market.instruments[symbol].bars.get(bar.time // 60_000)
            if held is not None and (held.close, held.volume) != (bar.close, bar.volume):
                yield f"{symbol}: {held.close:g}, {held.volume:g} instead of {bar.close:g}, {bar.volume:g}"

    async def _test_idle_cut(self) -> tuple[float, float]:
        idle = self._timings.ping_every / 3
        began, blamed = monotonic(), len(self._states)
        self._exchange.set_faults("idle-cut", "quiet", every=idle)
        try:
            if self.market.health.idle_timeout is None:  # else it is known already, and nothing is cut
                await self._wait_for_state(lambda state: not state.is_live, began)
            detected_after = monotonic() - began

            def stays() -> bool:
                """A feed that has just fallen silent is looked after for a minute anyhow."""
                return self._link.state.is_live and monotonic() - self._link.state.since > 15 * idle

            await until(stays, within=60 * idle)
        finally:
            self._exchange.set_faults(every=FAULT_INTERVAL)
        errors = [str(state.error) for state in list(self._states)[blamed:]]
        assert not any("another client" in error for error in errors), "another client is blamed"
        return detected_after, monotonic() - began

    async def _test_locks(self) -> tuple[float, float]:
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
                done, waiting = await asyncio.wait(tasks, timeout=LOCK_TIMEOUT)
                detected_after = monotonic() - began
            await asyncio.wait(tasks)  # the locks are released
            assert not waiting, f"waited longer than {LOCK_TIMEOUT} s: {', '.join(t.get_name() for t in waiting)}"
            for task in done:
                assert isinstance(task.exception(), StoreError | UsageError), f"not told: {task.get_name()}"
            began = monotonic()
            for job in jobs.values():
                await asyncio.to_thread(job)
            store.close()
            return detected_after, monotonic() - began

    async def _wait_for_agreement(self, market: Market, symbols: Sequence[Symbol]) -> None:
        """Wait until everything known of each fund has agreed with the exchange once."""
        wrong = set(symbols)
        clock_error = 0.0
        limit = monotonic() + RECOVERY_LIMIT
        while monotonic() < limit:
            wrong = {symbol for symbol in wrong if differences(market, self._exchange, [symbol])}
            clock_error = abs(market.exchange_time(monotonic()) - self._exchange.market.time) / 1000
            if not wrong and clock_error < 2:
                break
            await asyncio.sleep(0.02)
        words = [words for symbol in wrong for words in differences(market, self._exchange, [symbol])]
        assert not words, f"{len(wrong)} funds are wrong after {RECOVERY_LIMIT} s, one of them: {words[0]}"
        assert clock_error < 2, f"the exchange's clock is {clock_error:.0f} s wrong after {RECOVERY_LIMIT} s"
        soon = self._exchange.market.time // 60_000 + 2
        ahead = [
            bar.time
            for symbol in symbols
            for bar in market.instruments[symbol].bars
            if bar and bar.time // 60_000 > soon
        ]
        assert not ahead, f"{len(ahead)} bars of the future"

    async def _wait_for_state(self, condition: Callable[[LinkState], bool], since: float) -> LinkState:
        """Returns the first state after `since` that meets the condition."""
        found: list[LinkState] = []

        def entered() -> bool:
            for state in reversed(self._states):
                if state.since <= since:
                    break
                if condition(state):
                    found.append(state)
            return bool(found)

        await until(entered, within=90)
        return found[-1]

    async def _reset(self) -> None:
        """End all faults, reconnect to all funds, and wait until the link is healthy."""
        began = monotonic()
        self._exchange.set_faults()
        self._link.set_symbols(FUNDS)
        self._link.reconnect()
        await self._wait_for_state(lambda state: state.is_live, began)
        messages = self.market.health.messages
        await until(lambda: self.market.health.messages > messages + 100, within=10)
        await asyncio.sleep(2 * self._timings.check_every)

    # --- all at once ---

    async def run_random_faults(self, seconds: float) -> None:
        """Combine random faults with restarts, reconnects and changed lists."""
        chance, until_ = self._random, monotonic() + seconds
        while (now := monotonic()) < until_:
            names = chance.sample(sorted(MIXED_FAULTS), chance.randint(0, 3))
            names += chance.sample(HEAVY, 1) if chance.random() < 0.1 else []
            self._exchange.set_faults(*names)
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
        self._exchange.set_faults()

    # --- the end ---

    async def verify_final_state(self, seconds: float) -> None:
        """Leave only faults that a link survives, then close the market and compare everything."""
        report, exchange, health = self.report, self._exchange, self.market.health
        try:
            await self._reset()
        except TimeoutError:
            report.failures.append(f"the link does not settle: {self._link.state.describe(monotonic())}")
            return
        connections = self._connections
        exchange.set_faults(*HARMLESS)
        await asyncio.sleep(seconds / 2)
        # Frames dated ahead repeat the latest data, and would correct what older frames had overwritten.
        exchange.set_faults(*HARMLESS[:2], *HARMLESS[3:])
        await asyncio.sleep(seconds / 2)
        await exchange.close_market()
        sent = exchange.sent[max(exchange.sent)]

        def wrong() -> list[str]:
            return differences(self.market, exchange, FUNDS) + miscounts(health, sent, self._received_before)

        with suppress(TimeoutError):
            await until(lambda: not wrong(), within=10)
        report.failures += wrong()
        if (older := health.out_of_order - self._received_before["older"]) < sent["stale"]:
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


async def soak(seconds: float, seed: int, timings: Timings, cases: Sequence[str] = tuple(CASES)) -> SoakReport:
    """Run a soak test of about `seconds`: each of `cases` alone, in shuffled rounds, with random faults between
    them."""
    loop, loop_errors = asyncio.get_running_loop(), []

    def collect(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        callback = getattr(context.get("handle"), "_callback", None)
        if not isinstance(getattr(callback, "__self__", None), asyncio.BaseTransport | asyncio.BaseProtocol):
            loop_errors.append(f"{context.get('message')}: {context.get('exception')!r}")  # as in `tui.crash`

    loop.set_exception_handler(collect)
    began, files = loop.time(), _open_files()
    memory: list[float] = []  # MB, at each tenth of the time
    chance = random.Random(seed)
    final_seconds = min(70.0, seconds / 10)  # the final phase, over the start of a minute if there is time
    left: list[str] = []
    async with Soak(seed, timings) as session:
        while loop.time() - began < seconds - final_seconds:
            left = left or chance.sample(cases, len(cases))
            await session.run_case(left.pop())
            await session.run_random_faults(chance.uniform(0.2, 1.0))
            if loop.time() - began > seconds * (len(memory) + 1) / 10:
                memory.append(_resident_mb())
        await session.verify_final_state(final_seconds)
    report = session.report
    memory.append(_resident_mb())
    if (tasks := asyncio.all_tasks() - {asyncio.current_task()}) != set():
        report.failures.append(f"tasks left: {tasks}")
    await asyncio.sleep(0.1)
    if _open_files() > files:
        report.failures.append(f"{_open_files()} files and sockets open, {files} before")
    report.figures |= {
        "memory of link and exchange, MB, by tenths of the time": " ".join(f"{each:.1f}" for each in memory),
        "memory for a moment at most, MB": round(_peak_mb()),
        "seed": seed,
    }
    allowed = MAX_GROWTH + (FILL_ALLOWANCE if seconds < 300 else 0)
    if (grown := memory[-1] - memory[len(memory) // 2]) > allowed:
        report.failures.append(f"grown by {grown:.1f} MB in the second half")
    report.failures += loop_errors
    return report


def _open_files() -> int:
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.exists() else 0


def _resident_mb() -> float:
    """Returns MB of resident memory, without what the allocator only caches: after a message of 2 MB that is more than
    much of the rest, and whether it was returned by now is random."""
    gc.collect()
    with suppress(AttributeError):  # glibc only
        ctypes.CDLL(None).malloc_trim(0)
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6 if statm.exists() else 0.0


def _peak_mb() -> float:
    """Returns the peak of resident memory in MB."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--brief", action="store_true", help="with short timings, as in the test suite")
    parser.add_argument("--case", action="append", choices=CASES, help="only this one; repeatable")
    parser.add_argument("--list", action="store_true", help="list the cases, and what must be true at the end of each")
    options = parser.parse_args()
    if options.list:
        for case, words in CASES.items():
            print(f"{case:<22}{words}")
        return 0
    logging.getLogger("tui").addHandler(logging.NullHandler())
    timings = FAST_TIMINGS if options.brief else Timings()
    report = asyncio.run(soak(60 * options.minutes, options.seed, timings, options.case or tuple(CASES)))
    print(report)
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
