from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.config.settings import Lists
from tui.config.watchlists import FIRST, Watchlists
from tui.symbol import Symbol

A, B, C, D = (Symbol(letter, "US") for letter in "ABCD")


def lists() -> Watchlists:
    return Watchlists({"Core": (A, B), "Bonds": (C,)}, "Core")


def test_somebody_without_lists_has_an_empty_one() -> None:
    new = Watchlists({})
    assert (new.shown, new.symbols) == (FIRST, ())
    assert Watchlists({"Core": (A,)}, "gone").shown == "Core"


def test_edits() -> None:
    mine = lists()
    mine.add([B, C, D])
    assert list(mine.symbols) == [A, B, C, D]
    mine.remove([A, C])
    assert list(mine.symbols) == [B, D]
    mine.reorder([D, B], "moved D$US")
    assert list(mine.symbols) == [D, B]
    mine.move([D], "Bonds")
    assert mine.lists == {"Core": (B,), "Bonds": (C, D)}
    mine.move([B], "New")
    assert mine.lists == {"Core": (), "Bonds": (C, D), "New": (B,)}


def test_a_list_is_made_renamed_and_deleted_in_its_place() -> None:
    mine = lists()
    mine.create("New")
    assert (mine.shown, list(mine.lists)) == ("New", ["Core", "Bonds", "New"])
    mine.rename("Core", "Kern")
    assert (mine.shown, list(mine.lists)) == ("New", ["Kern", "Bonds", "New"])
    mine.delete("New")
    assert (mine.shown, list(mine.lists)) == ("Bonds", ["Kern", "Bonds"])
    mine.delete("Kern")
    mine.delete("Bonds")
    assert (mine.shown, mine.lists) == (FIRST, {FIRST: ()})


def test_undo_takes_back_edit_by_edit_and_says_which() -> None:
    mine = lists()
    before = dict(mine.lists)
    mine.remove([A])
    mine.create("New")
    mine.add([D])
    mine.delete("New")
    assert mine.undo() == ("deleted the list New", D)
    assert mine.shown == "New"
    assert mine.undo() == ("added D$US", None)
    assert mine.undo() == ("made the list New", None)
    assert mine.shown == "Core"
    assert mine.undo() == ("removed A$US", A)
    assert mine.lists == before
    assert list(mine.lists) == list(before)
    assert mine.undo() is None


def test_undo_leaves_what_others_did_since() -> None:
    mine = lists()
    mine.remove([A])
    mine.merge_external(mine.saved, {"Core": (B, D), "Bonds": (C,)})
    assert mine.symbols == (B, D)
    mine.undo()
    assert set(mine.symbols) == {A, B, D}


def test_an_edit_that_changes_nothing_is_none() -> None:
    mine = lists()
    mine.add([A])
    mine.reorder((A, B), "moved A$US")
    assert mine.undo() is None


def test_a_list_of_the_command_line_is_not_saved_until_asked() -> None:
    mine = Watchlists({"Watch": (D,), "Core": (A,)}, "Watch", unsaved="Watch")
    assert mine.saved == {"Core": (A,)}
    mine.add([B])
    mine.merge_external({"Core": (A,)}, {"Core": (A, C)})
    assert mine.lists == {"Watch": (D, B), "Core": (A, C)}
    assert mine.shown == "Watch"
    mine.rename("Watch", "Today")
    assert mine.saved == {"Core": (A, C)}
    mine.save()
    assert mine.saved == {"Today": (D, B), "Core": (A, C)}


def test_a_list_of_the_command_line_stays_one_when_its_new_name_is_taken_back_unless_it_was_kept_since() -> None:
    mine = Watchlists({"Watch": (D,), "Core": (A,)}, "Watch", unsaved="Watch")
    mine.rename("Watch", "Today")
    mine.undo()
    assert (mine.lists, mine.saved) == ({"Watch": (D,), "Core": (A,)}, {"Core": (A,)})
    mine.rename("Watch", "Today")
    mine.save()
    mine.undo()
    assert mine.saved == {"Watch": (D,), "Core": (A,)}


def test_a_list_of_the_command_line_that_gets_a_name_back_which_is_another_copy_s_now_is_kept_with_that() -> None:
    mine = Watchlists({"Watch": (D,), "Core": (A,)}, "Watch", unsaved="Watch")
    mine.rename("Watch", "Today")
    mine.merge_external({"Core": (A,)}, {"Core": (A,), "Watch": (C,)})
    mine.undo()
    assert set(mine.saved["Watch"]) == {C, D}


def test_a_list_of_the_command_line_makes_way_for_one_that_another_copy_keeps_under_its_name() -> None:
    mine = Watchlists({"Watch": (D,), "Core": (A,)}, "Watch", unsaved="Watch")
    mine.add([B])
    mine.merge_external({"Core": (A,)}, {"Core": (A,), "Watch": (C,)})
    assert mine.lists == {"Watch 2": (D, B), "Core": (A,), "Watch": (C,)}
    assert (mine.shown, mine.unsaved) == ("Watch 2", "Watch 2")
    assert mine.saved == {"Core": (A,), "Watch": (C,)}
    mine.undo()
    assert mine.lists == {"Watch 2": (D,), "Core": (A,), "Watch": (C,)}
    assert mine.shown == "Watch 2"


def test_a_name_is_free_again_once_the_list_of_the_command_line_is_deleted() -> None:
    mine = Watchlists({"Watch": (D,), "Core": (A,)}, "Watch", unsaved="Watch")
    mine.delete("Watch")
    mine.merge_external({"Core": (A,)}, {"Core": (A,), "Watch": (C,)})
    assert mine.saved == {"Core": (A,), "Watch": (C,)}
    mine.undo()
    assert mine.lists["Watch 2"] == (D,)
    assert mine.saved == {"Core": (A,), "Watch": (C,)}


def test_the_shown_list_is_deleted_by_another_copy() -> None:
    mine = lists()
    mine.merge_external(mine.saved, {"Bonds": (C,)})
    assert (mine.shown, mine.lists) == ("Bonds", {"Bonds": (C,)})


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["add", "remove", "move", "create", "rename", "delete", "show"]),
        st.integers(0, 3),
        st.integers(0, 3),
    ),
    max_size=12,
)


@given(EDITS)
def test_undoing_everything_leads_back_to_the_start(edits: list[tuple[str, int, int]]) -> None:
    mine = lists()
    before: Lists = dict(mine.lists)
    for what, one, other in edits:
        names, symbol = list(mine.lists), (A, B, C, D)[other]
        name, new = names[one % len(names)], f"L{one}{other}"
        if what in ("add", "remove"):
            getattr(mine, what)([symbol])
        elif what == "move":
            mine.move([symbol], name)
        elif what == "show":
            mine.show(name)
        elif what == "delete":
            mine.delete(name)
        elif new not in names:
            mine.create(new) if what == "create" else mine.rename(name, new)
        assert mine.shown in mine.lists
        assert all(len(set(symbols)) == len(symbols) for symbols in mine.lists.values())
    while mine.undo() is not None:
        assert mine.shown in mine.lists
    assert {name: set(symbols) for name, symbols in mine.lists.items()} == {
        name: set(symbols) for name, symbols in before.items()
    }
