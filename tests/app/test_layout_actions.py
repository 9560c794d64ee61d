"""The keys of the layout: what stands below the list, and layouts by name."""

from __future__ import annotations

from tests.support.feedless_app import FeedlessApp, feedless_app, saved_settings, type_in


def below(app: FeedlessApp) -> str:
    """The pane below the list."""
    panes = [pane for pane in app.dashboard._panes if pane.display and not pane.region.x and pane.region.y > 1]
    return panes[0].id or "" if panes else ""


async def test_what_stands_below_the_list_is_chosen_and_remembered() -> None:
    async with feedless_app() as (app, pilot):
        await pilot.pause()
        assert below(app) == "chart", "of three symbols"
        for letter, pane in (("2", "charts"), ("c", "chart"), ("n", ""), ("3", "charts"), ("a", "chart"), ("n", "")):
            await pilot.press("B", letter)
            await pilot.pause()
            assert (below(app), app.said) == (pane, "")
    assert saved_settings().below == "nothing"
    async with feedless_app(below="2x2") as (app, pilot):
        await pilot.pause()
        assert below(app) == "charts"


async def test_the_list_has_a_line_of_each_symbol_and_what_is_below_the_rest() -> None:
    async with feedless_app() as (app, pilot):
        for keys, symbols in (("", 3), ("2", 1), ("1 d", 2), ("u", 3)):
            await pilot.press(*keys.split())
            await pilot.pause()
            assert len(app.rows) == symbols
            watchlist, chart = app.dashboard.watchlist, app.dashboard.chart
            assert (watchlist.size.height, chart.size.height) == (symbols + 3, 42 - symbols - 3)


async def test_why_what_was_chosen_is_not_to_be_seen_is_said() -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press("f4", "B", "c")
        await pilot.pause()
        assert app.said == "the chart is not on the screen: F4 shows it"
        await pilot.press("f2", "B", "2")
        await pilot.pause()
        assert app.said.endswith("the watchlist is not on the screen: F2 shows it")
    async with feedless_app() as (app, pilot):
        await pilot.press(*"d" * len(app.rows), "B", "3")
        await pilot.pause()
        assert app.said == "the list is empty: it needs no room below"
    async with feedless_app((80, 24)) as (app, pilot):
        await pilot.press("B", "3")
        await pilot.pause()
        assert app.said == "no room for it here: a larger terminal shows it"


async def test_a_layout_is_saved_called_replaced_and_deleted() -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press("ctrl+w")
        assert app.said == "no layout is saved: W saves this one"
        await pilot.press("f5", "B", "2")
        await pilot.press("W")
        await type_in(pilot, "")
        assert "a layout needs a name" in str(app.screen.query("Static").first().render())
        await type_in(pilot, "Morning")
        assert app.said.endswith("Ctrl+W 1 calls Morning")
        await pilot.press("f5", "f3", "B", "n", "W")
        await type_in(pilot, "Calm")
        assert app.said.endswith("Ctrl+W 2 calls Calm")
        await pilot.press("enter", "ctrl+w", "1")
        await pilot.pause()
        assert (below(app), app.dashboard.hidden, app.dashboard.detail) == ("charts", {"tape"}, False)
        await pilot.press("ctrl+w", "2")
        await pilot.pause()
        assert (below(app), app.dashboard.hidden) == ("", {"ladder"})
        await pilot.press("f3", "W")
        await type_in(pilot, "Morning")
        await pilot.press("ctrl+w", "d", "2")
        await pilot.pause()
        assert app.said.endswith("deleted the layout Calm")
    settings = saved_settings()
    assert settings.layouts == {"Morning": ("watchlist", "ladder", "chart", "tape", "nothing")}
    assert (settings.hidden, settings.below) == ((), "nothing")


async def test_a_layout_written_by_hand_without_a_word_for_below_leaves_it_to_the_room() -> None:
    async with feedless_app(layouts={"Bare": ("watchlist", "ladder")}, below="nothing") as (app, pilot):
        await pilot.press("ctrl+w", "1")
        await pilot.pause()
        assert (app.dashboard.below, app.dashboard.hidden) == ("auto", {"chart", "tape"})
