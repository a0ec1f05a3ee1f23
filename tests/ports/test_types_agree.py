"""What a contract asks of a column of any type means the same in PostgreSQL, on the way, in files and by Great Expectations."""

from __future__ import annotations

import gzip
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from google.cloud.bigquery import LoadJobConfig, Table

from airflow_provider_harness.adapters.bigquery import measure as bq_measure
from airflow_provider_harness.adapters.bigquery import types as bq_types
from airflow_provider_harness.adapters.bigquery.jobs import Jobs
from airflow_provider_harness.adapters.duckdb.file_subject import FileRows
from airflow_provider_harness.adapters.duckdb.in_flight import ArrowChecks
from airflow_provider_harness.adapters.gx import suite as gx
from airflow_provider_harness.adapters.gx.split import Engine
from airflow_provider_harness.adapters.postgres import measure as pg_measure
from airflow_provider_harness.adapters.postgres.source import PostgresSource
from airflow_provider_harness.adapters.sql import checks as sql_checks
from airflow_provider_harness.adapters.sql.types import arrow_schema
from airflow_provider_harness.core.contracts.checks import Check, CheckKind, Expectation, Operator, Reference, Unit
from airflow_provider_harness.core.contracts.contract import Column, Contract, Load, LoadMode, LogicalType
from airflow_provider_harness.core.contracts.report import CheckResult, Measurements, judge
from airflow_provider_harness.core.slices.slices import Slice
from airflow_provider_harness.testing.bigquery import BigQueryServer
from airflow_provider_harness.testing.postgres import PostgresServer

PIECE = Slice(id="s", start=datetime(2013, 1, 1, tzinfo=UTC), end=datetime(2013, 1, 2, tzinfo=UTC))


@pytest.fixture(scope="module")
def dsn(postgres: PostgresServer) -> Iterator[str]:
    postgres.ensure_database("types")
    yield postgres.url("types")
    postgres.drop_database("types")


def judged(dsn: str, folder: Path, kind: str, values: Sequence[str], check: Check) -> dict[str, CheckResult]:
    """Engine -> what it finds of a check of column ``v``.

    :param values: as PostgreSQL's SQL.
    """
    columns = (Column(name="v", logical_type=LogicalType.STRING, physical_type=kind, classification="public"),)
    contract = Contract(id="t", version="1", name="t", table="public.v", columns=columns, checks=(check,))
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS public.v")
        connection.execute(f"CREATE TABLE public.v (v {kind})".encode())
        for value in values:
            connection.execute(f"INSERT INTO public.v VALUES ({value})".encode())
        rows = sql_checks.Rows(relation='"public"."v"')
        measured: dict[str, Measurements] = {"postgres": pg_measure.measure(connection, contract, rows)}
    with PostgresSource(dsn, table="public.v") as source:
        batches = list(source.batches(contract, PIECE))
    gauge = ArrowChecks(contract, None)
    for batch in batches:
        for start in range(0, batch.num_rows, 2):
            gauge.add(batch.slice(start, 2))
            gauge._count()
    measured["arrow"] = gauge.finish()
    path = folder / f"{uuid.uuid4().hex}.parquet"
    pq.write_table(pa.Table.from_batches(batches, schema=arrow_schema(contract)), path)
    for file in (path, *texts_of(dsn, path)):
        for engine in Engine:
            measured[f"files {engine} {file.suffix}"], more = FileRows(str(file), engine=engine).measure(
                contract, PIECE
            )
            assert [one.sentence() for one in more if not one.passed] == []
    if gx.exact(check, contract, frame=False):
        measured["gx"] = gx.measure_postgres(dsn, contract, rows)
    return {name: judge(contract, found, where=name).results[0] for name, found in measured.items()}


def texts_of(dsn: str, beside: Path) -> list[Path]:
    """The rows of ``public.v`` as CSV and as JSON, as PostgreSQL itself writes them; with their number, so that a null is no
    empty line. JSON without a row has no column either, and is not made."""
    numbered = "SELECT row_number() OVER () AS n, v FROM public.v"
    table, lines = beside.with_suffix(".csv"), beside.with_suffix(".jsonl")
    with psycopg.connect(dsn) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        with connection.cursor().copy(f"COPY ({numbered}) TO STDOUT (FORMAT csv, HEADER)".encode()) as copied:
            table.write_bytes(b"".join(bytes(part) for part in copied))
        told = connection.execute(f"SELECT to_jsonb(q)::text FROM ({numbered}) AS q ORDER BY n".encode()).fetchall()
    lines.write_text("".join(f"{line}\n" for (line,) in told))
    return [table, lines] if told else [table]


