"""The command `relay`: the connection of a key without a screen, for others."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import click

from tui.cli.defaults import config_file
from tui.cli.help import CONFIG, CONNECTION, FOLDERS, KEY, PROXY, STATE, TRUST, ManualCommand, option
from tui.cli.options import (
    config_option,
    find_target,
    log_option,
    nats_credentials_option,
    print_error,
    token_file_option,
    url_option,
)
from tui.errors import EXIT_DONE, EXIT_TERMINATED, UsageError


@click.command(
    cls=ManualCommand,
    examples=(("itick-tui relay --nats nats://127.0.0.1:4222", "Publish to the team; others follow with --nats too."),),
    environment=(KEY, PROXY, TRUST, FOLDERS),
    files=(CONFIG, STATE),
    exits=(0, 1, 2, 3, 4, 70, 130, 143),
)
@option("--nats", group=CONNECTION, metavar="URL", help="Publish on this NATS server, nats://HOST:4222.")
@nats_credentials_option
@url_option
@token_file_option
@config_option
@log_option
def relay(
    nats: str | None,
    nats_credentials: Path | None,
    url: str | None,
    token_file: Path | None,
    config: Path | None,
    log_file: Path | None,
) -> int:
    """Share the connection of your key, until it is stopped.

    With --nats it publishes the prices that others ask for. A second one stands by and takes over within 10 s.
    """
    if nats is None:
        raise UsageError("nowhere to publish: give --nats nats://HOST:4222")
    from tui.relay.nats_server import find_server

    file = config_file(config)
    notices: list[str] = []
    server = find_server(nats, nats_credentials, notices)
    target, token = find_target(url, token_file, file, file.read(), notices)
    assert target is not None and token is not None
    for notice in notices:
        print_error(notice, EXIT_DONE)

    import asyncio
    import signal

    from tui.log import logging_to
    from tui.relay.nats_publisher import publish

    def say(words: str) -> None:
        print_error(words, EXIT_DONE)

    async def run() -> NoReturn:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        await publish(server, target, token, say)

    with logging_to(log_file):
        try:
            asyncio.run(run())
        except asyncio.CancelledError:
            return EXIT_TERMINATED
