"""The demo exchange by itself."""

from __future__ import annotations

from pathlib import Path

import click

from tui.errors import EXIT_INTERRUPTED


class _ExchangeCommand(click.Command):
    """Lists the faults below its options, from the one table of them."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from tui.exchange.faults import FAULTS

        with formatter.section("Faults"):
            formatter.write_dl([(name, fault.words) for name, fault in FAULTS.items()])


@click.command(cls=_ExchangeCommand)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=9010, show_default=True, help="Where to listen, on loopback."
)
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    default=200.0,
    show_default=True,
    help="Messages a second, over all symbols.",
)
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed gives the same market.")
@click.option(
    "--key-file",
    type=click.Path(path_type=Path, dir_okay=True),
    metavar="FILE",
    help="Accept only the key in FILE, instead of any.",
)
@click.option("--no-history", is_flag=True, help="Do not send the last two hours of bars on a kline subscription.")
@click.option("--one-connection", is_flag=True, help="A second connection with the same key ends the first.")
@click.option("--fault", "faults", multiple=True, metavar="NAME", help="Fail on purpose, as listed below; repeatable.")
def exchange(
    port: int,
    rate: float,
    seed: int,
    key_file: Path | None,
    no_history: bool,
    one_connection: bool,
    faults: tuple[str, ...],
) -> int:
    """Run the demo exchange alone.

    It speaks the vendor's protocol on loopback, with made-up prices, day and night.
    """
    import asyncio
    import shlex
    import signal

    from tui.errors import EXIT_TERMINATED
    from tui.exchange.server import Exchange
    from tui.secrets import read_file

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
                click.echo(f"it fails on purpose: {', '.join(faults)}", err=True)
            key_part = "ITICK_TOKEN=demo " if key_file is None else ""
            key_option = "" if key_file is None else f" --token-file {shlex.quote(str(key_file))}"
            click.echo(
                f"watch it: {key_part}itick-tui --url {exchange.url}{key_option} --watch 'QQQ$US,SPY$US'", err=True
            )
            return await done

    return asyncio.run(serve())
