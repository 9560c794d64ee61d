"""The command line: the right words, the right exit code, never a traceback. Where it runs, in a process of its own."""

from __future__ import annotations

import asyncio
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

import pytest

from tests.support.command import (
    COUNTERS,
    KEY,
    PROGRAM,
    check_output,
    environment,
    exchange,
    lines_until,
    run_in_process,
    run_program,
    start_program,
)
from tests.support.feed import RawServer, free_port
from tui import __version__, crash

STATES = ("connecting ", "authenticating ", "subscribing ", "LIVE", "trying again", *COUNTERS)


def error_line(result: subprocess.CompletedProcess[str]) -> str:
    """The one line that says why it ended."""
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("itick-tui: ")]
    return line


def assert_usage_error(result: subprocess.CompletedProcess[str], words: str) -> None:
    """Exit code 2, nothing on standard output, and one or two plain lines that hold the words."""
    lines = result.stderr.splitlines()
    assert (result.returncode, result.stdout) == (2, "")
    assert 1 <= len(lines) <= 2
    assert lines[0].startswith("itick-tui: ") and words in lines[0]
    assert all(line.isprintable() and len(line) <= 500 for line in lines)


# --- wrong usage ---

WATCH = ("--watch", "QQQ$US")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nonsense"], "No such command 'nonsense'"),
        (["--watch"], "requires an argument"),
        (["--demo", "stream"], "put --demo after the command: itick-tui stream --demo"),
        (["--watch", "QQQ", "stream"], "put --watch after the command"),
        (["--token-file", "x", "exchange"], "--token-file is the dashboard's: itick-tui exchange takes none"),
        (["--no-bell", "stream"], "--no-bell is the dashboard's: itick-tui stream takes none"),
        (["--watch", "x" * 9_999, "--demo"], f"'{'x' * 39}…' is not a symbol"),
        (["--theme", "\x1b[31m", "--demo"], "unknown theme '�[31m'"),
        (["stream", "--demo", "--log", "/nowhere/log"], "cannot write the log /nowhere/log: no such file"),
        (["--demo", "--watch", "QQQ/US"], "'QQQ/US' is not a symbol: write CODE$REGION"),
        (["stream", "--demo", "--watch", "QQQ\x1b[31m$US"], "'QQQ�[31m$US' is not a symbol"),
        (["stream", "--demo", "--watch", ", ,"], "no symbol given"),
        (["--demo", "--watch", ",".join(f"A{n}$US" for n in range(501))], "501 symbols: one connection takes at most"),
        (["--replay", "r.gz", "--demo"], "--replay plays a file, without any feed: leave --demo out"),
        (["--replay", "r.gz", *WATCH], "--replay plays a file, without any feed: leave --watch out"),
        (["--replay", "/nowhere/r.gz"], "cannot read /nowhere/r.gz: there is no such file"),
        (["--speed", "10", "--demo"], "--speed tells how --replay FILE is played: name the file too"),
        (["--from", "15:30", "--demo"], "--from tells how --replay FILE is played"),
        (["--replay", "r.gz", "stream"], "--replay is the dashboard's: itick-tui stream takes none"),
        (["stream", "--demo", "--record", "/nowhere/r.gz"], "cannot record to /nowhere/r.gz: no such file"),
        (["inspect", "/nowhere/r.gz"], "cannot read /nowhere/r.gz: there is no such file"),
        (["--replay", "x" * 300], "file name too long"),
        (["--demo", "--theme", "neon"], "unknown theme 'neon': choose one of midnight, "),
        (["--demo", "--url", "wss://example.org"], "--demo and --url exclude each other"),
        (["--demo", "--token-file", "x"], "--demo needs no key"),
        (["stream", "--demo", "--types", "quote,trades"], "unknown type 'trades': choose from quote, depth, tick"),
        (["stream", "--demo", "--types", ","], "no type given"),
        (["stream", "--demo", "--count", "0"], "--count"),
        (["stream", "--demo", "--seconds", "0"], "--seconds"),
        (["stream", "--demo", "--seconds", "nan"], "'nan' is not a valid number"),
        (["exchange", "--rate", "nan"], "'nan' is not a valid number"),
        (["stream", "--demo", "--deadline", "soon"], "--deadline"),
        (["stream"], "nothing to stream: give --watch"),
        (["exchange", "--port", "70000"], "--port"),
        (["exchange", "--rate", "0"], "--rate"),
        (["exchange", "--port", "abc"], "'abc' is not a valid whole number. (itick-tui exchange --help tells more)"),
        (["stream", "QQQ"], "'QQQ' was not expected. To watch it: itick-tui stream --watch 'QQQ'"),
        (["config", "show", "QQQ"], "'QQQ' was not expected. (itick-tui config show --help tells more)"),
        (["QQQ,SPY$US"], "'QQQ,SPY$US' is no command. To watch it: itick-tui --watch 'QQQ,SPY$US'"),
        (["exchange", "--key-file", "/nowhere/key"], "cannot read the key from /nowhere/key: no such file"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_what_cannot_be_done_as_written_is_said_in_a_line(arguments: list[str], words: str) -> None:
    assert_usage_error(run_in_process(*arguments, key=KEY), words)


@pytest.mark.parametrize(
    ("arguments", "option"),
    [(["--nonsense"], "--nonsense"), (["stream", "--nonsense"], "--nonsense"), (["--" + "x" * 9_999], "--xxx")],
    ids=["dashboard", "stream", "long"],
)
def test_an_option_that_is_not_there_is_named(arguments: list[str], option: str) -> None:
    result = run_in_process(*arguments, key=KEY)
    assert_usage_error(result, "No such option")
    assert option in result.stderr.splitlines()[0]


@pytest.mark.parametrize("arguments", [WATCH, ("stream", *WATCH), ()], ids=["dashboard", "stream", "nothing"])
@pytest.mark.parametrize("key", [None, "", " "], ids=["unset", "empty", "blank"])
def test_without_a_key_both_ways_to_give_one_are_named_and_the_demo(
    arguments: tuple[str, ...], key: str | None
) -> None:
    result = run_in_process(*arguments, key=key)
    assert_usage_error(
        result, "no key: give that of your iTick account in ITICK_TOKEN, in a file (--token-file) or by token_command."
    )
    assert result.stderr.splitlines()[1] == "To look around without one: itick-tui --demo"


@pytest.mark.parametrize("arguments", [WATCH, ("stream", *WATCH)], ids=["dashboard", "stream"])
@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://api.itick.org/fund", "is not a WebSocket address: write wss://HOST/fund"),
        ("api.itick.org", "is not a WebSocket address"),
        ("", "is not a WebSocket address"),
        ("ws://api.itick.org/fund", "refusing plain ws:// to api.itick.org: the key would travel in clear"),
        (f"wss://me:{KEY}@example.org/fund", "may not hold a user or password"),
        (f"me:{KEY}@example.org/fund", "may not hold a user or password"),
    ],
    ids=["https", "no scheme", "empty", "ws elsewhere", "password", "broken password"],
)
def test_the_key_goes_to_no_doubtful_address(arguments: tuple[str, ...], url: str, words: str) -> None:
    assert_usage_error(run_in_process(*arguments, "--url", url, key=KEY), words)


