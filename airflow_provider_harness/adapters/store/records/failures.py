"""What went wrong, as whoever saw it reports it: inserted once, and never changed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.store import reports as reported
from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.engine import misshapen, unavailable
from airflow_provider_harness.adapters.store.schema import text_of
from airflow_provider_harness.core.diagnosis.failure import Failure
from airflow_provider_harness.core.diagnosis.reported import body_of
from airflow_provider_harness.core.incidents.incident import episode_of

if TYPE_CHECKING:
    from sqlalchemy import Engine

#: How long a report waits for another session that wrote its key and does not commit; a callback has 20 s for all that it does.
CAPTURE_WAIT = "1s"


class SqlFailureLog:
    """Inserts failures; works with a role that may do nothing else."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def record(self, failure: Failure, incident_id: str) -> bool:
        return self._record(failure, incident_id)

    def _record(self, failure: Failure, incident_id: str, seal: Callable[[str, str, str], str] | None = None) -> bool:
        """The first report of a key, or another one of other content; False where this very report was made before."""
        row = {
            "key": failure.identity,
            "incident_id": incident_id,
            "kind": failure.kind.value,
            "recorded_at": text_of(datetime.now(UTC)),
            "body": body_of(failure),
        }
        if seal is not None:
            row["seal"] = seal(row["key"], row["kind"], row["body"])
        first = t.failures.insert().values(episode=episode_of(failure.key), **row)
        other = {"report": reported.content(failure), **row}
        if self._insert(first, t.reports.insert().values(**{**other, "body": reported.FIRST})):
            return True
        return self._insert(t.reports.insert().values(**other))

    def _insert(self, statement: Any, marker: Any = None) -> bool:
        """False where such a row is there.

        :param marker: is written in the same transaction, so that nobody sees the one without the other; not by a role of an
            earlier version, which may not: then a repeat is kept, and harms nothing.
        """
        from sqlalchemy.exc import DBAPIError, IntegrityError

        try:
            with self._engine.begin() as connection:
                if connection.dialect.name == "postgresql":
                    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{CAPTURE_WAIT}'")
                connection.execute(statement)
                if marker is not None:
                    with suppress(DBAPIError), connection.begin_nested():
                        connection.execute(marker)
        except IntegrityError as error:
            if misshapen(error):
                raise unavailable(error) from error
            return False
        except DBAPIError as error:
            raise unavailable(error) from error
        return True
