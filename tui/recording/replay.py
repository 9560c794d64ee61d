"""A recording in the place of a link: it is played into the same market, by a clock of its own."""

from __future__ import annotations

import asyncio
import contextlib
import math
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from datetime import time as TimeOfDay
from pathlib import Path

from tui.errors import UsageError
from tui.feed.dispatch import OnPush, make_dispatcher
from tui.feed.state import LinkPhase, LinkState
from tui.format import count
from tui.market import Market
from tui.market.sessions import zone
from tui.protocol.messages import Pong, Reply
from tui.recording.format import (
    CALLS,
    Entry,
    RecordedCall,
    RecordedFrame,
    RecordedNames,
    RecordedState,
    Recording,
    RecordingHeader,
)
from tui.symbol import Symbol, sanitize

SPEEDS = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, math.inf)
_SLOWEST, _FASTEST = 0.01, 1_000.0  # that may be asked for as a number
_SLICE = 0.01  # s of playing, after which keys and frames have their turn
_BEHIND = 0.25  # s by which playing may be late, before the clock waits for it instead
_LONGEST_TRIP = 60_000  # ms


class Player:
    """Puts what was recorded into a market: what the header names, then entry by entry, as it once came in. `on_state`
    hears of the link, `on_push` of each message that was applied."""

    def __init__(
        self,
        market: Market,
        header: RecordingHeader,
        on_state: Callable[[LinkState], None],
        on_push: OnPush | None = None,
    ) -> None:
        self._market = market
        self._on_state = on_state
        self._intake = make_dispatcher(market, on_push, self._reply)
        self._proven = self._was_live = False
        self.demo = header.demo
        """Whether all this came from our own exchange."""
        self.also: tuple[Symbol, ...] = ()
        """Symbols that somebody looks at now, whatever was followed then."""
        # The file tells these again, in lines that may be damaged: made-up prices must not pass for real ones then.
        market.set_clock(header.base)
        market.set_hours(self.demo)
        market.follow(header.followed)

    def play(self, entry: Entry) -> None:
        market = self._market
        if isinstance(entry, RecordedFrame):
            begin, take = self._intake
            begin(entry.t)
            take(entry.frame)
            market.health.frame_at = entry.t
        elif isinstance(entry, RecordedCall):
            arguments = entry.arguments
            if entry.name == "reconnected":
                arguments = ((*arguments[0], *self.also),)
            elif entry.name == "set_hours":
                self.demo = arguments[0]
            CALLS[entry.name].method(market, *arguments)
        elif isinstance(entry, RecordedState):
            self._enter(entry.state)

    def _enter(self, state: LinkState) -> None:
        if state.is_live and not self._proven:
            self._market.health.reconnects += self._was_live
            self._was_live = True
        self._proven = state.is_live
        self._on_state(state)

    def _reply(self, reply: Reply, now: float) -> None:
        # A pong echoes when it was asked for.
        if isinstance(reply, Pong) and reply.data.params.isdecimal() and len(reply.data.params) < 16:
            trip = self._market.local_time(now) - int(reply.data.params)
            if 0 <= trip < _LONGEST_TRIP:
                self._market.health.round_trips.append(trip / 1000)
                self._market.health.pong_at = now


