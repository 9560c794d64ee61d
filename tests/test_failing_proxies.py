"""A proxy that fails is a state of the link, whatever asyncio's callbacks make of it: nothing ends by it."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import trustme

from tests.command import KEY, PROGRAM, check_output, environment
from tests.feed.networks import BASE, HOST, URL, Tunnels, vendor
from tests.feed.running import Running
from tests.terminal import Terminal
from tui.crash import catch_callbacks
from tui.errors import EXIT_DONE, EXIT_NO_CONNECTION
from tui.feed.rest import Rest, RestError
from tui.feed.state import Phase
from tui.secrets import Token

AGREED = b"HTTP/1.1 200 Connection established\r\n\r\n"


def crash_reports(state: Path) -> list[Path]:
    return list(state.glob("itick-tui/crash-*"))


@pytest.mark.parametrize(
    "answer",
    [b"", AGREED, AGREED + b"no TLS at all\r\n", b"\x00"],
    ids=["nothing", "closes", "no TLS", "no HTTP"],
)
async def test_the_stream_tries_again_and_says_why(answer: bytes, tmp_path: Path) -> None:
    async with Tunnels(answer=answer) as proxy:
        process = await asyncio.create_subprocess_exec(
            *PROGRAM,
            *("stream", "--url", URL, "--watch", "QQQ$US", "--deadline", "1"),
            env=environment(KEY) | {"https_proxy": f"http://127.0.0.1:{proxy.port}", "XDG_STATE_HOME": str(tmp_path)},
            stderr=asyncio.subprocess.PIPE,
        )
        _, err = await process.communicate()
    words = err.decode()
    check_output(words)
    assert process.returncode == EXIT_NO_CONNECTION, words
    assert f"no live connection within 1 s: cannot reach {HOST} through the proxy 127.0.0.1:" in words
    assert crash_reports(tmp_path) == []


@pytest.mark.parametrize("answer", [b"", AGREED + b"no TLS at all\r\n"], ids=["nothing", "no TLS"])
async def test_the_dashboard_tries_again_and_says_why(answer: bytes, tmp_path: Path) -> None:
    async with Tunnels(answer=answer) as proxy:
        terminal = Terminal(
            ["-m", "tui", "--url", URL, "--watch", "QQQ$US"],
            program=sys.executable,
            ITICK_TOKEN=KEY,
            XDG_STATE_HOME=str(tmp_path),
            https_proxy=f"http://127.0.0.1:{proxy.port}",
            no_proxy="",
        )
        try:
            await terminal.until(lambda: "trying again" in terminal.text() and len(proxy.asked) > 1)
            terminal.press("q")
            assert await terminal.exit_code() == EXIT_DONE
        finally:
            terminal.kill()
    assert crash_reports(tmp_path) == []


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "connection was cut"),
        (AGREED, "TLS: "),
        (AGREED + b"no TLS at all\r\n", "TLS: "),
        (b"\x00", "connection was cut"),
        (b"HTTP/1.1 403 No\r\n\r\n", "403 No"),
        (None, "TLS certificate: "),
    ],
    ids=["nothing", "closes", "no TLS", "no HTTP", "refuses", "unknown CA"],
)
async def test_rest_says_why_and_nothing_ends(answer: bytes | None, words: str, network: pytest.MonkeyPatch) -> None:
    faults: list[Exception] = []
    catch_callbacks(asyncio.get_running_loop(), faults.append)
    async with vendor(trustme.CA()) as port, Tunnels(port, answer=answer) as proxy:
        network.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
        rest = Rest(BASE, Token(KEY))
        with pytest.raises(RestError, match=f"cannot reach {HOST} through the proxy 127.0.0.1:") as caught:
            await rest.quotes("US", ["QQQ"])
        await rest.aclose()
    assert words in str(caught.value) and faults == []


class Garbles(Tunnels):
    """A proxy that spoils what has long been a good connection."""

    async def _pipe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        with suppress(OSError):
            await super()._pipe(reader, writer)


@pytest.mark.parametrize(
    "spoils", [b"no TLS at all\r\n", b"\x17\x03\x03\x00\x05wrong", b""], ids=["no TLS", "record", "reset"]
)
async def test_a_proxy_that_fails_a_live_link_is_a_loss_like_any_other(
    spoils: bytes, network: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    faults: list[Exception] = []
    catch_callbacks(asyncio.get_running_loop(), faults.append)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    network.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    async with vendor(authority) as port, Garbles(port) as proxy:
        network.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
        async with Running(URL) as running:
            await running.reaches(Phase.LIVE)
            if spoils:
                proxy.writer.write(spoils)
            else:
                proxy.writer.transport.abort()
            assert await running.is_lost() == "connection lost"
            await running.reaches(Phase.LIVE, times=2)
    assert faults == []
