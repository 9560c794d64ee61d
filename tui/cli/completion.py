"""The command `completion`, which prints a shell's completion script."""

from __future__ import annotations

from pathlib import Path

import click

from tui.cli.help import ManualCommand
from tui.errors import EXIT_DONE

SHELLS = ("bash", "zsh", "fish")


@click.command(
    cls=ManualCommand,
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
    script = Path(__file__).with_name(f"completion.{shell}")
    click.echo(script.read_text(encoding="utf-8"), nl=False)
    return EXIT_DONE
