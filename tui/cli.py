"""The command line. Loads nothing of the screen or the feed before a command really runs."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tui import __version__
from tui.errors import EXIT_CRASH, EXIT_DONE, EXIT_INTERRUPTED, EXIT_OUTPUT, ItickError, UsageError

if TYPE_CHECKING:
    from tui.secrets import Token
    from tui.symbol import Symbol

_F = TypeVar("_F", bound=Callable[..., Any])
_MAX_SYMBOLS = 500
_TYPES = ("quote", "depth", "tick", "kline@1")
_LONGEST = 500  # characters of a line about what went wrong

EXAMPLES = """\b
Examples:
  itick-tui --demo                                look around, no key needed
  itick-tui --watch 'QQQ$US,SPY$US'               your symbols, key in ITICK_TOKEN
  itick-tui stream --demo --count 5 | jq .        the same data as JSON lines

\b
Exit codes: 0 done, 1 standard output cannot be written, 2 wrong usage,
3 key refused, 4 no connection, 70 a fault in the program (a report is
written), 129 hung up, 130 Ctrl+C, 143 terminated.
"""


def _feed_options(command: _F) -> _F:
    """The options that say what to watch and where, the same for the dashboard and for `stream`."""
    for option in (
        click.option(
            "--log",
            "log_file",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Add what happens to FILE, one JSON object a line, never the key.",
        ),
        click.option(
            "--token-file",
            type=click.Path(path_type=Path, dir_okay=True),
            metavar="FILE",
            help="Read the key from FILE instead of ITICK_TOKEN.",
        ),
        click.option(
            "--take-over", is_flag=True, help="Connect although another copy on this machine uses the same key."
        ),
        click.option("--url", metavar="URL", help="Connect to another address than wss://api.itick.org/fund."),
        click.option("--demo", is_flag=True, help="Use the built-in demo exchange: no key, made-up prices."),
        click.option(
            "--watch",
            metavar="SYMBOLS",
            multiple=True,
            callback=lambda context, parameter, given: ",".join(given) if given else None,
            help="What to watch, separated by commas, in quotes: 'QQQ$US,SPY$US'.",
        ),
    ):
        command = option(command)
    return command


@click.group(
    invoke_without_command=True,
    epilog=EXAMPLES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 90},
    subcommand_metavar="[COMMAND]",
)
@_feed_options
@click.option("--theme", metavar="NAME", help="Colours: midnight (the default), amber, harbor, daylight.")
@click.option("--no-bell", is_flag=True, help="No sound when the link is lost and when it is back.")
@click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s")
@click.pass_context
def cli(
    context: click.Context,
    watch: str | None,
    demo: bool,
    url: str | None,
    token_file: Path | None,
    log_file: Path | None,
    take_over: bool,
    theme: str | None,
    no_bell: bool,
) -> int:
    """Live ETF and fund prices in your terminal: watchlist, order book and minute chart.

    Without a command it opens the dashboard. Press ? there for the keys.
    """
    from tui.log import logging_to

    if context.invoked_subcommand is not None:
        if given := next((name for name, value in context.params.items() if value), None):
            option = next(parameter.opts[0] for parameter in cli.params if parameter.name == given)
            command = cli.commands[context.invoked_subcommand]
            if given not in [parameter.name for parameter in command.params]:
                raise UsageError(f"{option} is the dashboard's: itick-tui {context.invoked_subcommand} takes none")
            raise UsageError(f"put {option} after the command: itick-tui {context.invoked_subcommand} {option} …")
        context.with_resource(logging_to(None))
        return EXIT_DONE
    symbols, notices = _symbols(watch, demo)
    _check_place(demo, url, token_file)
    from tui.themes import DEFAULT_THEME, find_theme

    chosen = find_theme(theme or DEFAULT_THEME)
    target, token = _target(demo, url, token_file, notices)
    for name, stream in (("output", sys.stdout), ("input", sys.stdin), ("error", sys.stderr)):
        if stream is None or not stream.isatty():
            raise UsageError(
                f"the dashboard needs a terminal, and standard {name} is none. For pipes: itick-tui stream"
            )

    from tui.app import ItickApp, Start

    name = "Demo" if demo else "Watchlist"
    with logging_to(log_file):
        app = ItickApp(Start(symbols, chosen, target, token, name, notices, not no_bell, take_over))
        app.run()
        if app.crash is not None:
            raise app.crash
    return app.return_code or EXIT_DONE


@cli.command()
@_feed_options
@click.option("--json-health", is_flag=True, help="At the end print the counters as a JSON object, not in words.")
@click.option("--types", default=",".join(_TYPES), show_default=True, help="Which updates to print.")
@click.option("--count", type=click.IntRange(min=1), metavar="N", help="Stop after N updates.")
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), metavar="S", help="Stop after S seconds.")
@click.option(
    "--deadline",
    type=click.FloatRange(min=0, min_open=True),
    default=20.0,
    show_default=True,
    metavar="S",
    help="Give up after S seconds without a live connection.",
)
def stream(
    watch: str | None,
    demo: bool,
    url: str | None,
    token_file: Path | None,
    log_file: Path | None,
    take_over: bool,
    types: str,
    count: int | None,
    seconds: float | None,
    deadline: float,
    json_health: bool,
) -> int:
    """Print updates as JSON, one a line.

    Each object has symbol, type and the fields by their full names (last, open, bids …); states of the link go to
    standard error, and at the end the counters of the feed.
    """
    symbols, notices = _symbols(watch, demo)
    if not symbols:
        raise UsageError("nothing to stream: give --watch 'QQQ$US,SPY$US', or --demo")
    wanted = [part for part in types.split(",") if part]
    for type_ in wanted:
        if type_ not in _TYPES:
            raise UsageError(f"unknown type '{type_}': choose from {', '.join(_TYPES)}")
    if not wanted:
        raise UsageError(f"no type given: choose from {', '.join(_TYPES)}")
    if sys.stdout is None:
        raise UsageError("nowhere to stream to: standard output is closed")
    _check_place(demo, url, token_file)
    target, token = _target(demo, url, token_file, notices)
    for notice in notices:
        click.echo(notice, err=True)

    import asyncio

    from tui.feed.lock import KeyLock
    from tui.feed.target import host_of
    from tui.log import logging_to
    from tui.secrets import Token
    from tui.stream import Stream

    printer = Stream(symbols, count, seconds, deadline, json_health=json_health)

    async def run() -> int:
        if target is not None and token is not None:
            with KeyLock(host_of(target), token, take_over=take_over):
                return await printer.run(target, token, wanted)
        from tui.exchange.server import Exchange

        async with Exchange() as exchange:
            return await printer.run(exchange.url, Token("demo"), wanted)

    with logging_to(log_file):
        return asyncio.run(run())


class _ExchangeCommand(click.Command):
    """Lists the faults below its options, from the one table of them."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from tui.exchange.faults import FAULTS

        with formatter.section("Faults"):
            formatter.write_dl([(name, fault.words) for name, fault in FAULTS.items()])


