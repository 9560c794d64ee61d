"""The address and the token file for other programs on this machine."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.command import run_in_process
from tui.errors import UsageError
from tui.relay.local_access import local_access
from tui.secrets import REDACTED, redact


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The state folder of a test of its own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "itick-tui"


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("127.0.0.1:9011", "ws://127.0.0.1:9011/fund"),
        ("localhost:9011", "ws://127.0.0.1:9011/fund"),
        ("127.0.0.5:0", "ws://127.0.0.5:0/fund"),
        ("[::1]:9011", "ws://[::1]:9011/fund"),
    ],
)
def test_an_address_on_loopback(address: str, url: str) -> None:
    access = local_access(address)
    assert access.url(access.port) == url


@pytest.mark.parametrize(
    "address", ["0.0.0.0:9011", "[::]:9011", ":9011", "192.168.1.5:9011", "example.com:9011", "*:9011", "127.1:9011"]
)
def test_any_other_is_refused_with_the_way_for_teams(address: str, state: Path) -> None:
    with pytest.raises(UsageError, match="for this machine alone") as caught:
        local_access(address)
    assert address in str(caught.value) and "--nats" in str(caught.value)
    assert not state.exists()


@pytest.mark.parametrize("address", ["9011", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "a:²", ""])
def test_what_is_no_address_is_said(address: str) -> None:
    with pytest.raises(UsageError, match="is not an address with a port"):
        local_access(address)


def test_the_token_is_made_once_and_only_its_owner_can_read_it(state: Path) -> None:
    before = os.umask(0)
    try:
        first = local_access("127.0.0.1:9011")
    finally:
        os.umask(before)
    assert first.path == state / "relay-token"
    assert stat.S_IMODE(first.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert len(first.token.reveal()) >= 43  # 32 bytes in base64
    assert local_access("127.0.0.1:1").token.reveal() == first.token.reveal() == first.path.read_text()
    assert first.token.reveal() not in repr(first)
    assert redact(f"the token is {first.token.reveal()}") == f"the token is {REDACTED}"


def test_each_machine_has_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = set()
    for number in range(3):
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / str(number)))
        tokens.add(local_access("127.0.0.1:9011").token.reveal())
    assert len(tokens) == 3


def test_many_at_once_make_one() -> None:
    with ThreadPoolExecutor(8) as threads:
        made = threads.map(lambda _: local_access("127.0.0.1:9011").token.reveal(), range(24))
    assert len(set(made)) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666, 0o620])
def test_a_file_that_others_can_use_is_refused(mode: int, state: Path) -> None:
    path = local_access("127.0.0.1:9011").path
    path.chmod(mode)
    with pytest.raises(UsageError, match=rf"{path} can be read by others \(mode {mode:04o}\): delete it"):
        local_access("127.0.0.1:9011")
    path.unlink()
    local_access("127.0.0.1:9011")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_so_is_one_of_another_user(state: Path) -> None:
    path = local_access("127.0.0.1:9011").path
    os.chown(path, 65_534, -1)
    with pytest.raises(UsageError, match="relay-token belongs to uid 65534: delete it"):
        local_access("127.0.0.1:9011")


def test_so_is_one_in_a_folder_that_others_can_write(state: Path) -> None:
    local_access("127.0.0.1:9011")
    state.chmod(0o777)
    with pytest.raises(UsageError, match=f"others can write {state}: chmod go-w"):
        local_access("127.0.0.1:9011")


@pytest.mark.parametrize("what", ["link", "folder", "pipe", "short", "empty", "two words"])
def test_so_is_what_holds_no_token(what: str, state: Path) -> None:
    path = local_access("127.0.0.1:9011").path
    token = path.read_text()
    path.unlink()
    if what == "link":
        (state / "elsewhere").write_text(token)
        (state / "elsewhere").chmod(0o600)
        path.symlink_to(state / "elsewhere")
    elif what == "folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path, 0o600)
    else:
        path.write_text({"short": "abc", "empty": "", "two words": f"{token} {token}"}[what])
        path.chmod(0o600)
    with pytest.raises(UsageError, match="relay-token"):
        local_access("127.0.0.1:9011")


def test_a_state_folder_that_cannot_be_made_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with pytest.raises(UsageError, match=r"cannot use the token file .*not a directory"):
        local_access("127.0.0.1:9011")


def test_the_help_says_what_is_not_served_over_tcp() -> None:
    words = " ".join(run_in_process("relay", "--help").stdout.split())
    assert "the stream alone, without REST" in words
