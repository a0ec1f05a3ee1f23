"""What is asked of the staged rows of a training set, in the words of the database where they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from airflow_provider_harness.adapters.learning.point_in_time import BIGQUERY, POSTGRES, Words
from airflow_provider_harness.core.contracts.contract import PUBLIC, Contract
from airflow_provider_harness.core.contracts.learning.features import TrainingSet
from airflow_provider_harness.core.learning.features import MODULUS

SHOWN = 3
"""Rows that an error names."""
_HASH: Mapping[str, Callable[[str], str]] = {
    POSTGRES: lambda columns: (
        f"CAST(MOD(COALESCE(SUM(CAST(('x' || SUBSTR(MD5(CAST(ROW({columns}) AS text)), 1, 12))::bit(48) AS bigint)), 0), {MODULUS}) AS bigint)"
    ),
    BIGQUERY: lambda columns: (
        f"CAST(MOD(COALESCE(SUM(CAST(CAST(CONCAT('0x', SUBSTR(TO_HEX(MD5(TO_JSON_STRING(STRUCT({columns})))), 1, 12)) AS INT64) AS NUMERIC)), 0), {MODULUS}) AS INT64)"
    ),
}
"""Dialect -> a number that the same rows give in any order, and other rows hardly ever."""


def hashes(contract: Contract, made: TrainingSet, dialect: str) -> str:
    """A query for two numbers: of what was asked (key and time), and of what features answered."""
    words, asked = Words(dialect), identity(contract, made)
    parts = (asked, [*asked, *(name for name in contract.names if name in made.taken)])
    return _plain(f"SELECT {', '.join(_HASH[dialect](words.names(names)) for names in parts)} FROM ${{table}}")


def identity(contract: Contract, made: TrainingSet) -> list[str]:
    """The columns that tell requests apart."""
    return list(dict.fromkeys((*contract.key, made.time)))


def late_labels(contract: Contract, made: TrainingSet, dialect: str, now: datetime) -> str:
    """A query for the labels that become known after a moment: their number, then what names a few of their rows."""
    words = Words(dialect)
    name = words.name(made.label_known_at)
    shown = public(contract, [*identity(contract, made), made.label_known_at])
    listed = ", ".join(["COUNT(*) OVER ()", *(words.name(one) for one in shown)])
    order = ", ".join(words.name(one) for one in (made.label_known_at, made.time))
    return _plain(f"SELECT {listed} FROM ${{table}} WHERE {name} > {words.moment(now)} ORDER BY {order} LIMIT {SHOWN}")


def changed(contract: Contract, made: TrainingSet, dialect: str) -> str:
    """A query for rows that are published with other features for the same request: their number, then what names a few."""
    words, asked = Words(dialect), identity(contract, made)
    same = " AND ".join(f"o.{words.name(name)} = n.{words.name(name)}" for name in asked)
    taken = [words.name(name) for name in contract.names if name in made.taken]
    other = " OR ".join(f"{words.text(f'o.{name}')} IS DISTINCT FROM {words.text(f'n.{name}')}" for name in taken)
    shown = ["COUNT(*) OVER ()", *(f"n.{words.name(name)}" for name in public(contract, asked))]
    joined = f"FROM ${{table}} AS n JOIN {words.table(contract.table)} AS o ON {same} WHERE {other}"
    order = ", ".join(f"n.{words.name(name)}" for name in asked)
    return _plain(f"SELECT {', '.join(shown)} {joined} ORDER BY {order} LIMIT {SHOWN}")


def public(contract: Contract, names: Sequence[str]) -> list[str]:
    """Those columns of these whose values may be shown."""
    known = contract.classified()
    return [name for name in dict.fromkeys(names) if known.get(name) == PUBLIC]


def _plain(sql: str) -> str:
    """A statement that nobody fills placeholders of."""
    return sql.replace("%%", "%")
