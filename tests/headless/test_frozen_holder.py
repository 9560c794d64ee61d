"""Commands that start while the process which holds the connection stands still: the real programs."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from tests.support.command import KEY, exchange, lines_until, run_program, start_program


@pytest.fixture(autouse=True)
def own_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The state folder of a test of its own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.mark.parametrize("command", [("stream", "--deadline", "3"), ("snapshot", "--wait", "3")])
def test_a_command_waits_as_long_as_it_may_and_says_what_to_do(command: tuple[str, ...]) -> None:
    with exchange("--one-connection") as url, start_program("relay", "--url", url, key=KEY) as holder:
        lines_until(holder.stderr, "other windows can join")
        holder.send_signal(signal.SIGSTOP)
        began = time.monotonic()
        result = run_program(*command, "--url", url, "--watch", "QQQ$US", key=KEY)
        assert time.monotonic() - began >= 3
        assert result.returncode == 4
        in_use = f"pid {holder.pid} uses this key and does not answer: end it first, or give --take-over"
        assert f"itick-tui: no live connection within 3 s: {in_use}" in result.stderr.splitlines()
        assert "stopped" not in result.stderr


def test_a_relay_stands_by_and_says_each_state_once() -> None:
    with exchange("--one-connection") as url, start_program("relay", "--url", url, key=KEY) as holder:
        lines_until(holder.stderr, "other windows can join")
        holder.send_signal(signal.SIGSTOP)
        with start_program("relay", "--url", url, key=KEY) as relay:
            words = f"pid {holder.pid} uses this key and does not answer: end it first, or give --take-over"
            lines_until(relay.stderr, words)
            time.sleep(8)  # it tries again meanwhile
            holder.send_signal(signal.SIGCONT)
            said = lines_until(relay.stderr, f"standing by: relay {holder.pid} holds the connection")
            assert [line for line in said if words in line] == []
            assert len(said) == len(set(said))
