"""``airflow harness explain``: snapshots of Dags, each form, bad input. ``UPDATE=1`` writes the snapshots anew."""

from __future__ import annotations

import json
import os
import re
from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_harness.cli.authoring import explain as command
from airflow_provider_harness.cli.authoring import shown
from airflow_provider_harness.wiring.authoring import explaining
from tests.authors import sound
from tests.authors.test_recall import folder
from tests.yardstick import at_most

ROOT = Path(__file__).resolve().parents[2]
SNAPSHOTS = Path(__file__).parent / "snapshots"
PAGE = ROOT / "docs" / "how-to" / "explain-a-dag.md"
AT = datetime(2013, 2, 3, 12, tzinfo=UTC)
LATER = datetime(2026, 2, 3, 12, tzinfo=UTC)
EXAMPLES = (
    "example_assets",
    "example_inlet_event_extra",
    "example_branch_labels",
    "example_dynamic_task_mapping",
    "example_setup_teardown",
    "example_task_group",
    "example_trigger_target_dag",
    "tutorial_dag",
    "tutorial_objectstorage",
    "tutorial_taskflow_api",
)
"""Airflow's own examples whose explanations are kept."""


def kept(name: str, found: Any) -> None:
    """Compare with the snapshot, or write it; what the packaged policy says changes with the policy, and is left out."""
    file = SNAPSHOTS / f"{name}.json"
    found = [dag | {"healer": {"captures_failures": dag["healer"]["captures_failures"]}} for dag in found]
    text = json.dumps(found, indent=1) + "\n"
    if os.environ.get("UPDATE"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    assert text == file.read_text(), f"{file.name} is another one; UPDATE=1 writes it anew"


def explained(path: Path | str, at: datetime = LATER) -> list[dict[str, Any]]:
    return explaining.explanations(str(path), imports=False, as_of=at)


@pytest.mark.parametrize("name", ["flights_daily", "plain_copy"])
def test_the_demos_dags_are_explained_as_before(name: str) -> None:
    kept(name, explained(ROOT / "dags" / f"{name}.py", AT))


@pytest.mark.parametrize("name", [name for name in sound.FILES if name.endswith(".py")])
def test_sound_dags_are_explained_as_before(name: str, tmp_path: Path) -> None:
    folder(tmp_path)
    kept(f"sound_{name.removesuffix('.py')}", explained(tmp_path / name))


@pytest.mark.parametrize("name", EXAMPLES)
def test_airflows_examples_are_explained_as_before(name: str) -> None:
    import airflow.example_dags

    found = list(Path(airflow.example_dags.__file__).parent.rglob(f"{name}.py"))
    kept(name, explained(found[0]))


def test_what_the_issue_lists_is_there(tmp_path: Path) -> None:
    folder(tmp_path)
    (dag,) = explained(tmp_path / "gated.py")
    steps = {step["task"]: step for step in dag["steps"]}
    revenue = steps["revenue"]
    assert (revenue["type"], revenue["engine"]) == ("SQLTransformOperator", "postgres")
    assert (revenue["inputs"], revenue["outputs"]) == (["warehouse: shop.orders"], ["warehouse: shop.revenue"])
    assert revenue["retries"]["count"] == 1 and revenue["owner"] == "shop-team"
    terms = revenue["under_contract"]
    assert (terms["key"], terms["timestamp"]) == (["day", "shop_id"], "day")
    columns = {column["name"]: column for column in terms["columns"]}
    assert columns["revenue"]["from"] == ["shop.orders.amount (aggregation)"] and not columns["revenue"]["nullable"]
    assert terms["decided_by"]
    assert [gate["where"] for gate in terms["gates"]] == ["before the slice is published"]
    assert any(check["id"] == "unique:day,shop_id" and check["blocks"] for check in terms["gates"][0]["checks"])
    assert terms["load"].startswith("incremental: a re-run replaces the slice")
    assert terms["slice"]["id"] == "20260203T000000Z" and terms["slice"]["end"] == "2026-02-04T00:00:00+00:00"
    assert terms["late"]["from"] == "2026-02-04T01:00:00+00:00" and terms["backfill"].startswith("3 slice")
    assert terms["paged"] == ["shop-team"] and terms["promises"] == ["latency 8 h"]
    assert terms["due"] == "2026-02-04T08:00:00+00:00"
    assert dag["healer"]["captures_failures"]
    assert {"retry_task", "wait_for_source"} <= {rule["action"] for rule in dag["healer"]["alone"]}
    assert "pause_dag" in {rule["action"] for rule in dag["healer"]["asks"]}
    assert dag["next_run"]["starts_after"] == "2026-02-04T00:00:00+00:00"
    assert [step["task"] for step in dag["steps"]] == ["fresh", "transfer", "revenue"]


def test_it_is_the_same_twice_and_a_change_is_a_small_difference(tmp_path: Path) -> None:
    folder(tmp_path)
    first, again = explained(tmp_path / "gated.py"), explained(tmp_path / "gated.py")
    assert json.dumps(first) == json.dumps(again)
    file = tmp_path / "gated.py"
    file.write_text(file.read_text().replace('"retries": 1', '"retries": 2'))
    old, new = (json.dumps(one, indent=1).splitlines() for one in (first, explained(file)))
    assert [new_line for old_line, new_line in zip(old, new, strict=True) if old_line != new_line] == [
        '     "count": 2,'
    ] * 3


def test_the_import_adds_what_the_code_does_not_say(tmp_path: Path) -> None:
    folder(tmp_path)
    (dag,) = explaining.explanations(str(tmp_path / "gated.py"), imports=True, as_of=LATER)
    assert dag["start_date"] == "2026-01-01T00:00:00+00:00" and dag["notes"] == []
    (by_text,) = explained(tmp_path / "gated.py")
    assert [step["under_contract"] for step in dag["steps"]] == [step["under_contract"] for step in by_text["steps"]]


def run(capsys: pytest.CaptureFixture[str], dag: str, **args: object) -> tuple[int, str, str]:
    given = {"output": "text", "as_of": "", "no_import": True, "seconds": 60.0, "dags_folder": ""} | args
    with pytest.raises(SystemExit) as ended:
        command.explain(Namespace(dag=dag, **given))
    out = capsys.readouterr()
    return int(ended.value.code or 0), out.out, out.err


def test_each_form_names_each_step(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder(tmp_path)
    for output in ("text", "json", *shown.FORMS):
        status, out, _ = run(capsys, "orders_daily", output=output, dags_folder=str(tmp_path))
        assert status == 0 and all(name in out for name in ("fresh", "transfer", "revenue")), output
    assert run(capsys, "orders_daily", output="mermaid", dags_folder=str(tmp_path))[1].startswith("flowchart LR\n")


@pytest.mark.attack
def test_names_of_others_stay_text_in_each_form(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder(tmp_path)
    file = tmp_path / "gated.py"
    evil = '<script>alert(1)</script>"]; click t0 "http://evil"'
    file.write_text(file.read_text().replace('task_id="revenue"', f"task_id={evil!r}"))
    for output in ("html", "markdown", "mermaid"):
        out = run(capsys, str(file), output=output)[1]
        assert "<script" not in out
        assert output != "mermaid" or 'click t0 "http' not in out


@pytest.mark.parametrize(
    ("text", "said"),
    [("with DAG('a') as", "invalid syntax"), ("x = 1\n", "has no Dag"), (None, "cannot be read")],
    ids=["no-python", "no-dag", "no-file"],
)
def test_bad_input_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None, said: str
) -> None:
    file = tmp_path / "a.py"
    if text is not None:
        file.write_text(text)
    status, _, err = run(capsys, str(file))
    assert status == 2 and said in err and len(err.strip().splitlines()) == 1


def test_an_unknown_dag_names_those_that_are_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder(tmp_path)
    status, _, err = run(capsys, "nobody", dags_folder=str(tmp_path))
    assert status == 2 and "Valid: orders_daily, rates_daily, visits_daily" in err
    status, _, err = run(capsys, str(tmp_path / "gated.py"), as_of="tomorrow")
    assert status == 2 and "--as-of" in err


def test_a_wrong_contract_is_said_where_it_is_used(tmp_path: Path) -> None:
    folder(tmp_path)
    contract = tmp_path / "contracts" / "orders.odcs.yaml"
    contract.write_text(contract.read_text().replace("mode: incremental", "mode: sometimes"))
    (dag,) = explained(tmp_path / "gated.py")
    assert "sometimes" in next(step for step in dag["steps"] if step["task"] == "transfer")["contract_is_wrong"]


def test_one_dag_takes_little_time() -> None:
    explained(ROOT / "dags" / "flights_daily.py", AT)
    with at_most(20):
        explained(ROOT / "dags" / "flights_daily.py", AT)


def test_the_commands_of_the_page_run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.cli.cli_parser import get_parser

    monkeypatch.chdir(ROOT)
    lines = re.findall(r"^airflow (harness explain .+)$", PAGE.read_text(), re.MULTILINE)
    assert len(lines) >= 3
    for line in lines:
        args = get_parser().parse_args([*line.split(), "--no-import"])
        with pytest.raises(SystemExit) as ended:
            args.func(args)
        assert ended.value.code == 0, line
        assert "extract_airlines" in capsys.readouterr().out
