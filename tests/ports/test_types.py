"""Everyday types of PostgreSQL, one by one: carried as they are, or refused before a row moves with the way out written down."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Any

import psycopg
import pytest

from airflow_provider_harness.adapters.postgres.catalog import catalog
from airflow_provider_harness.adapters.sql.types import refuse_uncarried
from airflow_provider_harness.core.contracts.checks import Check, CheckKind, Expectation
from airflow_provider_harness.core.contracts.schema import canonical
from airflow_provider_harness.core.errors import ContractViolation, SchemaDrift, UncarriedValue
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.ports.rows_case import Case
from tests.ports.test_arrays import case, of, sent, texts
from tests.ports.test_transfer import pumped

__all__ = ["case"]

CARRIED: dict[str, Sequence[str]] = {
    "boolean": ("t", "f"),
    "smallint": ("-32768", "32767"),
    "integer": ("-2147483648", "7"),
    "bigint": ("-9223372036854775808", "9223372036854775807"),
    "real": ("1.5", "NaN", "-Infinity"),
    "double precision": ("0.1", "Infinity", "1e-300"),
    "numeric(12,2)": ("0.10", "-9999999999.99"),
    "numeric(38,0)": ("99999999999999999999999999999999999999",),
    "numeric(2,5)": ("0.00012", "-0.00099"),
    "numeric(3)": ("999",),
    "text": ("", 'ä 😀 \\ " \n'),
    "character varying(5)": ("abc",),
    "character varying": ("abc",),
    "character(5)": ("ab", "abcde"),
    "date": ("0001-01-01", "9999-12-31"),
    "timestamp with time zone": ("2024-03-31 01:59:59.999999+00", "0001-01-02 00:00+00"),
    "timestamp without time zone": ("2024-03-31 02:30:00.000001", "9999-12-31 23:59:59.999999"),
    "timestamp(3) with time zone": ("2024-03-31 01:59:59.999+00",),
    "timestamp(0) without time zone": ("2024-03-31 01:59:59",),
    "time without time zone": ("00:00", "23:59:59.999999", "12:30"),
    "time(3) without time zone": ("12:30:00.125",),
    "bytea": ("\\x00ff", "\\x"),
    "uuid": ("00000000-0000-0000-0000-0000000000ff",),
    "json": ('{"a": 1, "a": 2}', "null"),
    "jsonb": ('{"b": [null, 1.50]}', '"x"'),
    "integer[]": ("{1,NULL}", "{}"),
    "text[]": ('{"a b",NULL,""}',),
    "numeric(12,2)[]": ("{0.10,NULL}",),
    "time without time zone[]": ("{12:30,NULL}", "{}"),
    "uuid[]": ("{00000000-0000-0000-0000-0000000000ff}",),
    "jsonb[]": ('{"{\\"a\\": 1}"}',),
}
"""Type -> values of it; NULL comes to each of them."""

REFUSED: dict[str, tuple[str, str]] = {
    "numeric": ("1.5", "numeric(38,9)"),
    "numeric(39,0)": ("1", "numeric(38,9)"),
    "numeric[]": ("{1.5}", "numeric(38,9)[]"),
    "time with time zone": ("12:30+02", "text"),
    "interval": ("1 mon 2 days", "text"),
    "money": ("1.50", "text"),
    "inet": ("10.0.0.1/8", "text"),
    "cidr": ("10.0.0.0/8", "text"),
    "macaddr": ("08:00:2b:01:02:03", "text"),
    "bit(3)": ("101", "text"),
    "bit varying": ("101", "text"),
    "point": ("(1,2)", "text"),
    "int4range": ("[1,5)", "text"),
    "tstzrange": ("[2024-01-01,2024-01-02)", "text"),
    "int4multirange": ("{[1,5)}", "text"),
    "tsvector": ("a b", "text"),
    "interval[]": ("{1 day}", "text[]"),
    "mood": ("glad", "text"),
    "mood[]": ("{glad}", "text[]"),
    "email": ("a@b", "text"),
    "pair": ("(1,x)", "text"),
}
"""Type -> a value, and the type that the way out names."""

OWN = (
    "CREATE TYPE mood AS ENUM ('glad', 'sad')",
    "CREATE DOMAIN email AS text CHECK (value LIKE '%@%')",
    "CREATE TYPE pair AS (a integer, b text)",
)


@pytest.fixture(autouse=True)
def as_the_server_has_it(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL 14 knows no numeric with more digits behind the point than it has."""
    with postgres.connect() as connection:
        if connection.info.server_version < 150_000:
            for kinds in (CARRIED, UNCARRIED):
                monkeypatch.delitem(kinds, "numeric(2,5)")


