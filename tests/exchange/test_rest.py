"""What the exchange tells over REST, without a client of ours between."""

from __future__ import annotations

import asyncio
import json
import random
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner
from websockets.asyncio.client import connect

from tests.support.exchange_client import connect_client, expect_authenticated, receive_json, receive_pushes, subscribe
from tui.cli.exchange import exchange as exchange_command
from tui.exchange.factors import DAY_MS
from tui.exchange.faults import FAULTS
from tui.exchange.listing import Listing
from tui.exchange.paths import PATHS
from tui.exchange.server import SERVER_NAME, Exchange
from tui.exchange.simulation import SimulatedMarket
from tui.protocol.messages import Depth, Kline, Push, Quote, Tick
from tui.secrets import Token
from tui.symbol import Symbol


async def get_json(exchange: Exchange, address: str, token: str | None = "key") -> tuple[int, dict[str, str], Any]:
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
        status, headers, one = await get_json(exchange, "/fund/kline?region=US&code=QQQ&kType=1&limit=390")
        assert status == 200 and one["code"] == 0 and len(one["data"]) == 390
        assert headers["server"] == SERVER_NAME.lower() and "date" in headers
        assert all(row.keys() == {"tu", "c", "t", "v", "h", "l", "o"} for row in one["data"])
        times = [row["t"] for row in one["data"]]
        assert times != sorted(times) and times != sorted(times, reverse=True)
        assert all(time % 60_000 == 0 for time in times)
        _, _, two = await get_json(exchange, "/fund/klines?region=US&codes=QQQ,NOSUCH,SPY&kType=1&limit=2")
        assert two["data"].keys() == {"QQQ", "SPY"} and len(two["data"]["SPY"]) == 2
        _, _, earlier = await get_json(exchange, f"/fund/kline?region=US&code=QQQ&kType=1&limit=5&et={min(times)}")
        assert max(row["t"] for row in earlier["data"]) == min(times)


async def test_quotes_and_lists_come_as_the_vendor_sends_them() -> None:
    async with Exchange() as exchange:
        _, _, quotes = await get_json(exchange, "/fund/quotes?region=US&codes=QQQ,NOSUCH")
        assert quotes["data"].keys() == {"QQQ"}
        quote = quotes["data"]["QQQ"]
        assert quote.keys() == {"s", "ld", "o", "p", "h", "l", "t", "v", "tu", "ch", "chp", "ts"}
        assert (quote["s"], quote["ts"]) == ("QQQ", 0)
        assert quote["ch"] == pytest.approx(quote["ld"] - quote["p"])
        _, _, funds = await get_json(exchange, "/symbol/list?type=fund&region=SH")
        assert [row["c"] for row in funds["data"]] == ["510300", "510050", "588000", "518880"]
        assert funds["data"][0] == {
            "c": "510300", "n": "Huatai-PineBridge CSI 300 ETF", "t": "fund", "e": "SSE", "s": None, "l": None
        }  # fmt: skip


@pytest.mark.parametrize(
    "address",
    [
        "/fund/kline?region=US&code=NOSUCH&kType=1&limit=3",
        "/fund/klines?region=XX&codes=QQQ&kType=1&limit=3",
        "/fund/quotes?region=US&codes=,",
        "/fund/tick?region=US&code=NOSUCH",
        "/fund/depths?region=US&codes=NOSUCH,%FF%00,%zz",
        "/symbol/list?type=fund&region=XX",
    ],
)
async def test_nothing_known_is_null(address: str) -> None:
    async with Exchange() as exchange:
        status, _, answer = await get_json(exchange, address)
    assert (status, answer) == (200, {"code": 0, "msg": None, "data": None})


KLINE = "/fund/kline?region=US&code=QQQ"


