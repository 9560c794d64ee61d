"""Resource limits of this process, lowered for a while."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def lower_limit(what: int, most: int) -> Iterator[None]:
    """Lower a limit for this process and its children. RLIMIT_FSIZE, the longest file in bytes, stands in for a full
    disk."""
    before = resource.getrlimit(what)
    resource.setrlimit(what, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(what, before)
