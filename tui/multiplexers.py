"""Programs between this one and the terminal, and what they do not pass on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

_MOST_PARENTS = 16


def notification_obstacle(environment: Mapping[str, str], version: str = "") -> str:
    """Returns the program between here and the terminal that drops notifications, "" if none is known."""
    if "STY" in environment and environment.get("TERM", "").startswith("screen") and not version:
        return "GNU screen"
    return "mosh" if "mosh-server" in _parent_commands() else ""


def replying_program(environment: Mapping[str, str]) -> str:
    """Returns the program between here and the terminal that replies to queries in its place, "" if none is known."""
    return "tmux" if is_tmux(environment) else notification_obstacle(environment)


def is_tmux(environment: Mapping[str, str], version: str = "") -> bool:
    """Returns True in tmux. `version` is the terminal's own name and version (XTVERSION), "" if unknown: a terminal
    that was started from tmux inherits TMUX."""
    if version:
        return version.startswith("tmux")
    return "TMUX" in environment and environment.get("TERM", "").startswith(("tmux", "screen"))


def _parent_commands() -> Iterator[str]:
    """Yields the names of the processes above this one, where /proc tells them."""
    process = "self"
    for _ in range(_MOST_PARENTS):
        try:
            stat = Path("/proc", process, "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return
        name, _, rest = stat.partition("(")[2].rpartition(")")
        yield name
        process = rest.split()[1]