@pytest.mark.parametrize(
    ("address", "wrong"),
    [
        ("/fund/quotes", "region is missing"),
        ("/fund/quotes?region=US", "codes is missing"),
        ("/fund/quotes?region=US&codes=", "codes is missing"),
        ("/fund/depth?region=US&codes=QQQ", "code is missing"),
        ("/fund/klines?region=US&codes=QQQ", "kType is missing"),
        ("/fund/quote?region=US&code=QQQ&code=SPY", "code is given more than once"),
        ("/fund/quote?region=US&region=US&code=QQQ", "region is given more than once"),
        (f"{KLINE}&kType=1&period=5", "kType is given more than once"),
        (f"{KLINE}&kType=0", "kType is no whole number"),
        (f"{KLINE}&kType=11", "kType is no whole number"),
        (f"{KLINE}&kType=1.0", "kType is no whole number"),
        (f"{KLINE}&kType=%D9%A1", "kType is no whole number"),  # an Arabic 1
        (f"{KLINE}&kType=1&limit=0", "limit is no whole number"),
        (f"{KLINE}&kType=1&limit=-1", "limit is no whole number"),
        (f"{KLINE}&kType=1&limit=501", "limit is no whole number"),
        (f"{KLINE}&kType=1&limit=many", "limit is no whole number"),
        (f"{KLINE}&kType=1&limit={'9' * 5_000}", "limit is no whole number"),
        (f"{KLINE}&kType=1&et=-1", "et is no whole number"),
        (f"{KLINE}&kType=1&et=1e3", "et is no whole number"),
        (f"{KLINE}&kType=1&et={'9' * 14}", "et is no whole number"),
        (f"{KLINE}&kType=1&et={'9' * 5_000}", "et is no whole number"),
        ("/fund/quotes?region=US&codes=" + ",".join(map(str, range(501))), "codes names more than 500 funds"),
        ("/symbol/list?type=stock&region=US", "type is not fund"),
    ],
)
async def test_wrong_parameters_are_refused_by_name(address: str, wrong: str) -> None:
    async with Exchange() as exchange:
        status, _, answer = await get_json(exchange, address)
    assert (status, answer["code"], answer["data"]) == (200, 1, None)
    assert answer["msg"].startswith(wrong)


async def status_of(exchange: Exchange, request: bytes) -> int:
    """The status of an answer to bytes of one's own; 0 where there is none."""
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(exchange.url).port)
    writer.write(request)
    async with asyncio.timeout(3):
        head = await reader.readline()
    writer.close()
    return int(head.split()[1]) if head else 0


QUOTE = b"/fund/quote?region=US&code=QQQ"
HEADERS = b"Host: here\r\ntoken: key\r\n"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET " + QUOTE + b" HTTP/1.0\r\n" + HEADERS + b"\r\n", 200),
        (b"POST " + QUOTE + b" HTTP/1.1\r\n" + HEADERS + b"\r\n", 405),
        (b"HEAD " + QUOTE + b" HTTP/1.1\r\n" + HEADERS + b"\r\n", 405),
        (b"OPTIONS * HTTP/1.1\r\n" + HEADERS + b"\r\n", 405),
        (b"POST " + QUOTE + b" HTTP/1.1\r\n" + HEADERS + b"Content-Length: 2\r\n\r\n{}", 400),
        (b"POST " + QUOTE + b" HTTP/1.1\r\n" + HEADERS + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"GET " + QUOTE + b" HTTP/2.0\r\n" + HEADERS + b"\r\n", 400),
        (b"GET " + QUOTE + b"\r\n\r\n", 400),
        (b"GET /fund/quote?region=US&code=\xff HTTP/1.1\r\n" + HEADERS + b"\r\n", 400),
        (b"\x16\x03\x01\x00\xa5 TLS\r\n\r\n", 400),
        (b"GET " + QUOTE + b"&x=" + b"x" * 100_000 + b" HTTP/1.1\r\n" + HEADERS + b"\r\n", 414),
        (b"GET /fund/quotes?region=US&codes=" + b"QQQ," * 10_000 + b" HTTP/1.1\r\n" + HEADERS + b"\r\n", 414),
        (b"GET " + QUOTE + b" HTTP/1.1\r\n" + b"x: x\r\n" * 1_000 + b"\r\n", 431),
        (b"GET /stock/quote?region=US&code=QQQ HTTP/1.1\r\n" + HEADERS + b"\r\n", 404),
        (b"GET //fund/quote HTTP/1.1\r\n" + HEADERS + b"\r\n", 404),
        (b"GET /fund%2fquote HTTP/1.1\r\n" + HEADERS + b"\r\n", 404),
        (b"GET http://here/fund/quote HTTP/1.1\r\n" + HEADERS + b"\r\n", 404),
        (b"GET /fund HTTP/1.1\r\n" + HEADERS + b"\r\n", 426),
    ],
)
async def test_a_strange_request_has_its_status(request_: bytes, status: int) -> None:
    async with Exchange() as exchange:
        assert await status_of(exchange, request_) == status
        assert (await get_json(exchange, QUOTE.decode()))[0] == 200


