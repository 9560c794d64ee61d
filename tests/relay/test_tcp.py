"""Programs of others that reach a relay over TCP: what they get, what is refused, and what they cannot do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.protocol import State

from tests.relay.windows import LOCAL_TOKEN, Window, on_loopback
from tests.support.exchange_client import AUTHENTICATED, HELLO, OVER_LIMIT, SUBSCRIBED, UNRESOLVED, subscribe
from tests.support.feed import IEF, QQQ, Running, VendorServer, reply_to, serving
from tests.support.wait_until import until
from tui.exchange.server import Exchange
from tui.feed.state import LinkPhase
from tui.protocol.messages import TYPES, Ping, Pong, PongData, encode
from tui.protocol.relay_status import NAME_HEADER, QUEUE_HEADER, VERSION_HEADER, encode_renew
from tui.relay import admission, server
from tui.relay.client import ClientSocket, RelayClient, frame_of
from tui.relay.sharing import Role
from tui.secrets import Token

L, A = LinkPhase.LIVE, LinkPhase.AUTHENTICATING


def program(url: str, token: str | None = LOCAL_TOKEN, headers: Iterable[tuple[str, str]] = ()) -> connect:
    """A program that speaks the vendor's protocol."""
    given = [*headers, *([("token", token)] if token is not None else [])]
    return connect(url, additional_headers=given, proxy=None, ping_interval=None, max_queue=None)


async def receive(connection: ClientConnection) -> Any:
    async with asyncio.timeout(5):
        return json.loads(await connection.recv())


async def greeted(connection: ClientConnection) -> None:
    assert [await receive(connection), await receive(connection)] == [HELLO, AUTHENTICATED]


async def replies(connection: ClientConnection, count: int) -> list[Any]:
    """Returns the next replies to subscriptions."""
    found: list[Any] = []
    while len(found) < count:
        if (message := await receive(connection)).get("resAc") == "subscribe":
            found.append(message)
    return found


async def read_prices(connection: ClientConnection, prices: dict[str, float]) -> None:
    """Note the price of each trade by its symbol, until cancelled."""
    while True:
        data = json.loads(await connection.recv()).get("data", {})
        if data.get("type") == "tick":
            prices[data["s"]] = data["ld"]


async def ended(connection: ClientConnection) -> tuple[int, str]:
    """Returns the code and the words with which a connection is closed."""
    with pytest.raises(ConnectionClosed) as caught:
        async with asyncio.timeout(5):
            while True:
                await connection.recv()
    assert caught.value.rcvd is not None
    return caught.value.rcvd.code, caught.value.rcvd.reason


# --- what they get ---


@pytest.mark.parametrize("stands_by", [False, True], ids=["the holder", "who stands by"])
async def test_a_program_gets_the_same_from_the_holder_and_from_who_stands_by(stands_by: bool, tmp_path: Path) -> None:
    numbers: set[int] = set()
    async with (
        Exchange(rate=500, single_connection=True, on_request=lambda n, _: numbers.add(n)) as exchange,
        Window(exchange.url, tmp_path, QQQ, listen=None if stands_by else on_loopback()) as first,
    ):
        await first.running.reaches(L)
        async with Window(exchange.url, tmp_path, QQQ, listen=on_loopback() if stands_by else None) as second:
            await second.running.reaches(L)
            assert [first.sharing.role, second.sharing.role] == [Role.LEADING, Role.FOLLOWING]
            window = second if stands_by else first
            for path in ("/fund", "/websocket/fund"):
                async with program(window.sharing.url.replace("/fund", path)) as connection:
                    await greeted(connection)
                    await subscribe(connection, ",".join(TYPES), "QQQ$US,IEF$US")
                    await connection.send('{"ac":"ping","params":"12"}')
                    while (reply := await receive(connection)).get("resAc") != "pong":
                        pass
                    assert reply["data"] == {"params": "12"}
                    if path == "/websocket/fund":
                        prices: dict[str, float] = {}
                        reading = asyncio.create_task(read_prices(connection, prices))
                        await until(lambda prices=prices: len(prices) == 2, within=20)  # type: ignore[misc]
                        await exchange.close_market()
                        truths = {symbol: exchange.truth(symbol) for symbol in (QQQ, IEF)}
                        last = {str(symbol): truth.tick.last for symbol, truth in truths.items() if truth is not None}
                        await until(lambda prices=prices, last=last: prices == last, within=20)  # type: ignore[misc]
                        reading.cancel()
    assert numbers == {1}
    assert window.sharing.passed_on["clients"] >= 2 and window.sharing.passed_on["sent"] > 8


