"""What a model adds to the rules: recorded conversations are replayed over labelled cases, and each figure stands beside the rules'.

``python -m tests.evaluation.model`` replays ``transcripts_sealed.jsonl``: answers of a reader who sat in the model's place and had not
seen the labels. No live model was asked for them. ``transcripts.jsonl`` has more of that reader, on ``fourth.jsonl``, which the rules know.
``--transcripts`` takes what ``airflow harness diagnose --model`` wrote of any model.
"""

from __future__ import annotations

import argparse
import io
import json
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from airflow_provider_harness import config
from airflow_provider_harness.adapters.model.prompt import tokens
from airflow_provider_harness.adapters.model.wire import Answer
from airflow_provider_harness.cli.diagnose import diagnose_file
from airflow_provider_harness.cli.diagnose_model import ModelOnCases
from airflow_provider_harness.core.diagnosis.diagnosis import PERSON_NEEDED
from airflow_provider_harness.core.diagnosis.models import AS_OF, Tokens

HERE = Path(__file__).parent
DATA = HERE.parent / "data"
RESULTS = HERE.parents[1] / ".eval" / "model.json"
#: Models whose prices are set against the tokens of a replay.
PRICED = ("claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5")
Case = Mapping[str, Any]


class Replay:
    """A ``Wire`` that says again what was said of a case; tokens are estimated from what is sent and said."""

    def __init__(self, said: Sequence[Sequence[Mapping[str, Any]]]) -> None:
        self._said = iter(said)

    def __call__(self, request: Mapping[str, Any], seconds: float) -> Answer:
        """See ``adapters.model.wire.Wire``."""
        content = tuple(next(self._said))
        sent = {name: request[name] for name in ("system", "tools", "messages")}
        used = Tokens(input=math.ceil(tokens(json.dumps(sent))), output=math.ceil(tokens(json.dumps(content))))
        return Answer(content=content, stop="tool_use", tokens=used)


def replayed(cases: Sequence[Case], transcripts: Mapping[str, Any], model: str, always: bool) -> list[dict[str, Any]]:
    """The command's answers with these conversations in the model's place."""
    settings = config.read(lambda _, fallback: fallback)
    answers = []
    for case in cases:
        messages = transcripts[case["id"]]["model"]["messages"]
        wire = Replay([one["content"] for one in messages if one["role"] == "assistant"])
        answers += asked([case], ModelOnCases(wire, model, settings, always))
    return answers


def asked(cases: Sequence[Case], model: ModelOnCases | None = None) -> list[dict[str, Any]]:
    """The command's answers; only ``id``, ``system`` and ``log_excerpt`` are shown to it."""
    shown = "\n".join(json.dumps({name: case[name] for name in ("id", "system", "log_excerpt")}) for case in cases)
    output = io.StringIO()
    diagnose_file(io.StringIO(shown), output, model)
    return [json.loads(line) for line in output.getvalue().splitlines()]


def figures(cases: Sequence[Case], answers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Each share with its interval; how often the label asks for a person and the answer acts alone."""
    pairs = list(zip(cases, answers, strict=True))
    alone = [(c, a) for c, a in pairs if c["safe_action"] in PERSON_NEEDED and not a["escalate"]]
    return {
        "cases": len(pairs),
        "category, strict": share(a["category"] == c["category"] for c, a in pairs),
        "category, lenient": share(a["category"] in (c["category"], *c.get("alt_categories", ())) for c, a in pairs),
        "action": share(a["safe_action"] == c["safe_action"] for c, a in pairs),
        "a person is called": share(a["escalate"] for _, a in pairs),
        "acts alone wrongly": len(alone),
    }


def share(hits: Iterable[bool]) -> dict[str, float]:
    """A share with Wilson's interval of 95 %."""
    found = list(hits)
    n, p, z = len(found), sum(found) / len(found), 1.96
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low, high = ((middle + sign * half) / (1 + z * z / n) for sign in (-1, 1))
    return {"share": round(p, 3), "from": round(low, 3), "to": round(high, 3)}


def grounding(answers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What of the citations held, and which answers no rule bore out."""
    took = [a["model"] for a in answers if a["model"]["asked"]]
    counts = {name: sum(one["counts"].get(name, 0) for one in took) for name in ("citation_moved", "citation_dropped")}
    return {
        "asked": len(took),
        "answered": sum(one["ended"] == "answered" for one in took),
        "citations moved": counts["citation_moved"],
        "citations dropped": counts["citation_dropped"],
        "answers refused for their citations": sum(one["counts"].get("false_citation", 0) for one in took),
        "another category, and the rules' stood": sum("A model says" in a["reason"] for a in answers)
        - sum("A model says the same" in a["reason"] for a in answers),
        "tokens (estimated)": sum(one["input_tokens"] + one["output_tokens"] for one in took),
    }


def main() -> None:
    """Print the figures, and keep them in ``.eval/model.json``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--transcripts", type=Path, default=HERE / "transcripts_sealed.jsonl")
    parser.add_argument("--cases", type=Path, default=DATA / "sealed.jsonl")
    given = parser.parse_args()
    transcripts = {one["id"]: one for one in map(json.loads, given.transcripts.read_text("utf-8").splitlines())}
    labelled = map(json.loads, given.cases.read_text("utf-8").splitlines())
    cases = [case for case in labelled if transcripts.get(case["id"], {}).get("model", {}).get("messages")]
    if not cases:
        parser.exit(
            1,
            f"{given.transcripts} holds no conversation about {given.cases}: the model was not reached, or refused each time.\n",
        )
    began = time.monotonic()
    results: dict[str, Any] = {"rules alone": figures(cases, asked(cases))}
    for ask in ("unsure", "always"):
        answers = replayed(cases, transcripts, PRICED[0], always=ask == "always")
        cost = {
            m: sum(a["model"].get("cost_usd") or 0 for a in replayed(cases, transcripts, m, ask == "always"))
            for m in PRICED
        }
        results[f"with the transcripts, ask_model = {ask}"] = (
            figures(cases, answers) | grounding(answers) | {f"USD by prices of {AS_OF} (estimated)": cost}
        )
    results["seconds, without any model's own time"] = round(time.monotonic() - began, 2)
    results["by"] = sorted({str(one["model"].get("model")) for one in transcripts.values()})
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=2) + "\n", "utf-8")
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
