"""The command palette: Textual's, with the app's commands and styles."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Protocol, cast

from textual import on
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.widgets import Input
from textual.worker import Worker

from tui import format as fmt
from tui.screens.dismiss_once import DismissOnce
from tui.secrets import safe_text
from tui.terminal.textual_private import run_selected_command

_NAME_CELLS = 40  # at most, before the words behind it
_GAP = 2  # cells between two columns


class PaletteCommand(NamedTuple):
    """A command: its name, further words, what runs it, and the label of the key that does the same."""

    name: str
    help: str
    run: Callable[[], object]
    key_label: str = ""


class _Widths(NamedTuple):
    """Cells of the keys and of the names, each with the gap behind it."""

    key: int
    name: int


class HasCommands(Protocol):
    """An app that has commands."""

    def commands(self) -> Iterable[PaletteCommand]:
        """Returns the present commands."""


class CommandProvider(Provider):
    """Finds commands by letters of their names, or by words of their help."""

    async def discover(self) -> Hits:
        commands, widths = self._commands()
        for command in commands:
            yield DiscoveryHit(_line(command, Content(command.name), widths), command.run, command.name)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        commands, widths = self._commands()
        for command in commands:
            score, letters = matcher.fuzzy_search.match(query, command.name)
            name = Content(command.name)
            for letter in letters:
                name = name.stylize(matcher.match_style, letter, letter + 1)
            if not score and query.casefold() in command.help.casefold():
                score = 0.01  # after all commands that were found by name
            if score:
                yield Hit(score, _line(command, name, widths), command.run, command.name)

    def _commands(self) -> tuple[list[PaletteCommand], _Widths]:
        """Returns the commands and the cells of their keys and names."""
        commands = [
            PaletteCommand(safe_text(name), safe_text(help), run, key_label)
            for name, help, run, key_label in cast(HasCommands, self.app).commands()
        ]
        keys = max((fmt.cells(command.key_label) for command in commands), default=0)
        names = max((fmt.cells(command.name) for command in commands if command.help), default=0)
        return commands, _Widths(keys + _GAP, min(_NAME_CELLS, names) + _GAP)


def _line(command: PaletteCommand, name: Content, widths: _Widths) -> Content:
    key = command.key_label + " " * (widths.key - fmt.cells(command.key_label))
    return Content.assemble(key, name, " " * max(_GAP, widths.name - name.cell_length) + command.help)


class Palette(DismissOnce, CommandPalette):
    """The palette; Esc or a click outside closes it."""

    CSS = """
    Palette { align: center top; background: $veil; }
    Palette #--container {
        visibility: visible; width: 90; max-width: 94%; height: auto; margin-top: 1;
        background: $surface; border: round $accent; border-title-color: $foreground;
    }
    Palette #--input, Palette #--input.--list-visible { border: none; height: 1; padding: 0 1; background: $panel; }
    Palette CommandInput, Palette CommandInput:focus { border: none; height: 1; padding: 0; }
    Palette SearchIcon, Palette LoadingIndicator { display: none; }
    Palette #--results { overlay: none; visibility: visible; }
    Palette CommandList, Palette CommandList.--populating {
        border: none; height: auto; max-height: 4; text-wrap: nowrap; text-overflow: ellipsis;
        scrollbar-size-vertical: 1; scrollbar-background: $surface; scrollbar-color: $secondary;
        scrollbar-background-hover: $surface; scrollbar-background-active: $surface;
    }
    Palette.-low #--container { margin-top: 0; }
    Palette.-low CommandList { max-height: 3; }
    Palette.-medium CommandList { max-height: 14; }
    Palette.-high CommandList { max-height: 26; }
    Palette CommandList > .option-list--option { padding: 0 1; text-style: none; }
    Palette CommandList > .option-list--option-highlighted {
        background: $accent; color: $background; text-style: $chosen;
    }
    """

    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-medium"), (36, "-high")]

    def __init__(self) -> None:
        super().__init__([CommandProvider], placeholder="what is to be done")

    def run_worker(self, *args: Any, **options: Any) -> Worker[Any]:
        """Runs a search. One that is still running when the palette closes fails, since its widgets are gone; that must
        not end the program."""
        return super().run_worker(*args, **{**options, "exit_on_error": False})

    @on(Input.Submitted)
    async def run_what_was_typed(self, event: Input.Submitted) -> None:
        """Run the first command found. On a slow line text and Enter arrive together: the search must end first."""
        event.prevent_default()
        await self.workers.wait_for_complete([worker for worker in self.workers if worker.node is self])
        run_selected_command(self, event)

    def on_mount(self) -> None:
        box = self.query_one("#--container")
        box.border_title = "Commands"
        box.border_subtitle = "Enter runs · Esc back"
