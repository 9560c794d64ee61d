"""Loads the fund names of a region: from the store if they are less than a week old, else from the vendor."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from tui.errors import FeedError
from tui.history.rest_client import RestClient, RestError
from tui.protocol.rest import ListedFund
from tui.reference.fund_names import FundNames
from tui.secrets import safe_text
from tui.symbol import Symbol
from tui.threads import run_in_thread

_MAX_AGE = 7 * 86_400.0  # s
_RETRY_AFTER = 600.0  # s
_READ_AGAIN = 15.0  # s: how often the store is read while another process asks

_log = logging.getLogger(__name__)


class FundNameStore(Protocol):
    """The part of a Store that holds fund names. Its methods wait for the disk and raise FeedError."""

    def fund_names(self, region: str) -> tuple[float, dict[str, str]] | None:
        """Returns the age (s) of a region's fund names and the names by code; None if there are none."""

    def save_fund_names(self, region: str, names: Mapping[str, str]) -> None:
        """Replace all fund names of a region."""


class FundListLoader:
    """Loads the fund names of the followed regions, once each, and calls `on_loaded` whenever there are more.

    Without `store` they are requested at every start. A call that failed is made again after `retry_after` s."""

    def __init__(
        self,
        rest: RestClient,
        store: FundNameStore | None,
        names: FundNames,
        on_loaded: Callable[[], None],
        retry_after: float = _RETRY_AFTER,
    ) -> None:
        self._rest = rest
        self._store = store
        self._names = names
        self._on_loaded = on_loaded
        self._retry_after = retry_after
        self._regions: set[str] = set()
        self._done: set[str] = set()
        self._counts: dict[str, int] = {}  # of names, by region
        self._errors: dict[str, str] = {}
        self._changed = asyncio.Event()
        self.asks = True
        """Whether the vendor is asked; False while another process does it, and only the store is read."""

    def set_symbols(self, symbols: Iterable[Symbol]) -> None:
        """Set the followed symbols: the names of all funds of their regions are loaded."""
        self._regions = {symbol.region for symbol in symbols}
        if self._regions - self._done:
            self._changed.set()

    def set_asks(self, asks: bool) -> None:
        """Set whether the vendor is asked."""
        if asks != self.asks:
            self.asks = asks
            self._changed.set()

    def describe(self) -> tuple[str, bool]:
        """Returns the state of the names in words for the health screen, and whether it is abnormal."""
        known = [f"{count:,} in {region}" for region, count in sorted(self._counts.items())]
        words = " · ".join(known) or "of well-known funds only"
        regions: dict[str, list[str]] = {}
        for region, why in sorted(self._errors.items()):
            regions.setdefault(why, []).append(region)
        return "; ".join([words, *(f"{', '.join(some)}: {why}" for why, some in regions.items())]), bool(regions)

    async def run(self) -> None:
        """Run until cancelled."""
        while True:
            self._changed.clear()
            for region in sorted(self._regions - self._done):
                if await self._load(region):
                    self._done.add(region)
            with contextlib.suppress(TimeoutError):
                again = self._retry_after if self.asks else _READ_AGAIN
                async with asyncio.timeout(again if self._regions - self._done else None):
                    await self._changed.wait()

    async def _load(self, region: str) -> bool:
        """Load the names of a region. Returns False if that is to be tried again."""
        age, names = await self._read_stored(region)
        await self._publish(region, names)
        if age < _MAX_AGE:
            return True
        if not self.asks:
            return False
        try:
            funds = await self._rest.funds(region)
        except RestError as error:
            _log.info("no names for %s: %s", region, error)
            self._errors[region] = str(error)
            return error.refused
        self._errors.pop(region, None)
        names = await asyncio.to_thread(_by_code, funds)
        await self._publish(region, names)
        if names and self._store is not None:
            with contextlib.suppress(FeedError, OSError):  # without a store the next run requests them again
                await run_in_thread(self._store.save_fund_names, region, names)
        return True

    async def _read_stored(self, region: str) -> tuple[float, dict[str, str]]:
        """Returns the age (s) of the stored names, and the names by code; _MAX_AGE and none if there are none."""
        if self._store is not None:
            with contextlib.suppress(FeedError, OSError):
                return await run_in_thread(_stored_names, self._store, region)
        return _MAX_AGE, {}

    async def _publish(self, region: str, names: Mapping[str, str]) -> None:
        if names:
            self._counts[region] = len(names)
            await asyncio.to_thread(_add_names, self._names, region, names)
            self._on_loaded()


# A region may have a hundred thousand funds: their names are processed on other threads than the event loop's.


def _by_code(funds: Iterable[ListedFund]) -> dict[str, str]:
    return {fund.code: fund.name for fund in funds if fund.name}


def _stored_names(store: FundNameStore, region: str) -> tuple[float, dict[str, str]]:
    if (found := store.fund_names(region)) is None:
        return _MAX_AGE, {}
    age, names = found
    return age, {code: safe_text(name) for code, name in names.items()}


def _add_names(to: FundNames, region: str, names: Mapping[str, str]) -> None:
    to.add({Symbol(code, region): name for code, name in names.items()})
