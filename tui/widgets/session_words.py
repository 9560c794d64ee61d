"""An exchange's session in words: the phase, the clock, and the time to the next transition."""

from __future__ import annotations

from tui import format as fmt
from tui.market.sessions import Calendar, NextTransition, Zone, zone

_LONGEST_REASON = 28  # cells: some holidays have names like sentences


def session_words(region: str, calendar: Calendar, time: float, demo: bool = False, trading: bool = False) -> list[str]:
    """Returns the session's forms from the longest to the shortest: `US open · 15:32:07 ET · closes in 27m`. `time` in
    ms UTC. An exchange with unknown hours has the clock only. `trading`: data shows that it trades although it is
    closed by its calendar."""
    local = zone(region)
    clock = f"{local.at(time):%H:%M:%S} {local.label}"
    if demo:
        return [f"{clock} · DEMO 24h", clock]
    if calendar.always_open:
        return [clock]
    now = calendar.at(time)
    session = f"{region} {now.phase.value}"
    if now.phase.is_closed and trading:
        return [f"{region} trading · hours not known · {clock}", f"{region} trading · {clock}", f"{region} trading"]
    if now.phase.is_closed:
        reason = fmt.clip(calendar.holiday(local.at(time).date()), _LONGEST_REASON)
    else:
        reason = "half day" * calendar.closes_early(now.date)
    if calendar.is_provisional(local.at(time).date()):
        reason = f"{reason}, not announced" if reason else "days off not announced"
    named = f"{session} ({reason})" if reason else session
    transition = calendar.next_transition(time)
    if transition is None:
        return [f"{named} · {clock}", f"{session} · {clock}", session]
    then = f"{transition.what} {_until(transition, time, local)}"
    if now.phase.is_continuous:  # the clock stays longer than the next transition
        return [f"{named} · {clock} · {then}", f"{session} · {clock} · {then}", f"{session} · {clock}", session]
    then_alone = then if " in " in then else f"{then} {local.label}"
    return [f"{named} · {clock} · {then}", f"{named} · {then_alone}", f"{session} · {then_alone}", session]


def _until(transition: NextTransition, time: float, local: Zone) -> str:
    """Returns when a transition is: `in 27m` on the same date, else `Fri 09:30`, with the date if it is a week away."""
    then, now = local.at(transition.time), local.at(time)
    days = (then.date() - now.date()).days
    if not days:
        # Whole seconds, as the clock on the same line counts: 42 s to go at 15:59:18.
        return f"in {_span(transition.time // 1000 - int(time) // 1000)}"
    return f"{then:%a %H:%M}" if days < 7 else f"{then:%a} {then.day} {then:%b %H:%M}"


def _span(seconds: int) -> str:
    """Returns a duration as 42s, 27m or 2h 05m."""
    if seconds < 3_600:
        return fmt.seconds(seconds)
    return f"{seconds // 3_600}h {seconds % 3_600 // 60:02}m"
