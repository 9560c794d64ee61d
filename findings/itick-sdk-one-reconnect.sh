#!/usr/bin/env bash
# itick-sdk 0.1.0, the vendor's own client: MAX_RECONNECT_ATTEMPTS is 10, and after a connection that cannot be opened it
# tries once more and then never again. Each attempt runs on the thread that scheduled it; a failed one schedules the next
# while that thread is still alive, and a new thread is only started where there is none. A program that uses it stays
# without data after an outage longer than one RECONNECT_INTERVAL. Here that interval is 0.2 s, and the address is a port
# of loopback on which nothing listens.
# Seen, within 4 s:
#   attempts: 2 of 11
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q itick-sdk==0.1.0 requests==2.32.5 websocket-client==1.9.0
"$folder/venv/bin/python" - <<'PYTHON'
import contextlib
import os
import socket
import sys
import time

import websocket
from itick.sdk.client import Client

bound = socket.socket()
bound.bind(("127.0.0.1", 0))  # and no listen(): each attempt is refused
attempts = 0
connect = websocket.create_connection


def count(*arguments, **named):
    global attempts
    attempts += 1
    return connect(*arguments, **named)


websocket.create_connection = count
client = Client("a-token")
client.WSS_URL = f"ws://127.0.0.1:{bound.getsockname()[1]}"
client.RECONNECT_INTERVAL = 0.2
with contextlib.suppress(OSError):
    client.connect_websocket("/fund")
time.sleep(4)
print(f"attempts: {attempts} of {1 + client.MAX_RECONNECT_ATTEMPTS}")
sys.stdout.flush()
os._exit(not (attempts == 2 and client.MAX_RECONNECT_ATTEMPTS == 10))
PYTHON
