"""What a contract says to those who train models: what level ai_ready is judged by, claims of cards, terms of a
model."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from airflow_provider_harness.adapters.contracts.findings import Finding, Path, did_you_mean
from airflow_provider_harness.core.contracts.contract import (
    AiPoint,
    AiTerms,
    Claim,
    Condition,
    MetricTerm,
    Model,
    RollbackPlan,
    RollbackProof,
    Statement,
)

AI_READY, CLAIMS, MODEL = "harness.aiReady", "harness.claims", "harness.model"


class LearningProperties:
    """The settings of one contract about models.

    :param settings: property -> value, only of properties that fit their schema.
    :param places: property -> where its value stands.
    :param columns: the table's columns.
    :param checks: ids of the contract's checks.
    :param findings: where mistakes are appended.
    """

    def __init__(
        self,
        settings: Mapping[str, Any],
        places: Mapping[str, Path],
        columns: Sequence[str],
        checks: Sequence[str],
        findings: list[Finding],
    ) -> None:
        self._settings, self._places, self._findings = settings, places, findings
        self._columns, self._checks = columns, checks

    def ai(self) -> AiTerms:
        """What level ai_ready is judged by."""
        given = self._settings.get(AI_READY) or {}
        for field in ("labels", "groups"):
            for index, name in enumerate(given.get(field) or ()):
                self._known((AI_READY, field, index), name, self._columns, "a column of the table")
        statements = given.get("statements") or ()
        for index, one in enumerate(statements):
            self._day((AI_READY, "statements", index, "date"), one["date"])
        return AiTerms(
            labels=tuple(given.get("labels") or ()),
            groups=tuple(given.get("groups") or ()),
            statements=tuple(Statement(**{**one, "point": AiPoint(one["point"])}) for one in statements),
        )

    def claims(self) -> tuple[Claim, ...]:
        """What the card says; a claim that names neither a check nor a person and a day is a mistake."""
        found = []
        for index, one in enumerate(self._settings.get(CLAIMS) or ()):
            check, by, day = (str(one.get(name) or "") for name in ("check", "by", "date"))
            if bool(check) == bool(by) or bool(by) != bool(day):
                fix = "Give check, the id of a check; or by and date, of the person who says it."
                self._find((CLAIMS, index), "needs either a check, or a person and a day, as its proof.", fix=fix)
            if check:
                self._known((CLAIMS, index, "check"), check, self._checks, "a check of the contract")
            if day:
                self._day((CLAIMS, index, "date"), day)
            found.append(Claim(text=one["claim"], check=check, by=by, date=day))
        return tuple(found)

    def model(self) -> Model | None:
        """The terms of a model; None where the contract is about none."""
        given = self._settings.get(MODEL)
        if not given:
            return None
        return Model(
            name=given["name"],
            purpose=str(given.get("purpose") or ""),
            metrics=self._metrics(given["metrics"]),
            holdout=given["holdout"]["dataset"],
            holdout_hash=given["holdout"]["hash"],
            rollback=self._plan(given["rollback"]),
        )

    def _metrics(self, given: Sequence[Mapping[str, Any]]) -> tuple[MetricTerm, ...]:
        names = [one["name"] for one in given]
        for index, one in enumerate(given):
            if ("minimum" in one) == ("maximum" in one):
                fix = "minimum where more is better, maximum where less is."
                self._find((MODEL, "metrics", index), "needs either minimum or maximum.", fix=fix)
            if one["name"] in names[:index]:
                self._find((MODEL, "metrics", index, "name"), f"{one['name']} is given twice.", fix="Keep one.")
        return tuple(
            MetricTerm(
                name=one["name"],
                minimum=one.get("minimum"),
                maximum=one.get("maximum"),
                tolerance=float(one.get("tolerance", 0)),
            )
            for one in given
        )

    def _plan(self, given: Mapping[str, Any]) -> RollbackPlan:
        for index, one in enumerate(given["conditions"]):
            if "check" in one:
                place = (MODEL, "rollback", "conditions", index, "check")
                self._known(place, one["check"], self._checks, "a check of the contract")
        return RollbackPlan(
            conditions=tuple(Condition(**one) for one in given["conditions"]),
            steps=tuple(given["steps"]),
            validated_by=tuple(RollbackProof(one) for one in given["validatedBy"]),
        )

    def _known(self, place: tuple[str | int, ...], name: str, valid: Collection[str], what: str) -> None:
        if name not in valid:
            self._find(place, f"{name!r} is not {what}.", tuple(valid), did_you_mean(name, tuple(valid)))

    def _day(self, place: tuple[str | int, ...], text: str) -> None:
        try:
            date.fromisoformat(text)
        except ValueError:
            self._find(place, f"{text!r} is not a day.", fix="For example 2026-11-30.")

    def _find(self, place: tuple[str | int, ...], problem: str, valid: tuple[str, ...] = (), fix: str = "") -> None:
        path = (*self._places[str(place[0])], *place[1:])
        self._findings.append(Finding(path=path, problem=problem, valid=valid, fix=fix))
