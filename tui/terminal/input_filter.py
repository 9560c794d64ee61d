"""Splits the bytes of the terminal into input that the program may act on, and drops everything else.

A terminal sends more than keys: replies to queries, also to those of the program before this one, and reports of modes
that were left on. A reply that is read as keys, letter by letter, would remove symbols or end the program. So the
control sequences of ECMA-48 are distinguished by their form (CSI, SS3, and the strings OSC, DCS, APC, PM, SOS; each
with a 7-bit or an 8-bit introducer), and only those pass that are keys, mouse reports, focus reports, bracketed paste,
cursor position and status reports (CPR, DSR 0) and the mode report (DECRPM) that Textual asks for.

Every wait for the rest of a sequence has a deadline. Of a string only the first characters are kept, for the terminal's
name and version (XTVERSION).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from enum import Enum, auto

from msgspec import Struct

from tui.terminal.textual_private import FUNCTIONAL_KEYS, is_known_key

ESCAPE_DELAY = 0.1
"""s without input after which an ESC is the key Escape, and ESC with one character is Alt with that key."""
SEQUENCE_TIMEOUT = 1.0
"""s without input after which an unfinished sequence is dropped."""
PASTE_TIMEOUT = 3.0
"""s without text after which an unfinished paste ends."""
LONGEST_PASTE = 1_000_000
"""Characters of a paste that are kept."""

_RESUME_FACTOR = 10  # for so many times its timeout what was given up may still be continued
_LONGEST_CSI = 256
_LONGEST_VERSION = 64
_VERSION = re.compile(r">\|[ -~]+\Z")
_ESC = "\x1b"
_PASTE_START, _PASTE_END = "\x1b[200~", "\x1b[201~"
_X10_MOUSE, _LINUX_FUNCTION_KEY = "\x1b[M", "\x1b[["
_STRINGS = "]PX^_"  # OSC, DCS, SOS, PM, APC
_STRING_END = re.compile(r"[\x00-\x07\x0e-\x1f\x9c\udc9c]")  # BEL, ST, ESC, and what no string may hold
_SPECIAL = re.compile(r"[\x1b\x80-\x9f\ud800-\udfff\ufffd]")  # what is not text
# How a sequence goes on after its ESC, and hardly what a person types.
_CONTINUED = re.compile(r"\[[0-9<-?M]|\][0-9Ll]|P[0-9<-?!]|[\^_].|O[A-Za-z]")
_CURSOR_POSITION = re.compile(r"\x1b\[[0-9]{1,5};[0-9]{1,5}R")
_STATUS = "\x1b[0n"
_SYNCHRONIZED_OUTPUT = re.compile(r"\x1b\[\?2026;[123]\$y")  # 0 is unknown, 4 is off for ever
_MOUSE = re.compile(r"\x1b\[<[0-9]{1,3};-?[0-9]{1,5};-?[0-9]{1,5}[Mm]")
_KEY = re.compile(
    r"\x1b\[([0-9]{1,7})(?::[0-9]{0,7}(?::([0-9]{1,7})?)?)?"  # code point or function key; shifted, base key
    r"(?:;([0-9]{0,3})(?::([0-9]?))?(?:;([0-9:]*))?)?"  # modifiers, event; text
    r"([u~A-FHPQS])"
)
_CONTROL_KEYS = (9, 13, 27, 127)  # the only control characters that are keys of the kitty keyboard protocol
_KEYPAD = {  # the keypad's keys by the protocol's numbers, as the keys of the characters on them
    (str(number), "u"): str(ord(character)) for number, character in enumerate("0123456789./*-+\r=,", 57399)
}
_CTRL = 4  # the bit of the modifiers
_NOT_UTF8 = "tui.terminal.not-utf-8"


def _escape_invalid(error: UnicodeError) -> tuple[str, int]:
    """Replaces bytes that are no UTF-8, each by one surrogate. A byte of a truncated character is no control character;
    a single one may be."""
    assert isinstance(error, UnicodeDecodeError)
    invalid = error.object[error.start : error.end]
    if len(invalid) == 1:
        return chr(0xDC00 + invalid[0]), error.end
    return "\udcff" * len(invalid), error.end


codecs.register_error(_NOT_UTF8, _escape_invalid)


class Kind(Enum):
    """The kinds of input that pass the filter."""

    KEY = auto()
    """A character, ESC, ESC and a character (Alt), or a control sequence of a key."""
    MOUSE = auto()
    """An SGR mouse report."""
    PASTE = auto()
    """Pasted text."""
    FOCUS_IN = auto()
    FOCUS_OUT = auto()
    CURSOR_POSITION = auto()
    STATUS = auto()
    """The reply to a status query (DSR 5)."""
    VERSION = auto()
    """The reply to a query of the terminal's name and version (XTVERSION)."""
    SYNCHRONIZED_OUTPUT = auto()
    """The terminal has synchronized output (mode 2026)."""