async def test_the_port_stays_open_while_the_connection_moves(tmp_path: Path) -> None:
    async with Exchange(rate=500, single_connection=True) as exchange:
        leader = Window(exchange.url, tmp_path, QQQ)
        await leader.__aenter__()
        await leader.running.reaches(L)
        async with Window(exchange.url, tmp_path, listen=on_loopback()) as relay:
            await relay.running.reaches(L)
            async with program(relay.sharing.url) as connection:
                await greeted(connection)
                await subscribe(connection, "tick")
                await leader.__aexit__(None, None, None)
                code, words = await ended(connection)
            assert code == 1012 and words.startswith("the connection to the vendor was lost")
            async with program(relay.sharing.url) as connection:
                await greeted(connection)  # once the vendor has authenticated the new connection
                await subscribe(connection, "tick")
            assert relay.sharing.role is Role.LEADING


async def test_our_own_programs_know_simulated_prices_whenever_they_came(tmp_path: Path) -> None:
    async with Exchange() as exchange:
        pass
    async with Window(exchange.url, tmp_path, listen=on_loopback()) as relay:
        early = Running(relay.sharing.url)
        early.link._token = Token(LOCAL_TOKEN)
        async with early:
            await early.reaches(A)
            async with exchange:
                await early.reaches(L)
                assert early.link.is_demo


# --- who is refused ---


async def status_of(connection: connect) -> int:
    """Returns the HTTP status of a handshake, 101 if it was accepted."""
    try:
        async with connection:
            return 101
    except InvalidStatus as error:
        return error.response.status_code


async def test_who_is_refused(tmp_path: Path) -> None:
    async with Exchange() as exchange, Window(exchange.url, tmp_path, listen=on_loopback()) as relay:
        url = relay.sharing.url
        here = url.removeprefix("ws://").removesuffix("/fund")
        for token in (None, "", "key", LOCAL_TOKEN[:-1], LOCAL_TOKEN + "x", "\xff" * 36):
            assert await status_of(program(url, token)) == 401, token
        for origin in ("https://example.com", "null", "http://127.0.0.1:8888", f"https://{here}", "http://[", ""):
            assert await status_of(program(url, headers=[("Origin", origin)])) == 403, origin
        rebound = here.replace("127.0.0.1", "example.com")  # a name that somebody lets lead to this machine
        own_host = [("Host", rebound), ("Origin", f"http://{rebound}")]
        reader, writer = await asyncio.open_connection(*here.split(":"))
        lines = ["GET /fund HTTP/1.1", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
        lines += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", *(f"{n}: {v}" for n, v in own_host)]
        writer.write("\r\n".join([*lines, f"token: {LOCAL_TOKEN}", "", ""]).encode())
        assert b"403" in await reader.readline()
        writer.close()
        assert await status_of(program(url, headers=[("Origin", f"http://{here}")])) == 101
        assert await status_of(program(url.replace("/fund", "/stock"))) == 404
        assert await status_of(program(url, headers=[(VERSION_HEADER, "99")])) == 426
        assert await status_of(program(url)) == 101


async def test_a_header_that_comes_twice_harms_nobody(tmp_path: Path) -> None:
    async with Exchange() as exchange, Window(exchange.url, tmp_path, listen=on_loopback()) as relay:
        await relay.running.reaches(L)
        twice = [(NAME_HEADER, "one"), (NAME_HEADER, "two" + "x" * 99), (QUEUE_HEADER, "?"), (QUEUE_HEADER, "?")]
        async with program(relay.sharing.url, headers=twice) as connection:
            await greeted(connection)
            assert relay.sharing.relay is not None
            assert relay.sharing.relay.windows[1].name.startswith("two")
            assert len(relay.sharing.relay.windows[1].name) == 40


async def test_the_401_is_the_vendor_s(tmp_path: Path) -> None:
    async with (
        Exchange() as exchange,
        Window(exchange.url, tmp_path, listen=on_loopback()) as relay,
        Running(relay.sharing.url) as running,
    ):
        assert "key refused" in await running.stops()


# --- limits ---


async def test_only_so_many_clients_are_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "MAX_CLIENTS", 2)
    async with Exchange() as exchange, Window(exchange.url, tmp_path, listen=on_loopback()) as relay:
        url = relay.sharing.url
        await relay.running.reaches(L)
        async with program(url) as first, program(url) as second:
            await asyncio.gather(receive(first), receive(second))
            assert await status_of(program(url)) == 429
        assert relay.sharing.relay is not None
        await until(lambda: len(relay.sharing.relay.windows) == 1)  # type: ignore[union-attr]
        assert await status_of(program(url)) == 101


