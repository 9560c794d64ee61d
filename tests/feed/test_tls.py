"""The trusted certificates are the same for the stream and for REST."""

from __future__ import annotations

import asyncio
import os
import shutil
import ssl
import subprocess
import threading
from pathlib import Path
from typing import Any

import certifi
import pytest
import trustme

from tests.support.feed import KEY, QQQ, Running
from tests.support.networks import check_stream_and_rest, serve_vendor
from tui.exchange.server import Exchange
from tui.feed import tls
from tui.feed.endpoint import rest_base
from tui.feed.state import LinkPhase
from tui.history.rest_client import RestClient, RestError
from tui.secrets import Token


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def file(authority: trustme.CA, tmp_path: Path) -> Path:
    """The authority's certificate."""
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


async def check_vendor(authority: trustme.CA) -> None:
    async with serve_vendor(authority, "localhost") as port:
        await check_stream_and_rest(f"wss://localhost:{port}/fund", f"https://localhost:{port}")


async def test_a_ca_of_the_systems_store_is_trusted_by_stream_and_rest(
    authority: trustme.CA, file: Path, network: pytest.MonkeyPatch
) -> None:
    # OpenSSL's default store is a place fixed when it was built. Here loading it gives our CA: this shows that both
    # trust what is loaded so, and not a bundle of a package; that OpenSSL finds its own store is OpenSSL's affair.
    def load(self: ssl.SSLContext, purpose: object = None) -> None:
        self.load_verify_locations(file)

    network.setattr(tls, "_MACOS", False)
    network.setattr(ssl.SSLContext, "load_default_certs", load)
    await check_vendor(authority)


async def test_a_file_of_certificates_is_trusted(
    authority: trustme.CA, file: Path, network: pytest.MonkeyPatch
) -> None:
    network.setenv("SSL_CERT_FILE", str(file))
    await check_vendor(authority)
    assert (await tls.trust(5.0)).stores[0] == str(file) and not (await tls.trust(5.0)).ignored


