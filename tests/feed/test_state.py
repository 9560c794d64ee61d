from __future__ import annotations

import pytest

from tui.errors import HolderLeft, KeyRefused, NoConnection, NotShared, TakingOver
from tui.feed.state import LinkPhase, LinkState

LOST = NoConnection("link silent")
LEFT = HolderLeft("it was closed")
IN_USE = NotShared(7, "does not answer")


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (LinkState(LinkPhase.CONNECTING, 0, "api.itick.org"), "connecting api.itick.org"),
        (LinkState(LinkPhase.AUTHENTICATING, 0), "authenticating"),
        (LinkState(LinkPhase.SUBSCRIBING, 0, "2 symbols: quote"), "subscribing 2 symbols: quote"),
        (LinkState(LinkPhase.LIVE, 0), "LIVE"),
        (
            LinkState(LinkPhase.RECONNECTING, 0, retry_at=104.0, error=LOST, was_live=True),
            "reconnecting in 4 s: link silent",
        ),
        (LinkState(LinkPhase.RECONNECTING, 0, retry_at=100.2, error=LOST, was_live=True), "reconnecting: link silent"),
        (LinkState(LinkPhase.RECONNECTING, 0, retry_at=90.0, error=LOST, was_live=True), "reconnecting: link silent"),
        (LinkState(LinkPhase.RECONNECTING, 0, retry_at=104.0, error=LOST), "trying again in 4 s: link silent"),
        (LinkState(LinkPhase.RECONNECTING, 0, retry_at=90.0, error=LOST), "trying again: link silent"),
        (LinkState(LinkPhase.RECONNECTING, 0, retry_at=104.0, error=LEFT), "moving to another window: it was closed"),
        (LinkState(LinkPhase.CONNECTING, 0, "api.itick.org", error=LEFT), "moving to another window: it was closed"),
        (LinkState(LinkPhase.CONNECTING, 0, error=HolderLeft()), "moving to another window"),
        (LinkState(LinkPhase.CONNECTING, 0, error=TakingOver(LEFT)), "taking the connection over: it was closed"),
        (LinkState(LinkPhase.CONNECTING, 0, error=TakingOver(HolderLeft())), "taking the connection over"),
        (LinkState(LinkPhase.CONNECTING, 0, error=TakingOver(IN_USE)), f"taking the connection over: {IN_USE}"),
        (LinkState(LinkPhase.RECONNECTING, 0, retry_at=104.0, error=IN_USE), f"trying again in 4 s: {IN_USE}"),
        (LinkState(LinkPhase.CONNECTING, 0, "x", error=IN_USE, was_live=True), f"trying again: {IN_USE}"),
        (LinkState(LinkPhase.AUTHENTICATING, 0, "api.itick.org", error=LEFT), "authenticating api.itick.org"),
        (
            LinkState(LinkPhase.AUTHENTICATING, 0, "window 7: reconnecting: silent", retry_at=104.0, is_joined=True),
            "joined window 7: reconnecting: silent (in 4 s)",
        ),
        (LinkState(LinkPhase.LIVE, 0, is_joined=True), "LIVE"),
        (LinkState(LinkPhase.STOPPED, 0, error=KeyRefused("key refused by x")), "stopped: key refused by x"),
        (LinkState(LinkPhase.LIVE, 0, standing="PAUSED"), "PAUSED"),
        (LinkState(LinkPhase.CONNECTING, 0, "api.itick.org", standing="ENDED"), "ENDED: connecting api.itick.org"),
    ],
)
def test_a_state_is_described_in_words(state: LinkState, words: str) -> None:
    assert state.describe(100.0) == words


def test_only_the_live_phase_is_live() -> None:
    assert [phase for phase in LinkPhase if LinkState(phase, 0).is_live] == [LinkPhase.LIVE]
    assert not LinkState(LinkPhase.LIVE, 0, standing="PAUSED").is_live


def test_a_link_starts_until_it_is_live_or_lost() -> None:
    starting = [LinkPhase.CONNECTING, LinkPhase.AUTHENTICATING, LinkPhase.SUBSCRIBING]
    assert [phase for phase in LinkPhase if LinkState(phase, 0).is_starting] == starting
    assert not any(LinkState(phase, 0, was_live=True).is_starting for phase in LinkPhase)
    assert not any(LinkState(phase, 0, error=LOST).is_starting for phase in LinkPhase)
