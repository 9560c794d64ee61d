"""The config file, from the shell."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.cli.defaults import config_file
from tui.cli.help import CONFIG, FOLDERS, ManualGroup
from tui.cli.options import complain, config_option
from tui.errors import EXIT_DONE, UsageError, reason

if TYPE_CHECKING:
    from tui.config.file import ConfigFile


@click.group(
    cls=ManualGroup,
    examples=(
        ("itick-tui config init", "A file that names every setting, to begin with."),
        ("itick-tui config show", "What is in force now, the file's settings and the rest."),
        ("itick-tui config --config other.toml show", "The same for another file."),
    ),
    environment=(FOLDERS,),
    files=(CONFIG,),
)
@config_option
@click.pass_context
def config(context: click.Context, config: Path | None) -> None:
    """Where the config file is, what it sets, and one to begin with.

    Lists, order, columns and colours are kept in one file. The program writes its changes into it and leaves your
    comments and layout as they are.
    """
    context.obj = config_file(config)


@config.command()
@click.pass_obj
def path(file: ConfigFile) -> int:
    """Print where the file is, whether or not there is one yet."""
    click.echo(str(file.path))
    return EXIT_DONE


@config.command()
@click.pass_obj
def show(file: ConfigFile) -> int:
    """Print every setting as it is in force, as TOML."""
    from tui.config.template import effective_text

    click.echo(effective_text(file.read()), nl=False)
    if file.command_warning:
        complain(file.command_warning, EXIT_DONE)
    return EXIT_DONE


@config.command()
@click.pass_obj
def init(file: ConfigFile) -> int:
    """Write a file that names every setting, and says where. A file that is there stays as it is."""
    from tui.config.template import default_text
    from tui.files import create, make_folder

    try:
        make_folder(file.path.parent)
        create(file.path, default_text())
    except FileExistsError:
        raise UsageError(f"there is a file already: {file.path}") from None
    except OSError as error:
        raise UsageError(f"cannot write {file.path}: {reason(error)}") from None
    click.echo(str(file.path))
    return EXIT_DONE
