"""The file of a recording: what is written is read, damage is counted, and no key is in it."""

from __future__ import annotations

import gzip
import inspect
import json
import os
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.messages import BOOK_B, QQQ, SPY, T, bar, quote, tick
from tests.support.recordings import BEGAN, compress, header, play_all, record, state_of, tick_lines, write_recording
from tests.support.wait_until import until
from tui.errors import FeedError, UsageError
from tui.feed.dispatch import make_dispatcher
from tui.feed.state import LinkPhase, LinkState
from tui.market import Market
from tui.market.sessions import Holidays, zone
from tui.protocol.messages import OVER_LIMIT, encode
from tui.recording.format import (
    CALLS,
    RecordedCall,
    RecordedFrame,
    RecordedNames,
    RecordedState,
    Recording,
    call_line,
    message_line,
    parse_line,
    state_line,
)
from tui.recording.writer import Recorder
from tui.reference.fund_names import FundNames
from tui.secrets import take_from_environment
from tui.symbol import Symbol

KEY = "5ecre7-2abf6c0e7dd8a1930a"
HOLIDAYS = {"US": Holidays({date(2026, 12, 25): "Christmas Day"}, {date(2026, 12, 24): "Christmas Eve"})}


# --- a line ---


@given(st.one_of(st.binary(), st.text().map(str.encode), st.sampled_from([b'{"a":1}', b'{"a":\n1}', b'{"a":"\xff"}'])))
def test_every_frame_round_trips(frame: bytes) -> None:
    line = message_line(b"1.25", frame)
    assert line.count(b"\n") == 1
    assert parse_line(line[:-1]) == RecordedFrame(1.25, frame)


def test_a_message_is_readable_json_in_its_line() -> None:
    line = json.loads(message_line(b"7.5", encode(tick(512.34))))
    assert line["t"] == 7.5
    assert line["m"]["data"]["ld"] == 512.34


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("follow", ((QQQ, SPY),)),
        ("set_hours", (True,)),
        ("reconnected", ((),)),
        ("refuse", ((QQQ,), "depth", OVER_LIMIT)),
        ("served", ((QQQ,), 12.5)),
        ("set_clock", (1.7e12,)),
        ("observe_date", (12.25, 12.5, 1.7e12)),
        ("disregard", (7,)),
        ("set_holidays", (HOLIDAYS,)),
        ("recall", (QQQ, (bar(0, 1.5, 10.0),), True, 12.5)),
        ("recall_closes", (QQQ, {"2026-11-20": 509.13})),
        ("recall_quote", (QQQ, quote(512.34), 12.5)),
        ("recall_usual_volume", (QQQ, date(2026, 11, 30), 7, (1000.0, 2500.0))),
    ],
)
def test_every_call_round_trips(name: str, arguments: tuple[Any, ...]) -> None:
    assert parse_line(call_line(3.0, name, arguments)) == RecordedCall(3.0, name, arguments)


def test_every_recorded_call_of_the_market_is_in_the_format() -> None:
    """A call that is recorded without a parser could not be replayed."""
    source = inspect.getsource(Market)
    assert set(re.findall(r'_report_call\("(\w+)"', source)) == set(CALLS)


def test_unknown_fund_names_are_recorded_once(tmp_path: Path) -> None:
    trust, market, fund_names = Symbol("ZZZ", "HK"), Market(), FundNames()
    fund_names.add({trust: "Tracker Fund\x1b[31m"})
    with record(tmp_path / "r.gz", market, [QQQ, trust]) as recorder:
        for _ in range(3):
            recorder.record_names(fund_names, [QQQ, trust])
    names = [entry for entry in Recording(tmp_path / "r.gz") if isinstance(entry, RecordedNames)]
    assert names == [RecordedNames(BEGAN, {trust: "Tracker Fund�[31m"})]


