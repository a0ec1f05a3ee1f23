"""Which feature tables PostgreSQL can look up by an index. Its planner cannot be asked: it holds a look-up to be dearer than it is."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_provider_harness.adapters.learning.point_in_time import Source
from airflow_provider_harness.adapters.postgres.session import session
from airflow_provider_harness.adapters.sql.checks import ident

COLUMNS = """
SELECT i.indisunique, array(SELECT a.attname::text FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, place)
             JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.number ORDER BY k.place)
FROM pg_index AS i WHERE i.indrelid = to_regclass(%s) AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
"""


def looked_up(dsn: str, name: str, sources: Sequence[Source]) -> dict[str, bool]:
    """Each table that has an index which begins with the entity and then the event time -> whether an index keeps two rows of the
    same entity and times out.

    :param name: the connection in words, for errors.
    """
    found: dict[str, bool] = {}
    with session(dsn, name) as connection:
        for one in sources:
            indexes = connection.execute(COLUMNS, [ident(one.table)]).fetchall()
            if any(_fits(one, columns) for _, columns in indexes):
                found[one.table] = any(unique and _once(one, columns) for unique, columns in indexes)
    return found


def _fits(source: Source, columns: Sequence[str]) -> bool:
    known = source.features
    count = len(known.entity)
    return set(columns[:count]) == set(known.entity) and list(columns[count : count + 1]) == [known.event_time]


def _once(source: Source, columns: Sequence[str]) -> bool:
    return {*columns} <= {*source.features.entity, *source.features.times}
