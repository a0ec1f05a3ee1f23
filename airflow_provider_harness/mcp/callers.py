"""Who asks the server: what they may read, and whether this machine's files are theirs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from airflow_provider_harness.core.errors import ConfigurationError


class Caller(Protocol):
    """Whoever asks.

    :ivar local: the files of this machine are the caller's own, so that a tool may read and import them.
    """

    @property
    def local(self) -> bool: ...

    def readable(self, dag_ids: Iterable[str]) -> frozenset[str]:
        """Those of these Dags whose failures they may read."""

    def oversees(self) -> bool:
        """Whether they may see what concerns the whole installation."""


class AtTerminal:
    """A person at the command line, who reads the store and the files with their own rights already."""

    local = True

    def readable(self, dag_ids: Iterable[str]) -> frozenset[str]:
        return frozenset(dag_ids)

    def oversees(self) -> bool:
        return True


def own_files(caller: Caller, place: str, fix: str) -> None:
    """Refuse what reads this machine's files, where they are not the caller's.

    :raises ConfigurationError: they are not.
    """
    if not caller.local:
        raise ConfigurationError(place, "reads files, and this server is not on your machine.", fix=fix)
