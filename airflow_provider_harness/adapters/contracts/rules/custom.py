"""Checks that the standard has no metric for: ``type: custom`` with ``engine: harness`` or ``great-expectations``."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from airflow_provider_harness.adapters.contracts.findings import Finding, Path, did_you_mean, read
from airflow_provider_harness.adapters.contracts.rules.drift import drift_rule
from airflow_provider_harness.adapters.contracts.rules.expectations import argument_findings
from airflow_provider_harness.adapters.contracts.rules.names import no_table
from airflow_provider_harness.adapters.gx.signatures import arguments, expectations
from airflow_provider_harness.core.contracts.checks import (
    Baseline,
    Check,
    CheckKind,
    Expectation,
    Operator,
    Reference,
    Slot,
    Unit,
)
from airflow_provider_harness.core.contracts.schema import canonical, is_type

ENGINES = ("great-expectations", "harness")
SPELLED: Mapping[str, str] = {
    "greatexpectations": "great-expectations",
    "gx": "great-expectations",
    "harness": "harness",
}
"""An engine's name in lower case without what is no letter -> the name of it here; the standard writes greatExpectations."""
OF_EXPECTATION = ("type", "expectation_type", "kwargs", "meta", "notes", "id", "name", "description", "severity")
"""Fields of an expectation as Great Expectations writes it; all but the first three are words for people."""
KINDS: Mapping[CheckKind, tuple[str, ...]] = {
    CheckKind.MEAN: (),
    CheckKind.MINIMUM: (),
    CheckKind.MAXIMUM: (),
    CheckKind.SUM: (),
    CheckKind.STDDEV: (),
    CheckKind.DISTINCT_COUNT: (),
    CheckKind.QUANTILE: ("quantile",),
    CheckKind.ROW_COUNT_CHANGE: (),
    CheckKind.FRESHNESS: ("column",),
    CheckKind.LENGTH: ("minimum", "maximum"),
    CheckKind.REGEX: ("pattern",),
    CheckKind.TYPE: ("type",),
    CheckKind.RECONCILIATION_BY_KEY: ("table", "keys", "sums", "tolerance", "sliceColumn"),
    CheckKind.ANOMALY: ("of", "column", "quantile", "slot", "minimumHistory", "window", "sensitivity", "floor"),
    CheckKind.DRIFT: ("method", "reference", "warning", "error", "bins", "minimumRows", "floor"),
}
"""Kinds that ``implementation.check`` may name -> their own arguments, besides the standard's operators."""

OF_TABLE = (CheckKind.ROW_COUNT_CHANGE, CheckKind.RECONCILIATION_BY_KEY, CheckKind.ANOMALY, CheckKind.FRESHNESS)
NEEDS_BOUND = (
    CheckKind.MEAN,
    CheckKind.MINIMUM,
    CheckKind.MAXIMUM,
    CheckKind.SUM,
    CheckKind.STDDEV,
    CheckKind.DISTINCT_COUNT,
    CheckKind.QUANTILE,
    CheckKind.ROW_COUNT_CHANGE,
    CheckKind.FRESHNESS,
)
WATCHED = (
    CheckKind.ROW_COUNT,
    CheckKind.NULL_RATE,
    CheckKind.MEAN,
    CheckKind.MINIMUM,
    CheckKind.MAXIMUM,
    CheckKind.SUM,
    CheckKind.STDDEV,
    CheckKind.QUANTILE,
    CheckKind.DISTINCT_COUNT,
)
"""What an anomaly check may watch."""


COLUMNS = ("column", "column_A", "column_B", "column_list")
"""Arguments of an expectation that name columns."""


