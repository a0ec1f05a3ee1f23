"""``airflow harness contract dictionary``: what the columns of tables mean, in people's words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from airflow_provider_harness.core.contracts.checks import CheckKind
from airflow_provider_harness.core.contracts.contract import Column, Contract

Row = Mapping[str, str]


def rows(contract: Contract) -> list[Row]:
    """One row a column, then one a measure: what it is called, what it is, what it means."""
    found = [_column(contract, column) for column in contract.columns]
    return found + [
        _row(contract, m.name, f"= {m.expression}", m.description, also=m.synonyms) for m in contract.measures
    ]


def markdown(contracts: Sequence[Contract]) -> str:
    """A page for people: each table with what it is for, and its words."""
    return "\n\n".join("\n".join(_page(contract)) for contract in contracts)


def _column(contract: Contract, column: Column) -> Row:
    targets = [
        f"{check.reference.table} ({', '.join(check.reference.columns)})"
        for check in contract.checks
        if check.kind is CheckKind.REFERENTIAL and check.reference and column.name in check.columns
    ]
    valid = [
        ", ".join(map(str, check.values))
        for check in contract.checks
        if check.kind is CheckKind.ACCEPTED_VALUES and check.columns == (column.name,) and not check.path
    ]
    return _row(
        contract,
        column.name,
        column.physical_type,
        column.description,
        also=column.synonyms,
        refers=targets,
        values=valid or column.examples,
        classified=column.classification,
    )


def _row(
    contract: Contract,
    name: str,
    kind: str,
    meaning: str,
    *,
    also: Sequence[str] = (),
    refers: Sequence[str] = (),
    values: Sequence[str] = (),
    classified: str = "",
) -> Row:
    return {
        "table": contract.table,
        "name": name,
        "type": kind,
        "meaning": meaning,
        "also called": ", ".join(also),
        "refers to": ", ".join(refers),
        "values": ", ".join(values),
        "classification": classified,
    }


def _page(contract: Contract) -> Iterator[str]:
    yield f"# {contract.name} (`{contract.table}`)"
    yield ""
    told = (
        ("What for", contract.description),
        ("One row", contract.granularity),
        ("Limitations", contract.limitations),
        ("Usage", contract.usage),
        ("Owner", contract.owner.team),
        ("Who may use it", ", ".join(contract.roles)),
    )
    yield from (f"- {word}: {text}" for word, text in told if text)
    names = list(rows(contract)[0])[1:]
    yield ""
    yield f"| {' | '.join(names)} |"
    yield f"|{' --- |' * len(names)}"
    for row in rows(contract):
        yield "| " + " | ".join(_cell(row[name]) for name in names) + " |"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
