"""The program without an answer from DNS: `python -m tests.support.no_dns`, followed by arguments of itick-tui."""

from __future__ import annotations

import socket
import time
from typing import Any

import tui.cli

HOST = "nobody-answers.example"
URL = f"wss://{HOST}/fund"
_getaddrinfo = socket.getaddrinfo


def wait(host: Any, *arguments: Any, **named: Any) -> list[Any]:
    """Resolve like the system, except that one name never resolves."""
    if host == HOST:
        time.sleep(60)
    return _getaddrinfo(host, *arguments, **named)


if __name__ == "__main__":
    socket.getaddrinfo = wait
    tui.cli.main()
