"""``airflow harness incidents list`` and ``show``: what is open, and everything that is known of one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.app.pages.incidents.listing import Wanted, since_of
from airflow_provider_harness.app.pages.incidents.row import OPEN, STATUS, Row, Stand
from airflow_provider_harness.app.reports.postmortem import (
    Around,
    first_screen,
    headline,
    postmortem,
    sections,
    story,
)
from airflow_provider_harness.cli.incidents.which import incident_id, shortest
from airflow_provider_harness.cli.running import FINE, command, out, show
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.incidents.events import Asked, stored
from airflow_provider_harness.core.redaction.escaping import one_line, terminal
from airflow_provider_harness.core.slices.local import with_local_day

if TYPE_CHECKING:
    from airflow_provider_harness.adapters.store.incidents import SqlIncidentStore

#: Characters of what is to be done that a row of a list has room for; `incidents show` has all of it.
TO_DO = 100


@command
def incidents_list(args: Any) -> int:
    from airflow_provider_harness.wiring import healing as wiring
    from airflow_provider_harness.wiring import pages

    store, now = wiring.store(), wiring.now()
    since = since_of(args.since, now, "--since")
    wanted = Wanted(states=OPEN if args.open else tuple(Stand), dag_id=args.dag, since=since)
    found = pages.incidents().newest(wanted, now, 0 if args.mine else args.limit)
    if args.mine:
        from airflow_provider_harness.cli.incidents.commands import person

        who = person(args).who()
        found = [row for row in found if _concerns(store, row, who)][-args.limit :]
    if args.output == "json":
        out(json.dumps(_as_in_the_api(found), indent=2))
    else:
        names = shortest(list(store.ids("")))
        still = len(found) if found else len(pages.incidents().newest(Wanted(), now))
        show(args, [line(row, names[row.id], now) for row in found], _none(len(names), still))
    return FINE


@command
def incidents_digest(args: Any) -> int:
    from airflow_provider_harness.app.reports.digest import Told, digest
    from airflow_provider_harness.wiring import healing as wiring
    from airflow_provider_harness.wiring import pages

    store, now, lists = wiring.store(), wiring.now(), pages.incidents()
    since = since_of(args.since, now, "--since")
    assert since is not None, "it has a default"
    wanted = (Wanted(), Wanted(states=tuple(Stand), since=since))
    rows = {row.id: row for one in wanted for row in lists.newest(one, now)}
    ids = sorted(rows)
    if args.output == "json":
        out(json.dumps(_as_in_the_api([rows[name] for name in ids]), indent=2))
        return FINE
    names = shortest(list(store.ids("")))
    told = [Told(name=names[name], incident=store.incident(name), failures=store.failures(name)) for name in ids]
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
    [row] = _as_in_the_api(pages.incidents().rows([name], wiring.now()))
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
    from airflow_provider_harness.wiring import healing as wiring
    from airflow_provider_harness.wiring import pages

    for states in (OPEN, tuple(Stand)):
        if found := pages.incidents().newest(Wanted(states=states), wiring.now(), 1):
            return found[0].id
    raise ConfigurationError("incidents", "there is none in the store.", fix="See [harness] enroll.")


def _none(everything: int, still: int) -> str:
    if not everything:
        return "No incidents. Nothing failed, or nothing is enrolled: see [harness] enroll."
    return f"No incidents of this kind; the store has {everything}, {still} of them open."


def _concerns(store: SqlIncidentStore, row: Row, who: str) -> bool:
    """Whether this person has it, or is asked about it."""
    return row.taken_by == who or (row.state is Stand.ASKED and who in store.incident(row.id).last[Asked].assigned)


def _as_in_the_api(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The rows as the JSON API has them, with the names beside them that earlier versions gave."""
    from pydantic import TypeAdapter

    plain = TypeAdapter(Row)
    return [{**_earlier(row), **plain.dump_python(row, mode="json")} for row in rows]


def _earlier(row: Row) -> dict[str, Any]:
    return {
        "opened": _text(row.opened_at),
        "status": STATUS[row.state].value,
        "closed": _text(row.closed_at),
        "resolved": _text(row.resolved_at),
        "first_failure": f"{row.dag_id}/{row.run_id}/{_try(row)}",
        "to_do": row.next_step,
    }


def _try(row: Row) -> str:
    """The task and its try, as failures are named."""
    index = f"[{row.map_index}]" if row.map_index >= 0 else ""
    return f"{row.task_id}{index}#{row.try_number}"


def _text(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else ""


def line(row: Row, name: str, now: datetime) -> dict[str, Any]:
    """A row for people, the narrow columns first."""
    more = f" and {row.failures - 1} more" if row.failures > 1 else ""
    where = [f"table {row.tables[0]}"] if row.tables else []
    where += [f"slice {with_local_day(row.slices[0])}"] if row.slices else []
    return {
        "id": name,
        "severity": row.severity or "-",
        "age": age(now - (row.opened_at or now)),
        "where it stands": ("" if row.open else "closed: ") + row.stands,
        "category": row.category or "-",
        "what failed": "; ".join(filter(None, (f"{row.dag_id}/{_try(row)}{more}", ", ".join(where)))),
        "what to do": one_line(row.next_step, TO_DO),
    }


def age(length: timedelta) -> str:
    """A length of time for a narrow column."""
    minutes = max(0, int(length.total_seconds() // 60))
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} d"
