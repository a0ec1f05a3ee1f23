"""The rows' side put together: Airflow's connections and context in, contracts, sources and warehouses out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_harness.wiring import part_of

if TYPE_CHECKING:
    from airflow_provider_harness.wiring.rows import connections as connections
    from airflow_provider_harness.wiring.rows import contracts as contracts
    from airflow_provider_harness.wiring.rows import judging as judging
    from airflow_provider_harness.wiring.rows import queries as queries
    from airflow_provider_harness.wiring.rows import slices as slices


def __getattr__(name: str) -> Any:
    return part_of(__name__, name)
