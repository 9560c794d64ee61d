"""Every way to write a symbol, and what is none."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.errors import UsageError
from tui.symbol import (
    Pair,
    Symbol,
    canonical,
    expand_pairs,
    join_notices,
    join_wire_symbols,
    lacks_region,
    parse_symbol,
    parse_symbol_or_pair,
    parse_symbols,
    sanitize,
    split_list,
    split_wire_symbol,
)

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
        ("ＱＱＱ＄ＵＳ", QQQ),
        ("QQQ￥US", QQQ),
        ("ＵＳ：ｑｑｑ", QQQ),
        ("QQQ。US", QQQ),
        ("\u3000Ａ", Symbol("A", "US")),
        # Codes that are the name of a region or an exchange elsewhere.
        ("SH", Symbol("SH", "US")),
        ("HK", Symbol("HK", "US")),
        ("SS", Symbol("SS", "US")),
        ("NYSE", Symbol("NYSE", "US")),
        ("SH.US", Symbol("SH", "US")),
        ("US:SH", Symbol("SH", "US")),
        ("US:CBOE", Symbol("CBOE", "US")),
        ("CBOE.US", Symbol("CBOE", "US")),
        ("BATS.LSE", Symbol("BATS", "LSE")),
        ("LSE:BATS", Symbol("BATS", "LSE")),
        # Regions that are the name of another one elsewhere.
        ("ERIC-B.SS", Symbol("ERIC-B", "SS")),
        ("SSE:ABC", Symbol("ABC", "SSE")),
        ("510300$SS", Symbol("510300", "SS")),
        ("SPY$AMEX", Symbol("SPY", "AMEX")),
        ("QQQ:GB", Symbol("GB", "QQQ")),
        ("GB.QQQ", Symbol("GB", "QQQ")),
        # Both could be a region; no code of China or Hong Kong is of letters.
        ("SH.HK", Symbol("SH", "HK")),
        ("HK:SH", Symbol("SH", "HK")),
        ("US.US", Symbol("US", "US")),
        ("HK.B", Symbol("HK.B", "US")),
        ("SH510300$US", Symbol("SH510300", "US")),
        ("SH51030", Symbol("SH51030", "US")),
        ("usQQQ", Symbol("USQQQ", "US")),
    ],
)
def test_every_spelling_names_the_symbol(text: str, symbol: Symbol) -> None:
    assert parse_symbol(text) == (symbol, "")


@pytest.mark.parametrize(
    ("symbol", "spellings"),
    [
        ("2800$HK", "02800.HK HK:02800 02800$HK HK.02800 hk02800 hk2800 2800:HK HKEX:2800 HKG:2800 02800.XHKG"),
        ("700$HK", "0700.HK 0700.hk 00700$HK hk00700"),
        ("510300$SH", "510300.SS 510300.ss SSE:510300 SHA:510300 510300:SH SH.510300 sh510300 SH510300 510300.XSHG"),
        ("159915$SZ", "SZSE:159915 SHE:159915 159915:SZ SZ.159915 sz159915 159915.XSHE"),
        ("QQQ$US", "NASDAQ:QQQ nasdaq:qqq QQQ:NASDAQ QQQ:US US.QQQ QQQ.NASDAQ XNAS:QQQ ＮＡＳＤＡＱ：QQQ"),
        ("SPY$US", "AMEX:SPY ARCA:SPY NYSEARCA:SPY SPY:NYSEARCA NYSE:SPY BATS:SPY CBOE:SPY SPY.ARCX"),
        ("BRK.B$US", "NYSE:BRK.B US.BRK.B BRK.B:US"),
        ("SH$US", "US.SH SH:US AMEX:SH"),
    ],
)
def test_other_houses_spellings_are_read_and_it_is_said_how(symbol: str, spellings: str) -> None:
    for text in spellings.split():
        read, notice = parse_symbol(text)
        assert (str(read), notice) == (symbol, f"{text.replace('ＮＡＳＤＡＱ：', 'NASDAQ:')} read as {symbol}")


def test_a_bare_code_of_hong_kong_loses_its_leading_zeros() -> None:
    assert parse_symbol("02800") == (Symbol("2800", "HK"), "02800 read as 2800$HK, where 5-digit codes are usual")
    assert parse_symbol("１２３").symbol == Symbol("123", "HK")
    assert parse_symbol("000001").symbol == Symbol("000001", "SZ")
    assert parse_symbol("0000$HK").symbol == Symbol("0", "HK")


def test_notices_stand_in_one_line() -> None:
    assert join_notices(["", ""]) == ""
    assert join_notices(["a read as b", "", "a read as b"]) == "a read as b"
    assert join_notices("abcde") == "a; b; c; and 2 more"


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
        ("30320", "HK"),
    ],
)
def test_a_bare_code_of_digits_gets_its_usual_region_with_a_notice(code: str, region: str) -> None:
    symbol, notice = parse_symbol(code)
    assert symbol == Symbol(code, region)
    assert notice == f"{code} read as {code}${region}, where {len(code)}-digit codes are usual"


@pytest.mark.parametrize("code", ["200000", "999999", "1234567", "QQQ"])
def test_any_other_bare_code_gets_the_default_region_without_a_notice(code: str) -> None:
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
        "ＱＱＱ！",
        "②",
        "ﬁ",
        "QQQ、US",
        "ß",
        "ſpy",
        "QQQ$uß",
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
    assert join_wire_symbols(parsed.symbol for parsed in parse_symbols(text)) == "QQQ$US,SPY$US,2800$HK,IEF$US,GLD$US"


def test_a_list_from_a_chinese_input_method() -> None:
    text = "510300，159915、ＱＱＱ＄ＵＳ；ＵＳ：SPY\u3000“GLD￥US” ‘０２８００’"
    read = "510300$SH,159915$SZ,QQQ$US,SPY$US,GLD$US,2800$HK"
    assert join_wire_symbols(parsed.symbol for parsed in parse_symbols(text)) == read


def test_one_fund_in_several_spellings_is_one_symbol() -> None:
    text = "2800$HK,02800$HK,02800.HK,HK.02800,hk02800,HKEX:2800,02800"
    assert parse_symbols(text) == [(Symbol("2800", "HK"), "")]


def test_a_symbol_named_twice_counts_once_in_its_first_place() -> None:
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
        ("02800$HK", None, ("2800", "HK")),
        ("02800", "hk", ("2800", "HK")),
        ("02800.hk", None, ("2800", "HK")),
        ("000001$SZ", None, ("000001", "SZ")),
        ("", None, ("", "")),
    ],
)
def test_the_feed_s_spellings(s: str, r: str | None, named: tuple[str, str]) -> None:
    assert split_wire_symbol(s, r) == named


@pytest.mark.parametrize(
    ("text", "is_bare"),
    [
        *(("QQQ", True), ("BRK.B", True), ("QQQ$", True), ("ＱＱＱ", True)),
        *(("QQQ$US", False), ("us:qqq", False), ("sh510300", False), ("US.QQQ", False), ("ＱＱＱ＄ＵＳ", False)),
    ],
)
def test_lacks_region_recognizes_a_symbol_without_one(text: str, is_bare: bool) -> None:
    assert lacks_region(text) is is_bare


@given(st.text(st.characters()))
def test_any_text_is_a_symbol_or_a_usage_error_that_is_safe_to_print(text: str) -> None:
    try:
        symbol = parse_symbol(text).symbol
    except UsageError as error:
        assert all(unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} for c in str(error))
    else:
        assert parse_symbol(str(symbol)) == (symbol, "")


likely = st.text("AbZ019.-_$:：。 ", max_size=12) | st.lists(
    st.sampled_from([*"AB2.:$", "HK", "SH", "SS", "US", "NASDAQ", "BATS", "02800", "510300", "QQQ"]), max_size=5
).map("".join)
codes = st.from_regex(r"[A-Z0-9]([A-Z0-9.\-_]{0,6}[A-Z0-9])?", fullmatch=True) | st.sampled_from(
    ["SH", "HK", "US", "SS", "CBOE", "BRK.B", "NASDAQ", "US.QQQ", "HK.02800", "SH510300", "QQQ.NASDAQ", "SH.US"]
)
digits = st.from_regex(r"[1-9][0-9]{0,5}", fullmatch=True)
served = st.builds(Symbol, codes, st.just("US")) | st.builds(Symbol, digits, st.sampled_from(["HK", "SH", "SZ"]))
letters = st.text("ABCDEFGHKLNQRSTUYXZ", min_size=2, max_size=4)
OTHER_HOUSES = {"US", "HK", "SH", "SZ", "NYSE", "AMEX", "ARCA", "BATS", "CBOE", "XNAS", "XNYS", "ARCX"}


@given(served)
def test_a_symbol_s_own_spellings_read_as_itself_whatever_its_code(symbol: Symbol) -> None:
    code, region = symbol
    for spelling in (f"{code}${region}", f"{code}.{region}", f"{region}:{code}"):
        assert parse_symbol(spelling) == (symbol, ""), spelling


@given(letters, letters)
def test_in_any_other_region_too_unless_a_name_in_it_is_another_house_s(code: str, region: str) -> None:
    assert parse_symbol(f"{code}${region}") == ((code, region), "")
    if not OTHER_HOUSES & {code, region}:
        assert parse_symbol(f"{code}.{region}") == ((code, region), "")
        assert parse_symbol(f"{region}:{code}") == ((code, region), "")


@given(likely)
def test_what_parses_spells_itself_so_that_it_parses_back(text: str) -> None:
    try:
        symbol = parse_symbol(text).symbol
    except UsageError:
        return
    assert parse_symbol(str(symbol)) == (symbol, "")
    assert canonical(*symbol) == symbol
    assert split_wire_symbol(str(symbol), None) == symbol


@given(
    st.lists(
        st.builds(Symbol, st.from_regex(r"[A-Z][A-Z0-9]{0,5}", fullmatch=True), st.sampled_from(["US", "HK", "SH"]))
    )
)
def test_a_joined_list_parses_back(symbols: list[Symbol]) -> None:
    if symbols:
        assert [p.symbol for p in parse_symbols(join_wire_symbols(symbols))] == list(dict.fromkeys(symbols))


@given(st.text(st.characters()))
def test_printable_keeps_the_length_and_changes_nothing_twice(text: str) -> None:
    safe = sanitize(text)
    assert len(safe) == len(text)
    assert sanitize(safe) == safe


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("QQQ/SPY", "QQQ$US/SPY$US"),
        ("qqq / spy", "QQQ$US/SPY$US"),
        ("QQQ$US/SPY$US", "QQQ$US/SPY$US"),
        ("QQQ/SPY$US", "QQQ$US/SPY$US"),
        ("ＱＱＱ／ＳＰＹ", "QQQ$US/SPY$US"),
        ("BF/B$US", "BF$US/B$US"),
        ("F/SPY", "F$US/SPY$US"),
        ("BRK-B/SPY", "BRK-B$US/SPY$US"),
        ("QQQ/2800", "QQQ$US/2800$HK"),
        ("SPY-VOO", "SPY$US-VOO$US"),
        ("spy - voo", "SPY$US-VOO$US"),
        ("SPY − VOO", "SPY$US-VOO$US"),
        ("SPY−VOO", "SPY$US-VOO$US"),
        ("SPY$US-VOO$US", "SPY$US-VOO$US"),
        ("SPY$US-VOO", "SPY$US-VOO$US"),
        ("SPY.US-VOO.US", "SPY$US-VOO$US"),
        ("BRK-B$US-SPY", "BRK-B$US-SPY$US"),
        ("GS - MS", "GS$US-MS$US"),
        ("510300-159915", "510300$SH-159915$SZ"),
        ("2800/3033", "2800$HK/3033$HK"),
    ],
)
def test_two_symbols_with_a_sign_between_them_are_a_pair(text: str, pair: str) -> None:
    read = parse_symbol_or_pair(text).symbol
    assert isinstance(read, Pair) and str(read) == pair
    assert parse_symbol_or_pair(str(read)) == (read, ""), "as it is kept in the config file"
    sign = "/" if read.is_ratio else "-"
    assert [str(leg) for leg in read.legs] == pair.split(sign) or "BRK-B" in pair
    assert expand_pairs([read, read.legs[1]]) == read.legs


@pytest.mark.parametrize(
    "text",
    (
        *("BRK-B", "brk-b", "BF-B", "BRK.B", "ABC-WS", "ABC-UN", "RY-T", "7709-HK", "0700-HKG", "GS-MS", "REI-UN.TO"),
        *("BRK-B$US", "ABC-WTS$US", "SPY-VOO$US", "A-B-C", "ABC-DEF-GHI", "QQQ", "QQQ$US", "X_Y"),
    ),
)
def test_a_code_with_a_hyphen_is_no_pair(text: str) -> None:
    assert parse_symbol_or_pair(text) == parse_symbol(text)
    assert not isinstance(parse_symbol_or_pair(text).symbol, Pair)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("BF/B", r"'BF/B' reads like a share class: write BF\.B, or BF/B\$US for the pair"),
        ("QQQ/", "'QQQ/' is half a pair"),
        ("/SPY", "'/SPY' is half a pair"),
        ("QQQ/SPY/IWM", "it has two symbols"),
        ("SPY-VOO/IWM", "it has two symbols"),
        ("SPY/spy.us", r"both symbols are SPY\$US"),
        ("SPY-2800", r"SPY\$US and 2800\$HK are in different currencies, so only their ratio can be told: SPY/2800"),
        ("QQQ/US", "'QQQ/US' is not a symbol"),
        ("QQQ/S!", "'QQQ/S!' is not a symbol"),
        ("QQQ/S_", "'S_' is not a symbol"),
    ],
)
def test_what_is_no_pair_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse_symbol_or_pair(text)


def test_only_a_hyphen_that_could_be_part_of_a_code_is_told_how_it_was_read() -> None:
    assert parse_symbol_or_pair("spy-voo").notice == "spy-voo read as SPY$US-VOO$US, not as the code SPY-VOO$US"
    assert parse_symbol_or_pair("SPY - VOO").notice == parse_symbol_or_pair("QQQ/SPY").notice == ""


def test_a_pair_is_one_part_of_a_list_and_no_symbol_equals_it() -> None:
    listed = [str(p.symbol) for p in parse_symbols("QQQ / SPY, GLD SPY - VOO;IWM/SPY,QQQ/SPY")]
    assert listed == ["QQQ$US/SPY$US", "GLD$US", "SPY$US-VOO$US", "IWM$US/SPY$US"]
    assert parse_symbol_or_pair("SPY-VOO").symbol != Symbol("SPY-VOO", "US")


@given(st.text(alphabet="QSPYB10$/-−. :US", max_size=14))
def test_whatever_is_read_reads_the_same_as_it_is_kept(text: str) -> None:
    try:
        read = parse_symbol_or_pair(text).symbol
    except UsageError as error:
        assert str(error).isprintable()
        return
    kept = parse_symbol_or_pair(str(read)).symbol
    assert kept == read and type(kept) is type(read)
    for leg in expand_pairs([read]):
        assert parse_symbol(str(leg)).symbol == leg
