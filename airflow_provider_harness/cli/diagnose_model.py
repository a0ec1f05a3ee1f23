"""``airflow harness diagnose --model``: the rules with a model above them, offline, and what each case took of it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_harness import config
from airflow_provider_harness.adapters.diagnosis.fallback import ModelFallback
from airflow_provider_harness.adapters.diagnosis.rules import RuleDiagnoser
from airflow_provider_harness.adapters.model.diagnoser import ModelDiagnoser, ModelLimits, ModelRecord
from airflow_provider_harness.adapters.model.wire import Wire
from airflow_provider_harness.app.ports.diagnosis import ModelCall
from airflow_provider_harness.core.diagnosis.diagnosis import Diagnosis
from airflow_provider_harness.core.diagnosis.evidence import Evidence
from airflow_provider_harness.core.diagnosis.failure import Failure
from airflow_provider_harness.core.diagnosis.models import model_of
from airflow_provider_harness.core.errors import NotAllowed


@dataclass(slots=True, kw_only=True)
class CaseMoney:
    """A ``ModelBudget`` of this process: the limit of an incident for each case, that of a day for all of them."""

    per_case: float
    per_file: float
    on_case: float = 0.0
    spent: float = 0.0
    calls: list[ModelCall] = field(default_factory=list)

    def reserve(self, failure: str, usd: float) -> str:
        """See ``ModelBudget.reserve``."""
        for spent, most, where in ((self.on_case, self.per_case, "a case"), (self.spent, self.per_file, "a file")):
            if spent + usd > most:
                raise NotAllowed(f"The model may cost {most:g} USD on {where}; {spent:.4f} are spent.")
        return str(len(self.calls))

    def settle(self, failure: str, call: str, ended: ModelCall) -> None:
        """See ``ModelBudget.settle``."""
        self.on_case += ended.cost_usd
        self.spent += ended.cost_usd
        self.calls.append(ended)

    def answered(self, failure: str) -> Sequence[ModelCall]:
        """See ``ModelBudget.answered``; nothing is kept."""
        return ()


class ModelOnCases:
    """A ``Diagnoser`` of the rules with a model above them, which remembers what the newest case took.

    :param always: whether the model is asked of every case.
    """

    def __init__(self, wire: Wire, model: str, settings: config.Settings, always: bool) -> None:
        self._money = CaseMoney(per_case=settings.max_cost_usd_per_incident, per_file=settings.max_cost_usd_per_day)
        self._records: list[ModelRecord] = []
        self._model = model
        asked = ModelDiagnoser(
            wire=wire,
            model=model,
            fallback=settings.model_fallback,
            purse=self._money,
            limits=ModelLimits(turns=settings.max_model_turns),
            record=self._records.append,
        )
        floor = RuleDiagnoser()
        self._ladder = ModelFallback(floor, lambda: asked, lambda _: None, always=always)
        self.took: Mapping[str, Any] = {}

    def diagnose(self, failure: Failure | None, evidence: Evidence) -> Diagnosis:
        """See ``app.ports.diagnosis.Diagnoser``."""
        self._records.clear()
        self._money.calls.clear()
        self._money.on_case = 0.0
        began = time.monotonic()
        found = self._ladder.diagnose(failure, evidence)
        self.took = self._told(time.monotonic() - began)
        return found

    def _told(self, seconds: float) -> Mapping[str, Any]:
        if not self._records:
            return {"asked": False}
        [record] = self._records
        return {
            "asked": True,
            "model": record.model,
            "prompt": record.prompt,
            "ended": record.ended,
            "turns": record.turns,
            "input_tokens": record.input_tokens,
            "output_tokens": record.output_tokens,
            "cost_usd": round(record.cost_usd, 6) if model_of(record.model).price else None,
            "seconds": round(seconds, 3),
            "counts": dict(record.counts),
            "messages": [dict(message) for call in self._money.calls for message in call.messages],
        }
