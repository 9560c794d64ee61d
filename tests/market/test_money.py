from __future__ import annotations

import pytest

from tui.market.money import Currency, currency


@pytest.mark.parametrize(("region", "code"), [("US", "USD"), ("HK", "HKD"), ("SH", "CNY"), ("SZ", "CNY")])
def test_the_money_of_a_region(region: str, code: str) -> None:
    assert currency(region).code == code
    assert currency(region).sign


def test_where_it_is_not_known_the_region_stands_for_it_and_nothing_is_invented() -> None:
    assert currency("QQ") == Currency("QQ", "")
