from __future__ import annotations

import json

import pytest

from tui.config.settings import Settings, line_of, parse_settings
from tui.errors import UsageError
from tui.symbol import Pair, Symbol

WHOLE = """\
# mine
theme = "harbor"
red_up = true
columns = ["symbol", "last", "change%"]
sort = "-change%"
token_command = ["pass", "show", "itick"]
list = "China"

[lists]
Core = ["QQQ$US", "spy.us", "TLT", "QQQ$US"]
"China" = [
  "510300$SH", # CSI 300
  "2800",
]

[keys]
add = "n"
help = ["?", "Ctrl+H"]
"""


def test_a_whole_file() -> None:
    settings = parse_settings(WHOLE, "config.toml")
    assert settings.theme == "harbor"
    assert settings.red_up
    assert settings.bell
    assert settings.columns == ("symbol", "last", "change%")
    assert settings.sort == "-change%"
    assert settings.token_command == ("pass", "show", "itick")
    assert dict(settings.lists) == {
        "Core": (Symbol("QQQ", "US"), Symbol("SPY", "US"), Symbol("TLT", "US")),
        "China": (Symbol("510300", "SH"), Symbol("2800", "HK")),
    }
    assert list(settings.lists) == ["Core", "China"]
    assert dict(settings.keys) == {"add": ("n",), "help": ("?", "Ctrl+H")}


