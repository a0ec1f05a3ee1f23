"""Extract, load, transform: a slice reaches the published table only through its gate."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from dataclasses import replace

from airflow_provider_harness.app.ports.rows import (
    CopySource,
    CopyTarget,
    InFlightChecks,
    Manifest,
    Progress,
    Published,
    Session,
    Source,
    Stage,
    Warehouse,
    Watch,
)
from airflow_provider_harness.app.rows.emptied import may_empty, not_emptied
from airflow_provider_harness.app.rows.gate import Gate
from airflow_provider_harness.app.rows.staged import refuse_other
from airflow_provider_harness.app.rows.unsliced import in_no_slice
from airflow_provider_harness.core.contracts.checks import Check, CheckKind
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.report import (
    CheckResult,
    Decision,
    Measurement,
    Measurements,
    Report,
    judge,
    judge_one,
)
from airflow_provider_harness.core.contracts.schema import SchemaDiff, Side, compare
from airflow_provider_harness.core.errors import ContractViolation, QueryTooCostly, SchemaDrift
from airflow_provider_harness.core.slices.slices import Slice


def extract(
    contract: Contract,
    piece: Slice,
    source: Source,
    stage: Stage,
    gauge: InFlightChecks,
    progress: Progress,
    *,
    gate: Gate,
    watch: Watch | None = None,
) -> tuple[Manifest, Report, SchemaDiff]:
    """Stream one slice from the source to staged files; the files exist only if the gate let them.

    :param watch: looks for personal data that nobody classified; what it finds is a warning.
    """
    drift = compare(contract, source.schema(), Side.SOURCE)
    if drift.blocking:
        raise SchemaDrift(drift)
    snapshot = source.snapshot()
    writer = stage.writer(contract)
    try:
        rows = 0
        for batch in source.batches(contract, piece):
            gauge.add(batch)
            if watch is not None:
                watch.add(batch)
            writer.write(batch)
            rows += batch.num_rows
            progress("extract", rows)
        measured = gauge.finish()
        report = gate.judge(measured, f"source {drift.table}", gauge.left)
        watched = watch.results() if watch is not None else ()
        for result in (*watched, *in_no_slice(contract, source.in_no_slice(contract))):
            report = gate.report = with_result(report, result)
        if report.decision is Decision.BLOCK:
            raise ContractViolation(report)
    except BaseException:
        writer.discard()
        raise
    return writer.seal(contract, piece, snapshot, source.hash_key, gate=report.milliseconds), report, drift


def load(
    contract: Contract,
    piece: Slice,
    stage: Stage,
    warehouse: Warehouse,
    run: str,
    progress: Progress,
    *,
    gate: Gate,
    gauge: InFlightChecks | None = None,
) -> tuple[Published, Report]:
    """Publish the staged files of one slice, all of them or none.

    :param gauge: measures the rows on their way, where they pass by here. If it measures all that the contract asks for,
        they are written once, and the transaction commits only if the gate passes; what it refuses goes through the
        staging table, where it is explained, and where rows can be set aside.
    """
    manifest = stage.manifest()
    refuse_other(manifest, contract, piece)
    stage.verify(manifest)

    def accept(measured: Measurements, counted: int) -> bool:
        return _publishable(gate, measured, "rows on their way", manifest.rows, counted)

    with warehouse.slice(contract, piece) as session:
        _fit(contract, session)
        if gauge is not None and gauge.complete:
            published = session.publish_files(stage, progress, gauge, accept)
            if published is not None and gate.report is not None:
                return published, gate.report
            gauge = None
        session.stage_files(stage, manifest, progress, gauge)
        return _gate_and_publish(session, run, gate, manifest.rows, gauge)


def transfer(
    contract: Contract,
    piece: Slice,
    pump: CopySource,
    basin: AbstractContextManager[CopyTarget],
    run: str,
    progress: Progress,
    *,
    gate: Gate,
) -> tuple[Published, Report, SchemaDiff]:
    """Publish one slice straight from another database of the same kind, all of it or nothing.

    Where that can be, the rows are written once, and the transaction commits only if the gate passes on what arrived; what it
    refuses is read again, of the same snapshot, and goes through the staging table, where rows can be set aside.
    """
    drift = compare(contract, pump.schema(), Side.SOURCE)
    if drift.blocking:
        raise SchemaDrift(drift)
    lost = in_no_slice(contract, pump.in_no_slice(contract))

    def accept(measured: Measurements, counted: int) -> bool:
        return _publishable(gate, measured, "slice before its commit", counted, measured.rows, lost)

    with basin as session:
        _fit(contract, session)
        with closing(pump.chunks(contract, piece)) as chunks:
            published = session.publish_chunks(chunks, progress, accept)
        if published is not None and gate.report is not None:
            return published, gate.report, drift
        with closing(pump.chunks(contract, piece)) as chunks:
            sent = session.stage_chunks(chunks, progress)
        return *_gate_and_publish(session, run, gate, sent, more=lost), drift


def transform(
    contract: Contract,
    piece: Slice,
    sql: str,
    warehouse: Warehouse,
    run: str,
    telling: Callable[[int | None], Progress],
    *,
    gate: Gate,
    limit: float | None = None,
    more: Callable[[Session], tuple[CheckResult, ...]] | None = None,
) -> tuple[Published, Report, SchemaDiff]:
    """Publish what a query gives for one slice, all of it or nothing; it is planned before anything is made.

    A type that is not the contract's does not block: the warehouse converts it or refuses the value. A column that is not
    there does.

    :param telling: makes what is told how far the query is, of the rows that the warehouse expects.
    :param limit: what the query may cost, in the unit of the warehouse's estimate; None for no limit.
    :param more: what else must hold of the staged rows before they are published.
    :raises SchemaDrift: the query lacks a column of the contract.
    :raises QueryTooCostly: the estimate is over the limit.
    """
    with warehouse.slice(contract, piece) as session:
        plan = session.plan_query(sql)
        found = compare(contract, plan.schema, Side.SOURCE)
        missing = tuple(
            change for change in found.changes if change.blocking and plan.schema.get(change.column) is None
        )
        if missing:
            raise SchemaDrift(replace(found, changes=missing))
        if limit is not None and plan.cost > limit:
            raise QueryTooCostly(contract.table, plan.cost, limit, plan.unit)
        _fit(contract, session)
        promised = session.stage_query(sql, telling(plan.rows))
        return *_gate_and_publish(session, run, gate, promised, more=more(session) if more else ()), found


def _fit(contract: Contract, session: Session) -> None:
    """Make sure that the published table can take the contract's rows."""
    found = session.schema()
    if found is None:
        session.create()
        return
    drift = compare(contract, found, Side.TARGET)
    if drift.blocking:
        raise SchemaDrift(drift)
    session.create()


