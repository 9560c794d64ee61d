"""A server that sends as fast as the client reads, or at a steady rate, without end or a number of messages.

    python -m tests.benchmarks.sender [--symbols N] [--count N] [--rate N] [--probes] [--watch] [--tls FILE]
                                      [--minutes N]

Run as a process of its own, so that its work is not counted as the client's. Messages are made and framed in advance;
times and volumes, which must rise, are inserted when they are sent. Prints its port on standard output. With `--probes`
one more trade of the first symbol is sent every 50 ms, whose price encodes its number, and that price and the time (s,
monotonic) are printed. With `--watch`, at a steady rate, the messages sent, the bytes still buffered and the time are
printed ten times a second. With `--tls`, a file with a certificate and its key, it serves TLS. With `--minutes` the
bars of so many completed minutes, of each symbol, are sent first.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import random
import ssl
import time

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.protocol import State

from tui.protocol.decoder import decode_request
from tui.protocol.messages import (
    AUTHENTICATED,
    CONNECTED,
    SUBSCRIBED,
    TYPES,
    AuthReply,
    Depth,
    Hello,
    Kline,
    Level,
    Ping,
    Pong,
    PongData,
    Push,
    Quote,
    ServedLevel,
    SubscribeReply,
    Tick,
    encode,
)
from tui.symbol import Symbol

SYMBOLS = 500
_PREPARED = 100_000  # messages made in advance, sent repeatedly
_BATCH = 220  # messages in one write of a flood, about 64 KB
_WRITE_INTERVAL = 0.005  # s, between two writes at a steady rate
_PROBE_INTERVAL = 0.05  # s
_WATCH_INTERVAL = 0.1  # s
# Placeholders replaced when messages are sent, each by a number of as many digits.
_TIME, _MINUTE, _ROUND = 1_111_111_111_111, 2_222_222_222_222, 3_333


def symbols(count: int = SYMBOLS) -> list[Symbol]:
    """Returns the symbols that are sent."""
    return [Symbol(f"S{n:03d}", "US") for n in range(count)]


def messages(count: int, symbol_count: int = SYMBOLS) -> list[Push]:
    """Returns 40 % ticks, 30 % quotes, 27 % ten-level books, 3 % klines over so many symbols."""
    rng = random.Random(1)
    messages_: list[Push] = []
    kinds = rng.choices((Tick, Quote, Depth, Kline), weights=(40, 30, 27, 3), k=count)
    for n, kind in enumerate(kinds):
        code = f"S{rng.randrange(symbol_count):03d}"
        price = round(100 + rng.gauss(0, 1), 2)
        volume = _ROUND * 1_000_000 + n
        if kind is Tick:
            messages_.append(Tick(symbol=f"{code}$US", last=price, volume=volume, time=_TIME))
        elif kind is Quote:
            messages_.append(
                Quote(
                    symbol=f"{code}$US",
                    last=price,
                    open=100.1,
                    high=106.2,
                    low=93.4,
                    time=_TIME,
                    volume=volume,
                    turnover=3774688301.452,
                )
            )
        elif kind is Depth:
            sides: list[list[Level]] = [[], []]
            for side, levels in zip((1, -1), sides, strict=True):
                for level in range(1, 11):
                    size = 100.0 * rng.randrange(1, 40)
                    levels.append(ServedLevel(round(price + side * level / 100, 2), size, level, size))
            messages_.append(Depth(symbol=f"{code}$US", asks=sides[0], bids=sides[1]))
        else:
            messages_.append(_bar(code, price))
    return messages_


def _bar(code: str, price: float) -> Kline:
    return Kline(
        symbol=code,
        region="US",
        open=price,
        high=price + 0.1,
        low=price - 0.1,
        close=price,
        time=_MINUTE,
        volume=28,
        turnover=2800.0,
    )


def prepared_messages(symbol_count: int = SYMBOLS) -> list[Push]:
    """Returns the messages that are sent repeatedly."""
    return messages(_PREPARED, symbol_count)


def _encode_frame(message: Push) -> bytes:
    return Frame(Opcode.TEXT, encode(message)).serialize(mask=False)


def with_times(frames: bytes, time_ms: int, round_: int) -> bytes:
    """Returns frames with their times, and the volumes of their `round_`-th repetition."""
    minute = time_ms // 60_000 * 60_000
    frames = frames.replace(b"%d" % _TIME, b"%d" % time_ms).replace(b"%d" % _MINUTE, b"%d" % minute)
    return frames.replace(b":%d" % _ROUND, b":%04d" % (1_000 + round_ % 9_000))


async def send_flood(websocket: ServerConnection, frames: list[bytes], count: int | None) -> None:
    remaining = count if count is not None else float("inf")
    for round_ in itertools.count():
        for at in range(0, len(frames), _BATCH):
            batch = frames[at : at + int(min(_BATCH, remaining))]
            if not batch or websocket.state is not State.OPEN:
                return
            websocket.transport.write(with_times(b"".join(batch), int(1000 * time.time()), round_))
            await websocket.drain()
            await asyncio.sleep(0)  # once the client is gone, a TLS transport never pauses the sender
            remaining -= len(batch)


async def send_minutes(websocket: ServerConnection, symbol_count: int, minutes: int) -> None:
    """Send the bars of the minutes before this one, oldest first."""
    frames = b"".join(_encode_frame(_bar(symbol.code, 100.0)) for symbol in symbols(symbol_count))
    now = int(1000 * time.time())
    for ago in range(minutes, 0, -1):
        websocket.transport.write(with_times(frames, now - 60_000 * ago, 0))
        await websocket.drain()


async def send_at_rate(
    websocket: ServerConnection, frames: list[bytes], rate: float, count: int | None, *, watch: bool
) -> None:
    began, sent, watched_at = time.monotonic(), 0, 0.0
    while sent != count and websocket.state is State.OPEN:
        due = int((time.monotonic() - began) * rate)
        due = due if count is None else min(due, count)
        for number in range(sent, due):
            round_, at = divmod(number, len(frames))
            if websocket.transport.is_closing():
                return
            websocket.transport.write(with_times(frames[at], int(1000 * time.time()), round_))
        sent = due
        if watch and (sent == count or time.monotonic() - watched_at >= _WATCH_INTERVAL):
            watched_at = time.monotonic()
            print(sent, websocket.transport.get_write_buffer_size(), watched_at, flush=True)
        await websocket.drain()
        await asyncio.sleep(_WRITE_INTERVAL)


async def send_probes(websocket: ServerConnection, symbol: Symbol) -> None:
    for number in itertools.count():
        price = 10_000 + number / 100
        frame = _encode_frame(Tick(symbol=str(symbol), last=price, volume=0, time=int(1000 * time.time())))
        print(f"{price:.2f} {time.monotonic()}", flush=True)
        websocket.transport.write(frame)
        await asyncio.sleep(_PROBE_INTERVAL)


async def main(
    symbol_count: int,
    count: int | None,
    rate: float | None,
    *,
    probes: bool,
    watch: bool,
    certificate: str | None,
    minutes: int,
) -> None:
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    frames = [_encode_frame(message) for message in (prepared_messages(symbol_count) if rate is None or rate else ())]

    async def serve_one(websocket: ServerConnection) -> None:
        for greeting in (Hello(1, CONNECTED), AuthReply(1, AUTHENTICATED)):
            await websocket.send(encode(greeting), text=True)
        tasks: list[asyncio.Task[None]] = []
        try:
            with contextlib.suppress(ConnectionClosed):
                await answer(websocket, tasks)
        finally:
            for task in tasks:
                task.cancel()

    async def answer(websocket: ServerConnection, tasks: list[asyncio.Task[None]]) -> None:
        subscribed = 0
        async for frame in websocket:
            request = decode_request(frame if isinstance(frame, bytes) else frame.encode())
            if isinstance(request, Ping):
                await websocket.send(encode(Pong(PongData(request.params))), text=True)
                continue
            await websocket.send(encode(SubscribeReply(1, SUBSCRIBED)), text=True)
            subscribed += 1
            if subscribed == len(TYPES):
                await send_minutes(websocket, symbol_count, minutes)
                sending = (
                    send_at_rate(websocket, frames, rate, count, watch=watch)
                    if rate is not None
                    else send_flood(websocket, frames, count)
                )
                tasks.append(asyncio.create_task(sending))
                if probes:
                    tasks.append(asyncio.create_task(send_probes(websocket, symbols(symbol_count)[0])))

    async with serve(
        serve_one, "127.0.0.1", 0, ssl=context, compression=None, ping_interval=None, max_queue=None
    ) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--symbols", type=int, default=SYMBOLS)
    parser.add_argument("--count", type=int)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--probes", action="store_true")
    parser.add_argument("--watch", action="store_true")
    parser.add_argument("--tls", metavar="FILE")
    parser.add_argument("--minutes", type=int, default=0)
    options = parser.parse_args()
    asyncio.run(
        main(
            options.symbols,
            options.count,
            options.rate,
            probes=options.probes,
            watch=options.watch,
            certificate=options.tls,
            minutes=options.minutes,
        )
    )
