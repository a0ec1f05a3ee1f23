"""Which columns a task's columns are made of, by its query and the contracts that are known; no database is asked."""

from __future__ import annotations

from collections.abc import Mapping
from posixpath import dirname, join, normpath

from airflow_provider_harness.adapters.dags.statements import plain
from airflow_provider_harness.adapters.lineage import sql as lineage
from airflow_provider_harness.app.authoring.model import Query, Task
from airflow_provider_harness.app.authoring.rules.kinds import OUT_OF, connection
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.learning.features import TrainingSet
from airflow_provider_harness.core.contracts.schema import Schema, SchemaColumn
from airflow_provider_harness.core.learning.features import Taken
from airflow_provider_harness.core.learning.features import edges as learned
from airflow_provider_harness.core.lineage.graph import ColumnEdge, Dataset, identity_edges, masked

_COPIES = ("PostgresExtractOperator", "PostgresLoadOperator", "BigQueryLoadOperator", "PostgresTransferOperator")


def edges(
    task: Task, queries: tuple[Query, ...], contract: Contract, known: Mapping[str, Contract]
) -> tuple[ColumnEdge, ...]:
    """The edges into the columns of a task's table; empty where they are not known for sure."""
    place = connection(task, OUT_OF)
    if contract.training_set is not None and task.kind == "TrainingSetOperator":
        return _learned(place, contract, contract.training_set, known)
    if queries and task.kind in (*_COPIES, "SQLTransformOperator", "FeatureTableOperator"):
        text = plain(queries[0].text)
        found = lineage.edges(
            text,
            _schemas(text, known),
            lambda table: Dataset(namespace=place, name=table),
            queries[0].dialect or "postgres",
        )
        return masked(found, contract.treated)
    if task.kind in _COPIES:
        table = str(task.arg("source_table") or contract.table) if "staged" not in task.args else "staged files"
        return masked(identity_edges(Dataset(namespace=place, name=table), contract.names), contract.treated)
    return ()


def _schemas(text: str, known: Mapping[str, Contract]) -> dict[str, Schema | None]:
    """The columns of the tables that a query reads, where a contract says them."""
    found: dict[str, Schema | None] = {}
    for table in lineage.tables(text):
        contract = known.get(table.lower().removeprefix("public."))
        found[table] = _schema(contract) if contract is not None else None
    return found


def _schema(contract: Contract) -> Schema:
    names = (*contract.names, *contract.dropped)
    types = {column.name: column.physical_type for column in contract.columns}
    return Schema(
        table=contract.table,
        columns=tuple(
            SchemaColumn(name=name, type=types.get(name, "text"), position=n) for n, name in enumerate(names, start=1)
        ),
    )


def _learned(
    place: str, contract: Contract, made: TrainingSet, known: Mapping[str, Contract]
) -> tuple[ColumnEdge, ...]:
    """The edges of a training set, as far as the contracts of its features are known."""
    files = {normpath(one.place): one for one in known.values() if one.features is not None}
    taken = []
    for use in made.uses:
        other = files.get(normpath(join(dirname(contract.place), use.contract)))
        if other is not None and other.features is not None:
            entity = use.entity or tuple((name, name) for name in other.features.entity)
            there = Dataset(namespace=place, name=other.table)
            taken.append(Taken(dataset=there, features=other.features, entity=entity, take=use.take))
    own = [name for name in contract.names if name not in made.taken]
    return learned(made, own, Dataset(namespace=place, name=made.requests), taken)