async def test_nothing_that_is_asked_is_a_fault_of_the_exchange(caplog: pytest.LogCaptureFixture) -> None:
    chance = random.Random(7)
    values = ["", "US", "QQQ", "SPY,QQQ,QQQ", ",", "1", "8", "10", "0", "-1", "500", "501", "1e9", "%D9%A3", "%", "%00"]
    values += ["%zz", "%ff", "%2C", "a=b", ";", "fund", "9" * 4_400]
    names = ["region", "code", "codes", "kType", "limit", "et", "period", "end", "type", "nothing"]
    async with Exchange() as exchange:
        for _ in range(300):
            path = chance.choice([*PATHS, "/fund/", "/fund", "/fund/kline/", "/"])
            pairs = chance.sample([(n, chance.choice(values)) for n in names for _ in (1, 2)], chance.randint(0, 8))
            sound = "region=US&code=QQQ&codes=SPY&kType=8&type=fund&" if chance.random() < 0.5 else ""
            query = "&".join(f"{name}={value}" for name, value in pairs)
            address = f"{path}?{sound}{query}"[:8_000].encode("ascii", "replace").decode()
            status, _, answer = await get_json(exchange, address)
            assert status in (200, 404, 426), address
            assert status != 200 or (answer["code"] == 0) == (answer["msg"] is None), address
    assert not [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]


async def test_a_code_that_is_asked_for_often_costs_once(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Symbol] = []
    present = SimulatedMarket.find

    def counted(market: SimulatedMarket, symbol: Symbol) -> Listing | None:
        told.append(symbol)
        return present(market, symbol)

    monkeypatch.setattr(SimulatedMarket, "find", counted)
    async with Exchange() as exchange:
        _, _, answer = await get_json(exchange, "/fund/quotes?region=US&codes=" + "QQQ,SPY," * 900)
    assert answer["data"].keys() == {"QQQ", "SPY"} and len(told) == 2


async def test_trades_and_books_come_as_the_vendor_sends_them() -> None:
    async with Exchange() as exchange:
        _, _, tick = await get_json(exchange, "/fund/tick?region=US&code=QQQ")
        assert tick["data"].keys() == {"s", "ld", "t", "v"} and tick["data"]["s"] == "QQQ"
        _, _, depths = await get_json(exchange, "/fund/depths?region=US&codes=QQQ,NOSUCH,SPY")
        assert depths["data"].keys() == {"QQQ", "SPY"}
        book = depths["data"]["SPY"]
        assert book.keys() == {"s", "a", "b"} and book["s"] == "SPY" and len(book["a"]) == len(book["b"]) == 10
        assert book["a"][0].keys() == {"po", "p", "v", "o"}


