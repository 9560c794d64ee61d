"""The demo exchange over real sockets: the vendor's page from the first greeting to the last heartbeat."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections import defaultdict
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.support.exchange_client import (
    AUTH_FAILED,
    HELLO,
    OVER_LIMIT,
    SUBSCRIBED,
    UNRESOLVED,
    connect_client,
    expect_authenticated,
    expect_close,
    receive_json,
    receive_pushes,
    subscribe,
)
from tui.errors import UsageError
from tui.exchange.demo_lists import DEMO_WATCHLIST
from tui.exchange.server import SERVER_NAME, Exchange, _MonotonicClock
from tui.protocol.messages import Depth, Kline, Quote, Tick
from tui.secrets import Token
from tui.symbol import join_wire_symbols

MINUTE = 60_000


def from_time(start: int) -> Callable[[], int]:
    """A clock that runs as ours does, from another time."""
    begun = time.monotonic_ns()
    return lambda: start + (time.monotonic_ns() - begun) // 1_000_000


async def test_the_page_in_order() -> None:
    requests: list[tuple[int, bytes]] = []
    async with Exchange(on_request=lambda number, frame: requests.append((number, frame))) as exchange:
        assert exchange.url.startswith("ws://127.0.0.1:") and exchange.url.endswith("/fund")
        async with connect_client(exchange) as socket:
            assert socket.response is not None
            assert socket.response.headers["Server"] == SERVER_NAME
            assert SERVER_NAME.startswith("itick-tui-exchange/")
            assert "Sec-WebSocket-Extensions" not in socket.response.headers
            await expect_authenticated(socket)
            await socket.send('{"ac":"subscribe","params":"QQQ$US","types":"quote"}')
            assert await receive_json(socket) == SUBSCRIBED
            quote = await receive_json(socket)
            assert quote["code"] == 1
            assert quote["data"].keys() == {"s", "ld", "o", "h", "l", "t", "v", "tu", "ch", "chp", "type"}
            assert (quote["data"]["s"], quote["data"]["type"]) == ("QQQ$US", "quote")
            assert isinstance(quote["data"]["v"], int)
            await socket.send('{"ac":"ping","params":"1731688569840"}')
            while (reply := await receive_json(socket)).get("resAc") is None:
                assert reply["data"]["type"] == "quote"
            assert reply == {"resAc": "pong", "data": {"params": "1731688569840"}}
        assert requests == [
            (1, b'{"ac":"subscribe","params":"QQQ$US","types":"quote"}'),
            (1, b'{"ac":"ping","params":"1731688569840"}'),
        ]


async def test_every_type_has_the_fields_of_the_page_and_begins_at_once() -> None:
    async with Exchange(rate=0) as exchange, connect_client(exchange) as socket:
        await expect_authenticated(socket)
        await subscribe(socket, "tick")
        assert (await receive_json(socket))["data"].keys() == {"s", "ld", "v", "t", "type"}
        await subscribe(socket, "depth")
        depth = (await receive_json(socket))["data"]
        assert depth.keys() == {"s", "a", "b", "type"}
        assert len(depth["a"]) == len(depth["b"]) == 10
        assert all(level.keys() == {"po", "p", "v", "o"} for level in depth["a"] + depth["b"])
    async with Exchange() as exchange, connect_client(exchange) as socket:
        await expect_authenticated(socket)
        await subscribe(socket, "kline@1")
        bar = (await receive_json(socket))["data"]
        assert bar.keys() == {"tu", "c", "t", "v", "h", "l", "o", "type", "s", "r"}
        assert (bar["s"], bar["r"], bar["type"]) == ("QQQ", "US", "kline@1")


@pytest.mark.parametrize("token", [None, "", "wrong"])
async def test_a_wrong_key_is_refused_and_the_connection_closed(token: str | None) -> None:
    async with Exchange(key=Token("right")) as exchange:
        async with connect_client(exchange, token) as socket:
            assert await receive_json(socket) == HELLO
            assert await receive_json(socket) == AUTH_FAILED
            await expect_close(socket, 2)
            assert socket.close_code == 1000
        async with connect_client(exchange, "right") as socket:
            await expect_authenticated(socket)


async def test_only_fund_is_served() -> None:
    async with Exchange() as exchange:
        with pytest.raises(InvalidStatus) as refused:
            await connect(exchange.url.replace("/fund", "/stock"), proxy=None, additional_headers={"token": "key"})
        assert refused.value.response.status_code == 404


async def test_a_port_in_use_is_told_in_words() -> None:
    async with Exchange() as exchange:
        port = urlsplit(exchange.url).port or 0
        with pytest.raises(UsageError, match=rf"^port {port} is already in use: choose another with --port$"):
            await Exchange(port=port).__aenter__()
    with pytest.raises(UsageError, match=r"^cannot listen on 192\.0\.2\.1 port 0: "):
        await Exchange(host="192.0.2.1").__aenter__()


@pytest.mark.parametrize(
    "frame",
    [
        '{"ac":"subscribe","params":"QQQ$US","types":"trades"}',
        '{"ac":"unsubscribe","params":"QQQ$US","types":"quote"}',
        "{",
        b"\xff\x00\xfe",
        "",
        "[" * 5000,
    ],
    ids=["unknown type", "unknown action", "cut short", "binary", "empty", "nested too deep"],
)
async def test_a_bad_request_is_answered_and_the_connection_lives(frame: str | bytes) -> None:
    async with Exchange() as exchange, connect_client(exchange) as socket:
        await expect_authenticated(socket)
        await socket.send(frame)
        assert await receive_json(socket) == UNRESOLVED
        await subscribe(socket, "quote")


async def test_over_the_limit_nothing_of_the_request_comes() -> None:
    async with Exchange(max_symbols=1, rate=2000) as exchange, connect_client(exchange) as socket:
        await expect_authenticated(socket)
        await subscribe(socket, "quote")
        await socket.send('{"ac":"subscribe","params":"QQQ$US,SPY$US","types":"quote,tick"}')
        while (reply := await receive_json(socket)).get("resAc") is None:
            pass
        assert reply == OVER_LIMIT
        assert {type(push) for push in await receive_pushes(socket, 0.3)} == {Quote}


async def test_an_unknown_symbol_is_accepted_and_silent() -> None:
    async with Exchange() as exchange, connect_client(exchange) as socket:
        await expect_authenticated(socket)
        await subscribe(socket, "tick,quote,depth,kline@1", "NOSUCH$US,QQQ$HK")
        assert await receive_pushes(socket, 0.3) == []


async def test_types_and_symbols_are_kept_apart_between_clients() -> None:
    async with (
        Exchange(rate=1000) as exchange,
        connect_client(exchange) as one,
        connect_client(exchange, "other") as two,
    ):
        await expect_authenticated(one)
        await expect_authenticated(two)
        await subscribe(one, "tick", "QQQ$US,SPY$US")
        await subscribe(two, "quote,depth", "QQQ$US")
        first, second = await asyncio.gather(receive_pushes(one, 0.3), receive_pushes(two, 0.3))
        assert {(type(push), push.symbol) for push in first} == {(Tick, "QQQ$US"), (Tick, "SPY$US")}
        assert {(type(push), push.symbol) for push in second} == {(Quote, "QQQ$US"), (Depth, "QQQ$US")}
        await one.close()
        assert len(await receive_pushes(two, 0.2)) > 10


async def test_no_ping_no_connection() -> None:
    async with (
        Exchange(heartbeat_limit=0.4) as exchange,
        connect_client(exchange) as silent,
        connect_client(exchange) as alive,
    ):
        await expect_authenticated(silent)
        await expect_authenticated(alive)
        await subscribe(silent, "quote")
        started = time.monotonic()

        async def beat() -> None:
            for _ in range(6):
                await alive.send('{"ac":"ping","params":"1"}')
                assert (await receive_json(alive))["resAc"] == "pong"
                await asyncio.sleep(0.1)

        _, _ = await asyncio.gather(expect_close(silent, 2), beat())
        assert time.monotonic() - started > 0.3


async def test_only_the_page_s_ping_is_a_heartbeat() -> None:
    async with Exchange(heartbeat_limit=0.3) as exchange, connect_client(exchange) as socket:
        await expect_authenticated(socket)
        await asyncio.sleep(0.2)
        await socket.ping()
        await subscribe(socket, "quote")
        await expect_close(socket, 0.5)


async def test_a_second_connection_ends_the_first() -> None:
    async with (
        Exchange(single_connection=True) as exchange,
        connect_client(exchange) as first,
        connect_client(exchange, "b") as other,
    ):
        await expect_authenticated(first)
        await expect_authenticated(other)
        async with connect_client(exchange) as second:
            await expect_authenticated(second)
            await expect_close(first, 1)
            await subscribe(second, "quote")
            await subscribe(other, "quote")
    async with Exchange() as exchange, connect_client(exchange) as first, connect_client(exchange) as second:
        await expect_authenticated(first)
        await expect_authenticated(second)
        await subscribe(first, "quote")


async def klines(exchange: Exchange) -> dict[str, list[Kline]]:
    """The bars of two funds, by code, as they come from the subscription until the bar in progress has grown."""
    async with exchange, connect_client(exchange) as socket:
        await expect_authenticated(socket)
        await subscribe(socket, "kline@1", "QQQ$US,SPY$US")
        bars: dict[str, list[Kline]] = defaultdict(list)
        for push in await receive_pushes(socket, 1.15):
            assert isinstance(push, Kline)
            bars[push.symbol].append(push)
        return bars


async def test_history_comes_first_and_oldest_first_unless_there_is_to_be_none() -> None:
    minute = 1_750_000_020_000
    with_history, without = await asyncio.gather(
        klines(Exchange(rate=2000, clock=from_time(minute + 10_000))),
        klines(Exchange(rate=2000, clock=from_time(minute + 10_000), history=False)),
    )
    for series in with_history.values():
        times = [bar.time for bar in series]
        assert list(dict.fromkeys(times)) == list(range(minute - 119 * MINUTE, minute + 1, MINUTE))
        assert times == sorted(times)
        progress = [bar for bar in series if bar.time == minute]
        assert progress[-1].volume > progress[0].volume
    for series in without.values():
        assert {bar.time for bar in series} == {minute}


async def test_bars_are_those_of_the_ticks_received() -> None:
    minute = 1_750_000_080_000
    async with Exchange(rate=2000, clock=from_time(minute - 200)) as exchange, connect_client(exchange) as socket:
        await expect_authenticated(socket)
        await subscribe(socket, "kline@1,tick")
        pushes = await receive_pushes(socket, 1.4)
    ticks = [push for push in pushes if isinstance(push, Tick)]
    bars = [push for push in pushes if isinstance(push, Kline)]
    before, inside = ([tick for tick in ticks if (tick.time >= minute) is late] for late in (False, True))
    bar = bars[-1]
    assert bar.time == minute
    inside = inside[: next(i for i, push in enumerate(inside) if push.volume == before[-1].volume + bar.volume) + 1]  # type: ignore[operator]
    prices = [tick.last for tick in inside]
    assert (bar.open, bar.high, bar.low, bar.close) == (prices[0], max(prices), min(prices), prices[-1])
    final = [push for push in bars if push.time == minute - MINUTE][-1]
    assert final.close == before[-1].last
    assert pushes.index(final) < pushes.index(inside[0])


async def test_a_client_that_does_not_read_is_cut_off_and_disturbs_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.exchange.client._MAX_BUFFERED", 200_000)
    async with Exchange(rate=20_000) as exchange, connect_client(exchange) as reader:
        narrow = socket.socket()
        narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        narrow.connect(("127.0.0.1", urlsplit(exchange.url).port))
        slow = await connect(exchange.url, sock=narrow, additional_headers={"token": "s"}, proxy=None, max_queue=1)
        await expect_authenticated(slow)
        await slow.send(
            json.dumps({"ac": "subscribe", "params": join_wire_symbols(DEMO_WATCHLIST), "types": "depth,kline@1"})
        )
        await expect_authenticated(reader)
        await subscribe(reader, "quote")
        for _ in range(40):
            assert await receive_pushes(reader, 0.1)
            if len(exchange.market.watched) == 1:
                break
        assert len(exchange.market.watched) == 1
        slow.transport.abort()


async def test_leaving_stops_the_simulation_of_what_nobody_watches() -> None:
    async with Exchange() as exchange:
        async with connect_client(exchange) as socket:
            await expect_authenticated(socket)
            await subscribe(socket, "quote,kline@1", "QQQ$US,SPY$US")
            assert len(exchange.market.watched) == 2
        await asyncio.sleep(0.1)
        assert not exchange.market.watched
        stopped = exchange.market.time
        await asyncio.sleep(0.1)
        assert exchange.market.time == stopped
        async with connect_client(exchange) as socket:
            await expect_authenticated(socket)
            await subscribe(socket, "tick")
            assert await receive_pushes(socket, 0.5)


async def test_leaving_the_exchange_closes_its_clients() -> None:
    async with Exchange() as exchange:
        socket = await connect_client(exchange)
        await expect_authenticated(socket)
    await expect_close(socket, 1)


def test_the_clock_never_goes_back_when_the_wall_clock_does(monkeypatch: pytest.MonkeyPatch) -> None:
    wall, monotonic = 1_750_000_000_000_000_000, 5_000_000_000
    monkeypatch.setattr("tui.exchange.server.time.time_ns", lambda: wall)
    monkeypatch.setattr("tui.exchange.server.time.monotonic_ns", lambda: monotonic)
    clock = _MonotonicClock()
    assert clock() == 1_750_000_000_000
    wall -= 60_000_000_000
    monotonic += 2_000_000_000
    assert clock() == 1_750_000_002_000, "it runs on at its own speed"
    wall += 90_000_000_000
    assert clock() == 1_750_000_030_000, "the wall clock has caught up"
