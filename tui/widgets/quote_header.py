"""The quote header of the detail view: the figures of one symbol in a grid of four columns, of the price, the book, the
day, and what was traded."""

from __future__ import annotations

from typing import NamedTuple

from tui import format as fmt
from tui.market import Instrument, Market
from tui.market.analytics import volatility
from tui.market.data_age import describe_silence
from tui.market.data_status import data_status
from tui.market.premium import (
    PremiumStatistics,
    current_premium,
    has_basis,
    minute_premiums,
    premium_statistics,
)
from tui.market.sessions import zone
from tui.reference.fund_names import FundNames
from tui.watchlist.cells import FLASH, WORD_STATES, dimmed
from tui.watchlist.columns import BY_ID, SPARKS
from tui.watchlist.row_figures import RenderContext, RowFigures, make_row, told_worth
from tui.widgets.pane import StyledLine, SymbolPane, fill, width_of
from tui.widgets.styles import Styles

_LABELS = {
    "last": "Last",
    "change": "Change",
    "change%": "Change %",
    "previous": "Previous",
    "ext%": "Extended",
    "bid": "Bid",
    "ask": "Ask",
    "spread": "Spread",
    "time": "Traded",
    "open": "Day open",
    "high": "Day high",
    "low": "Day low",
    "vwap": "VWAP",
    "range": "Range",
    "volume": "Volume",
    "turnover": "Turnover",
    "iopv": "IOPV",
    "premium": "Premium",
    "basis": "Basis",
}
_PLAIN = frozenset(("previous", "spread", "time", "open", "high", "low", "vwap", "range", "volume", "turnover", "iopv"))
"""The columns that the watchlist draws muted, so that others stand out. Here the labels are muted."""
_LEAST_COLUMN = 18  # cells
_GAP = 2  # cells between columns, at least: one before each, and one after it
_HOUR = "the hour's spreads"


class _Form(NamedTuple):
    """A figure's value, and the name of what this shorter form of it lacks."""

    value: StyledLine
    lacks: str = ""


class _Figure(NamedTuple):
    """A figure: its label, and its value in forms, the longest first."""

    label: str
    forms: tuple[_Form, ...]


_BORDER = 9  # cells of the border at both ends of the title and between its words


