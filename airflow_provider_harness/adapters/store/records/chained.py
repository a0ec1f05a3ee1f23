"""The transactions of the healer: writers take turns, and what they write is chained."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from airflow_provider_harness.adapters.store.audit.chain import Chain, ring_of
from airflow_provider_harness.adapters.store.engine import unavailable
from airflow_provider_harness.adapters.store.records.failures import SqlFailureLog
from airflow_provider_harness.core.diagnosis.failure import Failure
from airflow_provider_harness.core.incidents import audit
from airflow_provider_harness.core.incidents.events import Event
from airflow_provider_harness.core.incidents.incident import Incident

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

_TAKE_TURNS = "LOCK TABLE harness_marks IN SHARE ROW EXCLUSIVE MODE"
"""Writers of one store take turns: by a lock that needs rights on a table of the healer's own. An advisory lock is anybody's."""
#: Under which a connection keeps what its transaction recorded.
_WRITTEN = "harness_written"
#: Under which it keeps the end of the chain.
_CHAIN = "harness_chain"


class ChainedRecords(SqlFailureLog):
    """What every part of the store stands on.

    :param audit_key: the key of the audit chain, at least 32 bytes, or what gives the keys; none is written to the store.
    :param heard: is told each event that was recorded, with the incident after it; of a failure that joins, with the incident
        as it was opened.
    """

    def __init__(
        self,
        engine: Engine,
        audit_key: bytes | Callable[[], audit.Ring],
        heard: Callable[[Incident, Event], None] | None = None,
    ) -> None:
        super().__init__(engine)
        self._ring, self._heard = ring_of(audit_key), heard
        self._storms: dict[str, tuple[int, Incident]] = {}
        self._shared: dict[str, tuple[tuple[int, ...], Sequence[Failure]]] = {}

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        from sqlalchemy.exc import DBAPIError

        try:
            with self._engine.connect() as connection:
                yield connection
        except DBAPIError as error:
            raise unavailable(error) from error

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        from sqlalchemy import text
        from sqlalchemy.exc import DBAPIError

        try:
            with self._engine.begin() as connection:
                if self._engine.dialect.name == "postgresql":
                    connection.execute(text(_TAKE_TURNS))
                written: list[tuple[Incident, Event]] = []
                connection.info[_WRITTEN] = written
                connection.info[_CHAIN] = Chain(connection, self._ring())
                yield connection
        except DBAPIError as error:
            raise unavailable(error) from error
        if self._heard is not None:
            for incident, event in written:
                self._heard(incident, event)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that only reads."""
        with self._read() as connection:
            yield connection

    @contextmanager
    def chained(self) -> Iterator[Chain]:
        """One transaction that changes rows which the chain holds."""
        with self._write() as connection:
            yield chain_of(connection)


def chain_of(connection: Connection) -> Chain:
    """The end of the chain, in a transaction that writes."""
    chain: Chain = connection.info[_CHAIN]
    return chain


def written_in(connection: Connection) -> list[tuple[Incident, Event]]:
    """What a transaction recorded, to be told when it is committed."""
    written: list[tuple[Incident, Event]] = connection.info[_WRITTEN]
    return written
