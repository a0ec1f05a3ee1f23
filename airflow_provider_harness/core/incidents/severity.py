"""How loudly on-call is told: what the contract says of the data, and what failed because of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from airflow_provider_harness.core.contracts.contract import Contract, Criticality


class PageSeverity(StrEnum):
    """The mildest first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


_STEPS = tuple(PageSeverity)

#: How bad it is by itself that data of this criticality are missing or wrong.
OF_CRITICALITY = {
    Criticality.LOW: PageSeverity.LOW,
    Criticality.MEDIUM: PageSeverity.MEDIUM,
    Criticality.HIGH: PageSeverity.HIGH,
    Criticality.CRITICAL: PageSeverity.CRITICAL,
}
#: Where no contract says what the data are worth.
WITHOUT_CONTRACT = PageSeverity.HIGH
#: Dags that failed of one cause from which on it is a step worse.
MANY_DAGS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What is at stake in one incident.

    :param contracts: of the tables that its failed tasks write or judge.
    :param dags: how many Dags failed.
    :param late: a promise about time is about to be broken by it.
    :param backfill: nothing but runs of backfills failed: nobody waits for them by the clock.
    :param worse: an act of the harness made it worse.
    :param no_slice: nothing but runs that own no slice failed, and because of that: no data are missing.
    """

    contracts: Sequence[Contract] = ()
    dags: int = 1
    late: bool = False
    backfill: bool = False
    worse: bool = False
    no_slice: bool = False


def severity(stakes: Impact) -> PageSeverity:
    """The criticality of the most critical table; a step worse for a table with a promise about time that somebody
    reads, or for many Dags; a step worse when a promise is about to be broken, or when an act did harm; low for a
    backfill, and for runs that own no slice, where no promise is broken and no harm was done. A question is as loud as its incident: no answer is a no."""
    if (stakes.backfill or stakes.no_slice) and not (stakes.late or stakes.worse):
        return PageSeverity.LOW
    base = max((OF_CRITICALITY[item.criticality] for item in stakes.contracts), key=_STEPS.index, default=None)
    step = _STEPS.index(base or WITHOUT_CONTRACT)
    promised = any(item.slas and item.consumers for item in stakes.contracts)
    step += promised or stakes.dags >= MANY_DAGS
    step += stakes.late + stakes.worse
    return _STEPS[min(max(step, 0), len(_STEPS) - 1)]


def worse(one: PageSeverity, than: str) -> bool:
    """Whether a severity is worse than what was told; empty: on-call was not paged."""
    return not than or _STEPS.index(one) > _STEPS.index(PageSeverity(than))