async def test_what_rest_says_is_what_the_stream_said() -> None:
    async with Exchange(rate=2_000) as exchange, connect_client(exchange) as socket:
        await expect_authenticated(socket)
        await subscribe(socket, "tick,quote,depth,kline@1", "QQQ$US,SPY$US")
        await asyncio.sleep(0.5)
        await exchange.close_market()
        latest: dict[tuple[str, type[Push]], Any] = {}
        bars: dict[int, Kline] = {}
        for push in await receive_pushes(socket, 0.3):
            latest[push.symbol[:3], type(push)] = push
            if isinstance(push, Kline) and push.symbol == "QQQ":
                bars[push.time] = push
        for code in ("QQQ", "SPY"):
            tick, quote, depth = (latest[code, kind] for kind in (Tick, Quote, Depth))
            said = {
                name: (await get_json(exchange, f"/fund/{name}?region=US&code={code}"))[2]["data"]
                for name in ("tick", "quote", "depth")
            }
            several = {
                name: (await get_json(exchange, f"/fund/{name}s?region=US&codes=QQQ,SPY"))[2]["data"][code]
                for name in said
            }
            assert several == said
            assert said["tick"] == {"s": code, "ld": tick.last, "v": tick.volume, "t": tick.time}
            assert {name: said["quote"][name] for name in ("ld", "o", "h", "l", "v", "tu", "ch", "chp", "t")} == {
                "ld": quote.last, "o": quote.open, "h": quote.high, "l": quote.low, "v": quote.volume,
                "tu": quote.turnover, "ch": quote.change, "chp": quote.change_percent, "t": quote.time,
            }  # fmt: skip
            for name, side in (("a", depth.asks), ("b", depth.bids)):
                assert [(row["p"], row["v"]) for row in said["depth"][name]] == [
                    (each.price, each.volume) for each in side
                ]
        _, _, answer = await get_json(exchange, f"{KLINE}&kType=1&limit=500")
        rows = {row["t"]: row for row in answer["data"]}
        assert len(bars) >= 120
        for time, bar in bars.items():
            assert [rows[time][name] for name in ("o", "h", "l", "c", "v")] == [
                bar.open, bar.high, bar.low, bar.close, bar.volume
            ]  # fmt: skip


def aggregate_rows(rows: list[dict[str, Any]]) -> tuple[float, ...]:
    """Open, high, low, close and volume of bars together."""
    rows = sorted(rows, key=lambda row: row["t"])
    highs, lows = [row["h"] for row in rows], [row["l"] for row in rows]
    return rows[0]["o"], max(highs), min(lows), rows[-1]["c"], sum(row["v"] for row in rows)


async def rows_of(exchange: Exchange, interval: int, end: int | None = None) -> list[dict[str, Any]]:
    """All that is told of QQQ's bars, oldest first."""
    rows: dict[int, dict[str, Any]] = {}
    while True:
        until = "" if end is None else f"&et={end}"
        _, _, answer = await get_json(exchange, f"{KLINE}&kType={interval}&limit=500{until}")
        found = {row["t"]: row for row in answer["data"] or []}
        rows |= found
        if len(found) < 500:
            return [rows[time] for time in sorted(rows)]
        end = min(found) - 1


async def test_longer_bars_are_made_of_shorter_ones() -> None:
    now = 1_795_000_000_000 // DAY_MS * DAY_MS + 15 * 3_600_000
    async with Exchange(clock=lambda: now) as exchange:
        minutes = await rows_of(exchange, 1)
        for interval, length in ((2, 5), (3, 15), (4, 30), (5, 60), (6, 120), (7, 240)):
            bars = await rows_of(exchange, interval)
            assert len(bars) >= 1440 // length - 1 and bars[0]["t"] >= minutes[0]["t"], "none of a part of its minutes"
            for bar in bars:
                within = [row for row in minutes if 0 <= row["t"] - bar["t"] < length * 60_000]
                assert bar["t"] % (length * 60_000) == 0 and aggregate_rows([bar]) == aggregate_rows(within)
        days = await rows_of(exchange, 8)
        _, _, quote = await get_json(exchange, "/fund/quote?region=US&code=QQQ")
        assert [day["t"] for day in days] == list(range(days[0]["t"], now + 1, DAY_MS)) and len(days) > 360
        assert aggregate_rows(days[-1:]) == aggregate_rows([row for row in minutes if row["t"] >= days[-1]["t"]])
        assert [days[-1][name] for name in "ohlcv"] + [days[-1]["tu"], days[-2]["c"]] == [
            quote["data"][name] for name in ("o", "h", "l", "ld", "v", "tu", "p")
        ]
        for interval, part in ((9, week), (10, month)):
            bars = await rows_of(exchange, interval)
            parts = sorted({part(day["t"]) for day in days})
            assert [part(bar["t"]) for bar in bars] == parts
            assert [aggregate_rows([bar]) for bar in bars] == [
                aggregate_rows([d for d in days if part(d["t"]) == each]) for each in parts
            ]
            assert all(part(bar["t"] - 1) < part(bar["t"]) for bar in bars)


