"""The log: what stands in it, and what never does."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import os
import re
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tui.errors import NoConnection, UsageError
from tui.log import RateFilter, logging_to
from tui.secrets import read_file

_log = logging.getLogger("tui.feed.example")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "log"


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="ascii").splitlines()]


def messages(file: Path) -> list[str]:
    return [line["message"] for line in lines(file)]


def test_a_line_is_an_object_with_time_level_logger_and_message(file: Path) -> None:
    with logging_to(file):
        _log.warning("2 symbols refused: %s", "ümlaut\x1b[31m")
    start, line, end = lines(file)
    assert list(line) == ["time", "level", "logger", "message"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
    assert (line["level"], line["logger"]) == ("warning", "tui.feed.example")
    assert line["message"] == "2 symbols refused: ümlaut\x1b[31m"
    assert start["message"].startswith("itick-tui ") and end["message"] == "ends"


def test_a_log_is_continued_not_replaced(file: Path) -> None:
    for _ in range(2):
        with logging_to(file):
            pass
    assert len(lines(file)) == 4


def test_no_key_is_written_wherever_it_comes_from(file: Path, tmp_path: Path) -> None:
    (tmp_path / "key").write_text('s3cret"\\key/+')
    key = read_file(tmp_path / "key").reveal()
    with logging_to(file):
        _log.info("a header: %s", f"token: {key}")
        _log.info("%r, %s", key, {"token": key})
        _log.info("%s", "?token=s3cret%22%5Ckey%2F%2B")
        try:
            raise ValueError(key)
        except ValueError:
            _log.exception("failed")
    text = file.read_text()
    assert "s3cret" not in text
    assert text.count("[key]") == 5
    assert "ValueError: [key]" in text


def test_websockets_never_writes_its_headers(file: Path) -> None:
    with logging_to(file):
        logging.getLogger().setLevel(logging.DEBUG)
        for name in ("websockets", "websockets.client", "websockets.server"):
            logging.getLogger(name).debug("> token: key")
            assert not logging.getLogger(name).isEnabledFor(logging.DEBUG)
    assert len(lines(file)) == 2


def test_a_storm_of_one_kind_is_a_line_a_second(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("tui.log.time.monotonic", lambda: now)
    with logging_to(file):
        for now in (100.0, 100.1, 100.9, 101.0, 101.5, 102.0):  # noqa: B007
            _log.warning("malformed: %s", "not JSON", extra={"kind": "not JSON"})
            _log.warning("malformed: %s", "too deep", extra={"kind": "too deep"})
            _log.warning("another line")
    said = messages(file)
    expected = [f"malformed: not JSON{more}" for more in ("", " (and 2 more before)", " (and 1 more before)")]
    assert [words for words in said if "JSON" in words] == expected
    assert sum("too deep" in words for words in said) == 3
    assert said.count("another line") == 6


def test_endless_new_kinds_are_not_all_remembered() -> None:
    rate_filter = RateFilter()
    for n in range(2_000):
        record = logging.makeLogRecord({"name": "test", "msg": "malformed", "kind": f"kind {n}"})
        assert rate_filter.filter(record)
    assert len(rate_filter._kinds) <= 256


@pytest.mark.parametrize(
    ("error", "level", "words"),
    [
        (NoConnection("no live connection within 1 s"), "error", "ends: no live connection within 1 s"),
        (ValueError("x"), "critical", "ends by a fault in the program"),
        (KeyboardInterrupt(), "info", "ends: KeyboardInterrupt"),
    ],
)
def test_the_end_says_why(file: Path, error: BaseException, level: str, words: str) -> None:
    with pytest.raises(type(error)), logging_to(file):
        raise error
    assert (lines(file)[-1]["level"], messages(file)[-1]) == (level, words)
    assert ("exception" in lines(file)[-1]) == (level == "critical")


def test_what_cannot_be_written_is_wrong_usage(tmp_path: Path) -> None:
    for path, why in ((tmp_path, "is a directory"), (tmp_path / "none" / "log", "no such file")):
        with pytest.raises(UsageError, match=f"cannot write the log {path}: {why}"), logging_to(path):
            pass


def test_a_full_disk_is_said_once_and_the_log_goes_on_when_there_is_room(
    file: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    room = 1_000_000
    write = os.write

    def write_into_what_is_left(to: int, data: bytes) -> int:
        nonlocal room
        if not room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = write(to, data[:room])
        room -= written
        return written

    with logging_to(file) as log:
        assert log is not None
        log.on_trouble = lambda: told.append(log.trouble)
        while not log._lines.empty():  # a thread writes
            time.sleep(0.01)
        time.sleep(0.1)
        monkeypatch.setattr(os, "write", write_into_what_is_left)
        room = 30
        for words in ("torn", "lost"):
            _log.error(words)
        while not (told and log._lines.empty()):
            time.sleep(0.01)
        time.sleep(0.1)
        room = 1_000_000
        _log.error("there is room again")
    assert told == [f"the log {file} is not whole: no space left on device"]
    _, part, again, _ = file.read_text().splitlines()
    assert len(part) == 30 and json.loads(again)["message"] == "there is room again"
    assert capfd.readouterr() == ("", "")


def test_a_log_is_a_regular_file_or_the_null_device(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero"), Path("/dev/tty")):
        words = f"cannot write the log {path}: it is not a regular file"
        with pytest.raises(UsageError, match=words), logging_to(path):
            pass
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(UsageError, match="it is not a regular file"), logging_to(tmp_path / "pipe"):
        pass
    os.close(reader)
    with logging_to(Path("/dev/null")) as log:
        _log.error("into nothing")
    assert log is not None and not log.trouble


def test_an_inherited_descriptor_is_written_to_where_that_is_wanted(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.symlink(f"/dev/fd/{write}", tmp_path / "link")
    os.symlink("link", tmp_path / "link to a link")
    paths = [f"/dev/fd/{write}", f"/proc/self/fd/{write}", f"/proc/{os.getpid()}/fd/{write}"]
    for path in (*map(Path, paths), tmp_path / "link", tmp_path / "link to a link"):
        with pytest.raises(UsageError, match="it is not a regular file"), logging_to(path):
            pass
        with logging_to(path, inherited=True):
            _log.info("a line")
        assert [json.loads(line)["message"] for line in os.read(read, 1 << 16).splitlines()][1:] == ["a line", "ends"]
    os.mkfifo(tmp_path / "pipe")
    only_read = Path(f"/dev/fd/{read}")
    gone = Path(f"/dev/fd/{os.dup(read)}")
    os.close(int(gone.name))
    wrong = ((tmp_path / "pipe", "it is not"), (only_read, "bad file"), (gone, "bad file"), (tmp_path, "is a"))
    for path, why in wrong:
        with pytest.raises(UsageError, match=f"cannot write the log {path}: {why}"), logging_to(path, inherited=True):
            pass
    os.write(write, b"still open")
    os.close(read)
    os.close(write)


@pytest.mark.parametrize(("there", "mode"), [(None, 0o600), (0o640, 0o640)], ids=["new", "there"])
def test_a_log_is_for_its_owner_and_one_that_is_there_keeps_its_mode(file: Path, there: int | None, mode: int) -> None:
    if there is not None:
        file.touch()
        file.chmod(there)
    before = os.umask(0)
    try:
        with logging_to(file):
            pass
    finally:
        os.umask(before)
    assert file.stat().st_mode & 0o777 == mode


def test_a_terminal_that_was_closed_is_no_failure(file: Path) -> None:
    def fail() -> None:
        raise OSError(errno.EIO, "Input/output error")

    with logging_to(file):
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
    line = lines(file)[1]
    assert (line["level"], line["message"]) == ("info", "the terminal is gone") and "exception" not in line


@pytest.mark.parametrize("to", ["file", "nowhere"])
async def test_stray_tracebacks_go_into_the_log_and_never_to_the_terminal(
    file: Path, to: str, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise ValueError("stray")

    async def fail_later() -> None:
        fail()

    class Unhappy:
        def __del__(self) -> None:
            fail()

    hooks = threading.excepthook, sys.unraisablehook, logging.raiseExceptions, logging.getLogger().level
    with logging_to(file if to == "file" else None):
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
        Unhappy()
        task = asyncio.create_task(fail_later())
        await asyncio.sleep(0)
        del task
        await asyncio.sleep(0)
    assert capfd.readouterr() == ("", "")
    assert hooks == (threading.excepthook, sys.unraisablehook, logging.raiseExceptions, logging.getLogger().level)
    if to == "file":
        assert sum("ValueError: stray" in line.get("exception", "") for line in lines(file)) == 3


def test_a_disk_that_hangs_blocks_nothing_and_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = threading.Event()
    write = os.write
    monkeypatch.setattr("os.write", lambda *given: answers.wait() and write(*given))
    told: list[str] = []
    begun = time.monotonic()
    with logging_to(tmp_path / "log.jsonl") as file:
        assert file is not None
        file.on_trouble = lambda: told.append(file.trouble)
        for _ in range(100):
            _log.info("a line")
    assert time.monotonic() - begun < 2
    assert len(told) == 1 and told[0].endswith("is not whole: the disk does not answer")
    answers.set()
