"""Walks through the keys in real terminals, or those named, and keeps a picture of each step; and compares what stands
on terminals that draw ambiguous characters wide with what is meant.

    python -m tests.terminals [NAME ...] [--into FOLDER]

The terminals are Debian's, on X servers without a screen. What is not installed is said and left out.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from tempfile import gettempdir

from tests.terminals.emulators import EMULATORS
from tests.terminals.figures import FIGURES, compare
from tests.terminals.walk import walk
from tests.terminals.window import PACKAGES


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [*EMULATORS, *(f"figures-{name}" for name in FIGURES)]
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names))
    parser.add_argument(
        "--into", type=Path, default=Path(gettempdir()) / "terminals", metavar="FOLDER", help="where pictures go"
    )
    chosen = parser.parse_args()
    if unknown := [name for name in chosen.names if name not in names]:
        parser.error(f"no such terminal: {', '.join(unknown)}")
    listed = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n"], capture_output=True, text=True
    )
    installed = {line.split()[0] for line in listed.stdout.splitlines() if line.endswith(" installed")}
    failed = False
    for name in chosen.names or names:
        emulator = EMULATORS[name.removeprefix("figures-")]
        if missing := [package for package in (*PACKAGES, *emulator.packages) if package not in installed]:
            print(f"{name}: left out, not installed: {' '.join(missing)}", flush=True)
            continue
        folder = chosen.into.absolute() / name
        wrong = compare(name.removeprefix("figures-"), folder) if name.startswith("figures-") else walk(name, folder)
        print(f"{name}: {wrong or 'as it should be'}", flush=True)
        failed = failed or bool(wrong)
    sys.exit(failed)


if __name__ == "__main__":
    main()