class Custom:
    """One custom entry of a contract's quality.

    :param here: where it stands.
    :param own: the column it stands under; empty under the table.
    :param common: severity, description, dimension and id, as read from the entry.
    :param physical: turns a column's name in the file into the physical one, and finds fault with unknown names.
    """

    def __init__(
        self,
        entry: Mapping[str, Any],
        here: Path,
        own: tuple[str, ...],
        common: Mapping[str, Any],
        findings: list[Finding],
        physical: Callable[[str, Path], str],
    ) -> None:
        self.entry, self.here, self.own, self.common = entry, here, own, dict(common)
        self.findings, self.physical = findings, physical
        self.place: Path = (*here, "implementation")
        self.given: Mapping[str, Any] = {}

    def check(self) -> Check | None:
        """The check, or None with the reason among the findings."""
        engine = SPELLED.get(re.sub("[^a-z]", "", str(self.entry.get("engine")).lower()))
        if engine is None:
            problem = f"{self.entry.get('engine')!r} is not run by the harness."
            self._find(
                (*self.here, "engine"), problem, ENGINES, "Use type text for a rule that another program checks."
            )
            return None
        given = self.entry.get("implementation")
        if isinstance(given, str):
            given = parsed(given)
        if not isinstance(given, dict):
            self._find(self.place, "must be an object, or one as YAML or JSON text.")
            return None
        self.given = given
        return self._expectation() if engine == "great-expectations" else self._own()

    def _expectation(self) -> Check | None:
        name = self.given.get("type") or self.given.get("expectation_type")
        kwargs = self.given.get("kwargs") or {}
        if not isinstance(name, str) or not name.startswith("expect_") or not isinstance(kwargs, dict):
            self._find(self.place, "needs 'type' (expect_...) and 'kwargs'.", fix="As Great Expectations writes them.")
            return None
        for word in self.given:
            if word not in OF_EXPECTATION:
                self._find((*self.place, str(word)), f"{word!r} is not a field of an expectation.", OF_EXPECTATION)
        kwargs = {_snake(str(key)): value for key, value in kwargs.items()}
        if asks := [word for word in (name, *kwargs) if "query" in word.lower()]:
            self._find(self.place, f"{asks[0]!r} brings SQL of its own, which is not run.", fix="Use type sql.")
            return None
        known = expectations()
        if known is None:
            fix = "pip install 'airflow-provider-harness[gx]', or use type text for a rule that another program checks."
            self._find(self.place, f"{name!r} cannot be checked: great-expectations is not installed here.", fix=fix)
            return None
        if name not in known:
            fix = did_you_mean(name, tuple(known)) or "Name one that Great Expectations brings."
            self._find(self.place, f"{name!r} is not an expectation of Great Expectations.", fix=fix)
            return None
        for word in (word for word in COLUMNS if word in kwargs):
            given = kwargs[word]
            for one in given if isinstance(given, list) else [given]:
                self.physical(str(one), self.place)
        takes = arguments(name)
        if self.own and "column" not in kwargs and (takes is None or "column" in takes["properties"]):
            kwargs = {"column": self.own[0], **kwargs}
        self.findings += argument_findings(name, kwargs, (*self.place, "kwargs"))
        suffix = "".join(f",{kwargs[key]}" for key in ("column",) if key in kwargs)
        text = json.dumps({"type": name, "kwargs": kwargs}, sort_keys=True, default=str)
        return self._made(CheckKind.CUSTOM_GX, self.own, f"custom_gx:{name}{suffix}", gx=text)

    def _own(self) -> Check | None:
        word = self.given.get("check")
        if word not in tuple(map(str, KINDS)):
            self._find((*self.place, "check"), f"{word!r} is not valid.", tuple(map(str, KINDS)))
            return None
        kind = CheckKind(word)
        allowed = ("check", "unit", *Operator, *KINDS[kind])
        strangers = [name for name in self.given if name not in allowed]
        for name in strangers:
            self._find((*self.place, name), f"{name!r} is not an argument of {kind}.", tuple(map(str, allowed)))
        if not self.own and kind not in OF_TABLE:
            self._find(self.here, f"{kind} belongs to a column.", fix="Move it to a property.")
        elif not strangers:
            try:
                return self._of_kind(kind)
            except (TypeError, ValueError, KeyError, AttributeError) as error:
                self._find(self.place, f"cannot be read: {error}.")
        return None

    def _of_kind(self, kind: CheckKind) -> Check | None:
        if kind is CheckKind.ANOMALY:
            return self._anomaly()
        if kind is CheckKind.RECONCILIATION_BY_KEY:
            return self._reconciliation()
        if kind is CheckKind.DRIFT:
            return self._drift()
        expect = self.expectation()
        if expect is None and kind in NEEDS_BOUND:
            self._find(self.place, f"{kind} needs a bound.", tuple(map(str, Operator)))
            return None
        columns = self._of_freshness() if kind is CheckKind.FRESHNESS else self.own
        more = {"expect": expect or Expectation(), **self._arguments(kind)}
        identity = f"{kind}:{','.join(columns)}" + (f":{more['quantile']}" if kind is CheckKind.QUANTILE else "")
        return self._made(kind, columns, identity if columns else str(kind), **more)

    def _of_freshness(self) -> tuple[str, ...]:
        if self.own and "column" in self.given:
            raise ValueError(f"it stands under column {self.own[0]}, so 'column' has no meaning")
        return self.own or (self.physical(str(self.given.get("column", "")), (*self.place, "column")),)

    def _arguments(self, kind: CheckKind) -> dict[str, Any]:
        """What a kind needs beside its bound."""
        if kind is CheckKind.QUANTILE:
            return {"quantile": self._share("quantile")}
        if kind is CheckKind.LENGTH:
            return self._lengths()
        if kind is CheckKind.REGEX:
            return {"pattern": self._needed("pattern")}
        return {"type": self._type()} if kind is CheckKind.TYPE else {}

    def _type(self) -> str:
        self._needed("type")
        found = canonical(str(self.given["type"]))
        if not is_type(found):
            raise ValueError(f"{str(self.given['type'])[:80]!r} is not a type of PostgreSQL")
        return found

    def _anomaly(self) -> Check | None:
        given = self.given
        of = given.get("of", CheckKind.ROW_COUNT)
        if of not in WATCHED:
            self._find((*self.place, "of"), f"{of!r} is not valid.", tuple(map(str, WATCHED)))
            return None
        columns = self.own
        if not columns and of != CheckKind.ROW_COUNT:
            columns = (self.physical(str(given.get("column", "")), (*self.place, "column")),)
        base = Baseline(
            of=CheckKind(of),
            slot=Slot(given.get("slot", Slot.WEEKDAY)),
            minimum=int(self._number("minimumHistory", 8, whole=True)),
            window=int(self._number("window", 60, whole=True)),
            sensitivity=self._number("sensitivity", 4),
            floor=self._number("floor", 0),
        )
        if base.minimum < 3 or base.window < base.minimum or base.sensitivity <= 0 or base.floor < 0:
            fix = "minimumHistory is 3 or more and at most window, sensitivity over 0, floor 0 or more."
            self._find(self.place, "has a value out of range.", fix=fix)
            return None
        quantile = self._share("quantile") if of == CheckKind.QUANTILE else 0.5
        identity = ":".join(["anomaly", str(base.of), *columns])
        return self._made(CheckKind.ANOMALY, columns, identity, baseline=base, quantile=quantile)

    def _drift(self) -> Check:
        """A drift check; an operator of the standard's has no meaning for it, since it has two levels."""
        if bounds := [str(word) for word in Operator if word in self.given or word in self.entry]:
            raise ValueError(f"drift takes 'warning' and 'error' in place of {bounds[0]!r}")
        rule = drift_rule(self.given)
        identity = f"drift:{self.own[0]}:{rule.method}"
        expect = Expectation(operator=Operator.LESS, values=(rule.error,))
        return self._made(CheckKind.DRIFT, self.own, identity, drift=rule, expect=expect)

    def _reconciliation(self) -> Check:
        given = self.given
        keys, sums = _pairs(given["keys"]), _pairs(given.get("sums") or [])
        table = str(given["table"])
        reference = Reference(
            table=table if "." in table else f"public.{table}",
            columns=tuple(keys.values()),
            measures=tuple(sums.values()),
            slice_column=str(given.get("sliceColumn", "")),
        )
        if not keys:
            raise ValueError("keys must name a column")
        if problem := no_table(table):
            self._find((*self.place, "table"), problem, fix="Write schema.table.")
        own = tuple(self.physical(name, (*self.place, "keys")) for name in keys)
        measures = tuple(self.physical(name, (*self.place, "sums")) for name in sums)
        expect = self.expectation() or Expectation()
        tolerance = self._number("tolerance", 0)
        if tolerance < 0:
            raise ValueError(f"tolerance {tolerance:g} is below 0")
        more = {"expect": expect, "measures": measures, "tolerance": tolerance}
        identity = f"{CheckKind.RECONCILIATION_BY_KEY}:{table}"
        return self._made(CheckKind.RECONCILIATION_BY_KEY, own, identity, reference=reference, **more)

    def _number(self, name: str, usual: float, *, whole: bool = False) -> float:
        """A finite number among the arguments."""
        given = self.given.get(name, usual)
        number = not isinstance(given, bool) and isinstance(given, int | float | Decimal) and math.isfinite(given)
        if not number or (whole and given != int(given)):
            raise ValueError(f"{name}: {given!r} is not a {'whole ' * whole}number")
        return float(given)

    def _needed(self, name: str) -> str:
        if not isinstance(self.given.get(name), str) or not self.given[name]:
            raise ValueError(f"it needs {name!r}, a text")
        return str(self.given[name])

    def _lengths(self) -> dict[str, Any]:
        low, high = self.given.get("minimum"), self.given.get("maximum")
        sides = [side for side in (low, high) if side is not None]
        if not sides or not all(isinstance(side, int) and not isinstance(side, bool) and side >= 0 for side in sides):
            raise ValueError("it needs 'minimum' or 'maximum', whole numbers from 0")
        if low is not None and high is not None and low > high:
            raise ValueError(f"minimum {low} is over maximum {high}")
        return {"low": low, "high": high}

    def expectation(self) -> Expectation | None:
        """The operator among the arguments, if there is one."""
        found = [operator for operator in Operator if operator in self.given]
        if not found:
            return None
        if len(found) > 1:
            raise ValueError(f"only one of {', '.join(found)} can be given")
        raw = self.given[found[0]]
        values = tuple(raw) if isinstance(raw, list) else (raw,)
        if len(values) != (2 if found[0] in (Operator.BETWEEN, Operator.NOT_BETWEEN) else 1):
            raise ValueError(f"{found[0]} has {len(values)} values")
        if not all(isinstance(v, int | float) and not isinstance(v, bool) and v == v for v in values):
            raise ValueError(f"{found[0]}: {raw!r} is not a number")
        if len(values) == 2 and values[0] > values[1]:
            raise ValueError(f"{found[0]}: {values[0]} is over {values[1]}; write the lower bound first")
        unit = "percent" if self.given.get("unit") in ("percent", "%") else self.given.get("unit", Unit.ROWS)
        return Expectation(operator=found[0], values=values, unit=Unit(unit))

    def _share(self, name: str) -> float:
        share = float(self.given[name])
        if not 0 <= share <= 1:
            raise ValueError(f"{name} {share} is not 0 to 1")
        return share

    def _made(self, kind: CheckKind, columns: tuple[str, ...], identity: str, **given: Any) -> Check:
        return Check(**({"id": identity, "kind": kind, "columns": columns} | given | self.common))

    def _find(self, path: Path, problem: str, valid: tuple[str, ...] = (), fix: str = "") -> None:
        self.findings.append(Finding(path=path, problem=problem, valid=valid, fix=fix))


def parsed(text: str) -> Any:
    """A text as YAML, of which JSON is a part, has it; None where it is neither."""
    found = read(text)
    return None if found.findings else found.data


def _snake(name: str) -> str:
    """``minValue``, as the standard writes an expectation's argument, is ``min_value``.

    >>> _snake("minValue"), _snake("min_value")
    ('min_value', 'min_value')
    """
    return re.sub("(?<=[a-z])[A-Z]", lambda found: f"_{found[0].lower()}", name)


def _pairs(given: Any) -> dict[str, str]:
    """Own column -> the other table's; a list means that both have the same names."""
    return {str(k): str(v) for k, v in given.items()} if isinstance(given, dict) else {str(n): str(n) for n in given}
