"""Formats of texts mean the same in flight and in PostgreSQL, by the patterns that they become."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from airflow_provider_harness.adapters.contracts.rules.logical_types import TEXT, dates
from airflow_provider_harness.core.contracts.checks import Check, CheckKind
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.ports.engines_case import NOW, Engines, contract_of

RIGHT = {
    "email": ["a@b.example", "first.last+tag@mail.example.org"],
    "uuid": ["123e4567-e89b-12d3-a456-426614174000", "123E4567-E89B-12D3-A456-426614174000"],
    "uri": ["https://example.org/a?b=c#d", "urn:isbn:0451450523", "mailto:a@b.example"],
    "url": ["https://example.org/a?b=c#d"],
    "hostname": ["example.org", "a", "xn--bcher-kva.example"],
    "ipv4": ["192.168.0.1", "255.255.255.255", "0.0.0.0"],
    "ipv6": [
        "::1",
        "fe80::1",
        "2001:db8:0:0:0:0:2:1",
        "::ffff:192.0.2.1",
        "::",
        "1:2:3:4:5:6:1.2.3.4",
        "1:2:3:4:5:6:7::",
    ],
    "byte": ["", "YQ==", "YWI=", "YWJj"],
    "date": ["2024-02-29", "2000-02-29", "2023-02-28", "2023-04-30"],
    "time": ["23:59:59", "23:59:60Z", "08:00:00.25+01:00"],
    "date-time": ["2024-02-29T08:00:00Z", "2024-02-29 08:00:00.5-05:00"],
}
WRONG = {
    "email": ["a", "a@b", "a b@c.example", "@b.example", "a@b@c.example"],
    "uuid": ["123e4567e89b12d3a456426614174000", "123e4567-e89b-12d3-a456-42661417400g", ""],
    "uri": ["no scheme", "://x", "1a:b"],
    "url": ["urn:isbn:0451450523", "example.org"],
    "hostname": ["-a.example", "a..b", "a_b", ""],
    "ipv4": ["256.1.1.1", "1.2.3", "1.2.3.4.5"],
    "ipv6": [
        "12345::",
        "1",
        "1.2.3.4",
        "::::::::::",
        "g::1",
        "1::2::3",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:1.2.3.4",
        "1::1.2.3.256",
    ],
    "byte": ["a", "YQ=", "YQ==YQ==x"],
    "date": ["2023-02-29", "1900-02-29", "2023-02-30", "2023-04-31", "2024-13-01", "01.02.2024", "2024-02-29T00:00"],
    "time": ["24:00:00", "8:00:00", "08:00"],
    "date-time": ["2023-02-29T08:00:00Z", "2024-02-29", "2024-02-29T08:00:00"],
}
FORMS = {
    "yyyy-MM-dd": (["2024-02-29"], ["2024-2-29", "29.02.2024"]),
    "dd.MM.yyyy": (["29.02.2024"], ["29-02-2024", "32.02.2024"]),
    "yyyyMMdd": (["20240229"], ["2024-02-29"]),
    "yyyy-MM-dd'T'HH:mm:ss.SSSXXX": (
        ["2024-02-29T08:00:00.250+01:00", "2024-02-29T08:00:00.250Z"],
        ["2024-02-29T08:00:00Z"],
    ),
    "yyyy-MM-ddTHH:mm:ssZ": (["2024-02-29T08:00:00Z"], ["2024-02-29 08:00:00Z"]),
}
CASES = {name: (TEXT[name], RIGHT[name], WRONG[name]) for name in RIGHT}
CASES |= {form: (str(dates(form)), *values) for form, values in FORMS.items()}


def test_every_format_that_says_something_is_tried() -> None:
    assert {name for name, pattern in TEXT.items() if pattern} == RIGHT.keys() == WRONG.keys()


@pytest.fixture(scope="module")
def engines(postgres: PostgresServer) -> Iterator[Engines]:
    postgres.ensure_database("formats")
    made = Engines(postgres.url("formats"))
    yield made
    made.close()
    postgres.drop_database("formats")


@pytest.mark.parametrize("name", CASES)
def test_a_format_means_the_same_to_every_engine(engines: Engines, name: str) -> None:
    pattern, right, wrong = CASES[name]
    contract = contract_of([Check(id="c", kind=CheckKind.REGEX, columns=("s",), pattern=pattern)])
    for values, failing in ((right, 0), (wrong, len(wrong))):
        engines.fill([(1, None, None, value, NOW) for value in values])
        for engine in (engines.sql_postgres, engines.sql_duckdb, engines.arrow):
            found = engine(contract).values["c"]
            assert (found.value, found.error) == (failing, ""), (engine, values)
