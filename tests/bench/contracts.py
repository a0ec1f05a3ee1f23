"""The contracts of the bench: one table of twelve columns, from no check at all to the twenty of the baselines."""

from __future__ import annotations

from collections.abc import Mapping

from airflow_provider_harness.adapters.contracts.odcs import compile_text
from airflow_provider_harness.core.contracts.contract import Contract

HEAD = """
apiVersion: v3.1.0
kind: DataContract
id: src
version: 1.0.0
status: active
{sla}customProperties:
  - property: harness.load
    value: {load}
schema:
  - name: src
    physicalName: {table}
    quality: [{quality}]
    properties:
"""
FULL = "{mode: full}"
SLICED = "{mode: incremental, sliceColumn: created_at, timeZone: UTC}"
FRESH = "slaProperties: [{property: freshness, value: 10, unit: y, element: src.created_at}]\n"

COLUMNS = (
    ("id", "integer", "bigint"),
    ("qty", "integer", "integer"),
    ("price", "number", "numeric(12,2)"),
    ("name", "string", "text"),
    ("status", "string", "text"),
    ("created_at", "timestamp", "timestamptz"),
    ("day", "date", "date"),
    ("active", "boolean", "boolean"),
    ("score", "number", "double precision"),
    ("payload", "object", "jsonb"),
    ("note", "string", "text"),
    ("uid", "string", "uuid"),
)
ROW_COUNT = "{metric: rowCount, mustBeGreaterThan: 0}"
COMPOSITE = "{metric: duplicateValues, mustBe: 0, arguments: {properties: [name, created_at]}}"


def _custom(check: str, bound: str) -> str:
    return f"{{type: custom, engine: harness, implementation: {{check: {check}, {bound}}}}}"


ROWS: Mapping[str, str] = {
    "id": "required: true",
    "qty": "required: true, logicalTypeOptions: {minimum: 0, maximum: 1000}",
    "price": "required: true, logicalTypeOptions: {minimum: 0, maximum: 100000}, quality: ["
    + _custom("mean", "mustBeBetween: [1, 100000]")
    + "]",
    "name": "logicalTypeOptions: {pattern: '^[0-9a-f]{20}$'}",
    "status": "required: true, enum: [{value: new}, {value: paid}, {value: sent}, {value: done}], quality: ["
    + _custom("distinct_count", "mustBe: 4")
    + "]",
    "created_at": "required: true",
    "score": "logicalTypeOptions: {minimum: 0, maximum: 1}",
    "note": "enum: [{value: gift}, {value: rush}, {value: fragile}], quality: "
    "[{metric: nullValues, mustBeLessOrEqualTo: 60, unit: percent}]",
    "uid": "required: true",
}
"""Column -> its checks: six not null, three ranges, two sets, a pattern, a mean, a distinct count, a null rate."""
FLIGHT: Mapping[str, str] = ROWS | {
    "name": "logicalTypeOptions: {pattern: '^[0-9a-f]{20}$', minLength: 1, maxLength: 40}",
    "score": "logicalTypeOptions: {minimum: 0, maximum: 1}, quality: ["
    + _custom("stddev", "mustBeBetween: [0, 1]")
    + "]",
}
"""In flight there is no second table and no now: a length and a standard deviation instead of foreign key and freshness."""
KEYED = {"id": "required: true, primaryKey: true"}
FOREIGN = {"qty": ROWS["qty"] + ", relationships: [{to: public.dim.id}]"}

#: kind -> (checks of columns, checks of the table, service levels, how it is loaded); with the number of checks it has.
KINDS: Mapping[str, tuple[Mapping[str, str], str, str, str, int]] = {
    "bare": ({}, "", "", FULL, 0),
    "checked": (FLIGHT, ROW_COUNT, "", FULL, 18),
    "unique": (FLIGHT | KEYED, f"{ROW_COUNT}, {COMPOSITE}", "", FULL, 20),
    "gate": (ROWS | KEYED | FOREIGN, f"{ROW_COUNT}, {COMPOSITE}", FRESH, FULL, 20),
    "load": (FLIGHT, ROW_COUNT, "", SLICED, 19),
    "plain": ({}, "", "", SLICED, 1),
}


def contract_text(kind: str, table: str = "public.src") -> str:
    """A contract file of the bench, by the keys of ``KINDS``."""
    checks, quality, sla, load, _ = KINDS[kind]
    text = HEAD
    for name, value in (("sla", sla), ("load", load), ("table", table), ("quality", quality)):
        text = text.replace(f"{{{name}}}", value)
    for name, logical, physical in COLUMNS:
        parts = [f"name: {name}", f"logicalType: {logical}", f'physicalType: "{physical}"', "classification: public"]
        text += f"      - {{{', '.join([*parts, *([checks[name]] if name in checks else [])])}}}\n"
    return text


def contract(kind: str, table: str = "public.src") -> Contract:
    """A contract of the bench, compiled."""
    made = compile_text(contract_text(kind, table), f"{kind}.odcs.yaml")
    assert len(made.checks) == KINDS[kind][-1], [check.id for check in made.checks]
    return made
