from __future__ import annotations

import pytest

from tui.errors import KeyRefused, NoConnection
from tui.feed.state import LinkState, Phase

LOST = NoConnection("link silent")


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (LinkState(Phase.CONNECTING, 0, "api.itick.org"), "connecting api.itick.org"),
        (LinkState(Phase.AUTHENTICATING, 0), "authenticating"),
        (LinkState(Phase.SUBSCRIBING, 0, "2 symbols: quote"), "subscribing 2 symbols: quote"),
        (LinkState(Phase.LIVE, 0), "LIVE"),
        (LinkState(Phase.RECONNECTING, 0, retry_at=104.0, error=LOST, again=True), "reconnecting in 4 s: link silent"),
        (LinkState(Phase.RECONNECTING, 0, retry_at=100.2, error=LOST, again=True), "reconnecting: link silent"),
        (LinkState(Phase.RECONNECTING, 0, retry_at=90.0, error=LOST, again=True), "reconnecting: link silent"),
        (LinkState(Phase.RECONNECTING, 0, retry_at=104.0, error=LOST), "trying again in 4 s: link silent"),
        (LinkState(Phase.RECONNECTING, 0, retry_at=90.0, error=LOST), "trying again: link silent"),
        (LinkState(Phase.STOPPED, 0, error=KeyRefused("key refused by x")), "stopped: key refused by x"),
    ],
)
def test_a_state_in_words_at_second_100(state: LinkState, words: str) -> None:
    assert state.words(100.0) == words


def test_only_a_live_link_is_proven() -> None:
    assert [phase for phase in Phase if LinkState(phase, 0).proven] == [Phase.LIVE]
