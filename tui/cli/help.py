"""The help of every command, laid out as a manual: options in groups, then examples, environment, files and exit codes.

An option names its group, a command its other sections. A symbol given as an argument is answered with the option it
belongs to.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from tui.config.plain_mode import PLAIN
from tui.errors import UsageError

SYMBOLS = "Symbols"
CONNECTION = "Connection"
OUTPUT = "Output"
LIMITS = "Limits"
APPEARANCE = "Appearance and sound"
SIMULATION = "Simulation"
SERVING = "Serving"
REPLAY = "Replay"
FILES = "Files"
GENERAL = "General"
GROUPS = (SYMBOLS, CONNECTION, REPLAY, SIMULATION, SERVING, OUTPUT, LIMITS, APPEARANCE, FILES, GENERAL)

KEY = "ITICK_TOKEN"
PROXY = "https_proxy, all_proxy, no_proxy"
TRUST = "SSL_CERT_FILE, SSL_CERT_DIR"
COLOUR = "NO_COLOR"
FOLDERS = "XDG_CONFIG_HOME, XDG_STATE_HOME, XDG_CACHE_HOME"
ENVIRONMENT = {
    KEY: "Your key. It is removed from the environment at once, so that no command started from here has it.",
    PROXY: "The proxy of stream and REST, and the hosts without one, as for curl: http, https or socks5. "
    "wss_proxy is for the stream alone; upper case works too. Without any of these the system's settings apply. "
    "No proxy is ever used for addresses on this machine.",
    TRUST: "Trusted certificates, as for OpenSSL. Without them: the system's store.",
    COLOUR: "No colours if it is set, and not empty.",
    PLAIN: "If it is 1, Textual alone paints and the websockets library alone reads frames: slower, and worth a try "
    "if the screen or the feed is wrong.",
    FOLDERS: "The folders on Linux in place of ~/.config, ~/.local/state and ~/.cache.",
}

CONFIG = "~/.config/itick-tui/config.toml"
STATE = "~/.local/state/itick-tui/"
CACHE = "~/.cache/itick-tui/itick.sqlite"
FILE_DESCRIPTIONS = {
    CONFIG: "Lists, columns, theme, keys. `itick-tui config path` prints its real path.",
    STATE: "Crash reports, locks and sockets by which copies with the same key find each other, and the token of "
    "`itick-tui relay --listen`.",
    CACHE: "History: minute bars, closes and names of the last 30 days. It can be deleted.",
}

EXITS = {
    0: "Done.",
    1: "Standard output cannot be written.",
    2: "Wrong usage, or a file named there is wrong.",
    3: "The key is refused.",
    4: "No live connection.",
    70: "A fault in the program. A crash report is written to the state folder.",
    129: "Hung up.",
    130: "Ctrl+C.",
    143: "Terminated.",
}
_COMMON_EXITS = (0, 1, 2, 70, 130)
_MAX_OPTION_WIDTH = 26  # cells of an option beside its words; a longer one has a line of its own

_F = TypeVar("_F", bound=Callable[..., Any])


class Option(click.Option):
    """An option in a group of the help."""

    def __init__(self, *args: Any, group: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.group = group


def option(*names: str, group: str, **named: Any) -> Callable[[_F], _F]:
    """Returns a decorator like `click.option` for an option in a group."""
    return click.option(*names, cls=Option, group=group, **named)


class ManualCommand(click.Command):
    """A command whose help is a manual.

    `examples` are command lines with their descriptions; `environment` and `files` are keys of the tables above;
    `exits` are exit codes, or pairs of a code and its meaning for this command.
    """

    def __init__(
        self,
        *args: Any,
        examples: Sequence[tuple[str, str]] = (),
        environment: Sequence[str] = (),
        files: Sequence[str] = (),
        exits: Sequence[int | tuple[int, str]] = _COMMON_EXITS,
        **named: Any,
    ) -> None:
        super().__init__(*args, **named)
        self.examples = examples
        self.environment = environment
        self.files = files
        self.exits = dict(code if isinstance(code, tuple) else (code, EXITS[code]) for code in exits)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        expected, ctx.allow_extra_args = ctx.allow_extra_args, True
        rest = super().parse_args(ctx, args)
        if rest and not expected and not ctx.resilient_parsing:
            ctx.fail(f"'{rest[0]}' was not expected. {self.suggestion(ctx, rest[0])}".rstrip())
        return rest

    def suggestion(self, ctx: click.Context, word: str) -> str:
        """Returns how to watch a symbol given as an argument, "" if it is none or the command has no --watch."""
        from tui.symbol import parse_symbols

        with contextlib.suppress(UsageError):
            if word == word.upper() and parse_symbols(word) and any(p.name == "watch" for p in self.params):
                return f"To watch it: {ctx.command_path} --watch '{word}'"
        return ""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        grouped: dict[str, list[tuple[str, str]]] = {group: [] for group in GROUPS}
        for parameter in self.get_params(ctx):
            if isinstance(parameter, click.Option) and (record := parameter.get_help_record(ctx)) is not None:
                grouped[getattr(parameter, "group", GENERAL)].append(record)
        names = [name for records in grouped.values() for name, _ in records]
        width = max(len(name) for name in names if len(name) <= _MAX_OPTION_WIDTH)
        for group, records in grouped.items():
            if records:
                with formatter.section(group):
                    formatter.write_dl(
                        [(f"{name:{width}}", words) for name, words in records], col_max=_MAX_OPTION_WIDTH
                    )

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.examples:
            with formatter.section("Examples"):
                for line, words in self.examples:
                    formatter.write(f"{'':{formatter.current_indent}}{line}\n")
                    with formatter.indentation():
                        formatter.write_text(words)
        for title, rows in (
            ("Environment", [(name, ENVIRONMENT[name]) for name in self.environment]),
            ("Files, on Linux", [(name, FILE_DESCRIPTIONS[name]) for name in self.files]),
        ):
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows, col_max=12)
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code), words) for code, words in self.exits.items()])


class ManualGroup(ManualCommand, click.Group):
    """A command with subcommands."""

    command_class = ManualCommand

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if not ctx.resilient_parsing and args[0] not in self.commands and (words := self.suggestion(ctx, args[0])):
            ctx.fail(f"'{args[0]}' is no command. {words}")
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.format_commands(ctx, formatter)
        super().format_options(ctx, formatter)
