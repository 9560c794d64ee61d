"""Each fault of the demo exchange, as it comes over the wire."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from email.utils import parsedate_to_datetime
from itertools import pairwise
from typing import Any

import pytest
from click.testing import CliRunner
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.protocol import State

from tests.exchange.test_rest import get_json
from tests.support.exchange_client import (
    AUTH_FAILED,
    HELLO,
    OVER_LIMIT,
    SUBSCRIBED,
    UNRESOLVED,
    connect_client,
    expect_authenticated,
    expect_close,
    receive_frames,
    receive_json,
    receive_pushes,
    subscribe,
)
from tui.cli import cli
from tui.errors import MalformedMessage, UsageError
from tui.exchange.fault_effects import ESCAPES, HOSTILE, MALFORMED
from tui.exchange.faults import FAULTS
from tui.exchange.server import Exchange
from tui.protocol.decoder import decode
from tui.protocol.messages import Depth, Hello, Kline, Message, Push, Quote, Reply, Tick, encode
from tui.symbol import Symbol, split_wire_symbol

QQQ, SPY = Symbol("QQQ", "US"), Symbol("SPY", "US")
HOUR = 3_600_000
MINUTE = 60_000


class NoRedirectConnect(connect):
    """`connect`, but without following a redirect."""

    def process_redirect(self, exc: Exception) -> Exception:
        return exc


async def send_subscribe(socket: ClientConnection, types: str, params: str = "QQQ$US") -> None:
    await socket.send(json.dumps({"ac": "subscribe", "params": params, "types": types}))


async def next_reply(socket: ClientConnection) -> Any:
    """The next frame that is no data."""
    while "data" in (message := await receive_json(socket)) and "resAc" not in message:
        pass
    return message


async def expect_ending(socket: ClientConnection) -> ConnectionClosed:
    async with asyncio.timeout(2):
        with pytest.raises(ConnectionClosed) as error:
            while True:
                await socket.recv()
    return error.value


async def received_data(exchange: Exchange, types: str, seconds: float, params: str = "QQQ$US") -> list[Any]:
    """What is pushed to a client that asks for `types`, as it is written."""
    async with exchange, connect_client(exchange) as socket:
        await expect_authenticated(socket)
        await subscribe(socket, types, params)
        return [json.loads(frame)["data"] for frame in await receive_frames(socket, seconds)]


# --- names ---


def test_an_unknown_name_is_told_with_the_known_ones() -> None:
    with pytest.raises(
        UsageError, match=r"^unknown fault 'rest', did you mean 'reset'\? itick-tui exchange --help lists them$"
    ):
        Exchange(faults=("reset", "rest"))
    with pytest.raises(UsageError, match=r"^fault 'lagging' is for an exchange from its start$"):
        Exchange().set_faults("reset", "lagging")


def test_the_help_lists_every_fault() -> None:
    shown = CliRunner().invoke(cli, ["exchange", "--help"]).output
    for name, fault in FAULTS.items():
        assert f"\n  {name} " in shown
        assert fault.description.split()[0] in shown
    result = CliRunner().invoke(cli, ["exchange", "--fault", "rest", "--fault", "reset"])
    assert isinstance(result.exception, UsageError)


# --- how a connection ends ---


@pytest.mark.parametrize(("name", "code"), [("close-1000", 1000), ("close-1001", 1001), ("close-1011", 1011)])
async def test_a_close_in_order(name: str, code: int) -> None:
    async with Exchange(faults=[name], fault_every=0.1) as exchange:
        for _ in range(2):
            async with connect_client(exchange) as socket:
                await expect_authenticated(socket)
                await subscribe(socket, "quote")
                error = await expect_ending(socket)
                assert error.rcvd is not None and error.rcvd.code == code


@pytest.mark.parametrize(("name", "reset"), [("reset", True), ("drop", False)])
async def test_a_cut(name: str, reset: bool) -> None:
    async with Exchange(faults=[name], fault_every=0.1) as exchange, connect_client(exchange) as socket:
        await expect_authenticated(socket)
        await subscribe(socket, "quote")
        error = await expect_ending(socket)
        assert error.rcvd is None
        assert isinstance(error.__cause__, ConnectionResetError) is reset
        await asyncio.sleep(0)
        assert not exchange.market.watched


async def test_another_client_takes_the_key_soon_after_each_authentication() -> None:
    assert FAULTS["key-in-use"].every == 2
    async with Exchange(faults=["key-in-use"], fault_every=0.1) as exchange:
        for _ in range(3):
            async with connect_client(exchange) as socket:
                await expect_authenticated(socket)
                began = time.monotonic()
                assert (await expect_ending(socket)).rcvd is not None
                assert time.monotonic() - began > 0.05


async def test_several_endings_take_turns() -> None:
    async with Exchange(faults=["close-1011", "drop", "close-1001"], fault_every=0.02) as exchange:
        codes = []
        for _ in range(4):
            async with connect_client(exchange) as socket:
                await expect_close(socket, 1)
                codes.append(socket.close_code)
    assert codes == [1011, 1006, 1001, 1011]


async def test_half_open() -> None:
    async with Exchange(rate=2000, faults=["half-open", "pong-late"], fault_every=0.1) as exchange:
        socket = await connect_client(exchange)
        await expect_authenticated(socket)
        await socket.send('{"ac":"ping","params":"0"}')
        await subscribe(socket, "quote")
        received = await receive_frames(socket, 0.25)
        assert received and not any(b"pong" in frame for frame in received)
        await socket.send('{"ac":"ping","params":"1"}')
        pong = await socket.ping()
        assert await receive_frames(socket, 0.15) == []
        assert isinstance(pong, asyncio.Future) and not pong.done()
        assert socket.state is State.OPEN
        assert not exchange.market.watched
        async with connect_client(exchange) as other:
            await expect_authenticated(other)
    assert (await expect_ending(socket)).rcvd is None


# --- the handshake ---


async def expect_refusal(exchange: Exchange) -> InvalidStatus:
    with pytest.raises(InvalidStatus) as error:
        await NoRedirectConnect(exchange.url, additional_headers={"token": "key"}, proxy=None)
    return error.value


@pytest.mark.parametrize(
    ("name", "status"), [("http-401", 401), ("http-403", 403), ("http-404", 404), ("redirect", 302)]
)
async def test_a_handshake_refused(name: str, status: int) -> None:
    async with Exchange(faults=[name]) as exchange:
        for _ in range(2):
            response = (await expect_refusal(exchange)).response
            assert response.status_code == status
        assert response.headers.get("Location") == ("wss://another.invalid/fund" if status == 302 else None)
        exchange.set_faults()
        async with connect_client(exchange) as socket:
            await expect_authenticated(socket)


async def test_too_many_tries_until_the_time_asked_for_has_passed() -> None:
    async with Exchange(faults=["http-429"]) as exchange:
        assert (await expect_refusal(exchange)).response.headers["Retry-After"] == "40"
    async with Exchange(faults=["http-429"], fault_every=0.25) as exchange:
        for _ in range(2):
            response = (await expect_refusal(exchange)).response
            assert (response.status_code, response.headers["Retry-After"]) == (429, "1")
        await asyncio.sleep(0.25)
        for _ in range(2):
            async with connect_client(exchange) as socket:
                await expect_authenticated(socket)


async def test_a_key_refused() -> None:
    async with Exchange(faults=["auth-failed"]) as exchange, connect_client(exchange) as socket:
        assert [await receive_json(socket), await receive_json(socket)] == [HELLO, AUTH_FAILED]
        await expect_close(socket, 1)


async def test_a_greeting_and_nothing_more() -> None:
    async with Exchange(faults=["auth-silent"]) as exchange, connect_client(exchange) as socket:
        assert await receive_json(socket) == HELLO
        await send_subscribe(socket, "quote")
        await socket.send('{"ac":"ping","params":"1"}')
        assert await receive_frames(socket, 0.15) == []
        assert socket.state is State.OPEN


# --- replies ---


async def measure_pongs(exchange: Exchange, seconds: float) -> list[tuple[float, str]]:
    """When the answers to a ping came (s after it), and what they echo; data must flow meanwhile."""
    async with exchange, connect_client(exchange) as socket:
        await expect_authenticated(socket)
        await subscribe(socket, "quote")
        began, answers = time.monotonic(), []
        await socket.send('{"ac":"ping","params":"1731688569840"}')
        count = 0
        try:
            async with asyncio.timeout(seconds):
                while True:
                    message = json.loads(await socket.recv())
                    if "resAc" in message:
                        answers.append((time.monotonic() - began, message["data"]["params"]))
                    count += "resAc" not in message
        except TimeoutError:
            assert count > 3
            return answers


async def test_pongs() -> None:
    missing, late, wrong, both = await asyncio.gather(
        measure_pongs(Exchange(rate=2000, faults=["pong-missing"]), 0.3),
        measure_pongs(Exchange(rate=2000, faults=["pong-late"], fault_every=0.2), 0.4),
        measure_pongs(Exchange(rate=2000, faults=["pong-wrong"]), 0.3),
        measure_pongs(Exchange(rate=2000, faults=["pong-wrong", "pong-late"], fault_every=0.2), 0.4),
    )
    assert missing == []
    assert [echo for _, echo in late] == ["1731688569840"] and late[0][0] > 0.18
    assert len(wrong) == 1 and wrong[0][1] != "1731688569840"
    assert len(both) == 1 and both[0][1] != "1731688569840" and both[0][0] > 0.18
    assert FAULTS["pong-late"].every == 12


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("subscribe-silent", "depth", None),
        ("subscribe-unparsable", "depth", "cannot be resolved action"),
        ("depth-refused", "depth", "permission denied: please upgrade your package"),
        ("kline-refused", "kline@1", "no permission for kline, premium package required"),
    ],
)
async def test_a_subscription_refused(name: str, kind: str, words: str | None) -> None:
    async with Exchange(rate=2000, faults=[name]) as exchange, connect_client(exchange) as socket:
        await expect_authenticated(socket)
        await send_subscribe(socket, kind)
        if words is None:
            assert await receive_frames(socket, 0.15) == []
        else:
            assert await next_reply(socket) == UNRESOLVED | {"msg": words}
        for other in {"tick", "quote", "depth", "kline@1"} - {kind}:
            await subscribe(socket, other)
        types = {json.loads(frame)["data"]["type"] for frame in await receive_frames(socket, 0.15)}
        assert types and kind not in types


async def test_a_plan_of_three_symbols() -> None:
    async with Exchange(rate=2000, faults=["plan-limit"]) as exchange, connect_client(exchange) as socket:
        await expect_authenticated(socket)
        await send_subscribe(socket, "quote", "QQQ$US,SPY$US,DIA$US,IWM$US")
        assert await next_reply(socket) == OVER_LIMIT
        await subscribe(socket, "quote,tick", "QQQ$US,SPY$US")
        await send_subscribe(socket, "quote", "DIA$US,IWM$US")
        assert await next_reply(socket) == OVER_LIMIT
        await subscribe(socket, "depth", "QQQ$US,DIA$US")
        assert {push.symbol for push in await receive_pushes(socket, 0.2)} == {"QQQ$US", "SPY$US", "DIA$US"}


async def test_a_subscription_replaces_the_one_before_it() -> None:
    async with Exchange(rate=2000, faults=["replaces", "plan-limit"]) as exchange, connect_client(exchange) as socket:
        await expect_authenticated(socket)
        await subscribe(socket, "tick,quote", "QQQ$US,SPY$US")
        await subscribe(socket, "tick", "SPY$US,DIA$US")
        seen = {(type(push), push.symbol) for push in await receive_pushes(socket, 0.2)}
        assert seen >= {(Tick, "SPY$US"), (Tick, "DIA$US"), (Quote, "QQQ$US"), (Quote, "SPY$US")}
        await receive_frames(socket, 0.05)
        assert (Tick, "QQQ$US") not in {(type(push), push.symbol) for push in await receive_pushes(socket, 0.2)}
        await subscribe(socket, "quote", "SPY$US")
        assert set(exchange.market.watched) == {SPY, Symbol("DIA", "US")}
        await send_subscribe(socket, "tick", "IWM$US,XLE$US,DIA$US")
        assert await next_reply(socket) == OVER_LIMIT
        await send_subscribe(socket, "tick", "IWM$US,SPY$US")
        assert await next_reply(socket) == SUBSCRIBED


async def test_unsubscribe_closes() -> None:
    async with Exchange(faults=["unsubscribe-closes"]) as exchange, connect_client(exchange) as socket:
        await expect_authenticated(socket)
        await socket.send("{")
        assert await receive_json(socket) == UNRESOLVED
        await socket.send('{"ac":"unsubscribe","params":"QQQ$US","types":"quote"}')
        assert await receive_json(socket) == {"code": 0, "msg": "no action"}
        assert (error := await expect_ending(socket)).rcvd is not None and error.rcvd.code == 1000


# --- frames nobody asked for ---


def decode_or_error(frame: bytes) -> tuple[Message, ...] | str:
    """The messages of a frame, or why it cannot be read."""
    try:
        return decode(frame)
    except MalformedMessage as error:
        return error.kind


async def test_what_cannot_be_read() -> None:
    async with Exchange(faults=["malformed"], fault_every=0.01) as exchange, connect_client(exchange) as socket:
        await expect_authenticated(socket)
        await send_subscribe(socket, "quote")
        received = await receive_frames(socket, 0.25)
        await exchange.close_market()
        received += await receive_frames(socket, 0.05)
        payloads = {unasked.payload for unasked in MALFORMED}
        odd = [frame for frame in received if frame in payloads]
        assert set(odd) == payloads
        assert {decode_or_error(frame) for frame in odd} == {
            *("not JSON", "empty", "nested too deep", "not UTF-8", "unknown type", "tick", "depth", "not an object")
        }
        assert all(isinstance(decode_or_error(frame), tuple) for frame in received if frame not in payloads)
        assert len(received) > len(odd)
        assert exchange.sent_in_total["malformed"] == len(odd)


async def test_large_frames() -> None:
    async with Exchange(rate=1, faults=["large"], fault_every=0.05) as exchange, connect_client(exchange) as socket:
        await expect_authenticated(socket)
        await subscribe(socket, "quote")
        large: list[bytes] = []
        while len(large) < 3:
            async with asyncio.timeout(5):
                frame = await socket.recv(decode=False)
            large += [frame] if len(frame) > 1_000_000 else []
        assert [len(frame) // 1_000_000 for frame in large] == [1, 2, 1]
        assert decode_or_error(large[2]) == "not JSON"
        for frame in large[:2]:
            (quote,) = decode(frame)
            assert isinstance(quote, Quote) and quote.symbol == "QQQ$US"


async def test_escapes_and_markup_wherever_there_is_text() -> None:
    faults = ["escapes", "kline-refused", "plan-limit"]
    async with Exchange(faults=faults, fault_every=0.005) as exchange, connect_client(exchange) as socket:
        await send_subscribe(socket, "kline@1")
        await send_subscribe(socket, "quote", "QQQ$US,SPY$US,DIA$US,IWM$US")
        await send_subscribe(socket, "quote")
        outcomes: list[tuple[Message, ...] | str] = [
            decode_or_error(frame) for frame in await receive_frames(socket, 0.4)
        ]
    messages = [message for each in outcomes if isinstance(each, tuple) for message in each]
    words = [message.msg for message in messages if isinstance(message, Reply) and hasattr(message, "msg")]
    for plain in (HELLO, SUBSCRIBED, OVER_LIMIT, {"msg": "authenticated"}, {"msg": "no permission for kline"}):
        assert any(text.startswith(str(plain["msg"])) and text.endswith(HOSTILE) for text in words), plain
    ticks = [message for message in messages if isinstance(message, Tick)]
    assert {tick.symbol for tick in ticks} == {f"{text}$US" for text in HOSTILE} | {"NOSUCH"}
    assert {tick.region for tick in ticks} == {*HOSTILE, None}
    assert {*HOSTILE} <= {message.msg for message in messages if isinstance(message, Hello)}
    assert Counter(kind for kind in outcomes if isinstance(kind, str)).keys() == {"unknown type", "not JSON"}
    assert any(b"\x1b" in unasked.payload for unasked in ESCAPES)


async def test_old_messages_come_again() -> None:
    async with (
        Exchange(rate=500, faults=["old-time"], fault_every=0.05) as exchange,
        connect_client(exchange) as socket,
    ):
        await expect_authenticated(socket)
        await subscribe(socket, "tick,quote")
        pushes = await receive_pushes(socket, 0.4)
        for kind in (Tick, Quote):
            newest, stale = 0, 0
            prices = {push.last for push in pushes if isinstance(push, kind)}
            for push in pushes:
                if isinstance(push, kind):
                    assert push.time >= newest or push.time == newest - 5000
                    stale += push.time < newest
                    newest = max(newest, push.time)
            assert stale > 2
            assert max(prices) > 1.009 * min(prices)
        assert exchange.sent_in_total["stale"] > 5


async def test_messages_from_the_future() -> None:
    now = time.time() * 1000
    pushes = await asyncio.wait_for(receive_future(Exchange(rate=500, faults=["future-time"], fault_every=0.1)), 3)
    ahead = [push for push in pushes if push.time > now + HOUR / 2]
    assert {type(push) for push in ahead} == {Tick, Quote}
    assert all(push.time < now + HOUR + MINUTE for push in ahead)
    assert len(ahead) < len(pushes) / 2


async def test_times_that_cannot_be() -> None:
    items = await received_data(Exchange(rate=500, faults=["absurd-time"], fault_every=0.05), "tick,quote", 0.4)
    now = time.time() * 1000
    times = [item["t"] for item in items if abs(item["t"] - now) > HOUR]
    assert len({100_000_000_000, 9_999_999_999_999} & set(times)) == 2
    assert any(abs(each / 1_000 - now) < MINUTE for each in times)
    assert any(abs(each / 1_000_000 - now) < MINUTE for each in times)
    assert len(times) < len(items)


async def test_numbers_no_market_has_and_then_the_true_ones() -> None:
    async with (
        Exchange(rate=20, faults=["extreme-numbers"], fault_every=0.02) as exchange,
        connect_client(exchange) as socket,
    ):
        await expect_authenticated(socket)
        await subscribe(socket, "tick,quote,depth,kline@1")
        absurd: Counter[tuple[str, bool, bool]] = Counter()
        latest: dict[str, bool] = {}
        for frame in await receive_frames(socket, 0.5):
            item = json.loads(frame)["data"]
            strange = absurd_prices, absurd_sizes = is_absurd(item)
            absurd[item["type"], absurd_prices, absurd_sizes] += any(strange)
            latest[item["type"]] = any(strange)
        assert latest == dict.fromkeys(("tick", "quote", "depth", "kline@1"), False)
        for kind in latest:
            assert all(absurd[kind, *strange] for strange in ((True, False), (False, True), (True, True)))
        assert absurd.total() <= exchange.sent_in_total["absurd"]  # some may have been sent after the last look


def is_absurd(item: dict[str, Any]) -> tuple[bool, bool]:
    """Whether prices, and whether sizes, are absurd."""
    levels = [*item.get("a", []), *item.get("b", []), item]
    prices = [level[name] for level in levels for name in ("p", "ld", "c") if name in level]
    sizes = [level["v"] for level in levels if level.get("v")]
    return any(not 1e-3 <= each < 1e11 for each in prices), any(not 1e-3 <= each < 1e11 for each in sizes)


async def test_rest_has_numbers_no_market_has() -> None:
    async with Exchange(faults=["rest-extreme"]) as exchange:
        _, _, answer = await get_json(exchange, "/fund/kline?region=US&code=QQQ&kType=1&limit=300")
        prices = [row["h"] for row in answer["data"]]
        assert 50 < sum(not 1 < each < 1e11 for each in prices) < 150
        _, _, answer = await get_json(exchange, "/fund/depth?region=US&code=QQQ")
        assert answer["data"]["a"]


async def test_no_answer_has_a_date() -> None:
    async with Exchange(faults=["no-date"]) as exchange, connect_client(exchange) as socket:
        assert socket.response is not None and "Date" not in socket.response.headers
        _, headers, _ = await get_json(exchange, "/fund/tick?region=US&code=QQQ")
        assert "date" not in headers
        exchange.set_faults()
        assert "date" in (await get_json(exchange, "/fund/tick?region=US&code=QQQ"))[1]


async def test_silence_is_cut_and_nothing_else() -> None:
    async with Exchange(rate=500, faults=["idle-cut"], fault_every=0.8) as exchange, connect_client(exchange) as socket:
        await expect_authenticated(socket)
        await subscribe(socket, "tick,quote")
        assert await receive_pushes(socket, 1.2), "what flows goes on"
        exchange.set_faults("idle-cut", "quiet")
        for _ in range(5):
            await asyncio.sleep(0.3)
            await send_subscribe(socket, "tick")
        assert await next_reply(socket), "what is asked is a life too"
        began = time.monotonic()
        assert (await expect_ending(socket)).rcvd is None
        assert 0.5 < time.monotonic() - began < 3


async def test_the_night_is_quiet_and_ends() -> None:
    async with Exchange(rate=2_000) as exchange, connect_client(exchange) as socket:
        await expect_authenticated(socket)
        await subscribe(socket, "tick,quote,depth,kline@1")
        exchange.set_faults("quiet")
        await receive_pushes(socket, 0.1)
        assert await receive_pushes(socket, 0.3) == []
        exchange.set_faults()
        assert len(await receive_pushes(socket, 0.3)) > 20


@pytest.mark.parametrize(
    ("name", "factor", "later"), [("microsecond-time", 1e3, 0), ("nanosecond-time", 1e6, 0), ("ahead-time", 1, HOUR)]
)
async def test_times_in_other_units_and_of_another_hour(name: str, factor: float, later: int) -> None:
    items = await received_data(Exchange(rate=2000, faults=[name], history=False), "tick,quote,kline@1,depth", 0.1)
    times = [item["t"] / factor - later * (item["type"] != "kline@1") for item in items if item["type"] != "depth"]
    assert times and all(abs(each - time.time() * 1000) < 90_000 for each in times)


async def test_another_time_for_what_comes_next() -> None:
    async with Exchange(rate=500, fault_every=60) as exchange, connect_client(exchange) as socket:
        await expect_authenticated(socket)
        exchange.set_faults("drop", every=0.1)
        await expect_ending(socket)


async def receive_future(exchange: Exchange) -> list[Tick | Quote]:
    async with exchange, connect_client(exchange) as socket:
        await expect_authenticated(socket)
        await subscribe(socket, "tick,quote")
        return [push for push in await receive_pushes(socket, 0.4) if isinstance(push, Tick | Quote)]


async def test_a_burst_ends_with_what_is_true(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.exchange.unsolicited.BURST", 10_000)
    async with Exchange(rate=10, faults=["burst"], fault_every=0.1) as exchange, connect_client(exchange) as socket:
        await expect_authenticated(socket)
        await subscribe(socket, "tick,quote,depth", "QQQ$US,SPY$US")
        while exchange.sent_in_total["data"] < 10_000:
            await asyncio.sleep(0.005)
        await exchange.close_market()
        pushes = await receive_pushes(socket, 0.3)
        assert len(pushes) >= 9_990
        for symbol in (QQQ, SPY):
            mine = [push for push in pushes if push.symbol == str(symbol)]
            for kind in (Tick, Quote):
                series = [push for push in mine if isinstance(push, kind)]
                assert all(a.time <= b.time and a.volume <= b.volume for a, b in pairwise(series))  # type: ignore[operator]
                assert len({push.last for push in series}) > 1
            check_truth(exchange, symbol, mine)


# --- what data say ---


async def receive_books(name: str) -> tuple[list[Depth], list[Depth]]:
    """The books of half a second: those that are sound, and the others."""
    async with Exchange(rate=2000, faults=[name], fault_every=0.2) as exchange, connect_client(exchange) as socket:
        await expect_authenticated(socket)
        await subscribe(socket, "depth")
        seen = [push for push in await receive_pushes(socket, 0.5) if isinstance(push, Depth)]
    right = [book for book in seen if book.asks and book.bids and 0 < book.bids[0].price < book.asks[0].price]
    return right, [book for book in seen if book not in right]


async def longest_silences(name: str) -> dict[type[Push], float]:
    """By type, the longest time in s without a message, of those between two of them."""
    arrivals: dict[type[Push], list[float]] = {Tick: [], Quote: [], Depth: [], Kline: []}
    async with Exchange(rate=2000, faults=[name], fault_every=3.0) as exchange, connect_client(exchange) as socket:
        await expect_authenticated(socket)
        for type_ in ("tick", "quote", "depth", "kline@1"):
            await subscribe(socket, type_)
        ends = time.monotonic() + 4.8
        while time.monotonic() < ends:
            for push in await receive_pushes(socket, 0.05):
                arrivals[type(push)].append(time.monotonic())
    return {kind: max(b - a for a, b in pairwise(times)) for kind, times in arrivals.items()}


async def test_one_type_is_not_sent_for_a_while() -> None:
    kinds = {"silent-tick": Tick, "silent-quote": Quote, "silent-depth": Depth, "silent-kline": Kline}
    for name, found in zip(kinds, await asyncio.gather(*map(longest_silences, kinds)), strict=True):
        assert {kind for kind, silence in found.items() if silence > 1.9} == {kinds[name]}, (name, found)


async def test_wrong_books() -> None:
    crossed, empty, one_sided = await asyncio.gather(*map(receive_books, ("crossed-book", "empty-book", "one-sided")))
    for right, wrong in (crossed, empty, one_sided):
        assert len(right) > len(wrong) / 2 > 0
    for book in crossed[1]:
        assert book.bids[0].price > book.asks[0].price > 0
        assert len(book.bids) == len(book.asks) == 10
    for book in empty[1]:
        assert {level.price for level in book.asks + book.bids} == {0}
        assert {level.volume for level in book.asks + book.bids} == {0}
    assert {(bool(book.asks), bool(book.bids)) for book in one_sided[1]} == {(True, False), (False, True)}


async def test_seconds() -> None:
    for item in await received_data(Exchange(rate=2000, faults=["second-time"]), "tick,quote,kline@1,depth", 0.1):
        assert item["type"] == "depth" or abs(item["t"] - time.time()) < 2 * 3600 + 90


async def test_no_time() -> None:
    items = await received_data(Exchange(rate=2000, faults=["no-time"]), "tick,quote,kline@1", 0.5)
    times = {(item["type"], item.get("t", "missing")) for item in items if item["type"] != "kline@1"}
    assert times == {("tick", None), ("tick", "missing"), ("quote", None), ("quote", "missing")}
    assert all(item["t"] for item in items if item["type"] == "kline@1")


async def test_numbers_as_strings() -> None:
    items = await received_data(Exchange(rate=2000, faults=["strings"]), "tick,quote,kline@1,depth", 0.1)
    assert {item["type"] for item in items} == {"tick", "quote", "kline@1", "depth"}
    for item in items:
        levels = item.pop("a", []) + item.pop("b", [])
        assert all(isinstance(value, str) for each in [item, *levels] for value in each.values())


async def test_data_as_a_list() -> None:
    items = await received_data(Exchange(rate=2000, faults=["lists"]), "tick,kline@1", 0.2)
    assert all(isinstance(item, list) for item in items)
    assert max(len(item) for item in items if item[0]["type"] == "kline@1") > 100
    assert max(len(item) for item in items if item[0]["type"] == "tick") > 1


async def test_spellings() -> None:
    items = await received_data(Exchange(rate=2000, faults=["spellings"]), "tick,quote,kline@1,depth", 0.1)
    assert {(item["s"], item.get("r")) for item in items} == {
        ("QQQ.US", None),
        ("qqq", None),
        ("qqq$us", None),
        ("QQQ$ARCX$US", None),
        ("QQQ$US", "US"),
        ("QQQ", "US"),
    }


async def test_all_of_it_can_be_read() -> None:
    faults = ["spellings", "strings", "lists", "second-time", "crossed-book"]
    async with Exchange(rate=2000, faults=faults) as exchange, connect_client(exchange) as socket:
        await expect_authenticated(socket)
        await send_subscribe(socket, "tick,quote,kline@1,depth")
        assert await receive_json(socket) == SUBSCRIBED
        pushes = await receive_pushes(socket, 0.2)
        assert {type(push) for push in pushes} == {Tick, Quote, Kline, Depth}
        assert {split_wire_symbol(push.symbol, push.region) for push in pushes} == {("QQQ", "US"), ("QQQ", "")}


async def test_another_time() -> None:
    for faults, behind, off in (([], 0, 0), (["lagging"], 15 * MINUTE, 0), (["clock-off"], -3 * MINUTE, 3 * MINUTE)):
        async with Exchange(rate=2000, faults=faults) as exchange, connect_client(exchange) as socket:
            assert socket.response is not None
            (date,) = socket.response.headers.get_all("Date")
            now = time.time() * 1000
            assert abs(parsedate_to_datetime(date).timestamp() * 1000 - now - off) < 3_000
            await expect_authenticated(socket)
            await subscribe(socket, "tick")
            times = [push.time for push in await receive_pushes(socket, 0.15) if isinstance(push, Tick)]
            assert abs(now - max(times) - behind) < 3_000


async def test_a_tick_has_its_trade_s_own_size() -> None:
    async with Exchange(rate=2000, faults=["tick-size-per-print"]) as exchange, connect_client(exchange) as socket:
        await expect_authenticated(socket)
        await subscribe(socket, "tick,quote")
        pushes = await receive_pushes(socket, 0.4)
    quotes = [push for push in pushes if isinstance(push, Quote)]
    first, last = pushes.index(quotes[0]), max(i for i, push in enumerate(pushes) if isinstance(push, Quote))
    sizes = [push.volume or 0 for push in pushes[first:last] if isinstance(push, Tick)]
    assert len(sizes) > 20
    assert sum(sizes) == (quotes[-1].volume or 0) - (quotes[0].volume or 0)


# --- what the exchange knows ---


def check_truth(exchange: Exchange, symbol: Symbol, pushes: list[Push]) -> None:
    """The last of each kind is what the exchange holds true, and so are the bars."""
    truth = exchange.truth(symbol)
    assert truth is not None
    for kind, true in ((Tick, truth.tick), (Quote, truth.quote), (Depth, truth.depth)):
        assert true is not None
        assert [push for push in pushes if isinstance(push, kind)][-1:] == list(decode(encode(true)))
    bars = {push.time: push for push in pushes if isinstance(push, Kline)}
    # The exchange holds two hours: the oldest bar goes where a minute begins meanwhile.
    assert [bar for bar in bars.values() if bar.time >= truth.klines[0].time] == truth.klines or not bars


async def test_what_a_client_knows_at_the_end_is_what_the_exchange_knows() -> None:
    faults = ["old-time", "malformed", "lists", "one-sided"]
    async with Exchange(rate=2000, faults=faults, fault_every=0.03) as exchange, connect_client(exchange) as socket:
        await expect_authenticated(socket)
        await send_subscribe(socket, "tick,quote,depth,kline@1", "QQQ$US,SPY$US")
        before = await receive_frames(socket, 0.5)
        await exchange.close_market()
        received = before + await receive_frames(socket, 0.2)
        assert await receive_frames(socket, 0.1) == []
        count, pushes = count_frames(received)
        assert count + Counter(frames=2, reply=2) == exchange.sent[1] == exchange.sent_in_total
        for symbol in (QQQ, SPY):
            check_truth(exchange, symbol, [push for push in pushes if push.symbol in (symbol.code, str(symbol))])
        assert exchange.truth(Symbol("DIA", "US")) is None


def count_frames(received: list[bytes]) -> tuple[Counter[str], list[Push]]:
    """What frames hold, counted by kind, and the messages that are to be applied."""
    fresh: list[Push] = []
    count = Counter(frames=len(received))
    newest: dict[tuple[type[Push], str], int] = {}
    for frame in received:
        messages = decode_or_error(frame)
        if isinstance(messages, str):
            count["malformed"] += 1
            continue
        for message in messages:
            if not isinstance(message, Tick | Quote | Depth | Kline):
                count["reply"] += 1
                continue
            key, moment = (type(message), message.symbol), 0 if isinstance(message, Depth) else message.time
            stale = isinstance(message, Tick | Quote) and moment < newest.get(key, 0)
            count["stale" if stale else "data"] += 1
            if not stale:
                newest[key] = moment
                fresh.append(message)
    return count, fresh


async def test_counts_of_ended_connections_stay() -> None:
    async with Exchange() as exchange:
        for _ in range(3):
            async with connect_client(exchange) as socket:
                await expect_authenticated(socket)
        assert [count["reply"] for count in exchange.sent.values()] == [2, 2, 2]
        assert exchange.sent_in_total == {"reply": 6, "frames": 6}


async def test_a_restart_has_the_same_port_and_market() -> None:
    exchange = Exchange(rate=2000)
    before = await received_data(exchange, "kline@1", 0.1)
    url = exchange.url
    after = await received_data(exchange, "kline@1", 0.1)
    assert exchange.url == url
    newest = max(item["t"] for item in before)
    # The oldest may have left the history meanwhile, and the one in progress has grown.
    finished = [item for item in before if item["t"] != newest][2:]
    assert len(finished) > 110
    assert all(item in after for item in finished)


async def test_faults_can_be_changed_while_connections_are_open() -> None:
    async with Exchange(rate=2000, fault_every=0.1) as exchange, connect_client(exchange) as socket:
        await expect_authenticated(socket)
        await subscribe(socket, "tick")
        exchange.set_faults("malformed", "spellings", "drop")
        exchange.set_faults("malformed", "spellings")
        received = await receive_frames(socket, 0.3)
        assert {decode_or_error(frame) for frame in received if isinstance(decode_or_error(frame), str)}
        exchange.set_faults("close-1001")
        await expect_close(socket, 1)
        assert socket.close_code == 1001
