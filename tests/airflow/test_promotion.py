"""A promotion in a real Airflow: who may answer its question, what agreeing names, and that nothing is published by it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_harness.core.learning.promotion.handover import digest
from airflow_provider_harness.testing.postgres import PostgresServer
from airflow_provider_harness.testing.stack import AirflowStack, ApiRefused
from tests.demo.breaks import wait_for
from tests.ports.promotion_case import CONTRACT, warehouse

__all__ = ["warehouse"]

DAG = """
from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import DAG

from airflow_provider_harness.operators import PromoteTableOperator

with DAG("promote_probe", schedule=None):
    promote = PromoteTableOperator(
        task_id="promote", contract="FOLDER/orders.odcs.yaml", conn_id="sandbox_probe", table="bronze.orders",
        target="silver.orders", level="silver", folder="FOLDER/promotions", use_model=False,
    )
    read = ApprovalOperator(
        task_id="read", subject="{{ ti.xcom_pull('promote')['subject'] }}", body="{{ ti.xcom_pull('promote')['question'] }}",
        assigned_users=[{"id": "oncall", "name": "oncall"}],
    )
    promote >> read
"""
RUN = "/dags/promote_probe/dagRuns/once"
QUESTION = f"{RUN}/taskInstances/read/-1/hitlDetails"
AGREED = {"chosen_options": ["Approve"], "params_input": {}}


@pytest.fixture
def asked(
    stack: AirflowStack,
    dags_folder: Path,
    postgres: PostgresServer,
    warehouse: tuple[str, str],
    tmp_path: Path,
) -> Iterator[dict[str, Any]]:
    """A promotion whose question waits for its answer."""
    database, role = warehouse
    (tmp_path / "orders.odcs.yaml").write_text(CONTRACT)
    login = {"login": role, "password": "sandbox", "host": postgres.host, "port": postgres.port, "schema": database}
    stack.api("POST", "/connections", {"connection_id": "sandbox_probe", "conn_type": "postgres", **login})
    file = dags_folder / "promote_probe.py"
    file.write_text(DAG.replace("FOLDER", str(tmp_path)))
    stack.wait_dag("promote_probe")
    stack.api("POST", "/dags/promote_probe/dagRuns", {"logical_date": None, "dag_run_id": "once"})

    def question() -> Any:
        try:
            return stack.api("GET", QUESTION)
        except ApiRefused as error:
            if error.status != 404:
                raise
            return None

    yield wait_for("the question of the promotion", question, 120)
    file.unlink()
    stack.api("DELETE", "/connections/sandbox_probe")


@pytest.mark.slow
@pytest.mark.attack
def test_only_who_is_asked_agrees_and_to_exactly_what_is_shown(
    stack: AirflowStack, asked: dict[str, Any], postgres: PostgresServer, warehouse: tuple[str, str], tmp_path: Path
) -> None:
    for user in ("viewer", "harness", "admin"):
        with pytest.raises(ApiRefused) as refused:
            stack.api("PATCH", QUESTION, AGREED, user=user)
        assert refused.value.status == 403, user
    assert not stack.api("GET", QUESTION)["response_received"]
    told = stack.api("GET", f"{RUN}/taskInstances/promote/xcomEntries/return_value", stringify="false")["value"]
    files = Path(told["files"])
    sql, contract = ((files / name).read_text() for name in ("transform.sql", "contract.odcs.yaml"))
    assert files.is_relative_to(tmp_path) and told["digest"] == digest(sql.removesuffix("\n"), contract)
    assert (
        f"a person has read the proposal `{told['digest'][:16]}`" in asked["body"] and asked["body"] == told["question"]
    )

    stack.api("PATCH", QUESTION, AGREED, user="oncall")
    assert stack.wait_run("promote_probe", "once", timeout=90)["state"] == "success"
    answer = stack.api("GET", QUESTION)
    assert (answer["responded_by_user"]["id"], answer["chosen_options"]) == ("oncall", ["Approve"])
    with postgres.connect(warehouse[0]) as connection:
        schemas = connection.execute("SELECT schemaname FROM pg_tables WHERE tablename NOT LIKE 'pg\\_%'").fetchall()
        assert ("silver",) not in schemas, "agreeing publishes nothing"
        [(built,)] = connection.execute(
            "SELECT relname FROM pg_class WHERE relname ~ '^p[0-9a-f]{12}_[0-9]+$'"
        ).fetchall()
        shown, kept = sql.encode(), f"SELECT * FROM promotion.{built}".encode()
        both = b"(%s EXCEPT %s) UNION ALL (%s EXCEPT %s)"
        assert connection.execute(both % (shown, kept, kept, shown)).fetchall() == [], (
            "what was graded is what is shown"
        )
