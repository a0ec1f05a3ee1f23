"""``explain``: what a Dag does, step by step, as plain values in a stable order, so that a change shows as a difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from airflow_provider_harness.app.authoring.code import texts
from airflow_provider_harness.app.authoring.code.values import Code
from airflow_provider_harness.app.authoring.model import Dag, Source, Task
from airflow_provider_harness.app.authoring.rules.kinds import INTO, OUT_OF, connection, reads, writes
from airflow_provider_harness.app.authoring.rules.waiting import seconds
from airflow_provider_harness.core.contracts.checks import Check, CheckSeverity
from airflow_provider_harness.core.contracts.contract import Contract, LateAction, LoadMode
from airflow_provider_harness.core.contracts.report import expected_of
from airflow_provider_harness.core.lineage.graph import ColumnEdge
from airflow_provider_harness.core.operators import operator_of
from airflow_provider_harness.core.policy.policy import Policy, Rule, VerdictKind
from airflow_provider_harness.core.slices.lateness import late_from
from airflow_provider_harness.core.slices.sla import promise_of
from airflow_provider_harness.core.slices.slices import Slice

_RERUN: Mapping[LoadMode, str] = {
    LoadMode.INCREMENTAL: "a re-run replaces the slice's rows",
    LoadMode.FULL: "a re-run replaces the whole table",
    LoadMode.MERGE: "a re-run updates rows of the same key and adds the others",
    LoadMode.APPEND: "a re-run leaves a slice that is there as it is",
}
_LATE: Mapping[LateAction, str] = {
    LateAction.WAIT: "is waited for, as long as the sensor's timeout",
    LateAction.SKIP: "is skipped, with a note",
    LateAction.PAGE: "fails, and a person is paged",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of one task beside its declaration.

    :param piece: the slice of the next run.
    :param edges: which columns its columns are made of.
    :param elsewhere: ids of checks that its gate leaves to a later one.
    """

    contract: Contract | None = None
    wrong: str = ""
    piece: Slice | None = None
    edges: tuple[ColumnEdge, ...] = ()
    elsewhere: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The next run that a schedule makes.

    :param after: when it starts at the earliest.
    """

    start: datetime | None
    end: datetime | None
    after: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What is known of a Dag beside its declaration."""

    next_run: Run | None = None
    enrolled: bool = False
    policy: Policy | None = None
    tasks: Mapping[str, Known] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def explanation(dag: Dag, source: Source, about: About) -> dict[str, Any]:
    """Everything about a Dag."""
    run = about.next_run
    return {
        "dag": dag.id,
        "file": dag.file.rpartition("/")[2],
        "line": dag.line,
        "description": str(dag.args.get("description") or "") or _first(dag, source),
        "schedule": _schedule(dag),
        "catchup": bool(dag.args.get("catchup") is True),
        "max_active_runs": _said(dag.args.get("max_active_runs")),
        "start_date": _said(dag.args.get("start_date")),
        "end_date": _said(dag.args.get("end_date")),
        "next_run": None
        if run is None
        else {"interval_start": _at(run.start), "interval_end": _at(run.end), "starts_after": _at(run.after)},
        "owners": sorted({owner for task in dag.tasks.values() if (owner := str(task.args.get("owner") or ""))}),
        "healer": _healer(about),
        "notes": list(about.notes),
        "steps": [_step(dag, task, source, about.tasks.get(task.id, Known())) for task in ordered(dag)],
    }


def ordered(dag: Dag) -> tuple[Task, ...]:
    """The tasks in an order in which each comes after those that it waits for, by their ids where that leaves a choice."""
    left, done = dict(sorted(dag.tasks.items())), list[Task]()
    while left:
        ready = [name for name, task in left.items() if not (task.upstream & left.keys())]
        name = ready[0] if ready else next(iter(left))
        done.append(left.pop(name))
    return tuple(done)


