"""The cards of a table and of a model, made of what was measured: contract, gates, lineage, readiness, registry and journal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from airflow_provider_harness.core.contracts.checks import CheckKind
from airflow_provider_harness.core.contracts.contract import Claim, Contract, MetricTerm, Model
from airflow_provider_harness.core.contracts.readiness import LEVELS, StandardResult, reached
from airflow_provider_harness.core.learning.cards import Card, Fact, Section
from airflow_provider_harness.core.learning.models import ModelEvent, ModelEventKind, ModelVersion, in_use, short
from airflow_provider_harness.core.slices.gate_run import StoredCheck, StoredGate

TAG = "airflow-provider-harness"
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_LARGER = ((10**7, "1M<n<10M"), (10**8, "10M<n<100M"), (10**9, "100M<n<1B"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a table beside its contract.

    :param gates: of its newest slice.
    :param standards: of all levels.
    :param origins: column -> what it is made of; None where no task told.
    :param rows: of the whole table; None where nobody counted.
    :param at: when it was looked at.
    :param place: the connection, in words.
    """

    gates: Sequence[StoredGate]
    standards: Sequence[StandardResult]
    origins: Mapping[str, tuple[str, ...]] | None
    rows: int | None
    at: datetime
    place: str


def table_card(contract: Contract, known: Known) -> Card:
    """The card of a table, as Hugging Face reads that of a data set."""
    size = next((word for most, word in (*_SIZES, *_LARGER) if known.rows is not None and known.rows < most), "n>1T")
    front: dict[str, Any] = {"pretty_name": contract.name, "tags": [TAG]}
    front |= {"size_categories": [size]} if known.rows is not None else {}
    return Card(
        title=contract.name,
        front=front,
        sections=(
            Section(title="What it is", text=contract.description, facts=tuple(_identity(contract))),
            Section(title="Uses", text=contract.usage),
            Section(title="Limitations", text=contract.limitations),
            Section(title="Columns", facts=tuple(_columns(contract))),
            Section(title="Measured", facts=tuple(_measured(contract, known))),
            Section(title="Drift", facts=tuple(_checks(contract, known.gates, drift=True))),
            Section(title="Where it comes from", facts=tuple(_lineage(known))),
            Section(title="Readiness", facts=tuple(_readiness(contract, known))),
            Section(title="Claims", facts=tuple(_claims(contract, known.gates))),
        ),
    )


def _of(contract: Contract) -> str:
    return f"contract {contract.id} {contract.version}"


def _identity(contract: Contract) -> Iterator[Fact]:
    rows = (
        ("table", contract.table),
        ("one row is", contract.granularity),
        ("team", contract.owner.team),
        ("labels", ", ".join(contract.ai.labels)),
        ("groups", ", ".join(contract.ai.groups)),
    )
    yield from (Fact(what=what, value=value, source=_of(contract)) for what, value in rows if value)


def _columns(contract: Contract) -> Iterator[Fact]:
    for column in contract.columns:
        treated = "" if column.treatment == "keep" else f"{column.treatment} at extraction"
        parts = (column.physical_type, column.classification, treated, column.description)
        yield Fact(what=column.name, value="; ".join(filter(None, parts)), source=_of(contract))


def _measured(contract: Contract, known: Known) -> Iterator[Fact]:
    if known.rows is not None:
        yield Fact(what="rows of the table", value=known.rows, source=known.place, at=_when(known.at))
    for gate in known.gates:
        what = f"rows of slice {gate.slice}"
        yield Fact(what=what, value=gate.rows, source=_source(gate), at=_when(gate.measured_at))
    yield from _checks(contract, known.gates, drift=False)


def _checks(contract: Contract, gates: Sequence[StoredGate], *, drift: bool) -> Iterator[Fact]:
    for gate, check in _newest(gates).values():
        if (check.kind == CheckKind.DRIFT) is drift:
            yield Fact(what=check.id, value=_found(check), source=_source(gate), at=_when(gate.measured_at))


def _newest(gates: Iterable[StoredGate]) -> dict[str, tuple[StoredGate, StoredCheck]]:
    """Id of a check -> the gate that measured it last, and what it found."""
    ordered = sorted(gates, key=lambda gate: gate.measured_at)
    return {check.id: (gate, check) for gate in ordered for check in gate.checks}


def _found(check: StoredCheck) -> str:
    if check.error:
        return f"could not be checked: {check.error}"
    number = "" if check.value is None else f", found {check.value:.6g}"
    return f"{'holds' if check.passed else 'does not hold'}{number}"


def _source(gate: StoredGate) -> str:
    return f"gate {gate.place} of {gate.task}"


