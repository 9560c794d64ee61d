"""The command `relay`: holds the connection without a screen, for the other processes with its key."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.cli.defaults import config_file
from tui.cli.help import CONFIG, FOLDERS, KEY, PROXY, SERVING, STATE, TRUST, ManualCommand, option
from tui.cli.options import (
    config_option,
    find_target,
    log_option,
    nats_credentials_option,
    print_error,
    take_over_option,
    token_file_option,
    url_option,
)
from tui.config.plain_mode import PLAIN
from tui.errors import EXIT_DONE, ItickError, UsageError

if TYPE_CHECKING:
    from tui.log import LogFile


@click.command(
    cls=ManualCommand,
    examples=(
        ("itick-tui relay", "Hold the connection; dashboards and streams with this key join it."),
        ("itick-tui relay --listen 127.0.0.1:9011", "For other programs on this machine too."),
        ("itick-tui relay --nats nats://127.0.0.1:4222", "Publish to a team, who follow with --nats too."),
        ("itick-tui --url ws://127.0.0.1:9011/fund --token-file FILE", "A dashboard over TCP."),
    ),
    environment=(KEY, PROXY, TRUST, PLAIN, FOLDERS),
    files=(CONFIG, STATE),
    exits=(0, 1, 2, 3, (4, "The address of the feed is wrong."), 70, 129, 130, 143),
)
@url_option
@token_file_option
@take_over_option
@option(
    "--listen",
    group=SERVING,
    metavar="ADDRESS:PORT",
    help="Serve programs that speak the vendor's protocol over TCP too, on this machine only: 127.0.0.1:9011. Their "
    "key is in a file that the command names. It is the stream alone, without REST. Port 0 selects a free one.",
)
@option("--nats", group=SERVING, metavar="URL", help="Publish to your team on this NATS server: nats://HOST:4222.")
@nats_credentials_option
@config_option
@log_option
def relay(
    url: str | None,
    token_file: Path | None,
    take_over: bool,
    listen: str | None,
    nats: str | None,
    nats_credentials: Path | None,
    config: Path | None,
    log_file: Path | None,
) -> int:
    """Hold the connection for others, without a screen.

    It is for a server that stays up. Dashboards, streams and recorders with the same key on this machine join it,
    whoever was first: the vendor sees one connection. If another process holds it, this one stands by, and takes over
    when that one ends. States of the link go to standard error, and at the end the counters.
    """
    from tui.relay.local_access import local_access

    access = local_access(listen) if listen is not None else None
    if nats is None and nats_credentials is not None:
        raise UsageError("--nats-credentials is for a NATS server: name it with --nats nats://HOST:4222")
    if nats is not None and (given := "--listen" if listen else "--take-over" if take_over else ""):
        raise UsageError(
            f"--nats publishes alone: leave {given} out. A second relay without --nats shares the connection"
        )
    file = config_file(config)
    notices = [file.command_warning] if file.command_warning else []
    target, token = find_target(url, token_file, file, file.read(), notices)
    assert target is not None and token is not None
    server = None
    if nats is not None:
        from tui.relay.nats_server import find_server

        server = find_server(nats, nats_credentials, notices)
    for notice in notices:
        print_error(notice, EXIT_DONE)

    import asyncio

    from tui.feed.endpoint import canonical_host
    from tui.feed.key_lock import KeyLock
    from tui.headless.publish import PublishRun
    from tui.headless.relay import RelayRun
    from tui.log import logging_to
    from tui.relay.sharing import Sharing

    if access is not None and canonical_host(target) == canonical_host(f"ws://{access}"):
        raise UsageError(f"--listen {access} is the address of the feed itself: choose another port")
    lock = KeyLock(canonical_host(target), token)
    relay_run, publish_run = RelayRun(), PublishRun()

    async def run(log: LogFile | None) -> int:
        if server is not None:
            return await publish_run.run(server, target, token, log)
        sharing = Sharing(lock, relay_run.market, "relay", take_over=take_over, wants_everything=True, listen=access)
        async with sharing:
            return await relay_run.run(target, token, sharing, access, log)

    try:
        with logging_to(log_file, inherited=True) as log:
            return asyncio.run(run(log))
    except ItickError as error:
        return print_error(str(error), error.exit_code)
    finally:
        (relay_run if server is None else publish_run).print_counters()  # last, where scripts look for it
