#!/usr/bin/env bash
# websockets 17.4 and httpx 0.28.1, with all_proxy alone in the environment: httpx sends what it asks for through that
# proxy, as curl does, and websockets connects past it. In a network that can only be left by the proxy a program that
# uses both has its REST calls answered and its stream dead.
# Seen:
#   websockets: no proxy for wss://example.org/
#   httpx asked the proxy: CONNECT example.org:443 HTTP/1.1
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q websockets==17.4 httpx==0.28.1
"$folder/venv/bin/python" - <<'PYTHON'
import os
import socket
import sys
import threading

for name in list(os.environ):
    if name.lower().endswith('_proxy'):
        del os.environ[name]
server = socket.create_server(('127.0.0.1', 0))
os.environ['all_proxy'] = f'http://127.0.0.1:{server.getsockname()[1]}'

import httpx
from websockets.proxy import get_proxy
from websockets.uri import parse_uri

asked = []


def serve():
    connection, _ = server.accept()
    asked.append(connection.recv(4096).split(b'\r\n')[0].decode())
    connection.sendall(b'HTTP/1.1 502 Bad Gateway\r\n\r\n')
    connection.close()


threading.Thread(target=serve, daemon=True).start()
proxy = get_proxy(parse_uri('wss://example.org/'))
print(f'websockets: {proxy or "no proxy"} for wss://example.org/')
try:
    httpx.get('https://example.org/')
except httpx.ProxyError:
    pass
print(f'httpx asked the proxy: {asked[0] if asked else "nothing"}')
sys.exit(not (proxy is None and asked))
PYTHON
