"""A fine-tuning set put together: rows of a table or of files, the steps, the gates, and the folder that is swapped."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.arrow.personal_data import treat
from airflow_provider_harness.adapters.duckdb.file_subject import streamed
from airflow_provider_harness.adapters.duckdb.in_flight import ArrowChecks
from airflow_provider_harness.adapters.learning.fine_tuning.set_files import SetFiles
from airflow_provider_harness.adapters.learning.fine_tuning.spool import DiskSpool
from airflow_provider_harness.adapters.learning.fine_tuning.tokens import counter_of
from airflow_provider_harness.adapters.learning.published import PublishedFolder
from airflow_provider_harness.adapters.learning.reference_shares import reference_shares
from airflow_provider_harness.adapters.postgres.source import PostgresSource
from airflow_provider_harness.adapters.postgres.subject import bound
from airflow_provider_harness.adapters.progress import Progress
from airflow_provider_harness.adapters.sql.checks import MASK
from airflow_provider_harness.adapters.sql.values import MOMENTS, family, kind_of
from airflow_provider_harness.app.learning.fine_tuning import Preparation, divided, gates, without_duplicates
from airflow_provider_harness.app.ports.fine_tuning import Prepared
from airflow_provider_harness.app.rows.gate import Gate
from airflow_provider_harness.core.contracts.contract import Contract, Treatment
from airflow_provider_harness.core.contracts.report import CheckResult, Decision, Report
from airflow_provider_harness.core.contracts.schema import Side, compare
from airflow_provider_harness.core.errors import ConfigurationError, ContractViolation, SchemaDrift
from airflow_provider_harness.core.learning.bias import MOST_GROUPS, BiasRule, distribution
from airflow_provider_harness.core.learning.cards import as_json, rendered
from airflow_provider_harness.core.learning.fine_tuning.card import card_of
from airflow_provider_harness.core.learning.fine_tuning.plan import FineTuning
from airflow_provider_harness.core.learning.results import judged
from airflow_provider_harness.core.redaction.personal_data import PERSONAL
from airflow_provider_harness.core.slices.gate_run import GateSite, Place
from airflow_provider_harness.wiring.gates import gate
from airflow_provider_harness.wiring.moves import hasher_of
from airflow_provider_harness.wiring.rows.connections import Cancel, dsn, is_bigquery, named
from airflow_provider_harness.wiring.rows.slices import piece_of

if TYPE_CHECKING:
    from airflow_provider_harness.core.diagnosis.failure import TryKey
    from airflow_provider_harness.core.slices.slices import Slice

WEIGHTS = "weights.json"
"""Who is in the set beside who should be, and a weight for each group."""
CARD, CARD_JSON = "README.md", "card.json"
"""The card's files; the first is where Hugging Face looks for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be made of what.

    :param sql: a query with the contract's columns, instead of the whole table.
    :param path: files instead of a table; empty for the table.
    :param folder: where the set is published.
    :param source: of the rows, as lineage names it.
    :param counter: see ``counter_of``.
    """

    contract: Contract
    key: str
    end: str
    conn_id: str
    sql: str
    path: str
    folder: str
    source: str
    plan: FineTuning
    counter: str
    task: TryKey
    bias: tuple[BiasRule, ...] = ()

    @property
    def watched(self) -> tuple[str, ...]:
        """The columns whose distribution is watched."""
        return tuple(dict.fromkeys(name for rule in self.bias for name in rule.columns))


def build(order: Order, running: list[Cancel]) -> tuple[dict[str, Any], Report]:
    """Make the set and publish it, if every gate passes; else what was published stays.

    :raises ContractViolation: a gate blocked.
    """
    contract, place = order.contract, f"task {order.task.task_id}"
    _reachable(place, order)
    _fits(place, contract, order)
    wanted = [rule.shares or _reference(order, rule) for rule in order.bias]
    piece, counter = piece_of(contract, order.key, order.end), counter_of(place, order.counter)
    site = GateSite(place=Place.FILE if order.path else Place.SOURCE, conn_id=order.conn_id, task=order.task)
    with gate(contract, piece, site) as here, tempfile.TemporaryDirectory(prefix="harness-") as folder:
        spool = DiskSpool(_made(folder, "spool"), Progress(None))
        preparation = Preparation(order.plan, contract, spool, counter, piece.end, order.watched)
        wrong = _read(order, piece, preparation, here, running)
        _stop(here, (*wrong, *preparation.results()))
        without_duplicates(order.plan, spool, preparation.counts)
        made = _made(folder, "set")
        files, tell = SetFiles(made, order.source, piece.id), Progress(None)
        fingerprint, groups = 0, [Counter[str]() for _ in order.bias]
        for number, (split, prepared) in enumerate(divided(order.plan, spool, files), 1):
            fingerprint += int(hashlib.sha256(f"{split} {prepared.digest}".encode()).hexdigest(), 16)
            _count(order, groups, prepared)
            tell("write", number)
        written = files.read_back(tuple(order.plan.splits.shares))
        _stop(here, gates(order.plan, written))
        distributions = [distribution(*found) for found in zip(order.bias, groups, wanted, strict=True)]
        report = _stop(here, tuple(one.result() for one in distributions))
        if distributions:
            told_weights = [one.as_dict() for one in distributions]
            (made / WEIGHTS).write_text(json.dumps(told_weights, indent=1, ensure_ascii=False), encoding="utf-8")
        splits = {
            name: {"examples": written.examples[name], "tokens": written.tokens[name]}
            for name in order.plan.splits.shares
        }
        told = {
            "contract": contract.id,
            "contract_version": contract.version,
            "source": order.source,
            "slice": piece.id,
            "rows": preparation.rows,
            "rules": order.plan.as_dict(),
            "counter": {"name": counter.name, "approximates": counter.approximates},
            "steps": preparation.counts.table(),
            "splits": splits,
            "fingerprint": f"{fingerprint % 2**256:064x}",
        }
        return _published(order, made, told, report), report


def _count(order: Order, groups: list[Counter[str]], prepared: Prepared) -> None:
    """Count the groups of an example.

    :raises ConfigurationError: there are more groups than anybody looks at.
    """
    for counted, rule in zip(groups, order.bias, strict=True):
        counted[rule.group(prepared.values)] += 1
        if len(counted) > MOST_GROUPS:
            raise ConfigurationError(
                f"task {order.task.task_id}, {rule.id}",
                f"has more than {MOST_GROUPS} groups.",
                fix="Name columns with fewer values, or a period.",
            )


def _published(order: Order, made: Path, told: dict[str, Any], report: Report) -> dict[str, Any]:
    """Swap the set in; the same rules and examples as those that are published leave it as it is."""
    folder = PublishedFolder(order.folder)
    before = folder.manifest()
    same = ("fingerprint", "rules", "counter", "contract", "contract_version", "slice")
    if before is not None and all(before.get(name) == told[name] for name in same):
        return {**before, "unchanged": True}
    at = datetime.now(UTC).isoformat(timespec="seconds")
    card = card_of(
        title=f"{order.contract.name}, slice {told['slice']}, for fine-tuning",
        source=order.source,
        task=f"{order.task.dag_id}.{order.task.task_id}",
        at=at,
        rules=told["rules"],
        steps=told["steps"],
        splits=told["splits"],
        results=report.results,
        counter=told["counter"]["name"],
        approximates=told["counter"]["approximates"],
    )
    (made / CARD).write_text(rendered(card), encoding="utf-8")
    (made / CARD_JSON).write_text(json.dumps(as_json(card), indent=1, ensure_ascii=False), encoding="utf-8")
    gates_told = [{"id": one.id, "passed": one.passed, "actual": one.actual} for one in report.results]
    return {**folder.publish(made, {**told, "at": at, "gates": gates_told}), "unchanged": False}


def _made(folder: str, name: str) -> Path:
    path = Path(folder) / name
    path.mkdir()
    return path


def _stop(here: Gate, results: tuple[CheckResult, ...]) -> Report:
    """The report with the results; it is kept, and a fault of any stops the set."""
    assert here.report is not None
    report = here.report = judged(here.report, results)
    if report.decision is not Decision.PUBLISH:
        raise ContractViolation(report)
    return report


def _read(
    order: Order, piece: Slice, preparation: Preparation, here: Gate, running: list[Cancel]
) -> tuple[CheckResult, ...]:
    """Take all rows once: the contract's checks measure them on their way, and the steps prepare them."""
    contract = order.contract
    gauge = ArrowChecks(contract, piece if contract.load.slice_column else None, at=piece.end)
    names = [name for name in contract.names if name in {*contract.key, *order.plan.shape.names, *order.watched}]
    with _rows(order, piece, running) as (batches, where, wrong, progress):
        for batch in batches:
            gauge.add(batch)
            preparation.take(batch.select(names).to_pylist())
            progress("prepare", preparation.rows)
    here.judge(gauge.finish(), where, gauge.left)
    return wrong


