"""The program on a disk that hangs: `python -m tests.support.hanging_disk FOLDER`, followed by arguments of itick-tui.

Syncing a file in FOLDER never returns.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import tui.cli


def main() -> None:
    folder = Path(sys.argv.pop(1))
    sync = os.fsync

    def hang(descriptor: int) -> None:
        if any(os.path.samestat(os.fstat(descriptor), path.stat()) for path in folder.glob(".*")):
            threading.Event().wait()
        sync(descriptor)

    os.fsync = hang  # type: ignore[assignment]
    tui.cli.main()


if __name__ == "__main__":
    main()
