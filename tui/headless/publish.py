"""The relay for other machines: it publishes the feed of a key on a NATS server, or stands by."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from tui.headless.run import HeadlessRun
from tui.headless.stream import format_counters
from tui.secrets import Token

if TYPE_CHECKING:
    from tui.feed.state import LinkState
    from tui.log import LogFile
    from tui.relay.nats_server import NatsServer

_log = logging.getLogger(__name__)


class PublishRun(HeadlessRun):
    """Runs a publisher. It ends on a signal, or with an error that lasts."""

    async def run(self, server: NatsServer, url: str, token: Token, log: LogFile | None) -> int:
        """Run until done; returns the exit code. Raises FeedError for a refused key."""
        from tui.relay.nats_publisher import publish  # its client library is an extra

        self._begin(log)
        try:
            code = await self._run_until_done(publish(server, url, token, self.market, self._say, self._on_link_state))
        finally:
            await self._close_stderr()
        return self._signal_exit_code or code  # a signal may arrive during the final writes

    def _say(self, words: str) -> None:
        _log.info("%s", words)
        self._print_status(words)

    def _on_link_state(self, state: LinkState) -> None:
        self._follow_state(state)

    def print_counters(self) -> None:
        """Print the counters of the feed, if a link to the vendor was started."""
        if self._last_words:
            self._print_status(format_counters(self.market.health.report()))
