"""OpenLineage facets for Airflow's provider: schema, columns, data quality, counts, ownership and tags."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from airflow_provider_harness.core.contracts.checks import CheckKind
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.report import CheckResult, Report
from airflow_provider_harness.core.contracts.schema import Schema
from airflow_provider_harness.core.lineage.graph import ColumnEdge, Dataset, Flow

Facets = dict[str, Any]
_SOURCE = "CONTRACT"
"""Where tags come from."""


def operator_lineage(
    *,
    contract: Contract,
    flow: Flow,
    described: Dataset | None,
    schemas: Mapping[Dataset, Schema],
    report: Report | None,
    rows: int | None,
    files: Collection[int] | None = None,
    judged_output: bool = False,
) -> Any:
    """What one task read and wrote, as the provider's ``OperatorLineage``. What is not known has no facet.

    :param described: the dataset that the contract describes.
    :param schemas: of what was read, as the catalog has it.
    :param report: the gate's findings, attached to the data that it judged.
    :param rows: rows written.
    :param files: bytes of each file written.
    :param judged_output: the gate judged what the task made, not what it read.
    """
    from airflow.providers.openlineage.extractors import OperatorLineage
    from openlineage.client.event_v2 import InputDataset, OutputDataset

    def facets(dataset: Dataset) -> Facets:
        return of_contract(contract) if dataset == described else _seen(dataset, flow.columns, schemas)

    quality = {} if report is None else _assertions(report)
    judged = quality | ({} if report is None else _metrics(report))
    read = [
        InputDataset(
            namespace=one.namespace,
            name=one.name,
            facets=facets(one),
            inputFacets={} if judged_output else dict(judged),
        )
        for one in flow.inputs
    ]
    written = []
    if (target := flow.output) is not None:
        made = facets(target) | _columns(flow.columns) | (quality if judged_output else {})
        statistics = _statistics(rows, files)
        written = [OutputDataset(namespace=target.namespace, name=target.name, facets=made, outputFacets=statistics)]
    return OperatorLineage(inputs=read, outputs=written, run_facets={}, job_facets=_of_job(contract))


def of_contract(contract: Contract) -> Facets:
    """What a contract says of its table: columns, owner, classification."""
    from openlineage.client.generated.ownership_dataset import Owner, OwnershipDatasetFacet
    from openlineage.client.generated.tags_dataset import TagsDatasetFacet, TagsDatasetFacetFields

    names = {"contract": contract.id, "contract_version": contract.version, "criticality": str(contract.criticality)}
    tags = [TagsDatasetFacetFields(key=key, value=value, source=_SOURCE) for key, value in names.items()]
    tags += [
        TagsDatasetFacetFields(key="classification", value=value, source=_SOURCE, field=column)
        for column, value in contract.classified().items()
    ]
    fields = [(column.name, column.physical_type, column.description) for column in contract.columns]
    facets = _schema(fields) | {"tags": TagsDatasetFacet(tags=tags)}
    if contract.owner.team:
        owner = Owner(name=f"team:{contract.owner.team}", type="OWNER")
        facets["ownership"] = OwnershipDatasetFacet(owners=[owner])
    return facets


def _seen(dataset: Dataset, edges: Iterable[ColumnEdge], schemas: Mapping[Dataset, Schema]) -> Facets:
    """The catalog's columns; else those that are known to be read or written, without types."""
    if (known := schemas.get(dataset)) is not None:
        return _schema([(column.name, column.type, "") for column in known.columns])
    read = [edge.source_column for edge in edges if edge.source == dataset]
    return _schema([(name, "", "") for name in dict.fromkeys(read)])


def _schema(fields: Collection[tuple[str, str, str]]) -> Facets:
    from openlineage.client.generated.schema_dataset import SchemaDatasetFacet, SchemaDatasetFacetFields

    made = [
        SchemaDatasetFacetFields(name=name, type=kind or None, description=description or None)
        for name, kind, description in fields
    ]
    return {"schema": SchemaDatasetFacet(fields=made)} if made else {}


def _columns(edges: Collection[ColumnEdge]) -> Facets:
    """The edges into each column, and those that decide about all of them."""
    from openlineage.client.generated.column_lineage_dataset import ColumnLineageDatasetFacet, Fields, InputField

    grouped: dict[str, dict[tuple[Dataset, str], InputField]] = {}
    for edge in edges:
        fields = grouped.setdefault(edge.target_column, {})
        field = fields.setdefault(
            (edge.source, edge.source_column),
            InputField(
                namespace=edge.source.namespace, name=edge.source.name, field=edge.source_column, transformations=[]
            ),
        )
        assert field.transformations is not None
        field.transformations.append(_transformation(edge))
    if not grouped:
        return {}
    deciders = list(grouped.pop("", {}).values())
    of_fields = {name: Fields(inputFields=list(found.values())) for name, found in grouped.items()}
    return {"columnLineage": ColumnLineageDatasetFacet(fields=of_fields, dataset=deciders)}


def _transformation(edge: ColumnEdge) -> Any:
    from openlineage.client.generated.column_lineage_dataset import Transformation

    kind = "DIRECT" if edge.how.direct else "INDIRECT"
    return Transformation(type=kind, subtype=str(edge.how), masking=edge.masking)


def _assertions(report: Report) -> Facets:
    """Each check by its id. What was found is a count or nothing: a value could be somebody's data."""
    from openlineage.client.generated.data_quality_assertions_dataset import (
        Assertion,
        DataQualityAssertionsDatasetFacet,
    )

    def assertion(result: CheckResult) -> Assertion:
        return Assertion(
            assertion=str(result.kind),
            success=result.passed,
            column=result.columns[0] if len(result.columns) == 1 else None,
            severity=str(result.severity),
            name=result.id,
            description="could not be checked" if result.error else None,
            expected=result.expected,
            actual=None if result.failing is None else str(result.failing),
        )

    facet = DataQualityAssertionsDatasetFacet(assertions=[assertion(result) for result in report.results])
    return {"dataQualityAssertions": facet}


def _metrics(report: Report) -> Facets:
    """Rows, and the nulls of the columns of which they were counted."""
    from openlineage.client.generated.data_quality_metrics_input_dataset import (
        ColumnMetrics,
        DataQualityMetricsInputDatasetFacet,
    )

    nulls = {
        result.columns[0]: ColumnMetrics(nullCount=result.failing)
        for result in report.results
        if result.kind in (CheckKind.NOT_NULL, CheckKind.NULL_RATE)
        and len(result.columns) == 1
        and not result.facts.get("path")
        and result.failing is not None
    }
    return {"dataQualityMetrics": DataQualityMetricsInputDatasetFacet(columnMetrics=nulls, rowCount=report.rows)}


def _statistics(rows: int | None, files: Collection[int] | None) -> Facets:
    from openlineage.client.generated.output_statistics_output_dataset import OutputStatisticsOutputDatasetFacet

    if rows is None:
        return {}
    size, count = (None, None) if files is None else (sum(files), len(files))
    return {"outputStatistics": OutputStatisticsOutputDatasetFacet(rowCount=rows, size=size, fileCount=count)}


def _of_job(contract: Contract) -> Facets:
    from openlineage.client.generated.ownership_job import Owner, OwnershipJobFacet

    if not contract.owner.team:
        return {}
    return {"ownership": OwnershipJobFacet(owners=[Owner(name=f"team:{contract.owner.team}", type="OWNER")])}
