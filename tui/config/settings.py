"""What the config file holds, read into one Struct; whatever is wrong is named with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias, get_args

import msgspec
from msgspec import Meta, Struct

from tui.config.key_table import KEYS, apply_overrides, find_conflict
from tui.config.themes import DEFAULT_THEME
from tui.errors import UsageError
from tui.market.alerts import Alert, parse_alert
from tui.market.money import parse_amount
from tui.protocol.messages import MAX_SYMBOLS
from tui.symbol import Symbol, parse_symbol

ColumnId: TypeAlias = Literal[
    "symbol", "name", "last", "change", "change%", "ext%", "bid", "ask", "spread", "previous", "open", "high", "low",
    "range", "volume", "turnover", "vwap", "iopv", "premium", "hour", "time", "age",
]  # fmt: skip
COLUMN_IDS: tuple[str, ...] = get_args(ColumnId)
PaneId: TypeAlias = Literal["watchlist", "ladder", "chart", "tape"]
Interval: TypeAlias = Literal[1, 5, 15, 30, 60, 1440]
Lists: TypeAlias = Mapping[str, tuple[Symbol, ...]]

PLACEHOLDERS = ("{words}", "{symbol}", "{price}")
"""What `alert_command` may have in its arguments for what happened."""

_TYPES = {  # by msgspec's words for them
    "str": "text in quotes",
    "bool": "true or false",
    "array": "a list in brackets",
    "object": "a table",
    "int": "a number",
    "float": "a number",
}


class _Plain(Struct, frozen=True, kw_only=True):
    """What stands in the file as the program uses it. An empty `columns` means the usual ones, `-` before the column in
    `sort` that the largest comes first; an empty `sort` is the order made by hand."""

    theme: str = DEFAULT_THEME
    red_up: bool = False
    flash: bool = True
    bell: bool = True
    url: str = ""
    rest_url: str = ""
    calls_a_minute: Annotated[int, Meta(ge=0, le=60_000)] = 5
    token_command: tuple[str, ...] = ()
    columns: tuple[ColumnId, ...] = ()
    sort: str = ""
    hidden: tuple[PaneId, ...] = ()
    interval: Interval = 1
    candles: bool = False
    vwap: bool = False
    static_ladder: bool = False
    root_ladder: bool = False
    cost_of: str = "1000"
    alert_command: tuple[str, ...] = ()
    list: str = ""


class Settings(_Plain, frozen=True, kw_only=True):
    """Every setting, as the program uses it. `lists` holds the symbols of each list by its name, in order; no two of
    the `alerts` have the same key."""

    alerts: tuple[Alert, ...] = ()
    lists: Lists = {}
    keys: Mapping[str, tuple[str, ...]] = {}


def is_same_lists(one: Lists, other: Lists) -> bool:
    """Whether they are equal, in the same order too."""
    return list(one.items()) == list(other.items())


def is_same_settings(one: Settings, other: Settings) -> bool:
    """Whether they are equal, their lists in the same order too."""
    return one == other and is_same_lists(one.lists, other.lists)


class _File(_Plain, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every setting, as it stands in the file."""

    alerts: tuple[str, ...] = ()
    lists: dict[str, tuple[str, ...]] = {}
    keys: dict[str, str | tuple[str, ...]] = {}


def parse_settings(text: str, name: str) -> Settings:
    """The settings in a file's text. Raises UsageError with the file's name, the line and what is wrong there."""
    try:
        raw = tomllib.loads(text)
        file = msgspec.convert(raw, _File)
    except tomllib.TOMLDecodeError as error:
        words, _, place = str(error).partition(" (at ")
        line = re.search(r"line (\d+)", place)
        at = int(line[1]) if line else len(text.splitlines())
        raise _wrong(name, at, words[:1].lower() + words[1:]) from None
    except msgspec.ValidationError as error:
        path, words = _explain(raw, str(error))
        raise _wrong(name, line_of(text, *path), words) from None
    except RecursionError:
        raise UsageError(f"{name}: it is nested too deeply") from None
    except ValueError:
        at = next((n for n, line in enumerate(text.splitlines(), 1) if re.search(r"[\da-fA-F_]{3000}", line)), 0)
        raise _wrong(name, at, "a number of thousands of digits") from None
    lists: dict[str, tuple[Symbol, ...]] = {}
    for title, spellings in file.lists.items():
        try:
            lists[title] = _symbols(title, spellings)
        except UsageError as error:
            raise _wrong(name, line_of(text, "lists", title), f"list '{title}': {error}") from None
    if file.sort and file.sort.removeprefix("-") not in COLUMN_IDS:
        raise _wrong(name, line_of(text, "sort"), f"sort: there is no column '{file.sort.removeprefix('-')}'")
    try:
        parse_amount(file.cost_of)
    except UsageError as error:
        raise _wrong(name, line_of(text, "cost_of"), f"cost_of: {error}") from None
    for placeholder in re.findall(r"(?<!\$)\{\w*\}", " ".join(file.alert_command)):
        if placeholder not in PLACEHOLDERS:
            words = f"alert_command: there is no '{placeholder}', only {', '.join(PLACEHOLDERS)}"
            raise _wrong(name, line_of(text, "alert_command"), words)
    alerts: dict[object, Alert] = {}
    for written in file.alerts:
        try:
            alert = parse_alert(written)
        except UsageError as error:
            lines = (number for number, line in enumerate(text.splitlines(), 1) if f'"{written}"' in line)
            at = next(lines, line_of(text, "alerts"))
            raise _wrong(name, at, f"alerts: '{written}': {error}") from None
        alerts.setdefault(alert.key, alert)
    keys = {id_: (caps,) if isinstance(caps, str) else caps for id_, caps in file.keys.items()}
    for id_, caps in keys.items():
        if problem := _key_problem(id_, caps, keys):
            raise _wrong(name, line_of(text, "keys", id_), f"keys: {problem}")
    plain = {field: getattr(file, field) for field in _Plain.__struct_fields__}
    return Settings(**plain, alerts=tuple(alerts.values()), lists=lists, keys=keys)


