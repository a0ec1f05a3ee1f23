"""What BigQuery's dry run says of a Dag's queries: is each right, and how much would it read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from airflow_provider_harness.adapters.dags.live import filled, reads_by
from airflow_provider_harness.app.authoring.finding import FindingSeverity, Found
from airflow_provider_harness.app.authoring.model import Query, Source
from airflow_provider_harness.core.errors import DatabaseRefused, HarnessError

LARGE = 100 * 2**30
"""Bytes from which on what a query reads at each run is said as a warning."""
USD_PER_TIB = 6.25
"""BigQuery's list price on demand; reservations and regions have others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """What BigQuery says of a query that it does not run.

    :param bytes: what it would read; 0 where nothing, or nobody knows.
    :param limit: bytes that the connection lets one query bill; None for no limit.
    """

    bytes: int
    limit: int | None = None


Ask = Callable[[str, str], DryRun]


def findings(source: Source, dry_run: Ask, in_bigquery: Callable[[str], bool]) -> Iterator[Found]:
    """What is wrong with the queries that run in BigQuery, and what each would cost.

    :param dry_run: connection and query -> what BigQuery says.
    """
    for query in source.queries:
        conn_id = reads_by(query, source)
        if conn_id and in_bigquery(conn_id):
            text = filled(query.text, "TIMESTAMP %s")
            if text is None or any("{" + part in text for part in ("{", "%")):
                said = f"{query.unit} could not be checked: only a run fills its template"
                yield Found(rule="HP105", line=query.line, message=said, severity=FindingSeverity.HINT)
            else:
                yield from _asked(query, conn_id, text, source, dry_run)


def _asked(query: Query, conn_id: str, text: str, source: Source, dry_run: Ask) -> Iterator[Found]:
    try:
        said = dry_run(conn_id, text)
    except DatabaseRefused as error:
        rule = "HP114" if error.code == "accessDenied" else "HP106"
        yield Found(rule=rule, line=query.line, message=f"{query.unit}: {error}")
    except HarnessError as error:
        yield Found(rule="HP105", line=query.line, message=f"{query.unit} could not be checked: {error}")
    else:
        yield from _cost(query, said, _limit(query, source) or said.limit)


def _limit(query: Query, source: Source) -> int | None:
    """Bytes that the operator lets its query read."""
    for _, task in source.of_unit(query.unit):
        given: Any = task.arg("maximum_bytes_billed") or task.arg("max_cost")
        nested = task.arg("configuration")
        given = given or (nested.get("query") or {}).get("maximumBytesBilled") if isinstance(nested, dict) else given
        if isinstance(given, int | float) or (isinstance(given, str) and re.fullmatch(r"\d+", given)):
            return int(given)
    return None


def _cost(query: Query, said: DryRun, limit: int | None) -> Iterator[Found]:
    usd = said.bytes / 2**40 * USD_PER_TIB
    told = (
        f"{query.unit} reads {said.bytes / 2**30:,.1f} GiB at each run, some {usd:,.2f} USD at the list price on demand"
    )
    if limit is not None and said.bytes > limit:
        fix = "Narrow the query, or raise the limit."
        told = f"{told}, above its limit of {limit / 2**30:,.1f} GiB"
        yield Found(rule="HP113", line=query.line, message=told, fix=fix, severity=FindingSeverity.ERROR)
    elif said.bytes:
        weight = FindingSeverity.HINT if said.bytes < LARGE else None
        yield Found(rule="HP113", line=query.line, message=told, severity=weight)
