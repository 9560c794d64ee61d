"""A relay and its clients in memory: who gets which message, in which order, and what is counted."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from socket import socketpair

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import State

from tests.relay.fake_sockets import HIGH, FakeSocket, fake_client
from tui.protocol.messages import TYPE_OF, TYPES, Depth, Kline, Message, Push, Quote, ServedLevel, Tick, encode
from tui.relay import client as client_module
from tui.relay import send_queue
from tui.relay.client import RelayClient, frame_of
from tui.relay.fan_out import FanOut
from tui.symbol import Symbol

T = 1_731_689_407_000
SYMBOLS = [Symbol(f"S{n}", "US") for n in range(3)]
Channel = tuple[str, Symbol]
CHANNELS: list[Channel] = [(type_, symbol) for type_ in TYPES for symbol in SYMBOLS]


@pytest.fixture(autouse=True)
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that a short test reaches."""
    monkeypatch.setattr(send_queue, "MAX_TRADES_BYTES", 1_500)
    monkeypatch.setattr(send_queue, "MAX_EVERYTHING_BYTES", 4_000)
    monkeypatch.setattr(client_module, "_PORTION", 300)


def message_of(channel: Channel, number: int) -> Push:
    type_, symbol = channel
    if type_ == "tick":
        return Tick(symbol=str(symbol), last=1.0, volume=number, time=T)
    if type_ == "quote":
        return Quote(symbol=str(symbol), last=1.0, open=1.0, high=1.0, low=1.0, time=T, volume=number, turnover=0.0)
    if type_ == "depth":
        return Depth(symbol=str(symbol), asks=[ServedLevel(number, 1, 1, 1)], bids=[])
    return Kline(
        symbol=symbol.code,
        region="US",
        open=1.0,
        high=1.0,
        low=1.0,
        close=1.0,
        time=T,
        volume=number,
        turnover=0.0,
    )


def read_back(message: Message) -> tuple[Channel, int]:
    assert isinstance(message, Tick | Quote | Depth | Kline)
    number = message.asks[0].price if isinstance(message, Depth) else message.volume
    assert number is not None
    return (TYPE_OF[type(message)], Symbol(message.symbol.partition("$")[0], "US")), int(number)


class Market:
    """A relay with its clients, and what each client is to have: all messages of a channel since it joined."""

    def __init__(self) -> None:
        self.fan_out = FanOut(lambda symbol, type_: None)
        self.clients: list[tuple[RelayClient, FakeSocket]] = []
        self.due: list[dict[Channel, list[int]]] = []
        self.arrived: dict[int, int] = {}
        self.last: dict[Channel, int] = {}
        self.number = 0
        self.now = 1_000

    def join(self, channels: list[Channel], *, everything: bool = False) -> None:
        client, socket = fake_client(everything=everything)
        self.clients.append((client, socket))
        self.due.append(defaultdict(list))
        self.subscribe(len(self.clients) - 1, channels)

    def subscribe(self, n: int, channels: list[Channel]) -> None:
        client = self.clients[n][0]
        for type_, symbol in channels:
            self.fan_out.open(type_, symbol)
            client.wanted[type_][symbol] = None
            self.fan_out.subscribe(client, [type_], [symbol])
            channel = (type_, symbol)
            if channel not in self.due[n]:
                self.due[n][channel] = [self.last[channel]] if channel in self.last else []

    def push(self, channels: list[Channel]) -> None:
        """The frames of one read."""
        self.now += 7
        self.fan_out.begin(self.now)
        for channel in channels:
            self.number += 1
            self.arrived[self.number] = self.now
            message = message_of(channel, self.number)
            self.fan_out.forward(encode(message), message)
            if any(channel in due for due in self.due):
                self.last[channel] = self.number
            for due in self.due:
                if channel in due:
                    due[channel].append(self.number)
        self.fan_out.end()

    def check(self, n: int) -> None:
        client, socket = self.clients[n]
        socket.read_all()
        assert not len(client.queue) and client.batch == []
        got: dict[Channel, list[int]] = defaultdict(list)
        for arrived, message in socket.received():
            channel, number = read_back(message)
            assert arrived == self.arrived[number], "the mark of its arrival"
            got[channel].append(number)
        missing = {True: 0, False: 0}
        for channel, due in self.due[n].items():
            numbers = got.pop(channel, [])
            assert numbers == sorted(set(numbers)), "nothing older after newer"
            assert set(numbers) <= set(due)
            is_trade = channel[0] == "tick"
            assert is_trade or numbers[-1:] == due[-1:], "the newest is always delivered"
            missing[is_trade] += len(due) - len(numbers)
        assert not got
        if client.queue._replaces:
            assert missing == {True: client.queue.lost, False: client.queue.conflated}
        else:
            assert (sum(missing.values()), 0) == (client.queue.lost, client.queue.conflated)
        assert socket.largest < HIGH + 3_000


