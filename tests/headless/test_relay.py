"""The command `relay`: the real program, beside others that join it or that it joins."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections import Counter
from pathlib import Path

import pytest

from tests.support.command import KEY, exchange, lines_until, run_program, start_program
from tui.headless.relay import describe_passed_on

PASSED_ON = "passed on "


@pytest.fixture(autouse=True)
def own_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The state folder of a test of its own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "itick-tui"


def listening(lines: list[str]) -> str:
    """Returns the address that a relay has named."""
    said = next(line for line in lines if line.startswith("for programs on this machine: "))
    return said.removeprefix("for programs on this machine: ").partition(",")[0]


def test_it_holds_the_connection_for_a_stream_and_ends_with_counters() -> None:
    with exchange("--one-connection") as url, start_program("relay", "--url", url, key=KEY) as relay:
        assert lines_until(relay.stderr, "other windows can join")[-2] == "LIVE"
        result = run_program("stream", "--url", url, "--watch", "QQQ$US", "--count", "20", key=KEY)
        assert result.returncode == 0 and len(result.stdout.splitlines()) == 20
        assert f"relay {relay.pid}: LIVE" in result.stderr
        relay.terminate()
        _, said = relay.communicate(timeout=10)
        assert relay.returncode == 143
        passed_on, link = said.splitlines()
        assert passed_on.startswith(PASSED_ON) and "to 1 client: 0 replaced by newer ones, 0 lost" in passed_on
        assert int(passed_on.split()[2]) >= 20
        assert link.startswith("link: 0 reconnects")


def test_another_spelling_of_the_address_is_the_same_connection() -> None:
    with exchange("--one-connection") as url, start_program("relay", "--url", url, key=KEY) as relay:
        lines_until(relay.stderr, "other windows can join")
        spelled = url.replace("127.0.0.1", "LocalHost")
        result = run_program("stream", "--url", spelled, "--watch", "QQQ$US", "--count", "1", key=KEY)
        assert result.returncode == 0 and f"relay {relay.pid}: LIVE" in result.stderr


def test_it_stands_by_and_takes_over_when_the_holder_is_killed() -> None:
    with (
        exchange("--one-connection") as url,
        start_program("stream", "--url", url, "--watch", "QQQ$US", key=KEY) as holder,
    ):
        lines_until(holder.stderr, "LIVE")
        with start_program("relay", "--url", url, "--listen", "127.0.0.1:0", key=KEY) as relay:
            address = listening(lines_until(relay.stderr, f"standing by: stream {holder.pid} holds"))
            holder.kill()
            lines_until(relay.stderr, "moving to another window")
            lines_until(relay.stderr, "other windows can join")
            with start_program("relay", "--url", url, "--take-over", key=KEY) as taker:
                lines_until(taker.stderr, "other windows can join")
                lines_until(relay.stderr, f"standing by: relay {taker.pid} holds")
                token = ("--token-file", str(Path(os.environ["XDG_STATE_HOME"]) / "itick-tui" / "relay-token"))
                stream = ("stream", "--url", address, *token, "--watch", "IEF$US", "--count", "3")
                assert run_program(*stream).returncode == 0


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_signals_end_it(signum: signal.Signals, code: int) -> None:
    with exchange() as url, start_program("relay", "--url", url, key=KEY) as relay:
        lines_until(relay.stderr, "LIVE")
        relay.send_signal(signum)
        assert relay.wait(10) == code


def test_a_key_that_is_refused_ends_it() -> None:
    with exchange("--fault", "auth-failed") as url:
        result = run_program("relay", "--url", url, key=KEY)
    assert result.returncode == 3
    assert "key refused" in result.stderr and PASSED_ON in result.stderr


def test_without_a_key_it_says_where_to_put_it() -> None:
    result = run_program("relay", "--url", "ws://127.0.0.1:9/fund")
    assert result.returncode == 2 and "ITICK_TOKEN" in result.stderr and PASSED_ON not in result.stderr


@pytest.mark.parametrize("address", ["0.0.0.0:9011", "192.0.2.1:9011"])
def test_it_listens_for_this_machine_alone(address: str) -> None:
    result = run_program("relay", "--listen", address, key=KEY)
    assert result.returncode == 2
    assert f"other machines could reach '{address}'" in result.stderr and "--nats" in result.stderr


def test_a_port_that_is_taken_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        result = run_program("relay", "--url", "ws://127.0.0.1:9/fund", "--listen", address, key=KEY)
    assert result.returncode == 2
    said = f"itick-tui: cannot listen on {address}: another program has this port, choose another one"
    assert result.stderr.splitlines() == [said]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_it_does_not_feed_itself(host: str) -> None:
    result = run_program("relay", "--url", f"ws://{host}:9011/fund", "--listen", "127.0.0.1:9011", key=KEY)
    assert result.returncode == 2 and "is the address of the feed itself" in result.stderr


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")
def test_neither_key_nor_token_is_seen_of_those_who_share(own_locks: Path, tmp_path: Path) -> None:
    logs = [tmp_path / "relay.log", tmp_path / "stream.log", tmp_path / "tcp.log"]
    with exchange("--one-connection") as url:
        arguments = ("--url", url, "--listen", "127.0.0.1:0", "--log", str(logs[0]))
        with start_program("relay", *arguments, key=KEY) as relay:
            said = lines_until(relay.stderr, "other windows can join")
            file = own_locks / "relay-token"
            token = file.read_text()
            watch = ("--watch", "QQQ$US")
            over_tcp = ("--url", listening(said), "--token-file", str(file), "--log", str(logs[2]))
            with (
                start_program("stream", "--url", url, *watch, "--log", str(logs[1]), key=KEY) as joined,
                start_program("stream", *watch, *over_tcp) as tcp,
            ):
                for process in (joined, tcp):
                    said += lines_until(process.stderr, "LIVE")
                shown = b""
                for process in (relay, joined, tcp):
                    for name in ("cmdline", "environ"):
                        shown += Path(f"/proc/{process.pid}/{name}").read_bytes()
                for process in (joined, tcp, relay):
                    process.terminate()
                    said += process.communicate(timeout=10)[1].splitlines()
    text = "\n".join([*said, *(log.read_text() for log in logs), shown.decode(errors="replace")])
    assert "link LIVE" in text and "another program (pid 0) joined" in text and f"{file}" in text
    assert KEY not in text and token not in text
    assert all(json.loads(line) for log in logs for line in log.read_text().splitlines())


def test_what_was_passed_on_in_words() -> None:
    assert describe_passed_on(Counter()) == "passed on 0 messages to 0 clients: 0 replaced by newer ones, 0 lost"
    counted = Counter(clients=1, sent=1_234, replaced=5, lost=6_000)
    assert describe_passed_on(counted) == "passed on 1,234 messages to 1 client: 5 replaced by newer ones, 6,000 lost"
