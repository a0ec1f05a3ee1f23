"""A contract for a data catalogue: facets of OpenLineage, and DCAT 3 as JSON-LD."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from airflow_provider_harness.adapters.conversion.draft import Lost, Made
from airflow_provider_harness.adapters.conversion.kept import unsaid
from airflow_provider_harness.adapters.lineage.openlineage import of_contract
from airflow_provider_harness.core.contracts.contract import Contract, LogicalType

_CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "adms": "http://www.w3.org/ns/adms#",
    "csvw": "http://www.w3.org/ns/csvw#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
}
#: Logical type -> a datatype of CSV on the Web.
_DATATYPES: Mapping[LogicalType, str] = {
    LogicalType.STRING: "string",
    LogicalType.DATE: "date",
    LogicalType.TIMESTAMP: "dateTime",
    LogicalType.TIME: "time",
    LogicalType.NUMBER: "decimal",
    LogicalType.INTEGER: "integer",
    LogicalType.BOOLEAN: "boolean",
    LogicalType.OBJECT: "json",
    LogicalType.ARRAY: "json",
}


def to_openlineage(contracts: Sequence[Contract], namespace: str) -> Made:
    """Datasets with their facets, as OpenLineage has them.

    :param namespace: of the server, such as ``postgres://host:5432``; empty where nobody says it.
    """
    from openlineage.client.generated.documentation_dataset import DocumentationDatasetFacet
    from openlineage.client.serde import Serde

    lost = [] if namespace else [Lost("namespace", "a contract does not say which server it is; give --namespace")]
    datasets = []
    for one in contracts:
        facets = of_contract(one)
        if one.description:
            facets = facets | {"documentation": DocumentationDatasetFacet(description=one.description)}
        said = {name: Serde.to_dict(facet) for name, facet in facets.items()}
        datasets.append({"namespace": namespace or "unknown", "name": one.table, "facets": said})
        lost += [*_rules(one), *unsaid(one, has=("description", "owner", "classification"))]
    return Made(text=_json(datasets), lost=lost)


def to_dcat(contracts: Sequence[Contract]) -> Made:
    """Datasets of DCAT 3, their columns as CSV on the Web has them."""
    lost = [
        one
        for contract in contracts
        for one in (
            *_rules(contract),
            *_types(contract),
            *unsaid(contract, has=("description", "limitations", "granularity", "owner")),
        )
    ]
    return Made(text=_json({"@context": _CONTEXT, "@graph": [_dataset(one) for one in contracts]}), lost=lost)


def _dataset(contract: Contract) -> dict[str, Any]:
    said = (contract.description, contract.limitations, contract.usage, contract.granularity)
    found: dict[str, Any] = {
        "@id": contract.id if ":" in contract.id else f"urn:contract:{contract.id}",
        "@type": "dcat:Dataset",
        "dct:identifier": contract.id,
        "dct:title": contract.name,
        "dct:description": " ".join(filter(None, said)),
        "dcat:version": contract.version,
        "adms:status": contract.status,
        "dct:publisher": {"@type": "foaf:Organization", "foaf:name": contract.owner.team}
        if contract.owner.team
        else None,
        "dcat:distribution": {"@type": "dcat:Distribution", "dct:title": contract.table},
        "csvw:tableSchema": {
            "@type": "csvw:Schema",
            "csvw:primaryKey": list(contract.key),
            "csvw:column": {"@list": [_column(contract, name) for name in contract.names]},
        },
    }
    return {name: value for name, value in found.items() if value}


def _column(contract: Contract, name: str) -> dict[str, Any]:
    column = contract.column(name)
    said = {"dct:description": column.description} if column.description else {}
    kind = _DATATYPES[column.logical_type]
    return {"csvw:name": name, "csvw:datatype": kind, "csvw:required": column.required, **said}


def _types(contract: Contract) -> Sequence[Lost]:
    exact = sorted({one.physical_type for one in contract.columns})
    return [Lost(f"{contract.table}: {', '.join(exact)}", "DCAT has the kind of a value, and not the database's type")]


def _rules(contract: Contract) -> Sequence[Lost]:
    return [Lost(f"{contract.table}: {one.id}", "a catalogue has no place for rules") for one in contract.checks]


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
