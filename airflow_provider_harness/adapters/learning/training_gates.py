"""What is asked of the staged rows of a training set, in the words of the database where they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from airflow_provider_harness.adapters.learning.point_in_time import BIGQUERY, POSTGRES, Words
from airflow_provider_harness.core.contracts.contract import PUBLIC, Contract, LoadMode
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
    """A query for the labels that become known after a moment, or at none: their number, then what names a few of their rows."""
    words = Words(dialect)
    name = words.name(made.label_known_at)
    shown = public(contract, [*identity(contract, made), made.label_known_at])
    listed = ", ".join(["COUNT(*) OVER ()", *(words.name(one) for one in shown)])
    order = ", ".join(words.name(one) for one in (made.label_known_at, made.time))
    late = f"{name} > {words.moment(now)}"
    if made.label:
        late += f" OR ({name} IS NULL AND {words.name(made.label)} IS NOT NULL)"
    return _plain(f"SELECT {listed} FROM ${{table}} WHERE {late} ORDER BY {order} LIMIT {SHOWN}")


def changed(contract: Contract, made: TrainingSet, dialect: str) -> str:
    """A query for rows that are published, and that the same requests do not have now: their number, then what names a few.

    A request is known by all columns that come from it; one that is not asked any more, or less often, changes nothing.
    """
    words, sliced = Words(dialect), contract.load.mode is not LoadMode.FULL
    own = [name for name in contract.names if name not in made.taken]
    shown = public(contract, identity(contract, made))
    asked, answered = (_text_of(words, names) for names in (own, contract.names))
    named = [f"MIN({words.text(words.name(name))}) AS n{n}" for n, name in enumerate(shown)]
    bounds = " AND ".join(
        f"{words.name(made.time)} {sign} (SELECT {most}({words.name(made.time)}) FROM ${{table}})"
        for sign, most in ((">=", "MIN"), ("<=", "MAX"))
    )

    def counted(table: str) -> str:
        listed = ", ".join([f"{asked} AS asked", f"{answered} AS answered", "COUNT(*) AS times", *named])
        inner = f"SELECT {listed} FROM {table} GROUP BY 1, 2"
        return f"(SELECT i.*, SUM(times) OVER (PARTITION BY asked) AS requests FROM ({inner}) AS i)"

    old = counted(words.table(contract.table) + (f" WHERE {bounds}" if sliced else ""))
    now = counted("${table}")
    again = f"(SELECT asked, MIN(requests) AS requests FROM {now} AS a GROUP BY asked)"
    gone = "o.times - COALESCE(n.times, 0)"
    listed = ", ".join([f"SUM({gone}) OVER ()", *(f"o.n{n}" for n, _ in enumerate(shown))])
    return _plain(
        f"SELECT {listed} FROM {old} AS o JOIN {again} AS a ON a.asked = o.asked AND a.requests >= o.requests "
        f"LEFT JOIN {now} AS n ON n.asked = o.asked AND n.answered = o.answered "
        f"WHERE {gone} > 0 ORDER BY {', '.join([*(f'o.n{n}' for n, _ in enumerate(shown)), 'o.answered'])} LIMIT {SHOWN}"
    )


def _text_of(words: Words, names: Sequence[str]) -> str:
    """Several columns as one short text."""
    listed = words.names(names)
    if words.dialect == BIGQUERY:
        return f"TO_HEX(MD5(TO_JSON_STRING(STRUCT({listed}))))"
    return f"MD5(CAST(ROW({listed}) AS text))"


def public(contract: Contract, names: Sequence[str]) -> list[str]:
    """Those columns of these whose values may be shown."""
    known = contract.classified()
    return [name for name in dict.fromkeys(names) if known.get(name) == PUBLIC]


def _plain(sql: str) -> str:
    """A statement that nobody fills placeholders of."""
    return sql.replace("%%", "%")
