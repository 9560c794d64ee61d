"""Figures and the characters that stand for them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.format import cells, clip, compact, milliseconds, multiple, percent, price, seconds, sign, signed, size

figures = st.floats(-1e9, 1e9)
amounts = st.floats(0, 1e16, exclude_max=True)


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [(512.34, 2, "512.34"), (4.126, 3, "4.126"), (3034, 2, "3034.00"), (0, 2, "0.00"), (-0.0, 2, "0.00")],
)
def test_price(value: float, decimals: int, text: str) -> None:
    assert price(value, decimals) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.21, "+3.21"),
        (-0.11, "-0.11"),
        (0, "0.00"),
        (-0.0, "0.00"),
        (0.004, "0.00"),
        (-0.004, "0.00"),
        (-12, "-12.00"),
    ],
)
def test_signed(value: float, text: str) -> None:
    assert signed(value) == text
    assert percent(value) == f"{text}%"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.00×"),
        (0.484, "0.48×"),
        (1.5, "1.50×"),
        (9.994, "9.99×"),
        (9.996, "10.0×"),
        (99.96, "100×"),
        (340, "340×"),
    ],
)
def test_multiple(value: float, text: str) -> None:
    assert multiple(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-0.0, "0"),
        (0.0004, "<0.01"),
        (0.25, "0.25"),
        (10.6023, "10.6"),
        (900, "900"),
        (999.4, "999"),
        (999.5, "1.0K"),
        (3_100, "3.1K"),
        (99_949, "99.9K"),
        (99_950, "100K"),
        (999_949, "1000K"),
        (999_950, "1.0M"),
        (15_800_000, "15.8M"),
        (26.4e9, "26.4B"),
        (3774688301.452, "3.8B"),
        (9.9994e15, "9999T"),
    ],
)
def test_compact(value: float, text: str) -> None:
    assert compact(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.0001, "<0.01"),
        (0.012345, "0.0123"),
        (10.6023, "10.6"),
        (0.25, "0.25"),
        (100, "100"),
        (3100, "3,100"),
        (1234.5, "1,234"),
        (9999, "9,999"),
        (9999.4, "9,999"),
        (9999.5, "10.0K"),
        (1000000.0, "1.0M"),
    ],
)
def test_size(value: float, text: str) -> None:
    assert size(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0s"),
        (0.9, "0s"),
        (59.9, "59s"),
        (60, "1m"),
        (299, "4m"),
        (3599, "59m"),
        (3600, "1h"),
        (86399, "23h"),
        (86400, "1d"),
        (99.9 * 86400, "99d"),
    ],
)
def test_seconds(value: float, text: str) -> None:
    assert seconds(value) == text


@pytest.mark.parametrize(("value", "text"), [(38.2, "38 ms"), (999.4, "999 ms"), (999.5, "1.0 s"), (1_240, "1.2 s")])
def test_milliseconds(value: float, text: str) -> None:
    assert milliseconds(value) == text


def test_what_is_not_known_is_a_dash() -> None:
    assert {
        price(None),
        signed(None),
        percent(None),
        compact(None),
        seconds(None),
        milliseconds(None),
        multiple(None),
    } == {"—"}


@pytest.mark.parametrize(
    ("width", "text"), [(0, ""), (1, "…"), (4, "Inv…"), (10, "Invesco Q…"), (11, "Invesco QQQ"), (12, "Invesco QQQ")]
)
def test_clip(width: int, text: str) -> None:
    assert clip("Invesco QQQ", width) == text


@given(amounts)
def test_compact_takes_at_most_six_cells(value: float) -> None:
    assert len(compact(value)) <= 6


@given(st.floats(0, 1e5) | amounts)
def test_a_size_takes_at_most_six_cells_and_hides_no_amount(value: float) -> None:
    text = size(value)
    assert len(text) <= 6
    assert (text == "0") == (value == 0)


@given(st.floats(0.01, 1e16, exclude_max=True))
def test_compact_is_right_to_two_digits(value: float) -> None:
    text = compact(value)
    unit = {"K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}.get(text[-1])
    shown = float(text[:-1]) * unit if unit else float(text)
    assert shown == pytest.approx(value, rel=0.05)


@given(st.floats(0, 100 * 86_400, exclude_max=True))
def test_an_age_takes_at_most_three_cells(value: float) -> None:
    assert len(seconds(value)) <= 3


@given(figures, st.integers(0, 4))
def test_a_sign_stands_exactly_before_what_prints_as_more_or_less_than_zero(value: float, decimals: int) -> None:
    text = signed(value, decimals)
    expected = {1: "+", -1: "-"}.get(sign(value, decimals), "")
    assert text == expected + text.lstrip("+-")
    assert (float(text) == 0) == (expected == "")


@given(figures, st.integers(0, 4))
def test_nothing_prints_as_minus_zero(value: float, decimals: int) -> None:
    for text in (price(value, decimals), signed(value, decimals)):
        assert not (text.startswith("-") and float(text) == 0)


@pytest.mark.parametrize(
    ("text", "width"), [("", 0), ("QQQ", 3), ("…", 1), ("▲", 1), ("沪深300ETF", 10), ("é", 1), ("e\u0301", 1)]
)
def test_cells(text: str, width: int) -> None:
    assert cells(text) == width == cell_len(text)


@pytest.mark.parametrize(
    ("width", "text"), [(10, "沪深300ETF"), (9, "沪深300E…"), (4, "沪…"), (3, "沪…"), (2, "…"), (1, "…"), (0, "")]
)
def test_clip_of_wide_characters(width: int, text: str) -> None:
    assert clip("沪深300ETF", width) == text


texts = st.text(st.sampled_from("aZ 7é沪深ｶ한e\u0301▲…"), max_size=20)


@given(texts, st.integers(0, 25))
def test_a_clipped_text_fits_and_is_cut_only_where_it_must_be(text: str, width: int) -> None:
    clipped = clip(text, width)
    assert cells(clipped) <= width
    assert clipped == text or (cells(text) > width and text.startswith(clipped.removesuffix("…")))
    assert cells(clipped) >= min(cells(text), width) - 1
