"""A shared port: several processes answer it, and each has a queue of callers of its own.

Of one queue that all take from, the process that is awake first takes all who wait: with two, one
had seven of 64 connections, and the other one's core was what everybody waited for. The kernel
deals callers to queues of their own evenly (`SO_REUSEPORT`, as Linux means it).
"""

import socket
import sys
from typing import Any

IS_DEALT = sys.platform == "linux"
"""Elsewhere the option does not deal, or means something else; there one queue is shared."""


class SharedPort(socket.socket):
    """Holds the port; it listens only where it is handed over, in each process by itself.

    Errors: OSError when somebody else has the port already.
    """

    def __init__(self, host: str, port: int) -> None:
        with socket.socket(_family(host)) as probe:  # or two servers would share it unawares
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            self._place = (host, probe.getsockname()[1])
        super().__init__(_family(host))
        _share(self, *self._place)

    def __reduce_ex__(self, protocol: object) -> tuple[Any, ...]:
        """Be handed over as a new socket of the same port."""
        del protocol
        return _one_more, self._place


def _one_more(host: str, port: int) -> socket.socket:
    return _share(socket.socket(_family(host)), host, port)


def _share(one: socket.socket, host: str, port: int) -> socket.socket:
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    one.bind((host, port))
    return one


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
