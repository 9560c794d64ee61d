"""The quote header of the detail view: the watchlist's cells of one symbol with their titles, and statistics of the
last hour."""

from __future__ import annotations

from textual.reactive import reactive

from tui import format as fmt
from tui.market import Instrument, Market
from tui.market.analytics import volatility
from tui.market.data_age import describe_silence
from tui.market.data_status import data_status
from tui.reference.fund_names import FundNames
from tui.widgets.pane import Pane, StyledLine, width_of
from tui.widgets.styles import Styles
from tui.widgets.watchlist.cells import FLASH, WORD_STATES, dimmed
from tui.widgets.watchlist.columns import BY_ID, SPARKS
from tui.widgets.watchlist.row_figures import RenderContext, RowFigures, make_row

_LINES = (
    ("last", "change", "change%", "ext%", "bid", "ask", "spread", "time"),
    ("previous", "open", "low", "range", "high", "vwap", "iopv", "premium"),
)
_GAP = 3
_BORDER = 9  # cells of the border at both ends of the title and between its words


class QuoteHeader(Pane):
    """Three lines of figures. Figures that do not fit are left out whole, the last ones first."""

    instrument: reactive[Instrument | None] = reactive(None, repaint=False, init=False)
    """The symbol whose figures are shown."""

    def __init__(self, styles: Styles, market: Market, names: FundNames) -> None:
        super().__init__(styles, "quote_header")
        self._market = market
        self._names = names
        self.flash = True
        """True if digits that changed are highlighted for FLASH seconds."""
        self._now = 0.0
        self._is_link_live = False

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
        flashing = self.flash_ends is not None
        self._now = now
        if self.instrument in changed or is_link_live != self._is_link_live or flashing:
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
        row = self._row(i)
        lines = [self._fitting([self._figure(row, id) for id in ids], width) for ids in _LINES]
        over_time = [self._figure(row, "volume"), self._figure(row, "turnover"), *self._hour_statistics(i)]
        return [*lines, self._fitting(over_time, width)][:height]

    def _row(self, i: Instrument) -> RowFigures:
        age = self._market.age(i, self._now)
        time = self._market.exchange_time(self._now)
        context = RenderContext(
            self._now, time, 1.0, SPARKS[-1], True, self._names, flash=self.flash, standing=self.standing
        )
        return make_row(i, data_status(i, age, self._is_link_live), age, context)

    def _figure(self, row: RowFigures, id: str) -> StyledLine:
        """Returns a column's title and its cell."""
        styles, column = self.theme_styles, BY_ID[id]
        cell = column.cell(row)
        if self.standing:
            cell = dimmed(cell)
        text = cell.text.strip()
        lit = min(cell.lit, len(text)) if cell.glow else 0
        line = [styles.segment(f"{column.title} ", "faint")]
        line.append(styles.segment(text[: len(text) - lit], cell.role, bold=cell.bold))
        if lit:
            line.append(styles.segment(text[-lit:], cell.role, cell.glow, bold=cell.bold))
        return line

    def _hour_statistics(self, i: Instrument) -> list[StyledLine]:
        """Returns the volatility and the time-weighted spread of the last hour."""
        styles = self.theme_styles
        figures: list[StyledLine] = []
        role = "muted" if self._is_link_live and not i.is_last_known else "faint"
        moved = volatility(i.bars)
        words = fmt.UNKNOWN if moved is None else f"{moved:.2f}% an hour"
        bars_role = "faint" if i.is_silent(i.bars_type) else role
        figures.append([styles.segment("VOLATILITY ", "faint"), styles.segment(words, bars_role)])
        known = i.spreads.statistics(self._now)
        if known is not None:
            d = i.precision.decimals
            seen = "1 h" if known.seconds >= 3_500 else fmt.seconds(known.seconds)
            words = f"ø {fmt.price(known.mean, d + 1)}  {fmt.price(known.least, d)}–{fmt.price(known.most, d)}"
            if i.precision.tick_size:
                words += f"  one tick {100 * known.share:.0f}% of the time"
            figures.append([styles.segment(f"SPREAD OVER {seen} ", "faint"), styles.segment(words, role)])
        return figures

    def _fitting(self, figures: list[StyledLine], width: int) -> StyledLine:
        line: StyledLine = [self.theme_styles.segment(" ", "text")]
        for figure in figures:
            if width_of(line) + width_of(figure) > width:
                break
            line += [*figure, self.theme_styles.segment(" " * _GAP, "text")]
        return line
