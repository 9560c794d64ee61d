"""A recording: a file of all that came in, from which the same market can be made again.

JSON lines in gzip, or unpacked. The first line is a header; then each line is one thing that came in, in order:

    {"t":5124.25,"m":{"code":1,"data":{…}}}              a message as received
    {"t":5124.25,"raw":"{\\"code\\":1,\\"da"}                … that is no line of JSON: a character for each byte
    {"t":5124.25,"call":"follow","with":[["QQQ$US"]]}    what else the market was told, by a name of CALLS
    {"t":5124.25,"link":{"phase":"LIVE","since":5124.2}} a state of the link
    {"t":5124.25,"names":{"2800$HK":"Tracker Fund"}}     what funds are called, where the program itself does not know

`t` is s, monotonic: the arrival time that the market was given. About every second is a gzip member of its own: what
was written is whole whatever becomes of the rest, and its checksum tells whether it still is what was written.
"""

from __future__ import annotations

import stat
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, BinaryIO, NamedTuple, TypeAlias

import msgspec
from msgspec import Meta, Raw, Struct, field

from tui.errors import FeedError, UsageError, reason
from tui.feed.endpoint import DEMO_HOST, is_loopback
from tui.feed.state import LinkPhase, LinkState
from tui.market import Market
from tui.market.sessions import Holidays
from tui.protocol.json_repair import UNREADABLE
from tui.protocol.messages import MAX_SYMBOLS, Kline, Price, Quote
from tui.secrets import holds_key, redact, safe_text
from tui.symbol import Symbol, parse_symbol

FORMAT = 1
_AT_ONCE = 64 * 1024  # bytes read
_UNPACKED_AT_ONCE = 1024 * 1024  # bytes: it may be a thousand times as many
_LARGEST = 64 * 1024 * 1024  # bytes of text that are kept back until their checksum was right
_LONGEST_LINE = 4 * 1024 * 1024  # bytes: a message of the largest size, of bytes that take two in a line
_MEMBER = b"\x1f\x8b\x08"  # how each begins
_GZIP = 31

Seconds: TypeAlias = Annotated[float, Meta(ge=0, lt=1e9)]
Milliseconds: TypeAlias = Annotated[float, Meta(ge=0, lt=1e13)]
Followed: TypeAlias = Annotated[list[str], Meta(max_length=MAX_SYMBOLS)]


# --- what stands in it ---


class RecordingHeader(Struct, tag_field="recording", tag="itick-tui"):
    """The first line. `t` (s, monotonic) and `wall` (ms UTC) are one moment, the first."""

    format: int
    program: str
    t: Seconds
    wall: Milliseconds
    host: str
    symbols: Followed

    @property
    def base(self) -> float:
        """ms: wall clock − monotonic."""
        return self.wall - 1000 * self.t

    @property
    def followed(self) -> tuple[Symbol, ...]:
        """The symbols. Raises UsageError where one is none."""
        return tuple(map(_symbol, self.symbols))

    @property
    def demo(self) -> bool:
        """Whether all came from our own exchange, or may have. Raises ValueError where the host can be none."""
        return self.host == DEMO_HOST or is_loopback(f"ws://{self.host}")


class RecordedFrame(NamedTuple):
    """A frame, when it arrived."""

    t: float
    frame: bytes


class RecordedCall(NamedTuple):
    """Something else that the market was told."""

    t: float
    name: str
    arguments: tuple[Any, ...]


class RecordedState(NamedTuple):
    """A step of the link."""

    t: float
    state: LinkState


class RecordedNames(NamedTuple):
    """What funds are called."""

    t: float
    names: dict[Symbol, str]


Entry: TypeAlias = RecordedFrame | RecordedCall | RecordedState | RecordedNames


def _symbol(value: Any) -> Symbol:
    return parse_symbol(msgspec.convert(value, str)).symbol


def _symbols(value: Any) -> tuple[Symbol, ...]:
    return tuple(map(_symbol, msgspec.convert(value, Followed)))


def _closes(value: Any) -> dict[str, float]:
    return {day.isoformat(): close for day, close in msgspec.convert(value, dict[date, Price], str_keys=True).items()}


def _holidays(value: Any) -> dict[str, Holidays]:
    found = msgspec.convert(value, dict[str, Holidays], str_keys=True)
    return {region: Holidays(_cleaned(closed), _cleaned(early)) for region, (closed, early) in found.items()}


def _cleaned(days: Mapping[date, str]) -> dict[date, str]:
    return {day: safe_text(name) for day, name in days.items()}


def _of(kind: Any) -> Callable[[Any], Any]:
    return partial(msgspec.convert, type=kind)


class CallFormat(NamedTuple):
    """What a call of a recording stands for: a method of the market, and how each of its arguments is read."""

    method: Callable[..., object]
    readers: tuple[Callable[[Any], Any], ...]


