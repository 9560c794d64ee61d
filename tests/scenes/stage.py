"""Plays a scene: as a recording, through the replay and the whole app, up to the picture."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from textual.pilot import Pilot

from tests.scenes.picture import Picture
from tests.scenes.script import Check, Event, Fact, Scene, SceneError, parse_when
from tests.support.launch_options import launch_options
from tests.support.wait_until import until
from tui import __version__
from tui.app.app import ItickApp
from tui.app.feed_worker import RECORDED, FeedSource
from tui.errors import NoConnection
from tui.feed.state import LinkPhase, LinkState
from tui.market.sessions import Holidays
from tui.protocol.messages import Kline, Quote
from tui.recording.format import FORMAT, RecordingHeader, call_line, message_line, names_line, state_line
from tui.recording.replay import Replay
from tui.reference.holidays import load
from tui.watchlist.columns import BY_ID

COLUMNS = tuple(id for id in BY_ID if id not in ("name", "range", "turnover", "vwap", "iopv", "premium", "hour"))
"""The columns of the watchlist in a scene."""
_SIZE = (230, 36)  # cells: all columns and all panes have room
_BEGAN = 1_000.0  # s, monotonic, of the recording
_UNDERWAY = 0.05  # s from when data is made until it arrives
_WATCHED = 1.0  # s before and after each message in which the screen is drawn, as it is every second


class Stage:
    """One scene as a recording. `moments` are the times (s, monotonic) at which the screen is drawn."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.symbol = scene.symbol
        self._start = min(event.time for event in scene.events) - 5_000  # ms UTC
        self._lines: list[tuple[float, bytes]] = []
        self._add_beginning()
        for event in scene.events:
            self._add_event(event)
        self._lines.sort(key=lambda line: line[0])
        times = sorted({t for t, _ in self._lines})
        self.moments = sorted({moment for t in times for moment in (t - _WATCHED, t) if moment >= _BEGAN})
        self._lines.append((times[-1] + 86_400, _pong(times[-1] + 86_400)))  # a replay is over with its last line

    def local(self, time: float) -> float:
        """Returns s, monotonic, of a time in ms UTC."""
        return _BEGAN + (time - self._start) / 1000

    def write(self, path: Path) -> None:
        """Write the recording."""
        header = RecordingHeader(FORMAT, __version__, _BEGAN, float(self._start), "api.itick.org", [str(self.symbol)])
        lines = [msgspec.json.encode(header) + b"\n", *(line for _, line in self._lines)]
        path.write_bytes(gzip.compress(b"".join(lines), mtime=0))

    def _call(self, name: str, *arguments: Any) -> None:
        self._lines.append((_BEGAN, call_line(_BEGAN, name, arguments)))

    def _add_beginning(self) -> None:
        self._call("set_clock", self._start - 1000 * _BEGAN)
        # A `Date` just before its second ends, and one just after it began: the clock is known to some hundredths.
        self._call("observe_date", _BEGAN - 0.06, _BEGAN - 0.01, self._start - 1_000)
        self._call("observe_date", _BEGAN + 0.01, _BEGAN + 0.04, self._start)
        self._call("follow", (self.symbol,))
        self._call("set_holidays", self._holidays())
        for fact in self.scene.facts:
            self._add_fact(fact)
        self._call("reconnected", (self.symbol,))
        self._call("served", (self.symbol,), _BEGAN)
        self._lines.append((_BEGAN, state_line(_BEGAN, LinkState(LinkPhase.LIVE, _BEGAN))))
        self._lines.append((_BEGAN, _pong(_BEGAN)))

    def _holidays(self) -> dict[str, Holidays]:
        years = [int(fact.value) for fact in self.scene.facts if fact.name == "provisional"]
        known = holidays(datetime.fromtimestamp(self._start / 1000, UTC).year)
        return {
            region: days._replace(provisional=frozenset(years if region in ("SH", "SZ") else ()))
            for region, days in known.items()
        }

    def _add_fact(self, fact: Fact) -> None:
        if fact.name == "closes":
            days = dict(each.split() for each in fact.value.split(", "))
            self._call("recall_closes", self.symbol, {day: float(close) for day, close in days.items()})
        elif fact.name == "rest":
            when, _, said = fact.value.partition(" quote ")
            time = parse_when(when, self.symbol, None).time
            quote = msgspec.convert({"s": str(self.symbol), **_fields(said.split(), time)}, Quote)
            self._call("recall_quote", self.symbol, quote, _BEGAN)
        elif fact.name == "name":
            self._lines.append((_BEGAN, names_line(_BEGAN, {self.symbol: fact.value})))
        elif fact.name == "bars":
            day, minutes, price, *words = fact.value.split()
            begin, end, *_ = parse_when(f"{day} {minutes}", self.symbol, None)
            code, region = self.symbol
            bars = [
                msgspec.convert({"s": code, "r": region, "t": time, **_bar([price, *words])}, Kline)
                for time in range(begin, end, 60_000)
            ]
            self._call("recall", self.symbol, bars, False, _BEGAN)

    @property
    def settings(self) -> Mapping[str, Any]:
        """The settings that the scene is shown with."""
        words = [word for fact in self.scene.facts if fact.name == "shown" for word in fact.value.split()]
        return {name: int(value) for name, value in (word.split("=") for word in words)}

    def _add_event(self, event: Event) -> None:
        for n, time in enumerate(range(event.time, event.until + 1, event.step)):
            at = self.local(time) + _UNDERWAY
            words = [_nth(word, n) for word in event.words]
            self._lines += [(at, line) for line in self._event_lines(event.verb, words, time, at)]

    def _event_lines(self, verb: str, words: list[str], time: int, at: float) -> Iterator[bytes]:
        code, region = self.symbol
        if verb == "look":
            yield _pong(at)
        elif verb == "link" and words == ["lost"]:
            lost = LinkState(LinkPhase.RECONNECTING, at, retry_at=at + 4, error=NoConnection("cut"), was_live=True)
            yield state_line(at, lost)
        elif verb == "link" and words == ["live"]:
            yield call_line(at, "reconnected", [(self.symbol,)])
            yield call_line(at, "served", [(self.symbol,), at])
            yield state_line(at, LinkState(LinkPhase.LIVE, at))
        elif verb == "refused":
            yield call_line(at, "refuse", [(self.symbol,), words[0], "cannot be resolved action"])
        elif verb in ("trade", "quote"):
            fields = _fields(words, time)
            yield _push(at, {"type": "tick" if verb == "trade" else "quote", "s": str(self.symbol), **fields})
        elif verb == "book":
            middle = words.index("/")
            levels = {"a": _levels(words[middle + 1 :]), "b": _levels(words[:middle])}
            yield _push(at, {"type": "depth", "s": str(self.symbol), **levels})
        elif verb == "bar":
            yield _push(at, {"type": "kline@1", "s": code, "r": region, "t": time // 60_000 * 60_000, **_bar(words)})
        else:
            raise SceneError(f"nobody knows what '{verb} {' '.join(words)}' is")


@cache
def holidays(year: int) -> dict[str, Holidays]:
    """Returns the holidays that a program started in the middle of that year knows."""
    return load(datetime(year, 7, 1, tzinfo=UTC).timestamp())


def _nth(word: str, n: int) -> str:
    """Returns what a word is the n-th time: `v=100+20` is 100, 120, 140 …, `10|10.02` is 10, 10.02, 10 …"""
    name, equals, value = word.rpartition("=")
    if found := re.fullmatch(r"(\d+)\+(\d+)", value):
        value = str(int(found[1]) + n * int(found[2]))
    choices = value.split("|")
    return f"{name}{equals}{choices[n % len(choices)]}"


_FIELDS = {"o", "h", "l", "v", "tu", "p", "ch", "chp", "ts", "d"}


def _fields(words: list[str], time: int) -> dict[str, float]:
    """Returns the fields of `494 v=1200 late=900`: the last price, the time in ms UTC, and what else is said."""
    price, *rest = words
    found = {"ld": float(price), **{name: _number(value) for name, value in (word.split("=") for word in rest)}}
    late = found.pop("late", 0)
    if unknown := found.keys() - _FIELDS - {"ld"}:
        raise SceneError(f"there is no field {', '.join(unknown)}")
    return {"t": int(time - 1000 * late), **found}


def _number(text: str) -> float:
    return float(text) if "." in text else int(text)


def _bar(words: list[str]) -> dict[str, float]:
    prices = [float(word) for word in words if "=" not in word]
    volume = [float(word.removeprefix("v=")) for word in words if "=" in word]
    prices = prices * 4 if len(prices) == 1 else prices
    return {**dict(zip("ohlc", prices, strict=True)), "v": volume[0] if volume else 100.0}


def _levels(words: Sequence[str]) -> list[dict[str, float]]:
    levels: list[dict[str, float]] = []
    for n, word in enumerate(words if words != ["-"] else (), 1):
        found = re.fullmatch(r"([\d.]+)(?:x([\d.]+))?(?:@(\d+))?", word)
        if found is None:
            raise SceneError(f"'{word}' is no level of a book")
        price, size, level = found.groups()
        volume = float(size or 100)
        levels.append({"po": int(level or n), "p": float(price), "v": volume, "o": volume})
    return levels


def _push(at: float, data: Mapping[str, Any]) -> bytes:
    return message_line(repr(at).encode(), msgspec.json.encode({"code": 1, "data": data}))


def _pong(at: float) -> bytes:
    return message_line(repr(at).encode(), b'{"code":1,"resAc":"pong","data":{"params":"0"}}')


class StageClock:
    """The clock on the wall in the theatre: s, monotonic. It goes as the recording does."""

    def __init__(self) -> None:
        self.now = _BEGAN

    def __call__(self) -> float:
        return self.now


async def play(scene: Scene, path: Path) -> list[str]:
    """Play a scene; returns what is seen otherwise than the scene says, with the pictures."""
    stage, clock = Stage(scene), StageClock()
    stage.write(path)
    replay = Replay(path, 1.0, real=clock)
    options = launch_options(lists={RECORDED: replay.symbols}, columns=COLUMNS, **stage.settings)
    app = ItickApp(options._replace(remember=False), FeedSource(replay=replay), replay.clock, replay.wall)
    looks = {stage.local(event.time) + _UNDERWAY: event for event in scene.events if event.verb == "look"}
    wrong: list[str] = []
    async with app.run_test(size=_SIZE) as pilot:
        await until(lambda: app.dashboard.header.replay)
        for moment in stage.moments:
            for up in (True, False):
                replay.change_speed(up)  # which wakes it
            clock.now = moment + 0.002
            await until(lambda: replay.clock() >= clock.now - 0.001)
            app.painting.frame()
            app.tick()
            assert app.painting.frame_clock is not None
            app.painting.frame_clock.stop()  # no frame but ours: what a look finds does not depend on this machine
            if moment in looks:
                wrong += await _compare(app, pilot, looks[moment].checks)
    assert app.market.health.damaged == 0 and not app.market.health.malformed
    return wrong


async def _compare(app: ItickApp, pilot: Pilot[None], checks: Sequence[Check]) -> list[str]:
    """Returns what is seen otherwise, in the list and, for the headline, in the detail view."""
    wrong: list[str] = []
    for detail in (False, True):
        due = [check for check in checks if check.place.startswith("headline") == detail]
        if due:
            app.dashboard.show_detail(detail)
            await pilot.pause()
            picture = Picture(app)
            if found := [difference for check in due if (difference := picture.compare(check))]:
                wrong += ["", *found, "", picture.text]
    app.dashboard.show_detail(False)
    return wrong
