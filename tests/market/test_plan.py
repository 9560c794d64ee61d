from __future__ import annotations

import pytest

from tui.market import Instrument
from tui.market.plan import shortfalls
from tui.protocol import OVER_LIMIT
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
        ([instrument(c, kline="upgrade") for c in "AB"], ["klines not in this plan: built from trades"]),
        ([instrument(c, depth="upgrade") for c in "AB"], ["no order books in this plan"]),
        (
            [instrument("A", kline="no", depth="no"), instrument("B", quote="no", tick="no", kline="no")],
            ["1 symbol refused", "klines not in this plan: built from trades", "no order books in this plan"],
        ),
    ],
)
def test_what_is_refused_is_said_once_a_kind(instruments: list[Instrument], words: list[str]) -> None:
    assert shortfalls(instruments) == words
