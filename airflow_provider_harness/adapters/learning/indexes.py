"""Which feature tables PostgreSQL can look up by an index. Its planner cannot be asked: it holds a look-up to be dearer than it is."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_provider_harness.adapters.learning.point_in_time import Source
from airflow_provider_harness.adapters.postgres.session import session
from airflow_provider_harness.adapters.sql.checks import ident

COLUMNS = """
SELECT array(SELECT a.attname::text FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, place)
             JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.number ORDER BY k.place)
FROM pg_index AS i WHERE i.indrelid = to_regclass(%s) AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
"""


def looked_up(dsn: str, name: str, sources: Sequence[Source]) -> frozenset[str]:
    """The tables that have an index which begins with the entity and then the event time.

    :param name: the connection in words, for errors.
    """
    with session(dsn, name) as connection:
        return frozenset(
            one.table
            for one in sources
            if any(_fits(one, columns) for (columns,) in connection.execute(COLUMNS, [ident(one.table)]))
        )


def _fits(source: Source, columns: Sequence[str]) -> bool:
    known = source.features
    count = len(known.entity)
    return set(columns[:count]) == set(known.entity) and list(columns[count : count + 1]) == [known.event_time]
