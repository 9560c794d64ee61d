from __future__ import annotations

import pytest

from tui.market import Instrument
from tui.market.entitlements import NO_ANSWER, RefusedType, describe_refusal, describe_shortfalls, refused_types
from tui.protocol.messages import OVER_LIMIT, UNRESOLVED
from tui.symbol import Symbol


def instrument(code: str, **refused: str) -> Instrument:
    made = Instrument(Symbol(code, "US"))
    made.refused = {name.replace("kline", "kline@1"): words for name, words in refused.items()}
    return made


@pytest.mark.parametrize(
    ("instruments", "words"),
    [
        ([instrument("A"), instrument("B")], []),
        (
            [instrument("A"), *(instrument(c, quote=OVER_LIMIT, tick=OVER_LIMIT) for c in "BC")],
            ["plan limit: 1 of 3 symbols live"],
        ),
        ([instrument("A"), instrument("B", quote="no", tick="no")], ["1 symbol refused"]),
        ([instrument(c, kline="please upgrade") for c in "AB"], ["klines not in this plan: built from trades"]),
        ([instrument(c, depth="please upgrade") for c in "AB"], ["order books not in this plan"]),
        ([instrument(c, depth="busy") for c in "AB"], ["order books: refused by the server"]),
        ([instrument("A", depth=NO_ANSWER)], ["order books: no answer from the server"]),
        (
            [instrument("A"), instrument("B", depth=UNRESOLVED)],
            ["order books of 1 symbol: request not understood by the server"],
        ),
        (
            [instrument("A", kline=NO_ANSWER, depth="no plan"), instrument("B", quote="no", tick="no", kline="no")],
            [
                "1 symbol refused",
                "klines: no answer from the server: built from trades",
                "order books not in this plan",
            ],
        ),
    ],
)
def test_what_is_refused_is_said_once_a_kind(instruments: list[Instrument], words: list[str]) -> None:
    assert describe_shortfalls(instruments) == words


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (OVER_LIMIT, "depth: over plan"),
        ("permission denied: please upgrade your package", "depth not in this plan"),
        ("no Premium", "depth not in this plan"),
        ("airplane mode", "depth: refused by the server"),
    ],
)
def test_the_plan_is_blamed_only_where_the_server_s_words_are_about_it(words: str, said: str) -> None:
    assert describe_refusal("depth", words) == said


def test_refusals_are_gathered_by_type_and_words() -> None:
    a, b, c = instrument("A", depth="no", kline="no"), instrument("B", depth="no"), instrument("C", depth=OVER_LIMIT)
    assert refused_types([a, b, c, instrument("D")]) == [
        RefusedType("depth", "no", (a.symbol, b.symbol)),
        RefusedType("kline@1", "no", (a.symbol,)),
        RefusedType("depth", OVER_LIMIT, (c.symbol,)),
    ]
