"""The feed: one authenticated connection, renewed when it is lost, and its subscriptions. Independent of the screen.

`link.Link` is the entry point. `state.py`, which the screen imports, loads no sockets.
"""