@contextmanager
def _rows(
    order: Order, piece: Slice, running: list[Cancel]
) -> Iterator[tuple[Iterator[Any], str, tuple[CheckResult, ...], Progress]]:
    """The batches of a slice with the contract's columns, treated as it says; and of which values nobody can make the type."""
    contract, hasher = order.contract, hasher_of(order.contract)
    if order.path:
        with streamed(order.path, contract, piece) as files:
            batches = files.batches
            if not files.staged:
                batches = (_masked(treat(batch, contract, hasher), contract) for batch in batches)
            yield batches, "files", files.mistyped, Progress(None)
        return
    sql = bound(order.sql, piece, contract) if "%(slice_" in order.sql else order.sql
    name = f"harness fine-tuning {contract.table}"
    database = PostgresSource(
        dsn(order.conn_id, name), table=contract.table, sql=sql, hasher=hasher, name=named(order.conn_id)
    )
    with database as source:
        running.append(source.cancel)
        drift = compare(contract, source.schema(), Side.SOURCE)
        if drift.blocking:
            raise SchemaDrift(drift)
        progress = Progress(source.estimate(contract, piece))
        yield source.batches(contract, piece), f"source {drift.table}", (), progress


def _masked(batch: Any, contract: Contract) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    for place, column in enumerate(contract.columns):
        if column.treatment is Treatment.MASK:
            values = pc.if_else(batch.column(place).is_valid(), MASK, pa.scalar(None, pa.string()))
            batch = batch.set_column(place, batch.schema.field(place), values)
    return batch


