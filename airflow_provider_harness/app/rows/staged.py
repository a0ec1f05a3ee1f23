"""Whether staged files are those that a task asked for."""

from __future__ import annotations

from datetime import datetime

from airflow_provider_harness.app.ports.rows import Manifest
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.slices.slices import Slice


def refuse_other(manifest: Manifest, contract: Contract, piece: Slice) -> None:
    """Refuse the files of another contract, table or slice, whole or in its bounds, and say whose they are.

    :raises ConfigurationError: they are another's.
    """
    if _of(manifest) == (contract.id, piece.id) and _same_table(manifest, contract) and _same_bounds(manifest, piece):
        return
    bounds = f" ({manifest.start} to {manifest.end})" if manifest.start else ""
    table = f", table {manifest.name}" if manifest.name else ""
    raise ConfigurationError(
        "the staged files",
        f"are slice {manifest.slice} of contract {manifest.contract}{table}{bounds}, not slice {piece.id} of contract "
        f"{contract.id}, table {contract.name} ({piece.start.isoformat()} to {piece.end.isoformat()}).",
        fix="Give the folder of this slice's own extract: staged=extract.output; of a mapped extract, that of the same instance.",
    )


def _of(manifest: Manifest) -> tuple[str, str]:
    return manifest.contract, manifest.slice


def _same_table(manifest: Manifest, contract: Contract) -> bool:
    return manifest.name in ("", contract.name)


def _same_bounds(manifest: Manifest, piece: Slice) -> bool:
    ends = ((manifest.start, piece.start), (manifest.end, piece.end))
    return all(not told or datetime.fromisoformat(told) == moment for told, moment in ends)
