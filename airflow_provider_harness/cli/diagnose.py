"""``airflow harness diagnose``: answers for a log, or for a file of cases, in the corpus's closed vocabulary."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TextIO

from airflow_provider_harness.adapters.diagnosis.rules import RuleDiagnoser
from airflow_provider_harness.adapters.diagnosis.runbook import RunbookDiagnoser
from airflow_provider_harness.adapters.yaml_files.runbook import known_issues
from airflow_provider_harness.app.ports.diagnosis import Diagnoser
from airflow_provider_harness.core.diagnosis.diagnosis import PERSON_NEEDED, Certainty, first_remedy, safe_action
from airflow_provider_harness.core.diagnosis.evidence import Evidence
from airflow_provider_harness.core.diagnosis.log_excerpt import as_text, excerpt
from airflow_provider_harness.core.diagnosis.next_steps import sentence
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.redaction.redactor import Redactor

if TYPE_CHECKING:
    from airflow_provider_harness.cli.diagnose_model import ModelOnCases

_CONFIDENCE = {Certainty.SURE: 0.95, Certainty.LIKELY: 0.75, Certainty.UNSURE: 0.3}
_FIELDS = ("id", "system", "log_excerpt")
LONGEST_CASE = 4_000_000
"""Characters of a line of a file of cases; a log that is longer is given by itself."""
LONGEST_EXCERPT = 64_000
"""Characters of a case's log that are read whole; of a longer one, an excerpt is."""


def rules() -> Diagnoser:
    """The rules, and what is known of products."""
    return RunbookDiagnoser(RuleDiagnoser(), known_issues, lambda _: None)


def diagnose_log(path: str) -> dict[str, Any]:
    """The answer for one log of any size, of which the beginning and the end are read.

    :raises ConfigurationError: it is no text file that can be read.
    """
    from airflow_provider_harness.adapters.evidence.log import read_log
    from airflow_provider_harness.adapters.evidence.log_file import ends

    redactor = Redactor()
    log = read_log(ends(path), redactor).text
    return _answer({"id": path, "system": ""}, log, rules())


def diagnose_file(input: TextIO, output: TextIO, model: ModelOnCases | None = None) -> int:
    """Answers each line of ``input``; every line is read and checked before the first is answered, and one is kept at a
    time.

    :param input: one JSON object a line with the texts ``id``, ``system`` and ``log_excerpt``; it is read twice.
    :param output: one JSON object a line; the proposal is the one before policy.
    :param model: diagnoses in place of the rules alone, and each answer says what it took.
    :returns: 0.
    :raises ConfigurationError: a line is not such an object; it names the line and what is missing.
    """
    start = input.tell()
    for _ in _cases(input):
        pass
    input.seek(start)
    redactor = Redactor()
    engine = model or rules()
    for case in _cases(input):
        answer = _answer(case, redactor.redact(_bounded(case)), engine) | ({"model": model.took} if model else {})
        output.write(json.dumps(answer, ensure_ascii=False) + "\n")
    return 0


def _cases(input: TextIO) -> Iterator[dict[str, str]]:
    number = 0
    while line := input.readline(LONGEST_CASE):
        number += 1
        if line.strip():
            yield _case(number, line)


def _case(number: int, line: str) -> dict[str, str]:
    place = f"line {number}"
    if len(line) == LONGEST_CASE:
        fix = "Give a log of this size as a file of its own: airflow harness diagnose FILE."
        raise ConfigurationError(place, f"longer than {LONGEST_CASE} characters.", fix=fix)
    try:
        case: Any = json.loads(line)
    except (ValueError, RecursionError) as e:
        raise ConfigurationError(place, f"not JSON ({e}).", fix="Write one JSON object per line.") from e
    if not isinstance(case, dict):
        raise ConfigurationError(place, "not a JSON object.", fix=f"Give an object with {', '.join(_FIELDS)}.")
    if missing := [f for f in _FIELDS if not isinstance(case.get(f), str)]:
        raise ConfigurationError(
            place, f"missing or not a text: {', '.join(missing)}.", fix=f"Give {', '.join(_FIELDS)} as texts."
        )
    return {f: case[f] for f in _FIELDS}


def _bounded(case: dict[str, str]) -> str:
    log = case["log_excerpt"]
    return log if len(log) <= LONGEST_EXCERPT else as_text(excerpt(log.encode("utf-8", "replace"), LONGEST_EXCERPT))


def _answer(case: dict[str, str], log: str, engine: Diagnoser) -> dict[str, Any]:
    """
    :param log: redacted.
    """
    diagnosis = engine.diagnose(None, Evidence(system=case["system"], log=log))
    action = safe_action(first_remedy(diagnosis))
    return {
        "id": case["id"],
        "category": str(diagnosis.category),
        "safe_action": action,
        "escalate": action in PERSON_NEEDED,
        "confidence": _CONFIDENCE[diagnosis.certainty],
        "citations": [{"line": c.line, "text": c.text} for c in diagnosis.citations],
        "reason": sentence(diagnosis),
    }
