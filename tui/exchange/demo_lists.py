"""The lists of the demo, of funds on the demo exchange."""

from __future__ import annotations

from tui.symbol import Symbol

DEMO_LISTS = {
    name: tuple(Symbol(*spelled.split("$")) if "$" in spelled else Symbol(spelled, "US") for spelled in codes.split())
    for name, codes in {
        "Core": "QQQ SPY IWM DIA VTI SMH XLK XLE TLT HYG GLD EEM FXI EWZ",
        "Bonds": "TLT IEF SHY BIL AGG BND TIP LQD HYG EMB MUB",
        "China": "510300$SH 510050$SH 588000$SH 159915$SZ 2800$HK 2828$HK 3033$HK FXI KWEB ASHR",
    }.items()
}
"""The lists of `--demo`."""

DEMO_WATCHLIST = DEMO_LISTS["Core"]