def _when(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _lineage(known: Known) -> Iterator[Fact]:
    for column, sources in (known.origins or {}).items():
        yield Fact(what=column, value=", ".join(sources) or "not known", source="lineage", at=_when(known.at))


def _readiness(contract: Contract, known: Known) -> Iterator[Fact]:
    level = reached(known.standards)
    claimed, order = contract.readiness, (None, *LEVELS)
    wrong = f"the contract claims {claimed}." if order.index(level) < order.index(claimed) else ""
    source = f"standards of readiness, {known.place}"
    yield Fact(what="level", value=str(level or "none"), source=source, at=_when(known.at), wrong=wrong)
    for one in known.standards:
        if one.standard.point is None:
            continue
        if said := one.statement:
            yield Fact(what=one.standard.id, value=said.text, source=said.by, at=said.date, person=True)
        else:
            value = f"not met: {one.why}" if one.why else "met"
            yield Fact(what=one.standard.id, value=value, source=source, at=_when(known.at))


def _claims(contract: Contract, gates: Sequence[StoredGate]) -> Iterator[Fact]:
    newest = _newest(gates)
    yield from (_claim(claim, newest) for claim in contract.claims)


def _claim(claim: Claim, newest: Mapping[str, tuple[StoredGate, StoredCheck]]) -> Fact:
    if claim.by:
        return Fact(what=claim.text, value="said", source=claim.by, at=claim.date, person=True)
    if claim.check not in newest:
        return Fact(what=claim.text, value=None, source=claim.check, wrong=f"no gate has measured {claim.check}.")
    gate, check = newest[claim.check]
    wrong = "" if check.passed else f"{claim.check} {_found(check)} in {_source(gate)}."
    return Fact(what=claim.text, value=_found(check), source=claim.check, at=_when(gate.measured_at), wrong=wrong)


def model_card(
    contract: Contract,
    terms: Model,
    version: ModelVersion | None,
    events: Sequence[ModelEvent],
    gates: Sequence[StoredGate],
    registry: str,
) -> Card:
    """The card of the version of a model that is in use.

    :param version: None where none is in use.
    :param registry: in words.
    """
    return Card(
        title=terms.name,
        front=_model_front(terms, version),
        sections=(
            Section(title="What it is", text=terms.purpose, facts=tuple(_used(version, events, registry))),
            Section(title="Metrics", facts=tuple(_metrics(terms, version, events, registry))),
            Section(title="Data", text=contract.description, facts=tuple(_identity(contract))),
            Section(title="Limitations", text=contract.limitations),
            Section(title="Drift of the data", facts=tuple(_checks(contract, gates, drift=True))),
            Section(title="Rollback", facts=tuple(_plan(contract, terms, events))),
            Section(title="Claims", facts=tuple(_claims(contract, gates))),
        ),
    )


def _model_front(terms: Model, version: ModelVersion | None) -> dict[str, Any]:
    front: dict[str, Any] = {"tags": [TAG]}
    if version is not None and not short(terms, version):
        metrics = [{"type": one.name, "value": version.metrics[one.name]} for one in terms.metrics]
        dataset = {"name": terms.holdout, "type": terms.holdout, "revision": terms.holdout_hash}
        result = {"task": {"type": "other"}, "dataset": dataset, "metrics": metrics}
        front["model-index"] = [{"name": terms.name, "results": [result]}]
    return front


def _used(version: ModelVersion | None, events: Sequence[ModelEvent], registry: str) -> Iterator[Fact]:
    if version is None:
        yield Fact(what="version in use", value=None, source=registry, wrong="no version is in use.")
        return
    put = next((e for e in reversed(events) if e.kind is ModelEventKind.ENDED and e.version == version.version), None)
    wrong = "" if in_use(events)[-1:] == (version.version,) else "no task of the harness put it into use."
    source, at = (put.task, _when(put.at)) if put else (registry, "")
    yield Fact(what="version in use", value=version.version, source=source, at=at, wrong=wrong)
    if version.uri:
        yield Fact(what="address", value=version.uri, source=registry)


def _metrics(terms: Model, version: ModelVersion | None, events: Sequence[ModelEvent], registry: str) -> Iterator[Fact]:
    if version is None:
        return
    whys = short(terms, version)
    told = [e for e in events if e.kind is ModelEventKind.REGISTERED and e.version == version.version]
    at = _when(told[-1].at) if told else ""
    for term in terms.metrics:
        mine = [why for why in whys if why.startswith((f"metric {term.name} ", "its metrics"))]
        source = f"{registry}, of {terms.holdout} ({terms.holdout_hash})"
        value = version.metrics.get(term.name)
        yield Fact(what=_bound(term), value=value, source=source, at=at, wrong=" ".join(mine))


def _bound(term: MetricTerm) -> str:
    bound = f"at least {term.minimum:g}" if term.minimum is not None else f"at most {term.maximum:g}"
    return f"{term.name} ({bound})"


def _plan(contract: Contract, terms: Model, events: Sequence[ModelEvent]) -> Iterator[Fact]:
    plan, source = terms.rollback, _of(contract)
    for condition in plan.conditions:
        yield Fact(what="due where", value=condition.person or f"{condition.check} does not pass", source=source)
    for step in plan.steps:
        yield Fact(what="a person then does", value=step, source=source)
    yield Fact(what="proved by", value=", ".join(plan.validated_by), source=source)
    for event in events:
        if event.kind is ModelEventKind.ENDED and event.body["act"] == "roll_back":
            value = f"from {event.body['before']} to {event.version}: {event.body['why']}"
            yield Fact(what="rolled back", value=value, source=event.task, at=_when(event.at))
