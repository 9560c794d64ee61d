"""The key is nowhere to be read: every command, every fault, and a server that throws the key back at us."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.http11 import Request as HttpRequest
from websockets.http11 import Response

from tests.support.command import KEY, exchange, lines_until, run_program, start_program
from tests.support.feed import QUICK, serving
from tests.support.terminal import Terminal
from tui.errors import EXIT_CRASH
from tui.exchange.faults import FAULTS
from tui.exchange.server import Exchange
from tui.feed.endpoint import rest_base
from tui.feed.link import Link
from tui.feed.state import LinkState
from tui.headless.stream import format_counters
from tui.history.rest_client import RestClient, RestError
from tui.log import logging_to
from tui.market import Market
from tui.secrets import take_from_environment
from tui.symbol import Symbol

HEAVY = {"burst", "large"}  # seconds of work each, and nothing in them that other faults have not
WATCH = ("--watch", "QQQ$US")
GREETING = (b'{"code":1,"msg":"Connected Successfully"}', b'{"code":1,"resAc":"auth","msg":"authenticated"}')


def check_files(folder: Path) -> str:
    """All that was written below a folder, without the key."""
    text = "\n".join(file.read_text() for file in sorted(folder.rglob("*")) if file.is_file())
    assert KEY not in text
    return text


# --- every fault ---


async def test_no_fault_brings_the_key_into_the_log_the_states_or_the_counters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ITICK_TOKEN", KEY)
    token = take_from_environment()
    assert token is not None
    told: list[str] = []

    async def suffer(fault: str) -> None:
        market, states = Market(), list[LinkState]()
        async with Exchange(faults=[fault], fault_every=None if fault in HEAVY else 0.2, rate=50.0) as exchange:
            link = Link(exchange.url, token, market, on_state=states.append, timings=QUICK)
            link.set_symbols([Symbol(code, "US") for code in ("QQQ", "SPY", "IWM", "DIA")])
            if fault.startswith("rest-"):
                told.extend([fault, *await asked(RestClient(rest_base(exchange.url), token, minute=0.1, within=1.0))])
                return
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(2):
                    await link.run()
        told.extend([fault, *(f"{state} {state.describe(0)}" for state in states)])
        told.extend((format_counters(market.health.report()), json.dumps(market.health.report())))
        told.append(repr(market.health.last_malformed))

    with logging_to(tmp_path / "log"):
        logging.getLogger().setLevel(logging.DEBUG)  # whatever others log, also where somebody turns it up
        await asyncio.gather(*(suffer(fault) for fault in FAULTS))
    assert set(FAULTS) <= set(told)
    assert KEY not in "\n".join(told)
    assert "tui.feed" in check_files(tmp_path)


async def asked(rest: RestClient) -> list[str]:
    """What each call over REST brought, or why it brought nothing."""
    brought: list[str] = []
    for call in (rest.quotes("US", ["QQQ"]), rest.klines("US", ["QQQ", "SPY"], limit=2), rest.funds("US")):
        try:
            async with asyncio.timeout(2):  # one that is told to slow down waits a minute
                brought.append(repr(await call))
        except (RestError, TimeoutError) as error:
            brought.append(repr(error))
    await rest.aclose()
    return brought


# --- a server that tells the key to everybody ---


def echoed(connection: ServerConnection) -> str:
    assert connection.request is not None
    return f"[b]who are you, {connection.request.headers['token']}?"


async def tell_it_in_frames(connection: ServerConnection) -> None:
    words = echoed(connection)
    for frame in (*GREETING, f"{{{words}".encode(), json.dumps({"code": 0, "msg": words}).encode()):
        await connection.send(frame, text=True)
    await connection.recv()
    await connection.send(json.dumps({"code": 0, "resAc": "subscribe", "msg": words}), text=True)
    await asyncio.sleep(0.5)
    await connection.close(1011, words)


async def tell_it_when_refusing(connection: ServerConnection) -> None:
    await connection.send(GREETING[0], text=True)
    await connection.send(json.dumps({"code": 0, "resAc": "auth", "msg": echoed(connection)}), text=True)
    await connection.close(1008, echoed(connection))


async def never(connection: ServerConnection) -> None:
    raise AssertionError("there is no handshake")


def tell_it_by_http(connection: ServerConnection, request: HttpRequest) -> Response:
    token = request.headers["token"]
    return Response(503, token, Headers({"Retry-After": token, "Date": token, "X": token}), token.encode())


HANDLERS = {"frames": tell_it_in_frames, "refusing": tell_it_when_refusing, "http": never}


@pytest.fixture(params=HANDLERS)
async def hostile(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def test_a_server_that_echoes_the_key_does_not_get_it_printed_by_the_stream(hostile: str, tmp_path: Path) -> None:
    async with serving(HANDLERS[hostile], tell_it_by_http if hostile == "http" else None) as url:
        results = await asyncio.gather(
            *(
                asyncio.to_thread(
                    run_program,
                    "stream",
                    *("--url", url, *WATCH, "--take-over", "--deadline", "1.5", "--seconds", "3"),
                    *("--log", str(tmp_path / f"log{number}"), *extra),
                    key=KEY,
                )
                for number, extra in enumerate(((), ("--json-health",)))
            )
        )
        assert {result.returncode for result in results} <= {0, 3, 4}
    assert "who are you" not in check_files(tmp_path) or "[key]" in check_files(tmp_path)


async def test_nor_is_it_by_what_is_asked_over_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITICK_TOKEN", KEY)
    token = take_from_environment()
    assert token is not None
    for status, body in (
        (200, f'{{"code":1,"msg":"who are you, {KEY}"}}'),
        (200, f'[{{"c":"QQQ","n":"{KEY}","e":"{KEY}"}}]'),
        (200, KEY),
        (302, KEY),
        (503, KEY),
    ):

        def tell(
            connection: ServerConnection, request: HttpRequest, status: int = status, body: str = body
        ) -> Response:
            return Response(status, KEY, Headers({"Location": f"http://{KEY}/", "Date": KEY}), body.encode())

        async with serving(never, tell) as url:
            with logging_to(tmp_path / "log"):
                logging.getLogger().setLevel(logging.DEBUG)
                told = await asked(RestClient(rest_base(url), token, minute=0.1))
        assert KEY not in "\n".join(told)
    assert "GET /fund/quotes: 503" in check_files(tmp_path)


async def test_nor_by_the_doctor(hostile: str) -> None:
    async with serving(HANDLERS[hostile], tell_it_by_http if hostile == "http" else None) as url:
        result = await asyncio.to_thread(run_program, "doctor", "--url", url, *WATCH, "--json", key=KEY)
    assert result.returncode == 1
    assert "who are you" not in result.stdout or "[key]" in result.stdout


async def test_nor_into_a_recording(tmp_path: Path) -> None:
    file = tmp_path / "r.jsonl.gz"
    async with serving(tell_it_in_frames) as url:
        arguments = ("--url", url, *WATCH, "--deadline", "1", "--record", str(file))
        await asyncio.to_thread(run_program, "stream", *arguments, key=KEY)
    recorded = gzip.decompress(file.read_bytes()).decode()
    assert KEY not in recorded
    assert recorded.count("who are you, [key]?") > 3, "in frames, and in words of the link"


async def test_nor_by_the_dashboard_with_feed_health_open(tmp_path: Path) -> None:
    async with serving(tell_it_in_frames) as url:
        arguments = ["--url", url, *WATCH, "--log", str(tmp_path / "log")]
        terminal = Terminal(arguments, ITICK_TOKEN=KEY, XDG_STATE_HOME=str(tmp_path / "state"))
        try:
            await terminal.until(lambda: "trying again" in terminal.text())
            terminal.press("h")
            await terminal.until(lambda: "Feed health" in terminal.text() and "who are you, [key]?" in terminal.text())
            await terminal.until(lambda: "\\x1b" not in terminal.text() and "malformed" in terminal.text())
            terminal.press("qq")
            assert await terminal.exit_code() == 0
        finally:
            terminal.kill()
    assert KEY.encode() not in terminal.raw
    assert "who are you, [key]?" in check_files(tmp_path)


# --- every command, every end ---


@pytest.fixture
def key_file(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "outside").mkdir()
    file = tmp_path / "outside" / "key"
    file.write_text(KEY)
    file.chmod(0o640)
    yield file


def test_a_key_file_that_others_can_read_is_said_once_and_works(key_file: Path, tmp_path: Path) -> None:
    with exchange("--key-file", str(key_file)) as url:
        arguments = (
            "--url",
            url,
            *WATCH,
            "--token-file",
            str(key_file),
            "--count",
            "1",
            "--log",
            str(tmp_path / "log"),
        )
        result = run_program("stream", *arguments, key="another one, and garbage")
    assert result.returncode == 0
    said = [line for line in result.stderr.splitlines() if "chmod" in line]
    assert said == [f"itick-tui: others can read your key in {key_file}: chmod 600 {key_file}"]
    log = (tmp_path / "log").read_text()
    assert (KEY not in log and "another one" not in log and "link LIVE" in log) or "subscribing" in log


@pytest.mark.parametrize(("fault", "code"), [("auth-failed", 3), ("http-401", 3), ("http-404", 4), ("redirect", 4)])
def test_refusals_do_not_tell_the_key(fault: str, code: int, tmp_path: Path) -> None:
    log = str(tmp_path / "log")
    with exchange("--fault", fault) as url:
        result = run_program("stream", "--url", url, *WATCH, "--deadline", "1", "--log", log, key=KEY)
    assert result.returncode == code
    lines = check_files(tmp_path).splitlines()
    assert json.loads(lines[-1])["level"] == "error"


@pytest.mark.parametrize("arguments", [["--demo"], ["stream", "--demo", "--count", "1"]], ids=" ".join)
def test_the_demo_does_not_mind_what_the_variable_holds(arguments: list[str]) -> None:
    result = run_program(*arguments, key=f"garbage {KEY}\x01")
    assert "ITICK_TOKEN" not in result.stderr
    assert result.returncode == (2 if arguments == ["--demo"] else 0)  # no terminal to draw on


async def test_a_crash_with_a_log_tells_the_fault_but_not_the_key(tmp_path: Path) -> None:
    async with Exchange(rate=20.0) as exchange:
        arguments = [
            "-m",
            "tests.support.crashing",
            "handler",
            "--url",
            exchange.url,
            *WATCH,
            "--log",
            str(tmp_path / "log"),
        ]
        terminal = Terminal(arguments, program=sys.executable, ITICK_TOKEN=KEY, XDG_STATE_HOME=str(tmp_path))
        try:
            await terminal.until(lambda: "LIVE" in terminal.text())
            terminal.press("u")
            assert await terminal.exit_code() == EXIT_CRASH
        finally:
            terminal.kill()
    assert KEY.encode() not in terminal.raw
    text = check_files(tmp_path)
    assert text.count("Fault: the key is [key]") == 2, "in the report and in the log"
    assert "ends by a fault in the program" in text


# --- what the system shows of a process ---

PROC = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")


@PROC
@pytest.mark.parametrize("command", ["stream", "stream --token-file", "exchange"])
def test_the_system_does_not_show_the_key_of_a_running_program_nor_keep_its_memory(
    command: str, tmp_path: Path, key_file: Path
) -> None:
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
    try:
        with exchange() as url:
            arguments: tuple[str, ...] = ("exchange", "--port", "0")
            if command != "exchange":
                arguments = ("stream", "--url", url, *WATCH, "--take-over")
            if command.endswith("--token-file"):
                arguments += ("--token-file", str(key_file))
            with start_program(*arguments, key=KEY) as process:
                lines_until(process.stderr, "demo exchange at" if command == "exchange" else "LIVE")
                environ = Path(f"/proc/{process.pid}/environ").read_bytes()
                assert b"PATH=" in environ and KEY.encode() not in environ
                limit = resource.prlimit(process.pid, resource.RLIMIT_CORE)[0]
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, before)
    assert limit in (0, 1)


@PROC
async def test_an_alert_command_finds_the_key_neither_in_its_environment_nor_in_its_parent_s(tmp_path: Path) -> None:
    config, found = tmp_path / "config.toml", tmp_path / "found"
    script = f"cat /proc/self/environ /proc/$PPID/environ >{found}.new; mv {found}.new {found}"
    # It crosses one soon, whether it rises or falls.
    levels = ", ".join(f'"QQQ$US {way} {price / 10}"' for price in range(5_000, 6_000) for way in "><")
    config.write_text(f'alerts = [{levels}]\nalert_command = ["sh", "-c", "{script}"]\n')
    arguments = ["--demo", *WATCH, "--config", str(config)]
    terminal = Terminal(arguments, ITICK_TOKEN=KEY, XDG_STATE_HOME=str(tmp_path / "state"))
    try:
        await terminal.until(found.exists)
    finally:
        terminal.kill()
    seen = found.read_bytes()
    assert seen.count(b"\0PATH=") + seen.startswith(b"PATH=") == 2
    assert KEY.encode() not in seen


@pytest.mark.skipif(
    not Path("/proc/sys/kernel/core_pattern").exists() or "/" in Path("/proc/sys/kernel/core_pattern").read_text(),
    reason="needs core files in the folder of the process",
)
def test_a_crash_of_the_interpreter_leaves_no_core_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITICK_TOKEN", KEY)
    crash = "import ctypes, resource, sys; hard = resource.getrlimit(resource.RLIMIT_CORE)[1]"
    crash += "; resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))"
    read = "; from tui.secrets import take_from_environment as take; take()"
    dumped: list[bool] = []
    for what in ("", read):
        folder = tmp_path / f"folder{len(dumped)}"
        folder.mkdir()
        subprocess.run([sys.executable, "-c", f"{crash}{what}; ctypes.string_at(0)"], cwd=folder, check=False)
        dumped.append(any(folder.iterdir()))
    if not dumped[0]:
        pytest.skip("no core files are written here")
    assert dumped == [True, False]
