"""The process at the other end of a Unix socket."""

from __future__ import annotations

import os
import socket
import struct
import sys
from typing import NamedTuple

_XUCRED = struct.Struct("=IIh16I")  # macOS: version, uid, count of groups, groups
_SOL_LOCAL, _LOCAL_PEERCRED, _LOCAL_PEERPID = 0, 1, 2


class Peer(NamedTuple):
    """A process, by its id and its user's; the id is 0 if the system does not tell it."""

    pid: int
    uid: int

    @property
    def is_ours(self) -> bool:
        """True if the process belongs to the current user, or to root."""
        return self.uid in (os.geteuid(), 0)


def peer_of(connected: socket.socket) -> Peer:
    """Returns the process that opened or accepted a connected Unix socket. Raises OSError."""
    if sys.platform == "linux":
        pid, uid, _ = struct.unpack("3i", connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        return Peer(pid, uid)
    credentials = connected.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, _XUCRED.size)
    pid = int.from_bytes(connected.getsockopt(_SOL_LOCAL, _LOCAL_PEERPID, 4), sys.byteorder)
    return Peer(pid, _XUCRED.unpack(credentials)[1])
