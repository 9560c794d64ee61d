"""Which of several windows with the same alerts tells of one beyond its own screen: the first in which it fires.

A file has, by alert, when it fired last and the window that told of it. So an alert is told also if the other windows
do not have it yet, or do not follow its symbol.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import msgspec

from tui.files import locked, make_folder, replace
from tui.market.alert_engine import AlertEvent

_SAME = 10_000  # ms: the data of two windows may differ by that much
_KEPT = 86_400.0  # s
_LOCK_TIMEOUT = 0.5  # s

_Told = dict[str, tuple[int, int, float]]  # by alert: time of the data (ms UTC), pid, and when it was told (s UTC)


def claim(events: Iterable[AlertEvent], path: Path, pid: int | None = None) -> list[AlertEvent]:
    """Returns the events of which the process `pid`, this one by default, is to tell: all if the file cannot be used.
    Waits for the disk."""
    events, pid = list(events), pid or os.getpid()
    try:
        make_folder(path.parent)
        with locked(path.parent, os.O_RDONLY, _LOCK_TIMEOUT):
            told = _read(path)
            ours = [event for event in events if _is_ours(event, told.get(_key(event)), pid)]
            told.update((_key(event), (event.time, pid, time.time())) for event in ours)
            replace(path, msgspec.json.encode(told).decode())
    except OSError:
        return events
    return ours


def _key(event: AlertEvent) -> str:
    symbol, kind, value, minutes = event.alert.key
    return f"{symbol} {kind} {value:g}" + (f" {minutes}m" if minutes else "")


def _is_ours(event: AlertEvent, last: tuple[int, int, float] | None, pid: int) -> bool:
    return last is None or last[1] == pid or abs(event.time - last[0]) > _SAME


def _read(path: Path) -> _Told:
    told: _Told = {}
    with suppress(FileNotFoundError, msgspec.MsgspecError):
        told = msgspec.json.decode(path.read_bytes(), type=_Told)
    return {key: each for key, each in told.items() if time.time() - each[2] < _KEPT}
