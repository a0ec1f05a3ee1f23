"""Features and requests in small tables, the contracts that speak of them, and the same join in slow Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from airflow_provider_harness.adapters.contracts.odcs import compile_text
from airflow_provider_harness.adapters.learning.point_in_time import Source, query
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.learning.features import FeatureTable
from airflow_provider_harness.patterns import Engine
from tests.ports.sql_patterns_case import Row, Table, at

REQUESTS = {"id": "int", "who": "text", "at": "time", "label": "int", "label_at": "time"}
VALUES = {"who": "text", "since": "time", "known": "time", "ends": "time", "score": "int", "word": "text"}
MADE = {
    "id": "int",
    "who": "text",
    "at": "time",
    "label": "int",
    "score": "int",
    "word": "text",
    "features_known_at": "time",
    "features_event_at": "time",
}
_LOGICAL = {"int": "integer", "text": "string", "time": "timestamp", "bool": "boolean"}
_PHYSICAL = {"int": "bigint", "text": "text", "time": "timestamptz", "bool": "boolean"}


def contract_text(
    name: str,
    columns: Mapping[str, str],
    settings: str,
    *,
    home: str = "public",
    key: Sequence[str] = (),
    slice_column: str = "",
    public: Sequence[str] = (),
) -> str:
    """A contract of a table with these columns.

    :param settings: further custom properties of the file, as YAML in flow style, one a line.
    """
    lines = [
        "apiVersion: v3.1.0",
        "kind: DataContract",
        f"id: {name}",
        "version: 1.0.0",
        "status: active",
        "schema:",
        f"  - name: {name}",
        f"    physicalName: {home}.{name}",
        "    properties:",
    ]
    for column, kind in columns.items():
        more = f", primaryKey: true, primaryKeyPosition: {key.index(column) + 1}" if column in key else ""
        more += ", classification: public" if column in public else ""
        lines.append(
            f"      - {{name: {column}, logicalType: {_LOGICAL[kind]}, physicalType: {_PHYSICAL[kind]}{more}}}"
        )
    load = f"mode: incremental, sliceColumn: {slice_column}" if slice_column else "mode: full"
    lines += ["customProperties:", f"  - {{property: harness.load, value: {{{load}}}}}"]
    lines += [f"  - {line}" for line in settings.splitlines() if line]
    return "\n".join(lines) + "\n"


def features_text(version: int = 1, *, scd2: bool = False, known: bool = True, max_age: str = "", **more: Any) -> str:
    """The contract of the feature table ``scores``."""
    columns = dict(VALUES) if scd2 else {name: kind for name, kind in VALUES.items() if name != "ends"}
    given = f"version: {version}, entity: [who], eventTime: since"
    given += ", knownAt: known" if known else ""
    given += ", validTo: ends" if scd2 else ""
    given += f", maxAge: {max_age}" if max_age else ""
    given += ", features: [score, word]"
    given += f", online: {more.pop('online')}" if more.get("online") else ""
    return contract_text("scores", columns, f"{{property: harness.features, value: {{{given}}}}}", **more)


def training_text(version: int = 1, *, features: int = 1, labels: bool = False, **more: Any) -> str:
    """The contract of the training set ``learned``."""
    home = more.get("home", "public")
    given = f"version: {version}, requests: {home}.requests, time: at, model: risk"
    given += ", labelKnownAt: label_at" if labels else ""
    given += f", features: [{{contract: scores.odcs.yaml, version: {features}, take: [score, word]}}]"
    columns = {**MADE, "label_at": "time"} if labels else MADE
    return contract_text("learned", columns, f"{{property: harness.trainingSet, value: {{{given}}}}}", **more)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One case with a known answer.

    :param answer: id of the request -> score and word, or None where no value was known.
    :param options: of ``features_text``.
    """

    id: str
    requests: Sequence[Row]
    values: Sequence[Row]
    answer: Sequence[tuple[int, Any, Any]]
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def scores(self) -> Contract:
        return compile_text(features_text(**self.options), "scores.odcs.yaml")

    def query(self, engine: Engine, *, lookup: bool = False) -> str:
        """The query with its tables in it."""
        made = compile_text(training_text(), "learned.odcs.yaml")
        assert made.training_set is not None
        asked = replace(made.training_set, requests="requests")
        source = source_of(self.scores, "scores")
        quote = "`" if engine is Engine.BIGQUERY else '"'
        tables = {
            "requests": Table(columns=REQUESTS, rows=self.requests),
            "scores": Table(columns=VALUES, rows=self.values),
        }
        given = ", ".join(f"{quote}{name}{quote} AS ({table.sql(engine)})" for name, table in tables.items())
        return f"WITH {given} SELECT * FROM ({query(made, asked, [source], engine.value, lookup={'scores': False} if lookup else None)}) AS q"


def source_of(contract: Contract, table: str) -> Source:
    """All features of a table, by the entity's own name."""
    assert contract.features is not None
    take = tuple((name, name) for name in contract.features.features)
    return Source(table=table, contract=contract, features=contract.features, entity=(("who", "who"),), take=take)


def oracle(known: FeatureTable, requests: Sequence[Row], values: Sequence[Row]) -> list[Row]:
    """The training set as a slow reader of the definition makes it; rows as ``MADE`` has them, in any order."""
    return [_row(known, request, values) for request in requests]


def _row(known: FeatureTable, request: Row, values: Sequence[Row]) -> Row:
    number, who, when, label, _ = request
    mine = [dict(zip(VALUES, row, strict=True)) for row in values if who is not None and row[0] == who]
    then = [
        row
        for row in mine
        if when is not None and all(row[name] is not None and row[name] <= when for name in known.times)
    ]
    if known.max_age:
        then = [row for row in then if row[known.event_time] >= when - timedelta(seconds=known.max_age)]
    if not then:
        return (number, who, when, label, None, None, None, None)
    best = max(
        then, key=lambda row: (*(row[name] for name in known.times), *(_order(row[name]) for name in known.features))
    )
    ends = best["ends"] if known.valid_to else None
    if ends is not None and ends <= when and not any(row[known.event_time] == ends for row in mine):
        return (number, who, when, label, None, None, None, None)
    return (number, who, when, label, best["score"], best["word"], best[known.times[-1]], best[known.event_time])


def _order(value: Any) -> tuple[bool, Any]:
    return (value is not None, value if value is not None else 0)


def request(number: int, when: datetime | None, who: str | None = "a", label: int = 1, known: str = "9") -> Row:
    return (number, who, when, label, at(known))


def value(
    since: str, known: str | None, score: int | None, word: str | None = "w", who: str | None = "a", ends: str = ""
) -> Row:
    return (who, at(since), at(known) if known else None, at(ends) if ends else None, score, word)
