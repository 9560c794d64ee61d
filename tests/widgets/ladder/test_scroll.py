"""The axis of a static ladder."""

from __future__ import annotations

from tui.widgets.ladder.scroll import LadderScroll


def test_a_step_finer_than_the_tick_stays_when_the_price_that_needed_it_has_gone() -> None:
    scroll = LadderScroll()
    first = scroll.axis([105, 110], [100, 95], 20, decimals=2, tick=0.1, now=0.0)
    again = scroll.axis([110, 120], [100, 90], 20, decimals=2, tick=0.1, now=1.0)
    assert (first.step, again) == (5, first)


def test_with_more_decimals_the_axis_begins_anew() -> None:
    scroll = LadderScroll()
    scroll.axis([105, 110], [100, 95], 20, decimals=2, tick=0.05, now=0.0)
    axis = scroll.axis([10_500, 11_000], [10_000, 9_500], 20, decimals=4, tick=0.05, now=1.0)
    assert axis.step == 500 and axis.holds(10_000, 10_500)
