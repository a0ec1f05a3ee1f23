"""Promotion and rollback as tasks run them: docs/how-to/promote-a-model.md, its contract, its Dags, and a drift that is real."""

from __future__ import annotations

import json
import re
import shutil
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from airflow_provider_harness.cli.learning import card as cards
from airflow_provider_harness.core.errors import ConfigurationError, ModelUnproved
from airflow_provider_harness.core.learning.models import ModelEventKind, ModelVersion
from airflow_provider_harness.operators import PromoteModelOperator, RollbackModelOperator
from airflow_provider_harness.wiring.learning import models as wiring
from airflow_provider_harness.wiring.store import task_engine
from tests.ports.models_case import mlflow_server
from tests.ports.operators_case import Extras, moved
from tests.ports.rows_case import Case

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "promote-a-model.md").read_text()
[CONTRACT], [DAGS] = (re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL) for kind in ("yaml", "python"))
GOOD = {"version": "1", "metrics": {"r2": 0.71, "mae": 18.2}, "holdout_hash": "sha256:9f2c"}


@pytest.fixture
def place(tmp_path: Path, store_file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    (tmp_path / "orders.odcs.yaml").write_text(CONTRACT)
    shutil.copyfile(store_file, tmp_path / "harness.db")
    yield tmp_path
    task_engine().dispose()


def task(place: Path, name: str) -> Any:
    """A task of the page's Dags, fresh."""
    (place / "page.py").write_text(DAGS)
    names: dict[str, Any] = {"__file__": str(place / "page.py")}
    exec(compile(DAGS, str(place / "page.py"), "exec"), names)
    return names[name]


def done(operator: Any, run: str, **params: Any) -> Any:
    ti = SimpleNamespace(dag_id="d", run_id=run, task_id=operator.task_id, map_index=-1, try_number=1)
    here = {"ti": ti, "run_id": run, "params": params, "outlet_events": Extras(), "dag_run": None}
    operator.render_template_fields(here)
    return operator.execute(here)


def in_use() -> str | None:
    return wiring.registry("", reads=True).current("revenue")


def test_the_page_s_version_comes_into_use(place: Path) -> None:
    told = done(task(place, "promote"), "r1", **GOOD)
    assert told == {"model": "revenue", "version": "1", "before": None, "already": False, "steps": []}
    assert in_use() == "1"
    found = wiring.registry("", reads=True).version("revenue", "1")
    assert found is not None and (found.metrics, found.uri) == (GOOD["metrics"], "s3://models/revenue/1")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"metrics": {"r2": 0.71}}, "metric mae is missing."),
        ({"metrics": {"r2": float("nan"), "mae": 1}}, "metric r2 is "),
        ({"metrics": {"r2": 0.59, "mae": 1}}, "metric r2 is 0.59; at least 0.6 is wanted."),
        ({"metrics": {"r2": 0.69, "mae": 18.2}}, "worse than 0.71 of version 1, which is in use, by more than 0.01."),
        ({"holdout_hash": "sha256:1"}, "its metrics are of another holdout (sha256:1)"),
        ({"metrics": [1, 2]}, "has metrics that are not a mapping."),
        ({"metrics": "r2 = 1"}, "which are not a mapping. For example"),
    ],
)
def test_a_version_that_does_not_meet_the_terms_fails_at_once(place: Path, change: dict[str, Any], said: str) -> None:
    done(task(place, "promote"), "r1", **GOOD)
    with pytest.raises(AirflowFailException) as failed:
        done(task(place, "promote"), "r2", **{**GOOD, "version": "2", **change})
    assert said in str(failed.value)
    assert in_use() == "1"


def test_a_drift_of_the_table_rolls_the_model_back(case: Case, dag: Any, place: Path) -> None:
    case.at_source(
        "UPDATE public.orders SET amount = id % 10 + CASE WHEN placed_at < '2013-03-11 04:00Z' THEN 0 ELSE 500 END"
    )
    for number in (1, 2):
        done(task(place, "promote"), f"r{number}", **{**GOOD, "version": str(number)})
    for day in (0, 1):
        moved(case, dag, day)
    with pytest.raises(AirflowSkipException, match=r"No condition of the rollback plan is met\."):
        done(task(place, "back"), "day1")
    moved(case, dag, 2)
    told = done(task(place, "back"), "day2")
    assert (told["version"], told["before"], in_use()) == ("1", "2", "1")
    assert told["steps"][0] == "Tell the shop that forecasts are those of the version before."
    [ended] = [e for e in wiring.events("revenue") if e.kind is ModelEventKind.ENDED and e.body["act"] == "roll_back"]
    assert str(ended.body["why"]).startswith("drift:amount:psi: did not pass (found ")


