"""Whether the tables that are drawn from the events of incidents are as the events say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.audit.chain import OF_THE_STORE, event_of
from airflow_provider_harness.adapters.store.pages.summaries import differs
from airflow_provider_harness.adapters.store.schema import text_of
from airflow_provider_harness.core.incidents.audit import Recorded
from airflow_provider_harness.core.incidents.events import Event
from airflow_provider_harness.core.incidents.incident import Incident, fold

if TYPE_CHECKING:
    from sqlalchemy import Connection

#: Many rows are read some at a time.
PIECEMEAL: Mapping[str, Any] = {"yield_per": 1000}


def of_incidents(connection: Connection, founded: int) -> Iterator[str]:
    """One sentence for each incident whose row, summary or failures are not as its events say.

    :param founded: number of the event from which on the chain proves rows; what ended before it is as an earlier version
        left it, and not looked at.
    """
    from sqlalchemy import select

    rows = {row.id: row for row in connection.execute(select(t.incidents))}
    summaries = {row.incident_id: row for row in connection.execute(select(t.summaries))}
    members = _members(connection)
    for incident, last in folded(connection):
        row, failures = rows.pop(incident.id, None), members.pop(incident.id, {})
        summary = summaries.pop(incident.id, None)
        if last >= founded:
            yield from _row(incident, row)
            yield from _summary(incident, summary)
            yield from _failures(incident, failures)
    for table, left in ((t.incidents, rows.keys() | members.keys()), (t.summaries, summaries.keys())):
        for name in sorted(left):
            yield f"{table.name}: incident {name} is too many: the chain knows no such incident"


def _members(connection: Connection) -> dict[str, dict[str, bool]]:
    """Incident -> failure that joined it -> whether its report is there."""
    from sqlalchemy import select

    m, f = t.memberships, t.failures
    wanted = select(m.c.incident_id, m.c.failure_key, f.c.key).outerjoin(f, f.c.key == m.c.failure_key)
    found: dict[str, dict[str, bool]] = defaultdict(dict)
    for row in connection.execute(wanted):
        found[row.incident_id][row.failure_key] = row.key is not None
    return found


def folded(connection: Connection, ids: Sequence[str] | None = None) -> Iterator[tuple[Incident, int]]:
    """Every incident that can be read, with the number of its last event.

    :param ids: only these.
    """
    from sqlalchemy import select

    e = t.events
    wanted = select(e).where(e.c.kind.not_in(OF_THE_STORE)).order_by(e.c.incident_id, e.c.seq)
    wanted = wanted if ids is None else wanted.where(e.c.incident_id.in_(ids))
    with connection.execute(wanted, execution_options=PIECEMEAL) as rows:
        for name, group in groupby(rows, attrgetter("incident_id")):
            events = list(group)
            try:
                incident = fold(name, [_event(row) for row in events])
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
                continue  # the chain is broken there, and says so
            yield incident, events[-1].seq


def _event(row: Any) -> Event:
    event = event_of(row)
    assert isinstance(event, Recorded)
    return event.event()


def _row(incident: Incident, row: Any) -> Iterator[str]:
    where = f"{t.incidents.name}: incident {incident.id}"
    if row is None:
        yield f"{where} is missing"
        return
    moments = {name: getattr(incident, name) for name in ("opened_at", "touched_at", "closed_at")}
    wanted = {name: text_of(at) if at else None for name, at in moments.items()}
    wanted |= {"episode": incident.episode, "state": incident.state.value}
    changed = [
        f"{name} is {getattr(row, name)!r}, not {value!r}"
        for name, value in wanted.items()
        if getattr(row, name) != value
    ]
    if changed:
        yield f"{where} was changed: {', '.join(changed)}"


def _summary(incident: Incident, row: Any) -> Iterator[str]:
    where = f"{t.summaries.name}: incident {incident.id}"
    if row is None:
        yield f"{where} is missing, so lists leave it out: airflow harness db upgrade makes its row"
        return
    try:
        changed = differs(row, incident)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        yield f"{where} cannot be read ({type(error).__name__}: {str(error)[:200]})"
        return
    if changed:
        yield f"{where} was changed: {', '.join(changed)}"


def _failures(incident: Incident, there: dict[str, bool]) -> Iterator[str]:
    told = set(incident.failures)
    for key in sorted(told - there.keys()):
        yield f"{t.memberships.name}: failure {key} of incident {incident.id} is missing"
    for key in sorted(there.keys() - told):
        yield f"{t.memberships.name}: failure {key} of incident {incident.id} is too many: the chain knows no such failure"
    for key in sorted(key for key, report in there.items() if not report and key in told):
        yield f"{t.failures.name}: the report of failure {key} of incident {incident.id} is missing"
