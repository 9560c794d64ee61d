"""Whatever connections and users do, the link makes only the transitions of its diagram."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request as HttpRequest
from websockets.http11 import Response

from tests.support.feed import IEF, KEY, QQQ, SPY, reply_to, serving
from tests.support.wait_until import until
from tui.feed.link import Link
from tui.feed.state import LinkPhase, LinkState, Timings
from tui.market import Instrument, Market
from tui.protocol.decoder import decode_request
from tui.protocol.messages import (
    AUTH_FAILED,
    AUTHENTICATED,
    CONNECTED,
    OVER_LIMIT,
    TYPES,
    UNRESOLVED,
    AuthReply,
    Hello,
    Ping,
    Push,
    Subscribe,
    SubscribeReply,
    Tick,
    encode,
)
from tui.secrets import Token

C, A, S, L, R, X = list(LinkPhase)

# What may follow what. The ways in HURRIED need somebody in a hurry: the person, or a symbol that waits for room.
WAYS = {C: {A, R, X}, A: {S, L, R, X}, S: {S, L, R, X}, L: {R, X}, R: {C, X}, X: set[LinkPhase]()}
HURRIED = {(C, C), (A, C), (S, C), (L, C), (X, C)}

HASTY = Timings(
    open=0.5,
    auth=0.04,
    reply=0.04,
    ping_every=0.01,
    second_ping=0.01,
    pong=0.04,
    urgent_pong=0.02,
    check_every=0.01,
    close=0.05,
    retry_first=0.001,
    retry_longest=0.01,
    retry_gap=0.002,
    rate_limit_wait=0.01,
    short_connection=0.02,
    contention_wait=0.02,
    stable_after=0.05,
)


class Outcome(NamedTuple):
    """What becomes of a connection: an HTTP `status` for the handshake (0: cut), or a `greeting` in so many steps (the
    last of them AUTH_FAILED where `refused`), then answers to `requests` requests, with one `answer` for a type; then
    `silence`, or a close with `code`, or a cut where there is none."""

    status: int | None = None
    greeting: int = 2
    refused: bool = False
    answer: tuple[str, str | None] = ("", None)
    requests: int = 9
    silence: bool = False
    code: int | None = None


class ScriptedServer:
    """A server whose connections meet their outcomes in turn. When all have, it serves."""

    def __init__(self, outcomes: Sequence[Outcome]) -> None:
        self._outcomes = list(outcomes)

    @property
    def is_over(self) -> bool:
        return not self._outcomes

    def handshake(self, connection: ServerConnection, request: HttpRequest) -> Response | None:
        if not self._outcomes or self._outcomes[0].status is None:
            return None
        status = self._outcomes.pop(0).status
        if status:
            response = connection.respond(HTTPStatus(status), "")
            response.headers["Location"] = "wss://another.invalid/fund"
            return response
        connection.transport.abort()
        return None

    async def serve(self, connection: ServerConnection) -> None:
        outcome = self._outcomes.pop(0) if self._outcomes else Outcome(requests=10**9)
        with suppress(ConnectionClosed):
            last = AuthReply(0, AUTH_FAILED) if outcome.refused else AuthReply(1, AUTHENTICATED)
            for message in (Hello(1, CONNECTED), last)[: outcome.greeting]:
                await connection.send(encode(message), text=True)
            for _ in range(0 if outcome.refused else outcome.requests):
                frame = await connection.recv(decode=False)
                await self._answer(connection, frame, outcome.answer)
            while outcome.silence:
                await connection.recv()
            if outcome.code is None:
                connection.transport.abort()
            else:
                await connection.close(outcome.code)

    async def _answer(self, connection: ServerConnection, frame: bytes, answer: tuple[str, str | None]) -> None:
        request = decode_request(frame)
        if isinstance(request, Subscribe) and request.types == answer[0]:
            if answer[1] is not None:
                await connection.send(encode(SubscribeReply(0, answer[1])), text=True)
            return
        await connection.send(encode(reply_to(request)), text=True)
        if not isinstance(request, Ping):
            await connection.send(encode(Tick(symbol="QQQ$US", last=512.34)), text=True)


class Trial:
    """A link under way: every state it entered, and how often somebody was in a hurry before each."""

    def __init__(self, url: str, acts: dict[int, str]) -> None:
        self.states: list[LinkState] = []
        self.hurries = [0]
        self.market = Market()
        self._acts = acts
        self._broken = False
        self.link = Link(url, Token(KEY), self.market, on_state=self._entered, on_push=self._pushed, timings=HASTY)
        self.link.set_symbols([QQQ, SPY])
        self.task = asyncio.create_task(self.link.run())

    def _entered(self, state: LinkState) -> None:
        self.states.append(state)
        self.hurries.append(0)
        if act := self._acts.get(len(self.states)):
            asyncio.get_running_loop().call_soon(partial(self.do, act))

    def _pushed(self, message: Push, instrument: Instrument) -> None:
        if self._broken:
            self._broken = False
            raise LookupError("a fault of ours")

    def do(self, act: str) -> None:
        match act:
            case "r":
                self.hurries[-1] += 1
                self.link.reconnect()
            case "add":
                self.link.set_symbols([QQQ, SPY, IEF])
            case "swap":
                self.hurries[-1] += 1
                self.link.set_symbols([SPY, IEF])
            case "none":
                self.link.set_symbols([])
            case "fault":
                self._broken = True
            case "cancel":
                self.task.cancel()

    @property
    def phases(self) -> list[LinkPhase]:
        return [state.phase for state in self.states]

    async def comes_through(self, script: ScriptedServer) -> None:
        """Wait for the link to be live when the script is over, acting for the person where it stops."""

        def so() -> bool:
            if self.link.state.phase is X:
                self.do("r")
            return self.task.done() or (script.is_over and self.link.state.phase is L)

        await until(so, within=20)

    def check(self) -> None:
        phases = self.phases
        assert phases[:1] in ([], [C])
        for n, (one, other) in enumerate(pairwise(phases), start=1):
            began = max(m for m in range(n) if phases[m] is C)
            hurried = sum(self.hurries[: n + 1]) > 0
            ways = WAYS[one] | {b for a, b in HURRIED if a is one and hurried}
            assert other in ways, f"step {n}: {one} → {other} in {phases}"
            if one is X:
                assert sum(self.hurries[began + 1 : n + 1]), f"STOPPED was left though nobody asked, in {phases}"
        lost = None  # why, until it is live again or somebody is in a hurry
        for state in self.states:
            assert state.error is not None if state.phase in (R, X) else state.error in (lost, None)
            lost = state.error if state.phase is not L else None
            assert state.retry_at >= state.since if state.phase is R else not state.retry_at
            assert state.is_live == (state.phase is L)
            assert state.describe(state.since).isprintable() and KEY not in state.describe(state.since)


async def run_lifecycle(outcomes: Sequence[Outcome], acts: dict[int, str], *expected: LinkPhase) -> None:
    """Let a link meet the outcomes and the acts (by the number of states entered before), then end it, and look at what
    it left behind. Wait for the `expected` phases, where given, else for the link to come through."""
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context))
    script = ScriptedServer(outcomes)
    async with serving(script.serve, script.handshake) as url:
        trial = Trial(url, acts)
        if expected:
            await until(lambda: len(trial.phases) >= len(expected))
            assert trial.phases == list(expected)
        else:
            await trial.comes_through(script)
        trial.task.cancel()
        await asyncio.wait([trial.task], timeout=5)
        assert trial.task.cancelled(), "a link ends by being cancelled, at any moment, and not otherwise"
        assert [name for task in asyncio.all_tasks() if (name := task.get_name()).startswith("feed")] == []
    trial.check()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    gc.collect()
    assert complaints == []


codes = st.sampled_from([None, 1000, 1001, 1008, 1011])
outcomes = (
    st.builds(Outcome, status=st.sampled_from([0, 302, 401, 403, 404, 429, 503]))
    | st.builds(Outcome, greeting=st.integers(0, 1), requests=st.just(0), silence=st.booleans(), code=codes)
    | st.builds(Outcome, refused=st.just(True), code=codes)
    | st.builds(
        Outcome,
        answer=st.tuples(st.sampled_from(["", *TYPES]), st.sampled_from([None, OVER_LIMIT, UNRESOLVED, "no"])),
        requests=st.integers(0, 9),
        silence=st.booleans(),
        code=codes,
    )
)
acts = st.sampled_from(["r", "add", "swap", "none", "fault", "cancel"])


@settings(max_examples=40, deadline=None)
@given(st.lists(outcomes, max_size=4), st.dictionaries(st.integers(1, 25), acts, max_size=4))
def test_any_interleaving_leaves_a_legal_state_machine(outcomes: list[Outcome], acts: dict[int, str]) -> None:
    asyncio.run(run_lifecycle(outcomes, acts))


UP = (C, A, S, S, S, S, L)


@pytest.mark.parametrize(
    ("outcomes", "acts", "phases"),
    [
        ([], {}, UP),
        ([], {1: "none"}, (C, A, L)),
        ([], {7: "r"}, (*UP, *UP)),
        ([Outcome(status=0)], {}, (C, R, *UP)),
        ([Outcome(status=429)], {}, (C, R, *UP)),
        ([Outcome(status=503)], {1: "r"}, (C, *UP)),
        ([Outcome(status=503)], {2: "r"}, (C, R, *UP)),
        ([Outcome(status=401)], {2: "r"}, (C, X, *UP)),
        ([Outcome(status=302)], {2: "r"}, (C, X, *UP)),
        ([Outcome(greeting=1, requests=0, silence=True)], {}, (C, A, R, *UP)),
        ([Outcome(refused=True, code=1000)], {3: "r"}, (C, A, X, *UP)),
        ([Outcome(answer=("depth", UNRESOLVED))], {}, (C, A, S, S, R, *UP)),
        ([Outcome(answer=("depth", None))], {}, (C, A, S, S, R, *UP)),
        ([Outcome(answer=("depth", "no"), requests=10**9)], {}, UP),
        ([Outcome(requests=6)], {}, (*UP, R, *UP)),
        ([Outcome(requests=6, silence=True)], {}, (*UP, R, *UP)),
        ([], {3: "fault", 5: "r"}, (C, A, S, S, X, *UP)),
    ],
)
def test_every_transition_occurs(outcomes: list[Outcome], acts: dict[int, str], phases: Sequence[LinkPhase]) -> None:
    asyncio.run(run_lifecycle(outcomes, acts, *phases))


@pytest.mark.parametrize("steps", range(1, 13))
def test_a_link_can_be_cancelled_while_it_is_failing(steps: int) -> None:
    """Both at once were once more than a task group could keep in mind."""

    async def fail_and_cancel() -> None:
        async with serving(ScriptedServer([]).serve) as url:
            trial = Trial(url, {})
            await until(lambda: trial.phases[-1:] == [L])
            trial.link.reconnect()
            for _ in range(steps):
                await asyncio.sleep(0)
            trial.task.cancel()
            await asyncio.wait([trial.task], timeout=2)
            assert trial.task.cancelled()

    asyncio.run(fail_and_cancel())