def test_a_vendor_s_name_of_a_well_known_fund_is_recorded(tmp_path: Path) -> None:
    market, fund_names = Market(), FundNames()
    fund_names.add({QQQ: "Renamed ETF"})
    with record(tmp_path / "r.gz", market, [QQQ, SPY]) as recorder:
        recorder.record_names(fund_names, [QQQ, SPY])
    names = [entry for entry in Recording(tmp_path / "r.gz") if isinstance(entry, RecordedNames)]
    assert names == [RecordedNames(BEGAN, {QQQ: "Renamed ETF"})]


def test_a_state_of_the_link_round_trips() -> None:
    state = LinkState(LinkPhase.RECONNECTING, 5.0, "", 9.0, FeedError("connection lost"), True)
    back = parse_line(state_line(5.5, state))
    assert isinstance(back, RecordedState)
    assert back.state.describe(5.0) == state.describe(5.0) == "reconnecting in 4 s: connection lost"
    assert back.state.since == 5.0 and back.state.was_live


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"null",
        b"{}",
        b'{"t":1}',
        b'{"t":-1,"m":{}}',
        b'{"t":1e400,"m":{}}',
        b'{"t":1,"raw":"\xe2\x82\xac"}',
        b'{"t":1,"call":"apply","with":[]}',
        b'{"t":1,"call":"__class__","with":[]}',
        b'{"t":1,"call":"follow","with":[]}',
        b'{"t":1,"call":"follow","with":[["QQQ$US\\u001b[31m"]]}',
        b'{"t":1,"call":"set_clock","with":["soon"]}',
        b'{"t":1,"call":"set_clock","with":[1e300]}',
        b'{"t":1,"link":{"phase":"upside down","since":1}}',
        b'{"t":1,"names":{"QQQ/US":"Invesco"}}',
        b'{"t":1,"m":' + b"[" * 100_000,
        b'{"t":1,"m":{"code":1,"data":"%s"}}' % (b"x" * 5_000_000),
        b'{"t":1,"call":"follow","with":[[%s]]}' % b",".join(b'"N%d$US"' % n for n in range(501)),
        b'{"t":1,"names":{%s}}' % b",".join(b'"N%d$US":"N"' % n for n in range(501)),
    ],
    ids=lambda line: line[:40].decode("latin-1"),
)
def test_an_invalid_line_has_no_entry(line: bytes) -> None:
    assert parse_line(line) is None


# --- no key ---


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("ITICK_TOKEN", KEY)
    assert take_from_environment() is not None
    return KEY


@pytest.mark.parametrize(
    "frame",
    [
        '{"code":1,"resAc":"auth","msg":"authenticated","token":"KEY"}',
        '{"code":1,"resAc":"auth","msg":"authenticated, KEY"}',
        '{"code":1,"re\\u0073Ac":"auth","token":"ESCAPED"}',
        '{"code":1,"data":{"token":"ESCAPED"}}',
        '{"code":0,"msg":"who are you, KEY?"}',
        '{"code":1,"data":{"KEY":["KEY"]}}',
        "{who are you, KEY",
    ],
)
def test_the_key_is_redacted_from_a_frame(key: str, frame: str) -> None:
    escaped = f"{key[0]}\\u{ord(key[1]):04x}{key[2:]}"
    line = message_line(b"1.0", frame.replace("KEY", key).replace("ESCAPED", escaped).encode())
    assert key[2:].encode() not in line
    back = parse_line(line)
    assert isinstance(back, RecordedFrame) and back.frame


@pytest.mark.parametrize("depth", [600, 5_000])
def test_the_key_is_redacted_from_a_deeply_nested_frame(key: str, depth: int) -> None:
    frame = f'{{"resAc":"{key}","data":{"[" * depth}{"]" * depth}}}'
    back = parse_line(message_line(b"1.0", frame.encode()))
    assert isinstance(back, RecordedFrame) and back.frame == frame.replace(key, "[key]").encode()


def test_only_code_and_message_of_an_auth_reply_are_recorded() -> None:
    frame = b'{"code":1,"resAc":"auth","msg":"authenticated","user":"me@example.org"}'
    back = parse_line(message_line(b"1.0", frame))
    assert isinstance(back, RecordedFrame)
    assert json.loads(back.frame) == {"code": 1, "resAc": "auth", "msg": "authenticated"}


