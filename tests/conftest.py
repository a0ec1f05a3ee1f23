"""What holds for every test: nothing is reached over the network but this machine itself."""

from __future__ import annotations

import sys
from ipaddress import ip_address
from typing import Any


class NetworkReached(AssertionError):
    """A test tried to reach another machine."""


def is_here(host: object) -> bool:
    """Whether a host is this machine; None and an empty name stand for any of its own addresses."""
    name = host.decode() if isinstance(host, bytes) else host
    if not isinstance(name, str) or name in ("", "localhost"):
        return name in (None, "", "localhost")
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def refuse_other_hosts(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook: unlike a patched method, nothing in Python can go round it.

    :raises NetworkReached: when another machine would be reached or looked up.
    """
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None  # a Unix socket's address is a path
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if not is_here(host):
        raise NetworkReached(f"A test tried to reach {host!r}; only 127.0.0.1 is allowed.")


sys.addaudithook(refuse_other_hosts)