class Replay:
    """Plays a file at `speed` times its own pace, `math.inf` for as fast as it can. What lies before `begin`, a time of
    day where the first symbol is traded, is played at once.

    `attach`, then `run`, which returns at the end. `clock` (s, monotonic) and `wall` (s) are those of the recording:
    they stand still while it does. Raises UsageError where the file is no recording or `begin` no time.
    """

    def __init__(
        self, path: Path, speed: float = 1.0, begin: str = "", real: Callable[[], float] = time.monotonic
    ) -> None:
        self._recording = Recording(path)
        self._header = header = self._recording.header
        self.symbols = header.followed
        self.host = header.host
        self.state = LinkState(LinkPhase.CONNECTING, header.t, header.host)
        self.speed = speed
        self.paused = self.ended = False
        self._entries = self._recording.portions()
        self._next: Entry | None = None  # while it is looked for, and at the end
        self._read_all = False
        self._real = real
        self._at = header.t  # what the clock showed …
        self._since = real()  # … at this time
        self._base = header.base
        self._begin = begin
        self._skip_to = _moment(begin, header.wall, self.symbols) if begin else 0.0  # ms UTC
        self._acted = asyncio.Event()
        self._followed = self.symbols
        self._messages = 0  # that were played

    def attach(
        self,
        market: Market,
        on_state: Callable[[LinkState], None],
        on_followed: Callable[[list[Symbol], list[Symbol]], None],
        on_pace: Callable[[], None],
        on_names: Callable[[Mapping[Symbol, str]], None],
    ) -> None:
        """Say what to play into. `on_followed` hears which symbols were added and which removed then; `on_pace` when it
        goes on in another way, or ends; `on_names` with the names of funds that were added then."""
        self._market = market
        self._player = Player(market, self._header, self._entered)
        self._on_state = on_state
        self._on_followed = on_followed
        self._on_pace = on_pace
        self._on_names = on_names

    # --- in the place of a link ---

    def set_symbols(self, symbols: Iterable[Symbol]) -> None:
        """Say what is looked at. There is data only for what was followed then."""
        self._player.also = tuple(symbols)
        self._market.follow(self._player.also)

    @property
    def is_demo(self) -> bool:
        return self._player.demo

    async def run(self) -> None:
        """Play to the end."""
        self._read_next()
        self._anchor(self._at)
        while not self._read_all:
            wait = 0.0 if self._next is None else math.inf if self.paused else self._wait(self._next)
            if wait > 0:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait if wait < math.inf else None):
                        await self._acted.wait()
                self._acted.clear()
            else:
                self._play_what_is_due()
                # A key goes through many turns of the loop: they are not to be a slice apart.
                await asyncio.sleep(_SLICE if self._next is None else 0)
        self.ended = True
        self._on_pace()

    # --- time ---

    def clock(self) -> float:
        """s, monotonic, then. It never shows more than what is played."""
        if self._next is None or self.paused or self._hurries:
            return self._at
        return max(self._at, min(self._next.t, self._ideal))

    def wall(self) -> float:
        """s since the epoch, by the clock of the machine that recorded."""
        return self.clock() + self._base / 1000

    @property
    def _ideal(self) -> float:
        return self._at + (self._real() - self._since) * self.speed

    @property
    def _hurries(self) -> bool:
        return self.speed == math.inf or self._skip_to > 0

    def _anchor(self, at: float) -> None:
        self._at, self._since = at, self._real()

    def _wait(self, entry: Entry) -> float:
        """Seconds until an entry is due."""
        if self._skip_to and 1000 * entry.t + self._base + self._market.clock.offset >= self._skip_to:
            self._skip_to = 0.0
            self._anchor(entry.t)
            self._on_pace()
        return 0.0 if self._hurries else (entry.t - self._ideal) / self.speed

    # --- playing ---

    def _play_what_is_due(self) -> None:
        ends = self._real() + _SLICE
        if self._next is None:
            self._read_next()
        while self._next is not None and not self.paused and (wait := self._wait(self._next)) <= 0:
            if self._hurries or -wait > _BEHIND:
                self._anchor(max(self._at, self._next.t))
            self._play(self._next)
            if self._real() >= ends:
                break

    def _play(self, entry: Entry) -> None:
        self._player.play(entry)
        if type(entry) is RecordedFrame:
            self._messages += 1
        elif type(entry) is RecordedCall:
            self._called(entry)
        elif type(entry) is RecordedNames:
            self._on_names({symbol: name for symbol, name in entry.names.items() if symbol in self._market.instruments})
        self._read_next()
        if self._next is None:
            self._anchor(max(self._at, entry.t))

    def _read_next(self) -> None:
        """Find the next entry, or for as long as a slice lasts what lies before it and tells nothing."""
        self._next = None
        ends = self._real() + _SLICE
        for entry in self._entries:
            self._next = entry
            if entry is not None or self._real() >= ends:
                break
        else:
            self._read_all = True
        self._market.health.damaged = self._recording.damaged

    def _called(self, call: RecordedCall) -> None:
        if call.name == "set_clock":
            self._base = call.arguments[0]
        elif call.name == "follow" and call.arguments[0] != self._followed:
            before, self._followed = self._followed, call.arguments[0]
            added = [symbol for symbol in self._followed if symbol not in before]
            self._on_followed(added, [symbol for symbol in before if symbol not in self._followed])

    def _entered(self, state: LinkState) -> None:
        self.state = state
        self._on_state(state)

    # --- keys ---

    def pause(self) -> None:
        """Stand still, or go on."""
        self._anchor(self.clock())
        self.paused = not self.paused
        self._changed()

    def step(self) -> None:
        """While it stands still: the next message, and what came in before it."""
        while self.paused and self._next is not None:
            entry = self._next
            self._at = max(self._at, entry.t)
            self._play(entry)
            if type(entry) is RecordedFrame:
                break
        self._changed()

    def change_speed(self, up: bool) -> None:
        """The next speed of the table, or the one before."""
        others = [speed for speed in SPEEDS if (speed > self.speed if up else speed < self.speed)]
        if others:
            self._anchor(self.clock())
            self.speed = others[0] if up else others[-1]
            self._changed()

    def _changed(self) -> None:
        self._acted.set()
        self._on_pace()

    @property
    def is_paused(self) -> bool:
        """Whether its clock does."""
        return self.paused or self.ended

    @property
    def describe(self) -> str:
        """How it goes on: `×10`, `to 15:30`; while it stands, at which message: `×10 paused #1,234`."""
        if self.ended:
            return "ended"
        pace = f"to {self._begin}" if self._skip_to else format_speed(self.speed)
        return f"{pace} paused #{self._messages:,}" if self.paused else pace

    @property
    def summary(self) -> str:
        """What there is to say at the end."""
        words = [f"the recording ends {f'before {self._begin}' if self._skip_to else 'here'}"]
        if damaged := self._recording.damaged:
            words.append(f"{count(damaged, 'damaged line')} left out")
        if self._recording.cut:
            words.append("the file is cut off")
        return ": ".join([words[0], ", ".join(words[1:])] if words[1:] else words)


