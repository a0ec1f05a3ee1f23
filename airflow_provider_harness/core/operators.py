"""The harness's own operators and sensors: what a class's name, which Airflow gives, says of a task.

A class of somebody else's that bears one of these names is told by its module before (``adapters.airflow.api``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """A row of the table. Every one of them is idempotent: it publishes a slice exactly once, or only looks.

    :param writes: its ``table`` is one that it publishes; otherwise one that it reads or judges.
    :param moves: it moves rows, so it sets them aside, or lets them through to one that does.
    :param gate: its ``table`` is judged under its ``contract``.
    :param completeness: it looks for missing slices.
    :param source: its ``table`` is the source of the slice, with ``sql`` where it has one.
    """

    writes: bool = False
    moves: bool = False
    gate: bool = False
    completeness: bool = False
    source: bool = False


#: name of the class -> what it does.
OPERATORS: Mapping[str, Operator] = {
    "PostgresExtractOperator": Operator(moves=True, source=True),
    "PostgresLoadOperator": Operator(writes=True, moves=True, gate=True),
    "PostgresTransferOperator": Operator(writes=True, moves=True, gate=True),
    "BigQueryLoadOperator": Operator(writes=True, moves=True, gate=True),
    "SQLTransformOperator": Operator(writes=True, moves=True, gate=True),
    "FeatureTableOperator": Operator(writes=True, moves=True, gate=True),
    "TrainingSetOperator": Operator(writes=True, moves=True, gate=True),
    "IndexDocumentsOperator": Operator(writes=True, moves=True, gate=True),
    "ValidateOperator": Operator(gate=True),
    "FineTuningSetOperator": Operator(),
    "PromoteTableOperator": Operator(source=True),
    "SyntheticDataOperator": Operator(),
    "PromoteModelOperator": Operator(),
    "RollbackModelOperator": Operator(),
    "FreshnessSensor": Operator(source=True),
    "ContractSensor": Operator(completeness=True),
    "SchemaDriftSensor": Operator(),
    "DriftSensor": Operator(),
}

_STRANGER = Operator()


def is_ours(name: str) -> bool:
    """Whether an operator of this name is one of the harness's."""
    return name in OPERATORS


def operator_of(name: str) -> Operator:
    """What an operator does; nothing where it is somebody else's."""
    return OPERATORS.get(name, _STRANGER)