@pytest.mark.parametrize("arguments", [WATCH, ("stream", *WATCH)], ids=["dashboard", "stream"])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no such file or directory"),
        (b"", "is empty"),
        (b"\xff\xfe", "it is not a text file"),
        (f"{KEY}\n{KEY}\n".encode(), "does not hold a key"),
    ],
    ids=["missing", "empty", "binary", "two lines"],
)
def test_a_key_file_without_a_key(
    tmp_path: Path, arguments: tuple[str, ...], content: bytes | None, words: str
) -> None:
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)
    assert_usage_error(run_in_process(*arguments, "--token-file", str(file), key=KEY), words)


def test_a_key_file_that_cannot_be_read(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert_usage_error(run_in_process("stream", *WATCH, "--token-file", str(loop)), "symbolic links")
    assert_usage_error(run_in_process("stream", *WATCH, "--token-file", str(tmp_path)), "is a directory")


def test_a_variable_that_holds_no_key() -> None:
    assert_usage_error(run_in_process("stream", *WATCH, key="not one word"), "ITICK_TOKEN does not hold a key")


def test_a_port_in_use_is_named() -> None:
    with exchange() as url:
        port = url.split(":")[2].split("/")[0]
        assert_usage_error(run_program("exchange", "--port", port), f"port {port} is already in use")


# --- the dashboard wants a terminal ---


def test_the_dashboard_is_not_drawn_into_a_pipe() -> None:
    assert_usage_error(
        run_program("--demo"), "needs a terminal, and standard output is none. For pipes: itick-tui stream"
    )


def test_the_dashboard_does_not_read_keys_from_a_pipe() -> None:
    ours, theirs = pty.openpty()
    try:
        result = subprocess.run(
            [*PROGRAM, "--demo"],
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=subprocess.PIPE,
            text=True,
            timeout=30,
            check=False,
        )
    finally:
        os.close(theirs)
        os.close(ours)
    assert result.returncode == 2
    assert "standard input is none" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ("--demo", 2, "standard output is none"),
        ("stream --demo", 1, "itick-tui: cannot write to standard output: it is closed"),
        ("doctor --demo", 1, "itick-tui: cannot write to standard output: it is closed"),
    ],
)
def test_a_closed_standard_output_is_said(arguments: str, code: int, words: str) -> None:
    closed = f'exec "$0" -m tui {arguments} >&-'
    result = subprocess.run(
        ["sh", "-c", closed, sys.executable], env=environment(), capture_output=True, text=True, timeout=30, check=False
    )
    check_output(result.stderr)
    assert (result.returncode, len(result.stderr.splitlines())) == (code, 1)
    assert words in result.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_what_is_left_to_write_at_the_end_does_not_change_the_exit_code() -> None:
    program = "import sys; sys.stdout.write('left'); sys.argv[1:] = ['stream']; from tui.cli import main; main()"
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [sys.executable, "-c", program],
            env=environment() | {"PYTHONUNBUFFERED": ""},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert result.returncode == 2
    assert result.stderr.startswith("itick-tui: nothing to stream") and len(result.stderr.splitlines()) == 1