def format_speed(speed: float) -> str:
    return "max" if speed == math.inf else "×½" if speed == 0.5 else f"×{speed:g}"


def parse_speed(text: str) -> float:
    """`10`, `0.5` or `max`. Raises UsageError."""
    if text == "max":
        return math.inf
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not _SLOWEST <= speed <= _FASTEST:  # nor what is no number at all
        raise UsageError(f"'{sanitize(text)}' is no speed: write a number from {_SLOWEST:g} to {_FASTEST:g}, or max")
    return speed


def _moment(text: str, wall: float, symbols: Sequence[Symbol]) -> float:
    """The time of day where the first symbol is traded, next to the beginning (ms UTC) of a recording; ms UTC."""
    local = zone(symbols[0].region if symbols else "").at(wall)
    try:
        if not re.fullmatch(r"\d\d?:\d\d(:\d\d)?", text):
            raise ValueError
        time = TimeOfDay.fromisoformat(text.zfill(5 if text.count(":") == 1 else 8))
    except ValueError:
        raise UsageError(f"'{sanitize(text)}' is no time of day: write for example 15:30, or 15:30:05") from None
    moment = datetime.combine(local.date(), time, local.tzinfo)
    if local - moment > timedelta(hours=12):
        moment += timedelta(days=1)  # it was recorded over midnight
    return moment.timestamp() * 1000
