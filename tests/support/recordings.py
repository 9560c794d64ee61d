"""Recordings made by hand, and the comparable state of a market."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from tests.support.messages import QQQ, T, tick
from tui import __version__
from tui.feed.state import LinkPhase, LinkState
from tui.market import Market
from tui.protocol.messages import encode
from tui.recording.format import FORMAT, Recording, RecordingHeader, call_line, message_line, state_line
from tui.recording.replay import Player
from tui.recording.writer import Recorder
from tui.symbol import Symbol

BEGAN = 1_000.0  # s, monotonic


def header(symbols: Iterable[Symbol] = (QQQ,), form: int = FORMAT, host: str = "api.itick.org") -> bytes:
    """Returns the first line of a recording that began at T."""
    return msgspec.json.encode(RecordingHeader(form, __version__, BEGAN, float(T), host, [*map(str, symbols)])) + b"\n"


def tick_lines(count: int, apart: float = 1.0) -> list[bytes]:
    """Returns the lines of trades at 100, 101 …, `apart` s from each other, on a link that is live from the start."""
    lines = [
        call_line(BEGAN, "set_clock", [T - 1000 * BEGAN]),
        call_line(BEGAN, "follow", [(QQQ,)]),
        call_line(BEGAN, "reconnected", [(QQQ,)]),
        call_line(BEGAN, "served", [(QQQ,), BEGAN]),
        state_line(BEGAN, LinkState(LinkPhase.LIVE, BEGAN)),
    ]
    for n in range(count):
        at = BEGAN + n * apart
        lines.append(message_line(repr(at).encode(), encode(tick(100.0 + n, int(1000 * n * apart)))))
    return lines


def compress(*members: Iterable[bytes]) -> bytes:
    return b"".join(gzip.compress(b"".join(lines), mtime=0) for lines in members)


def write_recording(path: Path, *members: Iterable[bytes]) -> Path:
    path.write_bytes(compress([header()], *members))
    return path


@contextmanager
def record(path: Path, market: Market, symbols: Iterable[Symbol] = (QQQ,), now: float = BEGAN) -> Iterator[Recorder]:
    """Record the input of a market in the block."""
    with Recorder(path) as recorder:
        recorder.begin(market, symbols, "api.itick.org", lambda: now, lambda: T / 1000)
        yield recorder


def play_all(path: Path) -> tuple[Market, Recording]:
    """Returns a new market after a whole recording, and the recording."""
    market, recording = Market(), Recording(path)
    player = Player(market, recording.header, lambda state: None)
    for entry in recording:
        player.play(entry)
    return market, recording


def state_of(market: Market) -> dict[str, Any]:
    """Returns the state of a market in comparable values."""
    facts: dict[str, Any] = {
        str(symbol): {
            "quote": i.quote,
            "book": (i.depth, i.depth_at, i.mid),
            "trade": (i.tick, i.tick_time, i.last, i.last_time, i.previous, i.direction, i.last_changed_at),
            "bars": (list(i.bars), i.bars.known_from, i.bars.incomplete),
            "usual": i.bars.usual and msgspec.structs.astuple(i.bars.usual),
            "tape": (i.tape.total, list(i.tape.runs()), i.tape.sizes.cumulative, i.tape.sizes.gap),
            "day": (i.base, i.regular_last, i.day.ends, i.day.closes),
            "past": (i.history_quote, i.is_last_known),
            "plan": (i.refused, i.expected_at),
        }
        for symbol, i in market.instruments.items()
    }
    health = market.health
    facts["clock"] = (market.clock.low, market.clock.high, market.clock.seen, market.wall_base)
    facts["health"] = (
        (health.messages, health.bytes, health.applied, health.malformed, health.reconnects, health.out_of_order),
        (health.unfollowed, health.future, health.crossed, health.outside, health.misplaced),
    )
    return facts
