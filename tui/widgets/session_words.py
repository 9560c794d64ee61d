"""What the header says of an exchange's day: its session, its clock, and the time to the next bell."""

from __future__ import annotations

from tui import format as fmt
from tui.market.sessions import Calendar, NextTransition, SessionPhase, Zone, zone

_LONGEST_REASON = 28  # cells: some holidays have names like sentences


def session_words(region: str, hours: Calendar, time: float, demo: bool = False) -> list[str]:
    """The same in fewer and fewer words, the most first: `US open · 15:32:07 ET · closes in 27m`. `time` in ms UTC.
    Where the hours are not known there is just the clock."""
    where = zone(region)
    clock = f"{where.at(time):%H:%M:%S} {where.label}"
    if demo:
        return [f"{clock} · DEMO 24h", clock]
    if hours.always_open:
        return [clock]
    now = hours.at(time)
    session = f"{region} {now.phase.value}"
    closed = now.phase is SessionPhase.CLOSED
    why = fmt.clip(hours.holiday(now.date), _LONGEST_REASON) if closed else "half day" * hours.closes_early(now.date)
    named = f"{session} ({why})" if why else session
    bell = hours.next_transition(time)
    if bell is None:
        return [f"{named} · {clock}", f"{session} · {clock}", session]
    rings = f"{bell.what} {_when(bell, time, where)}"
    if now.phase.is_continuous:  # there the clock is worth more than the bell
        return [f"{named} · {clock} · {rings}", f"{session} · {clock} · {rings}", f"{session} · {clock}", session]
    rings_alone = rings if " in " in rings else f"{rings} {where.label}"
    return [f"{named} · {clock} · {rings}", f"{named} · {rings_alone}", f"{session} · {rings_alone}", session]


def _when(bell: NextTransition, time: float, where: Zone) -> str:
    """`in 27m` on the same date, else `Fri 09:30`, and with the date where that is a week off."""
    rings, now = where.at(bell.time), where.at(time)
    days = (rings.date() - now.date()).days
    if not days:
        # As the clock beside it shows them: with 15:59:18 there are 42 s to go.
        return f"in {_span(bell.time // 1000 - int(time) // 1000)}"
    return f"{rings:%a %H:%M}" if days < 7 else f"{rings:%a} {rings.day} {rings:%b %H:%M}"


def _span(seconds: int) -> str:
    """42s, 27m, 2h 05m"""
    if seconds < 3_600:
        return fmt.seconds(seconds)
    return f"{seconds // 3_600}h {seconds % 3_600 // 60:02}m"
