from __future__ import annotations

from time import perf_counter

import pytest

from tui.reference import fund_names as funds
from tui.symbol import Symbol

QQQ = Symbol("QQQ", "US")

pytestmark = pytest.mark.usefixtures("forgetful")


def test_the_names_of_well_known_funds_stay() -> None:
    funds.learn({QQQ: "INVSC QQQ TR SRS 1", Symbol("ZZZ9", "US"): " ", Symbol("TQQQ", "US"): "ProShares UltraPro QQQ"})
    assert funds.name_of(QQQ) == "Invesco QQQ Trust"
    assert funds.name_of(Symbol("ZZZ9", "US")) == ""
    assert funds.name_of(Symbol("TQQQ", "US")) == "ProShares UltraPro QQQ"
    funds.learn({Symbol("QQQX", "US"): "Nuveen Nasdaq 100 Dynamic Overwrite Fund"})
    assert funds.name_of(Symbol("TQQQ", "US")) == "ProShares UltraPro QQQ"


def test_completion_finds_what_was_learned_the_shortest_code_first() -> None:
    funds.learn({Symbol(code, "US"): f"Quiet  {code} Fund" for code in ("QQQXX", "QQQX", "XQQ", "QQ")})
    found = [symbol for symbol, _ in funds.suggestions("qq", [Symbol("QQZ", "US")])]
    assert found == ["QQ$US", "QQZ$US", "QQQ$US", "QQQM$US", "QQQX$US", "QQQXX$US"]
    assert [symbol for symbol, _ in funds.suggestions("quie")] == ["QQ$US", "XQQ$US", "QQQX$US", "QQQXX$US"]
    assert funds.suggestions("xqq$u") == [("XQQ$US", "Quiet  XQQ Fund")]
    assert funds.suggestions("QuIeT") == funds.suggestions("quiet")
    assert funds.suggestions("uiet") == [] == funds.suggestions("\x1b")


def test_a_keystroke_among_20_000_names_is_quick() -> None:
    """About 1 ms on a quiet machine; the best of a few, so that a busy one does not fail it."""
    words = ["Invesco", "Vanguard", "Global", "MSCI", "China", "Bond", "Equity", "Growth", "Income", "Short", "ETF"]
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    codes = [f"{letters[n % 26]}{letters[n // 26 % 26]}{letters[n // 676 % 26]}{n % 7}" for n in range(20_000)]
    names = {Symbol(c, "US"): f"{words[n % 5]} {words[n % 7]} {words[n % 11]} {n}" for n, c in enumerate(codes)}
    funds.learn(names)
    known = list(names)[:500]
    for part in ("q", "qqq", "inv", "zzzzzz"):
        took = []
        for _ in range(5):
            begun = perf_counter()
            funds.suggestions(part, known)
            took.append(perf_counter() - begun)
        assert min(took) < 0.005
