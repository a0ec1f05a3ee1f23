"""Incidents of which a person may read a part: the leading Dag, and not all that failed of the same cause."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.pages.summaries import AT_ONCE, read
from airflow_provider_harness.app.pages.incidents.place import KEPT, About
from airflow_provider_harness.app.pages.incidents.row import Row, of_part
from airflow_provider_harness.core.incidents.events import EventKind, Joined

if TYPE_CHECKING:
    from sqlalchemy import Connection

#: What ``about`` says, as JSON, where more than one Dag is in it.
_SEVERAL = '%"dags": ["%", "%"], "tables": %'

Part = tuple[Row, About]


def joined_dags(connection: Connection) -> set[str]:
    """The Dags of incidents that are of more than one."""
    from sqlalchemy import select

    s = t.summaries
    found = connection.execute(select(s.c.about).where(s.c.about.like(_SEVERAL))).scalars()
    return {dag_id for about in found for dag_id in json.loads(about)["dags"]}


def parts(connection: Connection, readable: frozenset[str] | None) -> Mapping[str, Part]:
    """Incident -> its row as if only failures of these Dags were in it; none for one that may be read wholly.

    :param readable: None = all.
    """
    from sqlalchemy import select

    if readable is None:
        return {}
    s = t.summaries
    wanted = select(s).where(s.c.dag_id.in_(readable), s.c.about.like(_SEVERAL))
    dags = {row: set(json.loads(row.about)["dags"]) for row in connection.execute(wanted)}
    mixed = {row.incident_id: read(row) for row, names in dags.items() if len(names) >= KEPT or names - readable}
    abouts = dict.fromkeys(mixed, About())
    for name, body in _failures(connection, list(mixed)):
        if body.failure.partition("/")[0] in readable:
            abouts[name] = abouts[name].with_failures([body])
    return {name: (of_part(row, abouts[name]), abouts[name]) for name, row in mixed.items()}


def _failures(connection: Connection, ids: list[str]) -> Iterator[tuple[str, Joined]]:
    from sqlalchemy import select

    e = t.events
    kinds = e.c.kind.in_([EventKind.OPENED.value, EventKind.JOINED.value])
    for start in range(0, len(ids), AT_ONCE):
        some = e.c.incident_id.in_(ids[start : start + AT_ONCE])
        for row in connection.execute(select(e.c.incident_id, e.c.body).where(kinds, some).order_by(e.c.seq)):
            said = json.loads(row.body)
            names = {name: said.get(name) for name in ("table", "slice", "owner")}
            yield row.incident_id, Joined(failure=str(said.get("failure", "")), **names)
