"""What the healer and a diagnosing model may look back on, put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_harness import config
from airflow_provider_harness.wiring import lineage as wiring_lineage
from airflow_provider_harness.wiring.access import allowed
from airflow_provider_harness.wiring.store import engine, store_url

if TYPE_CHECKING:
    from airflow_provider_harness.adapters.airflow.api import AirflowApi
    from airflow_provider_harness.adapters.airflow.published_gates import PublishedGates
    from airflow_provider_harness.adapters.evidence.catalog import CatalogEvidence, Found, Question
    from airflow_provider_harness.adapters.evidence.history import HistoryEvidence
    from airflow_provider_harness.adapters.model.case_tools import CaseTools
    from airflow_provider_harness.adapters.model.query_tool import QueryReadonly
    from airflow_provider_harness.adapters.model.runbooks import Runbooks
    from airflow_provider_harness.adapters.store.incidents import SqlIncidentStore
    from airflow_provider_harness.app.ports.airflow import AirflowReads, TaskState
    from airflow_provider_harness.app.ports.diagnosis import ProposalJudge
    from airflow_provider_harness.app.ports.healing import EvidenceCollector
    from airflow_provider_harness.core.redaction.redactor import Redactor
    from airflow_provider_harness.core.slices.gate_run import StoredGate


def history(
    inner: EvidenceCollector,
    airflow: AirflowReads,
    store: SqlIncidentStore,
    gates: PublishedGates,
    redactor: Redactor,
    now: Callable[[], datetime],
) -> HistoryEvidence:
    """The dossier with what was before."""
    from airflow_provider_harness.adapters.diagnosis.rules import by_text
    from airflow_provider_harness.adapters.evidence.history import HistoryEvidence

    return HistoryEvidence(
        inner=inner,
        airflow=airflow,
        incidents=store,
        quality=quality,
        late_from=gates.late_from,
        read=lambda log: str(by_text(log).category),
        redactor=redactor,
        now=now,
    )


def catalog(conn_id: str, question: Question) -> Found | None:
    """What the server of a connection says of a failure; None where it can say nothing of this cause.

    :raises HarnessError: the healer may not read with the connection, or the server does not answer.
    """
    from airflow_provider_harness.adapters.postgres import strain
    from airflow_provider_harness.wiring import rows as rows
    from airflow_provider_harness.wiring.access import opened

    if not question.jobs and question.category not in strain.ASKED:
        return None
    allowed(conn_id)
    with rows.connections.reachable(conn_id):
        kind = str(opened(conn_id).conn_type or "")
        if kind in _POSTGRES and question.category in strain.ASKED:
            application = "harness looks at the server"
            return strain.ask(
                rows.connections.dsn(conn_id, application),
                rows.connections.named(conn_id),
                question.category,
                question.names,
            )
        if kind == rows.connections.BIGQUERY and question.jobs:
            from airflow_provider_harness.adapters.bigquery.job_states import states
            from airflow_provider_harness.adapters.bigquery.jobs import connect

            return states(connect(conn_id)[0], question.jobs)
    return None


_POSTGRES = ("postgres", "postgresql", "alloydb")


def with_catalog(inner: EvidenceCollector, airflow: AirflowReads, redactor: Redactor) -> CatalogEvidence:
    """The dossier with what the catalogs of the task's connections say."""
    from airflow_provider_harness.adapters.diagnosis.rules import RuleDiagnoser
    from airflow_provider_harness.adapters.evidence.catalog import CatalogEvidence

    rules = RuleDiagnoser()
    return CatalogEvidence(
        inner=inner,
        airflow=airflow,
        read=lambda failure, evidence: rules.diagnose(failure, evidence).category,
        ask=catalog,
        redactor=redactor,
    )


