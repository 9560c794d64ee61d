"""Prices over a real NATS server: relays as processes, followers as links of this process."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import ssl
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import trustme
from hypothesis import example, given
from hypothesis import strategies as st
from websockets.asyncio.server import ServerConnection

from tests.relay.nats_process import NatsProcess, RelayProcess
from tests.support.command import run_in_process, run_program
from tests.support.feed import IEF, QQQ, SPY, Running, reply_to, serving
from tests.support.market_equality import differences
from tests.support.wait_until import until
from tui.errors import NoConnection, UsageError
from tui.exchange.server import Exchange
from tui.feed.clock import monotonic
from tui.feed.state import LinkPhase
from tui.feed.tls import Trust
from tui.protocol.decoder import decode_request
from tui.protocol.messages import AUTHENTICATED, CONNECTED, OVER_LIMIT, TYPES, AuthReply, Hello, Subscribe, encode
from tui.relay.nats_follower import NatsFollower
from tui.relay.nats_publisher import LICENCE
from tui.relay.nats_server import NatsServer, close_client, find_server, library_call, open_client
from tui.relay.nats_subjects import (
    ARRIVED_HEADER,
    HEALTH_SUBJECT,
    LAST_VALUES,
    PUBLISHER_HEADER,
    SEQUENCE_HEADER,
    data_subject,
    subject_parts,
    want_subject,
)
from tui.symbol import Symbol

LIVE = LinkPhase.LIVE
SLOW = 40.0  # s: starting processes on a busy machine

codes = st.text(st.characters(exclude_categories=["Cs"]), min_size=1) | st.text(".*>%@ A", min_size=1)


def follower(nats: NatsProcess, *symbols: Symbol) -> Running:
    return Running(nats.url, *symbols, timings=None, opener=NatsFollower(NatsServer(nats.url), "stream"))


def unequal(running: Running, exchange: Exchange) -> list[str]:
    """Returns where a market differs from the exchange's, but for the minutes before it was followed, and that in which
    the link was lost: followers have no history to fill it from, so it counts as incomplete."""
    market = running.market
    known = [
        f"{symbol}: bar {i.bars.latest * 60_000} "
        for symbol, i in market.instruments.items()
        if i.bars.latest not in i.bars.incomplete
    ]
    found = differences(market, exchange, market.instruments)
    return [words for words in found if ": bar " not in words or words.startswith(tuple(known))]


async def equals(running: Running, exchange: Exchange) -> None:
    """Wait until a market is the exchange's, which stands still."""
    try:
        await until(lambda: not unequal(running, exchange), SLOW)
    except TimeoutError:
        assert unequal(running, exchange) == []


@given(codes, codes, codes)
@example("BRK.B", "US", "kline@1")
def test_any_code_makes_a_subject_and_is_read_from_it(code: str, region: str, type_: str) -> None:
    subject = data_subject(Symbol(code, region), type_)
    assert subject_parts(subject) == [region, code, type_]
    assert subject_parts(want_subject(Symbol(code, region))) == [region, code]
    assert subject.count(".") == 4 and subject.isascii() and not set(subject) & set("*> \t\r\n\0")


async def test_two_followers_have_the_market_of_the_exchange(tmp_path: Path) -> None:
    numbers: set[int] = set()
    async with (
        Exchange(rate=500, single_connection=True, on_request=lambda n, _: numbers.add(n)) as exchange,
        NatsProcess(tmp_path) as nats,
    ):
        with RelayProcess(tmp_path / "one", exchange.url, nats.url) as relay:
            await relay.says("publishing on")
            assert relay.said.count(LICENCE) == 1
            async with follower(nats, QQQ) as first:
                await until(lambda: LIVE in first.phases, SLOW)
                async with follower(nats, QQQ, IEF) as second:
                    await until(lambda: LIVE in second.phases, SLOW)
                    first.link.set_symbols([QQQ, SPY])
                    await until(lambda: first.market.instruments[SPY].has_data, SLOW)
                    await exchange.close_market()
                    for running in (first, second):
                        await equals(running, exchange)
                        assert running.link.is_demo and running.phases.count(LIVE) == 1
                        assert running.market.health.unfollowed == running.market.health.out_of_order == 0
                        assert not any(running.market.health.malformed.values())
                        assert running.link.report is not None and running.link.report.lost == 0
        assert numbers == {1}


