"""What PostgreSQL says of the tables of a training set: which ones an index looks up, and whether their moments are
moments. Its planner cannot be asked: it holds a look-up to be dearer than it is."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_provider_harness.adapters.learning.point_in_time import Source
from airflow_provider_harness.adapters.postgres.session import session
from airflow_provider_harness.adapters.sql.checks import ident
from airflow_provider_harness.core.errors import ConfigurationError

COLUMNS = """
SELECT i.indisunique, array(SELECT a.attname::text FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, place)
             JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.number ORDER BY k.place)
FROM pg_index AS i WHERE i.indrelid = to_regclass(%s) AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
"""
TYPES = """
SELECT attname::text, format_type(atttypid, NULL) FROM pg_attribute
WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
ZONED = "timestamp with time zone"


def fits(dsn: str, name: str, tables: Sequence[tuple[str, Sequence[str], Sequence[str]]]) -> None:
    """That tables have the columns that are needed, and that their moments are the same ones in every zone.

    :param name: the connection in words, for errors.
    :param tables: of each table its name, the columns that are needed, and those of them that are moments.
    :raises ConfigurationError: one is not so.
    """
    with session(dsn, name) as connection:
        for table, columns, moments in tables:
            types = dict(connection.execute(TYPES, [ident(table)]).fetchall())
            if not types:
                continue  # no table: the query says so
            if lacking := [one for one in columns if one not in types]:
                problem = f"has no column {', '.join(lacking)}."
                fix = "Give the columns their existing names, or remove them from features."
                raise ConfigurationError(f"table {table}", problem, valid=tuple(types), fix=fix)
            for one in moments:
                if types[one] != ZONED:
                    problem = f"is {types[one]}, which is another moment in each zone."
                    fix = (
                        f"Cast it where the table is filled, or ALTER TABLE {table} ALTER {one} TYPE timestamptz "
                        f"USING {one} AT TIME ZONE the zone that is meant."
                    )
                    raise ConfigurationError(f"column {table}.{one}", problem, valid=(ZONED,), fix=fix)


def looked_up(dsn: str, name: str, sources: Sequence[Source]) -> dict[str, bool]:
    """Each table that has an index which begins with the entity and then the event time -> whether an index keeps two
    rows of the same entity and times out.

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
