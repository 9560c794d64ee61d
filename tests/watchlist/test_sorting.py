"""The filter of the watchlist's rows."""

from __future__ import annotations

import pytest

from tui.market import Instrument
from tui.reference.fund_names import FundNames
from tui.symbol import Symbol
from tui.watchlist.sorting import matching_instruments

ROWS = [Instrument(Symbol(code, region)) for code, region in (("QQQ", "US"), ("SPY", "US"), ("2800", "HK"))]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["QQQ", "SPY", "2800"]),
        ("us", ["QQQ", "SPY"]),
        ("invesco us", ["QQQ"]),
        ("US  InVesco", ["QQQ"]),
        ("invesco hk", []),
        ("q spy", []),
    ],
)
def test_a_row_is_found_by_words_of_code_region_and_name_which_all_have_to_be_there(
    text: str, found: list[str]
) -> None:
    assert [row.symbol.code for row in matching_instruments(ROWS, text, FundNames())] == found
