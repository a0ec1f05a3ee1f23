"""Which version of a model may be used: a table of cases with known answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from airflow_provider_harness.core.contracts.contract import Condition, MetricTerm, Model, RollbackPlan, RollbackProof
from airflow_provider_harness.core.learning.models import (
    ModelAct,
    ModelEvent,
    ModelEventKind,
    ModelVersion,
    due,
    in_use,
    pending,
    refusals,
    rolled_back,
)

PLAN = RollbackPlan(
    conditions=(Condition(check="drift:x"), Condition(person="The shop says so.")),
    steps=("Tell the shop.",),
    validated_by=tuple(RollbackProof),
)
TERMS = Model(
    name="m",
    metrics=(MetricTerm(name="auc", minimum=0.75, tolerance=0.01), MetricTerm(name="mae", maximum=3)),
    holdout="public.holdout",
    holdout_hash="h1",
    rollback=PLAN,
)
NAN, INF = float("nan"), float("inf")


def version(name: str = "2", holdout: str = "h1", **metrics: Any) -> ModelVersion:
    return ModelVersion(model="m", version=name, metrics={"auc": 0.8, "mae": 2.0, **metrics}, holdout_hash=holdout)


def without(name: str) -> ModelVersion:
    return ModelVersion(
        model="m", version="2", metrics={k: v for k, v in version().metrics.items() if k != name}, holdout_hash="h1"
    )


CURRENT = version("1")


@pytest.mark.parametrize(
    ("candidate", "current", "said"),
    [
        (version(), None, ()),
        (version(auc=0.75, mae=3), None, ()),
        (without("auc"), None, ("metric auc is missing.",)),
        (version(auc=NAN), None, ("metric auc is nan, which is not a number.",)),
        (version(mae=-INF), None, ("metric mae is -inf, which is not a number.",)),
        (version(auc=True), None, ("metric auc is True, which is not a number.",)),
        (version(auc="0.9"), None, ("metric auc is '0.9', which is not a number.",)),
        (version(auc=0.7499), None, ("metric auc is 0.7499; at least 0.75 is wanted.",)),
        (version(mae=3.01), None, ("metric mae is 3.01; at most 3 is wanted.",)),
        (version(holdout="h2"), None, ("its metrics are of another holdout (h2), and the contract wants public.holdout (h1).",)),
        (version(holdout="", auc=NAN), CURRENT, ("its metrics are of another holdout (nobody says which), and",)),
        (version(auc=0.79), CURRENT, ()),  # 0.8 - 0.79 is more than 0.01 in binary numbers
        (version(auc=0.789), CURRENT, ("metric auc is 0.789, worse than 0.8 of version 1, which is in use, by more than 0.01.",)),
        (version(mae=2.0), CURRENT, ()),
        (version(mae=2.1), CURRENT, ("metric mae is 2.1, worse than 2 of version 1, which is in use, by more than 0.",)),
        (version(), version("1", "h0"), ("version 1, which is in use, was measured on another holdout",)),
        (version(), version("1", auc=NAN), ("metric auc of version 1, which is in use, is not a number",)),
        (version(auc=0.5, mae=9), None, ("metric auc is 0.5;", "metric mae is 9;")),
    ],
)  # fmt: skip
def test_what_speaks_against_a_version(
    candidate: ModelVersion, current: ModelVersion | None, said: tuple[str, ...]
) -> None:
    found = refusals(TERMS, candidate, current)
    assert len(found) == len(said), found
    assert all(one.startswith(start) for one, start in zip(found, said, strict=True)), found


AT = datetime(2026, 11, 30, tzinfo=UTC)


def done(act: ModelAct, before: str | None, to: str, kind: ModelEventKind = ModelEventKind.ENDED) -> ModelEvent:
    return ModelEvent(
        model="m", kind=kind, at=AT, task="d/r/t", body={"act": act, "before": before, "version": to, "why": "w"}
    )


UP, DOWN = ModelAct.PROMOTE, ModelAct.ROLL_BACK


def test_what_was_rolled_back_is_not_gone_back_to() -> None:
    events = [done(UP, None, "1"), done(UP, "1", "2"), done(DOWN, "2", "1"), done(UP, "1", "3")]
    assert in_use(events) == ("1", "3")
    assert rolled_back(events, "2") is events[2]
    assert rolled_back(events, "1") is None


def test_an_act_that_began_is_pending_until_it_ended() -> None:
    began = done(UP, "1", "2", ModelEventKind.BEGAN)
    assert pending([began]) is began
    assert pending([began, done(UP, "1", "2")]) is None
    assert in_use([began]) == ()


def test_a_plan_is_due_where_a_check_of_it_does_not_pass() -> None:
    assert due(TERMS, {"drift:x": "", "other": "no"}) == ()
    assert due(TERMS, {"drift:x": "drift:x: did not pass."}) == ("drift:x: did not pass.",)
