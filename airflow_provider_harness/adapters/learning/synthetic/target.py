"""The tables into which synthetic rows go: never one that holds anything else, and marked as what they are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from airflow_provider_harness.adapters.postgres.session import session
from airflow_provider_harness.adapters.sql.checks import ident, literal
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.learning.synthetic import MARK

TAG = "synthetic"


def refuse_other(dsn: str, name: str, target: str) -> None:
    """
    :raises ConfigurationError: the target has rows, and its comment does not say that they are synthetic.
    """
    with session(dsn, name) as connection:
        place = f"to_regclass({literal(ident(target))})"
        asked = f"SELECT {place} IS NOT NULL, obj_description({place}, 'pg_class')"
        there, comment = connection.execute(asked.encode()).fetchall()[0]
        if not there or str(comment or "").startswith(MARK):
            return
        rows = connection.execute(f"SELECT 1 FROM {ident(target)} LIMIT 1".encode()).fetchall()
    if rows:
        raise ConfigurationError(
            f"table {target}",
            f"has rows, and its comment does not begin with {MARK!r}: they may be real ones, which this would replace.",
            fix="Give a target that does not exist, or drop the table.",
        )


def mark(dsn: str, name: str, target: str, comment: str) -> None:
    """Let the comment of a table say that it is synthetic."""
    with session(dsn, name, writes=True) as connection:
        connection.execute(f"COMMENT ON TABLE {ident(target)} IS {literal(comment)}".encode())


def marked_contract(place: str, table: str, target: str) -> str:
    """The contract's file again, for the synthetic table: another id and place, the tag ``synthetic``, and what it is.

    :param place: the file of the real table's contract.
    """
    import yaml

    document: dict[str, Any] = yaml.safe_load(Path(place).read_text(encoding="utf-8"))
    schemas = [one for one in document.get("schema", []) if isinstance(one, dict)]
    same = [
        one for one in schemas if str(one.get("physicalName", "")).split(".")[-1] == table.split(".")[-1]
    ] or schemas[:1]
    own = {**same[0], "physicalName": target, "tags": [*(same[0].get("tags") or ()), TAG]}
    told = document.get("description")
    description = {
        **(told if isinstance(told, Mapping) else {}),
        "limitations": f"{MARK}, made like {table}: no row of it is real.",
    }
    loads = [one for one in document.get("customProperties") or () if one.get("property") != "harness.load"]
    made = {
        **document,
        "id": f"{document['id']}.synthetic",
        "tags": [*(document.get("tags") or ()), TAG],
        "description": description,
        "customProperties": [*loads, {"property": "harness.load", "value": {"mode": "full"}}],
        "schema": [own],
    }
    return str(yaml.safe_dump(made, sort_keys=False, allow_unicode=True))
