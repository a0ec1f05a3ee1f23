"""Grants put together: what a task may set aside although its contract rejects it, by a verdict of the healer."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airflow_provider_harness.core.errors import HarnessUnavailable

if TYPE_CHECKING:
    from airflow_provider_harness.adapters.store.rows.grants import SqlGrants
    from airflow_provider_harness.core.contracts.contract import Contract
    from airflow_provider_harness.core.contracts.grant import Grant
    from airflow_provider_harness.core.diagnosis.failure import TryKey

log = logging.getLogger(__name__)


def grants() -> SqlGrants:
    """The store's grants, as ordinary tasks may use them."""
    from airflow_provider_harness.adapters.store.rows.grants import SqlGrants
    from airflow_provider_harness.wiring.store import task_engine

    return SqlGrants(task_engine)


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """Implements ``app.ports.rows.Permit``: one grant in the hands of one try."""

    grant: Grant
    task: TryKey

    @property
    def checks(self) -> tuple[str, ...]:
        return self.grant.checks

    def use(self) -> bool:
        """A store that is away has let nothing be set aside."""
        try:
            used = grants().use(self.grant, self.task, datetime.now(UTC))
        except HarnessUnavailable as error:
            log.warning("Grant %s could not be used, so nothing is set aside: %s", self.grant.id, error)
            return False
        log.info("Grant %s of incident %s %s", self.grant.id, self.grant.incident_id, "is used" if used else "is spent")
        return used


def granted(contract: Contract, slice_id: str, task: TryKey) -> tuple[Contract, Permit | None]:
    """The contract as this try may apply it: where a grant waits for its slice, rows may be set aside within the limits.

    Only a contract that rejects malformed rows and still names limits can be granted anything; others ask no store.
    """
    if not contract.quarantine.by_grant:
        return contract, None
    try:
        grant = grants().find(task, contract.id, slice_id, datetime.now(UTC))
    except HarnessUnavailable as error:
        log.warning("The permission to set rows of this slice aside cannot be read, so no row is set aside: %s", error)
        return contract, None
    if grant is None:
        return contract, None
    log.info("Grant %s: rows that fail %s may be set aside, within the contract's limits", grant.id, grant.checks)
    return replace(contract, quarantine=contract.quarantine.granted()), Permit(grant=grant, task=task)
