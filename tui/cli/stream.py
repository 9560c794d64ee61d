"""The command `stream`: the feed without a screen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.cli import candidates
from tui.cli.defaults import STREAM_TYPES, config_file
from tui.cli.help import CONFIG, FOLDERS, KEY, LIMITS, OUTPUT, PROXY, STATE, SYMBOLS, TRUST, ManualCommand, option
from tui.cli.options import (
    BoundedFloat,
    BoundedInt,
    check_source,
    feed_options,
    find_nats_server,
    find_target,
    open_recording,
    parse_watch,
    print_error,
    require_stdout,
)
from tui.config.plain_mode import PLAIN
from tui.errors import EXIT_DONE, ItickError, UsageError

if TYPE_CHECKING:
    from tui.log import LogFile
    from tui.recording.writer import Recorder


@click.command(
    cls=ManualCommand,
    examples=(
        ("itick-tui stream --watch 'QQQ$US,SPY$US' --types quote,tick", "Quotes and trades of two funds, for ever."),
        ("itick-tui stream --demo --count 5 | jq .", "Five updates of the demo exchange, formatted by jq."),
        (
            "itick-tui stream --demo --seconds 60 --json-health >updates.jsonl",
            "A minute into a file, with counters.",
        ),
    ),
    environment=(KEY, PROXY, TRUST, PLAIN, FOLDERS),
    files=(CONFIG, STATE),
    exits=(0, 1, 2, 3, (4, "No live connection within --deadline."), 70, 129, 130, 143),
)
@feed_options
@option(
    "--types",
    group=SYMBOLS,
    default=",".join(STREAM_TYPES),
    show_default=True,
    shell_complete=candidates.complete_types,
    metavar="TYPES",
    help="Types of updates to print.",
)
@option("--count", group=LIMITS, type=BoundedInt(min=1), metavar="N", help="Stop after N updates.")
@option("--seconds", group=LIMITS, type=BoundedFloat(min=0, min_open=True), metavar="S", help="Stop after S seconds.")
@option(
    "--deadline",
    group=LIMITS,
    type=BoundedFloat(min=0, min_open=True),
    default=20.0,
    show_default=True,
    metavar="S",
    help="Give up after S seconds without a live connection.",
)
@option(
    "--json-health",
    group=OUTPUT,
    is_flag=True,
    help="At the end print the counters as a JSON object instead of lines.",
)
def stream(
    watch: str | None,
    demo: bool,
    url: str | None,
    token_file: Path | None,
    config: Path | None,
    log_file: Path | None,
    take_over: bool,
    nats: str | None,
    nats_credentials: Path | None,
    record: Path | None,
    types: str,
    count: int | None,
    seconds: float | None,
    deadline: float,
    json_health: bool,
) -> int:
    """Print updates as JSON, one a line, for pipes and scripts.

    Each object has symbol, type and the fields by their full names (last, open, bids …); times are milliseconds UTC.
    States of the link, refused types and symbols without data go to standard error, and at the end the counters of the
    feed. A lost link is reconnected; only --deadline without a live one ends it. Beside a dashboard or another stream
    with the same key it joins their connection.
    """
    from tui.symbol import Pair

    symbols, notices = parse_watch(watch)
    if pair := next((symbol for symbol in symbols if isinstance(symbol, Pair)), None):
        legs = ",".join(map(str, pair.legs))
        raise UsageError(f"{pair} is a pair, and the feed sends updates of symbols alone: write --watch '{legs}'")
    if demo and not symbols:
        from tui.exchange.demo_lists import DEMO_WATCHLIST

        symbols = list(DEMO_WATCHLIST)
    if not symbols:
        raise UsageError("nothing to stream: give --watch 'QQQ$US,SPY$US', or --demo")
    type_list = [part for part in types.split(",") if part]
    for type_ in type_list:
        if type_ not in STREAM_TYPES:
            raise UsageError(f"unknown type '{type_}': choose from {', '.join(STREAM_TYPES)}")
    if not type_list:
        raise UsageError(f"no type given: choose from {', '.join(STREAM_TYPES)}")
    require_stdout()
    check_source(demo, url, token_file)
    file = config_file(config)
    settings = None if demo else file.read()
    if file.command_warning:
        notices.append(file.command_warning)
    excluded = {"--demo": demo, "--url": url, "--token-file": token_file, "--take-over": take_over}
    server = find_nats_server(nats, nats_credentials, notices, excluded)
    target, token = find_target(url, token_file, file, settings, notices) if server is None else (None, None)
    for notice in notices:
        print_error(notice, EXIT_DONE)

    import asyncio

    from tui.feed.endpoint import canonical_host
    from tui.feed.key_lock import KeyLock
    from tui.headless.stream import NdjsonStream
    from tui.log import logging_to
    from tui.relay.sharing import Sharing
    from tui.secrets import Token

    ndjson = NdjsonStream(symbols, count, seconds, deadline, json_health=json_health)

    async def run(recorder: Recorder | None, log: LogFile | None) -> int:
        if target is not None and token is not None:
            lock = KeyLock(canonical_host(target), token)
            async with Sharing(lock, ndjson.market, "stream", take_over=take_over, wants_everything=True) as route:
                return await ndjson.run(target, token, type_list, route, recorder, log)
        if server is not None:
            from tui.relay.nats_follower import NatsFollower

            opener = NatsFollower(server, "stream")
            return await ndjson.run(server.url, Token(""), type_list, None, recorder, log, opener)
        from tui.exchange.server import Exchange

        async with Exchange() as exchange:
            return await ndjson.run(exchange.url, Token("demo"), type_list, None, recorder, log)

    try:
        with logging_to(log_file, inherited=True) as log, open_recording(record) as recorder:
            return asyncio.run(run(recorder, log))
    except ItickError as error:
        return print_error(str(error), error.exit_code)
    finally:
        ndjson.print_counters()  # last, where scripts look for it
