"""One row an incident, kept beside its events in the same transaction: lists of many incidents fold no events.

It is a projection for looking up, as ``harness_incidents`` is: what is decided, and what one incident's page says, comes from
the events.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.app.pages.incidents.place import About
from airflow_provider_harness.app.pages.incidents.row import Row, from_dict, joined, rank, row_of, to_dict
from airflow_provider_harness.core.incidents.events import Event, EventKind, Joined, Opened
from airflow_provider_harness.core.incidents.incident import Incident, fold

if TYPE_CHECKING:
    from sqlalchemy import Connection

#: Incidents that one statement names.
AT_ONCE = 500


def after_joins(connection: Connection, events: Sequence[Event], at: datetime) -> None:
    """Failures opened incidents or joined them; nothing is folded, however many joined before.

    :param events: of these kinds alone.
    """
    bodies: dict[str, list[Opened | Joined]] = {}
    opened = {event.incident_id: event for event in events if isinstance(event.body, Opened)}
    for event in events:
        if isinstance(event.body, Opened | Joined):
            bodies.setdefault(event.incident_id, []).append(event.body)
    known = _known(connection, [name for name in bodies if name not in opened])
    rows = []
    for name, said in bodies.items():
        if name in opened:
            about = About().with_failures(said)
            rows.append((row_of(fold(name, [opened[name]]), about), about))
        elif name in known:
            row, about = known[name]
            about = about.with_failures(said)
            rows.append((joined(row, about, at), about))
    _put(connection, rows)


def after_event(connection: Connection, incident: Incident) -> None:
    """Anything else happened to an incident."""
    known = _known(connection, [incident.id]).get(incident.id)
    about = known[1] if known else About().with_failures(Joined(failure=name) for name in incident.failures)
    _put(connection, [(row_of(incident, about), about)])


def fill(connection: Connection) -> int:
    """Make the rows that are missing, since an earlier version wrote the incidents; how many."""
    from sqlalchemy import select

    i, s = t.incidents, t.summaries
    missing = connection.execute(
        select(i.c.id).where(i.c.id.not_in(select(s.c.incident_id))).order_by(i.c.id)
    ).scalars()
    ids = list(missing)
    for start in range(0, len(ids), AT_ONCE):
        _put(connection, list(made(connection, ids[start : start + AT_ONCE])))
    return len(ids)


def made(connection: Connection, ids: Sequence[str]) -> Iterator[tuple[Row, About]]:
    """The rows of these incidents, from their events; one that cannot be read has none."""
    from sqlalchemy import select

    e = t.events
    kinds = [kind.value for kind in EventKind]
    wanted = select(e).where(e.c.incident_id.in_(ids), e.c.kind.in_(kinds)).order_by(e.c.incident_id, e.c.seq)
    for name, group in groupby(connection.execute(wanted), attrgetter("incident_id")):
        try:
            events = [_event(row) for row in group]
            about = About().with_failures(event.body for event in events if isinstance(event.body, Opened | Joined))
            yield row_of(fold(name, events), about), about
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            continue  # the chain is broken there, and says so


def _event(row: Any) -> Event:
    at, body = datetime.fromisoformat(row.at), json.loads(row.body)
    return Event.read(incident_id=row.incident_id, kind=EventKind(row.kind), at=at, body=body)


#: What lists filter by and sort by, and what they show of where an incident stands; the words beside it may be of an earlier version.
_FILTERED = ("rank", "state", "severity", "dag_id", "category", "opened_at")
_SHOWN = ("state", "open", "outcome", "severity", "paged", "dag_id", "category", "closed_at", "resolved_by", "taken_by")


def differs(row: Any, incident: Incident) -> list[str]:
    """What a row says otherwise than the events of its incident."""
    wanted = row_of(incident, About())
    kept, shown = columns(wanted, About()), read(row)
    found = [(name, getattr(row, name), kept[name]) for name in _FILTERED]
    found += [(f"body.{name}", getattr(shown, name), getattr(wanted, name)) for name in _SHOWN]
    return [f"{name} is {there!r}, not {value!r}" for name, there, value in found if there != value]


def read(row: Any) -> Row:
    """An incident's row as it was kept."""
    return from_dict(json.loads(row.body))


def _known(connection: Connection, ids: Sequence[str]) -> dict[str, tuple[Row, About]]:
    from sqlalchemy import select

    s, found = t.summaries, dict[str, tuple[Row, About]]()
    for start in range(0, len(ids), AT_ONCE):
        for row in connection.execute(select(s).where(s.c.incident_id.in_(ids[start : start + AT_ONCE]))):
            about: dict[str, Any] = json.loads(row.about)
            names = {name: tuple(value) for name, value in about.items() if name != "failures"}
            found[row.incident_id] = read(row), About(failures=about["failures"], **names)
    return found


def _put(connection: Connection, rows: Sequence[tuple[Row, About]]) -> None:
    s = t.summaries
    for start in range(0, len(rows), AT_ONCE):
        some = rows[start : start + AT_ONCE]
        connection.execute(s.delete().where(s.c.incident_id.in_([row.id for row, _ in some])))
        connection.execute(s.insert(), [columns(row, about) for row, about in some])


def columns(row: Row, about: About) -> dict[str, Any]:
    """What is stored of a row."""
    return {
        "incident_id": row.id,
        "rank": rank(row.state, row.severity),
        "state": row.state.value,
        "severity": row.severity,
        "dag_id": row.dag_id,
        "category": row.category,
        "opened_at": t.text_of(row.opened_at) if row.opened_at else "",
        **found_by(row, about),
        "body": json.dumps(to_dict(row)),
        "about": json.dumps(asdict(about)),
    }


def found_by(row: Row, about: About) -> dict[str, str]:
    """The texts of a row that names and words are looked for in."""
    named = {"owner": row.owners, "team": row.teams, "table": row.tables}
    words = (row.id, row.title, row.stands, row.cause, row.for_whom, *row.tables, *row.slices, *row.owners, *about.dags)
    return {"labels": "".join(labels(named)), "words": " ".join(words).lower()}


def labels(named: Mapping[str, Iterable[str]]) -> Iterator[str]:
    """Names of several kinds, each so that it is found in their row as a whole.

    >>> "".join(labels({"owner": ["ada", "ben"]}))
    '|owner:ada|owner:ben|'
    """
    found = [f"{kind}:{name.replace('|', '/')}" for kind, names in named.items() for name in names]
    yield from (f"|{one}" for one in found)
    if found:
        yield "|"
