"""Single-use grants in the harness store: the healer gives them, tasks read them and note that they used one.

A use is a row of its own with the grant as its key: a second one is impossible, and the role of tasks, which may only
insert it, can neither take it back nor make a grant.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.schema import text_of
from airflow_provider_harness.adapters.store.transaction import transaction
from airflow_provider_harness.core.contracts.grant import Grant
from airflow_provider_harness.core.diagnosis.failure import TryKey

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from airflow_provider_harness.adapters.store.incidents import SqlIncidentStore


class GrantsGiven:
    """Implements ``app.ports.healing.Grants`` for the healer.

    :param store: of the healer, who alone can write the chain.
    """

    def __init__(self, store: SqlIncidentStore) -> None:
        self._store = store

    def give(self, grant: Grant) -> None:
        """Let the tasks of a run use this grant."""
        values = asdict(grant) | {"checks": json.dumps(grant.checks), "expires_at": text_of(grant.expires_at)}
        with self._store.chained() as chain:
            chain.write(t.grants.insert().values(**values))

    def withdraw(self, grant_id: str) -> None:
        """Take back what was given."""
        with self._store.chained() as chain:
            chain.write(t.grants.delete().where(t.grants.c.id == grant_id))


class SqlGrants:
    """What tasks do with grants.

    :param engine: gives the store; called when it is needed.
    """

    def __init__(self, engine: Callable[[], Engine]) -> None:
        self._engine = engine

    def find(self, task: TryKey, contract: str, slice_id: str, now: datetime) -> Grant | None:
        """The newest grant that a task of this run could use now.

        :raises HarnessUnavailable: the store does not answer.
        """
        from sqlalchemy import select

        g, u = t.grants, t.grant_uses
        wanted = (
            select(g)
            .outerjoin(u, u.c.grant_id == g.c.id)
            .where(u.c.grant_id.is_(None), g.c.dag_id == task.dag_id, g.c.run_id == task.run_id)
            .where(g.c.contract == contract, g.c.slice == slice_id, g.c.expires_at > text_of(now))
            .order_by(g.c.id.desc())
        )
        with transaction(self._engine) as connection:
            row = connection.execute(wanted).mappings().first()
        return _grant(dict(row)) if row else None

    def use(self, grant: Grant, task: TryKey, now: datetime) -> bool:
        """Use it; False where it was used before, has expired or was withdrawn.

        :raises HarnessUnavailable: the store does not answer.
        """
        from sqlalchemy import select
        from sqlalchemy.exc import IntegrityError

        g, values = t.grants, {"grant_id": grant.id, "task": str(task), "used_at": text_of(now)}
        valid = select(g.c.id).where(g.c.id == grant.id, g.c.expires_at > text_of(now))
        try:
            with transaction(self._engine) as connection:
                if connection.execute(valid).first() is None:
                    return False
                connection.execute(t.grant_uses.insert().values(**values))
        except IntegrityError:
            return False
        return True


def _grant(row: dict[str, Any]) -> Grant:
    return Grant(
        **{
            **row,
            "checks": tuple(json.loads(row["checks"])),
            "expires_at": datetime.fromisoformat(row["expires_at"]),
        }
    )
