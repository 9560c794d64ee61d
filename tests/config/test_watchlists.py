from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.config.settings import Lists
from tui.config.watchlists import DEFAULT_LIST, Watchlists
from tui.symbol import Symbol

A, B, C, D = (Symbol(letter, "US") for letter in "ABCD")


def make_watchlists() -> Watchlists:
    return Watchlists({"Core": (A, B), "Bonds": (C,)}, "Core")


def test_somebody_without_lists_has_an_empty_one() -> None:
    new = Watchlists({})
    assert (new.shown, new.symbols) == (DEFAULT_LIST, ())
    assert Watchlists({"Core": (A,)}, "gone").shown == "Core"


def test_edits() -> None:
    watchlists = make_watchlists()
    watchlists.add([B, C, D])
    assert list(watchlists.symbols) == [A, B, C, D]
    watchlists.remove([A, C])
    assert list(watchlists.symbols) == [B, D]
    watchlists.reorder([D, B], "moved D$US")
    assert list(watchlists.symbols) == [D, B]
    watchlists.move([D], "Bonds")
    assert watchlists.lists == {"Core": (B,), "Bonds": (C, D)}
    watchlists.move([B], "New")
    assert watchlists.lists == {"Core": (), "Bonds": (C, D), "New": (B,)}


def test_a_list_is_made_renamed_and_deleted_in_its_place() -> None:
    watchlists = make_watchlists()
    watchlists.create("New")
    assert (watchlists.shown, list(watchlists.lists)) == ("New", ["Core", "Bonds", "New"])
    watchlists.rename("Core", "Kern")
    assert (watchlists.shown, list(watchlists.lists)) == ("New", ["Kern", "Bonds", "New"])
    watchlists.delete("New")
    assert (watchlists.shown, list(watchlists.lists)) == ("Bonds", ["Kern", "Bonds"])
    watchlists.delete("Kern")
    watchlists.delete("Bonds")
    assert (watchlists.shown, watchlists.lists) == (DEFAULT_LIST, {DEFAULT_LIST: ()})


def test_undo_takes_back_edit_by_edit_and_says_which() -> None:
    watchlists = make_watchlists()
    before = dict(watchlists.lists)
    watchlists.remove([A])
    watchlists.create("New")
    watchlists.add([D])
    watchlists.delete("New")
    assert watchlists.undo() == ("deleted the list New", D)
    assert watchlists.shown == "New"
    assert watchlists.undo() == ("added D$US", None)
    assert watchlists.undo() == ("made the list New", None)
    assert watchlists.shown == "Core"
    assert watchlists.undo() == ("removed A$US", A)
    assert watchlists.lists == before
    assert list(watchlists.lists) == list(before)
    assert watchlists.undo() is None


def test_undo_leaves_what_others_did_since() -> None:
    watchlists = make_watchlists()
    watchlists.remove([A])
    watchlists.merge_external(watchlists.saved, {"Core": (B, D), "Bonds": (C,)})
    assert watchlists.symbols == (B, D)
    watchlists.undo()
    assert set(watchlists.symbols) == {A, B, D}


def test_an_edit_that_changes_nothing_is_none() -> None:
    watchlists = make_watchlists()
    watchlists.add([A])
    watchlists.reorder((A, B), "moved A$US")
    assert watchlists.undo() is None


def test_a_list_of_the_command_line_is_not_saved_until_asked() -> None:
    watchlists = Watchlists({"Watch": (D,), "Core": (A,)}, "Watch", unsaved="Watch")
    assert watchlists.saved == {"Core": (A,)}
    watchlists.add([B])
    watchlists.merge_external({"Core": (A,)}, {"Core": (A, C)})
    assert watchlists.lists == {"Watch": (D, B), "Core": (A, C)}
    assert watchlists.shown == "Watch"
    watchlists.rename("Watch", "Today")
    assert watchlists.saved == {"Core": (A, C)}
    watchlists.save()
    assert watchlists.saved == {"Today": (D, B), "Core": (A, C)}


