#!/usr/bin/env bash
# httpx 0.28.1: a network in no_proxy (127.0.0.0/8), which curl 7.86 and later read as all its addresses, is taken without
# a word for the name of one host. An address in it is asked for through the proxy.
# Seen:
#   no_proxy=127.0.0.1: the server was asked: GET / HTTP/1.1
#   no_proxy=127.0.0.0/8: the proxy was asked: GET http://127.0.0.1:PORT/ HTTP/1.1
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q httpx==0.28.1
"$folder/venv/bin/python" - <<'PYTHON'
import os
import socket
import sys
import threading

import httpx

for name in list(os.environ):
    if name.lower().endswith('_proxy'):
        del os.environ[name]
asked = []


def serve(who):
    server = socket.create_server(('127.0.0.1', 0))

    def answer():
        while True:
            connection, _ = server.accept()
            asked.append((who, connection.recv(4096).split(b'\r\n')[0].decode()))
            connection.sendall(b'HTTP/1.1 204 No Content\r\n\r\n')
            connection.close()

    threading.Thread(target=answer, daemon=True).start()
    return server.getsockname()[1]


proxy, port = serve('proxy'), serve('server')
os.environ['http_proxy'] = f'http://127.0.0.1:{proxy}'
for entry in ('127.0.0.1', '127.0.0.0/8'):
    os.environ['no_proxy'] = entry
    httpx.get(f'http://127.0.0.1:{port}/')
    who, line = asked[-1]
    print(f'no_proxy={entry}: the {who} was asked: {line.replace(str(port), "PORT")}')
sys.exit([who for who, _ in asked] != ['server', 'proxy'])
PYTHON