def week(time: int) -> tuple[int, ...]:
    return datetime.fromtimestamp(time / 1000, UTC).isocalendar()[:2]


def month(time: int) -> tuple[int, ...]:
    day = datetime.fromtimestamp(time / 1000, UTC)
    return day.year, day.month


async def test_the_words_of_the_vendors_python_package_are_understood() -> None:
    async with Exchange() as exchange:
        _, _, theirs = await get_json(exchange, f"{KLINE}&period=8&limit=3&end={10**13 - 1}")
        _, _, ours = await get_json(exchange, f"{KLINE}&kType=8&limit=3")
        # The day in progress goes on between the two.
        assert len(ours["data"]) == len(theirs["data"]) == 3 and ours["data"][:2] == theirs["data"][:2]
        async with connect(
            exchange.url.replace("/fund", "/websocket/fund"), additional_headers={"token": "key"}
        ) as socket:
            await expect_authenticated(socket)


def test_the_help_lists_every_path() -> None:
    result = CliRunner().invoke(exchange_command, ["--help"])
    assert all(path in result.output for path in PATHS)


@pytest.mark.parametrize("token", [None, "", "wrong"])
async def test_without_the_key_nothing_is_told(token: str | None) -> None:
    async with Exchange(key=Token("right")) as exchange:
        status, _, answer = await get_json(exchange, "/symbol/list?type=fund&region=SH", token)
        assert (status, answer) == (401, {"message": "Invalid API key in request"})
        assert (await get_json(exchange, "/symbol/list?type=fund&region=SH", "right"))[0] == 200


async def test_a_plan_has_so_many_calls_a_minute() -> None:
    async with Exchange(calls_a_minute=2) as exchange:
        statuses = [(await get_json(exchange, "/symbol/list?type=fund&region=SH"))[0] for _ in range(3)]
        _, headers, answer = await get_json(exchange, "/fund/quotes?region=US&codes=QQQ")
    assert statuses == [200, 200, 429]
    assert 55 <= int(headers["retry-after"]) <= 60 and answer == {"message": "API rate limit exceeded"}


async def test_a_vendor_that_refuses_for_a_while_serves_again() -> None:
    async with Exchange(faults=["rest-429"], fault_every=0.2) as exchange:
        assert (await get_json(exchange, "/fund/quotes?region=US&codes=QQQ"))[0] == 429
        await asyncio.sleep(0.2)
        assert (await get_json(exchange, "/fund/quotes?region=US&codes=QQQ"))[0] == 200


async def test_a_redirect_names_another_address() -> None:
    async with Exchange(faults=["rest-redirect"]) as exchange:
        status, headers, _ = await get_json(exchange, "/fund/quotes?region=US&codes=QQQ")
    assert status == 302 and headers["location"].startswith("https://another.invalid/")


async def test_no_fault_of_rest_touches_the_stream() -> None:
    failing = Exchange(faults=[name for name in FAULTS if name.startswith("rest-")])
    async with failing as exchange, connect_client(exchange) as socket:
        await expect_authenticated(socket)
        await subscribe(socket, "quote")
        assert (await receive_json(socket))["data"]["s"] == "QQQ$US"


async def test_rest_without_a_stream_has_the_present_state() -> None:
    now = 1_795_000_000_000
    async with Exchange(clock=lambda: now) as exchange:
        _, _, before = await get_json(exchange, "/fund/tick?region=US&code=QQQ")
        now += 10 * 60_000
        _, _, after = await get_json(exchange, "/fund/tick?region=US&code=QQQ")
    assert now - 10 * 60_000 < after["data"]["t"] <= now
    assert after["data"]["v"] > before["data"]["v"]