def of(kind: CheckKind, *, bound: Any = None, operator: Operator = Operator.LESS_OR_EQUAL, **given: Any) -> Check:
    if bound is not None:
        given["expect"] = Expectation(operator=operator, values=(bound,))
    return Check(id="c", kind=kind, columns=("v",), **given)


def percent(kind: CheckKind, most: Any, operator: Operator = Operator.LESS_OR_EQUAL) -> Check:
    return of(kind, expect=Expectation(operator=operator, values=(most,), unit=Unit.PERCENT))


NULLS = ["NULL"] * 7 + ["1"] * 93
CASES: list[tuple[str, list[str], Check, bool]] = [
    ("character(6)", ["'ab'"], of(CheckKind.ACCEPTED_VALUES, values=("ab",)), True),
    ("character(6)", ["'ab'", "'cd'"], of(CheckKind.ACCEPTED_VALUES, values=("ab  ",)), False),
    ("character(6)", ["'ab'", "''"], of(CheckKind.LENGTH, high=2), True),
    ("character(6)", ["'abc'"], of(CheckKind.LENGTH, high=2), False),
    ("character(6)", ["'ab'"], of(CheckKind.REGEX, pattern="^ab$"), True),
    ("character(6)", ["'ab'"], of(CheckKind.NOT_NULL, values=("ab",)), False),
    ("text", ["'zzz'", "'a'"], of(CheckKind.ACCEPTED_VALUES, values=("a", None)), False),
    ("text", ["'zzz'"], of(CheckKind.ACCEPTED_VALUES, values=(None,)), False),
    ("text", ["NULL", "'a'"], of(CheckKind.ACCEPTED_VALUES, values=("a", None)), True),
    ("text", ["'1'", "'2.5'"], of(CheckKind.ACCEPTED_VALUES, values=(1, 2.5)), True),
    ("text", ["'x'", "NULL"], of(CheckKind.NOT_NULL, values=(None, "y")), False),
    ("text", ["E'ab\\n'"], of(CheckKind.REGEX, pattern="^ab$"), False),
    ("text", ["'a foo b'"], of(CheckKind.REGEX, pattern=r"\bfoo\b"), True),
    ("text", ["'٣'"], of(CheckKind.REGEX, pattern=r"^\d$"), False),
    ("uuid", ["'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'"], of(CheckKind.REGEX, pattern="^a0ee"), True),
    (
        "uuid",
        ["'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'"],
        of(CheckKind.ACCEPTED_VALUES, values=("A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",)),
        True,
    ),
    ("uuid", ["'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'"], of(CheckKind.LENGTH, low=36, high=36), True),
    ("jsonb", ["'{\"a\": 1}'"], of(CheckKind.REGEX, pattern='"a"'), True),
    ("bigint", ["9007199254740993"], of(CheckKind.RANGE, high=9007199254740992), False),
    ("bigint", ["9007199254740993"], of(CheckKind.RANGE, high=9007199254740992.0), False),
    ("bigint", ["9007199254740993"], of(CheckKind.MAXIMUM, bound=9007199254740992), False),
    ("bigint", ["9007199254740993", "0"], of(CheckKind.SUM, bound=9007199254740992.0), False),
    ("bigint", ["9223372036854775807", "1"], of(CheckKind.SUM, bound=9223372036854775807), False),
    ("bigint", ["1", "2", "2"], of(CheckKind.MEAN, bound=Decimal("1.66")), False),
    ("bigint", ["1", "2"], of(CheckKind.MEAN, bound=1.5), True),
    ("bigint", ["1", "2"], of(CheckKind.RANGE, low=0.5, high=2.5), True),
    ("bigint", ["0"], of(CheckKind.RANGE, low=0.5), False),
    ("bigint", ["7"], of(CheckKind.ACCEPTED_VALUES, values=(7.0, "8")), True),
    ("bigint", [], of(CheckKind.SUM, bound=5), False),
    ("bigint", ["NULL"], of(CheckKind.SUM, bound=5), False),
    ("bigint", ["NULL", "NULL"], of(CheckKind.UNIQUE), True),
    ("bigint", NULLS, percent(CheckKind.NULL_RATE, 7), True),
    ("bigint", ["NULL"] * 29 + ["1"] * 71, percent(CheckKind.NULL_RATE, 29, Operator.LESS), False),
    ("bigint", [], percent(CheckKind.NULL_RATE, 0), True),
    ("numeric(38,20)", ["0.30000000000000000001"], of(CheckKind.MAXIMUM, bound=0.3), False),
    ("numeric(38,20)", ["0.30000000000000000001"], of(CheckKind.RANGE, high=0.3), False),
    ("numeric(38,20)", ["0.3"], of(CheckKind.RANGE, low=0.3, high=0.3), True),
    ("numeric(38,20)", ["0.1", "0.1", "0.1"], of(CheckKind.SUM, bound=0.3, operator=Operator.BE), True),
    ("numeric(38,20)", ["0.1", "0.2"], of(CheckKind.MEAN, bound=0.15, operator=Operator.BE), True),
    (
        "numeric(38,2)",
        ["123456789012345678901234567890123456.88", "0.01"],
        of(CheckKind.SUM, bound=Decimal("123456789012345678901234567890123456.88")),
        False,
    ),
    ("numeric(38,2)", ["999999999999999999999999999999999999.99"], of(CheckKind.RANGE, high=0.125), False),
    ("numeric(12,2)", ["12.30"], of(CheckKind.ACCEPTED_VALUES, values=(12.3,)), True),
    ("numeric(12,2)", ["12.30"], of(CheckKind.QUANTILE, bound=12.3, operator=Operator.BE, quantile=0.5), True),
    ("double precision", ["'NaN'"], of(CheckKind.RANGE, low=0), False),
    ("double precision", ["'NaN'"], of(CheckKind.RANGE, high=5), False),
    ("double precision", ["'Infinity'"], of(CheckKind.RANGE, low=0), True),
    ("double precision", ["'-Infinity'"], of(CheckKind.RANGE, low=0), False),
    ("double precision", ["'NaN'", "1"], of(CheckKind.MEAN, bound=5), False),
    ("double precision", ["'NaN'", "1"], of(CheckKind.SUM, bound=5), False),
    ("double precision", ["'NaN'", "1"], of(CheckKind.MAXIMUM, bound=5), False),
    ("double precision", ["'NaN'", "1"], of(CheckKind.MINIMUM, bound=1), True),
    ("double precision", ["'NaN'", "'NaN'"], of(CheckKind.UNIQUE), False),
    ("double precision", ["'NaN'", "NULL"], of(CheckKind.NOT_NULL), False),
    ("double precision", ["'NaN'"], of(CheckKind.NOT_NULL), True),
    ("double precision", ["0.3"], of(CheckKind.RANGE, low=0.3, high=0.3), True),
    ("double precision", ["0.3"], of(CheckKind.MAXIMUM, bound=0.3), True),
    ("real", ["0.3"], of(CheckKind.RANGE, low=0.3, high=0.3), True),
    ("real", ["0.3"], of(CheckKind.MAXIMUM, bound=0.3), True),
    ("real", ["0.3"], of(CheckKind.MINIMUM, bound=0.3, operator=Operator.GREATER_OR_EQUAL), True),
    ("real", ["16777216", "1"], of(CheckKind.SUM, bound=16777216), False),
    ("boolean", ["true"], of(CheckKind.ACCEPTED_VALUES, values=(True,)), True),
    ("boolean", ["false"], of(CheckKind.ACCEPTED_VALUES, values=("true",)), False),
    ("date", ["'2024-01-31'"], of(CheckKind.RANGE, high="2024-01-30"), False),
    ("date", ["'2024-01-31'"], of(CheckKind.ACCEPTED_VALUES, values=("2024-01-31",)), True),
    ("timestamp with time zone", ["'2024-01-01 00:00+00'"], of(CheckKind.RANGE, low="2024-01-01T00:00:00Z"), True),
    ("timestamp with time zone", ["'2023-12-31 23:00+00'"], of(CheckKind.RANGE, low="2024-01-01 00:00:00"), False),
    ("timestamp without time zone", ["'2024-01-01 00:00'"], of(CheckKind.RANGE, low="2024-01-01 00:00"), True),
]
DIGITS = '{"n": 1, "v": 0.5}', '{"v": 0.30000000000000000001, "n": 1.5}', '{"n": "1.25e-3 x", "v": null}'


