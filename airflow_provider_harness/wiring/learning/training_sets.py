"""Training sets put together: the contracts of their features, the query of the connection's engine, the gates on
staged rows."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.core.contracts.contract import LoadMode
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.wiring import rows

if TYPE_CHECKING:
    from airflow_provider_harness.adapters.learning.point_in_time import Source
    from airflow_provider_harness.app.ports.rows import Published, Session
    from airflow_provider_harness.core.contracts.contract import Contract
    from airflow_provider_harness.core.contracts.learning.features import FeatureTable, FeatureUse, TrainingSet
    from airflow_provider_harness.core.contracts.report import CheckResult, Report
    from airflow_provider_harness.core.lineage.graph import ColumnEdge

log = logging.getLogger(__name__)


def training_set_of(contract: Contract) -> TrainingSet:
    """
    :raises ConfigurationError: the contract is of no training set.
    """
    if contract.training_set is None:
        fix = "Add harness.trainingSet to its customProperties: requests, time, features."
        raise ConfigurationError(
            f"contract {contract.id}", "does not say how a training set is made (harness.trainingSet).", fix=fix
        )
    return contract.training_set


def sources(contract: Contract) -> tuple[Source, ...]:
    """The feature tables of a training set, each in the version that it asks for.

    :raises ConfigurationError: one is no feature table, is of another version, or lacks a feature.
    """
    from airflow_provider_harness.adapters.contracts.file import file_of

    folder = Path(file_of(contract.place)).parent
    return tuple(_source(contract, use, folder) for use in training_set_of(contract).uses)


def _source(contract: Contract, use: FeatureUse, folder: Path) -> Source:
    from airflow_provider_harness.adapters.learning.point_in_time import Source

    other = rows.contracts.contract_of(str(folder / use.contract))
    known, here = other.features, f"contract {contract.id}: features of {use.contract}"
    if known is None:
        raise ConfigurationError(
            here, "do not exist: the contract has no harness.features.", fix="Name the contract of a feature table."
        )
    if known.version != use.version:
        fix = f"See what changed, write version: {known.version}, and raise the version of harness.trainingSet."
        raise ConfigurationError(
            here, f"have version {known.version}, but the contract asks for version {use.version}.", fix=fix
        )
    entity = dict(use.entity) or {name: name for name in known.entity}
    if entity.keys() != set(known.entity):
        fix = "Give each column of the entity a column of the requests."
        raise ConfigurationError(here, f"are found by {', '.join(entity)}.", valid=known.entity, fix=fix)
    if unknown := [name for name, _ in use.take if name not in known.features]:
        raise ConfigurationError(here, f"have no {', '.join(unknown)}.", valid=known.features, fix="Take one of these.")
    _known_by_then(here, known)
    return Source(table=other.table, contract=other, features=known, entity=tuple(entity.items()), take=use.take)


def _known_by_then(here: str, known: FeatureTable) -> None:
    """A value without a known-at counts as known since its event time; that is said, since late rows then leak
    unseen."""
    if not known.known_at:
        log.warning("%s have no knownAt: each counts as known since its %s, and late ones leak", here, known.event_time)


def query(contract: Contract, conn_id: str) -> str:
    """The training set's query in the words of a connection's engine; PostgreSQL looks up what it has an index for."""
    from airflow_provider_harness.adapters.learning import point_in_time
    from airflow_provider_harness.adapters.learning.indexes import fits, looked_up

    made, given, lookup = training_set_of(contract), sources(contract), dict[str, bool]()
    if not rows.connections.is_bigquery(conn_id):
        dsn = rows.connections.dsn(conn_id, f"harness transform {contract.table}")
        name = rows.connections.named(conn_id)
        fits(dsn, name, [_asked(contract, made, given), *(_taken(one) for one in given)])
        lookup = looked_up(dsn, name, given)
    return point_in_time.query(contract, made, given, rows.connections.dialect_of(conn_id), lookup=lookup)


def _asked(contract: Contract, made: TrainingSet, given: Sequence[Source]) -> tuple[str, Sequence[str], Sequence[str]]:
    """The table of requests, its columns that are needed, and those that are moments."""
    own = [name for name in contract.names if name not in made.taken]
    found_by = [theirs for one in given for _, theirs in one.entity]
    moments = [name for name in (made.time, made.label_known_at) if name]
    return made.requests, tuple(dict.fromkeys((*own, *found_by, *moments))), moments


def _taken(source: Source) -> tuple[str, Sequence[str], Sequence[str]]:
    """The same of a feature table."""
    known = source.features
    return source.table, known.columns, [name for name in (*known.times, known.valid_to) if name]


def publish(
    contract: Contract, key: str, sql: str, *, conn_id: str, end: str, **given: Any
) -> tuple[Published, Report]:
    """Make one slice of a training set, and publish it if everything holds.

    :param sql: as ``query`` gives it.
    :param given: see ``moves.transform``.
    """
    from airflow_provider_harness.wiring import moves

    piece = rows.slices.piece_of(contract, key, end)

    def more(session: Session) -> tuple[CheckResult, ...]:
        return _judged(session, contract, piece.id, conn_id)

    return moves.transform(contract, key, sql, conn_id=conn_id, end=end, more=more, **given)


def _judged(session: Session, contract: Contract, slice_id: str, conn_id: str) -> tuple[CheckResult, ...]:
    """What must hold of the staged rows of a training set beside the checks of its contract.

    :raises HarnessUnavailable: what was published before cannot be read, so nothing is published now.
    """
    from airflow_provider_harness.adapters.learning import training_gates as gates
    from airflow_provider_harness.core.learning import training_sets as core
    from airflow_provider_harness.core.learning.features import MODULUS, definition, fingerprint
    from airflow_provider_harness.wiring.gates import history
    from airflow_provider_harness.wiring.learning.features import as_defined

    made, dialect = training_set_of(contract), rows.connections.dialect_of(conn_id)
    known = [source.features for source in sources(contract)]
    ((staged,),) = session.asked("SELECT count(*) FROM ${table}")
    results = [as_defined(contract, conn_id, made.version, made)]
    if made.label_known_at:
        shown = gates.public(contract, [*gates.identity(contract, made), made.label_known_at])
        late = session.asked(gates.late_labels(contract, made, dialect, datetime.now(UTC)))
        results.append(core.labels(made, core.Named.of(late, shown), int(staged)))
    ((asked, answered),) = session.asked(gates.hashes(contract, made, dialect))
    now = core.Hashes(requests=(int(asked) + fingerprint(made, *known) + made.version) % MODULUS, rows=int(answered))
    mine = "" if contract.load.mode is LoadMode.FULL else slice_id
    same = definition(made.version)
    kept = history().published(contract.table, conn_id, mine, (core.REQUESTS, core.ROWS, same))
    before = core.Hashes(requests=int(kept[core.REQUESTS]), rows=int(kept[core.ROWS])) if same in kept else None
    found = core.Named(count=0)
    if before is not None and before.rows != now.rows and session.there():
        shown = gates.public(contract, gates.identity(contract, made))
        found = core.Named.of(session.asked(gates.changed(contract, made, dialect)), shown)
    return (*results, *core.reproducible(made, now, before, found, int(staged)))


def edges(contract: Contract, conn_id: str) -> tuple[ColumnEdge, ...]:
    """Which columns a training set's columns are made of, by its definition."""
    from airflow_provider_harness.core.learning import features as core

    made = training_set_of(contract)
    taken = [
        core.Taken(
            dataset=rows.connections.dataset(conn_id, one.table),
            features=one.features,
            entity=one.entity,
            take=one.take,
        )
        for one in sources(contract)
    ]
    own = [name for name in contract.names if name not in made.taken]
    return core.edges(made, own, rows.connections.dataset(conn_id, made.requests), taken)
