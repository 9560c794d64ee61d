"""What the doctor found, as lines or as one JSON object, fit to be shown to others."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import sys
import textwrap
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from tui import __version__
from tui.doctor.checks import Result, Status
from tui.secrets import clean

_COLOURS = {Status.OK: "green", Status.WARN: "yellow", Status.FAIL: "red", Status.SKIPPED: "bright_black"}
_STATUS = max(len(status.value) for status in Status)
_NAME = len("subscribe kline@1")
_BEFORE = 2 + _STATUS + 2 + _NAME + 2  # cells in front of the words
_LEAST, _MOST = 60, 100  # cells of a line


class Report:
    """Prints each result as it comes; with `as_json` all of them at the end."""

    def __init__(self, *, as_json: bool = False) -> None:
        self._as_json = as_json
        live = sys.stdout.isatty() and os.environ.get("TERM") not in (None, "", "dumb")
        self._live = live and not as_json
        self._coloured = live and not os.environ.get("NO_COLOR")
        self._width = min(_MOST, max(_LEAST, shutil.get_terminal_size().columns))

    def head(self) -> None:
        """What all of it is about."""
        if not self._as_json:
            told = _told()
            click.echo(f"itick-tui {told['itick-tui']}, Python {told['python']}, {told['platform']}, {told['time']}")

    def part(self, title: str) -> None:
        """What follows is of another kind."""
        if not self._as_json:
            click.echo(self._style(f"\n{unnamed(title)}", bold=True))

    def begins(self, name: str) -> None:
        """While a step is taken its name stands there."""
        if self._live:
            click.echo(self._style(f"  {'…':{_STATUS}}  {name}", dim=True) + "\r", nl=False)

    def ends(self, result: Result) -> None:
        if self._as_json:
            return
        words = unnamed(result.words) + (f" ({_milliseconds(result.ms)})" if result.ms is not None else "")
        lines = textwrap.wrap(words, self._width - _BEFORE, break_long_words=False, break_on_hyphens=False)
        status = self._style(f"{result.status.value:{_STATUS}}", fg=_COLOURS[result.status])
        click.echo(f"{self._clear()}  {status}  {result.name:{_NAME}}  {lines[0]}")
        for line in lines[1:]:
            click.echo(f"{'':{_BEFORE}}{line}")
        if result.advice:
            advice = textwrap.fill(
                f"→ {unnamed(result.advice)}",
                self._width - _BEFORE,
                subsequent_indent="  ",
                break_long_words=False,
                break_on_hyphens=False,
            )
            click.echo(self._style(textwrap.indent(advice, " " * _BEFORE), fg=_COLOURS[result.status]))

    def tail(self, results: Sequence[Result]) -> None:
        """How many there are of each; or all of it as JSON."""
        if self._as_json:
            checks = [
                {
                    "id": result.name,
                    "status": result.status.value,
                    "words": unnamed(result.words),
                    "advice": unnamed(result.advice),
                    "ms": None if result.ms is None else round(result.ms, 1),
                }
                for result in results
            ]
            click.echo(json.dumps(_told() | {"checks": checks}, indent=1, ensure_ascii=False))
            return
        counts = Counter(result.status for result in results)
        told = [self._style(f"{counts[s]} {s.value}", fg=_COLOURS[s]) for s in Status if counts[s]]
        click.echo(f"\n{', '.join(told)}")

    def _clear(self) -> str:
        return "\x1b[K" if self._live else ""

    def _style(self, text: str, **look: object) -> str:
        return click.style(text, **look) if self._coloured else text  # type: ignore[arg-type]


def unnamed(text: str) -> str:
    """The text as others may read it: without the key, without what a terminal would obey, and with `~` for the
    folder that tells who somebody is."""
    home = str(Path.home())
    shown = clean(text)
    if len(home) > 1:
        shown = shown.replace(home, "~")
    return re.sub(r"/(home|Users)/[^/\s:;,']+", r"/\1/…", shown)


def _told() -> dict[str, str]:
    return {
        "itick-tui": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "time": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC",
    }


def _milliseconds(value: float) -> str:
    return f"{value:.1f} ms" if value < 10 else f"{value:.0f} ms"
