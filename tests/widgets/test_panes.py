"""Ladder, chart and tape where there is nothing to draw, and where it may be old."""

from __future__ import annotations

import pytest
from rich.segment import Segment

from tests.support.frozen_dashboard import US
from tests.support.messages import bar, quote
from tui.config.key_table import KEYS
from tui.config.themes import find_theme
from tui.market import Instrument, Market
from tui.market.entitlements import NO_ANSWER
from tui.protocol.messages import OVER_LIMIT, UNRESOLVED
from tui.widgets.chart.chart import MinuteChart
from tui.widgets.ladder.ladder import DepthLadder
from tui.widgets.styles import Styles
from tui.widgets.tape import TradeTape

STYLES = Styles(find_theme("midnight"))
QQQ = US[0]


def pane(
    kind: type[MinuteChart] | type[DepthLadder], instrument: Instrument, *, proven: bool
) -> MinuteChart | DepthLadder:
    made = kind(STYLES)
    made.set_reactive(kind.instrument, instrument)
    made.sync(set(), 1.0, proven)
    return made


def said(kind: type[MinuteChart] | type[DepthLadder], **refused: str) -> str:
    market = Market()
    market.follow([QQQ])
    for type_, why in refused.items():
        market.refuse([QQQ], type_.replace("kline", "kline@1"), why)
    lines = pane(kind, market.instruments[QQQ], proven=True).body(60, 10)
    return "".join(segment.text for line in lines for segment in line).strip()


@pytest.mark.parametrize(
    ("refused", "words"),
    [
        ({}, "no book yet"),
        ({"depth": NO_ANSWER}, "order book: no answer from the server"),
        ({"depth": UNRESOLVED}, "order book: request not understood by the server"),
        ({"depth": "permission denied: please upgrade your package"}, "order book not in this plan"),
        ({"depth": "server busy"}, "order book: refused by the server"),
        ({"quote": OVER_LIMIT, "tick": OVER_LIMIT, "depth": OVER_LIMIT}, "over plan"),
        ({"quote": "no", "tick": "no", "depth": "no"}, "refused"),
    ],
)
def test_the_ladder_says_why_there_is_no_book(refused: dict[str, str], words: str) -> None:
    assert said(DepthLadder, **refused) == words


@pytest.mark.parametrize(
    ("refused", "words"),
    [
        ({}, "no minute bars yet"),
        ({"kline": "no"}, "no trades yet to build bars from"),
        ({"quote": OVER_LIMIT, "tick": OVER_LIMIT, "kline": OVER_LIMIT}, "over plan"),
        ({"quote": "no", "tick": "no", "kline": "no"}, "refused"),
    ],
)
def test_the_chart_says_why_there_are_no_bars(refused: dict[str, str], words: str) -> None:
    assert said(MinuteChart, **refused) == words


def test_a_chart_that_may_be_old_says_so_in_its_title_whatever_the_room() -> None:
    market = Market()
    market.follow([QQQ])
    for message in (quote(512.34), bar(0, 512.34, 28)):
        market.apply(message, 0.0)
    for proven in (True, False):
        _, right = pane(MinuteChart, market.instruments[QQQ], proven=proven).title()
        assert (right == [STYLES.segment("stale", "warning")]) != proven


def test_where_nothing_is_shown_nothing_is_stale() -> None:
    market = Market()
    market.follow([QQQ])
    instrument = market.instruments[QQQ]
    tape = TradeTape(STYLES, market, KEYS)
    tape.set_reactive(TradeTape.instrument, instrument)
    panes = [pane(DepthLadder, instrument, proven=False), pane(MinuteChart, instrument, proven=False), tape]
    assert all(each.title()[1] == [] for each in panes)


def test_the_tag_of_the_last_price_is_light_on_dark_only_while_it_is_so() -> None:
    market = Market()
    market.follow([QQQ])
    for message in (quote(512.34), bar(0, 512.34, 28)):
        market.apply(message, 0.0)

    def tag(proven: bool) -> Segment:
        lines = pane(MinuteChart, market.instruments[QQQ], proven=proven).body(40, 10)
        return next(segment for line in lines for segment in line if "512.34" in segment.text)

    now, old = tag(True).style, tag(False).style
    assert now is not None and now.bgcolor != STYLES("text").bgcolor and now.bold
    assert old is not None and old == STYLES("muted")
