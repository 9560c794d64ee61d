"""What the minute bars tell of this moment: how fast the price moves, and how much is traded against the usual."""

from __future__ import annotations

from functools import lru_cache

from tui.market.bars import MINUTE, MinuteBars
from tui.market.instrument import Instrument
from tui.market.sessions import SessionInterval
from tui.market.usual_volume import UsualVolume, cumulative_volumes


def speed(i: Instrument, minutes: int, time: float) -> float | None:
    """Returns the move of the last price over so many minutes, in %: 100·(last / price n minutes ago − 1), where that
    price is the last one of the minute that was over by then, so that n to n + 1 minutes are spanned.

    `time` is the exchange's, ms UTC. None until the session has lasted so long, if nothing came for so long, and if the
    price of then is not known for sure."""
    now, bars = i.newest_time, i.bars
    if i.last is None or not now or time - now > minutes * MINUTE or i.suspects_split:
        return None
    session = _session(i, now)
    slot = now // MINUTE - minutes - 1
    if not session.phase.is_continuous:
        return None
    bar = bars.latest_before(slot + 1)
    if bar is None or bar.time < session.start:
        return None
    held = bar.time // MINUTE
    is_known = held == slot or 0 <= bars.known_from <= held + 1
    if not is_known or any(held <= each <= slot for each in bars.incomplete):
        return None
    return 100 * (i.last - bar.close) / abs(bar.close) if bar.close else None


def relative_volume(i: Instrument, time: float) -> float | None:
    """Returns what was traded in today's session against the usual by the same minute: 1.5 is half as much again. Only
    minutes that are over count. `time` is the exchange's, ms UTC.

    None before the first of them is over, with too few dates to compare with, and while minutes of today are missing.
    """
    usual, bars = i.bars.usual, i.bars
    if usual is None or not usual.volumes or i.suspects_split or _session(i, time).date != usual.date:
        return None
    slot = int(time // MINUTE)
    # The last bar of a minute may come when it is over: a minute counts once one after it has begun in the data.
    stop = bars.latest if slot - bars.latest <= 1 else slot
    first = usual.minutes[0].start
    if stop <= first or any(first <= each < stop for each in bars.incomplete):
        return None
    return _compare(bars, usual, bars.slot_version, stop)


@lru_cache(maxsize=1_024)
def _compare(bars: MinuteBars, usual: UsualVolume, version: int, stop: int) -> float | None:
    """Returns `relative_volume` by slot `stop`, once a minute: `version` changes when a minute gets its first bar."""
    parts = [range(part.start, min(part.stop, stop)) for part in usual.minutes]
    traded = cumulative_volumes(bars.volumes(parts[0].start, stop), parts)
    if not traded or (median := usual.volumes[len(traded) - 1]) <= 0:
        return None
    return traded[-1] / median


def _session(i: Instrument, time: float) -> SessionInterval:
    """Returns the session interval of `time`; looking one up costs ten times as much as comparing."""
    session = i.session
    return session if session is not None and session.start <= time < session.end else i.calendar.at(time)
