"""What is requested from a vendor, what is served, and what is marked, without a socket."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.errors import NoConnection
from tui.feed.subscriptions import Subscriptions
from tui.market import Market
from tui.market.entitlements import NO_ANSWER
from tui.protocol.messages import OVER_LIMIT, SUBSCRIBED, TYPES, UNRESOLVED, SubscribeReply
from tui.symbol import Symbol


def symbols(number: int, prefix: str = "F") -> list[Symbol]:
    return [Symbol(f"{prefix}{n}", "US") for n in range(number)]


class Plan:
    """A vendor, by what it gives: `limit` symbols, each counted once however many types; not the types in `refused`
    (with its words); no answer for those in `silent`; no request that names one of `poison`. A request adds to the ones
    before or `replaces` those of its type. One that cannot be granted whole changes nothing."""

    def __init__(
        self,
        limit: int = 500,
        *,
        replaces: bool = False,
        poison: Iterable[Symbol] = (),
        refused: dict[str, str] | None = None,
        silent: Iterable[str] = (),
        limit_first: bool = False,
    ) -> None:
        self.limit = limit
        self.poison = set(poison)
        self.refused = refused or {}
        self.silent = set(silent)
        self._replaces = replaces
        self._limit_first = limit_first
        self.connect()

    def connect(self) -> None:
        self.served: dict[str, set[Symbol]] = {}
        self.requests: list[tuple[str, list[Symbol]]] = []

    async def ask(self, symbols: Iterable[Symbol], type_: str) -> SubscribeReply | None:
        asked = list(symbols)
        self.requests.append((type_, asked))
        assert len(set(asked)) == len(asked) > 0, "a symbol is named once"
        if type_ in self.silent:
            return None
        if type_ in self.refused:
            return SubscribeReply(0, self.refused[type_])
        after = dict(self.served)
        after[type_] = set(asked) | (set() if self._replaces else self.served.get(type_, set()))
        refusals = [OVER_LIMIT] * (len(set().union(*after.values())) > self.limit)
        refusals += [UNRESOLVED] * bool(self.poison.intersection(asked))
        if refusals:
            return SubscribeReply(0, refusals[0 if self._limit_first else -1])
        self.served = after
        return SubscribeReply(1, SUBSCRIBED)

    def asked(self, type_: str) -> int:
        return sum(asked == type_ for asked, _ in self.requests)


class Client:
    """Subscriptions on one connection after the other, as the link makes them."""

    def __init__(self, plan: Plan, types: Sequence[str] = TYPES) -> None:
        self.plan = plan
        self.market = Market()
        self.lost: list[str] = []
        self._types = types
        self._doubts: dict[str, int] = {}
        self._fresh()

    def _fresh(self) -> None:
        self.plan.connect()
        self.subscriptions = Subscriptions(self.plan.ask, self.market, self._doubts)

    async def want(self, wanted: Sequence[Symbol], *, fresh: bool = False, tries: int = 10) -> None:
        """Settle, with as many fresh connections as that takes. Raises NoConnection after so many `tries`."""
        self.market.follow(wanted)
        if fresh:
            self._fresh()
            self.market.reconnected(wanted)
        for left in reversed(range(tries)):
            try:
                return await self.subscriptions.sync(dict.fromkeys(self._types, wanted), lambda type_: None)
            except NoConnection as error:
                self.lost.append(str(error))
                if not left:
                    raise
                self._fresh()
                self.market.reconnected(wanted)

    def refused(self, wanted: Iterable[Symbol], type_: str) -> dict[Symbol, str | None]:
        return {symbol: self.market.instruments[symbol].refused.get(type_) for symbol in wanted}


readings = pytest.mark.parametrize("replaces", [False, True], ids=["adds", "replaces"])


# --- the plan's limit ---


@readings
async def test_a_limit_of_3_among_8_is_found_with_four_requests_and_one_per_further_type(replaces: bool) -> None:
    plan = Plan(limit=3, replaces=replaces)
    client, wanted = Client(plan), symbols(8)
    await client.want(wanted)
    assert [(type_, len(asked)) for type_, asked in plan.requests] == [
        ("quote", 8),
        ("quote", 4),
        ("quote", 2),
        ("quote", 3),
        ("depth", 3),
        ("tick", 3),
        ("kline@1", 3),
    ]
    for type_ in TYPES:
        assert plan.served[type_] == set(wanted[:3])
        assert list(client.refused(wanted, type_).values()) == [None] * 3 + [OVER_LIMIT] * 5
    assert client.subscriptions.symbol_count == 3 and client.lost == []


@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.permutations(symbols(n)), st.integers(0, 70))), st.booleans())
async def test_in_any_order_the_first_symbols_that_fit_are_served_with_few_requests(
    wanted_and_limit: tuple[list[Symbol], int], replaces: bool
) -> None:
    wanted, limit = wanted_and_limit
    plan = Plan(limit, replaces=replaces)
    client = Client(plan)
    await client.want(wanted)
    for type_ in TYPES:
        assert plan.served.get(type_, set()) == set(wanted[:limit])
        marks = client.refused(wanted, type_)
        assert list(marks.values()) == [None if n < limit else OVER_LIMIT for n in range(len(wanted))]
        assert plan.asked(type_) <= (math.ceil(math.log2(len(wanted))) + 2 if type_ == TYPES[0] else 1)
    assert client.lost == []


@readings
async def test_later_symbols_fill_the_limit_and_no_more(replaces: bool) -> None:
    plan = Plan(limit=5, replaces=replaces)
    client, wanted = Client(plan), symbols(9)
    await client.want(wanted[:3])
    await client.want(wanted[:4])
    assert plan.asked("quote") == 2
    await client.want(wanted)
    assert all(plan.served[type_] == set(wanted[:5]) for type_ in TYPES)
    asked = len(plan.requests)
    late = symbols(2, "L")
    await client.want([*wanted, *late])
    assert len(plan.requests) == asked, "a known limit is not asked about again"
    assert client.refused(late, "tick") == dict.fromkeys(late, OVER_LIMIT)


async def test_a_limit_of_a_single_type_is_found() -> None:
    class DepthOfThree(Plan):
        async def ask(self, symbols: Iterable[Symbol], type_: str) -> SubscribeReply | None:
            self.limit = 3 if type_ == "depth" else 500
            asked = list(symbols)
            if type_ == "depth" and len(asked) > 3:
                self.requests.append((type_, asked))
                return SubscribeReply(0, OVER_LIMIT)
            self.limit = 500
            return await super().ask(asked, type_)

    plan = DepthOfThree()
    client, wanted = Client(plan), symbols(40)
    await client.want(wanted)
    assert plan.served["depth"] == set(wanted[:3])
    assert plan.asked("depth") <= 8
    assert plan.served["tick"] == set(wanted)
    assert list(client.refused(wanted, "depth").values()) == [None] * 3 + [OVER_LIMIT] * 37


async def test_at_most_500_symbols_are_requested_whatever_the_plan() -> None:
    plan = Plan(limit=10_000)
    client, wanted = Client(plan), symbols(510)
    await client.want(wanted)
    assert len(plan.requests) == 4 and plan.served["quote"] == set(wanted[:500])
    assert list(client.refused(wanted, "quote").values()) == [None] * 500 + [OVER_LIMIT] * 10


async def test_a_removal_needs_a_new_connection_only_if_another_symbol_waits() -> None:
    client, wanted = Client(Plan(limit=3)), symbols(5)
    needs_fresh = client.subscriptions.needs_new_connection
    await client.want(wanted[:3])
    assert not needs_fresh(wanted[:2]), "nobody waits"
    await client.want(wanted)
    assert not needs_fresh(wanted), "nothing is gone"
    assert not needs_fresh(wanted[:4]), "what was not served takes no room"
    assert needs_fresh(wanted[1:])
    await client.want(wanted[1:], fresh=True)
    assert client.plan.served["tick"] == set(wanted[1:4])
    assert client.refused(wanted[1:], "tick") == {**dict.fromkeys(wanted[1:4]), wanted[4]: OVER_LIMIT}
    assert not client.subscriptions.needs_new_connection(wanted[1:])


async def test_a_symbol_that_just_fits_the_limit_needs_no_new_connection_after_removals() -> None:
    client, wanted = Client(Plan(limit=500)), symbols(501)
    await client.want(wanted[:499])
    assert not client.subscriptions.needs_new_connection([*wanted[1:499], wanted[499]])
    assert client.subscriptions.needs_new_connection([*wanted[1:499], *wanted[499:]])


async def test_a_swap_at_the_limit_needs_a_new_connection_once_it_was_refused() -> None:
    client, wanted = Client(Plan(limit=3)), symbols(4)
    await client.want(wanted[:3])
    await client.want(wanted[1:])
    assert client.subscriptions.needs_new_connection(wanted[1:])


@readings
async def test_a_symbol_that_is_removed_and_added_again_is_still_served(replaces: bool) -> None:
    plan = Plan(limit=3, replaces=replaces)
    client, wanted = Client(plan), symbols(3)
    await client.want(wanted)
    asked = len(plan.requests)
    await client.want(wanted[:2])
    await client.want(wanted)
    assert len(plan.requests) == asked and plan.served["quote"] == set(wanted)


async def test_replacing_500_symbols_needs_a_new_connection() -> None:
    client, wanted, others = Client(Plan()), symbols(500), symbols(1, "L")
    await client.want(wanted)
    await client.want([*wanted[1:], *others])
    assert client.subscriptions.needs_new_connection([*wanted[1:], *others])


# --- types ---


async def test_a_type_refused_in_unknown_words_is_requested_once_per_connection() -> None:
    plan = Plan(refused={"kline@1": "no permission\x1b[31m"})
    client, wanted = Client(plan), symbols(8)
    await client.want(wanted[:7])
    await client.want(wanted)
    assert plan.asked("kline@1") == 1
    assert set(client.refused(wanted, "kline@1").values()) == {"no permission�[31m"}
    assert plan.served["tick"] == set(wanted) and client.lost == []


@pytest.mark.parametrize("refused", [OVER_LIMIT.capitalize() + ": 3\x1b[2J", f"error: {OVER_LIMIT}"])
async def test_the_page_s_words_are_recognised_within_a_longer_refusal(refused: str) -> None:
    class Wordy(Plan):
        async def ask(self, symbols: Iterable[Symbol], type_: str) -> SubscribeReply | None:
            reply = await super().ask(symbols, type_)
            return SubscribeReply(0, refused) if reply and reply.msg == OVER_LIMIT else reply

    client, wanted = Client(Wordy(limit=3)), symbols(8)
    await client.want(wanted)
    assert client.plan.served["quote"] == set(wanted[:3])
    assert client.refused(wanted, "quote")[wanted[3]] == OVER_LIMIT


async def test_an_empty_refusal_is_shown_as_refused() -> None:
    client, wanted = Client(Plan(refused={"depth": ""})), symbols(1)
    await client.want(wanted)
    assert client.refused(wanted, "depth") == {wanted[0]: "refused"}


async def test_an_unanswered_type_is_requested_on_one_new_connection_and_then_dropped() -> None:
    plan = Plan(silent=["depth"])
    client, wanted = Client(plan), symbols(3)
    await client.want(wanted)
    assert client.lost == ["no answer to the request for depth"] * 2
    assert client.refused(wanted, "depth") == dict.fromkeys(wanted, NO_ANSWER)
    assert plan.asked("depth") == 0 and plan.served["tick"] == set(wanted)
    await client.want(wanted, fresh=True)
    assert len(client.lost) == 2, "and not asked for again on its own"


async def test_a_reply_resets_the_count_of_unanswered_requests() -> None:
    plan = Plan()
    client, wanted = Client(plan), symbols(1)
    for times in (1, 2, 3):
        plan.silent = {"depth"}
        with pytest.raises(NoConnection):
            await client.want(wanted, fresh=True, tries=1)
        plan.silent = set()
        await client.want(wanted, fresh=True)
        assert client.refused(wanted, "depth") == {wanted[0]: None}
        assert len(client.lost) == times


@pytest.mark.parametrize("number", [2, 8, 60])
async def test_an_unresolved_type_costs_one_new_connection_and_three_requests(number: int) -> None:
    plan = Plan(refused={"depth": UNRESOLVED})
    client, wanted = Client(plan), symbols(number)
    for _ in range(2):
        await client.want(wanted, fresh=True)
        assert client.lost == ["the request for depth was not understood"]
        assert client.refused(wanted, "depth") == dict.fromkeys(wanted, UNRESOLVED)
        assert plan.asked("depth") == 3
        assert plan.served["kline@1"] == set(wanted)


# --- symbols ---


@readings
@pytest.mark.parametrize("at", [0, 3, 7])
async def test_an_unresolved_symbol_costs_one_new_connection_and_is_dropped(at: int, replaces: bool) -> None:
    wanted = symbols(8)
    plan = Plan(poison=[wanted[at]], replaces=replaces)
    client = Client(plan)
    await client.want(wanted)
    assert client.lost == ["the request for quote was not understood"]
    good = set(wanted) - {wanted[at]}
    for type_ in TYPES:
        assert plan.served[type_] == good
        assert client.refused(wanted, type_) == {**dict.fromkeys(wanted), wanted[at]: UNRESOLVED}
        assert plan.asked(type_) <= 2 + 2 + 2 * 3
    await client.want(wanted, fresh=True)
    assert len(client.lost) == 1, "and every later connection knows what to do"


async def test_a_single_unresolved_symbol_does_not_refuse_the_type() -> None:
    wanted = symbols(3)
    client = Client(Plan(poison=wanted[:1]))
    await client.want(wanted[:1])
    await client.want(wanted)
    assert all(client.plan.served[type_] == set(wanted[1:]) for type_ in TYPES)
    assert client.refused(wanted, "quote") == {wanted[0]: UNRESOLVED, wanted[1]: None, wanted[2]: None}


async def test_an_unresolved_added_symbol_leaves_the_served_ones_alone() -> None:
    wanted = symbols(6)
    client = Client(Plan(poison=wanted[5:]))
    await client.want(wanted[:5])
    await client.want(wanted)
    assert client.lost == ["the request for quote was not understood"]
    assert client.plan.served["tick"] == set(wanted[:5])


@given(
    st.integers(2, 24).flatmap(
        lambda n: st.tuples(st.just(symbols(n)), st.sets(st.sampled_from(symbols(n))), st.integers(0, 26))
    ),
    st.booleans(),
    st.booleans(),
)
async def test_with_a_limit_and_unresolved_symbols_the_first_valid_ones_are_served(
    case: tuple[list[Symbol], set[Symbol], int], replaces: bool, limit_first: bool
) -> None:
    wanted, poison, limit = case
    if {wanted[0], wanted[-1]} <= poison:
        poison = poison - {wanted[-1]}  # where both ends are refused it is taken for the type
    plan = Plan(limit, poison=poison, replaces=replaces, limit_first=limit_first)
    client = Client(plan)
    await client.want(wanted)
    good = [symbol for symbol in wanted if symbol not in poison]
    for type_ in TYPES:
        served = plan.served.get(type_, set())
        assert served <= set(good)
        assert all((symbol in served) == (why is None) for symbol, why in client.refused(wanted, type_).items())
    if limit >= len(wanted):
        assert plan.served["tick"] == set(good)
    elif not limit_first or not poison:
        assert len(plan.served.get("tick", set())) == min(limit, len(good))