def _first(dag: Dag, source: Source) -> str:
    """The first line of what the Dag's documentation says."""
    doc = dag.args.get("doc_md")
    text = (
        str(doc)
        if doc and not isinstance(doc, Code)
        else (source.text.split('"""')[1] if doc and '"""' in source.text else "")
    )
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def _schedule(dag: Dag) -> str:
    if dag.schedule is None:
        return "none: a person or another Dag starts it"
    if dag.by_assets:
        return f"assets: {_said(dag.schedule)}"
    return _said(dag.schedule) or dag.timetable


def _said(value: Any) -> str:
    """A value as its author wrote it."""
    if value is None:
        return ""
    if isinstance(value, timedelta):
        return f"every {value}"
    if isinstance(value, list):
        return ", ".join(_said(one) for one in value)
    return str(value)


def _at(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _step(dag: Dag, task: Task, source: Source, known: Known) -> dict[str, Any]:
    contract = known.contract
    return {
        "task": task.id,
        "type": task.kind,
        "engine": _engine(task, source),
        "after": sorted(task.upstream),
        "trigger_rule": str(task.arg("trigger_rule") or "all_success"),
        "inputs": _inputs(dag, task, source, known),
        "outputs": _outputs(task, source, contract),
        "retries": _retries(task),
        "timeout_seconds": seconds(task.arg("timeout") or task.arg("execution_timeout")),
        "owner": str(task.args.get("owner") or ""),
        "contract_is_wrong": known.wrong,
        "under_contract": None if contract is None else _terms(task, contract, known),
    }


def _engine(task: Task, source: Source) -> str:
    named = texts.dialect(task.kind, task.args)
    harness = {"BigQueryLoadOperator": "bigquery", "PostgresLoadOperator": "postgres"}
    if task.kind in harness or named:
        return harness.get(task.kind, named)
    if task.function or task.kind.startswith(("task", "setup", "teardown")):
        return "python"
    return {"BashOperator": "bash", "EmptyOperator": "none"}.get(task.kind, "")


def _inputs(dag: Dag, task: Task, source: Source, known: Known) -> list[str]:
    place, contract = connection(task, OUT_OF), known.contract
    found = {f"{place}: {table}" if place else table for table in reads(task, source) - writes(task, source)}
    if task.kind == "PostgresTransferOperator" and contract is not None and not task.arg("sql"):
        found.add(f"{place}: {task.arg('source_table') or contract.table}")
    if task.kind == "TrainingSetOperator":
        found |= {f"{place}: {edge.source.name}" for edge in known.edges}
    if operator_of(task.kind).looks and task.arg("table"):
        found.add(f"{place}: {task.arg('table')}")
    if task.kind == "IndexDocumentsOperator" and task.arg("documents"):
        found.add(f"documents in {task.arg('documents')}")
    if "staged" in task.args:
        found |= {
            f"files staged by {name}"
            for name in task.upstream
            if name in dag.tasks and "Extract" in dag.tasks[name].kind
        }
    return sorted(found)


def _written(task: Task, source: Source, contract: Contract | None) -> set[str]:
    """The files or tables that a task leaves."""
    own = operator_of(task.kind)
    if own.leaves:
        return {own.leaves.format(task.arg("folder"))}
    place = connection(task, INTO)
    if task.kind == "SyntheticDataOperator":
        return {f"{place}: {task.arg('target')}, synthetic"}
    tables = set(writes(task, source))
    if contract is not None and own.writes:
        tables = {contract.table}
    return {f"{place}: {table}" if place else table for table in tables}


def _outputs(task: Task, source: Source, contract: Contract | None) -> list[str]:
    found = _written(task, source, contract)
    outlets = task.args.get("outlets")
    named = (
        [one.get("name") or one.get("uri") for one in outlets if isinstance(one, dict)]
        if isinstance(outlets, list)
        else []
    )
    return sorted(found | {f"asset {name}" for name in named if name})


def _retries(task: Task) -> dict[str, Any]:
    return {
        "count": task.arg("retries", 0) or 0,
        "delay_seconds": seconds(task.arg("retry_delay")),
        "policy": "set" if task.args.get("retry_policy") else "",
    }


def _terms(task: Task, contract: Contract, known: Known) -> dict[str, Any]:
    """What a contract says of a step."""
    load, piece = contract.load, known.piece
    promise = promise_of(contract, piece) if piece is not None else None
    return {
        "contract": f"{contract.id} {contract.version}",
        "key": list(contract.merge_key or contract.key),
        "timestamp": load.slice_column,
        "columns": [_column(contract, name, known.edges) for name in contract.names],
        "decided_by": sorted(
            {f"{e.source.name}.{e.source_column} ({str(e.how).lower()})" for e in known.edges if not e.target_column}
        ),
        "gates": _gates(task, contract, known.elsewhere),
        "load": f"{load.mode}: {_RERUN[load.mode]}",
        "malformed_rows": _malformed(contract),
        "slice": None
        if piece is None
        else {
            "id": piece.id,
            "start": _at(piece.start),
            "end": _at(piece.end),
            "grain": str(load.grain or "day"),
            "time_zone": load.time_zone,
        },
        "late": _late(contract, piece),
        "backfill": f"{contract.backfill_alone} slice(s) without asking a person",
        "owner": {
            "team": contract.owner.team,
            "people": list(contract.owner.members),
            "channels": list(contract.owner.channels),
        },
        "paged": list(contract.paged) or ([contract.owner.team] if contract.owner.team else []),
        "promises": [f"{sla.prop} {sla.value} {sla.unit}".strip() for sla in contract.slas],
        "due": _at(promise.due) if promise else None,
        "readiness": str(contract.readiness or ""),
        "criticality": str(contract.criticality),
        "consumers": sorted(f"{one.name} ({one.access})" for one in contract.consumers),
    }


def _column(contract: Contract, name: str, edges: Sequence[ColumnEdge]) -> dict[str, Any]:
    column = contract.column(name)
    origins = sorted(
        {f"{e.source.name}.{e.source_column} ({str(e.how).lower()})" for e in edges if e.target_column == name}
    )
    return {
        "name": name,
        "type": column.physical_type,
        "nullable": not column.required,
        "treatment": str(column.treatment),
        "classification": column.classification,
        "from": origins,
    }


def _gates(task: Task, contract: Contract, elsewhere: frozenset[str]) -> list[dict[str, Any]]:
    places = operator_of(task.kind).places
    return [
        {"where": place, "checks": [_check(c) for c in contract.checks if c.id not in elsewhere]} for place in places
    ]


def _check(check: Check) -> dict[str, Any]:
    return {
        "id": check.id,
        "blocks": check.severity is CheckSeverity.ERROR,
        "demands": expected_of(check),
        "about": check.description,
    }


def _malformed(contract: Contract) -> str:
    rows = contract.quarantine
    limits = f"up to {rows.max_rows} rows and {rows.max_percent:g} % of a slice"
    if rows.by_grant:
        return f"reject the slice; {limits} are set aside only with a person's or the policy's grant"
    return f"set aside, {limits}" if rows.possible else "reject the slice"


def _late(contract: Contract, piece: Slice | None) -> dict[str, Any]:
    from_ = late_from(contract.late, piece) if piece is not None else None
    return {
        "action": str(contract.late.action),
        "means": f"a slice that is late {_LATE[contract.late.action]}",
        "from": _at(from_),
    }


def _healer(about: About) -> dict[str, Any]:
    """What the healer may do alone, what it would ask, what it never does, by the policy in force."""
    rules = about.policy.rules if about.policy is not None else ()
    return {
        "captures_failures": about.enrolled,
        "alone": [_rule(rule) for rule in rules if rule.verdict is VerdictKind.APPROVE],
        "asks": [_rule(rule) for rule in rules if rule.verdict is VerdictKind.ASK],
        "refuses": sorted({str(rule.action) for rule in rules if rule.verdict is VerdictKind.REFUSE}),
    }


def _rule(rule: Rule) -> dict[str, Any]:
    limit = rule.limit
    bounds = [f"{limit.per_incident} per incident"] if limit.per_incident is not None else []
    bounds += [f"{limit.per_dag_per_day} per Dag and day"] if limit.per_dag_per_day is not None else []
    return {
        "action": str(rule.action),
        "when": [str(one) for one in rule.when],
        "limit": ", ".join(bounds),
        "rule": rule.id,
    }
