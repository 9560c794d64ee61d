"""The doctor on the way to a relay of the team, with a real NATS server."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.relay.nats_process import NatsProcess, RelayProcess
from tests.support.command import run_program
from tests.support.feed import free_port
from tui.exchange.server import Exchange


async def doctor(nats: str, *arguments: str) -> tuple[CompletedProcess[str], dict[str, dict[str, str]]]:
    """Returns the run, and each step by its name."""
    arguments = ("doctor", "--nats", nats, "--watch", "QQQ$US,SPY$US", "--json", *arguments)
    result = await asyncio.to_thread(run_program, *arguments)
    return result, {check["id"]: check for check in json.loads(result.stdout)["checks"]}


async def test_server_publisher_the_age_of_its_word_and_data_are_told_without_a_key(tmp_path: Path) -> None:
    async with Exchange(rate=200) as exchange, NatsProcess(tmp_path) as nats:
        with RelayProcess(tmp_path / "one", exchange.url, nats.url) as relay:
            await relay.says("publishing on")
            result, checks = await doctor(nats.url)
    assert result.returncode == 0, result.stdout
    assert not {"address", "key"} & checks.keys()
    assert checks["nats server"]["words"].startswith("nats-server 2.")
    assert checks["nats server"]["words"].endswith(", without TLS, with JetStream")
    assert (
        "(pid " in checks["publisher"]["words"]
        and "LIVE, of a demo exchange; its word is " in checks["publisher"]["words"]
    )
    assert checks["publisher"]["words"].endswith("by the two clocks")
    assert checks["subscribe"]["words"] == "2 symbols, 4 types: accepted"
    assert checks["symbols"]["words"] == "data came of 2 symbols"


async def test_what_is_missing_is_told_with_what_to_do(tmp_path: Path) -> None:
    async with NatsProcess(tmp_path) as nats:
        result, checks = await doctor(nats.url)
        assert result.returncode == 1
        assert checks["publisher"]["status"] == "FAIL" and checks["symbols"]["status"] == "skipped"
        assert checks["publisher"]["advice"].endswith(f"itick-tui relay --nats {nats.url}")
    result, checks = await doctor(f"nats://127.0.0.1:{free_port()}")
    assert result.returncode == 1
    assert "connection refused" in checks["nats server"]["words"] and checks["nats server"]["advice"]


async def test_a_server_without_jetstream_and_a_plan_that_is_full_are_told(tmp_path: Path) -> None:
    (tmp_path / "off").mkdir()
    async with NatsProcess(tmp_path / "off", jetstream=False) as nats:
        _, checks = await doctor(nats.url)
        assert checks["nats server"]["advice"] == "nats-server needs the option -js"
    async with Exchange(rate=200, max_symbols=1) as exchange, NatsProcess(tmp_path) as nats:
        with RelayProcess(tmp_path / "one", exchange.url, nats.url) as relay:
            await relay.says("publishing on")
            result, checks = await doctor(nats.url)
    assert result.returncode == 0 and checks["subscribe"]["status"] == "WARN"
    assert "over plan (SPY$US)" in checks["subscribe"]["words"]
    assert checks["symbols"]["words"] == "data came of 1 symbol"


@pytest.mark.parametrize("option", [["--demo"], ["--take-over"], ["--url", "wss://example.org/fund"]])
def test_what_a_follower_does_not_need_is_refused(option: list[str]) -> None:
    result = run_program("doctor", "--nats", "nats://127.0.0.1:4222", *option)
    assert result.returncode == 2 and f"leave {option[0]} out" in result.stderr