CALLS = {
    "follow": CallFormat(Market.follow, (_symbols,)),
    "set_hours": CallFormat(Market.set_hours, (_of(bool),)),
    "reconnected": CallFormat(Market.reconnected, (_symbols,)),
    "refuse": CallFormat(Market.refuse, (_symbols, _of(str), _of(str))),
    "served": CallFormat(Market.expect_data, (_symbols, _of(Seconds))),
    "set_clock": CallFormat(Market.set_clock, (_of(Milliseconds),)),
    "observe_date": CallFormat(Market.observe_date, (_of(Seconds), _of(Seconds), _of(Milliseconds))),
    "disregard": CallFormat(Market.discard_lag_since, (_of(int),)),
    "set_holidays": CallFormat(Market.set_holidays, (_holidays,)),
    "recall": CallFormat(Market.apply_history, (_symbol, _of(tuple[Kline, ...]), _of(bool), _of(Seconds))),
    "recall_closes": CallFormat(Market.apply_history_closes, (_symbol, _closes)),
    "recall_quote": CallFormat(Market.apply_history_quote, (_symbol, _of(Quote), _of(Seconds))),
}
"""The calls that may stand in a recording, by their names in the file. The names are the format: they never change,
whatever the methods are called."""


# --- writing ---

_NEWLINE, _BACKSLASH = b"\n\\"  # as numbers they are found in a tenth of the time
_encode = msgspec.json.Encoder().encode
_is_json = msgspec.json.Decoder(Raw).decode


class _Link(Struct, omit_defaults=True):
    phase: LinkPhase
    since: Seconds
    detail: str = ""
    retry_at: Seconds = 0.0
    error: str = ""
    again: bool = False


def call_line(t: float, name: str, arguments: Sequence[Any]) -> bytes:
    line = _encode({"t": t, "call": name, "with": [_plain(argument) for argument in arguments]}) + b"\n"
    return redact(line.decode()).encode() if holds_key(line) else line  # in a Struct


def _plain(value: Any) -> Any:
    """Symbols in the vendor's spelling, texts without any key; Structs of the wire as they are there."""
    if isinstance(value, Symbol):
        return str(value)
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return redact(value) if isinstance(value, str) else value


def state_line(t: float, state: LinkState) -> bytes:
    error = redact(str(state.error or ""))
    link = _Link(state.phase, state.since, redact(state.detail), state.retry_at, error, state.was_live)
    return _encode({"t": t, "link": link}) + b"\n"


def names_line(t: float, names: Mapping[Symbol, str]) -> bytes:
    return _encode({"t": t, "names": {str(symbol): redact(name) for symbol, name in names.items()}}) + b"\n"


def message_line(t: bytes, frame: bytes | bytearray) -> bytes:
    """The line of a frame that arrived at `t`, as it prints. Costs 1 to 2 µs."""
    frame = without_key(frame)
    if frame.startswith(b"{") and frame.endswith(b"}") and _NEWLINE not in frame and frame.isascii():
        try:
            _is_json(frame)
        except UNREADABLE:
            pass
        else:
            return b"".join((b'{"t":', t, b',"m":', frame, b"}\n"))
    return b'{"t":%b,"raw":%b}\n' % (t, _encode(frame.decode("latin-1")))


def without_key(frame: bytes | bytearray) -> bytes | bytearray:
    """The frame, without any key. Of an answer to the key only its code and words are left."""
    if frame.find(b"resAc") < 0 and _BACKSLASH not in frame and not holds_key(frame):
        return frame
    try:
        said = msgspec.json.decode(frame)
        told = _redacted(said)
        if isinstance(told, dict) and told.get("resAc") == "auth":
            told = {name: told[name] for name in ("code", "resAc", "msg") if name in told}
        return frame if told == said else _encode(told)
    except UNREADABLE:
        return redact(frame.decode("latin-1")).encode("latin-1")


