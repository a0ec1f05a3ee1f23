"""Whether people know of a Dag: who owns it, who is told, by when it must be done, what it is for."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_provider_harness.app.authoring.finding import FindingSeverity, Found
from airflow_provider_harness.app.authoring.model import Dag, Source
from airflow_provider_harness.app.authoring.rules.kinds import gated, writes_data

_TELLS = ("on_failure_callback", "email", "deadline")


def findings(source: Source) -> Iterator[Found]:
    """What nobody said of a Dag; it weighs more where a schedule lets it write data."""
    for dag in source.dags:
        matters = dag.repeats and writes_data(dag, source)
        weight = FindingSeverity.WARNING if matters else None
        if not _owned(dag):
            yield Found(rule="HO151", line=dag.line, message=f"{dag.id} has no owner", severity=weight)
        if not _tells(dag):
            yield Found(
                rule="HO152",
                line=dag.line,
                message=f"{dag.id} tells nobody when it fails",
                severity=weight if not gated(dag) else None,
            )
        if matters and not gated(dag) and not dag.args.get("deadline"):
            yield Found(rule="HO153", line=dag.line, message=f"{dag.id} says nowhere by when its data must be there")
        if not (dag.args.get("doc_md") or dag.args.get("description")):
            yield Found(rule="HO154", line=dag.line, message=f"{dag.id} has neither doc_md nor description")
        if matters and not any(task.arg("retries", 0) for task in dag.tasks.values()):
            yield Found(rule="HO155", line=dag.line, message=f"{dag.id} retries no task")


def _owned(dag: Dag) -> bool:
    owners = {str(task.args.get("owner") or "") for task in dag.tasks.values()} - {"", "airflow", "Airflow", "root"}
    return bool(owners) or not dag.tasks or dag.shares


def _tells(dag: Dag) -> bool:
    shared = dag.args.get("default_args")
    given = [dag.args, *([shared] if isinstance(shared, dict) else []), *(task.args for task in dag.tasks.values())]
    return (
        any(one.get(name) not in (None, False, [], "") for one in given for name in _TELLS)
        or not dag.tasks
        or dag.shares
    )
