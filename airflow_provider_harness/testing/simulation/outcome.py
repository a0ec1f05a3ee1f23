"""What came of a simulation, as a snapshot: plain values in a stable order, and how two snapshots differ."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.app.ports.healing import Page
from airflow_provider_harness.core.incidents.events import (
    ActEnded,
    Closed,
    Diagnosed,
    Event,
    Judged,
    Noted,
    Proposed,
    Settled,
)
from airflow_provider_harness.testing.simulation.runs import slice_of

if TYPE_CHECKING:
    from airflow_provider_harness.testing.simulation.simulation import Simulation

_ULID = re.compile(r"\b0[0-9A-HJKMNP-TV-Z]{25}\b")
_HASH = re.compile(r"\b[0-9a-f]{16,64}\b")


def outcome(simulation: Simulation) -> dict[str, Any]:
    """Runs, rows, gates, incidents, verdicts, pages and lineage, in the order in which they came about."""
    told = {
        "dag": simulation.dag.dag_id,
        "until": _at(simulation.clock.now()),
        "runs": [_run(run) for run in simulation.runs.values()],
        "tables": {
            name: {"columns": list(table.columns), "rows": [list(row) for row in table.rows]}
            for name, table in simulation.databases.tables().items()
        },
        "gates": list(_gates()),
        **_incidents(),
        "pages": [_page(*one) for one in simulation.pages.told],
        "lineage": _lineage(),
    }
    cleaned: dict[str, Any] = _Names(simulation).cleaned(told)
    return cleaned


def _at(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def _run(run: Any) -> dict[str, Any]:
    return {
        "run": run.id,
        "slice": slice_of(run),
        "due": _at(run.info.run_after),
        "state": run.state,
        "tasks": {
            name: [
                {"at": _at(one.at), "state": one.state, **({"error": one.error} if one.error else {})}
                for one in found.tries
            ]
            or found.state
            for name, found in run.tasks.items()
        },
    }


def _gates() -> Iterator[dict[str, Any]]:
    from sqlalchemy import select

    from airflow_provider_harness.adapters.store import schema as t
    from airflow_provider_harness.wiring.store import store_engine

    order = (t.gates.c.measured_at, t.gates.c.run_id, t.gates.c.task_id, t.gates.c.try_number, t.gates.c.place)
    with store_engine().connect() as connection:
        gates = connection.execute(select(t.gates).order_by(*order)).mappings().all()
        checks = connection.execute(select(t.gate_checks).order_by(t.gate_checks.c.check_id)).mappings().all()
    for gate in gates:
        mine = [one for one in checks if one["gate"] == gate["key"]]
        yield {
            "task": f"{gate['run_id']}/{gate['task_id']}#{gate['try_number']}",
            "place": gate["place"],
            "table": gate["table_name"],
            "slice": gate["slice"],
            "rows": gate["rows"],
            "malformed": gate["malformed"],
            "decision": gate["decision"],
            "checks": len(mine),
            "failed": {one["check_id"]: one["value"] for one in mine if not one["passed"]},
        }


def _incidents() -> dict[str, Any]:
    """Incidents with how they ended, and apart from them what the policy said of each proposal."""
    from airflow_provider_harness.wiring import healing

    store = healing.store()
    found = sorted(store.incidents(), key=lambda one: one.id)
    incidents: list[dict[str, Any]] = []
    verdicts: list[dict[str, Any]] = []
    for incident in found:
        events = store.events(incident.id)
        incidents.append(
            {
                "incident": incident.id,
                "opened": _at(incident.opened_at),
                "failures": list(incident.failures),
                "history": [line for event in events for line in _line(event)],
                "state": incident.state.value,
                "outcome": incident.outcome.value if incident.outcome else None,
            }
        )
        verdicts += _verdicts(incident.id, events)
    return {"incidents": incidents, "verdicts": verdicts}


_SAID = {
    Diagnosed: "{0.category} ({0.certainty}, by {0.basis}): {0.cause}",
    ActEnded: "act: {0.result}",
    Settled: "{0.outcome}: {0.text}",
    Noted: "note: {0.text}",
    Closed: "closed as {0.outcome}: {0.why}",
}
"""What an event says in one line; events that say nothing of the outcome are left out."""


def _line(event: Event) -> list[str]:
    said = _SAID.get(type(event.body))
    return [f"{_at(event.at)} {' '.join(said.format(event.body).split())}"] if said else []


def _verdicts(incident_id: str, events: Sequence[Event]) -> Iterator[dict[str, Any]]:
    proposed: Proposed | None = None
    for event in events:
        if isinstance(event.body, Proposed):
            proposed = event.body
        if isinstance(event.body, Judged) and proposed is not None:
            yield {
                "incident": incident_id,
                "at": _at(event.at),
                "action": proposed.action,
                "arguments": dict(sorted(proposed.arguments.items())),
                "verdict": event.body.verdict,
                "rule": event.body.rule,
                "reason": event.body.reason,
            }


def _page(at: datetime, what: str, page: Page | str) -> dict[str, Any]:
    if isinstance(page, str):
        return {"at": _at(at), "what": what, "key": page}
    return {
        "at": _at(at),
        "what": what,
        "key": page.dedup_key,
        "severity": page.severity.value,
        "summary": page.summary,
        "route": list(page.route),
        **{name: text for name, text in page.details.items() if name in _TOLD},
    }


_TOLD = ("for whom", "done", "you are asked to")
"""Details of a page that a snapshot has, beside its summary; the rest tells of the evidence."""


def _lineage() -> list[dict[str, Any]]:
    from airflow_provider_harness.wiring import lineage

    return [
        {
            "task": flow.task,
            "inputs": sorted(map(str, flow.inputs)),
            "output": str(flow.output) if flow.output else None,
            "columns": sorted(
                f"{edge.source}.{edge.source_column} -> {edge.target_column or '*'} ({edge.how})"
                for edge in flow.columns
            ),
        }
        for flow in sorted(lineage.graph().flows, key=lambda flow: flow.task)
    ]


class _Names:
    """Ids and places that are another time's: each gets a name that is the same every time."""

    def __init__(self, simulation: Simulation) -> None:
        self._ids: dict[str, str] = {}
        self._fixed = {str(simulation.home): "$HOME", str(simulation.dag.folder): "$DAGS"}
        server, databases = simulation.databases.server, simulation.databases
        self._fixed[f"{server.host}:{server.port}"] = "postgres:5432"
        self._fixed[f"port {server.port}"] = "port 5432"
        self._fixed |= {databases.name(conn_id): conn_id for conn_id in databases.connections}

    def cleaned(self, value: Any) -> Any:
        """The same value, with these names in every text."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Mapping):
            return {self._text(str(name)): self.cleaned(one) for name, one in value.items()}
        return [self.cleaned(one) for one in value] if isinstance(value, list) else value

    def _text(self, text: str) -> str:
        for given, name in self._fixed.items():
            text = text.replace(given, name)
        text = _ULID.sub(lambda found: self._named("id", found[0]), text)
        return _HASH.sub(lambda found: self._named("key", found[0]), text)

    def _named(self, kind: str, given: str) -> str:
        number = sum(name.startswith(kind) for name in self._ids.values()) + 1
        return self._ids.setdefault(given, f"{kind}-{number}")


def text_of(told: Mapping[str, Any]) -> str:
    """A snapshot as JSON in which what belongs together stands in one line, so that a difference is one of lines."""
    return "\n".join(_lines(told, "")) + "\n"


def _lines(value: Any, indent: str) -> Iterator[str]:
    items = list(value.items() if isinstance(value, Mapping) else enumerate(value)) if _is_deep(value) else []
    if not items:
        yield json.dumps(value, ensure_ascii=False)
        return
    opened, closed = ("{", "}") if isinstance(value, Mapping) else ("[", "]")
    yield opened
    for number, (name, one) in enumerate(items, 1):
        lines = list(_lines(one, indent + "  "))
        lines[0] = f"{json.dumps(name, ensure_ascii=False)}: {lines[0]}" if isinstance(value, Mapping) else lines[0]
        lines[-1] += "," if number < len(items) else ""
        yield from (f"  {line}" for line in lines)
    yield closed


def _is_deep(value: Any) -> bool:
    """Whether something stands in several lines: it holds lists or mappings, or is a list of texts."""
    if isinstance(value, Mapping):
        return any(isinstance(one, list | dict) for one in value.values())
    return isinstance(value, list) and any(isinstance(one, list | dict) or len(str(one)) > _LONG for one in value)


_LONG = 60
"""Characters of a text of a list from which on it has a line of its own."""


def difference(before: str, now: str, name: str) -> str:
    """How a snapshot differs from the one that is kept, line by line; empty where it does not."""
    lines = difflib.unified_diff(
        before.splitlines(), now.splitlines(), f"{name} (kept)", f"{name} (now)", lineterm="", n=2
    )
    return "\n".join(lines)
