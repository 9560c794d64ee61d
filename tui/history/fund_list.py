"""The names of a region's funds: from the file where they are young, else from the vendor, and kept for a week."""

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

_WEEK = 7 * 86_400.0  # s
_AGAIN = 600.0  # s until a failed call is tried again

_log = logging.getLogger(__name__)


class FundNameStore(Protocol):
    """Where names are kept. Its methods wait for the disk and raise FeedError."""

    def names(self, region: str) -> tuple[float, dict[str, str]] | None:
        """How old they are, in s, and each fund's by its code; None where there are none."""

    def keep_names(self, region: str, names: Mapping[str, str]) -> None: ...


class FundListLoader:
    """Learns the names of the wanted regions, once each, and tells `on_learned` whenever more are known.

    Without `kept` they are asked for at every start. `again`: s until a call that failed is tried again."""

    def __init__(
        self,
        rest: RestClient,
        kept: FundNameStore | None,
        names: FundNames,
        on_learned: Callable[[], None],
        again: float = _AGAIN,
    ) -> None:
        self._rest = rest
        self._kept = kept
        self._names = names
        self._on_learned = on_learned
        self._again = again
        self._wanted: set[str] = set()
        self._done: set[str] = set()
        self._counts: dict[str, int] = {}  # by region, of those learned
        self._trouble: dict[str, str] = {}
        self._changed = asyncio.Event()

    def set_symbols(self, symbols: Iterable[Symbol]) -> None:
        """The regions of these are wanted."""
        self._wanted = {symbol.region for symbol in symbols}
        if self._wanted - self._done:
            self._changed.set()

    def words(self) -> tuple[str, bool]:
        """For the health screen, and whether something is not as it should be."""
        known = [f"{count:,} in {region}" for region, count in sorted(self._counts.items())]
        words = " · ".join(known) or "of well-known funds only"
        regions: dict[str, list[str]] = {}
        for region, why in sorted(self._trouble.items()):
            regions.setdefault(why, []).append(region)
        return "; ".join([words, *(f"{', '.join(some)}: {why}" for why, some in regions.items())]), bool(regions)

    async def run(self) -> None:
        """Run until cancelled."""
        while True:
            self._changed.clear()
            for region in sorted(self._wanted - self._done):
                if await self._learn(region):
                    self._done.add(region)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._again if self._wanted - self._done else None):
                    await self._changed.wait()

    async def _learn(self, region: str) -> bool:
        """Learn what there is of a region; whether that was all that can be done."""
        age, names = await self._read(region)
        await self._tell(region, names)
        if age < _WEEK:
            return True
        try:
            funds = await self._rest.funds(region)
        except RestError as error:
            _log.info("no names for %s: %s", region, error)
            self._trouble[region] = str(error)
            return error.refused
        self._trouble.pop(region, None)
        names = await asyncio.to_thread(_by_code, funds)
        await self._tell(region, names)
        if names and self._kept is not None:
            with contextlib.suppress(FeedError, OSError):  # then they are asked for again
                await run_in_thread(self._kept.keep_names, region, names)
        return True

    async def _read(self, region: str) -> tuple[float, dict[str, str]]:
        """What is kept, and how old it is in s."""
        if self._kept is not None:
            with contextlib.suppress(FeedError, OSError):
                return await run_in_thread(_kept_names, self._kept, region)
        return _WEEK, {}

    async def _tell(self, region: str, names: Mapping[str, str]) -> None:
        if names:
            self._counts[region] = len(names)
            await asyncio.to_thread(_add_names, self._names, region, names)
            self._on_learned()


# A region's names may be a hundred thousand: they are gone through on other threads than the loop's.


def _by_code(funds: Iterable[ListedFund]) -> dict[str, str]:
    return {fund.code: fund.name for fund in funds if fund.name}


def _kept_names(kept: FundNameStore, region: str) -> tuple[float, dict[str, str]]:
    """How old the names are, in s, and each fund's by its code; a week and none where there are none."""
    if (found := kept.names(region)) is None:
        return _WEEK, {}
    age, names = found
    return age, {code: safe_text(name) for code, name in names.items()}


def _add_names(to: FundNames, region: str, names: Mapping[str, str]) -> None:
    to.add({Symbol(code, region): name for code, name in names.items()})
