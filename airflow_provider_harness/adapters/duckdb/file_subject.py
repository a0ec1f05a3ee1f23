"""Files that a gate looks at: Parquet, CSV and JSON on any Airflow object storage, read by DuckDB where they are."""

from __future__ import annotations

import logging
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.arrow.parquet_stage import MANIFEST, ParquetStage
from airflow_provider_harness.adapters.duckdb import measure as duck_measure
from airflow_provider_harness.adapters.duckdb import texts as duck_texts
from airflow_provider_harness.adapters.duckdb.measure import limited
from airflow_provider_harness.adapters.duckdb.raw_files import Files, Shape, opener
from airflow_provider_harness.adapters.gx import suite as gx
from airflow_provider_harness.adapters.gx.data_docs import folder_of
from airflow_provider_harness.adapters.gx.split import Engine, shared
from airflow_provider_harness.adapters.sql import checks as sql_checks
from airflow_provider_harness.adapters.sql.checks import column, ident, literal, parts
from airflow_provider_harness.adapters.sql.types import arrow_schema, base, carried_type
from airflow_provider_harness.adapters.sql.values import Family, family
from airflow_provider_harness.adapters.sql.whole import reads_whole
from airflow_provider_harness.app.rows.move import reconcile
from airflow_provider_harness.app.rows.staged import refuse_other
from airflow_provider_harness.core.contracts.checks import Check, CheckKind
from airflow_provider_harness.core.contracts.contract import Column, Contract, LoadMode
from airflow_provider_harness.core.contracts.report import CheckResult, Measurement, Measurements, judge_one
from airflow_provider_harness.core.contracts.schema import Schema, SchemaColumn, Side, canonical, compare, fits
from airflow_provider_harness.core.errors import ConfigurationError, SchemaDrift
from airflow_provider_harness.core.slices.slices import Slice

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

log = logging.getLogger(__name__)

MEMORY = "500MB"
"""What DuckDB may use before it spills to disk."""
STREAMED_MEMORY, BATCH_ROWS = "200MB", 8_192
"""The same where rows only pass by, and how many of them at once."""
TYPED = ".parquet"
SUFFIXES: Mapping[str, str] = {
    ".parquet": TYPED,
    ".csv": ".csv",
    ".csv.gz": ".csv",
    ".tsv": ".csv",
    ".tsv.gz": ".csv",
    ".json": ".json",
    ".jsonl": ".json",
    ".ndjson": ".json",
    ".json.gz": ".json",
    ".jsonl.gz": ".json",
}
"""End of a file's name -> its format."""
CATALOG: Mapping[str, str] = {
    "TINYINT": "smallint",
    "UTINYINT": "smallint",
    "USMALLINT": "integer",
    "UINTEGER": "bigint",
    "UBIGINT": "numeric(20,0)",
    "HUGEINT": "numeric(38,0)",
    "FLOAT": "real",
    "DOUBLE": "double precision",
    "VARCHAR": "text",
    "BLOB": "bytea",
    "TIMESTAMP_S": "timestamp without time zone",
    "TIMESTAMP_MS": "timestamp without time zone",
    "TIMESTAMP_NS": "timestamp without time zone",
    "TIMESTAMPTZ_NS": "timestamp with time zone",
}
"""DuckDB's name of a type -> PostgreSQL's, where ``core.contracts.schema`` does not know it."""
NOTHING = '"NULL"'
"""DuckDB's type of a column without a value, which is of any type."""


