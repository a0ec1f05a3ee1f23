"""docs/how-to/promote-a-table.md: its grants, its Dag, what ``explain`` and ``check`` say of it, and the question that a person gets."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from airflow_provider_harness.app.authoring.rules.kinds import is_check, publishes
from airflow_provider_harness.wiring.authoring import explaining
from tests.ports.promotion_case import CONTRACT, Promotion, promotion, warehouse

__all__ = ["promotion", "warehouse"]

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "promote-a-table.md").read_text()
AT = datetime(2026, 11, 30, tzinfo=UTC)
[DAG] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
[GRANTS] = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)


def dag_file(folder: Path) -> Path:
    """The page's Dag with its contract, where it may write."""
    (folder / "contracts").mkdir()
    (folder / "contracts" / "orders.odcs.yaml").write_text(CONTRACT)
    found = folder / "promote_orders.py"
    found.write_text(DAG.replace("file:///var/lib/airflow", f"file://{folder}"))
    return found


def test_the_pages_dag_promotes_and_asks_a_person(promotion: Promotion) -> None:
    file = dag_file(promotion.folder)
    given: dict[str, Any] = {"__file__": str(file)}
    exec(compile(file.read_text(), str(file), "exec"), given)
    promote, read = given["promote"], given["read"]
    ti = SimpleNamespace(dag_id="promote_orders", run_id="r", task_id="promote", map_index=-1, try_number=1)
    promote.render_template_fields({"ti": ti})
    told = promote.execute({"ti": ti})
    assert told["outcome"] == "ready" and told["files"].endswith("/promotions/promote_orders/promote/r")
    facets = promote.get_openlineage_facets_on_complete(None)
    assert [one.name.rpartition(".")[2] for one in facets.inputs] == ["orders"] and len(facets.outputs) == 1
    flow = promote._flow()
    assert flow.inputs[0].name.endswith("bronze.orders") and ".promotion.p" in flow.output.name
    read.render_template_fields({"ti": SimpleNamespace(xcom_pull=lambda task: told)})
    assert (read.subject, read.body) == (told["subject"], told["question"])
    assert told["digest"][:16] in read.body and "- rows: 62 before, 60 after" in read.body


def test_the_pages_grants_are_enough(promotion: Promotion) -> None:
    """They are those of the role of these tests."""
    given = re.sub(r"\s+", " ", GRANTS).replace("promoter", promotion.role)
    assert f"GRANT USAGE, CREATE ON SCHEMA promotion TO {promotion.role};" in given
    assert given.count("GRANT") == 3 and f"GRANT SELECT ON bronze.orders TO {promotion.role};" in given


def test_explain_and_check_know_that_it_judges_and_publishes_nothing(tmp_path: Path) -> None:
    file = dag_file(tmp_path)
    [dag] = explaining.explanations(str(file), imports=False, as_of=AT)
    [step, _] = dag["steps"]
    assert step["inputs"] == ["sandbox: bronze.orders"]
    assert step["outputs"] == [f"a proposal for a person in file://{tmp_path}/promotions"]
    [gate] = step["under_contract"]["gates"]
    assert gate["where"] == "on each proposal, in the sandbox; nothing is published" and {
        check["id"] for check in gate["checks"]
    } >= {"unique:id", "row_count"}
    task = SimpleNamespace(id="promote", kind="PromoteTableOperator", args={}, function="")
    assert is_check(task) and not publishes(task, SimpleNamespace(queries=()))  # type: ignore[arg-type]
