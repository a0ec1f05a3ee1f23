"""Gives believed reports their incidents: a few statements for a whole batch, and nothing that grows with what joined before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.ulid import ulid
from airflow_provider_harness.app.ports.store import Joined
from airflow_provider_harness.core.diagnosis.failure import Failure
from airflow_provider_harness.core.diagnosis.reported import Reported
from airflow_provider_harness.core.incidents import events as happened
from airflow_provider_harness.core.incidents import grouping as cause
from airflow_provider_harness.core.incidents.events import Event
from airflow_provider_harness.core.incidents.incident import episode_of

if TYPE_CHECKING:
    from sqlalchemy import Column, Connection

#: Values that one statement names.
AT_ONCE = 500


def among(connection: Connection, column: Column[Any], values: Iterable[str], *columns: Column[Any]) -> list[Any]:
    """The rows in which a column has one of these values; of each, these columns, or that one."""
    from sqlalchemy import select

    wanted, found = list(values), list[Any]()
    for start in range(0, len(wanted), AT_ONCE):
        found += connection.execute(select(*columns or (column,)).where(column.in_(wanted[start : start + AT_ONCE])))
    return found


def known(connection: Connection, keys: Sequence[str]) -> set[str]:
    """Which failures have an incident."""
    return {row[0] for row in among(connection, t.memberships.c.failure_key, keys)}


def joined(
    connection: Connection, believed: Sequence[Reported], now: datetime
) -> tuple[list[Joined], list[Event], list[dict[str, str]]]:
    """Which incident each report joins or opens, the events that say so, and the memberships; the causes are kept.

    :param believed: none of them has an incident.
    """
    failures = with_lineage(connection, [item.failure for item in believed])
    found = [cause.handles(failure) for failure in failures]
    groups = cause.GroupIndex(_held(connection, found))
    taken = {row[0] for row in among(connection, t.incidents.c.id, {item.incident_id for item in believed})}
    answers, events, members = [], [], []
    for item, failure, handles in zip(believed, failures, found, strict=True):
        target = groups.find(handles, failure.occurred_at)
        mine = target or (ulid(now) if item.incident_id in taken else item.incident_id)
        taken.add(mine)
        events.append(_event(item.key, failure, mine, now, opened=target is None))
        groups.put(handles, mine, failure.occurred_at)
        at = t.text_of(failure.occurred_at)
        members.append({"failure_key": item.key, "incident_id": mine, "report": item.report, "failed_at": at})
        answers.append(Joined(incident_id=mine, failure=failure, opened=target is None))
    _keep(connection, groups)
    return answers, events, members


def _event(key: str, failure: Failure, incident_id: str, now: datetime, *, opened: bool) -> Event:
    where = {"failure": key, "slice": failure.slice_id or "", "table": failure.table, "owner": failure.owner}
    episode = episode_of(failure.key, cause.signature(failure).text)
    body = happened.Opened(**where, episode=episode) if opened else happened.Joined(**where)
    return Event(incident_id=incident_id, at=now, body=body)


def _held(connection: Connection, handles: Iterable[cause.GroupingKeys]) -> list[cause.OpenGroup]:
    """The causes in hand that these failures could join or offer."""
    c = t.causes
    keys = {key for one in handles for key in (*one.accepts, *one.offers)}
    rows = among(connection, c.c.key, sorted(keys), c.c.key, c.c.incident_id, c.c.seen_at)
    return [
        cause.OpenGroup(key=row.key, incident_id=row.incident_id, seen_at=datetime.fromisoformat(row.seen_at))
        for row in rows
    ]


def _keep(connection: Connection, groups: cause.GroupIndex) -> None:
    """Write what changed of the handles."""
    from sqlalchemy import and_, bindparam

    c = t.causes
    changed = [
        {"b_key": item.key, "b_incident": item.incident_id, "b_seen": t.text_of(item.seen_at)}
        for item in groups.changed.values()
    ]
    mine = and_(c.c.key == bindparam("b_key"), c.c.incident_id == bindparam("b_incident"))
    connection.execute(c.delete().where(mine), changed)
    values: dict[str, Any] = {
        "key": bindparam("b_key"),
        "incident_id": bindparam("b_incident"),
        "seen_at": bindparam("b_seen"),
    }
    connection.execute(c.insert().values(values), changed)


def with_lineage(connection: Connection, failures: Sequence[Failure]) -> list[Failure]:
    """The failures with what the lineage knows of their tasks, beside what the tasks said of themselves."""
    from sqlalchemy import and_, select

    w, e = t.lineage, t.lineage_edges
    source = and_(e.c.lineage == w.c.key, e.c.source_column == "")
    columns = (w.c.dag_id, w.c.task_id, w.c.target_namespace, w.c.target_name, e.c.source_namespace, e.c.source_name)
    dags = sorted({failure.key.dag_id for failure in failures})
    reads: dict[tuple[str, str], set[str]] = {}
    writes: dict[tuple[str, str], set[str]] = {}
    for start in range(0, len(dags), AT_ONCE):
        mine = w.c.dag_id.in_(dags[start : start + AT_ONCE])
        for row in connection.execute(select(*columns).select_from(w.outerjoin(e, source)).where(mine)):
            task = row.dag_id, row.task_id
            for found, space, name in (
                (reads, row.source_namespace, row.source_name),
                (writes, row.target_namespace, row.target_name),
            ):
                if name:
                    found.setdefault(task, set()).add(f"{space}/{name}")
    return [_told(failure, reads, writes) for failure in failures]


def _told(
    failure: Failure, reads: Mapping[tuple[str, str], set[str]], writes: Mapping[tuple[str, str], set[str]]
) -> Failure:
    task = failure.key.dag_id, failure.key.task_id
    if task not in reads and task not in writes:
        return failure
    return replace(
        failure,
        reads=(*failure.reads, *sorted(reads.get(task, ()))),
        writes=(*failure.writes, *sorted(writes.get(task, ()))),
    )