_SLICE_ONLY = (
    "it looks at the whole table {table}, and these files are one slice of it. The gate of a load measures it; once they are "
    "loaded, validate the table: give ValidateOperator table={table!r} and its conn_id, and no path"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The files of one delivery.

    :param form: a value of ``SUFFIXES``.
    :param promised: rows by the manifest; None where there is none.
    """

    files: tuple[str, ...]
    form: str
    filesystem: Any
    promised: int | None = None


class FileRows:
    """Implements ``app.ports.rows.RowsUnderTest``. What text files hold is first told by its form: a value that is not of its
    column's type fails the check ``type:COLUMN``, and counts as null for the others.

    :param path: a file, or a folder of files of one format; a folder with a manifest is held to it.
    :param columns_of: gives columns of a table that checks refer to; None: such checks cannot be run.
    :param docs: where Great Expectations' Data Docs go; empty for none.
    """

    where = "files"

    def __init__(
        self,
        path: str,
        *,
        engine: Engine = Engine.SQL,
        columns_of: Callable[[str, Sequence[str]], pa.Table] | None = None,
        docs: str = "",
    ) -> None:
        self._path, self._engine, self._columns_of, self._docs = path, engine, columns_of, docs

    def measure(self, contract: Contract, piece: Slice) -> tuple[Measurements, tuple[CheckResult, ...]]:
        """All checks of the contract on all rows of the files; what is of another slice fails ``in_slice``."""
        import duckdb

        found = find(self._path, contract, piece)
        folder = tempfile.mkdtemp(prefix="harness-")
        config: dict[str, Any] = {"memory_limit": MEMORY, "temp_directory": folder}
        try:
            with duckdb.connect(":memory:", config=config) as connection:
                return self._measure(connection, contract, piece, found)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _measure(
        self, connection: duckdb.DuckDBPyConnection, contract: Contract, piece: Slice, found: Found
    ) -> tuple[Measurements, tuple[CheckResult, ...]]:
        connection.execute(f"SET TimeZone = {literal(contract.load.time_zone)}")
        if found.filesystem is not None:
            connection.register_filesystem(found.filesystem)
        with limited(connection, "the opening of a delivery", "divide it into several"):
            self._refer(connection, contract)
            files = _open(connection, contract, found)
        _closed(connection, found)
        rows = sql_checks.Rows(relation="rows", piece=piece if contract.load.slice_column else None, at=piece.end)
        docs = folder_of(self._docs, contract.table, piece.id)

        def by_sql(ours: Contract) -> Measurements:
            beyond = {c.id for c in ours.checks if reads_whole(c, contract) and contract.load.mode is not LoadMode.FULL}
            carried = [replace(c, type=carried_type(c.type) or c.type) for c in ours.checks if c.id not in beyond]
            found = duck_measure.measure(connection, replace(ours, checks=tuple(carried)), rows)
            why = _SLICE_ONLY.format(table=contract.table)
            unable = dict.fromkeys(beyond, Measurement(value=None, error=why))
            return replace(found, values={**found.values, **unable})

        def by_expectations(theirs: Sequence[Check]) -> Measurements:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message="The inplace keyword")  # DuckDB's own use of pandas
                frame = connection.sql("SELECT * FROM rows").df()
            return gx.measure_frame(frame, contract, rows, theirs, docs)

        measured = shared(contract, by_sql, by_expectations, self._engine, frame=True)
        with limited(connection, "the count of values of a wrong type", "divide the delivery into several"):
            more = _mistyped(files, contract, measured.rows, staged=found.promised is not None)
        if found.promised is not None:
            more += (reconcile("staged", found.promised, measured.rows),)
        return measured, more

    def _refer(self, connection: duckdb.DuckDBPyConnection, contract: Contract) -> None:
        """The tables that checks refer to, as far as they can be had."""
        wanted: dict[str, dict[str, None]] = {}
        for other in (check.reference for check in contract.checks if check.reference):
            named = (*other.columns, *other.measures, *filter(None, (other.slice_column,)))
            wanted.setdefault(other.table, {}).update(dict.fromkeys(named))
        for number, (table, names) in enumerate(wanted.items()):
            if self._columns_of is None:
                return
            home, _ = parts(table)
            if home:
                connection.execute(f"CREATE SCHEMA IF NOT EXISTS {column(home)}")
            connection.register(f"incoming{number}", self._columns_of(table, tuple(names)))
            connection.execute(f"CREATE TABLE {ident(table)} AS SELECT * FROM incoming{number}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Streamed:
    """The rows of files as they pass by.

    :param batches: with the contract's columns and types.
    :param mistyped: which values are not of their column's type; they are null in the batches.
    :param staged: the files are an extract's own, so they left the source treated.
    """

    batches: Iterator[pa.RecordBatch]
    mistyped: tuple[CheckResult, ...]
    staged: bool


@contextmanager
def streamed(path: str, contract: Contract, piece: Slice) -> Iterator[Streamed]:
    """The rows of files, a batch at a time.

    :param path: see ``FileRows``.
    """
    import duckdb

    found = find(path, contract, piece)
    with tempfile.TemporaryDirectory(prefix="harness-") as folder:
        config: dict[str, Any] = {"memory_limit": STREAMED_MEMORY, "temp_directory": folder, "threads": 1}
        with duckdb.connect(f"{folder}/rows.duckdb", config=config) as connection:
            connection.execute(f"SET TimeZone = {literal(contract.load.time_zone)}")
            if found.filesystem is not None:
                connection.register_filesystem(found.filesystem)
            files = _open(connection, contract, found)
            counted = connection.sql("SELECT count(*) FROM rows").fetchall()
            staged = found.promised is not None
            wrong = _mistyped(files, contract, int(counted[0][0]), staged=staged)
            reader: Any = connection.sql("SELECT * FROM rows").to_arrow_reader(BATCH_ROWS)
            yield Streamed(
                batches=(batch.cast(arrow_schema(contract)) for batch in reader), mistyped=wrong, staged=staged
            )


def find(path: str, contract: Contract, piece: Slice) -> Found:
    """The files under a path.

    :raises FileNotFoundError: there is none; it may come, so another try makes sense.
    """
    from airflow.sdk import ObjectStoragePath

    place: Any = ObjectStoragePath(path if "://" in path else f"file://{path}")
    local = place.protocol in ("", "file", "local")
    if not place.exists():
        raise FileNotFoundError(f"{path} does not exist")
    promised, parts = None, [place]
    if place.is_dir():
        parts = sorted((part for part in place.iterdir() if _form(part.name)), key=lambda part: str(part.name))
        if (place / MANIFEST).exists():
            stage = ParquetStage(path)
            manifest = stage.manifest()
            refuse_other(manifest, contract, piece)
            stage.verify(manifest)
            promised, parts = manifest.rows, [place / name for name in sorted(manifest.files)]
        else:
            _flat(path, place)
    forms = {_form(part.name) for part in parts}
    if not parts:
        raise FileNotFoundError(f"{path} holds no file of a known format ({', '.join(SUFFIXES)})")
    if len(forms) > 1 or "" in forms:
        raise ConfigurationError(f"path {path}", "is not of one known format.", valid=tuple(SUFFIXES))
    files = tuple(part.path if local else f"{part.protocol}://{part.path}" for part in parts)
    return Found(files=files, form=forms.pop(), filesystem=None if local else place.fs, promised=promised)


def _flat(path: str, place: Any) -> None:
    """
    :raises ConfigurationError: data lie in folders below this one, where nobody would look at them.
    """
    home = str(place.path).strip("/")
    names = [str(name).strip("/").removeprefix(f"{home}/") for name in place.fs.find(place.path)]
    below = sorted(name for name in names if "/" in name and _form(name))
    if below:
        raise ConfigurationError(
            f"path {path}",
            f"has {len(below)} file(s) in folders of its own, which are not looked at: {', '.join(below[:3])}.",
            fix="Give one folder that holds the files themselves, or a task for each folder (expand).",
        )
    if others := sorted(name for name in names if "/" not in name and not _form(name) and name[0] not in "._"):
        log.warning("Skipped, because their names have no known format: %s", ", ".join(others))


def _closed(connection: duckdb.DuckDBPyConnection, found: Found) -> None:
    """What a check's query cannot reach from here on: files but those of the delivery, networks, extensions, settings."""
    connection.execute(f"SET allowed_paths = [{', '.join(map(literal, found.files))}]")
    for setting in ("enable_external_access = false", "lock_configuration = true"):
        connection.execute(f"SET {setting}")


def _form(name: str) -> str:
    return next((form for end, form in SUFFIXES.items() if name.lower().endswith(end)), "")


def _open(connection: duckdb.DuckDBPyConnection, contract: Contract, found: Found) -> Files:
    """The files as the view ``rows`` with the contract's columns and types, and as ``raw`` before that.

    :raises MalformedFile: some cannot be read; each with its line.
    :raises SchemaDrift: one of them lacks a column, or has another type.
    """
    files = Files(connection=connection, form=found.form, files=found.files, opened=opener(found.filesystem))
    for shape in files.look(contract.names):
        _same_columns(contract, shape)
    decimals = [c.name for c in contract.columns if family(canonical(c.physical_type)) is Family.DECIMAL]
    files.read(contract.names, decimals)
    typed = ", ".join(f"{_value(col, files)} AS {column(col.name)}" for col in contract.columns)
    connection.execute(f"CREATE VIEW rows AS SELECT {typed} FROM raw")
    return files


def _value(col: Column, files: Files) -> str:
    """A column in the contract's type; a document that a Parquet file has as a struct, list or map stays one. A Parquet file's
    own statistics leave NaN out, and DuckDB answers by them what it can, so binary numbers are worked out from the values."""
    kind = family(canonical(col.physical_type))
    if kind is Family.JSON and any(_nested(shape.columns.get(col.name, "")) for shape in files.shapes.values()):
        return column(col.name)
    cast = duck_texts.cast(col, text=files.form != TYPED)
    return f"({cast} * 1)" if files.form == TYPED and kind is Family.BINARY else cast


def _nested(own: str) -> bool:
    """Whether a type of DuckDB's has something inside."""
    return own.endswith("]") or own.startswith(("STRUCT(", "MAP(", "JSON"))


def _same_columns(contract: Contract, shape: Shape) -> None:
    """Refuse a file that lacks a column, or whose own types do not fit the contract's; texts are tried value by value."""
    wanted = {col.name: canonical(col.physical_type) for col in contract.columns}

    def kind(name: str, own: str) -> str:
        wants = wanted.get(name, canonical(own))
        if own == NOTHING or (_nested(own) and family(wants) is Family.JSON):
            return wants
        own = canonical(CATALOG.get(own, own))
        wants = wanted.get(name, own)
        as_it_is = shape.form != TYPED or carried_type(wants) is None
        return wants if as_it_is or fits(own, wants) or (own == "text" and base(wants) in duck_texts.TEXTS) else own

    columns = [
        SchemaColumn(name=name, type=kind(name, own), position=place)
        for place, (name, own) in enumerate(shape.columns.items(), 1)
    ]
    drift = compare(contract, Schema(table=shape.file, columns=tuple(columns)), Side.SOURCE)
    if drift.blocking:
        raise SchemaDrift(drift.of_files())


def _mistyped(files: Files, contract: Contract, rows: int, *, staged: bool) -> tuple[CheckResult, ...]:
    """How many values of each column are not of its type, and where the first of them are.

    :param staged: the files are an extract's own, whose texts a database gave in the contract's types.
    """
    taken = {check.id for check in contract.checks}
    wanted = {
        col: condition
        for col in contract.columns
        if f"type:{col.name}" not in taken and (condition := _condition(files, col, staged=staged))
    }
    if not wanted:
        return ()
    counts = ", ".join(f"count(*) FILTER (WHERE {condition})" for condition in wanted.values())
    found = files.connection.sql(f"SELECT {counts} FROM raw").fetchall()[0]
    return tuple(
        _placed(files, condition, judge_one(_typed(col.name, col.physical_type), Measurement(value=int(value)), rows))
        for (col, condition), value in zip(wanted.items(), found, strict=True)
    )


def _condition(files: Files, col: Column, *, staged: bool) -> str:
    """What is true for values that are not of the column's type; empty where all are, or nobody can tell."""
    own = {shape.columns.get(col.name, NOTHING) for shape in files.shapes.values()} - {NOTHING}
    if {"TIMESTAMP_NS", "TIMESTAMPTZ_NS"} & own:
        return duck_texts.SUBMICROSECOND.format(name=column(col.name))
    if files.form != TYPED or (own == {"VARCHAR"} and base(canonical(col.physical_type)) in duck_texts.TEXTS):
        return "" if staged or not carried_type(canonical(col.physical_type)) else duck_texts.not_of(col)
    return duck_texts.within(col) if own and all(map(_nested, own)) and not staged else ""


def _placed(files: Files, condition: str, result: CheckResult) -> CheckResult:
    """The result with file and line of the first values that are not of their type."""
    places = files.places(condition) if result.failing else []
    told = f"{result.look_at} The first: {', '.join(places)}." if places else result.look_at
    return replace(result, look_at=told.strip())


def _typed(name: str, kind: str) -> Check:
    return Check(id=f"type:{name}", kind=CheckKind.TYPE, columns=(name,), type=canonical(kind))
