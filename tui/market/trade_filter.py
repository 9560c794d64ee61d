"""The filter of the tape: from which size on, only large trades, only one side."""

from __future__ import annotations

from typing import Literal, NamedTuple

from tui.errors import UsageError
from tui.market.money import parse_amount
from tui.market.tape import TradeRun
from tui.symbol import sanitize

_LARGE = ("◆", "large")
_SIDES: dict[str, Literal["B", "S"]] = {"b": "B", "buy": "B", "buys": "B", "s": "S", "sell": "S", "sells": "S"}


class TradeFilter(NamedTuple):
    """What a run of trades has to be: of at least the size `least` (units of the fund), `large`, of a `side` ("" for
    both). A run of unknown size or side does not pass a filter that asks for one."""

    least: float = 0.0
    large: bool = False
    side: Literal["", "B", "S"] = ""

    def __str__(self) -> str:
        """Returns the filter as a person writes it."""
        words = (
            f"{self.least:.12g}" * bool(self.least),
            "large" * self.large,
            {"B": "buys", "S": "sells"}.get(self.side),
        )
        return " ".join(filter(None, words))

    def passes(self, run: TradeRun, large: float | None) -> bool:
        """Returns True if a run passes; `large` is the size from which one is large, None if that is not known yet."""
        if self.side and run.side[-1] != self.side:
            return False
        if self.large and (large is None or run.size is None or run.size < large):
            return False
        return not self.least or (run.size is not None and run.size >= self.least)


def parse_trade_filter(text: str) -> TradeFilter:
    """Returns the filter that a text means: `500`, `10k buys`, `◆`, `large sells`; one that all trades pass for an
    empty text. Raises UsageError for anything else."""
    parsed = TradeFilter()
    for word in text.split():
        if word.lower() in _LARGE:
            parsed = parsed._replace(large=True)
        elif (side := _SIDES.get(word.lower())) is not None:
            if parsed.side not in ("", side):
                raise UsageError("a trade is bought or sold: write one of them, or none for both")
            parsed = parsed._replace(side=side)
        else:
            parsed = parsed._replace(least=_size(word))
    return parsed


def _size(word: str) -> float:
    try:
        amount = parse_amount(word)
    except UsageError:
        amount = None
    if amount is None or amount.money:
        raise UsageError(f"'{sanitize(word)}' is no filter: write a size such as 500 or 10k, large, buys or sells")
    return amount.size
