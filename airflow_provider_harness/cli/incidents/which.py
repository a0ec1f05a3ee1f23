"""Which incident is meant: its id, or a beginning of it that no other one has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_harness.core.errors import ConfigurationError

if TYPE_CHECKING:
    from airflow_provider_harness.adapters.store.incidents import SqlIncidentStore

#: Incidents that are named where a beginning is not unique.
_NAMED = 5


def incident_id(store: SqlIncidentStore, given: str) -> str:
    """The id that a person means.

    :raises ConfigurationError: no incident, or more than one, has this beginning.
    """
    found = store.ids(given.upper())
    if len(found) == 1 or given.upper() in found:
        return found[0] if len(found) == 1 else given.upper()
    if not found:
        raise ConfigurationError(
            f"incident {given}", "is not in the store.", fix="See `airflow harness incidents list`."
        )
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    raise ConfigurationError(
        f"incident {given}", f"begins {len(found)} ids: {', '.join(found[:_NAMED])}{more}.", fix="Give more of it."
    )


#: Characters of an id that tell its time to the millisecond.
_TIME = 10


def shortest(ids: list[str]) -> dict[str, str]:
    """Each id -> the beginning by which a person can name it; that of its time at least, so that it stays unique."""
    ordered, found = sorted(ids), {}
    for index, one in enumerate(ordered):
        beside = ordered[max(0, index - 1) : index] + ordered[index + 1 : index + 2]
        common = max((_common(one, other) for other in beside), default=0)
        found[one] = one[: max(_TIME, common + 1)]
    return found


def _common(one: str, other: str) -> int:
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
