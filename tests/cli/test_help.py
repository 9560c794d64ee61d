"""The help as a manual: nothing stands in it without a place and words, and what it shows can be pasted."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tui import errors
from tui.cli import cli
from tui.cli.help import EXITS, ManualCommand, ManualGroup, Option

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def commands(command: click.Command = cli, *path: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from commands(inner, *path, name)


ALL = dict(commands())


def help_text(path: tuple[str, ...], width: int = 80) -> str:
    context = None
    for name in ("itick-tui", *path):
        command = cli if context is None else context.command.commands[name]  # type: ignore[attr-defined]
        context = click.Context(command, info_name=name, parent=context, **command.context_settings)
    assert context is not None
    context.terminal_width = width
    return context.get_help()


def assert_parses(line: str) -> None:
    """Fails where the program would not take a command line."""
    words = shlex.split(re.split(r" [|>]| 2>", line)[0])
    arguments = words[words.index("itick-tui") + 1 :]
    context = cli.make_context("itick-tui", arguments)
    while isinstance(context.command, click.Group) and (rest := [*context._protected_args, *context.args]):
        name, command, rest = context.command.resolve_command(context, rest)
        assert command is not None
        context = command.make_context(name, rest, parent=context)


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_is_a_manual_and_every_option_has_a_group_and_words(path: tuple[str, ...]) -> None:
    command = ALL[path]
    assert isinstance(command, ManualGroup if isinstance(command, click.Group) else ManualCommand)
    assert command.help and command.exits
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert isinstance(parameter, Option), f"{parameter.name}: tui.cli.help.option gives it a group"
            assert parameter.help, parameter.name


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_it_is_well_set_at_80_columns(path: tuple[str, ...]) -> None:
    lines = help_text(path).splitlines()
    assert max(map(len, lines)) <= 80
    assert not any(line.endswith("...") and "COMMAND" not in line for line in lines), "a command's words are cut"
    for parameter in ALL[path].params:
        assert isinstance(parameter, click.Argument) or any(parameter.opts[-1] in line.split() for line in lines)


def test_options_stand_in_their_groups_whatever_their_order() -> None:
    lines = help_text(("stream",)).splitlines()
    watch, source, files = (lines.index(f"{title}:") for title in ("Symbols", "Connection", "Files"))
    assert watch < source < files
    assert any("--types" in line for line in lines[watch:source])
    assert any("--config" in line for line in lines[files:])


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_examples_can_be_pasted(path: tuple[str, ...]) -> None:
    command = ALL[path]
    assert isinstance(command, ManualCommand)
    for line, words in command.examples:
        assert_parses(line.removeprefix('eval "$(').removesuffix(')"'))
        assert words.endswith(".")


def test_so_can_those_of_the_readme() -> None:
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    lines = [line.split("  #")[0] for block in blocks for line in block.splitlines() if line.startswith("itick-tui ")]
    assert len(lines) >= 5
    assert {name for name in cli.commands if any(f" {name} " in line for line in lines)} == set(cli.commands)
    for line in lines:
        assert_parses(line)


def test_every_exit_code_has_words() -> None:
    codes = {value for name, value in vars(errors).items() if name.startswith("EXIT_")}
    assert codes == set(EXITS)


def test_the_switch_to_the_libraries_own_ways_is_told_where_it_counts() -> None:
    for path in ((), ("stream",)):
        assert re.search(r"ITICK_TUI_PLAIN\s+If it is 1, Textual alone paints", help_text(path))
