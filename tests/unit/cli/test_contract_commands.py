"""``airflow harness contract check`` and ``diff`` on files: what they print, and how they end."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

import pytest

from airflow_provider_harness.cli import commands

ROOT = Path(__file__).resolve().parents[3]
FLIGHTS = ROOT / "dags" / "contracts" / "flights.odcs.yaml"
TEN = ROOT / "tests" / "data" / "ten_mistakes.odcs.yaml"


def run(command: str, capsys: pytest.CaptureFixture[str], **args: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        getattr(commands, command)(Namespace(**args))
    out = capsys.readouterr()
    return int(ended.value.code or 0), out.out, out.err


def test_ten_mistakes_are_ten_lines_and_exit_one(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run("contract_check", capsys, files=[str(FLIGHTS), str(TEN)], conn_id="", output="json")
    assert (status, len(json.loads(out))) == (1, 10)


def test_a_finding_is_told_in_parts_and_its_file_can_be_opened(capsys: pytest.CaptureFixture[str]) -> None:
    for name in (str(TEN), f"{TEN}#anything"):
        _, out, _ = run("contract_check", capsys, files=[name], conn_id="", output="json")
        for row in json.loads(out):
            assert row["file"] == name
            assert row["finding"].startswith(f"{TEN}:{row['line']}: {row['path']}: {row['problem']}")
            assert row["finding"].endswith(row["fix"]) and all(one in row["finding"] for one in row["valid"])
    status, out, _ = run("contract_check", capsys, files=["nowhere.odcs.yaml"], conn_id="", output="json")
    assert (status, json.loads(out)[0]["line"], json.loads(out)[0]["problem"]) == (1, 1, "is missing.")


@pytest.mark.parametrize("covered", [False, True])
def test_a_table_that_the_file_does_not_describe_is_a_usage_error(
    capsys: pytest.CaptureFixture[str], *, covered: bool
) -> None:
    here = {"conn_id": "", "output": "table", "coverage": covered}
    status, _, said = run("contract_check", capsys, files=[f"{FLIGHTS}#nope"], **here)
    assert (status, "'nope' is none of them" in said, "Valid: flights (" in said) == (2, True, True)
    for name in ("flights", "public.flights"):
        assert run("contract_check", capsys, files=[f"{FLIGHTS}#{name}"], **here)[0] == 0


def test_a_right_contract_ends_with_zero(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run("contract_check", capsys, files=[str(FLIGHTS)], conn_id="", output="table")
    assert (status, out) == (0, "1 contract(s), no findings.\n")


def test_a_checklist_wants_a_connection(capsys: pytest.CaptureFixture[str]) -> None:
    status, _, said = run("contract_check", capsys, files=[str(FLIGHTS)], conn_id="", output="markdown")
    assert (status, "Add --conn-id." in said) == (2, True)


def test_a_wrong_contract_is_not_taken_to_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run("contract_check", capsys, files=[str(TEN)], conn_id="nowhere", output="markdown")
    assert (status, len(out.splitlines())) == (1, 10)


def test_a_diff_ends_with_one_where_a_consumer_breaks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new = tmp_path / "new.yaml"
    new.write_text(FLIGHTS.read_text().replace("- value: LGA", "- value: LGA\n          - value: SWF"))
    status, out, _ = run("contract_diff", capsys, old=str(FLIGHTS), new=str(new), output="json")
    assert status == 1
    assert [row["where"] for row in json.loads(out)] == ["check accepted_values:origin", "version"]
    status, out, _ = run("contract_diff", capsys, old=str(new), new=str(FLIGHTS), output="json")
    assert (status, [row["breaks a consumer"] for row in json.loads(out)]) == (0, [False])
    status, out, _ = run("contract_diff", capsys, old=str(new), new=str(new), output="table")
    assert (status, out) == (0, "No change that a consumer could notice.\n")


def test_a_diff_with_a_wrong_contract_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("contract_diff", capsys, old=str(FLIGHTS), new=str(TEN), output="table")[0] == 2
