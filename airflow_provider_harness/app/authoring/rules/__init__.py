"""What is wrong with a Dag as it is declared, whether read from its code or from Airflow."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from airflow_provider_harness.app.authoring.finding import Found
from airflow_provider_harness.app.authoring.model import Source
from airflow_provider_harness.app.authoring.rules import graph, people, schedule, waiting, writes

RULES: tuple[Callable[[Source], Iterator[Found]], ...] = (
    graph.findings,
    writes.findings,
    schedule.findings,
    waiting.findings,
    people.findings,
)
