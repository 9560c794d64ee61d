"""Fund names from the vendor or from the store."""

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
from tui.history.fund_list import FundListLoader, FundNameStore
from tui.history.rest_client import RestClient, RestError
from tui.history.store import Store
from tui.protocol.rest import ListedFund
from tui.reference import fund_names as funds
from tui.reference.fund_names import name_of
from tui.secrets import Token
from tui.symbol import Symbol

QQQ = Symbol("QQQ", "US")
WEEK = 7 * 86_400.0


pytestmark = pytest.mark.usefixtures("forgetful")


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
    """A store of fund names in memory, `age` s old."""

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
async def loading(
    rest: RestClient, kept: FundNameStore | None, *regions: str, retry_after: float = 60.0
) -> AsyncIterator[tuple[FundListLoader, list[int]]]:
    told: list[int] = []
    names = FundListLoader(rest, kept, lambda: told.append(1), retry_after)
    names.set_symbols(Symbol("ANY", region) for region in regions)
    task = asyncio.create_task(names.run())
    try:
        yield names, told
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_each_region_is_requested_once_and_stored() -> None:
    vendor, store = FakeRestClient(), FakeNameStore()
    async with loading(vendor, store, "US", "HK", "US") as (names, told):
        await until(lambda: store.kept.keys() == {"US", "HK"})
        assert funds.name_of(Symbol("NEW", "HK")) == "New Fund of HK"
        names.set_symbols([QQQ, Symbol("510300", "SH")])
        await until(lambda: "SH" in store.kept)
        names.set_symbols([QQQ])
        assert vendor.asked == ["HK", "US", "SH"] and len(told) == 3


@pytest.mark.parametrize(("age", "asked"), [(WEEK - 1, []), (WEEK, ["US"])])
async def test_stored_names_are_used_for_a_week(age: float, asked: list[str]) -> None:
    vendor, store = FakeRestClient(), FakeNameStore(age, US={"OLD": "Old Fund"})
    async with loading(vendor, store, "US"):
        await until(lambda: funds.name_of(Symbol("OLD", "US")) == "Old Fund")
        await until(lambda: vendor.asked == asked)
        if asked:
            await until(lambda: "NEW" in store.kept["US"])


async def test_names_from_the_exchange_are_stored_and_read_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(funds, "_learned", {})
    store = Store(tmp_path / "names.sqlite")
    async with Exchange() as exchange:
        rest = RestClient(rest_base(exchange.url), Token(KEY), minute=0.1)
        async with loading(rest, store, "HK", "SZ"):
            await until(lambda: store.fund_names("HK") is not None and store.fund_names("SZ") is not None)
        await rest.aclose()
    monkeypatch.setattr(funds, "_learned", {})
    async with loading(rest, store, "HK", "SZ") as (names, _):
        await until(lambda: names.describe() == ("4 in HK · 1 in SZ", False))
        assert funds.name_of(Symbol("159915", "SZ")) == "E Fund ChiNext ETF"
    store.close()


async def test_a_failure_is_retried_and_a_refusal_is_not() -> None:
    vendor = FakeRestClient()
    vendor.answers = {"US": RestError("HTTP 500"), "HK": RestError("no plan", refused=True)}
    async with loading(vendor, None, "US", "HK", retry_after=0.01):
        await until(lambda: vendor.asked.count("US") > 2)
        vendor.answers = {}
        await until(lambda: funds.name_of(Symbol("NEW", "US")) != "")
        asked = list(vendor.asked)
        await asyncio.sleep(0.05)
        assert vendor.asked == asked and asked.count("HK") == 1


async def test_counts_and_failures_are_described() -> None:
    vendor = FakeRestClient()
    vendor.answers = {"HK": RestError("HTTP 500"), "SH": RestError("HTTP 500"), "XX": []}
    async with loading(vendor, None, "US", "SH", "HK", "XX", retry_after=0.01) as (names, _):
        assert names.describe() == ("of well-known funds only", False)
        await until(lambda: names.describe() == ("1 in US; HK, SH: HTTP 500", True))
        vendor.answers = {"HK": [ListedFund(f"A{n}", "Any") for n in range(1_234)], "SH": [], "XX": []}
        await until(lambda: names.describe() == ("1,234 in HK · 1 in US", False))


async def test_names_are_usable_although_the_store_fails() -> None:
    vendor, store = FakeRestClient(), FakeNameStore()
    store.broken = True
    async with loading(vendor, store, "US") as (_, told):
        await until(lambda: len(told) == 1)
        assert funds.name_of(Symbol("NEW", "US")) == "New Fund of US"


async def test_an_empty_list_is_not_stored() -> None:
    vendor, store = FakeRestClient(), FakeNameStore()
    vendor.answers = {"XX": []}
    async with loading(vendor, store, "XX") as (_, told):
        await until(lambda: vendor.asked == ["XX"])
        await asyncio.sleep(0.02)
        assert not store.kept and not told


async def test_control_characters_of_stored_names_are_removed() -> None:
    vendor, store = FakeRestClient(), FakeNameStore(US={"OLD": "Old\x1b[2J Fund"})
    async with loading(vendor, store, "US"):
        await until(lambda: funds.name_of(Symbol("OLD", "US")) == "Old�[2J Fund")


@pytest.mark.parametrize("kept", [False, True])
async def test_many_names_are_processed_off_the_event_loop(kept: bool, monkeypatch: pytest.MonkeyPatch) -> None:
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
    await FundListLoader(vendor, FakeNameStore(US=many) if kept else None, lambda: None)._load("US")
    assert name_of(Symbol("F99", "US")) == "Fund 99" and bool(vendor.asked) is not kept
    assert where and threading.get_ident() not in where
