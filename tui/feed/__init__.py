"""One authenticated connection to a feed, kept alive, and what is subscribed on it. Knows nothing of the screen.

`link.py` is the way in. `state.py`, what the screen shows of it, loads no sockets.
"""
