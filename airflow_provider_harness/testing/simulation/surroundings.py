"""The process of a simulation: its own AIRFLOW_HOME and settings, no connection but those it has, and no other machine."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from ipaddress import ip_address
from itertools import count
from pathlib import Path
from typing import Any

from airflow_provider_harness.core.errors import NotAllowed

_LEFT_OUT = ("AIRFLOW_CONN_", "AIRFLOW__SECRETS__", "AIRFLOW__HARNESS__", "OPENLINEAGE", "PG")
"""Beginnings of variables that would lead out of a simulation, or into it."""


def settings(home: Path, mode: str) -> dict[str, str]:
    """The variables that a simulation sets.

    :param home: stands for AIRFLOW_HOME.
    :param mode: as ``[harness] mode``.
    """
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__HARNESS__MODE": mode,
        "AIRFLOW__HARNESS__STORE": "sqlite",
        "AIRFLOW__HARNESS__STAGING_PATH": f"file://{home}/staging",
        "AIRFLOW__HARNESS__CONNECTIONS_ALLOWED": "*",
        "AIRFLOW__HARNESS__ASK_MODEL": "never",
        "AIRFLOW__CORE__HOSTNAME_CALLABLE": f"{__name__}.hostname",
        "AIRFLOW__OPENLINEAGE__DISABLED": "True",
        "AIRFLOW__METRICS__STATSD_ON": "False",
        "TZ": "UTC",
    }


def hostname() -> str:
    """What tasks say that they run on."""
    return "simulation"


@contextmanager
def surrounded(given: Mapping[str, str]) -> Iterator[None]:
    """Let the process have these variables and none that lead elsewhere; everything is as before afterwards.

    :raises NotAllowed: (inside) another machine was to be reached.
    """
    from airflow_provider_harness.adapters.store import ulid

    before, chance, number, term = dict(os.environ), ulid.random_bytes, count(1), signal.getsignal(signal.SIGTERM)
    for name in [name for name in os.environ if name.startswith(_LEFT_OUT)]:
        del os.environ[name]
    os.environ.update(given)
    ulid.random_bytes = lambda size: next(number).to_bytes(size)
    try:
        with _alone():
            yield
    finally:
        ulid.random_bytes = chance
        os.environ.clear()
        os.environ.update(before)
        signal.signal(signal.SIGTERM, term)


_guards: list[bool] = []  # an audit hook stays for good: it does nothing where this is empty
_hooked: list[bool] = []


@contextmanager
def _alone() -> Iterator[None]:
    if not _hooked:
        sys.addaudithook(refuse)
        _hooked.append(True)
    _guards.append(True)
    try:
        yield
    finally:
        _guards.pop()


def refuse(event: str, arguments: tuple[Any, ...]) -> None:
    """Python's audit hook of a simulation.

    :raises NotAllowed: another machine is to be reached or looked up.
    """
    if not _guards:
        return
    if event in ("socket.connect", "socket.sendto"):
        host = arguments[1][0] if isinstance(arguments[1], tuple) else None  # a Unix socket's address is a path
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if not _is_here(host):
        raise NotAllowed(f"A simulation reaches no other machine, and {host!r} is one.")


def _is_here(host: object) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if not isinstance(name, str) or name in ("", "localhost"):
        return name in (None, "", "localhost")
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
