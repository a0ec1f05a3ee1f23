"""The online table of a feature table: its contract, made of the same definition, and what serving reads of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.postgres.session import session
from airflow_provider_harness.adapters.sql.checks import column, ident
from airflow_provider_harness.core.contracts.checks import Check, CheckKind
from airflow_provider_harness.core.contracts.contract import Contract, Load
from airflow_provider_harness.core.contracts.learning.features import FeatureTable
from airflow_provider_harness.core.learning.features import SKEW

if TYPE_CHECKING:
    from psycopg.types.datetime import TimestamptzLoader


def online(contract: Contract, known: FeatureTable) -> Contract:
    """The contract of the online table: a row an entity, the one that is newest offline.

    :param contract: of the feature table, at the table where it is published.
    """
    checks = [Check(id=f"not_null:{name}", kind=CheckKind.NOT_NULL, columns=(name,)) for name in known.entity]
    once = f"unique:{','.join(known.entity)}"
    checks.append(Check(id=once, kind=CheckKind.UNIQUE, columns=known.entity))
    same = f"for each entity the newest row of {contract.table}"
    checks.append(Check(id=SKEW, kind=CheckKind.CUSTOM_SQL, sql=_skew(contract, known), description=same))
    load = Load(time_zone=contract.load.time_zone, grain=contract.load.grain)
    return replace(
        contract,
        id=f"{contract.id}/online",
        table=known.online,
        key=known.entity,
        checks=tuple(checks),
        load=load,
        features=None,
    )


def _skew(contract: Contract, known: FeatureTable) -> str:
    """How many rows only one of the two has: what is newest offline, and what is online."""
    names = ", ".join(_compared(contract, name) for name in known.columns)
    order = ", ".join(f"s.{column(name)} DESC" for name in known.times)
    entity = ", ".join(f"s.{column(name)}" for name in known.entity)
    until = " AND ".join(f"s.{column(name)} <= CURRENT_TIMESTAMP" for name in known.times)
    ranked = f"SELECT s.*, ROW_NUMBER() OVER (PARTITION BY {entity} ORDER BY {order}) AS harness_rank FROM {ident(contract.table)} AS s WHERE {until}"
    offline = f"SELECT {names} FROM ({ranked}) AS r WHERE r.harness_rank = 1"
    online = f"SELECT {names} FROM ${{table}}"
    return f"SELECT count(*) FROM (({offline} EXCEPT {online}) UNION ALL ({online} EXCEPT {offline})) AS d"


def _compared(contract: Contract, name: str) -> str:
    """A column as it is compared: PostgreSQL does not know whether two values of the type json are equal."""
    plain = contract.column(name).physical_type == "json"
    return f"CAST({column(name)} AS text)" if plain else column(name)


def rows(
    dsn: str, name: str, contract: Contract, known: FeatureTable, keys: Sequence[tuple[Any, ...]]
) -> Mapping[int, Mapping[str, Any]]:
    """Place of an entity among the keys -> its row in the online table; without those that have none.

    :param name: the connection in words, for errors.
    :param keys: values of the entity's columns, in their order; PostgreSQL reads each as its column's type.
    """
    kinds = [contract.column(one).physical_type for one in known.entity]
    given = ", ".join(f"%s::text[]::{kind}[]" for kind in kinds)
    listed = ", ".join([*(f"k{n}" for n, _ in enumerate(kinds)), "place"])
    same = " AND ".join(f"t.{column(one)} = k.k{n}" for n, one in enumerate(known.entity))
    wanted = ", ".join(f"t.{column(one)}" for one in known.columns).replace("%", "%%")
    joined = f"FROM {ident(known.online)} AS t JOIN UNNEST({given}) WITH ORDINALITY AS k ({listed}) ON {same}"
    values = [list(map(_text, part)) for part in zip(*keys, strict=True)]
    with session(dsn, name) as connection:
        connection.adapters.register_loader("timestamptz", _endless())
        found = connection.execute(f"SELECT k.place, {wanted} {joined}".encode(), values).fetchall()
    return {int(place) - 1: dict(zip(known.columns, row, strict=True)) for place, *row in found}


def _text(value: Any) -> str | None:
    """A value of an entity as PostgreSQL reads it."""
    if value is None:
        return None
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    return str(int(value) if isinstance(value, float) and value.is_integer() else value)


def _endless() -> type[TimestamptzLoader]:
    """Reads a moment that PostgreSQL calls infinite, or that Python has no year for, as Python's first or last one."""
    from psycopg.errors import DataError
    from psycopg.types.datetime import TimestamptzLoader

    class Endless(TimestamptzLoader):
        def load(self, data: Any) -> datetime:
            try:
                return super().load(data)
            except DataError:
                text = bytes(data)
                first = text.startswith(b"-") or text.endswith(b"BC")
                return datetime.min.replace(tzinfo=UTC) if first else datetime.max.replace(tzinfo=UTC)

    return Endless
