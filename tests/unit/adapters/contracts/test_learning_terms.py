"""What a contract says to those who train models: each mistake is one finding with its place."""

from __future__ import annotations

import json

import pytest

from airflow_provider_harness.adapters.contracts.compile_cache import dump, restore
from airflow_provider_harness.adapters.contracts.odcs import compile_text
from airflow_provider_harness.core.contracts.contract import AiPoint, Claim, Condition, MetricTerm, RollbackProof
from airflow_provider_harness.core.errors import ContractError

TERMS = """
apiVersion: v3.1.0
kind: DataContract
id: t
version: 1.0.0
status: active
customProperties:
  - property: harness.aiReady
    value:
      labels: [y]
      groups: [g]
      statements: [{point: bias, text: w, by: ana, date: 2026-11-30}]
  - property: harness.claims
    value:
      - {claim: No label is negative., check: "range:y"}
      - {claim: Labels are those of the till., by: ana, date: 2026-11-30}
  - property: harness.model
    value:
      name: revenue
      metrics: [{name: auc, minimum: 0.75, tolerance: 0.01}, {name: mae, maximum: 3}]
      holdout: {dataset: public.holdout, hash: "sha256:1"}
      rollback:
        conditions: [{check: "range:y"}, {person: The shop says so.}]
        steps: [Tell the shop.]
        validatedBy: [current, metrics]
schema:
  - name: t
    properties:
      - {name: y, logicalType: number, logicalTypeOptions: {minimum: 0}}
      - {name: g, logicalType: string}
"""


def test_the_terms_mean_what_they_say() -> None:
    contract = compile_text(TERMS, "x.odcs.yaml")
    assert (contract.ai.labels, contract.ai.groups) == (("y",), ("g",))
    assert [(one.point, one.by, one.date) for one in contract.ai.statements] == [(AiPoint.BIAS, "ana", "2026-11-30")]
    assert contract.claims[0] == Claim(text="No label is negative.", check="range:y")
    model = contract.model
    assert model is not None
    auc, mae = MetricTerm(name="auc", minimum=0.75, tolerance=0.01), MetricTerm(name="mae", maximum=3)
    assert model.metrics == (auc, mae)
    assert model.rollback.conditions == (Condition(check="range:y"), Condition(person="The shop says so."))
    assert model.rollback.validated_by == tuple(RollbackProof)


def test_they_are_kept_as_they_were_compiled() -> None:
    contract = compile_text(TERMS, "x.odcs.yaml")
    assert restore(dump(contract)) == contract
    json.loads(dump(contract))


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("labels: [y]", "labels: [z]", "value.labels[0]: 'z' is not a column of the table. Valid: y, g."),
        ("point: bias", "point: bais", "value.statements[0].point: 'bais' is not valid. Valid: completeness, bias,"),
        ("ana, date: 2026-11-30}]", "ana, date: 2026-02-30}]", "statements[0].date: '2026-02-30' is not a day."),
        ("by: ana, date: 2026-11-30}]", "date: 2026-11-30}]", "statements[0]: needs the field 'by'."),
        (', check: "range:y"}', "}", "value[0]: needs either a check, or a person and a day, as its proof."),
        ('check: "range:y"}\n', 'check: "range:z"}\n', "value[0].check: 'range:z' is not a check of the contract."),
        ("till., by: ana, date: 2026-11-30", "till., by: ana", "value[1]: needs either a check, or a person and a day"),
        ("minimum: 0.75, ", "", "value.metrics[0]: needs either minimum or maximum."),
        ("{name: mae", "{name: auc", "value.metrics[1].name: auc is given twice."),
        ("minimum: 0.75", "minimum: .nan", "value.metrics[0].minimum: nan is not a number."),
        (', hash: "sha256:1"', "", "value.holdout: needs the field 'hash'."),
        ('[{check: "range:y"},', '[{check: "range:q"},', "conditions[0].check: 'range:q' is not a check"),
        ("steps: [Tell the shop.]", "steps: []", "value.rollback.steps: [] should be non-empty."),
        ("validatedBy: [current, metrics]", "validatedBy: [hope]", "'hope' is not valid. Valid: current, metrics."),
    ],
)
def test_a_wrong_term_is_one_finding(right: str, wrong: str, said: str) -> None:
    text = TERMS.replace(right, wrong, 1)
    assert text != TERMS
    with pytest.raises(ContractError) as found:
        compile_text(text, "x.odcs.yaml")
    [sentence] = found.value.findings
    assert said in sentence, sentence
