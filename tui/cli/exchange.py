"""The command `exchange`: the demo exchange as a process of its own."""

from __future__ import annotations

from pathlib import Path

import click

from tui.cli import candidates
from tui.cli.help import SERVING, SIMULATION, ManualCommand, option
from tui.cli.options import BoundedFloat, BoundedInt
from tui.errors import EXIT_INTERRUPTED


class _ExchangeCommand(ManualCommand):
    """Lists the paths and the faults after its options."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from tui.exchange.faults import FAULTS
        from tui.exchange.paths import PATHS

        super().format_options(ctx, formatter)
        with formatter.section("Paths"):
            stream = ("/fund", "the stream, a WebSocket; all others are answered over HTTP, with the same token header")
            rest_paths = [(name, f"{', '.join(path.required)}: {path.description}") for name, path in PATHS.items()]
            formatter.write_dl([stream, *rest_paths])
        with formatter.section("Faults"):
            formatter.write_dl([(name, fault.description) for name, fault in FAULTS.items()])


@click.command(
    cls=_ExchangeCommand,
    examples=(
        ("itick-tui exchange --port 9010 --rate 200 --seed 7", "A market that is the same every time."),
        ("ITICK_TOKEN=demo itick-tui --url ws://127.0.0.1:9010/fund --watch 'QQQ$US'", "The dashboard on it."),
        ("itick-tui exchange --fault half-open --fault malformed", "With two faults."),
    ),
    exits=(0, 1, 2, 70, 130, 143),
)
@option(
    "--rate",
    group=SIMULATION,
    type=BoundedFloat(min=0, min_open=True),
    metavar="N",
    default=200.0,
    show_default=True,
    help="Messages a second, over all symbols.",
)
@option(
    "--seed",
    group=SIMULATION,
    type=int,
    metavar="N",
    default=7,
    show_default=True,
    help="The same seed gives the same market.",
)
@option(
    "--no-history",
    group=SIMULATION,
    is_flag=True,
    help="Do not send the last two hours of bars on a kline subscription.",
)
@option(
    "--fault",
    "faults",
    group=SIMULATION,
    multiple=True,
    metavar="NAME",
    shell_complete=candidates.complete_faults,
    help="Activate one of the faults below; repeatable.",
)
@option(
    "--port",
    group=SERVING,
    type=BoundedInt(0, 65535),
    metavar="PORT",
    default=9010,
    show_default=True,
    help="Port to listen on, on loopback; 0 selects a free one.",
)
@option(
    "--key-file",
    group=SERVING,
    type=click.Path(path_type=Path, dir_okay=True),
    metavar="FILE",
    help="Accept only the key in FILE, instead of any.",
)
@option("--one-connection", group=SERVING, is_flag=True, help="A second connection with the same key ends the first.")
def exchange(
    port: int,
    rate: float,
    seed: int,
    key_file: Path | None,
    no_history: bool,
    one_connection: bool,
    faults: tuple[str, ...],
) -> int:
    """Run the demo exchange alone, to test programs against.

    It speaks the vendor's protocol on this machine only, with simulated prices around the clock, and simulates the
    faults of vendors, networks and other clients.
    """
    import asyncio
    import shlex
    import signal

    from tui.errors import EXIT_TERMINATED
    from tui.exchange.server import Exchange
    from tui.secrets import forget_environment, read_file

    forget_environment()
    key = read_file(key_file) if key_file is not None else None

    async def serve() -> int:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[int] = loop.create_future()

        def finish(code: int) -> None:
            if not done.done():
                done.set_result(code)

        for signum, code in ((signal.SIGINT, EXIT_INTERRUPTED), (signal.SIGTERM, EXIT_TERMINATED)):
            loop.add_signal_handler(signum, finish, code)
        async with Exchange(
            port=port,
            rate=rate,
            seed=seed,
            key=key,
            history=not no_history,
            single_connection=one_connection,
            faults=faults,
        ) as exchange:
            click.echo(f"demo exchange at {exchange.url}, Ctrl+C stops it", err=True)
            if faults:
                click.echo(f"faults: {', '.join(faults)}", err=True)
            key_part = "ITICK_TOKEN=demo " if key_file is None else ""
            key_option = "" if key_file is None else f" --token-file {shlex.quote(str(key_file))}"
            click.echo(
                f"watch it: {key_part}itick-tui --url {exchange.url}{key_option} --watch 'QQQ$US,SPY$US'", err=True
            )
            return await done

    return asyncio.run(serve())
