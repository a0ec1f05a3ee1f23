"""The rows of the bench: what is compared with what, and the goals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Taken = Mapping[str, float]
"""What one scenario printed."""


def _rate(ours: Taken, peer: Taken) -> float:
    return (ours["rows"] / ours["seconds"]) / (peer["rows"] / peer["seconds"])


def _time(ours: Taken, peer: Taken) -> float:
    return ours["seconds"] / peer["seconds"]


def _peak(ours: Taken, peer: Taken) -> float:
    return ours["mb"] / peer["mb"]


def _megabytes(ours: Taken, peer: Taken) -> float:
    return ours["mb"]


def _milliseconds(ours: Taken, peer: Taken) -> float:
    return 1000 * ours["seconds"]


def _count(ours: Taken, peer: Taken) -> float:
    return ours["rows"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table.

    :param name: what ``ONLY`` selects it by.
    :param figure: from what ours and the peer took in one round to the number that the goal is about.
    :param at_least: whether the number must be the goal or more; else the goal or less.
    :param unit: of the number; empty for a ratio.
    :param note: what a reader must know; where it is not there yet, why.
    """

    name: str
    what: str
    ours: str
    peer: str = ""
    figure: Callable[[Taken, Taken], float] = _time
    goal: float
    at_least: bool = False
    unit: str = ""
    note: str = ""

    def met(self, value: float) -> bool:
        """Whether a number is as good as the goal."""
        return value >= self.goal if self.at_least else value <= self.goal

    def said(self) -> str:
        """The goal in words."""
        return f"{'>=' if self.at_least else '<='} {self.goal:g}{self.unit}"


def _speed(**given: Any) -> Row:
    return Row(figure=_rate, at_least=True, **given)


MOVEMENT = (
    _speed(name="extract", what="PostgreSQL to Parquet, ungated / psql COPY binary, rows/s", ours="extract_bare", peer="psql_copy", goal=0.70),
    _speed(name="extract-gcs", what="the same / PostgresToGCS parquet, rows/s", ours="extract_bare", peer="postgres_to_gcs", goal=20),
    Row(name="extract-18", what="18 checks in flight / ungated, time", ours="extract_checked", peer="extract_bare", goal=1.12),
    Row(name="extract-unique", what="and exact uniqueness of two keys / ungated, time", ours="extract_unique", peer="extract_bare", goal=1.25),
    _speed(name="load", what="Parquet to published slice, gated / COPY binary into such a table, rows/s", ours="load", peer="psql_load", goal=0.50),
    _speed(name="load-parted", what="the same, target partitioned by slice", ours="load_parted", peer="psql_load_parted", goal=0.70),
    _speed(name="transfer", what="PostgreSQL to PostgreSQL / psql | psql binary, rows/s", ours="transfer", peer="psql_pipe", goal=0.85),
    _speed(name="transfer-generic", what="the same / GenericTransfer, rows/s", ours="transfer", peer="generic_transfer", goal=20),
)  # fmt: skip
GATES = (
    Row(name="gate", what="20 checks in PostgreSQL, nothing proved / one hand-written statement, time", ours="gate", peer="gate_by_hand", goal=1.10),
    Row(name="gate-airflow", what="the same / SQLColumnCheck and SQLTableCheck, time", ours="gate", peer="airflow_checks", goal=0.40),
    Row(name="gate-gx", what="the same / Great Expectations, time", ours="gate", peer="great_expectations", goal=0.60),
    Row(name="gate-parquet", what="18 checks on Parquet / one hand-written statement of DuckDB, time", ours="parquet", peer="parquet_by_hand", goal=1.15),
    Row(name="samples", what="100 sample rows for each failed check / the passing gate, time", ours="gate_failing", peer="gate", goal=1.4),
)  # fmt: skip
DAGFILES = (
    Row(name="import", what="our operators, sensors, callbacks after airflow.sdk, CPU", ours="imports", figure=_milliseconds, goal=3, unit=" ms"),
    Row(name="parse", what="100 gated tasks with 100 contracts / 100 plain operators, CPU", ours="parse_gated", peer="parse_plain", goal=1.2),
    Row(name="parse-scheduled", what="the same with a schedule, to which each contract is held, CPU", ours="parse_scheduled", peer="parse_plain", goal=1.2),
)  # fmt: skip
TYPES = (
    Row(name="types", what="12 types to Parquet and back: rows of EXCEPT, both ways", ours="types", figure=_count, goal=0, unit=" rows"),
)  # fmt: skip
TRAINING = (
    Row(name="training-set", what="features as of a tenth as many requests / hand-written LATERAL, time", ours="training_set", peer="training_set_by_hand", goal=1.1),
    Row(name="watch-time", what="a slice of 100,000 rows of a watched table of fifty times as many rows (100,000,000) / of half as many, time", ours="watch_large", peer="watch_small", goal=1.5),
    Row(name="watch-read", what="rows that the plan of such a slice reads of the larger table", ours="watch_planned", figure=_count, goal=150_000, unit=" rows"),
    Row(name="fine-tuning-mb", what="peak of a fine-tuning set of {half} examples, above an imported Airflow", ours="fine_tuning", figure=_megabytes, goal=500, unit=" MB"),
)  # fmt: skip
RETRIEVAL = (
    Row(name="index-memory", what="peak of indexing five times as many passages / a fifth of them", ours="index_filled", peer="index_filled_small", figure=_peak, goal=1.25),
    Row(name="index-changed", what="an index of {twentieth} passages after one changed document, one passage embedded", ours="index_changed", figure=_milliseconds, goal=2000, unit=" ms"),
    Row(name="search-p95", what="search with a filter among {twentieth} passages, slowest twentieth of 200", ours="search_slowest", figure=_count, goal=50, unit=" ms"),
    Row(name="search-recall", what="recall at 10 by vector with that filter, against an exact search", ours="search_nearest", figure=_count, goal=950, at_least=True, unit=" per mille"),
)  # fmt: skip
PAGES = (
    Row(name="page-incidents", what="the page's list of 10,000 incidents, CPU", ours="page_incidents", figure=_milliseconds, goal=200, unit=" ms"),
    Row(name="page-tables", what="the page's list of 1,000 tables, CPU", ours="page_tables", figure=_milliseconds, goal=200, unit=" ms"),
    Row(name="page-health", what="health of a month with 10,000 incidents, CPU", ours="page_health", figure=_milliseconds, goal=1000, unit=" ms"),
)  # fmt: skip
MEMORY = (
    Row(name="memory-extract", what="peak of the gated extract, {big} / {small} rows", ours="memory_extract:big", peer="memory_extract:small", figure=_peak, goal=1.10),
    Row(name="memory-extract-mb", what="the same at {big} rows, above an imported Airflow", ours="memory_extract:big", figure=_megabytes, goal=300, unit=" MB"),
    Row(name="memory-load", what="peak of the gated load, {big} / {small} rows", ours="memory_load:big", peer="memory_load:small", figure=_peak, goal=1.10),
    Row(name="memory-load-mb", what="the same at {big} rows, above an imported Airflow", ours="memory_load:big", figure=_megabytes, goal=300, unit=" MB"),
)  # fmt: skip
TABLE = (*MOVEMENT, *GATES, *DAGFILES, *TYPES, *TRAINING, *RETRIEVAL, *PAGES, *MEMORY)
