"""Resource limits of this process, lowered for a while."""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def lower_limit(what: int, most: int) -> Iterator[None]:
    """Lower a limit for this process and its children. RLIMIT_FSIZE, the longest file in bytes, stands in for a full
    disk; compiled modules are not written meanwhile, for Python would leave half of one behind."""
    before = resource.getrlimit(what)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONDONTWRITEBYTECODE", "1")
        patch.setattr(sys, "dont_write_bytecode", True)
        resource.setrlimit(what, (most, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(what, before)
