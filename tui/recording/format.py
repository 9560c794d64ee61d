"""The file format of recordings: all input of a market, from which the same market can be rebuilt.

JSON lines in gzip, or uncompressed. The first line is the header; each other line is one input, in order:

    {"t":5124.25,"m":{"code":1,"data":{…}}}              a frame as received
    {"t":5124.25,"raw":"{\\"code\\":1,\\"da"}                a frame that is no line of JSON: a character per byte
    {"t":5124.25,"call":"follow","with":[["QQQ$US"]]}    another call on the market, by a name of CALLS
    {"t":5124.25,"link":{"phase":"LIVE","since":5124.2}} a state of the link
    {"t":5124.25,"names":{"2800$HK":"Tracker Fund"}}     names of funds that the program itself does not know

`t` is s, monotonic: the arrival time that was passed to the market. The input of about a second is a gzip member of its
own, so what was written stays readable whatever happens to the rest, and has a checksum.
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
from tui.protocol.messages import MAX_SYMBOLS, Kline, Price, Quote, Size
from tui.secrets import holds_key, redact, safe_text
from tui.symbol import Symbol, parse_symbol

FORMAT = 1
_READ_SIZE = 64 * 1024  # bytes
_MAX_DECOMPRESSED = 1024 * 1024  # bytes per step: gzip may expand a thousandfold
_MAX_MEMBER = 64 * 1024 * 1024  # bytes of text that are held until the checksum of their member is verified
_MAX_LINE = 4 * 1024 * 1024  # bytes: a frame of the largest size, of bytes that take two each as text
MEMBER_START = b"\x1f\x8b\x08"  # RFC 1952 §2.3.1
GZIP_WBITS = 31  # zlib: a gzip member with the largest window

Seconds: TypeAlias = Annotated[float, Meta(ge=0, lt=1e9)]
Milliseconds: TypeAlias = Annotated[float, Meta(ge=0, lt=1e13)]
_Volumes: TypeAlias = Annotated[tuple[Size, ...], Meta(max_length=1_440)]
SymbolList: TypeAlias = Annotated[list[str], Meta(max_length=MAX_SYMBOLS)]


# --- entries ---


class RecordingHeader(Struct, tag_field="recording", tag="itick-tui"):
    """The first line. `t` (s, monotonic) and `wall` (ms UTC) are when the recording began."""

    format: int
    program: str
    t: Seconds
    wall: Milliseconds
    host: str
    symbols: SymbolList

    @property
    def base(self) -> float:
        """The wall clock minus the monotonic clock, ms."""
        return self.wall - 1000 * self.t

    @property
    def followed(self) -> tuple[Symbol, ...]:
        """The followed symbols. Raises UsageError if one is invalid."""
        return tuple(map(_symbol, self.symbols))

    @property
    def demo(self) -> bool:
        """True if the recording comes from our own exchange, or may come from it. Raises ValueError for an invalid
        host."""
        return self.host == DEMO_HOST or is_loopback(f"ws://{self.host}")


class RecordedFrame(NamedTuple):
    """A frame that arrived at `t` (s, monotonic)."""

    t: float
    frame: bytes


class RecordedCall(NamedTuple):
    """Another call on the market at `t` (s, monotonic), by a name of CALLS."""

    t: float
    name: str
    arguments: tuple[Any, ...]


class RecordedState(NamedTuple):
    """A state of the link at `t` (s, monotonic)."""

    t: float
    state: LinkState


class RecordedNames(NamedTuple):
    """Names of funds, which were known at `t` (s, monotonic)."""

    t: float
    names: dict[Symbol, str]


Entry: TypeAlias = RecordedFrame | RecordedCall | RecordedState | RecordedNames


def _symbol(value: Any) -> Symbol:
    return parse_symbol(msgspec.convert(value, str)).symbol


def _symbols(value: Any) -> tuple[Symbol, ...]:
    return tuple(map(_symbol, msgspec.convert(value, SymbolList)))


def _closes(value: Any) -> dict[str, float]:
    return {day.isoformat(): close for day, close in msgspec.convert(value, dict[date, Price], str_keys=True).items()}


def _holidays(value: Any) -> dict[str, Holidays]:
    found = msgspec.convert(value, dict[str, Holidays], str_keys=True)
    return {
        region: days._replace(closed=_safe_names(days.closed), early=_safe_names(days.early))
        for region, days in found.items()
    }


def _safe_names(days: Mapping[date, str]) -> dict[date, str]:
    return {day: safe_text(name) for day, name in days.items()}


def _to(kind: Any) -> Callable[[Any], Any]:
    return partial(msgspec.convert, type=kind)


class CallFormat(NamedTuple):
    """A call that may be recorded: the method of the market, and the parser of each argument."""

    method: Callable[..., object]
    parsers: tuple[Callable[[Any], Any], ...]


CALLS = {
    "follow": CallFormat(Market.follow, (_symbols,)),
    "set_hours": CallFormat(Market.set_hours, (_to(bool),)),
    "reconnected": CallFormat(Market.reconnected, (_symbols,)),
    "refuse": CallFormat(Market.refuse, (_symbols, _to(str), _to(str))),
    "served": CallFormat(Market.expect_data, (_symbols, _to(Seconds))),
    "set_clock": CallFormat(Market.set_clock, (_to(Milliseconds),)),
    "observe_date": CallFormat(Market.observe_date, (_to(Seconds), _to(Seconds), _to(Milliseconds))),
    "disregard": CallFormat(Market.discard_lag_since, (_to(int),)),
    "set_holidays": CallFormat(Market.set_holidays, (_holidays,)),
    "recall": CallFormat(Market.apply_history, (_symbol, _to(tuple[Kline, ...]), _to(bool), _to(Seconds))),
    "recall_closes": CallFormat(Market.apply_history_closes, (_symbol, _closes)),
    "iopv": CallFormat(Market.apply_iopv, (_symbol, _to(Price), _to(Milliseconds), _to(Seconds))),
    "recall_quote": CallFormat(Market.apply_history_quote, (_symbol, _to(Quote), _to(Seconds))),
    "trades_lost": CallFormat(Market.trades_lost, (_to(Seconds),)),
    "recall_usual_volume": CallFormat(
        Market.apply_usual_volume,
        (
            _symbol,
            _to(date),
            _to(Annotated[int, Meta(ge=0, le=20)]),
            _to(Annotated[tuple[Size, ...], Meta(max_length=1_440)]),
        ),
    ),
}
"""The calls that may be recorded, by their names in the file. These names are the format: they never change when a
method is renamed."""


# --- writing ---

_NEWLINE, _BACKSLASH = b"\n\\"  # integers are found in a tenth of the time
_encode = msgspec.json.Encoder().encode
_validate_json = msgspec.json.Decoder(Raw).decode


class _Link(Struct, omit_defaults=True):
    phase: LinkPhase
    since: Seconds
    detail: str = ""
    retry_at: Seconds = 0.0
    error: str = ""
    again: bool = False


def call_line(t: float, name: str, arguments: Sequence[Any]) -> bytes:
    """Returns the line of a call at `t` (s, monotonic), without any key."""
    line = _encode({"t": t, "call": name, "with": [_to_json(argument) for argument in arguments]}) + b"\n"
    return redact(line.decode()).encode() if holds_key(line) else line  # a key within a Struct


def _to_json(value: Any) -> Any:
    """Returns symbols in the vendor's spelling, texts without any key, and Structs as they are: msgspec encodes
    them."""
    if isinstance(value, Symbol):
        return str(value)
    if isinstance(value, list | tuple):
        return [_to_json(each) for each in value]
    return redact(value) if isinstance(value, str) else value


def state_line(t: float, state: LinkState) -> bytes:
    """Returns the line of a state of the link at `t` (s, monotonic), without any key."""
    error = redact(str(state.error or ""))
    link = _Link(state.phase, state.since, redact(state.detail), state.retry_at, error, state.was_live)
    return _encode({"t": t, "link": link}) + b"\n"


def names_line(t: float, names: Mapping[Symbol, str]) -> bytes:
    """Returns the line of names of funds at `t` (s, monotonic), without any key."""
    return _encode({"t": t, "names": {str(symbol): redact(name) for symbol, name in names.items()}}) + b"\n"


def message_line(t: bytes, frame: bytes | bytearray) -> bytes:
    """Returns the line of a frame that arrived at `t`, the digits of s monotonic. Costs 1 to 2 µs."""
    frame = redact_frame(frame)
    if frame.startswith(b"{") and frame.endswith(b"}") and _NEWLINE not in frame and frame.isascii():
        try:
            _validate_json(frame)
        except UNREADABLE:
            pass
        else:
            return b"".join((b'{"t":', t, b',"m":', frame, b"}\n"))
    return b'{"t":%b,"raw":%b}\n' % (t, _encode(frame.decode("latin-1")))


def redact_frame(frame: bytes | bytearray) -> bytes | bytearray:
    """Returns the frame without any key. Of the reply to the key (page, step 2) only code and message are left."""
    if frame.find(b"resAc") < 0 and _BACKSLASH not in frame and not holds_key(frame):
        return frame
    try:
        original = msgspec.json.decode(frame)
        redacted = _redact_all(original)
        if isinstance(redacted, dict) and redacted.get("resAc") == "auth":
            redacted = {name: redacted[name] for name in ("code", "resAc", "msg") if name in redacted}
        return frame if redacted == original else _encode(redacted)
    except UNREADABLE:
        return redact(frame.decode("latin-1")).encode("latin-1")


def _redact_all(value: Any) -> Any:
    if isinstance(value, dict):
        return {redact(name): _redact_all(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_redact_all(each) for each in value]
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
    """Returns the entry of a line; None if the line is invalid, or so long that parsing it would block the event
    loop."""
    if len(line) > _MAX_LINE:
        return None
    try:
        t, m, raw, call, arguments, link, names = msgspec.structs.astuple(_line_decoder.decode(line))
        if raw is not None:
            return RecordedFrame(t, raw.encode("latin-1"))
        if call:
            parsers = CALLS[call].parsers
            return RecordedCall(t, call, tuple(parse(each) for parse, each in zip(parsers, arguments, strict=True)))
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
    """Reads a recording: iterate over its entries. It may be larger than memory.

    `damaged` counts the lines that were skipped: invalid ones, and all of a member with a wrong checksum. `truncated`:
    the end of the file is missing. Raises UsageError if the file is no recording.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damaged = 0
        self.truncated = False
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
            begins = islice(self._lines, 1 + _MAX_MEMBER // _READ_SIZE)
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
        return (entry for entry in self.read_cooperatively() if entry is not None)

    def read_cooperatively(self) -> Iterator[Entry | None]:
        """Yields the entries, and None after each step of reading, so that an event loop can run in between: there may
        be gigabytes without an entry."""
        for line in self._lines:
            entry = parse_line(line) if line is not None else None
            self.damaged += entry is None and line is not None
            yield entry

    def _read_lines(self) -> Iterator[bytes | None]:
        with self.path.open("rb") as file:
            read_texts = self._read_plain if file.peek(1).startswith(b"{") else self._read_members
            for text in read_texts(partial(self._read, file)):
                begin = 0
                while end := text.find(b"\n", begin) + 1:
                    yield text[begin : end - 1]
                    begin = end
                yield None

    def _read_plain(self, read: Callable[[], bytes]) -> Iterator[bytes]:
        text = bytearray()
        while piece := read():
            text += piece
            yield self._take_lines(text) if b"\n" in piece or len(text) > _MAX_LINE else b""
        self.truncated = self.truncated or bool(text)

    def _read_members(self, read: Callable[[], bytes]) -> Iterator[bytes]:
        """Yields the text of each member once its checksum is verified; of a truncated one its complete lines. A member
        that is larger than _MAX_MEMBER, as after recompression, is yielded in pieces. Yields b"" after a step without
        text."""
        compressed = read()
        while compressed:
            if at := compressed.find(MEMBER_START):
                more = b"" if at > 0 else read()
                compressed = compressed[at:] if at > 0 else compressed[1 - len(MEMBER_START) :] + more if more else b""
                yield b""
                continue
            decompressor, text = zlib.decompressobj(GZIP_WBITS), bytearray()
            piece = compressed
            try:
                while piece and not decompressor.eof:
                    text += decompressor.decompress(piece, _MAX_DECOMPRESSED)
                    if len(text) > _MAX_MEMBER:
                        yield self._take_lines(text)
                        compressed = b""
                    else:
                        yield b""
                    piece = decompressor.unconsumed_tail
                    if not piece and not decompressor.eof:
                        piece = read()
                        compressed += piece
                text += decompressor.flush()
            except zlib.error:
                self.damaged += max(1, text.count(b"\n"))
                compressed = compressed[1:]
                yield b""
                continue
            if decompressor.eof:
                compressed = decompressor.unused_data
                if len(compressed) < len(MEMBER_START):
                    compressed += read()
                if compressed and not compressed.startswith(MEMBER_START):
                    self.damaged += 1
            else:
                compressed, self.truncated = b"", True
            yield self._take_lines(text)

    def _take_lines(self, text: bytearray) -> bytes:
        """Remove the complete lines from a text and return them. A line over _MAX_LINE is dropped and counted."""
        ends = text.rfind(b"\n") + 1
        if not ends and len(text) > _MAX_LINE:
            self.damaged += 1
            text.clear()
        with memoryview(text) as view:
            lines = bytes(view[:ends])
        del text[:ends]
        return lines

    def _read(self, file: BinaryIO) -> bytes:
        try:
            return file.read(_READ_SIZE)
        except OSError:  # the disk failed: what was read until now is valid
            self.truncated = True
            return b""
