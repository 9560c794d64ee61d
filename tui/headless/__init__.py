"""The feed without a screen: updates as NDJSON on standard output."""
