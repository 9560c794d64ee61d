"""Levels: their notation, and how they and alerts are moved."""

from __future__ import annotations

from datetime import date

import pytest

from tui.errors import UsageError
from tui.market.alerts import Alert
from tui.market.levels import PriceLevel, moved_to, neighbour, parse_level, parse_price
from tui.market.price_precision import PricePrecision
from tui.market.tick_size import price_grid
from tui.symbol import Symbol

QQQ, HK = Symbol("QQQ", "US"), Symbol("2800", "HK")


@pytest.mark.parametrize(
    ("text", "level", "written"),
    [
        ("QQQ$US 512.34", PriceLevel(QQQ, 512.34), "QQQ$US 512.34"),
        (" qqq  520 ", PriceLevel(QQQ, 520.0), "QQQ$US 520"),
        ("2800$HK 25.5", PriceLevel(HK, 25.5), "2800$HK 25.5"),
        ("QQQ$US 1,512.5", PriceLevel(QQQ, 1512.5), "QQQ$US 1512.5"),
        ("QQQ$US ５２０", PriceLevel(QQQ, 520.0), "QQQ$US 520"),
        ("QQQ$US 0.0001", PriceLevel(QQQ, 0.0001), "QQQ$US 0.0001"),
    ],
)
def test_a_level_is_written_as_symbol_and_price(text: str, level: PriceLevel, written: str) -> None:
    assert parse_level(text) == level
    assert str(level) == written and parse_level(written) == level


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "write symbol and price, as QQQ$US 512.34"),
        ("QQQ$US", "write symbol and price, as QQQ$US 512.34"),
        ("QQQ$US high", "'high' is no price: write one as 512.34"),
        ("QQQ$US nan", "'nan' is no price that there can be"),
        ("QQQ$US inf", "'inf' is no price that there can be"),
        ("QQQ$US -5", "'-5' is no price that there can be"),
        ("QQQ$US 0", "'0' is no price that there can be"),
        ("?! 512", "is not a symbol"),
    ],
)
def test_what_is_no_level_is_told(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words.replace("$", r"\$").replace("?", r"\?")):
        parse_level(text)
    assert parse_price("512.340") == 512.34


def test_an_alert_is_moved_as_an_edit_would_it_is_on_and_never_fired() -> None:
    done = Alert(QQQ, "above", 520.0, 0.5, "done", 1_790_000_000)
    assert moved_to(done, 520.01) == Alert(QQQ, "above", 520.01, 0.5)
    assert moved_to(PriceLevel(QQQ, 520.0), 519.5) == PriceLevel(QQQ, 519.5)
    with pytest.raises(UsageError, match=r"never be back by 0\.5"):
        moved_to(done, 0.4)


def test_a_line_moves_by_possible_prices() -> None:
    hk = PricePrecision()
    hk.infer(price_grid("HK", date(2026, 11, 20)), None, 9.995, ())
    assert [neighbour(9.995, 1, hk), neighbour(10.0, 1, hk), neighbour(10.01, -1, hk)] == [10.0, 10.01, 10.0]
    us = PricePrecision()
    us.infer(price_grid("US", date(2026, 11, 20)), None, 512.34, ())
    assert (neighbour(512.345, 1, us), neighbour(512.345, -1, us)) == (512.35, 512.34)
    assert (neighbour(512.341, 1, us), neighbour(512.341, -1, us)) == (512.35, 512.34)
    assert (neighbour(512.349, 1, us), neighbour(512.349, -1, us)) == (512.35, 512.34)
    assert neighbour(512.347, 0, us) == 512.35
    unknown = PricePrecision()
    assert neighbour(5.0, -1, unknown) == 4.99, "by the last decimal while no tick is known"
