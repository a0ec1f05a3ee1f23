"""What a contract says beside its columns and checks, and which of it another form has no place for."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from airflow_provider_harness.adapters.conversion.draft import Lost
from airflow_provider_harness.core.contracts.contract import AiTerms, Contract, LatePolicy, Load, QuarantinePolicy

_WHY = "the other form has no place for it"


def unsaid(contract: Contract, *, has: Collection[str]) -> Iterator[Lost]:
    """What of a contract is lost where only some of its sections can be kept.

    :param has: the sections that are kept.
    """
    sections = {
        "description": contract.description,
        "limitations": contract.limitations or contract.usage,
        "granularity": contract.granularity,
        "owner": contract.owner.team or contract.owner.members or contract.owner.channels,
        "people": contract.owner.members or contract.owner.channels,
        "harness.load": contract.load != Load(),
        "harness.malformedRows": contract.quarantine != QuarantinePolicy(),
        "harness.late": contract.late != LatePolicy(),
        "harness.backfill": contract.backfill_alone,
        "harness.page": contract.paged,
        "harness.consumers": contract.consumers,
        "harness.readiness": contract.readiness,
        "harness.aiReady": contract.ai != AiTerms(),
        "harness.claims": contract.claims,
        "harness.model": contract.model,
        "harness.watch": contract.watch,
        "slaProperties": contract.slas,
        "roles": contract.roles,
        "measures": contract.measures,
        "classification": contract.classified(),
        "runbook": contract.runbook,
    }
    for name, value in sections.items():
        if value and name not in has:
            yield Lost(f"{contract.table}: {name}", _WHY)
