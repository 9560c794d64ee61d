"""Alerts and their notation: `QQQ$US > 520 repeat 0.5`. The same text is typed, shown, and stored in the config
file."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Literal, NamedTuple, TypeAlias

from tui.errors import UsageError
from tui.market.money import currency_of
from tui.symbol import Pair, Symbol, join_pairs, parse_symbol_or_pair, sanitize

AlertKind: TypeAlias = Literal[
    "above", "below", "change", "spread", "turnover", "speed", "relvol", "premium", "discount"
]
AlertKey: TypeAlias = tuple[Symbol, AlertKind, float, int]
AlertSwitch: TypeAlias = Literal["on", "off", "done"]

PAIR_KINDS: tuple[AlertKind, ...] = ("above", "below", "change", "speed")
"""The kinds of alerts of a pair, which has no book, no volume and no IOPV."""

CONDITION_EXAMPLES = (
    ("> 520", "the price crosses above 520"),
    ("< 480", "the price crosses below 480"),
    ("±2%", "the day's change, up or down"),
    ("spread > 5bp", "the spread is wider than 5 bp"),
    ("turnover > 1B", "more money was traded today"),
    ("moves 1% in 5m", "a fast move, up or down"),
    ("relvol > 2", "twice the usual volume by now"),
    ("premium > 30bp", "the price is above the IOPV"),
    ("discount > 30bp", "or so far below it"),
    ("> 520 repeat 0.5", "each time, once back by 0.5"),
)
"""Examples of what can be written behind a symbol, each with its meaning."""

_EXAMPLES = "> 520, ±2%, moves 1% in 5m, spread > 5bp, turnover > 1B, relvol > 2 or premium > 30bp"
_MOMENT = "%Y-%m-%dT%H:%M:%SZ"  # when an alert fired
_UNITS = {"t": 1e12, "b": 1e9, "m": 1e6, "k": 1e3}
_MAX_VALUE = 1e15
_MAX_MINUTES = 60  # that a move may take
_MAX_DIGITS = 6  # characters of a number before its unit
_MAX_QUOTED = 60  # characters of invalid text in an error
_NUMBER = r"(\d[\d,]*(?:\.\d*)?|\.\d+)"
_SIGNED = r"([-−]?\d[\d,]*(?:\.\d*)?|[-−]?\.\d+)"
_BEYOND = r"(?:>|over|above)?"
# Not compiled at import: most starts parse no alert, and all would pay for it.
_CONDITIONS: dict[AlertKind, str] = {
    "above": rf"(?:>|above|over){_SIGNED}",
    "below": rf"(?:<|below|under){_SIGNED}",
    "change": rf"(?:change{_BEYOND})?(?:±|\+/?[-−])?{_NUMBER}%",
    "spread": rf"spread{_BEYOND}{_NUMBER}bps?",
    "turnover": rf"turnover{_BEYOND}(?:[$€£¥]|hk\$)?{_NUMBER}([kmbt]?)",
    "speed": rf"moves?{_BEYOND}(?:±|\+/?[-−])?{_NUMBER}%in(\d+)m(?:in)?",
    "relvol": rf"relvol{_BEYOND}{_NUMBER}[x×]?",
    "premium": rf"premium{_BEYOND}{_NUMBER}bps?",
    "discount": rf"discount{_BEYOND}{_NUMBER}bps?",
}
_UNIT_PATTERNS: dict[AlertKind, str] = {
    "change": "%",
    "speed": "%",
    "relvol": "[x×]",
    "spread": "bps?",
    "premium": "bps?",
    "discount": "bps?",
}
_FIRST_WORDS = "above|over|below|under|change|spread|turnover|moves?|relvol|premium|discount|repeat"
_NO_SYMBOL = rf"(?:{_FIRST_WORDS})(?:[\d.].*)?|[+\-−.,\d/]*%.*"
_ADVICE = (
    (rf"[<>]?[+\-−]?{_NUMBER}%", "a change counts either way: write ±2%"),
    (rf"spread{_BEYOND}[$€£¥]?{_NUMBER}", "a spread is told in basis points: write spread > 5bp"),
    (
        rf"(?:premium|discount){_BEYOND}{_NUMBER}%?",
        "it is told in basis points: write premium > 30bp",
    ),
    (rf"moves?{_BEYOND}(?:±|\+/?[-−])?{_NUMBER}%?", "within how many minutes? Write moves 1% in 5m"),
    (_NUMBER, "above it or below it? Write > or < before the price"),
)


class Alert(NamedTuple):
    """An alert of one symbol.

    `value` is a price, the day's change in %, a spread, premium or discount in bp, a turnover, a move in % within
    `minutes` (else 0), or a volume as a multiple of the usual; prices and turnover are in the symbol's currency.
    Without `repeat` it fires once and is done; else it is armed again once its measure was back by `repeat`, in the
    unit of `value`. `fired` is when it last fired, s UTC, 0 for never.
    """

    symbol: Symbol
    kind: AlertKind
    value: float
    repeat: float | None = None
    state: AlertSwitch = "on"
    fired: int = 0
    minutes: int = 0

    @property
    def key(self) -> AlertKey:
        """The identity of an alert: a person has no two alerts with the same symbol, kind, value and minutes."""
        return self.symbol, self.kind, self.value, self.minutes

    @property
    def level(self) -> str:
        """The value with its unit, for messages: `520`, `±2%`, `5 bp`, `$1B`, `±1% in 5m`, `2×`."""
        number = format_number(self.value)
        match self.kind:
            case "turnover":
                return currency_of(self.symbol.region).sign + _format_compact(self.value)
            case "change":
                return f"±{number}%"
            case "speed":
                return f"±{number}% in {self.minutes}m"
            case "relvol":
                return f"{number}×"
            case "spread" | "premium" | "discount":
                return f"{number} bp"
        return number

    @property
    def condition(self) -> str:
        """The notation behind the symbol: `> 520 repeat 0.5`."""
        number = format_number(self.value)
        text = {
            "above": f"> {number}",
            "below": f"< {number}",
            "change": f"±{number}%",
            "turnover": f"turnover > {_format_compact(self.value)}",
            "speed": f"moves {number}% in {self.minutes}m",
            "relvol": f"relvol > {number}",
        }.get(self.kind, f"{self.kind} > {number}bp")
        if self.repeat is None:
            return text
        unit = {"%": "%", "bps?": "bp"}.get(_UNIT_PATTERNS.get(self.kind, ""), "")
        return f"{text} repeat {format_number(self.repeat)}{unit}" if self.repeat else f"{text} repeat"

    def __str__(self) -> str:
        fired = f" fired {datetime.fromtimestamp(self.fired, UTC):{_MOMENT}}" if self.fired else ""
        return f"{self.symbol} {self.condition}{fired}" + ("" if self.state == "on" else f" {self.state}")


def parse_alert(text: str, symbol: Symbol | None = None) -> Alert:
    """Returns the alert that a text means, of `symbol` if it names none. Raises UsageError for anything else."""
    shown = sanitize(text.strip())
    if shown != text.strip():
        raise UsageError(f"'{shown[:_MAX_QUOTED]}' holds characters that cannot be printed")
    named, rest = _split_symbol(join_pairs(shown))
    symbol = parse_symbol_or_pair(named).symbol if named else symbol
    if symbol is None:
        raise UsageError("of which symbol? Write for example QQQ$US > 520")
    again, behind = _split_symbol(rest.strip())
    if named and _means(again, symbol):
        rest = behind  # a field with the symbol already in it, and all of it typed again
    words = rest.lower().split()
    state: AlertSwitch = "on"
    if words and words[-1] in ("off", "done"):
        state = "off" if words.pop() == "off" else "done"
    fired = 0
    if "fired" in words:
        at = words.index("fired")
        words, fired = words[:at], _parse_moment(" ".join(words[at + 1 :]))
    distance = None
    if "repeat" in words:
        at = words.index("repeat")
        words, distance = words[:at], "".join(words[at + 1 :])
    is_difference = isinstance(symbol, Pair) and not symbol.is_ratio
    kind, value, minutes = _parse_condition(words, may_be_negative=is_difference)
    if isinstance(symbol, Pair) and kind not in PAIR_KINDS:
        raise UsageError(f"a pair has no {kind}: write > 1.1, ±2% or moves 1% in 5m")
    repeat = None if distance is None else _parse_distance(kind, value, distance, may_be_negative=is_difference)
    return Alert(symbol, kind, value, repeat, state, fired, minutes)


def _parse_moment(text: str) -> int:
    """Returns the time, s UTC, at which an alert fired. Raises UsageError."""
    try:
        time = int(datetime.strptime(text.upper(), _MOMENT).replace(tzinfo=UTC).timestamp())
    except ValueError:
        time = -1
    if time < 0:
        raise UsageError(f"fired '{text[:_MAX_QUOTED]}': write the time as 2026-11-30T14:31:07Z")
    return time


def _split_symbol(text: str) -> tuple[str, str]:
    """Returns the symbol that a text begins with, "" if it names none, and the rest."""
    word = re.split(r"[\s<>±]", text, maxsplit=1)[0]
    return ("", text) if re.fullmatch(_NO_SYMBOL, word.lower()) else (word, text[len(word) :])


def _means(text: str, symbol: Symbol) -> bool:
    try:
        return bool(text) and parse_symbol_or_pair(text).symbol == symbol
    except UsageError:
        return False


def _parse_condition(words: list[str], *, may_be_negative: bool) -> tuple[AlertKind, float, int]:
    """Returns kind, value and minutes of a condition; a price of 0 or less counts only if it `may_be_negative`. Raises
    UsageError."""
    written, shown = "".join(words), " ".join(words)[:_MAX_QUOTED]
    if not written:
        raise UsageError(f"when? Write for example {_EXAMPLES}")
    for kind, pattern in _CONDITIONS.items():
        if found := re.fullmatch(pattern, written):
            unit = found[2] if kind == "turnover" else ""
            value = round(_parse_number(found[1]) * _UNITS.get(unit, 1.0), 6) or 0.0
            is_signed = may_be_negative and kind in ("above", "below")
            if not 0 < (abs(value) or 1.0 if is_signed else value) <= _MAX_VALUE:
                raise UsageError(f"'{shown}': the number is too {'small' if value <= 0 else 'large'}")
            minutes = int(found[2][:4]) if kind == "speed" else 0
            if kind == "speed" and not 1 <= minutes <= _MAX_MINUTES:
                raise UsageError(f"'{shown}': a move takes 1 to {_MAX_MINUTES} minutes")
            return kind, value, minutes
    for pattern, advice in _ADVICE:
        if re.fullmatch(pattern, written):
            raise UsageError(advice)
    raise UsageError(f"'{shown}' cannot be read: write {_EXAMPLES}")


def _parse_distance(kind: AlertKind, value: float, written: str, *, may_be_negative: bool) -> float:
    if kind == "turnover":
        if written:
            raise UsageError("turnover falls only with a new day: write repeat alone, and it fires each day")
        return 0.0
    unit = _UNIT_PATTERNS.get(kind, "")
    found = re.fullmatch(rf"{_NUMBER}(?:{unit})?", written)
    distance = round(_parse_number(found[1]), 6) if found else 0.0
    if distance <= 0:
        raise UsageError(
            "repeat how? Write by how much it must have been back, in the same unit, for example repeat 0.5"
        )
    if distance >= value and kind != "below" and not may_be_negative:
        raise UsageError(f"it can never be back by {format_number(distance)}: write a smaller distance behind repeat")
    return distance


def _parse_number(text: str) -> float:
    return float(text.replace(",", "").replace("−", "-"))


def format_number(value: float) -> str:
    """Returns a number with its significant digits: 520, 0.5, 0.0001."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _format_compact(value: float) -> str:
    """Returns a number with a unit, 1B or 2.5M, if that is short and exact, else in full."""
    for letter, unit in _UNITS.items():
        text = format_number(value / unit)
        if value >= unit and len(text) <= _MAX_DIGITS and round(float(text) * unit, 6) == value:
            return f"{text}{letter.upper()}"
    return format_number(value)
