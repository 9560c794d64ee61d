from __future__ import annotations

import pytest

from tui.errors import UsageError
from tui.feed.endpoint import VENDOR_URL, canonical_host, check_url, host_of, is_loopback


@pytest.mark.parametrize(
    "url",
    [
        VENDOR_URL,
        "wss://api0.itick.org/fund",
        "wss://example.org:8443/fund?plan=x",
        "wss://10.0.0.1/fund",
        "ws://127.0.0.1:9010/fund",
        "ws://127.8.9.1/fund",
        "ws://[::1]:9010/fund",
        "ws://localhost:9010/fund",
        "ws://LocalHost/fund",
    ],
)
def test_the_key_may_go_to_any_host_encrypted_and_in_clear_only_to_this_machine(url: str) -> None:
    assert check_url(url) == url


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("ws://api.itick.org/fund", "api.itick.org"),
        ("ws://10.0.0.1:9010/fund", "10.0.0.1"),
        ("ws://localhost.example.org/fund", "localhost.example.org"),
        ("ws://127.0.0.1.example.org/fund", "127.0.0.1.example.org"),
        ("ws://[::2]/fund", "::2"),
        ("ws://0.0.0.0/fund", "0.0.0.0"),
    ],
)
def test_the_key_never_goes_to_another_machine_in_clear(url: str, host: str) -> None:
    with pytest.raises(UsageError, match="refusing plain ws:// to ") as caught:
        check_url(url)
    assert host in str(caught.value)
    assert f"Use {url.replace('ws://', 'wss://')}" in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.itick.org/fund",
        "https://api.itick.org/fund",
        "wss:///fund",
        "wss://",
        "wss://[::1/fund",
        "wss://example.org:port/fund",
        "wss://example.org:70000/fund",
        "wss://example.org/fund\n",
        "wss://exam\x1b[31mple.org/fund",
        "wss://example.org/f und",
        "wss://example.org/fund#x",
    ],
    ids=ascii,
)
def test_an_invalid_url_is_refused_in_printable_words(url: str) -> None:
    with pytest.raises(UsageError, match="address") as caught:
        check_url(url)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "url",
    [
        "wss://me:hunter2@example.org/fund",
        "ws://me:hunter2@example.org/fund",
        "ws://me:hunter2@127.0.0.1/fund",
        "wss://hunter2@example.org/fund",
        "https://me:hunter2@example.org",
        "wss://me:hunter2@example.org:port/fund",
        "wss://[me:hunter2@example.org/fund",
        "me:hunter2@example.org/fund",
        "wss://me:hunter2@/fund",
        "wss://me:hunter2\x07@example.org/fund",
    ],
    ids=ascii,
)
def test_a_password_in_an_address_is_refused_and_never_repeated(url: str) -> None:
    with pytest.raises(UsageError, match="may not hold a user or password") as caught:
        check_url(url)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "loopback"),
    [("ws://127.0.0.1", True), ("ws://[::1]", True), ("wss://localhost", True), ("ws://127.1.example", False)],
)
def test_loopback_urls_are_recognised(url: str, loopback: bool) -> None:
    assert is_loopback(url) is loopback


@pytest.mark.parametrize(
    ("url", "host"),
    [
        (VENDOR_URL, "api.itick.org"),
        ("ws://127.0.0.1:9010/fund", "127.0.0.1:9010"),
        ("ws://[::1]:9010/fund", "[::1]:9010"),
        ("wss://[2001:db8::1]/fund", "[2001:db8::1]"),
    ],
)
def test_host_of_returns_host_and_port(url: str, host: str) -> None:
    assert host_of(url) == host


@pytest.mark.parametrize(
    ("host", "urls"),
    [
        ("api.itick.org", [VENDOR_URL, "wss://API.iTick.org:443/fund", "WSS://api.itick.org./other?plan=x"]),
        (
            "127.0.0.1:9720",
            ["ws://127.0.0.1:9720", "ws://localhost:9720/fund", "ws://LocalHost.:9720", "ws://[::1]:9720"],
        ),
        ("127.0.0.1", ["ws://localhost/fund", "ws://[::1]:80/fund", "ws://127.0.0.1"]),
        ("127.0.0.2:9720", ["ws://127.0.0.2:9720/fund"]),
        ("api.itick.org:80", ["wss://api.itick.org:80/fund"]),
        ("2001:db8::1", ["wss://[2001:DB8::1]/fund", "wss://[2001:db8::1]:443/fund"]),
    ],
)
def test_each_spelling_of_a_server_is_the_same_one(host: str, urls: list[str]) -> None:
    assert {canonical_host(url) for url in urls} == {host}
