"""A pipeline of one live table to begin with, put together: the catalog, the contract, the Dag, the test."""

from __future__ import annotations

import ast
import os
from pathlib import Path
from typing import Any

from airflow_provider_harness.app.authoring import start


def drafted(conn_id: str, table: str) -> tuple[dict[str, Any], list[str]]:
    """What the catalog knows of a live table, as the draft of a contract, and what no contract can say, each in a sentence."""
    import yaml

    from airflow_provider_harness.adapters.conversion.database import FILLED, from_database
    from airflow_provider_harness.wiring import rows

    with rows.connections.reachable(conn_id):
        dsn = rows.connections.dsn(conn_id, f"harness new {table}")
        made = from_database(dsn, table, rows.connections.named(conn_id))
    lost = [f"{one.place}: {one.why}" for one in made.lost if one.why != FILLED]
    return yaml.safe_load(made.text), lost


def texts(answers: start.Answers, document: start.Document, dags: Path, tests: Path) -> dict[Path, str]:
    """Every file and its text; the contract compiles, and the others are Python.

    :param dags: folder of the Dags, :param tests: folder of the tests.
    """
    from airflow_provider_harness.adapters.contracts.odcs import compile_text
    from airflow_provider_harness.adapters.postgres.contract_draft import written

    dag_file = dags / f"{answers.name}.py"
    contract_file = dags / "contracts" / f"{answers.name}.odcs.yaml"
    contract = start.contract_head(answers) + written(start.contract(answers, document))
    dag = start.dag(answers)
    test = start.test_file(answers, Path(os.path.relpath(dag_file, tests)).as_posix())
    compile_text(contract, contract_file.name)
    for text in (dag, test):
        ast.parse(text)
    return {contract_file: contract, dag_file: dag, tests / f"test_{answers.name}.py": test}