@cli.command(cls=_ExchangeCommand)
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


def _symbols(watch: str | None, demo: bool) -> tuple[list[Symbol], list[str]]:
    """What to watch, and what to say about how it was written."""
    from tui.symbol import bare, parse_symbols, split_list

    if watch is None:
        if not demo:
            return [], []
        from tui.exchange.universe import DEMO_WATCHLIST

        return list(DEMO_WATCHLIST), []
    parsed = parse_symbols(watch)
    if len(parsed) > _MAX_SYMBOLS:
        raise UsageError(f"{len(parsed)} symbols: one connection takes at most {_MAX_SYMBOLS}. Name fewer in --watch")
    notices = [p.notice for p in parsed if p.notice]
    guessed = [str(p.symbol) for p in parsed if not p.notice and p.symbol.code in _bare_codes(watch, bare, split_list)]
    if guessed:
        shown = ", ".join(guessed[:3]) + (" …" if len(guessed) > 3 else "")
        notices.append(f"read as {shown}: a shell eats an unquoted $US, so write --watch '{guessed[0]}'")
    return [p.symbol for p in parsed], notices


def _bare_codes(watch: str, bare: Callable[[str], bool], split: Callable[[str], list[str]]) -> set[str]:
    return {part.upper() for part in split(watch) if bare(part)}


def _check_place(demo: bool, url: str | None, token_file: Path | None) -> None:
    if demo and url is not None:
        raise UsageError("--demo and --url exclude each other: the demo exchange has an address of its own")
    if demo and token_file is not None:
        raise UsageError("--demo needs no key: leave --token-file out")


def _target(
    demo: bool, url: str | None, token_file: Path | None, notices: list[str]
) -> tuple[str | None, Token | None]:
    """Where to connect and with which key; nothing for the demo, which starts its own exchange. Adds to the notices
    what is not well about the key."""
    from tui.feed.target import VENDOR_URL, check_url
    from tui.secrets import exposure, forget_environment, read_file, take_from_environment

    if demo:
        forget_environment()
        return None, None
    target = check_url(url if url is not None else VENDOR_URL)
    if token_file is not None:
        forget_environment()
        if warning := exposure(token_file):
            notices.append(warning)
        return target, read_file(token_file)
    token = take_from_environment()
    if token is None:
        raise UsageError(
            "no key: put it into ITICK_TOKEN, or into a file named by --token-file.\n"
            "To look around without one: itick-tui --demo"
        )
    return target, token


def main() -> None:
    """Run a command; whatever happens ends in a line or two and an exit code, never in a traceback."""
    try:
        code = _run()
    except KeyboardInterrupt:
        code = EXIT_INTERRUPTED
    # From here on Ctrl+C has nothing left to interrupt but Python's own leaving.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.exit(code)


def _run() -> int:
    try:
        return cli.main(prog_name="itick-tui", standalone_mode=False) or EXIT_DONE
    except ItickError as error:
        return _complain(str(error), error.exit_code)
    except click.ClickException as error:
        return _complain(f"{error.format_message()} (itick-tui --help tells more)", error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        return EXIT_INTERRUPTED
    except Exception as error:
        if isinstance(error, OSError) and _was_printing(error):
            _let_output_go_nowhere()
            return _complain(f"cannot write to standard output: {(error.strerror or 'failed').lower()}", EXIT_OUTPUT)
        from tui.crash import words

        return _complain(words(error), EXIT_CRASH)


def _complain(text: str, code: int) -> int:
    from tui.format import clip
    from tui.secrets import clean

    lines = f"itick-tui: {text}".split("\n")
    with contextlib.suppress(OSError):  # nobody can be told
        click.echo("\n".join(clip(clean(line), _LONGEST) for line in lines), err=True)
    return code


def _was_printing(error: OSError) -> bool:
    """Whether it was raised by `click.echo`, as help and version are printed."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_code is click.echo.__code__


def _let_output_go_nowhere() -> None:
    """Python tries once more to write what is left when it leaves."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
