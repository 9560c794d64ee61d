"""Every way to write a symbol, and what is none."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.errors import UsageError
from tui.symbol import Symbol, bare, from_wire, join, parse_symbol, parse_symbols, printable, split_list

QQQ = Symbol("QQQ", "US")


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("QQQ$US", QQQ),
        ("QQQ.US", QQQ),
        ("US:QQQ", QQQ),
        ("QQQ", QQQ),
        ("qqq$us", QQQ),
        ("us:qqq", QQQ),
        (" QQQ$US ", QQQ),
        ("QQQ$", QQQ),
        ("2800$HK", Symbol("2800", "HK")),
        ("510300.SH", Symbol("510300", "SH")),
        ("SZ:159915", Symbol("159915", "SZ")),
        ("BRK.B", Symbol("BRK.B", "US")),
        ("BRK.B$US", Symbol("BRK.B", "US")),
        ("BRK.B.US", Symbol("BRK.B", "US")),
        ("BF-B", Symbol("BF-B", "US")),
        ("RELIANCE$NSE$IN", Symbol("RELIANCE", "IN")),
        ("VOD$LSE", Symbol("VOD", "LSE")),
        ("7203$TYO", Symbol("7203", "TYO")),
    ],
)
def test_every_spelling_names_the_symbol(text: str, symbol: Symbol) -> None:
    assert parse_symbol(text) == (symbol, "")


@pytest.mark.parametrize(
    ("code", "region"),
    [
        ("510300", "SH"),
        ("600000", "SH"),
        ("159915", "SZ"),
        ("000001", "SZ"),
        ("300750", "SZ"),
        ("2800", "HK"),
        ("1", "HK"),
        ("03032", "HK"),
    ],
)
def test_a_bare_code_of_digits_takes_its_habitual_region_and_says_so(code: str, region: str) -> None:
    symbol, notice = parse_symbol(code)
    assert symbol == Symbol(code, region)
    assert notice == f"{code} read as {code}${region}, where {len(code)}-digit codes are usual"


@pytest.mark.parametrize("code", ["200000", "999999", "1234567", "QQQ"])
def test_any_other_bare_code_takes_the_default_region_without_a_remark(code: str) -> None:
    assert parse_symbol(code, default_region="JP") == (Symbol(code, "JP"), "")


@pytest.mark.parametrize("text", ["510300$US", "510300.US", "US:2800"])
def test_a_region_given_is_never_overruled(text: str) -> None:
    assert parse_symbol(text).symbol.region == "US"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "$",
        "$US",
        "US:",
        ":$",
        "QQQ$U",
        "QQQ$USAUS",
        "QQQ$1",
        "QQQ$U S",
        "A B",
        "QQQ/US",
        "'QQQ$US'",
        "-A",
        ".A",
        "A.",
        "A" * 17,
        "[b]QQQ",
        "QQQ;",
        "１２３",
        "ß",
        "ſpy",
        "QQQ$uß",
        "Ａ",
    ],
)
def test_what_is_no_symbol_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match=r"is not a symbol: write CODE\$REGION, for example QQQ\$US"):
        parse_symbol(text)


UNPRINTABLE = ["\x00", "\x07", "\n", "\t", "\x1b[31m", "\x1b]0;title\x07", "\x7f", "\x9b", "\u202e", "\u200b", "\u2028"]


@pytest.mark.parametrize("bad", [*UNPRINTABLE, "\ud800", "\u2066", "\ufeff"], ids=ascii)
def test_control_and_formatting_characters_are_refused_and_never_repeated(bad: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_symbol(f"QQ{bad}Q$US")
    words = str(caught.value)
    assert words.isprintable()
    assert "�" in words and "cannot be printed" in words


def test_a_list_is_separated_by_commas_semicolons_and_white_space() -> None:
    text = "QQQ$US, SPY.US;\n2800\tUS:IEF,,gld\n"
    assert split_list(text) == ["QQQ$US", "SPY.US", "2800", "US:IEF", "gld"]
    assert join(parsed.symbol for parsed in parse_symbols(text)) == "QQQ$US,SPY$US,2800$HK,IEF$US,GLD$US"


def test_a_symbol_named_twice_is_taken_once_in_its_first_place() -> None:
    assert [str(p.symbol) for p in parse_symbols("QQQ$US,SPY,qqq.us,US:QQQ,QQQ")] == ["QQQ$US", "SPY$US"]


@pytest.mark.parametrize("text", ["", " ", ",,;\n"])
def test_a_list_that_names_nothing_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no symbol given"):
        parse_symbols(text)


def test_one_bad_part_is_named() -> None:
    with pytest.raises(UsageError, match=r"'SP!' is not a symbol"):
        parse_symbols("QQQ$US,SP!,IEF")


@pytest.mark.parametrize(
    ("s", "r", "named"),
    [
        ("QQQ$US", None, ("QQQ", "US")),
        ("QQQ", "US", ("QQQ", "US")),
        ("QQQ$US", "US", ("QQQ", "US")),
        ("AAPL.US", None, ("AAPL", "US")),
        ("qqq", "us", ("QQQ", "US")),
        ("qqq$us", None, ("QQQ", "US")),
        ("qqq", None, ("QQQ", "")),
        ("QQQ", "", ("QQQ", "")),
        ("BRK.B", None, ("BRK.B", "")),
        ("BRK.B", "US", ("BRK.B", "US")),
        ("RELIANCE$NSE$IN", None, ("RELIANCE", "IN")),
        ("", None, ("", "")),
    ],
)
def test_the_feed_s_spellings(s: str, r: str | None, named: tuple[str, str]) -> None:
    assert from_wire(s, r) == named


@pytest.mark.parametrize(
    ("text", "is_bare"), [("QQQ", True), ("BRK.B", True), ("QQQ$", True), ("QQQ$US", False), ("us:qqq", False)]
)
def test_bare_tells_a_symbol_without_a_region(text: str, is_bare: bool) -> None:
    assert bare(text) is is_bare


@given(st.text(st.characters()))
def test_any_text_is_a_symbol_or_a_usage_error_that_is_safe_to_print(text: str) -> None:
    try:
        symbol = parse_symbol(text).symbol
    except UsageError as error:
        assert all(unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} for c in str(error))
    else:
        assert parse_symbol(str(symbol)) == (symbol, "")


likely = st.text("AbZ019.-_$: ", max_size=12)


@given(likely)
def test_what_parses_spells_itself_so_that_it_parses_back(text: str) -> None:
    try:
        symbol = parse_symbol(text).symbol
    except UsageError:
        return
    assert parse_symbol(str(symbol)) == (symbol, "")
    assert from_wire(str(symbol), None) == symbol


@given(
    st.lists(st.builds(Symbol, st.from_regex(r"[A-Z0-9]{1,6}", fullmatch=True), st.sampled_from(["US", "HK", "SH"])))
)
def test_a_joined_list_parses_back(symbols: list[Symbol]) -> None:
    if symbols:
        assert [p.symbol for p in parse_symbols(join(symbols))] == list(dict.fromkeys(symbols))


@given(st.text(st.characters()))
def test_printable_keeps_the_length_and_changes_nothing_twice(text: str) -> None:
    safe = printable(text)
    assert len(safe) == len(text)
    assert printable(safe) == safe