@pytest.mark.parametrize("form", ["lines", "array", "packed"])
def test_every_digit_of_a_number_in_json_counts(tmp_path: Path, form: str) -> None:
    columns = (Column(name="v", logical_type=LogicalType.NUMBER, physical_type="numeric(38,20)"),)
    check = of(CheckKind.RANGE, low=Decimal("0.3"), low_open=True)
    over = of(CheckKind.MINIMUM, bound=Decimal("0.30000000000000000001"), operator=Operator.BE)
    contract = Contract(
        id="t", version="1", name="t", table="public.v", columns=columns, checks=(check, replace(over, id="m"))
    )
    for number in range(2):
        rows = (*DIGITS, *(['{"v": 0.7, "n": 1}'] * number))
        if form == "array":
            (tmp_path / f"{number}.json").write_text(f"[{', '.join(rows)}]")
        elif form == "packed":
            (tmp_path / f"{number}.jsonl.gz").write_bytes(gzip.compress("\n".join(rows).encode()))
        else:
            (tmp_path / f"{number}.jsonl").write_text("\n".join(rows))
    measured, _ = FileRows(str(tmp_path)).measure(contract, PIECE)
    assert measured.rows == 7
    results = judge(contract, measured, where="files").results
    assert [(one.passed, one.value) for one in results] == [(True, 0), (True, Decimal("0.30000000000000000001"))]