async def test_connections_that_say_nothing_are_few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 3)
    async with Exchange() as exchange, Window(exchange.url, tmp_path, listen=on_loopback()) as relay:
        port = relay.sharing.url.rpartition(":")[2].removesuffix("/fund")
        opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(6)]
        async with asyncio.timeout(20):
            for reader, _ in opened[3:]:
                with suppress(ConnectionError):
                    assert not await reader.read()
        assert not any(reader.at_eof() for reader, _ in opened[:3])
        for _, writer in opened:
            writer.close()
        assert relay.sharing.relay is not None
        await until(lambda: not relay.sharing.relay._listeners[0].connections)  # type: ignore[union-attr]
        assert await status_of(program(relay.sharing.url)) == 101


async def test_a_handshake_that_does_not_get_on_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "OPEN_WITHIN", 0.5)
    async with Exchange() as exchange, Window(exchange.url, tmp_path, listen=on_loopback()) as relay:
        port = relay.sharing.url.rpartition(":")[2].removesuffix("/fund")
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /fund HTTP/1.1\r\nHost: ")
        async with asyncio.timeout(8):
            with suppress(ConnectionError):
                assert not await reader.read()
        writer.close()


async def test_a_handshake_in_progress_does_not_hold_up_the_end(tmp_path: Path) -> None:
    async with Exchange() as exchange:
        relay = Window(exchange.url, tmp_path, listen=on_loopback())
        await relay.__aenter__()
        port = relay.sharing.url.rpartition(":")[2].removesuffix("/fund")
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /fund HTTP/1.1\r\n")
        assert relay.sharing.relay is not None
        await until(lambda: relay.sharing.relay._listeners[0].connections)  # type: ignore[union-attr]
        async with asyncio.timeout(server.OPEN_WITHIN - 2):
            await relay.__aexit__(None, None, None)
        writer.close()


async def test_a_request_that_is_too_large_ends_its_client_alone(tmp_path: Path) -> None:
    async with Exchange() as exchange, Window(exchange.url, tmp_path, listen=on_loopback()) as relay:
        await relay.running.reaches(L)
        async with program(relay.sharing.url) as other, program(relay.sharing.url) as connection:
            await greeted(other)
            await connection.send("x" * (server.MAX_REQUEST + 1))
            assert (await ended(connection))[0] == 1009
            await subscribe(other, "tick")


async def test_a_flood_of_bad_requests_is_answered(tmp_path: Path) -> None:
    renew = encode_renew().decode()  # only a window of the same user may ask for it
    bad = ("?", "[1]", '{"ac":"subscribe","params":"QQQ","types":"tick"}', renew, "\x00", "{}", "\ud800")
    async with Exchange() as exchange, Window(exchange.url, tmp_path, listen=on_loopback()) as relay:
        await relay.running.reaches(L)
        async with program(relay.sharing.url) as connection, program(relay.sharing.url) as other:
            await asyncio.gather(greeted(connection), greeted(other))
            for _ in range(500):
                for text in bad:
                    await connection.send(text.encode(errors="surrogatepass"), text=len(text) > 1)
            await subscribe(other, "tick")
            assert await replies(connection, 500 * len(bad)) == [UNRESOLVED] * 500 * len(bad)
            assert relay.running.phases.count(L) == 1
            await subscribe(connection, "tick")