def test_a_list_of_the_command_line_stays_one_when_its_new_name_is_taken_back_unless_it_was_kept_since() -> None:
    watchlists = Watchlists({"Watch": (D,), "Core": (A,)}, "Watch", unsaved="Watch")
    watchlists.rename("Watch", "Today")
    watchlists.undo()
    assert (watchlists.lists, watchlists.saved) == ({"Watch": (D,), "Core": (A,)}, {"Core": (A,)})
    watchlists.rename("Watch", "Today")
    watchlists.save()
    watchlists.undo()
    assert watchlists.saved == {"Watch": (D,), "Core": (A,)}


def test_a_list_of_the_command_line_that_gets_a_name_back_which_is_another_copy_s_now_is_kept_with_that() -> None:
    watchlists = Watchlists({"Watch": (D,), "Core": (A,)}, "Watch", unsaved="Watch")
    watchlists.rename("Watch", "Today")
    watchlists.merge_external({"Core": (A,)}, {"Core": (A,), "Watch": (C,)})
    watchlists.undo()
    assert set(watchlists.saved["Watch"]) == {C, D}


def test_a_list_of_the_command_line_makes_way_for_one_that_another_copy_keeps_under_its_name() -> None:
    watchlists = Watchlists({"Watch": (D,), "Core": (A,)}, "Watch", unsaved="Watch")
    watchlists.add([B])
    watchlists.merge_external({"Core": (A,)}, {"Core": (A,), "Watch": (C,)})
    assert watchlists.lists == {"Watch 2": (D, B), "Core": (A,), "Watch": (C,)}
    assert (watchlists.shown, watchlists.unsaved) == ("Watch 2", "Watch 2")
    assert watchlists.saved == {"Core": (A,), "Watch": (C,)}
    watchlists.undo()
    assert watchlists.lists == {"Watch 2": (D,), "Core": (A,), "Watch": (C,)}
    assert watchlists.shown == "Watch 2"


def test_a_name_is_free_again_once_the_list_of_the_command_line_is_deleted() -> None:
    watchlists = Watchlists({"Watch": (D,), "Core": (A,)}, "Watch", unsaved="Watch")
    watchlists.delete("Watch")
    watchlists.merge_external({"Core": (A,)}, {"Core": (A,), "Watch": (C,)})
    assert watchlists.saved == {"Core": (A,), "Watch": (C,)}
    watchlists.undo()
    assert watchlists.lists["Watch 2"] == (D,)
    assert watchlists.saved == {"Core": (A,), "Watch": (C,)}


def test_the_shown_list_is_deleted_by_another_copy() -> None:
    watchlists = make_watchlists()
    watchlists.merge_external(watchlists.saved, {"Bonds": (C,)})
    assert (watchlists.shown, watchlists.lists) == ("Bonds", {"Bonds": (C,)})


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
    watchlists = make_watchlists()
    before: Lists = dict(watchlists.lists)
    for what, one, other in edits:
        names, symbol = list(watchlists.lists), (A, B, C, D)[other]
        name, new = names[one % len(names)], f"L{one}{other}"
        if what in ("add", "remove"):
            getattr(watchlists, what)([symbol])
        elif what == "move":
            watchlists.move([symbol], name)
        elif what == "show":
            watchlists.show(name)
        elif what == "delete":
            watchlists.delete(name)
        elif new not in names:
            watchlists.create(new) if what == "create" else watchlists.rename(name, new)
        assert watchlists.shown in watchlists.lists
        assert all(len(set(symbols)) == len(symbols) for symbols in watchlists.lists.values())
    while watchlists.undo() is not None:
        assert watchlists.shown in watchlists.lists
    assert {name: set(symbols) for name, symbols in watchlists.lists.items()} == {
        name: set(symbols) for name, symbols in before.items()
    }
