"""``airflow harness check``: what it prints, how it ends, what it does with bad input."""

from __future__ import annotations

import json
import re
import sys
from argparse import Namespace
from pathlib import Path

import pytest

from airflow_provider_harness.adapters.dags import loaded, ruff
from airflow_provider_harness.app.authoring.catalog import RULES
from airflow_provider_harness.app.authoring.finding import FindingSeverity, Stage
from airflow_provider_harness.cli.authoring import check as command
from airflow_provider_harness.wiring.authoring import checking
from tests.authors.faults import FAULTS
from tests.authors.test_recall import folder
from tests.yardstick import at_most

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "how-to" / "check-a-dag.md"


def run(capsys: pytest.CaptureFixture[str], *files: str, **args: object) -> tuple[int, str, str]:
    given = {"stage": "compile", "target": "", "no_import": True, "seconds": 60.0, "output": "json"} | args
    with pytest.raises(SystemExit) as ended:
        command.check(Namespace(files=list(files), **given))
    out = capsys.readouterr()
    return int(ended.value.code or 0), out.out, out.err


def planted(where: Path, name: str) -> list[str]:
    return folder(where, next(fault for fault in FAULTS if fault.name == name))


def test_json_has_what_the_interface_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, *planted(tmp_path, "nobody is told"))
    rows = json.loads(out)
    assert status == 1
    assert all({"rule", "severity", "file", "line", "message", "why", "fix"} <= row.keys() for row in rows)
    (row,) = [row for row in rows if row["severity"] != "hint"]
    assert (row["rule"], row["severity"], Path(row["file"]).name) == ("HO152", "warning", "plain.py")
    assert row["fix"] == RULES["HO152"].fix and row["page"] == "docs/reference/findings.md#ho152"
    assert "with DAG(" in Path(row["file"]).read_text().splitlines()[row["line"] - 1]


