#!/usr/bin/env bash
# itick-sdk 0.1.0, the vendor's own client: its heartbeat is a control frame of WebSocket (opcode 9), every 30 s. The
# vendor's page on the stream wants a message, {"ac":"ping","params":"<ms>"}, at least that often, and ends a connection
# that sent none for a minute; the client sends no such message. Here its interval is set to 0.1 s, against a server on
# loopback that counts what comes within 1 s.
# Seen:
#   control frames: several; messages: 0
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q itick-sdk==0.1.0 requests==2.32.5 websocket-client==1.9.0 websockets==17.4
"$folder/venv/bin/python" - <<'PYTHON'
import os
import socket
import sys
import threading
import time

from itick.sdk.client import Client
from websockets.frames import Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

listener = socket.create_server(("127.0.0.1", 0))
seen = {Opcode.PING: 0, Opcode.TEXT: 0}


def serve():
    connection, _ = listener.accept()
    protocol = ServerProtocol()
    while data := connection.recv(65536):
        protocol.receive_data(data)
        for event in protocol.events_received():
            if isinstance(event, Request):
                protocol.send_response(protocol.accept(event))
            elif event.opcode in seen:
                seen[event.opcode] += 1
        for piece in protocol.data_to_send():
            connection.sendall(piece)


threading.Thread(target=serve, daemon=True).start()
client = Client("a-token")
client.WSS_URL = f"ws://127.0.0.1:{listener.getsockname()[1]}"
client.PING_INTERVAL = 0.1
client.connect_websocket("/fund")
time.sleep(1)
print(f"control frames: {'several' if seen[Opcode.PING] > 2 else seen[Opcode.PING]}; messages: {seen[Opcode.TEXT]}")
sys.stdout.flush()
os._exit(not (seen[Opcode.PING] > 2 and seen[Opcode.TEXT] == 0))
PYTHON