def test_the_key_is_redacted_from_states_and_refusals(key: str) -> None:
    state = LinkState(LinkPhase.STOPPED, 1.0, key, 0.0, FeedError(f"refused, {key}"))
    told = state_line(1.0, state) + call_line(1.0, "refuse", [(QQQ,), "depth", f"not for {key}"])
    told += call_line(1.0, "recall", [QQQ, (bar(0, s=key),), False, 1.0])
    assert key.encode() not in told


# --- the file ---


def test_a_recording_rebuilds_the_same_market(tmp_path: Path) -> None:
    market = Market()
    begin, take = make_dispatcher(market, None, lambda reply, now: None)
    with record(tmp_path / "r.gz", market, [QQQ, SPY]):
        market.set_clock(T - 1000 * BEGAN)
        market.reconnected([QQQ, SPY])
        for n in range(500):
            begin(BEGAN + n / 100)
            for message in (tick(500 + n % 7, 10 * n, volume=n), quote(500 + n % 5, 10 * n), BOOK_B, bar(n // 100)):
                take(encode(message))
            take(b"{not JSON")
    again, recording = play_all(tmp_path / "r.gz")
    assert market.health.messages == 2_500
    assert state_of(again) == state_of(market)
    assert (recording.damaged, recording.truncated) == (0, False)


def test_frames_of_one_read_may_be_written_in_several_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.recording.writer._WRITE_EVERY", 60.0)
    market = Market()
    market.set_clock(T - 1000 * BEGAN)
    begin, take = make_dispatcher(market, None, lambda reply, now: None)
    with record(tmp_path / "r.gz", market) as recorder:
        begin(BEGAN + 1)
        for n in range(3):
            take(encode(tick(500.0 + n)))
            recorder._write_pending()
    again, recording = play_all(tmp_path / "r.gz")
    assert recording.damaged == 0
    assert state_of(again) == state_of(market)


def test_an_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "r.gz").write_bytes(b"mine")
    with pytest.raises(UsageError, match="is there already"):
        Recorder(tmp_path / "r.gz")
    assert (tmp_path / "r.gz").read_bytes() == b"mine"


def test_an_unwritable_place_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file or directory"):
        Recorder(tmp_path / "no" / "r.gz")


def test_a_recorder_that_never_began_leaves_no_file(tmp_path: Path) -> None:
    with Recorder(tmp_path / "r.gz"):
        pass
    assert not (tmp_path / "r.gz").exists()


async def test_a_full_disk_ends_the_recording_and_not_the_feed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.recording.writer._WRITE_EVERY", 0.01)
    market, told = Market(), list[str]()
    with record(tmp_path / "r.gz", market) as recorder:
        recorder.on_error = lambda: told.append(recorder.error)
        full = os.open("/dev/full", os.O_WRONLY)
        os.dup2(full, recorder._file.fileno())
        os.close(full)
        begin, take = make_dispatcher(market, None, lambda reply, now: None)
        begin(BEGAN)
        take(encode(tick(500.0)))
        await until(lambda: told)
        assert told == [f"{tmp_path / 'r.gz'} cannot be written: no space left on device"]
        begin(BEGAN + 1)
        take(encode(tick(501.0, 1)))
        recorder.record_state(LinkState(LinkPhase.LIVE, BEGAN))
        assert market.instruments[QQQ].last == 501.0
        assert recorder._pending == []


async def test_a_defect_of_ours_ends_the_recording_and_not_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> bytes:
        raise LookupError(KEY)

    monkeypatch.setattr("tui.recording.writer._WRITE_EVERY", 0.01)
    monkeypatch.setattr("tui.recording.writer.message_line", fail)
    market = Market()
    with record(tmp_path / "r.gz", market) as recorder:
        begin, take = make_dispatcher(market, None, lambda reply, now: None)
        begin(BEGAN)
        take(encode(tick(500.0)))
        await until(lambda: recorder.error)
        assert recorder.error == "a fault in the program (LookupError)"
        take(encode(tick(501.0)))
        assert market.instruments[QQQ].last == 501.0
    assert caplog.records[-1].exc_info is not None


def test_a_slow_disk_ends_the_recording_before_memory_runs_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.recording.writer._MAX_PENDING", 1_000)
    monkeypatch.setattr("tui.recording.writer._WRITE_EVERY", 60.0)
    market, frame = Market(), encode(tick(500.0))
    with record(tmp_path / "r.gz", market) as recorder:
        begin, take = make_dispatcher(market, None, lambda reply, now: None)
        for n in range(100):
            begin(BEGAN + n)
            take(frame)
        assert recorder.error.endswith("r.gz cannot be written as fast as data comes")
        assert recorder._pending == []
    assert market.health.messages == 100


# --- damage ---


def test_extreme_numbers_in_a_recording_are_refused(tmp_path: Path) -> None:
    extreme = bar(-2, 1.7e308)
    lines = [
        *tick_lines(20),
        call_line(BEGAN + 20, "recall", (QQQ, (extreme,), True, BEGAN)),
        call_line(BEGAN + 20, "recall_closes", (QQQ, {"2024-11-14": 1.7e308})),
        call_line(BEGAN + 20, "recall_quote", (QQQ, quote(1.7e308), BEGAN)),
        call_line(BEGAN + 20, "recall", (QQQ, (bar(-2, 5e-324),), True, BEGAN)),
        message_line(b"1020.0", encode(tick(1.7e308, 20_000))),
        message_line(b"1020.0", encode(bar(0, 5e-324))),
    ]
    market, recording = play_all(write_recording(tmp_path / "r.gz", lines))
    instrument = market.instruments[QQQ]
    assert recording.damaged == 3
    assert market.health.malformed == {"history": 1, "tick": 1, "kline": 1}
    assert (instrument.last, len(instrument.bars), instrument.history_quote) == (119.0, 0, None)


def test_damaged_lines_are_counted_and_skipped(tmp_path: Path) -> None:
    lines = tick_lines(20)
    lines[10] = lines[10][:20] + b"\n"
    lines[15] = b"\x00\n"
    market, recording = play_all(write_recording(tmp_path / "r.gz", lines))
    assert recording.damaged == 2
    assert market.health.ticks == 18
    assert market.instruments[QQQ].last == 119.0


def test_a_truncated_file_is_read_to_its_last_complete_line(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "r.gz", tick_lines(5), tick_lines(200)[4:])
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - len(compress(tick_lines(200)[4:])) // 2])
    market, recording = play_all(path)
    assert recording.truncated and recording.damaged == 0
    assert 10 < market.health.ticks < 190


def test_damage_costs_one_member_and_the_rest_is_read(tmp_path: Path) -> None:
    seconds = [tick_lines(100)[:4], *([line] * 3 for line in tick_lines(100)[4:])]
    path = write_recording(tmp_path / "r.gz", *seconds)
    data = bytearray(path.read_bytes())
    begins = len(compress([header()], *seconds[:50]))
    data[begins + 40] ^= 1
    path.write_bytes(data)
    market, recording = play_all(path)
    assert 1 <= recording.damaged <= 3 and not recording.truncated
    assert market.health.ticks == 3 * 99
    assert market.instruments[QQQ].last == 199.0


def test_garbage_between_members_is_counted_and_skipped(tmp_path: Path) -> None:
    path = tmp_path / "r.gz"
    first, second = tick_lines(4)[:7], tick_lines(4)[7:]
    path.write_bytes(compress([header(), *first]) + b"garbage" + compress(second))
    market, recording = play_all(path)
    assert (market.health.ticks, recording.damaged, recording.truncated) == (4, 1, False)


def test_an_uncompressed_file_is_read_to_its_last_complete_line(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(b"".join([header(), *tick_lines(2_000), b"{damaged\n"]))
    market, recording = play_all(path)
    assert (market.health.ticks, recording.damaged, recording.truncated) == (2_000, 1, False)
    path.write_bytes(path.read_bytes()[:-30])
    market, recording = play_all(path)
    assert (market.health.ticks, recording.damaged, recording.truncated) == (1_999, 0, True)


def test_a_file_recompressed_as_one_member_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.recording.format._MAX_MEMBER", 10_000)
    (tmp_path / "r.gz").write_bytes(compress([header(), *tick_lines(2_000)]))
    market, recording = play_all(tmp_path / "r.gz")
    assert market.health.ticks == 2_000
    assert recording.damaged == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "there is no such file"),
        (b"", "is no recording of itick-tui"),
        (b"garbage", "is no recording of itick-tui"),
        (compress([b'{"some":"thing"}\n']), "is no recording of itick-tui"),
        (compress([header()])[:-30], "is no recording of itick-tui"),
        (compress([header(form=2)]), "has format 2, and this itick-tui knows only 1"),
        (compress([header().replace(b"QQQ$US", b"QQQ/US")]), "is no recording of itick-tui"),
        (compress([header(host="[")]), "is no recording of itick-tui"),
        (compress([header()]), ""),
    ],
    ids=["missing", "empty", "garbage", "other JSON", "cut in header", "newer", "no symbol", "no host", "only header"],
)
def test_a_file_that_is_no_recording_is_refused(tmp_path: Path, content: bytes | None, words: str) -> None:
    path = tmp_path / "r.gz"
    if content is not None:
        path.write_bytes(content)
    if not words:
        assert list(Recording(path)) == []
        return
    with pytest.raises(UsageError, match=words):
        Recording(path)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="it is no file"):
        Recording(tmp_path)


