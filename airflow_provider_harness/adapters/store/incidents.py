"""The harness store on SQLAlchemy: PostgreSQL for teams, SQLite (WAL) for one machine."""

from __future__ import annotations

from airflow_provider_harness.adapters.store.engine import open_engine as open_engine
from airflow_provider_harness.adapters.store.records.acts import ActRecords
from airflow_provider_harness.adapters.store.records.approvals import ApprovalRecords
from airflow_provider_harness.adapters.store.records.audited import AuditedRecords
from airflow_provider_harness.adapters.store.records.failures import SqlFailureLog as SqlFailureLog
from airflow_provider_harness.adapters.store.records.joined import JoinedFailures
from airflow_provider_harness.adapters.store.records.values import ValueRecords


class SqlIncidentStore(JoinedFailures, ActRecords, ApprovalRecords, ValueRecords, AuditedRecords):
    """Everything the healer reads and writes; each part stands in ``adapters.store.records``."""