def test_mlflow_is_a_registry_behind_a_connection(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with mlflow_server(token="t") as (url, held):
        host, _, port = url.removeprefix("http://").partition(":")
        told = {"conn_type": "http", "host": host, "port": int(port), "password": "t"}
        monkeypatch.setenv("AIRFLOW_CONN_ML", json.dumps(told))
        for name in "12":
            metrics = {"r2": 0.7, "mae": 20.0}
            held.register(ModelVersion(model="revenue", version=name, metrics=metrics, holdout_hash="sha256:9f2c"))
            terms = {"contract": str(place / "orders.odcs.yaml"), "registry_conn_id": "ml"}
            done(PromoteModelOperator(task_id="p", version=name, **terms), f"r{name}")
        assert held.used == {"revenue": "2"}
        back = RollbackModelOperator(task_id="b", reason="The shop says so.", **terms)
        assert done(back, "r3")["version"] == "1"
        assert held.used == {"revenue": "1"}
        both = PromoteModelOperator(task_id="p", version="2", metrics={"r2": 1}, holdout_hash="h", **terms)
        with pytest.raises(AirflowFailException, match="is a registry that has metrics of its own"):
            done(both, "r4")


def test_what_is_wrong_with_a_task_is_said_when_the_dag_is_parsed(place: Path) -> None:
    terms = {"task_id": "p", "contract": str(place / "orders.odcs.yaml")}
    with pytest.raises(ConfigurationError, match=r"task p: has only one of metrics and holdout_hash\. Give both"):
        PromoteModelOperator(version="1", metrics={"r2": 1}, **terms)
    with pytest.raises(ConfigurationError, match=r"task p: gives no reason\. Give reason"):
        RollbackModelOperator(**terms)


def test_a_contract_without_a_model_is_named(place: Path) -> None:
    other = place / "other.odcs.yaml"
    other.write_text(re.sub(r"  - property: harness.model\n.*?(?=schema:)", "", CONTRACT, flags=re.DOTALL))
    with pytest.raises(AirflowFailException, match=r"other\.odcs\.yaml: has no harness\.model\. Add it"):
        done(RollbackModelOperator(task_id="b", reason="w", contract=str(other)), "r1")


def test_a_rollback_that_is_not_proved_fails_at_once(place: Path) -> None:
    for number in (1, 2):
        done(task(place, "promote"), f"r{number}", **{**GOOD, "version": str(number)})
    (place / "orders.odcs.yaml").write_text(CONTRACT.replace("minimum: 0.6", "minimum: 0.9"))
    back = RollbackModelOperator(task_id="b", reason="w", contract=str(place / "orders.odcs.yaml"))
    with pytest.raises(AirflowFailException, match=r"metric r2 is 0\.71; at least 0\.9 is wanted") as failed:
        done(back, "r3")
    assert isinstance(failed.value.__cause__, ModelUnproved)


def card(place: Path, capsys: pytest.CaptureFixture[str], **given: Any) -> tuple[int, str, str]:
    args = {"name": "revenue", "contract": [str(place / "orders.odcs.yaml")], "conn_id": "", "registry_conn_id": ""}
    with pytest.raises(SystemExit) as ended:
        cards.card(Namespace(**{**args, "as_of": "", "output": "markdown", **given}))
    shown = capsys.readouterr()
    return int(str(ended.value.code)), shown.out, shown.err


def test_the_card_of_a_model_has_the_version_in_use_its_numbers_and_the_plan(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, said = card(place, capsys)
    assert (status, "not borne out: What it is, version in use: no version is in use." in said) == (1, True)
    for number in (1, 2):
        done(task(place, "promote"), f"r{number}", **{**GOOD, "version": str(number)})
    reason = RollbackModelOperator(task_id="b", reason="The shop says so.", contract=str(place / "orders.odcs.yaml"))
    done(reason, "r3")
    capsys.readouterr()
    status, text, said = card(place, capsys)
    assert (status, said) == (0, "")
    head, _, body = text.removeprefix("---\n").partition("\n---\n")
    [index] = yaml.safe_load(head)["model-index"]
    [result] = index["results"]
    assert result["metrics"] == [{"type": "r2", "value": 0.71}, {"type": "mae", "value": 18.2}]
    assert "| version in use | 1 | d/r3/b |" in body
    assert "| r2 \\(at least 0.6\\) | 0.71 | the harness's registry, of public.orders\\_holdout" in body
    assert "| rolled back | from 2 to 1: The shop says so. | d/r3/b |" in body
    assert "| due where | drift:amount:psi does not pass |" in body


def test_a_model_may_have_the_name_of_its_table(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "orders.odcs.yaml").write_text(CONTRACT.replace("name: revenue", "name: orders"))
    _, model, _ = card(place, capsys, name="orders")
    _, table, _ = card(place, capsys, name="public.orders")
    assert "## Rollback" in model and "## Rollback" not in table


def test_a_card_of_a_version_that_somebody_else_put_into_use_is_not_borne_out(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with mlflow_server() as (url, held):
        host, _, port = url.removeprefix("http://").partition(":")
        monkeypatch.setenv("AIRFLOW_CONN_ML", json.dumps({"conn_type": "http", "host": host, "port": int(port)}))
        held.register(ModelVersion(model="revenue", version="7", metrics={"r2": 0.5}, holdout_hash="sha256:9f2c"))
        held.used["revenue"] = "7"
        status, text, said = card(place, capsys, registry_conn_id="ml")
    assert status == 1
    assert "version in use: no task of the harness put it into use." in said
    assert "r2 (at least 0.6): metric r2 is 0.5; at least 0.6 is wanted." in said
    assert "mae (at most 25): metric mae is missing." in said
    assert "model-index" not in text