def test_an_empty_file_holds_the_defaults() -> None:
    assert parse_settings("", "config.toml") == Settings()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('theme = "a"\ncolums = []', "config.toml, line 2: there is no setting 'colums': did you mean 'columns'?"),
        ('\n\ntheme = "a', "config.toml, line 3: "),
        ("theme = 3", "config.toml, line 1: theme: expected text in quotes, got a number"),
        (
            'columns = ["last",\n"vwop"]',
            "config.toml, line 1: columns: there is no column 'vwop': did you mean 'vwap'?",
        ),
        ('hidden = ["tapes"]', "config.toml, line 1: hidden: there is no pane 'tapes': did you mean 'tape'?"),
        (
            'below = "3x"',
            "config.toml, line 1: below: there is no choice below the list '3x': did you mean '3x3'?",
        ),
        (
            '[layouts]\nA = ["ladder"]\nB = ["chart", "taep"]',
            "config.toml, line 3: layouts.B: there is no part of a layout 'taep': did you mean 'tape'?",
        ),
        ("layouts = 3", "config.toml, line 1: layouts: expected a table, got a number"),
        ("interval = 7", "config.toml, line 1: interval: 7 is none of 1, 5, 15, 30, 60 and 1440 minutes"),
        ('glyphs = "asci"', "config.toml, line 1: glyphs: asci is none of auto, full, wide-safe, ascii"),
        ("calls_a_minute = -1", "config.toml, line 1: calls_a_minute: expected a number >= 0"),
        ('sort = "-chang"', "config.toml, line 1: sort: there is no column 'chang'"),
        ('[lists]\nA = ["SPY$US"]\nB = ["?"]', "config.toml, line 3: list 'B': '?' is not a symbol: write CODE$REGION"),
        (
            '[lists]\nA = ["SPY$US"]\nB = "QQQ"',
            "config.toml, line 3: lists.B: expected a list in brackets, got text in quotes",
        ),
        ("lists.B = 3", "config.toml, line 1: lists.B: expected a list in brackets, got a number"),
        ("lists = 3", "config.toml, line 1: lists: expected a table, got a number"),
        ('[lists]\n"" = []', "config.toml, line 2: list '': a list needs a name"),
        ('[keys]\nad = "n"', "config.toml, line 2: keys: there is no 'ad': did you mean 'add'?"),
        ('[keys]\nadd = "foo"', "config.toml, line 2: keys: add: 'foo' is no key: write a letter or sign"),
        ('[keys]\nadd = "q"', "config.toml, line 2: keys: q cannot mean add, it means quit already"),
        ("[keys]\nadd = []", "config.toml, line 2: keys: add has no key"),
        ("[keys]\nadd = 1", "config.toml, line 2: keys.add: "),
        ("[sounds]\nx = 1", "config.toml, line 1: there is no setting 'sounds'"),
        ('alerts = ["QQQ$US 5"]', "config.toml, line 1: alerts: 'QQQ$US 5': above it or below it?"),
        ('alerts = [\n"A > 1",\n"B > x"]', "config.toml, line 3: alerts: 'B > x': '> x' cannot be read: write > 520"),
        ('basis = [\n"A = B × 1",\n"A = A × 1"]', "config.toml, line 3: basis: 'A = A × 1': A$US cannot be its own"),
        ("basis = 5", "config.toml, line 1: basis: expected a list in brackets, got a number"),
        ("alerts = 5", "config.toml, line 1: alerts: expected a list in brackets, got a number"),
        (
            'bell = true\nalert_command = ["say", "{symbol}: {foo}"]',
            "config.toml, line 2: alert_command: there is no '{foo}', only {words}, {symbol}, {price}",
        ),
        ('alert_command = ["say", "{}"]', "config.toml, line 1: alert_command: there is no '{}', only {words}, "),
        ("theme = 'a'\ntheme = 'b'", "config.toml"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_settings(text, "config.toml")
    assert str(raised.value).startswith(said)


def test_alerts_as_people_write_them_and_each_once() -> None:
    written = 'alerts = ["qqq>520", "QQQ$US > 520 off", "2800 ±2% repeat 0.5"]'
    assert list(map(str, parse_settings(written, "config.toml").alerts)) == ["QQQ$US > 520", "2800$HK ±2% repeat 0.5%"]


def test_a_symbol_has_one_basis() -> None:
    written = 'basis = ["splg = spy * 0.1175", "SPLG$US = VOO$US × 0.13"]'
    assert list(map(str, parse_settings(written, "config.toml").basis)) == ["SPLG$US = SPY$US × 0.1175"]


def test_one_fund_in_several_spellings_is_one_row_and_one_alert() -> None:
    text = 'alerts = ["02800.HK > 20", "2800$HK > 20"]\n[lists]\nA = ["02800$HK", "2800$HK", "HK:02800", "510300.SS"]\n'
    settings = parse_settings(text, "config.toml")
    assert list(map(str, settings.lists["A"])) == ["2800$HK", "510300$SH"]
    assert list(map(str, settings.alerts)) == ["2800$HK > 20"]


def test_a_pair_is_a_row_and_has_alerts_as_a_symbol_has() -> None:
    text = 'alerts = ["QQQ / SPY > 1.1"]\n[lists]\nA = ["QQQ/SPY", "QQQ$US/SPY$US", "SPY$US-VOO$US", "BRK-B$US"]\n'
    settings = parse_settings(text, "config.toml")
    assert list(map(str, settings.lists["A"])) == ["QQQ$US/SPY$US", "SPY$US-VOO$US", "BRK-B$US"]
    assert [isinstance(symbol, Pair) for symbol in settings.lists["A"]] == [True, True, False]
    assert list(map(str, settings.alerts)) == ["QQQ$US/SPY$US > 1.1"]


def test_a_list_has_no_more_symbols_than_a_connection_takes_the_legs_of_pairs_included() -> None:
    many = [f"A{n}" for n in range(499)]
    assert parse_settings(f"[lists]\nA = {json.dumps([*many, 'A1/QQQ'])}", "config.toml")
    with pytest.raises(UsageError, match="line 2: list 'A': 501 symbols: one connection takes at most 500"):
        parse_settings(f"[lists]\nA = {json.dumps([*many, 'SPY/QQQ'])}", "config.toml")


def test_braces_of_another_language_are_no_placeholders() -> None:
    command = ("sh", "-c", 'echo "${HOME}" | awk "{ print }"', '{"text": "{words}"}', "{price}")
    assert parse_settings(f"alert_command = {json.dumps(command)}", "config.toml").alert_command == command


def test_keys_may_change_places() -> None:
    assert parse_settings('[keys]\nadd = "q"\nquit = "a"', "config.toml").keys == {"add": ("q",), "quit": ("a",)}


def test_a_list_holds_no_more_than_a_connection() -> None:
    many = ", ".join(f'"A{n}$US"' for n in range(501))
    with pytest.raises(UsageError, match="list 'Big': 501 symbols: one connection takes at most 500"):
        parse_settings(f"[lists]\nBig = [{many}]", "config.toml")


@pytest.mark.parametrize(
    ("key", "inner", "line"),
    [
        ("theme", None, 2),
        ("lists", "Core", 10),
        ("lists", "China", 11),
        ("keys", "help", 18),
        ("lists", None, 9),
        ("no", None, 0),
    ],
)
def test_the_line_of_a_setting(key: str, inner: str | None, line: int) -> None:
    assert line_of(WHOLE, key, inner) == line


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("flash = true\ncalls_a_minute = " + "9" * 5_000, "config.toml, line 2: a number of thousands of digits"),
        ("calls_a_minute = 0x" + "f" * 5_000, "config.toml, line 1: calls_a_minute: expected a number <= 60000"),
        ("interval = 0x" + "f" * 5_000, "config.toml, line 1: a number of thousands of digits"),
        ("hidden = " + "[" * 100_000, "config.toml: it is nested too deeply"),
        ("keys = " + "{a=" * 100_000, "config.toml: it is nested too deeply"),
    ],
    ids=["digits", "hexadecimal digits", "hexadecimal digits of a choice", "lists", "tables"],
)
def test_what_no_person_writes_is_wrong_and_no_fault(text: str, words: str) -> None:
    with pytest.raises(UsageError) as told:
        parse_settings(text, "config.toml")
    assert str(told.value) == words
