"""``airflow harness features``: which features there are, in which versions, and what learned from them."""

from __future__ import annotations

from typing import Any

from airflow_provider_harness.cli.running import FINE, command, show
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.learning.registry import Registered, Taker

NONE = "No features yet: FeatureTableOperator registers those that it publishes."


def _found() -> list[Registered]:
    from airflow_provider_harness.wiring.learning.features import registry

    return registry()


@command
def features_list(args: Any) -> int:
    newest = {one.table: one for one in _found()}
    show(args, [_line(one) for one in newest.values()], NONE)
    return FINE


@command
def features_show(args: Any) -> int:
    found = _found()
    name = args.table if "." in args.table else f"public.{args.table}"
    mine = [one for one in found if one.table == name]
    if not mine:
        known = tuple(dict.fromkeys(one.table for one in found))
        raise ConfigurationError(name, "has no published features.", valid=known, fix="" if known else NONE)
    show(args, [row for one in mine for row in _rows(one)], NONE)
    return FINE


def _line(one: Registered) -> dict[str, Any]:
    known = one.definition
    return {
        "table": one.table,
        "version": known.version,
        "entity": ", ".join(known.entity),
        "features": ", ".join(known.features),
        "online": known.online,
        "since": one.seen_at,
        "models": ", ".join(dict.fromkeys(taker.model or taker.table for taker in one.takers)),
    }


def _rows(one: Registered) -> list[dict[str, Any]]:
    """A version, once for each training set that took it."""
    known = one.definition
    told = {
        "version": known.version,
        "entity": ", ".join(known.entity),
        "event time": known.event_time,
        "known at": known.known_at or f"{known.event_time} (not told)",
        "valid to": known.valid_to,
        "max age s": known.max_age or "",
        "features": ", ".join(known.features),
        "online": known.online,
        "since": one.seen_at,
    }
    return [{**told, **_taken(taker)} for taker in one.takers or (None,)]


def _taken(taker: Taker | None) -> dict[str, Any]:
    return {
        "taken by": f"{taker.table} v{taker.version}" if taker else "",
        "model": taker.model if taker else "",
        "takes": ", ".join(taker.features) if taker else "",
    }
