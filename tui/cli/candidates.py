"""Completion candidates for option values: symbols, themes, faults and types."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.cli.defaults import STREAM_TYPES, config_file
from tui.errors import ItickError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from tui.symbol import Symbol


def complete_symbols(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem[str]]:
    """Returns symbols of the config's lists and known funds, in the notation begun: US:QQQ after a colon, QQQ$US after
    a dollar sign, else QQQ.US, which is safe in every shell. Shells require that each begins with what was typed."""
    from click.shell_completion import CompletionItem

    from tui.reference.fund_names import NAMES

    part = re.split("[,/]", typed)[-1]  # of a pair one leg after the other
    offered = []
    for symbol in dict.fromkeys([*_config_symbols(context), *NAMES]):
        code, region = symbol
        spelled = f"{region}:{code}" if ":" in part else str(symbol) if "$" in part else f"{code}.{region}"
        if spelled.startswith(part.upper()):
            rest = spelled[len(part) :]
            word = f"{typed}{rest.lower() if part.islower() else rest}"
            offered.append(CompletionItem(word, help=NAMES.get(symbol), in_list=True))
    return offered


def _config_symbols(context: click.Context) -> list[Symbol]:
    given = context.params.get("config")
    try:
        settings = config_file(Path(given) if given else None, demo=bool(context.params.get("demo"))).read()
    except ItickError:  # no error messages during completion
        return []
    from tui.symbol import expand_pairs

    return list(expand_pairs(symbol for listed in settings.lists.values() for symbol in listed))


def complete_themes(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem[str]]:
    """Returns the themes that begin with what was typed."""
    from click.shell_completion import CompletionItem

    from tui.config.themes import all_themes

    found = all_themes()
    return [CompletionItem(name, help=theme.title) for name, theme in found.items() if name.startswith(typed)]


def complete_faults(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem[str]]:
    """Returns the faults that begin with what was typed."""
    from click.shell_completion import CompletionItem

    from tui.exchange.faults import FAULTS

    return [CompletionItem(name, help=fault.description) for name, fault in FAULTS.items() if name.startswith(typed)]


def complete_types(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem[str]]:
    """Returns the types that begin with the last part of what was typed."""
    from click.shell_completion import CompletionItem

    before, comma, part = typed.rpartition(",")
    return [CompletionItem(f"{before}{comma}{type_}", in_list=True) for type_ in STREAM_TYPES if type_.startswith(part)]
