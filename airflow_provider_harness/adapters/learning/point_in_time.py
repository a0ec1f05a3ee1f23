"""The query of a training set: each request with the features that were known at its time, for PostgreSQL and BigQuery.

Two forms give the same rows. ``lookup`` asks for the newest row of each request by itself, which is fast where an index begins with
the entity and the event time; only PostgreSQL has it. ``ranked`` joins and takes the first of each entity and time; it reads the
table once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from airflow_provider_harness.core.contracts.contract import Column, Contract, LoadMode, LogicalType
from airflow_provider_harness.core.contracts.learning.features import EVENT_AT, KNOWN_AT, FeatureTable, TrainingSet

POSTGRES, BIGQUERY = "postgres", "bigquery"
SLICE_START, SLICE_END = "%(slice_start)s", "%(slice_end)s"
_DOCUMENTS = (LogicalType.OBJECT, LogicalType.ARRAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A feature table and what a training set takes of it.

    :param table: ``schema.table`` where it is published.
    :param contract: of the feature table.
    :param entity: column of its entity -> column of the requests, as pairs.
    :param take: feature -> column of the training set, as pairs.
    """

    table: str
    contract: Contract
    features: FeatureTable
    entity: tuple[tuple[str, str], ...]
    take: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Words:
    """How an engine says a few things."""

    dialect: str

    def name(self, name: str) -> str:
        """A name in quotes, with percent signs doubled."""
        quote = "`" if self.dialect == BIGQUERY else '"'
        inner = name.replace("`", "\\`") if self.dialect == BIGQUERY else name.replace('"', '""')
        return f"{quote}{inner.replace('%', '%%')}{quote}"

    def names(self, names: Sequence[str]) -> str:
        """Names as a list."""
        return ", ".join(map(self.name, names))

    def moment(self, moment: datetime) -> str:
        """A moment as a literal."""
        kind = "TIMESTAMP" if self.dialect == BIGQUERY else "TIMESTAMPTZ"
        return f"{kind} '{moment.astimezone(UTC).isoformat(sep=' ')}'"

    def text(self, value: str) -> str:
        """A value as a text by which it is compared, whatever its type."""
        return f"TO_JSON_STRING({value})" if self.dialect == BIGQUERY else f"CAST({value} AS text)"

    def table(self, name: str) -> str:
        return ".".join(map(self.name, name.split(".", 1)))

    def ago(self, moment: str, seconds: int) -> str:
        """A moment some seconds earlier; no calendar and no zone has a part in it."""
        if self.dialect == BIGQUERY:
            return f"TIMESTAMP_SUB({moment}, INTERVAL {seconds} SECOND)"
        return f"{moment} - INTERVAL '{seconds} SECONDS'"

    def newest(self, values: Sequence[str]) -> str:
        """The greatest of several values; null only where all of them are."""
        if len(values) == 1:
            return values[0]
        if self.dialect == BIGQUERY:
            return f"(SELECT MAX(one) FROM UNNEST([{', '.join(values)}]) AS one)"
        return f"GREATEST({', '.join(values)})"

    def ordered(self, value: str, column: Column) -> str:
        """An order by a value that no zone, collation or plan changes; null comes last."""
        as_text = column.logical_type in (_DOCUMENTS if self.dialect == BIGQUERY else (LogicalType.STRING, *_DOCUMENTS))
        collated = ' COLLATE "C"' if as_text and self.dialect == POSTGRES else ""
        return f"{self.text(value) if as_text else value}{collated} DESC NULLS LAST"


def query(
    contract: Contract,
    made: TrainingSet,
    sources: Sequence[Source],
    dialect: str,
    *,
    lookup: Mapping[str, bool] | None = None,
) -> str:
    """The query whose columns are the training set's.

    :param contract: of the training set.
    :param lookup: tables to be asked in the form ``lookup``, all others in ``ranked`` -> whether no two of its rows have the same
        entity and times, so that nothing else need decide between them.
    """
    words = Words(dialect)
    own = [name for name in contract.names if name not in made.taken]
    outputs = {name: f"q.{words.name(name)}" for name in own}
    for n, source in enumerate(sources):
        outputs |= {out: f"f{n}.{words.name(feature)}" for feature, out in source.take}
    for out, place in ((KNOWN_AT, -1), (EVENT_AT, 0)):
        times = [f"f{n}.{words.name(source.features.times[place])}" for n, source in enumerate(sources)]
        outputs[out] = words.newest(times)
    listed = ",\n  ".join(f"{outputs[name]} AS {words.name(name)}" for name in contract.names)
    sliced = contract.load.mode is not LoadMode.FULL
    here = f"\nWHERE {_in_slice(words, 'q', made)}" if sliced else ""
    joins = "\n".join(
        _looked_up(words, n, source, made, once=once)
        if (once := (lookup or {}).get(source.table)) is not None
        else _ranked(words, n, source, made, sliced=sliced)
        for n, source in enumerate(sources)
    )
    return f"SELECT\n  {listed}\nFROM {words.table(made.requests)} AS q\n{joins}{here}"


def _in_slice(words: Words, alias: str, made: TrainingSet) -> str:
    moment = f"{alias}.{words.name(made.time)}"
    return f"{moment} >= {SLICE_START} AND {moment} < {SLICE_END}"