class Input(Struct, frozen=True):
    """One piece of input: the characters of a key or report, or what was pasted."""

    kind: Kind
    text: str


class InputFilter:
    """A state machine over the bytes of a terminal: `feed` with what was read, and `expire` at the latest when
    something is `due`. Times are in s, monotonic."""

    def __init__(self, escape_delay: float = ESCAPE_DELAY) -> None:
        self._escape_delay = escape_delay
        self._decoder = codecs.getincrementaldecoder("utf-8")(_NOT_UTF8)
        self._now = 0.0
        self._pending = ""  # the sequence so far, in 7 bits; of a string its introducer and one character at most
        self._string = ""  # the first characters of the pending string
        self._string_introducer = ""
        self._is_8_bit = False  # whether it began with an 8-bit control character: then it never was Alt with a key
        self._pending_due = 0.0
        self._paste: list[str] | None = None
        self._paste_length = 0
        self._paste_due = 0.0
        self._given_up = ""  # the sequence that expired last
        self._resumable_until = 0.0

    @property
    def due(self) -> float | None:
        """When something expires next, None for never."""
        due = [self._pending_due] if self._pending else []
        if self._paste is not None:
            due.append(self._paste_due)
        return min(due, default=None)

    def feed(self, data: bytes, now: float) -> Iterator[Input]:
        """Yields the input that is complete with these bytes."""
        text = self._decoder.decode(data)
        if not text:
            return
        self._now = now
        self._resume(text)
        at = 0
        while at < len(text):
            if self._in_string:
                at = self._skip_string(text, at)
                if not self._in_string:
                    yield from self._end_string()
            elif self._paste is not None and not self._pending and not _SPECIAL.match(text, at):
                at = self._add_to_paste(text, at)
            else:
                yield from self._handle(text[at])
                at += 1
        self._pending_due = now + self._timeout

    def expire(self, now: float) -> Iterator[Input]:
        """Yields what is complete because nothing followed, and drops what is unfinished. To be called when there is
        nothing left to read."""
        self._now = now
        if self._pending and now >= self._pending_due:
            if self._paste is None:
                self._remember_given_up(self._pending, self._timeout)
            yield from self._give_up()
        if self._paste is not None and now >= self._paste_due:
            self._remember_given_up(_PASTE_START, PASTE_TIMEOUT)
            yield from self._end_paste()

    @property
    def _timeout(self) -> float:
        return self._escape_delay if len(self._pending) <= 2 else SEQUENCE_TIMEOUT

    # --- what comes late, on a slow line ---

    def _remember_given_up(self, sequence: str, timeout: float) -> None:
        self._given_up = sequence
        self._resumable_until = self._now + _RESUME_FACTOR * timeout

    def _resume(self, text: str) -> None:
        """Go on with a sequence that was given up, if its rest comes after all. A person types one key at a time (a
        cursor position report may follow at once); the rest of a sequence comes in one piece."""
        given_up, self._given_up = self._given_up, ""
        if not given_up or self._now > self._resumable_until or len(text) < 2 or _ESC in text[:2]:
            return
        if given_up == _PASTE_START:
            self._begin_paste()
        elif len(given_up) > 2 or _CONTINUED.match(given_up[1:] + text):
            self._pending = given_up

    # --- sequences ---

    def _handle(self, character: str) -> Iterator[Input]:
        """Handle one character, of a sequence or not."""
        pending = self._pending
        if not pending:
            yield from self._begin(character)
        elif pending[-1] == _ESC != pending:
            self._begin_sequence(_ESC)  # no string goes on behind an ESC: with a \\ it is at its end
            if character != _ESC:
                yield from self._continue_escape(character)
        elif character == _ESC:
            yield from self._give_up()
            self._begin_sequence(_ESC)
        elif pending == _ESC:
            yield from self._continue_escape(character)
        elif pending.startswith(_X10_MOUSE):
            yield from self._continue_x10_mouse(character)
        elif pending[1] == "[" or pending[1] == "O":
            yield from self._continue_control(character)
        elif "0" <= character <= "~":
            self._pending = ""  # ESC, an intermediate and a final character: no key
        else:
            yield from self._give_up()
            yield from self._begin(character)

    def _begin(self, character: str) -> Iterator[Input]:
        code = ord(character)
        if 0xDC80 <= code <= 0xDCFF:
            code -= 0xDC00  # a byte that is no UTF-8
        if character == _ESC:
            self._begin_sequence(_ESC)
        elif 0x80 <= code <= 0x9F:
            introducer = chr(code - 0x40)
            if introducer in _STRINGS or introducer in "[O":
                self._begin_sequence(_ESC + introducer, is_8_bit=True)
        elif _SPECIAL.match(character) is None:
            yield from self._permit(Kind.KEY, character)

    def _begin_sequence(self, start: str, *, is_8_bit: bool = False) -> None:
        self._pending, self._is_8_bit = start, is_8_bit

    def _continue_escape(self, character: str) -> Iterator[Input]:
        if character in _STRINGS or character in "[O" or " " <= character <= "/":
            self._pending += character
        elif _SPECIAL.match(character):
            yield from self._give_up()
            yield from self._begin(character)
        else:
            self._pending = ""
            if character != "\\":  # the end of a string that was dropped before
                yield from self._permit(Kind.KEY, _ESC + character)

    def _continue_control(self, character: str) -> Iterator[Input]:
        """Handle the next character of CSI or SS3: parameters, intermediates and a final character."""
        pending = self._pending
        if pending == _LINUX_FUNCTION_KEY or not " " <= character <= "~":
            self._pending = ""
            if is_known_key(pending + character):
                yield from self._permit(Kind.KEY, pending + character)
            elif not " " <= character <= "~":
                yield from self._begin(character)
        elif character >= "@":
            self._pending = pending + character
            if self._pending not in (_X10_MOUSE, _LINUX_FUNCTION_KEY):
                yield from self._complete()
        elif character == "$" and is_known_key(pending + character):  # urxvt's Shift: no final character follows
            self._pending = pending + character
            yield from self._complete()
        elif len(pending) < _LONGEST_CSI:
            self._pending = pending + character

    def _continue_x10_mouse(self, character: str) -> Iterator[Input]:
        """Skip an X10 mouse report: three bytes of any value. Textual does not read them."""
        if character < " ":
            self._pending = ""
            yield from self._begin(character)
            return
        self._pending += character
        if sum(map(_byte_count, self._pending[len(_X10_MOUSE) :])) >= 3:
            self._pending = ""

    def _complete(self) -> Iterator[Input]:
        """Yield the pending sequence if it is one of those that may pass."""
        sequence, self._pending = self._pending, ""
        if sequence == _PASTE_START:
            if self._paste is None:
                self._begin_paste()
        elif sequence == _PASTE_END:
            yield from self._end_paste()
        elif _CURSOR_POSITION.fullmatch(sequence):
            yield Input(Kind.CURSOR_POSITION, sequence)  # also amid a paste: frames wait for it
        elif sequence == _STATUS:
            yield Input(Kind.STATUS, sequence)
        elif sequence == "\x1b[I":
            yield from self._permit(Kind.FOCUS_IN, sequence)
        elif sequence == "\x1b[O":
            yield from self._permit(Kind.FOCUS_OUT, sequence)
        elif _MOUSE.fullmatch(sequence):
            yield from self._permit(Kind.MOUSE, sequence)
        elif _SYNCHRONIZED_OUTPUT.fullmatch(sequence):
            yield from self._permit(Kind.SYNCHRONIZED_OUTPUT, sequence)
        elif sequence.endswith("u") and (key := _simple_key(sequence)):
            yield from self._permit(Kind.KEY, key)
        elif is_known_key(sequence):
            yield from self._permit(Kind.KEY, sequence)
        elif key := _simple_key(sequence):
            yield from self._permit(Kind.KEY, key)

    def _give_up(self) -> Iterator[Input]:
        """End the pending sequence: an ESC is the key Escape, ESC with one more character is Alt with that key, and
        anything longer is dropped. Alt with an introducer that is no letter is no key of Textual's either."""
        pending, self._pending = self._pending, ""
        if self._is_8_bit or len(pending) > 2 or pending[1:] in ("[", "]", "^", "_"):
            return
        if pending:
            yield from self._permit(Kind.KEY, pending)

    def _permit(self, kind: Kind, text: str) -> Iterator[Input]:
        """Yield it, except amid a paste: nothing that is pasted acts."""
        if self._paste is None:
            yield Input(kind, text)

    # --- strings ---

    @property
    def _in_string(self) -> bool:
        return self._pending[1:2] in tuple(_STRINGS) and self._pending[-1] != _ESC

    def _skip_string(self, text: str, at: int) -> int:
        """Skip what belongs to a string; returns where the text goes on."""
        if len(self._pending) == 2:
            self._string, self._string_introducer = "", self._pending[1]
        end = _STRING_END.search(text, at)
        last = end.start() if end is not None else len(text)
        if last > at:
            self._string += text[at : min(last, at + _LONGEST_VERSION - len(self._string))]
            self._pending = self._pending[:2] + "."  # no longer its introducer alone
        if end is None:
            return last
        if end[0] == _ESC:
            self._pending += _ESC
            return end.end()
        self._pending = ""
        return end.end() if end[0] in "\x07\x18\x1a\x9c\udc9c" else last

    def _end_string(self) -> Iterator[Input]:
        """Yield the terminal's name and version, if the string that ended is that."""
        string, self._string = self._string, ""
        if self._string_introducer == "P" and _VERSION.match(string):
            yield Input(Kind.VERSION, string[2:])

    # --- paste ---

    def _begin_paste(self) -> None:
        self._paste, self._paste_length = [], 0
        self._paste_due = self._now + PASTE_TIMEOUT

    def _add_to_paste(self, text: str, at: int) -> int:
        """Add text up to the next special character to the paste; returns where that is."""
        assert self._paste is not None
        special = _SPECIAL.search(text, at)
        end = special.start() if special is not None else len(text)
        kept = text[at : min(end, at + LONGEST_PASTE - self._paste_length)]
        self._paste.append(kept)
        self._paste_length += len(kept)
        self._paste_due = self._now + PASTE_TIMEOUT
        return end

    def _end_paste(self) -> Iterator[Input]:
        pasted, self._paste = self._paste, None
        if pasted and (text := "".join(pasted).replace("\0", "")):
            yield Input(Kind.PASTE, text)


