"""The command line. Loads nothing of the screen or the feed before a command really runs."""

from __future__ import annotations

import errno
import gc
import os
import signal
import sys
import warnings
from collections.abc import Mapping
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from tui import __version__
from tui.cli import config as config_command
from tui.cli import doctor as doctor_command
from tui.cli import exchange as exchange_command
from tui.cli import inspect as inspect_command
from tui.cli import stream as stream_command
from tui.cli.candidates import themes
from tui.cli.completion import COMPLETION_VARIABLE, completion
from tui.cli.defaults import config_file
from tui.cli.help import (
    CACHE,
    COLOUR,
    CONFIG,
    FILES,
    FOLDERS,
    GENERAL,
    KEY,
    LOOK,
    PROXY,
    REPLAY,
    STATE,
    TRUST,
    ManualGroup,
    Option,
    option,
)
from tui.cli.options import (
    check_place,
    complain,
    feed_options,
    find_rest,
    find_target,
    recording_to,
    watched,
)
from tui.errors import EXIT_CRASH, EXIT_DONE, EXIT_INTERRUPTED, EXIT_OUTPUT, EXIT_USAGE, ItickError, UsageError, reason

if TYPE_CHECKING:
    from tui.recording.replay import Replay
    from tui.symbol import Symbol


@click.group(
    cls=ManualGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    subcommand_metavar="[COMMAND]",
    examples=(
        ("itick-tui --demo", "Look around, no key needed."),
        ("itick-tui --watch 'QQQ$US,SPY$US,2800$HK,510300$SH'", "These symbols, with the key in ITICK_TOKEN."),
        ("itick-tui --token-file ~/.itick-key", "Your own lists, with the key in a file."),
        ("itick-tui --demo --record friday.jsonl.gz", "Keep all that comes in."),
        ("itick-tui --replay friday.jsonl.gz --speed 10", "See it again, ten times as fast."),
        ("itick-tui doctor --demo", "Whether this machine has all it needs."),
        ("itick-tui stream --demo --count 5 | jq .", "The same data as JSON lines."),
    ),
    environment=(KEY, PROXY, TRUST, COLOUR, FOLDERS),
    files=(CONFIG, STATE, CACHE),
    exits=(0, 1, 2, 3, (4, "Another copy took the key over; else the dashboard keeps trying."), 70, 129, 130, 143),
)
@feed_options
@option(
    "--theme",
    group=LOOK,
    metavar="NAME",
    shell_complete=themes,
    help="Colours: midnight (the default), amber, harbor, daylight.",
)
@option(
    "--export-dir",
    group=FILES,
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    metavar="DIR",
    help="Where e writes its files; the current folder unless said otherwise.",
)
@option(
    "--replay",
    group=REPLAY,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Play what --record kept: no key, no network.",
)
@option("--speed", group=REPLAY, metavar="N", help="N times as fast as it was, 0.01 to 1000, or max.  [default: 1]")
@option(
    "--from",
    "begin",
    group=REPLAY,
    metavar="HH:MM",
    help="What came before this time of the exchange is played at once.",
)
@option(
    "--no-bell",
    group=LOOK,
    is_flag=True,
    help="No sound when the link is lost or back, or an alert fires.",
)
@click.version_option(__version__, "-V", "--version", cls=Option, group=GENERAL, message="%(prog)s %(version)s")
@click.pass_context
def cli(
    context: click.Context,
    watch: str | None,
    demo: bool,
    url: str | None,
    token_file: Path | None,
    config: Path | None,
    log_file: Path | None,
    take_over: bool,
    record: Path | None,
    replay: Path | None,
    speed: str | None,
    begin: str | None,
    theme: str | None,
    no_bell: bool,
    export_dir: Path,
) -> int:
    """Live ETF and fund prices in your terminal: a watchlist, the order book and the minute chart of the selected
    symbol, and a status bar that tells the truth about the connection.

    Without a command it opens the dashboard with your own lists, or with what --watch names. Press ? there for the
    keys and q to leave. Symbols are CODE$REGION, in quotes, for a shell takes an unquoted $US away; QQQ.US and plain
    QQQ (then: US) work too. The key comes from --token-file, ITICK_TOKEN or the setting token_command, in this order,
    and never stands on the command line.
    """
    from tui.log import logging_to

    if context.invoked_subcommand is not None:
        if given := next((name for name, value in context.params.items() if value and value != Path()), None):
            option = next(parameter.opts[0] for parameter in cli.params if parameter.name == given)
            command = cli.commands[context.invoked_subcommand]
            if given not in [parameter.name for parameter in command.params]:
                raise UsageError(f"{option} is the dashboard's: itick-tui {context.invoked_subcommand} takes none")
            raise UsageError(f"put {option} after the command: itick-tui {context.invoked_subcommand} {option} …")
        gc.enable()
        context.with_resource(logging_to(None))
        return EXIT_DONE
    beside = {"--demo": demo, "--url": url, "--token-file": token_file, "--watch": watch, "--record": record}
    playing = _replay(replay, speed, begin, beside | {"--take-over": take_over})
    symbols, notices = watched(watch)
    check_place(demo, url, token_file)
    file = config_file(config, demo=demo)
    settings = file.read()
    from msgspec.structs import replace

    from tui.config.themes import find_theme

    try:
        chosen = find_theme(theme or settings.theme)
    except UsageError as error:
        raise error if theme else UsageError(f"{file.path}, theme: {error}") from None
    if file.refused:
        notices.append(file.refused)
    target, token = find_target(url, token_file, file, None if demo or playing else settings, notices)
    rest_url = find_rest(url, file, None if demo or playing else settings)
    for name, open_file in (("output", sys.stdout), ("input", sys.stdin), ("error", sys.stderr)):
        if open_file is None or not open_file.isatty():
            raise UsageError(
                f"the dashboard needs a terminal, and standard {name} is none. For pipes: itick-tui stream"
            )

    from tui.terminal.environment import drop_variables

    drop_variables()
    from tui.app.app import RECORDED, FeedSource, ItickApp
    from tui.app.base import LaunchOptions

    settings = replace(settings, theme=chosen.name, bell=settings.bell and not no_bell)
    wanted = LaunchOptions(settings, file, symbols, _demo_lists() if demo else {}, _absolute(export_dir))
    with logging_to(log_file) as log, recording_to(record) as recorder:
        start = FeedSource(target, token, notices, take_over, rest_url, recorder, playing, log)
        if playing is not None:
            settings = replace(settings, lists={RECORDED: playing.symbols}, alerts=())
            wanted = wanted._replace(settings=settings, remember=False)
            app = ItickApp(wanted, start, playing.clock, playing.wall)
        else:
            app = ItickApp(wanted, start)
        app.run()
        for words in app.unsaved:
            complain(words, EXIT_DONE)
        if app.crash is not None:
            raise app.crash
    if recorder is not None and recorder.error:
        complain(f"the recording ends early: {recorder.error}", EXIT_DONE)
    if log is not None and log.trouble:
        complain(log.trouble, EXIT_DONE)
    return app.return_code or EXIT_DONE