def _reference(order: Order, rule: BiasRule) -> dict[str, float]:
    """The rows of each group of a rule's table."""
    if not order.conn_id:
        raise ConfigurationError(
            f"task {order.task.task_id}, {rule.id}",
            f"has the reference {rule.table}, and the task has no conn_id to read it.",
            fix="Give the shares themselves: {'north': 0.5, 'south': 0.5}.",
        )
    return reference_shares(rule, dsn(order.conn_id, "harness bias"), named(order.conn_id))


def _reachable(place: str, order: Order) -> None:
    """Ask before an hour of work whether there is a place for what is made of it.

    :raises ConfigurationError: the source is in BigQuery, or nobody knows the folder's kind of storage.
    """
    if order.conn_id and is_bigquery(order.conn_id):
        raise ConfigurationError(
            place,
            f"reads connection {order.conn_id}, which leads to BigQuery.",
            valid=("conn_id of a PostgreSQL", "path"),
            fix="Export the slice (EXPORT DATA OPTIONS (uri='gs://.../*.parquet', format='PARQUET') AS SELECT ...), and give its folder as path.",
        )
    try:
        PublishedFolder(order.folder).manifest()
    except ValueError as error:
        fix = "Give a URI of an object storage whose provider is installed, or file:///an/absolute/path."
        raise ConfigurationError(place, f"has folder={order.folder!r}: {error}.", fix=fix) from error


def _fits(place: str, contract: Contract, order: Order) -> None:
    """
    :raises ConfigurationError: the set needs a column that the contract does not have, or not as a value.
    """
    shape = order.plan.shape
    for name in (*shape.names, *order.watched):
        if name not in contract.names:
            raise ConfigurationError(
                place, f"names column {name!r}, which {contract.id} does not have.", valid=contract.names
            )
    for name in order.watched:
        if contract.column(name).classification.lower() in PERSONAL:
            raise ConfigurationError(
                place,
                f"watches the distribution of {name}, which is personal data: its values would stand in {WEIGHTS}.",
                fix="Watch a column that is not about one person, such as a region.",
            )
    for name in shape.columns.values():
        if contract.column(name).treatment is not Treatment.KEEP:
            raise ConfigurationError(
                place,
                f"takes text from {name}, whose values the contract says to {contract.column(name).treatment}.",
                fix="Take another column, or let the contract keep this one.",
            )
    if shape.labelled_at and family(kind_of(contract, shape.labelled_at)) not in MOMENTS:
        raise ConfigurationError(
            place, f"has labelled_at={shape.labelled_at!r}, which is neither a date nor a timestamp."
        )