def test_sound_dags_end_with_zero_in_each_form(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = folder(tmp_path)
    for output in ("text", "json", "sarif"):
        assert run(capsys, *files, output=output)[0] == 0


def test_sarif_names_its_rules_and_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, *planted(tmp_path, "a password"), output="sarif")
    (one,) = json.loads(out)["runs"]
    rules = [rule["id"] for rule in one["tool"]["driver"]["rules"]]
    assert json.loads(out)["version"] == "2.1.0" and rules == sorted(rules)
    for result in one["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        assert result["locations"][0]["physicalLocation"]["region"]["startLine"] >= 1
    assert "HO161" in rules


def test_text_says_why_and_what_to_add(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, *planted(tmp_path, "TRUNCATE and INSERT"), output="text")
    assert status == 1 and ": warning HS111: " in out
    assert f"why: {RULES['HS111'].why}" in out and f"fix: {RULES['HS111'].fix}" in out


def test_a_secret_is_told_by_its_place_and_not_by_its_value(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for output in ("text", "json", "sarif"):
        assert "Tr0ub4dor" not in run(capsys, *planted(tmp_path, "a password"), output=output)[1]


def test_a_suppression_needs_a_reason_and_a_finding(tmp_path: Path) -> None:
    def rules(comment: str) -> list[str]:
        file = tmp_path / "one.py"
        file.write_text(
            f"import pendulum\n{comment}\nNOW = pendulum.now().isoformat()\nfrom airflow.sdk import DAG\nDAG('d', schedule='@daily')\n"
        )
        found = checking.findings([str(file)], imports=False, stage=Stage.COMPILE)
        return [one.rule.id for one in found if one.rule.id in ("HO164", "HF004", "HF005", "HF006")]

    assert rules("") == ["HO164"]
    assert rules("# harness: ignore[HO164] the day of the release") == []
    assert rules("# harness: ignore[HO164]") == ["HF004", "HO164"]
    assert rules("# harness: ignore the day of the release") == ["HF004", "HO164"]
    assert rules("# harness: ignore[HO998] the day of the release") == ["HF005", "HO164"]
    assert rules("# harness: ignore[HO164, HO161] the day of the release") == ["HF006"]


BAD = {
    "bytes.py": b"\xff\xfe\x00dag",
    "null.py": b"from airflow.sdk import DAG\x00",
    "deep.py": b"x = " + b"(" * 400 + b")" * 400,
    "empty.py": b"",
    "half.py": b"with DAG('a') as",
    "sql.py": b"from airflow.sdk import DAG\nfrom x import SQLExecuteQueryOperator as S\nwith DAG('a', schedule='@daily'):\n    S(task_id='t', sql='SELECT ((((' )\n",
}


def test_bad_input_is_a_finding_and_never_a_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, text in BAD.items():
        (tmp_path / name).write_bytes(text)
    status, out, err = run(capsys, *(str(tmp_path / name) for name in BAD), str(tmp_path / "nowhere.py"), str(tmp_path))
    rows = json.loads(out)
    assert status == 1 and "Traceback" not in err
    assert {Path(row["file"]).name for row in rows if row["severity"] == "error"} >= {
        "bytes.py",
        "half.py",
        "empty.py",
        "nowhere.py",
    }


ENCODED = {
    "mark.py": b"\xef\xbb\xbf" + b"from airflow.sdk import DAG\nDAG('mark', schedule=None)\n",
    "latin.py": b"# -*- coding: latin-1 -*-\nfrom airflow.sdk import DAG\nDAG('latin', schedule=None, description='caf\xe9')\n",
}


def test_a_file_is_read_in_the_encoding_that_python_reads(tmp_path: Path) -> None:
    for name, text in ENCODED.items():
        (tmp_path / name).write_bytes(text)
    files = [str(tmp_path / name) for name in ENCODED]
    read = checking.read(files, imports=False)
    assert [dag.id for source in read.sources for dag in source.dags] == ["mark", "latin"]
    assert read.found == {file: [] for file in files}


def test_a_link_that_leads_to_itself_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "self.py").symlink_to("self.py")
    [one] = checking.findings([str(tmp_path / "self.py")], imports=False, stage=Stage.COMPILE)
    assert one.rule.id == "HF009" and "symbolic links" in one.message


SECRET, PLAIN = "a command with a password is written down", ""
COMMANDS = {
    "mysql -u root -pTr0ub4dor99 -e 'select 1'": SECRET,
    "tool --password s3cret99x": SECRET,
    "curl -u bob:hunter2222 https://a.example": SECRET,
    "redis-cli -h cache -a abc12345 ping": SECRET,
    "psql -p 5432 -h db": PLAIN,
    "mysql --port 3306": PLAIN,
    "tool --password-file /run/a1b2c3": PLAIN,
    "mysql -p{{ conn.a.password }}": PLAIN,
    "curl -u $A1:$B2 https://a.example": PLAIN,
    "deploy --token $TOKEN1 --secret my-secret-name": PLAIN,
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_password_among_the_options_of_a_command(command: str, tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text(f"BashOperator(task_id='a', bash_command={command!r})\n")
    found = checking.findings([str(file)], imports=False, stage=Stage.COMPILE)
    assert [one.message for one in found if one.rule.id == "HO161"] == (
        [COMMANDS[command]] if COMMANDS[command] else []
    )


@pytest.mark.parametrize(
    ("args", "said"), [({"target": "2.9"}, "3.4"), ({"seconds": 0.0}, "above 0")], ids=["target", "seconds"]
)
def test_a_wrong_option_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], args: dict[str, object], said: str
) -> None:
    status, _, err = run(capsys, *folder(tmp_path), **args)
    assert status == 2 and said in err and len(err.splitlines()) == 1


def test_without_ruff_one_sentence_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    status, _, err = run(capsys, *folder(tmp_path), target="3.4")
    assert (status, err.strip()) == (0, ruff.ABSENT)


def test_ruff_speaks_of_the_target(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "old.py"
    file.write_text(
        "from airflow import DAG\nfrom airflow.datasets import Dataset\n\nwith DAG('d', schedule=[Dataset('x')], tags=['a']):\n    pass\n"
    )
    rows = json.loads(run(capsys, str(file), target="3.4")[1])
    assert [row["rule"] for row in rows if row["rule"] == "HF010"] and "for Airflow 3.4, AIR" in str(rows)


LOOPS = "import time\nfrom airflow.sdk import DAG\nwhile True:\n    time.sleep(1)\n"
EXITS = "import os\nos._exit(9)\n"
THREAD = "import threading, time\nfrom airflow.sdk import DAG\nthreading.Thread(target=time.sleep, args=[9_000]).start()\nDAG('thread', schedule=None)\n"
GONE = "from airflow.operators.bash_operator import BashOperator\nfrom airflow.sdk import DAG\nDAG('gone')\n"
ABSENT = "from airflow.sdk import DAG\nimport a_package_that_nobody_has\nDAG('absent', schedule=None)\n"


def test_files_are_imported_apart_and_within_a_time(tmp_path: Path) -> None:
    """One that hangs, one that ends the process, one that is gone, one that lacks a package; the sound ones beside them."""
    folder(tmp_path)
    for name, text in {
        "thread.py": THREAD,
        "loops.py": LOOPS,
        "exits.py": EXITS,
        "gone.py": GONE,
        "absent.py": ABSENT,
    }.items():
        (tmp_path / name).write_text(text)
    names = ["exits.py", "gone.py", "absent.py", "gated.py", "loops.py"]
    found = checking.findings([str(tmp_path / n) for n in names], imports=True, stage=Stage.COMPILE, seconds=5)
    told = {
        Path(one.file).name: one.rule.id
        for one in found
        if one.severity is not FindingSeverity.HINT and one.rule.id.startswith("HF")
    }
    assert told == {"exits.py": "HF007", "gone.py": "HF002", "loops.py": "HF007"}
    [slow] = [one.message for one in found if one.rule.id == "HF007" and one.file.endswith("loops.py")]
    assert slow.startswith("The import took too long: ") and "loops.py after 5" in slow and "http" not in slow
    hints = {(Path(one.file).name, one.rule.id) for one in found if one.severity is FindingSeverity.HINT}
    ended, why = loaded._run([str(tmp_path / "thread.py")], 60)
    assert why == "the process ended with status 0" and len(ended) == 1  # not killed for its thread
    assert ("absent.py", "HF008") in hints and ("gated.py", "HF008") not in hints
    assert not [one for one in found if Path(one.file).name == "gated.py" and one.severity is not FindingSeverity.HINT]


def test_a_hundred_dags_by_their_text_take_little_time(tmp_path: Path) -> None:
    files = folder(tmp_path)
    texts = [Path(file).read_text() for file in files]
    for number in range(100):
        (tmp_path / f"dag_{number}.py").write_text(texts[number % 3].replace("_daily", f"_daily_{number}"))
    with at_most(150):
        checking.findings([str(tmp_path / f"dag_{n}.py") for n in range(100)], imports=False, stage=Stage.COMPILE)


def test_nothing_of_it_is_imported_by_a_dag_file() -> None:
    for file in ("operators", "sensors", "callbacks", "dags"):
        for path in (ROOT / "airflow_provider_harness" / file).rglob("*.py"):
            assert "authoring" not in path.read_text(), path


def test_the_commands_of_the_page_run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The page's own lines, on the repository's Dags; by their text, since another test imports them."""
    from airflow.cli.cli_parser import get_parser

    monkeypatch.chdir(ROOT)
    lines = re.findall(r"^airflow (harness check .+)$", PAGE.read_text(), re.MULTILINE)
    assert len(lines) >= 5
    for line in lines:
        args = get_parser().parse_args([*line.split(), *([] if "--no-import" in line else ["--no-import"])])
        with pytest.raises(SystemExit) as ended:
            args.func(args)
        assert ended.value.code == 0, line
        assert capsys.readouterr().out
