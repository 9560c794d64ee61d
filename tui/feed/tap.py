"""What a link does for other processes that share its connection, and where it connects itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn, Protocol

from tui.errors import NoConnection
from tui.feed.state import LinkState
from tui.protocol.messages import Push
from tui.protocol.relay_status import RelayReport
from tui.symbol import Symbol

_HOW_TO_JOIN = "copies join with one XDG_STATE_HOME on one machine, with --nats on several"


class AnotherClient(NoConnection):
    """Every new connection is closed soon: a client that cannot be joined seems to use the key, on another machine or
    with other folders. `unshared` is why others cannot join this process, "" if they can."""

    def __init__(self, unshared: str = "") -> None:
        how = f"copies cannot join this one: {unshared}" if unshared else _HOW_TO_JOIN
        super().__init__(f"another client seems to be using this key: end it; {how}")


class Tap(Protocol):
    """Passes the frames of a link's connection on to others, and asks for what they want."""

    @property
    def is_shared(self) -> bool:
        """True while others want frames."""

    @property
    def wanted(self) -> Mapping[str, Sequence[Symbol]]:
        """What others want, symbols by type."""

    @property
    def followed_by_others(self) -> Sequence[Symbol]:
        """What the dashboards among the others follow: they show its history."""

    def forward(self, frame: bytes | bytearray, message: Push) -> bool:
        """Pass a frame on. Returns whether this process wants it itself."""

    def begin(self, arrived: float) -> None:
        """Begin with the frames of one read, which arrived at this time, ms UTC."""

    def end(self) -> None:
        """End the frames of one read."""

    def set_own(self, own: Mapping[str, Sequence[Symbol]]) -> None:
        """Set what this process wants itself, symbols by type."""

    def settle(self, decision: Callable[[str, Symbol], str | None], served: int) -> None:
        """Reply to what others asked for, as far as it is decided. `decision` returns why a type is refused for a
        symbol, "" if it is served, None if it is not decided yet; the connection has `served` symbols in all."""

    def report(self) -> RelayReport:
        """Returns the state of the connection and who uses it, as others are told."""

    def state_changed(self, state: LinkState, is_demo: bool) -> None:
        """Tell others of a new state of the link."""


class Route(Protocol):
    """Decides where a link connects."""

    @property
    def tap(self) -> Tap | None:
        """Serves others: those that joined, while the connection to the vendor is this process's own, and those that
        connect over TCP, also while it has joined itself."""

    async def choose(self) -> Path | None:
        """Returns the Unix socket of the process that shares its connection, None to connect to the vendor. Raises
        NotShared."""

    async def hold(self) -> None:
        """Keep what others join by, while the connection to the vendor is this process's own. Returns once another
        process has taken the key over."""

    def joined(self) -> None:
        """Note that the process on the socket answered."""

    def join_failed(self, why: str) -> NoReturn:
        """Note why the process on the socket cannot be joined. Raises NotShared."""

    def left(self) -> None:
        """Note that the shared connection has ended."""

    async def superseded(self) -> bool:
        """Returns True if another process has become the holder since: it is joined from now on."""

    def take_over(self) -> None:
        """Become the holder at the next attempt, whoever is."""

    on_wanted: Callable[[], None]
    """Is called when what others want has changed."""
    on_leading: Callable[[], None]
    """Is called when this process becomes the holder, before the vendor allows another connection."""
    on_renew: Callable[[], None]
    """Is called when another process that uses the connection asks for a new one."""
    name: str
    """What this process is, as others are told: `dashboard`, `stream`, `doctor`."""
    unshared: str
    """Why others cannot join this process while it holds the connection, "" if they can."""
    wants_everything: bool
    """Whether this process wants each message, also those that newer ones have replaced."""
