"""``make authors``: how ``airflow harness check`` does on Dags in which nothing is wrong, and on faults that are planted.

``MORE=folder``: public Dags of one's own choice, too. ``--write`` puts the tables into docs/explanation/checking-dags.md.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from airflow_provider_harness.app.authoring.finding import Finding, FindingSeverity, Stage
from airflow_provider_harness.wiring.authoring import checking
from tests.authors import strangers, written
from tests.authors.faults import FAULTS
from tests.authors.test_recall import folder, said
from tests.authors.test_strangers import above_a_hint

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "explanation" / "checking-dags.md"
_WRITTEN = "whole Dags, each with a fault"
_STRANGERS = "whole Dags in strangers' styles, each with a fault"
_TABLES = re.compile(r"(<!-- tables -->\n).*?(<!-- end -->)", re.DOTALL)


def examples() -> dict[str, list[str]]:
    """Dags in which nothing should be wrong: whose they are -> their files."""
    import airflow.example_dags
    import airflow.providers.standard

    home = Path(airflow.example_dags.__file__).parent
    providers = Path(next(iter(airflow.providers.standard.__path__))).parent
    found = {
        "Airflow's own examples": sorted(home.glob("*.py")),
        "providers' examples": sorted(providers.rglob("example_dags/*.py")),
        "this repository's `dags/`": sorted((ROOT / "dags").glob("*.py")),
    }
    beside = Path(os.environ["AIRFLOW_HOME"]) / "written"
    beside.mkdir(parents=True, exist_ok=True)
    for name in written.SOUND:
        (beside / f"{name}.py").write_text(written.right(name))
    found["Dags written for it"] = sorted(beside.glob("*.py"))
    others = Path(os.environ["AIRFLOW_HOME"]) / "strangers"
    others.mkdir(parents=True, exist_ok=True)
    for one in strangers.SOUND:
        (others / f"{one.name}.py").write_text(one.text)
    found["Dags in strangers' styles"] = sorted(others.glob("*.py"))
    more = os.environ.get("MORE")
    if more:
        found["public Dags (`MORE`)"] = sorted(Path(more).rglob("*.py"))
    return {whose: [str(f) for f in files if _is_dag(f)] for whose, files in found.items()}


def _is_dag(file: Path) -> bool:
    return file.name != "__init__.py" and "dag" in file.read_text(encoding="utf-8").lower()


def alarms(*, imports: bool) -> Iterator[tuple[Sequence[object], list[Finding]]]:
    """A row for each collection: files, findings by weight, processor time; and what stands above a hint."""
    for whose, files in examples().items():
        began = time.process_time() + sum(os.times()[2:4])
        found = checking.findings(files, imports=imports, stage=Stage.COMPILE)
        spent = time.process_time() + sum(os.times()[2:4]) - began
        weights = Counter(one.severity for one in found)
        row = (whose, len(files), *(weights[kind] for kind in FindingSeverity), f"{spent:.1f} s")
        yield row, [one for one in found if one.severity is not FindingSeverity.HINT]


def recall() -> Iterator[tuple[str, int, int]]:
    """Family, faults planted, faults found above a hint."""
    found: Counter[str] = Counter()
    for fault in FAULTS:
        with tempfile.TemporaryDirectory() as where:
            seen = said(folder(Path(where), fault))
        found[fault.family] += any(
            rule == fault.rule and weight is not FindingSeverity.HINT for rule, weight, _ in seen
        )
    for name, (rules, _) in written.FAULTY.items():
        with tempfile.TemporaryDirectory() as where:
            (Path(where) / "one.py").write_text(written.faulty(name))
            seen = said([str(Path(where) / "one.py")])
        found[_WRITTEN] += set(rules.split()) <= {
            rule for rule, weight, _ in seen if weight is not FindingSeverity.HINT
        }
    for stranger in strangers.FAULTY:
        with tempfile.TemporaryDirectory() as where:
            standing = above_a_hint(Path(where), stranger.text, stranger.stage)
        found[_STRANGERS] += any(one.rule.id == stranger.rule for one in standing)
    planted = Counter(fault.family for fault in FAULTS)
    planted += Counter({_WRITTEN: len(written.FAULTY), _STRANGERS: len(strangers.FAULTY)})
    for family in sorted(planted):
        yield family, planted[family], found[family]
    yield "all", planted.total(), found.total()


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def main(arguments: Sequence[str]) -> int:
    """Print the tables; exit 1 where a fault is not found, or something stands above a hint in this repository's own."""
    measured = list(alarms(imports="--no-import" not in arguments))
    told = [
        table(("sound Dags", "files", "errors", "warnings", "hints", "processor time"), [row for row, _ in measured]),
        table(("family", "faults planted", "found above a hint"), caught := list(recall())),
    ]
    tables = "\n\n".join(told)
    print(tables)
    for _, standing in measured:
        for one in standing:
            print(f"{one.file}:{one.line}: {one.severity} {one.rule.id}: {one.message}", file=sys.stderr)
    if "--write" in arguments:
        PAGE.write_text(_TABLES.sub(lambda found: f"{found[1]}{tables}\n{found[2]}", PAGE.read_text()))
    missed = any(planted != found for _, planted, found in caught)
    return 1 if missed or any(standing for _, standing in measured[:5]) else 0


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        os.environ.setdefault("AIRFLOW_HOME", home)
        sys.exit(main(sys.argv[1:]))
