"""Cards put together: what store, warehouse and registry know of a table, or of a model."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airflow_provider_harness.core.contracts.contract import Contract, Readiness
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.learning.described import Known, model_card, table_card
from airflow_provider_harness.wiring import rows
from airflow_provider_harness.wiring.learning import models, readiness

if TYPE_CHECKING:
    from airflow_provider_harness.core.learning.cards import Card


def card(name: str, contracts: Sequence[Contract], conn_id: str, registry_conn_id: str, at: datetime | None) -> Card:
    """The card of a table, or of a model, by its name.

    :param name: where a table and a model have it, the model is meant; the table has a schema, too.
    :param conn_id: of the warehouse; empty: nobody looks at the table itself.
    :param at: see ``readiness.standards``.
    :raises ConfigurationError: no contract is about it, or several are.
    """
    tables = [one for one in contracts if name in (one.table, one.table.rpartition(".")[2], one.name, one.id)]
    of_models = [one for one in contracts if one.model and one.model.name == name]
    tables = [] if of_models and "." not in name else tables
    if len(tables) + len(of_models) != 1:
        valid = [one.table for one in contracts] + [one.model.name for one in contracts if one.model]
        problem = "is in several contracts." if tables or of_models else "is in no contract."
        fix = "Name the contract's file with --contract." if tables or of_models else ""
        raise ConfigurationError(name, problem, valid=valid, fix=fix)
    if of_models:
        return _of_model(of_models[0], registry_conn_id)
    return _of_table(tables[0], conn_id, at)


def _of_table(contract: Contract, conn_id: str, at: datetime | None) -> Card:
    live = rows.judging.live(contract, conn_id, at) if conn_id else None
    return table_card(
        contract,
        Known(
            gates=readiness.gates(contract.table),
            standards=readiness.standards(contract, conn_id, at, Readiness.AI_READY),
            origins=readiness.origins(contract, conn_id),
            rows=live.report.rows if live and live.report else None,
            at=at or datetime.now(UTC),
            place=rows.connections.named(conn_id) if conn_id else "contract alone",
        ),
    )


def _of_model(contract: Contract, registry_conn_id: str) -> Card:
    terms = models.terms(contract)
    registry = models.registry(registry_conn_id, reads=True)
    current = registry.current(terms.name)
    return model_card(
        contract,
        terms,
        registry.version(terms.name, current) if current else None,
        models.events(terms.name),
        readiness.gates(contract.table),
        rows.connections.named(registry_conn_id) if registry_conn_id else "the harness's registry",
    )
