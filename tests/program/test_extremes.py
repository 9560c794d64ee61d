"""A server that sends what is extreme, and valid all the same, at the whole screen, while somebody presses keys.

`pytest --hypothesis-profile search tests/program/test_extremes.py` takes six times as long, and another seed each time.
"""

from __future__ import annotations

import json
import random
import re
import time as clocks
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.support.launch_options import launch_options
from tests.support.manual_frames import DiscardingDriver, ManualFramesApp
from tui.app.feed_worker import FeedSource
from tui.config.key_table import KEYS
from tui.feed.dispatch import make_dispatcher
from tui.feed.state import LinkPhase, LinkState
from tui.market import Market
from tui.market.alerts import parse_alert
from tui.protocol.messages import MAX_PERCENT, MAX_PRICE, MAX_TURNOVER, MAX_UNITS, MIN_PRICE, Kline, Quote
from tui.symbol import Symbol
from tui.watchlist.columns import COLUMNS

SYMBOLS = [Symbol("QQQ", "US"), Symbol("2800", "HK"), Symbol("510300", "SH"), Symbol("X", "ZZ")]
OPEN = 1_795_446_000_000  # Monday 2026-11-23 15:00 UTC, 10:00 in New York
SIZES = [(200, 60), (160, 45), (120, 36), (80, 24), (60, 20), (40, 8), (30, 5)]
# What would end the program, stop it, or write files, is pressed in other tests.
UNPRESSED = {"quit", "interrupt", "suspend_process", "export", "remove"}
PRESSED = [name for key in KEYS if key.id not in UNPRESSED for name in key.keys]
ALERTS = ["> 520", "< 480", "±2%", "spread > 5bp", "turnover > 1B"]
NO_NUMBER = re.compile(r"(?<![a-z])(nan|inf)(?![a-z])", re.IGNORECASE)
SECONDS = settings().max_examples / 8  # 6 s in the gate


