"""``airflow harness diagnose``: answers for a file of cases, in the corpus's closed vocabulary."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TextIO

from airflow_provider_harness.adapters.diagnosis.classifier import ResemblingDiagnoser
from airflow_provider_harness.adapters.diagnosis.rules import RuleDiagnoser
from airflow_provider_harness.app.ports.diagnosis import Diagnoser
from airflow_provider_harness.core.diagnosis.diagnosis import PERSON_NEEDED, Certainty, first_remedy, safe_action
from airflow_provider_harness.core.diagnosis.evidence import Evidence
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.redaction.redactor import Redactor

if TYPE_CHECKING:
    from airflow_provider_harness.cli.diagnose_model import ModelOnCases

_CONFIDENCE = {Certainty.SURE: 0.95, Certainty.LIKELY: 0.75, Certainty.UNSURE: 0.3}
_FIELDS = ("id", "system", "log_excerpt")


def diagnose_file(input: TextIO, output: TextIO, model: ModelOnCases | None = None) -> int:
    """Answers each line of ``input``; every line is read and checked before the first is answered.

    :param input: one JSON object a line with the texts ``id``, ``system`` and ``log_excerpt``.
    :param output: one JSON object a line; the proposal is the one before policy.
    :param model: diagnoses in place of the rules alone, and each answer says what it took.
    :returns: 0.
    :raises ConfigurationError: a line is not such an object; it names the line and what is missing.
    """
    cases = [_case(number, line) for number, line in enumerate(input, start=1) if line.strip()]
    redactor = Redactor()
    engine = model or ResemblingDiagnoser(RuleDiagnoser())
    for case in cases:
        answer = _answer(case, redactor, engine) | ({"model": model.took} if model else {})
        output.write(json.dumps(answer, ensure_ascii=False) + "\n")
    return 0


def _case(number: int, line: str) -> dict[str, str]:
    place = f"line {number}"
    try:
        case: Any = json.loads(line)
    except ValueError as e:
        raise ConfigurationError(place, f"not JSON ({e}).", fix="Write one JSON object a line.") from e
    if not isinstance(case, dict):
        raise ConfigurationError(place, "not a JSON object.", fix=f"Give an object with {', '.join(_FIELDS)}.")
    if missing := [f for f in _FIELDS if not isinstance(case.get(f), str)]:
        raise ConfigurationError(
            place, f"missing or not a text: {', '.join(missing)}.", fix=f"Give {', '.join(_FIELDS)} as texts."
        )
    return {f: case[f] for f in _FIELDS}


def _answer(case: dict[str, str], redactor: Redactor, engine: Diagnoser) -> dict[str, Any]:
    log = redactor.redact(case["log_excerpt"])
    diagnosis = engine.diagnose(None, Evidence(system=case["system"], log=log))
    action = safe_action(first_remedy(diagnosis))
    return {
        "id": case["id"],
        "category": str(diagnosis.category),
        "safe_action": action,
        "escalate": action in PERSON_NEEDED,
        "confidence": _CONFIDENCE[diagnosis.certainty],
        "citations": [{"line": c.line, "text": c.text} for c in diagnosis.citations],
        "reason": f"{diagnosis.cause} {diagnosis.why}".strip(),
    }