def _publishable(
    gate: Gate,
    measured: Measurements,
    where: str,
    promised: int,
    found: int,
    more: tuple[CheckResult, ...] = (),
) -> bool:
    """What the gate says of rows that are not committed yet; whatever is set aside is so in the staging table, and what would
    empty a slice is asked for there."""
    report = gate.judge(measured, where)
    for result in (reconcile("published", promised, found), *more):
        report = gate.report = with_result(report, result)
    return report.decision is Decision.PUBLISH and not may_empty(gate.contract, found)


def _gate_and_publish(
    session: Session,
    run: str,
    gate: Gate,
    promised: int,
    gauge: InFlightChecks | None = None,
    more: tuple[CheckResult, ...] = (),
) -> tuple[Published, Report]:
    measured = _measured(session, gate, promised, gauge)
    report = gate.judge(measured, "staging table")
    for result in (reconcile("staged", promised, measured.rows), *more):
        report = gate.report = with_result(report, result)
    if (kept := not_emptied(gate.contract, session, measured.rows)) is not None:
        report = gate.report = with_result(report, kept)
    for name, rows in session.converted().items():
        report = gate.report = with_result(report, _converted(gate.contract, name, rows, measured.rows))
    report = gate.quarantines(_of_the_rest(session, gate, report))
    if report.decision is Decision.BLOCK:
        session.discard()
        raise ContractViolation(report, standing=session.there())
    published = session.publish(measured, set_aside=report.decision is Decision.QUARANTINE, run=run)
    return published, report


def _of_the_rest(session: Session, gate: Gate, report: Report) -> Report:
    """The report; where rows are set aside, by what is left without them, since that is what will be published."""
    checks = tuple(check for check in gate.contract.checks if not check.quarantines)
    if report.decision is not Decision.QUARANTINE or not checks:
        return report
    return gate.judge_rest(report, session.measure_rest(checks))


def _measured(session: Session, gate: Gate, promised: int, gauge: InFlightChecks | None) -> Measurements:
    """What the gate judges: what was measured in flight, and the rest in the staging table; all of it there where
    something fails, since a failure is explained, and rows are set aside, where the rows are."""
    if gauge is None:
        return session.measure_staged()
    passed_by = gauge.finish()
    if passed_by.rows != promised or judge(gate.contract, passed_by, where="in flight", left=gauge.left).failed:
        return session.measure_staged()
    more = {check.id for check in session.beyond()}
    left = tuple(check for check in gate.contract.checks if check.id not in passed_by.values or check.id in more)
    there = session.measure_staged(left)
    spent = there.milliseconds + passed_by.milliseconds
    return replace(there, values={**passed_by.values, **there.values}, milliseconds=spent)


def _converted(contract: Contract, name: str, rows: int, of: int) -> CheckResult:
    """That no value of a query changes when it becomes the contract's type; rules look at what it became."""
    kind = contract.column(name).physical_type
    check = Check(id=f"conversion:{name}", kind=CheckKind.TYPE, columns=(name,), type=kind)
    return replace(
        judge_one(check, Measurement(value=rows), of),
        expected=f"values that are the same as {kind}",
        actual=f"{rows} rows whose value would change",
        look_at=f"Round, cut or convert {name} in the query, so that it is seen there; or change the contract's physicalType.",
    )


def reconcile(what: str, promised: int, found: int) -> CheckResult:
    """Whether as many rows arrived as were sent."""
    check = Check(id=f"reconciliation:{what}", kind=CheckKind.RECONCILIATION)
    facts = {"promised": promised, "found": found}
    return judge_one(check, Measurement(value=abs(found - promised)), promised, facts)


def with_result(report: Report, result: CheckResult) -> Report:
    """The report with one result more; one that blocks makes the whole report block."""
    decision = Decision.BLOCK if result.blocking else report.decision
    return replace(report, results=(*report.results, result), decision=decision)
