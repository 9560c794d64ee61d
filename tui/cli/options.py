"""Options shared by several commands, and the objects made from them."""

from __future__ import annotations

import contextlib
import functools
import math
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tui.cli import candidates
from tui.cli.help import CONNECTION, FILES, SYMBOLS, option
from tui.errors import ItickError, UsageError

if TYPE_CHECKING:
    from tui.config.file import ConfigFile
    from tui.config.settings import Settings
    from tui.recording.writer import Recorder
    from tui.relay.nats_server import NatsServer
    from tui.secrets import Token
    from tui.symbol import Symbol

_F = TypeVar("_F", bound=Callable[..., Any])
_MAX_LINE = 500  # characters of a line of an error


def print_error(text: str, code: int) -> int:
    """Print an error or a notice to standard error, prefixed by the program's name; returns `code`."""
    with contextlib.suppress(OSError):  # standard error is not writable
        click.echo(_message(text), err=True)
    return code


def _message(text: str) -> str:
    from tui.format import clip
    from tui.secrets import safe_text

    return "\n".join(clip(safe_text(line), _MAX_LINE) for line in f"itick-tui: {text}".split("\n"))


def said_on_terminal(command: Callable[..., int]) -> Callable[..., int]:
    """Decorates the command that opens the dashboard: why it does not open is said on the terminal too, if nobody sees
    standard error."""

    @functools.wraps(command)
    def run(context: click.Context, **options: Any) -> int:
        try:
            return command(context, **options)
        except ItickError as error:
            if context.invoked_subcommand is None:
                _say_on_terminal(str(error))
            raise

    return run


def _say_on_terminal(text: str) -> None:
    """Write to the terminal, if standard error is none."""
    if sys.stderr is not None and sys.stderr.isatty():
        return
    with contextlib.suppress(OSError):
        if sys.stdout is not None and sys.stdout.isatty():
            click.echo(_message(text))
        elif sys.stderr is None or os.path.samestat(os.fstat(sys.stderr.fileno()), os.stat(os.devnull)):
            with open("/dev/tty", "w", encoding="utf-8") as terminal:
                click.echo(_message(text), file=terminal)


class BoundedInt(click.IntRange):
    """A whole number within bounds, named so in errors."""

    name = "whole number"


class BoundedFloat(click.FloatRange):
    """A number within bounds, named so in errors."""

    name = "number"

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> float:
        number = float(super().convert(value, parameter, context))
        if math.isnan(number):  # passes every bound, and no timer accepts it
            self.fail(f"{value!r} is not a valid {self.name}.", parameter, context)
        return number


config_option = option(
    "--config",
    group=FILES,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Use this config file instead of your own (itick-tui config path).",
)
watch_option = option(
    "--watch",
    group=SYMBOLS,
    metavar="SYMBOLS",
    multiple=True,
    shell_complete=candidates.complete_symbols,
    callback=lambda context, parameter, given: ",".join(given) if given else None,
    help="Symbols to watch, separated by commas, in quotes: 'QQQ$US,SPY$US'. QQQ/SPY and SPY-VOO are pairs.",
)
demo_option = option(
    "--demo", group=CONNECTION, is_flag=True, help="Use the built-in demo exchange: no key, simulated prices."
)
url_option = option(
    "--url", group=CONNECTION, metavar="URL", help="Connect to this URL instead of wss://api.itick.org/fund."
)
token_file_option = option(
    "--token-file",
    group=CONNECTION,
    type=click.Path(path_type=Path, dir_okay=True),
    metavar="FILE",
    help="Read the key from FILE instead of ITICK_TOKEN.",
)
take_over_option = option(
    "--take-over",
    group=CONNECTION,
    is_flag=True,
    help="Take the connection over from another copy on this machine instead of joining it.",
)
nats_option = option(
    "--nats",
    group=CONNECTION,
    metavar="URL",
    help="Follow a relay of your team through this NATS server, nats://HOST:4222: no key.",
)
nats_credentials_option = option(
    "--nats-credentials",
    group=CONNECTION,
    type=click.Path(path_type=Path, dir_okay=True),
    metavar="FILE",
    help="Read USER:PASSWORD, an NKEY seed or a .creds for the NATS server from FILE.",
)
record_option = option(
    "--record",
    group=FILES,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Record the feed, never the key, to a new file such as friday.jsonl.gz. --replay replays it.",
)
log_option = option(
    "--log",
    "log_file",
    group=FILES,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Append a log to FILE, one JSON object a line, never the key.",
)


def require_stdout() -> None:
    """Raises ItickError if the parent process closed standard output."""
    if sys.stdout is None:
        raise ItickError("cannot write to standard output: it is closed")