class Sender:
    """Makes messages of numbers at, near and between the bounds, and now and then beyond them."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.near = 512.34  # what prices are about, for a while

    def number(self, least: float, most: float) -> float:
        chance = self.chance
        return chance.choice(
            [
                0.0,
                least,
                least * (1 + 1e-15),
                most,
                most * (1 - 1e-15),
                most / 3,
                10 ** chance.uniform(-6, 12),
                round(10 ** chance.uniform(-2, 4), chance.randrange(7)),
                *[chance.choice([5e-324, least / 2, 1e-300, most * 2, 1.7e308, -1.0, -0.0])] * chance.randrange(2),
            ]
        )

    def price(self) -> float:
        chance = self.chance
        if chance.random() < 0.02:
            self.near = self.number(MIN_PRICE, MAX_PRICE)
        if chance.random() < 0.6:
            return self.near * chance.choice([1, 1, 1, 1.0001, 0.99, 1 + 1e-12, 1 - 1e-6])
        return self.number(MIN_PRICE, MAX_PRICE)

    def size(self) -> float:
        return self.number(5e-324, MAX_UNITS)

    def time(self, now: float) -> Any:
        chance = self.chance
        ms = int(OPEN + 1000 * now)
        return chance.choice(
            [ms] * 8
            + [ms - 900_000, ms + 4_000, ms + 3_600_000, ms + 31_536_000_000, ms // 1000, ms * 1000, ms * 10**6]
            + [0, -1, 100_000_000_000, 9_999_999_999_999, 10**15, 1e300, 946_684_800_000]
        )

    def book(self) -> tuple[list[Any], list[Any]]:
        chance = self.chance
        if chance.random() < 0.03:
            return tuple(  # type: ignore[return-value]
                [{"p": self.near * (1 + way * n * 1e-4), "v": self.size()} for n in range(3_000)] for way in (1, -1)
            )
        asks, bids = ([{"p": self.price(), "v": self.size()} for _ in range(chance.randrange(7))] for _ in range(2))
        if chance.random() < 0.6:
            asks.sort(key=lambda level: level["p"])
            bids.sort(key=lambda level: -level["p"])
        return asks, bids

    def frame(self, now: float) -> bytes:
        chance, symbol = self.chance, str(self.chance.choice(SYMBOLS))
        kind = chance.choice(["tick", "tick", "quote", "quote", "depth", "depth", "kline@1"])
        data: dict[str, Any] = {"s": symbol, "type": kind}
        if kind == "tick":
            data |= {"ld": self.price(), "v": self.size(), "t": self.time(now), "d": chance.choice([None, 1, 2])}
        elif kind == "quote":
            data |= {name: self.price() for name in ("ld", "o", "h", "l")} | {"t": self.time(now), "v": self.size()}
            data["tu"] = self.number(5e-324, MAX_TURNOVER)
            for name in ("p", "iopv", "nav"):
                if chance.random() < 0.5:
                    data[name] = self.price()
            if chance.random() < 0.3:
                data["ch"] = chance.choice([1, -1]) * self.price()
            if chance.random() < 0.3:
                data["chp"] = chance.choice([-100, -99.999999999, 0, 1e-12, MAX_PERCENT, 2 * MAX_PERCENT])
        elif kind == "depth":
            data["a"], data["b"] = self.book()
        else:
            data |= self.bar(now)
        return json.dumps({"code": 1, "data": data}).encode()

    def bar(self, now: float) -> dict[str, Any]:
        prices = sorted(self.price() for _ in range(4))
        time = self.time(now)
        if self.chance.random() < 0.7:
            time = int(OPEN + 1000 * now) // 60_000 * 60_000 - self.chance.choice([0, 0, *range(200), 10_000]) * 60_000
        named = dict(zip(("l", "o", "c", "h"), prices, strict=True))
        return named | {"t": time, "v": self.size(), "tu": self.number(5e-324, MAX_TURNOVER)}

    def past(self, market: Market, now: float) -> None:
        """What is known from before: told by the vendor, or by a file that may be damaged."""
        symbol, chance = self.chance.choice(SYMBOLS), self.chance
        known = [self.bar(now) for _ in range(40)]
        bars = [
            Kline(symbol="", open=b["o"], high=b["h"], low=b["l"], close=b["c"], time=int(b["t"]), volume=b["v"])
            for b in sorted(known, key=lambda b: float(b["t"]))
            if b["t"] < 1e15
        ]
        market.apply_history(symbol, bars, chance.random() < 0.5, now)
        days = [f"2026-11-{day}" for day in (18, 19, 20)]
        market.apply_history_closes(symbol, {day: self.price() for day in days})
        price, time = min(MAX_PRICE, abs(self.price())), int(OPEN + 1000 * now)
        market.apply_history_quote(symbol, Quote(symbol=str(symbol), last=price, open=price, time=time), now)


@pytest.mark.timeout(30 + 5 * SECONDS)
async def test_no_numbers_end_the_dashboard_or_stand_on_it_as_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    seed = 7 if settings().derandomize else random.randrange(10**6)
    chance, now = random.Random(seed), 0.0
    sender, done = Sender(chance), [f"seed {seed}"]
    alerts = [parse_alert(f"{symbol} {words}") for symbol in SYMBOLS for words in ALERTS]
    wanted = launch_options(SYMBOLS, columns=[column.id for column in COLUMNS], alerts=alerts)
    app = ManualFramesApp(wanted, FeedSource(""), clock=lambda: now, wall=lambda: now + OPEN / 1000)
    app.driver_class = DiscardingDriver
    async with app.run_test(headless=False, size=SIZES[0]) as pilot:
        market = app.market
        market.set_clock(OPEN)
        market.follow(SYMBOLS)
        app.dashboard.link_changed(LinkState(LinkPhase.LIVE, 0.0), False)
        begin, take = make_dispatcher(market, None, lambda reply, at: None)
        ends = clocks.monotonic() + SECONDS
        while clocks.monotonic() < ends:
            now += chance.choice([0.01, 0.2, 1.0, 1.0, 61.0])
            begin(now)
            for _ in range(chance.randrange(1, 40)):
                take(sender.frame(now))
            if chance.random() < 0.1:
                sender.past(market, now)
            app.dashboard.sync(market.drain_changed(), now, chance.random() < 0.95)
            if chance.random() < 0.4:
                app.painting.tick()
            for _ in range(chance.randrange(3)):
                done.append(chance.choice([*PRESSED, "escape", "escape"]))
                await pilot.press(done[-1])
            if chance.random() < 0.05:
                done.append(str(size := chance.choice(SIZES)))
                await pilot.resize_terminal(*size)
            said = "\n".join(strip.text for strip in app.screen._compositor.render_strips())
            assert not NO_NUMBER.search(said), f"{done}\n{said}"
        assert market.health.applied > 10 * SECONDS and market.health.malformed.total() > 10
        assert {"tick", "quote", "depth"} <= market.health.malformed.keys()
        assert len(list(chain.from_iterable(i.bars for i in market.instruments.values()))) > 10