@pytest.mark.parametrize("mode", LoadMode)
def test_what_looks_at_the_own_table_in_files_says_what_to_do_instead(tmp_path: Path, mode: LoadMode) -> None:
    columns = (Column(name="v", logical_type=LogicalType.INTEGER, physical_type="bigint"),)
    key = of(CheckKind.REFERENTIAL, reference=Reference(table="public.v", columns=("v",)))
    rule = Check(id="rule", kind=CheckKind.CUSTOM_SQL, sql="SELECT count(*) FROM harness_whole WHERE v < 0")
    load = Load(mode=mode)
    contract = Contract(id="t", version="1", name="t", table="public.v", columns=columns, checks=(key, rule), load=load)
    (tmp_path / "v.csv").write_text("v\n1\n")
    measured, _ = FileRows(str(tmp_path / "v.csv")).measure(contract, PIECE)
    errors = [one.error for one in judge(contract, measured, where="files").results]
    if mode is LoadMode.FULL:
        assert errors == ["", ""]
        return
    assert all("validate the table: give ValidateOperator table='public.v' and its conn_id" in one for one in errors)


UNASKED: list[tuple[str, list[str], Check, str]] = [
    (
        "text",
        ["'a'"],
        of(CheckKind.ACCEPTED_VALUES, values=("DE", False)),
        "False is not a value of a column that is text",
    ),
    ("integer", ["1"], of(CheckKind.ACCEPTED_VALUES, values=("a",)), "'a' is not a value of a column that is integer"),
    ("integer[]", ["'{1}'"], of(CheckKind.ACCEPTED_VALUES, values=(1,)), "cannot be asked of v"),
    ("integer[]", ["'{1}'"], of(CheckKind.LENGTH, high=2), "cannot be asked of v"),
    ("boolean", ["true"], of(CheckKind.REGEX, pattern="t"), "cannot be asked of v"),
    ("double precision", ["1"], of(CheckKind.REGEX, pattern="1"), "cannot be asked of v"),
    ("text", ["'1'"], of(CheckKind.MEAN, bound=5), "cannot be asked of v"),
    ("text", ["'a'"], of(CheckKind.REGEX, pattern="["), "the set is not closed"),
    ("json", ["'{}'", "'{}'"], of(CheckKind.UNIQUE), "cannot be asked of v"),
    ("bigint", ["1"], of(CheckKind.RANGE), "has no bound"),
    ("bigint", ["1"], of(CheckKind.RANGE, low=5, high=3), "minimum 5 is over maximum 3"),
]


