"""The command line. Imports neither screen nor feed before a command needs them."""

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
from tui.cli.candidates import complete_themes
from tui.cli.defaults import COMPLETION_VARIABLE, config_file
from tui.cli.help import (
    APPEARANCE,
    CACHE,
    COLOUR,
    CONFIG,
    FILES,
    FOLDERS,
    GENERAL,
    KEY,
    PROXY,
    REPLAY,
    STATE,
    TRUST,
    ManualGroup,
    Option,
    option,
)
from tui.cli.lazy_commands import LazyCommands
from tui.cli.options import (
    check_source,
    feed_options,
    find_nats_server,
    find_rest_url,
    find_target,
    open_recording,
    parse_watch,
    print_error,
    said_on_terminal,
)
from tui.colour_depth import UNDRAWABLE_ADVICE, is_drawable
from tui.config.plain_mode import PLAIN
from tui.errors import EXIT_CRASH, EXIT_DONE, EXIT_INTERRUPTED, EXIT_OUTPUT, EXIT_USAGE, ItickError, UsageError, reason

if TYPE_CHECKING:
    from tui.recording.replay import Replay
    from tui.symbol import Symbol


@click.group(
    cls=ManualGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    subcommand_metavar="[COMMAND]",
    commands=LazyCommands(
        "stream", "snapshot", "relay", "serve", "doctor", "inspect", "export", "exchange", "config", "completion"
    ),
    examples=(
        ("itick-tui --demo", "The demo, no key needed."),
        ("itick-tui --watch 'QQQ$US,SPY$US,2800$HK,510300$SH'", "These symbols, with the key in ITICK_TOKEN."),
        ("itick-tui --token-file ~/.itick-key", "Your own lists, with the key in a file."),
        ("itick-tui --demo --record friday.jsonl.gz", "Record the feed."),
        ("itick-tui --replay friday.jsonl.gz --speed 10", "Replay it, ten times as fast."),
        ("itick-tui doctor --demo", "Check this machine."),
        ("itick-tui stream --demo --count 5 | jq .", "The same data as JSON lines."),
    ),
    environment=(KEY, PROXY, TRUST, COLOUR, PLAIN, FOLDERS),
    files=(CONFIG, STATE, CACHE),
    exits=(0, 1, 2, 3, 70, 129, 130, 143),
)
@feed_options
@option(
    "--theme",
    group=APPEARANCE,
    metavar="NAME",
    shell_complete=complete_themes,
    help="Theme: midnight (the default), amber, harbor, daylight.",
)
@option(
    "--export-dir",
    group=FILES,
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    metavar="DIR",
    help="Folder for the files that e exports; the current one by default.",
)
@option(
    "--replay",
    group=REPLAY,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Replay a recording made by --record: no key, no network.",
)
@option("--speed", group=REPLAY, metavar="N", help="N times as fast as recorded, 0.01 to 1000, or max.  [default: 1]")
@option(
    "--from",
    "begin",
    group=REPLAY,
    metavar="HH:MM",
    help="Replay everything before this exchange time at once.",
)
@option(
    "--no-bell",
    group=APPEARANCE,
    is_flag=True,
    help="Do not ring the bell when the link is lost or back, or an alert fires.",
)
@option("--no-mouse", group=APPEARANCE, is_flag=True, help="Leave the mouse to the terminal.")
@click.version_option(__version__, "-V", "--version", cls=Option, group=GENERAL, message="%(prog)s %(version)s")
@click.pass_context
@said_on_terminal
def cli(
    context: click.Context,
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
    replay: Path | None,
    speed: str | None,
    begin: str | None,
    theme: str | None,
    no_bell: bool,
    no_mouse: bool,
    export_dir: Path,
) -> int:
    """Live ETF and fund prices in your terminal: a watchlist, the order book and the minute chart of the selected
    symbol, and a status bar with the state of the link.

    Without a command it opens the dashboard with your own lists, or with what --watch names. Press ? there for the
    keys and q to leave. Symbols are CODE$REGION, in quotes, for a shell takes an unquoted $US away; QQQ.US and plain
    QQQ (then: US) work too. The key comes from --token-file, ITICK_TOKEN or the setting token_command, in this order,
    and never stands on the command line. Windows and streams on this machine share the one connection of their key.
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
    source_options = {"--demo": demo, "--url": url, "--token-file": token_file, "--take-over": take_over}
    other_options = source_options | {"--watch": watch, "--record": record, "--nats": nats}
    replayed = _open_replay(replay, speed, begin, other_options)
    symbols, notices = parse_watch(watch)
    check_source(demo, url, token_file)
    file = config_file(config, demo=demo)
    settings = file.read()
    from msgspec.structs import replace

    from tui.config.themes import find_theme

    try:
        found_theme = find_theme(theme or settings.theme)
    except UsageError as error:
        raise error if theme else UsageError(f"{file.path}, theme: {error}") from None
    if file.command_warning:
        notices.append(file.command_warning)
    server = find_nats_server(nats, nats_credentials, notices, source_options)
    own_settings = None if demo or replayed or server else settings
    target, token = find_target(url, token_file, file, own_settings, notices)
    rest_url = find_rest_url(url, file, own_settings)
    from tui.terminal.environment import is_in_page, prepare_environment

    in_page = is_in_page()
    if not in_page:
        _check_terminal()
    prepare_environment()
    from tui.app.app import ItickApp
    from tui.app.feed_worker import RECORDED, FeedSource
    from tui.app.preferences import LaunchOptions

    settings = replace(settings, theme=found_theme.name, bell=settings.bell and not no_bell)
    launch_options = LaunchOptions(settings, file, symbols, _demo_lists() if demo else {}, _absolute(export_dir))
    with logging_to(log_file) as log, open_recording(record) as recorder:
        source = FeedSource(
            *(target, token, notices, take_over, rest_url, recorder, replayed, log, server),
            iopv_command=settings.iopv_command,
            bases=settings.basis,
        )
        if replayed is not None:
            settings = replace(settings, lists={RECORDED: replayed.symbols}, alerts=())
            launch_options = launch_options._replace(settings=settings, remember=False)
            app = ItickApp(launch_options, source, replayed.clock, replayed.wall)
        else:
            app = ItickApp(launch_options, source)
        if in_page:
            from tui.terminal.page_driver import PageDriver

            app.driver_class = PageDriver
        app.run(mouse=settings.mouse and not no_mouse)
        for words in app.unsaved:
            print_error(words, EXIT_DONE)
        if app.crash is not None:
            raise app.crash
    if recorder is not None and recorder.error:
        print_error(f"the recording ends early: {recorder.error}", EXIT_DONE)
    elif recorder is not None:
        from tui.format import count
        from tui.symbol import sanitize

        click.echo(f"kept {count(recorder.messages, 'message')} in {sanitize(str(recorder.path))}", err=True)
    if log is not None and log.trouble:
        print_error(log.trouble, EXIT_DONE)
    return app.return_code or EXIT_DONE


def _check_terminal() -> None:
    """Raises UsageError if there is no terminal to draw on."""
    for name, open_file in (("output", sys.stdout), ("input", sys.stdin), ("error", sys.stderr)):
        if open_file is None or not open_file.isatty():
            raise UsageError(
                f"the dashboard needs a terminal, and standard {name} is none. For pipes: itick-tui stream"
            )
    if not is_drawable(term := os.environ.get("TERM", "")):
        raise UsageError(f"TERM is {term or 'not set'}: {UNDRAWABLE_ADVICE}")


def _open_replay(
    path: Path | None, speed: str | None, begin: str | None, other_options: Mapping[str, object]
) -> Replay | None:
    """Returns the recording to replay, None without one. Raises UsageError, also for options that exclude a replay."""
    if path is None:
        if given := next((name for name, value in (("--speed", speed), ("--from", begin)) if value), None):
            raise UsageError(f"{given} tells how --replay FILE is played: name the file too")
        return None
    if given := next((name for name, value in other_options.items() if value), None):
        raise UsageError(f"--replay plays a file, without any feed: leave {given} out")
    from tui.recording.replay import Replay, parse_speed

    return Replay(path, parse_speed(speed or "1"), begin or "")


def _absolute(folder: Path) -> Path:
    try:
        return folder.absolute()
    except FileNotFoundError:  # the current folder was deleted: writing there reports it
        return folder


def _demo_lists() -> dict[str, tuple[Symbol, ...]]:
    from tui.exchange.demo_lists import DEMO_LISTS

    return dict(DEMO_LISTS)


def main() -> None:
    """Run a command; whatever happens ends in a line or two and an exit code, never in a traceback."""
    _reset_inherited_state()
    try:
        code = _run()
    except KeyboardInterrupt:
        code = EXIT_INTERRUPTED
    # Ctrl+C may now end the interpreter's own exit.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    for file in (sys.stdout, sys.stderr):
        if file is not None:
            try:
                file.flush()
            except OSError:  # Python would fail again at exit, with code 120
                _redirect_to_devnull(file)
    sys.exit(code)


def _reset_inherited_state() -> None:
    """Reset signal handling and output streams that the parent process may have changed."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # if ignored, exit codes of child processes are lost
    for file in (sys.stdout, sys.stderr):
        if isinstance(file, TextIOWrapper):
            with suppress(OSError):
                os.set_blocking(file.fileno(), True)  # a full non-blocking pipe is an error
            if file.errors == "strict":  # a character outside the locale's encoding must not end the program
                file.reconfigure(errors="backslashreplace")


