"""The backoff of the link."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.errors import FeedError, NoConnection
from tui.feed.backoff import Backoff
from tui.feed.connection import ConnectionLost
from tui.feed.failures import RateLimited, RetryLater, ServerUnavailable
from tui.feed.state import Timings
from tui.feed.tap import AnotherClient

REFUSED = NoConnection("cannot reach api.itick.org: connection refused")
DROPPED = ConnectionLost("connection lost")
CLOSED = ConnectionLost("the server closed the connection (1000)", is_deliberate=True)
IN_USE = str(AnotherClient())


def delays(*ends: tuple[FeedError, float | None, float | None], seed: int = 1) -> list[float]:
    """The waits after connections that ended so: (error, seconds authenticated, seconds live)."""
    random.seed(seed)
    backoff = Backoff(Timings())
    return [backoff.next_delay(*end)[0] for end in ends]


def never_open(times: int, error: FeedError = REFUSED) -> list[tuple[FeedError, None, None]]:
    return [(error, None, None)] * times


@given(st.integers(0, 10**6))
def test_delays_grow_from_half_a_second_to_a_minute_with_at_least_three_seconds_between_attempts(seed: int) -> None:
    first, *later = delays(*never_open(20), seed=seed)
    assert 0.5 <= first <= 0.75
    assert all(3.0 <= delay <= 60.0 for delay in later)
    assert all(delay >= 40.0 for delay in later[7:])


def test_the_delay_doubles() -> None:
    middle = [0.625, 3, 3, 5, 10, 20, 40, 50, 50]
    averages = [sum(each) / 200 for each in zip(*(delays(*never_open(9), seed=n) for n in range(200)), strict=True)]
    assert averages == pytest.approx(middle, rel=0.15)


@pytest.mark.parametrize("attempt", range(10))
def test_jitter_spreads_the_clients(attempt: int) -> None:
    waits = {delays(*never_open(10), seed=n)[attempt] for n in range(50)}
    assert len(waits) > 40
    assert max(waits) / min(waits) > 1.15


def test_days_without_a_network_keep_the_longest_delay() -> None:
    assert all(40 <= delay <= 60 for delay in delays(*never_open(5_000))[10:])


@pytest.mark.parametrize(("live", "afresh"), [(None, False), (1.0, False), (30.0, False), (30.1, True)])
def test_only_a_stable_connection_resets_the_delay(live: float | None, afresh: bool) -> None:
    ends = [*never_open(6), (NoConnection("link silent for 5 s"), 100.0, live), *never_open(1)]
    *_, last, after = delays(*ends)
    assert (last < 1) is afresh
    assert (after < 5) is afresh


def delays_and_errors(*ends: tuple[FeedError, float | None, float | None]) -> list[tuple[float, str]]:
    backoff = Backoff(Timings())
    return [(delay, str(error)) for delay, error in (backoff.next_delay(*end) for end in ends)]


SHORT = (DROPPED, 2.0, 1.0)
QUICK = (DROPPED, 14.9, None)
LONG = (DROPPED, 15.0, 14.0)
HEALTHY = (DROPPED, 31.0, 30.5)


def test_three_short_connections_in_a_row_mean_another_client_until_one_lasts() -> None:
    steps = delays_and_errors(SHORT, QUICK, SHORT, SHORT, LONG, SHORT, SHORT, SHORT)
    assert [words == IN_USE for _, words in steps] == [False, False, True, True, False, False, False, True]
    for delay, words in steps:
        assert (delay >= 60.0) is (words == IN_USE)


REPLACED = (CLOSED, 2.0, 1.0)
RENEWED = (CLOSED, 3_600.0, 3_600.0)


def test_a_server_that_closes_a_new_connection_as_it_closed_the_one_before_has_another_client() -> None:
    steps = delays_and_errors(RENEWED, REPLACED, REPLACED, RENEWED, RENEWED, SHORT, REPLACED, REPLACED)
    assert [words == IN_USE for _, words in steps] == [False, True, True, False, False, False, False, True]


def test_who_finds_another_client_tries_ever_more_seldom() -> None:
    """Each attempt ends the connection of the other for a moment."""
    waits = [delay for delay, _ in delays_and_errors(RENEWED, *[REPLACED] * 7, HEALTHY, REPLACED, REPLACED)]
    assert waits[1:8] == [60.0, 120.0, 240.0, 480.0, 960.0, 960.0, 960.0]
    assert waits[9] < 60.0 and waits[10] == 60.0


def test_a_stable_connection_ends_a_row_of_short_ones() -> None:
    assert IN_USE not in [words for _, words in delays_and_errors(SHORT, SHORT, HEALTHY, SHORT, SHORT)]


@pytest.mark.parametrize(
    "end",
    [
        (DROPPED, None, None),
        (REFUSED, None, None),
        (NoConnection("link silent for 5 s"), 2.0, 1.0),
        (NoConnection("no answer to the request for quote"), 10.0, None),
    ],
    ids=["dropped before the key was accepted", "refused", "silent", "unanswered"],
)
def test_only_a_loss_soon_after_authentication_counts_as_another_client(
    end: tuple[FeedError, float | None, float | None],
) -> None:
    assert IN_USE not in [words for _, words in delays_and_errors(*[end] * 10)]


@pytest.mark.parametrize("kind", [RateLimited, ServerUnavailable])
@pytest.mark.parametrize("asked", [30.0, 40.0, 3_600.0])
def test_a_requested_wait_is_honoured(asked: float, kind: type[RetryLater]) -> None:
    first, second = delays_and_errors(*never_open(2, kind("api.itick.org asks for time", asked)))
    assert first == (asked, "api.itick.org asks for time")
    assert second == first


def test_our_own_delay_counts_if_it_is_longer() -> None:
    *_, last = delays(*never_open(9, RateLimited("slow down", 30.0)))
    assert last >= 40.0
