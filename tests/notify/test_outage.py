"""When a lost link is worth a sound."""

from __future__ import annotations

import asyncio

from tui.errors import NoConnection, NotShared
from tui.feed.state import LinkPhase, LinkState
from tui.feed.tap import AnotherClient
from tui.notify.outage import OutageNotifier

GRACE_PERIOD = 0.05
LIVE, CONNECTING = LinkState(LinkPhase.LIVE, 0.0), LinkState(LinkPhase.CONNECTING, 0.0)
LOST = LinkState(LinkPhase.RECONNECTING, 0.0, error=NoConnection("connection lost"))
REFUSED = LinkState(LinkPhase.RECONNECTING, 0.0, error=NoConnection("connection refused"))


class NotifierCalls:
    """What a person hears of these states, in order, each a float (seconds to wait) or a state."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.outage = OutageNotifier(
            self.messages.append, lambda away: self.messages.append("back"), grace_period=GRACE_PERIOD
        )

    async def after(self, *steps: LinkState | float) -> list[str]:
        for step in steps:
            if isinstance(step, LinkState):
                self.outage.on_state(step)
            else:
                await asyncio.sleep(step)
        self.outage.stop()
        return self.messages


async def test_a_loss_and_the_return_are_told_once_each() -> None:
    calls = NotifierCalls()
    long = 3 * GRACE_PERIOD
    assert await calls.after(LIVE, LOST, CONNECTING, long, REFUSED, CONNECTING, long) == ["connection lost"]
    assert await calls.after(LIVE, LIVE) == ["connection lost", "back"]
    assert await calls.after(LOST, long, LIVE) == ["connection lost", "back"] * 2


async def test_what_waits_for_the_person_is_told_at_once_and_in_its_own_words() -> None:
    long = 3 * GRACE_PERIOD
    elsewhere = LinkState(LinkPhase.RECONNECTING, 0.0, error=AnotherClient())
    trying = LinkState(LinkPhase.CONNECTING, 0.0, error=AnotherClient())
    taken = LinkState(LinkPhase.RECONNECTING, 0.0, error=NotShared(7, "does not answer"))
    messages = [
        "connection lost",
        str(elsewhere.error),
        "pid 7 uses this key and does not answer",
        "back",
    ]
    assert await NotifierCalls().after(LIVE, LOST, long, elsewhere, trying, long, taken, LIVE) == messages
    assert await NotifierCalls().after(LIVE, taken) == messages[2:3]


async def test_the_first_connect_is_silent_however_long_it_takes() -> None:
    assert await NotifierCalls().after(CONNECTING, REFUSED, 3 * GRACE_PERIOD, CONNECTING, LIVE) == []


async def test_a_quick_renewal_is_silent() -> None:
    assert await NotifierCalls().after(LIVE, LOST, CONNECTING, LIVE, 3 * GRACE_PERIOD) == []


async def test_a_renewal_asked_for_is_silent_unless_it_fails() -> None:
    calls = NotifierCalls()
    await calls.after(LIVE)
    calls.outage.expect_reconnect()
    assert await calls.after(CONNECTING, 3 * GRACE_PERIOD, LIVE) == []
    calls.outage.expect_reconnect()
    assert await calls.after(CONNECTING, REFUSED, 3 * GRACE_PERIOD, LIVE) == ["connection refused", "back"]
    assert await calls.after(CONNECTING, 3 * GRACE_PERIOD) == ["connection refused", "back", ""], (
        "asked for once, not for ever"
    )


async def test_the_first_reason_is_told_and_how_long_the_link_was_away() -> None:
    told: list[str | float] = []
    outage = OutageNotifier(told.append, told.append, grace_period=0.1)
    for state, seconds in ((LIVE, 0.0), (LOST, 0.05), (REFUSED, 0.2), (CONNECTING, 0.0), (LIVE, 0.0)):
        outage.on_state(state)
        await asyncio.sleep(seconds)
    reason, away = told
    assert reason == "connection lost"
    assert isinstance(away, float) and 0.24 < away < 2
