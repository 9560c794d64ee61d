"""What is wrong here, if anything: this machine and the way to the feed, looked at step by step.

`checks.py` is how a step is taken; `machine.py` and `feed.py` are the steps. Nothing here prints.
"""
