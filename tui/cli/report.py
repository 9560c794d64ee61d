"""Prints the doctor's results as lines or one JSON object, without what identifies the user."""

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
from tui.colour_depth import ColourDepth, colour_depth, is_drawable
from tui.doctor.checks import CheckResult, Status
from tui.feed.clock import monotonic
from tui.secrets import safe_text

_COLOURS = {Status.OK: "green", Status.WARN: "yellow", Status.FAIL: "red", Status.SKIPPED: "bright_black"}
_STATUS_WIDTH = max(len(status.value) for status in Status)
_NAME_WIDTH = len("subscribe kline@1")
_INDENT = 2 + _STATUS_WIDTH + 2 + _NAME_WIDTH + 2  # cells in front of the words
_MIN_WIDTH, _MAX_WIDTH = 60, 100  # cells of a line


class Report:
    """Prints each result as it arrives; with `as_json` all of them at the end."""

    def __init__(self, *, as_json: bool = False) -> None:
        self._as_json = as_json
        self._started = monotonic()
        is_terminal = sys.stdout.isatty() and is_drawable(os.environ.get("TERM", ""))
        self._is_terminal = is_terminal and not as_json
        self._coloured = is_terminal and colour_depth(os.environ) is not ColourDepth.NONE
        self._width = min(_MAX_WIDTH, max(_MIN_WIDTH, shutil.get_terminal_size().columns))

    def print_header(self) -> None:
        """Print versions, platform and time."""
        if not self._as_json:
            facts = _environment_facts()
            click.echo(
                f"itick-tui {facts['itick-tui']}, Python {facts['python']}, {facts['time']}\n{facts['platform']}"
            )

    def print_section(self, title: str) -> None:
        """Print the title of the following steps."""
        if not self._as_json:
            click.echo(self._style(f"\n{anonymize(title)}", bold=True))

    def on_start(self, name: str) -> None:
        """Show the name of a step while it runs."""
        if self._is_terminal:
            click.echo(self._style(f"  {'…':{_STATUS_WIDTH}}  {name}", dim=True) + "\r", nl=False)

    def on_result(self, result: CheckResult) -> None:
        """Print the result of a step."""
        if self._as_json:
            return
        words = anonymize(result.words) + (f" ({_milliseconds(result.ms)})" if result.ms is not None else "")
        first, *lines = self._wrap(words)
        colour = _COLOURS[result.status]
        status = self._style(f"{result.status.value:{_STATUS_WIDTH}}", fg=colour)
        named = f"{result.name:{_NAME_WIDTH}}  {first}"
        if result.status is Status.SKIPPED:
            named = self._style(named, fg=colour)
        click.echo(f"{self._clear()}  {status}  {named}")
        for line in lines:
            click.echo(f"{'':{_INDENT}}{line}")
        for line in self._wrap(f"→ {anonymize(result.advice)}", "  ") if result.advice else ():
            click.echo(self._style(f"{'':{_INDENT}}{line}", fg=colour))

    def print_summary(self, results: Sequence[CheckResult]) -> None:
        """Print the number of results by status, or everything as JSON."""
        if self._as_json:
            checks = [
                {
                    "id": result.name,
                    "status": result.status.value,
                    "words": anonymize(result.words),
                    "advice": anonymize(result.advice),
                    "ms": None if result.ms is None else round(result.ms, 1),
                }
                for result in results
            ]
            click.echo(json.dumps(_environment_facts() | {"checks": checks}, indent=1, ensure_ascii=False))
            return
        counts = Counter(result.status for result in results)
        facts = [self._style(f"{counts[s]} {s.value}", fg=_COLOURS[s]) for s in Status if counts[s]]
        click.echo(f"\n{', '.join(facts)} in {monotonic() - self._started:.1f} s")

    def _wrap(self, text: str, indent: str = "") -> list[str]:
        return textwrap.wrap(
            text,
            self._width - _INDENT,
            subsequent_indent=indent,
            break_on_hyphens=False,
            break_long_words=self._is_terminal,  # a path in a pipe stays whole
        )

    def _clear(self) -> str:
        return "\x1b[K" if self._is_terminal else ""

    def _style(self, text: str, **style: object) -> str:
        return click.style(text, **style) if self._coloured else text  # type: ignore[arg-type]


def anonymize(text: str) -> str:
    """Returns the text without the key, without control characters, and with `~` or `…` for the names of home
    folders."""
    home = os.path.expanduser("~")
    shown = safe_text(text)
    if len(home) > 1:
        shown = shown.replace(home, "~")
    return re.sub(r"/(home|Users)/[^/\s:;,']+", r"/\1/…", shown)


def _environment_facts() -> dict[str, str]:
    return {
        "itick-tui": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "time": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC",
    }


def _milliseconds(value: float) -> str:
    return f"{value:.1f} ms" if value < 10 else f"{value:.0f} ms"
