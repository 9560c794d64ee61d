"""The key: found, taken out of sight, and never shown."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

import tui.secrets
from tui.errors import UsageError
from tui.secrets import (
    TOKEN_VARIABLE,
    Token,
    ask_command,
    forget_environment,
    permission_warning,
    read_file,
    redact,
    take_from_environment,
)

KEY = "2abf6c0e7dd8a1930a2f48ba14a"


def test_a_token_shows_itself_only_when_asked_by_name() -> None:
    token = Token(KEY)
    assert token.reveal() == KEY
    for shown in (str(token), repr(token), f"{token}", f"{token!r:>40}", f"{[token]}", f"{ {'token': token} }"):
        assert KEY not in shown
    assert not hasattr(token, "__dict__")


def test_the_variable_is_gone_once_it_has_been_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, f" {KEY}\n")
    token = take_from_environment()
    assert token is not None and token.reveal() == KEY
    assert TOKEN_VARIABLE not in os.environ
    assert take_from_environment() is None


@pytest.mark.parametrize("value", ["", "  ", "\n"])
def test_an_empty_variable_is_no_key(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, value)
    assert take_from_environment() is None


@pytest.mark.parametrize("value", [f"{KEY} {KEY}", f"{KEY}\r\nx-injected: 1", f"{KEY}\x1b[31m", f"{KEY}é"], ids=ascii)
def test_a_variable_that_no_header_could_carry_is_refused_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, value)
    with pytest.raises(UsageError) as caught:
        take_from_environment()
    assert str(caught.value).startswith("ITICK_TOKEN does not hold a key")
    assert KEY not in str(caught.value)
    assert TOKEN_VARIABLE not in os.environ


@pytest.mark.parametrize("content", [KEY, f"{KEY}\n", f"  {KEY}\r\n\n"])
def test_a_key_file_holds_the_key_and_white_space(tmp_path: Path, content: str) -> None:
    file = tmp_path / "key"
    file.write_text(content)
    assert read_file(file).reveal() == KEY


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty: put the key from your iTick account into it"),
        (b" \n\n", "is empty"),
        (b"\xff\xfe\x00k", "it is not a text file"),
        (KEY.encode() + b"\n" + KEY.encode(), "does not hold a key"),
        (f"token = {KEY}".encode(), "does not hold a key"),
        (KEY.encode() + b"\x00", "does not hold a key"),
    ],
    ids=["empty", "blank", "binary", "two lines", "a setting", "a zero byte"],
)
def test_a_file_without_a_key_says_what_is_wrong_but_not_what_it_holds(
    tmp_path: Path, content: bytes, words: str
) -> None:
    file = tmp_path / "key"
    file.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        read_file(file)
    assert str(file) in str(caught.value) and words in str(caught.value)
    assert KEY not in str(caught.value)


def test_a_file_that_cannot_be_read_is_named_with_the_reason(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for path, why in ((tmp_path / "none", "no such file"), (tmp_path, "is a directory"), (loop, "symbolic links")):
        with pytest.raises(UsageError, match=f"cannot read the key from {path}: .*{why}"):
            read_file(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_of_somebody_else_is_named_with_the_reason(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(KEY)
    file.chmod(0)
    with pytest.raises(UsageError, match="permission denied"):
        read_file(file)


@pytest.mark.parametrize(
    ("mode", "warned"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True), (0o644, True), (0o620, False)]
)
def test_a_key_file_that_others_can_read_gives_a_warning_with_the_remedy(
    tmp_path: Path, mode: int, warned: bool
) -> None:
    file = tmp_path / "my key"
    file.write_text(KEY)
    file.chmod(mode)
    said = permission_warning(file)
    assert said == (f"others can read your key in {file}: chmod 600 '{file}'" if warned else "")


def test_a_pipe_is_nobody_elses_to_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "pipe").chmod(0o644)
    assert permission_warning(tmp_path / "pipe") == permission_warning(tmp_path / "none") == ""


def test_a_key_comes_through_a_pipe_that_is_written_late_and_in_parts(tmp_path: Path) -> None:
    pipe = tmp_path / "key"
    os.mkfifo(pipe)

    def write() -> None:
        time.sleep(0.1)
        with pipe.open("w") as file:
            for part in (KEY[:5], KEY[5:], "\n"):
                time.sleep(0.1)
                print(part, end="", file=file, flush=True)

    writer = threading.Thread(target=write)
    writer.start()
    assert read_file(pipe).reveal() == KEY
    writer.join()


def test_a_pipe_without_a_writer_has_a_time_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = tmp_path / "key"
    os.mkfifo(pipe)
    monkeypatch.setattr(tui.secrets, "_WRITER_TIMEOUT", 0.1)
    monkeypatch.setattr(tui.secrets, "_COMMAND_TIMEOUT", 0.3)
    with pytest.raises(UsageError, match=f"no key came through the pipe {pipe} within 0 s"):
        read_file(pipe)
    silent = os.open(pipe, os.O_RDWR)
    try:
        begun = time.monotonic()
        with pytest.raises(UsageError, match="no key came"):
            read_file(pipe)
        assert time.monotonic() - begun >= 0.3, "who asks for a password first has longer"
    finally:
        os.close(silent)


def test_a_key_that_was_read_is_redacted_from_any_text(monkeypatch: pytest.MonkeyPatch) -> None:
    key = "ab'cd/ef\\gh"
    monkeypatch.setenv(TOKEN_VARIABLE, key)
    assert take_from_environment() is not None
    for text in (key, f"x{key}y{key}", f"{key!r}", f"{[key]}", "token=ab%27cd%2Fef%5Cgh", f"{key.encode()!r}"):
        assert "gh" not in redact(text) and "[key]" in redact(text), text
    assert redact("nothing of it here") == "nothing of it here"


def test_a_key_that_contains_another_is_redacted_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in ("contained", "contained-in-longer"):
        monkeypatch.setenv(TOKEN_VARIABLE, key)
        assert take_from_environment() is not None
    assert redact("token=contained-in-longer") == "token=[key]"


def test_a_key_too_short_to_be_one_is_left_in_ordinary_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, "demo")
    assert take_from_environment() is not None
    assert redact("itick-tui --demo") == "itick-tui --demo"


def test_a_variable_that_is_not_wanted_is_removed_whatever_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, "no key, but s0mething-private")
    forget_environment()
    assert TOKEN_VARIABLE not in os.environ
    assert "s0mething" not in redact("it was s0mething-private")
    forget_environment()


def test_a_command_prints_the_key() -> None:
    assert ask_command(["printf", "%s\\n", KEY]).reveal() == KEY
    assert KEY not in redact(f"it said {KEY}")


def test_no_shell_reads_the_command(tmp_path: Path) -> None:
    ask_command(["echo", f"$(touch${{IFS}}{tmp_path}/ran);touch{tmp_path}"])
    assert not (tmp_path / "ran").exists()


def test_the_command_does_not_inherit_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, KEY)
    assert ask_command(["sh", "-c", f"echo got-${TOKEN_VARIABLE}-it"]).reveal() == "got--it"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (
            ["no-such-program-here", KEY],
            "token_command: 'no-such-program-here' cannot be run: no such file or directory",
        ),
        (["sh", "-c", f"exit 3 {KEY}"], "token_command: 'sh' ended with code 3 instead of printing the key"),
        (["true", KEY], "token_command: 'true' printed nothing: it must print the key"),
        (["echo", KEY, KEY], "token_command: 'echo' does not hold a key: a key is one word"),
        (["printf", "\\377"], "token_command: 'printf' does not print a key: that is no text"),
        (["sleep", "5"], "token_command: 'sleep' gave no key within 0 s"),
    ],
)
def test_the_error_of_a_command_without_a_key_names_the_program_alone(
    command: list[str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tui.secrets, "_COMMAND_TIMEOUT", 0.4)
    with pytest.raises(UsageError) as caught:
        ask_command(command)
    assert str(caught.value).startswith(words)
    assert KEY not in str(caught.value)


def test_a_variable_of_bytes_that_are_no_text_holds_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, "\udcff-n0-text")
    with pytest.raises(UsageError, match=f"{TOKEN_VARIABLE} does not hold a key") as caught:
        take_from_environment()
    assert "n0-text" not in str(caught.value)


def test_a_command_that_no_system_can_run_is_an_error() -> None:
    with pytest.raises(UsageError, match=r"token_command: 'echo' cannot be run: there is a character in it"):
        ask_command(["echo", "a\0b"])


def test_a_command_that_prints_without_end_is_stopped() -> None:
    begun = time.monotonic()
    with pytest.raises(UsageError, match=r"token_command: 'yes' does not print a key: that is more than 64 kB"):
        ask_command(["yes"])
    assert time.monotonic() - begun < 1


def test_what_a_command_leaves_running_is_not_waited_for() -> None:
    begun = time.monotonic()
    assert ask_command(["sh", "-c", f"sleep 2 & echo {KEY}"]).reveal() == KEY
    assert time.monotonic() - begun < 1


def test_a_command_that_closes_its_output_is_waited_for_only_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tui.secrets, "_COMMAND_TIMEOUT", 0.3)
    with pytest.raises(UsageError, match="gave no key within 0 s"):
        ask_command(["sh", "-c", f"echo {KEY}; exec sleep 5 >&-"])
