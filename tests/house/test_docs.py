"""What the documentation says is there: links, commands, reference pages, examples."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from airflow.cli.cli_config import ActionCommand, CLICommand

from airflow_provider_harness.adapters.contracts.odcs import load_contract
from airflow_provider_harness.adapters.yaml_files.approvers import YamlApprovers
from airflow_provider_harness.adapters.yaml_files.policy import load_policy
from airflow_provider_harness.adapters.yaml_files.reading import read
from airflow_provider_harness.app.ports.airflow import DagFacts
from airflow_provider_harness.cli.definition import get_harness_cli_commands
from airflow_provider_harness.config import OPTIONS

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
#: A block that begins with its path is a file of the reader's project.
FILE = re.compile(r"# ([\w./-]+\.(?:py|yaml))\n")

BAG = """
import sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(sys.argv[1])
for path, error in bag.import_errors.items():
    print(path, error)
print("dags:", *sorted(bag.dags))
"""


def blocks(page: Path) -> list[tuple[str, str]]:
    """Language and text of each fenced block."""
    return FENCE.findall(page.read_text())


def anchors(page: Path) -> set[str]:
    """The fragments that a page's headings can be linked by."""
    heads = re.findall(r"^#{1,6} (.+)$", FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def project() -> dict[str, str]:
    """Path -> text of every file that the pages show, each shown once or the same everywhere."""
    shown: dict[str, str] = {}
    for page in PAGES:
        for _, text in blocks(page):
            if named := FILE.match(text):
                path = named.group(1)
                assert shown.setdefault(path, text) == text, f"{page.name} shows another {path}"
    return shown


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that the pages show."""
    root = tmp_path_factory.mktemp("project")
    for path, text in project().items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_links_lead_somewhere(page: Path) -> None:
    dead = []
    for target in LINK.findall(FENCE.sub("", page.read_text())):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, fragment = target.partition("#")
        found = (page.parent / name).resolve() if name else page
        if not found.exists() or (fragment and fragment not in anchors(found)):
            dead.append(target)
    assert not dead


def test_every_page_is_linked_from_another() -> None:
    linked = {
        (page.parent / target.partition("#")[0]).resolve()
        for page in PAGES
        for target in LINK.findall(page.read_text())
        if not re.match(r"[a-z]+:", target)
    }
    assert [str(page) for page in PAGES if page not in linked and page != ROOT / "README.md"] == []


def test_reference_pages_are_current() -> None:
    done = subprocess.run([sys.executable, ROOT / ".ci" / "docs.py", "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def commands(items: Iterable[CLICommand], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for item in items:
        here = (*path, item.name)
        yield here
        if not isinstance(item, ActionCommand):
            yield from commands(item.subcommands, here)


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_commands_exist(page: Path) -> None:
    known = set(commands(get_harness_cli_commands()))
    groups = {path[:-1] for path in known}
    unknown = []
    for said in re.findall(r"airflow (harness(?: [a-z]+(?:-[a-z]+)*)+)", page.read_text()):
        words = tuple(said.split())
        path = words
        while path and path not in known:
            path = path[:-1]
        if path in groups and path != words:
            unknown.append(said)
    assert not unknown


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_make_targets_and_settings_exist(page: Path) -> None:
    text = page.read_text()
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"(?:`|^)make ([a-z]+)", text, re.MULTILINE)) <= set(targets)
    assert {name.lower() for name in re.findall(r"AIRFLOW__HARNESS__([A-Z_]+)", text)} <= OPTIONS.keys()


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_python_compiles(page: Path) -> None:
    for language, text in blocks(page):
        if language == "python":
            ast.parse(text)


def test_dags_are_imported(written: Path, tmp_path: Path) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    env |= {"AIRFLOW_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", BAG, str(written / "dags")]
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr
    last = done.stdout.splitlines()[-1]
    names = "harness_healer harness_healer_reconciler harness_healer_watch orders_daily sales_daily visits_daily"
    assert last == f"dags: {names}", done.stdout


def test_contracts_policies_and_approvers_are_right(written: Path) -> None:
    for contract in written.glob("dags/contracts/*.yaml"):
        load_contract(str(contract))
    assert load_policy(str(written / "harness" / "policy.yaml")).rules
    approvers = YamlApprovers(str(written / "harness" / "approvers.yaml"))
    for owner in ("shop-team", "web-team"):
        dag = DagFacts(dag_id="d", paused=False, tags=(), owners=(owner,), fileloc="", downstream={})
        assert approvers.of(dag)


def test_the_readme_dag_is_short_enough_to_copy() -> None:
    lines = project()["dags/orders_daily.py"].splitlines()
    assert len([line for line in lines if line.strip()]) <= 30


def _attacks() -> Iterator[tuple[str, str, bool]]:
    """The file and the name of every test, and whether it bears the marker ``attack``, itself or with its module."""
    for file in (ROOT / "tests").rglob("test_*.py"):
        tree = ast.parse(file.read_text())
        marks = [node.value for node in tree.body if isinstance(node, ast.Assign) and "pytestmark" in ast.dump(node)]
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                marked = "attr='attack'" in "".join(map(ast.dump, [*marks, *node.decorator_list]))
                yield file.relative_to(ROOT).as_posix(), node.name, marked


def test_each_threat_names_tests_that_are_attacks() -> None:
    """Each row of the threat model's tables ends with its tests; they exist, and ``pytest -m attack`` runs them."""
    text = (ROOT / "docs" / "explanation" / "threat-model.md").read_text()
    rows = [
        row
        for table in re.findall(r"^\| [^\n]* the test \|\n\|-[^\n]*\n((?:\|[^\n]*\n)+)", text, re.MULTILINE)
        for row in table.splitlines()
    ]
    named, attacks = re.compile(r"`(test_\w+|tests/[\w/]+\.py)`"), {name: marked for _, name, marked in _attacks()}
    assert len(rows) > 25 and all(named.search(row.rpartition(" | ")[2]) for row in rows)
    found = {name for name in named.findall(text) if name.startswith("test_")}
    assert {name for name in found if not attacks.get(name)} == set()
    files = {name for name in named.findall(text) if name.startswith("tests/")}
    assert all((ROOT / name).is_file() for name in files)
    left_out = {
        f"{file}::{name}" for file, name, marked in _attacks() if marked and not {file, name} & {*found, *files}
    }
    assert not left_out, (
        "Name each attack, or its file, in docs/explanation/threat-model.md (the list at its end has room)."
    )


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_what_a_page_shows_as_yaml_is_yaml(page: Path) -> None:
    blocks = [text for language, text in FENCE.findall(page.read_text()) if language == "yaml"]
    assert {
        text: found for text in blocks if (found := [one.text for one in read(text).problems if one.path == ()])
    } == {}
