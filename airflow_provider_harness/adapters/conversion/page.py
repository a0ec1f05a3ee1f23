"""A contract as a page for people: one file without scripts, in which no text of anybody's is markup."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from airflow_provider_harness.adapters.conversion.draft import Made
from airflow_provider_harness.core.contracts.checks import CheckSeverity
from airflow_provider_harness.core.contracts.contract import Contract

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>body{{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}}
table{{border-collapse:collapse;width:100%}}td,th{{border:1px solid #999;padding:.2rem .5rem;text-align:left;vertical-align:top}}
dt{{font-weight:600}}dd{{margin:0 0 .5rem 1rem}}</style></head>
<body>
{body}
</body></html>
"""


def to_html(contracts: Sequence[Contract]) -> Made:
    """The page of some tables. Nothing that a reader needs is left out, so nothing is said to be lost."""
    body = "\n".join(part for contract in contracts for part in _parts(contract))
    return Made(text=_PAGE.format(title=escape(", ".join(one.name for one in contracts)), body=body), lost=())


def _parts(contract: Contract) -> Iterator[str]:
    load, rows, late = contract.load, contract.quarantine, contract.late
    yield f"<h1>{escape(contract.name)}</h1>"
    yield _facts(
        ("Table", contract.table),
        ("Contract", f"{contract.id} {contract.version} ({contract.status})"),
        ("What for", contract.description),
        ("Limitations", contract.limitations),
        ("Usage", contract.usage),
        ("One row is", contract.granularity),
        ("Key", ", ".join(contract.key)),
        ("Team", contract.owner.team),
        ("People", ", ".join(contract.owner.members)),
        ("Where to ask", ", ".join(contract.owner.channels)),
        ("Paged", ", ".join(contract.paged)),
        (
            "Loaded",
            " ".join(filter(None, (load.mode, load.slice_column and f"by {load.slice_column} ({load.time_zone})"))),
        ),
        ("Malformed rows", f"{rows.policy}, at most {rows.max_rows} rows and {rows.max_percent:g} % of a slice"),
        ("Late data", f"{late.action} after {late.wait_minutes} minutes"),
        ("Backfill alone", f"{contract.backfill_alone} slice(s)"),
        ("Criticality", str(contract.criticality)),
        ("Readiness", str(contract.readiness or "")),
        ("Who may use it", ", ".join(contract.roles)),
        ("Runbook", contract.runbook),
    )
    yield "<h2>Columns</h2>"
    yield _table(
        ("column", "type", "null", "classification", "meaning"),
        (
            (
                one.name,
                one.physical_type,
                "required" if one.required else "nullable",
                one.classification,
                one.description,
            )
            for one in contract.columns
        ),
    )
    yield "<h2>Rules</h2>"
    yield _table(
        ("rule", "weight", "must be", "why"),
        (
            (
                one.id,
                "blocks" if one.severity is CheckSeverity.ERROR else "warns",
                str(one.expect),
                one.description or one.reason(),
            )
            for one in contract.checks
        ),
    )
    if contract.slas:
        yield "<h2>Promises</h2>"
        yield _table(("promise", "value"), ((one.prop, f"{one.value} {one.unit}".strip()) for one in contract.slas))
    if contract.consumers:
        yield "<h2>Who relies on it</h2>"
        rows_of = ((one.name, one.purpose, ", ".join(one.columns) or "all columns") for one in contract.consumers)
        yield _table(("consumer", "for", "columns"), rows_of)
    if contract.measures:
        yield "<h2>Measures</h2>"
        yield _table(("measure", "is", "meaning"), ((m.name, m.expression, m.description) for m in contract.measures))


def _facts(*facts: tuple[str, str]) -> str:
    return "<dl>" + "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in facts if value) + "</dl>"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    top = "".join(f"<th>{cell}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{body}</table>"
