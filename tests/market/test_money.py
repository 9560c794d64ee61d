from __future__ import annotations

import pytest

from tui.errors import UsageError
from tui.market.money import Amount, Currency, currency_of, parse_amount


@pytest.mark.parametrize(("region", "code"), [("US", "USD"), ("HK", "HKD"), ("SH", "CNY"), ("SZ", "CNY")])
def test_the_money_of_a_region(region: str, code: str) -> None:
    assert currency_of(region).code == code
    assert currency_of(region).sign


def test_where_it_is_not_known_the_region_stands_for_it_and_nothing_is_invented() -> None:
    assert currency_of("QQ") == Currency("QQ", "")


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("3000", Amount(3000)),
        (" 3,000 ", Amount(3000)),
        ("3k", Amount(3000)),
        ("0.5", Amount(0.5)),
        (".5", Amount(0.5)),
        ("$20k", Amount(20_000, money=True)),
        ("¥ 1.5M", Amount(1_500_000, money=True)),
        ("", None),
    ],
)
def test_an_amount_as_people_write_it(text: str, amount: Amount | None) -> None:
    assert parse_amount(text) == amount


@pytest.mark.parametrize("text", ["0", "-5", "x", "3 000", "1e9", "$", "9999999999m", "\x1b[31m5"])
def test_what_is_no_amount_is_said(text: str) -> None:
    with pytest.raises(UsageError, match="is no size: write 3000 shares, or"):
        parse_amount(text)
