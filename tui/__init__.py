"""itick-tui: a terminal dashboard for live ETF and fund prices.

This file stays empty of imports: `--version` and `--help` answer before anything heavy is loaded.
"""

__version__ = "0.1.0"
