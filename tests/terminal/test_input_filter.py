"""What the terminal sends: keys pass as they are, answers that nobody asked for act on nothing, and nothing is waited
for without an end."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.terminal_replies import REPLIES
from tui.terminal.input_filter import (
    ESCAPE_DELAY,
    LONGEST_PASTE,
    PASTE_TIMEOUT,
    SEQUENCE_TIMEOUT,
    Input,
    InputFilter,
    Kind,
)
from tui.terminal.textual_private import SequenceParser

LATER = 60.0  # s: everything expires by then, and nothing is continued any more

# Keys as the terminals send them, and Textual's names for them.
KEYS = {
    # characters and control characters
    "a": "a",
    "?": "question_mark",
    "é": "é",
    "国": "国",
    "😀": "grinning_face",
    "\r": "enter",
    "\t": "tab",
    "\x7f": "backspace",
    "\x03": "ctrl+c",
    # xterm
    "\x1b[A": "up",
    "\x1bOA": "up",
    "\x1b[D": "left",
    "\x1b[H": "home",
    "\x1bOF": "end",
    "\x1b[Z": "shift+tab",
    "\x1b[2~": "insert",
    "\x1b[3~": "delete",
    "\x1b[5~": "pageup",
    "\x1bOP": "f1",
    "\x1b[15~": "f5",
    "\x1b[24~": "f12",
    "\x1b[1;5C": "ctrl+right",
    "\x1b[1;2A": "shift+up",
    "\x1b[3;5~": "ctrl+delete",
    "\x1b[1;2P": "shift+f1",
    "\x1b[27;5;100~": "ctrl+d",
    "\x1bOM": "enter",
    "\x1bj": "alt+j",
    "\x1bJ": "alt+shift+j",
    "\x1bé": "alt+é",
    "\x1b\x7f": "ctrl+w",
    # urxvt
    "\x1b[7~": "home",
    "\x1b[8$": "shift+end",
    "\x1b[3$": "shift+delete",
    "\x1b[5^": "ctrl+pageup",
    "\x1b[a": "shift+up",
    "\x1bOd": "ctrl+left",
    "\x1b[23$": "f23",
    # linux console
    "\x1b[[A": "f1",
    "\x1b[[E": "f5",
    "\x1b[1~": "home",
    "\x1b[4~": "end",
    # kitty keyboard protocol
    "\x1b[97u": "a",
    "\x1b[97;5u": "ctrl+a",
    "\x1b[97;2;65u": "A",
    "\x1b[97;;97u": "a",
    "\x1b[27u": "escape",
    "\x1b[13u": "enter",
    "\x1b[9;2u": "shift+tab",
    "\x1b[57441;2u": "left_shift",
    "\x1b[0;;229u": "å",
    "\x1b[1;129A": "up",
}
# With subfields, which Textual's parser does not take, and as they pass.
SUBFIELDS = {
    "\x1b[97:65;2;65u": "\x1b[97;2;65u",
    "\x1b[97:65:98;2:1;65u": "\x1b[97;2;65u",
    "\x1b[97::98;5u": "\x1b[97;5u",
    "\x1b[97;5:2u": "\x1b[97;5u",
    "\x1b[97;1:1;97u": "\x1b[97;1;97u",
    "\x1b[1;1:1A": "\x1b[1;1A",
    "\x1b[3;5:2~": "\x1b[3;5~",
    "\x1b[97;;97:776u": "\x1b[97;;97:776u",
    # Ctrl with a letter of another alphabet is Ctrl with the key's place, and of no Latin one
    "\x1b[1089::99;5u": "\x1b[99;5u",
    "\x1b[1103:1071:122;5u": "\x1b[122;5u",
    "\x1b[1089::99;1;1089u": "\x1b[1089;1;1089u",
    "\x1b[99::105;5u": "\x1b[99;5u",
    # the keypad
    "\x1b[57399;;48u": "\x1b[48;;48u",
    "\x1b[57409;;46u": "\x1b[46;;46u",
    "\x1b[57410u": "\x1b[47u",
    "\x1b[57412;1u": "\x1b[45;1u",
    "\x1b[57413;;43u": "\x1b[43;;43u",
    "\x1b[57414u": "\x1b[13u",
}
RELEASES = ("\x1b[97;1:3u", "\x1b[97:65;2:3;65u", "\x1b[1;1:3A", "\x1b[3;5:3~")
OTHERS = {
    "\x1b[<0;12;5M": Kind.MOUSE,
    "\x1b[<35;300;100m": Kind.MOUSE,
    "\x1b[<35;-1;3M": Kind.MOUSE,
    "\x1b[I": Kind.FOCUS_IN,
    "\x1b[O": Kind.FOCUS_OUT,
    "\x1b[12;80R": Kind.CURSOR_POSITION,
    "\x1b[0n": Kind.STATUS,
    "\x1b[?2026;2$y": Kind.SYNCHRONIZED_OUTPUT,
}
NOT_UTF8 = (
    b"\xff",
    b"\xe9",
    b"\xb9\xfa",  # 国 in GB18030
    "国".encode()[:2],
    "😀".encode()[:3],
    b"\xea",  # Alt+j in 8 bits
    b"\x1b[M \xe9\xff",  # an X10 mouse report
    b"\x1b[M#\xc3\xa9",  # whose coordinates read like a character
    b"\xed\xa0\x80",  # a surrogate
    b"\xc0\x80",
)


def take(*pieces: bytes | float) -> list[Input]:
    """All input of these bytes; a number is a silence of so many s."""
    source, now, found = InputFilter(), 0.0, list[Input]()
    for piece in pieces:
        if isinstance(piece, bytes):
            found += source.feed(piece, now)
            found += source.expire(now)
        else:
            now += piece
            found += source.expire(now)
    return found


def names(inputs: Iterable[Input]) -> list[str]:
    parser = SequenceParser()
    return [key.key for each in inputs for key in parser.keys(each.text)]


def cuts(data: bytes) -> Iterable[tuple[bytes, bytes]]:
    return ((data[:at], data[at:]) for at in range(1, len(data)))


@pytest.mark.parametrize("key", KEYS, ids=repr)
def test_a_key_passes_as_it_is_wherever_it_is_cut(key: str) -> None:
    passed = [Input(Kind.KEY, key)]
    assert take(key.encode(), 0.1) == passed
    assert names(passed) == [KEYS[key]]
    for pieces in cuts(key.encode()):
        assert take(*pieces, 0.1) == passed


@pytest.mark.parametrize("key", SUBFIELDS, ids=repr)
def test_a_key_with_subfields_is_that_key(key: str) -> None:
    for pieces in cuts(key.encode()):
        assert take(*pieces) == [Input(Kind.KEY, SUBFIELDS[key])]
    assert names(take(key.encode()))


@pytest.mark.parametrize("key", RELEASES, ids=repr)
def test_the_release_of_a_key_is_none(key: str) -> None:
    assert take(key.encode()) == []


@pytest.mark.parametrize("report", OTHERS, ids=repr)
def test_reports_pass_wherever_they_are_cut(report: str) -> None:
    for pieces in cuts(report.encode()):
        assert take(*pieces) == [Input(OTHERS[report], report)]


@pytest.mark.parametrize("reply", REPLIES, ids=repr)
def test_what_nobody_asked_for_acts_on_nothing(reply: bytes) -> None:
    assert take(reply, b"q") == take(reply, LATER, b"q") == [Input(Kind.KEY, "q")]
    for pieces in cuts(reply):
        assert take(*pieces, LATER, b"q") == [Input(Kind.KEY, "q")]
    assert take(reply + reply, reply, b"q") == [Input(Kind.KEY, "q")]


@pytest.mark.parametrize("reply", [reply for reply in REPLIES if reply[:2] != b"\x1bX"], ids=repr)
def test_what_is_continued_after_a_pause_acts_on_nothing_either(reply: bytes) -> None:
    for first, rest in cuts(reply):
        if len(rest) > 1 and 0x1B not in rest[:2] and rest[0] != 0x5C:  # one character more is a key
            late = ESCAPE_DELAY if len(first) < 3 else SEQUENCE_TIMEOUT
            acted = take(first, late, rest, LATER, b"q")
            assert [each for each in acted if each.text != "\x1b" and len(each.text) != 2] == [Input(Kind.KEY, "q")]


@pytest.mark.parametrize("data", NOT_UTF8, ids=repr)
def test_bytes_that_are_no_characters_are_dropped(data: bytes) -> None:
    assert take(data, b"q") == [Input(Kind.KEY, "q")]
    assert take(data + b"q") == [Input(Kind.KEY, "q")]
    for pieces in cuts(data):
        assert take(*pieces, b"q") == [Input(Kind.KEY, "q")]


def test_a_lone_escape_is_a_key_after_a_short_wait() -> None:
    assert take(b"\x1b", ESCAPE_DELAY / 2) == []
    assert take(b"\x1b", ESCAPE_DELAY) == [Input(Kind.KEY, "\x1b")]
    assert names(take(b"\x1b", ESCAPE_DELAY)) == ["escape"]
    assert take(b"\x1b\x1b[A") == [Input(Kind.KEY, "\x1b"), Input(Kind.KEY, "\x1b[A")]
    assert take(b"\x1b", ESCAPE_DELAY, b"P") == [Input(Kind.KEY, "\x1b"), Input(Kind.KEY, "P")]


@pytest.mark.parametrize("letter", "OPX/")
def test_alt_with_what_may_begin_a_sequence_is_a_key_too(letter: str) -> None:
    assert take(b"\x1b" + letter.encode(), ESCAPE_DELAY) == [Input(Kind.KEY, "\x1b" + letter)]


@pytest.mark.parametrize("start", [b"\x1b]11;rgb", b"\x1bP1$r", b"\x1b_G", b"\x1b^x", b"\x1bXx", b"\x9d1", b"\x1b[1;"])
def test_what_is_unfinished_is_dropped_after_a_second(start: bytes) -> None:
    assert take(start, SEQUENCE_TIMEOUT, b"q") == [Input(Kind.KEY, "q")]
    assert take(start, b"\x1b[A") == [Input(Kind.KEY, "\x1b[A")], "another sequence ends it at once"
    assert take(start, b"\x03") == [Input(Kind.KEY, "\x03")], "and so does Ctrl+C"


def test_nothing_of_a_string_is_kept() -> None:
    source = InputFilter()
    for _ in range(1000):
        assert not list(source.feed(b"\x1b]52;c;" + b"d" * 1000, 0.0))
        assert not list(source.feed(b"d" * 1000, 0.0))
        assert len(source._pending) <= 3
    list(source.feed(b"\x1b[" + b"1;" * 100_000, 0.0))
    assert len(source._pending) <= 256


def test_what_is_pasted_is_text_and_no_key_of_it_acts() -> None:
    text = "GLD$US\nd q 国 é\tx" * 1000
    data = b"\x1b[200~" + text.encode() + b"\x1b[201~"
    for at in range(1, 60):
        for pieces in ((data[:at], data[at:]), (data[:-at], data[-at:])):
            assert take(*pieces) == [Input(Kind.PASTE, text)]
    assert take(*(data[at : at + 4096] for at in range(0, len(data), 4096)), b"q")[1:] == [Input(Kind.KEY, "q")]


def test_sequences_in_a_paste_are_no_text_and_act_no_more() -> None:
    inside = b"a\x1b[Bb\x1b[<0;5;5Mc\x1b[97ud\x1b]2;x\x07e\x1b[200~f\x1b[1;1Rg\x1b[Oh\x00i"
    assert take(b"\x1b[200~" + inside + b"\x1b[201~") == [
        Input(Kind.CURSOR_POSITION, "\x1b[1;1R"),  # the frames' own answer
        Input(Kind.PASTE, "abcdefghi"),
    ]


def test_a_paste_without_an_end_ends_in_silence() -> None:
    assert take(b"\x1b[200~GLD", PASTE_TIMEOUT / 2, b"q") == []
    pasted = [Input(Kind.PASTE, "GLD"), Input(Kind.KEY, "q")]
    assert take(b"\x1b[200~GLD", PASTE_TIMEOUT, b"q") == pasted
    answers = [piece for _ in range(40) for piece in (0.1, b"\x1b[1;1R")]
    assert [each for each in take(b"\x1b[200~GLD", *answers, b"q") if each.kind is not Kind.CURSOR_POSITION] == pasted


def test_a_paste_that_goes_on_after_all_is_still_one() -> None:
    pasted = take(b"\x1b[200~GLD$US ", PASTE_TIMEOUT, b"d q x\x1b[201~", b"j")
    assert pasted == [Input(Kind.PASTE, "GLD$US "), Input(Kind.PASTE, "d q x"), Input(Kind.KEY, "j")]
    assert take(b"\x1b[200~a", PASTE_TIMEOUT, b"q", b"jj")[1:] == [Input(Kind.KEY, key) for key in "qjj"]
    assert take(b"\x1b[200~a", PASTE_TIMEOUT, b"j\x1b[1;1R")[1] == Input(Kind.KEY, "j")
    assert take(b"\x1b[200~a", PASTE_TIMEOUT, LATER, b"jj")[1:] == [Input(Kind.KEY, key) for key in "jj"]


def test_a_paste_is_bounded() -> None:
    [pasted] = take(b"\x1b[200~", *[b"d" * 65536] * 40, b"\x1b[201~")
    assert pasted == Input(Kind.PASTE, "d" * LONGEST_PASTE)


# --- any bytes ---

PIECES = st.one_of(
    st.binary(max_size=8),
    st.sampled_from([reply[:at] for reply in REPLIES for at in range(1, len(reply) + 1)]),
    st.sampled_from([key.encode() for key in [*KEYS, *SUBFIELDS, *RELEASES, *OTHERS]]),
    st.sampled_from([b"\x1b", b"\x1b[", b"\x1bP", b"\x1b]", b"\x9b", b"\x1b[200~", b"\x1b[201~", b"\x1b[M", b"\x1b\\"]),
    st.text(max_size=5).map(lambda text: text.encode(errors="surrogatepass")),
    st.integers(0, 1 << 24).map(lambda number: f"\x1b[{number};1;{number}u".encode()),
)
PERMITTED = {
    Kind.KEY: r"[^\x1b\x80-\x9f\ud800-\udfff\ufffd]|\x1b|\x1b[^\\\x80-\x9f\ud800-\udfff]"
    r"|\x1b\[\[[A-E]|\x1bO[A-Za-z]|\x1b\[[0-9;:]*[u~A-Za-z^@$]",
    Kind.MOUSE: r"\x1b\[<[0-9]{1,3}(;-?[0-9]{1,5}){2}[Mm]",
    Kind.PASTE: r"[^\x1b\x00\x80-\x9f\ud800-\udfff\ufffd]+",
    Kind.FOCUS_IN: r"\x1b\[I",
    Kind.FOCUS_OUT: r"\x1b\[O",
    Kind.CURSOR_POSITION: r"\x1b\[[0-9]{1,5};[0-9]{1,5}R",
    Kind.STATUS: r"\x1b\[0n",
    Kind.VERSION: r"[ -~]{1,62}",
    Kind.SYNCHRONIZED_OUTPUT: r"\x1b\[\?2026;[123]\$y",
}


@given(st.lists(st.one_of(PIECES, st.floats(0.0, 5.0)), max_size=12))
def test_of_any_bytes_only_what_is_permitted_passes(pieces: Sequence[bytes | float]) -> None:
    parser = SequenceParser()
    for each in take(*pieces, LATER):
        assert re.fullmatch(PERMITTED[each.kind], each.text, re.DOTALL)
        if each.kind is Kind.KEY:
            list(parser.keys(each.text))
        elif each.kind is Kind.MOUSE:
            parser.mouse(each.text)
    assert take(*pieces, LATER, LATER, b"j")[-1] == Input(Kind.KEY, "j"), "a key acts after anything"


@given(st.lists(PIECES, max_size=6).map(b"".join), st.lists(st.integers(0, 60), max_size=4))
def test_where_bytes_are_cut_makes_no_difference(data: bytes, places: list[int]) -> None:
    bounds = [0, *sorted(places), len(data)]
    pieces = [data[first:last] for first, last in pairwise(bounds)]
    assert take(*pieces, LATER) == take(data, LATER)


@pytest.mark.parametrize("reply", [b"\x1bP>|xterm(388)\x1b\\", b"\x90>|xterm(388)\x9c"])
def test_the_terminal_tells_its_name_and_version(reply: bytes) -> None:
    assert take(reply) == [Input(Kind.VERSION, "xterm(388)")]
    assert take(reply[:6], reply[6:], b"j") == [Input(Kind.VERSION, "xterm(388)"), Input(Kind.KEY, "j")]
    assert take(b"\x1b]>|xterm(388)\x1b\\", b"\x1bP>|\x1b\\", b"j") == [Input(Kind.KEY, "j")]
