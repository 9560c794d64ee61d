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

import click

from tui import __version__
from tui.doctor.checks import Result, Status
from tui.feed.clock import monotonic
from tui.secrets import safe_text

_COLOURS = {Status.OK: "green", Status.WARN: "yellow", Status.FAIL: "red", Status.SKIPPED: "bright_black"}
_STATUS = max(len(status.value) for status in Status)
_NAME = len("subscribe kline@1")
_BEFORE = 2 + _STATUS + 2 + _NAME + 2  # cells in front of the words
_LEAST, _MOST = 60, 100  # cells of a line


class Report:
    """Prints each result as it comes; with `as_json` all of them at the end."""

    def __init__(self, *, as_json: bool = False) -> None:
        self._as_json = as_json
        self._begun = monotonic()
        live = sys.stdout.isatty() and os.environ.get("TERM") not in (None, "", "dumb")
        self._live = live and not as_json
        self._coloured = live and not os.environ.get("NO_COLOR")
        self._width = min(_MOST, max(_LEAST, shutil.get_terminal_size().columns))

    def head(self) -> None:
        """What all of it is about."""
        if not self._as_json:
            told = _told()
            click.echo(f"itick-tui {told['itick-tui']}, Python {told['python']}, {told['time']}\n{told['platform']}")

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
        first, *lines = self._wrapped(words)
        colour = _COLOURS[result.status]
        status = self._style(f"{result.status.value:{_STATUS}}", fg=colour)
        named = f"{result.name:{_NAME}}  {first}"
        if result.status is Status.SKIPPED:
            named = self._style(named, fg=colour)
        click.echo(f"{self._clear()}  {status}  {named}")
        for line in lines:
            click.echo(f"{'':{_BEFORE}}{line}")
        for line in self._wrapped(f"→ {unnamed(result.advice)}", "  ") if result.advice else ():
            click.echo(self._style(f"{'':{_BEFORE}}{line}", fg=colour))

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
        click.echo(f"\n{', '.join(told)} in {monotonic() - self._begun:.1f} s")

    def _wrapped(self, text: str, indent: str = "") -> list[str]:
        return textwrap.wrap(
            text,
            self._width - _BEFORE,
            subsequent_indent=indent,
            break_on_hyphens=False,
            break_long_words=self._live,  # a path in a pipe can be copied whole
        )

    def _clear(self) -> str:
        return "\x1b[K" if self._live else ""

    def _style(self, text: str, **look: object) -> str:
        return click.style(text, **look) if self._coloured else text  # type: ignore[arg-type]


def unnamed(text: str) -> str:
    """The text as others may read it: without the key, without what a terminal would obey, and with `~` for the
    folder that tells who somebody is."""
    home = os.path.expanduser("~")
    shown = safe_text(text)
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
