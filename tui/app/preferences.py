"""What is remembered: settings and lists as they are now, saved with every change."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace

from tui.config.file import ConfigFile
from tui.config.key_table import apply_overrides, label_of
from tui.config.merge import merge_alerts, merge_layouts, merge_sequence
from tui.config.saver import SettingsSaver
from tui.config.settings import Lists, Settings
from tui.config.watchlists import Watchlists, free_name
from tui.market.alert_engine import AlertEvent
from tui.market.alerts import Alert
from tui.protocol.messages import MAX_SYMBOLS
from tui.symbol import Pair, Symbol, expand_pairs
from tui.watchlist.columns import DEFAULT

WATCHED = "Watch"  # the name of the list that --watch opens


class LaunchOptions(NamedTuple):
    """Launch options: settings, the config file they are from, and what the command line adds.

    `watch` opens as a list of its own; `first` are the lists of a person who has none; `export_to` is the folder of
    exported files; `remember`: whether changes are saved in the config file."""

    settings: Settings
    file: ConfigFile
    watch: Sequence[Symbol] = ()
    first: Lists = {}
    export_to: Path = Path()
    remember: bool = True


class Preferences:
    """The home of settings and lists: lists in `lists`, everything else in `settings`; every change goes through here
    and is saved.

    `on_lists` is called when the lists changed, with the symbol to be selected; `on_symbols` when other symbols are to
    be followed; `on_alerts` with the alerts, when they changed."""

    def __init__(
        self,
        options: LaunchOptions,
        *,
        on_lists: Callable[[Symbol | None], None],
        on_symbols: Callable[[], None],
        on_alerts: Callable[[Sequence[Alert]], None],
        on_trouble: Callable[[str], None],
        on_saved: Callable[[], None],
    ) -> None:
        self.settings = options.settings
        self.lists = _initial_lists(options)
        self.keys = apply_overrides(options.settings.keys)
        self.saver = SettingsSaver(options.file, options.settings, self._merge, on_trouble, on_saved)
        self._remembers = options.remember
        self._on_lists = on_lists
        self._on_symbols = on_symbols
        self._on_alerts = on_alerts

    def key_label(self, id: str) -> str:
        """Returns what stands on the key of an id, for a text that names the key."""
        return label_of(self.keys, id)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the watchlist."""
        return self.settings.columns or DEFAULT

    @property
    def flash(self) -> bool:
        """Whether digits that change light up."""
        return self.settings.flash and not os.environ.get("NO_COLOR")

    @property
    def followed(self) -> tuple[Symbol, ...]:
        """The symbols of the shown list, and after them those that a basis there needs, and those of alerts that are
        on, as many as a connection takes; of a pair its legs."""
        listed = expand_pairs(self.lists.symbols)
        needed = (basis.other for basis in self.settings.basis if basis.symbol in listed)
        return expand_pairs([*listed, *needed, *self._alerted])[:MAX_SYMBOLS]

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """The pairs of the shown list, and those of alerts that are on."""
        rows = dict.fromkeys([*self.lists.symbols, *self._alerted])
        return tuple(symbol for symbol in rows if isinstance(symbol, Pair))

    @property
    def _alerted(self) -> list[Symbol]:
        return [alert.symbol for alert in self.settings.alerts if alert.state == "on"]

    @property
    def listed(self) -> tuple[Symbol, ...]:
        """The symbols of all lists; of a pair its legs."""
        return expand_pairs(symbol for symbols in self.lists.lists.values() for symbol in symbols)

    # --- changes ---

    def set(self, **changes: Any) -> None:
        """Change settings."""
        self.settings = replace(self.settings, **changes)
        self.save()

    def lists_changed(self, select: Symbol | None = None, **changes: Any) -> None:
        """Show and save the lists after they were changed, with this symbol selected; settings change with them."""
        self._on_lists(select)
        self.set(**changes)

    def set_alerts(self, alerts: tuple[Alert, ...]) -> None:
        """Replace all alerts."""
        before = self.followed, self.pairs
        self.settings = replace(self.settings, alerts=alerts)
        self._on_alerts(alerts)
        if (self.followed, self.pairs) != before:
            self._on_symbols()
        self.save()

    def mark_done(self, fired: Iterable[AlertEvent]) -> None:
        """Keep when those alerts fired; those that do not repeat are done."""
        times = {event.alert.key: event.time // 1000 for event in fired}

        def marked(alert: Alert) -> Alert:
            is_done = alert.repeat is None and alert.state == "on"
            return alert._replace(fired=times[alert.key], state="done" if is_done else alert.state)

        if times:
            self.set_alerts(tuple(marked(a) if a.key in times else a for a in self.settings.alerts))

    # --- saving ---

    def save(self) -> None:
        """Save settings and lists as they are, in the background."""
        shown = self.settings.list if self.lists.shown == self.lists.unsaved else self.lists.shown
        self.settings = replace(self.settings, lists=self.lists.saved, list=shown)
        if self._remembers:
            self.saver.save(self.settings)

    def _merge(self, sent: Settings, found: Settings) -> None:
        """Add what another copy wrote into the file since: its lists, alerts, levels and layouts."""
        self.lists.merge_external(sent.lists, found.lists)
        alerts = merge_alerts(sent.alerts, self.settings.alerts, found.alerts)
        layouts = merge_layouts(sent.layouts, self.settings.layouts, found.layouts)
        levels = tuple(merge_sequence(sent.levels, self.settings.levels, found.levels))
        self.settings = replace(self.settings, lists=self.lists.saved, alerts=alerts, levels=levels, layouts=layouts)
        self._on_alerts(alerts)
        self._on_lists(None)


def _initial_lists(options: LaunchOptions) -> Watchlists:
    """Returns the lists of the config, or first ones, and that of `--watch` before them."""
    lists = dict(options.settings.lists) or dict(options.first)
    if not options.watch:
        return Watchlists(lists, options.settings.list)
    name = free_name(WATCHED, lists)
    return Watchlists({name: tuple(options.watch), **lists}, name, unsaved=name)
