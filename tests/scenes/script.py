"""Scenes in plain text: what happens at an exchange, hour by hour, and what the screen says then.

    A night trade moves EXT% and leaves the change alone
        symbol                     QQQ$US
        closes                     2026-12-03 500, 2026-12-04 505
        Mon 2026-12-07 21:30       trade 494
        21:30:02                   look
            row                    live
            EXT%                   -2.18% down
            header                 US overnight

A line without an indent is the title of a scene. Words are parted from what follows by two blanks or more, `#` begins a
remark. Times are those of the exchange, on the date named last. What may happen:

    trade 494 v=1200 d=2            quote 494 p=505 ch=-11 o=490 h=495 l=489 v=10 tu=20 ts=1
    book 4.126x300 4.125 / 4.127    bids / asks, the best first (`4.127@3` has po 3, `-` is none)
    bar 500                         of the minute then, as one price or as O H L C, with v=
    link lost, link live            refused kline@1
    trade 494 late=900              dated so many s earlier
    09:30-09:31 every 5s            trade 10|10.02 v=100+20: 10, 10.02, 10 …, the volume 100, 120, 140 …

`look` is followed by what must be seen: a column of the row (a role at its end is its colour), `row` for the state that
it is in, and `header`, `status`, `ladder`, `chart`, `tape` and `headline` for words that are there, or `without` them.
A figure of the headline is written `headline Extended`. Before the first time a scene may have:

    closes         2026-12-03 500, 2026-12-04 505     kept from earlier days
    rest           16:30 quote 505 p=500              what REST told last: date and time, then as above
    bars           2026-12-04 09:30-16:00 505 v=100   minutes that REST told: all of one price
    name           Invesco QQQ Trust                  what the vendor calls the fund
    shown          interval=1440 static_ladder=1      settings
    provisional    2027                               a year whose days off are not announced
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tui.symbol import Symbol, parse_symbol

AREAS = ("header", "status", "ladder", "chart", "tape", "headline")
"""The parts of the screen that are searched for words."""
FACTS = ("closes", "rest", "bars", "name", "shown", "provisional")
"""What a scene may have before its first time."""
# Not the program's own table: a scene would not see that a zone of it is wrong.
_ZONES = {"US": "America/New_York", "HK": "Asia/Hong_Kong", "SH": "Asia/Shanghai", "SZ": "Asia/Shanghai"}
_WHEN = re.compile(
    r"(?:(?:(Mon|Tue|Wed|Thu|Fri|Sat|Sun) )?(\d{4}-\d\d-\d\d) )?(\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)"
    r"(?:-(\d\d:\d\d(?::\d\d)?)(?: every (\d+)s)?)?"
)


class SceneError(Exception):
    """A scene that cannot be read."""


class Check(NamedTuple):
    """What must be seen at a place of the screen."""

    place: str
    value: str


class Event(NamedTuple):
    """What happens at `time` (ms UTC), up to `until` every `step` ms."""

    time: int
    verb: str
    words: tuple[str, ...]
    until: int
    step: int
    checks: list[Check]


class Fact(NamedTuple):
    """What was before, by a name of FACTS."""

    name: str
    value: str


class Scene(NamedTuple):
    """A scene of one symbol."""

    title: str
    chapter: str
    text: str
    symbol: Symbol
    facts: tuple[Fact, ...]
    events: tuple[Event, ...]


class When(NamedTuple):
    """A time, ms UTC, or a range of times with a step in ms, and its date at the exchange."""

    time: int
    until: int
    step: int
    date: date


def parse_when(text: str, symbol: Symbol, today: date | None) -> When:
    """Returns the time of a text like `Mon 2026-12-07 21:30`, at the exchange of a symbol."""
    found = _WHEN.fullmatch(text)
    if found is None:
        raise SceneError(f"'{text}' is no time")
    weekday, day, start, end, every = found.groups()
    today = date.fromisoformat(day) if day else today
    if today is None:
        raise SceneError(f"'{text}' has no date, and none came before")
    if weekday and f"{today:%a}" != weekday:
        raise SceneError(f"{today} is a {today:%a}, not a {weekday}")
    begin, stop = (_ms(f"{today}T{each}", symbol) for each in (start, end or start))
    if stop < begin:
        raise SceneError(f"'{text}' ends before it begins")
    return When(begin, stop, 1000 * int(every or 60), today)


def _ms(text: str, symbol: Symbol) -> int:
    local = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(_ZONES.get(symbol.region, "UTC")))
    return round(local.timestamp() * 1000)


def read_scenes(path: Path) -> Iterator[Scene]:
    """Yields the scenes of a chapter. Raises SceneError with the line that cannot be read."""
    scene: list[tuple[int, str]] = []
    for number, line in enumerate([*path.read_text(encoding="utf-8").splitlines(), "end"], 1):
        line = line.partition("#")[0].rstrip()
        if line and not line[0].isspace():
            if scene:
                yield _read_scene(path, scene)
            scene = [(number, line)]
        elif line:
            scene.append((number, line))


def _read_scene(path: Path, lines: list[tuple[int, str]]) -> Scene:
    symbol: Symbol | None = None
    today: date | None = None
    facts: list[Fact] = []
    events: list[Event] = []
    at, title = lines[0]
    try:
        for at, line in lines[1:]:  # noqa: B007  # told of in the error
            name, _, value = re.sub(r"\s{2,}", "\t", line.strip()).partition("\t")
            value = value.replace("\t", " ").replace("−", "-")
            if name == "symbol":
                symbol = parse_symbol(value).symbol
            elif symbol is None:
                raise SceneError("the symbol comes first")
            elif name in FACTS and not events:
                facts.append(Fact(name, value))
            elif _WHEN.fullmatch(name):
                when = parse_when(name, symbol, today)
                if events and when.time < events[-1].time:
                    raise SceneError("the time goes back")
                today = when.date
                verb, *words = value.split()
                events.append(Event(when.time, verb, tuple(words), when.until, when.step, []))
            elif events and events[-1].verb == "look" and value:
                events[-1].checks.append(Check(name, value))
            else:
                raise SceneError(f"'{name}' means nothing here")
        at = lines[0][0]
        if symbol is None or not any(event.verb == "look" for event in events):
            raise SceneError("nobody looks at it")
        if not all(event.checks for event in events if event.verb == "look"):
            raise SceneError("a look without anything to see")
    except (SceneError, ValueError) as error:
        raise SceneError(f"{path.name}, line {at}: {error}") from None
    text = "\n".join(line for _, line in lines)
    return Scene(title, path.stem, text, symbol, tuple(facts), tuple(events))