def _looked_up(words: Words, n: int, source: Source, made: TrainingSet, *, once: bool) -> str:
    """The newest known row of each request, asked for by itself."""
    where = "\n    AND ".join(_visible(words, source, "q", made.time))
    order = ", ".join(_order(words, source, once=once))
    newest = f"SELECT s.* FROM {_rows(words, source)} AS s\n  WHERE {where}\n  ORDER BY {order}\n  LIMIT 1"
    return f"LEFT JOIN LATERAL (\n  {newest}\n) AS f{n} ON {_unended(words, n, source, made)}"


def _ranked(words: Words, n: int, source: Source, made: TrainingSet, *, sliced: bool) -> str:
    """The newest known row of each entity and time that is asked for, and each request beside its own.

    Requests need no key for it, and those of the same entity and time share one look.
    """
    keys = [theirs for _, theirs in source.entity]
    asked = ", ".join(f"r.{words.name(name)}" for name in dict.fromkeys((*keys, made.time)))
    here = f" WHERE {_in_slice(words, 'r', made)}" if sliced else ""
    moments = f"SELECT DISTINCT {asked} FROM {words.table(made.requests)} AS r{here}"
    mine = ", ".join(f"m.{words.name(name)}" for name in dict.fromkeys((*keys, made.time)))
    rank = f"ROW_NUMBER() OVER (PARTITION BY {mine} ORDER BY {', '.join(_order(words, source))}) AS harness_rank"
    where = "\n    AND ".join(_visible(words, source, "m", made.time))
    joined = f"SELECT s.*, m.{words.name(made.time)} AS harness_at, {rank}\n  FROM ({moments}) AS m\n  JOIN {_rows(words, source)} AS s ON {where}"
    same = [f"f{n}.{words.name(ours)} = q.{words.name(theirs)}" for ours, theirs in source.entity]
    same += [f"f{n}.harness_at = q.{words.name(made.time)}", f"f{n}.harness_rank = 1", _unended(words, n, source, made)]
    return f"LEFT JOIN (\n  {joined}\n) AS f{n} ON {' AND '.join(same)}"


def _rows(words: Words, source: Source) -> str:
    """The feature table; where rows say until when they hold, with those ends that are no mere beginning of the next.

    A version that a later one ends holds until that one is known: its own end would tell of it before.
    """
    known = source.features
    if not known.valid_to:
        return words.table(source.table)
    table, ends, begins = words.table(source.table), words.name(known.valid_to), words.name(known.event_time)
    entity = [words.name(name) for name in known.entity]
    same = " AND ".join([*(f"n.{name} = t.{name}" for name in entity), f"n.{begins} = t.{ends}"])
    begun = f"SELECT DISTINCT {', '.join([*entity, begins])} FROM {table}"
    ended = f"CASE WHEN n.{begins} IS NULL THEN t.{ends} END AS harness_ends"
    return f"(SELECT t.*, {ended} FROM {table} AS t LEFT JOIN ({begun}) AS n ON {same})"


def _unended(words: Words, n: int, source: Source, made: TrainingSet) -> str:
    if not source.features.valid_to:
        return "TRUE"
    return f"(f{n}.harness_ends IS NULL OR f{n}.harness_ends > q.{words.name(made.time)})"


def _visible(words: Words, source: Source, alias: str, time: str) -> Iterator[str]:
    """The conditions under which a row was known at a request's time, and not too old."""
    known, moment = source.features, f"{alias}.{words.name(time)}"
    for ours, theirs in source.entity:
        yield f"s.{words.name(ours)} = {alias}.{words.name(theirs)}"
    for name in known.times:
        yield f"s.{words.name(name)} <= {moment}"
    if known.max_age:
        yield f"s.{words.name(known.event_time)} >= {words.ago(moment, known.max_age)}"


def _order(words: Words, source: Source, *, once: bool = False) -> Iterator[str]:
    """Newest first; what the times do not decide, the greater values do.

    :param once: the times decide.
    """
    for name in source.features.times:
        yield f"s.{words.name(name)} DESC"
    for name in () if once else source.features.features:
        yield words.ordered(f"s.{words.name(name)}", source.contract.column(name))


def newest(contract: Contract, known: FeatureTable, dialect: str, at: str) -> str:
    """The query of the online table: of each entity the newest row, as known at a moment.

    :param contract: of the feature table, at the table where it is published.
    :param at: the moment as SQL.
    """
    words = Words(dialect)
    source = Source(table=contract.table, contract=contract, features=known, entity=(), take=())
    names = ", ".join(words.name(name) for name in contract.names)
    entity = ", ".join(f"s.{words.name(name)}" for name in known.entity)
    rank = f"ROW_NUMBER() OVER (PARTITION BY {entity} ORDER BY {', '.join(_order(words, source))}) AS harness_rank"
    until = " AND ".join(f"s.{words.name(name)} <= {at}" for name in known.times)
    ranked = f"SELECT s.*, {rank} FROM {words.table(contract.table)} AS s WHERE {until}"
    return f"SELECT {names} FROM ({ranked}) AS r WHERE r.harness_rank = 1"
