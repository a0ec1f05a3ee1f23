"""What an incident is about, in names: slices with their local day, columns, connections, the statement that would mend it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from airflow_provider_harness.core.diagnosis.failure import Failure
from airflow_provider_harness.core.incidents.events import Diagnosed, EvidenceSeen
from airflow_provider_harness.core.incidents.incident import Incident
from airflow_provider_harness.core.slices.local import with_local_day

#: Names that one line has room for.
_ROOM = 5


def zones_of(incident: Incident) -> Mapping[str, str]:
    """Table -> its contract's time zone, as far as the evidence has it."""
    seen = incident.last.get(EvidenceSeen)
    return (seen.zones if seen else None) or {}


def slices_of(incident: Incident, failures: Sequence[Failure], zones: Mapping[str, str] | None = None) -> list[str]:
    """Each table and slice that failed, with the local day, once.

    :param zones: table -> time zone, where more is known than the evidence has.
    """
    known = {**zones_of(incident), **(zones or {})}
    found: dict[str, None] = {}
    for failure in failures:
        if not failure.heals:
            continue
        report = failure.report or {}
        table, slice_id = str(report.get("table") or failure.table), str(report.get("slice") or failure.slice_id or "")
        zone = known.get(table) or next(iter(known.values()), "")
        named = [f"table {table}" if table else "", f"slice {with_local_day(slice_id, zone)}" if slice_id else ""]
        found[", ".join(part for part in named if part)] = None
    return [text for text in found if text]


def columns_of(failures: Sequence[Failure]) -> str:
    """The columns about which contract, source and target disagree; empty where none of these failures is of that kind."""
    changes = [change for failure in failures for change in (failure.schema_diff or {}).get("changes", ())]
    names = list(dict.fromkeys(str(change.get("column", "")) for change in changes if isinstance(change, Mapping)))
    more = f" and {len(names) - _ROOM} more" if len(names) > _ROOM else ""
    return f"column {', '.join(names[:_ROOM])}{more}" if any(names) else ""


def connections_of(incident: Incident) -> str:
    """The Airflow connections that the failed task names."""
    seen = incident.last.get(EvidenceSeen)
    named = (seen.connections if seen else None) or {}
    return ", ".join(f"connection {conn_id}" for conn_id in dict.fromkeys(named.values()))


def statement_of(incident: Incident, failures: Sequence[Failure]) -> str:
    """The statements that a person may run where the schema differs, and where; the harness has not run them."""
    seen = incident.last.get(EvidenceSeen)
    for failure in failures:
        if statements := (failure.schema_diff or {}).get("ddl"):
            known = (seen.place if seen else None) or next(iter(failure.writes), "")
            place = known or f"the database of {(failure.schema_diff or {}).get('published', 'the table')}"
            return "\n".join((f"To be run by a person in {place}:", *map(str, statements)))
    return ""


#: On what a diagnosis rests, for people.
_RESTS_ON = {
    "fact": "by what was read itself, not by words",
    "text": "by the words of the log",
    "model": "by a model's reading",
    "none": "by nothing",
}


def how_sure(diagnosis: Diagnosed) -> str:
    """How sure a diagnosis is, and on what it rests."""
    return f"{diagnosis.certainty}, {_RESTS_ON.get(diagnosis.basis, diagnosis.basis)}"


def how_sure_and_why(diagnosis: Diagnosed) -> str:
    return f"{how_sure(diagnosis)}: {diagnosis.why}" if diagnosis.why else how_sure(diagnosis)
