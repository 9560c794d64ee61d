from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.config.merge import merge, merge_alerts, merge_layouts, merge_lists, merge_sequence
from tui.config.settings import Settings
from tui.market.alerts import Alert
from tui.symbol import Symbol

A, B, C, D, E = (Symbol(letter, "US") for letter in "ABCDE")
SEQUENCES = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=6)
ALERTS = st.lists(
    st.builds(
        Alert,
        st.sampled_from([A, B]),
        st.sampled_from(["above", "below"]),
        st.just(1.0),
        state=st.sampled_from(["on", "off", "done"]),
    ),
    unique_by=lambda alert: alert.key,
).map(tuple)
LISTS = st.dictionaries(st.sampled_from(["x", "y", "z"]), st.lists(st.sampled_from([A, B, C]), unique=True).map(tuple))


def test_each_side_changes_something_else() -> None:
    base = Settings(theme="a", red_up=False, lists={"Core": (A, B)})
    ours = Settings(theme="b", red_up=False, lists={"Core": (A, B, C)})
    theirs = Settings(theme="a", red_up=True, lists={"Core": (B,), "New": (D,)})
    assert merge(base, ours, theirs) == Settings(theme="b", red_up=True, lists={"Core": (B, C), "New": (D,)})


def test_both_change_one_thing_and_ours_stands() -> None:
    assert merge(Settings(theme="a"), Settings(theme="b"), Settings(theme="c")).theme == "b"


def test_additions_of_both_sides_stand_behind_what_they_follow() -> None:
    assert merge_sequence("abc", "axbc", "abyc") == list("axbyc")


def test_a_new_order_of_either_side_is_kept() -> None:
    assert merge_sequence("abc", "cab", "abcd") == list("cdab")
    assert merge_sequence("abc", "abcd", "cab") == list("cdab")


def test_a_deleted_list_goes_unless_it_was_changed_meanwhile() -> None:
    base = {"x": (A,), "y": (B,)}
    assert merge_lists(base, {"y": (B,)}, base) == {"y": (B,)}
    assert merge_lists(base, {"y": (B,)}, {"x": (A, C), "y": (B,)}) == {"y": (B,), "x": (A, C)}
    assert merge_lists(base, {"x": (A, C), "y": (B,)}, {"y": (B,)}) == {"x": (A, C), "y": (B,)}


def test_the_order_of_lists_is_merged_too() -> None:
    base = {"x": (A,), "y": (B,)}
    assert list(merge_lists(base, {"y": (B,), "x": (A,)}, {**base, "z": (C,)})) == ["y", "z", "x"]


@given(SEQUENCES, SEQUENCES, SEQUENCES)
def test_nothing_is_lost_and_nothing_comes_back(base: list[str], ours: list[str], theirs: list[str]) -> None:
    merged = merge_sequence(base, ours, theirs)
    assert len(merged) == len(set(merged))
    assert set(merged) == {item for item in {*ours, *theirs} if (item in ours and item in theirs) or item not in base}


@given(SEQUENCES, SEQUENCES)
def test_where_one_side_did_nothing_the_other_stands(base: list[str], changed: list[str]) -> None:
    assert merge_sequence(base, changed, base) == changed
    assert merge_sequence(base, base, changed) == changed


@given(LISTS, LISTS)
def test_lists_where_one_side_did_nothing(
    base: dict[str, tuple[Symbol, ...]], changed: dict[str, tuple[Symbol, ...]]
) -> None:
    assert merge_lists(base, changed, base) == changed
    assert merge_lists(base, base, changed) == changed


@given(ALERTS, ALERTS, ALERTS)
def test_no_alert_is_lost_or_comes_twice(
    base: tuple[Alert, ...], ours: tuple[Alert, ...], theirs: tuple[Alert, ...]
) -> None:
    merged = merge_alerts(base, ours, theirs)
    assert len({alert.key for alert in merged}) == len(merged)
    assert merge_alerts(base, ours, base) == ours
    assert merge_alerts(base, base, theirs) == theirs
    keys = {alert.key for alert in merged}
    assert keys >= {alert.key for alert in {*ours, *theirs} - {*base}}, "what either side wrote is there"


def test_one_that_fired_here_and_another_made_there() -> None:
    one, other = Alert(A, "above", 1.0), Alert(B, "above", 2.0)
    done = one._replace(state="done")
    assert merge_alerts([one], [done], [one, other]) == (done, other)
    assert merge_alerts([one], [done], []) == (done,), "what fired while it was deleted there stays"
    assert merge_alerts([one, other], [one], [one, other]) == (one,)


def test_layouts_that_two_copies_saved_are_both_kept_and_one_is_never_a_mixture() -> None:
    base = {"a": ("ladder", "2x2"), "b": ("tape", "auto")}
    ours = {"a": ("chart", "3x3"), "b": ("tape", "auto"), "c": ("ladder", "auto")}
    theirs = {"a": ("tape", "nothing"), "d": ("chart", "auto")}
    merged = merge_layouts(base, ours, theirs)  # type: ignore[arg-type]
    assert merged == {"a": ours["a"], "c": ours["c"], "d": theirs["d"]}
    assert merge(Settings(layouts=base), Settings(layouts=ours), Settings(layouts=theirs)).layouts == merged  # type: ignore[arg-type]
