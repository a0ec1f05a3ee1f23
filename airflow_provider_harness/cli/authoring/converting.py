"""``airflow harness contract import`` and ``contract export``: contracts from and for what others read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.cli.running import FINE, command, out, say
from airflow_provider_harness.core.errors import ConfigurationError

if TYPE_CHECKING:
    from airflow_provider_harness.adapters.conversion.draft import Made


@command
def contract_import(args: Any) -> int:
    return _told(args, _SOURCES[args.source](args))


@command
def contract_export(args: Any) -> int:
    from airflow_provider_harness.adapters.conversion.read import contracts_of

    return _told(args, _TARGETS[args.target](contracts_of(args.file), args))


def _told(args: Any, made: Made) -> int:
    """The text on standard output, and what was lost on standard error; or both as JSON."""
    if args.output == "json":
        out(json.dumps({"text": made.text, "lost": [one._asdict() for one in made.lost]}, indent=2))
        return FINE
    out(made.text, end="")
    for one in made.lost:
        say(" ".join(f"lost: {one.place}: {one.why}".split()), FINE)
    return FINE


def _file(args: Any) -> str:
    if not args.file:
        raise ConfigurationError("contract import", f"--from {args.source} reads a file.", fix="Name it.")
    return str(args.file)


def _dbt(args: Any) -> Made:
    from airflow_provider_harness.adapters.conversion.dbt_read import from_dbt

    return from_dbt(_file(args), only=args.table)


def _ruleset(args: Any) -> Made:
    from airflow_provider_harness.adapters.conversion.ruleset import from_ruleset

    return from_ruleset(_file(args), args.table)


def _database(args: Any) -> Made:
    from airflow_provider_harness.wiring import rows as wiring_rows

    if not args.conn_id or not args.table or args.file:
        fix = "Give --conn-id and --table, and no file."
        raise ConfigurationError("contract import", "--from database reads a live table.", fix=fix)
    with wiring_rows.connections.reachable(args.conn_id):
        return wiring_rows.contracts.imported(args.conn_id, args.table)


_SOURCES: Mapping[str, Callable[[Any], Made]] = {"dbt": _dbt, "ruleset": _ruleset, "database": _database}


def _to_dbt(contracts: Any, args: Any) -> Made:
    from airflow_provider_harness.adapters.conversion.dbt_write import to_dbt

    return to_dbt(contracts)


def _to_ruleset(contracts: Any, args: Any) -> Made:
    from airflow_provider_harness.adapters.conversion.ruleset import to_ruleset

    return to_ruleset(contracts)


def _to_html(contracts: Any, args: Any) -> Made:
    from airflow_provider_harness.adapters.conversion.page import to_html

    return to_html(contracts)


def _to_openlineage(contracts: Any, args: Any) -> Made:
    from airflow_provider_harness.adapters.conversion.catalogue import to_openlineage

    return to_openlineage(contracts, args.namespace)


def _to_dcat(contracts: Any, args: Any) -> Made:
    from airflow_provider_harness.adapters.conversion.catalogue import to_dcat

    return to_dcat(contracts)


_TARGETS: Mapping[str, Callable[[Any, Any], Made]] = {
    "dbt": _to_dbt,
    "ruleset": _to_ruleset,
    "html": _to_html,
    "openlineage": _to_openlineage,
    "dcat": _to_dcat,
}
