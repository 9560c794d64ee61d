"""The settings of the Python process for floods of messages."""

from __future__ import annotations

import gc
import sys

_GC_THRESHOLDS = (1_000, 20, 50)  # messages and trades, made by the thousand, are freed without a collection
_SWITCH_INTERVAL = 0.0005  # s, for the threads of keyboard and terminal in a flood of messages; the default is 5 ms


def set_up_process() -> None:
    """Set the garbage collector and the threads up for floods of messages."""
    # All objects up to now stay: to look through them in every full collection takes 50 ms.
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)
    gc.enable()
    sys.setswitchinterval(_SWITCH_INTERVAL)
