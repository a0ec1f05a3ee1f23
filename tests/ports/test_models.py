"""Registries of models, each held to the same suite; and promotion and rollback on top of each."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from airflow_provider_harness.adapters.learning.mlflow import MlflowModels
from airflow_provider_harness.adapters.store.incidents import open_engine
from airflow_provider_harness.adapters.store.rows.models import SqlModelJournal, SqlModels
from airflow_provider_harness.app.learning.models import Models
from airflow_provider_harness.core.errors import HarnessUnavailable, ModelUnproved, PromotionRefused
from airflow_provider_harness.core.learning.models import ModelEvent, ModelEventKind, ModelVersion
from tests.ports.models_case import MemoryModels, mlflow_server
from tests.unit.core.learning.test_models import TERMS, version

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
KINDS = ("memory", "store", "mlflow")


@pytest.fixture
def engine(store_file: Path, tmp_path: Path) -> Iterator[Engine]:
    shutil.copyfile(store_file, tmp_path / "harness.db")
    engine = open_engine(f"sqlite:///{tmp_path}/harness.db")
    yield engine
    engine.dispose()


@pytest.fixture
def journal(engine: Engine) -> SqlModelJournal:
    return SqlModelJournal(lambda: engine)


class Place:
    """A registry, and how versions come into it."""

    def __init__(self, registry: Any, register: Callable[[ModelVersion], None], journal: SqlModelJournal) -> None:
        self.registry, self.register, self.journal = registry, register, journal

    def models(self, task: str = "d/r/t") -> Models:
        return Models(TERMS, self.registry, self.journal, task, lambda: NOW)

    def kinds(self) -> list[str]:
        own = (ModelEventKind.REGISTERED, ModelEventKind.POINTED)
        return [f"{e.kind} {e.body['act']} {e.version}" for e in self.journal.events("m") if e.kind not in own]


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, journal: SqlModelJournal) -> Iterator[Place]:
    if request.param == "mlflow":
        with mlflow_server(token="t") as (url, held):
            yield Place(MlflowModels(url, password="t"), held.register, journal)
        return
    registry: Any = MemoryModels() if request.param == "memory" else SqlModels(journal, "d/r/t", lambda: NOW)
    yield Place(registry, registry.register, journal)


def test_a_registry_gives_versions_back_as_they_were_measured(place: Place) -> None:
    mine = replace(version("1"), uri="s3://models/1")
    place.register(mine)
    assert place.registry.version("m", "1") == mine
    assert place.registry.version("m", "2") is None
    assert place.registry.version("other", "1") is None


def test_a_registry_knows_the_version_in_use_and_moves_only_from_the_one_expected(place: Place) -> None:
    for name in "123":
        place.register(version(name))
    assert place.registry.current("m") is None
    place.registry.point("m", "1", expected=None)
    place.registry.point("m", "1", expected=None)  # a repeat changes nothing
    place.registry.point("m", "2", expected="1")
    with pytest.raises(HarnessUnavailable, match="faster"):
        place.registry.point("m", "3", expected="1")
    assert place.registry.current("m") == "2"


def test_a_version_comes_into_use_and_a_repeat_is_a_no_op(place: Place) -> None:
    place.register(version("1"))
    assert place.models().promote("1").before is None
    assert place.models("d/r2/t").promote("1").already
    assert place.registry.current("m") == "1"
    assert place.kinds() == ["began promote 1", "ended promote 1"]


def test_a_version_that_is_worse_is_refused_and_the_one_in_use_stays(place: Place) -> None:
    place.register(version("1"))
    place.register(version("2", auc=0.76))
    place.models().promote("1")
    with pytest.raises(PromotionRefused, match=r"worse than 0.8 of version 1.*Version 1 stays in use") as refused:
        place.models().promote("2")
    assert not refused.value.retryable
    assert place.registry.current("m") == "1"
    assert place.kinds()[-1] == "refused promote 2"


def test_a_metric_that_is_no_number_is_refused_wherever_it_is_kept(place: Place) -> None:
    place.register(version("1", auc=float("nan")))
    with pytest.raises(PromotionRefused, match=r"metric auc is .?nan.?, which is not a number"):
        place.models().promote("1")
    with pytest.raises(PromotionRefused, match="the registry has no version 9 of m"):
        place.models().promote("9")
    assert place.registry.current("m") is None


def test_the_plan_is_drilled(place: Place) -> None:
    """Two versions, the second is wrong: back to the first, read back, proved, told; and the second stays out."""
    for name in "12":
        place.register(version(name))
        place.models().promote(name)
    back = place.models("d/back/t").roll_back("drift:x did not pass")
    assert (back.version, back.before, back.steps) == ("1", "2", ("Tell the shop.",))
    assert place.registry.current("m") == "1"
    assert place.kinds()[-2:] == ["began roll_back 1", "ended roll_back 1"]
    again = place.models("d/back/t").roll_back("drift:x did not pass")
    assert (again.already, again.version, len(place.kinds())) == (True, "1", 6), "another try of the same task"
    with pytest.raises(PromotionRefused, match=r"it was rolled back on 2026-11-30 \(drift:x did not pass\)"):
        place.models("d/r3/t").promote("2")
    with pytest.raises(PromotionRefused, match="nobody knows which version was in use before it; name one"):
        place.models("d/back2/t").roll_back("again")


def test_a_crash_between_act_and_outcome_is_seen_and_finished(place: Place) -> None:
    for name in "12":
        place.register(version(name))
    place.models().promote("1")

    class Dies(SqlModelJournal):
        def keep(self, event: ModelEvent) -> None:
            if event.kind is ModelEventKind.ENDED:
                raise KeyboardInterrupt
            super().keep(event)

    alive = place.journal
    place.journal = Dies(alive._engine)
    with pytest.raises(KeyboardInterrupt):
        place.models().promote("2")
    place.journal = alive
    assert place.kinds()[-1] == "began promote 2"
    assert place.models().promote("2").already
    assert place.kinds()[-1] == "ended promote 2"
    place.journal = Dies(alive._engine)
    with pytest.raises(KeyboardInterrupt):
        place.models("d/back/t").roll_back("w")
    place.journal = alive
    assert place.models("d/back/t").roll_back("w").version == "1", "not further back, nor forward"
    assert place.kinds()[-1] == "ended roll_back 1"


def test_a_rollback_that_cannot_be_proved_is_an_error_that_says_what_does_not_hold(place: Place) -> None:
    place.register(version("1"))
    place.register(version("2"))
    place.models().promote("1")
    place.models().promote("2")
    place.register(version("1", auc=0.5))  # measured again, and found wrong
    with pytest.raises(ModelUnproved, match=r"version 1 was put into use.*metric auc is 0.5; at least 0.75 is wanted"):
        place.models("d/back/t").roll_back("w")
    assert place.registry.current("m") == "1"


def test_two_that_promote_at_once_are_told_apart(journal: SqlModelJournal) -> None:
    registry = SqlModels(journal, "d/r/t", lambda: NOW)
    for name in "123":
        registry.register(version(name))
    registry.point("m", "1", expected=None)
    registry.point("m", "2", expected="1")
    with pytest.raises(
        HarnessUnavailable, match="version 2 is in use, and was 1 before: another task was faster"
    ) as late:
        registry.point("m", "3", expected="1")
    assert late.value.retryable


@pytest.mark.parametrize(("token", "said"), [("wrong", "PERMISSION_DENIED: no"), ("", "PERMISSION_DENIED: no")])
def test_mlflow_that_refuses_is_no_registry_without_versions(token: str, said: str) -> None:
    with mlflow_server(token="t") as (url, held):
        held.register(version("1"))
        with pytest.raises(HarnessUnavailable, match=said):
            MlflowModels(url, password=token).version("m", "1")


def test_what_no_version_of_mlflow_can_be_called_is_refused_and_not_tried_again(journal: SqlModelJournal) -> None:
    with mlflow_server() as (url, _):
        models = Models(TERMS, MlflowModels(url), journal, "d/r/t", lambda: NOW)
        with pytest.raises(PromotionRefused, match="the registry has no version v1 of m"):
            models.promote("v1")


def test_mlflow_that_is_away_is_said_to_be() -> None:
    with pytest.raises(
        HarnessUnavailable, match=r"MLflow is unavailable: registered-models/alias at http://127.0.0.1:9"
    ):
        MlflowModels("http://127.0.0.1:9").current("m")


def test_a_version_that_went_away_meanwhile_is_not_said_to_be_in_use() -> None:
    with mlflow_server() as (url, _), pytest.raises(HarnessUnavailable, match="MLflow has no version 1 of it"):
        MlflowModels(url).point("m", "1", expected=None)


@pytest.mark.attack
def test_an_alias_that_was_taken_away_lets_no_worse_version_in(journal: SqlModelJournal) -> None:
    registry = MemoryModels()
    place = Place(registry, registry.register, journal)
    place.register(version("1"))
    place.register(version("2", auc=0.76))
    place.models().promote("1")
    registry.used.clear()
    with pytest.raises(PromotionRefused, match=r"worse than 0\.8 of version 1"):
        place.models().promote("2")
