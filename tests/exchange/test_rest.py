"""What the exchange tells over REST, without a client of ours between."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.exchange.talking import dial, enter, heard, subscribe
from tui.exchange.faults import FAULTS
from tui.exchange.server import SERVER_NAME, Exchange
from tui.secrets import Token


async def ask(exchange: Exchange, address: str, token: str | None = "key") -> tuple[int, dict[str, str], Any]:
    """The status, headers in lower case and body of an answer."""
    port = urlsplit(exchange.url).port
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    header = "" if token is None else f"token: {token}\r\n"
    writer.write(f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{header}\r\n".encode())
    async with asyncio.timeout(3):
        head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
    writer.close()
    first, *lines = head.split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    try:
        return int(first.split()[1]), headers, json.loads(body)
    except ValueError:
        return int(first.split()[1]), headers, body


async def test_bars_come_as_the_vendor_sends_them() -> None:
    async with Exchange() as exchange:
        status, headers, one = await ask(exchange, "/fund/kline?region=US&code=QQQ&kType=1&limit=390")
        assert status == 200 and one["code"] == 0 and len(one["data"]) == 390
        assert headers["server"] == SERVER_NAME.lower() and "date" in headers
        assert all(row.keys() == {"tu", "c", "t", "v", "h", "l", "o"} for row in one["data"])
        times = [row["t"] for row in one["data"]]
        assert times != sorted(times) and times != sorted(times, reverse=True)
        assert all(time % 60_000 == 0 for time in times)
        _, _, two = await ask(exchange, "/fund/klines?region=US&codes=QQQ,NOSUCH,SPY&kType=1&limit=2")
        assert two["data"].keys() == {"QQQ", "SPY"} and len(two["data"]["SPY"]) == 2
        _, _, earlier = await ask(exchange, f"/fund/kline?region=US&code=QQQ&kType=1&limit=5&et={min(times)}")
        assert max(row["t"] for row in earlier["data"]) == min(times)


async def test_quotes_and_lists_come_as_the_vendor_sends_them() -> None:
    async with Exchange() as exchange:
        _, _, quotes = await ask(exchange, "/fund/quotes?region=US&codes=QQQ,NOSUCH")
        assert quotes["data"].keys() == {"QQQ"}
        quote = quotes["data"]["QQQ"]
        assert quote.keys() == {"s", "ld", "o", "p", "h", "l", "t", "v", "tu", "ch", "chp", "ts"}
        assert (quote["s"], quote["ts"]) == ("QQQ", 0)
        assert quote["ch"] == pytest.approx(quote["ld"] - quote["p"])
        _, _, funds = await ask(exchange, "/symbol/list?type=fund&region=SH")
        assert [row["c"] for row in funds["data"]] == ["510300", "510050", "588000", "518880"]
        assert funds["data"][0] == {
            "c": "510300", "n": "Huatai-PineBridge CSI 300 ETF", "t": "fund", "e": "SSE", "s": None, "l": None
        }  # fmt: skip


@pytest.mark.parametrize(
    "address",
    [
        "/fund/kline?region=US&code=NOSUCH&kType=1&limit=3",
        "/fund/klines?region=XX&codes=QQQ&kType=1&limit=3",
        "/fund/klines?region=US&kType=1&limit=3",
        "/fund/quotes?region=US&codes=",
        "/symbol/list?type=fund&region=XX",
    ],
)
async def test_nothing_known_is_null(address: str) -> None:
    async with Exchange() as exchange:
        status, _, answer = await ask(exchange, address)
    assert (status, answer) == (200, {"code": 0, "msg": None, "data": None})


@pytest.mark.parametrize(
    "address",
    [
        "/fund/kline?region=US&code=QQQ&kType=1&limit=501",
        "/fund/kline?region=US&code=QQQ&kType=1&limit=many",
        "/fund/kline?region=US&code=QQQ&kType=8&limit=5",
        "/fund/kline?region=US&code=QQQ&kType=1&limit=5&et=-1",
        "/symbol/list?type=stock&region=US",
    ],
)
async def test_wrong_parameters_are_refused(address: str) -> None:
    async with Exchange() as exchange:
        status, _, answer = await ask(exchange, address)
    assert (status, answer["code"], answer["data"]) == (200, 1, None)


@pytest.mark.parametrize("token", [None, "", "wrong"])
async def test_without_the_key_nothing_is_told(token: str | None) -> None:
    async with Exchange(key=Token("right")) as exchange:
        status, _, answer = await ask(exchange, "/symbol/list?type=fund&region=SH", token)
        assert (status, answer) == (401, {"message": "Invalid API key in request"})
        assert (await ask(exchange, "/symbol/list?type=fund&region=SH", "right"))[0] == 200


async def test_a_plan_has_so_many_calls_a_minute() -> None:
    async with Exchange(calls_a_minute=2) as exchange:
        statuses = [(await ask(exchange, "/symbol/list?type=fund&region=SH"))[0] for _ in range(3)]
        _, headers, answer = await ask(exchange, "/fund/quotes?region=US&codes=QQQ")
    assert statuses == [200, 200, 429]
    assert 55 <= int(headers["retry-after"]) <= 60 and answer == {"message": "API rate limit exceeded"}


async def test_a_vendor_that_refuses_for_a_while_serves_again() -> None:
    async with Exchange(faults=["rest-429"], fault_every=0.2) as exchange:
        assert (await ask(exchange, "/fund/quotes?region=US&codes=QQQ"))[0] == 429
        await asyncio.sleep(0.2)
        assert (await ask(exchange, "/fund/quotes?region=US&codes=QQQ"))[0] == 200


async def test_a_redirect_names_another_address() -> None:
    async with Exchange(faults=["rest-redirect"]) as exchange:
        status, headers, _ = await ask(exchange, "/fund/quotes?region=US&codes=QQQ")
    assert status == 302 and headers["location"].startswith("https://another.invalid/")


async def test_no_fault_of_rest_touches_the_stream() -> None:
    failing = Exchange(faults=[name for name in FAULTS if name.startswith("rest-")])
    async with failing as exchange, dial(exchange) as socket:
        await enter(socket)
        await subscribe(socket, "quote")
        assert (await heard(socket))["data"]["s"] == "QQQ$US"
