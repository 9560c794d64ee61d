"""The settings of the config file, parsed into one Struct; errors name the line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Literal, TypeAlias, TypeVar, get_args

import msgspec
from msgspec import Meta, Struct

from tui.config.glyphs import GlyphSetting
from tui.config.key_table import KEYS, apply_overrides, find_conflict
from tui.config.themes import DEFAULT_THEME
from tui.errors import UsageError
from tui.market.alerts import Alert, parse_alert
from tui.market.basis import Basis, parse_basis
from tui.market.levels import PriceLevel, parse_level
from tui.market.money import parse_amount
from tui.protocol.messages import MAX_SYMBOLS
from tui.symbol import Symbol, expand_pairs, parse_symbol_or_pair

ColumnId: TypeAlias = Literal[
    "symbol", "name", "last", "change", "change%", "ext%", "speed1", "speed5", "bid", "ask", "spread", "previous",
    "open", "high", "low", "range", "volume", "relvol", "turnover", "vwap", "iopv", "premium", "basis", "hour", "time",
    "age",
]  # fmt: skip
COLUMN_IDS: tuple[str, ...] = get_args(ColumnId)
PaneId: TypeAlias = Literal["watchlist", "ladder", "chart", "tape"]
Below: TypeAlias = Literal["auto", "wide-chart", "2x2", "3x3", "nothing"]
LayoutPart: TypeAlias = PaneId | Below
Layouts: TypeAlias = Mapping[str, tuple[LayoutPart, ...]]
Interval: TypeAlias = Literal[1, 5, 15, 30, 60, 1440]
Lists: TypeAlias = Mapping[str, tuple[Symbol, ...]]
_T = TypeVar("_T")

COMMAND_SETTINGS = ("token_command", "alert_command", "iopv_command")
"""The settings that are commands of the person's."""

PLACEHOLDERS = ("{words}", "{symbol}", "{price}")
"""The placeholders for the alert in the arguments of `alert_command`."""

_TYPE_NAMES = {  # by msgspec's names
    "str": "text in quotes",
    "bool": "true or false",
    "array": "a list in brackets",
    "object": "a table",
    "int": "a number",
    "float": "a number",
}


class _CommonSettings(Struct, frozen=True, kw_only=True):
    """The settings with the same form in the file and in the program.

    Empty `columns` are the default ones. In `sort` a `-` before the column sorts descending; "" is the manual order.
    """

    theme: str = DEFAULT_THEME
    glyphs: GlyphSetting = "auto"
    red_up: bool = False
    flash: bool = True
    bell: bool = True
    mouse: bool = True
    url: str = ""
    rest_url: str = ""
    calls_a_minute: Annotated[int, Meta(ge=0, le=60_000)] = 5
    token_command: tuple[str, ...] = ()
    columns: tuple[ColumnId, ...] = ()
    sort: str = ""
    hidden: tuple[PaneId, ...] = ()
    below: Below = "auto"
    interval: Interval = 1
    candles: bool = False
    vwap: bool = False
    static_ladder: bool = False
    volume_at_price: bool = False
    root_ladder: bool = False
    cost_of: str = "1000"
    alert_command: tuple[str, ...] = ()
    iopv_command: tuple[str, ...] = ()
    list: str = ""
    layouts: Layouts = {}


class Settings(_CommonSettings, frozen=True, kw_only=True):
    """All settings as the program uses them. `lists` maps names to symbols, in order; the `alerts` have distinct
    keys, the `levels` are distinct, each `basis` is of another symbol."""

    alerts: tuple[Alert, ...] = ()
    levels: tuple[PriceLevel, ...] = ()
    basis: tuple[Basis, ...] = ()
    lists: Lists = {}
    keys: Mapping[str, tuple[str, ...]] = {}


def is_same_lists(one: Lists, other: Lists) -> bool:
    """True if both have the same lists in the same order."""
    return list(one.items()) == list(other.items())


def is_same_settings(one: Settings, other: Settings) -> bool:
    """True if both are equal, the order of their lists included."""
    return one == other and is_same_lists(one.lists, other.lists)


