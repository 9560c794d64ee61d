"""Writing without waiting for the reader."""

from __future__ import annotations

import asyncio
import os

import pytest

from tui.headless import stdout
from tui.headless.stdout import StdoutWriter


async def test_only_what_is_unwritten_counts_as_buffered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stdout, "_MAX_BUFFERED", 4_000)
    errors: list[None] = []
    read, write = os.pipe()
    writer = StdoutWriter(write, lambda: errors.append(None))
    for _ in range(10):
        writer.write(b"x" * 1_000)
        assert await asyncio.to_thread(os.read, read, 1_000) == b"x" * 1_000
    assert await writer.close(1.0) is None
    assert errors == []
    os.close(read)
    os.close(write)