class QuoteHeader(SymbolPane):
    """The grid of figures. What does not fit is left out whole, and named on the lower border."""

    def __init__(self, styles: Styles, market: Market, names: FundNames) -> None:
        super().__init__(styles, "quote_header")
        self.market = market
        """The market that is shown."""
        self._names = names
        self.flash = True
        """True if digits that changed are highlighted for FLASH seconds."""
        self._now = 0.0
        self._is_link_live = False
        self._premiums: tuple[object, PremiumStatistics | None] | None = None
        self._missing: tuple[str, ...] = ()  # what had no room when it was last drawn

    def watch_instrument(self) -> None:
        self.update_lines()

    @property
    def flash_ends(self) -> float | None:
        """The time at which the flash ends, s monotonic; None without one."""
        i = self.instrument
        if not self.flash or i is None or self._now - i.last_changed_at >= FLASH:
            return None
        return i.last_changed_at + FLASH

    def sync(self, changed: set[Instrument], now: float, is_link_live: bool) -> None:
        """Redraw for a frame if the symbol changed or its flash ended. `now` in s monotonic."""
        ends = self.flash_ends
        self._now = now
        if self.instrument in changed or is_link_live != self._is_link_live or (ends is not None and ends <= now):
            self._is_link_live = is_link_live
            self.update_lines()

    def tick(self, now: float) -> None:
        """Redraw once a second, for the age."""
        self._now = now
        self.update_lines()

    def title(self) -> tuple[StyledLine, StyledLine]:
        styles, i = self.theme_styles, self.instrument
        if i is None:
            return [], []
        left = styles.symbol(i.symbol)
        row = self._row(i)
        age = BY_ID["age"].cell(row)
        is_age = row.age is not None and row.status not in WORD_STATES
        right = [styles.segment(f"{age.text.strip()} ago" if is_age else age.text.strip(), age.role)]
        if self._is_link_live and i.ages.silent:
            silence = styles.segment(describe_silence(i.ages.silent, self._now), "warning")
            right = [silence, styles.segment(" · ", "muted"), *right]
        if name := self._names.name_of(i.symbol):
            room = self.size.width - width_of(left) - width_of(right) - _BORDER
            left.append(styles.segment(fmt.clip(f"  {name}", room), "muted"))
        return left, right

    def body(self, width: int, height: int) -> list[StyledLine]:
        i = self.instrument
        if i is None:
            return []
        i.infer_precision()
        columns = self._columns(self._row(i), i)
        count = max(1, min(len(columns), width // _LEAST_COLUMN))
        missing = dict.fromkeys(figure.label for column in columns for figure in column[height:])
        missing |= dict.fromkeys(figure.label for column in columns[count:] for figure in column)
        lines: list[StyledLine] = [[] for _ in range(min(height, max(map(len, columns))))]
        for n, column in enumerate(columns[:count]):
            start, end = width * n // count, width * (n + 1) // count
            label_width = max(len(figure.label) for figure in column) + 1
            room = end - start - _GAP - label_width
            for line, figure in zip(lines, column, strict=False):
                form = next((form for form in figure.forms if width_of(form.value) <= room), None)
                if form is None or form.lacks:
                    missing[figure.label if form is None else form.lacks] = None
                label = f" {figure.label}".ljust(label_width + 1)
                cell = [self.theme_styles.segment(label, "muted"), *form.value] if form is not None else []
                line += fill(cell, end - start, self.theme_styles("text"))
        self._missing = tuple(missing)
        return lines

    def note(self) -> StyledLine:
        """Returns which figures have no room."""
        if not self._missing:
            return []
        words = f"no room for {', '.join(self._missing)}"
        if len(words) > self.size.width - _BORDER:
            words = f"no room for {len(self._missing)} figures"
        return [self.theme_styles.segment(words, "muted")]

    def _columns(self, row: RowFigures, i: Instrument) -> tuple[list[_Figure], ...]:
        """Returns the figures by column; the lower ones are left out first."""
        spread, mean = self._hour_of_spreads(row, i)
        return (
            [self._figure(row, id) for id in ("last", "change", "change%", "previous", "ext%")],
            [self._figure(row, "bid"), self._figure(row, "ask"), spread, mean, self._figure(row, "time")],
            [self._figure(row, id) for id in ("open", "high", "low", "vwap", "range")],
            [
                self._figure(row, "volume"),
                self._figure(row, "turnover"),
                self._volatility(i),
                self._worth(row),
                self._premium(row),
            ],
        )

    def _row(self, i: Instrument) -> RowFigures:
        age = self.market.age(i, self._now)
        time = self.market.exchange_time(self._now)
        context = RenderContext(
            self._now, time, 1.0, SPARKS[-1], True, self._names, flash=self.flash, standing=self.standing
        )
        return make_row(i, data_status(i, age, self._is_link_live, is_starting=self.starting), age, context)

    def _figure(self, row: RowFigures, id: str) -> _Figure:
        """Returns a column's cell with its label."""
        return _Figure(_LABELS[id], (_Form(self._value(row, id)),))

    def _value(self, row: RowFigures, id: str) -> StyledLine:
        styles, cell = self.theme_styles, BY_ID[id].cell(row)
        if id in _PLAIN and cell.role == "muted":
            cell = cell._replace(role="text")
        if self.standing:
            cell = dimmed(cell)
        text = cell.text.strip()
        lit = min(cell.lit, len(text)) if cell.glow else 0
        line = [styles.segment(text[: len(text) - lit], cell.role, bold=cell.bold)]
        if lit:
            line.append(styles.segment(text[-lit:], cell.role, cell.glow, bold=cell.bold))
        return line

    def _worth(self, row: RowFigures) -> _Figure:
        """Returns the IOPV, or a NAV with the date it is of, as far as that is known."""
        value, worth = self._value(row, "iopv"), told_worth(row)
        if worth is None or not worth.is_nav or worth.made is None:
            return _Figure(_LABELS["iopv"], (_Form(value),))
        made = zone(row.instrument.symbol.region).at(worth.made)
        dated = self.theme_styles.segment(f"  of {made:%a %m-%d}", "muted")
        return _Figure("NAV", (_Form([*value, dated]), _Form(value, "the NAV's date")))

    def _premium(self, row: RowFigures) -> _Figure:
        """Returns the premium, or the basis, with its z-score among the minutes of the last hour."""
        id = "basis" if has_basis(row.instrument) else "premium"
        figure, percent = self._figure(row, id), current_premium(row.instrument, row.context.time)
        hour = self._hour_of_premiums(row.instrument)
        score = hour.score(percent) if hour is not None and percent is not None and not row.stale else None
        if score is None:
            return figure
        value = figure.forms[0].value
        beside = self.theme_styles.segment(f"  z {score:+.1f}", self._role(row.instrument))
        return figure._replace(forms=(_Form([*value, beside]), _Form(value, "z")))

    def _hour_of_premiums(self, i: Instrument) -> PremiumStatistics | None:
        """Returns the statistics of the last hour's premiums; cached, as they change once a minute or so."""
        proxy = i.fair_values.proxy
        key = (i, i.bars.version, i.fair_values.version, proxy.of.bars.version if proxy is not None else 0)
        if self._premiums is None or self._premiums[0] != key:
            latest = i.bars.latest
            self._premiums = key, premium_statistics(minute_premiums(i, range(latest - 59, latest + 1)))
        return self._premiums[1]

    def _volatility(self, i: Instrument) -> _Figure:
        """Returns the volatility of the last hour."""
        moved = volatility(i.bars)
        role = "faint" if i.is_silent(i.bars_type) else self._role(i)
        texts = [fmt.UNKNOWN] if moved is None else [f"{moved:.2f}% an hour", f"{moved:.2f}%/h"]
        return _Figure("Volatility", tuple(_Form([self.theme_styles.segment(text, role)]) for text in texts))

    def _hour_of_spreads(self, row: RowFigures, i: Instrument) -> tuple[_Figure, _Figure]:
        """Returns the spread, with how often it was one tick, and its time-weighted mean with the range of the last
        hour."""
        styles, role, value = self.theme_styles, self._role(i), self._value(row, "spread")
        known = i.spreads.statistics(self._now)
        if known is None:
            unknown = [styles.segment(fmt.UNKNOWN, "faint")]
            return _Figure(_LABELS["spread"], (_Form(value),)), _Figure("Mean", (_Form(unknown),))
        d, spread = i.precision.decimals, [_Form(value)]
        if i.precision.tick_size:
            share = styles.segment(f"  one tick {100 * known.share:.0f}%", role)
            spread = [_Form([*value, share]), _Form(value, _HOUR)]
        mean = styles.segment(fmt.price(known.mean, d + 1), role)
        extent = styles.segment(f"  {fmt.price(known.least, d)}–{fmt.price(known.most, d)}", role)
        seen = "1h" if known.seconds >= 3_500 else fmt.seconds(known.seconds)
        return (
            _Figure(_LABELS["spread"], tuple(spread)),
            _Figure(f"Mean {seen}", (_Form([mean, extent]), _Form([mean], _HOUR))),
        )

    def _role(self, i: Instrument) -> str:
        """Returns the role of a figure of the last hour."""
        role = "text" if self._is_link_live and not i.is_last_known else "faint"
        return "muted" if self.standing and role == "text" else role
