"""Names of funds, learned from the vendor or from what is kept."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.support.feed import KEY
from tests.support.wait_until import until
from tui.errors import FeedError
from tui.exchange.server import Exchange
from tui.feed.endpoint import rest_base
from tui.history import fund_list
from tui.history.fund_list import FundListLoader, FundNameStore
from tui.history.rest_client import RestClient, RestError
from tui.history.store import Store
from tui.protocol.rest import ListedFund
from tui.reference.fund_names import FundNames
from tui.secrets import Token
from tui.symbol import Symbol

QQQ = Symbol("QQQ", "US")
WEEK = 7 * 86_400.0


class FakeRestClient(RestClient):
    """A RestClient that records the calls, and returns or raises what `answers` holds for the region."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:9", Token(KEY))
        self.asked: list[str] = []
        self.answers: dict[str, list[ListedFund] | RestError] = {}

    async def funds(self, region: str) -> list[ListedFund]:
        self.asked.append(region)
        answer = self.answers.get(region, [ListedFund("NEW", f"New Fund of {region}")])
        if isinstance(answer, RestError):
            raise answer
        return answer


class FakeNameStore:
    """A store of names in memory, `age` s old."""

    def __init__(self, age: float = 0.0, **kept: dict[str, str]) -> None:
        self.age = age
        self.kept: dict[str, Mapping[str, str]] = dict(kept)
        self.broken = False

    def fund_names(self, region: str) -> tuple[float, dict[str, str]] | None:
        if self.broken:
            raise FeedError("no disk")
        return (self.age, dict(self.kept[region])) if region in self.kept else None

    def save_fund_names(self, region: str, names: Mapping[str, str]) -> None:
        if self.broken:
            raise FeedError("no disk")
        self.kept[region] = names


@asynccontextmanager
async def learning(
    rest: RestClient, kept: FundNameStore | None, *regions: str, retry_after: float = 60.0
) -> AsyncIterator[tuple[FundListLoader, FundNames, list[int]]]:
    told: list[int] = []
    names = FundNames()
    loader = FundListLoader(rest, kept, names, lambda: told.append(1), retry_after)
    loader.set_symbols(Symbol("ANY", region) for region in regions)
    task = asyncio.create_task(loader.run())
    try:
        yield loader, names, told
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_each_region_is_asked_for_once_and_kept() -> None:
    vendor, shelf = FakeRestClient(), FakeNameStore()
    async with learning(vendor, shelf, "US", "HK", "US") as (loader, names, told):
        await until(lambda: shelf.kept.keys() == {"US", "HK"})
        assert names.name_of(Symbol("NEW", "HK")) == "New Fund of HK"
        loader.set_symbols([QQQ, Symbol("510300", "SH")])
        await until(lambda: "SH" in shelf.kept)
        loader.set_symbols([QQQ])
        assert vendor.asked == ["HK", "US", "SH"] and len(told) == 3


@pytest.mark.parametrize(("age", "asked"), [(WEEK - 1, []), (WEEK, ["US"])])
async def test_names_are_kept_for_a_week(age: float, asked: list[str]) -> None:
    vendor, shelf = FakeRestClient(), FakeNameStore(age, US={"OLD": "Old Fund"})
    async with learning(vendor, shelf, "US") as (_, names, _):
        await until(lambda: names.name_of(Symbol("OLD", "US")) == "Old Fund")
        await until(lambda: vendor.asked == asked)
        if asked:
            await until(lambda: "NEW" in shelf.kept["US"])


async def test_while_another_process_asks_only_the_store_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fund_list, "_READ_AGAIN", 0.01)
    vendor, shelf = FakeRestClient(), FakeNameStore()
    loader = FundListLoader(vendor, shelf, names := FundNames(), lambda: None)
    loader.asks = False
    loader.set_symbols([Symbol("ANY", "US"), Symbol("ANY", "HK")])
    task = asyncio.create_task(loader.run())
    try:
        await asyncio.sleep(0.05)
        shelf.kept["US"] = {"TOLD": "Told to Another"}
        await until(lambda: names.name_of(Symbol("TOLD", "US")) == "Told to Another")
        assert vendor.asked == []
        loader.set_asks(True)
        await until(lambda: vendor.asked == ["HK"])
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_the_vendor_s_names_win_over_the_built_in_ones_also_from_the_store() -> None:
    vendor, store = FakeRestClient(), FakeNameStore()
    vendor.answers = {"US": [ListedFund("QQQ", "Renamed ETF")]}
    for asked in (["US"], ["US"]):
        async with learning(vendor, store, "US") as (_, names, _):
            assert names.name_of(QQQ) == "Invesco QQQ Trust"
            await until(lambda: names.name_of(QQQ) == "Renamed ETF")
            await until(lambda: "US" in store.kept)
        assert vendor.asked == asked


