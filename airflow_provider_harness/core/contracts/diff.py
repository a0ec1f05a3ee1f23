"""What changed between two versions of a contract, and which changes break a consumer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from airflow_provider_harness.core.contracts.checks import Check, CheckKind, CheckSeverity, Operator
from airflow_provider_harness.core.contracts.contract import Column, Contract, Sla
from airflow_provider_harness.core.contracts.grain import Grain
from airflow_provider_harness.core.contracts.schema import canonical, fits


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractChange:
    """One change.

    :param where: the column, check or property.
    :param breaking: a consumer who relied on the old contract can be wrong now.
    """

    where: str
    what: str
    breaking: bool


def diff(old: Contract, new: Contract) -> tuple[ContractChange, ...]:
    """Every change that a consumer can notice, those that break one first."""
    found = [*_identity(old, new), *_columns(old, new), *_checks(old, new), *_slas(old, new)]
    if any(change.breaking for change in found) and _major(old) == _major(new):
        what = f"stays at major version {_major(new)} although the contract breaks: raise it"
        found.append(ContractChange(where="version", what=what, breaking=True))
    return tuple(sorted(found, key=lambda change: not change.breaking))


def diff_all(old: Sequence[Contract], new: Sequence[Contract]) -> tuple[ContractChange, ...]:
    """Every change between two versions of a file; its tables are told apart by the contract's name, where it has several."""
    if len(old) == len(new) == 1:
        return diff(old[0], new[0])
    now = {contract.name: contract for contract in new}
    found: list[ContractChange] = []
    for contract in old:
        other = now.pop(contract.name, None)
        if other is None:
            found.append(_change(f"table {contract.name}", "is gone", breaking=True))
        else:
            found += [replace(c, where=f"{contract.name}: {c.where}") for c in diff(contract, other)]
    found += [_change(f"table {name}", "is new", breaking=False) for name in now]
    return tuple(sorted(found, key=lambda change: not change.breaking))


def _change(where: str, what: str, *, breaking: bool) -> ContractChange:
    return ContractChange(where=where, what=what, breaking=breaking)


def _major(contract: Contract) -> str:
    return contract.version.partition(".")[0]


def _identity(old: Contract, new: Contract) -> Iterator[ContractChange]:
    facts: Mapping[str, Callable[[Contract], Any]] = {
        "id": lambda c: c.id,
        "table": lambda c: c.table,
        "primary key": lambda c: ", ".join(c.key),
        "load time zone": lambda c: c.load.time_zone,
        "load grain": lambda c: c.load.grain or Grain.DAY,
        "load slice column": lambda c: c.load.slice_column,
        "load mode": lambda c: c.load.mode,
        "grain": lambda c: c.granularity,
    }
    for name, fact in facts.items():
        if fact(old) != fact(new):
            yield _change(name, f"was {fact(old) or 'none'}, is {fact(new) or 'none'}", breaking=True)
    for role in (role for role in old.roles if role not in new.roles):
        yield _change(f"role {role}", "may no longer use it", breaking=True)
    for role in (role for role in new.roles if role not in old.roles):
        yield _change(f"role {role}", "may use it now", breaking=False)


def _columns(old: Contract, new: Contract) -> Iterator[ContractChange]:
    for column in old.columns:
        if column.name not in new.names:
            yield _change(f"column {column.name}", "is gone", breaking=True)
        else:
            yield from _column(column, new.column(column.name))
    for name in (name for name in new.names if name not in old.names):
        yield _change(f"column {name}", "is new", breaking=False)


def _column(old: Column, new: Column) -> Iterator[ContractChange]:
    where, was, now = f"column {old.name}", canonical(old.physical_type), canonical(new.physical_type)
    if was != now:
        word = "a narrower" if fits(now, was) else "a wider" if fits(was, now) else "another"
        yield _change(where, f"was {was}, is {now}: {word} type", breaking=not fits(now, was))
    if old.required != new.required:
        what = "is required now" if new.required else "can be null now"
        yield _change(where, what, breaking=not new.required)
    if old.classification != new.classification:
        what = f"was classified {old.classification or 'not at all'}, is {new.classification or 'not at all'}"
        yield _change(where, what, breaking=old.classification == "public")


