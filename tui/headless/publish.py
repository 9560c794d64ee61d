"""The relay for other machines: it publishes the feed of a key on a NATS server, or stands by."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from tui.headless.run import HeadlessRun
from tui.headless.stream import format_counters
from tui.secrets import Token

if TYPE_CHECKING:
    from tui.log import LogFile
    from tui.relay.nats_server import NatsServer

_log = logging.getLogger(__name__)


class PublishRun(HeadlessRun):
    """Runs a publisher. It ends on a signal, or with an error that lasts."""

    async def run(self, server: NatsServer, url: str, token: Token, log: LogFile | None) -> int:
        """Run until done; returns the exit code. Raises FeedError for a refused key."""
        from tui.relay.nats_publisher import publish  # its client library is an extra

        self._begin(log)
        return await self._run_to_exit(publish(server, url, token, self.market, self._say, self._follow_state))

    def _say(self, words: str) -> None:
        _log.info("%s", words)
        self._print_status(words)

    def print_counters(self) -> None:
        """Print the counters of the feed, if a link to the vendor was started."""
        if self._last_words:
            self._print_status(format_counters(self.market.health.report()))
