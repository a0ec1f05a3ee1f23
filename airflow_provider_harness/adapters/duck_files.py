"""Files that a gate looks at: Parquet, CSV and JSON on any Airflow object storage, read by DuckDB where they are."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.app.move import reconcile
from airflow_provider_harness.core.checks import Check, CheckKind
from airflow_provider_harness.core.contract import Column, Contract
from airflow_provider_harness.core.errors import ConfigurationError, SchemaDrift
from airflow_provider_harness.core.partition import Slice
from airflow_provider_harness.core.report import CheckResult, Measurement, Measurements, judge_one
from airflow_provider_harness.core.schema import Schema, SchemaColumn, Side, canonical, compare, fits

from . import duck_measure, gx, sql_checks
from .gx_docs import folder_of
from .gx_share import Engine, joined, shared_out
from .pg_types import base, carried_type
from .sql_checks import column, ident, literal
from .staging import MANIFEST, ParquetStage, check_same

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

MEMORY = "500MB"
"""What DuckDB may use before it spills to disk."""
TYPED = ".parquet"
READERS: Mapping[str, str] = {
    TYPED: "read_parquet({files}, union_by_name = true)",
    ".csv": "read_csv({files}, all_varchar = true, header = true, union_by_name = true)",
    ".json": "read_json({files}, {options})",
}
"""File format -> how DuckDB reads it."""
SUFFIXES: Mapping[str, str] = {
    ".parquet": TYPED,
    ".csv": ".csv",
    ".csv.gz": ".csv",
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
}
"""DuckDB's name of a type -> PostgreSQL's, where ``core.schema`` does not know it."""
WHOLE = ("smallint", "integer", "bigint")
TEXTS = ("text", "character varying", "character", "uuid", "json", "jsonb")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The files of one delivery.

    :param form: a key of ``READERS``.
    :param promised: rows by the manifest; None where there is none.
    """

    files: tuple[str, ...]
    form: str
    filesystem: Any
    promised: int | None = None


class FileRows:
    """Implements ``app.ports_rows.Subject``. What text files hold is first told by its form: a value that is not of its
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
        self._refer(connection, contract)
        _open(connection, contract, found)
        _closed(connection, found)
        rows = sql_checks.Rows(relation="rows", piece=piece if contract.load.slice_column else None, at=piece.end)
        ours, theirs = shared_out(contract, self._engine)
        carried = [replace(check, type=carried_type(check.type) or check.type) for check in ours]
        measured = duck_measure.measure(connection, replace(contract, checks=tuple(carried)), rows)
        if theirs:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message="The inplace keyword")  # DuckDB's own use of pandas
                frame = connection.sql("SELECT * FROM rows").df()
            measured = joined(
                measured,
                gx.measure_frame(frame, contract, rows, theirs, folder_of(self._docs, contract.table, piece.id)),
            )
        more = _mistyped(connection, contract, measured.rows) if found.form != TYPED else ()
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
            home = table.rpartition(".")[0]
            if home:
                connection.execute(f"CREATE SCHEMA IF NOT EXISTS {ident(home)}")
            connection.register(f"incoming{number}", self._columns_of(table, tuple(names)))
            connection.execute(f"CREATE TABLE {ident(table)} AS SELECT * FROM incoming{number}")


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
            manifest = ParquetStage(path).manifest()
            check_same(manifest, contract, piece)
            promised, parts = manifest.rows, [place / name for name in sorted(manifest.files)]
    forms = {_form(part.name) for part in parts}
    if not parts:
        raise FileNotFoundError(f"{path} holds no file of a known format ({', '.join(SUFFIXES)})")
    if len(forms) > 1 or "" in forms:
        raise ConfigurationError(f"path {path}", "is not of one known format.", valid=tuple(SUFFIXES))
    files = tuple(part.path if local else f"{part.protocol}://{part.path}" for part in parts)
    return Found(files=files, form=forms.pop(), filesystem=None if local else place.fs, promised=promised)


def _closed(connection: duckdb.DuckDBPyConnection, found: Found) -> None:
    """What a check's query cannot reach from here on: files but those of the delivery, networks, extensions, settings."""
    connection.execute(f"SET allowed_paths = [{', '.join(map(literal, found.files))}]")
    for setting in ("enable_external_access = false", "lock_configuration = true"):
        connection.execute(f"SET {setting}")


