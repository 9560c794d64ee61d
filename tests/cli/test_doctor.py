"""The doctor as people call it."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest

from tests.cli.test_cli import assert_usage_error
from tests.support.command import KEY, exchange, lines_until, run_in_process, start_program
from tests.support.feed import RawServer, free_port
from tests.support.terminal import Terminal
from tui import __version__
from tui.cli.report import anonymize


def statuses(output: str) -> dict[str, str]:
    return {check["id"]: check["status"] for check in json.loads(output)["checks"]}


async def test_the_demo_on_a_real_terminal_is_all_ok() -> None:
    terminal = Terminal(["doctor", "--demo"], 100, 60, answers=True)
    try:
        await terminal.until(lambda: "30 OK" in terminal.text())
        text = terminal.text()
        assert await terminal.exit_code() == 0
    finally:
        terminal.kill()
    assert text.startswith(f"itick-tui {__version__}, Python 3.")
    assert "…" not in text, "what was being done is written over"
    assert all(word not in text for word in ("WARN", "FAIL", "skipped"))
    assert b"\x1b[32mOK" in terminal.raw


def test_in_a_pipe_it_is_plain_lines() -> None:
    result = run_in_process("doctor", "--demo")
    assert (result.returncode, result.stderr) == (0, "")
    assert "\x1b" not in result.stdout and "\r" not in result.stdout
    assert result.stdout.splitlines()[-1].startswith("28 OK, 2 skipped in ")


def test_what_failed_makes_the_exit_code_and_the_key_is_nowhere(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("the-right-one")
    with exchange("--key-file", str(key)) as url:
        arguments = ("doctor", "--url", url, "--watch", "QQQ$US", "--json")
        refused = run_in_process(*arguments, key=KEY)
        well = run_in_process(*arguments, "--token-file", str(key), key=KEY)
        keyless = run_in_process(*arguments)
    report = json.loads(refused.stdout)
    assert report["itick-tui"] == __version__ and report["time"].endswith(" UTC")
    found = statuses(refused.stdout)
    assert refused.returncode == 1
    assert [name for name, status in found.items() if status == "FAIL"] == ["auth"]
    assert found["subscribe tick"] == "skipped"
    (check,) = [check for check in report["checks"] if check["id"] == "handshake"]
    assert check["ms"] > 0 and check["advice"] == ""
    assert (well.returncode, statuses(well.stdout)["key"]) == (0, "WARN"), "others can read the file"
    found = statuses(keyless.stdout)
    assert (keyless.returncode, found["key"], found["tcp"], found["handshake"]) == (1, "FAIL", "OK", "skipped")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["doctor", "--url", "ws://example.org"], "refusing plain ws://"),
        (["doctor", "--demo", "--url", "wss://example.org"], "--demo and --url exclude each other"),
        (["doctor", "--watch", "QQQ/US"], "'QQQ/US' is not a symbol"),
        (["doctor", "now"], "'now' was not expected"),
        (["--demo", "doctor"], "put --demo after the command: itick-tui doctor --demo"),
        (["completion"], "Missing argument"),
        (["completion", "tcsh"], "'tcsh' is not one of"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_done_as_written(arguments: list[str], words: str) -> None:
    assert_usage_error(run_in_process(*arguments, key=KEY), words)


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_a_signal_ends_it_at_once(sent: signal.Signals, code: int) -> None:
    import asyncio

    async with RawServer(None) as server:

        def interrupted() -> tuple[int, str]:
            with start_program("doctor", "--url", f"ws://127.0.0.1:{server.port}/fund", key=KEY) as process:
                lines_until(process.stdout, "tls")  # after which the handshake waits for ever
                process.send_signal(sent)
                _, said = process.communicate(timeout=5)
                return process.returncode, said

        assert await asyncio.to_thread(interrupted) == (code, "")


def test_a_signal_ends_it_while_a_command_is_asked_for_the_key(tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    config.write_text('token_command = ["sleep", "9"]\n')
    config.chmod(0o600)
    with start_program("doctor", "--config", str(config)) as process:
        lines_until(process.stdout, "address")
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        assert process.wait(2) == 143


def test_nobody_is_named() -> None:
    home = str(Path.home())
    assert anonymize(f"{home}/.itick-key and /home/somebody/x, /Users/else:") == "~/.itick-key and /home/…/x, /Users/…:"
    assert anonymize("\x1b[31mred") == "�[31mred"


@pytest.mark.parametrize("as_json", [False, True])
def test_neither_words_nor_advice_name_anybody(as_json: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "somebody"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    key = home / "key"
    key.write_text(KEY)
    key.chmod(0o644)
    url = f"ws://127.0.0.1:{free_port()}/fund"
    result = run_in_process("doctor", "--url", url, "--token-file", str(key), *["--json"] * as_json)
    said = " ".join(result.stdout.split())
    assert "in the file ~/key" in said and "chmod 600 ~/key" in said
    assert "somebody" not in said


def test_of_a_pair_the_legs_are_looked_at() -> None:
    result = run_in_process("doctor", "--demo", "--watch", "QQQ/SPY")
    assert result.returncode == 0 and "QQQ$US" in result.stdout and "QQQ$US/SPY$US" not in result.stdout
