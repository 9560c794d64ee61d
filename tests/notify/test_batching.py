"""However many alerts fire, a person is told at once, and then once a second at most."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.messages import QQQ
from tests.support.wait_until import until
from tui.market.alert_engine import AlertEvent
from tui.market.alerts import Alert
from tui.notify import batching
from tui.notify.batching import AlertBatcher, alert_lines


def event(n: int) -> AlertEvent:
    return AlertEvent(Alert(QQQ, "above", 100.0 + n), f"alert {n}", "1.00", 0)


async def test_what_fires_together_is_told_together_and_the_next_a_while_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "_MIN_INTERVAL", 0.2)
    batches: list[tuple[float, int]] = []
    loop = asyncio.get_running_loop()
    batcher = AlertBatcher(lambda fired: batches.append((loop.time(), len(fired))))
    for n in range(500):
        batcher.add(event(n))
    await until(lambda: batches)
    batcher.add(event(500))
    batcher.add(event(501))
    await until(lambda: len(batches) == 2)
    assert [count for _, count in batches] == [500, 2]
    assert batches[1][0] - batches[0][0] >= 0.19


async def test_what_was_not_told_when_it_stops_is_given_back() -> None:
    batches: list[object] = []
    batcher = AlertBatcher(batches.append)
    batcher.add(event(1))
    assert batcher.stop() == [event(1)]
    await asyncio.sleep(0.1)
    assert batches == []


def test_of_many_the_first_few_are_named() -> None:
    assert alert_lines([event(n) for n in range(6)]) == [f"alert {n}" for n in range(6)]
    assert alert_lines([event(n) for n in range(500)])[5:] == ["alert 5", "and 494 alerts more"]