Damage = list[tuple[float, bytes, int]]
damages = st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=4), st.integers(0, 40)), min_size=1, max_size=4)
_HEADER = compress([header()])
_LINES = [
    *tick_lines(40),
    call_line(BEGAN, "observe_date", [BEGAN, BEGAN + 1, float(T)]),
    call_line(BEGAN, "follow", [(QQQ, SPY)]),
    message_line(b"1040.0", encode(quote(512.34))),
    message_line(b"1040.0", encode(BOOK_B)),
    message_line(b"1040.0", encode(bar(3))),
    message_line(b"1040.0", b"\xff"),
    call_line(BEGAN, "set_holidays", [HOLIDAYS]),
    call_line(BEGAN, "recall", [QQQ, [bar(-2, 500.0, 7.0), bar(-1, 501.0, 9.0)], True, BEGAN + 40]),
    call_line(BEGAN, "recall_closes", [QQQ, {"2024-11-14": 509.13}]),
    call_line(BEGAN, "recall_quote", [SPY, quote(601.1, s="SPY$US"), BEGAN + 40]),
]


def apply_damage(data: bytes, damage: Damage) -> bytes:
    for where, by, gone in damage:
        at = int(where * len(data))
        data = data[:at] + by + data[at + gone :]
    return data


@pytest.fixture(scope="module")
def recording_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    yield tmp_path_factory.mktemp("damaged") / "r.gz"


