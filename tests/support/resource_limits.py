"""What a process may have, made less for a while."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def limited(what: int, most: int) -> Iterator[None]:
    """Neither this process nor those it starts may have more. No file longer than so many bytes (RLIMIT_FSIZE) is as
    good as a disk that is full then."""
    before = resource.getrlimit(what)
    resource.setrlimit(what, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(what, before)