def test_too_few_files_or_threads_are_said_in_a_line() -> None:
    shell = ["sh", "-c", 'ulimit -n 6; exec "$@"', "sh", *PROGRAM, "stream", "--demo"]
    few = subprocess.run(shell, env=environment(), stderr=subprocess.PIPE, text=True, check=False)
    words = "itick-tui: the system lets this program open no more files: raise the limit (ulimit -n)\n"
    assert (few.returncode, few.stderr) == (1, words)
    program = """
import sys, threading
def start(thread): raise RuntimeError("can't start new thread")
threading.Thread.start = start
sys.argv[1:] = ["stream", "--demo"]
from tui.cli import main
main()
"""
    none = subprocess.run(
        [sys.executable, "-c", program], env=environment(), stderr=subprocess.PIPE, text=True, check=False
    )
    words = "itick-tui: the system lets this program start no more threads: raise the limit (ulimit -u)\n"
    assert (none.returncode, none.stderr) == (1, words)


# --- the key and the connection ---


def test_a_refused_key_is_3(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("the-right-one")
    with exchange("--key-file", str(tmp_path / "key")) as url:
        result = run_program("stream", "--url", url, *WATCH, key=KEY)
        assert (result.returncode, result.stdout) == (3, "")
        assert [line for line in result.stderr.splitlines() if "key refused" in line] == [error_line(result)], "once"
        assert error_line(result).startswith("itick-tui: key refused by 127.0.0.1:")
        by_file = run_program(
            "stream", "--url", url, *WATCH, "--token-file", str(tmp_path / "key"), "--count", "1", key=KEY
        )
        assert by_file.returncode == 0, "the file goes before the variable"


def test_nobody_listening_is_4_after_the_deadline() -> None:
    begun = time.monotonic()
    result = run_program("stream", "--url", f"ws://127.0.0.1:{free_port()}/fund", *WATCH, "--deadline", "1", key=KEY)
    assert (result.returncode, result.stdout) == (4, "")
    assert 1 <= time.monotonic() - begun < 10
    states = [line for line in result.stderr.splitlines() if line != error_line(result)]
    assert all(line.startswith(STATES) for line in states)
    assert error_line(result).startswith("itick-tui: no live connection within 1 s: cannot reach 127.0.0.1:")
    assert error_line(result).endswith("connection refused")


async def test_a_redirect_is_refused_and_the_key_stays_home() -> None:
    async with RawServer(b"HTTP/1.1 404 Not Found\r\n\r\n") as target:
        location = f"ws://127.0.0.1:{target.port}/fund"
        async with RawServer(f"HTTP/1.1 302 Found\r\nLocation: {location}\r\n\r\n".encode()) as server:
            url = f"ws://127.0.0.1:{server.port}/fund"
            result = await asyncio.to_thread(run_program, "stream", "--url", url, *WATCH, key=KEY)
        assert result.returncode == 4
        assert "redirects to another address: refused" in error_line(result)
        assert target.connections == 0


# --- signals ---


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize(
    ("arguments", "ready", "last_words"),
    [(["stream", "--demo"], "LIVE", COUNTERS), (["exchange", "--port", "0"], "watch it: ", ())],
    ids=["stream", "exchange"],
)
def test_a_signal_ends_it_quietly(
    arguments: list[str], ready: str, last_words: tuple[str, ...], sent: signal.Signals, code: int
) -> None:
    with start_program(*arguments) as process:
        lines_until(process.stderr, ready)
        process.send_signal(sent)
        _, rest = process.communicate(timeout=10)
    assert process.returncode == code
    assert all(line.startswith(words) for line, words in zip(rest.splitlines(), last_words, strict=True))


@pytest.mark.parametrize("command", [["stream", "--demo"], ["exchange", "--port", "0"]], ids=" ".join)
@pytest.mark.parametrize("loaded", ["click.globals", "tui.errors", "asyncio.events", "websockets.frames"])
def test_ctrl_c_while_it_starts_leaves_no_traceback(command: list[str], loaded: str) -> None:
    python, *rest = PROGRAM
    with subprocess.Popen(
        [python, "-X", "importtime", *rest, *command],
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            lines_until(process.stderr, f" {loaded}")
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=10)
        finally:
            process.kill()
    check_output(said)
    assert process.returncode in (130, -signal.SIGINT)


# --- help and version ---


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [["--version"], ["stream", "--help"]], ids=" ".join)
def test_help_and_version_that_cannot_be_printed_are_said_in_a_line(arguments: list[str], unbuffered: str) -> None:
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [*PROGRAM, *arguments],
            env=environment() | {"PYTHONUNBUFFERED": unbuffered},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=30,
            check=False,
        )
    assert result.returncode == 1
    assert result.stderr == "itick-tui: cannot write to standard output: no space left on device\n"


