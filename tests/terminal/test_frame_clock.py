from __future__ import annotations

import asyncio
import time
from itertools import pairwise

import pytest

from tui.terminal.frame_clock import MAX_FRAMES, MIN_FRAMES, SHARE, FrameClock


async def test_a_thousand_wakes_are_one_frame() -> None:
    drawn = 0

    def frame() -> None:
        nonlocal drawn
        drawn += 1

    clock = FrameClock(frame)
    for _ in range(1_000):
        clock.wake()
    await asyncio.sleep(2 / MAX_FRAMES)
    assert drawn == 1


async def test_frames_keep_their_distance_however_often_they_are_asked_for() -> None:
    loop = asyncio.get_running_loop()
    times: list[float] = []

    def frame() -> None:
        times.append(loop.time())
        clock.wake()

    clock = FrameClock(frame)
    clock.wake()
    await asyncio.sleep(0.5)
    clock.stop()
    gaps = [b - a for a, b in pairwise(times)]
    assert 5 <= len(times) <= 0.5 * MAX_FRAMES + 2
    # One that was late does not make the next one late too, so two may be nearer than usual.
    assert min(gaps) > 0.4 / MAX_FRAMES


async def test_a_screen_under_a_dialog_is_drawn_less_often_but_no_less_at_once() -> None:
    loop = asyncio.get_running_loop()
    times: list[float] = []

    def frame() -> None:
        times.append(loop.time())
        clock.wake()

    clock = FrameClock(frame)
    clock.is_covered = True
    began = loop.time()
    clock.wake()
    await asyncio.sleep(0.9)
    clock.stop()
    assert times[0] - began < 0.5 / MIN_FRAMES
    assert 2 <= len(times) <= 0.9 * MIN_FRAMES + 1
    assert clock.rate == MAX_FRAMES


async def test_a_sooner_wake_goes_before_a_later_one_and_rest_costs_nothing() -> None:
    loop = asyncio.get_running_loop()
    times: list[float] = []
    clock = FrameClock(lambda: times.append(loop.time()))
    began = loop.time()
    clock.wake(after=5.0)
    clock.wake(after=0.05)
    clock.wake(after=3.0)
    await asyncio.sleep(0.3)
    assert len(times) == 1
    assert 0.04 < times[0] - began < 0.25


async def test_frames_that_were_due_while_the_loop_was_busy_are_counted() -> None:
    clock = FrameClock(lambda: None)
    clock.wake()
    await asyncio.sleep(0)
    assert clock.skipped == 0
    clock.wake()
    time.sleep(5.5 / MAX_FRAMES)  # noqa: ASYNC251  the point is that nothing else can run
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert clock.skipped >= 4  # more of them where the machine stood still
    clock.stop()


@pytest.mark.parametrize(
    ("late", "next_after"),
    [(0.3, 0.7), (2.0, 0.5)],
    ids=["a little late: on the beat", "very late: half a frame later"],
)
async def test_a_late_frame_does_not_delay_the_next_and_never_crowds_it(
    monkeypatch: pytest.MonkeyPatch, late: float, next_after: float
) -> None:
    """In frames' lengths. The loop's time stands still but where it is moved here."""
    loop = asyncio.get_running_loop()
    now = loop.time()
    monkeypatch.setattr(loop, "time", lambda: now)
    times: list[float] = []

    async def advance(frames: float) -> int:
        nonlocal now
        now += frames / MAX_FRAMES
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return len(times)

    clock = FrameClock(lambda: times.append(now))
    clock.wake()
    assert await advance(0.0) == 1
    clock.wake()
    assert await advance(1.0 + late) == 2
    clock.wake()
    assert await advance(next_after - 0.05) == 2
    assert await advance(0.1) == 3


async def test_frames_that_cost_much_come_less_often_but_never_less_than_four_a_second() -> None:
    drawn = 0

    def frame() -> None:
        nonlocal drawn
        drawn += 1
        clock.add_cost(cost)
        clock.wake()

    clock = FrameClock(frame)
    for cost, least, most in ((0.002, MAX_FRAMES, MAX_FRAMES), (0.04, 9.5, 11), (10.0, MIN_FRAMES, MIN_FRAMES)):
        clock._spent = 0.0
        clock.cost = cost
        assert least <= clock.rate <= most
    cost, clock.cost, drawn = 0.04, 0.04, 0
    clock.wake()
    await asyncio.sleep(1.0)
    clock.stop()
    assert 5 <= drawn <= 0.04**-1 * SHARE + 2
    assert 0.02 < clock.cost < 0.2


async def test_a_frame_that_is_put_off_is_drawn_when_it_is_released_and_not_forgotten() -> None:
    loop = asyncio.get_running_loop()
    times: list[float] = []
    ready = False
    clock = FrameClock(lambda: times.append(loop.time()), lambda: ready)
    clock.wake()
    await asyncio.sleep(0.05)
    assert not times and clock.skipped >= 1
    ready = True
    clock.resume()
    await asyncio.sleep(0.05)
    assert len(times) == 1
    ready = False
    clock.wake()
    await asyncio.sleep(0.05)
    ready = True
    await asyncio.sleep(1.5 / MIN_FRAMES)
    assert len(times) == 2, "nobody released it"
    clock.resume()
    await asyncio.sleep(0.05)
    assert len(times) == 2, "nothing was put off"