def _replay(path: Path | None, speed: str | None, begin: str | None, beside: Mapping[str, object]) -> Replay | None:
    """The recording to be played, where one is named. Raises UsageError also for what has no meaning beside it."""
    if path is None:
        if given := next((name for name, value in (("--speed", speed), ("--from", begin)) if value), None):
            raise UsageError(f"{given} tells how --replay FILE is played: name the file too")
        return None
    if given := next((name for name, value in beside.items() if value), None):
        raise UsageError(f"--replay plays a file, without any feed: leave {given} out")
    from tui.recording.replay import Replay, parse_speed

    return Replay(path, parse_speed(speed or "1"), begin or "")


for _command in (
    stream_command.stream,
    doctor_command.doctor,
    inspect_command.inspect_command,
    exchange_command.exchange,
    config_command.config,
    completion,
):
    cli.add_command(_command)


def _absolute(folder: Path) -> Path:
    try:
        return folder.absolute()
    except FileNotFoundError:  # the current folder is gone: whoever writes there is told
        return folder


def _demo_lists() -> dict[str, tuple[Symbol, ...]]:
    from tui.exchange.universe import DEMO_LISTS

    return dict(DEMO_LISTS)


def main() -> None:
    """Run a command; whatever happens ends in a line or two and an exit code, never in a traceback."""
    _set_right_what_was_left()
    try:
        code = _run()
    except KeyboardInterrupt:
        code = EXIT_INTERRUPTED
    # From here on Ctrl+C has nothing left to interrupt but Python's own leaving.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    for file in (sys.stdout, sys.stderr):
        if file is not None:
            try:
                file.flush()
            except OSError:  # Python would fail with it once more, and end with 120
                _let_go_nowhere(file)
    sys.exit(code)


def _set_right_what_was_left() -> None:
    """What others left behind that this process got from them at its start."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # where it is ignored, nobody is told how a command ended
    for file in (sys.stdout, sys.stderr):
        if isinstance(file, TextIOWrapper):
            with suppress(OSError):
                os.set_blocking(file.fileno(), True)  # else what nobody reads fast enough is an error
            if file.errors == "strict":  # a character that the locale does not have is no reason to end
                file.reconfigure(errors="backslashreplace")


def _run() -> int:
    if COMPLETION_VARIABLE in os.environ:
        from tui.cli import shell_completion

        shell_completion.register()
    try:
        return cli.main(prog_name="itick-tui", standalone_mode=False) or EXIT_DONE
    except ItickError as error:
        return complain(str(error), error.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return EXIT_USAGE
    except click.UsageError as error:
        said = " ".join(error.format_message().split())
        command = error.ctx.command_path if error.ctx is not None else "itick-tui"
        return complain(f"{said} ({command} --help tells more)", EXIT_USAGE)
    except (KeyboardInterrupt, click.Abort):
        return EXIT_INTERRUPTED
    except Exception as error:
        if isinstance(error, OSError) and _was_printing(error):
            _let_go_nowhere(sys.stdout)
            return complain(f"cannot write to standard output: {reason(error)}", EXIT_OUTPUT)
        # What Python finds when it lets go of what failed is no news, and a traceback of it has no place here.
        sys.unraisablehook = lambda args: None
        warnings.simplefilter("ignore")
        if limit := _limit(error):
            return complain(limit, EXIT_OUTPUT)
        from tui.crash import words

        return complain(words(error), EXIT_CRASH)


def _limit(error: Exception) -> str:
    """Which limit of the system the program needs more of, in words; "" where it is at fault itself."""
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        return "the system lets this program open no more files: raise the limit (ulimit -n)"
    if isinstance(error, RuntimeError) and str(error) == "can't start new thread":
        return "the system lets this program start no more threads: raise the limit (ulimit -u)"
    return ""


def _was_printing(error: OSError) -> bool:
    """Whether it was raised by `click.echo`, as help and version are printed."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_code is click.echo.__code__


def _let_go_nowhere(file: TextIO) -> None:
    """Python tries once more to write what is left when it leaves."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), file.fileno())
