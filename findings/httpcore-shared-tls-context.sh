#!/usr/bin/env bash
# httpx 0.28.1 with httpcore 1.0.9: an SSLContext given as verify= is changed by the first call made with it. The ALPN
# protocols that it offers from then on are those of HTTP, also for whoever else uses the same context, as a WebSocket
# client beside it, which offered none before.
# Seen:
#   protocols set on the context before any call: []
#   after one call: [["http/1.1"]]
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q httpx==0.28.1 httpcore==1.0.9
"$folder/venv/bin/python" - <<'PYTHON'
import json
import socket
import ssl
import sys
import threading

import httpx


class Context(ssl.SSLContext):
    seen = []

    def set_alpn_protocols(self, protocols):
        self.seen.append(list(protocols))
        super().set_alpn_protocols(protocols)


server = socket.create_server(('127.0.0.1', 0))


def hang_up():
    connection, _ = server.accept()
    connection.recv(4096)
    connection.close()


threading.Thread(target=hang_up, daemon=True).start()
context = Context(ssl.PROTOCOL_TLS_CLIENT)
client = httpx.Client(verify=context, trust_env=False)
print(f'protocols set on the context before any call: {json.dumps(Context.seen)}')
before = list(Context.seen)
try:
    client.get(f'https://127.0.0.1:{server.getsockname()[1]}/')
except httpx.TransportError:
    pass
print(f'after one call: {json.dumps(Context.seen)}')
sys.exit(not (before == [] and Context.seen == [['http/1.1']]))
PYTHON
