"""The command `serve`: the dashboard in a browser on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tui.cli.defaults import config_file
from tui.cli.help import CONFIG, FOLDERS, KEY, PROXY, SERVING, STATE, TRUST, ManualCommand, option
from tui.cli.options import (
    BoundedInt,
    check_source,
    config_option,
    demo_option,
    find_target,
    parse_watch,
    print_error,
    token_file_option,
    url_option,
    watch_option,
)
from tui.errors import EXIT_DONE, EXIT_HANGUP, EXIT_INTERRUPTED, EXIT_TERMINATED, UsageError


class _Port(BoundedInt):
    """A port, not an address with one."""

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> int:
        if isinstance(value, str) and ":" in value:
            self.fail(
                f"'{value}': the pages are for this machine alone, so it takes a port without an address. From another "
                "machine: ssh -L 8010:127.0.0.1:8010",
                parameter,
                context,
            )
        return int(super().convert(value, parameter, context))


@click.command(
    cls=ManualCommand,
    examples=(
        ("itick-tui serve --demo", "The demo in a browser, no key needed."),
        ("itick-tui serve --token-file ~/.itick-key --port 8010", "Your own lists, with the key in a file."),
    ),
    environment=(KEY, PROXY, TRUST, FOLDERS),
    files=(CONFIG, STATE),
    exits=(0, 1, 2, 70, 129, 130, 143),
)
@watch_option
@demo_option
@url_option
@token_file_option
@option(
    "--port",
    group=SERVING,
    type=_Port(0, 65535),
    metavar="PORT",
    default=8010,
    show_default=True,
    help="Port to listen on, on loopback; 0 selects a free one.",
)
@config_option
def serve(
    watch: str | None,
    demo: bool,
    url: str | None,
    token_file: Path | None,
    port: int,
    config: Path | None,
) -> int:
    """Show the dashboard in a browser on this machine.

    Each page that is opened at the address it prints is a dashboard of its own, with all keys and the mouse, and shares
    the connection of your key with the others. A page says so when its dashboard has ended or does not answer. The
    address holds a secret, which is another one each time: who knows it can use your dashboard, and nobody on other
    machines can open it. It needs the extra: pip install 'itick-tui[web]'.
    """
    _, notices = parse_watch(watch)
    check_source(demo, url, token_file)
    file = config_file(config, demo=demo)
    settings = file.read()
    if file.command_warning:
        notices.append(file.command_warning)
    try:
        from tui.web.page_server import PageServer
    except ModuleNotFoundError:
        raise UsageError("serve needs textual-serve, which is not installed: pip install 'itick-tui[web]'") from None
    _, token = find_target(url, token_file, file, None if demo else settings, notices)
    for notice in notices:
        print_error(notice, EXIT_DONE)
    options = {"--watch": watch, "--url": url, "--config": config}
    arguments = [f"{name}={value}" for name, value in options.items() if value is not None]
    server = PageServer([*arguments, *(["--demo"] if demo else [])], token)

    import asyncio
    import signal

    async def run() -> int:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[int] = loop.create_future()

        def finish(code: int) -> None:
            if not done.done():
                done.set_result(code)

        codes = {signal.SIGINT: EXIT_INTERRUPTED, signal.SIGTERM: EXIT_TERMINATED, signal.SIGHUP: EXIT_HANGUP}
        for signum, code in codes.items():
            loop.add_signal_handler(signum, finish, code)
        async with server.listening(port) as address:
            click.echo(f"dashboard at {address}, Ctrl+C stops it", err=True)
            return await done

    return asyncio.run(run())
