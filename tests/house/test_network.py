"""No test reaches another machine, whatever library it uses."""

from __future__ import annotations

import socket
import urllib.request
from collections.abc import Callable

import pytest


def connect_ipv6() -> None:
    with socket.socket(socket.AF_INET6) as probe:
        probe.connect(("2001:db8::1", 80))


def send_datagram() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        probe.sendto(b"", ("192.0.2.1", 53))


@pytest.mark.parametrize(
    "reach",
    [
        lambda: socket.create_connection(("192.0.2.1", 80), timeout=0.1),
        lambda: socket.getaddrinfo("example.org", 80),
        lambda: urllib.request.urlopen("http://192.0.2.1/", timeout=0.1),
        connect_ipv6,
        send_datagram,
    ],
)
def test_other_machines_are_refused(reach: Callable[[], object]) -> None:
    with pytest.raises(AssertionError, match=r"only 127\.0\.0\.1 is allowed"):
        reach()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_this_machine_is_reached(host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection((host, server.getsockname()[1])):
        pass
