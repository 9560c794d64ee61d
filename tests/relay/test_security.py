"""Who can join on the Unix socket, what is seen of the key, and what killed processes and others leave behind."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.relay.windows import Window
from tests.support.command import KEY, environment, exchange, lines_until, start_program
from tests.support.feed import QQQ, SPY
from tests.support.wait_until import until
from tui.exchange.server import Exchange
from tui.feed.key_lock import KeyLock
from tui.feed.state import LinkPhase
from tui.relay.sharing import Role
from tui.secrets import Token

L = LinkPhase.LIVE
NOBODY = 65_534
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
CLIENT = """
import os, socket, sys
os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))
with socket.socket(socket.AF_UNIX) as client:
    client.settimeout(10)
    try:
        client.connect(sys.argv[1])
        client.sendall(b"GET /fund HTTP/1.1\\r\\nHost: localhost\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n"
                       b"Sec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n\\r\\n")
        print(client.recv(100).split(b"\\r\\n")[0].decode())
    except OSError as error:
        print(type(error).__name__)
"""
SERVER = """
import base64, hashlib, os, re, socket, sys
with socket.socket(socket.AF_UNIX) as listener:
    os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))
    listener.bind(sys.argv[1]); os.chmod(sys.argv[1], 0o777); listener.listen()
    print("listens", flush=True)
    connected, _ = listener.accept()
    received = connected.recv(4096)
    given = re.search(rb"(?i)sec-websocket-key: (.*)\\r", received)[1]
    accepted = base64.b64encode(hashlib.sha1(given + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    connected.sendall(b"HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n"
                      b"X-Itick-Relay: 1\\r\\nSec-WebSocket-Accept: " + accepted + b"\\r\\n\\r\\n")
    connected.recv(4096)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that others may be let into: those of pytest are closed to them, and have long names."""
    with tempfile.TemporaryDirectory(prefix="locks") as name:
        yield Path(name)


def socket_of(folder: Path) -> Path:
    """Returns the socket of the process that leads."""
    holder = KeyLock("host", Token(KEY), folder=folder).holder()
    assert holder is not None and holder.socket is not None
    return holder.socket


async def answer_to(uid: int, path: Path) -> str:
    """Returns how a process of another user is answered on a socket."""
    arguments = [sys.executable, "-c", CLIENT, str(path), str(uid)]
    process = await asyncio.create_subprocess_exec(*arguments, stdout=subprocess.PIPE)
    return (await process.communicate())[0].decode().strip()


# --- other users ---


@AS_ROOT
async def test_a_process_of_another_user_is_refused(folder: Path) -> None:
    async with Exchange() as exchange, Window(exchange.url, folder) as window:
        await window.running.reaches(L)
        path = socket_of(folder)
        assert await answer_to(0, path) == "HTTP/1.1 101 Switching Protocols"
        assert await answer_to(NOBODY, path) == "PermissionError", "the folder is closed"
        os.chmod(folder, 0o755)
        assert await answer_to(NOBODY, path) == "PermissionError", "the socket is closed"
        os.chmod(path, 0o777)
        assert await answer_to(NOBODY, path) == "HTTP/1.1 403 Forbidden", "both were opened: the peer is looked at"
        assert window.sharing.relay is not None
        await until(lambda: len(window.sharing.relay.windows) == 1)  # type: ignore[union-attr]


@AS_ROOT
async def test_nor_is_one_joined(folder: Path) -> None:
    lock = KeyLock("host", Token(KEY), folder=folder)
    with tempfile.TemporaryDirectory() as theirs, lock:
        os.chown(theirs, NOBODY, NOBODY)
        path = Path(theirs, "s")
        arguments = [sys.executable, "-c", SERVER, str(path), str(NOBODY)]
        process = await asyncio.create_subprocess_exec(*arguments, stdout=subprocess.PIPE)
        assert process.stdout is not None and await process.stdout.readline() == b"listens\n"
        lock.publish(path)
        async with Window("ws://127.0.0.1:9/fund", folder) as window:
            assert f"pid {os.getpid()} uses this key and belongs to another user" in await window.running.is_lost()
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def test_folder_and_socket_are_closed_to_others(folder: Path) -> None:
    before = os.umask(0)
    try:
        async with Exchange() as exchange, Window(exchange.url, folder / "locks") as window:
            await window.running.reaches(L)
            path = socket_of(folder / "locks")
            assert path.parent == folder / "locks"
            assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            assert path.stat().st_uid == os.geteuid()
    finally:
        os.umask(before)


@pytest.mark.parametrize(
    "exposed", ["writable", pytest.param("owned", marks=AS_ROOT), pytest.param("owned parent", marks=AS_ROOT)]
)
async def test_a_folder_that_others_can_write_is_not_used(exposed: str, folder: Path) -> None:
    locks = folder / "locks"
    locks.mkdir()
    if exposed == "writable":
        locks.chmod(0o777)
        words = f"others can write {locks}: chmod go-w {locks}"
    else:
        owned = locks if exposed == "owned" else folder
        os.chown(owned, NOBODY, -1)
        words = f"{owned} belongs to uid {NOBODY}, and must be yours or root's"
    async with Exchange() as exchange, Window(exchange.url, locks) as alone:
        await alone.running.reaches(L)
        assert alone.sharing.role is Role.LEADING
        assert alone.sharing.unshared == words
        assert not list(locks.glob("*.sock"))
        await until(lambda: alone.market.instruments[QQQ].has_data)
        async with Window(exchange.url, locks, SPY) as other:
            assert f"uses this key and cannot be joined safely: {words}" in await other.running.is_lost()
    os.chown(folder, os.geteuid(), -1)


# --- the key ---


async def test_the_key_is_never_on_the_socket(folder: Path) -> None:
    passed: list[bytes] = []

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            passed.append(data)
            writer.write(data)
        writer.close()

    async with Exchange(rate=500) as exchange, Window(exchange.url, folder) as leader:
        await leader.running.reaches(L)
        real = socket_of(folder)

        async def between(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            their_reader, their_writer = await asyncio.open_unix_connection(str(real))
            await asyncio.gather(copy(reader, their_writer), copy(their_reader, writer))

        async with await asyncio.start_unix_server(between, str(folder / "between")) as server:
            leader.sharing._lock.publish(folder / "between")
            async with Window(exchange.url, folder, SPY) as follower:
                await follower.running.reaches(L)
                await until(lambda: follower.market.health.ticks > 5)
            await until(lambda: len(leader.sharing.relay.windows) == 1)  # type: ignore[union-attr]
            server.close()
    text = b"".join(passed)
    assert b"GET /fund" in text and b"101 Switching" in text and b'"resAc":"relay"' in text and b"SPY$US" in text
    assert KEY.encode() not in text and b"token" not in text.lower()
    requests = list(unmasked(text))
    assert any(b"SPY$US" in request for request in requests)
    assert not any(KEY.encode() in request for request in requests)


def unmasked(text: bytes) -> Iterator[bytes]:
    """Returns what the short frames of a client hold (RFC 6455 §5.3), from wherever one may begin."""
    for at in range(len(text) - 6):
        if text[at] == 0x81 and 0x80 < text[at + 1] < 0xFE:
            mask, payload = text[at + 2 : at + 6], text[at + 6 : at + 6 + (text[at + 1] & 0x7F)]
            yield bytes(byte ^ mask[number % 4] for number, byte in enumerate(payload))


# --- what is left behind ---


@pytest.mark.parametrize("long_path", [False, True], ids=["beside the lock", "in a folder of its own"])
def test_the_socket_of_a_killed_process_is_harmless_and_the_next_one_removes_it(
    long_path: bool, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = folder / ("x" * 90 if long_path else "s")
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
    monkeypatch.setenv("TMPDIR", str(folder))
    with exchange() as url, start_program("relay", "--url", url, key=KEY) as first:
        lines_until(first.stderr, "other windows can join")
        lock = next((state / "itick-tui" / "locks").glob("*.lock"))
        path = Path(lock.read_text().split("\n")[1])
        assert path.is_socket() and path.is_relative_to(state) is not long_path
        if long_path:
            assert len(os.fsencode(path)) < 104
            assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        first.kill()
        first.wait()
        assert path.is_socket()
        with start_program("relay", "--url", url, key=KEY) as second:
            lines_until(second.stderr, "other windows can join")
            assert not path.exists() and path.parent.exists() is not long_path
            now = Path(lock.read_text().split("\n")[1])
            with start_program("stream", "--url", url, "--watch", "QQQ$US", "--count", "1", key=KEY) as joined:
                lines_until(joined.stderr, f"relay {second.pid}: LIVE")
                assert joined.wait(10) == 0
            second.send_signal(signal.SIGTERM)
            second.wait(10)
            assert not now.exists() and lock.read_text() == "free"
            assert not long_path or not now.parent.exists()


async def test_what_another_process_uses_is_not_removed(folder: Path) -> None:
    path = folder / "s"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        (folder / "file").touch()
        async with Window("ws://127.0.0.1:9/fund", folder) as window:
            for used in (path, folder / "file", folder / "nothing"):
                window.sharing._remove_dead(used)
        assert path.exists() and (folder / "file").exists()


def test_the_doctor_says_why_windows_cannot_join(folder: Path) -> None:
    locks = folder / "itick-tui" / "locks"
    locks.mkdir(parents=True)
    locks.chmod(0o777)
    result = subprocess.run(
        [sys.executable, "-m", "tui", "doctor", "--demo"],
        env=environment() | {"XDG_STATE_HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert f"others can write {locks}" in " ".join(result.stdout.split())
    shutil.rmtree(locks)
