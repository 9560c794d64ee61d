#!/usr/bin/env bash
# httpx 0.28.1 with httpcore 1.0.9 and socksio 1.0.0: where a SOCKS proxy closes the connection without an answer, as one
# does whose far side went away, the exception of a third library comes through. It is no httpx.HTTPError, so a program
# that catches what httpx documents is ended by it; an HTTP proxy that does the same raises httpx.RemoteProtocolError.
# Seen:
#   http proxy: RemoteProtocolError, an HTTPError: True
#   socks5 proxy: socksio.exceptions.ProtocolError, an HTTPError: False
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q httpx==0.28.1 httpcore==1.0.9 socksio==1.0.0
"$folder/venv/bin/python" - <<'PYTHON'
import socket
import sys
import threading

import httpx

listener = socket.create_server(("127.0.0.1", 0))


def hang_up():
    while True:
        connection, _ = listener.accept()
        connection.recv(4096)
        connection.close()


threading.Thread(target=hang_up, daemon=True).start()
seen = []
for scheme in ("http", "socks5"):
    client = httpx.Client(proxy=f"{scheme}://127.0.0.1:{listener.getsockname()[1]}", trust_env=False)
    try:
        client.get("http://example.org/")
    except Exception as error:
        kind = type(error)
        name = kind.__name__ if kind.__module__ == "httpx" else f"{kind.__module__}.{kind.__name__}"
        seen.append(isinstance(error, httpx.HTTPError))
        print(f"{scheme} proxy: {name}, an HTTPError: {seen[-1]}")
sys.exit(seen != [True, False])
PYTHON