channels_ = st.lists(st.sampled_from(CHANNELS), min_size=1, max_size=20)
events = st.lists(
    st.one_of(
        st.tuples(st.just("push"), channels_),
        st.tuples(st.just("join"), channels_),
        st.tuples(st.just("record"), channels_),
        st.tuples(st.just("more"), channels_),
        st.tuples(st.just("read"), st.integers(1, 3_000)),
    ),
    max_size=40,
)


@given(events, st.randoms(use_true_random=False))
def test_each_client_gets_a_snapshot_then_all_that_follows_and_what_it_misses_is_counted(
    events: list[tuple[str, list[Channel] | int]], random: object
) -> None:
    market = Market()
    market.join(CHANNELS)
    for n, (what, value) in enumerate(events):
        if isinstance(value, int):
            market.clients[n % len(market.clients)][1].read(value)
        elif what == "push":
            market.push(value * 2)
        elif what == "more":
            market.subscribe(n % len(market.clients), value)
        else:
            market.join(value, everything=what == "record")
    for n in range(len(market.clients)):
        market.check(n)


def flood(market: Market, channels: list[Channel], times: int) -> None:
    for _ in range(times):
        market.push(channels)


def test_a_client_that_reads_nothing_waits_in_bounds_and_then_has_the_newest_of_all() -> None:
    market = Market()
    market.join(CHANNELS)
    flood(market, CHANNELS, 200)
    client = market.clients[0][0]
    assert client.batch is None
    assert len(client.queue) <= 9 + 1_500 // 80
    assert client.queue.lost > 400 and client.queue.conflated > 1_000
    market.check(0)


def taken_one_by_one(keys: list[tuple[str, bool]], times: int) -> set[bytes]:
    """Returns which frames are taken, one after each time that a frame of each key came in this order."""
    queue, taken = send_queue.SendQueue(), set[bytes]()
    for n in range(times):
        for key, is_trade in keys:
            queue.add(key, key.encode(), n, is_trade)
        taken.add(queue.take(1, lambda arrived: b""))
    return taken


def test_each_symbol_is_sent_in_its_turn_although_newer_messages_come_faster_than_they_are_read() -> None:
    """A busy one would go to the end of the queue with each message, and never be sent."""
    assert taken_one_by_one([("a", False), ("b", False), ("c", False)], 9) == {b"a", b"b", b"c"}


def test_a_bar_is_replaced_by_one_of_its_own_minute() -> None:
    fan_out, symbol = FanOut(lambda symbol, type_: None), SYMBOLS[0]
    client, _ = fake_client(everything=False)
    fan_out.open("kline@1", symbol)
    client.wanted["kline@1"][symbol] = None
    fan_out.subscribe(client, ["kline@1"], [symbol])
    client.batch = None  # the socket takes no more
    for minute, volume in ((0, 1), (0, 2), (1, 3), (1, 4), (2, 5)):
        bar = message_of(("kline@1", symbol), volume)
        assert isinstance(bar, Kline)
        bar.time += minute * 60_000
        fan_out.forward(encode(bar), bar)
    assert (len(client.queue), client.queue.conflated) == (3, 2)
    waiting = client.queue.take(10_000, lambda arrived: b"")
    assert [volume for volume in range(1, 6) if f'"v":{volume}'.encode() in waiting] == [2, 4, 5]


def test_quotes_are_sent_although_trades_come_faster_than_they_are_read() -> None:
    assert b"q" in b"".join(taken_one_by_one([("t", True), ("q", False), ("t", True)], 9))


