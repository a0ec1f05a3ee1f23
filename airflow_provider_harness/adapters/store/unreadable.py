"""Which rows of the tables that tasks may write nobody can read: each is tried by itself, as the harness reads it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.reports import moment
from airflow_provider_harness.adapters.store.rows.gate_history import read_check, read_gate
from airflow_provider_harness.adapters.store.rows.leases import read_lease
from airflow_provider_harness.adapters.store.rows.lineage import read_edge
from airflow_provider_harness.adapters.store.rows.models import read_event
from airflow_provider_harness.adapters.store.transaction import UNREADABLE, transaction
from airflow_provider_harness.app.pages.kept_contract import is_readable

if TYPE_CHECKING:
    from sqlalchemy import Engine, RowMapping, Table


def _at(row: Mapping[Any, Any], *names: str) -> None:
    for name in names:
        if moment(row[name]) is None:
            raise ValueError(f"{name} is not a timestamp that can be used")


def _contract(row: Mapping[Any, Any]) -> None:
    _at(row, "seen_at")
    if not is_readable(json.loads(row["body"])):
        raise ValueError("it is not a contract as gates keep it")


#: Table -> how a row of it is read; failures and their other reports are set aside when they are read.
READERS: Mapping[Table, Callable[[RowMapping], object]] = {
    t.gates: lambda row: read_gate(row, ()),
    t.gate_checks: read_check,
    t.contracts: _contract,
    t.lineage: lambda row: _at(row, "recorded_at"),
    t.lineage_edges: read_edge,
    t.leases: read_lease,
    t.watermarks: lambda row: _at(row, "slice_end"),
    t.grant_uses: lambda row: _at(row, "used_at"),
    t.model_events: read_event,
}


def unreadable(engine: Engine) -> Mapping[str, Sequence[str]]:
    """Table -> the keys of rows that cannot be read, each with the reason; tables of which all can are not there."""
    from sqlalchemy import select

    found: dict[str, list[str]] = {}
    with transaction(lambda: engine) as connection:
        for table, read in READERS.items():
            rows = connection.execute(select(table), execution_options={"yield_per": 1_000}).mappings()
            for row in rows:
                try:
                    read(row)
                except UNREADABLE as error:
                    key = "/".join(str(row[column.name]) for column in table.primary_key)
                    found.setdefault(table.name, []).append(f"{key[:200]}: {type(error).__name__}: {str(error)[:200]}")
    return found