def _checks(old: Contract, new: Contract) -> Iterator[ContractChange]:
    now = {check.id: check for check in new.checks}
    gone_columns = set(old.names) - set(new.names)
    for check in old.checks:
        if check.id in now:
            yield from _check(check, now[check.id])
        elif not gone_columns & set(check.columns) and not _said_elsewhere(check, old, new):
            lost = check.severity is CheckSeverity.ERROR
            yield _change(f"check {check.id}", "is no longer promised", breaking=lost)
    before = {check.id for check in old.checks}
    for check in new.checks:
        if check.id not in before and not set(check.columns) - set(old.names):
            yield _change(f"check {check.id}", "is promised now", breaking=False)


def _said_elsewhere(check: Check, old: Contract, new: Contract) -> bool:
    """The key's and the nulls' checks follow from changes that are named already."""
    implied = check.kind is CheckKind.NOT_NULL and not check.path and old.column(check.columns[0]).required
    return implied or (check.kind is CheckKind.UNIQUE and check.columns == old.key != new.key)


def _check(old: Check, new: Check) -> Iterator[ContractChange]:
    where = f"check {old.id}"
    if old.severity is not new.severity:
        weaker = new.severity is CheckSeverity.WARN
        yield _change(where, f"was {old.severity}, is {new.severity}", breaking=weaker)
    if replace(old, severity=new.severity, description=new.description) == new:
        return
    if old.kind is not new.kind or not _only_bounds(old, new):
        yield _change(where, "says something else now", breaking=True)
        return
    looser = _looser(old, new)
    yield _change(where, f"{_words(old)} became {_words(new)}", breaking=looser)


def _only_bounds(old: Check, new: Check) -> bool:
    return (
        replace(
            old,
            severity=new.severity,
            description=new.description,
            low=new.low,
            high=new.high,
            low_open=new.low_open,
            high_open=new.high_open,
            values=new.values,
            expect=new.expect,
        )
        == new
    )


def _looser(old: Check, new: Check) -> bool:
    """Whether data that kept the old check could break for a reader of the new one."""
    low = old.low is not None and (new.low is None or new.low < old.low)  # type: ignore[operator]
    high = old.high is not None and (new.high is None or new.high > old.high)  # type: ignore[operator]
    low = low or (old.low_open and not new.low_open and old.low == new.low)
    high = high or (old.high_open and not new.high_open and old.high == new.high)
    if old.kind is CheckKind.ACCEPTED_VALUES:
        more = bool(set(new.values) - set(old.values))
    else:
        more = bool(set(old.values) - set(new.values))
    return low or high or more or _expects_less(old, new)


def _expects_less(old: Check, new: Check) -> bool:
    was, now = old.expect, new.expect
    if was == now:
        return False
    if (was.operator, was.unit) != (now.operator, now.unit):
        return True
    if was.operator in (Operator.LESS, Operator.LESS_OR_EQUAL):
        return bool(now.values > was.values)
    if was.operator in (Operator.GREATER, Operator.GREATER_OR_EQUAL):
        return bool(now.values < was.values)
    if was.operator is Operator.BETWEEN:
        return bool(now.values[0] < was.values[0] or now.values[1] > was.values[1])  # type: ignore[operator]
    return True


def _words(check: Check) -> str:
    parts = [
        f"{'exclusive ' if is_open else ''}{name} {value}"
        for name, value, is_open in (("minimum", check.low, check.low_open), ("maximum", check.high, check.high_open))
        if value is not None
    ]
    parts += [f"values {', '.join(map(str, check.values))}"] if check.values else []
    return ", ".join([*parts, str(check.expect)] if check.expect != type(check.expect)() else parts) or "the check"


_LESS_IS_WORSE = ("retention", "re")


def _slas(old: Contract, new: Contract) -> Iterator[ContractChange]:
    now = {(sla.prop, sla.element): sla for sla in new.slas}
    for sla in old.slas:
        where = f"sla {sla.prop}{f' of {sla.element}' if sla.element else ''}"
        other = now.pop((sla.prop, sla.element), None)
        if other is None:
            yield _change(where, "is no longer promised", breaking=True)
        elif (sla.value, sla.unit) != (other.value, other.unit):
            what = f"was {sla.value} {sla.unit}".strip() + f", is {other.value} {other.unit}".rstrip()
            yield _change(where, what, breaking=_worse(sla, other))
    for prop, _ in now:
        yield _change(f"sla {prop}", "is promised now", breaking=False)


def _worse(old: Sla, new: Sla) -> bool:
    was, now = old.span(), new.span()
    if was is None or now is None:
        return True
    return now < was if old.prop.lower() in _LESS_IS_WORSE else now > was
