"""Values that a shell may offer behind an option while somebody types: symbols, themes, faults and types."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.cli.defaults import STREAM_TYPES, config_file
from tui.errors import ItickError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from tui.symbol import Symbol


def symbols(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem[str]]:
    """Symbols of the config file's lists, and funds known by name, spelled as they were begun: US:QQQ behind a colon,
    QQQ$US behind a dollar sign, else QQQ.US, which no shell takes a `$US` from. Each begins with what was typed: shells
    take nothing else for a completion."""
    from click.shell_completion import CompletionItem

    from tui.reference.fund_names import NAMES

    part = typed.rpartition(",")[2]
    offered = []
    for symbol in dict.fromkeys([*_listed(context), *NAMES]):
        code, region = symbol
        spelled = f"{region}:{code}" if ":" in part else str(symbol) if "$" in part else f"{code}.{region}"
        if spelled.startswith(part.upper()):
            rest = spelled[len(part) :]
            word = f"{typed}{rest.lower() if part.islower() else rest}"
            offered.append(CompletionItem(word, help=NAMES.get(symbol), in_list=True))
    return offered


def _listed(context: click.Context) -> list[Symbol]:
    given = context.params.get("config")
    try:
        settings = config_file(Path(given) if given else None, demo=bool(context.params.get("demo"))).read()
    except ItickError:  # nobody wants to be told while they type
        return []
    return [symbol for listed in settings.lists.values() for symbol in listed]


def themes(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem[str]]:
    from click.shell_completion import CompletionItem

    from tui.config.themes import all_themes

    found = all_themes()
    return [CompletionItem(name, help=theme.title) for name, theme in found.items() if name.startswith(typed)]


def faults(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem[str]]:
    from click.shell_completion import CompletionItem

    from tui.exchange.faults import FAULTS

    return [CompletionItem(name, help=fault.description) for name, fault in FAULTS.items() if name.startswith(typed)]


def types(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem[str]]:
    from click.shell_completion import CompletionItem

    before, comma, part = typed.rpartition(",")
    return [CompletionItem(f"{before}{comma}{type_}", in_list=True) for type_ in STREAM_TYPES if type_.startswith(part)]