async def test_a_code_with_a_dot_has_its_own_prices(tmp_path: Path) -> None:
    berkshire, frame = (
        Symbol("BRK.B", "US"),
        b'{"code":1,"data":{"s":"BRK.B","r":"US","ld":471.5,"type":"tick","x":[1]}}',
    )

    async def vendor(connection: ServerConnection) -> None:
        for greeting in (Hello(1, CONNECTED), AuthReply(1, AUTHENTICATED)):
            await connection.send(encode(greeting), text=True)
        async for text in connection:
            request = decode_request(text if isinstance(text, bytes) else text.encode())
            if isinstance(request, Subscribe) and request.types == "tick":
                await connection.send(frame, text=True)
            await connection.send(encode(reply_to(request)), text=True)

    frames: list[bytes] = []
    async with serving(vendor) as url, NatsProcess(tmp_path) as nats:
        with RelayProcess(tmp_path / "one", url, nats.url):
            async with follower(nats, berkshire) as running:
                running.market.on_frames = lambda at: lambda frame: frames.append(bytes(frame))
                await until(lambda: running.market.instruments[berkshire].last == 471.5, SLOW)
                assert frames == [frame], "the body is not the vendor's"


async def test_a_second_relay_stands_by_and_takes_over_within_10_s_when_the_first_is_killed(tmp_path: Path) -> None:
    async with Exchange(rate=200, single_connection=True) as exchange, NatsProcess(tmp_path) as nats:
        with (
            RelayProcess(tmp_path / "one", exchange.url, nats.url) as first,
            RelayProcess(tmp_path / "two", exchange.url, nats.url) as second,
        ):
            await until(lambda: "publishing on" in first.said + second.said, SLOW)
            await until(lambda: "standing by on" in first.said + second.said, SLOW)
            leader, other = (first, second) if "publishing on" in first.said else (second, first)
            assert "publishing" not in other.said.replace("another relay publishes", "")
            async with follower(nats, QQQ, SPY) as running:
                await until(lambda: LIVE in running.phases, SLOW)
                leader.kill()
                killed = monotonic()
                await until(lambda: running.phases.count(LIVE) == 2, SLOW)
                assert monotonic() - killed < 10
                stale = await running.reaches(LinkPhase.RECONNECTING)
                assert "no word from the publisher" in str(stale.error)
                assert stale.since - killed < 4.5
                await exchange.close_market()
                await equals(running, exchange)
            assert other.kill(signal.SIGTERM) == 143


async def test_all_come_back_when_the_server_is_restarted(tmp_path: Path) -> None:
    async with Exchange(rate=200, single_connection=True) as exchange, NatsProcess(tmp_path) as nats:
        with RelayProcess(tmp_path / "one", exchange.url, nats.url) as relay:
            async with follower(nats, QQQ, SPY) as first, follower(nats, QQQ) as second:
                await until(lambda: all(LIVE in running.phases for running in (first, second)), SLOW)
                said = relay.said
                nats.stop()
                for running in (first, second):
                    assert f"127.0.0.1:{nats.port} closed the connection" in await running.is_lost()
                await until(lambda: f"127.0.0.1:{nats.port}" in relay.said.removeprefix(said), SLOW)
                await nats.start()
                await until(lambda: all(running.phases.count(LIVE) == 2 for running in (first, second)), SLOW)
                await exchange.close_market()
                for running in (first, second):
                    await equals(running, exchange)


async def test_who_is_too_slow_is_told_and_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Exchange(rate=5_000, single_connection=True) as exchange, NatsProcess(tmp_path) as nats:
        with RelayProcess(tmp_path / "one", exchange.url, nats.url):
            monkeypatch.setattr("tui.relay.nats_follower._MAX_WAITING", 1)
            async with follower(nats, QQQ) as running:
                assert "too slow for the prices" in await running.is_lost()
                monkeypatch.undo()
                await exchange.close_market()
                await until(lambda: running.link.state.is_live, SLOW)
                await equals(running, exchange)


async def test_ages_go_by_the_arrival_at_the_publisher(tmp_path: Path) -> None:
    async with Exchange(rate=200, single_connection=True) as exchange, NatsProcess(tmp_path) as nats:
        with RelayProcess(tmp_path / "one", exchange.url, nats.url):
            async with follower(nats, QQQ) as first:
                await until(lambda: first.market.instruments[QQQ].depth is not None, SLOW)
                await exchange.close_market()
                await equals(first, exchange)
                await asyncio.sleep(1)
                async with follower(nats, QQQ) as second:
                    await until(lambda: second.market.instruments[QQQ].depth is not None, SLOW)
                    early, late = (running.market.instruments[QQQ].depth_at for running in (first, second))
                    assert abs(early - late) < 0.25


async def test_a_stream_prints_what_the_relay_publishes_and_needs_no_key(tmp_path: Path) -> None:
    async with Exchange(rate=500) as exchange, NatsProcess(tmp_path) as nats:
        with RelayProcess(tmp_path / "one", exchange.url, nats.url):
            arguments = ("stream", "--nats", nats.url, "--watch", "QQQ$US", "--types", "depth,tick", "--count", "5")
            result = await asyncio.to_thread(run_program, *arguments)
    assert result.returncode == 0, result.stderr
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(records) == 5 and {record["symbol"] for record in records} == {"QQQ$US"}
    assert {record["type"] for record in records} <= {"depth", "tick"}


