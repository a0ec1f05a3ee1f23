"""``harness.features`` and ``harness.trainingSet`` of one table of a contract file: read, and the checks that they imply."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from airflow_provider_harness.adapters.contracts.findings import Path
from airflow_provider_harness.adapters.contracts.scope import Ruled, Scope
from airflow_provider_harness.adapters.sql.checks import column
from airflow_provider_harness.core.contracts.checks import Check, CheckKind, Reference
from airflow_provider_harness.core.contracts.contract import LoadMode
from airflow_provider_harness.core.contracts.learning.features import (
    EVENT_AT,
    KNOWN_AT,
    LEAKAGE,
    LEAST_TOLD,
    ONE_ROW,
    TELLTALE,
    FeatureTable,
    FeatureUse,
    TrainingSet,
)

FEATURES, TRAINING_SET = "harness.features", "harness.trainingSet"
ZONED = "timestamp with time zone"
_AGE = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_SECONDS = (7 * 86_400, 86_400, 3_600, 60, 1)


class Learning:
    """The features and the training set of one table.

    :param settings: property -> value, only of properties that fit their schema.
    :param key: the table's primary key.
    """

    def __init__(self, settings: Mapping[str, Any], scope: Scope, key: tuple[str, ...]) -> None:
        self.scope, self._key = scope, key
        self.features = self._features(settings[FEATURES]) if FEATURES in settings else None
        self.training_set = self._training_set(settings[TRAINING_SET]) if TRAINING_SET in settings else None

    def rules(self) -> Iterator[Ruled]:
        """What must hold of the rows so that the definitions mean something."""
        if self.features is not None:
            place, known = self.scope.settings[FEATURES], self.features
            names = (*known.entity, *known.times)
            yield Ruled(check=Check(id=f"unique:{','.join(names)}", kind=CheckKind.UNIQUE, columns=names), place=place)
            for name in names:
                yield Ruled(check=Check(id=f"not_null:{name}", kind=CheckKind.NOT_NULL, columns=(name,)), place=place)
        if self.training_set is not None:
            yield from self._of_requests(self.training_set)

    def _of_requests(self, made: TrainingSet) -> Iterator[Ruled]:
        place = self.scope.settings[TRAINING_SET]
        late = f"SELECT count(*) FROM ${{table}} WHERE {column(KNOWN_AT)} > {column(made.time)} OR {column(EVENT_AT)} > {column(made.time)}"
        yield Ruled(
            check=Check(
                id=LEAKAGE,
                kind=CheckKind.CUSTOM_SQL,
                sql=late,
                description=f"no feature that held or became known after {made.time}",
            ),
            place=place,
        )
        for feature in made.taken if made.label else ():
            if feature not in (KNOWN_AT, EVENT_AT):
                yield Ruled(check=_telltale(made.label, feature), place=place)
        named = dict.fromkeys((made.time, *(name for use in made.uses for _, name in use.entity)))
        keys = self._key or tuple(name for name in named if name in self.scope.columns)
        sliced = self.scope.load.mode is not LoadMode.FULL
        other = Reference(table=made.requests, columns=keys, slice_column=made.time if sliced else "")
        yield Ruled(
            check=Check(
                id=ONE_ROW,
                kind=CheckKind.RECONCILIATION_BY_KEY,
                columns=keys,
                reference=other,
                description=f"one row for each row of {made.requests}",
            ),
            place=place,
        )

    def _features(self, given: Mapping[str, Any]) -> FeatureTable:
        place = self.scope.settings[FEATURES]
        entity = tuple(self.scope.physical(name, (*place, "entity", n)) for n, name in enumerate(given["entity"]))
        event = self._moment(given, "eventTime", place)
        known, ends = self._moment(given, "knownAt", place), self._moment(given, "validTo", place)
        own = (*entity, event, *(name for name in (known, ends) if name))
        listed = enumerate(given.get("features") or ())
        features = tuple(self.scope.physical(name, (*place, "features", n)) for n, name in listed)
        features = features or tuple(name for name in self.scope.columns if name not in own)
        self._once((*own, *features), place)
        if not features:
            self.scope.find(place, "has no column left that is a feature.", fix="Add one to the table's properties.")
        online = str(given.get("online") or "")
        if online and ("." not in online or online == self.scope.published):
            self.scope.find(
                (*place, "online"), f"{online!r} is not a table of its own.", fix="Give schema.table of another table."
            )
        return FeatureTable(
            version=given["version"],
            entity=entity,
            event_time=event,
            known_at=known,
            valid_to=ends,
            max_age=self._age(str(given.get("maxAge") or ""), (*place, "maxAge")),
            features=features,
            online=online,
        )

    def _training_set(self, given: Mapping[str, Any]) -> TrainingSet:
        place = self.scope.settings[TRAINING_SET]
        uses = tuple(self._use(one, (*place, "features", n)) for n, one in enumerate(given["features"]))
        made = TrainingSet(
            version=given["version"],
            requests=given["requests"] if "." in given["requests"] else f"public.{given['requests']}",
            time=self._moment(given, "time", place),
            uses=uses,
            label=self.scope.physical(given["label"], (*place, "label")) if "label" in given else "",
            label_known_at=self._moment(given, "labelKnownAt", place),
            model=str(given.get("model") or ""),
        )
        self._once((*made.taken, made.time, *([made.label] if made.label else [])), place)
        for name in (KNOWN_AT, EVENT_AT):
            if name not in self.scope.columns:
                problem = f"needs a column {name}, which tells what the row's features knew."
                self.scope.find(place, problem, fix=f"Add it to the properties, with physicalType {ZONED}.")
            else:
                self._zoned(name, place)
        load = self.scope.load
        if load.mode is not LoadMode.FULL and load.slice_column != made.time:
            problem = f"{made.time} is when requests were, and slices are cut by {load.slice_column}."
            self.scope.find((*place, "time"), problem, fix=f"Write sliceColumn: {made.time} in harness.load.")
        return made

    def _use(self, given: Mapping[str, Any], place: Path) -> FeatureUse:
        take = given["take"] if isinstance(given["take"], dict) else {name: name for name in given["take"]}
        for name, there in take.items():
            self.scope.physical(there, (*place, "take", name) if isinstance(given["take"], dict) else (*place, "take"))
        return FeatureUse(
            contract=given["contract"],
            version=given["version"],
            entity=tuple((given.get("entity") or {}).items()),
            take=tuple(take.items()),
        )

    def _moment(self, given: Mapping[str, Any], field: str, place: Path) -> str:
        """A column that is a moment; empty where the field is not given."""
        if field not in given:
            return ""
        name = self.scope.physical(given[field], (*place, field))
        self._zoned(name, (*place, field))
        return name

    def _zoned(self, name: str, place: Path) -> None:
        found = self.scope.columns.get(name)
        if found is not None and not _is_zoned(found.physical_type):
            problem = f"{name} is {found.physical_type}, which is another moment in each zone."
            self.scope.find(place, problem, (ZONED,), "Cast it in the query that fills the table.")

    def _once(self, names: tuple[str, ...], place: Path) -> None:
        if twice := sorted({name for name in names if names.count(name) > 1}):
            self.scope.find(place, f"gives {', '.join(twice)} two meanings.", fix="Name each column once.")

    def _age(self, text: str, place: Path) -> int:
        found = _AGE.fullmatch(text) if text else None
        seconds = (
            sum(int(part or 0) * unit for part, unit in zip(found.groups(), _SECONDS, strict=True)) if found else 0
        )
        if text and not seconds:
            self.scope.find(place, f"{text!r} is not a length of time.", fix="For example PT6H or P30D.")
        return seconds


def _is_zoned(kind: str) -> bool:
    """Whether a type is one of moments, whatever its precision: ``timestamp(3) with time zone``."""
    return kind.startswith("timestamp") and kind.endswith("with time zone")


def _telltale(label: str, feature: str) -> Check:
    """That a feature is not the label: 1 where both are equal in all rows, or each value of one stands for a value of the other."""
    both = f"SELECT CAST({column(label)} AS VARCHAR) AS l, CAST({column(feature)} AS VARCHAR) AS f FROM ${{table}}"
    each = f"SELECT l, f, count(*) AS c FROM ({both}) AS b WHERE l IS NOT NULL AND f IS NOT NULL GROUP BY l, f"
    pairs, told = "count(*)", f"sum(c) >= {LEAST_TOLD} AND count(DISTINCT l) > 1"
    one_to_one = f"count(DISTINCT l) = {pairs} AND count(DISTINCT f) = {pairs} AND 2 * {pairs} <= sum(c)"
    equal = f"sum(CASE WHEN l = f THEN 1 ELSE 0 END) = {pairs}"
    return Check(
        id=f"{TELLTALE}:{feature}",
        kind=CheckKind.CUSTOM_SQL,
        columns=(feature,),
        sql=f"SELECT CASE WHEN {told} AND (({one_to_one}) OR {equal}) THEN 1 ELSE 0 END FROM ({each}) AS p",
        description=f"{feature} is not {label} under another name",
    )