@pytest.fixture
def folder(file: Path) -> Path:
    """The authority's certificate as OpenSSL finds it in a folder."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl tells the name that a certificate has in a folder")
    command = ("openssl", "x509", "-in", str(file), "-noout", "-subject_hash")
    named = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    folder = file.parent / "folder"
    folder.mkdir()
    shutil.copy(file, folder / f"{named}.0")
    return folder


async def test_a_folder_of_certificates_is_trusted(
    authority: trustme.CA, folder: Path, network: pytest.MonkeyPatch
) -> None:
    network.setenv("SSL_CERT_DIR", os.pathsep.join((str(folder / "none"), str(folder))))
    await check_vendor(authority)
    assert str(folder) in (await tls.trust(5.0)).stores and not (await tls.trust(5.0)).ignored


async def test_an_untrusted_certificate_is_refused_in_the_same_words(
    authority: trustme.CA, network: pytest.MonkeyPatch
) -> None:
    async with serve_vendor(authority, "localhost") as port:
        words = f"cannot reach localhost:{port}: TLS certificate: unable to get local issuer certificate"
        async with Running(f"wss://localhost:{port}/fund") as running:
            assert await running.is_lost() == words
        rest = RestClient(f"https://localhost:{port}", Token(KEY))
        with pytest.raises(RestError) as caught:
            await rest.quotes("US", ["QQQ"])
        await rest.aclose()
    assert str(caught.value) == words


@pytest.mark.parametrize("content", [None, "", "no certificate\n"])
async def test_a_variable_without_certificates_is_reported(
    content: str | None, network: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    network.setenv("SSL_CERT_FILE", str(file))
    network.setenv("SSL_CERT_DIR", str(tmp_path))
    assert (await tls.trust(5.0))[1:] == ((), (f"SSL_CERT_FILE={file}", f"SSL_CERT_DIR={tmp_path}"))


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
async def test_an_empty_variable_counts_as_unset(variable: str, network: pytest.MonkeyPatch) -> None:
    usual = await tls.trust(5.0)
    network.setattr(tls, "_trust", None)
    network.setenv(variable, "")
    found = await tls.trust(5.0)
    assert found[1:] == usual[1:]
    assert found.context.cert_store_stats() == usual.context.cert_store_stats()


async def test_an_empty_variable_leaves_the_default_file_trusted(
    authority: trustme.CA, file: Path, network: pytest.MonkeyPatch
) -> None:
    class Here:
        openssl_cafile = str(file)
        openssl_capath = str(file.parent / "none")

    network.setattr(tls, "_MACOS", False)
    network.setattr(ssl, "get_default_verify_paths", Here)
    network.setenv("SSL_CERT_FILE", "")
    await check_vendor(authority)
    assert (await tls.trust(5.0)).stores == (str(file),)


async def test_an_empty_variable_leaves_the_default_folder_trusted(
    authority: trustme.CA, folder: Path, network: pytest.MonkeyPatch
) -> None:
    class Here:
        openssl_cafile = str(folder / "none")
        openssl_capath = str(folder)

    network.setattr(tls, "_MACOS", False)
    network.setattr(ssl, "get_default_verify_paths", Here)
    network.setenv("SSL_CERT_FILE", str(folder / "none"))
    network.setenv("SSL_CERT_DIR", "")
    await check_vendor(authority)
    assert (await tls.trust(5.0)).stores == (str(folder),)


async def test_a_machine_without_a_store_trusts_certifi(network: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Nowhere:
        openssl_cafile = str(tmp_path / "cert.pem")
        openssl_capath = str(tmp_path / "certs")

    network.setattr(tls, "_MACOS", False)
    network.setattr(ssl.SSLContext, "load_default_certs", lambda self: None)
    network.setattr(ssl, "get_default_verify_paths", Nowhere)
    context, stores, ignored = await tls.trust(5.0)
    assert (stores, ignored) == ((certifi.where(),), ())
    assert context.cert_store_stats()["x509_ca"] > 50


async def test_macos_uses_a_keychain_context_for_stream_and_rest(
    authority: trustme.CA, file: Path, network: pytest.MonkeyPatch
) -> None:
    # On this system the package trusts what OpenSSL does, and the CA as well. That it asks the keychain is its affair.
    network.setattr(tls, "_MACOS", True)
    context, stores, _ = await tls.trust(5.0)
    assert stores == ("the keychain",) and type(context).__module__.startswith("truststore")
    context.load_verify_locations(file)
    await check_vendor(authority)


async def test_a_variable_overrides_the_keychain(
    authority: trustme.CA, file: Path, network: pytest.MonkeyPatch
) -> None:
    network.setattr(tls, "_MACOS", True)
    network.setenv("SSL_CERT_FILE", str(file))
    await check_vendor(authority)
    assert type((await tls.trust(5.0)).context) is ssl.SSLContext


async def test_certificates_are_loaded_once_and_on_another_thread(network: pytest.MonkeyPatch) -> None:
    threads: list[object] = []
    build = tls._load

    def noted() -> Any:
        threads.append(threading.current_thread())
        return build()

    network.setattr(tls, "_load", noted)
    contexts = await asyncio.gather(*(tls.context_for(url, 5.0) for url in ("wss://a", "https://b", "wss://c")))
    assert contexts[0] is not None and contexts.count(contexts[0]) == 3
    assert len(threads) == 1 and threads[0] is not threading.main_thread()


async def test_no_certificates_are_loaded_for_an_exchange_on_this_machine(network: pytest.MonkeyPatch) -> None:
    async with Exchange() as exchange, Running(exchange.url, QQQ) as running:
        await running.reaches(LinkPhase.LIVE)
        rest = RestClient(rest_base(exchange.url), Token(KEY))
        await rest.quotes("US", ["QQQ"])
        await rest.aclose()
    assert tls._trust is None
