"""A NATS server: its address, the credentials for it, and a connection. The client library is an extra."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from tui.errors import NoConnection, UsageError, reason
from tui.feed.endpoint import host_of, is_loopback
from tui.feed.failures import translate_network_errors
from tui.feed.tls import trust
from tui.files import read_small
from tui.secrets import Token, permission_warning, safe_text
from tui.symbol import sanitize

if TYPE_CHECKING:
    from nats.aio.client import Client

_OPEN_WITHIN = 5.0  # s, each of TCP, TLS and the replies
_PING_EVERY = 5  # s; the server is lost after two without a reply

_log = logging.getLogger(__name__)


class NatsServer(NamedTuple):
    """Where a NATS server is, and the content of its credentials file: a JWT with its seed, the seed of an NKEY, or
    `USER:PASSWORD`."""

    url: str
    credentials: Token | None = None

    @property
    def host(self) -> str:
        """HOST or HOST:PORT, for display."""
        return host_of(self.url)


def find_server(url: str, file: Path | None, notices: list[str]) -> NatsServer:
    """Returns the server of a URL and the credentials in a file. Appends notices about what travels in clear, and about
    a file that others can read. Raises UsageError, also without the client library."""
    if "@" in url:
        # Not repeated in the error: the part before the @ may be a password.
        raise UsageError(
            "a NATS address may not hold a user or password, which others could read in the list of processes: "
            "put USER:PASSWORD, an NKEY seed or a .creds file into --nats-credentials FILE"
        )
    shown = sanitize(url)
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    if parts.scheme not in ("nats", "tls") or not host or shown != url or " " in url or parts.path.strip("/"):
        raise UsageError(f"'{shown}' is not the address of a NATS server: write nats://HOST:4222, or tls://HOST:4222")
    try:
        import nats.aio.client  # noqa: F401
    except ImportError:
        raise UsageError("NATS needs its client library: pip install 'itick-tui[team]'") from None
    credentials = None
    if file is not None:
        credentials = _read_credentials(file)
        if warning := permission_warning(file):
            notices.append(warning.replace("your key", "the credentials"))
    if parts.scheme == "nats" and not is_loopback(url):
        if credentials is not None and _kind_of(credentials) == "password":
            raise UsageError(f"refusing plain nats:// to {host}: the password would travel in clear. Use tls://")
        notices.append(f"nats://{parts.netloc} without TLS: who is on the way can read and change the prices")
    return NatsServer(url, credentials)


def _read_credentials(file: Path) -> Token:
    try:
        text = read_small(file).decode().strip()
    except OSError as error:
        raise UsageError(f"cannot read the credentials in {sanitize(str(file))}: {reason(error)}") from None
    except UnicodeDecodeError:
        text = ""
    token = Token(text)
    if _kind_of(token) == "":
        raise UsageError(
            f"{sanitize(str(file))} holds no NATS credentials: a .creds file, an NKEY seed or USER:PASSWORD"
        )
    return token


def _kind_of(credentials: Token) -> str:
    text = credentials.reveal()
    if "-----BEGIN NATS USER JWT-----" in text:
        return "jwt"
    if text.startswith("SU") and text.isalnum():
        return "seed"
    return "password" if ":" in text and "\n" not in text else ""


class ServerFacts(NamedTuple):
    """What a server says of itself."""

    version: str
    is_secure: bool
    has_jetstream: bool


def facts_of(client: Client) -> ServerFacts:
    """Returns what the server of a connected client has said of itself."""
    info = client._server_info
    version = safe_text(str(info.get("version", "of an unknown version")))[:20]
    return ServerFacts(version, bool(info.get("tls_required")), bool(info.get("jetstream")))


async def open_client(server: NatsServer, name: str, on_end: Callable[[NoConnection], None]) -> Client:
    """Returns a connected client. `on_end` is called when its connection, once open, has ended or has lost messages: it
    is never opened again here. Raises NoConnection."""
    from nats.aio.client import Client, RawCredentials
    from nats.errors import Error, SlowConsumerError

    client, wants_tls = Client(), urlsplit(server.url).scheme == "tls"
    plain = f"{server.host} offers no TLS: write nats:// if that is meant"
    is_open = False

    def check_tls() -> None:
        # The library connects in clear where the server does not ask for TLS, whatever the address says.
        if wants_tls and not client._server_info.get("tls_required"):
            raise NoConnection(plain)

    async def failed(error: Exception) -> None:
        _log.warning("nats: %s", safe_text(f"{type(error).__name__}: {error}")[:200])
        if isinstance(error, SlowConsumerError):
            on_end(NoConnection("this computer was too slow for the prices: some were lost"))
        if not is_open:
            raise error  # the library would go on trying for two minutes, without a word

    async def closed() -> None:
        if is_open:  # else open_client itself raises why
            on_end(NoConnection(f"{server.host} closed the connection"))

    def secret(part: str) -> str:
        check_tls()
        return part

    options: dict[str, Any] = {}
    if server.credentials is not None:
        text = server.credentials.reveal()
        match _kind_of(server.credentials):
            case "jwt":
                options["user_credentials"] = RawCredentials(text)
            case "seed":
                options["nkeys_seed_str"] = text
            case _:
                user, _, password = text.partition(":")
                options |= {"user": lambda: secret(user), "password": lambda: secret(password)}
    if not is_loopback(server.url) or wants_tls:
        options["tls"] = (await trust(_OPEN_WITHIN)).context
    try:
        with translate_network_errors(server.host, _OPEN_WITHIN):
            await client.connect(
                server.url,
                name=f"itick-tui {name}",
                error_cb=failed,
                closed_cb=closed,
                allow_reconnect=False,
                connect_timeout=int(_OPEN_WITHIN),
                ping_interval=_PING_EVERY,
                **options,
            )
        check_tls()
        is_open = True
    except Error as error:
        await close_client(client)
        raise _explain(error, server) from None
    except BaseException:
        await close_client(client)
        raise
    return client


@contextlib.contextmanager
def library_call(server: NatsServer) -> Iterator[None]:
    """Raises NoConnection in place of an error of the library or of its socket, and the cancellation of this task again
    where the library has dropped it, as it does in a flush and, up to Python 3.11, in each request that is just
    answered."""
    from nats.errors import Error

    try:
        yield
    except (Error, OSError) as error:
        raise _explain(error, server) from None
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _explain(error: Exception, server: NatsServer) -> NoConnection:
    from nats.js.errors import ServiceUnavailableError

    words = str(error).removeprefix("nats: ").strip("'") or type(error).__name__
    advice = "see --nats-credentials" if "uthoriz" in words else ""
    if isinstance(error, ServiceUnavailableError):  # of JetStream; it has no words
        words, advice = "JetStream is off or not ready", "nats-server needs the option -js"
    return NoConnection(f"{server.host}: {safe_text(words)[:120]}", advice=advice)


async def close_client(client: Client) -> None:
    """Close a connection in any state; a lost one may have errors."""
    with contextlib.suppress(Exception):
        async with asyncio.timeout(1):
            await client.close()
