"""The table of faults by name: what a vendor, a network or another client may do to a feed.

It has no other content, so that the command line's help need not load the server. `fault_effects.py` implements them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from tui.errors import UsageError


class Fault(NamedTuple):
    """A fault: what it does, and its time in s, which is the interval between two occurrences or the delay of the only
    one."""

    description: str
    every: float = 0.0


FAULTS = {
    # Endings. 20 s is longer than the 15 s within which a drop counts as another client with the same key.
    "reset": Fault("TCP reset 20 s after each authentication", 20),
    "drop": Fault("cut without a close frame after 20 s", 20),
    "close-1000": Fault("closed with code 1000 after 20 s", 20),
    "close-1001": Fault("closed with code 1001 after 20 s", 20),
    "close-1011": Fault("closed with code 1011 after 20 s", 20),
    "half-open": Fault("after 10 s the socket stays open, but nothing is sent or answered any more", 10),
    "idle-cut": Fault("cut without a close frame when nothing has gone either way for 5 s, as idle proxies do", 5),
    "key-in-use": Fault("another client takes the key: closed 2 s after each authentication", 2),
    # The handshake.
    "http-429": Fault("refused with 429 and Retry-After, until 40 s have passed since the first try", 40),
    "http-401": Fault("refused with 401"),
    "http-403": Fault("refused with 403"),
    "http-404": Fault("refused with 404"),
    "redirect": Fault("answered with 302 to another address"),
    "no-date": Fault("answers of HTTP without a Date, to the handshake and over REST"),
    "auth-failed": Fault("the key is refused after the handshake"),
    "auth-silent": Fault("a greeting, then nothing"),
    # Replies.
    "pong-missing": Fault("no ping is answered, while data flows"),
    "pong-late": Fault("each ping is answered 12 s late", 12),
    "pong-wrong": Fault("each pong echoes another time than the ping's"),
    "subscribe-silent": Fault("a subscription to depth is never answered"),
    "subscribe-unparsable": Fault("a subscription to depth is answered 'cannot be resolved action'"),
    "depth-refused": Fault("a subscription to depth is refused in unknown words"),
    "kline-refused": Fault("a subscription to kline@1 is refused in unknown words"),
    "plan-limit": Fault("3 symbols at most; a request that would exceed them is refused whole"),
    "replaces": Fault("a subscription replaces the earlier symbols of its type"),
    "unsubscribe-closes": Fault("unsubscribe is answered 'no action', and the connection closed with 1000"),
    # Unsolicited frames.
    "malformed": Fault("every 2 s one frame that cannot be read, a dozen ways in turn", 2),
    "large": Fault("every 5 s a frame of 1 MB, of 2 MB, of 1 MB of garbage, in turn", 5),
    "escapes": Fault("escape sequences, bidi and markup: in replies and names, and every 2 s in symbols and types", 2),
    "old-time": Fault("every 2 s older ticks and quotes at other prices", 2),
    "future-time": Fault("every 5 s the latest ticks and quotes again, dated an hour ahead", 5),
    "absurd-time": Fault(
        "every 2 s the latest ticks and quotes again, dated in 1973, in 2286, in µs, in ns, in turn", 2
    ),
    "extreme-numbers": Fault(
        "every 2 s trades, quotes, books and bars with finite but absurd numbers (1.7e308, 5e-324, 1e12 …), then true "
        "ones",
        2,
    ),
    "burst": Fault("every 20 s some 100,000 messages at once: trades, quotes, some books", 20),
    # Content and encoding of the data.
    "crossed-book": Fault("books whose bids are above their asks, 2 s of every 5", 5),
    "empty-book": Fault("books of nothing but zeros, 2 s of every 5", 5),
    "one-sided": Fault("books without bids, next without asks, 2 s of every 5", 5),
    "silent-tick": Fault("no trades are sent, the last 2 of every 3 minutes", 180),
    "silent-quote": Fault("no quotes are sent, the last 2 of every 3 minutes", 180),
    "silent-depth": Fault("no books are sent, the last 2 of every 3 minutes", 180),
    "silent-kline": Fault("no bars are sent, the last 2 of every 3 minutes", 180),
    "quiet": Fault("nothing trades and no book moves, as at night"),
    "second-time": Fault("every t in seconds"),
    "microsecond-time": Fault("every t in microseconds"),
    "nanosecond-time": Fault("every t in nanoseconds"),
    "ahead-time": Fault("every t of ticks and quotes an hour ahead"),
    "no-time": Fault("ticks and quotes without t, or with null for it"),
    "strings": Fault("numbers as strings"),
    "lists": Fault("data as a list of several messages"),
    "spellings": Fault("symbols in every spelling seen: AAPL.US, lower case, three parts …"),
    # REST.
    "rest-429": Fault("REST is refused with 429 and Retry-After, until 40 s have passed since the first try", 40),
    "rest-500": Fault("REST is answered with 500"),
    "rest-redirect": Fault("REST is answered with 302 to another address"),
    "rest-refused": Fault("REST is refused in unknown words"),
    "rest-null": Fault("data: null in every answer of REST"),
    "rest-garbage": Fault("REST is answered with what cannot be read, a dozen ways in turn"),
    "rest-extreme": Fault("every third row of REST has finite but absurd numbers"),
    "rest-slow": Fault("REST is answered after 8 s", 8),
    "rest-single": Fault("REST has bars of one fund at a time only"),
    # Fixed at the start of an exchange.
    "lagging": Fault("all data 15 minutes behind"),
    "clock-off": Fault("the exchange's clock, t and Date alike, 3 minutes ahead"),
    "tick-size-per-print": Fault("v of a tick is the trade's own size, not the day's volume"),
}

FIXED_AT_START = frozenset({"lagging", "clock-off", "tick-size-per-print"})


def check_fault_names(names: Iterable[str]) -> tuple[str, ...]:
    """Returns the names, each once. Raises UsageError for an unknown one."""
    once = tuple(dict.fromkeys(names))
    for name in once:
        if name not in FAULTS:
            from difflib import get_close_matches

            close = get_close_matches(name, FAULTS, 1)
            like = f", did you mean '{close[0]}'?" if close else ":"
            raise UsageError(f"unknown fault '{name}'{like} itick-tui exchange --help lists them")
    return once
