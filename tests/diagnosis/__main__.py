"""``make eval``: the rules on every labelled failure, as it is and under every transformation.

Writes ``.eval/results.json`` and ``docs/explanation/evaluation.md``, red results included.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from tests.diagnosis.evaluate import SEALED, SETS, Answer, Case, Score, answer, cases, score, wilson
from tests.diagnosis.hostile import HOSTILE
from tests.diagnosis.transformations import TRANSFORMATIONS

ROOT = Path(__file__).parents[2]
PAGE, RESULTS = ROOT / "docs" / "explanation" / "evaluation.md", ROOT / ".eval" / "results.json"
#: What is asked of the sets together: share of strict categories, of actions, and acts alone wrongly in 100.
GOALS = {"strict": 0.90, "action": 0.92, "alone": 0.01}
LOOKS = {**TRANSFORMATIONS, **{f"hostile {name}": look for name, look in HOSTILE.items()}}
KEPT = {"category": 0.97, "action": 1.0}


def main(argv: Iterable[str]) -> int:
    """Score, write, and say what is red."""
    options = argparse.ArgumentParser(prog="python -m tests.diagnosis")
    options.add_argument("--stride", type=int, default=1, help="of every so many failures one is transformed")
    options.add_argument("--check", action="store_true", help="write nothing")
    given = options.parse_args(list(argv))
    began = time.process_time()
    sets = {
        name: [(case, answer(case["log_excerpt"], case["system"])) for case in cases(name)] for name in (*SETS, SEALED)
    }
    opened = [pair for name in SETS for pair in sets[name]]
    transformed = {name: list(_transformed(name, opened[:: given.stride])) for name in LOOKS}
    seconds = time.process_time() - began
    page = "\n".join(_page(sets, transformed, given.stride, seconds)) + "\n"
    if not given.check:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(_results(sets, transformed), indent=1), encoding="utf-8")
        PAGE.write_text(page, encoding="utf-8")
    sys.stdout.write(page)
    return 0


Triple = tuple[Case, Answer, Answer]


def _transformed(name: str, pairs: Iterable[tuple[Case, Answer]]) -> Iterable[Triple]:
    """Each case with its bare answer and the one under the transformation."""
    for case, bare in pairs:
        yield case, bare, answer(LOOKS[name](case["log_excerpt"], case["id"]), case["system"])


def _results(sets: dict[str, list[tuple[Case, Answer]]], transformed: dict[str, list[Triple]]) -> dict[str, object]:
    return {
        "sets": {name: asdict(score(pairs)) for name, pairs in sets.items()},
        "transformations": {name: asdict(score((c, a) for c, _, a in each)) for name, each in transformed.items()},
    }


def _share(right: int, count: int) -> str:
    low, high = wilson(right, count)
    return f"{right / count:.3f} ({low:.3f} to {high:.3f})"


def _row(name: str, s: Score) -> str:
    return (
        f"| {name} | {s.count} | {_share(s.strict, s.count)} | {s.lenient / s.count:.3f} | {_share(s.action, s.count)} "
        f"| {s.alone} | {s.escalation / s.count:.3f} |"
    )


_HEAD = (
    "| what | texts | strict category | lenient | action | acts alone wrongly | escalation right |",
    "| --- | --- | --- | --- | --- | --- | --- |",
)


def _page(
    sets: dict[str, list[tuple[Case, Answer]]], transformed: dict[str, list[Triple]], stride: int, seconds: float
) -> Iterable[str]:
    opened = [pair for name in SETS for pair in sets[name]]
    yield from (
        "# How well the rules diagnose",
        "",
        "Made by `make eval`; change `tests/diagnosis`, not this page. Every labelled failure is answered as `airflow harness diagnose` answers it:",
        "from its text alone, before any policy. In brackets: the interval of 95 % (Wilson). *Acts alone wrongly*: the label asks for a person, and the",
        "answer would act without one. Where the figures of a set were taken before its texts were opened: `tests/data/README.md`; here all but the",
        "sealed set are in-sample. The sealed set was scored once when the rules were done: strict 0.935 (0.872 to 0.968), lenient 1.000, action 0.963 (0.909 to",
        "0.986), 2 of 108 alone wrongly. Half of it (54 texts) was scored several times around then with a model's recorded answers beside the rules:",
        "[what a model adds](what-a-model-adds.md). It has been open since: two kinds of its misses were mended, and its row below shows the present state.",
        "",
        "**The newest set that nobody had seen, red:** `sixth.jsonl`, 165 failures of real systems, labelled and committed first. At first sight: strict 0.806 (0.739 to",
        "0.859), lenient 0.927, action 0.915 (0.863 to 0.949), 4 of 165 alone wrongly. The bar (0.90, 0.92, at most 1 in 100) was not met. What those four had in common was",
        "mended as a kind (an act alone has a ground: decision 0078); with that, and before anything was learnt from its texts: strict 0.800, action 0.933, 1 of 165. That figure is",
        "not out of sample, since the kind was found here. Its row below also has the eleven phrases that were learnt from it since. How it was made: `tests/data/README.md`.",
        "",
        "**No live model has been asked.** With a key, one command evaluates one: `AIRFLOW_CONN_ANTHROPIC_DEFAULT='anthropic://:KEY@' make eval MODEL=NAME`. What recorded answers of a careful reader show is in",
        "[what a model adds](what-a-model-adds.md): not better on each figure, and nothing of any model's own reading.",
        "",
        "## By set",
        "",
        *_HEAD,
    )
    for name in SETS:
        yield _row(f"`{name}.jsonl`", score(sets[name]))
    yield _row("**all of these**", score(opened))
    yield _row(
        f"`{SEALED}.jsonl`, written and labelled before the rules were changed, open by now", score(sets[SEALED])
    )
    yield from ("", "## By category", "", *_HEAD)
    by: dict[str, list[tuple[Case, Answer]]] = defaultdict(list)
    for case, found in opened:
        by[str(case["category"])].append((case, found))
    for category in sorted(by):
        yield _row(f"`{category}`", score(by[category]))
    yield from ("", "## By transformation", "", *_of_transformations(transformed, stride))
    yield from ("", f"Processor time of all that: {seconds:.0f} s.")


def _of_transformations(transformed: dict[str, list[Triple]], stride: int) -> Iterable[str]:
    yield f"What a real log has around a failure, put around {'each' if stride == 1 else f'one in {stride}'} of these texts (`tests/diagnosis/transformations.py`; hostile: `hostile.py`)."
    yield "*Kept*: the answer is that of the bare text. *Newly alone*: it acts alone wrongly, and that of the bare text does not."
    yield ""
    yield "| transformation | texts | category kept | action kept | newly alone | strict category | action | |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for name, each in transformed.items():
        n = len(each)
        category = sum(bare.category == found.category for _, bare, found in each)
        action = sum(bare.action == found.action for _, bare, found in each)
        s = score((case, found) for case, _, found in each)
        newly = s.alone - sum(1 for c, b, _ in each if score([(c, b)]).alone)
        red = "red" if category / n < KEPT["category"] or newly > 0 else ""
        yield f"| {name} | {n} | {category / n:.3f} | {action / n:.3f} | {newly} | {s.strict / n:.3f} | {s.action / n:.3f} | {red} |"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