def name(case: tuple[Any, ...]) -> str:
    kind, values, check, told = case
    return f"{check.kind} of {kind} {values[:2]} {told}"


@pytest.mark.parametrize(("kind", "values", "check", "passes"), CASES, ids=map(name, CASES))
def test_engines_agree(
    dsn: str,
    tmp_path: Path,
    kind: str,
    values: list[str],
    check: Check,
    passes: bool,
) -> None:
    found = judged(dsn, tmp_path, kind, values, check)
    assert {engine: (one.error, one.passed) for engine, one in found.items()} == dict.fromkeys(found, ("", passes))
    assert len({one.failing for one in found.values()}) == 1


@pytest.mark.parametrize(("kind", "values", "check", "said"), UNASKED, ids=map(name, UNASKED))
def test_what_cannot_be_asked_is_the_same_error_of_the_check_everywhere(
    dsn: str, tmp_path: Path, kind: str, values: list[str], check: Check, said: str
) -> None:
    found = judged(dsn, tmp_path, kind, values, check)
    assert all(said in one.error and not one.passed for one in found.values()), found


@pytest.mark.parametrize("pattern", ["^(?!test)[a-z]+$", r"^(a)\1$"])
def test_what_only_postgres_has_is_left_to_it(dsn: str, tmp_path: Path, pattern: str) -> None:
    found = judged(dsn, tmp_path, "text", ["'aa'"], of(CheckKind.REGEX, pattern=pattern))
    assert (found["postgres"].error, found["postgres"].passed) == ("", True)
    assert "no gate of this publication measures it" in found["arrow"].error, "an extract leaves it to the load"
    assert "which only PostgreSQL has" in found["files sql .parquet"].error


_APART = {
    ("double precision", CheckKind.MINIMUM): "NaN is the smallest of all in BigQuery",
    ("jsonb", CheckKind.REGEX): "a JSON of BigQuery has no text of its own",
}
"""What is not alike; a sum over the largest INT64 is an error there, and the stand-in keeps a BIGNUMERIC with 18 digits after
the point."""


@pytest.mark.bigquery
def test_bigquery_agrees(bigquery: BigQueryServer, dsn: str, tmp_path: Path) -> None:
    bigquery.ensure_dataset("types")
    client, wrong = bigquery.client(), []
    for number, (kind, values, check, passes) in enumerate(CASES):
        if (kind, check.kind) in _APART or "(38," in kind or "9223372036854775807" in values:
            continue
        columns = (Column(name="v", logical_type=LogicalType.STRING, physical_type=kind),)
        contract = Contract(id="t", version="1", name="t", table=f"types.v{number}", columns=columns, checks=(check,))
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("DROP TABLE IF EXISTS public.b")
            connection.execute(f"CREATE TABLE public.b (v {kind})".encode())
            for value in values:
                connection.execute(f"INSERT INTO public.b VALUES ({value})".encode())
        with PostgresSource(dsn, table="public.b") as source:
            batches = list(source.batches(contract, PIECE))
        path = tmp_path / f"{number}.parquet"
        pq.write_table(pa.Table.from_batches(batches, schema=arrow_schema(contract)), path)
        fields = bq_types.fields(contract, staged=True)
        client.create_table(Table(f"{client.project}.{contract.table}", schema=fields))
        with path.open("rb") as handle:
            config = LoadJobConfig(source_format="PARQUET", schema=fields)
            client.load_table_from_file(handle, contract.table, job_config=config).result()
        rows = sql_checks.Rows(relation=sql_checks.ident(contract.table))
        measured = bq_measure.measure(Jobs(client), contract, rows, None, "test")
        (result,) = judge(contract, measured, where="bigquery").results
        if (result.error, result.passed) != ("", passes):
            wrong.append((name(CASES[number]), result.error, result.actual))
    bigquery.drop_dataset("types")
    assert not wrong, wrong
