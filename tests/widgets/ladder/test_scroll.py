"""The axis of a static ladder."""

from __future__ import annotations

from datetime import date

from tui.market.tick_size import even_grid, price_grid
from tui.widgets.ladder.scroll import LadderScroll


def test_a_step_finer_than_the_tick_stays_when_the_price_that_needed_it_has_gone() -> None:
    scroll = LadderScroll()
    first = scroll.axis([1.05, 1.1], [1.0, 0.95], 20, grid=None, decimals=2, tick=0.1, now=0.0)
    again = scroll.axis([1.1, 1.2], [1.0, 0.9], 20, grid=None, decimals=2, tick=0.1, now=1.0)
    assert (first.grid, again) == (even_grid(0.05), first)


def test_with_more_decimals_the_step_is_learned_anew() -> None:
    scroll = LadderScroll()
    scroll.axis([1.05, 1.1], [1.0, 0.95], 20, grid=None, decimals=2, tick=0.05, now=0.0)
    axis = scroll.axis([1.05, 1.1], [1.0, 0.95], 20, grid=None, decimals=4, tick=0.05, now=1.0)
    assert axis.grid == even_grid(0.05) and axis.holds(1.0, 1.05)


def test_a_price_between_those_of_the_table_is_shown_on_rows_of_its_own() -> None:
    grid = price_grid("HK", date(2026, 11, 30))
    assert grid is not None
    scroll = LadderScroll()
    assert scroll.axis([25.02], [25.0], 9, grid=grid, decimals=2, tick=0.02, now=0.0).grid is grid
    axis = scroll.axis([25.02, 25.03], [25.0], 9, grid=grid, decimals=2, tick=0.02, now=1.0)
    assert axis.grid == even_grid(0.01)
