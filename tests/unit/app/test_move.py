"""Moving rows: what is refused before anything is touched."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_harness.adapters.contracts_odcs import compile_text
from airflow_provider_harness.app import move
from airflow_provider_harness.core.contract import Load, LoadMode
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.partition import slice_of

CONTRACT = compile_text(
    """
apiVersion: v3.1.0
kind: DataContract
id: t
version: 1.0.0
status: active
schema: [{name: t, properties: [{name: a, logicalType: string, primaryKey: true}, {name: at, logicalType: timestamp}]}]
""",
    "t.odcs.yaml",
)


class Untouched:
    """Fails at the first use."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} was used")


def test_a_merge_is_refused_before_anything_is_touched() -> None:
    contract = replace(CONTRACT, load=Load(mode=LoadMode.MERGE, slice_column="at"))
    piece, no = slice_of(contract, "2013-01-01"), Untouched()
    with pytest.raises(ConfigurationError, match="load mode merge"):
        move.load(contract, piece, no, no, "run", no, gate=no)
    with pytest.raises(ConfigurationError, match="load mode merge"):
        move.transform(contract, piece, "SELECT 1", no, "run", gate=no)
