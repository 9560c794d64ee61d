"""The watchlist as a text: aligned, and what is old is told from what is current."""

from __future__ import annotations

import csv
import io
import json

from msgspec.structs import replace

from tests.support.messages import BOOK_B, T, bar
from tests.support.watchlist_rows import FULL, SH, quote, row
from tests.widgets.test_old_figures import CARRIED, after
from tui.market import Market
from tui.market.data_status import DataStatus
from tui.protocol.messages import Tick
from tui.reference.fund_names import FundNames
from tui.symbol import Pair, parse_symbol_or_pair
from tui.watchlist.columns import BY_ID, COLUMNS, DEFAULT
from tui.watchlist.row_figures import RenderContext, RowFigures, make_row
from tui.watchlist.tables import bars_csv, grid_csv, json_table, markdown_table, text_table

COLUMNS_SHOWN = [BY_ID[id] for id in DEFAULT]


def silent(*types: str) -> RowFigures:
    feed = after(*types)
    feed.i.infer_precision()
    context = RenderContext(feed.now, feed.market.exchange_time(feed.now), 1.0, 12, False, FundNames(), flash=False)
    return make_row(feed.i, DataStatus.LIVE, 0.0, context)


def test_numbers_stand_below_each_other_at_the_decimal_point() -> None:
    columns = [BY_ID[id] for id in ("symbol", "last", "age")]
    other = row(quote(4.1, s="510300$SH"), Tick(symbol="510300$SH", last=4.125, time=T), symbol=SH)
    titles, *lines = text_table([FULL, other], columns).splitlines()
    assert {line.index(".") for line in lines} == {lines[0].index(".")} and len(lines) == 2
    assert titles.split() == ["SYMBOL", "LAST", "AGE"]


def test_a_text_has_the_words_of_the_grid() -> None:
    words = text_table([FULL], list(COLUMNS)).split("\n")[1]
    for column in COLUMNS:
        assert column.cell(FULL).text.strip() in words


def test_each_figure_that_the_grid_dims_as_old_is_in_parentheses_and_named() -> None:
    for type_, ids in CARRIED.items():
        unknown = ids & {"premium"}
        found = silent(type_)
        cells = dict(
            zip(BY_ID, markdown_table([found], list(COLUMNS)).splitlines()[2].strip("| ").split(" | "), strict=True)
        )
        assert {id for id, text in cells.items() if text.startswith("(")} | unknown == ids
        assert all(cells[id] == "—" for id in unknown)
        old = set(json.loads(json_table([found], list(COLUMNS)))[0]["old"])
        assert old == {id for id in ids if id not in ("hour", "range")} - unknown
        assert set(next(csv.DictReader(io.StringIO(grid_csv([found], list(COLUMNS)))))["old"].split()) == old


def test_a_row_without_a_link_is_marked_and_all_its_figures_are_old() -> None:
    stale = row(quote(512.34, open=509.5, volume=1e6), Tick(symbol="QQQ$US", last=512.34, time=T), BOOK_B, proven=False)
    line = text_table([stale], COLUMNS_SHOWN).splitlines()[1]
    assert line.startswith("⊘ QQQ$US  (512.34)") and " -- " in line
    figures = json.loads(json_table([stale], COLUMNS_SHOWN))[0]
    known = {id for id, value in figures.items() if value is not None} - {"symbol", "state", "old", "time"}
    assert set(figures["old"]) == known and figures["state"] == "stale"


def test_a_bar_in_a_name_ends_no_cell_of_markdown() -> None:
    names = FundNames()
    names.add({FULL.instrument.symbol: "A|B"})
    named = replace(FULL, context=replace(FULL.context, names=names))
    assert "| A\\|B |" in markdown_table([named], [BY_ID["symbol"], BY_ID["name"]])


def test_the_minutes_of_a_pair_are_closes_alone() -> None:
    pair = parse_symbol_or_pair("QQQ/SPY").symbol
    assert isinstance(pair, Pair)
    market = Market()
    market.follow(pair.legs)
    market.set_pairs([pair])
    for leg, price in zip(pair.legs, (500.0, 400.0), strict=True):
        market.instruments[leg].bars.update(bar(0, price, 9.0, s=leg.code))
    market.derive_pairs(0.0, market.pairs.by_symbol.values())
    instrument = market.row(pair)
    assert instrument is not None
    assert bars_csv(instrument, T + 60_000).splitlines()[1] == "2024-11-15T16:50:00.000Z,,,,1.25,,yes"
