"""Definitions of features and training sets: what they become, and each mistake with its place."""

from __future__ import annotations

import pytest

from airflow_provider_harness.adapters.contracts.compile_cache import dump, restore
from airflow_provider_harness.adapters.contracts.odcs import compile_text
from airflow_provider_harness.core.contracts.checks import CheckKind
from airflow_provider_harness.core.errors import ContractError
from airflow_provider_harness.core.learning.features import as_defined, fingerprint
from tests.ports.features_case import features_text, training_text


def test_a_definition_implies_its_checks_and_is_kept_as_it_is() -> None:
    contract = compile_text(features_text(max_age="P1DT1S", key=["who", "since", "known"]), "scores.odcs.yaml")
    assert contract.features is not None
    assert (contract.features.max_age, contract.features.times) == (86_401, ("since", "known"))
    assert [check.id for check in contract.checks if check.kind is CheckKind.UNIQUE] == ["unique:who,since,known"]
    assert {"not_null:who", "not_null:since", "not_null:known"} <= {check.id for check in contract.checks}
    assert restore(dump(contract)) == contract
    learned = compile_text(training_text(), "learned.odcs.yaml")
    assert restore(dump(learned)) == learned


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("eventTime: since", "eventTime: sinse", "'sinse' is not a column of the table"),
        ("eventTime: since", "eventTime: score", "score is bigint, which is another moment in each zone"),
        ("entity: [who]", "entity: [who, since]", "gives since two meanings"),
        ("features: [score, word]", "features: [score, known]", "gives known two meanings"),
        ("features: [score, word]", "maxAge: 3 days", "'3 days' is not a length of time"),
        ("features: [score, word]", "maxAge: P1M", "'P1M' is not a length of time"),
        ("features: [score, word]", "online: public.scores", "is not a table of its own"),
        ("version: 1, entity", "version: 0, entity", "0 must be at least 1"),
        ("entity: [who], ", "", "needs the field 'entity'"),
    ],
)
def test_a_wrong_definition_of_features_is_found(old: str, new: str, said: str) -> None:
    text = features_text()
    assert old in text
    with pytest.raises(ContractError, match=r"scores.odcs.yaml:\d+:") as caught:
        compile_text(text.replace(old, new), "scores.odcs.yaml")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("time: at", "time: ad", "'ad' is not a column of the table"),
        ("take: [score, word]", "take: [score, wort]", "'wort' is not a column of the table"),
        ("take: [score, word]", "take: {score: word, word: word}", "gives word two meanings"),
        ("{name: features_known_at, ", "{name: other, ", "needs a column features_known_at"),
        ("sliceColumn: at", "sliceColumn: features_event_at", "slices are cut by features_event_at"),
    ],
)
def test_a_wrong_definition_of_a_training_set_is_found(old: str, new: str, said: str) -> None:
    text = training_text(slice_column="at")
    assert old in text
    with pytest.raises(ContractError, match=r"learned.odcs.yaml:\d+:") as caught:
        compile_text(text.replace(old, new), "learned.odcs.yaml")
    assert said in str(caught.value)


def test_a_version_stands_for_one_definition_whatever_serves_it() -> None:
    one = compile_text(features_text(), "a").features
    served = compile_text(features_text(online="public.online", version=2), "a").features
    other = compile_text(features_text(max_age="P1D"), "a").features
    assert one is not None and served is not None and other is not None
    assert fingerprint(one) == fingerprint(served) != fingerprint(other)
    assert as_defined(1, fingerprint(one), [float(fingerprint(one))]).passed
    assert as_defined(1, fingerprint(one), [float(fingerprint(other))]).blocking
