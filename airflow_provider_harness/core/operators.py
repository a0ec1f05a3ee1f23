"""The harness's own operators and sensors: what a class's name, which Airflow gives, says of a task.

A class of somebody else's that bears one of these names is told by its module before (``adapters.airflow.api``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """A row of the table. Every one of them is idempotent: it publishes a slice exactly once, or only looks.

    :param writes: its ``table`` is one that it publishes; otherwise one that it reads or judges.
    :param moves: it moves rows, so it sets them aside, or lets them through to one that does.
    :param gate: its ``table`` is judged under its ``contract``.
    :param completeness: it looks for missing slices.
    :param source: its ``table`` is the source of the slice, with ``sql`` where it has one.
    :param guards: it judges rows before it publishes them or hands them on.
    :param looks: it waits in Airflow's triggerer until something is as it must be.
    :param places: where its gates stand, in words.
    :param leaves: the files that it hands on, in words, with ``{}`` for their folder; empty where it hands on none.
    """

    writes: bool = False
    moves: bool = False
    gate: bool = False
    completeness: bool = False
    source: bool = False
    guards: bool = False
    looks: bool = False
    places: tuple[str, ...] = ()
    leaves: str = ""

    @property
    def by_slice(self) -> bool:
        """Whether it works on one slice of a contract, which it takes from its run where it is given none."""
        return self.guards or self.gate or self.completeness or (self.looks and self.source)


_LOAD = Operator(writes=True, moves=True, gate=True, guards=True, places=("before the slice is published",))

#: name of the class -> what it does.
OPERATORS: Mapping[str, Operator] = {
    "PostgresExtractOperator": Operator(
        moves=True,
        source=True,
        guards=True,
        places=("in flight, before files get their names",),
        leaves="staged Parquet files",
    ),
    "PostgresLoadOperator": _LOAD,
    "PostgresTransferOperator": _LOAD,
    "BigQueryLoadOperator": _LOAD,
    "SQLTransformOperator": _LOAD,
    "FeatureTableOperator": replace(_LOAD, places=(*_LOAD.places, "before the online table is replaced")),
    "TrainingSetOperator": _LOAD,
    "IndexDocumentsOperator": replace(_LOAD, places=("before the index is served",)),
    "ValidateOperator": Operator(gate=True, places=("on what is there",)),
    "FineTuningSetOperator": Operator(
        guards=True,
        places=("in flight", "on the files, before they are published"),
        leaves="a set of examples in {}",
    ),
    "PromoteTableOperator": Operator(
        source=True,
        places=("on each proposal, in the sandbox; nothing is published",),
        leaves="a proposal for a person in {}",
    ),
    "SyntheticDataOperator": Operator(guards=True, places=("on the drawn rows, and before each table is published",)),
    "PromoteModelOperator": Operator(),
    "RollbackModelOperator": Operator(),
    "FreshnessSensor": Operator(source=True, looks=True),
    "ContractSensor": Operator(completeness=True, looks=True, places=("on what is published",)),
    "SchemaDriftSensor": Operator(looks=True),
    "DriftSensor": Operator(looks=True),
}

_STRANGER = Operator()


def is_ours(name: str) -> bool:
    """Whether an operator of this name is one of the harness's."""
    return name in OPERATORS


def operator_of(name: str) -> Operator:
    """What an operator does; nothing where it is somebody else's."""
    return OPERATORS.get(name, _STRANGER)
