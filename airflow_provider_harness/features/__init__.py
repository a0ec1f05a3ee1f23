"""Features for serving: the online values of an entity, by the definition of the training set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

__all__ = ["get_online_features"]


def get_online_features(
    contract: str,
    entities: Sequence[Mapping[str, Any]],
    *,
    conn_id: str,
    features: Sequence[str] = (),
    at: datetime | None = None,
) -> list[dict[str, Any]]:
    """The newest features of each entity, in the order of the entities, as a training set of the same moment would have
    them. A feature is None if nothing is known of the entity, or if its value is older than the contract's ``maxAge``
    or no longer valid. Each mapping also has the entity, ``features_event_at`` and ``features_known_at``.

    :param contract: ODCS file of the feature table, absolute or relative to the working directory.
    :param entities: for each one, column of the entity -> value.
    :param conn_id: Airflow connection of the PostgreSQL that has the online table.
    :param features: which ones; empty for all.
    :param at: moment of the request, with a zone; None for now. A table that is newer than it has no value for it.
    """
    from airflow_provider_harness.core.errors import ConfigurationError
    from airflow_provider_harness.wiring.learning.features import serve

    if at is not None and (not isinstance(at, datetime) or at.tzinfo is None):
        raise ConfigurationError("at", f"is {at!r}, which has no zone.", fix="Give a datetime with tzinfo.")
    if isinstance(features, str):
        raise ConfigurationError("features", f"is {features!r}.", fix=f"Give a list: [{features!r}].")
    if not isinstance(entities, Sequence) or not all(isinstance(one, Mapping) for one in entities):
        raise ConfigurationError("entities", f"is {entities!r}.", fix="Give a list of mappings: [{'carrier': 'UA'}].")
    found = serve(contract, conn_id, entities, at or datetime.now(UTC))
    unknown = [name for name in features if found and name not in found[0].values]
    if unknown:
        valid = tuple(found[0].values)
        raise ConfigurationError(
            "features", f"has no {', '.join(unknown)}.", valid=valid, fix="Name features of the contract."
        )
    return [
        {
            **entity,
            **{name: value for name, value in one.values.items() if not features or name in features},
            "features_event_at": one.event_at,
            "features_known_at": one.known_at,
        }
        for entity, one in zip(entities, found, strict=True)
    ]
