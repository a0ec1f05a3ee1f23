"""Every labelled failure under transformations: what a real log has around it changes neither what is done nor, nearly always, its cause.

A part of the transformations is taken for each failure here, always the same; ``make eval`` walks all of them.
"""

from __future__ import annotations

from collections import Counter

import pytest

from airflow_provider_harness.core.diagnosis.diagnosis import PERSON_NEEDED
from tests.diagnosis.evaluate import SETS, answer, cases
from tests.diagnosis.hostile import HOSTILE
from tests.diagnosis.transformations import TRANSFORMATIONS, sample

#: Transformations of each failure; the share of answers that must be those of the bare text.
EACH, CATEGORY, ACTION = 4, 0.97, 0.985


@pytest.fixture(scope="module")
def seen() -> dict[str, Counter[str]]:
    """transformation -> how many answers there are, how many are kept, and which act alone wrongly as the bare text does not."""
    found = {name: Counter[str]() for name in TRANSFORMATIONS}
    for case in (case for name in SETS for case in cases(name)):
        text, person = case["log_excerpt"], case["safe_action"] in PERSON_NEEDED
        bare = answer(text)
        for name in sample(list(TRANSFORMATIONS), case["id"], EACH):
            given = answer(TRANSFORMATIONS[name](text, case["id"]))
            found[name].update(
                texts=1,
                category=given.category == bare.category,
                action=given.action == bare.action,
                alone=person and given.alone and not bare.alone,
            )
    return found


def test_there_are_at_least_20_transformations_and_each_is_tried(seen: dict[str, Counter[str]]) -> None:
    assert len(TRANSFORMATIONS) >= 20 and all(counts["texts"] >= 50 for counts in seen.values())


def test_no_transformation_makes_an_answer_act_alone_wrongly(seen: dict[str, Counter[str]]) -> None:
    assert {name: counts["alone"] for name, counts in seen.items() if counts["alone"]} == {}


def test_the_action_is_kept(seen: dict[str, Counter[str]]) -> None:
    whole = sum(seen.values(), Counter())
    assert whole["action"] / whole["texts"] >= ACTION


def test_the_category_is_kept_in_97_of_100(seen: dict[str, Counter[str]]) -> None:
    whole = sum(seen.values(), Counter())
    assert whole["category"] / whole["texts"] >= CATEGORY


def test_no_hostile_look_makes_an_answer_act_alone_wrongly() -> None:
    """Every eighth failure under two of the rougher looks; ``make eval`` walks all of them."""
    alone = []
    for case in [case for name in SETS for case in cases(name)][::8]:
        if case["safe_action"] in PERSON_NEEDED and not answer(case["log_excerpt"]).alone:
            looks = sample(list(HOSTILE), case["id"], 2)
            alone += [
                (case["id"], name) for name in looks if answer(HOSTILE[name](case["log_excerpt"], case["id"])).alone
            ]
    assert len(HOSTILE) == 30 and alone == []