def line_of(text: str, key: str, inner: str | None = None) -> int:
    """The line, from 1, where a key (or the key `inner` of the table `key`) is set; of its table where it cannot be
    found by itself; 0 where neither can."""
    table, of_table = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[+\s*(.*?)\s*\]+\s*(#.*)?$", line):
            table = _bare(header[1])
            of_table = of_table or (number if table == key else 0)
        elif setting := re.match(r"\s*([^=#]+?)\s*=", line):
            path = (table, _bare(setting[1])) if table else (_bare(setting[1]),)
            if path == ((key,) if inner is None else (key, inner)):
                return number
            if not table and _bare(setting[1].split(".")[0]) == key:
                of_table = of_table or number
    return of_table


def _bare(key: str) -> str:
    return key.strip().strip("\"'")


def _wrong(name: str, line: int, words: str) -> UsageError:
    return UsageError(f"{name}, line {line}: {words}" if line else f"{name}: {words}")


def _symbols(title: str, spellings: tuple[str, ...]) -> tuple[Symbol, ...]:
    if not title.strip():
        raise UsageError("a list needs a name")
    symbols = tuple(dict.fromkeys(parse_symbol(spelling).symbol for spelling in spellings))
    if len(symbols) > MAX_SYMBOLS:
        raise UsageError(f"{len(symbols)} symbols: one connection takes at most {MAX_SYMBOLS}")
    return symbols


def _key_problem(id_: str, caps: tuple[str, ...], keys: Mapping[str, tuple[str, ...]]) -> str:
    known = [key.id for key in KEYS]
    if id_ not in known:
        return f"there is no '{id_}'{_like(id_, known)}"
    if not caps:
        return f"{id_} has no key"
    try:
        apply_overrides({id_: caps})
        found = find_conflict(apply_overrides({other: keys[other] for other in keys if other in known}), [id_])
    except UsageError as error:
        return f"{id_}: {error}"
    return found.words if found is not None and found.id == id_ else ""


def _explain(raw: dict[str, Any], error: str) -> tuple[tuple[str, ...], str]:
    """Where msgspec found something wrong, and that in plain words."""
    if unknown := re.search(r"unknown field `(.*)`", error):
        return (unknown[1],), f"there is no setting '{unknown[1]}'{_like(unknown[1], _File.__struct_fields__)}"
    words, _, place = error.partition(" - at `$.")
    words = words[:1].lower() + words[1:]
    for type_, plain in _TYPES.items():
        words = words.replace(f"`{type_}`", plain)
    if invalid := re.match(r"invalid enum value '?(.*?)'?$", words):
        if place.startswith("interval"):
            return ("interval",), f"interval: {invalid[1]} is none of 1, 5, 15, 30, 60 and 1440 minutes"
        what, known = ("pane", get_args(PaneId)) if place.startswith("hidden") else ("column", COLUMN_IDS)
        words = f"there is no {what} '{invalid[1]}'{_like(invalid[1], known)}"
    field = re.match(r"\w*", place)
    key = field[0] if field else ""
    if "[...]" in place and isinstance(raw.get(key), dict):
        for inner, value in raw[key].items():
            try:
                msgspec.convert({key: {inner: value}}, _File)
            except msgspec.ValidationError:
                return (key, inner), f"{key}.{inner}: {words}"
    return (key,), f"{key}: {words}" if key else words


def _like(given: str, known: Any) -> str:
    from difflib import get_close_matches

    close = get_close_matches(given, known, 1)
    return f": did you mean '{close[0]}'?" if close else ""
