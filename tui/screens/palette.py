"""The palette: every command by its name. The palette is Textual's; what it offers and how it looks is ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol, cast

from rich.markup import escape
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider


class Command(NamedTuple):
    """`help` is shown under the name."""

    name: str
    help: str
    run: Callable[[], None]


class Commanded(Protocol):
    """An app that has commands."""

    def commands(self) -> Iterable[Command]: ...


class Commands(Provider):
    @property
    def _all(self) -> Iterable[Command]:
        return cast(Commanded, self.app).commands()

    async def discover(self) -> Hits:
        for name, help, run in self._all:
            yield DiscoveryHit(escape(name), run, name, escape(help))

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for name, help, run in self._all:
            if (score := matcher.match(name)) > 0:
                yield Hit(score, matcher.highlight(escape(name)), run, name, escape(help))


class Palette(CommandPalette):
    def __init__(self) -> None:
        super().__init__([Commands], placeholder="a command")
