"""Another process that holds locks: `python -m tests.holding SECONDS PATH …` says "held" and then ends by itself.

A folder or a file is locked as a copy of the program locks it; an SQLite file as one that writes.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import sqlite3
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path


@asynccontextmanager
async def held(seconds: float, *paths: Path) -> AsyncIterator[None]:
    """Another process holds these for `seconds`, or until the block ends if that is sooner."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.holding", str(seconds), *map(str, paths)),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None and await process.stdout.readline() == b"held\n"
        yield
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def main() -> None:
    databases: list[sqlite3.Connection] = []
    for path in map(Path, sys.argv[2:]):
        if path.suffix == ".sqlite":
            databases.append(sqlite3.connect(path, isolation_level=None))
            databases[-1].execute("BEGIN EXCLUSIVE")
        else:
            flags = os.O_RDONLY if path.is_dir() else os.O_RDWR | os.O_CREAT
            fcntl.flock(os.open(path, flags), fcntl.LOCK_EX)
    print("held", flush=True)
    time.sleep(float(sys.argv[1]))


if __name__ == "__main__":
    main()