def prepared(case: Case, kinds: Mapping[str, Sequence[str]]) -> Case:
    """A source with a column for each type: v0, v1, ...; the last row has nothing but NULLs."""
    for statement in OWN:
        case.at_source(statement)
        case.at_warehouse(statement)
    rows = list(zip_longest(*([value.replace("'", "''") for value in values] for values in kinds.values())))
    rows.append((None,) * len(kinds))
    columns = {"k": "integer"} | {f"v{n}": canonical(kind) for n, kind in enumerate(kinds)}
    return sent(case, columns, [[str(k), *row] for k, row in enumerate(rows)])


def arrived(case: Case, kinds: Mapping[str, Any]) -> None:
    there = texts(case, {"k": ""} | {f"v{n}": "" for n in range(len(kinds))})
    for found, sent_row in zip(case.at_warehouse(there), case.at_source(there), strict=True):
        for kind, one, other in zip(("k", *kinds), found, sent_row, strict=True):
            assert one == other, kind


def test_extract_and_load_carry_each_as_it_is_whichever_way(case: Case) -> None:
    plain = {kind: values for kind, values in CARRIED.items() if kind not in ("uuid[]", "jsonb[]")}
    for number, kinds in enumerate((plain, CARRIED)):  # straight into the table, and by way of the staging table
        if number:
            case.at_source("DROP TABLE public.orders")
            case.at_warehouse("DROP TABLE public.orders")
        there = prepared(case, kinds) if not number else _again(case, kinds)
        for _ in range(2):
            assert there.move().rows == 4
            arrived(there, kinds)


def _again(case: Case, kinds: Mapping[str, Sequence[str]]) -> Case:
    for statement in ("DROP TYPE mood", "DROP DOMAIN email", "DROP TYPE pair"):
        case.at_source(statement)
        case.at_warehouse(statement)
    return prepared(case, kinds)


def test_a_transfer_carries_every_type(case: Case) -> None:
    kinds = {**CARRIED, **{kind: (value,) for kind, (value, _) in REFUSED.items()}}
    there = prepared(case, kinds)
    for _ in range(2):
        assert pumped(there).rows == 4
        arrived(there, kinds)


def test_what_is_refused_names_column_type_reason_and_a_way_out_that_works(case: Case) -> None:
    there = prepared(case, {kind: (value,) for kind, (value, _) in REFUSED.items()})
    with pytest.raises(UncarriedValue) as caught:
        there.extract()
    for n, (kind, (_, other)) in enumerate(REFUSED.items()):
        said = caught.value.columns[f"v{n}"]
        assert said.startswith(f"type {canonical(kind)} cannot be carried through files without loss, since "), kind
        assert f"physicalType: {other}" in said, kind
        assert f'sql="SELECT ..., CAST(v{n} AS {other}) AS v{n} FROM ..."' in said, kind
    assert there.staged() == []
    others = {f"v{n}": other for n, (_, other) in enumerate(REFUSED.values())}
    asked = ", ".join(f"CAST({name} AS {other}) AS {name}" for name, other in others.items())
    again = replace(there, contract=of({"k": "integer", **others}))
    again.extract(sql=f"SELECT k, {asked} FROM public.orders")
    assert again.load()[0].rows == 2
    of_both = f"SELECT q::text FROM (SELECT k, {asked} FROM public.orders) AS q ORDER BY 1"
    assert again.at_warehouse(of_both) == again.at_source(of_both)


def test_a_type_of_ones_own_is_never_advised_for_the_published_table(case: Case) -> None:
    kinds = ("mood", "email", "pair", "mood[]")
    there = prepared(case, {kind: (REFUSED[kind][0],) for kind in kinds})
    there = replace(there, contract=of({"k": "integer"} | {f"v{n}": REFUSED[kind][1] for n, kind in enumerate(kinds)}))
    for move in (lambda: there.extract(), lambda: pumped(there)):
        with pytest.raises(SchemaDrift) as caught:
            move()
        for n, kind in enumerate(kinds):
            assert f"CAST(v{n} AS {REFUSED[kind][1]}) AS v{n}" in str(caught.value)
            assert f"TYPE {kind}" not in str(caught.value)


UNCARRIED = {
    "time without time zone": ("24:00", r"1 value\(s\) 24:00"),
    "time without time zone[]": ("{24:00,12:00}", r"1 value\(s\) 24:00.*within arrays"),
    "numeric(2,5)": ("NaN", r"1 value\(s\) NaN"),
}


