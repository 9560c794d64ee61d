#!/usr/bin/env bash
# nats-py 2.16.0: connect() to one server that refuses the connection, with allow_reconnect=False, does not raise. It tries
# the server again every reconnect_time_wait (2 s), max_reconnect_attempts times (60): allow_reconnect counts only for a
# connection that was lost. error_cb hears of each refusal, by default a line in the log; the caller waits for two minutes.
# An exception that error_cb raises ends connect() at once, and is what it raises.
# Seen, on a port of loopback on which nothing listens:
#   after 5 s: still in connect(), refused 3 times
#   error_cb raises: ConnectionRefusedError
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q nats-py==2.16.0
"$folder/venv/bin/python" - <<'PYTHON'
import asyncio
import socket
import sys

from nats.aio.client import Client

bound = socket.socket()
bound.bind(("127.0.0.1", 0))  # and no listen(): each attempt is refused
url = f"nats://127.0.0.1:{bound.getsockname()[1]}"


async def waits():
    refused = 0

    async def count(error):
        nonlocal refused
        refused += isinstance(error, ConnectionRefusedError)

    try:
        await asyncio.wait_for(Client().connect(url, allow_reconnect=False, error_cb=count), 5)
    except asyncio.TimeoutError:
        return f"after 5 s: still in connect(), refused {refused} times"
    except Exception as error:
        return f"raised {type(error).__name__}"


async def raises():
    async def again(error):
        raise error

    try:
        await asyncio.wait_for(Client().connect(url, allow_reconnect=False, error_cb=again), 5)
    except Exception as error:
        return f"error_cb raises: {type(error).__name__}"


seen = [asyncio.run(waits()), asyncio.run(raises())]
print(*seen, sep="\n")
sys.exit(seen != ["after 5 s: still in connect(), refused 3 times", "error_cb raises: ConnectionRefusedError"])
PYTHON