def _form(name: str) -> str:
    return next((form for end, form in SUFFIXES.items() if name.lower().endswith(end)), "")


def _open(connection: duckdb.DuckDBPyConnection, contract: Contract, found: Found) -> None:
    """The files as the view ``rows`` with the contract's columns and types, and as ``raw`` before that."""
    files = f"[{', '.join(map(literal, found.files))}]"
    source = READERS[found.form].format(files=files, options="sample_size = -1")
    described = connection.sql(f"SELECT * FROM {source} LIMIT 0")
    there = dict(zip(described.columns, map(str, described.types), strict=True))
    _same_columns(contract, there, found)
    if found.form == ".json":
        texts = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in there)
        source = READERS[found.form].format(files=files, options=f"columns = {{{texts}}}")
    text = found.form != TYPED
    # texts are read once: parsing is slow, and DuckDB lets the reader of a file do casts, which then fail as a whole
    connection.execute(f"CREATE {'TABLE' if text else 'VIEW'} raw AS SELECT * FROM {source}")
    typed = ", ".join(f"{_cast(col, text=text)} AS {column(col.name)}" for col in contract.columns)
    connection.execute(f"CREATE VIEW rows AS SELECT {typed} FROM raw")


def _same_columns(contract: Contract, there: Mapping[str, str], found: Found) -> None:
    """Refuse files that lack a column, or whose own types do not fit the contract's; texts are tried value by value."""
    wanted = {col.name: canonical(col.physical_type) for col in contract.columns}

    def kind(name: str, own: str) -> str:
        own = canonical(CATALOG.get(own, own))
        wants = wanted.get(name, own)
        as_it_is = found.form != TYPED or carried_type(wants) is None
        return wants if as_it_is or fits(own, wants) or (own == "text" and base(wants) in TEXTS) else own

    columns = [
        SchemaColumn(name=name, type=kind(name, own), position=place)
        for place, (name, own) in enumerate(there.items(), 1)
    ]
    drift = compare(contract, Schema(table=found.files[0], columns=tuple(columns)), Side.SOURCE)
    if drift.blocking:
        raise SchemaDrift(drift)


def _cast(col: Column, *, text: bool) -> str:
    """A column of the files in the contract's type; null where a text is not of it."""
    carried = carried_type(canonical(col.physical_type))
    if carried is None:
        return column(col.name)
    cast = (
        sql_checks.spoken(f"SELECT CAST(v AS {carried})", "duckdb").removeprefix("SELECT CAST(v AS ").removesuffix(")")
    )
    if not text:
        return f"CAST({column(col.name)} AS {cast})"
    return f"TRY_CAST({column(col.name)} AS {cast})"


def _mistyped(connection: duckdb.DuckDBPyConnection, contract: Contract, rows: int) -> tuple[CheckResult, ...]:
    """How many texts of each column are not of its type."""
    taken = {check.id for check in contract.checks}
    names = [col for col in contract.columns if f"type:{col.name}" not in taken and carried_type(col.physical_type)]
    if not names:
        return ()
    counts = ", ".join(f"count(*) FILTER (WHERE {_not_of(col)})" for col in names)
    found = connection.sql(f"SELECT {counts} FROM raw").fetchall()[0]
    return tuple(
        judge_one(_typed(col.name, col.physical_type), Measurement(value=int(value)), rows)
        for col, value in zip(names, found, strict=True)
    )


def _typed(name: str, kind: str) -> Check:
    return Check(id=f"type:{name}", kind=CheckKind.TYPE, columns=(name,), type=canonical(kind))


def _not_of(col: Column) -> str:
    name, kind = column(col.name), base(canonical(col.physical_type))
    whole = f" OR NOT regexp_full_match(trim({name}), '[+-]?[0-9]+')" if kind in WHOLE else ""
    return f"{name} IS NOT NULL AND ({_cast(col, text=True)} IS NULL{whole})"
