"""OpenLineage facets for Airflow's provider: schema, columns, data quality assertions, counts, ownership."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_provider_harness.core.contract import Contract
from airflow_provider_harness.core.lineage import ColumnEdge, Dataset
from airflow_provider_harness.core.report import Report


def operator_lineage(
    *,
    contract: Contract,
    inputs: Sequence[Dataset],
    output: Dataset | None,
    edges: Sequence[ColumnEdge],
    report: Report | None,
    rows: int | None,
    judged_output: bool = False,
) -> Any:
    """What one task read and wrote, as the provider's ``OperatorLineage``.

    :param edges: column lineage; empty means unknown, and then no such facet is sent.
    :param report: the gate's findings, attached to the data that it judged.
    :param rows: rows written, where known.
    :param judged_output: the gate judged what the task made, not what it read.
    """
    from airflow.providers.openlineage.extractors import OperatorLineage
    from openlineage.client.event_v2 import InputDataset, OutputDataset

    quality = _assertions(report)
    of_inputs = {} if judged_output else quality
    read = [InputDataset(namespace=one.namespace, name=one.name, inputFacets=dict(of_inputs)) for one in inputs]
    written = []
    if output is not None:
        facets = _dataset_facets(contract) | _columns(edges) | (quality if judged_output else {})
        written = [
            OutputDataset(namespace=output.namespace, name=output.name, facets=facets, outputFacets=_statistics(rows))
        ]
    return OperatorLineage(inputs=read, outputs=written, run_facets={}, job_facets=_owner(contract))


def _dataset_facets(contract: Contract) -> dict[str, Any]:
    from openlineage.client.generated.schema_dataset import SchemaDatasetFacet, SchemaDatasetFacetFields

    fields = [
        SchemaDatasetFacetFields(name=column.name, type=column.physical_type, description=column.description or None)
        for column in contract.columns
    ]
    return {"schema": SchemaDatasetFacet(fields=fields)}


def _columns(edges: Sequence[ColumnEdge]) -> dict[str, Any]:
    from openlineage.client.generated.column_lineage_dataset import (
        ColumnLineageDatasetFacet,
        Fields,
        InputField,
        Transformation,
    )

    grouped: dict[str, list[InputField]] = {}
    for edge in edges:
        how = Transformation(type="DIRECT", subtype=str(edge.how))
        grouped.setdefault(edge.target_column, []).append(
            InputField(
                namespace=edge.source.namespace,
                name=edge.source.name,
                field=edge.source_column,
                transformations=[how],
            )
        )
    if not grouped:
        return {}
    return {
        "columnLineage": ColumnLineageDatasetFacet(
            fields={name: Fields(inputFields=found) for name, found in grouped.items()}
        )
    }


def _assertions(report: Report | None) -> dict[str, Any]:
    from openlineage.client.generated.data_quality_assertions_dataset import (
        Assertion,
        DataQualityAssertionsDatasetFacet,
    )

    if report is None:
        return {}
    assertions = [
        Assertion(
            assertion=str(result.kind),
            success=result.passed,
            column=result.columns[0] if len(result.columns) == 1 else None,
        )
        for result in report.results
    ]
    return {"dataQualityAssertions": DataQualityAssertionsDatasetFacet(assertions=assertions)}


def _statistics(rows: int | None) -> dict[str, Any]:
    from openlineage.client.generated.output_statistics_output_dataset import OutputStatisticsOutputDatasetFacet

    return {} if rows is None else {"outputStatistics": OutputStatisticsOutputDatasetFacet(rowCount=rows)}


def _owner(contract: Contract) -> dict[str, Any]:
    from openlineage.client.generated.ownership_job import Owner, OwnershipJobFacet

    if not contract.owner.team:
        return {}
    return {"ownership": OwnershipJobFacet(owners=[Owner(name=f"team:{contract.owner.team}", type="OWNER")])}
