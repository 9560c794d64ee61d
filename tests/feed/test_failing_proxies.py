"""A proxy failure is a state of the link, whatever asyncio's callbacks raise: it ends nothing else."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest
import trustme

from tests.support.command import KEY, PROGRAM, check_output, environment
from tests.support.feed import RawServer, Running
from tests.support.networks import AGREED, BASE, BROKEN, HOST, URL, ScriptedProxy, TunnelProxy, serve_vendor
from tests.support.terminal import Terminal
from tui.crash import catch_callbacks
from tui.errors import EXIT_DONE, EXIT_FAILED, EXIT_NO_CONNECTION
from tui.exchange.server import Exchange
from tui.feed.state import LinkPhase


async def run_behind_proxy(proxy: str, state: Path, command: str, *options: str) -> tuple[int | None, str, str]:
    """Run a command to its end, with a proxy between it and the vendor; its exit code, output and errors."""
    process = await asyncio.create_subprocess_exec(
        *PROGRAM,
        *(command, "--url", URL, "--watch", "QQQ$US", *options),
        env=environment(KEY) | {"https_proxy": proxy, "XDG_STATE_HOME": str(state)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


def crash_reports(state: Path) -> list[Path]:
    return list(state.glob("itick-tui/crash-*"))


@pytest.mark.parametrize(
    "kind", ["closes", "no HTTP", "agrees and closes", "no TLS", "socks closes", "socks, cut reply"]
)
async def test_the_stream_retries_and_reports_the_reason(kind: str, tmp_path: Path) -> None:
    scheme, answers = BROKEN[kind]
    async with ScriptedProxy(*answers) as proxy:
        code, _, words = await run_behind_proxy(
            f"{scheme}://127.0.0.1:{proxy.port}", tmp_path, "stream", "--deadline", "1"
        )
    check_output(words)
    assert code == EXIT_NO_CONNECTION, words
    assert f"no live connection within 1 s: cannot reach {HOST} through the proxy 127.0.0.1:" in words
    assert crash_reports(tmp_path) == []


@pytest.mark.parametrize("answer", [b"", AGREED + b"no TLS at all\r\n"], ids=["nothing", "no TLS"])
async def test_the_dashboard_retries_and_shows_the_reason(answer: bytes, tmp_path: Path) -> None:
    async with TunnelProxy(answer=answer) as proxy:
        terminal = Terminal(
            ["-m", "tui", "--url", URL, "--watch", "QQQ$US"],
            program=sys.executable,
            ITICK_TOKEN=KEY,
            XDG_STATE_HOME=str(tmp_path),
            https_proxy=f"http://127.0.0.1:{proxy.port}",
            no_proxy="",
        )
        try:
            await terminal.until(lambda: "trying again" in terminal.text() and len(proxy.targets) > 1)
            terminal.press("q")
            assert await terminal.exit_code() == EXIT_DONE
        finally:
            terminal.kill()
    assert crash_reports(tmp_path) == []


async def test_the_stream_names_an_unresponsive_proxy(tmp_path: Path) -> None:
    async with RawServer(None) as proxy:
        _, _, told = await run_behind_proxy(f"http://127.0.0.1:{proxy.port}", tmp_path, "stream", "--deadline", "1")
    words = f"no live connection within 1 s: connecting {HOST} through the proxy 127.0.0.1:{proxy.port}"
    assert words in told


@pytest.mark.parametrize("kind", ["socks closes", "socks begins", "socks 4", "socks, unknown reply", "no TLS"])
async def test_a_live_dashboard_survives_a_broken_proxy_of_rest(kind: str, tmp_path: Path) -> None:
    scheme, answers = BROKEN[kind]
    config = tmp_path / "config.toml"
    async with Exchange() as exchange, ScriptedProxy(*answers) as proxy:
        config.write_text(f'url = "{exchange.url}"\nrest_url = "{BASE}"\n')
        terminal = Terminal(
            ["-m", "tui", "--watch", "QQQ$US", "--config", str(config)],
            program=sys.executable,
            ITICK_TOKEN=KEY,
            XDG_STATE_HOME=str(tmp_path),
            https_proxy=f"{scheme}://127.0.0.1:{proxy.port}",
            no_proxy="",
        )
        try:
            await terminal.until(lambda: "LIVE" in terminal.text() and proxy.connections > 0)
            await asyncio.sleep(0.3)
            assert "LIVE" in terminal.text()
            terminal.press("q")
            assert await terminal.exit_code() == EXIT_DONE
        finally:
            terminal.kill()
    assert crash_reports(tmp_path) == []


@pytest.mark.parametrize("kind", ["socks closes", "socks, cut reply", "no TLS"])
async def test_the_doctor_continues_and_reports_the_reason(kind: str, tmp_path: Path) -> None:
    scheme, answers = BROKEN[kind]
    async with ScriptedProxy(*answers) as proxy:
        code, words, _ = await run_behind_proxy(f"{scheme}://127.0.0.1:{proxy.port}", tmp_path, "doctor", "--json")
    check_output(words)
    assert code == EXIT_FAILED, words
    where = f"cannot reach {HOST} through the proxy 127.0.0.1:{proxy.port}: the connection was cut"
    assert {check["id"] for check in json.loads(words)["checks"] if check["words"] == where} == {"handshake", "rest"}
    assert crash_reports(tmp_path) == []


class GarblingProxy(TunnelProxy):
    """A proxy whose latest tunnel a test can corrupt."""

    async def tunnel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        await super().tunnel(reader, writer)


@pytest.mark.parametrize(
    "spoils", [b"no TLS at all\r\n", b"\x17\x03\x03\x00\x05wrong", b""], ids=["no TLS", "record", "reset"]
)
async def test_a_proxy_failure_on_a_live_link_is_a_lost_connection(
    spoils: bytes, network: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    faults: list[Exception] = []
    catch_callbacks(asyncio.get_running_loop(), faults.append)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    network.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    async with serve_vendor(authority) as port, GarblingProxy(port) as proxy:
        network.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
        async with Running(URL) as running:
            await running.reaches(LinkPhase.LIVE)
            if spoils:
                proxy.writer.write(spoils)
            else:
                proxy.writer.transport.abort()
            assert await running.is_lost() == "connection lost"
            await running.reaches(LinkPhase.LIVE, times=2)
    assert faults == []
