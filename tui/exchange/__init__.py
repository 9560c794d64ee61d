"""The demo exchange: a simulated ETF market behind the vendor's protocol, on loopback. `server.py` is the way in."""