def test_a_reader_of_the_help_that_has_enough_is_told_nothing() -> None:
    nobody, theirs = os.pipe()
    os.close(nobody)
    try:
        result = subprocess.run(
            [*PROGRAM, "--help"],
            env=environment(),
            stdout=theirs,
            stderr=subprocess.PIPE,
            text=True,
            timeout=30,
            check=False,
        )
    finally:
        os.close(theirs)
    assert (result.returncode, result.stderr) == (1, "")


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_version(option: str) -> None:
    result = run_program(option)
    assert (result.returncode, result.stdout, result.stderr) == (0, f"itick-tui {__version__}\n", "")


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["stream", "--help"], ["exchange", "-h"]], ids=" ".join)
def test_help(arguments: list[str]) -> None:
    result = run_program(*arguments)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("Usage: itick-tui ")
    assert max(map(len, result.stdout.splitlines())) <= 90


@pytest.mark.parametrize(
    "arguments", [["--version"], ["--help"], ["stream", "--help"], ["exchange", "--help"], ["doctor", "--help"]]
)
def test_help_and_version_load_nothing_heavy(arguments: list[str]) -> None:
    result = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "tui", *arguments],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in result.stderr.splitlines()}
    assert {"click", "tui"} <= loaded
    assert not loaded & {"textual", "rich", "websockets", "msgspec", "asyncio", "ssl"}


