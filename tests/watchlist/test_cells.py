"""What the cells show, and what rows are sorted by."""

from __future__ import annotations

from array import array
from datetime import date, datetime

import pytest
from msgspec.structs import replace

from tests.support.messages import QQQ, SPY, T, bar, depth
from tests.support.watchlist_rows import EMPTY, FULL, SH, cell, key, quote, row, text
from tui.market import Market
from tui.market.basis import parse_basis
from tui.market.data_status import DataStatus, data_status
from tui.market.sessions import zone
from tui.market.usual_volume import UsualVolume
from tui.protocol.messages import Push, Tick
from tui.reference.fund_names import NAMES, FundNames
from tui.symbol import Pair, Symbol, parse_symbol_or_pair
from tui.watchlist.cells import Cell
from tui.watchlist.columns import BY_ID, COLUMNS
from tui.watchlist.row_figures import RenderContext, RowFigures, SortKey, make_row
from tui.watchlist.sparkline_scale import SparklineScale


@pytest.mark.parametrize(
    ("id", "shown", "by"),
    [
        ("symbol", "QQQ$US", "QQQ$US"),
        ("name", "Invesco QQQ Trust".ljust(28), "Invesco QQQ Trust"),
        ("last", "512.34", 512.34),
        ("change", "+3.21", 3.21),
        ("change%", "+0.63%", 0.63),
        ("ext%", "—", None),
        ("bid", "512.34", 512.34),
        ("ask", "512.35", 512.35),
        ("spread", "0.01", 0.01),
        ("previous", "509.13", 509.13),
        ("open", "509.50", 509.5),
        ("high", "513.00", 513.0),
        ("low", "509.00", 509.0),
        ("range", "──────●─", None),
        ("volume", "15.8M", 15_800_000),
        ("relvol", "—", None),
        ("speed1", "—", None),
        ("speed5", "—", None),
        ("turnover", "8.1B", ("USD", 511.0 * 15_800_000)),
        ("vwap", "511.00", 511.0),
        ("iopv", "510.00", 510.0),
        ("premium", "+0.46%", 0.46),
        ("hour", "▂          ▆", 0.46),
        ("time", f"{zone('US').at(T + 1_000):%H:%M:%S}", T + 1_000),
        ("age", "1s", 1.0),
    ],
)
def test_a_cell_and_its_key(id: str, shown: str, by: SortKey) -> None:
    assert text(id, FULL) == shown
    found = key(id, FULL)
    assert found == (pytest.approx(by, abs=0.005) if isinstance(by, float) else by)


@pytest.mark.parametrize("id", [id for id in BY_ID if id not in ("symbol", "name")])
def test_what_is_not_known_is_a_dash_and_has_no_key(id: str) -> None:
    assert key(id, EMPTY) is None
    assert text(id, EMPTY).strip() == {"hour": "", "age": "…"}.get(id, "—")


def test_a_fund_without_a_known_name_has_none() -> None:
    unknown = row(symbol=Symbol("NOSUCH", "US"))
    assert (text("name", unknown), key("name", unknown)) == ("—".ljust(28), None)


@pytest.mark.parametrize("width", [12, 20, 28])
def test_a_name_fills_its_column_and_is_clipped_where_it_is_longer(width: int) -> None:
    known = row(symbol=Symbol("DIA", "US"))
    shown = text("name", replace(known, context=replace(known.context, name_cells=width)))
    assert shown == f"{NAMES[known.instrument.symbol][: width - 1]}…"


def test_every_known_name_is_of_plain_letters_and_belongs_to_a_region() -> None:
    assert len(NAMES) >= 68
    assert all(name.isascii() and name.strip() == name and name for name in NAMES.values())
    assert {symbol.region for symbol in NAMES} == {"US", "HK", "SH", "SZ"}


def test_change_from_the_open_says_so_and_has_no_previous_close() -> None:
    opened = row(quote(open=510.0))
    assert (text("change%", opened), text("previous", opened), key("previous", opened)) == ("+0.46%o", "—", None)


def test_on_an_unproven_link_changes_are_hidden_and_the_order_stands() -> None:
    stale = row(quote(change=3.21, iopv=510.0), proven=False)
    assert stale.status is DataStatus.STALE
    assert {text(id, stale) for id in ("change", "change%", "ext%", "premium")} == {"--"}
    assert cell("last", stale) == Cell("512.34", "muted", old=True)
    assert key("change", stale) == pytest.approx(3.21)


