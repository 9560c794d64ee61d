"""Keys find their actions: each id of the key table without a scope has one method of one action group."""

from __future__ import annotations

import pytest
from textual.actions import parse

from tests.support.launch_options import launch_options
from tui.app.actions import ACTION_NAMES, ActionRegistry
from tui.app.app import ItickApp
from tui.app.feed_worker import FeedSource
from tui.config.key_table import KEYS
from tui.widgets.bindings import action_of


async def test_every_key_of_the_app_calls_a_method_that_an_action_group_has() -> None:
    registry = ItickApp(launch_options(), FeedSource()).registry
    for key in KEYS:
        if key.scope:
            continue
        for n in range(1, len(key.keys) + 1):
            namespace, action, arguments = parse(action_of(key, n))
            assert (namespace, action) == ("", "do") and callable(registry.actions[str(arguments[0])]), key.id
    assert registry.actions.keys() == ACTION_NAMES


async def test_no_method_of_a_group_could_be_meant_for_a_key_that_the_table_does_not_have() -> None:
    """Every public method that takes nothing, or what ids share, is an action, or is called by its name."""
    app = ItickApp(launch_options(), FeedSource())
    called_by_name = {
        *("explain_key", "ask_size", "ask_time", "save_ladder", "leave_find_field", "new_alert", "display"),
        *("add_symbols", "keep_found", "sort_by", "press_header", "show", "run", "apply_cost_of", "select"),
        *("apply_volume_at_price", "undo_line"),
    }
    methods = {name for group in app.registry.groups for name in dir(group) if not name.startswith("_")}
    assert methods - called_by_name == ACTION_NAMES


async def test_two_groups_with_the_same_action_are_refused() -> None:
    class Group:
        def add(self) -> None: ...

    with pytest.raises(ValueError, match="two action groups have a method add"):
        ActionRegistry((Group(), Group()))