def _run() -> int:
    if COMPLETION_VARIABLE in os.environ:
        from tui.cli import shell_completion

        shell_completion.register()
    try:
        return cli.main(prog_name="itick-tui", standalone_mode=False) or EXIT_DONE
    except ItickError as error:
        return print_error(str(error), error.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return EXIT_USAGE
    except click.UsageError as error:
        message = " ".join(error.format_message().split())
        command = error.ctx.command_path if error.ctx is not None else "itick-tui"
        return print_error(f"{message} ({command} --help tells more)", EXIT_USAGE)
    except (KeyboardInterrupt, click.Abort):
        return EXIT_INTERRUPTED
    except Exception as error:
        if isinstance(error, OSError) and _raised_by_echo(error):
            _redirect_to_devnull(sys.stdout)
            return print_error(f"cannot write to standard output: {reason(error)}", EXIT_OUTPUT)
        # Errors and warnings during the cleanup would print a traceback.
        sys.unraisablehook = lambda args: None
        warnings.simplefilter("ignore")
        if message := _system_limit(error):
            return print_error(message, EXIT_OUTPUT)
        from tui.crash import words

        return print_error(words(error), EXIT_CRASH)


def _system_limit(error: Exception) -> str:
    """Returns which limit of the system was reached, in words, "" if none was."""
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        return "the system lets this program open no more files: raise the limit (ulimit -n)"
    if isinstance(error, RuntimeError) and str(error) == "can't start new thread":
        return "the system lets this program start no more threads: raise the limit (ulimit -u)"
    return ""


def _raised_by_echo(error: OSError) -> bool:
    """True if the error was raised by `click.echo`, which prints help and version."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_code is click.echo.__code__


def _redirect_to_devnull(file: TextIO) -> None:
    """Redirect a stream to /dev/null, because Python flushes it once more at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), file.fileno())