def _byte_count(character: str) -> int:
    """Returns how many bytes a character was read as."""
    return 1 if "\udc80" <= character <= "\udcff" else len(character.encode())


def _simple_key(sequence: str) -> str:
    """Returns a key of the kitty keyboard protocol without its subfields, which Textual's parser does not accept; ""
    for the release of a key and for what is no key."""
    match = _KEY.fullmatch(sequence)
    if match is None:
        return ""
    code, base, modifiers, event, text, final = match.groups(default="")
    if event not in ("", "1", "2") or (modifiers and not 1 <= int(modifiers) <= 256):
        return ""
    if base and int(code) > 0x7F and modifiers and (int(modifiers) - 1) & _CTRL and _is_text(base):
        code = base  # Ctrl+С of a Cyrillic layout is Ctrl+C; a Latin layout's letters stand where its user knows them
    code = _KEYPAD.get((code, final), code)
    if text and not all(_is_text(point) for point in text.split(":")):
        return ""
    number = int(code)
    if final == "u" and not 0xE000 <= number <= 0xF8FF:
        is_key = number in _CONTROL_KEYS or _is_text(code) or (number == 0 and text != "")
    elif (final, number) == ("~", 27):
        is_key = text != ""  # xterm's modifyOtherKeys
    else:
        is_key = f"{number}{final}" in FUNCTIONAL_KEYS
    fields = [code, modifiers, text] if text else [code, modifiers] if modifiers else [code]
    return f"\x1b[{';'.join(fields)}{final}" if is_key else ""


def _is_text(code_point: str) -> bool:
    """Returns True if a decimal number is the code point of a character that can be typed."""
    if not code_point:
        return False
    number = int(code_point)
    return 0x20 <= number < 0x7F or (0xA0 <= number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF)