def test_a_symbol_that_nobody_wants_any_more_still_has_its_last_message_for_who_asks_again() -> None:
    """The vendor goes on sending it, and sends no first message to a second request."""
    market = Market()
    market.join(CHANNELS)
    market.push(CHANNELS)
    market.fan_out.remove(market.clients[0][0])
    market.due[0].clear()
    for channel in CHANNELS:
        message = message_of(channel, market.number + 1)
        market.number += 1
        market.arrived[market.number] = market.fan_out.arrived
        market.last[channel] = market.number
        assert market.fan_out.forward(encode(message), message) is False, "nor does this process count it"
    market.fan_out.end()
    market.join(CHANNELS)
    market.check(1)
    assert len(list(market.clients[1][1].received())) == len(CHANNELS)


def test_the_frames_of_a_snapshot_go_out_at_once_behind_a_mark_for_each_arrival() -> None:
    market = Market()
    market.join(CHANNELS)
    market.push(CHANNELS[:6])
    market.push(CHANNELS[3:])
    client, socket = fake_client()
    writes: list[bytes] = []
    socket.write = writes.append  # type: ignore[assignment,method-assign]
    market.fan_out.subscribe(client, TYPES, SYMBOLS)
    assert len(writes) == 1
    assert writes[0].count(b'"relay"') == 2


def test_a_message_without_a_region_is_that_of_the_only_symbol_that_anybody_wants() -> None:
    fan_out = FanOut(lambda symbol, type_: None)
    fan_out.open("tick", Symbol("S0", "HK"))
    trade = Tick(symbol="S0", last=1.0, volume=1, time=T)
    assert fan_out.forward(encode(trade), trade) is False
    fan_out.set_own({"tick": [Symbol("S0", "US")]})
    assert fan_out.forward(encode(trade), trade) is True, "it may be that of this process"


def test_another_program_is_sent_the_vendors_messages_alone() -> None:
    fan_out = FanOut(lambda symbol, type_: None)
    client, socket = fake_client(knows_status=False)
    for type_, symbol in CHANNELS:
        fan_out.open(type_, symbol)
    fan_out.subscribe(client, TYPES, SYMBOLS)
    client.send_status(b'{"resAc":"relay"}')
    for n in range(100):
        fan_out.begin(n)
        message = message_of(CHANNELS[n % len(CHANNELS)], n)
        fan_out.forward(encode(message), message)
        fan_out.end()
    socket.read_all()
    assert b"relay" not in socket._read
    assert len(list(socket.received())) > 12


def test_a_client_that_is_closing_is_written_nothing() -> None:
    """It is still among the clients until its end is handled; the error would end the connection to the vendor."""
    market = Market()
    market.join(CHANNELS)
    market.clients[0][1].state = State.CLOSING
    market.push(CHANNELS)
    market.clients[0][0].send_status(b"{}")
    market.clients[0][0].send(Quote(symbol="S0$US", last=1.0, open=1, high=1, low=1, time=T, volume=1, turnover=1))


def sizes() -> Iterator[int]:
    for limit in (0, 125, 126, 0xFFFF, 0x10000, 100_000):
        yield from (limit, limit + 1)


async def test_who_is_lost_while_it_is_written_to_is_written_no_more(caplog: pytest.LogCaptureFixture) -> None:
    ours, theirs = socketpair()
    client, socket = fake_client(everything=True)
    connected = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=ours)
    socket.transport = connected[0]  # type: ignore[assignment]
    socket.on_full()
    for number in range(60):
        client.queue.add("key", frame_of(b"x" * 40), number, is_trade=True)
    theirs.close()
    socket.on_room()
    assert 0 < client.sent < 60
    assert "raised exception" not in caplog.text


@pytest.mark.parametrize("size", sizes())
def test_a_frame_is_the_librarys(size: int) -> None:
    text = b"x" * size
    assert frame_of(text) == Frame(Opcode.TEXT, text).serialize(mask=False)


def test_a_client_that_only_pings_makes_no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is sent to it at once grows in the socket's buffer, which is no sign of reading."""
    client, socket = fake_client()
    socket.write(b"x" * (HIGH + 1))
    assert not client.is_stalled(1.0)
    for second in range(2, 30):
        socket.write(b"pong")
        stalled = client.is_stalled(float(second))
        assert stalled == (second > client_module.MAX_STALL)
    socket.read(100)
    assert not client.is_stalled(31.0)