async def test_from_the_exchange_into_the_file_and_from_there_without_it(tmp_path: Path) -> None:
    store = Store(tmp_path / "names.sqlite")
    async with Exchange() as exchange:
        rest = RestClient(rest_base(exchange.url), Token(KEY), minute=0.1)
        async with learning(rest, store, "HK", "SZ"):
            await until(lambda: store.fund_names("HK") is not None and store.fund_names("SZ") is not None)
        await rest.aclose()
    async with learning(rest, store, "HK", "SZ") as (loader, names, _):
        await until(lambda: loader.describe() == ("4 in HK · 1 in SZ", False))
        assert names.name_of(Symbol("159915", "SZ")) == "E Fund ChiNext ETF"
    store.close()


async def test_a_failure_is_tried_again_and_a_refusal_is_not() -> None:
    vendor = FakeRestClient()
    vendor.answers = {"US": RestError("HTTP 500"), "HK": RestError("no plan", refused=True)}
    async with learning(vendor, None, "US", "HK", retry_after=0.01) as (_, names, _):
        await until(lambda: vendor.asked.count("US") > 2)
        vendor.answers = {}
        await until(lambda: names.name_of(Symbol("NEW", "US")) != "")
        asked = list(vendor.asked)
        await asyncio.sleep(0.05)
        assert vendor.asked == asked and asked.count("HK") == 1


async def test_how_many_are_known_and_why_not_more_is_told_in_words() -> None:
    vendor = FakeRestClient()
    vendor.answers = {"HK": RestError("HTTP 500"), "SH": RestError("HTTP 500"), "XX": []}
    async with learning(vendor, None, "US", "SH", "HK", "XX", retry_after=0.01) as (loader, _, _):
        assert loader.describe() == ("of well-known funds only", False)
        await until(lambda: loader.describe() == ("1 in US; HK, SH: HTTP 500", True))
        vendor.answers = {"HK": [ListedFund(f"A{n}", "Any") for n in range(1_234)], "SH": [], "XX": []}
        await until(lambda: loader.describe() == ("1,234 in HK · 1 in US", False))


async def test_what_cannot_be_kept_is_known_all_the_same() -> None:
    vendor, shelf = FakeRestClient(), FakeNameStore()
    shelf.broken = True
    async with learning(vendor, shelf, "US") as (_, names, told):
        await until(lambda: len(told) == 1)
        assert names.name_of(Symbol("NEW", "US")) == "New Fund of US"


async def test_nothing_known_of_a_region_is_not_kept_for_a_week() -> None:
    vendor, shelf = FakeRestClient(), FakeNameStore()
    vendor.answers = {"XX": []}
    async with learning(vendor, shelf, "XX") as (_, _, told):
        await until(lambda: vendor.asked == ["XX"])
        await asyncio.sleep(0.02)
        assert not shelf.kept and not told


async def test_a_file_that_others_wrote_cannot_reach_the_terminal() -> None:
    vendor, shelf = FakeRestClient(), FakeNameStore(US={"OLD": "Old\x1b[2J Fund"})
    async with learning(vendor, shelf, "US") as (_, names, _):
        await until(lambda: names.name_of(Symbol("OLD", "US")) == "Old�[2J Fund")


@pytest.mark.parametrize("kept", [False, True])
async def test_names_may_be_very_many_and_are_gone_through_beside_the_loop(
    kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred thousand of them took a tenth of a second of it."""
    where: set[int] = set()

    def seen(*name: str) -> Any:
        where.add(threading.get_ident())
        return Symbol(*name) if len(name) > 1 else name[0]

    monkeypatch.setattr("tui.history.fund_list.safe_text", seen)
    monkeypatch.setattr("tui.history.fund_list.Symbol", seen)
    many = {f"F{n}": f"Fund {n}" for n in range(100)}
    vendor = FakeRestClient()
    vendor.answers["US"] = [ListedFund(*each) for each in many.items()]
    names = FundNames()
    await FundListLoader(vendor, FakeNameStore(US=many) if kept else None, names, lambda: None)._load("US")
    assert names.name_of(Symbol("F99", "US")) == "Fund 99" and bool(vendor.asked) is not kept
    assert where and threading.get_ident() not in where
