"""Shares one connection to the vendor with other processes: the relay, the queues of its clients, and who holds the
connection. A process that holds it serves the vendor's own protocol on a Unix socket."""
