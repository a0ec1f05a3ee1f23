"""Synthetic tables put together: samples in, gates, and tables, contracts and a report out."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.arrow.parquet_stage import ParquetStage
from airflow_provider_harness.adapters.learning.published import PublishedFolder
from airflow_provider_harness.adapters.learning.synthetic import page
from airflow_provider_harness.adapters.learning.synthetic.making import Parent, Table, Values, enough
from airflow_provider_harness.adapters.learning.synthetic.sample import (
    MOST_CHILDREN,
    Link,
    followable,
    links,
    of_synthetic,
    readable,
    sampled,
)
from airflow_provider_harness.adapters.learning.synthetic.target import mark, marked_contract, refuse_other
from airflow_provider_harness.adapters.postgres.source import PostgresSource
from airflow_provider_harness.adapters.postgres.warehouse import PostgresWarehouse
from airflow_provider_harness.adapters.progress import Progress
from airflow_provider_harness.core.contracts.report import Decision, Report
from airflow_provider_harness.core.contracts.schema import Side, compare
from airflow_provider_harness.core.errors import ConfigurationError, ContractViolation, MissingExtra, SchemaDrift
from airflow_provider_harness.core.learning.results import judged
from airflow_provider_harness.core.learning.synthetic import MARK, Tolerances
from airflow_provider_harness.wiring import moves
from airflow_provider_harness.wiring.rows.connections import Cancel, dsn, named
from airflow_provider_harness.wiring.rows.slices import piece_of

if TYPE_CHECKING:
    from airflow_provider_harness.core.contracts.contract import Contract
    from airflow_provider_harness.core.diagnosis.failure import TryKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be made.

    :param tables: contract of a real table, and its synthetic one; a table comes after those that it refers to.
    :param rows: of each table that refers to none; None for as many as were sampled.
    :param sample_rows: rows of such a table that are learned from.
    :param folder: of the report and the contracts.
    """

    tables: Sequence[tuple[Contract, str]]
    key: str
    end: str
    conn_id: str
    folder: str
    rows: int | None
    sample_rows: int
    tolerances: Tolerances
    seed: int
    run: str
    task: TryKey


def build(order: Order, running: list[Cancel]) -> tuple[dict[str, Any], Report]:
    """Make the tables and publish them, parents first, once every gate of every table has passed.

    :raises ContractViolation: a gate blocked; nothing was published, and ``<folder>/refused`` has the report.
    :raises MissingExtra: the extra ``training`` is not installed.
    """
    try:
        import_module("scipy")
    except ModuleNotFoundError as error:
        raise MissingExtra("synthetic data", "training") from error
    followable([contract for contract, _ in order.tables])
    url, targets = dsn(order.conn_id, "harness synthetic data"), {one.table: target for one, target in order.tables}
    for target in targets.values():
        refuse_other(url, named(order.conn_id), target)
    root = order.tables[0][0]
    report = Report(
        contract=root.id,
        contract_version=root.version,
        table=order.tables[0][1],
        slice="",
        where="synthetic rows",
        rows=0,
        malformed=0,
        decision=Decision.PUBLISH,
        results=(),
    )
    samples = _samples(order, url, running)
    report = judged(report, [enough(contract, samples[contract.table]) for contract, _ in order.tables])
    if report.decision is not Decision.PUBLISH:
        raise ContractViolation(report)
    with tempfile.TemporaryDirectory(prefix="harness-") as folder:
        tables = _drawn(order, samples, targets, Path(folder))
        results = [result for table in tables for result in table.results(order.tolerances)]
        report = replace(judged(report, results), rows=sum(table.rows for table in tables))
        return _published(order, tables, report, targets, Path(folder), running), report


def _samples(order: Order, url: str, running: list[Cancel]) -> dict[str, Values]:
    """The sample of each table: of the rows that refer to sampled rows, where it refers to a table of the set."""
    samples: dict[str, Values] = {}
    asked: dict[str, str] = {}
    for contract, _ in order.tables:
        refers = links(contract, tuple(asked))
        first = refers[0] if refers else None
        asked[contract.table] = sampled(
            contract, order.seed, order.sample_rows, first, asked.get(first.table, "") if first else ""
        )
        samples[contract.table] = _read(order, contract, asked[contract.table], url, running)
        rows = len(samples[contract.table][contract.names[0]])
        if first and rows >= order.sample_rows * MOST_CHILDREN:
            raise ConfigurationError(
                f"task {order.task.task_id}",
                f"samples {order.sample_rows} rows of {first.table}, to which {rows} rows and more of {contract.table} refer.",
                fix="Give fewer sample_rows: all rows that refer to a sampled one are read.",
            )
    return samples


