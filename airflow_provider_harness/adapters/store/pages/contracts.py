"""Versions of contracts in the store: gates keep the one that they judge by, so that pages show it without its file."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.schema import text_of
from airflow_provider_harness.adapters.store.transaction import transaction
from airflow_provider_harness.app.pages.kept_contract import kept
from airflow_provider_harness.core.learning.registry import LEARNING, Kept, read

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from airflow_provider_harness.core.contracts.contract import Contract

#: The longest contract that is kept, in characters.
LONGEST = 500_000


class SqlContracts:
    """Works with the role of tasks, which may insert and read.

    :param engine: gives the store; called when it is needed.
    """

    def __init__(self, engine: Callable[[], Engine]) -> None:
        self._engine = engine

    def keep(self, contract: Contract, dag_id: str, task_id: str, now: datetime) -> bool:
        """Keep a version; False where it is the newest already, or is longer than any page shows.

        :raises HarnessUnavailable: the store is away, or its role lacks the right.
        """
        from sqlalchemy import select
        from sqlalchemy.exc import IntegrityError

        c, body = t.contracts, json.dumps(kept(contract), default=str)
        mine = {"table_name": contract.table, "dag_id": dag_id, "task_id": task_id}
        if len(body) > LONGEST:
            return False
        row = {
            **mine,
            "key": sha256("\0".join((*mine.values(), text_of(now), body)).encode()).hexdigest(),
            "contract": contract.id,
            "version": contract.version,
            "owner": contract.owner.team[:255],
            "criticality": contract.criticality.value,
            "readiness": contract.readiness.value if contract.readiness else "",
            "seen_at": text_of(now),
            "body": body,
        }
        same = (c.c[name] == value for name, value in mine.items())
        newest = select(c.c.body).where(*same).order_by(c.c.seen_at.desc()).limit(1)
        try:
            with transaction(self._engine) as connection:
                if connection.execute(newest).scalar() == body:
                    return False
                connection.execute(c.insert().values(**row))
        except IntegrityError:
            return False  # another task was faster
        return True

    def learning(self) -> list[Kept]:
        """The definitions of features and training sets that gates judged by, oldest first.

        :raises HarnessUnavailable: the store is away.
        """
        from sqlalchemy import select

        c = t.contracts.c
        asked = select(c.table_name, c.version, c.seen_at, c.body).where(
            c.body.contains(f'"{LEARNING}": ', autoescape=True)
        )
        with transaction(self._engine) as connection:
            found = connection.execute(asked.order_by(c.seen_at)).all()
        read_rows = (read(row.table_name, row.version, row.seen_at, row.body) for row in found)
        return [row for row in read_rows if row is not None]
