"""A contract as the store keeps it for people: what a page shows of it, and how one version differs from the one before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from datetime import datetime
from functools import cache
from math import isfinite
from typing import Any, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo

from airflow_provider_harness.core.contracts.anomaly import CheckHistory, ExpectedRange, Point, normal
from airflow_provider_harness.core.contracts.checks import Baseline, Check, CheckKind, Slot
from airflow_provider_harness.core.contracts.contract import PUBLIC, Contract, Sla
from airflow_provider_harness.core.learning import registry
from airflow_provider_harness.core.learning.registry import LEARNING


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerShown:
    team: str
    members: Sequence[str]
    channels: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerShown:
    name: str
    purpose: str
    columns: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnShown:
    """:param shown: samples of its values may be seen, since the contract calls it public."""

    name: str
    type: str
    logical: str
    required: bool
    key: bool
    classification: str
    shown: bool
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleShown:
    """One check, in words."""

    id: str
    kind: str
    columns: Sequence[str]
    severity: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractShown:
    """:param why_unknown: why nothing is known of it, or empty."""

    id: str
    version: str
    name: str
    status: str
    description: str
    granularity: str
    owner: OwnerShown
    consumers: Sequence[ConsumerShown]
    columns: Sequence[ColumnShown]
    checks: Sequence[RuleShown]
    slas: Sequence[str]
    quarantine: bool
    why_unknown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference between two versions; ``breaking`` where a consumer could notice it."""

    where: str
    what: str
    breaking: bool


def kept(contract: Contract) -> dict[str, Any]:
    """The contract as JSON values."""
    return {
        "id": contract.id,
        "version": contract.version,
        "name": contract.name,
        "status": contract.status,
        "description": contract.description,
        "granularity": contract.granularity,
        "zone": contract.load.time_zone,
        "file": contract.place,
        "owner": {
            "team": contract.owner.team,
            "members": list(contract.owner.members),
            "channels": list(contract.owner.channels),
        },
        "consumers": [
            {"name": one.name, "purpose": one.purpose, "columns": list(one.columns)} for one in contract.consumers
        ],
        "columns": [_column(contract, name) for name in contract.names],
        "checks": [_check(check) for check in contract.checks],
        "slas": [{"prop": sla.prop, "value": sla.value, "unit": sla.unit} for sla in contract.slas],
        "quarantine": contract.quarantine.possible,
        "criticality": contract.criticality.value,
        "readiness": contract.readiness.value if contract.readiness else "",
        **({LEARNING: told} if (told := registry.kept(contract)) else {}),
    }


def _column(contract: Contract, name: str) -> dict[str, Any]:
    column = contract.column(name)
    return {
        "name": name,
        "type": column.physical_type,
        "logical": column.logical_type.value,
        "required": column.required,
        "key": name in contract.key,
        "classification": column.classification,
        "shown": column.classification == PUBLIC,
        "description": column.description,
    }


def _check(check: Check) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": check.id,
        "kind": check.kind.value,
        "columns": list(check.columns),
        "severity": check.severity.value,
        "words": check.description or check.reason(),
    }
    if check.baseline is not None:
        names = ("minimum", "window", "sensitivity", "floor")
        found["baseline"] = {name: getattr(check.baseline, name) for name in names}
        found["baseline"] |= {"of": check.baseline.of.value, "slot": check.baseline.slot.value}
    return found


def shown(body: Mapping[str, Any]) -> ContractShown:
    """What a page shows of a contract that was kept."""
    names = ("id", "version", "name", "status", "description", "granularity")
    checks = [{name: value for name, value in one.items() if name != "baseline"} for one in body["checks"]]
    return ContractShown(
        **{name: str(body[name]) for name in names},
        owner=OwnerShown(**body["owner"]),
        consumers=[ConsumerShown(**one) for one in body["consumers"]],
        columns=[ColumnShown(**one) for one in body["columns"]],
        checks=[RuleShown(**one) for one in checks],
        slas=[words(sla) for sla in slas(body)],
        quarantine=bool(body["quarantine"]),
        why_unknown="",
    )


def is_readable(body: Mapping[str, Any]) -> bool:
    """Whether it is of the form in which ``kept`` writes it: any task may write a row, and a page reads those of all."""
    try:
        made = shown(body), *slas(body), *baselines(body).values()
        ZoneInfo(str(body["zone"]))
        return isinstance(body["file"], str) and all(_typed(one, type(one)) for one in made)
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, LookupError, OSError):
        return False


def _typed(value: object, hint: Any) -> bool:
    """Whether a value, and everything in it, is of its declared type; a dataclass that is made of JSON does not look."""
    if isinstance(hint, type) and is_dataclass(hint):
        return all(_typed(getattr(value, name), one) for name, one in _hints(hint).items())
    if get_origin(hint) is Sequence:
        return isinstance(value, list) and all(_typed(one, get_args(hint)[0]) for one in value)
    if hint is float:
        return type(value) in (int, float) and isfinite(value)  # type: ignore[arg-type]
    return type(value) is hint


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    return get_type_hints(kind)


def slas(body: Mapping[str, Any]) -> tuple[Sla, ...]:
    """The promises of a contract that was kept."""
    return tuple(Sla(**one) for one in body["slas"])


def words(sla: Sla) -> str:
    """A promise as the contract says it."""
    return " ".join(part for part in (sla.prop, sla.value, sla.unit) if part)


def baselines(body: Mapping[str, Any]) -> dict[str, Baseline]:
    """Check -> what it takes for normal."""
    found = {}
    for one in body["checks"]:
        if base := one.get("baseline"):
            kinds = {"of": CheckKind(base["of"]), "slot": Slot(base["slot"])}
            found[str(one["id"])] = Baseline(**{**base, **kinds})
    return found


def band(baseline: Baseline, check: str, at: datetime, zone: str, points: Sequence[Point]) -> ExpectedRange | None:
    """What was normal for a slice, by the slices before it."""
    return normal(baseline, check, CheckHistory(at=at, zone=zone, points={check: points}))


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Difference]:
    """What a newer version says otherwise."""
    return [
        *_of_parts("column", old["columns"], new["columns"], "name", _column_words, breaks_gone=True),
        *_of_parts("check", old["checks"], new["checks"], "id", _check_words, breaks_gone=False),
        *_of_parts("promise", old["slas"], new["slas"], "prop", _sla_words, breaks_gone=True),
    ]


Words = Callable[[Mapping[str, Any]], str]


def _of_parts(
    what: str, old: Sequence[Any], new: Sequence[Any], key: str, say: Words, *, breaks_gone: bool
) -> Iterator[Difference]:
    before, after = {one[key]: one for one in old}, {one[key]: one for one in new}
    for name in before.keys() - after.keys():
        yield Difference(where=f"{what} {name}", what=f"is gone; it was {say(before[name])}", breaking=breaks_gone)
    for name in [name for name in after if name not in before]:
        yield Difference(where=f"{what} {name}", what=f"is new: {say(after[name])}", breaking=False)
    for name in [name for name in after if name in before and say(before[name]) != say(after[name])]:
        told = f"was {say(before[name])}, and is {say(after[name])}"
        yield Difference(where=f"{what} {name}", what=told, breaking=breaks_gone)


def _column_words(column: Mapping[str, Any]) -> str:
    return f"{column['type']}{', required' if column['required'] else ''}"


def _check_words(check: Mapping[str, Any]) -> str:
    return f"{check['words']} ({check['severity']})"


def _sla_words(sla: Mapping[str, Any]) -> str:
    return f"{sla['value']} {sla['unit']}".strip()
