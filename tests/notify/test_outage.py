"""When a lost link is worth a sound."""

from __future__ import annotations

import asyncio

from tui.errors import NoConnection
from tui.feed.key_lock import AnotherClient, TakenOver
from tui.feed.state import LinkPhase, LinkState
from tui.notify.outage import OutageNotifier

BRIEF = 0.05
LIVE, CONNECTING = LinkState(LinkPhase.LIVE, 0.0), LinkState(LinkPhase.CONNECTING, 0.0)
LOST = LinkState(LinkPhase.RECONNECTING, 0.0, error=NoConnection("connection lost"))
REFUSED = LinkState(LinkPhase.RECONNECTING, 0.0, error=NoConnection("connection refused"))


class Heard:
    """What a person hears of these states, in order, each a float (seconds to wait) or a state."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.outage = OutageNotifier(self.said.append, lambda away: self.said.append("back"), brief=BRIEF)

    async def of(self, *steps: LinkState | float) -> list[str]:
        for step in steps:
            if isinstance(step, LinkState):
                self.outage.on_state(step)
            else:
                await asyncio.sleep(step)
        self.outage.stop()
        return self.said


async def test_a_loss_and_the_return_are_told_once_each() -> None:
    heard = Heard()
    long = 3 * BRIEF
    assert await heard.of(LIVE, LOST, CONNECTING, long, REFUSED, CONNECTING, long) == ["connection lost"]
    assert await heard.of(LIVE, LIVE) == ["connection lost", "back"]
    assert await heard.of(LOST, long, LIVE) == ["connection lost", "back"] * 2


async def test_what_waits_for_the_person_is_told_at_once_and_in_its_own_words() -> None:
    long = 3 * BRIEF
    elsewhere = LinkState(LinkPhase.RECONNECTING, 0.0, error=AnotherClient())
    trying = LinkState(LinkPhase.CONNECTING, 0.0, error=AnotherClient())
    taken = LinkState(LinkPhase.STOPPED, 0.0, error=TakenOver(7))
    said = ["connection lost", str(elsewhere.error), "taken over by pid 7 on this machine", "back"]
    assert await Heard().of(LIVE, LOST, long, elsewhere, trying, long, taken, LIVE) == said
    assert await Heard().of(LIVE, taken) == said[2:3]


async def test_the_first_connect_is_silent_however_long_it_takes() -> None:
    assert await Heard().of(CONNECTING, REFUSED, 3 * BRIEF, CONNECTING, LIVE) == []


async def test_a_quick_renewal_is_silent() -> None:
    assert await Heard().of(LIVE, LOST, CONNECTING, LIVE, 3 * BRIEF) == []


async def test_a_renewal_asked_for_is_silent_unless_it_fails() -> None:
    heard = Heard()
    await heard.of(LIVE)
    heard.outage.expect_reconnect()
    assert await heard.of(CONNECTING, 3 * BRIEF, LIVE) == []
    heard.outage.expect_reconnect()
    assert await heard.of(CONNECTING, REFUSED, 3 * BRIEF, LIVE) == ["connection refused", "back"]
    assert await heard.of(CONNECTING, 3 * BRIEF) == ["connection refused", "back", ""], "asked for once, not for ever"
