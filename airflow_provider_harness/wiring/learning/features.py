"""Features put together: the offline table, the online table from the same definition, and what serving reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.wiring import rows

if TYPE_CHECKING:
    from airflow_provider_harness.app.ports.rows import Published, Session
    from airflow_provider_harness.core.contracts.contract import Contract
    from airflow_provider_harness.core.contracts.learning.features import FeatureTable, TrainingSet
    from airflow_provider_harness.core.contracts.report import CheckResult, Report
    from airflow_provider_harness.core.learning.features import Online
    from airflow_provider_harness.core.learning.registry import Registered


def features_of(contract: Contract) -> FeatureTable:
    """
    :raises ConfigurationError: the contract is of no feature table.
    """
    if contract.features is None:
        fix = "Add harness.features to its customProperties: version, entity, eventTime, knownAt."
        raise ConfigurationError(f"contract {contract.id}", "defines no features.", fix=fix)
    return contract.features


def publish(contract: Contract, key: str, sql: str, *, conn_id: str, **given: Any) -> tuple[Published, Report]:
    """Publish one slice of a feature table, if its version means what it meant.

    :param given: see ``moves.transform``.
    """
    from airflow_provider_harness.wiring import moves

    known = features_of(contract)

    def more(session: Session) -> tuple[CheckResult, ...]:
        return (as_defined(contract, conn_id, known.version, known),)

    return moves.transform(contract, key, sql, conn_id=conn_id, more=more, **given)


def as_defined(contract: Contract, conn_id: str, version: int, *definitions: FeatureTable | TrainingSet) -> CheckResult:
    """That a version of a definition is the one that was published.

    :raises HarnessUnavailable: what was published cannot be read.
    """
    from airflow_provider_harness.core.learning import features as core
    from airflow_provider_harness.wiring.gates import history

    before = history().kept(contract.table, conn_id, core.definition(version))
    return core.as_defined(version, core.fingerprint(*definitions), before)


def publish_online(contract: Contract, key: str, *, conn_id: str, **given: Any) -> tuple[Published, Report]:
    """Replace the online table by what is newest in the feature table, if both are the same then."""
    from airflow_provider_harness.adapters.learning import online, point_in_time
    from airflow_provider_harness.wiring import moves

    known, dialect = features_of(contract), rows.connections.dialect_of(conn_id)
    now = point_in_time.Words(dialect).moment(datetime.now(UTC))
    sql = point_in_time.newest(contract, known, dialect, now)
    return moves.transform(online.online(contract, known), key, sql, conn_id=conn_id, **given)


def serve(
    path: str, conn_id: str, entities: Sequence[Mapping[str, Any]], at: datetime, table: str = ""
) -> list[Online]:
    """What is known online of each entity, in their order."""
    from airflow_provider_harness.adapters.learning import online
    from airflow_provider_harness.core.learning.features import served

    contract = rows.contracts.contract_of(path, table)
    known = features_of(contract)
    if not known.online:
        fix = "Add online: schema.table to harness.features; FeatureTableOperator fills it."
        raise ConfigurationError(f"contract {contract.id}", "has no online table.", fix=fix)
    keys = [_key(known, entity) for entity in entities]
    if not keys:
        return []
    with rows.connections.reachable(conn_id):
        found = online.rows(
            rows.connections.dsn(conn_id, "harness online features"),
            rows.connections.named(conn_id),
            contract,
            known,
            keys,
        )
    return [served(known, found.get(place), at) for place in range(len(keys))]


def _key(known: FeatureTable, entity: Mapping[str, Any]) -> tuple[Any, ...]:
    if lacking := [name for name in known.entity if name not in entity]:
        fix = f"Give each entity as a mapping of {', '.join(known.entity)}."
        raise ConfigurationError("entities", f"lack {', '.join(lacking)}.", valid=known.entity, fix=fix)
    for name in known.entity:
        if isinstance(entity[name], list | tuple | set | dict):
            raise ConfigurationError("entities", f"has {name}={entity[name]!r}.", fix="Give one value of the column.")
    return tuple(entity[name] for name in known.entity)


def registry() -> list[Registered]:
    """Every version of every feature table that was published, and what took it."""
    from airflow_provider_harness.adapters.store.pages.contracts import SqlContracts
    from airflow_provider_harness.adapters.store.rows.gate_history import SqlGates
    from airflow_provider_harness.core.learning.features import DEFINITION
    from airflow_provider_harness.core.learning.registry import registered
    from airflow_provider_harness.wiring.store import store_engine

    return registered(SqlContracts(store_engine).learning(), SqlGates(store_engine).published_by(DEFINITION))