def desk(
    settings: config.Settings,
    airflow: AirflowApi,
    store: SqlIncidentStore,
    redactor: Redactor,
    now: Callable[[], datetime],
    keep: ProposalJudge,
    runbooks: Runbooks | None,
) -> CaseTools:
    """The tools of a diagnosing model.

    :param keep: is given what it drafts for a person.
    :raises ConfigurationError: [harness] query_file is wrong.
    """
    from airflow_provider_harness.adapters.evidence.lineage import GetLineage
    from airflow_provider_harness.adapters.model.case_tools import CaseTools

    query = _query(settings)
    found = (GetLineage(wiring_lineage.graph), query, runbooks.tool() if runbooks else None)
    return CaseTools(
        airflow=airflow,
        incidents=store,
        quality=quality,
        drift=drift,
        redactor=redactor,
        now=now,
        reached=reached,
        keep=keep,
        plan=query.plan if query else None,
        others=[tool for tool in found if tool is not None],
    )


def reached(conn_id: str) -> str:
    """Where a connection leads: its kind, host and port, and nothing else of it.

    :raises NotAllowed: the administrator did not name it in [harness] connections_allowed.
    """
    from urllib.parse import urlsplit

    from airflow_provider_harness.wiring.store import connection_if_readable

    allowed(conn_id)
    found = connection_if_readable(conn_id)
    if found is None:
        return "there is no such connection here."
    host = str(found.host or "")
    place = urlsplit(host if "://" in host else f"//{host}").hostname or "no host"
    return f"{found.conn_type} at {place}{f', port {found.port}' if found.port else ''}"


def quality(table: str, slices: int) -> Sequence[StoredGate]:
    """What the newest gates of a table found.

    :raises HarnessUnavailable: the store is away.
    """
    from airflow_provider_harness.adapters.store.rows.gate_history import SqlGates

    return SqlGates(lambda: engine(store_url(config.read()))).trend(table, slices)


def arrived(given: Mapping[str, Any]) -> bool:
    """Whether a source has a slice now, by the rendered fields of the task that waits for it or extracts it.

    :raises HarnessUnavailable: the source does not answer.
    """
    from airflow_provider_harness.wiring import probes as wiring_looks
    from airflow_provider_harness.wiring import rows as rows

    wanted = {name: str(given[name]) for name in ("contract", "conn_id", "table", "slice_key")}
    wanted["slice_end"] = str(given.get("slice_end") or "")
    more = {"sql": str(given.get("sql") or ""), "min_rows": int(given.get("min_rows") or 1)}
    allowed(wanted["conn_id"])
    with rows.connections.reachable(wanted["conn_id"]):
        return wiring_looks.arrived(**wanted, **more, running=[]).ready  # type: ignore[arg-type]


def drift(task: TaskState) -> str:
    """What a task's published table and its contract disagree about now, in one sentence."""
    from airflow_provider_harness.core.contracts.schema import Side, compare
    from airflow_provider_harness.wiring import rows as rows

    given = {name: str(task.rendered.get(name) or "") for name in ("contract", "conn_id", "table")}
    if not all(given.values()):
        return "the task names no contract, connection and table."
    allowed(given["conn_id"])
    contract = rows.contracts.contract_of(given["contract"], given["table"])
    with rows.connections.reachable(given["conn_id"]):
        found = rows.connections.warehouse_of(given["conn_id"], f"harness compares {contract.table}").columns(
            contract.table
        )
    if found is None:
        return f"{contract.table} does not exist."
    diff = compare(contract, found, Side.TARGET)
    return diff.sentence() if diff.changes else f"{contract.table} has the columns of its contract."


def _query(settings: config.Settings) -> QueryReadonly | None:
    """The tool for questions in SQL, where the administrator opened relations for it."""
    if not settings.query_file:
        return None
    from airflow_provider_harness.adapters.model.query_config import load_queryable
    from airflow_provider_harness.adapters.model.query_tool import QueryReadonly
    from airflow_provider_harness.wiring import rows as rows

    opened = load_queryable(settings.query_file, rows.contracts.contract_of)
    return QueryReadonly(
        dsn=lambda: rows.connections.dsn(opened.conn_id, "harness query_readonly"), relations=opened.relations
    )
