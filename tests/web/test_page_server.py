"""Who may open a page of `serve`, and how it starts and ends."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.support.command import KEY, run_in_process, run_program
from tests.support.wait_until import until
from tests.web.test_pages import children, runs, serving
from tui.secrets import Token
from tui.web.page_process import PageProcess
from tui.web.page_server import PageServer

REFUSED, UNKNOWN = 403, 404


async def http_status(address: str, host: str = "", path: str = "") -> tuple[int, str]:
    """The status and the body of a page, asked for by the name of `host`."""
    url = urlsplit(address)
    reader, writer = await asyncio.open_connection("127.0.0.1", url.port)
    writer.write(f"GET {path or url.path} HTTP/1.1\r\nHost: {host or url.netloc}\r\nConnection: close\r\n\r\n".encode())
    answer = (await reader.read()).decode()
    writer.close()
    return int(answer.split()[1]), answer.partition("\r\n\r\n")[2]


async def socket_status(address: str, **headers: str) -> int:
    """The status with which the WebSocket is refused; 101 if it is not."""
    try:
        async with connect(address.replace("http", "ws") + "ws", additional_headers=headers, proxy=None):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


async def test_only_the_page_of_the_printed_address_reaches_the_dashboard() -> None:
    async with PageServer(["--demo"], None).listening(0) as address:
        port = urlsplit(address).port
        assert urlsplit(address).hostname == "127.0.0.1"
        status, page = await http_status(address)
        assert status == 200 and "The program has ended" in page
        assert "googleapis" not in page and "://" not in page, "nothing comes from elsewhere"
        for host in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", f"192.168.0.7:{port}"):
            assert await http_status(address, host) == (
                REFUSED,
                "This server is for the pages of its own address on this machine alone.\n",
            )
        assert (await http_status(address, "localhost:9999"))[0] == 200, "a forwarded port"
        status, words = await http_status(address, path="/")
        assert status == UNKNOWN and "itick-tui serve has printed" in words
        assert (await http_status(address, path="/ws"))[0] == UNKNOWN
        for origin in ("http://evil.example", "null", f"http://127.0.0.1:{port + 1 if port else 0}", "file://"):
            assert await socket_status(address, Origin=origin) == REFUSED, origin
        assert await socket_status(address.replace(urlsplit(address).path, "/guess/")) == UNKNOWN


async def test_a_page_of_the_address_itself_gets_a_dashboard_that_ends_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"TERM": "dumb", "STY": "1.screen", "NO_COLOR": ""}.items():  # the server's, not the page's
        monkeypatch.setenv(name, value)
    with serving("--demo") as (server, address):
        url = urlsplit(address)
        assert await socket_status(address, Origin=f"http://{url.netloc}") == 101
        await until(lambda: not children(server.pid), within=20)
        uri = address.replace("http", "ws") + "ws?width=NaN&height=x"
        async with connect(uri, additional_headers={"Origin": f"http://{url.netloc}"}, proxy=None) as page:
            for nonsense in ("", "{", "[]", '["stdin", 7]', '["resize", {"width": "x", "height": null}]', "[[1]]"):
                await page.send(nonsense)
            await page.send('["resize", {"width": 99999999, "height": 3000000}]')
            await page.send('["resize", {"width": 120, "height": 36}]')
            drawn = b""
            async with asyncio.timeout(30):
                while b"QQQ" not in drawn:
                    piece = await page.recv()
                    drawn += piece if isinstance(piece, bytes) else piece.encode()
                while await page.recv() != b"":
                    pass  # until its heartbeat
            assert b"\x1b[38;2;" in drawn, "true colour"
            (dashboard,) = children(server.pid)
            server.send_signal(signal.SIGTERM)
            async with asyncio.timeout(30):
                async for _ in page:
                    pass
            assert page.close_code == 1001
        assert await asyncio.to_thread(server.wait, 20) == 143
        assert not runs(dashboard)


async def test_the_key_comes_to_the_dashboard_through_a_pipe_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "python"
    program.write_text(f'#!/bin/sh\ncd \'{tmp_path}\'; {{ env; echo "$@"; }} >told; shift $(($# - 1)); cat "$1" >key\n')
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    async with PageProcess(["--watch=QQQ$US"], Token(KEY), 120, 36):
        pass  # at its end the program has ended
    told = (tmp_path / "told").read_text()
    assert (tmp_path / "key").read_text() == KEY
    assert KEY not in told
    assert all(words in told for words in ("--watch=QQQ$US --token-file", "COLUMNS=120\n", "ROWS=36\n"))


def test_it_starts_only_with_what_a_dashboard_needs(tmp_path: Path) -> None:
    for arguments, words in (
        ((), "no key: give that of your iTick account"),
        (("--demo", "--port", "0.0.0.0:8010"), "the pages are for this machine alone"),
        (("--demo", "--port", "70000"), "'--port'"),
        (("--demo", "--url", "ws://127.0.0.1:9/fund"), "--demo and --url exclude each other"),
        (("--watch", "??"), "??"),
    ):
        result = run_in_process("serve", *arguments)
        assert result.returncode == 2 and words in result.stderr, result.stderr


def test_it_tells_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "tui.web.page_server", raising=False)
    for name in ("textual_serve", "aiohttp"):
        with monkeypatch.context() as without:
            without.setitem(sys.modules, name, None)
            result = run_in_process("serve", "--demo")
        assert result.returncode == 2 and "pip install 'itick-tui[web]'" in result.stderr


async def test_a_port_that_is_taken_is_told() -> None:
    async with PageServer(["--demo"], None).listening(0) as address:
        port = urlsplit(address).port
        result = await asyncio.to_thread(run_program, "serve", "--demo", "--port", str(port))
    assert result.returncode == 2
    assert result.stderr.endswith(
        f"cannot listen on 127.0.0.1:{port}: another program has this port, choose another one\n"
    )
