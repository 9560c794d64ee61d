"""A server that floods: every message is made and framed beforehand, then written as fast as the client takes it.

Run as a process of its own, so that its work is not counted as the client's. Prints its port on standard output.
"""

from __future__ import annotations

import asyncio
import random
import sys

from websockets.asyncio.server import ServerConnection, serve
from websockets.frames import Frame, Opcode

from tui.protocol import (
    AUTHENTICATED,
    CONNECTED,
    SUBSCRIBED,
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
    SubscribeReply,
    Tick,
    decode_request,
    encode,
)

SYMBOLS = 500
TYPES = 4
_CHUNK = 64 * 1024


def messages(count: int) -> list[Push]:
    """40 % ticks, 30 % quotes, 27 % ten-level books, 3 % klines over 500 symbols, their times rising."""
    rng = random.Random(1)
    made: list[Push] = []
    kinds = rng.choices((Tick, Quote, Depth, Kline), weights=(40, 30, 27, 3), k=count)
    for n, kind in enumerate(kinds):
        code = f"S{rng.randrange(SYMBOLS):03d}"
        time = 1_731_689_407_000 + n // 50
        price = round(100 + rng.gauss(0, 1), 2)
        if kind is Tick:
            made.append(Tick(symbol=f"{code}$US", last=price, volume=16_742_235 + n, time=time))
        elif kind is Quote:
            made.append(
                Quote(
                    symbol=f"{code}$US",
                    last=price,
                    open=100.1,
                    high=106.2,
                    low=93.4,
                    time=time,
                    volume=16_742_235 + n,
                    turnover=3774688301.452,
                )
            )
        elif kind is Depth:
            asks, bids = (
                [
                    Level(price=round(price + side * level / 100, 2), volume=v, level=level, size=v)
                    for level in range(1, 11)
                    for v in (100.0 * rng.randrange(1, 40),)
                ]
                for side in (1, -1)
            )
            made.append(Depth(symbol=f"{code}$US", asks=asks, bids=bids))
        else:
            made.append(
                Kline(
                    symbol=code,
                    region="US",
                    open=price,
                    high=price + 0.1,
                    low=price - 0.1,
                    close=price,
                    time=time // 60_000 * 60_000,
                    volume=28,
                    turnover=2800.0,
                )
            )
    return made


def _framed(frame: bytes) -> bytes:
    return Frame(Opcode.TEXT, frame).serialize(mask=False)


async def main(count: int) -> None:
    chunks, chunk = [], bytearray()
    for message in messages(count):
        chunk += _framed(encode(message))
        if len(chunk) > _CHUNK:
            chunks.append(bytes(chunk))
            chunk.clear()
    chunks.append(bytes(chunk))

    async def serve_one(websocket: ServerConnection) -> None:
        for greeting in (Hello(1, CONNECTED), AuthReply(1, AUTHENTICATED)):
            await websocket.send(encode(greeting), text=True)
        subscribed = 0
        async for frame in websocket:
            request = decode_request(frame if isinstance(frame, bytes) else frame.encode())
            if isinstance(request, Ping):
                await websocket.send(encode(Pong(PongData(request.params))), text=True)
                continue
            await websocket.send(encode(SubscribeReply(1, SUBSCRIBED)), text=True)
            subscribed += 1
            if subscribed == TYPES:
                for chunk in chunks:
                    websocket.transport.write(chunk)
                    await websocket.drain()

    async with serve(serve_one, "127.0.0.1", 0, compression=None, ping_interval=None, max_queue=None) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
