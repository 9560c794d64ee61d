"""What the dashboard and `stream` are both told on the command line, and what follows from it."""

from __future__ import annotations

import contextlib
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tui.cli import candidates
from tui.cli.help import FILES, SOURCE, WATCH, option
from tui.errors import ItickError, UsageError

if TYPE_CHECKING:
    from tui.config.file import ConfigFile
    from tui.config.settings import Settings
    from tui.recording.writer import Recorder
    from tui.secrets import Token
    from tui.symbol import Symbol

_F = TypeVar("_F", bound=Callable[..., Any])
_LONGEST = 500  # characters of a line about what went wrong


def complain(text: str, code: int) -> int:
    """Say on standard error what went wrong, in our name; the code."""
    from tui.format import clip
    from tui.secrets import safe_text

    lines = f"itick-tui: {text}".split("\n")
    with contextlib.suppress(OSError):  # nobody can be told
        click.echo("\n".join(clip(safe_text(line), _LONGEST) for line in lines), err=True)
    return code


class Whole(click.IntRange):
    """A whole number within bounds, and called so."""

    name = "whole number"


class Number(click.FloatRange):
    """A number within bounds, and called so."""

    name = "number"

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> float:
        number = float(super().convert(value, parameter, context))
        if math.isnan(number):  # within all bounds, and no timer can do with it
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
    group=WATCH,
    metavar="SYMBOLS",
    multiple=True,
    shell_complete=candidates.symbols,
    callback=lambda context, parameter, given: ",".join(given) if given else None,
    help="What to watch, separated by commas, in quotes: 'QQQ$US,SPY$US'.",
)
demo_option = option(
    "--demo", group=SOURCE, is_flag=True, help="Use the built-in demo exchange: no key, made-up prices."
)
url_option = option(
    "--url", group=SOURCE, metavar="URL", help="Connect to another address than wss://api.itick.org/fund."
)
token_file_option = option(
    "--token-file",
    group=SOURCE,
    type=click.Path(path_type=Path, dir_okay=True),
    metavar="FILE",
    help="Read the key from FILE instead of ITICK_TOKEN.",
)
take_over_option = option(
    "--take-over",
    group=SOURCE,
    is_flag=True,
    help="Connect although another copy on this machine uses the same key.",
)
record_option = option(
    "--record",
    group=FILES,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Keep all that comes in, never the key, in a new file such as friday.jsonl.gz. --replay plays it.",
)
log_option = option(
    "--log",
    "log_file",
    group=FILES,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Add what happens to FILE, one JSON object a line, never the key.",
)


def need_output() -> None:
    """Raises ItickError where whoever started us closed standard output."""
    if sys.stdout is None:
        raise ItickError("cannot write to standard output: it is closed")


def feed_options(command: _F) -> _F:
    """The options that say what to watch and where, the same for the dashboard and for `stream`."""
    for add in (
        log_option,
        config_option,
        record_option,
        take_over_option,
        token_file_option,
        url_option,
        demo_option,
        watch_option,
    ):
        command = add(command)
    return command


def watched(watch: str | None) -> tuple[list[Symbol], list[str]]:
    """What `--watch` names, and what to say about how it was written."""
    from tui.protocol.messages import MAX_SYMBOLS
    from tui.symbol import join_notices, lacks_region, parse_symbols, split_list

    if watch is None:
        return [], []
    parsed = parse_symbols(watch)
    if len(parsed) > MAX_SYMBOLS:
        raise UsageError(f"{len(parsed)} symbols: one connection takes at most {MAX_SYMBOLS}. Name fewer in --watch")
    notices = [line] if (line := join_notices(p.notice for p in parsed)) else []
    guessed = [
        str(p.symbol) for p in parsed if not p.notice and p.symbol.code in _bare_codes(watch, lacks_region, split_list)
    ]
    if guessed:
        shown = ", ".join(guessed[:3]) + (" …" if len(guessed) > 3 else "")
        notices.append(f"read as {shown}: a shell eats an unquoted $US, so write --watch '{guessed[0]}'")
    return [p.symbol for p in parsed], notices


def _bare_codes(watch: str, bare: Callable[[str], bool], split: Callable[[str], list[str]]) -> set[str]:
    return {part.upper() for part in split(watch) if bare(part)}


def check_place(demo: bool, url: str | None, token_file: Path | None) -> None:
    if demo and url is not None:
        raise UsageError("--demo and --url exclude each other: the demo exchange has an address of its own")
    if demo and token_file is not None:
        raise UsageError("--demo needs no key: leave --token-file out")


def find_rest(url: str | None, file: ConfigFile, settings: Settings | None) -> str:
    """Where REST is asked for by the settings; "" where the stream comes from, as with `--url` and in the demo."""
    from tui.feed.endpoint import check_rest_url

    if settings is None or url is not None or not settings.rest_url:
        return ""
    try:
        return check_rest_url(settings.rest_url)
    except UsageError as error:
        raise UsageError(f"{file.path}, {error}") from None


def recording_to(path: Path | None) -> contextlib.AbstractContextManager[Recorder | None]:
    """Keeps a recording until the end of the block, where one is wanted. Raises UsageError for a file that cannot be
    made."""
    if path is None:
        return contextlib.nullcontext()
    from tui.recording.writer import Recorder

    return Recorder(path)


def find_target(
    url: str | None, token_file: Path | None, file: ConfigFile, settings: Settings | None, notices: list[str]
) -> tuple[str | None, Token | None]:
    """Where to connect and with which key; nothing for the demo, which starts its own exchange and comes without
    `settings`. Adds to the notices what is not well about the key."""
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