# --- what a process gets from whoever starts it ---


@pytest.fixture
def no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container that runs under a number: neither a variable nor the system knows of a home."""

    def unknown(uid: int) -> NoReturn:
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    monkeypatch.setattr("pwd.getpwuid", unknown)
    for name in [name for name in os.environ if name == "HOME" or name.startswith("XDG_")]:
        monkeypatch.delenv(name)


@pytest.mark.usefixtures("no_home")
@pytest.mark.parametrize("arguments", [["--demo"], ["stream", *WATCH], ["config", "path"], ["doctor", "--demo"]])
def test_without_a_home_that_is_said(arguments: list[str]) -> None:
    assert_usage_error(run_in_process(*arguments, key=KEY), "this user has no home folder: set HOME")


@pytest.mark.usefixtures("no_home")
def test_without_a_home_help_works_and_so_does_a_report_of_a_fault() -> None:
    assert run_in_process("--help").returncode == 0
    assert "no report could be written: " in crash.words(RuntimeError())


def test_the_home_of_nobody_is_a_folder_like_any_other(tmp_path: Path) -> None:
    result = run_in_process("config", "--config", "~nobody-of-that-name/x.toml", "path")
    assert (result.returncode, result.stdout) == (0, "~nobody-of-that-name/x.toml\n")


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "koi8-r"])
def test_a_character_that_the_locale_does_not_have_ends_nothing(encoding: str, tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    config.write_text('[lists]\n"→ 中" = ["QQQ$US"]\n', encoding="utf-8")
    env = environment() | {"PYTHONIOENCODING": encoding}
    for arguments in (["doctor", "--demo", "--config", str(config)], ["config", "--config", str(config), "show"]):
        result = subprocess.run([*PROGRAM, *arguments], env=env, capture_output=True, timeout=30)
        assert (result.returncode, result.stderr) == (0, b"")
    assert b"\\u2192" in result.stdout


def test_a_pipe_that_does_not_wait_is_waited_for() -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with subprocess.Popen(
        [*PROGRAM, "stream", "--demo", "--count", "1000"],
        env=environment(),
        stdout=writer,
        stderr=subprocess.DEVNULL,
    ) as process:
        os.close(writer)
        time.sleep(2)  # it is full long before
        with open(reader, "rb") as lines:
            assert len(lines.readlines()) == 1000
        assert process.wait(10) == 0


def test_whoever_started_it_may_not_care_for_its_children(tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    config.write_text('token_command = ["sh", "-c", "exit 3"]\n')
    config.chmod(0o600)
    shell = f"trap '' CHLD; exec {' '.join(PROGRAM)} stream --config {config} --watch QQQ.US"
    result = subprocess.run(["bash", "-c", shell], env=environment(), capture_output=True, text=True, timeout=30)
    assert_usage_error(result, "token_command: 'sh' ended with code 3")