@asynccontextmanager
async def reads_nothing(relay: Window) -> AsyncIterator[tuple[RelayClient, ClientConnection]]:
    """A client that asks for 16 MB of pongs, of which it reads none."""
    connection = await connect(
        relay.sharing.url,
        additional_headers={"token": LOCAL_TOKEN},
        proxy=None,
        ping_interval=None,
        compression=None,
        max_queue=1,
    )

    async def ask() -> None:
        for _ in range(1_600):
            await connection.send(encode(Ping(params="1" * 10_000)), text=True)

    asking = asyncio.create_task(ask())
    served = relay.sharing.relay
    assert served is not None
    try:
        await until(lambda: served._clients and served._clients[-1].batch is None, 30)
        yield served._clients[-1], connection
    finally:
        asking.cancel()
        connection.transport.abort()


async def test_who_reads_no_replies_can_ask_no_more(tmp_path: Path) -> None:
    async with Exchange() as exchange, Window(exchange.url, tmp_path, listen=on_loopback()) as relay:
        await relay.running.reaches(L)
        async with program(relay.sharing.url) as other, reads_nothing(relay) as (client, connection):
            await greeted(other)
            await subscribe(other, "tick")
            await asyncio.sleep(1)
            assert client._socket.transport.get_write_buffer_size() < 256 * 1024
            await greeted(connection)
            for _ in range(1_600):
                assert (await receive(connection))["resAc"] == "pong"


async def test_a_client_may_ask_for_as_many_symbols_as_the_vendor_allows(tmp_path: Path) -> None:
    async with Exchange() as exchange, Window(exchange.url, tmp_path, listen=on_loopback()) as relay:
        await relay.running.reaches(L)
        async with program(relay.sharing.url) as connection:
            await greeted(connection)
            for begin, expected in ((0, SUBSCRIBED), (250, SUBSCRIBED), (500, OVER_LIMIT), (0, SUBSCRIBED)):
                params = ",".join(f"F{number}$US" for number in range(begin, begin + 250))
                await connection.send(json.dumps({"ac": "subscribe", "params": params, "types": "tick"}))
                assert await replies(connection, 1) == [expected]
            assert relay.sharing.relay is not None
            assert len(relay.sharing.relay._clients[0].symbols) == 500, "no more is kept of what it asks for"


async def test_a_refusal_waits_for_the_replies_before_it(tmp_path: Path) -> None:
    async with Exchange() as exchange, Window(exchange.url, tmp_path, listen=on_loopback()) as relay:
        await relay.running.reaches(L)
        async with program(relay.sharing.url) as connection:
            await greeted(connection)
            await connection.send('{"ac":"subscribe","params":"QQQ$US","types":"tick"}')
            await connection.send("?")
            assert await replies(connection, 2) == [SUBSCRIBED, UNRESOLVED]


async def test_who_asks_too_much_before_a_reply_is_disconnected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MAX_PENDING", 5)
    vendor = VendorServer(lambda _, request: reply_to(request) if isinstance(request, Ping) else None)
    async with serving(vendor) as url, Window(url, tmp_path, listen=on_loopback()) as relay:
        await relay.running.reaches(L)
        async with program(relay.sharing.url) as connection:
            for _ in range(6):
                await connection.send('{"ac":"subscribe","params":"QQQ$US","types":"tick"}')
            assert await ended(connection) == (1008, "too many requests without a reply")


async def test_who_reads_nothing_does_not_hold_up_the_end(tmp_path: Path) -> None:
    async with Exchange() as exchange:
        relay = Window(exchange.url, tmp_path, listen=on_loopback())
        await relay.__aenter__()
        await relay.running.reaches(L)
        async with reads_nothing(relay):
            async with asyncio.timeout(6):
                await relay.__aexit__(None, None, None)


async def test_what_comes_just_after_a_client_has_left_does_not_stop_the_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    received = ClientSocket.data_received
    left: list[RelayClient] = []

    def receive_and_flush(self: ClientSocket, data: bytes) -> None:
        received(self, data)
        if self.state is not State.OPEN and relay.sharing.relay is not None:  # its handler does not know yet
            for client in relay.sharing.relay._clients:
                client.batch = [frame_of(b"{}")]
                client.flush(b"")
                client.send(Pong(PongData("1")))
                left.append(client)

    async with Exchange() as exchange, Window(exchange.url, tmp_path, QQQ, listen=on_loopback()) as relay:
        await relay.running.reaches(L)
        loop_errors: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, error: loop_errors.append(error))
        monkeypatch.setattr(ClientSocket, "data_received", receive_and_flush)
        async with program(relay.sharing.url) as connection:
            await greeted(connection)
        await until(lambda: left)
        assert not loop_errors
