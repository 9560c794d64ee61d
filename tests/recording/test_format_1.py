"""A recording of an earlier version is replayed unchanged, whatever the code is called now.

`data/format-1.jsonl.gz` was recorded on 2026-11-30 from the dashboard with the demo exchange; the four calls that such
a run does not bring stand at its end.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.messages import QQQ
from tui.feed.state import LinkState
from tui.market import Market
from tui.recording.format import CALLS, RecordedCall, Recording
from tui.recording.replay import Player

FILE = Path(__file__).parent / "data" / "format-1.jsonl.gz"
NAMES = {
    "follow",
    "set_hours",
    "reconnected",
    "refuse",
    "served",
    "set_clock",
    "observe_date",
    "disregard",
    "set_holidays",
    "recall",
    "recall_closes",
    "recall_quote",
}
ADDED = {"iopv", "recall_usual_volume", "trades_lost"}
"""The names that came later."""


def test_the_call_names_of_the_format_never_change() -> None:
    assert set(CALLS) == NAMES | ADDED


def test_each_call_on_the_market_is_recorded_by_its_name_in_the_format() -> None:
    called = {entry.name: entry.arguments for entry in Recording(FILE) if isinstance(entry, RecordedCall)}
    assert set(called) == NAMES
    for name, arguments in called.items():
        told: list[str] = []
        market = Market()
        market.on_call = lambda name, _, told=told: told.append(name)
        CALLS[name].method(market, *arguments)
        assert told == [name]


def test_a_recording_from_before_the_move_rebuilds_its_market() -> None:
    recording, market, states = Recording(FILE), Market(), list[LinkState]()
    player = Player(market, recording.header, states.append)
    for entry in recording:
        player.play(entry)
    instrument = market.instruments[QQQ]
    seen: dict[str, Any] = {
        "damaged": recording.damaged,
        "malformed": sum(market.health.malformed.values()),
        "applied": market.health.applied,
        "states": len(states),
        "last": instrument.last,
        "bid": instrument.depth and instrument.depth.bids[0].price,
        "volume": instrument.quote and instrument.quote.volume,
        "bars": len(instrument.bars),
        "closes": {str(day): close for day, close in instrument.closes.items()},
        "trades": instrument.tape.total,
    }
    assert seen == {
        "damaged": 0,
        "malformed": 0,
        "applied": 434,
        "states": 7,
        "last": 551.23,
        "bid": 551.22,
        "volume": 63249199.0,
        "bars": 506,
        "closes": {"2026-11-26": 540.5, "2026-11-27": 541.25},
        "trades": 120,
    }
