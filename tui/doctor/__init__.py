"""Diagnostics of this machine and the connection to the feed, step by step.

`checks.py` runs the steps, which are in `machine.py` and `feed.py`. Nothing here prints.
"""