def feed_options(command: _F) -> _F:
    """Add the options for symbols, connection and files that the dashboard and `stream` share."""
    for add in (
        log_option,
        config_option,
        record_option,
        nats_credentials_option,
        nats_option,
        take_over_option,
        token_file_option,
        url_option,
        demo_option,
        watch_option,
    ):
        command = add(command)
    return command


def parse_watch(watch: str | None) -> tuple[list[Symbol], list[str]]:
    """Returns the symbols and pairs of `--watch`, and notices about how they were written. Raises UsageError."""
    from tui.protocol.messages import MAX_SYMBOLS
    from tui.symbol import expand_pairs, join_notices, lacks_region, parse_symbols, split_list

    if watch is None:
        return [], []
    parsed = parse_symbols(watch)
    if (needed := len(expand_pairs(p.symbol for p in parsed))) > MAX_SYMBOLS:
        raise UsageError(f"{needed} symbols: one connection takes at most {MAX_SYMBOLS}. Name fewer in --watch")
    notices = [line] if (line := join_notices(p.notice for p in parsed)) else []
    assumed = [
        str(p.symbol)
        for p in parsed
        if not p.notice and p.symbol.code in _codes_without_region(watch, lacks_region, split_list)
    ]
    if assumed:
        shown = ", ".join(assumed[:3]) + (" …" if len(assumed) > 3 else "")
        notices.append(f"read as {shown}")
    return [p.symbol for p in parsed], notices


def _codes_without_region(watch: str, bare: Callable[[str], bool], split: Callable[[str], list[str]]) -> set[str]:
    return {part.upper() for part in split(watch) if bare(part)}


def check_source(demo: bool, url: str | None, token_file: Path | None) -> None:
    """Raises UsageError for options that `--demo` excludes."""
    if demo and url is not None:
        raise UsageError("--demo and --url exclude each other: the demo exchange has an address of its own")
    if demo and token_file is not None:
        raise UsageError("--demo needs no key: leave --token-file out")


def find_nats_server(
    url: str | None, credentials: Path | None, notices: list[str], excluded: Mapping[str, object]
) -> NatsServer | None:
    """Returns the server to follow, None without one. Appends notices. Raises UsageError, also for options that it
    excludes."""
    if url is None:
        if credentials is not None:
            raise UsageError("--nats-credentials is for a NATS server: name it with --nats nats://HOST:4222")
        return None
    if given := next((name for name, value in excluded.items() if value), None):
        raise UsageError(f"--nats follows a relay, which has the key and the address: leave {given} out")
    from tui.relay.nats_server import find_server
    from tui.secrets import forget_environment

    forget_environment()
    return find_server(url, credentials, notices)


def find_rest_url(url: str | None, file: ConfigFile, settings: Settings | None) -> str:
    """Returns the URL of REST set in the config, "" for the host of the stream: with `--url` and in the demo. Raises
    UsageError."""
    from tui.feed.endpoint import check_rest_url

    if settings is None or url is not None or not settings.rest_url:
        return ""
    try:
        return check_rest_url(settings.rest_url)
    except UsageError as error:
        raise UsageError(f"{file.path}, {error}") from None


def open_recording(path: Path | None) -> contextlib.AbstractContextManager[Recorder | None]:
    """Returns a context with the recorder for `path`, None without one. Raises UsageError if the file cannot be
    created."""
    if path is None:
        return contextlib.nullcontext()
    from tui.recording.writer import Recorder

    return Recorder(path)


def find_target(
    url: str | None, token_file: Path | None, file: ConfigFile, settings: Settings | None, notices: list[str]
) -> tuple[str | None, Token | None]:
    """Returns the URL of the feed and the key; both None for the demo (`settings` None), which starts its own exchange.

    Appends a notice if others can read the key. Raises UsageError without a key or for an unusable URL.
    """
    from tui.feed.endpoint import VENDOR_URL, check_url
    from tui.secrets import find_token, forget_environment

    if settings is None:
        forget_environment()
        return None, None
    try:
        target = check_url(url if url is not None else settings.url or VENDOR_URL)
    except UsageError as error:
        raise error if url is not None else UsageError(f"{file.path}, url: {error}") from None
    key = find_token(token_file, settings.token_command)
    if key is None:
        raise UsageError(
            "no key: give that of your iTick account in ITICK_TOKEN, in a file (--token-file) or by token_command.\n"
            + (file.command_warning or "To look around without one: itick-tui --demo")
        )
    if key.warning:
        notices.append(key.warning)
    return target, key.token
