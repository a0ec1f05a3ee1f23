"""What looks at watched tables found, in the harness store."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.schema import text_of
from airflow_provider_harness.adapters.store.transaction import transaction
from airflow_provider_harness.app.ports.watch import Progress, WatchedSlice
from airflow_provider_harness.core.watch.profile import Looked, Profile, profile_of

if TYPE_CHECKING:
    from sqlalchemy import Engine


class SqlWatches:
    """Implements ``app.ports.watch.Watches``.

    :param engine: gives the store; called when it is needed.
    """

    def __init__(self, engine: Callable[[], Engine]) -> None:
        self._engine = engine

    def progress(self, conn_id: str, table: str) -> Progress | None:
        """See ``app.ports.watch.Watches``."""
        from sqlalchemy import func, select

        w, mine = t.watched, _of(conn_id, table)
        with transaction(self._engine) as connection:
            found = connection.execute(
                select(func.min(w.c.measured_at).label("began"), func.max(w.c.slice_end).label("end")).where(
                    *mine, w.c.profile != ""
                )
            ).one()
            unread = connection.execute(select(w.c.slice_start, w.c.measured_at).where(*mine, w.c.profile == "")).all()
        began = found.began or min((row.measured_at for row in unread), default="")
        if not began:
            return None
        return Progress(
            end=datetime.fromisoformat(found.end) if found.end else None,
            began=datetime.fromisoformat(began),
            unread=frozenset(datetime.fromisoformat(row.slice_start) for row in unread),
        )

    def history(self, conn_id: str, table: str, since: datetime) -> Sequence[Looked]:
        """See ``app.ports.watch.Watches``."""
        from sqlalchemy import select

        w = t.watched
        asked = select(w.c.slice_start, w.c.numbers, w.c.failures).where(
            *_of(conn_id, table), w.c.profile != "", w.c.slice_start >= text_of(since)
        )
        with transaction(self._engine) as connection:
            rows = connection.execute(asked.order_by(w.c.slice_start)).all()
        return [
            Looked(
                at=datetime.fromisoformat(row.slice_start),
                numbers=json.loads(row.numbers),
                wrong=frozenset(one["metric"] for one in json.loads(row.failures)),
            )
            for row in rows
        ]

    def profiles(self, conn_id: str, table: str, starts: Sequence[datetime]) -> Mapping[datetime, Profile]:
        """See ``app.ports.watch.Watches``."""
        from sqlalchemy import select

        w = t.watched
        wanted = w.c.slice_start.in_([text_of(start) for start in starts])
        asked = select(w.c.slice_start, w.c.profile).where(*_of(conn_id, table), w.c.profile != "", wanted)
        with transaction(self._engine) as connection:
            rows = connection.execute(asked).all()
        return {datetime.fromisoformat(row.slice_start): profile_of(json.loads(row.profile)) for row in rows}

    def keep(self, look: WatchedSlice) -> None:
        """See ``app.ports.watch.Watches``."""
        w, row = t.watched, _row(look)
        with transaction(self._engine) as connection:
            connection.execute(w.delete().where(w.c.key == row["key"]))
            connection.execute(w.insert().values(**row))


def _of(conn_id: str, table: str) -> tuple[Any, Any]:
    return t.watched.c.conn_id == conn_id, t.watched.c.table_name == table


def _row(look: WatchedSlice) -> dict[str, Any]:
    start = text_of(look.piece.start)
    return {
        "key": sha256("\0".join((look.conn_id, look.table, start)).encode()).hexdigest(),
        "conn_id": look.conn_id,
        "table_name": look.table,
        "contract": look.contract,
        "slice": look.piece.id,
        "slice_start": start,
        "slice_end": text_of(look.piece.end),
        "measured_at": text_of(look.measured_at),
        "flagged": bool(look.failures),
        "numbers": json.dumps({one.metric: one.value for one in look.judged}),
        "profile": json.dumps(look.profile.to_dict()) if look.profile is not None else "",
        "failures": json.dumps([{"kind": one.kind, "metric": one.metric, "text": one.text} for one in look.failures]),
    }
