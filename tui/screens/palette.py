"""The palette: every command by its name. The palette is Textual's; what it offers and how it looks is ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Protocol, cast

from textual import on
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.widgets import Input
from textual.worker import Worker

from tui.screens.dismiss_once import DismissOnce
from tui.secrets import safe_text
from tui.terminal.textual_private import run_selected_command

_CAPS, _NAMES = 8, 60  # cells


class PaletteCommand(NamedTuple):
    """`help` tells more than the name, `cap` is what stands on the key that does the same."""

    name: str
    help: str
    run: Callable[[], object]
    cap: str = ""


class HasCommands(Protocol):
    """An app that has commands."""

    def commands(self) -> Iterable[PaletteCommand]: ...


class CommandProvider(Provider):
    """What the app can do, found by the letters of a name, or by words of its help."""

    async def discover(self) -> Hits:
        commands, width = self._all()
        for command in commands:
            yield DiscoveryHit(_line(command, Content(command.name), width), command.run, command.name)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        commands, width = self._all()
        for command in commands:
            score, letters = matcher.fuzzy_search.match(query, command.name)
            name = Content(command.name)
            for letter in letters:
                name = name.stylize(matcher.match_style, letter, letter + 1)
            if query.casefold() in command.name.casefold():
                score += 10  # letters in a row before scattered ones
            elif not score and query.casefold() in command.help.casefold():
                score = 0.01  # after all that were found by name
            if score:
                yield Hit(score, _line(command, name, width), command.run, command.name)

    def _all(self) -> tuple[list[PaletteCommand], int]:
        """The commands, and the width of their names."""
        commands = [
            PaletteCommand(safe_text(name), safe_text(help), run, cap)
            for name, help, run, cap in cast(HasCommands, self.app).commands()
        ]
        return commands, min(_NAMES, max((Content(command.name).cell_length for command in commands), default=0))


def _line(command: PaletteCommand, name: Content, width: int) -> Content:
    name = name.pad_right(max(0, width - name.cell_length))
    return Content.assemble((f"{command.cap:<{_CAPS}}", "bold"), name, (f"  {command.help}", "dim"))


class Palette(DismissOnce, CommandPalette):
    """Esc or a click outside closes it."""

    CSS = """
    Palette { align: center top; }
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
    Palette.-medium CommandList { max-height: 14; }
    Palette.-high CommandList { max-height: 26; }
    Palette CommandList > .option-list--option { padding: 0 1; text-style: none; }
    Palette CommandList > .option-list--option-highlighted {
        background: $accent; color: $background; text-style: bold;
    }
    """

    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-medium"), (36, "-high")]

    def __init__(self) -> None:
        super().__init__([CommandProvider], placeholder="what is to be done")

    def run_worker(self, *args: Any, **options: Any) -> Worker[Any]:
        """A search that goes on while the palette closes finds its widgets gone, which is no fault of the program."""
        return super().run_worker(*args, **{**options, "exit_on_error": False})

    @on(Input.Submitted)
    async def run_what_was_typed(self, event: Input.Submitted) -> None:
        """On a slow line text and Enter arrive together: what is found for the text has to be there first."""
        event.prevent_default()
        await self.workers.wait_for_complete([worker for worker in self.workers if worker.node is self])
        run_selected_command(self, event)

    def on_mount(self) -> None:
        box = self.query_one("#--container")
        box.border_title = "Commands"
        box.border_subtitle = "Enter runs · Esc back"
