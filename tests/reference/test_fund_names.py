from __future__ import annotations

from time import perf_counter

from tui.reference.fund_names import FundNames
from tui.symbol import Symbol

QQQ = Symbol("QQQ", "US")


def test_the_vendor_s_names_replace_the_built_in_ones() -> None:
    names = FundNames()
    spy = Symbol("SPY", "US")
    assert names.name_of(QQQ) == "Invesco QQQ Trust", "until the vendor's are known"
    names.add({QQQ: "Renamed ETF", spy: " ", Symbol("ZZZ9", "US"): " ", Symbol("TQQQ", "US"): "ProShares UltraPro QQQ"})
    assert names.name_of(QQQ) == "Renamed ETF"
    assert names.name_of(spy) == "SPDR S&P 500 ETF Trust", "no name is none"
    assert names.search("renamed") == [("QQQ$US", "Renamed ETF")]
    assert ("QQQ$US", "Renamed ETF") not in names.search("invesco")
    assert names.name_of(Symbol("ZZZ9", "US")) == ""
    assert names.name_of(Symbol("TQQQ", "US")) == "ProShares UltraPro QQQ"
    names.add({Symbol("QQQX", "US"): "Nuveen Nasdaq 100 Dynamic Overwrite Fund"})
    assert names.name_of(Symbol("TQQQ", "US")) == "ProShares UltraPro QQQ"


def test_names_added_to_one_are_not_known_to_another() -> None:
    FundNames().add({Symbol("TQQQ", "US"): "ProShares UltraPro QQQ"})
    assert FundNames().name_of(Symbol("TQQQ", "US")) == "" and FundNames().search("tqqq") == []


def test_search_finds_what_was_added_the_shortest_code_first() -> None:
    names = FundNames()
    names.add({Symbol(code, "US"): f"Quiet  {code} Fund" for code in ("QQQXX", "QQQX", "XQQ", "QQ")})
    found = [symbol for symbol, _ in names.search("qq", [Symbol("QQZ", "US")])]
    assert found == ["QQ$US", "QQZ$US", "QQQ$US", "QQQM$US", "QQQX$US", "QQQXX$US"]
    assert [symbol for symbol, _ in names.search("quie")] == ["QQ$US", "XQQ$US", "QQQX$US", "QQQXX$US"]
    assert names.search("xqq$u") == [("XQQ$US", "Quiet  XQQ Fund")]
    assert names.search("QuIeT") == names.search("quiet")
    assert names.search("uiet") == [] == names.search("\x1b")


def test_known_symbols_come_first_among_those_found_by_name_and_twenty_are_found_at_most() -> None:
    names = FundNames()
    names.add({Symbol(code, "US"): "Zebra Fund" for code in ("AB1", "AB1234")})
    assert [symbol for symbol, _ in names.search("zeb")] == ["AB1$US", "AB1234$US"]
    assert [symbol for symbol, _ in names.search("zeb", [Symbol("AB1234", "US")])] == ["AB1234$US", "AB1$US"]
    many = {Symbol(f"X{n:02}", "US"): "Zebra Fund" for n in range(30)}
    names.add(many)
    assert len(names.search("zeb", list(many))) == len(names.search("x", list(many))) == 20


def test_a_keystroke_among_20_000_names_is_quick() -> None:
    """About 1 ms on a quiet machine; the best of a few, so that a busy one does not fail it."""
    words = ["Invesco", "Vanguard", "Global", "MSCI", "China", "Bond", "Equity", "Growth", "Income", "Short", "ETF"]
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    codes = [f"{letters[n % 26]}{letters[n // 26 % 26]}{letters[n // 676 % 26]}{n % 7}" for n in range(20_000)]
    many = {Symbol(c, "US"): f"{words[n % 5]} {words[n % 7]} {words[n % 11]} {n}" for n, c in enumerate(codes)}
    names = FundNames()
    names.add(many)
    known = list(many)[:500]
    for part in ("q", "qqq", "inv", "zzzzzz"):
        took = []
        for _ in range(5):
            begun = perf_counter()
            names.search(part, known)
            took.append(perf_counter() - begun)
        assert min(took) < 0.005
