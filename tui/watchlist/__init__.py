"""The watchlist without a screen: each figure of a row, as text and in tables."""