def check_playable(path: Path) -> None:
    """And that its market can be looked at."""
    market, _ = play_all(path)
    time = market.exchange_time(BEGAN)
    for symbol, instrument in market.instruments.items():
        assert zone(symbol.region).at(time)
        instrument.sample(BEGAN, time)
    assert state_of(market)


@given(damages)
def test_damage_to_the_file_is_counted_and_survived(recording_file: Path, damage: Damage) -> None:
    members = [compress(_LINES[n : n + 10]) for n in range(0, len(_LINES), 10)]
    recording_file.write_bytes(_HEADER + apply_damage(b"".join(members), damage))
    check_playable(recording_file)


@given(damages)
def test_damage_within_the_compressed_text_is_counted_and_survived(recording_file: Path, damage: Damage) -> None:
    recording_file.write_bytes(_HEADER + gzip.compress(apply_damage(b"".join(_LINES), damage)))
    check_playable(recording_file)


def test_a_file_that_only_begins_like_a_recording_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(b"{")
    os.truncate(path, 1 << 40)  # it takes no room on the disk
    with pytest.raises(UsageError, match="is no recording of itick-tui"):
        Recording(path)


def test_an_invalid_file_name_is_refused() -> None:
    with pytest.raises(UsageError, match="file name too long"):
        Recording(Path("x" * 300))
