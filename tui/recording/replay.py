"""Replay: plays a recording into a market in place of a link, by a clock of its own."""

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
from tui.market import Instrument, Market
from tui.market.sessions import zone
from tui.protocol.messages import Pong, Push, Reply
from tui.recording.ending import last_time
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
_SLOWEST, _FASTEST = 0.01, 1_000.0  # as a number on the command line
_SLICE = 0.01  # s of playing before keys and frames get a turn
_MAX_LATENESS = 0.25  # s by which playing may be late before the clock is set back to it
_MAX_ROUND_TRIP = 60_000  # ms


class Player:
    """Applies a recording to a market: the header first, then entry by entry. `on_state` is called with each state of
    the link, `on_push` with each applied message."""

    def __init__(
        self,
        market: Market,
        header: RecordingHeader,
        on_state: Callable[[LinkState], None],
        on_push: OnPush | None = None,
    ) -> None:
        self._market = market
        self._on_state = on_state
        self._dispatcher = make_dispatcher(market, on_push, self._handle_reply)
        self._is_live = self._was_live = False
        self.demo = header.demo
        """True if the recording comes from our own exchange."""
        self.extra_symbols: tuple[Symbol, ...] = ()
        """Symbols that are on the screen now, whether or not they were followed then."""
        # The file repeats these calls in lines that may be damaged; made-up prices must not pass for real ones then.
        market.set_clock(header.base)
        market.set_hours(self.demo)
        market.follow(header.followed)

    def play(self, entry: Entry) -> None:
        """Apply one entry."""
        market = self._market
        if isinstance(entry, RecordedFrame):
            self._dispatcher.begin(entry.t)
            self._dispatcher.dispatch(entry.frame)
            market.health.frame_at = entry.t
        elif isinstance(entry, RecordedCall):
            arguments = entry.arguments
            if entry.name == "reconnected":
                arguments = ((*arguments[0], *self.extra_symbols),)
            elif entry.name == "set_hours":
                self.demo = arguments[0]
            CALLS[entry.name].method(market, *arguments)
        elif isinstance(entry, RecordedState):
            self._set_state(entry.state)

    def _set_state(self, state: LinkState) -> None:
        if state.is_live and not self._is_live:
            self._market.health.reconnects += self._was_live
            self._was_live = True
        elif self._is_live and not state.is_live:
            self._market.link_lost(self._market.health.frame_at)
        self._is_live = state.is_live
        self._on_state(state)

    def _handle_reply(self, reply: Reply, now: float) -> None:
        # A pong echoes the time of its ping.
        if isinstance(reply, Pong) and reply.data.params.isdecimal() and len(reply.data.params) < 16:
            round_trip = self._market.local_time(now) - int(reply.data.params)
            if 0 <= round_trip < _MAX_ROUND_TRIP:
                self._market.health.round_trips.append(round_trip / 1000)
                self._market.health.pong_at = now