def _redacted(value: Any) -> Any:
    if isinstance(value, dict):
        return {redact(name): _redacted(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_redacted(each) for each in value]
    return redact(value) if isinstance(value, str) else value


# --- reading ---


class _Line(Struct):
    t: Seconds
    m: Raw = Raw()
    raw: str | None = None
    call: str = ""
    arguments: list[Any] = field(name="with", default_factory=list)
    link: _Link | None = None
    names: Annotated[dict[str, str], Meta(max_length=MAX_SYMBOLS)] | None = None


_line_decoder = msgspec.json.Decoder(_Line)


def parse_line(line: bytes | bytearray) -> Entry | None:
    """What a line says; None where it cannot be read, or is longer than any of ours: that would keep keys waiting."""
    if len(line) > _LONGEST_LINE:
        return None
    try:
        t, m, raw, call, arguments, link, names = msgspec.structs.astuple(_line_decoder.decode(line))
        if raw is not None:
            return RecordedFrame(t, raw.encode("latin-1"))
        if call:
            readers = CALLS[call].readers
            return RecordedCall(t, call, tuple(read(each) for read, each in zip(readers, arguments, strict=True)))
        if link is not None:
            phase, since, detail, retry_at, error, again = msgspec.structs.astuple(link)
            return RecordedState(
                t, LinkState(phase, since, detail, retry_at, FeedError(error) if error else None, again)
            )
        if names is not None:
            return RecordedNames(t, {_symbol(symbol): safe_text(name) for symbol, name in names.items()})
        return RecordedFrame(t, bytes(m)) if m else None
    except (*UNREADABLE, KeyError, UsageError):
        return None


class Recording:
    """A recording, open for reading: iterate over what is in it. It may be longer than memory.

    `damaged` counts what was left out because it cannot be read: a line, or as many as there are in a member whose
    checksum is wrong. `cut`: the end is missing. Raises UsageError for a file that is none.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damaged = 0
        self.cut = False
        try:
            regular = stat.S_ISREG(path.stat().st_mode)
        except FileNotFoundError:
            raise UsageError(f"cannot read {path}: there is no such file") from None
        except OSError as error:
            raise UsageError(f"cannot read {path}: {reason(error)}") from None
        if not regular:
            raise UsageError(f"cannot read {path}: it is no file")
        self._lines = self._read_lines()
        self.header = self._read_header()

    def _read_header(self) -> RecordingHeader:
        try:
            begins = islice(self._lines, 1 + _LARGEST // _AT_ONCE)
            header = msgspec.json.decode(next((line for line in begins if line is not None), b""), type=RecordingHeader)
            _ = header.followed, header.demo
        except OSError as error:
            raise UsageError(f"cannot read {self.path}: {reason(error)}") from None
        except (*UNREADABLE, UsageError):
            raise UsageError(f"{self.path} is no recording of itick-tui, or its beginning is lost") from None
        if header.format != FORMAT:
            raise UsageError(f"{self.path} has format {header.format}, and this itick-tui knows only {FORMAT}")
        return header

    def __iter__(self) -> Iterator[Entry]:
        return (entry for entry in self.portions() if entry is not None)

    def portions(self) -> Iterator[Entry | None]:
        """What is in it; None each time that something was read of which there is nothing to tell, for who has other
        things to do meanwhile. Gigabytes of it may follow each other."""
        for line in self._lines:
            entry = parse_line(line) if line is not None else None
            self.damaged += entry is None and line is not None
            yield entry

    def _read_lines(self) -> Iterator[bytes | None]:
        with self.path.open("rb") as file:
            texts = self._read_plain if file.peek(1).startswith(b"{") else self._read_members
            for text in texts(partial(self._read, file)):
                begin = 0
                while end := text.find(b"\n", begin) + 1:
                    yield text[begin : end - 1]
                    begin = end
                yield None

    def _read_plain(self, read: Callable[[], bytes]) -> Iterator[bytes]:
        text = bytearray()
        while piece := read():
            text += piece
            yield self._whole_lines(text) if b"\n" in piece or len(text) > _LONGEST_LINE else b""
        self.cut = self.cut or bool(text)

    def _read_members(self, read: Callable[[], bytes]) -> Iterator[bytes]:
        """The text of each member, when its checksum was right; of one that is cut off, its whole lines. One that is
        larger than any of ours, as after packing it anew, comes in pieces. Nothing where more is to be read first."""
        packed = read()
        while packed:
            if at := packed.find(_MEMBER):
                more = b"" if at > 0 else read()
                packed = packed[at:] if at > 0 else packed[1 - len(_MEMBER) :] + more if more else b""
                yield b""
                continue
            unpack, text = zlib.decompressobj(_GZIP), bytearray()
            piece = packed
            try:
                while piece and not unpack.eof:
                    text += unpack.decompress(piece, _UNPACKED_AT_ONCE)
                    if len(text) > _LARGEST:
                        yield self._whole_lines(text)
                        packed = b""
                    else:
                        yield b""
                    piece = unpack.unconsumed_tail
                    if not piece and not unpack.eof:
                        piece = read()
                        packed += piece
                text += unpack.flush()
            except zlib.error:
                self.damaged += max(1, text.count(b"\n"))
                packed = packed[1:]
                yield b""
                continue
            if unpack.eof:
                packed = unpack.unused_data
                if len(packed) < len(_MEMBER):
                    packed += read()
                if packed and not packed.startswith(_MEMBER):
                    self.damaged += 1
            else:
                packed, self.cut = b"", True
            yield self._whole_lines(text)

    def _whole_lines(self, text: bytearray) -> bytes:
        """Take the whole lines out of a text. A line that is too long is left out."""
        ends = text.rfind(b"\n") + 1
        if not ends and len(text) > _LONGEST_LINE:
            self.damaged += 1
            text.clear()
        with memoryview(text) as view:
            lines = bytes(view[:ends])
        del text[:ends]
        return lines

    def _read(self, file: BinaryIO) -> bytes:
        try:
            return file.read(_AT_ONCE)
        except OSError:  # a disk that fails in the middle: what was read is good
            self.cut = True
            return b""
