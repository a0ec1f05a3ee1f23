"""Which of several queries PostgreSQL itself holds to be the cheapest; none of them runs."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_provider_harness.adapters.postgres.session import session
from airflow_provider_harness.adapters.sql.authored import subquery
from airflow_provider_harness.adapters.sql.checks import in_zone, query_bounds
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.slices.slices import Slice


def cheapest(dsn: str, name: str, contract: Contract, piece: Slice, queries: Sequence[str]) -> str:
    """The first query of the least cost, as the planner estimates it.

    :param name: the connection in words, for errors.
    """
    values = dict(zip(("slice_start", "slice_end"), query_bounds(piece, contract), strict=True))
    costs: list[float] = []
    with session(dsn, name) as connection:
        connection.execute(in_zone(contract).encode())
        for sql in queries:
            asked = f"EXPLAIN (FORMAT JSON) SELECT * FROM {subquery.relation(sql)}"
            told = connection.execute(asked.encode(), values, prepare=True).fetchone()
            costs.append(float(told[0][0]["Plan"]["Total Cost"]) if told else 0.0)
    return queries[costs.index(min(costs))]