class Replay:
    """Plays a file at `speed` times real time, as fast as possible for `math.inf`. All entries before `begin`, a time
    of day at the first symbol's exchange, are played at once.

    Call `attach`, then `run`, which returns at the end. `clock` (s, monotonic) and `wall` (s since the epoch) are those
    of the recording, and stand still while it does. Raises UsageError if the file is no recording or `begin` no
    time."""

    def __init__(
        self, path: Path, speed: float = 1.0, begin: str = "", real: Callable[[], float] = time.monotonic
    ) -> None:
        self._recording = Recording(path)
        self._header = header = self._recording.header
        self.symbols = header.followed
        self.host = header.host
        self._recorded = LinkState(LinkPhase.CONNECTING, header.t, header.host)
        self.speed = speed
        self.paused = self.ended = False
        self._entries = self._recording.read_cooperatively()
        self._next: Entry | None = None  # None while it is being read, and at the end
        self._is_read = False
        self._real = real
        self._anchor_time = header.t  # the clock of the recording …
        self._anchor_real = real()  # … at this time of the real clock
        self._base = header.base
        self._begin = begin
        self._skip_to = _start_time(begin, header.wall, self.symbols) if begin else 0.0  # ms UTC
        self._playback_changed = asyncio.Event()
        self._followed = self.symbols
        self._messages = 0  # played so far
        self._last_time = last_time(path)
        self._pushed = ""  # type and symbol of the last message
        self._stepped = ""  # the same of the one that the last step played

    def attach(
        self,
        market: Market,
        on_state: Callable[[LinkState], None],
        on_followed: Callable[[list[Symbol], list[Symbol]], None],
        on_playback: Callable[[], None],
        on_names: Callable[[Mapping[Symbol, str]], None],
    ) -> None:
        """Set what to play into. `on_followed` is called with the symbols that were added and removed in the recording,
        `on_playback` when speed, pause or skipping change and at the end, `on_names` with recorded names of funds."""
        self._market = market
        self._player = Player(market, self._header, self._record_state, self._name_push)
        self._on_state = on_state
        self._on_followed = on_followed
        self._on_playback = on_playback
        self._on_names = on_names

    # --- in place of a link ---

    def set_symbols(self, symbols: Iterable[Symbol]) -> None:
        """Set the symbols on the screen. There is data only for those that were followed in the recording."""
        self._player.extra_symbols = tuple(symbols)
        self._market.follow(self._player.extra_symbols)

    @property
    def is_demo(self) -> bool:
        """True if the recording comes from our own exchange."""
        return self._player.demo

    async def run(self) -> None:
        """Play to the end of the recording."""
        self._read_next()
        self._set_anchor(self._anchor_time)
        while not self._is_read:
            wait = 0.0 if self._next is None else math.inf if self.paused else self._delay_of(self._next)
            if wait > 0:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait if wait < math.inf else None):
                        await self._playback_changed.wait()
                self._playback_changed.clear()
            else:
                self._play_due()
                # Handling a key takes many turns of the event loop: they must not be a slice apart.
                await asyncio.sleep(_SLICE if self._next is None else 0)
        self.ended = True
        self._on_playback()

    # --- time ---

    def clock(self) -> float:
        """Returns the recording's monotonic clock in s. It is never ahead of what was played."""
        if self._next is None or self.paused or self._is_unpaced:
            return self._anchor_time
        return max(self._anchor_time, min(self._next.t, self._target_time))

    def wall(self) -> float:
        """Returns the recording machine's wall clock in s since the epoch."""
        return self.clock() + self._base / 1000

    @property
    def _target_time(self) -> float:
        return self._anchor_time + (self._real() - self._anchor_real) * self.speed

    @property
    def _is_unpaced(self) -> bool:
        return self.speed == math.inf or self._skip_to > 0

    def _set_anchor(self, at: float) -> None:
        self._anchor_time, self._anchor_real = at, self._real()

    def _delay_of(self, entry: Entry) -> float:
        """Returns the s of real time until an entry is due, and ends the skipping at its target."""
        if self._skip_to and 1000 * entry.t + self._base + self._market.clock.offset >= self._skip_to:
            self._skip_to = 0.0
            self._set_anchor(entry.t)
            self._on_playback()
        return 0.0 if self._is_unpaced else (entry.t - self._target_time) / self.speed

    # --- playing ---

    def _play_due(self) -> None:
        ends = self._real() + _SLICE
        if self._next is None:
            self._read_next()
        while self._next is not None and not self.paused and (wait := self._delay_of(self._next)) <= 0:
            if self._is_unpaced or -wait > _MAX_LATENESS:
                self._set_anchor(max(self._anchor_time, self._next.t))
            self._play(self._next)
            if self._real() >= ends:
                break

    def _play(self, entry: Entry) -> None:
        self._player.play(entry)
        if type(entry) is RecordedFrame:
            self._messages += 1
        elif type(entry) is RecordedCall:
            self._track_call(entry)
        elif type(entry) is RecordedNames:
            self._on_names({symbol: name for symbol, name in entry.names.items() if symbol in self._market.instruments})
        self._read_next()
        if self._next is None:
            self._set_anchor(max(self._anchor_time, entry.t))

    def _read_next(self) -> None:
        """Read up to the next entry, for one slice at most."""
        self._next = None
        ends = self._real() + _SLICE
        for entry in self._entries:
            self._next = entry
            if entry is not None or self._real() >= ends:
                break
        else:
            self._is_read = True
        self._market.health.damaged = self._recording.damaged

    def _track_call(self, call: RecordedCall) -> None:
        if call.name == "set_clock":
            self._base = call.arguments[0]
        elif call.name == "follow" and call.arguments[0] != self._followed:
            before, self._followed = self._followed, call.arguments[0]
            added = [symbol for symbol in self._followed if symbol not in before]
            self._on_followed(added, [symbol for symbol in before if symbol not in self._followed])

    def _record_state(self, state: LinkState) -> None:
        self._recorded = state
        self._on_state(self.state)

    # --- keys ---

    def pause(self) -> None:
        """Pause or resume."""
        self._set_anchor(self.clock())
        self.paused, self._stepped = not self.paused, ""
        self._report_change()

    def step(self) -> None:
        """Play up to the next message while paused."""
        while self.paused and self._next is not None:
            entry = self._next
            self._anchor_time = max(self._anchor_time, entry.t)
            self._pushed = ""
            self._play(entry)
            if type(entry) is RecordedFrame:
                self._stepped = self._pushed or "without data"
                break
        self._report_change()

    def change_speed(self, up: bool) -> None:
        """Set the next higher or lower of SPEEDS."""
        candidates = [speed for speed in SPEEDS if (speed > self.speed if up else speed < self.speed)]
        if candidates:
            self._set_anchor(self.clock())
            self.speed = candidates[0] if up else candidates[-1]
            self._report_change()

    def _report_change(self) -> None:
        self._playback_changed.set()
        self._on_playback()

    @property
    def is_paused(self) -> bool:
        """True if the clock stands still."""
        return self.paused or self.ended

    @property
    def state(self) -> LinkState:
        """The state of the link in the recording, and whether it stands there."""
        return self._recorded._replace(standing="ENDED" if self.ended else "PAUSED" if self.paused else "")

    @property
    def status(self) -> str:
        """The playback in words: `×10`, `to 15:30`, `ended`; with the number of the message if paused:
        `×10 paused #1,234`."""
        if self.ended:
            return "ended"
        speed = f"to {self._begin}" if self._skip_to else format_speed(self.speed)
        return f"{speed} paused #{self._messages:,}" if self.paused else speed

    @property
    def details(self) -> tuple[str, ...]:
        """The playback in more words, the most important first: `tick QQQ$US`, the message of the last step, and
        `0:21 / 0:52`, how much was played of all; without the latter if that is not known."""
        if self.ended:
            return ()
        played = self.clock() - self._header.t
        progress = format_duration(played)
        if self._last_time is not None:
            progress += f" / {format_duration(max(played, self._last_time - self._header.t))}"
        return (self._stepped, progress) if self._stepped else (progress,)

    def _name_push(self, message: Push, instrument: Instrument) -> None:
        self._pushed = f"{type(message).__name__.lower()} {instrument.symbol}"

    @property
    def summary(self) -> str:
        """The result at the end in words, with what was damaged."""
        words = [f"the recording ends {f'before {self._begin}' if self._skip_to else 'here'}"]
        if damaged := self._recording.damaged:
            words.append(f"{count(damaged, 'damaged line')} left out")
        if self._recording.truncated:
            words.append("the file is cut off")
        return ": ".join([words[0], ", ".join(words[1:])] if words[1:] else words)


