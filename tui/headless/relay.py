"""The relay without a screen: it holds the connection of a key for the other processes, or stands by."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tui.feed.link import Link
from tui.feed.state import LinkState
from tui.format import count
from tui.headless.run import HeadlessRun
from tui.headless.stream import describe_link
from tui.relay.local_access import LocalAccess
from tui.relay.sharing import Sharing
from tui.secrets import Token, safe_text

if TYPE_CHECKING:
    from tui.log import LogFile


class RelayRun(HeadlessRun):
    """Runs a link that follows no symbols of its own. It ends on a signal, or with an error that lasts."""

    def __init__(self) -> None:
        super().__init__()
        self._link: Link | None = None
        self._sharing: Sharing | None = None

    async def run(
        self, url: str, token: Token, sharing: Sharing, listen: LocalAccess | None, log: LogFile | None
    ) -> int:
        """Run until done; returns the exit code. Raises FeedError for a refused key."""
        self._begin(log)
        self._sharing = sharing
        self._link = link = Link(
            url, token, self.market, on_state=self._on_link_state, on_fault=self._finish, route=sharing
        )
        if listen is not None:
            path = safe_text(str(listen.path))
            self._print_status(f"for programs on this machine: {sharing.url}, their key is in {path}")
        return await self._run_to_exit(link.run())

    def _on_link_state(self, state: LinkState) -> None:
        assert self._link is not None
        if not self._follow_state(state) or not state.is_live:
            return
        if (report := self._link.report) is not None:
            self._print_status(f"standing by: {safe_text(report.holder)} holds the connection")
        elif unshared := self._link.unshared:
            self._print_status(f"other windows cannot join: {safe_text(unshared)}")
        else:
            self._print_status("other windows can join")

    def print_counters(self) -> None:
        """Print what was passed on, and the counters of the link, if it was started."""
        if self._link is not None and self._sharing is not None:
            self._print_status(describe_passed_on(self._sharing.passed_on))
            self._print_status(describe_link(self.market.health.report()))


def describe_passed_on(passed_on: Counter[str]) -> str:
    """Returns what clients were sent as a line."""
    clients, messages = count(passed_on["clients"], "client"), count(passed_on["sent"], "message")
    replaced, lost = passed_on["replaced"], passed_on["lost"]
    return f"passed on {messages} to {clients}: {replaced:,} replaced by newer ones, {lost:,} lost"
