"""The command `doctor`: a diagnosis of this machine and the connection, a line a step."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.cli.defaults import config_file
from tui.cli.help import CACHE, COLOUR, CONFIG, FOLDERS, KEY, OUTPUT, PROXY, STATE, TRUST, ManualCommand, option
from tui.cli.options import (
    check_source,
    config_option,
    demo_option,
    find_nats_server,
    nats_credentials_option,
    nats_option,
    parse_watch,
    print_error,
    require_stdout,
    take_over_option,
    token_file_option,
    url_option,
    watch_option,
)
from tui.errors import EXIT_DONE, EXIT_FAILED, EXIT_INTERRUPTED, EXIT_TERMINATED

if TYPE_CHECKING:
    from tui.cli.report import Report
    from tui.config.file import ConfigFile
    from tui.doctor.checks import CheckRunner
    from tui.doctor.machine import MachineChecks
    from tui.relay.nats_server import NatsServer
    from tui.symbol import Symbol


@click.command(
    cls=ManualCommand,
    examples=(
        ("itick-tui doctor", "All of it, with your key and the list shown at the start."),
        ("itick-tui doctor --watch 'SPY$US,2800$HK'", "With these symbols."),
        ("itick-tui doctor --demo", "This machine only, with the demo exchange."),
        ("itick-tui doctor --nats nats://HOST:4222", "The way to the relay of your team."),
        ("itick-tui doctor --json >doctor.json", "For scripts."),
    ),
    environment=(KEY, PROXY, TRUST, COLOUR, FOLDERS),
    files=(CONFIG, STATE, CACHE),
    exits=((0, "Nothing failed; there may be warnings."), (1, "Something failed."), 2, 70, 130, 143),
)
@watch_option
@demo_option
@url_option
@token_file_option
@take_over_option
@nats_option
@nats_credentials_option
@config_option
@option("--json", "as_json", group=OUTPUT, is_flag=True, help="Print one JSON object at the end instead of lines.")
def doctor(
    watch: str | None,
    demo: bool,
    url: str | None,
    token_file: Path | None,
    take_over: bool,
    nats: str | None,
    nats_credentials: Path | None,
    config: Path | None,
    as_json: bool,
) -> int:
    """Check this machine and the connection to the feed.

    It says what is wrong and what to do about it, step by step, from Python and the config file to the first data and
    five pings. If another copy has the key's connection it is joined, not ended. With --nats it tells of the server, of
    who publishes there, and of the first data. The result of a step is OK, WARN,
    FAIL, or skipped if a step before it failed. It takes some seconds, 40 at most. No key, user name or password is
    printed: add the output to a report of a fault.
    """
    import asyncio
    import signal

    from tui.feed.endpoint import check_url
    from tui.symbol import expand_pairs

    watched, notices = parse_watch(watch)
    symbols = expand_pairs(watched)
    check_source(demo, url, token_file)
    require_stdout()
    if url is not None:
        check_url(url)
    excluded = {"--demo": demo, "--url": url, "--token-file": token_file, "--take-over": take_over}
    server = find_nats_server(nats, nats_credentials, notices, excluded)
    for notice in notices:
        print_error(notice, EXIT_DONE)
    file = config_file(config, demo=demo)

    async def run() -> int:
        loop = asyncio.get_running_loop()
        task = asyncio.create_task(_run_checks(file, symbols, url, token_file, demo, take_over, server, as_json))
        ended = EXIT_DONE

        def end(code: int) -> None:
            nonlocal ended
            ended = code
            task.cancel()

        for signum, code in ((signal.SIGINT, EXIT_INTERRUPTED), (signal.SIGTERM, EXIT_TERMINATED)):
            loop.add_signal_handler(signum, end, code)
        try:
            return await task
        except asyncio.CancelledError:
            return ended

    return asyncio.run(run())


async def _run_checks(
    file: ConfigFile,
    symbols: Sequence[Symbol],
    url: str | None,
    token_file: Path | None,
    demo: bool,
    take_over: bool,
    server: NatsServer | None,
    as_json: bool,
) -> int:
    """Run all steps and print their results; returns the exit code."""
    from contextlib import AsyncExitStack

    from tui.cli.report import Report
    from tui.doctor.checks import CheckRunner
    from tui.doctor.feed import TIME_LIMIT, FeedChecks
    from tui.doctor.machine import MachineChecks
    from tui.exchange.server import Exchange
    from tui.feed.endpoint import host_of
    from tui.terminal.ambiguous_width import ask

    report = Report(as_json=as_json)
    runner = CheckRunner(report.on_start, report.on_result)
    async with AsyncExitStack() as stack:
        exchange = await stack.enter_async_context(Exchange()) if demo else None
        machine = MachineChecks(file, url, token_file, demo_url=exchange.url if exchange else "", ask_width=ask)
        report.print_header()
        report.print_section("This machine")
        if server is not None:
            await _run_nats_checks(server, runner, report, machine, symbols)
            return _exit_code(runner, report)
        await runner.run(machine.checks())
        report.print_section(f"The way to {host_of(machine.url)}" if machine.url else "The way to the feed")
        feed = FeedChecks(
            machine.url,
            machine.token,
            symbols or _default_symbols(machine, demo),
            rest=machine.rest,
            calls_a_minute=machine.settings.calls_a_minute if machine.settings is not None else 5,
            take_over=take_over,
        )
        await stack.enter_async_context(feed)
        await runner.run(feed.checks(), TIME_LIMIT)
    return _exit_code(runner, report)


def _exit_code(runner: CheckRunner, report: Report) -> int:
    """Print the summary of all results; returns the exit code."""
    from tui.doctor.checks import Status

    report.print_summary(runner.results)
    return EXIT_FAILED if any(result.status is Status.FAIL for result in runner.results) else EXIT_DONE


async def _run_nats_checks(
    server: NatsServer, runner: CheckRunner, report: Report, machine: MachineChecks, symbols: Sequence[Symbol]
) -> None:
    """Run the steps of who follows a relay on NATS: without an address of the feed, and without a key."""
    from tui.doctor.feed import TIME_LIMIT
    from tui.doctor.nats_checks import NatsChecks

    await runner.run(check for check in machine.checks() if check.name not in ("address", "key"))
    report.print_section(f"The way to {server.host}")
    async with NatsChecks(server, symbols or _default_symbols(machine, False)) as nats:
        await runner.run(nats.checks(), TIME_LIMIT)


def _default_symbols(machine: MachineChecks, demo: bool) -> Sequence[Symbol]:
    """Returns the symbols to watch without --watch: the list shown at the start."""
    from tui.exchange.demo_lists import DEMO_WATCHLIST
    from tui.symbol import Symbol

    if demo:
        return DEMO_WATCHLIST
    settings = machine.settings
    lists = settings.lists if settings is not None else {}
    first = lists.get(settings.list if settings is not None else "") or next(iter(lists.values()), ())
    return first or [Symbol("SPY", "US")]
