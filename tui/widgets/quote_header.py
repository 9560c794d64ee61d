"""The figures of one symbol, above its panes in the detail: the grid's own cells with their titles, and what is
measured over an hour."""

from __future__ import annotations

from textual.reactive import reactive

from tui import format as fmt
from tui.market import Instrument, Market
from tui.market.analytics import volatility
from tui.market.data_status import data_status
from tui.reference.fund_names import FundNames
from tui.widgets.pane import Pane, StyledLine, width_of
from tui.widgets.styles import Styles
from tui.widgets.watchlist.columns import BY_ID, FLASH, SPARKS, WORD_STATES, RenderContext, RowFigures, make_row

_LINES = (
    ("last", "change", "change%", "ext%", "bid", "ask", "spread", "time"),
    ("previous", "open", "low", "range", "high", "vwap", "iopv", "premium"),
)
_GAP = 3
_AROUND = 9  # cells of the border at both ends of the title and between its words


class QuoteHeader(Pane):
    """Three lines. Figures that do not fit are left out whole, the last ones first."""

    instrument: reactive[Instrument | None] = reactive(None, repaint=False, init=False)
    """The symbol in large."""

    def __init__(self, look: Styles, market: Market, names: FundNames) -> None:
        super().__init__(look, id="headline")
        self._market = market
        self._names = names
        self.flash = True
        """Whether the digits that changed light up for a moment."""
        self._now = 0.0
        self._proven = False

    def watch_instrument(self) -> None:
        self.update_lines()

    @property
    def flash_ends(self) -> float | None:
        """When the digits that changed no longer light up, s monotonic; None where none do."""
        i = self.instrument
        if not self.flash or i is None or self._now - i.last_changed_at >= FLASH:
            return None
        return i.last_changed_at + FLASH

    def sync(self, changed: set[Instrument], now: float, proven: bool) -> None:
        """A frame: redraw if the symbol changed, or its flash is over."""
        flashing = self.flash_ends is not None
        self._now = now
        if self.instrument in changed or proven != self._proven or flashing:
            self._proven = proven
            self.update_lines()

    def tick(self, now: float) -> None:
        """Once a second: ages."""
        self._now = now
        self.update_lines()

    def title(self) -> tuple[StyledLine, StyledLine]:
        look, i = self.style, self.instrument
        if i is None:
            return [], []
        left = look.symbol(i.symbol)
        row = self._row(i)
        age = BY_ID["age"].cell(row)
        is_age = row.age is not None and row.state not in WORD_STATES
        right = [look.segment(f"{age.text.strip()} ago" if is_age else age.text.strip(), age.role)]
        if name := self._names.name_of(i.symbol):
            room = self.size.width - width_of(left) - width_of(right) - _AROUND
            left.append(look.segment(fmt.clip(f"  {name}", room), "muted"))
        return left, right

    def body(self, width: int, height: int) -> list[StyledLine]:
        i = self.instrument
        if i is None:
            return []
        i.infer_precision()
        row = self._row(i)
        lines = [self._fitting([self._figure(row, id) for id in ids], width) for ids in _LINES]
        over_time = [self._figure(row, "volume"), self._figure(row, "turnover"), *self._hour(i)]
        return [*lines, self._fitting(over_time, width)][:height]

    def _row(self, i: Instrument) -> RowFigures:
        age = self._market.age(i, self._now)
        moment = RenderContext(
            self._now, self._market.exchange_time(self._now), 1.0, SPARKS[-1], True, self._names, flash=self.flash
        )
        return make_row(i, data_status(i, age, self._proven), age, moment)

    def _figure(self, row: RowFigures, id: str) -> StyledLine:
        """A column's title and its cell."""
        look, column = self.style, BY_ID[id]
        cell = column.cell(row)
        text = cell.text.strip()
        lit = min(cell.lit, len(text)) if cell.glow else 0
        line = [look.segment(f"{column.title} ", "faint")]
        line.append(look.segment(text[: len(text) - lit], cell.role, bold=cell.bold))
        if lit:
            line.append(look.segment(text[-lit:], cell.role, cell.glow, bold=cell.bold))
        return line

    def _hour(self, i: Instrument) -> list[StyledLine]:
        """The spread by time and how much the price moved, over the last hour."""
        look = self.style
        figures: list[StyledLine] = []
        role = "muted" if self._proven and not i.is_last_known else "faint"
        moved = volatility(i.bars)
        words = fmt.UNKNOWN if moved is None else f"{moved:.2f}% an hour"
        figures.append([look.segment("VOLATILITY ", "faint"), look.segment(words, role)])
        known = i.spreads.statistics(self._now)
        if known is not None:
            d = i.decimals
            seen = "1 h" if known.seconds >= 3_500 else fmt.seconds(known.seconds)
            words = f"ø {fmt.price(known.mean, d + 1)}  {fmt.price(known.least, d)}–{fmt.price(known.most, d)}"
            if i.tick_size:
                words += f"  one tick {100 * known.share:.0f}% of the time"
            figures.append([look.segment(f"SPREAD OVER {seen} ", "faint"), look.segment(words, role)])
        return figures

    def _fitting(self, figures: list[StyledLine], width: int) -> StyledLine:
        line: StyledLine = [self.style.segment(" ", "text")]
        for figure in figures:
            if width_of(line) + width_of(figure) > width:
                break
            line += [*figure, self.style.segment(" " * _GAP, "text")]
        return line
