"""Lists of incidents by their summaries: filtered, counted and cut by the database."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.pages.partly import Part, joined_dags, parts
from airflow_provider_harness.adapters.store.pages.summaries import found_by, labels, read
from airflow_provider_harness.adapters.store.transaction import transaction
from airflow_provider_harness.app.pages.incidents.listing import Choices, Counts, IncidentList, Wanted
from airflow_provider_harness.app.pages.incidents.row import SEVERITIES, Promised, Row, Stand, as_of
from airflow_provider_harness.core.errors import ConfigurationError

if TYPE_CHECKING:
    from datetime import timedelta

    from sqlalchemy import Connection, Engine


#: The rank and the id of the last row of a page.
_CURSOR = re.compile(r"([0-9]{1,3})-([0-9A-Z]{1,26})")


class SqlIncidentList:
    """:param engine: gives the store; called when it is needed.
    :param verify: how long a heal may take until its outcome is unknown.
    """

    def __init__(self, engine: Callable[[], Engine], verify: timedelta) -> None:
        self._engine, self._verify = engine, verify

    def dags(self) -> frozenset[str]:
        """The Dags of all incidents: the leading ones, and those of which something failed of the same cause."""
        from sqlalchemy import select

        with transaction(self._engine) as connection:
            leading = connection.execute(select(t.summaries.c.dag_id).distinct()).scalars()
            return frozenset({*leading, *joined_dags(connection)})

    def leads(self) -> dict[str, str]:
        """Incident -> its leading Dag."""
        from sqlalchemy import select

        s = t.summaries
        with transaction(self._engine) as connection:
            return {row.incident_id: row.dag_id for row in connection.execute(select(s.c.incident_id, s.c.dag_id))}

    def listed(self, wanted: Wanted, now: datetime, limit: int, cursor: str = "") -> IncidentList:
        """One page, problems first.

        :param cursor: ``next_cursor`` of the page before.
        :raises ConfigurationError: the cursor is none.
        """
        from sqlalchemy import and_, or_, select

        s = t.summaries
        page = select(s.c.rank, s.c.body).where(*_one_of(wanted)).order_by(s.c.rank, s.c.incident_id.desc())
        if cursor:
            rank, after = _place(cursor)
            page = page.where(or_(s.c.rank > rank, and_(s.c.rank == rank, s.c.incident_id < after)))
        with transaction(self._engine) as connection:
            partly = parts(connection, wanted.readable)
            where = _where(wanted, partly)
            found = connection.execute(page.where(*where).limit(limit + 1)).all()
            counts = _counts(connection, where, wanted)
            rows = self._as_of(connection, _shown(found[:limit], partly), now)
            choices = _choices(connection, wanted.readable, partly)
        states = set(wanted.states)
        more = f"{found[limit - 1].rank}-{rows[-1].id}" if len(found) > limit else None
        total = sum(count for state, count in counts.state.items() if state in states)
        return IncidentList(rows=rows, next_cursor=more, total=total, counts=counts, choices=choices, now=now)

    def newest(self, wanted: Wanted, now: datetime, limit: int = 0) -> list[Row]:
        """The newest that are wanted, the newest last.

        :param limit: 0 = all.
        """
        from sqlalchemy import select

        s = t.summaries
        page = select(s.c.body).where(*_one_of(wanted)).order_by(s.c.incident_id.desc())
        with transaction(self._engine) as connection:
            partly = parts(connection, wanted.readable)
            page = page.where(*_where(wanted, partly))
            found = connection.execute(page.limit(limit) if limit else page).all()
            return self._as_of(connection, _shown(found, partly)[::-1], now)

    def rows(self, ids: Sequence[str], now: datetime, readable: frozenset[str] | None = None) -> list[Row]:
        """The rows of these incidents, newest first.

        :param readable: Dags of which a row may name what failed; None = all.
        """
        from sqlalchemy import select

        s = t.summaries
        wanted = select(s.c.body).where(s.c.incident_id.in_(ids)).order_by(s.c.incident_id.desc())
        with transaction(self._engine) as connection:
            found = connection.execute(wanted).all()
            return self._as_of(connection, _shown(found, parts(connection, readable)), now)

    def like(self, category: str, but: str, readable: frozenset[str], most: int) -> list[Row]:
        """The newest other incidents of a category that are not open any more."""
        from sqlalchemy import select

        s = t.summaries
        ended = s.c.state.in_((Stand.RESOLVED.value, Stand.OVER.value))
        mine = s.c.category == category, s.c.incident_id != but, ended, s.c.dag_id.in_(readable)
        wanted = select(s.c.body).where(*mine).order_by(s.c.incident_id.desc()).limit(most)
        with transaction(self._engine) as connection:
            return [read(row) for row in connection.execute(wanted)]

    def _as_of(self, connection: Connection, rows: Sequence[Row], now: datetime) -> list[Row]:
        promises = _promises(connection) if any(row.open for row in rows) else {}
        return [as_of(row, now, self._verify, promises.get(row.dedup_key) if row.open else None) for row in rows]


def _place(cursor: str) -> tuple[int, str]:
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise ConfigurationError("cursor", "is not a cursor of this list.", fix="Take next_cursor of the page before.")
    return int(found[1]), found[2]


def _shown(found: Sequence[Any], partly: Mapping[str, Part]) -> list[Row]:
    rows = [read(row) for row in found]
    return [partly[row.id][0] if row.id in partly else row for row in rows]


def _where(wanted: Wanted, partly: Mapping[str, Part]) -> list[Any]:
    """All that is asked for but states and severities.

    :param partly: what is searched of incidents that may be read in part.
    """
    s = t.summaries
    found = [_searched(wanted, partly)]
    if wanted.readable is not None:
        found.append(s.c.dag_id.in_(wanted.readable))
    if wanted.category:
        found.append(s.c.category == wanted.category)
    if wanted.since is not None:
        found.append(s.c.opened_at >= t.text_of(wanted.since))
    return [*found, *_failed_at(wanted)]


def _searched(wanted: Wanted, partly: Mapping[str, Part]) -> Any:
    """By names and words: in the columns, and for an incident that may be read in part in what that part says."""
    from sqlalchemy import and_, or_, true

    s = t.summaries
    named = {"owner": wanted.owner, "team": wanted.team, "table": wanted.table}
    texts = [("labels", "".join(labels({kind: [name]}))) for kind, name in named.items() if name]
    texts += [("words", word) for word in wanted.search.lower().split()]
    whole = and_(true(), *(s.c[column].contains(text, autoescape=True) for column, text in texts))
    if not texts or not partly:
        return whole
    said = {name: found_by(*part) for name, part in partly.items()}
    mine = [name for name, kept in said.items() if all(text in kept[column] for column, text in texts)]
    return or_(and_(whole, s.c.incident_id.not_in(partly)), s.c.incident_id.in_(mine))


def _failed_at(wanted: Wanted) -> Iterable[Any]:
    """Incidents of which something failed at this place."""
    from sqlalchemy import false, func, or_, select

    if not wanted.dag_id:
        return
    if wanted.readable is not None and wanted.dag_id not in wanted.readable:
        yield false()
        return
    m = t.memberships
    index = "" if wanted.map_index is None or wanted.map_index < 0 else f"[{wanted.map_index}]"
    prefix = f"{wanted.dag_id}/" + (f"{wanted.run_id}/" if wanted.run_id else "")
    found = [func.substr(m.c.failure_key, 1, len(prefix)) == prefix]
    if wanted.task_id:
        ends = (
            [f"/{wanted.task_id}{index}#"] if wanted.map_index is not None else [f"/{wanted.task_id}{c}" for c in "#["]
        )
        found.append(or_(*(m.c.failure_key.contains(end, autoescape=True) for end in ends)))
    yield t.summaries.c.incident_id.in_(select(m.c.incident_id).where(*found))


def _one_of(wanted: Wanted) -> list[Any]:
    s = t.summaries
    found = [s.c.state.in_([state.value for state in wanted.states])]
    return found + ([s.c.severity.in_(list(wanted.severities))] if wanted.severities else [])


def _counts(connection: Connection, where: Sequence[Any], wanted: Wanted) -> Counts:
    from sqlalchemy import func, select

    s = t.summaries
    states = dict.fromkeys((state.value for state in Stand), 0)
    severities = dict.fromkeys(SEVERITIES, 0)
    counted = select(s.c.state, s.c.severity, func.count().label("number")).where(*where)
    for row in connection.execute(counted.group_by(s.c.state, s.c.severity)):
        if not wanted.severities or row.severity in wanted.severities:
            states[row.state] += row.number
        if row.state in wanted.states:
            severities[row.severity] += row.number
    return Counts(state=states, severity=severities)


def _choices(connection: Connection, readable: frozenset[str] | None, partly: Mapping[str, Part]) -> Choices:
    from sqlalchemy import select

    s = t.summaries
    wanted = select(s.c.dag_id, s.c.category, s.c.labels).distinct()
    if readable is not None:
        wanted = wanted.where(s.c.dag_id.in_(readable), s.c.incident_id.not_in(partly))
    said = ((row.dag_id, row.category, found_by(row, about)["labels"]) for row, about in partly.values())
    rows = [*connection.execute(wanted), *said]
    found: dict[str, set[str]] = {"dag_id": set(), "category": set(), "owner": set(), "team": set(), "table": set()}
    for dag_id, category, told in rows:
        found["dag_id"].add(dag_id)
        found["category"].add(category)
        for label in filter(None, told.split("|")):
            kind, _, name = label.partition(":")
            found[kind].add(name)
    names = ("dag_id", "owner", "team", "category")
    return Choices(**{name: sorted(filter(None, found[name])) for name in names})


def _promises(connection: Connection) -> dict[str, Promised]:
    """Key of a page -> the most urgent promise that it tells of."""
    from sqlalchemy import select

    p = t.promises
    rows = connection.execute(select(p).where(p.c.ended_at.is_(None)).order_by(p.c.due_at.desc()))
    return {
        row.dedup_key: Promised(
            table=row.table_name, slice=row.slice, words=row.words, due_at=datetime.fromisoformat(row.due_at)
        )
        for row in rows
    }