def test_a_value_that_only_postgres_has_is_counted(case: Case) -> None:
    there = prepared(case, {kind: (value,) for kind, (value, _) in UNCARRIED.items()})
    with pytest.raises(UncarriedValue) as caught:
        there.extract()
    for n, (_, said) in enumerate(UNCARRIED.values()):
        assert re.search(said, caught.value.columns[f"v{n}"])
    assert pumped(there).rows == 2


def test_each_column_is_named() -> None:
    with pytest.raises(UncarriedValue) as caught:
        refuse_uncarried(of({"a": "interval", "b": "integer", "c": "mood", "d": "xml"}))
    assert set(caught.value.columns) == {"a", "c", "d"}
    assert "one database's own type" in caught.value.columns["c"]


def test_arrays_need_no_package_that_is_no_dependency() -> None:
    """In a process of its own, in which numpy cannot be imported, as on the base install."""
    code = (
        "import sys; sys.modules['numpy'] = None\n"
        "import pyarrow as pa\n"
        "from airflow_provider_harness.adapters.postgres.copy import arrays as pg_arrays\n"
        "flat = pa.array([[1, 2, 3, 4], None, [], [5, 6]])\n"
        "print(pg_arrays.nested(flat, flat.flatten(), [pa.array([2, None, None, 1])]).to_pylist())\n"
        "print(pg_arrays.nested(flat, flat.flatten(), []).to_pylist())\n"
    )
    told: Any = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert told.stdout == "[[[1, 2], [3, 4]], None, [], [[5], [6]]]\n[[1, 2, 3, 4], None, [], [5, 6]]\n"


RULES: Mapping[str, tuple[str, str, str, bool]] = {
    "a uuid in capitals": (
        "uuid",
        "A0000000-0000-0000-0000-00000000000f",
        "v = 'A0000000-0000-0000-0000-00000000000F'",
        False,
    ),
    "a field": ("jsonb", '{"a": 1}', "v ->> 'a' = '1'", False),
    "a document in it": ("jsonb", '{"a": 1, "b": 2}', """v @> '{"a": 1}'""", False),
    "another order of fields": ("jsonb", '{"b": 2, "a": 1}', """v = '{"a": 1, "b": 2}'""", False),
    "another uuid": (
        "uuid",
        "a0000000-0000-0000-0000-00000000000f",
        "v <> 'A0000000-0000-0000-0000-00000000000F'",
        True,
    ),
    "an array of them": ("uuid[]", "{a0000000-0000-0000-0000-00000000000f}", "v[1] IS NOT NULL", False),
}
"""Words -> a column's type, a value, a condition of an author's rule that no row may keep, and whether none does."""


@pytest.mark.parametrize(("kind", "value", "condition", "passes"), RULES.values(), ids=RULES)
def test_an_authors_rule_reads_staged_rows_with_the_contracts_types(
    case: Case, kind: str, value: str, condition: str, *, passes: bool
) -> None:
    case = sent(case, {"k": "integer", "v": kind}, [["1", value]])
    rule = "SELECT count(*) FROM ${table} AS t WHERE " + condition
    check = Check(id="rule", kind=CheckKind.CUSTOM_SQL, columns=(), sql=rule, expect=Expectation())
    case = case.with_contract(checks=(check,))
    if passes:
        assert case.move().rows == 1
        return
    case.extract()
    with pytest.raises(ContractViolation) as caught:
        case.load()
    (found,) = [one for one in caught.value.report.results if one.id == "rule"]
    assert (found.passed, found.actual) == (False, "1")


SPELLED = """
int8 | text | timetz | timetz(3)[] | time (3) with time zone | time with time zone | varbit | varbit(5) | bit varying
bpchar | bpchar(3) | nchar(4) | nchar varying(5) | char varying | national character varying(5) | national char (4)
int[3] | int array | integer array[3] | numeric(5,2) [ ] | pg_catalog.int4 | dec (5, 2) | float(24) | interval day to second (3)
"""


def test_a_type_is_what_the_catalog_calls_it_however_it_is_spelled(case: Case) -> None:
    spelled = [one.strip() for one in SPELLED.replace("\n", "|").split("|") if one.strip()]
    case.at_source(f"CREATE TABLE public.spelled ({', '.join(f'c{n} {kind}' for n, kind in enumerate(spelled))})")
    with psycopg.connect(case.source) as connection:
        found = catalog(connection, "public.spelled")
    assert found is not None
    assert [canonical(kind) for kind in spelled] == [column.type for column in found.columns]
