"""The key: found, taken out of sight, and never shown."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tui.errors import UsageError
from tui.secrets import VARIABLE, Token, read_file, take_from_environment

KEY = "2abf6c0e7dd8a1930a2f48ba14a"


def test_a_token_shows_itself_only_when_asked_by_name() -> None:
    token = Token(KEY)
    assert token.reveal() == KEY
    for shown in (str(token), repr(token), f"{token}", f"{token!r:>40}", f"{[token]}", f"{ {'token': token} }"):
        assert KEY not in shown
    assert not hasattr(token, "__dict__")


def test_the_variable_is_gone_once_it_has_been_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, f" {KEY}\n")
    token = take_from_environment()
    assert token is not None and token.reveal() == KEY
    assert VARIABLE not in os.environ
    assert take_from_environment() is None


@pytest.mark.parametrize("value", ["", "  ", "\n"])
def test_an_empty_variable_is_no_key(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(VARIABLE, value)
    assert take_from_environment() is None


@pytest.mark.parametrize("value", [f"{KEY} {KEY}", f"{KEY}\r\nx-injected: 1", f"{KEY}\x1b[31m", f"{KEY}é"], ids=ascii)
def test_a_variable_that_no_header_could_carry_is_refused_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv(VARIABLE, value)
    with pytest.raises(UsageError) as caught:
        take_from_environment()
    assert str(caught.value).startswith("ITICK_TOKEN does not hold a key")
    assert KEY not in str(caught.value)
    assert VARIABLE not in os.environ


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
