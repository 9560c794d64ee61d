"""Fixtures of the tests of shared connections."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for locks whose path is short enough for a socket; those of pytest are not on every system."""
    with TemporaryDirectory(prefix="itick-") as path:
        yield Path(path)
