"""What a shell offers while somebody types: the script for it, and what belongs behind each option."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.cli.help import Command
from tui.errors import EXIT_DONE, ItickError, UsageError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from tui.symbol import Symbol

SHELLS = ("bash", "zsh", "fish")
_VARIABLE = "_ITICK_TUI_COMPLETE"


@click.command(
    cls=Command,
    examples=(
        ('eval "$(itick-tui completion bash)"', "The line for ~/.bashrc."),
        ('eval "$(itick-tui completion zsh)"', "The line for ~/.zshrc, below compinit."),
        ("itick-tui completion fish >~/.config/fish/completions/itick-tui.fish", "Once, for fish."),
    ),
)
@click.argument("shell", type=click.Choice(SHELLS, case_sensitive=False))
def completion(shell: str) -> int:
    """Print the script that lets a shell complete what you type.

    Commands, options, themes, files, faults of the demo exchange, and symbols: those of your lists, and funds known by
    name.
    """
    from click.shell_completion import get_completion_class

    program = click.get_current_context().find_root()
    writer = get_completion_class(shell)
    assert writer is not None and program.info_name is not None
    click.echo(writer(program.command, {}, program.info_name, _VARIABLE).source(), nl=False)
    return EXIT_DONE


def symbols(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem[str]]:
    """Symbols of the config file's lists, and funds known by name. They are offered as QQQ.US, which no shell takes a
    `$US` from, unless a `$` was typed."""
    from click.shell_completion import CompletionItem

    from tui.funds import NAMES
    from tui.symbol import parse_symbol, to_half_width

    part = to_half_width(typed).rpartition(",")[2]
    before = typed[: len(typed) - len(part)]
    known = dict.fromkeys([*_listed(context), *NAMES])
    offered = []
    for symbol in known:
        spelled = str(symbol) if "$" in part else f"{symbol.code}.{symbol.region}"
        if spelled.startswith(part.upper()):
            ours = spelled.lower() if part.islower() else spelled
            offered.append(CompletionItem(f"{before}{ours}", help=NAMES.get(symbol)))
    if not offered:
        with suppress(UsageError):  # in no house's spelling
            symbol = parse_symbol(part).symbol
            if symbol in known:
                offered.append(CompletionItem(f"{before}{symbol.code}.{symbol.region}", help=NAMES.get(symbol)))
    return offered


def _listed(context: click.Context) -> list[Symbol]:
    from tui.cli.options import config_file

    given = context.params.get("config")
    try:
        settings = config_file(Path(given) if given else None, demo=bool(context.params.get("demo"))).read()
    except ItickError:  # nobody wants to be told while they type
        return []
    return [symbol for listed in settings.lists.values() for symbol in listed]


def themes(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem[str]]:
    from click.shell_completion import CompletionItem

    from tui.themes import all_themes

    found = all_themes()
    return [CompletionItem(name, help=theme.title) for name, theme in found.items() if name.startswith(typed)]


def faults(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem[str]]:
    from click.shell_completion import CompletionItem

    from tui.exchange.faults import FAULTS

    return [CompletionItem(name, help=fault.words) for name, fault in FAULTS.items() if name.startswith(typed)]


def types(context: click.Context, parameter: click.Parameter, typed: str) -> list[str]:
    from tui.cli.stream import TYPES

    before, comma, part = typed.rpartition(",")
    return [f"{before}{comma}{type_}" for type_ in TYPES if type_.startswith(part)]
