"""Two windows that cannot know of each other: one holds the key in the end, and the other says what to do."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.relay.windows import PACES, Window
from tests.support.feed import QQQ, SPY
from tests.support.wait_until import until
from tui.exchange.server import Exchange
from tui.feed.state import LinkPhase
from tui.feed.tap import AnotherClient

# A window that is closed again has read that it was authenticated, on a slow machine too.
UNHURRIED = PACES["fast"]._replace(retry_first=0.6, retry_longest=1.0, retry_gap=0.1, contention_wait=60.0)


@pytest.mark.parametrize("folders", ["of their own", "unusable"])
async def test_the_first_of_two_gives_way_at_once_and_says_what_to_do_until_the_person_decides(
    folders: str, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    one, other = ["one", "other"] if folders == "of their own" else ["file", "file"]
    said = "copies join with one XDG_STATE_HOME on one machine" if one == "one" else "no lock file can be written in"
    numbers: set[int] = set()

    def gave_way(window: Window) -> bool:
        state = window.link.state
        return state.phase is LinkPhase.RECONNECTING and isinstance(state.error, AnotherClient)

    async with (
        Exchange(single_connection=True, on_request=lambda n, _: numbers.add(n)) as exchange,
        Window(exchange.url, tmp_path / one, QQQ, timings=UNHURRIED) as first,
    ):
        await first.running.reaches(LinkPhase.LIVE)
        async with Window(exchange.url, tmp_path / other, SPY, timings=UNHURRIED) as second:
            await until(lambda: gave_way(first), within=20)
            assert said in str(first.link.state.error)
            await until(lambda: second.link.state.is_live, within=20)
            assert len(numbers) <= 4, "each connected anew once"
            held = set(numbers)
            await asyncio.sleep(0.5)
            assert numbers == held and second.link.state.is_live, "the key does not go to and fro"

            first.link.reconnect()
            await until(lambda: gave_way(second) and first.link.state.is_live, within=20)
