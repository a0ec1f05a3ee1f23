"""``airflow harness incidents list`` and ``show``: what is open, and everything that is known of one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.app.oncall.subject import slices_of
from airflow_provider_harness.app.pages.incidents.listing import since_of
from airflow_provider_harness.app.pages.incidents.row import Row, next_step
from airflow_provider_harness.app.reports.postmortem import (
    Around,
    first_screen,
    headline,
    postmortem,
    sections,
    stands,
    story,
)
from airflow_provider_harness.cli.incidents.which import incident_id, shortest
from airflow_provider_harness.cli.running import FINE, command, out, show
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.incidents.events import Asked, Diagnosed, Resolved, Taken, stored
from airflow_provider_harness.core.incidents.incident import Incident
from airflow_provider_harness.core.redaction.escaping import one_line, terminal

if TYPE_CHECKING:
    from airflow_provider_harness.adapters.store.incidents import SqlIncidentStore

#: Characters of what is to be done that a row of a list has room for; `incidents show` has all of it.
TO_DO = 60


@command
def incidents_list(args: Any) -> int:
    from airflow_provider_harness.wiring import healing as wiring

    store, now = wiring.store(), wiring.now()
    everything = store.incidents()
    found = [item for item in everything if item.is_open or not args.open]
    found = [item for item in found if _wanted(item, args.dag, since_of(args.since, now, "--since"))]
    if args.mine:
        from airflow_provider_harness.cli.incidents.commands import person

        who = person(args).who()
        found = [item for item in found if _concerns(item, who)]
    found = found[-args.limit :] if args.limit else found
    rows = [_row(store, item) for item in found]
    if args.output == "json":
        out(json.dumps(_as_in_the_api(rows), indent=2))
    else:
        names = shortest([item.id for item in everything])
        show(args, [_line(row, names[row["id"]], now) for row in rows], _none(everything))
    return FINE


@command
def incidents_digest(args: Any) -> int:
    from airflow_provider_harness.app.reports.digest import Told, digest
    from airflow_provider_harness.wiring import healing as wiring

    store, now = wiring.store(), wiring.now()
    since = since_of(args.since, now, "--since")
    assert since is not None, "it has a default"
    everything = store.incidents()
    names = shortest([item.id for item in everything])
    found = [item for item in everything if item.is_open or _wanted(item, "", since)]
    if args.output == "json":
        out(json.dumps(_as_in_the_api([_row(store, item) for item in found]), indent=2))
        return FINE
    told = [Told(name=names[item.id], incident=item, failures=store.failures(item.id)) for item in found]
    out(terminal("\n".join(digest(told, since))))
    return FINE


@command
def incidents_show(args: Any) -> int:
    from airflow_provider_harness import config
    from airflow_provider_harness.wiring import healing as wiring

    store = wiring.store()
    name = incident_id(store, args.incident_id) if args.incident_id else _newest(store)
    events, failures = store.events(name), store.failures(name)
    around = Around(
        now=wiring.now(),
        verify=timedelta(minutes=config.read().verify_minutes),
        reached=lambda key: wiring.pager().reached(key),
    )
    if args.output != "json":
        tell = postmortem if args.all else first_screen
        out(terminal("\n".join(tell(name, events, failures, around))))
        return FINE
    from pydantic import TypeAdapter

    from airflow_provider_harness.app.pages.incidents.parts import IncidentView, May
    from airflow_provider_harness.wiring import pages

    told = story(name, events, failures, around)
    [row] = _as_in_the_api([_row(store, told.incident)])
    body = row | {
        "page": TypeAdapter(IncidentView).dump_python(pages.incident_view(told.incident, May()), mode="json"),
        "title": headline(told),
        "sections": [{"title": title, "lines": lines} for title, lines in sections(told)],
        "events": [{"kind": e.kind.value, "at": e.at.isoformat(), "body": stored(e.body)} for e in events],
    }
    out(json.dumps(body, indent=2))
    return FINE


def _newest(store: SqlIncidentStore) -> str:
    """The newest incident that is open, else the newest of all."""
    found = store.incidents()
    if not found:
        raise ConfigurationError("incidents", "there is none in the store.", fix="See [harness] enroll.")
    return ([item for item in found if item.is_open] or found)[-1].id


def _none(everything: Sequence[Incident]) -> str:
    if not everything:
        return "No incidents. Nothing failed, or nothing is enrolled: see [harness] enroll."
    still = sum(item.is_open for item in everything)
    return f"No incidents of this kind; the store has {len(everything)}, {still} of them open."


def _wanted(incident: Incident, dag_id: str, since: datetime | None) -> bool:
    recent = since is None or (incident.opened_at is not None and incident.opened_at >= since)
    return recent and (not dag_id or any(failure.partition("/")[0] == dag_id for failure in incident.failures))


def _concerns(incident: Incident, who: str) -> bool:
    """Whether this person has it, or is asked about it."""
    taken, asked = incident.last.get(Taken), incident.last.get(Asked)
    return (taken is not None and taken.by == who) or (asked is not None and who in asked.assigned)


def _row(store: SqlIncidentStore, incident: Incident) -> dict[str, Any]:
    failures = store.failures(incident.id)
    diagnosed, resolved = incident.last.get(Diagnosed), incident.last.get(Resolved)
    return {
        "id": incident.id,
        "opened": _text(incident.opened_at),
        "open": incident.is_open,
        "status": incident.status.value,
        "stands": stands(incident),
        "state": incident.state.value,
        "outcome": incident.outcome.value if incident.outcome else "",
        "severity": incident.severity,
        "paged": incident.paged,
        "category": diagnosed.category if diagnosed else "",
        "closed": _text(incident.closed_at),
        "resolved": _text(incident.resolved_at),
        "resolved_by": resolved.by if resolved else "",
        "resolved_why": resolved.why if resolved else "",
        "failures": len(incident.failures),
        "first_failure": incident.failures[0] if incident.failures else "",
        "slices": slices_of(incident, failures),
        "to_do": next_step(incident),
    }


def _as_in_the_api(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows as the JSON API has them, with the names beside them that earlier versions gave."""
    from pydantic import TypeAdapter

    from airflow_provider_harness.wiring import healing as wiring
    from airflow_provider_harness.wiring import pages

    found = {row.id: row for row in pages.incidents().rows([str(row["id"]) for row in rows], wiring.now())}
    plain = TypeAdapter(Row)
    return [{**row, **(plain.dump_python(found[row["id"]], mode="json") if row["id"] in found else {})} for row in rows]


def _text(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else ""


def _line(row: Mapping[str, Any], name: str, now: datetime) -> dict[str, Any]:
    """A row for people, the narrow columns first."""
    opened = datetime.fromisoformat(row["opened"]) if row["opened"] else now
    dag_id, _, rest = str(row["first_failure"]).partition("/")
    more = f" and {row['failures'] - 1} more" if row["failures"] > 1 else ""
    where = f"; {row['slices'][0]}" if row["slices"] else ""
    return {
        "id": name,
        "severity": row["severity"] or "-",
        "age": age(now - opened),
        "where it stands": ("" if row["open"] else "closed: ") + row["stands"],
        "category": row["category"] or "-",
        "what failed": f"{dag_id}/{rest.rpartition('/')[2]}{more}{where}",
        "what to do": one_line(str(row["to_do"]), TO_DO),
    }


def age(length: timedelta) -> str:
    """A length of time for a narrow column."""
    minutes = max(0, int(length.total_seconds() // 60))
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} d"