def test_volume_against_the_usual_and_how_many_days_are_known() -> None:
    shown = row(*(bar(n, 512.0, 100.0) for n in range(-1070, 2)), Tick(symbol="QQQ$US", last=512.34, time=T + 60_000))
    shown = replace(shown, context=replace(shown.context, time=T + 61_000))
    usual = UsualVolume(date(2024, 11, 15), (range((T // 60_000) - 1010, (T // 60_000) + 430),), 3, array("d"))
    bars = shown.instrument.bars
    assert text("relvol", shown) == "—"
    bars.usual = usual
    assert (text("relvol", shown), key("relvol", shown)) == ("— 3/5", None)
    bars.usual = replace(usual, dates=8, volumes=array("d", [50.0 * (n + 1) for n in range(1440)]))
    assert cell("relvol", shown) == Cell("2.00×", "text")
    assert key("relvol", shown) == 2.0
    assert cell("relvol", replace(shown, stale=True)) == Cell("--", "faint")
    assert cell("relvol", replace(shown, old=frozenset({"bars"}))) == Cell("2.00×", "faint")
    assert cell("speed5", shown) == Cell("+0.07%", "up")
    assert cell("speed5", replace(shown, stale=True)) == Cell("--", "faint")


def test_a_nav_is_told_from_an_iopv_and_gives_no_premium() -> None:
    day_old = row(quote(nav=510.0))
    assert (text("iopv", day_old), text("premium", day_old)) == ("510.00n", "—")
    both = row(quote(nav=510.0, iopv=511.0))
    assert (text("iopv", both), text("premium", both)) == ("511.00", "+0.26%")


def test_the_move_after_hours_stands_in_a_column_of_its_own() -> None:
    at = int(datetime(2024, 11, 15, 15, 59, tzinfo=zone("US").tz).timestamp() * 1000) - T
    told: list[Push] = [quote(t=at, change=3.21), Tick(symbol="QQQ$US", last=517.4634, time=T + at + 66_000)]
    evening = row(*told, later=at + 66_000, demo=False)
    assert (text("ext%", evening), text("change", evening), text("last", evening)) == ("+1.00%", "+3.2100", "517.4634")
    assert cell("ext%", evening).role == "up"
    night = row(*told, later=at + 5 * 3_600_000, demo=False)
    assert text("ext%", night) == "+1.00%", "as long as the last price is not the close"
    always = row(*told, later=at + 66_000)
    assert (text("ext%", always), key("ext%", always)) == ("—", None)


@pytest.mark.parametrize(
    ("ask", "said", "by"),
    [(10.01, "0.01", 0.01), (10.0, "locked", None), (9.0, "crossed", None)],
)
def test_a_spread_of_none_or_less_is_said(ask: float, said: str, by: float | None) -> None:
    book = row(depth([(ask, 100)], [(10.0, 100)]))
    assert text("spread", book) == said
    assert key("spread", book) == (pytest.approx(by) if by else None)


def test_a_one_sided_book_has_no_spread_and_its_price_is_shown() -> None:
    limit_up = row(depth([], [(4.4, 9_000_000), (4.399, 100)], s=str(SH)), symbol=SH, demo=False)
    assert [text(id, limit_up) for id in ("bid", "ask", "spread")] == ["4.400", "—", "—"]
    assert [key(id, limit_up) for id in ("bid", "ask", "spread")] == [4.4, None, None]
    limit_down = row(depth([(0, 0), (3.6, 9_000_000)], [(0, 0)], s=str(SH)), symbol=SH, demo=False)
    assert [text(id, limit_down) for id in ("bid", "ask", "spread")] == ["—", "3.600", "—"]


@pytest.mark.parametrize(("when", "spread"), [("14:56", "locked"), ("14:58", "—")])
def test_an_auctions_book_shows_its_prices_and_no_spread(when: str, spread: str) -> None:
    at = datetime.fromisoformat(f"2026-11-30T{when}").replace(tzinfo=zone("SH").tz).timestamp() * 1000
    book = row(depth([(4.127, 500)], [(4.127, 300)], s=str(SH)), symbol=SH, demo=False, began=at)
    assert [text(id, book) for id in ("bid", "ask", "spread")] == ["4.127", "4.127", spread]
    assert cell("spread", book).role == ("faint" if spread == "—" else "warning")


def test_prices_and_change_have_the_decimals_of_the_tick_without_a_book() -> None:
    told = quote(4.13, s=str(SH), change=0.005, open=4.1, high=4.2, low=4.0)
    shown = row(told, symbol=SH, demo=False)
    ids = ("last", "previous", "change", "open", "high", "low")
    assert [text(id, shown) for id in ids] == ["4.130", "4.125", "+0.005", "4.100", "4.200", "4.000"]


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [
        (512.34, 513.0, "●───────"),
        (512.0, 512.34, "───────●"),
        (512.34, 512.34, "   —    "),
        (0.0, 513.0, "   —    "),
    ],
)
def test_the_day_s_range_is_a_bar_where_there_is_one(low: float, high: float, shown: str) -> None:
    assert text("range", row(quote(low=low, high=high))) == shown


@pytest.mark.parametrize(
    ("symbol", "alone", "mixed"),
    [
        (Symbol("QQQ", "US"), "8.1B", "$8.1B"),
        (Symbol("2800", "HK"), "8.1B", "HK$8.1B"),
        (SH, "8.1B", "¥8.1B"),
        (Symbol("159915", "SZ"), "8.1B", "¥8.1B"),
        (Symbol("XYZ", "QQ"), "8.1B", "8.1B"),
    ],
)
def test_turnover_names_its_money_where_the_list_mixes_it(symbol: Symbol, alone: str, mixed: str) -> None:
    told = quote(turnover=8.09e9, s=str(symbol))
    assert text("turnover", row(told, symbol=symbol)) == alone
    assert text("turnover", row(told, symbol=symbol, mixed=True)) == mixed


@pytest.mark.parametrize(("volume", "shown"), [(0, "0 "), (900, "900 "), (15_800, "15.8K"), (1.06e8, "106M")])
def test_digits_stand_under_digits_with_and_without_a_unit(volume: float, shown: str) -> None:
    assert text("volume", row(quote(volume=volume))) == shown


def test_turnover_is_sorted_within_a_currency() -> None:
    def turnover(symbol: Symbol, amount: float) -> SortKey:
        return key("turnover", row(quote(turnover=amount, s=str(symbol)), symbol=symbol))

    keys = [turnover(SH, 9.0), turnover(QQQ, 1.0), turnover(Symbol("159915", "SZ"), 7.0), turnover(QQQ, 2.0)]
    assert sorted(keys, key=str, reverse=True) == [("USD", 2.0), ("USD", 1.0), ("CNY", 9.0), ("CNY", 7.0)]


def test_a_trade_of_another_date_shows_the_date_since_a_time_would_read_as_today_s() -> None:
    trade = Tick(symbol="QQQ$US", last=512.34, time=T)
    assert text("time", row(trade, later=3_600_000)) == f"{zone('US').at(T):%H:%M:%S}"
    assert text("time", row(trade, later=86_400_000)) == f"{zone('US').at(T):%m-%d}"


@pytest.mark.parametrize(("hours", "role", "move"), [(5, "up_area", 0.46), (7, "grid", None)])
def test_the_last_hour_of_an_earlier_session_has_no_colour_and_no_place_in_the_order(
    hours: int, role: str, move: float | None
) -> None:
    later = quote(t=hours * 3_600_000)
    shown = row(bar(-55, 510.0), bar(0, 512.34), later, later=hours * 3_600_000)
    assert cell("hour", shown).role == role
    assert key("hour", shown) == (pytest.approx(move, abs=0.005) if move else None)


def test_a_cell_is_never_wider_than_its_column_for_ordinary_figures() -> None:
    for column in COLUMNS:
        if not column.max_width:
            assert len(column.cell(FULL).text) <= column.width


def live_row(market: Market) -> RowFigures:
    context = RenderContext(0.0, T, 1.0, 12, False, FundNames())
    return make_row(market.instruments[QQQ], DataStatus.LIVE, 0.0, context)


def test_what_the_command_printed_is_shown_with_its_age_and_a_nav_of_yesterday_is_called_that() -> None:
    def row_with(age: int) -> RowFigures:
        market = Market()
        market.set_clock(T)
        market.follow([QQQ])
        market.apply(quote(512.34), 0.0)
        market.apply_iopv(QQQ, 510.0, T - age, 0.0)
        return make_row(
            market.instruments[QQQ], DataStatus.LIVE, 0.0, RenderContext(0.0, T, 1.0, 12, False, FundNames())
        )

    fresh, old, nav = row_with(0), row_with(61_000), row_with(86_400_000)
    assert (text("iopv", fresh), text("premium", fresh), cell("iopv", fresh).old) == ("510.00", "+0.46%", False)
    assert (text("iopv", old), text("premium", old), cell("iopv", old).old) == ("510.00", "—", True)
    assert (text("iopv", nav), text("premium", nav), cell("iopv", nav).old) == ("510.00n", "—", False)


def test_a_basis_is_no_premium() -> None:
    market = Market()
    market.set_clock(T)
    market.set_bases([parse_basis("QQQ = SPY × 0.5")])
    market.follow([QQQ, SPY])
    market.apply(quote(505.0), 0.0)
    market.apply(quote(1000.0, s="SPY$US"), 0.0)
    based = live_row(market)
    assert (text("basis", based), text("premium", based), text("iopv", based)) == ("+1.00%", "—", "—")
    assert (text("basis", FULL), text("premium", FULL)) == ("—", "+0.46%")


def test_digits_that_changed_just_now_are_highlighted_but_not_while_the_picture_stands() -> None:
    shown = row(quote(512.34), Tick(symbol="QQQ$US", last=512.39, time=T + 1_000))
    assert cell("last", shown).lit == 1
    assert cell("last", replace(shown, context=replace(shown.context, standing=True))).lit == 0


def pair_row(written: str, *, begin: float = 500.0) -> RowFigures:
    """The row of a pair of QQQ, which moves from `begin` on, and SPY at 500."""
    pair = parse_symbol_or_pair(written).symbol
    assert isinstance(pair, Pair)
    market = Market()
    market.set_hours(True)
    market.follow([QQQ, SPY])
    market.set_pairs([pair])
    for n in range(60):
        market.instruments[QQQ].bars.update(bar(n - 59, begin + n / 100, s="QQQ"))
        market.instruments[SPY].bars.update(bar(n - 59, 500.0, s="SPY"))
    market.apply(quote(begin + 0.6, change=1.0), 0.0)
    market.apply(quote(500.0, change=-1.0, s="SPY$US"), 0.0)
    market.derive_pairs(0.0, market.pairs.by_symbol.values())
    instrument = market.row(pair)
    assert instrument is not None
    instrument.infer_precision()
    context = RenderContext(0.0, T, 1.0, 12, False, FundNames())
    return make_row(instrument, data_status(instrument, 0.0, True), 0.0, context)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("QQQ/SPY", {"symbol": "QQQ/SPY$US", "last": "1.0012", "change": "+0.0040", "change%": "+0.40%"}),
        ("QQQ-SPY", {"symbol": "QQQ−SPY$US", "last": "0.60", "change": "+2.00", "change%": "+142.86%"}),
        ("SPY-QQQ", {"symbol": "SPY−QQQ$US", "last": "-0.60", "change": "-2.00", "change%": "-142.86%"}),
    ],
)
def test_the_row_of_a_pair(written: str, shown: dict[str, str]) -> None:
    row = pair_row(written)
    assert {id: text(id, row) for id in shown} == shown
    assert {text(id, row) for id in ("bid", "ask", "spread", "open", "high", "low", "volume", "iopv")} == {"—"}
    assert {text(id, row) for id in ("turnover", "vwap", "premium", "basis", "relvol", "name")} - {"—"} <= {
        "—".ljust(28)
    }
    assert text("age", row) == "0s"


def test_the_hour_of_a_difference_has_a_scale_of_its_own_for_it_may_be_zero() -> None:
    assert text("hour", pair_row("QQQ-SPY"))[0] == "▁" and text("hour", pair_row("QQQ-SPY"))[-1] == "▇"
    assert text("hour", pair_row("SPY-QQQ"))[0] == "▇" and text("hour", pair_row("SPY-QQQ"))[-1] == "▁"
    assert set(text("hour", pair_row("QQQ/SPY"))) <= set("▃▄▅"), "a ratio has that of the list"
    scale = SparklineScale()
    scale.reset([pair_row("QQQ-SPY", begin=500.01).instrument], 12)
    assert scale.span == 0.1, "it widens no other's"