def _read(order: Order, contract: Contract, sql: str, url: str, running: list[Cancel]) -> Values:
    read = readable(contract)
    values: dict[str, list[Any]] = {name: [] for name in contract.names}
    with PostgresSource(url, sql=sql, name=named(order.conn_id)) as source:
        running.append(source.cancel)
        drift = compare(read, source.schema(), Side.SOURCE)
        if drift.blocking:
            raise SchemaDrift(drift)
        for batch in source.batches(read, piece_of(read, order.key, order.end)):
            for name in values:
                values[name] += batch.column(batch.schema.get_field_index(name)).to_pylist()
    return values


def _drawn(order: Order, samples: dict[str, Values], targets: dict[str, str], folder: Path) -> list[Table]:
    """Learn and draw each table; its rows wait as staged files."""
    parents: dict[str, Parent] = {}
    tables = []
    for contract, target in order.tables:
        refers = tuple(link for link in links(contract, tuple(parents)) if _single(link, parents))
        values = samples[contract.table]
        table = Table(contract, target, values, refers, parents, order.seed)
        made = of_synthetic(contract, target, table.drawn, targets)
        writer, progress = ParquetStage(_stage(folder, target)).writer(made), Progress(None)
        for batch in table.batches(order.rows or table.sampled):
            writer.write(batch)
            progress(f"draw {target}", table.rows)
        writer.seal(made, piece_of(made, order.key, order.end), "synthetic")
        tables.append(table)
        if (parent := table.as_parent()) is not None:
            parents[contract.table] = parent
    return tables


def _single(link: Link, parents: dict[str, Parent]) -> bool:
    """Whether a reference is to the key of its table."""
    return parents[link.table].contract.key == (link.to,)


def _stage(folder: Path, target: str) -> str:
    return f"file://{folder}/{target}"


def _published(
    order: Order, tables: Sequence[Table], report: Report, targets: dict[str, str], folder: Path, running: list[Cancel]
) -> dict[str, Any]:
    """Write the report; load the tables, parents first, where every gate passed."""
    made = folder / "report"
    made.mkdir()
    at = datetime.now(UTC).isoformat(timespec="seconds")
    told = {
        "synthetic": True,
        "at": at,
        "seed": order.seed,
        "tables": {
            one.target: {"rows": one.rows, "like": one.contract.table, "sampled": one.sampled} for one in tables
        },
    }
    title = f"{MARK} like {', '.join(one.contract.table for one in tables)}"
    page.write(made, title, [one.shown() for one in tables], report.results, told)
    if report.decision is not Decision.PUBLISH:
        PublishedFolder(f"{order.folder.rstrip('/')}/refused").publish(made, told)
        raise ContractViolation(report)
    for one in tables:
        contract = of_synthetic(one.contract, one.target, one.drawn, targets)
        _mark(order, contract, f"{contract.description} Seed {order.seed}, {at}.")
        moves.load(
            contract,
            order.key,
            conn_id=order.conn_id,
            folder=_stage(folder, one.target),
            run=order.run,
            task=order.task,
            running=running,
            end=order.end,
        )
        (made / f"{one.target}.odcs.yaml").write_text(
            marked_contract(one.contract.place, one.contract.table, one.target)
        )
    return PublishedFolder(order.folder).publish(made, told)


def _mark(order: Order, contract: Contract, comment: str) -> None:
    """Let the table be there and say what it is, before it has a row."""
    name = f"harness load {contract.table}"
    warehouse = PostgresWarehouse(dsn(order.conn_id, name), name=named(order.conn_id))
    with warehouse.slice(contract, piece_of(contract, order.key, order.end)) as target:
        target.create()
    mark(dsn(order.conn_id, name), named(order.conn_id), contract.table, comment)