class _FileSettings(_CommonSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings as the file holds them."""

    alerts: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    basis: tuple[str, ...] = ()
    lists: dict[str, tuple[str, ...]] = {}
    keys: dict[str, str | tuple[str, ...]] = {}


def parse_settings(text: str, name: str) -> Settings:
    """Returns the settings in a file's text. Raises UsageError with the file's name, the line and the error there."""
    try:
        raw = tomllib.loads(text)
        file = msgspec.convert(raw, _FileSettings)
    except tomllib.TOMLDecodeError as error:
        message, _, place = str(error).partition(" (at ")
        line = re.search(r"line (\d+)", place)
        at = int(line[1]) if line else len(text.splitlines())
        raise _error_at(name, at, message[:1].lower() + message[1:]) from None
    except msgspec.ValidationError as error:
        path, message = _describe_error(raw, str(error))
        raise _error_at(name, line_of(text, *path), message) from None
    except RecursionError:
        raise UsageError(f"{name}: it is nested too deeply") from None
    except ValueError:
        at = next((n for n, line in enumerate(text.splitlines(), 1) if re.search(r"[\da-fA-F_]{3000}", line)), 0)
        raise _error_at(name, at, "a number of thousands of digits") from None
    lists: dict[str, tuple[Symbol, ...]] = {}
    for title, spellings in file.lists.items():
        try:
            lists[title] = _parse_list(title, spellings)
        except UsageError as error:
            raise _error_at(name, line_of(text, "lists", title), f"list '{title}': {error}") from None
    if file.sort and file.sort.removeprefix("-") not in COLUMN_IDS:
        raise _error_at(name, line_of(text, "sort"), f"sort: there is no column '{file.sort.removeprefix('-')}'")
    try:
        parse_amount(file.cost_of)
    except UsageError as error:
        raise _error_at(name, line_of(text, "cost_of"), f"cost_of: {error}") from None
    for placeholder in re.findall(r"(?<!\$)\{\w*\}", " ".join(file.alert_command)):
        if placeholder not in PLACEHOLDERS:
            message = f"alert_command: there is no '{placeholder}', only {', '.join(PLACEHOLDERS)}"
            raise _error_at(name, line_of(text, "alert_command"), message)
    alerts: dict[object, Alert] = {}
    for alert in _parse_each(text, name, "alerts", file.alerts, parse_alert):
        alerts.setdefault(alert.key, alert)
    levels = tuple(dict.fromkeys(_parse_each(text, name, "levels", file.levels, parse_level)))
    bases: dict[Symbol, Basis] = {}
    for basis in _parse_each(text, name, "basis", file.basis, parse_basis):
        bases.setdefault(basis.symbol, basis)
    keys = {id_: (labels,) if isinstance(labels, str) else labels for id_, labels in file.keys.items()}
    for id_, labels in keys.items():
        if wrong := _key_error(id_, labels, keys):
            raise _error_at(name, line_of(text, "keys", id_), f"keys: {wrong}")
    plain = {field: getattr(file, field) for field in _CommonSettings.__struct_fields__}
    return Settings(
        **plain, alerts=tuple(alerts.values()), levels=levels, basis=tuple(bases.values()), lists=lists, keys=keys
    )


def line_of(text: str, key: str, inner: str | None = None) -> int:
    """Returns the line, from 1, at which a key (or the key `inner` of the table `key`) is set; else the line of its
    table, else 0."""
    table, table_line = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[+\s*(.*?)\s*\]+\s*(#.*)?$", line):
            table = _unquote(header[1])
            table_line = table_line or (number if table == key else 0)
        elif setting := re.match(r"\s*([^=#]+?)\s*=", line):
            path = (table, _unquote(setting[1])) if table else (_unquote(setting[1]),)
            if path == ((key,) if inner is None else (key, inner)):
                return number
            if not table and _unquote(setting[1].split(".")[0]) == key:
                table_line = table_line or number
    return table_line


def _unquote(key: str) -> str:
    return key.strip().strip("\"'")


def _error_at(name: str, line: int, message: str) -> UsageError:
    return UsageError(f"{name}, line {line}: {message}" if line else f"{name}: {message}")


def _parse_each(text: str, name: str, key: str, spellings: tuple[str, ...], parse: Callable[[str], _T]) -> Iterator[_T]:
    """Yields the parsed items of the array `key`. Raises UsageError with the line of an invalid one."""
    for spelling in spellings:
        try:
            yield parse(spelling)
        except UsageError as error:
            lines = (number for number, line in enumerate(text.splitlines(), 1) if f'"{spelling}"' in line)
            at = next(lines, line_of(text, key))
            raise _error_at(name, at, f"{key}: '{spelling}': {error}") from None


def _parse_list(title: str, spellings: tuple[str, ...]) -> tuple[Symbol, ...]:
    if not title.strip():
        raise UsageError("a list needs a name")
    symbols = tuple(dict.fromkeys(parse_symbol_or_pair(spelling).symbol for spelling in spellings))
    if (needed := len(expand_pairs(symbols))) > MAX_SYMBOLS:
        raise UsageError(f"{needed} symbols: one connection takes at most {MAX_SYMBOLS}")
    return symbols


def _key_error(id_: str, labels: tuple[str, ...], keys: Mapping[str, tuple[str, ...]]) -> str:
    known = [key.id for key in KEYS]
    if id_ not in known:
        return f"there is no '{id_}'{_suggestion(id_, known)}"
    if not labels:
        return f"{id_} has no key"
    try:
        apply_overrides({id_: labels})
        conflict = find_conflict(apply_overrides({other: keys[other] for other in keys if other in known}), [id_])
    except UsageError as error:
        return f"{id_}: {error}"
    return conflict.message if conflict is not None and conflict.id == id_ else ""


def _describe_error(raw: dict[str, Any], error: str) -> tuple[tuple[str, ...], str]:
    """Returns the path of the setting in which msgspec found an error, and the error in plain words."""
    if unknown := re.search(r"unknown field `(.*)`", error):
        return (
            unknown[1],
        ), f"there is no setting '{unknown[1]}'{_suggestion(unknown[1], _FileSettings.__struct_fields__)}"
    message, _, place = error.partition(" - at `$.")
    message = message[:1].lower() + message[1:]
    for type_, plain in _TYPE_NAMES.items():
        message = message.replace(f"`{type_}`", plain)
    if invalid := re.match(r"invalid enum value '?(.*?)'?$", message):
        if place.startswith("interval"):
            return ("interval",), f"interval: {invalid[1]} is none of 1, 5, 15, 30, 60 and 1440 minutes"
        if place.startswith("glyphs"):
            return ("glyphs",), f"glyphs: {invalid[1]} is none of {', '.join(get_args(GlyphSetting))}"
        what, known = _enum_of(place)
        message = f"there is no {what} '{invalid[1]}'{_suggestion(invalid[1], known)}"
    field = re.match(r"\w*", place)
    key = field[0] if field else ""
    if "[...]" in place and isinstance(raw.get(key), dict):
        for inner, value in raw[key].items():
            try:
                msgspec.convert({key: {inner: value}}, _FileSettings)
            except msgspec.ValidationError:
                return (key, inner), f"{key}.{inner}: {message}"
    return (key,), f"{key}: {message}" if key else message


def _enum_of(place: str) -> tuple[str, tuple[str, ...]]:
    """Returns what stands at a place of the file, and the words for it."""
    if place.startswith("hidden"):
        return "pane", get_args(PaneId)
    if place.startswith("below"):
        return "choice below the list", get_args(Below)
    if place.startswith("layouts"):
        return "part of a layout", (*get_args(PaneId), *get_args(Below))
    return "column", COLUMN_IDS


def _suggestion(given: str, known: Any) -> str:
    from difflib import get_close_matches

    matches = get_close_matches(given, known, 1)
    return f": did you mean '{matches[0]}'?" if matches else ""
