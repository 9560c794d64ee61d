from __future__ import annotations

import pytest

from tui.market.change import ReferencePrice, ReferenceSource, change, quoted_reference
from tui.protocol.messages import Quote


def quote(last: float, **fields: float | None) -> Quote:
    return Quote(symbol="QQQ$US", last=last, **fields)  # type: ignore[arg-type]


def test_change_over_a_previous_close() -> None:
    moved = change(512.34, ReferencePrice(509.13, ReferenceSource.CHANGE))
    assert round(moved.amount, 2) == 3.21
    assert round(moved.percent, 2) == 0.63
    assert not moved.from_open


def test_a_quote_s_change_gives_the_previous_close() -> None:
    found = quoted_reference(quote(613.70, change=-11.88))
    assert found == ReferencePrice(625.58, ReferenceSource.CHANGE)
    assert round(change(613.70, found).percent, 2) == -1.90


@pytest.mark.parametrize(
    ("fields", "source"),
    [
        ({"change": 3.21, "change_percent": 99.0, "previous_close": 1.0, "open": 2.0}, ReferenceSource.CHANGE),
        ({"change_percent": 100 * 3.21 / 509.13, "previous_close": 1.0, "open": 2.0}, ReferenceSource.PERCENT),
        ({"previous_close": 509.13, "open": 2.0}, ReferenceSource.PREVIOUS),
        ({"previous_close": 509.13}, ReferenceSource.PREVIOUS),
    ],
    ids=["ld - ch", "ld / (1 + chp)", "p", "p without o"],
)
def test_the_previous_close_is_the_first_of_these(fields: dict[str, float], source: ReferenceSource) -> None:
    found = quoted_reference(quote(512.34, **fields))
    assert found is not None and not found.is_open
    assert found.source is source and found.price == pytest.approx(509.13)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"previous_close": 510.0},
        {"previous_close": 0.0},
        {"change": 512.34},
        {"change": 600.0},
        {"change_percent": -100.0},
        {"change_percent": -250.0},
    ],
    ids=["no close", "p is the open again", "p is 0", "close of 0", "close below 0", "-100 %", "-250 %"],
)
def test_without_a_previous_close_the_open_stands_in_and_says_so(fields: dict[str, float]) -> None:
    found = quoted_reference(quote(512.34, open=510.0, **fields))
    assert found == ReferencePrice(510.0, ReferenceSource.OPEN)
    assert change(512.34, found).from_open


@pytest.mark.parametrize("open_", [None, 0.0])
def test_a_quote_with_neither_has_no_reference(open_: float | None) -> None:
    assert quoted_reference(quote(512.34, open=open_)) is None
