"""History of windows that share a connection: the calls of a minute are one budget of the key, so one window asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tests.relay.test_shared_screens import Screens, screens, shown
from tests.support.wait_until import until
from tui.exchange.rest import RestRequest
from tui.exchange.server import Exchange

__all__ = ["screens"]


def counted(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Returns the calls that the exchange gets from now on: the path and the codes."""
    calls: list[str] = []
    answer = exchange._rest

    async def count(request: RestRequest, tokens: Sequence[str]) -> Any:
        calls.append(" ".join([request.path, *(symbol.code for symbol in request.symbols)]))
        return await answer(request, tokens)

    monkeypatch.setattr(exchange, "_rest", count)
    return calls


async def test_the_holder_asks_for_what_others_show_and_they_read_it(
    screens: Screens, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Exchange(single_connection=True, history=False) as exchange:
        calls = counted(exchange, monkeypatch)
        first = screens.open(exchange.url, "QQQ$US")
        await first.until(lambda: sum("kline" in call for call in calls) == 1)
        await first.until(lambda: sum("quote" in call for call in calls) == 1)
        second = screens.open(exchange.url, "IEF$US", 120, 45)
        await second.until(lambda: "● LIVE" in second.text())
        second.press("h")
        await second.until(lambda: "history 1 symbol known" in shown(second), 30)
        assert sorted(calls) == ["/fund/kline IEF", "/fund/kline QQQ", "/fund/quotes QQQ", "/symbol/list"]
        second.press("h")
        first.press("q")
        await second.until(lambda: "/fund/quotes IEF" in calls, 30)  # now it asks itself
        assert len(calls) == 5


async def test_dashboards_ask_themselves_if_a_stream_holds_the_connection(
    screens: Screens, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Exchange(single_connection=True, history=False) as exchange:
        calls = counted(exchange, monkeypatch)
        first = screens.stream(exchange.url, "TLT$US")
        await until(lambda: exchange.sent)
        second = screens.open(exchange.url, "IEF$US")
        await second.until(lambda: "SHARED 2" in second.text())
        await second.until(lambda: {"/fund/kline IEF", "/fund/quotes IEF"} <= set(calls))
        assert first.poll() is None
        assert not any("TLT" in call for call in calls)
