"""The program where no name server answers: `python -m tests.support.no_dns`, followed by arguments of itick-tui."""

from __future__ import annotations

import socket
import time
from typing import Any

import tui.cli

HOST = "nobody-answers.example"
URL = f"wss://{HOST}/fund"
_getaddrinfo = socket.getaddrinfo


def wait(host: Any, *arguments: Any, **named: Any) -> list[Any]:
    """As the system's, but for the one name."""
    if host == HOST:
        time.sleep(60)
    return _getaddrinfo(host, *arguments, **named)


if __name__ == "__main__":
    socket.getaddrinfo = wait
    tui.cli.main()
