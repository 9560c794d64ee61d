"""The message and the request that a relay adds to the vendor's protocol, and the headers of its handshake.

A client that does not send the header VERSION_HEADER is sent the vendor's messages alone.
"""

from __future__ import annotations

from msgspec import Struct, json

RELAY_VERSION = 1
VERSION_HEADER = "X-Itick-Relay"
"""Header of the request and of the response: the version of what is added."""
NAME_HEADER = "X-Itick-Name"
"""Header of the request: what the client is, `dashboard`, `stream` or `doctor`."""
DASHBOARD = "dashboard"
"""The name of a window that shows history, and asks for it if it holds the connection."""
QUEUE_HEADER = "X-Itick-Queue"
"""Header of the request: EVERYTHING asks for each message, also for those that newer ones have replaced."""
EVERYTHING = "everything"
CLOCK_ERROR_HEADER = "X-Itick-Clock-Error"
"""Header of the response: by how much its `Date` may differ from the vendor's, ms; without it nothing is known."""


class Window(Struct, omit_defaults=True):
    """A process that uses the connection. `conflated` counts messages that newer ones replaced before they were sent,
    `lost` those that did not fit its queue; `queued` are waiting."""

    pid: int
    name: str
    symbols: int = 0
    queued: int = 0
    conflated: int = 0
    lost: int = 0


class RelayReport(Struct, omit_defaults=True):
    """The state of a relay. `phase` is the name of a LinkPhase, `words` describe the link, `lag` is its median lag in
    ms; `error` is why it is lost, and `retry_in` when the next attempt
    is, in s. `served` counts the symbols that the connection has, of all who use it. `windows` has the holder of the
    connection first. The rest is of the client that it is sent to: `lost` counts its messages, and where the plan is
    full, `held` counts the symbols that it lacks and `holders`, other windows, have."""

    pid: int
    phase: str
    words: str
    error: str = ""
    retry_in: float = 0.0
    is_demo: bool = False
    served: int = 0
    lag: float | None = None
    lost: int = 0
    held: int = 0
    holders: int = 0
    windows: list[Window] = []

    @property
    def holder(self) -> str:
        """The process that holds the connection: `window 4711`, `relay 4711`."""
        name = self.windows[0].name if self.windows else DASHBOARD
        return f"{'window' if name == DASHBOARD else name} {self.pid}"

    @property
    def is_served(self) -> bool:
        """True once the vendor has accepted the key: others may subscribe."""
        return self.phase in ("SUBSCRIBING", "LIVE")


class RelayStatus(Struct, tag_field="resAc", tag="relay", omit_defaults=True):
    """What a relay tells its own clients. The messages behind it arrived at the relay at `arrived`, ms UTC."""

    arrived: int = 0
    report: RelayReport | None = None


class Renew(Struct, tag_field="ac", tag="renew"):
    """Asks a relay of this user for a new connection to the vendor."""


_encode = json.Encoder().encode


def encode_status(status: RelayStatus) -> bytes:
    """Returns the text of a status."""
    return _encode(status)


def encode_renew() -> bytes:
    """Returns the text of a request to renew."""
    return _encode(Renew())