async def test_the_plan_s_limit_reaches_the_follower(tmp_path: Path) -> None:
    async with Exchange(rate=200, max_symbols=1) as exchange, NatsProcess(tmp_path) as nats:
        with RelayProcess(tmp_path / "one", exchange.url, nats.url):
            async with follower(nats, QQQ, SPY) as running:
                await until(lambda: LIVE in running.phases, SLOW)
                qqq, spy = running.market.instruments.values()
                await until(lambda: spy.refused == dict.fromkeys(TYPES, OVER_LIMIT))
                assert not qqq.refused


async def test_a_server_without_jetstream_is_told_of_and_tried_again(tmp_path: Path) -> None:
    async with Exchange(rate=200) as exchange, NatsProcess(tmp_path, jetstream=False) as nats:
        with RelayProcess(tmp_path / "one", exchange.url, nats.url) as relay:
            await relay.says("trying again")
            assert f"127.0.0.1:{nats.port}: " in relay.said and "JetStream is off" in relay.said and "-js" in relay.said
            assert relay.kill(signal.SIGTERM) == 143


async def test_a_server_that_wants_a_password_is_given_the_one_of_the_file(tmp_path: Path) -> None:
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.write_text("me:secret-of-mine\n")
    wrong.write_text("me:secret-of-yours\n")
    for file in (right, wrong):
        file.chmod(0o600)
    users = 'authorization { users: [ { user: "me", password: "secret-of-mine" } ] }'
    async with Exchange(rate=200) as exchange, NatsProcess(tmp_path, users) as nats:
        with RelayProcess(tmp_path / "one", exchange.url, nats.url, "--nats-credentials", str(right)) as relay:
            await relay.says("publishing on")
            arguments = ("stream", "--nats", nats.url, "--watch", "QQQ$US", "--count", "1", "--deadline", "3")
            result = await asyncio.to_thread(run_program, *arguments, "--nats-credentials", str(right))
            assert result.returncode == 0, result.stderr
            result = await asyncio.to_thread(run_program, *arguments, "--nats-credentials", str(wrong))
            assert result.returncode == 4 and "uthorization" in result.stderr, result.stderr
            assert "secret" not in result.stderr + relay.said


async def test_an_nkey_is_read_from_its_file(tmp_path: Path) -> None:
    import nkeys

    seed = tmp_path / "seed"
    seed.write_bytes(nkeys.encode_seed(os.urandom(32), nkeys.PREFIX_BYTE_USER))
    seed.chmod(0o600)
    public = nkeys.from_seed(bytearray(seed.read_bytes())).public_key.decode()
    async with NatsProcess(tmp_path, f"authorization {{ users: [ {{ nkey: {public} }} ] }}") as nats:
        client = await open_client(find_server(nats.url, seed, []), "test", lambda error: None)
        assert client.is_connected
        await close_client(client)


async def test_tls_is_used_and_a_server_without_it_is_sent_no_password(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("me:secret")
    file.chmod(0o600)
    async with NatsProcess(tmp_path) as nats:
        server = find_server(nats.url.replace("nats:", "tls:"), file, [])
        with pytest.raises(NoConnection, match="offers no TLS"):
            await open_client(server, "test", lambda error: None)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--nats", "nats://me:secret@host:4222"], "may not hold a user or password"),
        (["--nats", "http://host"], "is not the address of a NATS server"),
        (["--nats", "nats://h", "--demo"], "leave --demo out"),
        (["--nats", "nats://h", "--url", "wss://h/fund"], "leave --url out"),
        (["--nats", "nats://h", "--token-file", "x"], "leave --token-file out"),
        (["--nats-credentials", "x"], "name it with --nats"),
        (["--nats", "nats://h", "--nats-credentials", "/none"], "cannot read the credentials in /none"),
        (["--nats", "nats://h", "--nats-credentials", __file__], "holds no NATS credentials"),
    ],
)
def test_what_cannot_be_is_refused_in_words(arguments: list[str], words: str) -> None:
    for command in (["stream", "--watch", "QQQ$US"], ["--watch", "QQQ$US"]):
        result = run_in_process(*command, *arguments)
        assert result.returncode == 2 and words in result.stderr and "secret" not in result.stderr


