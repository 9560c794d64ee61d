"""The command `snapshot`: one look at the watchlist, without a screen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.cli.defaults import config_file
from tui.cli.help import CONFIG, FOLDERS, KEY, LIMITS, OUTPUT, PROXY, STATE, TRUST, ManualCommand, option
from tui.cli.options import (
    BoundedFloat,
    check_source,
    config_option,
    demo_option,
    find_target,
    log_option,
    parse_watch,
    print_error,
    require_stdout,
    take_over_option,
    token_file_option,
    url_option,
    watch_option,
)
from tui.config.plain_mode import PLAIN
from tui.errors import EXIT_DONE, UsageError

if TYPE_CHECKING:
    from tui.headless.snapshot import Snapshot
    from tui.log import LogFile


@click.command(
    cls=ManualCommand,
    examples=(
        ("itick-tui snapshot --watch 'QQQ$US,SPY$US'", "Two rows of the grid, as text."),
        ("itick-tui snapshot --demo --format json | jq '.[] | {symbol, last, state}'", "Figures for a script."),
        ("itick-tui snapshot --watch 'QQQ$US' --format csv --wait 3", "Whatever is known after three seconds."),
    ),
    environment=(KEY, PROXY, TRUST, PLAIN, FOLDERS),
    files=(CONFIG, STATE),
    exits=(0, 1, 2, 3, (4, "No live connection within --wait."), 70, 129, 130, 143),
)
@watch_option
@demo_option
@url_option
@token_file_option
@take_over_option
@config_option
@log_option
@option(
    "--format",
    "form",
    group=OUTPUT,
    type=click.Choice(("text", "json", "csv", "markdown")),
    default="text",
    show_default=True,
    help="Format of the table.",
)
@option(
    "--wait",
    group=LIMITS,
    type=BoundedFloat(min=0, min_open=True),
    default=10.0,
    show_default=True,
    metavar="S",
    help="Wait for data of each symbol for at most S seconds.",
)
def snapshot(
    watch: str | None,
    demo: bool,
    url: str | None,
    token_file: Path | None,
    take_over: bool,
    config: Path | None,
    log_file: Path | None,
    form: str,
    wait: float,
) -> int:
    """Print one look at the watchlist, as text or for scripts.

    Columns, order and words are those of the dashboard's grid. It ends as soon as each symbol has data; standard error
    names those that have none. In text and Markdown a figure in parentheses is old, and ⊘ marks a row in which all are:
    the link is lost. In JSON and CSV, old names such figures by their columns, and state says what the row is.
    """
    symbols, notices = parse_watch(watch)
    if demo and not symbols:
        from tui.exchange.demo_lists import DEMO_WATCHLIST

        symbols = list(DEMO_WATCHLIST)
    if not symbols:
        raise UsageError("nothing to show: give --watch 'QQQ$US,SPY$US', or --demo")
    require_stdout()
    check_source(demo, url, token_file)
    file = config_file(config, demo=demo)
    settings = file.read()
    if file.command_warning:
        notices.append(file.command_warning)
    target, token = find_target(url, token_file, file, None if demo else settings, notices)
    for notice in notices:
        print_error(notice, EXIT_DONE)

    import asyncio

    from tui.feed.endpoint import canonical_host
    from tui.feed.key_lock import KeyLock
    from tui.headless.snapshot import Snapshot
    from tui.log import logging_to
    from tui.relay.sharing import Sharing
    from tui.secrets import Token
    from tui.symbol import format_list

    async def take(log: LogFile | None) -> tuple[int, Snapshot]:
        taken = Snapshot(symbols, wait, needs_usual_volume="relvol" in (*settings.columns, settings.sort.lstrip("-")))
        if target is not None and token is not None:
            async with Sharing(
                KeyLock(canonical_host(target), token), taken.market, "snapshot", take_over=take_over
            ) as route:
                return await taken.run(target, token, route, log), taken
        from tui.exchange.server import Exchange

        async with Exchange() as exchange:
            return await taken.run(exchange.url, Token("demo"), None, log), taken

    with logging_to(log_file, inherited=True) as log:
        code, taken = asyncio.run(take(log))
    if code != EXIT_DONE:
        return code
    from tui.watchlist import tables

    make = {
        "text": tables.text_table,
        "json": tables.json_table,
        "csv": tables.grid_csv,
        "markdown": tables.markdown_table,
    }[form]
    click.echo(make(*taken.rows(settings.columns, settings.sort)), nl=False)
    if taken.without_data:
        print_error(f"no data: {format_list(taken.without_data)}", EXIT_DONE)
    if taken.link_words:
        print_error(f"the link is not live: {taken.link_words}", EXIT_DONE)
    return EXIT_DONE
