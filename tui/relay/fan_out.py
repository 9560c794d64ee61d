"""Passes each frame on to those who subscribed to its symbol and type, and keeps the last one for who joins later."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tui.market.spellings import find_by_spelling
from tui.protocol.messages import CLASSES, TYPE_OF, TYPES, Kline, Push, Tick
from tui.relay.client import RelayClient, arrival_frame, frame_of
from tui.symbol import Symbol

_MAX_SPELLINGS = 4_096


class _Channel:
    """One type of one symbol: who subscribed to it, whether this process wants it too, and its last frame with its
    arrival, ms UTC."""

    __slots__ = ("arrived", "is_own", "is_trade", "last", "subscribers")

    def __init__(self, is_own: bool, is_trade: bool) -> None:
        self.is_own = is_own
        self.is_trade = is_trade
        self.subscribers: list[RelayClient] = []
        self.last = b""
        self.arrived = 0


class FanOut:
    """The channels of a relay. `last_own` returns the text of the last message that this process has of a symbol and
    type with its arrival, ms UTC: nothing is kept before somebody subscribes, and everything until the connection
    ends."""

    def __init__(self, last_own: Callable[[Symbol, str], tuple[bytes, int] | None]) -> None:
        self._last_own = last_own
        self._own: dict[str, dict[Symbol, None]] = {type_: {} for type_ in TYPES}
        self._channels: dict[str, dict[Symbol, _Channel]] = {type_: {} for type_ in TYPES}
        self._spellings: dict[type[Push], dict[str, _Channel | None]] = {kind: {} for kind in CLASSES.values()}
        self._written: list[RelayClient] = []  # clients with a batch
        self.arrived = 0
        """When the latest frames arrived, ms UTC."""

    @property
    def is_shared(self) -> bool:
        """True once somebody has asked for something."""
        return any(self._channels.values())

    @property
    def own_symbols(self) -> set[Symbol]:
        """The symbols that this process wants itself."""
        return set().union(*self._own.values())

    def set_own(self, own: Mapping[str, Sequence[Symbol]]) -> None:
        """Set what this process wants itself, symbols by type."""
        self._own = {type_: dict.fromkeys(own.get(type_, ())) for type_ in TYPES}
        for type_, channels in self._channels.items():
            for symbol, channel in channels.items():
                channel.is_own = symbol in self._own[type_]
        for spellings in self._spellings.values():
            spellings.clear()

    def begin(self, arrived: float) -> None:
        """Begin with the frames of one read, which arrived at this time, ms UTC."""
        self.arrived = int(arrived)

    def forward(self, frame: bytes | bytearray, message: Push) -> bool:
        """Pass a frame on to its subscribers. Returns False if they alone want it.

        Cost: one look-up, the frame's head, and an append for each subscriber.
        """
        spelling = message.symbol if message.region is None else f"{message.symbol}${message.region}"
        spellings = self._spellings[type(message)]
        channel = spellings[spelling] if spelling in spellings else self._find(message, spelling)
        if channel is None:
            return True
        framed = frame_of(frame)
        channel.last, channel.arrived = framed, self.arrived
        for client in channel.subscribers:
            batch = client.batch
            if batch is None:
                # A bar is replaced by one of its own minute: the last of each minute is what a chart keeps.
                key = (channel, message.time) if type(message) is Kline else channel
                client.queue.add(key, framed, self.arrived, channel.is_trade)
            else:
                if not batch:
                    self._written.append(client)
                batch.append(framed)
        return channel.is_own

    def end(self) -> None:
        """End the frames of one read: write them to the clients."""
        if self._written:
            mark = arrival_frame(self.arrived)
            for client in self._written:
                client.flush(mark)
            self._written.clear()

    def open(self, type_: str, symbol: Symbol) -> None:
        """Keep the last message from now on: somebody has asked for it, and the vendor sends it before its reply."""
        kind, channels = CLASSES[type_], self._channels[type_]
        if symbol not in channels:
            channels[symbol] = channel = _Channel(symbol in self._own[type_], kind is Tick)
            self._spellings[kind].clear()
            if (last := self._last_own(symbol, type_)) is not None:
                channel.last, channel.arrived = frame_of(last[0]), last[1]

    def subscribe(self, client: RelayClient, types: Sequence[str], symbols: Sequence[Symbol]) -> None:
        """Subscribe a client to open channels, and send it the last message of each."""
        channels = [self._channels[type_][symbol] for type_ in types for symbol in symbols]
        new = [channel for channel in channels if client not in channel.subscribers]
        for channel in new:
            channel.subscribers.append(client)
        client.served.update(symbols)
        client.send_last((each, each.last, each.arrived, each.is_trade) for each in new if each.last)

    def remove(self, client: RelayClient) -> None:
        """Remove a client from all channels. They stay open, since the vendor goes on sending: who asks for one again
        gets its last message from here alone."""
        for type_, symbols in client.wanted.items():
            for symbol in symbols:
                if (channel := self._channels[type_].get(symbol)) is not None and client in channel.subscribers:
                    channel.subscribers.remove(client)

    def clear(self) -> None:
        """Forget all channels: the connection has ended."""
        for channels in self._channels.values():
            channels.clear()
        for spellings in self._spellings.values():
            spellings.clear()

    def _find(self, message: Push, spelling: str) -> _Channel | None:
        """Returns the channel of a new spelling, and remembers it; None if nobody subscribed to it."""
        kind = type(message)
        channels, own = self._channels[TYPE_OF[kind]], self._own[TYPE_OF[kind]]
        known = {symbol: symbol for symbol in (*channels, *own)}
        symbol = find_by_spelling(message, known, {symbol.region for symbol in known})
        channel = channels.get(symbol) if symbol is not None else None
        if len(self._spellings[kind]) < _MAX_SPELLINGS:
            self._spellings[kind][spelling] = channel
        return channel