def format_speed(speed: float) -> str:
    """Returns a speed in words: `×10`, `×½` or `max`."""
    return "max" if speed == math.inf else "×½" if speed == 0.5 else f"×{speed:g}"


def format_duration(seconds: float) -> str:
    """Returns a duration as `0:21` or `1:02:03`."""
    minutes, rest = divmod(int(max(0.0, seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def parse_speed(text: str) -> float:
    """Returns the speed of a text like `10`, `0.5` or `max`. Raises UsageError."""
    if text == "max":
        return math.inf
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not _SLOWEST <= speed <= _FASTEST:  # NaN fails too
        raise UsageError(f"'{sanitize(text)}' is no speed: write a number from {_SLOWEST:g} to {_FASTEST:g}, or max")
    return speed


def _start_time(text: str, wall: float, symbols: Sequence[Symbol]) -> float:
    """Returns the time of day `text` at the first symbol's exchange, on the date of `wall` (ms UTC) or on the next if
    that is over 12 hours earlier; ms UTC. Raises UsageError."""
    local = zone(symbols[0].region if symbols else "").at(wall)
    try:
        if not re.fullmatch(r"\d\d?:\d\d(:\d\d)?", text):
            raise ValueError
        time = TimeOfDay.fromisoformat(text.zfill(5 if text.count(":") == 1 else 8))
    except ValueError:
        raise UsageError(f"'{sanitize(text)}' is no time of day: write for example 15:30, or 15:30:05") from None
    start = datetime.combine(local.date(), time, local.tzinfo)
    if local - start > timedelta(hours=12):
        start += timedelta(days=1)  # the recording goes on after midnight
    return start.timestamp() * 1000
