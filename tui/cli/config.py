"""The command `config`: the config file's path, its settings in force, and an initial file."""

from __future__ import annotations

from pathlib import Path

import click

from tui.cli.defaults import config_file
from tui.cli.help import CONFIG, FILES, FOLDERS, ManualGroup, option
from tui.cli.options import config_option, print_error
from tui.errors import EXIT_DONE, UsageError, reason


@click.group(
    cls=ManualGroup,
    examples=(
        ("itick-tui config init", "Write a file that explains every setting."),
        ("itick-tui config show", "All settings in force, those of the file and the defaults."),
        ("itick-tui config path --demo", "Where the demo keeps its own settings."),
        ("itick-tui config --config other.toml show", "The same for another file."),
    ),
    environment=(FOLDERS,),
    files=(CONFIG,),
)
@config_option
@click.pass_context
def config(context: click.Context, config: Path | None) -> None:
    """Show the config file, its path, or write an initial one.

    Lists, order, columns and theme are saved in one file. The program writes its changes to it and keeps your comments
    and layout.
    """
    context.obj = config


_demo_option = option(
    "--demo", group=FILES, is_flag=True, help="Use the file of the demo, which has lists and settings of its own."
)


@config.command()
@_demo_option
@click.pass_obj
def path(given: Path | None, demo: bool) -> int:
    """Print the path of the file, whether or not it exists."""
    click.echo(str(config_file(given, demo=demo).path))
    return EXIT_DONE


@config.command()
@_demo_option
@click.pass_obj
def show(given: Path | None, demo: bool) -> int:
    """Print all settings in force, as TOML."""
    from tui.config.template import effective_text

    file = config_file(given, demo=demo)
    click.echo(effective_text(file.read()), nl=False)
    if file.command_warning:
        print_error(file.command_warning, EXIT_DONE)
    return EXIT_DONE


@config.command()
@_demo_option
@click.pass_obj
def init(given: Path | None, demo: bool) -> int:
    """Write a file that explains every setting, and print its path. An existing file is not changed."""
    from tui.config.template import default_text
    from tui.files import create, make_folder

    file = config_file(given, demo=demo)
    try:
        make_folder(file.path.parent)
        create(file.path, default_text())
    except FileExistsError:
        raise UsageError(f"there is a file already: {file.path}") from None
    except OSError as error:
        raise UsageError(f"cannot write {file.path}: {reason(error)}") from None
    click.echo(str(file.path))
    return EXIT_DONE
