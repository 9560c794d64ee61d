"""The steps to a relay of the team on a NATS server: the server, who publishes there, and the first data."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from typing import NoReturn, Self

from tui.doctor.checks import Check, Finding, Status
from tui.doctor.session_describer import SessionDescriber
from tui.errors import FeedError
from tui.feed.clock import monotonic
from tui.feed.state import Timings
from tui.feed.subscriptions import Subscriptions
from tui.format import count, milliseconds
from tui.market import Instrument, Market
from tui.market.entitlements import describe_refusal, refused_types
from tui.protocol.messages import TYPES, UNRESOLVED, Push
from tui.protocol.relay_status import RelayReport
from tui.relay.nats_follower import NatsConnection
from tui.relay.nats_server import NatsServer
from tui.symbol import Symbol, format_list

_TIMINGS = Timings(reply=5.0, pong=3.0)
_REPORT_WITHIN = 4.0  # s: a publisher reports each second
_DATA_WITHIN = 6.0  # s for the first data of all symbols
_MAX_AGE = 1_000.0  # ms of a report when it comes
_SERVER_ADVICE = "is the address right, and does nats-server run there? A firewall may be in the way"
_ASK_ADVICE = "look at what the relay says on its machine"


class NatsChecks:
    """The steps to the publisher on a NATS server, with these symbols. Leaving the context closes the connection."""

    def __init__(self, server: NatsServer, symbols: Sequence[Symbol]) -> None:
        self._server = server
        self._symbols = list(symbols)
        self._market = Market()
        self._market.set_clock((time.time() - monotonic()) * 1000)
        self._market.follow(self._symbols)
        self._describe_sessions = SessionDescriber(self._market)
        self._report: RelayReport | None = None
        self._reported = asyncio.Event()
        self._with_data: set[Symbol] = set()
        self._data_arrived = asyncio.Event()
        self._connection = NatsConnection(server, self._market, _TIMINGS, monotonic, self._on_push, self._on_report)
        self._reading: asyncio.Task[NoReturn] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._connection.close()
        if self._reading is not None:
            self._reading.cancel()
            with contextlib.suppress(asyncio.CancelledError, FeedError):  # reported by the step that met it
                await self._reading

    def checks(self) -> list[Check]:
        """Returns all steps in order."""
        return [
            Check("nats server", self._check_server, (), _SERVER_ADVICE, timed=True),
            Check("publisher", self._check_publisher, ("nats server",), _ASK_ADVICE),
            Check("subscribe", self._subscribe, ("publisher",), _ASK_ADVICE, timed=True),
            Check("symbols", self._check_symbols, ("subscribe",), _ASK_ADVICE),
        ]

    def _on_report(self, report: RelayReport) -> None:
        self._report = report
        self._reported.set()

    def _on_push(self, message: Push, instrument: Instrument) -> None:
        self._with_data.add(instrument.symbol)
        self._data_arrived.set()

    async def _check_server(self) -> Finding:
        await self._connection.open("doctor")
        self._reading = asyncio.create_task(self._connection.read())
        facts = self._connection.server_facts
        words = f"nats-server {facts.version}, {'over TLS' if facts.is_secure else 'without TLS'}"
        if not facts.has_jetstream:
            return Finding(f"{words}, JetStream is off", "nats-server needs the option -js", Status.FAIL)
        return Finding(f"{words}, with JetStream")

    async def _check_publisher(self) -> Finding:
        """Wait for the reports of two seconds: the age of the younger one is that of the way here."""
        assert self._reading is not None
        for _ in range(2):
            self._reported.clear()
            waiting = asyncio.create_task(self._reported.wait())
            await asyncio.wait([waiting, self._reading], timeout=_REPORT_WITHIN, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            if self._reading.done():
                await self._reading
            if not self._reported.is_set():
                break
        if (report := self._report) is None or not self._reported.is_set():
            return Finding(
                f"none has said a word for {_REPORT_WITHIN:g} s",
                f"start one on a machine with the key: itick-tui relay --nats {self._server.url}",
                Status.FAIL,
            )
        age = self._connection.report_age
        words = f"{report.windows[0].name}: {report.words}"
        if report.is_demo:
            words += ", of a demo exchange"
        if not self._connection.is_served:
            return Finding(words, _ASK_ADVICE, Status.FAIL)
        words += f"; its word is {milliseconds(abs(age))} {'old' if age >= 0 else 'ahead'} by the two clocks"
        if abs(age) > _MAX_AGE:
            return Finding(words, "let the network set the clock of both machines. Ages allow for it", Status.WARN)
        return Finding(words)

    async def _subscribe(self) -> Finding:
        await self._connection.authenticate()
        subscriptions = Subscriptions(self._connection.subscribe, self._market, {UNRESOLVED: 1})
        await subscriptions.sync(dict.fromkeys(TYPES, self._symbols), lambda type_: None)
        self._market.expect_data(self._symbols, monotonic())
        if refused := refused_types(self._market.instruments.values()):
            words = [f"{describe_refusal(each.type, each.words)} ({format_list(each.symbols)})" for each in refused]
            return Finding(", ".join(words), "the plan of the publisher's key decides", Status.WARN)
        return Finding(f"{count(len(self._symbols), 'symbol')}, {count(len(TYPES), 'type')}: accepted")

    async def _check_symbols(self) -> Finding:
        """Check that each served symbol has data: a last value or a live one."""
        served = [symbol for symbol, known in self._market.instruments.items() if len(known.refused) < len(TYPES)]
        deadline = monotonic() + _DATA_WITHIN
        while not self._with_data.issuperset(served) and (left := deadline - monotonic()) > 0:
            self._data_arrived.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._data_arrived.wait()
        if missing := [symbol for symbol in served if symbol not in self._with_data]:
            words, advice = await self._describe_sessions(missing)
            return Finding(f"none of {format_list(missing)} within {_DATA_WITHIN:g} s ({words})", advice, Status.WARN)
        return Finding(f"data came of {count(len(served), 'symbol')}")