def test_a_password_does_not_travel_in_clear(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("me:secret")
    with pytest.raises(UsageError, match="the password would travel in clear"):
        find_server("nats://example.com", file, [])
    notices: list[str] = []
    find_server("nats://example.com", None, notices)
    assert notices == ["nats://example.com without TLS: who is on the way can read and change the prices"]


def test_without_the_extra_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nats.aio.client", None)
    result = run_in_process("stream", "--watch", "QQQ$US", "--nats", "nats://127.0.0.1")
    assert result.returncode == 2 and "pip install 'itick-tui[team]'" in result.stderr


async def test_when_the_vendor_is_lost_all_are_stale_at_once_and_come_back(tmp_path: Path) -> None:
    exchange = Exchange(rate=200, single_connection=True)
    async with NatsProcess(tmp_path) as nats, AsyncExitStack() as stack:
        async with exchange:
            stack.enter_context(RelayProcess(tmp_path / "one", exchange.url, nats.url))
            running = await stack.enter_async_context(follower(nats, QQQ))
            await until(lambda: LIVE in running.phases, SLOW)
        await running.reaches(LinkPhase.RECONNECTING)
        async with exchange:
            await until(lambda: running.phases.count(LIVE) == 2, SLOW)
            await exchange.close_market()
            await equals(running, exchange)


async def test_a_malformed_message_is_counted_and_survived(tmp_path: Path) -> None:
    async with Exchange(rate=200) as exchange, NatsProcess(tmp_path) as nats:
        with RelayProcess(tmp_path / "one", exchange.url, nats.url) as relay:
            async with follower(nats, QQQ) as running:
                await until(lambda: LIVE in running.phases, SLOW)
                client = await open_client(NatsServer(nats.url), "test", lambda error: None)
                for body in (b"{", b'{"code":1}', b'{"resAc":"relay"}'):
                    await client.publish(HEALTH_SUBJECT, body)
                await client.publish(data_subject(QQQ, "tick"), b"{}", headers={ARRIVED_HEADER: "x"})
                for subject in ("itick.want.a", "itick.want.US.%24%00", "itick.want.US.qqq", "itick.want.US.QQQ.x"):
                    await client.publish(subject, b"", reply="itick.health")
                await client.flush()
                await close_client(client)
                await until(lambda: running.market.health.malformed.total() >= 4)
                await exchange.close_market()
                await equals(running, exchange)
                assert running.phases.count(LIVE) == 1 and "itick-tui: 127" not in relay.said


async def test_a_double_and_what_another_publisher_sent_are_not_applied(tmp_path: Path) -> None:
    async with Exchange(rate=200) as exchange, NatsProcess(tmp_path) as nats:
        with RelayProcess(tmp_path / "one", exchange.url, nats.url):
            async with follower(nats, QQQ) as running:
                await until(lambda: LIVE in running.phases, SLOW)
                await exchange.close_market()
                await equals(running, exchange)
                subject, health = data_subject(QQQ, "tick"), running.market.health
                client = await open_client(NatsServer(nats.url), "test", lambda error: None)
                last = await client.jetstream().get_last_msg(LAST_VALUES, subject)
                assert last.headers is not None and last.data is not None
                later = str(int(last.headers[SEQUENCE_HEADER]) + 1)
                messages, malformed = health.messages, health.malformed.total()
                await client.publish(subject, last.data, headers=last.headers)
                other = last.headers | {SEQUENCE_HEADER: later, PUBLISHER_HEADER: "another"}
                await client.publish(subject, last.data, headers=other)
                await client.publish(subject, b"the end of the test")
                await until(lambda: health.malformed.total() > malformed)
                assert health.messages == messages
                await client.publish(subject, last.data, headers=last.headers | {SEQUENCE_HEADER: later})
                await until(lambda: health.messages == messages + 1)
                await close_client(client)


async def test_tls_is_used_with_a_certificate_that_is_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls = f'tls {{ cert_file: "{tmp_path}/cert.pem", key_file: "{tmp_path}/key.pem" }}'
    async with NatsProcess(tmp_path, tls) as nats:
        server = find_server(f"tls://localhost:{nats.port}", None, [])
        monkeypatch.setattr("tui.feed.tls._trust", Trust(trusted, ()))
        with pytest.raises(NoConnection, match="TLS certificate"):
            await open_client(server, "test", lambda error: None)
        authority.configure_trust(trusted)
        client = await open_client(server, "test", lambda error: None)
        assert client.is_connected
        await close_client(client)


def test_a_socket_that_fails_within_the_library_is_a_lost_connection() -> None:
    with pytest.raises(NoConnection, match="h:4222: Connection lost"), library_call(NatsServer("nats://h:4222")):
        raise ConnectionResetError("Connection lost")


def test_a_relay_publishes_alone() -> None:
    for arguments, words in (
        (["--nats", "nats://h", "--listen", "127.0.0.1:0"], "leave --listen out"),
        (["--nats", "nats://h", "--take-over"], "leave --take-over out"),
        (["--nats-credentials", "x"], "name it with --nats"),
    ):
        result = run_in_process("relay", *arguments)
        assert result.returncode == 2 and words in result.stderr
